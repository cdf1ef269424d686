import assert from 'node:assert/strict';
import { movable, type MovableWorld } from '../../runtime/emulators/movable-world.ts';
import { randomStreams } from '../../runtime/world/random.ts';
import { scheduleOn } from '../../runtime/world/schedule.ts';
import { systemWorld } from '../../runtime/world/system.ts';

const START_MS = 1_000_000;

describe('a world whose clock can be moved', () => {
  it('goes ahead, and has happen at its time what was due', async () => {
    const { world, timers } = stopped();
    const happened: string[] = [];
    const note = (what: string): void => {
      happened.push(`${what} ${world.clock.now() - START_MS} ${world.clock.monotonicMs()}`);
    };
    world.schedule.after(2000, () => note('second'));
    world.schedule.after(1000, () => {
      note('first');
      world.schedule.after(500, () => note('between'));
    });
    world.schedule.after(9000, () => note('later'));
    world.schedule.after(1500, () => note('called off'))();
    await world.advance(5000);
    assert.deepEqual(happened, ['first 1000 1000', 'between 1500 1500', 'second 2000 2000']);
    assert.equal(world.clock.now() - START_MS, 5000);
    assert.deepEqual(
      timers().filter((ms) => ms > 0),
      [4000],
      'what is due later comes sooner now',
    );
    await world.advance(4000);
    assert.equal(happened.at(-1), 'later 9000 9000');
    assert.deepEqual(
      timers().filter((ms) => ms > 0),
      [],
    );
  });

  it('has nothing happen any more when it is stopped', async () => {
    const { world, timers } = stopped();
    const happened: string[] = [];
    world.schedule.after(1000, () => happened.push('before'));
    world.stop();
    world.schedule.after(1000, () => happened.push('after'));
    assert.deepEqual(timers(), []);
    await world.advance(5000);
    assert.deepEqual(happened, []);
  });

  it('keeps what is due in the order in which it was asked for', async () => {
    const { world } = stopped();
    const happened: number[] = [];
    for (const one of [1, 2, 3]) world.schedule.after(1000, () => happened.push(one));
    await world.advance(1000);
    assert.deepEqual(happened, [1, 2, 3]);
  });

  it('waits for answers, since more may be due because of them', async () => {
    const { world } = stopped(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return new Response('fine');
    });
    const tries: number[] = [];
    const attempt = async (): Promise<void> => {
      tries.push(world.clock.now() - START_MS);
      await (await world.network.fetch(new Request('https://a.test/'))).text();
      if (tries.length < 3) world.schedule.after(1000, () => void attempt());
    };
    world.schedule.after(1000, () => void attempt());
    await world.advance(10_000);
    assert.deepEqual(tries, [1000, 2000, 3000]);
  });
});

/** A world that stands still by itself, and the delays of all timers that are running. */
function stopped(
  fetch: (request: Request) => Promise<Response> = () => Promise.reject(new TypeError('no')),
): { world: MovableWorld; timers: () => readonly number[] } {
  const running = new Set<{ delayMs: number }>();
  const world = movable({
    ...systemWorld({ log: { write: () => true } }),
    clock: { now: () => START_MS, monotonicMs: () => 0 },
    random: randomStreams('1'),
    network: { fetch },
    schedule: scheduleOn((delayMs, task) => {
      const timer = { delayMs };
      running.add(timer);
      if (delayMs === 0) {
        setImmediate(() => {
          if (running.delete(timer)) task();
        });
      }
      return () => void running.delete(timer);
    }),
  });
  return { world, timers: () => [...running].map(({ delayMs }) => delayMs) };
}
