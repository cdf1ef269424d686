/**
 * Creating without duplicates. Before a create, the system is asked whether it has the record already;
 * after a create whose answer was lost, nothing is created again until it is known whether the first one
 * landed: it is found and adopted, or it has had time enough to show.
 */
import type { Item } from '../connectors/connector.ts';
import { writeMarker } from '../core/marker.ts';
import type { EndpointId, EntityId, Write } from '../core/planner/model.ts';
import { wholeValues } from '../core/planner/parts.ts';
import { same } from '../core/value.ts';
import type { StoredIntent } from '../store/store.ts';
import { formerItems, isUnanswered, replaceIntent, setBack, type Case } from './case.ts';
import { keysOf, keysOfEntity, setbackWithout, type Context, type DigestedKey } from './context.ts';
import { withoutCopies } from './copies.ts';
import { adopt, giveUpCreated } from './adopting.ts';
import type { Member } from './member.ts';
import { answered, setbackOf, TRIES_MAX, WAITS_MAX } from './retry.ts';
import { isUnread, type Row } from './comparing.ts';
import { cursorsAt, itemRef, markOf, note } from './marking.ts';
import { poll } from './polling.ts';
import { holdersOf, samenessOf, type Holder } from './reused-ids.ts';
import { askedAbout, isAskedAt, type Wish } from './questions.ts';
import { mayHaveBeenMade } from './recovery.ts';
import { find, itemsSince, searchKey } from './searching.ts';

interface Open {
  readonly one: Case;
  readonly intent: StoredIntent;
}

// ---------------------------------------------------------------------------------------------
// After a create without an answer

export async function resolveCreates(context: Context, cases: readonly Case[]): Promise<void> {
  const open = cases.flatMap((one) =>
    one.intents
      .filter((intent) => intent.op === 'create' && !intent.link && isUnanswered(intent))
      .map((intent): Open => ({ one, intent })),
  );
  for (const [endpoint, group] of Map.groupBy(open, ({ intent }) => intent.endpoint)) {
    const member = context.sync.members.get(endpoint);
    if (member) await resolveAt(context, member, group);
    // It is asked about as soon as that can be, whatever becomes of the record meanwhile.
    else for (const { one } of group) setBack(one, setbackWithout(context, endpoint));
  }
}

async function resolveAt(context: Context, member: Member, open: readonly Open[]): Promise<void> {
  const { world, rules } = context;
  const takenAt = world.clock.now();
  let items: readonly Item[];
  try {
    const all = await findFor(context, member, open);
    items = rules.has('copies-are-not-ours') ? withoutCopies(all) : all;
  } catch (error) {
    const setback = setbackOf(answered(error), world.clock.now());
    for (const { one } of open) setBack(one, setback);
    return;
  }
  const holders = await holdersOf(context, member, items);
  const adopted = new Set<string>();
  for (const { one, intent } of open) {
    const free = items.filter((item, n) => {
      if (adopted.has(item.id)) return false;
      const known = holders[n];
      return !known || known.state === 'unlinked' || isAnotherThan(context, one, member, item);
    });
    const isHere = one.links.some((l) => l.endpoint === member.endpoint && l.state === 'live');
    const item = free.find((candidate) => isOutcomeOf(context, member, intent, one, candidate));
    if (item && !isHere) {
      adopted.add(item.id);
      // A search may show for long what has been typed over since.
      await adopt(context, one, intent, member, { item, takenAt, weak: true });
      continue;
    }
    const misheld = items.find((candidate, n) => {
      return holders[n]?.isAnother && isOutcomeOf(context, member, intent, one, candidate);
    });
    if (misheld && !isHere) {
      await note(context, [markOf(context, member, misheld.id, 0)], []);
      const why = `The item at "${member.title}" has the id of one that is not known to be gone yet.`;
      // A brake, or a doubt, may keep that one for long.
      setBack(one, { kind: 'moved', why, at: takenAt + BACK_MS });
      continue;
    }
    const taken = items.flatMap((candidate, n) => {
      const holder = holders[n];
      const isTaken = holder?.state === 'live' && holder.entity !== one.entity.id;
      const isOurs = isTaken && isMarkedFor(context, member, one, intent, candidate);
      return isOurs ? [{ item: candidate, holder: holder.entity }] : [];
    });
    if (taken[0] && !isHere) {
      giveUpCreated(context, one, intent, member, taken[0]);
      continue;
    }
    const alike = takenAlike(context, member, { one, intent }, items, holders);
    if (alike && !isHere) {
      giveUpCreated(context, one, intent, member, { ...alike, isGuess: true });
      continue;
    }
    const patience = rules.has('wait-for-the-horizon') ? member.can.absenceHorizonMs : 0;
    const provenAt = (intent.sentAt ?? intent.armedAt) + patience;
    if (takenAt > provenAt || isHere) {
      replaceIntent(one, { ...intent, state: 'absent' });
      context.run.count('creates that never landed');
    } else {
      const why = `A create at "${member.title}" got no answer and may still turn up.`;
      setBack(one, { kind: 'again', why, at: provenAt + 1 });
    }
  }
}

