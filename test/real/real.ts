/**
 * Everything as it really is: an embedded PostgreSQL, worker processes that share the work through the
 * queue, and vendors behind HTTP that are slow to show things, lose answers and fail. People edit, and
 * meanwhile workers are killed anywhere, frozen for longer than their leases, connections are cut and the
 * database crashes. Then all is well again, everything has to come to rest, and the oracle of the
 * simulation judges: nothing lost, nothing doubled, nothing written that nobody typed.
 *
 * People and oracle live in the process of the vendors, because they see what truly is. What is a matter
 * of time is not the same in two runs of a seed; what people do and what goes wrong is.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuleName } from '../../runtime/engine/rules.ts';
import type { Change } from '../../runtime/emulators/grumpy/grumpy.ts';
import { openGrumpy } from '../../runtime/emulators/grumpy/grumpy.ts';
import { serve } from '../../runtime/emulators/server.ts';
import type { Rates } from '../../runtime/emulators/trouble.ts';
import { openQueue, type Queue } from '../../runtime/queue/queue.ts';
import { openPostgresStore } from '../../runtime/store/postgres.ts';
import type { Setup, SyncId } from '../../runtime/store/store.ts';
import { keyOfName } from '../../runtime/store/work-key.ts';
import { randomStreams } from '../../runtime/world/random.ts';
import { scheduleOn } from '../../runtime/world/schedule.ts';
import { systemWorld } from '../../runtime/world/system.ts';
import { ledger as newLedger } from '../sim/ledger.ts';
import type { Rest } from '../sim/oracle/rest.ts';
import { violationsAtRest } from '../sim/oracle.ts';
import { peopleOf } from '../sim/people.ts';
import { setupOf, systemsOf, tenantId } from '../sim/setting.ts';
import { codeOf, COLLECTIONS, tokenOf, type InsideOf } from '../sim/system.ts';
import { accountOf } from '../sim/vendors/grumpy.ts';
import { openSite } from './database.ts';
import { fleetOf } from './fleet.ts';
import { rowsIn } from './rows.ts';
import { townOf } from './town.ts';
import { hookSecretOf, SECRET } from './worker.ts';

export interface Course {
  /** How long people and faults are at it. */
  readonly seconds: number;
  readonly workers: number;
  readonly seed: number;
  /** Whether the database crashes, too, and a worker is frozen for longer than its leases last. */
  readonly isHarsh?: boolean;
  readonly people?: number;
  readonly without?: readonly RuleName[];
  readonly say?: (line: string) => void;
  /** Breaks it off; everything that was started is stopped. */
  readonly signal?: AbortSignal;
}

export interface Verdict {
  readonly violations: readonly string[];
  readonly edits: number;
  readonly kills: number;
  readonly writes: number;
  readonly facts: Readonly<Record<string, number>>;
  /** Where the logs are; gone when there is nothing to look into. */
  readonly directory: string | undefined;
}

const EDIT_MS = 150;
const LOOK_MS = 4_000;
const FULL_LOOK_MS = 15_000;
const KILL_MS = 6_000;
const CUT_MS = 5_000;
const CRASH_MS = 17_000;
/** Longer than any lease, and than a worker may be silent. */
const FROZEN_MS = 34_000;
/** What was lost on the way is looked for this often when all is well again. */
const NUDGE_MS = 4_000;
const REST_MS_MAX = 240_000;
/** No round is so short that a list could still hide what was just written. */
const ROUND_MS = 2_500;

const TROUBLE: Rates = {
  lost: 0.03,
  answerLost: 0.03,
  late: 0.02,
  status: 0.05,
  slow: 0.03,
  busy: 0.02,
};

