/** The same edits, told in another order and in other batches, come to the same outcome. */
import assert from 'node:assert/strict';
import type {
  FieldPolicy,
  Link,
  LinkId,
  Observation,
  PlanInput,
  Present,
} from '../../../../runtime/core/planner/model.ts';
import { type Values, canonicalText, same } from '../../../../runtime/core/value.ts';
import type { Choices } from './choices.ts';
import { type Planner, remember, textOf } from './harness.ts';

type Told = readonly (readonly [LinkId, Observation])[];

export function checkConfluence(
  planner: Planner,
  input: PlanInput,
  told: readonly Told[],
  choices: Choices,
): void {
  const heard = {
    ...input,
    policy: { ...input.policy, fields: input.policy.fields.map(heardFrom) },
  };
  const one = outcomeOf(planner, heard, batchesFrom(told, choices));
  const other = outcomeOf(planner, heard, batchesFrom(told, choices));
  assert.equal(one, other, 'another order, another outcome');
}

/**
 * Up to three edits per link, each of something nobody has typed before. Where two people type the
 * same, the next editor has seen both, or only one; then the order rightly matters.
 */
export function sequencesFrom(input: PlanInput, choices: Choices): readonly Told[] {
  let typed = 0;
  return [...input.observed].flatMap(([id, seen]) => {
    const link = input.links.find((one) => one.id === id);
    if (seen.kind !== 'present' || !link) return [];
    const told: [LinkId, Present][] = [];
    const { fieldChangedAt: _forgotten, ...rest } = seen;
    let last: Present = { ...rest, fields: basesOf(link) };
    for (let edits = choices.below(4); edits > 0; edits--) {
      const edited = input.policy.fields.filter(() => choices.happens(60));
      const typing = edited.map(({ name }) => [name, `typed ${(typed += 1)}`]);
      last = {
        ...last,
        fields: { ...last.fields, ...Object.fromEntries(typing) },
        takenAt: last.takenAt + 10,
        changedAt: (last.changedAt ?? last.takenAt) + 1 + choices.below(30),
        ...(last.version === undefined ? {} : { version: last.version + 1 }),
      };
      told.push([id, last]);
    }
    return [told];
  });
}

/** Any order and any batches, but each link in its own order and once per batch. */
function batchesFrom(told: readonly Told[], choices: Choices): readonly Told[] {
  const waiting = told.map((sequence) => [...sequence]);
  const batches: [LinkId, Observation][][] = [[]];
  while (waiting.some((sequence) => sequence.length > 0)) {
    const next = choices.pick(waiting.filter((sequence) => sequence.length > 0)).shift();
    if (!next) break;
    const batch = batches.at(-1) ?? [];
    const full = batch.some(([id]) => id === next[0]) || choices.happens(40);
    if (full) batches.push([[next[0], next[1]]]);
    else batch.push([next[0], next[1]]);
  }
  return batches;
}

/**
 * Values, and the conflicts on record. A value that was ours at the start may be on record or not:
 * seen before it was replaced, it agrees with ours; seen afterwards, it is an edit that lost.
 */
function outcomeOf(planner: Planner, start: PlanInput, batches: readonly Told[]): string {
  // What is in line everywhere already is tidied first, as the pass before this one has done.
  const settled = { ...start, observed: new Map<LinkId, Observation>() };
  let input = remember(settled, planner(settled));
  for (const batch of batches) {
    const told = { ...input, observed: new Map(batch) };
    input = remember(told, planner(told));
  }
  const values = Object.entries(input.entity.cells).flatMap(([name, { value }]) =>
    value === null ? [] : [`${name} = ${canonicalText(value)}`],
  );
  const rows = input.conflicts.flatMap((row) => {
    const ours = start.entity.cells[row.cell]?.value;
    const wasOurs = row.losing !== undefined && ours !== undefined && same(row.losing.value, ours);
    return wasOurs ? [] : [`${row.cell} ${row.kind} ${textOf(row.losing)} ${row.fingerprint}`];
  });
  return [...values, ...rows].toSorted().join('\n');
}

/** Where edits do not count, one is on record if it differed when it was read; that may vary. */
function heardFrom(field: FieldPolicy): FieldPolicy {
  const ways = Object.entries(field.direction ?? {}).filter(([, way]) => way !== 'out');
  return { ...field, direction: Object.fromEntries(ways) };
}

function basesOf(link: Link): Values {
  return Object.fromEntries(Object.entries(link.cells).map(([name, { base }]) => [name, base]));
}
