import assert from 'node:assert/strict';
import { plan } from '../../../runtime/core/planner/plan.ts';
import { brokenPlanners } from '../../core/planner/laws/broken-planners.ts';
import { runWorld } from './planner-world.ts';

/** A taste of `npm run test:sim`, which takes as many as you like. */
const SEEDS = Array.from({ length: 300 }, (_, index) => index + 1);

/** Faults that people would notice, told by what goes wrong and not by the law they break. */
const NOTICED = [
  'it forgets what it has read',
  "it takes a vendor's spelling for an edit",
  'it takes a field that was not read for an empty one',
  'it drops the edits that did not win',
  'it lets values be chosen without showing all of them',
  'it forgets what we had',
  'it believes stale reads',
  'it forgets creates that are under way',
  'it writes where it may only read',
  'it writes before a person has chosen',
];

describe('A world around the planner', () => {
  it('comes to rest with every system in agreement and no edit lost, whatever the seed', () => {
    const broken = SEEDS.flatMap((seed) =>
      runWorld(seed).violations.map((violation) => `seed ${seed}: ${violation}`),
    );
    assert.deepEqual(broken, []);
  });

  it('is the same world when the seed is the same', () => {
    for (const seed of SEEDS.slice(0, 20)) {
      assert.equal(runWorld(seed).trace, runWorld(seed).trace);
    }
    const traces = new Set(SEEDS.map((seed) => runWorld(seed).trace));
    assert.equal(traces.size, SEEDS.length);
  });

  for (const { fault, planner } of brokenPlanners(plan)) {
    if (!NOTICED.includes(fault)) continue;
    it(`does not come out right when ${fault}`, () => {
      const seed = SEEDS.find((one) => runWorld(one, planner).violations.length > 0);
      assert.notEqual(seed, undefined, `${SEEDS.length} worlds did not notice`);
    });
  }
});
