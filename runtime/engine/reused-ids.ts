/**
 * Whether an item is the one that had its id before. A vendor that gives ids again tells so by the time at
 * which the item was made. Where nobody knows that time of our own item, because the answer to its create
 * did not say it and nothing was read since, there is our marker, who made the item, and what it says.
 */
import type { Item } from '../connectors/connector.ts';
import { readMarker } from '../core/marker.ts';
import type { EntityId, Link } from '../core/planner/model.ts';
import { same } from '../core/value.ts';
import { isGivenAway, type Mark, type RecordChange, type StoredIntent } from '../store/store.ts';
import type { Case } from './case.ts';
import { keysOf, keysOfEntity, refTo, type Context } from './context.ts';
import { itemRef } from './marking.ts';
import type { Member } from './member.ts';

/**
 * `unlike`: perhaps it is ours, and somebody has changed all that it could be known by. `former`: it is older
 * than ours, so that the answer is old, or the vendor was put back to a backup.
 */
export type Sameness = 'same' | 'unlike' | 'another' | 'former';

/** Whoever sent the create may have had another clock than whoever reads what it made. */
const CLOCKS_DIFFER_MS = 180_000;

/**
 * After it was put back to a backup any vendor gives ids again; where that is usual, an id that was gone is
 * that of another item also when nobody knows since when the former one was there. What we made was there
 * when the answer came, whether or not that said when.
 */
export function samenessOf(
  context: Context,
  member: Member,
  link: Link,
  item: Item,
  one?: Pick<Case, 'entity' | 'intents'>,
): Sameness {
  const { createdAt } = item;
  if (createdAt === undefined) return 'same';
  if (link.createdAt !== undefined) {
    if (link.createdAt === createdAt) return 'same';
    return createdAt < link.createdAt ? 'former' : 'another';
  }
  if (link.state === 'gone') {
    const isKnown = !member.can.reusesIds && (!one || hasKeyOf(context, member, one, item));
    return isKnown ? 'same' : 'another';
  }
  const made = one?.intents.find(({ op, link: id }) => op === 'create' && id === link.id);
  if (!one || made?.sentAt === undefined) return 'same';
  const isLater = createdAt - member.facts.clockOffsetMs > made.sentAt + CLOCKS_DIFFER_MS;
  return isLater ? 'another' : likenessOf(context, member, one, made, item);
}

/** Nobody edits what is gone, so what is shown again can still be known by one of its keys. */
function hasKeyOf(
  context: Context,
  member: Member,
  { entity }: Pick<Case, 'entity'>,
  item: Item,
): boolean {
  const known = keysOfEntity(context, entity).map(({ digest }) => digest);
  const keys = keysOf(context, member.read(item, 0).present.fields);
  return known.length === 0 || keys.some(({ digest }) => known.includes(digest));
}

/** Of an item that was made about when we made ours. */
function likenessOf(
  context: Context,
  member: Member,
  { entity }: Pick<Case, 'entity'>,
  { patch, generation }: StoredIntent,
  item: Item,
): Sameness {
  const { sync, secret } = context;
  const scope = { tenant: sync.tenant, sync: sync.id, endpoint: member.endpoint };
  const marker = readMarker(item.marker, scope, secret);
  if (marker?.entity === entity.id && marker.generation === generation) return 'same';
  if (item.createdBy !== undefined && item.createdBy !== 'us') return 'another';
  const { fields } = member.read(item, 0).present;
  const keys = keysOf(context, fields).map(({ digest }) => digest);
  const known = keysOf(context, patch);
  const isAlike =
    known.length > 0
      ? known.some(({ digest }) => keys.includes(digest))
      : Object.entries(patch).some(([field, sent]) => same(fields[field] ?? null, sent));
  return isAlike ? 'same' : 'unlike';
}

/** The link that has an item's id; `isAnother`: it is that of a former item, which nobody has noticed yet. */
export interface Holder extends Pick<Link, 'state' | 'cells'> {
  readonly entity: EntityId;
  readonly isAnother: boolean;
}

/** Who has the ids of these items. */
export async function holdersOf(
  context: Context,
  member: Member,
  items: readonly Item[],
): Promise<readonly (Holder | undefined)[]> {
  if (items.length === 0) return [];
  const keys = items.map(({ id }) => ({ kind: 'item', ...itemRef(context, member, id) }) as const);
  const loaded = await context.store.load(context.sync.tenant, keys);
  return loaded.map(({ record }, n) => {
    const item = items[n]!;
    const link = record?.links.find((l) => {
      return l.endpoint === member.endpoint && l.remoteId === item.id;
    });
    if (!record || !link) return undefined;
    const isAnother = samenessOf(context, member, link, item, record) === 'another';
    return { entity: record.entity.id, state: link.state, cells: link.cells, isAnother };
  });
}

/**
 * An id that was given to another item does not lead to the record any more once that is stored. It is looked
 * at then as that of a new item; so is the record, which goes by its own name from now on, or nobody would
 * come back for what is open about it. Where nothing is stored, as while a brake holds a death back, the
 * record waits with all that was found out about it.
 */
export async function lookAtGivenAway(
  { store, sync, priority, world }: Context,
  changes: readonly RecordChange[],
): Promise<void> {
  const keys = changes.flatMap(({ from, entity, links }): Mark['key'][] => {
    const lost = (from?.links ?? []).filter(({ id, endpoint, remoteId }) => {
      const isLost = links.some((l) => l.id === id && l.remoteId !== remoteId && isGivenAway(l));
      return isLost && !links.some((l) => l.endpoint === endpoint && l.remoteId === remoteId);
    });
    if (lost.length === 0) return [];
    const items = lost.map((link) => ({ kind: 'item', ...refTo(sync, link) }) as const);
    return [...items, { kind: 'entity', sync: sync.id, entity: entity.id }];
  });
  if (keys.length === 0) return;
  const marks = keys.map((key) => ({ key, priority, windowMs: 0 }));
  await store.mark(sync.tenant, { now: world.clock.now(), marks });
}
