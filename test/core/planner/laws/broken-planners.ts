/**
 * Planners with one rule turned off each, made by wrapping the real one: its question is falsified on
 * the way in, or its answer on the way out. The law that names the rule has to notice.
 */
import type {
  Cell,
  Conflict,
  FieldPolicy,
  Link,
  LinkId,
  Observation,
  Plan,
  PlanInput,
  Write,
} from '../../../../runtime/core/planner/model.ts';
import { directionOf, type Planner } from './harness.ts';

export interface BrokenPlanner {
  readonly law: string;
  readonly fault: string;
  readonly planner: Planner;
}

export function brokenPlanners(real: Planner): readonly BrokenPlanner[] {
  const asks = (change: (input: PlanInput) => PlanInput): Planner => {
    return (input) => real(change(input));
  };
  const answers = (change: (plan: Plan, input: PlanInput) => Plan): Planner => {
    return (input) => change(real(input), input);
  };
  return [
    {
      law: 'L1',
      fault: 'it answers differently the second time',
      planner: answers(sometimesForgetful()),
    },
    {
      law: 'L1',
      fault: 'it notes things in its input',
      planner: (input) => {
        (input.observed as Map<LinkId, Observation>).clear();
        return real(input);
      },
    },
    {
      law: 'L1',
      fault: 'it takes links in the order in which they are listed',
      planner: (input) => real({ ...input, policy: { ...input.policy, members: asListed(input) } }),
    },
    {
      law: 'L2',
      fault: 'it forgets what it has read',
      planner: answers((plan, input) => ({ ...plan, links: input.links })),
    },
    {
      law: 'L2',
      fault: "it takes a vendor's spelling for an edit",
      planner: asks((input) => ({ ...input, intents: [], facts: withoutSpelling(input) })),
    },
    {
      law: 'L3',
      fault: 'the last edit to arrive wins',
      planner: byArrival(real),
    },
    {
      law: 'L3s',
      fault: 'an edit that lost leaves no trace in the order of edits',
      planner: asks((input) => ({ ...input, links: input.links.map(withoutLostEdits) })),
    },
    {
      law: 'L4',
      fault: 'it makes values up',
      planner: answers((plan) => withCells(plan, (cell) => ({ ...cell, value: 'made up' }))),
    },
    {
      law: 'L4',
      fault: 'it takes a field that was not read for an empty one',
      planner: asks((input) => ({ ...input, observed: withBlanks(input) })),
    },
    {
      law: 'L4',
      fault: 'it writes something else than it has decided',
      planner: answers((plan) =>
        withWrites(plan, (write) => ({ ...write, patch: misspelt(write) })),
      ),
    },
    {
      law: 'L5',
      fault: 'it writes whole records',
      planner: answers((plan, input) => withWrites(plan, (write) => whole(write, plan, input))),
    },
    {
      law: 'L5',
      fault: 'it writes again what is in line already',
      planner: answers((plan, input) => ({
        ...plan,
        writes: [...plan.writes, ...again(plan, input)],
      })),
    },
    {
      law: 'L6',
      fault: 'it drops the edits that did not win',
      planner: answers((plan) => ({ ...plan, conflicts: plan.conflicts.filter(isNoLoss) })),
    },
    {
      law: 'L6',
      fault: 'it lets values be chosen without showing all of them',
      planner: answers((plan) => ({ ...plan, conflicts: plan.conflicts.map(withFewerValues) })),
    },
    {
      law: 'L6',
      fault: 'it writes to what it has not read',
      planner: asks((input) => ({ ...input, observed: withGuesses(input) })),
    },
    {
      law: 'L6',
      fault: 'it deletes edited items without a word',
      planner: answers((plan) => ({
        ...plan,
        conflicts: plan.conflicts.filter(({ kind }) => kind !== 'edited-and-deleted'),
      })),
    },
    {
      law: 'L7',
      fault: 'it loses the epoch',
      planner: answers((plan, { entity }) => ({
        ...plan,
        entity: { ...plan.entity, epoch: entity.epoch },
      })),
    },
    {
      law: 'L7',
      fault: 'it forgets what we had',
      planner: answers((plan) => ({ ...plan, entity: { ...plan.entity, cells: {} } })),
    },
    {
      law: 'L7',
      fault: 'it believes any version',
      planner: answers((plan, input) => ({
        ...plan,
        links: plan.links.map((link) => withVersionRead(link, input)),
      })),
    },
    {
      law: 'L8',
      fault: 'it believes stale reads',
      planner: asks((input) => ({ ...input, links: input.links.map(withoutVersion) })),
    },
    {
      law: 'L9',
      fault: 'a conflict in one field stops the others',
      planner: answers((plan) => (plan.conflicts.length > 0 ? { ...plan, writes: [] } : plan)),
    },
    {
      law: 'L10',
      fault: 'it writes twice',
      planner: answers((plan) => ({ ...plan, writes: [...plan.writes, ...plan.writes] })),
    },
    {
      law: 'L10',
      fault: 'it forgets creates that are under way',
      planner: asks((input) => ({ ...input, intents: [] })),
    },
    {
      law: 'L10',
      fault: 'it creates again what a person has set apart',
      planner: asks((input) => ({
        ...input,
        links: input.links.filter(({ state }) => state !== 'unlinked'),
      })),
    },
    {
      law: 'L11',
      fault: 'it writes where it may only read',
      planner: asks((input) => ({
        ...input,
        policy: { ...input.policy, fields: input.policy.fields.map(withoutDirection) },
      })),
    },
    {
      law: 'L11',
      fault: 'it writes fields that the vendor no longer offers',
      planner: asks((input) => ({ ...input, facts: withoutDrift(input) })),
    },
    {
      law: 'L11',
      fault: 'it writes before a person has chosen',
      planner: answers((plan, input) => ({
        ...plan,
        writes: [...plan.writes, ...impatient(plan, input)],
      })),
    },
    {
      law: 'L11',
      fault: 'it writes held records',
      planner: asks((input) => ({ ...input, entity: { ...input.entity, life: 'live' } })),
    },
    {
      law: 'L12',
      fault: 'it breaks ties by name',
      planner: asks((input) => ({
        ...input,
        policy: { ...input.policy, members: byName(input) },
      })),
    },
  ];
}

