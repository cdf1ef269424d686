/**
 * Waits for a task, but not for ever: a late one is given up and reported, though not stopped. For
 * work that takes an AbortSignal, give it one instead.
 */
import type { Schedule } from '../world/world.ts';

export function withTimeLimit<Result>(
  task: () => Promise<Result> | Result,
  { limitMs, schedule }: { limitMs: number; schedule: Schedule },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const cancel = schedule.after(limitMs, () =>
      reject(new Error(`It took longer than ${limitMs / 1000} seconds.`)),
    );
    Promise.resolve().then(task).finally(cancel).then(resolve, reject);
  });
}
