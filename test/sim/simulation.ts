/**
 * Runs a scenario: systems, people, operators, faults, and the engine on a store in memory, all in
 * virtual time. Then everybody stops, what was taken is given back, and it has to come to rest; after
 * that it is left alone once more and must not write anything. The oracle judges what is left.
 *
 * The same scenario gives the same trace, to the letter.
 */
import { connectors } from '../../runtime/connectors/index.ts';
import type { Account, Connector } from '../../runtime/connectors/connector.ts';
import { openEngine } from '../../runtime/engine/engine.ts';
import type { Change } from '../../runtime/emulators/grumpy/grumpy.ts';
import { MemoryStore } from '../../runtime/store/memory.ts';
import type { StoredEndpoint } from '../../runtime/store/store.ts';
import { startDispatcher, type Dispatcher, type Worker } from './dispatcher.ts';
import { ledger as newLedger } from './ledger.ts';
import { operatorsOf } from './operators.ts';
import type { Rest } from './oracle/rest.ts';
import { violationsAtRest } from './oracle.ts';
import { peopleOf } from './people.ts';
import { startProcess } from './process.ts';
import type { Scenario } from './scenario.ts';
import { addWorkflow, HOOKS, setupOf, syncId, systemsOf, tenantId } from './setting.ts';
import { COLLECTIONS, tokenOf, type InsideOf, type Site, type System } from './system.ts';
import { weatherOf } from './trouble.ts';
import { StillBusy, virtualWorld } from './virtual-world.ts';
import { witnessOf } from './witness.ts';

export interface Outcome {
  readonly violations: readonly string[];
  readonly edits: number;
  /** Edits that were overwritten before anybody could have read them. */
  readonly exposed: number;
  readonly kills: number;
  readonly writes: number;
  readonly hours: number;
  /** How many kill points the first process passed while people were at it. */
  readonly points: number;
  readonly trace: string;
  /** For those who want to look closer, and for stories. */
  readonly rest: Rest;
}

const SECRET = 'a secret of the simulation';
/** When people begin; what is there at first is ten minutes older. */
export const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const BEFORE_MS = 10 * MINUTE_MS;
/** After people have stopped: looks at everything after each of these. Lost requests land meanwhile. */
const CALM_MINUTES = [5, 10, 10, 30, 60, 60, 120, 240, 480, 480] as const;
const QUIET_MINUTES = 120;
/** Who works so often without coming to an end does not come to one. */
const CALM_DRAINS_MAX = 2_000;
/** More than ten times what happens in the busiest of worlds. */
const EVENTS_MAX = 50_000;
const NEVER = Infinity;
/** So many of the last deliveries are sent again by those who replay them. */
const REPLAYED = 10;

