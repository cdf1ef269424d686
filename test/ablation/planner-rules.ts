/** Rules of the planner: each is a planner that breaks it, and the law that has to notice. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { plan } from '../../runtime/core/planner/plan.ts';
import type { EntityId, PlanInput } from '../../runtime/core/planner/model.ts';
import { numbers, scenarioFrom } from '../core/planner/laws/arbitraries.ts';
import { brokenPlanners } from '../core/planner/laws/broken-planners.ts';
import { Choices } from '../core/planner/laws/choices.ts';
import type { Planner } from '../core/planner/laws/harness.ts';
import { laws, type Law } from '../core/planner/laws/laws.ts';

export interface PlannerRule {
  readonly rule: string;
  readonly says: string;
  readonly law: Law;
  readonly planner: Planner;
}

const SEED = 20260101;
const RUNS = 4000;

// ---------------------------------------------------------------------------------------------
// Laws about single rules, besides those that the planner is always tested with

const provenAbsence: Law = {
  name: 'proven',
  says: 'takes nothing for deleted that was not proven to be',
  shape: {},
  check(planner, { input }) {
    const after = planner(input);
    for (const { id, state } of input.links) {
      const seen = input.observed.get(id);
      if (state !== 'live' || seen?.kind !== 'gone' || seen.proven) continue;
      const now = after.links.find((link) => link.id === id)?.state;
      assert.notEqual(now, 'gone', `${id} counts as deleted without a proof`);
    }
  },
};

const reachableReferences: Law = {
  name: 'reach',
  says: 'writes no reference to what is not there',
  shape: {},
  check(planner, { input }) {
    for (const { endpoint, patch } of planner(input).writes) {
      for (const { name, reference } of input.policy.fields) {
        const target = patch[name];
        if (!reference || typeof target !== 'string') continue;
        const reach = input.reach(target as EntityId, endpoint);
        assert.equal(reach, 'live', `${name} at ${endpoint} points to what is not there`);
      }
    }
  },
};

const patience: Law = {
  name: 'patience',
  says: 'gives no write up that may still land',
  shape: {},
  check(planner, { input }) {
    for (const { id, link, endpoint, state, sentAt = 0 } of planner(input).intents) {
      const before = input.intents.find((intent) => intent.id === id)?.state;
      const seen = link && input.observed.get(link);
      if (state !== 'absent' || before === 'absent' || seen?.kind !== 'present') continue;
      const horizonMs = input.facts.get(endpoint)?.absenceHorizonMs ?? 0;
      assert.ok(seen.takenAt >= sentAt + horizonMs, `${id} may still land at ${endpoint}`);
    }
  },
};

/** Laws that only this table knows: the planner itself has to keep them, too. */
export const ownLaws: readonly Law[] = [provenAbsence, reachableReferences, patience];

// ---------------------------------------------------------------------------------------------
// Rules

