import assert from 'node:assert/strict';
import { scheduleOn } from '../../runtime/world/schedule.ts';

describe('a schedule', () => {
  it('counts a delay in the past as none', () => {
    const { schedule, timers } = handMade();
    schedule.after(-5, () => {});
    assert.deepEqual(
      timers.map(({ delayMs }) => delayMs),
      [0],
    );
  });

  it('refuses a delay that is no number', async () => {
    const { schedule } = handMade();
    assert.throws(() => schedule.after(Number.NaN, () => {}), /number of milliseconds, not NaN/);
    await assert.rejects(schedule.sleep(Infinity), /number of milliseconds, not Infinity/);
  });

  it('wakes a sleeper when its timer fires, and forgets the signal', async () => {
    const { schedule, timers } = handMade();
    const controller = new AbortController();
    const sleeping = schedule.sleep(10, controller.signal);
    timers[0]!.fire();
    await sleeping;
    controller.abort();
    assert.equal(timers[0]!.cancelled, false);
  });

  it('wakes a sleeper at once with the reason when aborted, and calls the timer off', async () => {
    const { schedule, timers } = handMade();
    const controller = new AbortController();
    const sleeping = schedule.sleep(10, controller.signal);
    controller.abort(new Error('closing down'));
    await assert.rejects(sleeping, /closing down/);
    assert.equal(timers[0]!.cancelled, true);
  });

  it('does not start to sleep when already aborted', async () => {
    const { schedule, timers } = handMade();
    await assert.rejects(schedule.sleep(10, AbortSignal.abort(new Error('too late'))), /too late/);
    assert.equal(timers.length, 0);
  });
});

interface Timer {
  readonly delayMs: number;
  readonly fire: () => void;
  cancelled: boolean;
}

/** A schedule whose timers fire when the test says so. */
function handMade(): { schedule: ReturnType<typeof scheduleOn>; timers: Timer[] } {
  const timers: Timer[] = [];
  const schedule = scheduleOn((delayMs, fire) => {
    const timer: Timer = { delayMs, fire, cancelled: false };
    timers.push(timer);
    return () => (timer.cancelled = true);
  });
  return { schedule, timers };
}
