/**
 * What is remembered, as a contract that two stores keep: PostgreSQL in earnest, memory in simulation.
 *
 * Every method is one transaction, all or nothing, and takes and gives batches; answers come in the
 * order of what was asked. Nothing of another tenant can be seen or touched; only `waiting` and a
 * `claim` for everybody look across tenants, and they see no more than who has work since when.
 *
 * How a pass uses it: `claim` keys, `load` what is known, read the vendors, `commit` the plan with its
 * intents armed, send, `commit` the outcomes with `ending: 'done'`. So a page costs two commits, and
 * one claim can serve several pages.
 *
 * Two fences keep workers apart. A *lease* names one claim of one key; whoever lost it is refused.
 * A *revision* grows with every commit of a record; whoever planned on an older one is refused. The
 * second is needed because two keys, an item here and an item there, can lead to the same record.
 *
 * Traps. Times are given by the caller, in milliseconds since 1970; only what may be asked of vendors is
 * counted by a clock of the store's own. Ids of tenants, syncs, endpoints,
 * entities, links, intents, runs and commits are UUIDs. Values are kept as JSON: `undefined` is lost.
 * What a store returns is not to be modified.
 */
import type { Conflict, EntityId } from '../core/planner/model.ts';
import type { SlowDown, Spend, SpendOutcome } from './budget.ts';
import type { Keepsake, Setup, SyncId, TenantId } from './setup.ts';
import type {
  AuditEnd,
  AuditReport,
  Audited,
  ClaimRequest,
  Claimed,
  Commit,
  CommitOutcome,
  Cursor,
  DeadLetterAnswer,
  DecisionBatch,
  Delivery,
  DeliveryKey,
  Finish,
  FinishOutcome,
  FoundEntity,
  FoundLink,
  HistoryPage,
  InboxRequest,
  KeyOwner,
  Lease,
  LinkDigest,
  LinkPage,
  ListedLink,
  Loaded,
  MarkBatch,
  MatchKey,
  Page,
  Place,
  RecordCounts,
  Ref,
  ReferrerPage,
  Run,
  RunItem,
  RunItemPage,
  RunPage,
  StoredConflict,
  StoredDeadLetter,
  StoredReview,
  Waiting,
  WorkKey,
  WorkState,
} from './stored.ts';

export type * from './setup.ts';
export type * from './stored.ts';
export type { SlowDown, Spend, SpendOutcome } from './budget.ts';
export { givenAway, isGivenAway } from './given-away.ts';
export { bucketOf } from './link-digest.ts';

export interface Store {
  // Set-up
  /** Adds or replaces what is given; what is not named stays. */
  saveSetup(setup: Partial<Setup> & Pick<Setup, 'tenant'>, audit?: Audited): Promise<void>;
  readSetup(tenant: TenantId): Promise<Setup | undefined>;
  /** Takes the place of what the account kept by that name. */
  saveKeepsake(tenant: TenantId, keepsake: Keepsake): Promise<void>;
  readKeepsake(
    tenant: TenantId,
    keepsake: Omit<Keepsake, 'sealed'>,
  ): Promise<Keepsake['sealed'] | undefined>;

  // What is to be looked at, and by whom
  /** Notes where something may have changed, and how far the search for changes has come. */
  mark(tenant: TenantId, batch: MarkBatch): Promise<void>;
  /** The most urgent time per tenant, sync and priority, so that nobody has to ask again before it. */
  waiting(): Promise<readonly Waiting[]>;
  /**
   * Takes keys that are due, of one sync of one tenant, by priority and then by how long they are due.
   * Without a tenant, tenants take turns, so that a big one does not starve the others.
   */
  claim(request: ClaimRequest): Promise<readonly Claimed[]>;
  /** Keeps leases until later; false where the lease was lost. */
  renew(tenant: TenantId, leases: readonly Lease[], until: number): Promise<readonly boolean[]>;
  /** Ends the work on keys; `again`: marked meanwhile, so it is due once more. */
  finish(tenant: TenantId, finishes: readonly Finish[]): Promise<readonly FinishOutcome[]>;
  readCursors(tenant: TenantId, sync: SyncId): Promise<readonly Cursor[]>;
  /** What is waiting for each key; nothing where it is not marked. Takes no lease. */
  inspectWork(
    tenant: TenantId,
    keys: readonly WorkKey[],
  ): Promise<readonly (WorkState | undefined)[]>;
  /** Whether items of an endpoint wait that have no record, and have been tried less often than that. */
  isWaiting(tenant: TenantId, place: Place, triesBelow: number): Promise<boolean>;

