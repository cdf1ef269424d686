/**
 * Whose an item is that has no record yet: by its marker, by its keys, by what a person has said. What
 * only our own database may have forgotten is told from what is new.
 */
import type { Item } from '../connectors/connector.ts';
import {
  decideIdentity,
  type FoundKey,
  type Identity,
  type KeyHolder,
  type MarkedCreate,
} from '../core/identity.ts';
import { readMarker, type Marker } from '../core/marker.ts';
import type { EndpointId, EntityId, Present } from '../core/planner/model.ts';
import type {
  Claimed,
  KeyOwner,
  Loaded,
  Ref,
  StoredIntent,
  StoredRecord,
  StoredReview,
} from '../store/store.ts';
import { isUnanswered, readChoice, takesPlace, type Case } from './case.ts';
import type { Context, DigestedKey } from './context.ts';
import type { Member } from './member.ts';
import type { SeenItem } from './recent.ts';
import { candidatesFor, recoveryStage } from './recovery.ts';
import { WAITS_MAX, type Setback } from './retry.ts';
import { survivorIn } from './survivors.ts';
import { lossesAt } from './vendor-backups.ts';

/** An item key that leads to no record. */
export interface Stray {
  readonly lease: Claimed;
  readonly ref: Ref;
  readonly reviews: Loaded['reviews'];
}

export interface Found extends Stray {
  readonly member: Member;
  readonly seen: SeenItem;
  readonly present: Present;
  readonly keys: readonly DigestedKey[];
  /** Keys that another item there has that belongs to no record either. */
  readonly shared?: ReadonlySet<string>;
  /** An older item there has the same marker. */
  readonly isCopy?: boolean;
  /** A record whose item had the same marker, and is not there any more. */
  readonly heirOf?: EntityId;
  /** Deleted records with its key of which an item is shown again. */
  readonly restored?: readonly EntityId[];
  /** Why nobody can tell yet whose it is. */
  readonly setback?: Setback;
}

export type Placement =
  /** `forgotten`: the record that the item was made for, of which nothing else is known. */
  | (Identity & { readonly forgotten?: EntityId })
  /** `pending`: until it is known what became of a create; `later`: for as long as it takes. */
  | { readonly kind: 'wait' | 'pending' | 'later'; readonly why: string };

export type Owners = ReadonlyMap<string, KeyOwner>;
/** Records, and what is asked about them. */
export type Records = ReadonlyMap<EntityId, StoredRecord & { readonly reviews: Loaded['reviews'] }>;
export type Known = Pick<Case, 'entity' | 'links' | 'intents'>;

