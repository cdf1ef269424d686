/**
 * Of items that took others over and have no link yet: the record that goes on in each. The one that won a
 * merge left its values there, and only gaps were filled with those of the others; so of its values the
 * fewest are gone, one perhaps, that was edited since. Otherwise a key tells. A marker comes last, and that
 * of a loser says nothing: the merge has handed it on. Where it may still be one or the other, a person says;
 * and one with an id that the merge gave it is nobody new, however much was typed over.
 */
import type { Item, Read } from '../connectors/connector.ts';
import { readMarker } from '../core/marker.ts';
import type { EntityId, Link, Present } from '../core/planner/model.ts';
import { baseOf, isAsRead } from '../core/planner/parts.ts';
import type { Ref } from '../store/store.ts';
import type { ReadIds } from './canaries.ts';
import { takesPlace, type Case } from './case.ts';
import { keysOf, refTo, type Context } from './context.ts';
import type { Member } from './member.ts';

interface Survivors {
  readonly owners: ReadonlyMap<string, EntityId>;
  /** Somebody else, whom no record stands for yet, or nobody can tell who. */
  readonly strangers: readonly string[];
  /** Is not shown, though something was merged into it, and was not archived either. */
  readonly hidden: readonly string[];
}

/** `several`: it may be any of them, and only a person can say. */
type Owner = EntityId | 'stranger' | 'several' | undefined;

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
  const hidden: string[] = [];
  for (let n = 0; n < ids.length; n += member.can.batch.read) {
    const batch = ids.slice(n, n + member.can.batch.read);
    for (const [index, read] of (await readIds(batch)).entries()) {
      if (isHidden(read)) hidden.push(batch[index]!);
      if (read.kind !== 'present') continue;
      const { item } = read;
      const formers = await formersOf(context, member, item, byId.get(item.id) ?? []);
      const owner = await ownerOf(context, member, item, formers);
      if (owner === 'stranger' || owner === 'several') strangers.push(item.id);
      else if (owner !== undefined) owners.set(item.id, owner);
    }
  }
  return { owners, strangers, hidden };
}

/** Or deleted, at a system that does not archive. */
export function isHidden(read: Read): boolean {
  return read.kind === 'missing' && !read.archived;
}

/** The records that have lost their items to one with a new id, and who goes on in it, as far as that shows. */
export async function survivorIn(
  context: Context,
  member: Member,
  item: Item,
): Promise<{ readonly owner: Owner; readonly formers: readonly EntityId[] }> {
  const formers = await formersOf(context, member, item, []);
  const owner = formers.length > 0 ? await ownerOf(context, member, item, formers) : undefined;
  return { owner, formers: [...new Set(formers.map(({ entity }) => entity))] };
}

/** Those in hand, and those that the vendor names and that have not found another item. */
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
    if (!record || record.entity.life === 'dead' || !link) return [];
    const hasItem = record.links.some((l) => l.endpoint === endpoint && takesPlace(l));
    const isAsked = link.state === 'mergedAway' && !hasItem;
    return link.state === 'live' || isAsked ? [{ entity: record.entity.id, link }] : [];
  });
  return [...known, ...others];
}

async function ownerOf(
  context: Context,
  member: Member,
  item: Item,
  formers: readonly Former[],
): Promise<Owner> {
  const { store, sync, secret } = context;
  const { present } = member.read(item, 0);
  const guesses = guessesOf(context, formers, present);
  const likely = guesses.filter(({ kept, lost }) => kept > 0 && kept >= lost);
  const edits = Math.min(...likely.map(({ lost }) => lost));
  const best = likely.filter(({ lost }) => lost === edits);
  const keys = keysOf(context, present.fields);
  const strong = keys.flatMap(({ strength, digest }) => (strength === 'strong' ? [digest] : []));
  const isOneOfThem = item.mergedFrom !== undefined && item.mergedFrom.length > 0;
  const holders = await store.findKeys(sync.tenant, strong);
  const owner = holders.find((each) => each !== undefined)?.entity;
  // Whoever has an item of their own there is not in this one as well; they share an address at most.
  const isElsewhere =
    isOneOfThem && owner !== undefined && (await hasAnotherItem(context, member, owner, formers));
  const holder = isElsewhere ? undefined : owner;
  const isBest = best.some(({ entity }) => entity === holder);
  const [first] = best.toSorted((a, b) => b.kept - a.kept);
  if (first && edits === 0) return isBest ? holder : first.entity;
  const isOfAnother = guesses.every(({ entity }) => entity !== holder);
  const isAlone = guesses.length === 1 || (isBest && best.length === 1);
  if (holder && (isOfAnother || isAlone)) return holder;
  const isSure = guesses.every((each) => each === first || (edits === 1 && each.lost > 1));
  if (first && isSure) return first.entity;
  const scope = { tenant: sync.tenant, sync: sync.id, endpoint: member.endpoint };
  const marked = readMarker(item.marker, scope, secret);
  const isHandedOn = formers.some(({ entity, link }) => {
    return entity === marked?.entity && link.generation === marked.generation;
  });
  if (marked && !isHandedOn) return marked.entity as EntityId;
  const isLost = guesses.every(({ kept, lost }) => lost > kept);
  if (strong.length > 0 && holder === undefined && isLost && !isOneOfThem) return 'stranger';
  return guesses.length > 1 || (isLost && isOneOfThem) ? 'several' : undefined;
}

/** Whether a record has an item there that is none of those that were merged. */
async function hasAnotherItem(
  { store, sync }: Context,
  { endpoint }: Member,
  entity: EntityId,
  formers: readonly Former[],
): Promise<boolean> {
  const [loaded] = await store.load(sync.tenant, [{ kind: 'entity', sync: sync.id, entity }]);
  return (loaded?.record?.links ?? []).some((link) => {
    const isFormer = formers.some((former) => former.link.id === link.id);
    return link.endpoint === endpoint && takesPlace(link) && !isFormer;
  });
}

/** How much a merged item has of what was last read of a record; the rest was edited since, if that one won. */
interface Guess {
  readonly entity: EntityId;
  readonly kept: number;
  readonly lost: number;
}

/** One for each record: of the item of it that is most like the merged one. */
function guessesOf(context: Context, formers: readonly Former[], present: Present): Guess[] {
  const guesses = formers.map(({ entity, link }): Guess => {
    const had = keptIn(context, link, present);
    const kept = had.filter(Boolean).length;
    return { entity, kept, lost: had.length - kept };
  });
  const byRecord = Map.groupBy(guesses, ({ entity }) => entity);
  return [...byRecord.values()].map((all) => all.toSorted((a, b) => a.lost - b.lost)[0]!);
}

/** Of each value that was last read of an item, whether another one has it. */
function keptIn({ sync }: Context, link: Link, { fields }: Present): boolean[] {
  return sync.policy.fields.flatMap((field) => {
    const value = fields[field.name];
    const isKnown = value !== undefined && baseOf(field, link) !== null;
    return isKnown ? [isAsRead(field, link, value)] : [];
  });
}
