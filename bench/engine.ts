#!/usr/bin/env node
/**
 * What keeping records the same costs, with everything as it really is but the vendors: worker processes
 * that share the work through the queue, an embedded PostgreSQL, and Grumpy behind HTTP on this machine.
 *
 *     node bench/engine.ts [--records 10000] [--only sync,speed,recovery]
 *
 * Three tables: the first sync of many records and a comparison that finds nothing to do, records brought
 * in step per second by one, two and four workers, and how long a record waits whose worker was killed.
 * Vendors, database and workers share the cores of one machine, so ratios say more than numbers.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { connectors } from '../runtime/connectors/index.ts';
import type { EndpointId } from '../runtime/core/planner/model.ts';
import type { Values } from '../runtime/core/value.ts';
import { openGrumpy } from '../runtime/emulators/grumpy/grumpy.ts';
import { serve } from '../runtime/emulators/server.ts';
import { openEngine } from '../runtime/engine/engine.ts';
import { openQueue, type Queue } from '../runtime/queue/queue.ts';
import { openEmbeddedDatabase } from '../runtime/store/embedded/embedded.ts';
import { openPostgresStore, type PostgresStore } from '../runtime/store/postgres.ts';
import type { Priority, SyncId, TenantId, WorkKey } from '../runtime/store/store.ts';
import { systemWorld } from '../runtime/world/system.ts';

const SECRET = 'a key';
const BATCH = 100;
const FIELDS = ['name', 'email', 'phone', 'title', 'city'] as const;

/** Two accounts that hold the same people. */
interface Firm {
  readonly tenant: TenantId;
  readonly sync: SyncId;
  readonly sides: readonly { readonly account: string; readonly endpoint: EndpointId }[];
}

/** What a worker process is told. */
interface Order {
  readonly connection: pg.PoolConfig;
  readonly origin: string;
  readonly firms: readonly Firm[];
  readonly latencyMs: number;
  readonly diesAt?: 'armed' | 'answered';
}

const world = systemWorld({ log: { write: () => true }, allowedHosts: ['127.0.0.1'] });
const orderGiven = process.env['BENCH_WORKER'];
if (orderGiven === undefined) await measure();
else await work(JSON.parse(orderGiven) as Order);

// ---------------------------------------------------------------------------------------------
// A worker

async function work({ connection, origin, firms, latencyMs, diesAt }: Order): Promise<void> {
  const sending: { queue?: Queue } = {};
  const store = await openPostgresStore({
    connection,
    world,
    auditKey: SECRET,
    announce: async (due, sql) => sending.queue?.announce(due, sql),
  });
  const queue = await openQueue({ connection, world });
  sending.queue = queue;
  const accounts = new Map(
    firms.flatMap(({ sides }) => sides.map(({ endpoint, account }) => [endpoint, account])),
  );
  const engine = openEngine({
    store,
    world: { ...world, network: { fetch: slowly } },
    connectors,
    secret: SECRET,
    configOf({ id }) {
      const account = accounts.get(id)!;
      return { baseUrl: origin, token: tokenOf(account), title: account };
    },
  });

  async function slowly(request: Request): Promise<Response> {
    const isWrite = request.url.endsWith('/update');
    if (isWrite && diesAt === 'armed') process.kill(process.pid, 'SIGKILL');
    if (latencyMs > 0) await world.schedule.sleep(latencyMs);
    const response = await world.network.fetch(request);
    if (isWrite && diesAt === 'answered') process.kill(process.pid, 'SIGKILL');
    return response;
  }

  process.once('disconnect', () => process.exit());
  process.on('message', () => {
    const drain = (due: { tenant: TenantId; sync: SyncId; priority: Priority }) =>
      engine.drain({ tenant: due.tenant, sync: due.sync, leastPriority: due.priority });
    void queue.work(drain, { concurrency: 1, perTenant: 8 }).then(() => process.send!('working'));
  });
  process.send!('ready');
}

function tokenOf(account: string): string {
  return `token-of-${account}`;
}

// ---------------------------------------------------------------------------------------------
// The measurements

