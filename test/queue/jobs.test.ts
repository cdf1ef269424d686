import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jobOf } from '../../runtime/queue/jobs.ts';
import type { SyncId, TenantId } from '../../runtime/store/store.ts';
import { virtualWorld } from '../sim/virtual-world.ts';

const world = virtualWorld({ seed: 'jobs' });
const now = world.clock.now();
const key = { tenant: 't' as TenantId, sync: 's' as SyncId, priority: 1 } as const;
const at = (readyAt: number) => jobOf({ ...key, readyAt }, world);

describe('a job', () => {
  it('starts at once when something is due, whatever else there is', () => {
    for (const readyAt of [0, now - 1, now]) {
      const { singletonKey, startAfter } = at(readyAt);
      assert.deepEqual([singletonKey, startAfter], ['t/s/1/now', undefined]);
    }
  });

  it('starts no earlier than what it is for, and later by an eighth of the wait at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 10 }), (wait) => {
        const startAfterMs = Number(at(now + wait).startAfter) * 1000;
        assert.ok(startAfterMs > wait - 1, `${startAfterMs - wait} ms`);
        assert.ok(startAfterMs <= wait + Math.max(1024, wait / 8) + 1, `${startAfterMs - wait} ms`);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it('stands for all that is due in the same while, and for nothing else', () => {
    const names = new Set<string>();
    for (let wait = 10_000; wait < 11_024; wait += 1) names.add(at(now + wait).singletonKey);
    assert.ok(names.size <= 2, [...names].join());
    const other = jobOf({ ...key, priority: 2, readyAt: now }, world);
    assert.notEqual(other.singletonKey, at(now).singletonKey);
  });

  it('is more urgent the lower its priority is, and counts for its tenant', () => {
    const [urgent, rest] = [0, 3].map((priority) =>
      jobOf({ ...key, priority: priority as 0 | 3, readyAt: now }, world),
    );
    assert.ok(urgent!.priority! > rest!.priority!);
    assert.deepEqual(urgent!.group, { id: 't' });
  });
});