  // How much may be asked of vendors
  /** Takes tokens from all buckets or from none, and tells when to ask again. */
  spend(tenant: TenantId, requests: readonly Spend[]): Promise<SpendOutcome>;
  /** Closes a bucket for a while, or lets it fill more slowly. */
  slowDown(tenant: TenantId, request: SlowDown): Promise<void>;

  // Records
  /** What is known about the record behind each key; an item that was never linked has none. */
  load(tenant: TenantId, keys: readonly WorkKey[]): Promise<readonly Loaded[]>;
  /** The link that each item was ever given, in whatever state it is. */
  findLinks(tenant: TenantId, refs: readonly Ref[]): Promise<readonly (FoundLink | undefined)[]>;
  /** Where records stand, without their values: for references to them. */
  findEntities(
    tenant: TenantId,
    entities: readonly EntityId[],
  ): Promise<readonly (FoundEntity | undefined)[]>;
  /** Who has each match key. */
  findKeys(tenant: TenantId, keys: readonly MatchKey[]): Promise<readonly (KeyOwner | undefined)[]>;
  /** What an endpoint's live links are, in at most 4096 sums: to find the few that differ there. */
  digestLinks(
    tenant: TenantId,
    place: Place,
    buckets?: readonly number[],
  ): Promise<readonly LinkDigest[]>;
  /** Links of one endpoint in the byte order of their items' ids. */
  listLinks(tenant: TenantId, page: LinkPage): Promise<readonly ListedLink[]>;
  /** Ids of live items in byte order. */
  listReferrers(tenant: TenantId, page: ReferrerPage): Promise<readonly string[]>;
  countRecords(tenant: TenantId, sync: SyncId): Promise<RecordCounts>;
  /** Stores plans and outcomes. Each item is stored whole or not at all; others are not affected. */
  commit(
    tenant: TenantId,
    now: number,
    commits: readonly Commit[],
  ): Promise<readonly CommitOutcome[]>;

  // What people decide
  listConflicts(
    tenant: TenantId,
    page: Page<Conflict['state']>,
  ): Promise<readonly StoredConflict[]>;
  listReviews(
    tenant: TenantId,
    page: Page<StoredReview['state']>,
  ): Promise<readonly StoredReview[]>;
  /** Notes decisions and marks what they are about; false where nothing is open any more. */
  decide(tenant: TenantId, batch: DecisionBatch): Promise<readonly boolean[]>;
  listDeadLetters(
    tenant: TenantId,
    page: Page<StoredDeadLetter['state']>,
  ): Promise<readonly StoredDeadLetter[]>;
  /** Marks the keys of open dead letters again, or gives them up; false where it was not open. */
  answerDeadLetters(tenant: TenantId, batch: DeadLetterAnswer): Promise<readonly boolean[]>;

  // What vendors deliver
  /** False where the delivery was known already. */
  appendInbox(tenant: TenantId, deliveries: readonly Delivery[]): Promise<readonly boolean[]>;
  /** The oldest deliveries that nobody has dealt with, for this caller alone until `until`. */
  takeInbox(tenant: TenantId, request: InboxRequest): Promise<readonly Delivery[]>;
  /** Marks what the deliveries were about, and is done with them. */
  settleInbox(
    tenant: TenantId,
    deliveries: readonly DeliveryKey[],
    batch: MarkBatch,
  ): Promise<void>;

  // What happened
  /** Adds runs, or their later state. */
  saveRuns(tenant: TenantId, runs: readonly Run[]): Promise<void>;
  /** The newest first. */
  listRuns(tenant: TenantId, page: RunPage): Promise<readonly Run[]>;
  /** What happened outside of a commit; an item that is known already stays as it is. */
  appendRunItems(tenant: TenantId, items: readonly RunItem[]): Promise<void>;
  listRunItems(tenant: TenantId, page: RunItemPage): Promise<readonly RunItem[]>;
  /** What runs did about one record, the newest first. */
  listHistory(tenant: TenantId, page: HistoryPage): Promise<readonly RunItem[]>;
  appendAudit(tenant: TenantId, audit: Audited): Promise<void>;
  /** Where the chain ends, and which seal it has at `sequence`, if it goes so far. */
  readAuditEnd(tenant: TenantId, sequence: number): Promise<AuditEnd>;
  /** Reads the whole chain and tells the first place where it does not hold. */
  verifyAudit(tenant: TenantId): Promise<AuditReport>;
  /** Forgets dealt-with deliveries, ended runs and answered dead letters of before; tells how many. */
  purge(tenant: TenantId, request: { before: number; limit: number }): Promise<number>;

  /** Rejects when the store does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}
