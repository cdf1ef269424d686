/**
 * A process whose life is managed by lifetime.ts, for its tests. How its start goes and how what it
 * opened closes comes as arguments. On its clock an echo is long over; its timers run fast, unless
 * it is told to be patient.
 */
import { liveUntilStopped } from '../../runtime/server/lifetime.ts';
import { scheduleOn } from '../../runtime/world/schedule.ts';
import { systemWorld } from '../../runtime/world/system.ts';

const [start, ...closings] = process.argv.slice(2);
const faster = start === 'patient' ? 1 : 100;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const real = systemWorld({ log: process.stdout });
const world = {
  ...real,
  clock: { now: () => 0, monotonicMs: secondsPassing() },
  schedule: scheduleOn((delayMs, task) => real.schedule.after(delayMs / faster, task)),
};
// Something keeps the process alive, as its server would.
const alive = setInterval(() => {}, 1000);

process.exitCode = await liveUntilStopped(
  async (life) => {
    for (const [index, closing] of closings.entries()) {
      life.opened(`step ${index}`, async () => {
        say(`closing step ${index}`);
        if (closing === 'breaks') throw new Error('It would not close.');
        if (closing === 'hangs') await new Promise(() => {});
      });
    }
    if (start === 'fails') throw new Error('the start failed');
    if (start === 'throws-later') queueMicrotask(throwLoose);
    say('started');
    if (start === 'waits') await life.waitFor(new Promise(() => {}));
  },
  { world, underNpm: false, failed: (error) => say(`refused: ${(error as Error).message}`) },
);
clearInterval(alive);

function throwLoose(): void {
  throw new Error('nobody caught me');
}

function secondsPassing(): () => number {
  let nowMs = 0;
  return () => (nowMs += 1000);
}