async function measure(): Promise<void> {
  const { values } = parseArgs({
    options: { records: { type: 'string', default: '10000' }, only: { type: 'string' } },
  });
  const only = values.only?.split(',') ?? ['sync', 'speed', 'recovery'];
  const records = Number(values.records);
  if (!Number.isSafeInteger(records) || records < BATCH) {
    console.error(`--records is a whole number from ${BATCH} on.`);
    process.exit(2);
  }
  console.log(`on ${availableParallelism()} cores\n`);
  if (only.includes('sync')) await withSite(1, (site) => firstSync(site, records));
  if (only.includes('speed')) await withSite(4, (site) => speed(site, Math.ceil(records / 20)));
  if (only.includes('recovery')) await withSite(1, recovery);
}

async function firstSync(site: Site, records: number): Promise<void> {
  const [firm] = site.firms as [Firm];
  site.fill(firm, records);
  const worker = await site.hire();
  await worker.go();
  const rows: Row[] = [];
  for (const name of ['first sync', 'nothing to do']) {
    const meter = site.meter();
    await site.look(firm);
    await site.untilDone();
    const { seconds, calls, writes } = meter();
    rows.push({
      [`${records} records`]: name,
      s: seconds.toFixed(1),
      'records/s': Math.round(records / seconds),
      'writes per record': (writes / records).toFixed(2),
      // How many times as often as it takes to see everything once.
      ...Object.fromEntries(
        (['list', 'read', 'find', 'create', 'update'] as const).map((action) => [
          `${action} x pages`,
          firm.sides
            .map(({ account }) => calls(account, action) / Math.ceil(records / BATCH))
            .map((share) => share.toFixed(2))
            .join(' / '),
        ]),
      ),
      'worker MB': Math.round(await worker.peakMb()),
    });
  }
  worker.dismiss();
  print(rows);
}

async function speed(site: Site, each: number): Promise<void> {
  for (const firm of site.firms) site.fill(firm, each);
  await bringIn(site);
  const rows: Row[] = [];
  const first = new Map<string, number>();
  for (const [tenants, latencyMs] of [
    [4, 0],
    [4, 50],
    [1, 50],
  ] as const) {
    for (const workers of [1, 2, 4]) {
      const firms = site.firms.slice(0, tenants);
      const team = await Promise.all(
        Array.from({ length: workers }, () => site.hire({ latencyMs })),
      );
      await Promise.all(team.map((worker) => worker.go()));
      // Connections, schemas and plans are there before anything counts.
      for (const firm of firms) await site.edit(firm, BATCH);
      await site.untilDone();
      const meter = site.meter();
      for (const firm of firms) await site.edit(firm, each);
      await site.untilDone();
      const { seconds, writes } = meter();
      const perSecond = (each * tenants) / seconds;
      const name = `${tenants} ${latencyMs}`;
      if (!first.has(name)) first.set(name, perSecond);
      rows.push({
        tenants,
        'vendor ms': latencyMs,
        workers,
        'edits in step/s': Math.round(perSecond),
        'of one worker': (perSecond / first.get(name)!).toFixed(2),
        'writes per edit': (writes / (each * tenants)).toFixed(3),
        'worker MB': Math.round(Math.max(...(await Promise.all(team.map((one) => one.peakMb()))))),
      });
      for (const worker of team) worker.dismiss();
    }
  }
  print(rows);
}

async function bringIn(site: Site): Promise<void> {
  const worker = await site.hire();
  await worker.go();
  for (const firm of site.firms) await site.look(firm);
  await site.untilDone();
  worker.dismiss();
}

/** One worker dies in the middle of a write while another one has nothing to do. */
async function recovery(site: Site): Promise<void> {
  const [firm] = site.firms as [Firm];
  site.fill(firm, BATCH);
  await bringIn(site);
  const rows: Row[] = [];
  for (const diesAt of ['armed', 'answered'] as const) {
    const [victim, heir] = [await site.hire({ diesAt }), await site.hire()];
    await victim.go();
    await site.edit(firm, 1);
    await victim.dead;
    const killedAt = performance.now();
    await heir.go();
    await site.untilInStep(firm);
    const inStepAt = performance.now();
    await site.untilDone();
    rows.push({
      killed: diesAt === 'armed' ? 'before the write was sent' : 'before its answer was used',
      'in step after s': ((inStepAt - killedAt) / 1000).toFixed(1),
      'nothing open after s': ((performance.now() - killedAt) / 1000).toFixed(1),
    });
    heir.dismiss();
  }
  print(rows);
}

