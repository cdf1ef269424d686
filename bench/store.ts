#!/usr/bin/env node
/**
 * What a record costs in PostgreSQL: bytes on disk, statements and commits per page, and time, for
 * realistic records of twenty fields in two systems. `node bench/store.ts 10000` prints a table; it
 * uses a database server of its own in a temporary folder, or the empty database DATABASE_URL names.
 *
 * Three workloads, each in pages of 100: every record is new and created in the other system, every
 * record is edited and written there, and every record is looked at and found unchanged.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { fingerprintOf, keyedDigest } from '../runtime/core/hash.ts';
import type {
  Cell,
  EndpointId,
  Entity,
  EntityId,
  Link,
  LinkId,
} from '../runtime/core/planner/model.ts';
import type { Values } from '../runtime/core/value.ts';
import { openEmbeddedDatabase } from '../runtime/store/embedded/embedded.ts';
import { openPostgresStore } from '../runtime/store/postgres.ts';
import type {
  AuditItem,
  Claimed,
  Commit,
  StoredIntent,
  SyncId,
  TenantId,
  WorkKey,
} from '../runtime/store/store.ts';
import { randomStreams } from '../runtime/world/random.ts';
import { systemWorld } from '../runtime/world/system.ts';

const PAGE = 100;

/** What a record is; the audit trail grows with what happens to it. */
const STATE = ['entity', 'link', 'entity_key', 'dirty', 'intent'];

const world = systemWorld({ log: { write: () => true } });
const records = Number(process.argv[2] ?? 10_000);

const server = await findServer();
const counted = countStatements();
// One connection, so that its process is the one to look at.
const store = await openPostgresStore({
  connection: { ...server.connection, max: 1 },
  world,
  auditKey: 'a key',
});
try {
  await run();
} finally {
  await store.close();
  await server.stop();
}

async function run(): Promise<void> {
  const [tenant, sync] = [world.newId() as TenantId, world.newId() as SyncId];
  const [left, right] = [world.newId() as EndpointId, world.newId() as EndpointId];
  await store.saveSetup({ tenant: { id: tenant, name: 'Bench', createdAt: 0 } });
  const keys = Array.from({ length: records }, (_, n): WorkKey => {
    return { kind: 'item', sync, endpoint: left, remoteId: String(10_000_000 + n) };
  });
  let now = Date.UTC(2026, 0, 1);

  for (const [name, pass] of [
    ['created', createPage],
    ['edited', editPage],
    ['unchanged', lookAtPage],
  ] as const) {
    now += 60_000;
    // Items are listed in their order, and edited in any.
    const order = name === 'created' ? keys : shuffled(keys);
    await inPages(order, (page) => {
      const marks = page.map((key) => ({ key, priority: 3, windowMs: 0 }) as const);
      now += 1;
      return store.mark(tenant, { now, marks });
    });
    const meter = await startMeter();
    let pages = 0;
    for (;;) {
      const request = { tenant, sync, now, leaseMs: 60_000, limit: 10 * PAGE };
      const claimed = await store.claim(request);
      if (claimed.length === 0) break;
      await inPages(claimed, async (page) => {
        pages += 1;
        await pass(page);
      });
    }
    await meter.report(name, pages);
    await reportSize('as it lies');
    await sql(`vacuum ${STATE.map((table) => `tributary.${table}`).join(', ')}`);
    await reportSize('after vacuum');
  }

  async function createPage(page: readonly Claimed[]): Promise<void> {
    await store.load(
      tenant,
      page.map(({ key }) => key),
    );
    const created = page.map((lease) => {
      const remoteId = lease.key.kind === 'item' ? lease.key.remoteId : '';
      const entity = entityWith(cellsOf(fieldsOf(Number(remoteId)), left));
      const link = linkTo(entity, left, remoteId);
      const fields = fieldsOf(Number(remoteId));
      const intent = intentFor(entity, right, fields);
      const digests = [fields['email'], fields['phone']].map((value) =>
        keyedDigest('a key', `${sync} ${value as string}`).slice(0, 22),
      );
      const record = {
        commitId: world.newId(),
        entity,
        links: [link],
        intents: [intent],
        keys: { add: digests, remove: [] },
      };
      const audit = [auditOf('create', entity, right)];
      return { intent, commit: { lease, record, audit } };
    });
    const revisions = await commitAll(created.map(({ commit }) => commit));
    await commitAll(
      created.map(({ intent, commit: { lease, record } }, n): Commit => {
        const { entity, links } = record;
        const revision = revisions[n]!;
        const from = { revision, sync, entity, links, intents: [intent], conflicts: [] };
        const remoteId = String(5_000_000 + Number(links[0]!.remoteId));
        const settled = [...links, linkTo(entity, right, remoteId)];
        const intents = [{ ...intent, state: 'applied', observed: true } as const];
        const change = { commitId: world.newId(), from, entity, links: settled, intents };
        const audit = [auditOf('created', entity, right)];
        return { lease, record: change, audit, ending: 'done' };
      }),
    );
  }

  async function editPage(page: readonly Claimed[]): Promise<void> {
    const loaded = await store.load(
      tenant,
      page.map(({ key }) => key),
    );
    const edited = page.map((lease, n) => {
      const from = loaded[n]!.record!;
      const cell: Cell = { value: 'Director of Sales', stamp: [0, now, 2], origin: left };
      const entity = { ...from.entity, cells: { ...from.entity.cells, jobtitle: cell } };
      const links = from.links.map((link) =>
        link.endpoint === left ? agreeing(link, 'jobtitle', cell) : link,
      );
      const target = links.find(({ endpoint }) => endpoint === right)!;
      const patch = { jobtitle: cell.value };
      const before = { jobtitle: from.entity.cells['jobtitle']!.value };
      const update = { op: 'update', link: target.id, before } as const;
      const intent = { ...intentFor(entity, right, patch), ...update };
      const record = { commitId: world.newId(), from, entity, links, intents: [intent] };
      const audit = [auditOf('update', entity, right)];
      return { cell, intent, commit: { lease, record, audit } };
    });
    const revisions = await commitAll(edited.map(({ commit }) => commit));
    await commitAll(
      edited.map(({ cell, intent, commit: { lease, record } }, n): Commit => {
        const { entity, links } = record;
        const from = { ...record.from, revision: revisions[n]!, entity, links };
        const settled = links.map((link) =>
          link.endpoint === right ? agreeing(link, 'jobtitle', cell) : link,
        );
        const intents = [{ ...intent, state: 'applied', observed: true } as const];
        const change = { commitId: world.newId(), from, entity, links: settled, intents };
        return {
          lease,
          record: change,
          audit: [auditOf('updated', entity, right)],
          ending: 'done',
        };
      }),
    );
  }

  async function lookAtPage(page: readonly Claimed[]): Promise<void> {
    await store.load(
      tenant,
      page.map(({ key }) => key),
    );
    await store.finish(
      tenant,
      page.map((lease) => ({ lease, ending: 'done' }) as const),
    );
  }

  async function commitAll(commits: readonly Commit[]): Promise<number[]> {
    const outcomes = await store.commit(tenant, now, commits);
    return outcomes.map((outcome) => {
      if (outcome.outcome === 'stored') return outcome.revision ?? 0;
      throw new Error(`A commit was refused: ${JSON.stringify(outcome)}`);
    });
  }
}