/**
 * An item like the one we asked for, of another record. It may be ours, taken for somebody new before it
 * was known, or it is just alike; no search can tell.
 */
function takenAlike(
  context: Context,
  member: Member,
  { one, intent }: Open,
  items: readonly Item[],
  holders: readonly (Holder | undefined)[],
): { readonly item: Item; readonly holder: EntityId } | undefined {
  if (!isNameless(context, member, intent)) return undefined;
  const found = items.flatMap((item, n) => {
    const holder = holders[n];
    const isTaken = holder?.state === 'live' && holder.entity !== one.entity.id;
    const isAlike = isTaken && isOutcomeOf(context, member, intent, one, item);
    return isAlike ? [{ item, holder: holder.entity }] : [];
  });
  return found[0];
}

/** The id of an item that the record had before; it was given to this one. */
function isAnotherThan(context: Context, one: Case, member: Member, item: Item): boolean {
  const former = formerItems(one, member.endpoint).find(({ remoteId }) => remoteId === item.id);
  return former !== undefined && samenessOf(context, member, former, item, one) !== 'same';
}

async function findFor(
  context: Context,
  member: Member,
  open: readonly Open[],
): Promise<readonly Item[]> {
  const { marker } = member.can;
  if (marker !== undefined && hasMarkers(context, member)) {
    return find(
      context,
      member,
      marker,
      open.map(({ one, intent }) => markerFor(context, member, one, intent.generation)),
    );
  }
  const key = searchKey(context, member);
  const nameless = open.filter(({ intent }) => isNameless(context, member, intent));
  const values = open.flatMap(({ intent }) => {
    const value = key && intent.patch[key.field];
    return typeof value === 'string' ? [value] : [];
  });
  const found = key ? await find(context, member, key.path, values) : [];
  if (nameless.length === 0) return found;
  const since = Math.min(...nameless.map(({ intent }) => intent.armedAt));
  const known = new Set(found.map(({ id }) => id));
  const latest = await itemsSince(context, member, since);
  return [...found, ...latest.filter(({ id }) => !known.has(id))];
}

/** Nothing leads from such a create to its item but what it says. */
function isNameless(context: Context, member: Member, { patch }: StoredIntent): boolean {
  if (hasMarkers(context, member)) return false;
  const key = searchKey(context, member);
  return member.collection.find === undefined || !key || typeof patch[key.field] !== 'string';
}

/** With a marker there is no doubt; without one, an item of that time with exactly these values. */
function isOutcomeOf(
  context: Context,
  member: Member,
  intent: StoredIntent,
  one: Case,
  item: Item,
): boolean {
  if (hasMarkers(context, member)) return isMarkedFor(context, member, one, intent, item);
  if (item.createdBy !== undefined && item.createdBy !== 'us') return false;
  if (isNameless(context, member, intent) && isOlder(member, intent, item)) return false;
  const { fields } = member.read(item, 0).present;
  return Object.entries(intent.patch).every(([field, sent]) => {
    const policy = context.sync.policy.fields.find(({ name }) => name === field);
    if (policy?.reference) return true;
    const read = fields[field];
    return read !== undefined && (same(read, sent) || member.facts.explains(field, sent, read));
  });
}

/** It was there before we asked for it. */
function isOlder({ facts }: Member, { armedAt }: StoredIntent, { createdAt }: Item): boolean {
  const { clockOffsetMs, clockUncertaintyMs } = facts;
  return (
    createdAt !== undefined && createdAt - clockOffsetMs + clockUncertaintyMs < armedAt - FINE_MS
  );
}

/** Some vendors tell the time in whole seconds. */
const FINE_MS = 1_000;

function hasMarkers({ rules }: Context, { can }: Member): boolean {
  return can.marker !== undefined && rules.has('adopt-by-marker');
}

function isMarkedFor(
  context: Context,
  member: Member,
  one: Case,
  { generation }: StoredIntent,
  { marker }: Item,
): boolean {
  return hasMarkers(context, member) && marker === markerFor(context, member, one, generation);
}

