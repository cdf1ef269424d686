import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MemoryStore } from '../../runtime/store/memory.ts';
import { PostgresStore } from '../../runtime/store/postgres.ts';
import type { Announce, Store, Waiting } from '../../runtime/store/store.ts';
import { nameOfKey } from '../../runtime/store/work-key.ts';
import { virtualWorld } from '../sim/virtual-world.ts';
import { createTestDatabase, quietWorld, type TestDatabase } from '../support/test-database.ts';
import {
  ENDPOINTS,
  ENTITIES,
  Player,
  RUNS,
  step,
  SYNCS,
  TENANTS,
  WORK,
  type Step,
} from './differential.ts';
import { clockSetByHand } from './scene.ts';

const AUDIT_KEY = 'a key';

describe('the two stores', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  it('answer the same and hold the same, whatever they are asked to do', async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), (steps) =>
        compare(steps, seen),
      ),
      {
        seed: Number(process.env['SEED'] ?? 20260101),
        numRuns: Number(process.env['RUNS'] ?? 25),
        endOnFailure: true,
      },
    );
    // A comparison that never got anywhere would prove nothing.
    for (const outcome of [
      'stored',
      'fenced',
      'outdated',
      'taken',
      'invalid',
      'again',
      'done',
      'announced',
      'granted',
      'refused',
    ]) {
      assert.ok(seen.has(outcome), `${outcome} was never seen`);
    }
  });

  async function compare(steps: readonly Step[], seen: Map<string, number>): Promise<void> {
    await database.sql(`truncate tributary.${TABLES.join(', tributary.')}`);
    const [heard, told]: [Waiting[], Waiting[]] = [[], []];
    const clock = clockSetByHand();
    const memory = new MemoryStore({
      world: { newId: idsOf(1), clock },
      auditKey: AUDIT_KEY,
      announce: (due) => void heard.push(...due),
    });
    const world = { ...quietWorld, newId: idsOf(1) };
    const { connection } = database;
    const announce: Announce = async (due) => void told.push(...due);
    const auditKey = AUDIT_KEY;
    const postgres = new PostgresStore({ connection, world, auditKey, announce, clock });
    try {
      const players = [new Player(memory, clock), new Player(postgres, clock)] as const;
      for (const player of players) await player.begin();
      for (const [n, doing] of steps.entries()) {
        const [expected, answer] = [await players[0].play(doing), await players[1].play(doing)];
        assert.deepEqual(answer, expected, `step ${n}: ${doing.do}`);
        assert.deepEqual(told, heard, `step ${n}: ${doing.do} announced something else`);
        count(seen, answer);
      }
      if (told.length > 0) seen.set('announced', 1);
      assert.deepEqual(await dumpPostgres(postgres), await dumpMemory(memory));
    } finally {
      await postgres.close();
    }
  }

  async function dumpPostgres(store: PostgresStore): Promise<unknown> {
    const tables: Record<string, unknown> = {};
    for (const [name, text] of Object.entries(RAW)) tables[name] = await database.sql(text);
    return { ...tables, ...(await readAll(store)) };
  }
});

/** The same ids that the store in memory gets from its world. */
function idsOf(seed: number): () => string {
  const world = virtualWorld({ seed });
  return () => world.newId();
}

function count(seen: Map<string, number>, answer: unknown): void {
  if (answer instanceof Object && 'granted' in answer) {
    seen.set(answer.granted === true ? 'granted' : 'refused', 1);
  }
  if (!Array.isArray(answer)) return;
  for (const each of answer as ({ outcome?: string } | string)[]) {
    const outcome = typeof each === 'string' ? each : each?.outcome;
    if (outcome !== undefined) seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  }
}

/** Everything that a store tells. */
async function readAll(store: Store): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = { waiting: await store.waiting() };
  for (const tenant of TENANTS) {
    const loaded = await store.load(tenant, WORK);
    const items = WORK.flatMap((key) => (key.kind === 'item' ? [key] : []));
    const lists: Record<string, unknown> = {};
    for (const state of ['open', 'autoResolved', 'resolved', 'superseded'] as const) {
      lists[`${state} conflicts`] = await store.listConflicts(tenant, { state, limit: 100 });
    }
    for (const state of ['open', 'decided', 'closed'] as const) {
      lists[`${state} reviews`] = await store.listReviews(tenant, { state, limit: 100 });
    }
    for (const state of ['open', 'replayed', 'dropped'] as const) {
      lists[`${state} letters`] = await store.listDeadLetters(tenant, { state, limit: 100 });
    }
    for (const run of RUNS) lists[run] = await store.listRunItems(tenant, { run, limit: 100 });
    for (const entity of ENTITIES) {
      lists[entity] = await store.listHistory(tenant, { entity, limit: 100 });
    }
    for (const sync of SYNCS) {
      lists[`counts ${sync}`] = await store.countRecords(tenant, sync);
      for (const endpoint of ENDPOINTS) {
        const place = { sync, endpoint };
        lists[`digest ${sync} ${endpoint}`] = await store.digestLinks(tenant, place);
        lists[`links ${sync} ${endpoint}`] = await store.listLinks(tenant, { ...place, limit: 9 });
        const targets = ENTITIES.slice(0, 2);
        const page = { ...place, targets, limit: 9 };
        lists[`referrers ${sync} ${endpoint}`] = await store.listReferrers(tenant, page);
      }
    }
    all[tenant] = {
      work: await store.inspectWork(tenant, WORK),
      loaded: loaded.map(({ record, ...rest }) => ({
        ...rest,
        record: record && { ...record, revision: record.revision > 0 },
      })),
      links: await store.findLinks(tenant, items),
      entities: await store.findEntities(tenant, ENTITIES),
      keys: await store.findKeys(tenant, ['k0', 'k1', 'k2']),
      cursors: await Promise.all(SYNCS.map((sync) => store.readCursors(tenant, sync))),
      runs: await store.listRuns(tenant, { limit: 100 }),
      audit: await store.verifyAudit(tenant),
      setup: await store.readSetup(tenant),
      ...lists,
    };
  }
  return all;
}

