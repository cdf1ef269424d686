/**
 * One process of a simulation: a world and a store of its own that can die at any moment, sleep too
 * long, tell the wrong time and lose the database.
 *
 * After `kill()` none of its promises ever settles and its timers are gone, so nothing of it runs any
 * more. What it had asked for is either done as a whole or not at all: every call of the network and
 * of the store is two kill points, one before it takes effect and one after. They are numbered from
 * the start of the process, so that a test can strike at each of them.
 */
import { TributaryError } from '../../runtime/core/errors.ts';
import type { Store } from '../../runtime/store/store.ts';
import { scheduleOn } from '../../runtime/world/schedule.ts';
import type { World } from '../../runtime/world/world.ts';

export interface Process {
  readonly world: World;
  readonly store: Store;
  isAlive(): boolean;
  /** How many kill points it has passed. */
  points(): number;
  kill(): void;
  /** Kills it as soon as it comes to that kill point. */
  killAt(point: number): void;
  /** It does nothing for so long, and then goes on as if nothing had been. */
  pause(forMs: number): void;
  /** From now on its wall clock is so far ahead of the true time; durations are not affected. */
  setClock(aheadMs: number): void;
}

/** Whether the database fails a call, and whether the call took effect all the same. */
export type DatabaseTrouble = () => 'before' | 'after' | undefined;

export function startProcess({
  world,
  store,
  clockSkewMs = 0,
  databaseTrouble,
  onDeath,
}: {
  world: World;
  store: Store;
  clockSkewMs?: number;
  databaseTrouble?: DatabaseTrouble;
  onDeath?: () => void;
}): Process {
  let alive = true;
  let passed = 0;
  let fatalPoint = Infinity;
  let skewMs = clockSkewMs;
  let asleepUntil = -Infinity;
  const startedAt = world.clock.monotonicMs();

  function kill(): void {
    if (!alive) return;
    alive = false;
    onDeath?.();
  }

  /** False when it does not live to see what comes next. */
  function survives(): boolean {
    if (!alive) return false;
    passed += 1;
    if (passed >= fatalPoint) kill();
    return alive;
  }

  /** Whatever comes to a process that sleeps waits until it wakes. */
  function deliver(task: () => void): void {
    if (!alive) return;
    const sleepsMs = asleepUntil - world.clock.monotonicMs();
    if (sleepsMs > 0) world.schedule.after(sleepsMs, () => deliver(task));
    else task();
  }

  function call<T>(effect: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!survives()) return;
      effect().then(
        (value) => survives() && deliver(() => resolve(value)),
        (error: unknown) => survives() && deliver(() => reject(error)),
      );
    });
  }

  async function onDatabase<T>(effect: () => Promise<T>): Promise<T> {
    const trouble = databaseTrouble?.();
    if (trouble === 'before') throw databaseLost();
    const answer = await effect();
    if (trouble === 'after') throw databaseLost();
    return answer;
  }

  return {
    world: {
      clock: {
        now: () => world.clock.now() + skewMs,
        monotonicMs: () => world.clock.monotonicMs() - startedAt,
      },
      random: (stream) => world.random(stream),
      newId: () => world.newId(),
      secretBytes: (count) => world.secretBytes(count),
      network: { fetch: (request) => call(() => world.network.fetch(request)) },
      log: {
        write: (level, message, details) => {
          if (alive) world.log.write(level, message, details);
        },
      },
      schedule: scheduleOn((delayMs, task) =>
        world.schedule.after(delayMs, () => deliver(() => survives() && task())),
      ),
    },
    store: storeThrough(store, (effect) => call(() => onDatabase(effect))),
    isAlive: () => alive,
    points: () => passed,
    kill,
    killAt: (point) => {
      fatalPoint = point;
    },
    pause: (forMs) => {
      asleepUntil = Math.max(asleepUntil, world.clock.monotonicMs() + forMs);
    },
    setClock: (aheadMs) => {
      skewMs = aheadMs;
    },
  };
}

type Effect = () => Promise<unknown>;

/** The same store, every call of which goes through `call`. */
function storeThrough(store: Store, call: (effect: Effect) => Promise<unknown>): Store {
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...given: readonly unknown[]) => unknown;
      if (typeof method !== 'function') return method;
      return (...given: readonly unknown[]) =>
        call(async () => Reflect.apply(method, target, given));
    },
  });
}

function databaseLost(): TributaryError {
  return new TributaryError('database-unreachable', {
    what: 'The database does not answer (the simulation took it away).',
    next: 'Check that it runs, then try again.',
  });
}