export async function runReal(course: Course): Promise<Verdict> {
  const { seconds, workers, seed, isHarsh = true, without = [], say = () => {} } = course;
  const random = randomStreams(`real ${seed}`);
  const { schedule, callOffAll } = scheduleToEnd();
  const practice = systemWorld({ log: { write: () => true }, allowedHosts: ['127.0.0.1'] });
  const world = { ...practice, random, schedule };
  const directory = await mkdtemp(join(tmpdir(), 'tributary-real-'));
  // Every other world is already in trouble while systems meet for the first time.
  const isFamiliar = seed % 2 === 1;
  const town = townOf({ seed, people: course.people ?? 25, isPatient: isHarsh, isFamiliar });
  const { scenario } = town;
  const systems = systemsOf(scenario);
  const accounts = systems.map(accountOf);
  const vendors = serve({ world, open: (given) => [openGrumpy({ ...given, accounts })] });
  const [grumpy] = vendors.emulators;
  const ledger = newLedger();
  const insideOf: InsideOf = ({ account }) => grumpy.account(account);
  const people = peopleOf({ insideOf, systems, ledger, world });
  const facts = { cuts: 0, crashes: 0 };
  const sleep = (ms: number): Promise<void> => world.schedule.sleep(ms, course.signal);
  const closers: (() => unknown)[] = [];
  let violations: readonly string[] = ['it did not get to its end'];

  try {
    const site = await openSite(directory, world);
    closers.push(() => site.close());
    const sending: { queue?: Queue } = {};
    const max = workers > 4 ? 2 : 4;
    const connection = { ...site.connection, max };
    const store = await openPostgresStore({
      connection,
      world,
      auditKey: SECRET,
      announce: async (due, sql) => sending.queue?.announce(due, sql),
    });
    closers.push(() => store.close());
    for (const tenant of scenario.tenants.keys()) {
      await store.saveSetup(withoutBrakes(setupOf(scenario, tenant)));
    }
    const listening = await vendors.listen({ port: 0 });
    closers.push(() => listening.close());
    const fleet = fleetOf({
      order: { connection, scenario, origin: listening.url, workers, without },
      directory,
      dice: random('chaos'),
      world,
    });
    closers.push(() => fleet.close());
    const intake = await openIntake((path, body, headers) => {
      const doubled = random('intake').below(20) === 0;
      if (doubled) void fleet.send(path, { method: 'POST', body, headers });
      return fleet.send(path, { method: 'POST', body, headers });
    });
    closers.push(() => intake.close());

    for (const [tenant, { records }] of scenario.tenants.entries()) {
      for (const record of records) people.put(record, tenant);
    }
    for (const system of systems) {
      const url = `${intake.url}/hooks/${system.account}`;
      await subscribe(listening.url, tokenOf(system), url, hookSecretOf(system.account));
    }
    await fleet.start();
    say(`${workers} workers are ready`);
    await fleet.send('look/full', {});
    if (isFamiliar) await settled();
    await liveThrough();
    const isAtRest = await comeToRest();
    const atRest = apiChanges().length;
    await fleet.send('look/full', {});
    await settled();
    const quietWrites = apiChanges()
      .toSorted((a, b) => a.at - b.at)
      .slice(atRest);
    await fleet.close();
    const rows = new Map(
      await Promise.all(
        [...scenario.tenants.keys()].map(
          async (tenant) => [tenant, await rowsIn(site, store, tenantId(tenant))] as const,
        ),
      ),
    );
    const rest: Rest = {
      scenario,
      systems,
      handsOf: insideOf,
      rowsOf: (tenant) => rows.get(tenant)!,
      ledger,
      people,
      drifted: new Set(),
      hidden: new Set(),
      forgotten: [],
      // Nothing here is without a guard, so nothing can be excused by what nobody could know.
      witness: { stored: new Map(), read: new Map(), asked: new Map(), links: new Map() },
      quietWrites,
      audits: await Promise.all(
        [...scenario.tenants.keys()].map((tenant) => store.verifyAudit(tenantId(tenant))),
      ),
      errors: fleet.errors,
      struck: [{ at: 0, fault: 'databaseLost' }],
      slowedDown: new Map(),
    };
    violations = [
      ...(isAtRest ? [] : ['it does not come to rest']),
      ...violationsAtRest(rest).violations,
      ...createdTwice(rest),
      ...givenUp(rest),
      ...fleet.deaths,
    ];
    return {
      violations,
      edits: ledger.count(),
      kills: fleet.counts.kills,
      writes: apiChanges().length,
      facts: { ...facts, ...fleet.counts },
      directory: violations.length > 0 ? directory : undefined,
    };

    // ---------------------------------------------------------------------------------------------

    async function liveThrough(): Promise<void> {
      const chaos = random('chaos');
      await setTrouble(listening.url, TROUBLE, seed);
      const endAt = world.clock.monotonicMs() + seconds * 1000;
      const tasks = [
        every(EDIT_MS, () => {
          for (const action of town.next()) people.act(action);
        }),
        every(LOOK_MS, () => fleet.send('look', {})),
        every(FULL_LOOK_MS, () => fleet.send('look/full', {})),
        every(KILL_MS, () => fleet.kill()),
        every(CUT_MS, async () => {
          facts.cuts += await site.cutConnections(0.3).catch(() => 0);
        }),
        ...(isHarsh ? [every(CRASH_MS, crash), freeze()] : []),
        every(10_000, () => say(progress())),
      ];
      await Promise.all(tasks);
      await setTrouble(listening.url, {}, seed);
      await fleet.heal();
      say(`people have gone home: ${progress()}`);

      async function every(ms: number, work: () => unknown): Promise<void> {
        for (;;) {
          // Not all at the same moment, again and again.
          const wait = ms * (0.5 + chaos.next());
          if (world.clock.monotonicMs() + wait > endAt) return;
          await sleep(wait);
          await work();
        }
      }

      async function crash(): Promise<void> {
        await site.crash();
        facts.crashes += 1;
      }

      async function freeze(): Promise<void> {
        await sleep(1_000);
        // It wakes up among the living, or when people have gone home already.
        do await fleet.freeze(FROZEN_MS);
        while (world.clock.monotonicMs() + FROZEN_MS < endAt);
      }
    }

    /** Whether two looks at everything, one after the other, find nothing to do. */
    async function comeToRest(): Promise<boolean> {
      sending.queue = await openQueue({ connection, world });
      closers.push(() => sending.queue?.close());
      await replayLetters();
      const endAt = world.clock.monotonicMs() + REST_MS_MAX;
      for (let calm = 0; calm < 2;) {
        if (world.clock.monotonicMs() > endAt) return false;
        const before = apiChanges().length;
        const isAsked = (await fleet.send('look/full', {})) === 200;
        const isSettled = await settled();
        calm = isAsked && isSettled && apiChanges().length === before ? calm + 1 : 0;
        say(`coming to rest: ${apiChanges().length - before} writes, calm ${calm}`);
      }
      return true;
    }

    /** Until nothing waits any more. What waits for another try is tried at once, since all is well. */
    async function settled(): Promise<boolean> {
      const startAt = world.clock.monotonicMs();
      for (let nudgeAt = startAt + NUDGE_MS; ;) {
        await sleep(250);
        const now = world.clock.monotonicMs();
        const waiting = await site.sql<{ tenant: string; sync: SyncId; key: string }>(WAITING);
        if (waiting.length === 0 && now - startAt > ROUND_MS) return true;
        if (now - startAt > REST_MS_MAX / 2) return false;
        if (now < nudgeAt) continue;
        nudgeAt = now + NUDGE_MS;
        for (const tenant of scenario.tenants.keys()) {
          const marks = waiting
            .filter((row) => row.tenant === tenantId(tenant))
            .map(({ sync, key }) => keyOfName(sync, key))
            .map((key) => ({ key, priority: 0, windowMs: 0 }) as const);
          await store.mark(tenantId(tenant), { now: world.clock.now(), marks });
        }
      }
    }

    /** What was given up while everything went wrong, a person tries again. */
    async function replayLetters(): Promise<void> {
      for (const tenant of scenario.tenants.keys()) {
        const open = { state: 'open', limit: 1000 } as const;
        const letters = await store.listDeadLetters(tenantId(tenant), open);
        const keys = letters.map(({ key }) => key);
        const now = world.clock.now();
        await store.answerDeadLetters(tenantId(tenant), { now, keys, answer: 'replay' });
      }
    }

    function progress(): string {
      const { kills, frozen } = fleet.counts;
      return `${ledger.count()} edits, ${apiChanges().length} writes, ${kills} kills, ${frozen} frozen, ${facts.cuts} connections cut, ${facts.crashes} crashes`;
    }
  } finally {
    for (const close of closers.toReversed()) await close();
    callOffAll();
    if (violations.length === 0) await rm(directory, { recursive: true, force: true });
  }

  function apiChanges(): readonly Change[] {
    return systems.flatMap(({ account }) =>
      grumpy.account(account).log.filter(({ via }) => via === 'api'),
    );
  }
}

