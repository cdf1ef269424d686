/**
 * Items that have no record yet: reads them and finds out whose they are. Whatever is not certain is
 * asked, and the item stays as it is until then.
 */
import type { Item, Read } from '../connectors/connector.ts';
import type { EntityId, Link } from '../core/planner/model.ts';
import {
  isGivenAway,
  type Claimed,
  type Loaded,
  type NewReview,
  type Ref,
} from '../store/store.ts';
import {
  addReviews,
  IN_OTHER_HANDS,
  joinCase,
  newEntity,
  openCase,
  replaceIntent,
  replaceLink,
  takesPlace,
  type Case,
} from './case.ts';
import { keysOf, leftKeysOf, newLinkId, refTo, setbackWithout, type Context } from './context.ts';
import { withCopies } from './copies.ts';
import { withHeirs } from './heirs.ts';
import {
  candidatesOf,
  decisionOn,
  identify,
  isOfDying,
  isOpenCreate,
  markerIn,
  ownersOf,
  recordsOf,
  stateOf,
  type Found,
  type Owners,
  type Placement,
  type Records,
  type Stray,
} from './identifying.ts';
import type { Member } from './member.ts';
import { adopt, surplusLink } from './adopting.ts';
import { observeItems, readIds, shownIn } from './reading.ts';
import type { SeenItem } from './recent.ts';
import { withRestored } from './restored.ts';
import { answered, LOOKED_AT, setbackOf, WAITS_MAX, type Setback } from './retry.ts';
import { withTwins } from './twins.ts';
import { doubtOlder } from './vendor-backups.ts';

/** What came of the strays that did not become a case. */
export interface Settled {
  readonly lease: Claimed;
  readonly setback?: Setback;
  readonly review?: NewReview;
}

/** It was merged into another before anybody knew it. */
export interface MergedAway extends Stray {
  readonly into: Ref;
}

/** What the strays turned out to be. */
interface Looked {
  readonly found: Found[];
  readonly merged: MergedAway[];
}

/**
 * Turns strays into cases, into the given ones where the record is in this pass already. Those that were
 * merged away are left to the caller.
 */
export async function discover(
  context: Context,
  strays: readonly Stray[],
  cases: Map<EntityId, Case>,
): Promise<{ readonly settled: readonly Settled[]; readonly merged: readonly MergedAway[] }> {
  const settled: Settled[] = [];
  const { found: all, merged } = await findItems(context, strays, settled);
  const found = await withoutSuccessors(context, all, settled);
  if (found.length === 0) return { settled, merged };
  const owners = await ownersOf(context, found);
  const records = await recordsOf(context, candidatesOf(context, found, owners));
  const doubted = found.map((each) => withFormer(context, each, records, cases));
  const copies = await withCopies(context, doubted, records, cases);
  const told = await withHeirs(context, copies, records, cases);
  const twins = await withTwins(context, told, owners, records);
  for (const each of await withRestored(context, twins, owners, records)) {
    const { lease, setback } = each;
    const outcome = setback
      ? { lease, setback }
      : await place(context, each, owners, records, cases);
    if (outcome) settled.push(outcome);
  }
  return { settled, merged };
}

// ---------------------------------------------------------------------------------------------
// Reading

async function findItems(
  context: Context,
  strays: readonly Stray[],
  settled: Settled[],
): Promise<Looked> {
  const looked: Looked = { found: [], merged: [] };
  const byEndpoint = Map.groupBy(strays, ({ ref }) => ref.endpoint);
  for (const [endpoint, group] of byEndpoint) {
    const member = context.sync.members.get(endpoint);
    if (!member) {
      const setback = setbackWithout(context, endpoint);
      settled.push(...group.map(({ lease }) => ({ lease, setback })));
      continue;
    }
    await findAt(context, member, group, looked, settled);
  }
  return looked;
}

async function findAt(
  context: Context,
  member: Member,
  strays: readonly Stray[],
  { found, merged }: Looked,
  settled: Settled[],
): Promise<void> {
  const { recent, world, sync } = context;
  const { endpoint } = member;
  const seen: (Stray & { readonly seen: SeenItem })[] = [];
  const unseen: Stray[] = [];
  for (const stray of strays) {
    const known = recent.take(stray.ref, world.clock.now());
    if (known) seen.push({ ...stray, seen: known });
    else unseen.push(stray);
  }
  for (let n = 0; n < unseen.length; n += member.can.batch.read) {
    const batch = unseen.slice(n, n + member.can.batch.read);
    const takenAt = world.clock.now();
    let reads: readonly Read[];
    try {
      reads = await readIds(
        context,
        member,
        batch.map(({ ref }) => ref.remoteId),
      );
    } catch (error) {
      const setback = setbackOf(answered(error), world.clock.now());
      settled.push(...batch.map(({ lease }) => ({ lease, setback })));
      continue;
    }
    for (const [index, stray] of batch.entries()) {
      const read = reads[index]!;
      const former =
        read.kind === 'present' && perhapsFormer(context, member, stray, read.item, takenAt);
      if (former) settled.push(former);
      else if (read.kind === 'present') {
        seen.push({ ...stray, seen: { item: read.item, takenAt, isRead: true } });
      } else if (read.kind === 'missing') settled.push(withoutItem(context, member, stray));
      else merged.push({ ...stray, into: refTo(sync, { endpoint, remoteId: read.into }) });
    }
  }
  for (const stray of seen) {
    const { present } = member.read(stray.seen.item, stray.seen.takenAt);
    const { fields } = present;
    const keys = [...keysOf(context, fields), ...leftKeysOf(context, endpoint, fields)];
    found.push({ ...stray, member, present, keys });
  }
}