export async function ownersOf(
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
export function candidatesOf(
  context: Context,
  found: readonly Found[],
  owners: Owners,
): ReadonlySet<EntityId> {
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
  return ids;
}

export async function recordsOf(
  { store, sync }: Context,
  entities: Iterable<EntityId>,
): Promise<Records> {
  const keys = [...new Set(entities)].map((entity) => {
    return { kind: 'entity', sync: sync.id, entity } as const;
  });
  if (keys.length === 0) return new Map();
  const loaded = await store.load(sync.tenant, keys);
  return new Map(
    loaded.flatMap(({ record, reviews }) =>
      record ? [[record.entity.id, { ...record, reviews }] as const] : [],
    ),
  );
}

export function markerIn({ sync, secret, rules }: Context, { member, seen }: Found) {
  if (!rules.has('adopt-by-marker')) return undefined;
  const scope = { tenant: sync.tenant, sync: sync.id, endpoint: member.endpoint };
  return readMarker(seen.item.marker, scope, secret);
}

export function decisionOn(reviews: Loaded['reviews']): ReturnType<typeof readChoice> | undefined {
  const decided = reviews.findLast(({ decision, reason }) => {
    return decision !== undefined && reason !== 'remote-delete' && reason !== 'remote-restore';
  });
  return decided?.decision && readChoice(decided.decision.choice);
}

/** Certain, or asked, or to be found out later. */
export async function identify(
  context: Context,
  found: Found,
  owners: Owners,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): Promise<Placement> {
  const identity = identifyBy(context, found, owners, records, cases);
  const former =
    identity.kind === 'newEntity' ? formerOwners(context, found, owners, records, cases) : [];
  if (former.length > 0) {
    const isAsked = former.some((entity) => isDeathInQuestion(records.get(entity)));
    const chosen = decisionOn(found.reviews);
    // What keeps the other one there may take for ever, and this one would wait unseen.
    if (!chosen && (isAsked || isOverdue(found))) {
      return { kind: 'ask', candidates: former, reason: 'still-being-deleted' };
    }
    if (!isOverdue(found)) {
      return { kind: 'wait', why: 'Whoever had its key before is still being deleted.' };
    }
  }
  if (identity.kind === 'newEntity' && found.restored) {
    return { kind: 'ask', candidates: found.restored, reason: 'tombstone-match' };
  }
  const lost = await perhapsLost(context, found, identity, owners, records);
  if (lost.length > 0) return { kind: 'ask', candidates: lost, reason: 'tombstone-match' };
  const merged = decisionOn(found.reviews) ? [] : await mergedIn(context, found, identity);
  if (merged.length > 0) return { kind: 'ask', candidates: merged, reason: 'merged-from-several' };
  return inRecovery(context, found, identity, forgottenBy(context, found, records, cases));
}

/**
 * The deleted records for whose sake it would be ignored, and which a vendor may only have lost: then whoever
 * enters somebody anew there makes up for that.
 */
async function perhapsLost(
  context: Context,
  { keys }: Found,
  identity: Placement,
  owners: Owners,
  records: Records,
): Promise<readonly EntityId[]> {
  if (identity.kind !== 'ignore' || identity.reason !== 'tombstone-match') return [];
  const losses = await lossesAt(context);
  const strong = keys.filter(({ strength }) => strength === 'strong');
  const holders = strong.flatMap(({ digest }) => owners.get(digest)?.entity ?? []);
  return [...new Set(holders)].filter((entity) => {
    const links = records.get(entity)?.links ?? [];
    return links.some(({ state, endpoint }) => state === 'gone' && losses.has(endpoint));
  });
}

/** The records whose items were merged into one of which nobody can tell whose it is: a merge makes nobody new. */
async function mergedIn(
  context: Context,
  { member, seen, heirOf }: Found,
  identity: Placement,
): Promise<readonly EntityId[]> {
  const isByKey = identity.kind === 'belongsTo' && identity.reason === 'strong-key';
  if (!isByKey && identity.kind !== 'newEntity') return [];
  if (!isByKey && heirOf) return [heirOf];
  const { owner, formers } = await survivorIn(context, member, seen.item);
  // A key may have come along from one that did not win, in place of one that was taken away.
  return isByKey && owner !== 'several' ? [] : formers;
}

/** The dead that had its key and of which something is left: a new record would be made beside that. */
function formerOwners(
  { sync, rules }: Context,
  { keys }: Found,
  owners: Owners,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): readonly EntityId[] {
  if (!rules.has('look-up-before-create')) return [];
  const deletes = new Set(
    sync.policy.members.filter((member) => member.delete).map(({ endpoint }) => endpoint),
  );
  return keys.flatMap(({ strength, digest }) => {
    const owner = strength === 'strong' ? owners.get(digest) : undefined;
    const state = owner && stateOf(owner.entity, records, cases);
    if (state?.entity.life !== 'dead') return [];
    const isLeft = state.links.some((link) => link.state === 'live' && deletes.has(link.endpoint));
    return isLeft ? [state.entity.id] : [];
  });
}

/** It has waited for as long as anybody waits for something else, or did so before. */
export function isOverdue({ lease, reviews }: Found): boolean {
  return lease.attempts >= WAITS_MAX || reviews.some(isOfDying);
}

/** Whether a person is asked because somebody who was deleted is still there: time may answer that. */
export function isOfDying({ state, reason }: StoredReview): boolean {
  return state === 'open' && reason === 'still-being-deleted';
}

/** A person is asked whether what is left of the dead is to go as well. */
function isDeathInQuestion(record: StoredRecord | undefined): boolean {
  return record?.conflicts.some(({ cell, state }) => cell === '*' && state === 'open') ?? false;
}

function identifyBy(
  context: Context,
  found: Found,
  owners: Owners,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): Placement {
  const chosen = decisionOn(found.reviews);
  if (chosen?.decision === 'ignore') return { kind: 'ignore', reason: 'auto-link-off' };
  const marker = markedCreate(context, found, records, cases);
  if (chosen?.decision === 'new') return { kind: 'newEntity', reason: 'no-match' };
  const linked = chosen?.decision === 'link' && chosen.entity && records.get(chosen.entity);
  if (linked) {
    // Whoever says that it is somebody who was deleted says that they are back.
    const kind = linked.entity.life === 'dead' ? 'revive' : 'belongsTo';
    return { kind, entity: linked.entity.id, reason: 'auto-link-off' };
  }
  const keys = found.keys.map((key): FoundKey => {
    const owner = owners.get(key.digest);
    const holders = owner ? [holderOf(context, found, key, owner, records, cases)] : [];
    const twinsHere = found.shared?.has(key.digest) ? 1 : 0;
    return { kind: key.kind, strength: key.strength, holders, twinsHere };
  });
  const identity = decideIdentity(
    { keys, ...(marker ? { marker } : {}) },
    context.sync.settings.identity,
  );
  if (identity.kind === 'ask' && identity.reason === 'create-pending-here') {
    const why = 'A create for the same record may still turn up in this system.';
    return { kind: 'pending', why };
  }
  return identity;
}

export function stateOf(
  entity: EntityId,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): Known | undefined {
  return cases.get(entity) ?? records.get(entity);
}

function holderOf(
  { sync, rules }: Context,
  { member, present }: Found,
  { isLeft }: DigestedKey,
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
    // The record itself has got another key since.
    contradicted: contradicted || isLeft === true,
  };
}