const TABLES =
  `tenant endpoint sync dirty cursor entity link entity_key entity_reference intent tombstone conflict review
  dead_letter inbox run run_item audit budget`.split(/\s+/);

/** What a store does not tell, straight from the tables. */
const RAW = {
  dirty: `
    select tenant_id as tenant, sync_id as sync, key, marks, priority,
           first_mark_at::float as "firstMarkAt", last_mark_at::float as "lastMarkAt",
           due_at::float as "dueAt", lease as token, lease_until::float as "leaseUntil",
           attempts, last_error as "lastError"
      from tributary.dirty order by 1, 2, 3`,
  budgets: `
    select tenant_id as tenant, bucket, tokens, updated_at::float as "updatedAt",
           blocked_until::float as "blockedUntil", rate, rate_at::float as "rateAt"
      from tributary.budget order by 1, 2`,
  inbox: `
    select tenant_id as tenant, endpoint_id as endpoint, delivery_id as id,
           taken_until::float as "takenUntil", processed_at::float as "processedAt"
      from tributary.inbox order by 1, 2, 3`,
  tombstones: `
    select tenant_id as tenant, entity_id as entity, body
      from tributary.tombstone order by 1, 2, epoch`,
  audit: `
    select tenant_id as tenant, sequence, at::float as at, items, root, seal
      from tributary.audit order by 1, 2`,
};

async function dumpMemory(store: MemoryStore): Promise<unknown> {
  const all = TENANTS.map((tenant) => ({ tenant, rows: store.rowsOf(tenant) }));
  const sorted = <T extends object>(rows: T[], ...by: (keyof T)[]): T[] =>
    rows.toSorted((a, b) => {
      const differs = by.find((name) => a[name] !== b[name]);
      return differs === undefined ? 0 : a[differs] < b[differs] ? -1 : 1;
    });
  return {
    dirty: sorted(
      all.flatMap(({ tenant, rows }) =>
        [...rows.dirty.values()].map(({ key, ...row }) => ({
          tenant: tenant as string,
          sync: key.sync as string,
          key: nameOfKey(key),
          marks: row.marks,
          priority: row.priority,
          firstMarkAt: row.firstMarkAt ?? null,
          lastMarkAt: row.lastMarkAt,
          dueAt: row.dueAt,
          token: row.token ?? null,
          leaseUntil: row.leaseUntil ?? null,
          attempts: row.attempts,
          lastError: row.lastError ?? null,
        })),
      ),
      'tenant',
      'sync',
      'key',
    ),
    budgets: sorted(
      all.flatMap(({ tenant, rows }) =>
        [...rows.budgets.values()].map(({ tokens = null, ...row }) => ({
          tenant: tenant as string,
          tokens,
          ...row,
        })),
      ),
      'tenant',
      'bucket',
    ),
    inbox: sorted(
      all.flatMap(({ tenant, rows }) =>
        [...rows.inbox.values()].map(({ endpoint, id, takenUntil, processedAt }) => ({
          tenant: tenant as string,
          endpoint: endpoint as string,
          id,
          takenUntil: takenUntil ?? 0,
          processedAt: processedAt ?? null,
        })),
      ),
      'tenant',
      'endpoint',
      'id',
    ),
    tombstones: all.flatMap(({ tenant, rows }) =>
      ENTITIES.flatMap((entity) => {
        const bodies = [...(rows.records.get(entity)?.tombstones.values() ?? [])];
        return sorted(bodies, 'epoch').map((body) => ({ tenant, entity, body }));
      }),
    ),
    audit: all.flatMap(({ tenant, rows }) => rows.audit.map((batch) => ({ tenant, ...batch }))),
    ...(await readAll(store)),
  };
}
