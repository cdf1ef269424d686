/**
 * References that are empty because what they led to is gone. Some vendors forget what leads to a deleted
 * item, or do not show it any more; nobody has emptied such a reference, and it counts as unchanged. It is
 * written anew when its record has another item there. To tell the two apart, the item that it led to last
 * is looked at, after the reference was read; and which one that was is remembered. It may have been restored
 * just before that look, so where a vendor hides such references, they are read again after it.
 */
import type { Read } from '../connectors/connector.ts';
import type { EndpointId, EntityId, Link } from '../core/planner/model.ts';
import { baseOf } from '../core/planner/parts.ts';
import { isList, same } from '../core/value.ts';
import { isGivenAway, type StoredRecord, type SyncId } from '../store/store.ts';
import type { Led } from './case.ts';
import { setbackWithout, type Context } from './context.ts';
import type { Member } from './member.ts';
import { idsIn, type Referring, type Targets } from './references.ts';
import { answered, setbackOf, type Setback } from './retry.ts';

export interface Kept extends Targets {
  /** What the references led to could not be looked at. */
  readonly setback?: Setback;
}

type ReadIds = (
  context: Context,
  member: Member,
  ids: readonly string[],
) => Promise<readonly Read[]>;

/** A reference that was there, and is not. */
interface Emptied {
  /** Which of the items. */
  readonly n: number;
  readonly field: string;
  readonly sync: SyncId;
  readonly entity: EntityId;
  /** The field may lead to several. */
  readonly isOfMany: boolean;
}

/** An emptied reference with where it led to. */
interface Followed extends Emptied {
  readonly record: StoredRecord;
  readonly item: Link;
}

/** What was read of references, but for those that lost what they led to: these are as they were. */
export async function keepLost(
  context: Context,
  member: Member,
  items: readonly Referring[],
  read: readonly Targets[],
  readIds: ReadIds,
): Promise<readonly Kept[]> {
  const { endpoint } = member;
  const emptied = items.flatMap((item, n) => emptiedIn(context, item, read[n]!, n));
  if (emptied.length === 0) return read;
  const followed = await follow(context, endpoint, items, emptied);
  const open = followed.filter(({ item }) => !isGone(item));
  const looks = new Map<SyncId, Look>();
  for (const [sync, group] of Map.groupBy(open, (each) => each.sync)) {
    const ids = new Set(group.map(({ item }) => idOf(item)));
    looks.set(sync, await lookAt(context, sync, endpoint, [...ids], readIds));
  }
  const isLost = ({ item, sync }: Followed): boolean =>
    isGone(item) || looks.get(sync)?.missing.has(idOf(item)) === true;
  const left = followed.filter((each) => !isLost(each) && !looks.get(each.sync)?.setback);
  const again = await readAgain(context, member, items, left, readIds);
  const kept: Kept[] = [...read];
  for (const each of followed) {
    const setback = looks.get(each.sync)?.setback ?? again.get(each.n);
    const known = kept[each.n]!;
    if (known.fields[each.field] === undefined) continue;
    if (isLost(each)) {
      kept[each.n] = withLost(known, each, endpoint);
    } else if (setback) {
      // As long as nobody can tell, nothing counts as emptied.
      const { [each.field]: _empty, ...fields } = known.fields;
      kept[each.n] = { ...known, fields, setback };
    }
  }
  return kept;
}

function emptiedIn(
  { sync }: Context,
  { references, link, written }: Referring,
  { fields, unresolved }: Targets,
  n: number,
): Emptied[] {
  return Object.keys(references).flatMap((field) => {
    const target = sync.settings.references[field] as SyncId | undefined;
    const policy = sync.policy.fields.find(({ name }) => name === field);
    const value = fields[field];
    if (!target || !policy || value === undefined || unresolved?.[field] !== undefined) return [];
    // Somebody has chosen another one.
    if (value !== null && !isList(value)) return [];
    const before = baseOf(policy, link);
    const left = idsIn(value);
    const isOfMany = isList(before);
    // What we have taken out ourselves was not lost.
    const isTaken = (id: string): boolean =>
      written.some(({ [field]: sent }) => sent !== undefined && !idsIn(sent).includes(id));
    const lost = idsIn(before).filter((id) => !left.includes(id) && !isTaken(id)) as EntityId[];
    return lost.map((entity) => ({ n, field, sync: target, entity, isOfMany }));
  });
}

async function follow(
  { store, sync }: Context,
  endpoint: EndpointId,
  items: readonly Referring[],
  emptied: readonly Emptied[],
): Promise<Followed[]> {
  const keys = emptied.map((each) => {
    return { kind: 'entity', sync: each.sync, entity: each.entity } as const;
  });
  const loaded = await store.load(sync.tenant, keys);
  return emptied.flatMap((each, n) => {
    const { record } = loaded[n]!;
    const item = record && itemLedTo(record, endpoint, items[each.n]!.link.ledTo?.[each.entity]);
    return item ? [{ ...each, record, item }] : [];
  });
}

