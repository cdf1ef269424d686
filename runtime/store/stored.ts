/**
 * What a store takes and gives, as data. Times are milliseconds since 1970; ids of tenants, syncs,
 * endpoints, entities, links, intents, runs and commits are UUIDs.
 */
import type {
  Conflict,
  EndpointId,
  Entity,
  EntityId,
  Intent,
  Link,
  LinkId,
  Tombstone,
} from '../core/planner/model.ts';
import type { IdentityReason, ReviewReason, WriteReason } from '../core/reasons.ts';
import type { Value, Values } from '../core/value.ts';
import type { SyncId, TenantId } from './setup.ts';

// ---------------------------------------------------------------------------------------------
// Work

/** Where to look: a record, one item, what has changed at one endpoint, or everything that it has. */
export type WorkKey =
  | { readonly kind: 'entity'; readonly sync: SyncId; readonly entity: EntityId }
  | ({ readonly kind: 'item' } & Ref)
  | ({ readonly kind: 'poll' | 'sweep' } & Place);

/** One endpoint within one sync. */
export interface Place {
  readonly sync: SyncId;
  readonly endpoint: EndpointId;
}

/** Where an item lives. */
export interface Ref extends Place {
  readonly remoteId: string;
}

/** 0: at once · 1: within half a minute · 2: within minutes · 3: in the background. */
export type Priority = 0 | 1 | 2 | 3;

export interface MarkBatch {
  readonly now: number;
  readonly marks: readonly Mark[];
  readonly cursors?: readonly Cursor[];
}

export interface Mark {
  readonly key: WorkKey;
  readonly priority: Priority;
  /** How long to wait for more, counted from the first mark, so that steady edits cannot postpone it. */
  readonly windowMs: number;
}

/** How far the search for changes has come; `channel` tells polls, feeds and sweeps apart. */
export interface Cursor extends Place {
  readonly channel: string;
  readonly value: Value;
}

export interface Waiting {
  readonly tenant: TenantId;
  readonly sync: SyncId;
  readonly priority: Priority;
  /** From then on a key can be claimed. */
  readonly readyAt: number;
}

/**
 * Told of work that a transaction leaves waiting, before that ends, so that a queue on the same
 * database takes it on together with it or not at all. Per sync and priority: the soonest time.
 */
export type Announce = (due: readonly Waiting[], sql: Sql) => Promise<void>;

/** Runs a statement in the transaction, as the role and with the rules that hold there. */
export type Sql = (text: string, values?: readonly unknown[]) => Promise<object[]>;

/** What is known about a key that waits or is worked on. */
export interface WorkState {
  readonly priority: Priority;
  /** Since a claim: when the lease ends, unless a mark came meanwhile. */
  readonly dueAt: number;
  /** Set while somebody is at it, or was lost at it. */
  readonly leasedUntil?: number;
  readonly attempts: number;
  readonly lastError?: string;
  /** The first mark that nobody has claimed yet. */
  readonly markedAt?: number;
}

export interface ClaimRequest {
  readonly now: number;
  readonly leaseMs: number;
  readonly limit: number;
  readonly tenant?: TenantId;
  readonly sync?: SyncId;
  /** Leaves less urgent work alone, so that a backfill cannot take every place. */
  readonly leastPriority?: Priority;
}

/** Proof that a key was claimed, by whom, and on which marks. */
export interface Lease {
  readonly key: WorkKey;
  /** New for each claim and never used again. */
  readonly token: string;
  readonly marks: number;
}

export interface Claimed extends Lease {
  readonly tenant: TenantId;
  readonly until: number;
  readonly priority: Priority;
  /** How often it has failed since it last succeeded. */
  readonly attempts: number;
  readonly lastError?: string;
  /** When it was marked first; missing when only a retry or a lost worker brought it back. */
  readonly markedAt?: number;
  /** When it was marked last, by the clock of whoever did; also before an earlier claim. */
  readonly lastMarkedAt: number;
}

/** `done`, or to be tried again. */
export type Ending = 'done' | Retry;

export interface Retry {
  readonly at: number;
  readonly error: string;
  /** Whether this was an attempt that failed, or only a wait. */
  readonly counts: boolean;
}

export interface Finish {
  readonly lease: Lease;
  readonly ending: Ending;
}

export type FinishOutcome = 'done' | 'again' | 'fenced';

// ---------------------------------------------------------------------------------------------
// Records

export interface StoredRecord {
  /** Grows with every commit of this record. */
  readonly revision: number;
  readonly sync: SyncId;
  readonly entity: Entity;
  /** The oldest first, as are intents and conflicts. */
  readonly links: readonly Link[];
  /** Those whose outcome is not settled yet. */
  readonly intents: readonly StoredIntent[];
  /** Those that are open or were decided automatically. */
  readonly conflicts: readonly StoredConflict[];
  /** Of a dead record: how it died last. */
  readonly tombstone?: Tombstone;
}

