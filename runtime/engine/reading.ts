/**
 * Reads items and says what each read means for the record: it is there, it was merged into another, its
 * id belongs to another item by now, or it may be gone (absence.ts). Nothing is read twice that a list
 * has just shown, unless something is to be written on top of it.
 */
import { VendorError, type Item, type Read } from '../connectors/connector.ts';
import type { EndpointId, FieldPolicy, Link, MergedInto, Present } from '../core/planner/model.ts';
import { baseOf, isAsRead } from '../core/planner/parts.ts';
import { canonicalText, isList, type Value, type Values } from '../core/value.ts';
import { fingerprintOf } from '../core/hash.ts';
import { mayDelete, observeAbsences } from './absence.ts';
import { linkOf, replaceLink, setBack, type Case } from './case.ts';
import { nameOfItem, newLinkId, refTo, setbackWithout, type Context } from './context.ts';
import { keepLost, ledToAfter } from './emptied.ts';
import type { Member } from './member.ts';
import type { SeenItem, Shown } from './recent.ts';
import { targetsOf } from './references.ts';
import { answered, setbackOf } from './retry.ts';
import { givenAway } from '../store/store.ts';
import { samenessOf, type Sameness } from './reused-ids.ts';
import { isHidden, survivorsOf } from './survivors.ts';
import { doubtOlder, noteWentBack, STALE_MS, wentBack, type WentBack } from './vendor-backups.ts';

interface Wanted {
  readonly one: Case;
  readonly link: Link;
}

/** Reads what the cases want, in batches; what could not be read sets its case back. */
export async function readWanted(context: Context, cases: readonly Case[]): Promise<void> {
  const byEndpoint = new Map<EndpointId, Wanted[]>();
  for (const one of cases) {
    for (const id of one.wanted) {
      const link = linkOf(one, id);
      if (!link) continue;
      const list = byEndpoint.get(link.endpoint) ?? [];
      list.push({ one, link });
      byEndpoint.set(link.endpoint, list);
    }
    one.wanted.clear();
  }
  for (const [endpoint, wanted] of byEndpoint) await readAt(context, endpoint, wanted);
}

async function readAt(
  context: Context,
  endpoint: EndpointId,
  wanted: readonly Wanted[],
): Promise<void> {
  const { sync, recent, world } = context;
  const member = sync.members.get(endpoint);
  if (!member) {
    const setback = setbackWithout(context, endpoint);
    for (const { one } of wanted) setBack(one, setback);
    return;
  }
  const shown: (Wanted & { readonly seen: SeenItem })[] = [];
  const unseen: Wanted[] = [];
  for (const each of wanted) {
    // Without a version nobody could tell that somebody has written since it was listed. And a list
    // may show for long what is gone.
    const isTellable = member.can.version !== 'none' && each.link.state !== 'gone';
    const seen = isTellable ? recent.take(refTo(sync, each.link), world.clock.now()) : undefined;
    if (seen) shown.push({ ...each, seen });
    else unseen.push(each);
  }
  await observeItems(context, member, shown);
  for (let n = 0; n < unseen.length; n += member.can.batch.read) {
    await readBatch(context, member, unseen.slice(n, n + member.can.batch.read));
  }
}

async function readBatch(
  context: Context,
  member: Member,
  wanted: readonly Wanted[],
): Promise<void> {
  const { world } = context;
  const takenAt = world.clock.now();
  const ids = wanted.map(({ link }) => link.remoteId);
  let reads: readonly Read[];
  try {
    reads = await readIds(context, member, ids);
  } catch (error) {
    const setback = setbackOf(answered(error), world.clock.now());
    for (const { one } of wanted) setBack(one, setback);
    return;
  }
  const present = wanted.flatMap((each, n): (Wanted & { seen: SeenItem })[] => {
    const read = reads[n];
    if (read?.kind !== 'present') return [];
    return [{ ...each, seen: { item: read.item, takenAt, isRead: true } }];
  });
  await observeItems(context, member, present);
  const hidden = await observeMerges(context, member, wanted, reads);
  const said = reads.map((read, n) => (hidden.has(n) ? HIDDEN : read));
  await observeAbsences(context, member, wanted, said, takenAt, (more) =>
    readShown(context, member, more),
  );
  for (const [n, merged] of hidden) {
    const { one, link } = wanted[n]!;
    const seen = one.observed.get(link.id);
    // It was deleted, but before that it was merged, and only one record goes with it.
    if (seen?.kind === 'gone' && seen.proven) one.observed.set(link.id, merged);
  }
}