/**
 * Where ids are given again, a stranger beside whom a read has just shown somebody else may be who had the
 * id before, in an answer that is old.
 */
function perhapsFormer(
  { doubts, rules }: Context,
  member: Member,
  { ref, lease }: Stray,
  item: Item,
  takenAt: number,
): Settled | undefined {
  const { reusesIds, readLagMs } = member.can;
  if (!reusesIds || readLagMs === 0 || !rules.has('reused-ids')) return undefined;
  if (!doubts.isBehind(ref, shownIn(member, item), takenAt, readLagMs)) return undefined;
  const why = 'The item reads in two ways, and one of them is old.';
  return { lease, setback: { kind: 'again', why, at: takenAt + readLagMs + 1 } };
}

/**
 * Whoever is known to have had the id before is shown because the answer is old, unless that lasts: then the
 * vendor has brought them back.
 */
function withFormer(
  context: Context,
  found: Found,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): Found {
  const { member, ref, seen } = found;
  const { item, takenAt, isRead } = seen;
  if (item.createdAt === undefined || !context.rules.has('reused-ids')) return found;
  const links = [...records.keys()].flatMap((entity) => stateOf(entity, records, cases)!.links);
  const former = links.find((link) => {
    const hadIt = link.endpoint === ref.endpoint && link.remoteId.startsWith(`${ref.remoteId}@`);
    return hadIt && isGivenAway(link) && link.createdAt === item.createdAt;
  });
  if (!former) return found;
  const doubt =
    isRead && doubtOlder(context, member, former.id, `made at ${item.createdAt}`, takenAt);
  if (doubt && doubt.isOver) return found;
  const why = `"${member.title}" shows who had the id before.`;
  // A list may be old for longer, so it is read.
  return { ...found, setback: { kind: 'again', why, at: doubt ? doubt.overAt : takenAt } };
}

/** Nothing is there, so nothing follows. */
function withoutItem({ world }: Context, { can }: Member, { lease }: Stray): Settled {
  // The news may be faster than the system's own replicas.
  const since = world.clock.now() - (lease.markedAt ?? 0);
  if (since <= can.readLagMs) {
    const why = 'The item cannot be read yet.';
    return { lease, setback: { kind: 'again', why, at: world.clock.now() + can.readLagMs + 1 } };
  }
  return { lease };
}

/** Whoever took over items that are known is nobody new: those are read first, and lead to it. */
async function withoutSuccessors(
  { store, sync, priority, world }: Context,
  found: readonly Found[],
  settled: Settled[],
): Promise<readonly Found[]> {
  const pairs = found.flatMap((each) => {
    const { mergedFrom = [] } = each.seen.item;
    return mergedFrom.map((remoteId) => ({ each, former: refTo(sync, { ...each.ref, remoteId }) }));
  });
  if (pairs.length === 0) return found;
  const formers = pairs.map(({ former }) => former);
  const links = await store.findLinks(sync.tenant, formers);
  const open = pairs.filter((_, n) => links[n]?.state === 'live');
  const marks = open.map(({ former }) => {
    return { key: { kind: 'item', ...former } as const, priority, windowMs: 0 };
  });
  if (marks.length > 0) await store.mark(sync.tenant, { now: world.clock.now(), marks });
  const successors = new Set(open.map(({ each }) => each));
  const why = 'What it was merged from is looked at first.';
  for (const { lease } of successors) settled.push({ lease, setback: { kind: 'wait', why } });
  return found.filter((each) => !successors.has(each));
}

// ---------------------------------------------------------------------------------------------
// Giving each its place

