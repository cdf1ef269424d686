/** Writes that were made before: answered, unanswered, or never sent. */
import type { Cell, FieldPolicy, Intent, Link } from '../../../../runtime/core/planner/model.ts';
import { assemble, inParts } from '../../../../runtime/core/planner/parts.ts';
import type { Stamp } from '../../../../runtime/core/planner/stamp.ts';
import type { Value } from '../../../../runtime/core/value.ts';
import type { Choices } from './choices.ts';
import type { Item } from './harness.ts';
import { NOW_MS, type Place } from './histories.ts';
import { HORIZON_MS, LETTERS, cellPlans } from './policies.ts';

export function intentFrom(
  choices: Choices,
  place: Place,
  link: Link,
  item: Item | undefined,
  order: 1 | 2,
): Intent {
  const field = choices.pick(place.policy.fields);
  const sent = choices.pick([order === 2 ? 'random' : 'current', 'seen', 'older'] as const);
  const current = place.policy.fields.length > 0 ? valueOf(place, field, -1) : null;
  const value =
    sent === 'seen'
      ? (item?.fields[field.name] ?? null)
      : sent === 'random' && !inParts(field)
        ? choices.pick(LETTERS)
        : current;
  const stamps = Object.fromEntries(
    cellPlans(field).flatMap((plan) => {
      const history = place.histories.get(plan.name) ?? [];
      const cell = sent === 'older' ? (history.at(-2) ?? history.at(-1)) : history.at(-1);
      return cell ? [[plan.name, cell.stamp]] : [];
    }),
  );
  const state = choices.weigh([
    [40, 'unknown'],
    [20, 'applied'],
    [10, 'armed'],
    [10, 'absent'],
    [10, 'failed'],
    [10, 'superseded'],
  ] as const);
  return {
    id: `update ${order} ${link.id}`,
    endpoint: link.endpoint,
    link: link.id,
    op: choices.weigh([
      [90, 'update'],
      [10, 'delete'],
    ] as const),
    patch: { [field.name]: value },
    ...(choices.happens(30) ? { before: { [field.name]: valueOf(place, field, -2) } } : {}),
    stamps,
    state,
    sentAt: NOW_MS - choices.pick([10, 2 * HORIZON_MS]),
    ...(state === 'applied' && item?.version !== undefined && choices.happens(60)
      ? { resultVersion: item.version - choices.below(2) }
      : {}),
    ...(choices.happens(20) ? { observed: true } : {}),
  };
}

/** Our own value: the current one, or the one before it. */
function valueOf(place: Place, field: FieldPolicy, index: -1 | -2): Value {
  const cells: Record<string, Cell> = {};
  for (const [name, history] of place.histories) {
    const cell = history.at(index);
    if (cell) cells[name] = cell;
  }
  return assemble(cells, field) ?? null;
}

export function createIntentFrom(choices: Choices, place: Place): Intent {
  const patch: Record<string, Value> = {};
  const stamps: Record<string, Stamp> = {};
  for (const field of place.policy.fields) patch[field.name] = valueOf(place, field, -1);
  for (const [name, history] of place.histories) {
    const head = history.at(-1);
    if (head) stamps[name] = head.stamp;
  }
  return {
    id: `create ${place.endpoint}`,
    endpoint: place.endpoint,
    op: 'create',
    patch,
    stamps,
    state: choices.pick(['unknown', 'armed', 'absent', 'failed'] as const),
    sentAt: NOW_MS - choices.pick([10, 2 * HORIZON_MS]),
  };
}