export async function readIds(
  { gate, sync, priority, leases, doubts }: Context,
  member: Member,
  ids: readonly string[],
): Promise<readonly Read[]> {
  const reads = await gate.call(
    sync.tenant,
    member,
    { action: 'read', items: ids.length, priority },
    async (signal) => {
      await leases.keep();
      return member.collection.read(ids, signal);
    },
  );
  const { readLagMs } = member.can;
  for (const read of reads) {
    if (read.kind !== 'present' || readLagMs === 0) continue;
    const ref = refTo(sync, { endpoint: member.endpoint, remoteId: read.item.id });
    doubts.shown(ref, shownIn(member, read.item), readLagMs);
  }
  return reads;
}

/** How an item looks, where its answers may be old. */
export function shownIn(member: Member, item: Item): Shown {
  const { createdAt: bornAt, version } = item;
  const says = version ?? fingerprintOf(canonicalText(member.read(item, 0).present.fields));
  return { state: `${bornAt}/${says}`, bornAt, version };
}

// ---------------------------------------------------------------------------------------------
// There

/** Takes items as observations of their links. */
export async function observeItems(
  context: Context,
  member: Member,
  seen: readonly { readonly one: Case; readonly link: Link; readonly seen: SeenItem }[],
): Promise<void> {
  if (seen.length === 0) return;
  const reads = seen.map((each) => member.read(each.seen.item, each.seen.takenAt));
  const referring = reads.map(({ references, present: { changedAt } }, n) => {
    const { one, link } = seen[n]!;
    const written = one.intents.filter((intent) => intent.link === link.id);
    return {
      references,
      link: linkOf(one, link.id) ?? link,
      written: written.map(({ patch }) => patch),
      changedAt,
    };
  });
  const read = await targetsOf(context, member, referring);
  const targets = await keepLost(context, member, referring, read, readIds);
  const drift: Drift = {};
  for (const [n, { one, link: given, seen: shown }] of seen.entries()) {
    const { item, takenAt, weak } = shown;
    const { present, problems } = reads[n]!;
    const link = linkOf(one, given.id) ?? given;
    const sameness = samenessOf(context, member, link, item, one);
    if (sameness !== 'same' && context.rules.has('reused-ids')) {
      if (sameness === 'former' && isOldAnswer(context, member, one, link, shown)) continue;
      const isSure = sameness !== 'unlike' && link.state === 'live';
      const lost = isSure ? await isLost(context, member, link, sameness) : 'no';
      if (lost === 'perhaps') {
        const why = `"${member.title}" may have been put back to a backup.`;
        setBack(one, { kind: 'again', why, at: takenAt + STALE_MS });
        continue;
      }
      // What was lost with a backup was not deleted: a person has to say what becomes of it.
      const isAsked = link.state === 'live' && (lost === 'yes' || sameness === 'unlike');
      replaceLink(one, isAsked ? { ...givenAway(link), state: 'held' } : givenAway(link));
      if (!isAsked) one.observed.set(link.id, { kind: 'gone', takenAt, proven: true });
      continue;
    }
    const { fields, unresolved, expired, led, setback } = targets[n]!;
    if (setback) setBack(one, setback);
    const all = { ...present.fields, ...fields };
    const observation: Present = {
      ...present,
      fields: await withoutDrift(context, member, link, all, drift),
      ...(unresolved ? { unresolved } : {}),
      ...(expired ? { expired } : {}),
      ...(isAway(link) && shown.isRead && isBack(context, member, link, present, one)
        ? { isBack: true }
        : {}),
    };
    if (!isAway(link) && isDoubtful(context, member, link, observation, one)) continue;
    const { missingSince, doubtedAt, ledTo: known, ...rest } = link;
    const createdAt = link.createdAt ?? item.createdAt;
    const isFound = missingSince !== undefined || doubtedAt !== undefined;
    const isOlder = (present.version ?? 0) < (link.version ?? 0);
    const ledTo = isOlder ? known : ledToAfter(known, led);
    if (isFound || createdAt !== link.createdAt || ledTo !== known) {
      replaceLink(one, {
        ...rest,
        ...(createdAt === undefined ? {} : { createdAt }),
        ...(ledTo ? { ledTo } : {}),
      });
    }
    one.observed.set(link.id, observation);
    context.inHand.set(nameOfItem(link), item);
    if (weak && context.rules.has('late-lists')) one.weak.add(link.id);
    else one.weak.delete(link.id);
    one.items.set(link.id, item);
    one.unreadable.push(...problems);
  }
}