// ---------------------------------------------------------------------------------------------
// Records as they come

function fieldsOf(n: number): Values {
  const pick = (...from: string[]): string => from[(n * 7919) % from.length]!;
  const first = pick('Anna', 'Béla', 'Christopher', 'Dorottya', 'Eve');
  const last = pick('Kovács', 'Smith', 'van der Berg', 'Nagy', 'Li', 'Papadopoulos');
  return {
    email: `${first}.${last}.${n}@example.com`.toLowerCase().replaceAll(' ', ''),
    firstname: first,
    lastname: last,
    phone: `+3630${n}`,
    mobile: `+3620${n}`,
    company: '019b76da-a800-7190-8853-3e89e8d9dde1',
    jobtitle: pick('Head of Operations', 'Buyer', 'Chief Technology Officer'),
    street: `${n % 300} Main Street`,
    city: pick('Budapest', 'Wien', 'San Francisco'),
    postcode: String(1000 + (n % 9000)),
    country: pick('HU', 'AT', 'US'),
    website: 'https://www.example.com',
    lifecycle: pick('lead', 'customer'),
    owner: String(4200 + (n % 20)),
    source: pick('webinar', 'referral', 'organic search'),
    language: pick('hu', 'de', 'en'),
    newsletter: n % 2 === 0,
    score: n % 100,
    birthday: `1980-01-${10 + (n % 20)}`,
    notes: `Met at the fair, asked for an offer for ${n % 50} seats`,
  };
}

function cellsOf(fields: Values, origin: EndpointId): Entity['cells'] {
  const cells = Object.entries(fields).map(([name, value]): [string, Cell] => [
    name,
    { value, stamp: [0, 0, 2], origin },
  ]);
  return Object.fromEntries(cells);
}

function entityWith(cells: Entity['cells']): Entity {
  return { id: world.newId() as EntityId, life: 'live', epoch: 0, cells };
}