async function place(
  context: Context,
  found: Found,
  owners: Owners,
  records: Records,
  cases: Map<EntityId, Case>,
): Promise<Settled | undefined> {
  const { lease, ref, reviews } = found;
  const identity = await identify(context, found, owners, records, cases);
  switch (identity.kind) {
    case 'wait':
      return { lease, setback: { kind: 'wait', why: identity.why } };
    case 'pending': {
      const { why } = identity;
      if (lease.attempts < WAITS_MAX) return { lease, setback: { kind: 'wait', why } };
      // As long as it waits, the create is not repeated beside it.
      return { lease, setback: { kind: 'again', why, at: context.world.clock.now() + PENDING_MS } };
    }
    case 'later': {
      const at = context.world.clock.now() + COMPARED_MS;
      // Twice it counts: from then on, sweeps do not wait for it.
      const kind = lease.attempts < LOOKED_AT ? 'moved' : 'again';
      return { lease, setback: { kind, why: identity.why, at } };
    }
    case 'ignore':
      return { lease };
    case 'ask': {
      if (isAsked(reviews, identity)) return { lease };
      const { reason, candidates, forgotten } = identity;
      const about = forgotten === undefined ? {} : { entity: forgotten };
      return { lease, review: { ...ref, reason, candidates, ...about } };
    }
    case 'newEntity': {
      // Whose it is was asked when it had other keys; that it has them no more is no answer.
      if (isQuestioned(reviews) && !decisionOn(reviews)) return { lease };
      const one = openCase(
        lease,
        {
          entity: newEntity(context.world.newId() as EntityId),
          links: [],
          intents: [],
        },
        reviews,
        context.sync,
      );
      cases.set(one.entity.id, one);
      if (decisionOn(reviews)?.decision === 'new') yieldKeys(one, found, owners);
      await attach(context, one, found, 0);
      return undefined;
    }
    case 'belongsTo':
    case 'revive':
    case 'discard': {
      const one = await caseOf(context, found, identity.entity, records, cases);
      if (!one) return { lease, setback: IN_OTHER_HANDS };
      const known = one.links.find(
        (link) => link.endpoint === ref.endpoint && link.remoteId === ref.remoteId,
      );
      if (known) {
        // Whoever created it has just stored that.
        one.wanted.add(known.id);
        return undefined;
      }
      if (identity.kind === 'revive') {
        one.entity = { ...one.entity, life: 'live', epoch: one.entity.epoch + 1 };
      }
      await join(context, one, found, identity.kind);
      return undefined;
    }
  }
}

/** How soon an item is looked at again for which a create has been pending for long. */
const PENDING_MS = 60_000;
/** How soon an item is looked at again that can only be judged when everything is compared. */
const COMPARED_MS = 15_000;

/** Nobody is asked twice about the same records, whatever else speaks for them by now. */
function isAsked(
  reviews: Loaded['reviews'],
  { reason, candidates, forgotten }: Extract<Placement, { kind: 'ask' }>,
): boolean {
  return reviews.some((review) => {
    if (review.state !== 'open') return false;
    const isAbout =
      candidates.length > 0 && candidates.every((id) => review.candidates.includes(id));
    return review.reason === reason || (isAbout && !isOfDying(review) && forgotten === undefined);
  });
}

function isQuestioned(reviews: Loaded['reviews']): boolean {
  return reviews.some((review) => {
    return review.state === 'open' && review.candidates.length > 0 && !isOfDying(review);
  });
}

// ---------------------------------------------------------------------------------------------
// Taking it in

/** The case of a record, with the lease of what turned out to be its item; none while others are at it. */
export async function caseOf(
  context: Context,
  { lease, reviews }: Stray,
  entity: EntityId,
  records: Records,
  cases: Map<EntityId, Case>,
): Promise<Case | undefined> {
  const known = cases.get(entity);
  if (known) {
    joinCase(known, lease, reviews);
    return known;
  }
  const record = records.get(entity);
  if (!record || (await context.leases.inOtherHands([record])).size > 0) return undefined;
  const one = openCase(lease, record, reviews, context.sync);
  addReviews(one, record.reviews);
  cases.set(entity, one);
  return one;
}

async function join(
  context: Context,
  one: Case,
  found: Found,
  how: 'belongsTo' | 'revive' | 'discard',
): Promise<void> {
  const { endpoint } = found.member;
  const intent = one.intents.findLast((each) => isOpenCreate(each, endpoint));
  // What was typed into what we sent is an edit also when the record has died meanwhile.
  const isNeeded = how !== 'discard' || one.entity.life === 'dead';
  if (intent && isNeeded && markerIn(context, found)) {
    await adopt(context, one, intent, found.member, found.seen);
    return;
  }
  const generation = one.links.filter((link) => link.endpoint === endpoint).length;
  if (how !== 'discard') {
    await attach(context, one, found, generation);
    return;
  }
  const link = surplusLink(context, one, found, generation);
  replaceLink(one, link);
  // It is known to have landed, one item too many.
  if (intent) replaceIntent(one, { ...intent, state: 'applied', observed: true, link: link.id });
  await observeItems(context, found.member, [{ one, link, seen: found.seen }]);
  if (link.state === 'duplicate' && context.rules.has('remove-surplus')) one.surplus.add(link.id);
}

/** Somebody said that it is another record, so it goes on without the keys that others have. */
function yieldKeys(one: Case, { keys }: Found, owners: Owners): void {
  for (const { digest } of keys) if (owners.has(digest)) one.yielded.add(digest);
}

/** A second item of a record in one system, which only a person can say, is known and left alone. */
async function attach(
  context: Context,
  one: Case,
  { member, ref, seen }: Found,
  generation: number,
): Promise<void> {
  const isSecond = one.links.some((link) => link.endpoint === member.endpoint && takesPlace(link));
  const link: Link = {
    id: newLinkId(context.world),
    endpoint: member.endpoint,
    remoteId: ref.remoteId,
    state: isSecond ? 'duplicate' : 'live',
    generation,
    cells: {},
  };
  replaceLink(one, link);
  if (!isSecond) await observeItems(context, member, [{ one, link, seen }]);
}
