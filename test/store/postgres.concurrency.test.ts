import assert from 'node:assert/strict';
import { openPostgresStore, type PostgresStore } from '../../runtime/store/postgres.ts';
import type { Commit, CommitOutcome, StoredRecord } from '../../runtime/store/store.ts';
import { createTestDatabase, quietWorld, type TestDatabase } from '../support/test-database.ts';
import { LEASE_MS, sceneIn, START, type Scene } from './scene.ts';

/** Each race is run often, because one that goes well proves little. */
const RACES = 20;

describe('workers on one PostgreSQL', () => {
  let database: TestDatabase;
  /** Two processes, as far as the database can tell. */
  let stores: readonly [PostgresStore, PostgresStore];

  before(async () => {
    database = await createTestDatabase();
    const { connection } = database;
    const open = () => openPostgresStore({ connection, world: quietWorld, auditKey: 'a key' });
    stores = [await open(), await open()];
  });
  after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await database.drop();
  });

  const newScene = () => sceneIn({ store: stores[0], newId: () => quietWorld.newId() });

  /** Both at once, each on a connection and in a process of its own. */
  async function race(
    { tenant }: Scene,
    left: readonly Commit[],
    right: readonly Commit[],
  ): Promise<[readonly CommitOutcome[], readonly CommitOutcome[]]> {
    return Promise.all([
      stores[0].commit(tenant, START, left),
      stores[1].commit(tenant, START, right),
    ]);
  }

  const outcomes = (results: readonly (readonly CommitOutcome[])[]) =>
    results.flatMap((each) => each.map(({ outcome }) => outcome)).toSorted();

  /** A commit under a lease of its own. */
  async function commitOf(
    { lease, newId }: Scene,
    record: Omit<NonNullable<Commit['record']>, 'commitId'>,
  ): Promise<Commit> {
    return { lease: await lease(), record: { commitId: newId(), ...record } };
  }

  it('never claim the same key, and together claim them all', async () => {
    const { tenant, sync, item, mark } = await newScene();
    const keys = Array.from({ length: 300 }, (_, n) => item(String(n)));
    await mark(...keys);
    const claimed: string[] = [];
    const work = async (store: PostgresStore) => {
      for (;;) {
        const request = { tenant, sync, now: START, leaseMs: LEASE_MS, limit: 7 };
        const mine = await store.claim(request);
        if (mine.length === 0) return;
        claimed.push(...mine.map(({ key }) => (key.kind === 'item' ? key.remoteId : '')));
      }
    };
    await Promise.all([...stores, ...stores, ...stores].map(work));
    assert.equal(new Set(claimed).size, claimed.length, 'a key was claimed twice');
    // A worker stops when the rest is locked by others at that moment, so one more look is fair.
    await work(stores[0]);
    assert.equal(claimed.length, keys.length);
  });

  it('lose no mark that comes while a key is finished', async () => {
    const { tenant, item, mark, lease, claim } = await newScene();
    for (let n = 0; n < RACES; n += 1) {
      const held = await lease(item(String(n)));
      const [[finished]] = await Promise.all([
        stores[1].finish(tenant, [{ lease: held, ending: 'done' }]),
        mark(item(String(n))),
      ]);
      assert.ok(finished === 'done' || finished === 'again', finished);
      assert.equal((await claim()).length, 1, `after ${finished} the mark was lost`);
    }
  });

  it('give a match key to one of two new records', async () => {
    const scene = await newScene();
    for (let n = 0; n < RACES; n += 1) {
      const keys = { add: [`mail ${n}`, `phone ${n}`], remove: [] };
      const other = { add: keys.add.toReversed(), remove: [] };
      const results = await race(
        scene,
        [await commitOf(scene, { entity: scene.entity(), links: [], keys })],
        [await commitOf(scene, { entity: scene.entity(), links: [], keys: other })],
      );
      assert.deepEqual(outcomes(results), ['stored', 'taken']);
    }
  });

  it('link an item to one of two new records', async () => {
    const scene = await newScene();
    for (let n = 0; n < RACES; n += 1) {
      const link = async () => {
        const entity = scene.entity();
        return commitOf(scene, { entity, links: [scene.link(entity, { remoteId: `${n}` })] });
      };
      assert.deepEqual(outcomes(await race(scene, [await link()], [await link()])), [
        'stored',
        'taken',
      ]);
    }
  });

  it('store one of two plans for a record, whatever part of it each of them changes', async () => {
    const scene = await newScene();
    type Edit = (from: StoredRecord) => Omit<NonNullable<Commit['record']>, 'commitId'>;
    const editEntity: Edit = (from) => ({ from, entity: { ...from.entity }, links: from.links });
    const editLink: Edit = (from) => ({
      from,
      entity: from.entity,
      links: [{ ...from.links[0]!, version: (from.links[0]!.version ?? 0) + 1 }],
    });
    const editIntent: Edit = (from) => {
      const intents = [scene.intent()];
      return { from, entity: from.entity, links: from.links, intents };
    };
    const edits = [editEntity, editLink, editIntent];
    for (const [left, right] of edits.flatMap((a) => edits.map((b) => [a, b] as const))) {
      for (let n = 0; n < 4; n += 1) {
        const from = await scene.record();
        const results = await race(
          scene,
          [await commitOf(scene, left(from))],
          [await commitOf(scene, right(from))],
        );
        assert.deepEqual(outcomes(results), ['outdated', 'stored']);
      }
    }
  });

  it('give the key of a dead record to who comes first: its heir, or itself', async () => {
    const scene = await newScene();
    for (let n = 0; n < RACES; n += 1) {
      const keys = { add: [`key ${n}`], remove: [] };
      const entity = { ...scene.entity(), life: 'dead' } as const;
      const from = await scene.record({ entity, keys });
      const revived = { ...from.entity, life: 'live', epoch: 1 } as const;
      const results = await race(
        scene,
        [await commitOf(scene, { from, entity: revived, links: from.links, keys })],
        [await commitOf(scene, { entity: scene.entity(), links: [], keys })],
      );
      assert.deepEqual(outcomes(results), ['stored', 'taken']);
    }
  });

  it('give an unlinked item to who comes first: a new record, or its old one', async () => {
    const scene = await newScene();
    for (let n = 0; n < RACES; n += 1) {
      const own = scene.entity();
      const unlinked = scene.link(own, { remoteId: `${n}`, state: 'unlinked' });
      const from = await scene.record({ entity: own, links: [unlinked] });
      const other = scene.entity();
      const back = [{ ...from.links[0]!, state: 'live' } as const];
      const [first, second] = await race(
        scene,
        [await commitOf(scene, { from, entity: from.entity, links: back })],
        [
          await commitOf(scene, {
            entity: other,
            links: [scene.link(other, { remoteId: `${n}` })],
          }),
        ],
      );
      const both = `${first[0]?.outcome} ${second[0]?.outcome}`;
      assert.ok(['stored taken', 'outdated stored'].includes(both), both);
    }
  });

  it('get through with batches over the same records in opposite order', async () => {
    const scene = await newScene();
    for (let n = 0; n < RACES; n += 1) {
      const records: StoredRecord[] = [];
      while (records.length < 5) records.push(await scene.record());
      const batch = async (order: readonly StoredRecord[]) => {
        const commits: Commit[] = [];
        for (const from of order) {
          const keys = { add: [`${n} ${from.entity.id}`], remove: [] };
          const change = { from, entity: { ...from.entity }, links: from.links, keys };
          commits.push(await commitOf(scene, change));
        }
        return commits;
      };
      const results = await race(scene, await batch(records), await batch(records.toReversed()));
      const expected = records.flatMap(() => ['outdated', 'stored']).toSorted();
      assert.deepEqual(outcomes(results), expected);
    }
  });

  it('never spend more than a bucket holds, and all of it', async () => {
    const { tenant } = await newScene();
    const spendOn = (caller: number, bucket: string, amount: number) => {
      // What flows back while they ask is not worth a call, however long they take.
      const request = { bucket, capacity: 20, perMs: 86_400_000, amount, keep: 0 };
      const other = { ...request, bucket: `${bucket} other`, capacity: 1000 };
      // In both orders, as two callers might.
      const requests = caller % 4 < 2 ? [request, other] : [other, request];
      return stores[caller % 2]!.spend(tenant, requests);
    };
    for (let n = 0; n < 5; n += 1) {
      const outcomesOf = await Promise.all(
        Array.from({ length: 16 }, (_, caller) => spendOn(caller, `bucket ${n}`, 2)),
      );
      assert.equal(outcomesOf.filter(({ granted }) => granted).length, 10);
    }
  });

  it('add to one audit trail, and it holds', async () => {
    const { tenant } = await newScene();
    const items = [{ actor: 'engine', action: 'update' }];
    await Promise.all(
      Array.from({ length: 24 }, (_, n) =>
        stores[n % 2]!.appendAudit(tenant, { now: START + n, items }),
      ),
    );
    assert.deepEqual(await stores[0].verifyAudit(tenant), { batches: 24, items: 24 });
  });
});
