/**
 * Items that have no record yet: reads them and finds out whose they are. Whatever is not certain is
 * asked, and the item stays as it is until then.
 */
import type { Read } from '../connectors/connector.ts';
import {
  decideIdentity,
  type FoundKey,
  type Identity,
  type KeyHolder,
  type MarkedCreate,
} from '../core/identity.ts';
import { readMarker } from '../core/marker.ts';
import type { EndpointId, EntityId, FieldPolicy, Link, Present } from '../core/planner/model.ts';
import type {
  Claimed,
  KeyOwner,
  Loaded,
  NewReview,
  Ref,
  StoredIntent,
  StoredRecord,
} from '../store/store.ts';
import {
  IN_OTHER_HANDS,
  isInOtherHands,
  isUnanswered,
  newEntity,
  openCase,
  readChoice,
  replaceIntent,
  replaceLink,
  type Case,
} from './case.ts';
import { keysOf, newLinkId, type Context, type DigestedKey } from './context.ts';
import { retryTime } from './gate.ts';
import type { Member } from './member.ts';
import { adopt, surplusLink } from './adopting.ts';
import { observeItems, readIds } from './reading.ts';
import type { SeenItem } from './recent.ts';
import { LEFT, setbackOf, type Setback } from './retry.ts';

/** An item key that leads to no record. */
export interface Stray {
  readonly lease: Claimed;
  readonly ref: Ref;
  readonly reviews: Loaded['reviews'];
}

/** What came of the strays that did not become a case. */
export interface Settled {
  readonly lease: Claimed;
  readonly setback?: Setback;
  readonly review?: NewReview;
}

interface Found extends Stray {
  readonly member: Member;
  readonly seen: SeenItem;
  readonly present: Present;
  readonly keys: readonly DigestedKey[];
}

/** Turns strays into cases, into the given ones where the record is in this pass already. */
export async function discover(
  context: Context,
  strays: readonly Stray[],
  cases: Map<EntityId, Case>,
): Promise<Settled[]> {
  const settled: Settled[] = [];
  const found = await findItems(context, strays, settled);
  if (found.length === 0) return settled;
  const owners = await ownersOf(context, found);
  const records = await recordsOf(context, found, owners);
  for (const each of found) {
    const outcome = await place(context, each, owners, records, cases);
    if (outcome) settled.push(outcome);
  }
  return settled;
}

// ---------------------------------------------------------------------------------------------
// Reading

async function findItems(
  context: Context,
  strays: readonly Stray[],
  settled: Settled[],
): Promise<Found[]> {
  const found: Found[] = [];
  const byEndpoint = Map.groupBy(strays, ({ ref }) => ref.endpoint);
  for (const [endpoint, group] of byEndpoint) {
    const member = context.sync.members.get(endpoint);
    if (!member) {
      const setback = context.sync.unavailable.get(endpoint) ?? LEFT;
      settled.push(...group.map(({ lease }) => ({ lease, setback })));
      continue;
    }
    found.push(...(await findAt(context, member, group, settled)));
  }
  return found;
}

async function findAt(
  context: Context,
  member: Member,
  strays: readonly Stray[],
  settled: Settled[],
): Promise<Found[]> {
  const { recent, world } = context;
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
      const setback = { ...setbackOf(error), ...retryTime(error, world.clock.now()) };
      settled.push(...batch.map(({ lease }) => ({ lease, setback })));
      continue;
    }
    for (const [index, stray] of batch.entries()) {
      const read = reads[index]!;
      if (read.kind === 'present') seen.push({ ...stray, seen: { item: read.item, takenAt } });
      else settled.push(await withoutItem(context, member, stray, read));
    }
  }
  return seen.map((stray) => {
    const { present } = member.read(stray.seen.item, stray.seen.takenAt);
    return { ...stray, member, present, keys: keysOf(context, present.fields) };
  });
}