/** What the schema says now, once it was asked. */
interface Drift {
  now?: ReadonlySet<string>;
}

/**
 * A field that is empty all of a sudden may have been emptied, or the vendor may have made something else
 * of it. The schema that says which has to be read after the item.
 */
async function withoutDrift(
  { sync, onDrift }: Context,
  member: Member,
  link: Link,
  fields: Values,
  drift: Drift,
): Promise<Values> {
  const emptied = sync.policy.fields.flatMap((field) => {
    const now = fields[field.name];
    return now !== undefined && isEmptied(baseOf(field, link), now) ? [field.name] : [];
  });
  if (emptied.length === 0) return fields;
  if (!drift.now) {
    try {
      const drifted = await member.driftNow();
      drift.now = new Set(Object.keys(drifted));
      if (Object.keys(drifted).some((name) => !member.facts.drifted?.[name])) onDrift();
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      // As long as nobody can tell, nothing counts as emptied.
      drift.now = new Set(emptied);
    }
  }
  const { now } = drift;
  if (!emptied.some((name) => now.has(name))) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !now.has(name)));
}

/** A record is emptied also when one of its parts is, which may be a field of its own there. */
function isEmptied(before: Value, now: Value): boolean {
  if (before === null) return false;
  if (now === null || typeof before !== 'object' || isList(before)) return now === null;
  const parts = typeof now === 'object' && !isList(now) ? now : {};
  return Object.entries(before).some(([name, part]) => isEmptied(part, parts[name] ?? null));
}

/** Whether the item that had the id before is shown because the answer is old. Lists are old for longer. */
function isOldAnswer(
  context: Context,
  member: Member,
  one: Case,
  { id }: Link,
  { item, takenAt, isRead }: SeenItem,
): boolean {
  const doubt = isRead && doubtOlder(context, member, id, `made at ${item.createdAt}`, takenAt);
  if (doubt && doubt.isOver) return false;
  const why = `"${member.title}" shows who had the id before.`;
  setBack(one, { kind: 'again', why, at: doubt ? doubt.overAt : takenAt });
  return true;
}

/** Whether an id is that of another item because the vendor was put back to a backup. */
async function isLost(
  context: Context,
  member: Member,
  link: Link,
  sameness: Sameness,
): Promise<WentBack> {
  const { rules, world } = context;
  if (!rules.has('lost-with-a-backup') || !mayDelete(context, member)) return 'no';
  // In no other way does an id go back to an item that is older than the one that had it.
  if (sameness === 'former' || !member.can.reusesIds) await noteWentBack(context, member);
  return wentBack(context, member, [link], world.clock.now(), (ids) => {
    return readIds(context, member, ids);
  });
}

/**
 * Where a system has no versions and its answers may be old, a change might be a state that we have
 * long left behind. It counts when it has lasted longer than an answer can lag.
 */
function isDoubtful(
  context: Context,
  { can }: Member,
  link: Link,
  seen: Present,
  one: Case,
): boolean {
  const { doubts, rules } = context;
  if (can.version !== 'none' || can.readLagMs === 0 || !rules.has('doubt-unversioned'))
    return false;
  // What is read for the first time takes nothing back; whether it is old shows when it is read again.
  if (Object.keys(link.cells).length === 0) {
    doubts.since(link.id, 'first', seen.takenAt);
    return false;
  }
  const again = (at: number): true => {
    const why =
      'The change is looked at once more, because this system may answer with an old state.';
    setBack(one, { kind: 'again', why, at: at + can.readLagMs + 1 });
    return true;
  };
  if (isAtBase(context.sync.policy.fields, link, seen)) {
    // After a change was seen, an old replica may still show the state before it.
    const sighted = doubts.lastSeen(link.id);
    if (sighted !== undefined && seen.takenAt - sighted <= can.readLagMs) return again(sighted);
    // Somebody else may have seen it, by whatever clock: what is read from now on for so long is not older.
    if (link.doubtedAt !== undefined) {
      const since = doubts.since(link.id, `unchanged after ${link.doubtedAt}`, seen.takenAt);
      if (seen.takenAt - since <= can.readLagMs) return again(since);
    }
    doubts.end(link.id);
    return false;
  }
  // What was seen before our own last write says nothing about what lasts after it, and whoever wrote
  // may have another clock.
  const written = one.intents.filter((intent) => intent.link === link.id).map(({ id }) => id);
  const state = fingerprintOf(canonicalText([seen.fields, ...written]));
  const since = doubts.since(link.id, state, seen.takenAt);
  if (seen.takenAt - since > can.readLagMs) return false;
  replaceLink(one, { ...link, doubtedAt: seen.takenAt });
  return again(since);
}

