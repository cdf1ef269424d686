/**
 * A world whose clock can be moved ahead, for those who cannot wait: what is due meanwhile happens, in
 * order and at its time, before the clock goes on. Otherwise it is the world it was made of.
 */
import { scheduleOn } from '../world/schedule.ts';
import type { Network, World } from '../world/world.ts';

export interface MovableWorld extends World {
  /** Resolves when the clock stands so much later and everything that was due has happened. */
  advance(ms: number): Promise<void>;
  /** Nothing that is due, or asked for from now on, happens any more. */
  stop(): void;
}

export function movable(world: World): MovableWorld {
  const waiting = new Set<Waiting>();
  const asking = new Set<Promise<Response>>();
  let aheadMs = 0;
  let isOver = false;

  const clock = {
    now: () => world.clock.now() + aheadMs,
    monotonicMs: () => world.clock.monotonicMs() + aheadMs,
  };
  const network: Network = {
    fetch(request) {
      const asked = world.network.fetch(request);
      const over = (): void => void asking.delete(asked);
      asking.add(asked);
      asked.then(over, over);
      return asked;
    },
  };

  function after(delayMs: number, task: () => void): () => void {
    if (isOver) return () => undefined;
    const one: Waiting = { dueMs: clock.monotonicMs() + delayMs, task, stop: () => undefined };
    waiting.add(one);
    start(one);
    return () => drop(one);
  }

  function start(one: Waiting): void {
    one.stop = world.schedule.after(one.dueMs - clock.monotonicMs(), () => {
      waiting.delete(one);
      one.task();
    });
  }

  function drop(one: Waiting): void {
    waiting.delete(one);
    one.stop();
  }

  async function advance(ms: number): Promise<void> {
    const untilMs = clock.monotonicMs() + ms;
    for (;;) {
      await answered();
      const next = firstDue(waiting, untilMs);
      if (next === undefined) break;
      moveTo(next.dueMs);
      drop(next);
      next.task();
    }
    moveTo(untilMs);
    // The timers of what is due later know nothing of the clock that has moved.
    for (const one of waiting) {
      one.stop();
      start(one);
    }
  }

  function stop(): void {
    isOver = true;
    for (const one of waiting) one.stop();
    waiting.clear();
  }

  function moveTo(timeMs: number): void {
    aheadMs += Math.max(0, timeMs - clock.monotonicMs());
  }

  /** Whoever waits for an answer may have more to do at this very time. */
  async function answered(): Promise<void> {
    do {
      await Promise.allSettled(asking);
      await world.schedule.sleep(0);
    } while (asking.size > 0);
  }

  return { ...world, clock, network, schedule: scheduleOn(after), advance, stop };
}

interface Waiting {
  /** By the clock that only grows. */
  readonly dueMs: number;
  readonly task: () => void;
  stop: () => void;
}

/** Of those due at the same time, the one that has waited longest. */
function firstDue(waiting: Iterable<Waiting>, untilMs: number): Waiting | undefined {
  let first: Waiting | undefined;
  for (const one of waiting) {
    if (one.dueMs <= untilMs && one.dueMs < (first?.dueMs ?? Infinity)) first = one;
  }
  return first;
}