export function markerFor(
  { sync, secret }: Context,
  { endpoint }: Member,
  one: Case,
  generation: number,
): string {
  return writeMarker(
    { entity: one.entity.id, generation },
    { tenant: sync.tenant, sync: sync.id, endpoint },
    secret,
  );
}

// ---------------------------------------------------------------------------------------------
// Before a create

/** Takes out of the plans what must not be created now, and says why. */
export async function lookUpCreates(
  context: Context,
  cases: readonly Case[],
  refused: Set<Write>,
): Promise<void> {
  const planned = cases.flatMap((one) =>
    (one.plan?.writes ?? []).flatMap((write): Wish[] =>
      write.op === 'create' && !refused.has(write) ? [{ one, write }] : [],
    ),
  );
  if (planned.length === 0) return;
  const isAsked = await askedAbout(context, planned);
  const wishes = planned.filter((wish) => {
    const { one, write } = wish;
    const { endpoint } = write;
    const isOpen = isAsked.has(wish);
    if (!isOpen && !mayBeBack(context, one, endpoint)) return true;
    one.held.push({ reason: isOpen ? 'awaiting-decision' : 'found-there', endpoint });
    refused.add(write);
    return false;
  });
  for (const [endpoint, group] of Map.groupBy(wishes, ({ write }) => write.endpoint)) {
    for (const { write } of await refusedAt(context, endpoint, group)) refused.add(write);
  }
}

/** What was deleted there may have been restored; nothing is made beside it before that is known. */
function mayBeBack({ rules, world }: Context, one: Case, endpoint: EndpointId): boolean {
  if (!rules.has('look-up-before-create')) return false;
  const isOpen = formerItems(one, endpoint).some(({ id }) => {
    const seen = one.observed.get(id);
    return seen === undefined || seen.kind === 'present';
  });
  if (isOpen) {
    const why = 'What was deleted there may be back.';
    setBack(one, { kind: 'again', why, at: world.clock.now() + BACK_MS });
  }
  return isOpen;
}

const BACK_MS = 1_000;

async function refusedAt(
  context: Context,
  endpoint: EndpointId,
  wishes: readonly Wish[],
): Promise<readonly Wish[]> {
  const { rules, world } = context;
  const member = context.sync.members.get(endpoint);
  if (!member) return [];
  const cursors = await cursorsAt(context, endpoint);
  if (!cursors.has('enumerated') && rules.has('enumerate-before-create')) {
    for (const { one } of wishes) one.held.push({ reason: 'not-enumerated', endpoint });
    return wishes;
  }
  if (!rules.has('look-up-before-create')) return [];
  const late = new Set(
    wishes.filter(({ one }) => !isOverdue(one) && mayHaveBeenMade(context, cursors, one)),
  );
  const unguarded = wishes.filter((wish) => late.has(wish) || !isGuarded(context, member, wish));
  if (unguarded.length === 0) return [];
  const isBlind = rules.has('search-what-waits') && !findsAnySpelling(context, member);
  const isWaiting = (isBlind || late.size > 0) && (await isAnyWaiting(context, member));
  let rows: readonly Row[];
  try {
    rows = await lookUp(context, member, unguarded);
  } catch (error) {
    const setback = setbackOf(answered(error), world.clock.now());
    for (const { one } of unguarded) setBack(one, setback);
    return unguarded;
  }
  const taken = new Set(rows.flatMap(({ keys }) => strong(keys)));
  const isAnyNew = isWaiting || rows.some(({ isNew }) => isNew);
  return unguarded.filter((wish) => {
    const { one } = wish;
    const isFound = strong(keysOfEntity(context, one.plan!.entity)).some((key) => taken.has(key));
    const isLate = isAnyNew && late.has(wish);
    const isUnsure = isLate || (isBlind && isWaiting && !isOverdue(one));
    if (!isFound && !isUnsure) return false;
    const reason = isFound ? 'found-there' : isLate ? 'recovery' : 'not-enumerated';
    one.held.push({ reason, endpoint });
    setBack(one, { kind: 'wait', why: WHY_NOT[reason](member.title) });
    return true;
  });
}

const WHY_NOT = {
  'found-there': (title: string) => `An item with the same key is at "${title}" already.`,
  recovery: (title: string) =>
    `What is new at "${title}" may have been made for it before our own backup was put back.`,
  'not-enumerated': (title: string) =>
    `An item at "${title}" that could not be looked at so far may have the same key.`,
};

/** Whether a search finds what has the same key; else only a look at what waits can tell. */
function findsAnySpelling(context: Context, member: Member): boolean {
  const key = searchKey(context, member);
  if (!key || !member.collection.find) return false;
  return !member.can.literalPaths?.includes(key.path);
}

