/**
 * What must hold for every plan, whatever happened. Each law is checked from the outside, out of the
 * question and the answer alone; none of them knows how the planner decides.
 */
import assert from 'node:assert/strict';
import type { Present } from '../../../../runtime/core/planner/model.ts';
import {
  checkAllowed,
  checkCause,
  checkGrowth,
  checkKnown,
  checkSingle,
  checkSpelling,
  checkWritten,
} from './bounds.ts';
import type { Choices } from './choices.ts';
import { checkConfluence, sequencesFrom } from './confluence.ts';
import {
  type Planner,
  type Scenario,
  deepFreeze,
  runUntilQuiet,
  textOf,
  unorderedText,
} from './harness.ts';
import { aboutField, onlyFields } from './isolation.ts';
import type { Shape } from './policies.ts';
import { relabelled, relabelledPlan, withoutFingerprints } from './relabel.ts';
import { checkRemembered, checkReplaced, checkSeen, editsIn } from './remembering.ts';

export interface Law {
  readonly name: string;
  readonly says: string;
  readonly shape: Shape;
  /** Throws when the planner breaks the law; the choices are for what the law varies itself. */
  check(planner: Planner, scenario: Scenario, choices: Choices): void;
}

const AUTOMATIC = ['lastWriteWins', 'priority', 'fieldLevelMerge'] as const;

export const laws: readonly Law[] = [
  {
    name: 'L1',
    says: 'answers every question, always alike, and leaves the question as it was',
    shape: {},
    check(planner, { input }, choices) {
      const frozen = deepFreeze(input);
      const answer = planner(frozen);
      assert.equal(textOf(planner(frozen)), textOf(answer), 'the second answer differs');
      if (!choices.happens(30)) return;
      const listed = {
        ...input,
        links: input.links.toReversed(),
        observed: new Map([...input.observed].toReversed()),
      };
      assert.equal(unorderedText(planner(listed)), unorderedText(answer), 'the listing matters');
    },
  },
  {
    name: 'L2',
    says: 'comes to rest: after three rounds of faithful writing there is nothing left to do',
    shape: {},
    check(planner, scenario) {
      // What was read at first may be incomplete; three rounds later nothing is left, as the fifth shows.
      const { plans, quiet } = runUntilQuiet(planner, scenario, 5);
      const last = plans.at(-1);
      assert.ok(quiet && last, `not at rest; the last plan still has ${textOf(last)}`);
      checkSpelling(scenario, last);
    },
  },
  {
    name: 'L3',
    says: 'comes to the same values and conflicts in whatever order and batches it was told',
    shape: { strategies: AUTOMATIC, events: 'edits' },
    check(planner, { input }, choices) {
      checkConfluence(
        planner,
        input,
        [...input.observed].map((told) => [told]),
        choices,
      );
    },
  },
  {
    name: 'L3s',
    says: 'comes to the same outcome also when systems were edited several times in between',
    shape: { strategies: AUTOMATIC, events: 'edits', parts: false, distinct: true, fresh: true },
    check(planner, { input }, choices) {
      checkConfluence(planner, input, sequencesFrom(input, choices), choices);
    },
  },
  {
    name: 'L4',
    says: 'invents nothing: every value was observed, decided or configured',
    shape: {},
    check(planner, { input }) {
      const plan = planner(input);
      checkKnown(input, plan);
      for (const write of plan.writes) checkWritten(input, plan, write);
    },
  },
  {
    name: 'L5',
    says: 'writes for a reason: the system holds something older and different',
    shape: {},
    check(planner, { input }) {
      const plan = planner(input);
      for (const write of plan.writes) checkCause(input, plan, write);
    },
  },
  {
    name: 'L6',
    says: 'forgets no edit: what did not win is in a conflict row, and nothing is overwritten unseen',
    shape: {},
    check(planner, { input }) {
      const plan = planner(input);
      for (const write of plan.writes) checkSeen(input, write);
      for (const edit of editsIn(input, plan)) checkRemembered(input, plan, edit);
      checkReplaced(input, plan);
    },
  },
  {
    name: 'L7',
    says: 'never goes back: versions, stamps, epochs and generations only grow',
    shape: {},
    check(planner, { input }) {
      checkGrowth(input, planner(input));
    },
  },
  {
    name: 'L8',
    says: 'takes nothing from a stale read',
    shape: { events: 'all' },
    check(planner, { input }, choices) {
      const link = input.links.find((one) => one.state === 'live' && one.version !== undefined);
      if (link?.version === undefined) return;
      const fresh = [...input.observed].filter(([id]) => id !== link.id);
      const stale: Present = {
        kind: 'present',
        fields: Object.fromEntries(
          input.policy.fields.map(({ name }) => [name, choices.pick([null, 'A', 'B', 'stale'])]),
        ),
        takenAt: 2010,
        changedAt: 2009,
        version: link.version - 1 - choices.below(2),
      };
      const without = planner({ ...input, observed: new Map(fresh) });
      const withStale = planner({ ...input, observed: new Map([...fresh, [link.id, stale]]) });
      assert.equal(
        unorderedText({ ...withStale, needReads: [] }),
        unorderedText({ ...without, needReads: [] }),
        'a stale read was believed',
      );
    },
  },
  {
    name: 'L9',
    says: 'keeps fields apart: each comes out as if it were alone',
    shape: { events: 'reads' },
    check(planner, { input }, choices) {
      const some = input.policy.fields.filter((_, index) => index === 0 || choices.happens(50));
      const whole = planner(input);
      const part = planner(onlyFields(input, some));
      for (const field of some) {
        assert.equal(aboutField(part, field), aboutField(whole, field), `${field.name} differs`);
      }
    },
  },
  {
    name: 'L10',
    says: 'keeps one item per system: one live link, one write, no second create',
    shape: {},
    check(planner, { input }) {
      checkSingle(input, planner(input));
    },
  },
  {
    name: 'L11',
    says: 'never writes where it may not: direction, drift, open choices and holds',
    shape: {},
    check(planner, { input }) {
      const plan = planner(input);
      for (const write of plan.writes) checkAllowed(input, plan, write);
    },
  },
  {
    name: 'L12',
    says: 'knows no names: other endpoint ids give the same answer with other ids',
    shape: { fresh: true },
    check(planner, { input }) {
      const answer = relabelledPlan(planner(input));
      const other = withoutFingerprints(planner(relabelled(input)));
      assert.equal(unorderedText(other), unorderedText(answer), 'a name matters');
    },
  },
];
