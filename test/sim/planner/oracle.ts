/**
 * What must hold when nothing happens any more: every edit is our value, was replaced knowingly or is
 * on record; every system shows what we have, or a question or hold says why not; nothing is there twice.
 */
import type {
  Conflict,
  Direction,
  Entity,
  FieldPolicy,
  Hold,
  Link,
  Review,
  Tombstone,
} from '../../../runtime/core/planner/model.ts';
import { wholeValues } from '../../../runtime/core/planner/parts.ts';
import { canonicalText, same, type Values } from '../../../runtime/core/value.ts';
import { marksIn, type Ledger } from './ledger.ts';
import { bare, type Item, type Member } from './member.ts';

export interface Rest {
  readonly entity: Entity;
  readonly links: readonly Link[];
  /** What a person is asked. */
  readonly open: readonly Conflict[];
  /** Every row that nobody's later edit has settled. */
  readonly kept: readonly Conflict[];
  readonly tombstones: readonly Tombstone[];
  readonly holds: readonly Hold[];
  readonly reviews: readonly Review[];
  readonly fields: readonly FieldPolicy[];
  readonly members: readonly Member[];
  readonly ledger: Ledger;
}

export function violationsAtRest(rest: Rest): readonly string[] {
  const ours = wholeValues(rest.fields, rest.entity.cells);
  // What still stands somewhere is not lost, whether it has been taken over or not.
  const shown = rest.members.flatMap(({ items }) =>
    [...items.values()].map(({ fields }) => fields),
  );
  const lost = rest.ledger.missing([ours, rest.kept, rest.tombstones, shown]);
  const unknown = [...marksIn(ours)].filter((mark) => Number(mark.slice(1)) > rest.ledger.count());
  return [
    ...lost.map((mark) => `${mark} is lost`),
    ...unknown.map((mark) => `${mark} was never typed`),
    ...rest.members.flatMap((member) => violationsAt(rest, member, ours)),
  ];
}

function violationsAt(rest: Rest, member: Member, ours: Values): string[] {
  const { endpoint, items } = member;
  const live = rest.links.filter((one) => one.endpoint === endpoint && one.state === 'live');
  return [
    ...(live.length > 1 ? [`${endpoint} has two live links`] : []),
    ...(items.size > 1 ? [`${endpoint} has a second item`] : []),
    ...live.flatMap(({ id }) => disagreements(rest, member, items.get(id), ours)),
  ];
}

function disagreements(rest: Rest, member: Member, item: Item | undefined, ours: Values): string[] {
  const { endpoint } = member;
  const holds = rest.holds.filter((hold) => hold.endpoint === endpoint);
  if (!item) return holds.length === 0 ? [`${endpoint} has no item`] : [];
  if (rest.entity.life === 'dead') {
    const isAsked = rest.reviews.length > 0 || holds.length > 0;
    return isAsked ? [] : [`${endpoint} still has a dead record`];
  }
  return rest.fields.flatMap((field) => {
    const { name } = field;
    const way: Direction = field.direction?.[endpoint] ?? 'both';
    const value = ours[name];
    if (way === 'in' || way === 'off' || value === undefined) return [];
    const isHeld = holds.some((hold) => hold.field === undefined || hold.field === name);
    const isAsked = rest.open.some(({ cell }) => cell === name || cell.startsWith(`${name}#`));
    const seen = item.fields[name] ?? null;
    if (isHeld || isAsked || same(bare(seen), bare(member.spell(field, value)))) return [];
    return [`${name} at ${endpoint} is ${canonicalText(seen)}, ours is ${canonicalText(value)}`];
  });
}