function linkTo({ cells }: Entity, endpoint: EndpointId, remoteId: string): Link {
  const agreed = Object.entries(cells).map(([name, { value, stamp }]) => [
    name,
    { base: value, synced: stamp },
  ]);
  return {
    id: world.newId() as LinkId,
    endpoint,
    remoteId,
    state: 'live',
    generation: 0,
    version: Date.UTC(2026, 0, 1),
    cells: Object.fromEntries(agreed),
  };
}

function agreeing(link: Link, name: string, { value, stamp }: Cell): Link {
  const cells = { ...link.cells, [name]: { base: value, synced: stamp } };
  return { ...link, version: (link.version ?? 0) + 1, cells };
}

function intentFor(entity: Entity, endpoint: EndpointId, patch: Values): StoredIntent {
  return {
    id: world.newId(),
    endpoint,
    op: 'create',
    patch,
    stamps: Object.fromEntries(Object.keys(patch).map((name) => [name, entity.cells[name]!.stamp])),
    state: 'armed',
    armedAt: 0,
    before: {},
    generation: 0,
    reason: 'missing-there',
  };
}

function auditOf(action: string, entity: Entity, endpoint: EndpointId): AuditItem {
  return { actor: 'engine', action, entity: entity.id, endpoint, after: fingerprintOf(entity.id) };
}

// ---------------------------------------------------------------------------------------------
// Measuring

async function inPages<T>(all: readonly T[], work: (page: T[]) => Promise<void>): Promise<void> {
  for (let n = 0; n < all.length; n += PAGE) await work(all.slice(n, n + PAGE));
}

function shuffled<T>(all: readonly T[]): T[] {
  const random = randomStreams('bench')('order');
  return all
    .map((each) => ({ each, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ each }) => each);
}

async function startMeter() {
  const [row] = await sql<{ pid: number }>(
    `select pid from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and application_name = ''
        and backend_type = 'client backend' and usename = current_user
      order by backend_start desc limit 1`,
  );
  const pid = row?.pid;
  const before = { wall: performance.now(), own: process.cpuUsage(), server: cpuUs(pid) };
  counted.statements = 0;
  counted.commits = 0;
  return {
    async report(name: string, pages: number) {
      const wall = performance.now() - before.wall;
      const { user, system } = process.cpuUsage(before.own);
      const us = (total: number) => `${Math.round(total / records)} us`;
      console.log(
        `${name.padEnd(10)} ${Math.round((records / wall) * 1000)} records/s,`,
        `CPU ${us(user + system)} here + ${us(cpuUs(pid) - before.server)} server,`,
        `${(counted.statements / pages).toFixed(1)} statements and`,
        `${(counted.commits / pages).toFixed(1)} commits per page`,
      );
    },
  };
}

/** Processor time of the server's process, where the system tells. */
function cpuUs(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return Number.NaN;
  }
}

function countStatements() {
  const count = { statements: 0, commits: 0 };
  // oxlint-disable-next-line typescript/unbound-method -- it is called on the client it is asked of
  const original = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  pg.Client.prototype.query = function counting(this: pg.Client, ...args: unknown[]) {
    count.statements += 1;
    if (args[0] === 'commit') count.commits += 1;
    return original.apply(this, args);
  } as typeof pg.Client.prototype.query;
  return count;
}

async function reportSize(when: string): Promise<void> {
  const rows = await sql<{ name: string; heap: string; indexes: string }>(
    `select relname as name, pg_table_size(oid) as heap, pg_indexes_size(oid) as indexes
       from pg_class
      where relnamespace = 'tributary'::regnamespace and relkind = 'r'
      order by relname`,
  );
  const each = (bytes: number) => Math.round(bytes / records);
  const sum = (names: (name: string) => boolean) =>
    each(
      rows
        .filter(({ name }) => names(name))
        .reduce((total, { heap, indexes }) => total + Number(heap) + Number(indexes), 0),
    );
  const parts = rows
    .filter(({ name }) => STATE.includes(name))
    .map(({ name, heap, indexes }) => `${name} ${each(Number(heap))}+${each(Number(indexes))}`);
  console.log(
    `  bytes per record ${when}: ${sum((name) => STATE.includes(name))}`,
    `(tables+indexes: ${parts.join(', ')}), audit trail ${sum((name) => name === 'audit')}`,
  );
}

async function sql<Row extends object>(text: string): Promise<Row[]> {
  const client = new pg.Client({ ...server.connection, application_name: 'bench' });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

async function findServer(): Promise<{ connection: pg.ClientConfig; stop(): Promise<void> }> {
  const url = process.env['DATABASE_URL'];
  if (url) return { connection: { connectionString: url }, stop: async () => {} };
  const directory = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const embedded = await openEmbeddedDatabase({ directory, world });
  return {
    connection: embedded.connection,
    stop: async () => {
      await embedded.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