export interface StoredIntent extends Intent {
  readonly armedAt: number;
  /** The key under whose lease it is sent. */
  readonly by?: WorkKey;
  /** What each field held when we looked. */
  readonly before: Values;
  readonly generation: number;
  readonly reason: WriteReason;
  /**
   * It has landed on top of the version `since`, and nobody knows yet whether it covered up somebody's edit;
   * `reach` is the version it made, where the answer told.
   */
  readonly unchecked?: { readonly since: number; readonly reach?: number };
}

export interface StoredConflict extends Conflict {
  readonly id: string;
  readonly sync: SyncId;
  readonly entity: EntityId;
  /** When it was first seen. */
  readonly at: number;
  /** What a person chose, until a plan has carried it out. */
  readonly decision?: DecidedBy<Value>;
}

export interface Loaded {
  readonly key: WorkKey;
  readonly record?: StoredRecord;
  /** Everything people were ever asked about this item or this record. */
  readonly reviews: readonly StoredReview[];
}

export interface FoundLink {
  readonly link: LinkId;
  readonly state: Link['state'];
  readonly generation: number;
  readonly entity: EntityId;
  readonly life: Entity['life'];
  readonly mergedInto?: string;
}

export interface FoundEntity {
  readonly entity: EntityId;
  readonly life: Entity['life'];
  readonly links: readonly Pick<Link, 'endpoint' | 'remoteId' | 'state' | 'generation'>[];
}

export interface LinkPage extends Place {
  /** All of them when left out. */
  readonly state?: Link['state'];
  /** Only items whose id falls into one of these; see `bucketOf`. */
  readonly buckets?: readonly number[];
  /** Only items that were made by then, by the vendor's clock, or of which that is not known. */
  readonly madeBy?: number;
  /** The id of the last item of the page before. */
  readonly after?: string;
  readonly limit: number;
}

/** Items of one endpoint whose records refer to one of the targets. */
export interface ReferrerPage extends Place {
  readonly targets: readonly EntityId[];
  /** The id of the last item of the page before. */
  readonly after?: string;
  readonly limit: number;
}

export interface ListedLink {
  readonly remoteId: string;
  readonly link: LinkId;
  readonly entity: EntityId;
  readonly state: Link['state'];
}

/** Live links whose items fall into one bucket, as a sum that can be compared; see `bucketOf`. */
export interface LinkDigest {
  readonly bucket: number;
  readonly count: number;
  /** The digests of the items, XOR-ed: 16 hex digits. */
  readonly digest: string;
}

export interface RecordCounts {
  readonly live: number;
  readonly dead: number;
  readonly held: number;
  /** Live links; an endpoint that has none is missing. */
  readonly links: Readonly<Record<EndpointId, number>>;
}

/** A keyed digest of what identifies a record: the sync, the kind of key, and the e-mail address, say. */
export type MatchKey = string;

export interface KeyOwner {
  readonly entity: EntityId;
  /** The key of a dead record is a memory: whoever wants it may take it. */
  readonly life: Entity['life'];
}

/** What one pass found out or did about one key. */
export interface Commit {
  readonly lease: Lease;
  /** Left out when the lease is kept, because writes are to be sent, or more commits come under it. */
  readonly ending?: Ending;
  readonly record?: RecordChange;
  readonly reviews?: readonly NewReview[];
  /** Reviews that were decided and carried out. */
  readonly carriedOut?: readonly ReviewKey[];
  /** Open reviews whose question has answered itself. What somebody has decided meanwhile stays. */
  readonly withdrawn?: readonly ReviewKey[];
  /** Gives the key up until somebody answers. */
  readonly deadLetter?: DeadLetter;
  readonly runItems?: readonly RunItem[];
  readonly audit?: readonly AuditItem[];
}

export interface RecordChange {
  /** Names this very commit. Sent again, after an answer was lost, it changes nothing. */
  readonly commitId: string;
  /**
   * What the store holds: as loaded, or as the last commit left it, with the revision it answered.
   * Missing for a new record. Only what differs from it is written.
   */
  readonly from?: StoredRecord;
  readonly entity: Entity;
  /** All of them. */
  readonly links: readonly Link[];
  /** New and changed ones; those that are over and need no more reads are forgotten. */
  readonly intents?: readonly StoredIntent[];
  readonly conflicts?: readonly Conflict[];
  readonly tombstone?: Tombstone;
  /** Match keys that the record now has, and has no longer. Who comes back to life adds its keys again. */
  readonly keys?: { readonly add: readonly MatchKey[]; readonly remove: readonly MatchKey[] };
  /** Records that the record now refers to, and no longer. */
  readonly references?: { readonly add: readonly EntityId[]; readonly remove: readonly EntityId[] };
}