export function isOpenCreate(intent: StoredIntent, endpoint: EndpointId): boolean {
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
  // The item that it was made for was merged into this one, and the marker came along.
  const isHandedOn = state.links.some(
    ({ endpoint, mergedInto, generation }) =>
      endpoint === found.member.endpoint &&
      mergedInto === item.id &&
      generation === marker.generation,
  );
  if (isHandedOn) return undefined;
  return {
    entity: marker.entity as EntityId,
    madeByUs:
      item.createdBy === undefined
        ? !found.isCopy && isOutcome(found, marker, state)
        : item.createdBy === 'us' || !context.rules.has('copies-are-not-ours'),
    life: state.entity.life === 'dead' ? 'dead' : 'live',
    linkedHere: isLinkedHere(found, state),
    unchangedSinceCreation: isUntouched(item),
  };
}

/** It is as it was made. Where nobody tells, it may not be. */
export function isUntouched({ createdAt, changedAt }: Item): boolean {
  return createdAt !== undefined && createdAt === changedAt;
}

/** The record waits for an item with this marker there, or has none there. */
export function isOutcome(found: Found, marker: Marker, state: Known): boolean {
  const { endpoint } = found.member;
  const isExpected = state.intents.some(
    (intent) => isOpenCreate(intent, endpoint) && intent.generation === marker.generation,
  );
  return isExpected || !isLinkedHere(found, state);
}

function isLinkedHere({ member }: Found, { links }: Known): boolean {
  return links.some((link) => link.endpoint === member.endpoint && takesPlace(link));
}

// ---------------------------------------------------------------------------------------------
// After our own database was put back

/**
 * The record that an item was made for, by us, if our own database knows nothing of it any more; or that what
 * we made was, from which a merge has made this one.
 */
function forgottenBy(
  context: Context,
  found: Found,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): EntityId | undefined {
  const marker = markerIn(context, found);
  if (!marker || found.isCopy || !context.rules.has('compare-after-backup')) return undefined;
  const entity = marker.entity as EntityId;
  return stateOf(entity, records, cases) ? undefined : entity;
}

/** What our own database does not know may only have been forgotten, so nothing follows from that. */
async function inRecovery(
  context: Context,
  { member, reviews }: Found,
  identity: Placement,
  forgotten: EntityId | undefined,
): Promise<Placement> {
  const isLoner =
    forgotten !== undefined && (identity.kind === 'newEntity' || identity.kind === 'ask');
  if (!isLoner && identity.kind !== 'discard') return identity;
  if (isLoner && decisionOn(reviews)) return identity;
  const stage = await recoveryStage(context);
  const why = 'Everything is compared first, because our own database was put back to a backup.';
  if (stage === 'comparing') return { kind: 'later', why };
  if (identity.kind === 'discard') {
    const mayLive = stage !== 'never' && identity.reason === 'late-own-create';
    const { entity, reason } = identity;
    return mayLive ? { kind: 'ask', candidates: [entity], reason } : identity;
  }
  if (!isLoner) return identity;
  const younger = await candidatesFor(context, member.endpoint, forgotten);
  const matching = identity.kind === 'ask' ? identity.candidates : [];
  const candidates = [...new Set([...matching, ...younger])];
  return { kind: 'ask', candidates, reason: 'forgotten-record', forgotten };
}
