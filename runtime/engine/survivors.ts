/**
 * Of items that took others over and have no link yet: the record that goes on in each. The one that won a
 * merge left its values there; otherwise a key tells, or more values of one than of the others. A marker
 * comes last, and that of a loser says nothing: the merge has handed it on.
 */
import type { Item } from '../connectors/connector.ts';
import { readMarker } from '../core/marker.ts';
import type { EntityId, Link, Present } from '../core/planner/model.ts';
import { baseOf, isAsRead } from '../core/planner/parts.ts';
import type { Ref } from '../store/store.ts';
import type { ReadIds } from './canaries.ts';
import type { Case } from './case.ts';
import { keysOf, refTo, type Context } from './context.ts';
import type { Member } from './member.ts';

interface Survivors {
  readonly owners: ReadonlyMap<string, EntityId>;
  /** Somebody else, whom no record stands for yet. */
  readonly strangers: readonly string[];
  /** Could not be read, though something was merged into it. */
  readonly unseen: readonly string[];
}

interface Merged {
  readonly one: Case;
  readonly link: Link;
  readonly into: Ref;
}

/** What was merged, and the record that it belonged to. */
interface Former {
  readonly entity: EntityId;
  readonly link: Link;
}

export async function survivorsOf(
  context: Context,
  member: Member,
  merged: readonly Merged[],
  readIds: ReadIds,
): Promise<Survivors> {
  const byId = Map.groupBy(merged, ({ into }) => into.remoteId);
  const ids = [...byId.keys()];
  const owners = new Map<string, EntityId>();
  const strangers: string[] = [];
  const unseen: string[] = [];
  for (let n = 0; n < ids.length; n += member.can.batch.read) {
    const batch = ids.slice(n, n + member.can.batch.read);
    for (const [index, read] of (await readIds(batch)).entries()) {
      const isGone = read.kind === 'missing' && read.archived;
      if (read.kind !== 'present') {
        if (!isGone) unseen.push(batch[index]!);
        continue;
      }
      const { item } = read;
      const formers = await formersOf(context, member, item, byId.get(item.id) ?? []);
      const owner = await ownerOf(context, member, item, formers);
      if (owner === 'stranger') strangers.push(item.id);
      else if (owner !== undefined) owners.set(item.id, owner);
    }
  }
  return { owners, strangers, unseen };
}

/** Those in hand, and those that the vendor names and nobody has read yet. */
async function formersOf(
  { store, sync }: Context,
  { endpoint }: Member,
  { mergedFrom = [] }: Item,
  merged: readonly Merged[],
): Promise<readonly Former[]> {
  const known = merged.map(({ one, link }) => ({ entity: one.entity.id, link }));
  const ids = mergedFrom.filter((id) => !known.some(({ link }) => link.remoteId === id));
  if (ids.length === 0) return known;
  const refs = ids.map((remoteId) => refTo(sync, { endpoint, remoteId }));
  const loaded = await store.load(
    sync.tenant,
    refs.map((ref) => ({ kind: 'item', ...ref })),
  );
  const others = loaded.flatMap(({ record }, n): Former[] => {
    const link = record?.links.find((l) => l.endpoint === endpoint && l.remoteId === ids[n]);
    if (!record || record.entity.life === 'dead' || link?.state !== 'live') return [];
    return [{ entity: record.entity.id, link }];
  });
  return [...known, ...others];
}

async function ownerOf(
  context: Context,
  member: Member,
  item: Item,
  formers: readonly Former[],
): Promise<EntityId | 'stranger' | undefined> {
  const { store, sync, secret } = context;
  const { present } = member.read(item, 0);
  const winner = formers.find(({ link }) => isShown(context, link, present));
  if (winner) return winner.entity;
  const keys = keysOf(context, present.fields);
  const strong = keys.flatMap(({ strength, digest }) => (strength === 'strong' ? [digest] : []));
  const holders = await store.findKeys(sync.tenant, strong);
  const holder = holders.find((owner) => owner !== undefined);
  if (holder) return holder.entity;
  const most = mostShown(context, formers, present);
  if (most) return most.entity;
  const scope = { tenant: sync.tenant, sync: sync.id, endpoint: member.endpoint };
  const marked = readMarker(item.marker, scope, secret);
  const isHandedOn = formers.some(({ entity, link }) => {
    return entity === marked?.entity && link.generation === marked.generation;
  });
  if (marked && !isHandedOn) return marked.entity as EntityId;
  const isLost = formers.every(({ link }) => isMostlyLost(context, link, present));
  return strong.length > 0 && isLost ? 'stranger' : undefined;
}

/** Whether another item has all that was last read of this one; what this one had not, it may have got. */
function isShown(context: Context, link: Link, present: Present): boolean {
  const had = keptIn(context, link, present);
  return had.length > 0 && had.every(Boolean);
}

/** Whether most of it is not there. What was typed since then is a field or two. */
function isMostlyLost(context: Context, link: Link, present: Present): boolean {
  const had = keptIn(context, link, present);
  return had.filter((isKept) => !isKept).length * 2 > had.length;
}

/** Somebody may have edited it since, so that it has not all of anybody. */
function mostShown(
  context: Context,
  formers: readonly Former[],
  present: Present,
): Former | undefined {
  const counted = formers.map((each) => {
    return { each, kept: keptIn(context, each.link, present).filter(Boolean).length };
  });
  const [first, second] = counted.toSorted((a, b) => b.kept - a.kept);
  const isOne = first && first.kept > (second?.kept ?? 0);
  return isOne && !isMostlyLost(context, first.each.link, present) ? first.each : undefined;
}

/** Of each value that was last read of an item, whether another one has it. */
function keptIn({ sync }: Context, link: Link, { fields }: Present): boolean[] {
  return sync.policy.fields.flatMap((field) => {
    const value = fields[field.name];
    const isKnown = value !== undefined && baseOf(field, link) !== null;
    return isKnown ? [isAsRead(field, link, value)] : [];
  });
}
