/**
 * Associations between records: what a record is associated with, and how that changes. A record of the
 * other side may keep them; nobody who asks can tell.
 */
import type { Doer } from '../crm/model.ts';
import type { Account } from './account.ts';
import { directions, type Direction } from './association-types.ts';
import type { ObjectType } from './objects.ts';
import { idsIn } from './references.ts';
import { invalid, notFound } from './refused.ts';

export interface Associated {
  readonly id: string;
  readonly directions: readonly Direction[];
}

/** From one record to all of a kind. */
export interface Way {
  readonly from: ObjectType;
  readonly id: string;
  readonly to: ObjectType;
}

/** As requests name a type. */
export interface Spec {
  readonly associationCategory: string;
  readonly associationTypeId: number;
}

/** In the order of ids; with the primary one and labels before the association without a label. */
export function associatedWith(account: Account, { from, id, to }: Way): readonly Associated[] {
  const found = new Map<string, Direction[]>();
  const other = account.collections.get(to.name)!;
  const note = (otherId: string, direction: Direction): void => {
    if (other.live(otherId) === undefined || other.hidden.has(otherId)) return;
    found.set(otherId, [direction, ...(found.get(otherId) ?? [])]);
  };
  for (const direction of directions(account.types, from.name, to.name)) {
    for (const otherId of idsAlong(account, direction, id)) note(otherId, direction);
  }
  return [...found]
    .map(([otherId, all]) => ({ id: otherId, directions: all }))
    .toSorted((one, two) => other.entry(one.id)!.order - other.entry(two.id)!.order);
}

export function associate(
  account: Account,
  { from, id, to }: Way,
  otherId: string,
  specs: readonly Spec[],
  doer: Doer,
): readonly Direction[] {
  const known = directions(account.types, from.name, to.name);
  const chosen = specs.map((spec) => {
    const found = known.find(
      ({ typeId, type }) =>
        typeId === spec.associationTypeId && type.category === spec.associationCategory,
    );
    if (found !== undefined) return found;
    const { associationTypeId, associationCategory } = spec;
    throw invalid(
      `associationTypeId ${associationTypeId} of category ${associationCategory} is not valid between ${from.typeId} and ${to.typeId}`,
    );
  });
  assertThere(account, from, id);
  assertThere(account, to, otherId);
  for (const direction of chosen) {
    const { collection, keeperId, path, kept, targetId } = endsOf(account, direction, id, otherId);
    const value = direction.type.kind === 'primary' ? targetId : [...kept, targetId];
    account.update(collection, keeperId, { [path]: value }, doer);
  }
  return chosen;
}

/** The association that has no label. */
export function plainDirection(account: Account, from: ObjectType, to: ObjectType): Direction {
  const found = directions(account.types, from.name, to.name).find(
    ({ type }) => type.kind === 'plain',
  );
  if (found !== undefined) return found;
  throw invalid(`No default association type exists between ${from.typeId} and ${to.typeId}`);
}

/** These types, or all of them. Without the plain one there are no labels either. */
export function dissociate(
  account: Account,
  { from, id, to }: Way,
  otherId: string,
  doer: Doer,
  typeIds?: readonly number[],
): void {
  for (const direction of directions(account.types, from.name, to.name)) {
    if (typeIds !== undefined && !typeIds.includes(direction.typeId)) continue;
    const isBothWays = direction.type.from === direction.type.to;
    const pairs = isBothWays && direction.typeId === direction.type.back.typeId ? 2 : 1;
    for (const [one, other] of [
      [id, otherId],
      [otherId, id],
    ].slice(0, pairs) as [string, string][]) {
      const { collection, keeperId, path, kept, targetId } = endsOf(account, direction, one, other);
      if (collection.live(keeperId) === undefined || !kept.includes(targetId)) continue;
      const left = kept.filter((keptId) => keptId !== targetId);
      const value = direction.type.kind === 'primary' ? null : left;
      account.update(collection, keeperId, { [path]: value }, doer);
    }
  }
}

function idsAlong(account: Account, { type, isBack }: Direction, id: string): Iterable<string> {
  const { from, path, typeId, back } = type;
  const referring = [...account.references.to(id, { collection: from, path })];
  if (isBack) return referring;
  const state = account.collections.get(from)!.live(id);
  const key = account.collections.get(from)!.schema.field(path)?.key;
  const kept = state && key ? idsIn(state.values[key]) : [];
  // Where both directions are the same one, it does not matter who keeps it.
  return typeId === back.typeId ? new Set([...kept, ...referring]) : kept;
}

/** Who keeps it, and what is kept there. */
function endsOf(account: Account, { type, isBack }: Direction, id: string, otherId: string) {
  const collection = account.collections.get(type.from)!;
  const [keeperId, targetId] = isBack ? [otherId, id] : [id, otherId];
  const key = collection.schema.field(type.path)?.key;
  const state = collection.live(keeperId);
  const kept = state && key ? idsIn(state.values[key]) : [];
  return { collection, keeperId, targetId, path: type.path, kept };
}

function assertThere(account: Account, { name, typeId }: ObjectType, id: string): void {
  const collection = account.collections.get(name)!;
  if (collection.live(id) !== undefined && !collection.hidden.has(id)) return;
  throw notFound(`No ${typeId} object with id ${id} exists`);
}