export type CommitOutcome =
  | { readonly outcome: 'stored'; readonly revision?: number }
  /** Somebody else has the key by now. Nothing was stored. */
  | { readonly outcome: 'fenced' }
  /** The record has changed since it was loaded. Nothing was stored. */
  | { readonly outcome: 'outdated' }
  /** Match keys or items belong to another record. Nothing was stored. */
  | { readonly outcome: 'taken'; readonly by: readonly Taken[] }
  /** It cannot be right, whoever made it. Nothing was stored. */
  | { readonly outcome: 'invalid'; readonly why: string };

export interface Taken {
  readonly what: { readonly key: MatchKey } | { readonly ref: Ref };
  readonly entity: EntityId;
}

// ---------------------------------------------------------------------------------------------
// What people decide

/** Rows in one state after the given one, by the time they came up. */
export interface Page<State> {
  readonly state: State;
  readonly limit: number;
  readonly after?: { readonly at: number; readonly id: string };
  readonly sync?: SyncId;
}

export interface ReviewKey extends Ref {
  readonly reason: ReviewReason | IdentityReason;
}

export interface NewReview extends ReviewKey {
  /** The record that the item belongs to, if it does. */
  readonly entity?: EntityId;
  /** Other records that are meant. */
  readonly candidates: readonly EntityId[];
}

export interface StoredReview extends NewReview {
  readonly id: string;
  readonly at: number;
  /** `decided`: not carried out yet. */
  readonly state: 'open' | 'decided' | 'closed';
  /** The last one, kept when it was carried out. */
  readonly decision?: DecidedBy<Value>;
}

export interface DecidedBy<Choice> {
  readonly choice: Choice;
  readonly actor: string;
  readonly at: number;
}

export interface DecisionBatch {
  readonly now: number;
  readonly actor: string;
  readonly decisions: readonly Decision[];
  readonly audit?: readonly AuditItem[];
}

export type Decision =
  | {
      readonly kind: 'conflict';
      readonly sync: SyncId;
      readonly entity: EntityId;
      readonly fingerprint: string;
      readonly choice: Value;
    }
  | { readonly kind: 'review'; readonly review: ReviewKey; readonly choice: Value };

/** Work that failed for good. */
export interface DeadLetter {
  readonly code: string;
  readonly message: string;
  readonly payload: Value;
  readonly attempts: number;
}

export interface StoredDeadLetter extends DeadLetter {
  readonly id: string;
  readonly key: WorkKey;
  readonly firstAt: number;
  readonly at: number;
  readonly state: 'open' | 'replayed' | 'dropped';
}

export interface DeadLetterAnswer {
  readonly now: number;
  readonly keys: readonly WorkKey[];
  readonly answer: 'replay' | 'drop';
  readonly audit?: readonly AuditItem[];
}

// ---------------------------------------------------------------------------------------------
// Deliveries, runs, audit

export interface DeliveryKey {
  readonly endpoint: EndpointId;
  /** The vendor's id of the delivery, or a hash of its raw body. */
  readonly id: string;
}

export interface Delivery extends DeliveryKey {
  readonly receivedAt: number;
  /** Which items it is about. Never their values: those are read from the vendor. */
  readonly hint: Value;
}

export interface InboxRequest {
  readonly now: number;
  readonly until: number;
  readonly limit: number;
}

export interface Run {
  readonly id: string;
  readonly sync: SyncId;
  readonly trigger: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly counts: Readonly<Record<string, number>>;
}

export interface RunPage {
  readonly sync?: SyncId;
  readonly limit: number;
  /** The last one of the page before. */
  readonly before?: { readonly startedAt: number; readonly id: string };
}

/** Something that a run did, or deliberately did not do. */
export interface RunItem {
  readonly id: string;
  readonly run: string;
  readonly at: number;
  readonly outcome: string;
  readonly entity?: EntityId;
  readonly endpoint?: EndpointId;
  readonly detail: Values;
}

export interface RunItemPage {
  readonly run: string;
  readonly limit: number;
  /** The id of the last one of the page before. */
  readonly after?: string;
}

export interface HistoryPage {
  readonly entity: EntityId;
  readonly limit: number;
  /** The id of the last one of the page before. */
  readonly before?: string;
}

export interface Audited {
  readonly now: number;
  readonly items: readonly AuditItem[];
}

/** Who did what, and why. Values only as digests, so that the chain outlives an erasure. */
export interface AuditItem {
  readonly actor: string;
  readonly action: string;
  readonly entity?: EntityId;
  readonly endpoint?: EndpointId;
  readonly before?: string;
  readonly after?: string;
  readonly cause?: string;
}

export interface AuditEnd {
  readonly sequence: number;
  readonly seal: string;
  /** The seal at the place that was asked for. */
  readonly sealThere?: string;
}

export interface AuditReport {
  readonly batches: number;
  readonly items: number;
  /** The first batch that is missing, added or changed. */
  readonly brokenAt?: number;
}