// ---------------------------------------------------------------------------------------------
// Falsified questions

function asListed({ links, policy }: PlanInput): PlanInput['policy']['members'] {
  const position = (endpoint: string): number =>
    links.findIndex((link) => link.endpoint === endpoint);
  return policy.members.toSorted((a, b) => position(a.endpoint) - position(b.endpoint));
}

function byName({ policy }: PlanInput): PlanInput['policy']['members'] {
  return policy.members.toSorted((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
}

function withoutSpelling({ facts }: PlanInput): PlanInput['facts'] {
  return new Map(
    [...facts].map(([endpoint, one]) => [
      endpoint,
      { ...one, normalize: (_field, value) => value, explains: () => false },
    ]),
  );
}

function withoutDrift({ facts }: PlanInput): PlanInput['facts'] {
  return new Map([...facts].map(([endpoint, one]) => [endpoint, { ...one, drifted: {} }]));
}

/** Every read seems to tell of a later edit than the one before. */
function byArrival(real: Planner): Planner {
  let time = 10_000;
  return (input) => {
    const observed = [...input.observed].map(([id, seen]): [LinkId, Observation] => {
      if (seen.kind !== 'present') return [id, seen];
      const { fieldChangedAt: _forgotten, ...rest } = seen;
      return [id, { ...rest, changedAt: (time += 10) }];
    });
    return real({ ...input, observed: new Map(observed) });
  };
}

function withoutLostEdits(link: Link): Link {
  const cells = Object.entries(link.cells).map(([name, cell]) => {
    const { edited: _forgotten, ...rest } = cell;
    return [name, rest];
  });
  return { ...link, cells: Object.fromEntries(cells) };
}

function withoutVersion(link: Link): Link {
  const { version: _forgotten, ...rest } = link;
  return rest;
}

function withoutDirection(field: FieldPolicy): FieldPolicy {
  const { direction: _forgotten, ...rest } = field;
  return rest;
}

function withBlanks({ observed, policy }: PlanInput): PlanInput['observed'] {
  const blank = Object.fromEntries(policy.fields.map(({ name }) => [name, null]));
  return new Map(
    [...observed].map(([id, seen]) => [
      id,
      seen.kind === 'present' ? { ...seen, fields: { ...blank, ...seen.fields } } : seen,
    ]),
  );
}

/** What was not read is taken to be as it was. */
function withGuesses({ links, observed }: PlanInput): PlanInput['observed'] {
  const guesses = links.map((link): [LinkId, Observation] => {
    const fields = Object.entries(link.cells).filter(([name]) => !name.includes('#'));
    const bases = Object.fromEntries(fields.map(([name, { base }]) => [name, base]));
    return [link.id, { kind: 'present', fields: bases, takenAt: 2000 }];
  });
  return new Map([...guesses, ...observed]);
}

// ---------------------------------------------------------------------------------------------
// Falsified answers

function sometimesForgetful(): (plan: Plan) => Plan {
  let calls = 0;
  return (plan) => ((calls += 1) % 2 === 0 ? { ...plan, writes: [] } : plan);
}

function withCells(plan: Plan, change: (cell: Cell) => Cell): Plan {
  if (plan.changes.length === 0) return plan;
  const cells = Object.entries(plan.entity.cells).map(([name, cell]) => [name, change(cell)]);
  return { ...plan, entity: { ...plan.entity, cells: Object.fromEntries(cells) } };
}

function withWrites(plan: Plan, change: (write: Write) => Write): Plan {
  return { ...plan, writes: plan.writes.map(change) };
}

function misspelt({ patch }: Write): Write['patch'] {
  return Object.fromEntries(Object.keys(patch).map((name) => [name, 'misspelt']));
}

function whole(write: Write, plan: Plan, input: PlanInput): Write {
  const seen = write.link && input.observed.get(write.link);
  if (write.op !== 'update' || seen?.kind !== 'present') return write;
  const cells = Object.entries(plan.entity.cells).filter(([name]) => name in seen.fields);
  return {
    ...write,
    patch: {
      ...Object.fromEntries(cells.map(([name, { value }]) => [name, value])),
      ...write.patch,
    },
    before: { ...seen.fields },
    stamps: {
      ...Object.fromEntries(cells.map(([name, { stamp }]) => [name, stamp])),
      ...write.stamps,
    },
  };
}

/** A write of what a link holds already, wherever there is none. */
function again(plan: Plan, input: PlanInput): readonly Write[] {
  return updates(plan, input, (name, seen) => plan.entity.cells[name]?.value === seen);
}

/** A write of our value in fields that wait for a person. */
function impatient(plan: Plan, input: PlanInput): readonly Write[] {
  const open = plan.conflicts.filter(({ kind, state }) => kind === 'contested' && state === 'open');
  const cells = new Set(open.map(({ cell }) => cell));
  return updates(
    plan,
    input,
    (name, seen) => cells.has(name) && plan.entity.cells[name]?.value !== seen,
  );
}

function updates(
  plan: Plan,
  input: PlanInput,
  isDue: (name: string, seen: unknown) => boolean,
): readonly Write[] {
  if (plan.entity.life !== 'live') return [];
  return plan.links.flatMap((link) => {
    const seen = input.observed.get(link.id);
    const isBusy = plan.writes.some(({ endpoint }) => endpoint === link.endpoint);
    if (seen?.kind !== 'present' || link.state !== 'live' || isBusy) return [];
    const due = input.policy.fields.find(
      (field) =>
        directionOf(field, link.endpoint) === 'both' && isDue(field.name, seen.fields[field.name]),
    );
    const ours = due && plan.entity.cells[due.name];
    if (!due || !ours) return [];
    return [
      {
        endpoint: link.endpoint,
        op: 'update',
        link: link.id,
        patch: { [due.name]: ours.value },
        before: { [due.name]: seen.fields[due.name] ?? null },
        stamps: { [due.name]: ours.stamp },
        generation: link.generation,
        reason: 'value-behind',
      },
    ];
  });
}

function isNoLoss({ kind }: Conflict): boolean {
  return kind !== 'concurrent' && kind !== 'initial';
}

function withFewerValues(row: Conflict): Conflict {
  return row.values ? { ...row, values: row.values.slice(1) } : row;
}

function withVersionRead(link: Link, { observed }: PlanInput): Link {
  const seen = observed.get(link.id);
  return seen?.kind === 'present' && seen.version !== undefined
    ? { ...link, version: seen.version }
    : link;
}