/** Vendors try a webhook again after minutes; when all is over, nobody waits for that. */
function scheduleToEnd() {
  const pending = new Set<() => void>();
  const timers = systemWorld().schedule;
  const schedule = scheduleOn((delayMs, task) => {
    const callOff = timers.after(delayMs, () => {
      pending.delete(callOff);
      task();
    });
    pending.add(callOff);
    return () => {
      pending.delete(callOff);
      callOff();
    };
  });
  return {
    schedule,
    callOffAll: () => {
      for (const callOff of pending) callOff();
    },
  };
}

const WAITING = `select tenant_id as tenant, sync_id as sync, key from dirty`;

/** People here are in more of a hurry than people are. */
function withoutBrakes(setup: Setup): Setup {
  const brakes = Object.fromEntries(
    ['delete', 'create', 'blank', 'change'].map((name) => [name, { least: 1_000_000 }]),
  );
  const syncs = setup.syncs.map((sync) => ({ ...sync, settings: { ...sync.settings, brakes } }));
  return { ...setup, syncs };
}

async function setTrouble(origin: string, rates: Rates, seed: number): Promise<void> {
  const response = await fetch(`${origin}_emulator/trouble`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rates, seed }),
  });
  if (!response.ok) throw new Error(`The vendors refused the trouble: ${await response.text()}`);
}