/** Without a memory of another one, it was the first that the record had there. */
function itemLedTo(
  { links }: StoredRecord,
  endpoint: EndpointId,
  ledTo: string | undefined,
): Link | undefined {
  const here = links.filter((link) => link.endpoint === endpoint);
  if (ledTo === undefined) {
    const first = here.filter(({ generation }) => generation === 0);
    return first.find(({ state }) => state === 'live') ?? first[0];
  }
  return here.find((link) => {
    return link.remoteId === ledTo || (isGivenAway(link) && link.remoteId.startsWith(`${ledTo}@`));
  });
}

function isGone(link: Link): boolean {
  return link.state === 'gone' || isGivenAway(link);
}

/** The one that it stands for now; whoever referred to a merged item refers to that. */
function idOf({ remoteId, mergedInto }: Link): string {
  return mergedInto ?? remoteId;
}

interface Look {
  readonly missing: ReadonlySet<string>;
  readonly setback?: Setback;
}

/** Reads items of another sync; what is missing is its business. */
async function lookAt(
  context: Context,
  id: SyncId,
  endpoint: EndpointId,
  ids: readonly string[],
  readIds: ReadIds,
): Promise<Look> {
  const { store, world, priority } = context;
  const none: Look = { missing: new Set() };
  const sync = await context.peer(id);
  const member = sync?.members.get(endpoint);
  if (!sync || (!member && !sync.unavailable.has(endpoint))) return none;
  if (!member) return { ...none, setback: setbackWithout({ ...context, sync }, endpoint) };
  const missing: string[] = [];
  try {
    for (let n = 0; n < ids.length; n += member.can.batch.read) {
      const batch = ids.slice(n, n + member.can.batch.read);
      const reads = await readIds({ ...context, sync }, member, batch);
      missing.push(...batch.filter((_, m) => reads[m]!.kind === 'missing'));
    }
  } catch (error) {
    return { ...none, setback: setbackOf(answered(error), world.clock.now()) };
  }
  const marks = missing.map((remoteId) => {
    return { key: { kind: 'item', sync: id, endpoint, remoteId } as const, priority, windowMs: 0 };
  });
  if (marks.length > 0) await store.mark(sync.tenant, { now: world.clock.now(), marks });
  return { missing: new Set(missing) };
}

/**
 * Where references to what is archived are hidden, and all that these led to is there: reads their items once
 * more. Returns what becomes of those that do not read as before, by the number of the item.
 */
async function readAgain(
  context: Context,
  member: Member,
  items: readonly Referring[],
  left: readonly Followed[],
  readIds: ReadIds,
): Promise<ReadonlyMap<number, Setback>> {
  const { can, title } = member;
  const setbacks = new Map<number, Setback>();
  const wanted = can.hidesReferences ? [...Map.groupBy(left, ({ n }) => n)] : [];
  for (let from = 0; from < wanted.length; from += can.batch.read) {
    const batch = wanted.slice(from, from + can.batch.read);
    const now = context.world.clock.now();
    let reads: readonly Read[];
    try {
      const ids = batch.map(([n]) => items[n]!.link.remoteId);
      reads = await readIds(context, member, ids);
    } catch (error) {
      for (const [n] of batch) setbacks.set(n, setbackOf(answered(error), now));
      continue;
    }
    for (const [m, [n, emptied]] of batch.entries()) {
      const read = reads[m]!;
      const seen = read.kind === 'present' ? member.read(read.item, now).references : undefined;
      const isSame = emptied.every(({ field }) =>
        same(seen?.[field] ?? null, items[n]!.references[field] ?? null),
      );
      const why = `What an item at "${title}" refers to has just come back.`;
      if (!seen || !isSame) setbacks.set(n, { kind: 'again', why, at: now });
    }
  }
  return setbacks;
}

function withLost(
  { fields, expired = [], ...rest }: Kept,
  { field, entity, isOfMany, record, item }: Followed,
  endpoint: EndpointId,
): Kept {
  const left = idsIn(fields[field]);
  const hasAnother = record.links.some((link) => {
    return link.endpoint === endpoint && link.state === 'live' && link.id !== item.id;
  });
  return {
    ...rest,
    fields: { ...fields, [field]: isOfMany ? [...left, entity].toSorted() : entity },
    ...(hasAnother || expired.length > 0
      ? { expired: hasAnother ? [...expired, field] : expired }
      : {}),
  };
}

// ---------------------------------------------------------------------------------------------
// What is remembered

/** What a link remembers when its references lead to these; of a record with its first item, nothing. */
export function ledToAfter(before: Link['ledTo'], led: readonly Led[]): Link['ledTo'] {
  const isKnown = led.every(({ entity, remoteId, generation }) => {
    return before?.[entity] === (generation > 0 ? remoteId : undefined);
  });
  if (isKnown) return before;
  const after = { ...before };
  for (const { entity, remoteId, generation } of led) {
    if (generation > 0) after[entity] = remoteId;
    else delete after[entity];
  }
  return Object.keys(after).length > 0 ? after : undefined;
}
