/**
 * One record in one pass: what was stored, what has been read so far, what is going to be done about it.
 * Nothing of what was stored is modified; the store is told the difference.
 */
import type { Item } from '../connectors/connector.ts';
import type { FieldProblem } from '../core/mapping/mapping.ts';
import type {
  Conflict,
  EndpointId,
  Entity,
  EntityId,
  Link,
  LinkId,
  Observation,
  Plan,
  Resolution,
  Tombstone,
  Write,
} from '../core/planner/model.ts';
import { reshapeIntent, reshapeRecord } from '../core/planner/reshape.ts';
import type { HoldReason } from '../core/reasons.ts';
import type { Value } from '../core/value.ts';
import {
  givenAway,
  isGivenAway,
  type Claimed,
  type NewReview,
  type ReviewKey,
  type RunItem,
  type StoredIntent,
  type StoredRecord,
  type StoredReview,
  type SyncId,
} from '../store/store.ts';
import type { Member, Sync } from './member.ts';
import { worse, type Setback } from './retry.ts';

export interface Case {
  /** The keys that led here. The first one carries the commits, the others end with it. */
  readonly leases: Claimed[];
  /** As the store holds it; missing for a record that is new. */
  stored: StoredRecord | undefined;
  entity: Entity;
  links: readonly Link[];
  intents: readonly StoredIntent[];
  /** What is asked about the record, and about the items that led to it. */
  reviews: readonly StoredReview[];
  /** Answers of people that hold for this pass only, such as an undo. */
  readonly resolutions: Resolution[];
  readonly observed: Map<LinkId, Observation>;
  readonly items: Map<LinkId, Item>;
  /** Links whose observation may be older than what is there now: good enough to merge, not to write on. */
  readonly weak: Set<LinkId>;
  /** Where an item of it is older than it was, and stays so. */
  readonly wentBack: Set<Member>;
  /** Items of our own making that nobody needs. */
  readonly surplus: Set<LinkId>;
  /** Items that a run made which is being undone; they go, unless somebody has touched them since. */
  readonly undone: Set<LinkId>;
  /** Links to be read in the next round. */
  readonly wanted: Set<LinkId>;
  readonly unreadable: FieldProblem[];
  plan: Plan | undefined;
  readonly sendings: Sending[];
  /** What the engine itself holds back, besides the planner. */
  readonly held: {
    readonly reason: HoldReason;
    readonly endpoint: EndpointId;
    readonly field?: string;
  }[];
  readonly found: Conflict[];
  readonly asked: NewReview[];
  readonly told: Omit<RunItem, 'run' | 'id' | 'at'>[];
  tombstone: Tombstone | undefined;
  setback: Setback | undefined;
  /** Keys of other records that this one wants; it goes on without them. */
  readonly yielded: Set<string>;
}

/** A write on its way. */
export interface Sending {
  readonly member: Member;
  readonly write: Write;
  readonly intentId: string;
  readonly marker?: string;
  /** The vendor's form, and the version it is made on top of. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** What its references lead to. */
  readonly led?: readonly Led[];
  ifVersion?: number;
  readonly seenVersion?: number;
  readonly remoteId?: string;
  /** Writes of an earlier wave go first, because they free a value that this one needs. */
  wave: number;
}

/** An item that a reference leads to. */
export interface Led {
  readonly entity: EntityId;
  readonly remoteId: string;
  readonly generation: number;
}

/** A write under way, with the record it is for. */
export interface Underway {
  readonly one: Case;
  readonly sending: Sending;
}

/** Names the brakes among the things that people are asked about. */
export const BRAKE_PREFIX = 'brake:';

export function openCase(
  lease: Claimed,
  record: Pick<StoredRecord, 'entity' | 'links' | 'intents'> & Partial<StoredRecord>,
  reviews: readonly StoredReview[],
  { policy: { fields }, facts }: Pick<Sync, 'policy' | 'facts'>,
): Case {
  const { entity, links } = reshapeRecord(record, fields, facts);
  return {
    leases: [lease],
    stored: record.revision === undefined ? undefined : (record as StoredRecord),
    entity,
    links,
    intents: record.intents.map((intent) => reshapeIntent(intent, fields)),
    reviews,
    resolutions: [],
    observed: new Map(),
    items: new Map(),
    weak: new Set(),
    wentBack: new Set(),
    surplus: new Set(),
    undone: new Set(),
    wanted: new Set(),
    unreadable: [],
    plan: undefined,
    sendings: [],
    held: [],
    found: [],
    asked: [],
    told: [],
    tombstone: undefined,
    setback: undefined,
    yielded: new Set(),
  };
}