export async function simulate(
  scenario: Scenario,
  open: typeof openEngine = openEngine,
): Promise<Outcome> {
  const world = virtualWorld({
    seed: `simulation ${scenario.seed}`,
    startAt: START_MS - BEFORE_MS,
    eventsMax: EVENTS_MAX,
  });
  const weather = weatherOf(scenario.faults, world);
  const systems = systemsOf(scenario);
  const { trouble, webhook: webhookTrouble } = weather;
  const sites = new Map(
    systems.map((system): [string, Site] => {
      return [system.account, system.vendor.start(system, { world, trouble, webhookTrouble })];
    }),
  );
  const siteOf = ({ account }: Pick<System, 'account'>): Site => sites.get(account)!;
  const insideOf: InsideOf = (system) => siteOf(system).inside;
  const announced: Parameters<Dispatcher['announce']>[0][] = [];
  let hear = (due: (typeof announced)[number]): void => void announced.push(due);
  const store = new MemoryStore({ world, auditKey: SECRET, announce: (due) => hear(due) });
  const witness = witnessOf(store, world);
  const ledger = newLedger();
  const people = peopleOf({ insideOf, systems, ledger, world });
  const operators = operatorsOf({
    scenario,
    systems,
    insideOf,
    store,
    ledger,
    people,
    weather,
    world,
    dispatcher: () => staff[0]!,
  });
  const errors: string[] = [];
  let points = 0;
  /** Kept beside the database, and not put back with it. */
  const anchored = new Map<string, string>();
  const slowedDown = new Map<string, number>();
  /** What was delivered by webhook. */
  const delivered: Request[] = [];

  for (const system of systems) world.serve(siteOf(system).origin, answer);
  world.serve(HOOKS, receive);
  /** Empty until they begin to work. */
  const staff: Dispatcher[] = [];
  for (const system of systems) {
    const inside = insideOf(system);
    addWorkflow(inside, system.scene);
    // A rule that was started by an older edit may put a newer one back; that is between them.
    inside.onChange(({ via, before, after }) => {
      if (via === 'rule') ledger.replaced(before?.fields, after?.fields);
    });
  }
  for (const tenant of scenario.tenants.keys()) await store.saveSetup(setupOf(scenario, tenant));
  for (const [tenant, { records }] of scenario.tenants.entries()) {
    for (const record of records) people.put(record, tenant);
  }
  // What is there at first has been there for a while, so that no list is too old to show it.
  await world.runUntil(START_MS);
  await meanwhile(Promise.all(systems.map(subscribe)));

  const crew = startDispatcher({ world, store, workers: scenario.workers, start });
  staff.push(crew);
  hear = (due) => crew.announce(due);
  const { calmSteps, calmSince } = await liveUntilQuiet();

  const rest: Rest = {
    scenario,
    systems,
    handsOf: insideOf,
    rowsOf: (tenant) => store.rowsOf(tenantId(tenant)),
    ledger,
    people,
    drifted: operators.drifted,
    hidden: operators.hidden,
    forgotten: operators.forgotten,
    witness,
    quietWrites: writes().filter(({ at }) => at >= calmSince),
    audits: await Promise.all(
      [...scenario.tenants.keys()].map((tenant) => store.verifyAudit(tenantId(tenant))),
    ),
    errors: [...errors, ...crew.failures],
    struck: weather.struck,
    slowedDown,
  };
  const { violations, exposed } = violationsAtRest(rest);
  return {
    violations: [...(calmSteps === NEVER ? ['it does not come to rest'] : []), ...violations],
    exposed,
    edits: ledger.count(),
    kills: crew.counts.kills,
    writes: writes().length,
    hours: (world.clock.now() - START_MS) / (60 * MINUTE_MS),
    points,
    trace: world.traceHash(),
    rest,
  };

  // -------------------------------------------------------------------------------------------
  // The engine and what is around it

  function start(place: { worker: number; generation: number; onDeath: () => void }): Worker {
    const { worker, generation, onDeath } = place;
    const { database: databaseTrouble } = weather;
    // Machines are not set to the same second.
    const clockSkewMs = worker * 700;
    const process = startProcess({
      world,
      store: witness.store,
      clockSkewMs,
      databaseTrouble,
      onDeath,
    });
    const point = worker === 0 ? scenario.kills[generation] : undefined;
    if (point !== undefined) process.killAt(point);
    const engine = open({
      store: process.store,
      world: process.world,
      connectors,
      configOf,
      secret: SECRET,
      anchor: {
        read: async (tenant) => anchored.get(tenant),
        write: async (tenant, text) => void anchored.set(tenant, text),
      },
    });
    return { process, engine };
  }

  function configOf(endpoint: Pick<StoredEndpoint, 'id'>): unknown {
    const system = systems.find((one) => one.endpoint === endpoint.id)!;
    return siteOf(system).configOf(operators.token(system));
  }

  async function answer(request: Request): Promise<Response> {
    const { origin } = new URL(request.url);
    const there = systems.filter((system) => siteOf(system).origin === origin);
    const called = there.find((one) => siteOf(one).isCalled(request, operators.token(one)));
    // Nobody's token is refused by whichever is asked.
    const site = siteOf(called ?? there[0]!);
    const account = called?.account ?? '';
    const about = site.aboutOf(request);
    void witness.called(account, about, request);
    const response = await site.handle(request);
    if (response.status === 429) slowedDown.set(account, (slowedDown.get(account) ?? 0) + 1);
    await witness.answered(account, about, response);
    return response;
  }

  function lookAtAll(full: boolean): void {
    const engine = staff[0]?.worker()?.engine;
    for (const tenant of scenario.tenants.keys()) {
      for (const collection of COLLECTIONS) {
        const looking = engine?.look(tenantId(tenant), syncId(tenant, collection), { full });
        looking?.catch(noted);
      }
    }
  }

  function noted(error: unknown): void {
    errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  /** Lets time pass until it is done, if it takes any. */
  async function meanwhile(work: Promise<unknown>): Promise<void> {
    const progress = { isDone: false };
    const done = work.then(() => (progress.isDone = true));
    for (let at = world.clock.now(); !progress.isDone; at += 100) await world.runUntil(at);
    await done;
  }

  async function subscribe(system: System): Promise<void> {
    if (!system.scene.webhooks) return;
    await siteOf(system).subscribe?.(`${HOOKS}/${system.account}`, tokenOf(system));
  }

  /** As the node for webhooks does: checks, keeps, answers. */
  async function receive(request: Request): Promise<Response> {
    // Some vendors look first whether anybody is there.
    const [dispatcher] = staff;
    if (!dispatcher) return new Response(null, { status: 503 });
    const account = new URL(request.url).pathname.slice(1);
    const system = systems.find((one) => one.account === account)!;
    // Without the signal of the first one, who gave up on it long ago.
    delivered.push(new Request(request.clone(), { signal: null }));
    const worker = dispatcher.worker();
    if (!worker) return new Response(null, { status: 503 });
    try {
      const opened = await receiverAt(worker, system);
      const hints = opened.receive!({
        method: request.method,
        url: request.url,
        headers: Object.fromEntries(request.headers),
        body: new Uint8Array(await request.arrayBuffer()),
      });
      const refs = hints.flatMap(({ collection: name, id: remoteId }) => {
        const collection = siteOf(system).collectionNamed(name);
        if (collection === undefined) return [];
        return [{ sync: syncId(system.tenant, collection), endpoint: system.endpoint, remoteId }];
      });
      await worker.engine.hint(tenantId(system.tenant), refs, 0);
      return new Response(null, { status: 200 });
    } catch (error) {
      const isRefused = (error as { code?: string }).code === 'delivery-refused';
      return new Response(null, { status: isRefused ? 401 : 500 });
    }
  }

  function receiverAt(worker: Worker, system: System): Promise<Account> {
    const known = receivers.get(worker) ?? new Map<string, Promise<Account>>();
    receivers.set(worker, known);
    const connector = connectors.find(({ vendor }) => vendor === system.vendor.name);
    const opening =
      known.get(system.account) ?? openFor(connector!, configOf({ id: system.endpoint }), worker);
    known.set(system.account, opening);
    opening.catch(() => known.delete(system.account));
    return opening;
  }

  // -------------------------------------------------------------------------------------------
  // Time

  async function liveUntilQuiet(): Promise<{ calmSteps: number; calmSince: number }> {
    try {
      await liveAndSync();
      const steps = await comeToRest();
      const since = world.clock.now();
      lookAtAll(true);
      await world.runUntil(since + QUIET_MINUTES * MINUTE_MS);
      return { calmSteps: steps, calmSince: since };
    } catch (error) {
      if (!(error instanceof StillBusy)) throw error;
      return { calmSteps: NEVER, calmSince: world.clock.now() };
    }
  }

  async function liveAndSync(): Promise<void> {
    const { minutes, pollMinutes, sweepMinutes, actions } = scenario;
    const endAt = START_MS + minutes * MINUTE_MS;
    operators.prepare(actions);
    for (const action of actions) {
      world.schedule.after(action.at, () => {
        people.act(action);
        operators.act(action).catch(noted);
        if (action.kind === 'forgeWebhook') void forge(action).catch(noted);
        if (action.kind === 'replayWebhooks') void deliverAgain(action).catch(noted);
      });
    }
    for (let at = pollMinutes; at < minutes; at += pollMinutes) {
      const full = at % sweepMinutes === 0;
      world.schedule.after(at * MINUTE_MS, () => lookAtAll(full));
    }
    lookAtAll(true);
    await world.runUntil(endAt);
    points = crew.worker(0)?.process.points() ?? 0;
  }

  async function forge({
    tenant,
    system: name,
  }: {
    tenant: number;
    system: string;
  }): Promise<void> {
    const system = systems.find((one) => one.tenant === tenant && one.scene.name === name)!;
    const letter = siteOf(system).forged?.(world.clock.now());
    if (!letter) return;
    const request = new Request(`${HOOKS}/${system.account}`, { method: 'POST', ...letter });
    const { ok } = await world.network.fetch(request);
    if (ok) errors.push('A forged webhook was believed.');
  }

  async function deliverAgain({ tenant, system }: { tenant: number; system: string }) {
    const url = `${HOOKS}/${system}-${tenant + 1}`;
    const again = delivered.filter((one) => one.url === url).slice(-REPLAYED);
    await Promise.all(again.map((request) => world.network.fetch(request.clone())));
  }

  /** Answers how many steps it took. */
  async function comeToRest(): Promise<number> {
    weather.clear();
    await world.runUntil(world.clock.now() + 3 * MINUTE_MS);
    await operators.heal();
    const drainsBefore = crew.counts.drains;
    for (const [step, minutes] of CALM_MINUTES.entries()) {
      const before = changes().length;
      lookAtAll(true);
      for (let minute = 0; minute < minutes; minute++) {
        await world.runUntil(world.clock.now() + MINUTE_MS);
        if (crew.counts.drains > drainsBefore + CALM_DRAINS_MAX) return NEVER;
      }
      const waiting = await store.waiting();
      // A workflow may answer a write after everything was looked at; that has to be seen as well.
      const isQuiet = waiting.length === 0 && crew.isIdle() && changes().length === before;
      if (isQuiet && step > 0) return step;
    }
    return NEVER;
  }

  function writes(): readonly Change[] {
    return changes().filter(({ via }) => via === 'api');
  }

  function changes(): readonly Change[] {
    return systems.flatMap((system) => insideOf(system).log);
  }
}

const receivers = new WeakMap<Worker, Map<string, Promise<Account>>>();

function openFor(connector: Connector, config: unknown, { process }: Worker): Promise<Account> {
  return connector.open(connector.config.parse(config), process.world);
}