/** By what the planner that breaks it does. */
const NAMES: Readonly<Record<string, readonly [rule: string, says: string]>> = {
  'it answers differently the second time': ['same-answer', 'The same question has one answer.'],
  'it notes things in its input': ['pure-planning', 'Planning changes nothing.'],
  'it takes links in the order in which they are listed': [
    'order-of-listing',
    'How things are listed does not matter.',
  ],
  'it forgets what it has read': ['base-is-what-was-read', 'What was read becomes the base.'],
  "it takes a vendor's spelling for an edit": [
    'spelling-is-no-edit',
    'What a vendor makes of our value is no edit, and the full value stays with us.',
  ],
  'the last edit to arrive wins': ['newest-edit-wins', 'When an edit was seen does not matter.'],
  'an edit that lost leaves no trace in the order of edits': [
    'lost-edits-count',
    'An edit that lost still comes after what its editor had seen.',
  ],
  'it makes values up': ['no-invention', 'Every value was observed, decided or configured.'],
  'it takes a field that was not read for an empty one': [
    'unread-is-not-empty',
    'A field that was not read is not empty, and nothing is blanked.',
  ],
  'it writes something else than it has decided': [
    'writes-what-was-decided',
    'What is written is what was decided.',
  ],
  'it writes whole records': ['changed-fields-only', 'Only fields that are behind are written.'],
  'it writes again what is in line already': ['no-idle-writes', 'What is in line is not written.'],
  'it drops the edits that did not win': [
    'lost-edits-on-record',
    'An edit that did not win is in a conflict row.',
  ],
  'it lets values be chosen without showing all of them': [
    'all-choices',
    'Whoever chooses sees all values.',
  ],
  'it writes to what it has not read': [
    'read-before-write',
    'An item is read in the very pass that writes it.',
  ],
  'it deletes edited items without a word': [
    'edits-of-the-dead',
    'What was typed into an item that is deleted is on record.',
  ],
  'it loses the epoch': ['epochs', 'Every death counts; only a new life undoes it.'],
  'it forgets what we had': ['nothing-forgotten', 'Our own values never go back.'],
  'it believes any version': ['versions-grow', 'The version that is known never goes down.'],
  'it believes stale reads': [
    'stale-reads',
    'A read that is older than what is known says nothing.',
  ],
  'a conflict in one field stops the others': [
    'fields-apart',
    'A conflict in one field does not stop the others.',
  ],
  'it writes twice': ['one-write', 'There is one write per system at most.'],
  'it forgets creates that are under way': [
    'creates-under-way',
    'While a create has no known outcome, there is no second one.',
  ],
  'it creates again what a person has set apart': [
    'set-apart',
    'What a person has set apart is not created again.',
  ],
  'it writes where it may only read': ['directions', 'Nothing is written where it is only read.'],
  'it writes fields that the vendor no longer offers': [
    'schema-drift',
    'A field that the vendor no longer offers is held.',
  ],
  'it writes before a person has chosen': [
    'contested-fields',
    'Where a person has to choose, nothing is written before.',
  ],
  'it writes held records': ['held-records', 'A record that is held is not written.'],
  'it breaks ties by name': ['names-do-not-count', 'What things are called decides nothing.'],
};

export const plannerRules: readonly PlannerRule[] = [
  ...brokenPlanners(plan).map(({ law, fault, planner }): PlannerRule => {
    const [rule, says] = NAMES[fault] ?? [fault, fault];
    return { rule, says, law: lawNamed(law), planner };
  }),
  {
    rule: 'proven-absence',
    says: 'An absence without proof deletes nothing.',
    law: provenAbsence,
    planner: (input) => plan({ ...input, observed: withProofs(input) }),
  },
  {
    rule: 'reachable-references',
    says: 'A reference is only written where its target is.',
    law: reachableReferences,
    planner: (input) => plan({ ...input, reach: () => 'live' }),
  },
  {
    rule: 'no-clock-for-unknown',
    says: 'A write without an answer has not failed before it cannot land any more.',
    law: patience,
    planner: (input) => plan({ ...input, facts: withoutHorizon(input) }),
  },
];

function withProofs({ observed }: PlanInput): PlanInput['observed'] {
  return new Map(
    [...observed].map(([id, seen]) => [
      id,
      seen.kind === 'gone' ? { ...seen, proven: true } : seen,
    ]),
  );
}

function withoutHorizon({ facts }: PlanInput): PlanInput['facts'] {
  return new Map([...facts].map(([id, one]) => [id, { ...one, absenceHorizonMs: 0 }]));
}

function lawNamed(name: string): Law {
  const law = laws.find((one) => one.name === name);
  assert.ok(law, `there is no law ${name}`);
  return law;
}

/** How the law says that it is broken. */
export function violatedLaw(law: Law, planner: Planner): string | undefined {
  const variations = fc.array(fc.nat(1199), { maxLength: 60, size: 'max' });
  const property = fc.property(numbers, variations, (scenario, variation) => {
    const made = scenarioFrom(new Choices(scenario), law.shape);
    law.check(planner, made, new Choices(variation));
  });
  const outcome = fc.check(property, { seed: SEED, numRuns: RUNS, endOnFailure: true });
  if (!outcome.failed) return undefined;
  const [first = ''] = String(outcome.errorInstance).split('\n');
  return `${law.name}: ${first.replace('AssertionError [ERR_ASSERTION]: ', '')}`;
}
