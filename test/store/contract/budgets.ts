/** Token buckets that all workers share. */
import assert from 'node:assert/strict';
import type { SlowDown, Spend } from '../../../runtime/store/store.ts';
import { sceneIn, START, type Opened } from '../scene.ts';

/** Ten at once, and one more each second. */
const TEN: Spend = { bucket: 'calls', capacity: 10, perMs: 10_000, amount: 1, keep: 0 };
const GRANTED = { granted: true };

export function promisesAboutBudgets(opened: () => Opened): void {
  async function budget() {
    const { store, tenant } = await sceneIn(opened());
    const { clock } = opened();
    return {
      spend: (now: number, ...requests: readonly Spend[]) => {
        clock.set(now);
        return store.spend(tenant, requests);
      },
      slowDown: (now: number, change: Omit<SlowDown, 'bucket'>) => {
        clock.set(now);
        return store.slowDown(tenant, { bucket: 'calls', ...change });
      },
    };
  }

  it('grants what a bucket holds, and then what comes back with time', async () => {
    const { spend } = await budget();
    assert.deepEqual(await spend(START), GRANTED, 'nothing asked, nothing refused');
    assert.deepEqual(await spend(START, { ...TEN, amount: 10 }), GRANTED);
    const refused = (waitMs: number) => ({ granted: false, waitMs });
    assert.deepEqual(await spend(START, { ...TEN, amount: 2 }), refused(2000));
    assert.deepEqual(await spend(START + 500, { ...TEN, amount: 2 }), refused(1500));
    assert.deepEqual(await spend(START + 1999, { ...TEN, amount: 2 }), refused(1));
    assert.deepEqual(await spend(START + 2000, { ...TEN, amount: 2 }), GRANTED);
    assert.equal((await spend(START + 2000, TEN)).granted, false);
    // However long it waits, it never holds more than its capacity.
    assert.deepEqual(await spend(START + 900_000, { ...TEN, amount: 10 }), GRANTED);
    assert.equal((await spend(START + 900_000, TEN)).granted, false);
  });

  it('leaves as many as asked for what is more urgent', async () => {
    const { spend } = await budget();
    assert.deepEqual(await spend(START, { ...TEN, amount: 7, keep: 3 }), GRANTED);
    const refused = { granted: false, waitMs: 1000 };
    assert.deepEqual(await spend(START, { ...TEN, keep: 3 }), refused);
    assert.deepEqual(await spend(START, { ...TEN, amount: 3 }), GRANTED);
  });

  it('takes from all buckets or from none', async () => {
    const { spend } = await budget();
    const day: Spend = { bucket: 'day', capacity: 2, perMs: 86_400_000, amount: 2, keep: 0 };
    assert.deepEqual(await spend(START, TEN, day), GRANTED);
    const refused = { granted: false, waitMs: 86_400_000 };
    assert.deepEqual(await spend(START, { ...TEN, amount: 9 }, day), refused);
    assert.deepEqual(await spend(START, { ...TEN, amount: 9 }), GRANTED);
  });

  it('adds up what one call asks of one bucket', async () => {
    const { spend } = await budget();
    const refused = { granted: false, waitMs: 1000 };
    assert.deepEqual(await spend(START, { ...TEN, amount: 10 }), GRANTED);
    assert.equal((await spend(START + 5000, { ...TEN, amount: 3 }, TEN, TEN)).granted, true);
    assert.deepEqual(await spend(START + 5000, TEN), refused);
  });

  it('serves who asks for more than there ever is, when it is full, and waits until that is paid', async () => {
    const { spend } = await budget();
    assert.deepEqual(await spend(START, { ...TEN, amount: 15 }), GRANTED);
    const refused = { granted: false, waitMs: 6000 };
    assert.deepEqual(await spend(START, TEN), refused);
    assert.equal((await spend(START + 6000, TEN)).granted, true);
  });

  it('grants nothing from a blocked bucket before its time', async () => {
    const { spend, slowDown } = await budget();
    await slowDown(START, { forMs: 30_000 });
    await slowDown(START, { forMs: 10_000 });
    const refused = { granted: false, waitMs: 1 };
    assert.deepEqual(await spend(START + 29_999, TEN), refused);
    assert.deepEqual(await spend(START + 30_000, { ...TEN, amount: 10 }), GRANTED);
    assert.equal((await spend(START + 30_000, TEN)).granted, false);
  });

  it('fills more slowly after a complaint, and recovers by a twentieth per minute', async () => {
    const { spend, slowDown } = await budget();
    assert.deepEqual(await spend(START, { ...TEN, amount: 10 }), GRANTED);
    await slowDown(START, { factor: 0.5 });
    assert.deepEqual(await spend(START, TEN), { granted: false, waitMs: 2000 });
    // After four minutes it is at 0.7 of the rate.
    const later = START + 4 * 60_000;
    assert.deepEqual(await spend(later, { ...TEN, amount: 10 }), GRANTED);
    const wait = Math.ceil(1000 / 0.7);
    assert.deepEqual(await spend(later, TEN), { granted: false, waitMs: wait });
    const muchLater = START + 11 * 60_000;
    assert.deepEqual(await spend(muchLater, { ...TEN, amount: 10 }), GRANTED);
    assert.deepEqual(await spend(muchLater, TEN), { granted: false, waitMs: 1000 });
  });

  it('never stops for good, however often a vendor complains', async () => {
    const { spend, slowDown } = await budget();
    assert.deepEqual(await spend(START, { ...TEN, amount: 10 }), GRANTED);
    for (let n = 0; n < 20; n += 1) await slowDown(START, { factor: 0.5 });
    assert.deepEqual(await spend(START, TEN), { granted: false, waitMs: 20_000 });
  });

  it('counts one complaint for all that was under way when it came', async () => {
    const { spend, slowDown } = await budget();
    assert.deepEqual(await spend(START, { ...TEN, amount: 10 }), GRANTED);
    const complaint = { forMs: 1000, factor: 0.5 };
    for (let n = 0; n < 5; n += 1) await slowDown(START + n, complaint);
    const outcome = await spend(START + 1000, TEN);
    assert.equal(outcome.granted, false);
    assert.ok('waitMs' in outcome && outcome.waitMs <= 1000, JSON.stringify(outcome));
  });
}