/** Nothing is there, so nothing follows; an item that was merged away leads to the one it is now. */
async function withoutItem(
  { store, sync, priority, world }: Context,
  { can }: Member,
  { lease, ref }: Stray,
  read: Exclude<Read, { kind: 'present' }>,
): Promise<Settled> {
  if (read.kind === 'merged') {
    const key = { kind: 'item', ...ref, remoteId: read.into } as const;
    await store.mark(sync.tenant, {
      now: world.clock.now(),
      marks: [{ key, priority, windowMs: 0 }],
    });
  }
  // The news may be faster than the system's own replicas.
  const since = world.clock.now() - (lease.markedAt ?? 0);
  if (read.kind === 'missing' && since <= can.readLagMs) {
    const why = 'The item cannot be read yet.';
    return { lease, setback: { kind: 'again', why, at: world.clock.now() + can.readLagMs + 1 } };
  }
  return { lease };
}

// ---------------------------------------------------------------------------------------------
// Whose is it?

type Owners = ReadonlyMap<string, KeyOwner>;
type Records = ReadonlyMap<EntityId, StoredRecord>;

async function ownersOf(
  { store, sync }: Context,
  found: readonly { readonly keys: readonly DigestedKey[] }[],
): Promise<Owners> {
  const digests = [...new Set(found.flatMap(({ keys }) => keys.map(({ digest }) => digest)))];
  if (digests.length === 0) return new Map();
  const owners = await store.findKeys(sync.tenant, digests);
  return new Map(
    digests.flatMap((digest, n) => {
      const owner = owners[n];
      return owner ? [[digest, owner] as const] : [];
    }),
  );
}

/** The records that could be meant: those that share a key, are named by a marker, or were chosen. */
async function recordsOf(
  context: Context,
  found: readonly Found[],
  owners: Owners,
): Promise<Records> {
  const { store, sync } = context;
  const ids = new Set<EntityId>();
  for (const each of found) {
    for (const { digest } of each.keys) {
      const owner = owners.get(digest);
      if (owner) ids.add(owner.entity);
    }
    const marker = markerIn(context, each);
    if (marker) ids.add(marker.entity as EntityId);
    const chosen = decisionOn(each.reviews)?.entity;
    if (chosen) ids.add(chosen);
  }
  if (ids.size === 0) return new Map();
  const keys = [...ids].map((entity) => ({ kind: 'entity', sync: sync.id, entity }) as const);
  const loaded = await store.load(sync.tenant, keys);
  return new Map(
    loaded.flatMap(({ record }) => (record ? [[record.entity.id, record] as const] : [])),
  );
}

function markerIn({ sync, secret, rules }: Context, { member, seen }: Found) {
  if (!rules.has('adopt-by-marker')) return undefined;
  const scope = { tenant: sync.tenant, sync: sync.id, endpoint: member.endpoint };
  return readMarker(seen.item.marker, scope, secret);
}

function decisionOn(reviews: Loaded['reviews']): ReturnType<typeof readChoice> | undefined {
  const decided = reviews.findLast(({ decision, reason }) => {
    return decision !== undefined && reason !== 'remote-delete' && reason !== 'remote-restore';
  });
  return decided?.decision && readChoice(decided.decision.choice);
}

