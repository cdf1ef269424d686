/**
 * What hands out work in a simulation: some worker processes on one store, woken when work is due and
 * never asking idly. Several of them may be at the same sync at once. A worker that died is replaced
 * after a while, on the same store; what it was doing is due again when its leases run out.
 */
import type { EndpointId } from '../../runtime/core/planner/model.ts';
import type { Priority, Ref, Store, SyncId, TenantId, Waiting } from '../../runtime/store/store.ts';
import type { World } from '../../runtime/world/world.ts';
import type { Process } from './process.ts';

/** What the simulation needs of an engine. */
export interface Engine {
  hint(tenant: TenantId, refs: readonly Ref[], priority?: Priority): Promise<void>;
  look(
    tenant: TenantId,
    sync: SyncId,
    options?: { full?: boolean; endpoints?: readonly EndpointId[] },
  ): Promise<void>;
  drain(work: { tenant: TenantId; sync: SyncId }): Promise<unknown>;
  close(): Promise<void>;
}

export interface Worker {
  readonly process: Process;
  readonly engine: Engine;
}

export interface Dispatcher {
  /** For the store: tells that work was left waiting. */
  announce(due: readonly Pick<Waiting, 'readyAt'>[]): void;
  /** A worker that lives, if there is one. */
  worker(index?: number): Worker | undefined;
  /** Ends a worker in good order and starts another one. */
  redeploy(index: number): void;
  /** Nothing is being worked on. */
  isIdle(): boolean;
  readonly counts: { kills: number; drains: number; failures: number };
  /** What drains threw, in words. */
  readonly failures: readonly string[];
}

/** How long it takes until somebody notices that a worker is gone. */
const RESTART_MS = 10_000;
/** A sync that failed, or of which nothing was done although it was due, rests: longer each time. */
const REST_MS = 1_000;
const REST_MS_MAX = 60_000;
/** A redeployment lets work finish for so long; what is not done by then is killed. */
const CLOSE_MS_MAX = 10_000;

export function startDispatcher({
  world,
  store,
  workers,
  start,
}: {
  world: Pick<World, 'clock' | 'schedule'>;
  store: Pick<Store, 'waiting'>;
  workers: number;
  /** Starts a process; `generation` counts those of one worker. `onDeath` is for its kills. */
  start: (place: { worker: number; generation: number; onDeath: () => void }) => Worker;
}): Dispatcher {
  const counts = { kills: 0, drains: 0, failures: 0 };
  const failures: string[] = [];
  const crew: (Member | undefined)[] = [];
  /** By sync: how long it rests next time, and until when it does. */
  const rests = new Map<string, { readonly forMs: number; readonly until: number }>();
  let wake: { readonly at: number; readonly cancel: () => void } | undefined;

  interface Member extends Worker {
    /** By sync. */
    readonly drains: Set<string>;
    closing: boolean;
  }

  function employ(worker: number, generation: number): void {
    const onDeath = (): void => {
      if (crew[worker]?.closing !== true) counts.kills += 1;
      crew[worker] = undefined;
      world.schedule.after(RESTART_MS, () => {
        employ(worker, generation + 1);
        wakeAt(world.clock.now());
      });
    };
    const started = start({ worker, generation, onDeath });
    crew[worker] = { ...started, drains: new Set(), closing: false };
  }

  function wakeAt(at: number): void {
    if (wake && wake.at <= at) return;
    wake?.cancel();
    const cancel = world.schedule.after(at - world.clock.now(), () => {
      wake = undefined;
      void handOut();
    });
    wake = { at, cancel };
  }

  async function handOut(): Promise<void> {
    const now = world.clock.now();
    const waiting = (await store.waiting()).map((work) => {
      const readyAt = Math.max(work.readyAt, rests.get(nameOf(work))?.until ?? 0);
      return { ...work, readyAt };
    });
    const due = waiting.filter(({ readyAt }) => readyAt <= now);
    for (const work of due.toSorted((a, b) => a.priority - b.priority)) {
      const free = crew.find(
        (member) => member && !member.closing && !member.drains.has(nameOf(work)),
      );
      if (free) void drain(free, work);
    }
    const next = waiting.filter(({ readyAt }) => readyAt > now).map(({ readyAt }) => readyAt);
    if (next.length > 0) wakeAt(Math.min(...next));
  }

  async function drain(member: Member, work: Waiting): Promise<void> {
    const { engine, drains } = member;
    const name = nameOf(work);
    drains.add(name);
    counts.drains += 1;
    const before = await dueOf(name);
    try {
      await engine.drain({ tenant: work.tenant, sync: work.sync });
      if (before !== (await dueOf(name))) rests.delete(name);
      else rest(name);
    } catch (error) {
      counts.failures += 1;
      failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
      rest(name);
    }
    drains.delete(name);
    wakeAt(world.clock.now());
  }

  /** What is due of a sync, as a text that changes when something is done about it. */
  async function dueOf(name: string): Promise<string> {
    const waiting = (await store.waiting()).filter((work) => nameOf(work) === name);
    return waiting.map(({ priority, readyAt }) => `${priority} ${readyAt}`).join();
  }

  function rest(name: string): void {
    const forMs = rests.get(name)?.forMs ?? REST_MS;
    const until = world.clock.now() + forMs;
    rests.set(name, { forMs: Math.min(2 * forMs, REST_MS_MAX), until });
  }

  for (let worker = 0; worker < workers; worker++) employ(worker, 0);

  return {
    announce: (due) => {
      if (due.length > 0)
        wakeAt(Math.max(world.clock.now(), Math.min(...due.map((one) => one.readyAt))));
    },
    worker: (index) =>
      index === undefined ? crew.find((one) => one && !one.closing) : crew[index % crew.length],
    redeploy(index) {
      const member = crew[index % crew.length];
      if (!member || member.closing) return;
      member.closing = true;
      const end = (): void => member.process.kill();
      world.schedule.after(CLOSE_MS_MAX, end);
      member.engine.close().then(end, end);
    },
    isIdle: () => crew.every((member) => !member || member.drains.size === 0),
    counts,
    failures,
  };
}

function nameOf({ tenant, sync }: Pick<Waiting, 'tenant' | 'sync'>): string {
  return `${tenant}/${sync}`;
}
