/**
 * Later work in terms of one primitive, a timer. Both worlds bring their own timer and share the
 * rest, so that waiting and aborting behave the same in a simulation and in life.
 */
import type { Schedule } from './world.ts';

/** A delay below zero counts as zero; one that is no number is refused, since it would never come. */
export function scheduleOn(timer: Schedule['after']): Schedule {
  function after(delayMs: number, task: () => void): () => void {
    if (!Number.isFinite(delayMs)) {
      throw new RangeError(`A delay needs a number of milliseconds, not ${delayMs}.`);
    }
    return timer(Math.max(0, delayMs), task);
  }

  function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const wake = after(delayMs, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      const abort = (): void => {
        wake();
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  return { after, sleep };
}