async function subscribe(
  origin: string,
  token: string,
  url: string,
  secret: string,
): Promise<void> {
  const response = await fetch(`${origin}v1/hooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url, secret, collections: COLLECTIONS }),
  });
  if (!response.ok) throw new Error(`No webhooks are to be had: ${await response.text()}`);
}

type Pass = (path: string, body: Buffer<ArrayBuffer>, headers: HeadersInit) => Promise<number>;

/** Stands before the workers as a load balancer does: one address, whoever is alive behind it. */
async function openIntake(pass: Pass) {
  const server = createServer((request, reply) => {
    void request.toArray().then(async (chunks: Buffer[]) => {
      const { 'x-grumpy-signature': signature = '' } = request.headers;
      const headers = { 'x-grumpy-signature': String(signature) };
      reply.writeHead(await pass(request.url!.slice(1), Buffer.concat(chunks), headers)).end();
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  await promise;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Nobody is created a second time while the first one is still there. */
function createdTwice(rest: Rest): string[] {
  return rest.systems.flatMap((system) => {
    const live = new Map<string, string>();
    return rest.handsOf(system).log.flatMap(({ kind, via, collection, id, before, after }) => {
      const code = codeOf(after ?? before);
      const name = `${collection}/${code}`;
      if (kind === 'deleted' && live.get(name) === id) live.delete(name);
      if (kind !== 'created') return [];
      const isDouble = via === 'api' && live.has(name) && !rest.people.couldBeTwo(code);
      live.set(name, id);
      return isDouble ? [`${code} was created at ${system.account} though it was there`] : [];
    });
  });
}

/** After everything went well, nothing may be given up. */
function givenUp(rest: Rest): string[] {
  return [...rest.scenario.tenants.keys()].flatMap((tenant) =>
    [...rest.rowsOf(tenant).deadLetters.values()]
      .filter(({ state }) => state === 'open')
      .map(({ id, message }) => `${id} was given up: ${message}`),
  );
}
