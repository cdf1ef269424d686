/**
 * The past of a record: the values our own copy has had, and which of them each link was last brought
 * in line with. What people typed at a link and lost, or what was there before it was linked, is part
 * of it.
 */
import type {
  Cell,
  EndpointFacts,
  EndpointId,
  FieldPolicy,
  LinkCell,
  Policy,
} from '../../../../runtime/core/planner/model.ts';
import { inParts } from '../../../../runtime/core/planner/parts.ts';
import {
  type Stamp,
  compareStamps,
  initialStamp,
  rankedStamp,
  timedStamp,
} from '../../../../runtime/core/planner/stamp.ts';
import { type Value, same } from '../../../../runtime/core/value.ts';
import type { Choices } from './choices.ts';
import type { Vendor } from './harness.ts';
import { type CellPlan, type Shape, cellPlans } from './policies.ts';

/** Edits of the past happen from here on, reads a while later. */
export const HISTORY_MS = 1000;
export const NOW_MS = 2000;

/** The values our own copy of a cell has had, the current one last; none for a field still empty. */
export function historyFrom(
  choices: Choices,
  field: FieldPolicy,
  cell: CellPlan,
  policy: Policy,
  shape: Shape,
): readonly Cell[] {
  const length = choices.weigh([
    [40, 1],
    [25, 2],
    [15, 3],
    [20, 0],
  ] as const);
  const history: Cell[] = [];
  for (let index = 0; index < length; index++) {
    const endpoint = choices.pick(policy.members).endpoint;
    const rank = rankOf(field, policy, endpoint);
    const seen = history.at(-1);
    const at = HISTORY_MS + index * 10 + choices.below(10);
    const initial = index === 0 && choices.happens(30);
    const stamp = initial
      ? initialStamp(rank)
      : field.strategy === 'priority'
        ? rankedStamp(at, rank, seen?.stamp ?? null)
        : timedStamp(at, rank, seen?.stamp ?? null);
    const value = shape.distinct
      ? `v${index}`
      : choices.happens(12)
        ? null
        : choices.pick(cell.values);
    if (seen && same(seen.value, value)) continue;
    if (index === 0 && value === null) continue;
    history.push({ value, stamp, origin: endpoint });
  }
  return history;
}

/** The higher, the more trusted. */
function rankOf(field: FieldPolicy, policy: Policy, endpoint: EndpointId): number {
  const { length } = policy.members;
  const named = field.strategy === 'priority' ? (field.order ?? []) : [];
  const index = named.indexOf(endpoint);
  if (index >= 0) return length + named.length - index;
  return length - policy.members.findIndex((member) => member.endpoint === endpoint);
}

export interface Place {
  readonly endpoint: EndpointId;
  readonly facts: EndpointFacts;
  readonly vendor: Vendor;
  readonly policy: Policy;
  readonly histories: ReadonlyMap<string, readonly Cell[]>;
  readonly events: 'edits' | 'reads' | 'all';
}

export function linkCellsFrom(choices: Choices, place: Place): Readonly<Record<string, LinkCell>> {
  const cells: Record<string, LinkCell> = {};
  const isNew = choices.happens(12);
  for (const field of place.policy.fields) {
    const isUnread = choices.happens(8) || isNew;
    if (isUnread && !hasSpoken(place, field)) continue;
    if (inParts(field)) cells[field.name] = { base: null, synced: null };
    for (const plan of cellPlans(field)) {
      const cell = linkCellFrom(choices, place, field, plan);
      if (cell) cells[plan.name] = cell;
    }
    if (field.parts === 'set' && inParts(field)) spellElements(place, field, cells);
  }
  return cells;
}

/** An element in a vendor's own spelling is not the element, and not an addition either. */
function spellElements(place: Place, field: FieldPolicy, cells: Record<string, LinkCell>): void {
  for (const { name } of cellPlans(field)) {
    const cell = cells[name];
    if (typeof cell?.base !== 'string') continue;
    const own = place.facts.normalize(field.name, cell.base);
    if (typeof own !== 'string' || own === cell.base) continue;
    const ownName = `${field.name}#${own}`;
    cells[name] = { ...cell, base: null };
    cells[ownName] = { base: own, synced: cells[ownName]?.synced ?? null };
  }
}

/** Whether one of our values came from here; then the field has been read. */
function hasSpoken(place: Place, field: FieldPolicy): boolean {
  return cellPlans(field).some(({ name }) =>
    place.histories.get(name)?.some(({ origin }) => origin === place.endpoint),
  );
}

/** In line with our copy, behind it, or holding an edit that lost. */
function linkCellFrom(
  choices: Choices,
  place: Place,
  field: FieldPolicy,
  plan: CellPlan,
): LinkCell | undefined {
  const history = place.histories.get(plan.name) ?? [];
  const kind = choices.weigh([
    [65, 'inLine'],
    [15, 'behind'],
    [10, 'lost'],
    [10, 'apart'],
  ] as const);
  if (history.length === 0) return inParts(field) ? undefined : { base: null, synced: null };
  // Whoever gave us a value has it, or a later one.
  const spoken = history.findLastIndex(({ origin }) => origin === place.endpoint);
  if (kind === 'apart' && spoken < 0) {
    return { base: spelt(place, field, choices.pick([null, ...plan.values])), synced: null };
  }
  const back = kind === 'inLine' ? 0 : 1 + choices.below(2);
  const index = Math.max(history.length - 1 - back, spoken);
  const known = history[index];
  if (!known) return { base: null, synced: null };
  const next = history[index + 1];
  if (kind !== 'lost' || !next) {
    return { base: spelt(place, field, known.value), synced: known.stamp };
  }
  const edited = lostStamp(place, field, known.stamp, next.stamp);
  return {
    base: spelt(place, field, choices.pick(plan.values)),
    synced: known.stamp,
    ...(edited ? { edited } : {}),
  };
}

/** Of an edit on top of `known` that lost to what came next; none where it would have won. */
function lostStamp(place: Place, field: FieldPolicy, known: Stamp, next: Stamp): Stamp | undefined {
  const rank = rankOf(field, place.policy, place.endpoint);
  const stamp =
    field.strategy === 'priority'
      ? rankedStamp(HISTORY_MS, rank, known)
      : timedStamp(HISTORY_MS, rank, known);
  return compareStamps(stamp, next) < 0 ? stamp : undefined;
}

function spelt(place: Place, field: FieldPolicy, value: Value): Value {
  return field.parts === 'set' && inParts(field) ? value : place.facts.normalize(field.name, value);
}