/** What was deleted before anybody knew it is listed again and again, so nobody waits for all to be quiet. */
function isOverdue({ leases }: Case): boolean {
  return leases.some(({ attempts }) => attempts >= WAITS_MAX);
}

/** Whether an item there has not been looked at yet. */
function isAnyWaiting({ store, sync }: Context, { endpoint }: Member): Promise<boolean> {
  return store.isWaiting(sync.tenant, { sync: sync.id, endpoint }, TRIES_MAX);
}

/**
 * Whether the vendor itself refuses a second item with any key of the record, which is surer than looking,
 * and costs nothing. A preview looks all the same, because it sends nothing that could be refused.
 */
function isGuarded(context: Context, member: Member, { one, write }: Wish): boolean {
  const { mode, sync } = context;
  if (mode.kind === 'preview') return false;
  const values = wholeValues(sync.policy.fields, one.plan!.entity.cells);
  const others = Object.entries(values).filter(([field, value]) => {
    const path = member.pathOf(field);
    const isUnique = path !== undefined && member.can.uniquePaths.includes(path);
    return !isUnique || !same(write.patch[field] ?? null, value);
  });
  return strong(keysOf(context, Object.fromEntries(others))).length === 0;
}

function strong(keys: readonly DigestedKey[]): string[] {
  return keys.flatMap(({ strength, digest }) => (strength === 'strong' ? [digest] : []));
}

/**
 * Once all of a system's items are known, its latest changes tell what is new there, in one call for the
 * whole page. A system without a list of changes, one in which not even that tells of what was restored, or
 * one with items that nobody has looked at yet, is searched for the keys. So is any, for a record that was
 * deleted meanwhile: whoever had its key was left alone.
 */
async function lookUp(
  context: Context,
  member: Member,
  wishes: readonly Wish[],
): Promise<readonly Row[]> {
  const { sync, mode, rules } = context;
  const isGlance = mode.kind === 'preview';
  const rows = await poll(context, member, sync.settings.latency, { isGlance });
  // What was listed before and has not been looked at is in no list of what is new.
  const mustSearch =
    rules.has('search-what-waits') &&
    (member.can.restoresSilently === true ||
      wishes.some(({ one }) => one.entity.epoch > 0) ||
      (await isAnyWaiting(context, member)) ||
      (await isGivenUp(context, member)) ||
      (await isAskedAt(context, member.endpoint)));
  if (rows && !mustSearch) return rows;
  const key = searchKey(context, member);
  if (!key) return rows ?? [];
  const values = wishes.flatMap(({ write }) => {
    const value = write.patch[key.field];
    return typeof value === 'string' ? [value] : [];
  });
  const items = await find(context, member, key.path, values);
  const found = items.length > 0 ? await markFound(context, member, items) : [];
  return [...(rows ?? []), ...found];
}

/** Whether an item there could not be looked at, and waits for somebody to try again. */
async function isGivenUp({ store, sync }: Context, { endpoint }: Member): Promise<boolean> {
  const letters = await store.listDeadLetters(sync.tenant, { state: 'open', limit: LETTERS });
  const isHere = letters.some(
    ({ key }) => key.kind === 'item' && key.sync === sync.id && key.endpoint === endpoint,
  );
  return isHere || letters.length === LETTERS;
}

/** With more of them it is searched in any case. */
const LETTERS = 100;

async function markFound(
  context: Context,
  member: Member,
  items: readonly Item[],
): Promise<readonly Row[]> {
  const { store, sync, priority, world } = context;
  const holders = await holdersOf(context, member, items);
  const marks = items.flatMap(({ id }, n) => {
    if (holders[n] && !holders[n].isAnother) return [];
    const key = { kind: 'item', ...itemRef(context, member, id) } as const;
    return [{ key, priority, windowMs: 0 }];
  });
  await store.mark(sync.tenant, { now: world.clock.now(), marks });
  return items.map((item, n) => {
    const holder = holders[n];
    const isKnown = holder !== undefined && !holder.isAnother;
    const keys = isKnown && !isUnread(holder) ? [] : keysOfRow(context, member, item);
    return { id: item.id, isLinked: isKnown, keys };
  });
}

function keysOfRow(context: Context, member: Member, item: Item): readonly DigestedKey[] {
  const cells = Object.entries(member.read(item, 0).present.fields).map(
    ([name, value]) => [name, { value, stamp: [0, 0, 0], origin: member.endpoint }] as const,
  );
  return keysOfEntity(context, { cells: Object.fromEntries(cells) });
}
