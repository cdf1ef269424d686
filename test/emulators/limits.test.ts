import assert from 'node:assert/strict';
import { Limits, type Limit } from '../../runtime/emulators/limits.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('limits', () => {
  it('that roll let no more through in any period than they hold', () => {
    const limits = new Limits([{ name: 'burst', capacity: 3, perMs: 2000, refills: 'rolling' }], 0);
    for (const atMs of [0, 500, 500]) assert.equal(limits.take(atMs), undefined);
    assert.deepEqual(limits.take(1999), { name: 'burst', waitMs: 1 });
    assert.equal(limits.take(2000), undefined);
    assert.deepEqual(limits.take(2001), { name: 'burst', waitMs: 499 });
    assert.equal(limits.take(2500), undefined);
    assert.equal(limits.take(2500), undefined);
    assert.deepEqual(limits.take(2500), { name: 'burst', waitMs: 1500 });
    assert.deepEqual(limits.levels, [{ name: 'burst', capacity: 3, left: 0, fullInMs: 2000 }]);
  });

  it('of a day are whole again at midnight, wherever that is', () => {
    const daily: Limit = {
      name: 'daily',
      capacity: 10,
      perMs: DAY_MS,
      refills: 'atOnce',
      beginsAtMs: -2 * HOUR_MS,
    };
    const limits = new Limits([daily], 0);
    assert.equal(limits.take(0, { daily: 8 }), undefined);
    assert.deepEqual(limits.take(21 * HOUR_MS, { daily: 3 }), { name: 'daily', waitMs: HOUR_MS });
    assert.equal(limits.take(21 * HOUR_MS, { daily: 2 }), undefined);
    assert.deepEqual(limits.levels, [{ name: 'daily', capacity: 10, left: 0, fullInMs: HOUR_MS }]);
    assert.equal(limits.take(22 * HOUR_MS, { daily: 10 }), undefined);
  });

  it('take what a request costs from those it falls under, and nothing when one is short', () => {
    const limits = new Limits(
      [
        { name: 'search', capacity: 1, perMs: 1000, refills: 'rolling' },
        { name: 'tokens', capacity: 40, perMs: 40_000 },
      ],
      0,
    );
    assert.equal(limits.take(0, { tokens: 5 }), undefined);
    assert.equal(limits.take(0, { search: 1, tokens: 20 }), undefined);
    assert.deepEqual(limits.take(0, { search: 1, tokens: 1 }), { name: 'search', waitMs: 1000 });
    assert.deepEqual(limits.take(0, { search: 1, tokens: 20 }), { name: 'tokens', waitMs: 5000 });
    assert.deepEqual(
      limits.levels.map(({ left }) => left),
      [0, 15],
    );
    assert.equal(limits.take(0, {}), undefined);
  });

  it('are whole until somebody takes from them', () => {
    const kinds = ['steadily', 'rolling', 'atOnce'] as const;
    const limits = new Limits(
      kinds.map((refills) => ({ name: refills, capacity: 7, perMs: 100, refills })),
      5,
    );
    for (const { left, fullInMs } of limits.levels) assert.deepEqual([left, fullInMs], [7, 0]);
  });
});
