import assert from 'node:assert/strict';
import pg from 'pg';
import type { EntityId } from '../../runtime/core/planner/model.ts';
import { openPostgresStore, type PostgresStore } from '../../runtime/store/postgres.ts';
import type { Commit, StoredRecord } from '../../runtime/store/store.ts';
import { createTestDatabase, quietWorld, type TestDatabase } from '../support/test-database.ts';
import { sceneIn, START, type Scene } from './scene.ts';

/** So that nobody adds a loop: what a page costs must not depend on how long it is. */
describe('statements to PostgreSQL', () => {
  let database: TestDatabase;
  let store: PostgresStore;
  let scene: Scene;
  const sent: string[] = [];
  // oxlint-disable-next-line typescript/unbound-method -- it is called on the client it is asked of
  const original = pg.Client.prototype.query;

  before(async () => {
    database = await createTestDatabase();
    const { connection } = database;
    store = await openPostgresStore({ connection, world: quietWorld, auditKey: 'a key' });
    pg.Client.prototype.query = function count(this: pg.Client, ...args: unknown[]) {
      const [query] = args as [string | { name: string }];
      sent.push(typeof query === 'string' ? query : query.name);
      return (original as (...all: unknown[]) => unknown).apply(this, args);
    } as typeof original;
    scene = await sceneIn({ store, newId: () => quietWorld.newId() });
  });
  after(async () => {
    pg.Client.prototype.query = original;
    await store.close();
    await database.drop();
  });

  async function sentBy(work: () => Promise<unknown>): Promise<string[]> {
    await store.check(); // opens the connection, which takes a statement of its own
    sent.length = 0;
    await work();
    return [...sent];
  }

  /** A whole pass over new records: claim, read, commit the plan, commit the outcome and finish. */
  async function page(size: number) {
    const { tenant, sync, item, mark, newId, entity, link, right, intent, conflict } = scene;
    const keys = Array.from({ length: size }, () => item(newId()));
    const marked = await sentBy(() => mark(...keys));
    const request = { tenant, sync, now: START, leaseMs: 1000, limit: size };
    let leases: Awaited<ReturnType<typeof store.claim>> = [];
    const claimed = await sentBy(async () => {
      leases = await store.claim(request);
    });
    assert.equal(leases.length, size);
    const loaded = await sentBy(() => store.load(tenant, keys));
    const audit = [{ actor: 'engine', action: 'create' }];
    const planned = leases.map((lease): Commit & { record: NonNullable<Commit['record']> } => {
      const own = entity();
      const change = {
        commitId: newId(),
        entity: own,
        links: [link(own)],
        intents: [intent()],
        conflicts: [conflict()],
        keys: { add: [newId()], remove: [newId()] },
        references: { add: [newId() as EntityId], remove: [newId() as EntityId] },
      };
      const run = { id: newId(), run: newId(), at: START, outcome: 'created', detail: {} };
      return { lease, record: change, runItems: [run], audit };
    });
    const committed = await sentBy(() => store.commit(tenant, START, planned));
    const records = await store.load(
      tenant,
      planned.map(({ record }) => ({ kind: 'entity', sync, entity: record.entity.id })),
    );
    const outcomes = planned.map(({ lease }, n): Commit => {
      const from = records[n]!.record as StoredRecord;
      const links = [...from.links, link(from.entity, { endpoint: right })];
      const intents = from.intents.map((each) => ({ ...each, state: 'failed' }) as const);
      const change = { commitId: newId(), from, entity: from.entity, links, intents };
      return { lease, record: change, audit, ending: 'done' };
    });
    const settled = await sentBy(async () => {
      const results = await store.commit(tenant, START, outcomes);
      assert.ok(results.every(({ outcome }) => outcome === 'stored'));
    });
    return { marked, claimed, loaded, committed, settled };
  }

  it('are as many for a page of 100 as for a page of 3', async () => {
    assert.deepEqual(await page(100), await page(3));
  });

  it('are a handful per page, in two transactions that write', async () => {
    const { loaded, committed, settled } = await page(100);
    const writing = [committed, settled];
    assert.deepEqual(
      writing.map((statements) => statements.filter((each) => each === 'commit').length),
      [1, 1],
    );
    assert.equal(loaded.length, 3, loaded.join());
    assert.ok(committed.length <= 18, committed.join());
    assert.ok(settled.length <= 12, settled.join());
  });

  it('name the tenant in the round trip that begins the transaction', async () => {
    const [first] = await sentBy(() => store.readSetup(scene.tenant));
    assert.equal(first, `begin; set local app.tenant = '${scene.tenant}'`);
  });
});