function isAway({ state }: Link): boolean {
  return state === 'gone' || state === 'held';
}

/**
 * An item that was deleted and is read again, without a version that says so, may be an old answer, or
 * it was restored. It is back once it has lasted longer than an answer can lag.
 */
function isBack(
  { doubts }: Context,
  { can, title }: Member,
  link: Link,
  { takenAt, version }: Present,
  one: Case,
): boolean {
  if (version !== undefined && link.version !== undefined && version > link.version) return false;
  const patience = Math.max(STALE_MS, 2 * can.readLagMs);
  const since = doubts.since(link.id, 'back', takenAt);
  if (takenAt - since > patience) return true;
  const why = `What was deleted at "${title}" is shown there; it is looked at once more.`;
  setBack(one, { kind: 'again', why, at: since + patience + 1 });
  return false;
}

/** Whether an item reads as it did when it was last read. */
export function isAtBase(fields: readonly FieldPolicy[], link: Link, seen: Present): boolean {
  return fields.every((field) => {
    const value = seen.fields[field.name];
    return value === undefined || isAsRead(field, link, value);
  });
}

// ---------------------------------------------------------------------------------------------
// Merged, or gone

const HIDDEN: Read = { kind: 'missing', archived: false };

/** Returns those that were merged into something new that is not shown: who goes on in it is seen by what it says. */
async function observeMerges(
  context: Context,
  member: Member,
  wanted: readonly Wanted[],
  reads: readonly Read[],
): Promise<ReadonlyMap<number, MergedInto>> {
  const { store, sync, world, priority } = context;
  const later = new Map<number, MergedInto>();
  const merged = wanted.flatMap(({ one, link }, n) => {
    const read = reads[n];
    if (read?.kind !== 'merged') return [];
    const into = refTo(sync, { endpoint: member.endpoint, remoteId: read.into });
    return [{ one, link, into, n }];
  });
  if (merged.length === 0) return later;
  const holders = await store.findLinks(
    sync.tenant,
    merged.map(({ into }) => into),
  );
  const { owners, strangers, hidden } = await survivorsOf(
    context,
    member,
    merged.filter((_, n) => !holders[n]),
    (ids) => readIds(context, member, ids),
  );
  const marks = strangers.map((remoteId) => {
    const key = { kind: 'item', ...refTo(sync, { endpoint: member.endpoint, remoteId }) } as const;
    return { key, priority, windowMs: 0 };
  });
  if (marks.length > 0) await store.mark(sync.tenant, { now: world.clock.now(), marks });
  for (const [index, { one, link, into, n }] of merged.entries()) {
    // What a record leaves alone on purpose is its item all the same.
    const heldBy = holders[index]?.entity ?? owners.get(into.remoteId);
    const known = one.links.find(
      (l) => l.endpoint === link.endpoint && l.remoteId === into.remoteId,
    );
    const observation: MergedInto = {
      kind: 'mergedInto',
      remoteId: into.remoteId,
      linkId: known?.id ?? newLinkId(world),
      ...(heldBy === undefined ? {} : { heldBy }),
      ...(strangers.includes(into.remoteId) ? { isStranger: true } : {}),
    };
    const isLive = link.state === 'live' && one.entity.life !== 'dead';
    const isOpen = isLive && hidden.includes(into.remoteId);
    if (isOpen) later.set(n, observation);
    else one.observed.set(link.id, observation);
  }
  return later;
}

/** As far as absence goes: what was merged into something that is hidden is hidden with it. */
async function readShown(
  context: Context,
  member: Member,
  ids: readonly string[],
): Promise<readonly Read[]> {
  const reads = await readIds(context, member, ids);
  const merged = reads.flatMap((read) => (read.kind === 'merged' ? [read.into] : []));
  if (merged.length === 0) return reads;
  const others = await readIds(context, member, merged);
  return reads.map((read) => {
    const other = read.kind === 'merged' && others[merged.indexOf(read.into)];
    return other && isHidden(other) ? other : read;
  });
}