/** Another key leads to the record as well. */
export function joinCase(one: Case, lease: Claimed, reviews: readonly StoredReview[]): void {
  one.leases.push(lease);
  addReviews(one, reviews);
}

export function addReviews(one: Case, reviews: readonly StoredReview[]): void {
  const isNew = ({ id }: StoredReview): boolean => !one.reviews.some((known) => known.id === id);
  one.reviews = [...one.reviews, ...reviews.filter(isNew)];
}

export function newEntity(id: EntityId): Entity {
  return { id, life: 'live', epoch: 0, cells: {} };
}

export function setBack(one: Case, setback: Setback): void {
  one.setback = worse(one.setback, setback);
}

export function linkOf(one: Case, id: LinkId): Link | undefined {
  return one.links.find((link) => link.id === id);
}

/** Whether a record with this link has its item in that system. */
export function takesPlace({ state }: Pick<Link, 'state'>): boolean {
  return state === 'live' || state === 'held';
}

/** What the record had in a system until it was deleted there. */
export function formerItems({ plan, links }: Case, endpoint: EndpointId): readonly Link[] {
  return (plan?.links ?? links).filter((link) => {
    return link.endpoint === endpoint && link.state === 'gone' && !isGivenAway(link);
  });
}

/** A new item of the record has the id that an earlier one had. */
export function takeIdBack(one: Case, { id, endpoint, remoteId }: Link): void {
  for (const link of one.links) {
    const isFormer = link.id !== id && link.endpoint === endpoint && link.remoteId === remoteId;
    if (isFormer) replaceLink(one, givenAway(link));
  }
}

export function replaceLink(one: Case, link: Link): void {
  const known = one.links.some(({ id }) => id === link.id);
  one.links = known
    ? one.links.map((other) => (other.id === link.id ? link : other))
    : [...one.links, link];
}

export function replaceIntent(one: Case, intent: StoredIntent): void {
  const known = one.intents.some(({ id }) => id === intent.id);
  one.intents = known
    ? one.intents.map((other) => (other.id === intent.id ? intent : other))
    : [...one.intents, intent];
}

export function isUnanswered({ state }: Pick<StoredIntent, 'state'>): boolean {
  return state === 'armed' || state === 'unknown';
}

/** Two keys can lead to one record. */
export const IN_OTHER_HANDS: Setback = {
  kind: 'again',
  why: 'Another worker is at this record.',
};

/** Asks a person, once. */
export function ask(one: Case, review: NewReview): void {
  const same = (other: ReviewKey): boolean =>
    other.reason === review.reason &&
    other.endpoint === review.endpoint &&
    other.remoteId === review.remoteId;
  const isAsked = one.reviews.some((other) => same(other) && other.state !== 'closed');
  if (!isAsked && !one.asked.some(same)) one.asked.push(review);
}

export function askAbout(
  sync: SyncId,
  one: Case,
  link: Link,
  reason: NewReview['reason'],
  candidates: readonly EntityId[] = [],
): void {
  const { endpoint, remoteId } = link;
  ask(one, { sync, endpoint, remoteId, reason, entity: one.entity.id, candidates });
}

/** The member of a decision that says what to do. */
export function choiceOf(
  review: StoredReview,
): { decision: string; entity?: EntityId } | undefined {
  if (review.state !== 'decided' || !review.decision) return undefined;
  return readChoice(review.decision.choice);
}

export function readChoice(choice: Value): { decision: string; entity?: EntityId } {
  if (typeof choice === 'string') return { decision: choice };
  const { decision, entity } = (choice ?? {}) as { decision?: Value; entity?: Value };
  return {
    decision: typeof decision === 'string' ? decision : '',
    ...(typeof entity === 'string' ? { entity: entity as EntityId } : {}),
  };
}