async function place(
  context: Context,
  found: Found,
  owners: Owners,
  records: Records,
  cases: Map<EntityId, Case>,
): Promise<Settled | undefined> {
  const { lease, ref, reviews } = found;
  const identity = identify(context, found, owners, records, cases);
  switch (identity.kind) {
    case 'wait':
      return { lease, setback: { kind: 'wait', why: identity.why } };
    case 'ignore':
      return { lease };
    case 'ask': {
      const isAsked = reviews.some(
        ({ state, reason }) => state === 'open' && reason === identity.reason,
      );
      const { reason, candidates } = identity;
      return isAsked ? { lease } : { lease, review: { ...ref, reason, candidates } };
    }
    case 'newEntity': {
      const one = openCase(
        lease,
        { entity: newEntity(context.world.newId() as EntityId), links: [], intents: [] },
        reviews,
        context.sync.policy.fields,
      );
      cases.set(one.entity.id, one);
      if (decisionOn(reviews)?.decision === 'new') yieldKeys(one, found, owners);
      await attach(context, one, found, 0);
      return undefined;
    }
    case 'belongsTo':
    case 'revive':
    case 'discard': {
      const { fields } = context.sync.policy;
      const now = context.world.clock.now();
      const one = caseOf(found, identity.entity, records, cases, fields, now);
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

type Placement = Identity | { readonly kind: 'wait'; readonly why: string };

function identify(
  context: Context,
  found: Found,
  owners: Owners,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): Placement {
  const chosen = decisionOn(found.reviews);
  if (chosen?.decision === 'ignore') return { kind: 'ignore', reason: 'auto-link-off' };
  if (chosen?.decision === 'new') return { kind: 'newEntity', reason: 'no-match' };
  if (chosen?.decision === 'link' && chosen.entity && records.has(chosen.entity)) {
    return { kind: 'belongsTo', entity: chosen.entity, reason: 'auto-link-off' };
  }
  const marker = markedCreate(context, found, records, cases);
  const keys = found.keys.map((key): FoundKey => {
    const owner = owners.get(key.digest);
    const holders = owner ? [holderOf(context, found, owner, records, cases)] : [];
    return { kind: key.kind, strength: key.strength, holders, twinsHere: 0 };
  });
  const identity = decideIdentity(
    { keys, ...(marker ? { marker } : {}) },
    context.sync.settings.identity,
  );
  if (identity.kind === 'ask' && identity.reason === 'create-pending-here') {
    return { kind: 'wait', why: 'A create for the same record may still turn up in this system.' };
  }
  return identity;
}

function stateOf(
  entity: EntityId,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): Pick<Case, 'entity' | 'links' | 'intents'> | undefined {
  return cases.get(entity) ?? records.get(entity);
}

function holderOf(
  { sync, rules }: Context,
  { member, present }: Found,
  { entity, life }: KeyOwner,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): KeyHolder {
  const state = stateOf(entity, records, cases);
  const here = (endpoint: EndpointId): boolean => endpoint === member.endpoint;
  const contradicted = sync.settings.match.some(({ field, kind }) => {
    if (kind !== 'xid') return false;
    const ours = state?.entity.cells[field]?.value ?? null;
    const theirs = present.fields[field] ?? null;
    return ours !== null && theirs !== null && ours !== theirs;
  });
  const hasItem = state?.links.some((l) => here(l.endpoint) && takesPlace(l)) ?? false;
  const isPending = state?.intents.some((i) => isOpenCreate(i, member.endpoint)) ?? false;
  return {
    entity,
    life: state?.entity.life === 'dead' || life === 'dead' ? 'dead' : 'live',
    linkedHere: rules.has('one-item-per-system') && hasItem,
    createPendingHere: isPending,
    contradicted,
  };
}

/** Whether a record with this link has its item in that system. */
function takesPlace({ state }: Link): boolean {
  return state === 'live' || state === 'held';
}

function isOpenCreate(intent: StoredIntent, endpoint: EndpointId): boolean {
  return intent.op === 'create' && intent.endpoint === endpoint && isUnanswered(intent);
}

function markedCreate(
  context: Context,
  found: Found,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): MarkedCreate | undefined {
  const marker = markerIn(context, found);
  const state = marker && stateOf(marker.entity as EntityId, records, cases);
  if (!marker || !state) return undefined;
  const { item } = found.seen;
  const linkedHere = state.links.some(
    (link) => link.endpoint === found.member.endpoint && takesPlace(link),
  );
  const isExpected = state.intents.some(
    (intent) =>
      isOpenCreate(intent, found.member.endpoint) && intent.generation === marker.generation,
  );
  return {
    entity: marker.entity as EntityId,
    madeByUs:
      item.createdBy === undefined
        ? isExpected || !linkedHere
        : item.createdBy === 'us' || !context.rules.has('copies-are-not-ours'),
    life: state.entity.life === 'dead' ? 'dead' : 'live',
    linkedHere,
    unchangedSinceCreation: item.createdAt !== undefined && item.createdAt === item.changedAt,
  };
}

// ---------------------------------------------------------------------------------------------
// Taking it in

function caseOf(
  { lease, reviews }: Found,
  entity: EntityId,
  records: Records,
  cases: Map<EntityId, Case>,
  fields: readonly FieldPolicy[],
  now: number,
): Case | undefined {
  const known = cases.get(entity);
  if (known) {
    known.leases.push(lease);
    return known;
  }
  const record = records.get(entity);
  if (!record || isInOtherHands(record, now)) return undefined;
  const one = openCase(lease, record, reviews, fields);
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
  if (intent && how !== 'discard' && markerIn(context, found)) {
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