type Row = Readonly<Record<string, string | number>>;

function print(rows: readonly Row[]): void {
  const names = Object.keys(rows[0]!);
  const widths = names.map((name) =>
    Math.max(name.length, ...rows.map((row) => String(row[name]).length)),
  );
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, column) => String(cell).padStart(widths[column]!)).join('   ');
  console.log(line(names));
  for (const row of rows) console.log(line(names.map((name) => row[name]!)));
  console.log('');
}

// ---------------------------------------------------------------------------------------------
// What is measured

type Site = Awaited<ReturnType<typeof openSite>>;

async function withSite(tenants: number, bench: (site: Site) => Promise<void>): Promise<void> {
  const site = await openSite(tenants);
  try {
    await bench(site);
  } finally {
    await site.close();
  }
}

async function openSite(tenants: number) {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const database = await openEmbeddedDatabase({ directory, world });
  const connection = { ...database.connection, max: 4 };
  const sending: { queue?: Queue } = {};
  const store = await openPostgresStore({
    connection,
    world,
    auditKey: SECRET,
    announce: async (due, sql) => sending.queue?.announce(due, sql),
  });
  sending.queue = await openQueue({ connection, world });
  const firms = Array.from({ length: tenants }, (_, n) => newFirm(n));
  for (const firm of firms) await saveFirm(store, firm);
  const names = firms.flatMap(({ sides }) => sides.map(({ account }) => account));
  const fields = FIELDS.map((path) => ({ path, type: path === 'email' ? path : 'text' }) as const);
  const accounts = names.map((name) => ({
    name,
    token: tokenOf(name),
    // After so long a write that nobody answered cannot land any more.
    abilities: { horizonMs: 10_000 },
    collections: { people: fields },
  }));
  const vendors = serve({ world, open: (given) => [openGrumpy({ ...given, accounts })] });
  const [grumpy] = vendors.emulators;
  const listening = await vendors.listen({ port: 0 });
  const client = new pg.Client({ ...database.connection, options: '-c search_path=tributary' });
  await client.connect();
  const team = new Set<ChildProcess>();
  let edits = 0;

  const handsOf = (firm: Firm, side: 0 | 1) => grumpy.account(firm.sides[side]!.account);
  const writes = (): number =>
    names.reduce(
      (sum, name) => sum + grumpy.account(name).log.filter(({ via }) => via === 'api').length,
      0,
    );

  return {
    firms,
    fill(firm: Firm, count: number): void {
      for (let n = 0; n < count; n += 1) handsOf(firm, 0).create('people', person(n));
    },
    /** Everything at both sides is looked at. */
    async look({ tenant, sync, sides }: Firm): Promise<void> {
      await markAll(
        tenant,
        sides.map(({ endpoint }) => ({ kind: 'sweep', sync, endpoint })),
      );
    },
    /** Somebody edits so many people on the left, and we are told of it. */
    async edit(firm: Firm, count: number): Promise<void> {
      const hands = handsOf(firm, 0);
      const keys = hands
        .items('people')
        .slice(0, count)
        .map(({ id }): WorkKey => {
          edits += 1;
          hands.edit('people', id, { title: `Title ${edits}` });
          const { endpoint } = firm.sides[0]!;
          return { kind: 'item', sync: firm.sync, endpoint, remoteId: id };
        });
      await markAll(firm.tenant, keys);
    },
    async untilDone(): Promise<void> {
      for (;;) {
        const { rows } = await client.query<{ left: number }>(
          'select count(*)::int as left from dirty',
        );
        if (rows[0]!.left === 0) return;
        await world.schedule.sleep(20);
      }
    },
    /** Until the right shows what the left shows. */
    async untilInStep(firm: Firm): Promise<void> {
      const shown = (side: 0 | 1): string[] =>
        handsOf(firm, side)
          .items('people')
          .map(({ fields: { email, title } }) => `${email as string} ${title as string}`)
          .toSorted();
      while (shown(0).join() !== shown(1).join()) await world.schedule.sleep(50);
    },
    /** From now on; the answer tells what happened until then. */
    meter() {
      const startedAt = performance.now();
      const writesBefore = writes();
      const before = Object.fromEntries(
        names.map((name) => [name, structuredClone(grumpy.account(name).calls)]),
      );
      return () => ({
        seconds: (performance.now() - startedAt) / 1000,
        writes: writes() - writesBefore,
        calls: (name: string, action: 'list' | 'read' | 'find' | 'create' | 'update'): number => {
          const { calls } = grumpy.account(name);
          return (calls[action]?.requests ?? 0) - (before[name]![action]?.requests ?? 0);
        },
      });
    },
    async hire(more: Partial<Pick<Order, 'latencyMs' | 'diesAt'>> = {}) {
      const order = { connection, origin: listening.url, firms, latencyMs: 0, ...more };
      const env = { ...process.env, BENCH_WORKER: JSON.stringify(order) };
      const child = fork(import.meta.filename, [], { env });
      team.add(child);
      const dead = once(child, 'exit').then(() => team.delete(child));
      await once(child, 'message');
      return {
        dead,
        async go(): Promise<void> {
          child.send('go');
          await once(child, 'message');
        },
        async peakMb(): Promise<number> {
          if (process.platform !== 'linux') return NaN;
          const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
          return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
        },
        dismiss: () => child.kill('SIGKILL'),
      };
    },
    async close(): Promise<void> {
      for (const child of team) child.kill('SIGKILL');
      await client.end();
      await sending.queue!.close();
      await store.close();
      await listening.close();
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };

  async function markAll(tenant: TenantId, keys: readonly WorkKey[]): Promise<void> {
    const now = world.clock.now();
    for (let at = 0; at < keys.length; at += 1000) {
      const marks = keys
        .slice(at, at + 1000)
        .map((key) => ({ key, priority: 1, windowMs: 0 }) as const);
      await store.mark(tenant, { now, marks });
    }
  }
}

function newFirm(n: number): Firm {
  const side = (name: string) => ({
    account: `${name}-${n + 1}`,
    endpoint: world.newId() as EndpointId,
  });
  return {
    tenant: world.newId() as TenantId,
    sync: world.newId() as SyncId,
    sides: [side('left'), side('right')],
  };
}

function saveFirm(store: PostgresStore, { tenant, sync, sides }: Firm): Promise<void> {
  const mapping = {
    fields: Object.fromEntries(
      FIELDS.map((path) => [path, { kind: path === 'email' ? path : 'text', path }]),
    ),
  };
  const members = sides.map(({ endpoint }) => [endpoint, { collection: 'people', mapping }]);
  const most = { least: 1_000_000 };
  return store.saveSetup({
    tenant: { id: tenant, name: 'Bench', createdAt: 0 },
    endpoints: sides.map(({ endpoint, account }) => {
      const settings = {};
      return { id: endpoint, vendor: 'grumpy', title: account, status: 'ok', settings };
    }),
    syncs: [
      {
        id: sync,
        title: 'People',
        status: 'enabled',
        policy: {
          version: 1,
          members: sides.map(({ endpoint }) => {
            return { endpoint, create: true, delete: true, onFilterLeft: 'hold' };
          }),
          fields: FIELDS.map((name) => {
            return { name, strategy: 'lastWriteWins', initialMerge: 'rank' };
          }),
          deleteAuthority: [sides[0]!.endpoint],
          onRemoteDelete: 'recreate',
          onDeleteAndEdit: 'deleteWins',
          onRemoteRestore: 'revive',
        },
        settings: {
          members: Object.fromEntries(members) as Values,
          match: [{ field: 'email', kind: 'email' }],
          brakes: { delete: most, create: most, blank: most, change: most },
          latency: 0,
        },
      },
    ],
  });
}

function person(n: number): Values {
  return {
    name: `Anna ${n}`,
    email: `anna.${n}@example.com`,
    phone: `+362055${String(n).padStart(5, '0')}`,
    title: 'Director',
    city: 'Pécs',
  };
}
