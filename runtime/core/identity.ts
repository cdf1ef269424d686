/**
 * Whose is an item that we have not seen before? Decided from our own link rows, from the marker we
 * leave in what we create, and from match keys such as the e-mail address, in that order. Keys only
 * ever *find* a record; they are never its identity, and whatever is not certain is asked.
 *
 * Promises: an id that was ever linked keeps its record, so a stale read of a deleted item finds the
 * dead record and not a new life; two records are never merged; a guess is never made.
 */
import type { IdentityReason } from './reasons.ts';
import type { EntityId } from './planner/model.ts';

/** What is known about an item whose owner is sought. */
export interface Discovery {
  /** The entity that this very id was ever linked to, in whatever state the link is now. */
  readonly linkedTo?: EntityId;
  /** The item carries a valid marker of ours. */
  readonly marker?: MarkedCreate;
  readonly keys: readonly FoundKey[];
}

export interface MarkedCreate {
  readonly entity: EntityId;
  /** We made it: by its author, or because an intent with this marker exists. A clone is not ours. */
  readonly madeByUs: boolean;
  readonly life: 'live' | 'dead';
  /** The entity has another live item in this system. */
  readonly linkedHere: boolean;
  readonly unchangedSinceCreation: boolean;
}

/** A match key of the item, and who else has it. */
export interface FoundKey {
  readonly kind: string;
  readonly strength: 'strong' | 'candidate';
  readonly holders: readonly KeyHolder[];
  /** Other items in this system that have the key and no record either. */
  readonly twinsHere: number;
}

export interface KeyHolder {
  readonly entity: EntityId;
  readonly life: 'live' | 'dead';
  readonly linkedHere: boolean;
  /** A create in this system was sent for it and nobody knows whether it landed. */
  readonly createPendingHere: boolean;
  /** Another key of the item, of a kind of which a record has only one, differs from the record's. */
  readonly contradicted: boolean;
}

export interface IdentityPolicy {
  readonly autoLink: boolean;
  readonly onTombstoneMatch: 'ask' | 'ignore' | 'revive' | 'new';
}

export type Identity =
  | { readonly kind: 'belongsTo'; readonly entity: EntityId; readonly reason: IdentityReason }
  | { readonly kind: 'newEntity'; readonly reason: IdentityReason }
  /** A surplus item of our own making. Deleted when nobody has touched it. */
  | { readonly kind: 'discard'; readonly entity: EntityId; readonly reason: IdentityReason }
  | { readonly kind: 'revive'; readonly entity: EntityId; readonly reason: IdentityReason }
  | { readonly kind: 'ignore'; readonly reason: IdentityReason }
  | {
      readonly kind: 'ask';
      readonly candidates: readonly EntityId[];
      readonly reason: IdentityReason;
    };

export function decideIdentity(item: Discovery, policy: IdentityPolicy): Identity {
  if (item.linkedTo !== undefined) {
    return { kind: 'belongsTo', entity: item.linkedTo, reason: 'known-link' };
  }
  if (item.marker?.madeByUs) return decideOwnCreate(item.marker);
  const strong = item.keys.filter(({ strength }) => strength === 'strong');
  const holders = distinct(strong.flatMap((key) => key.holders));
  const living = holders.filter(({ life }) => life === 'live');
  if (living.length > 0) return decideMatch(living, strong, policy);
  const hasTwin = strong.some((key) => key.twinsHere > 0);
  if (holders.length > 0)
    return hasTwin ? ask(holders, 'twin-here') : decideTombstone(holders, policy);
  const maybe = distinct(item.keys.flatMap((key) => key.holders)).filter(isLive);
  if (maybe.length > 0) return ask(maybe, 'weak-key');
  if (hasTwin) return ask([], 'twin-here');
  return { kind: 'newEntity', reason: 'no-match' };
}

function decideOwnCreate(made: MarkedCreate): Identity {
  const { entity } = made;
  if (made.life === 'dead') return { kind: 'discard', entity, reason: 'late-own-create' };
  if (!made.linkedHere) return { kind: 'belongsTo', entity, reason: 'own-create' };
  if (made.unchangedSinceCreation) return { kind: 'discard', entity, reason: 'twin-of-own' };
  return { kind: 'ask', candidates: [entity], reason: 'twin-of-own' };
}

/** Linked without asking only when one living record, and nothing else, can be meant. */
function decideMatch(
  living: readonly KeyHolder[],
  keys: readonly FoundKey[],
  policy: IdentityPolicy,
): Identity {
  const [only, ...others] = living;
  if (!only || others.length > 0) return ask(living, 'several-matches');
  if (only.linkedHere) return ask(living, 'already-linked-here');
  if (only.contradicted) return ask(living, 'key-contradiction');
  if (only.createPendingHere) return ask(living, 'create-pending-here');
  if (keys.some((key) => key.twinsHere > 0)) return ask(living, 'twin-here');
  if (!policy.autoLink) return ask(living, 'auto-link-off');
  return { kind: 'belongsTo', entity: only.entity, reason: 'strong-key' };
}

/** Somebody with the keys of a deleted record: the same person back, or another one? */
function decideTombstone(dead: readonly KeyHolder[], policy: IdentityPolicy): Identity {
  const reason = 'tombstone-match';
  const [only, ...others] = dead;
  switch (policy.onTombstoneMatch) {
    case 'ignore':
      return { kind: 'ignore', reason };
    case 'new':
      return { kind: 'newEntity', reason };
    case 'revive':
      if (only && others.length === 0 && !only.contradicted) {
        return { kind: 'revive', entity: only.entity, reason };
      }
      return ask(dead, reason);
    case 'ask':
      return ask(dead, reason);
  }
}

function ask(candidates: readonly KeyHolder[], reason: IdentityReason): Identity {
  return { kind: 'ask', candidates: candidates.map(({ entity }) => entity), reason };
}

function isLive({ life }: KeyHolder): boolean {
  return life === 'live';
}

/** Each entity once; a warning sign on any of its keys counts. */
function distinct(holders: readonly KeyHolder[]): KeyHolder[] {
  const byEntity = new Map<EntityId, KeyHolder>();
  for (const holder of holders) {
    const known = byEntity.get(holder.entity);
    byEntity.set(holder.entity, known ? worse(known, holder) : holder);
  }
  return [...byEntity.values()];
}

function worse(a: KeyHolder, b: KeyHolder): KeyHolder {
  return {
    entity: a.entity,
    life: a.life === 'live' || b.life === 'live' ? 'live' : 'dead',
    linkedHere: a.linkedHere || b.linkedHere,
    createPendingHere: a.createPendingHere || b.createPendingHere,
    contradicted: a.contradicted || b.contradicted,
  };
}
