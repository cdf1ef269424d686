import assert from 'node:assert/strict';
import { windowLimit } from '../../runtime/connectors/limits.ts';

describe('a limit that a vendor counts in windows', () => {
  const windows = [
    { most: 100, windowMs: 10_000 },
    { most: 5, windowMs: 1_000, burst: 0.2 },
    { most: 30_000, windowMs: 86_400_000, burst: 0.1 },
    { most: 40, windowMs: 2_000, burst: 0.9 },
  ];
  for (const { most, windowMs, burst } of windows) {
    it(`is kept to in every window, and nearly used up: ${most} in ${windowMs} ms, ${burst ?? 'half'} at once`, () => {
      const limit = windowLimit({
        name: 'calls',
        most,
        windowMs,
        ...(burst !== undefined && { burst }),
        cost: () => 1,
      });
      const spentAt = greedily(limit, windowMs * 3);
      let first = 0;
      let mostSeen = 0;
      spentAt.forEach((at, index) => {
        while (spentAt[first]! <= at - windowMs) first += 1;
        mostSeen = Math.max(mostSeen, index - first + 1);
      });
      assert.ok(mostSeen <= most, `${mostSeen} in one window`);
      assert.ok(mostSeen >= most - 1, `only ${mostSeen}`);
    });
  }
});

/** When calls of cost 1 are made by somebody who makes as many as the bucket lets them. */
function greedily(
  { capacity, perMs }: { capacity: number; perMs: number },
  untilMs: number,
): number[] {
  const times: number[] = [];
  const gapMs = perMs / capacity;
  for (let call = 0; ; call += 1) {
    // The bucket holds `capacity` at first; each further call waits until one more is in it.
    const at = Math.max(0, (call + 1 - capacity) * gapMs);
    if (at >= untilMs) return times;
    times.push(at);
  }
}
