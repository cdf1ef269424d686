/**
 * What is still to happen in a virtual world, the soonest first. Events of the same instant come in
 * an order drawn by chance when they are added, because real systems promise none either.
 */
import type { Random } from '../../runtime/world/world.ts';

export interface Event {
  readonly timeMs: number;
  /** Counts events in the order in which they were added. */
  readonly sequence: number;
  readonly task: () => void;
}

interface Waiting extends Event {
  readonly tiebreak: number;
}

export interface EventQueue {
  /** Adds an event and returns the way to call it off. */
  add(timeMs: number, task: () => void): () => void;
  /** Takes out the next event if its time is not after `untilMs`. */
  next(untilMs: number): Event | undefined;
}

/** Kept sorted, latest first, so that taking the next one is a pop. */
export function eventQueue(order: Random): EventQueue {
  const waiting: Waiting[] = [];
  let added = 0;

  function add(timeMs: number, task: () => void): () => void {
    added += 1;
    const event: Waiting = { timeMs, tiebreak: order.next(), sequence: added, task };
    let low = 0;
    let high = waiting.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comesAfter(waiting[middle]!, event)) low = middle + 1;
      else high = middle;
    }
    waiting.splice(low, 0, event);
    return () => {
      const index = waiting.indexOf(event);
      if (index !== -1) waiting.splice(index, 1);
    };
  }

  function next(untilMs: number): Event | undefined {
    const soonest = waiting.at(-1);
    return soonest !== undefined && soonest.timeMs <= untilMs ? waiting.pop() : undefined;
  }

  return { add, next };
}

function comesAfter(one: Waiting, other: Waiting): boolean {
  if (one.timeMs !== other.timeMs) return one.timeMs > other.timeMs;
  if (one.tiebreak !== other.tiebreak) return one.tiebreak > other.tiebreak;
  return one.sequence > other.sequence;
}
