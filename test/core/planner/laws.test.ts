/**
 * The planner against its laws, on tens of thousands of correlated scenarios; and each law against
 * planners that break it, because a law that cannot fail proves nothing.
 *
 * `TRIBUTARY_SEED=7 TRIBUTARY_RUNS=50000 npx mocha test/core/planner/laws.test.ts` looks elsewhere and
 * longer. A failure prints the seed and the path, which repeat it.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { plan } from '../../../runtime/core/planner/plan.ts';
import {
  conflictKinds,
  holdReasons,
  readReasons,
  reviewReasons,
  rules,
  writeReasons,
} from '../../../runtime/core/reasons.ts';
import { numbers, scenarioFrom } from './laws/arbitraries.ts';
import { brokenPlanners } from './laws/broken-planners.ts';
import { Choices } from './laws/choices.ts';
import { described } from './laws/described.ts';
import type { Planner } from './laws/harness.ts';
import { laws, type Law } from './laws/laws.ts';

const SEED = Number(process.env.TRIBUTARY_SEED ?? 20260101);
/**
 * Whatever the seed, a broken planner is caught within some two hundred cases, but for one that lets values
 * be chosen without showing all of them (L6); that takes thousands.
 */
const RUNS = 3000;
const RUNS_OF: Readonly<Record<string, number>> = { L6: 8000 };
const RUNS_TO_BE_CAUGHT = 4000;
/** How long to look for a smaller case that fails, too. */
const SHRINKING_MS = 20_000;

const variations = fc.array(fc.nat(1199), { maxLength: 60, size: 'max' });

function propertyOf(law: Law, planner: Planner) {
  return fc.property(numbers, variations, (scenario, variation) => {
    const made = scenarioFrom(new Choices(scenario), law.shape);
    law.check(planner, made, new Choices(variation));
  });
}

describe('The planner', function () {
  this.timeout(600_000);

  for (const law of laws) {
    it(`${law.says} (${law.name})`, () => {
      const property = propertyOf(law, plan);
      const numRuns = Number(process.env.TRIBUTARY_RUNS ?? RUNS_OF[law.name] ?? RUNS);
      const first = fc.check(property, { seed: SEED, numRuns, endOnFailure: true });
      if (!first.failed) return;
      const outcome = fc.check(property, {
        seed: SEED,
        path: first.counterexamplePath ?? '',
        interruptAfterTimeLimit: SHRINKING_MS,
      });
      const [scenario = []] = outcome.counterexample ?? first.counterexample ?? [];
      assert.fail(
        [
          `${law.name}: ${String(outcome.errorInstance ?? first.errorInstance)}`,
          `repeat with TRIBUTARY_SEED=${SEED} TRIBUTARY_RUNS=${first.numRuns}, path ${first.counterexamplePath}`,
          described(scenarioFrom(new Choices(scenario), law.shape)),
        ].join('\n'),
      );
    });
  }
});

describe('Turning a rule off', function () {
  this.timeout(600_000);

  for (const { law: name, fault, planner } of brokenPlanners(plan)) {
    it(`is caught by ${name}: ${fault}`, () => {
      const law = laws.find((one) => one.name === name);
      assert.ok(law, `there is no law ${name}`);
      const outcome = fc.check(propertyOf(law, planner), {
        seed: SEED,
        numRuns: RUNS_TO_BE_CAUGHT,
        endOnFailure: true,
      });
      assert.ok(outcome.failed, `${RUNS_TO_BE_CAUGHT} cases did not notice`);
    });
  }
});

/** Decided around the planner, or only because of something that is noted there. */
const OF_THE_ENGINE = new Set([
  'conflict overwritten',
  'write surplus',
  'write undone',
  'write make-room',
  'hold not-enumerated',
  'hold found-there',
  'hold refused',
  'hold no-form',
  'hold brake',
  'hold unavailable',
  'hold recovery',
  'review key-collision',
  'review mass-change',
]);

describe('The scenarios', () => {
  it('reach every decision that the planner can take', () => {
    const reached = new Set<string>();
    for (const scenario of fc.sample(numbers, { seed: SEED, numRuns: 20000 })) {
      const { input } = scenarioFrom(new Choices(scenario));
      const made = plan(input);
      for (const { rule } of made.changes) reached.add(`rule ${rule}`);
      for (const { kind } of made.conflicts) reached.add(`conflict ${kind}`);
      for (const { reason } of made.writes) reached.add(`write ${reason}`);
      for (const { reason } of made.holds) reached.add(`hold ${reason}`);
      for (const { reason } of made.reviews) reached.add(`review ${reason}`);
      for (const { reason } of made.needReads) reached.add(`read ${reason}`);
    }
    const all = Object.entries({
      rule: rules,
      conflict: conflictKinds,
      write: writeReasons,
      hold: holdReasons,
      review: reviewReasons,
      read: readReasons,
    }).flatMap(([kind, codes]) => Object.keys(codes).map((code) => `${kind} ${code}`));
    assert.deepEqual(
      all.filter((code) => !reached.has(code) && !OF_THE_ENGINE.has(code)),
      [],
    );
  });
});
