/**
 * The store in PostgreSQL: the embedded server or any other, from version 15 on. Each method is one
 * transaction as a role that sees one tenant. What the statements look like is in `postgres/`.
 *
 * Opening brings the schema up to date first, so any process may be the first.
 */
import type pg from 'pg';
import type { World } from '../world/world.ts';
import { migrate } from './migrate.ts';
import { appendAudit, readAuditEnd, verifyAudit } from './postgres/audit.ts';
import { slowDown, spend } from './postgres/budget.ts';
import { commit } from './postgres/commit.ts';
import { Database, type Query } from './postgres/database.ts';
import * as decisions from './postgres/decisions.ts';
import { claimSecret } from './postgres/installation.ts';
import * as journal from './postgres/journal.ts';
import { readKeepsake, saveKeepsake } from './postgres/keepsakes.ts';
import * as links from './postgres/links.ts';
import * as records from './postgres/records.ts';
import { readSetup, saveSetup } from './postgres/setup.ts';
import * as work from './postgres/work.ts';
import type * as Stored from './store.ts';
import type { Store, TenantId } from './store.ts';
import { Turns } from './turns.ts';
import { soonest } from './waiting.ts';

export type StoreWorld = Pick<World, 'clock' | 'log' | 'newId' | 'random' | 'schedule'>;

export async function openPostgresStore(options: {
  connection: pg.PoolConfig;
  world: StoreWorld;
  /** Seals the audit chain. Not kept in the database; who loses it cannot prove the past. */
  auditKey: string;
  /** Told, in the same transaction, of all work that is left waiting. */
  announce?: Stored.Announce;
  /** Budgets are counted by this clock instead of the database's. */
  clock?: Pick<World['clock'], 'now'>;
}): Promise<PostgresStore> {
  await migrate(options);
  const store = new PostgresStore(options);
  try {
    await store.claimSecret();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

export class PostgresStore implements Store {
  readonly #database: Database;
  readonly #world: StoreWorld;
  readonly #auditKey: string;
  readonly #announce: Stored.Announce | undefined;
  readonly #clock: Pick<World['clock'], 'now'> | undefined;
  readonly #turns = new Turns();

  constructor(options: Parameters<typeof openPostgresStore>[0]) {
    const { connection, world, auditKey, announce, clock } = options;
    this.#database = new Database(connection, world);
    this.#world = world;
    this.#auditKey = auditKey;
    this.#announce = announce;
    this.#clock = clock;
  }

  /** Refuses a database that belongs to an installation with another secret. */
  claimSecret(): Promise<void> {
    return claimSecret(this.#database, this.#auditKey);
  }

  async saveSetup(setup: Parameters<Store['saveSetup']>[0], audit?: Stored.Audited) {
    const { id } = setup.tenant;
    await this.#database.transaction(id, async (query) => {
      await saveSetup(query, setup);
      if (audit) await appendAudit(query, id, this.#auditKey, audit);
    });
  }

  readSetup(tenant: TenantId) {
    return this.#run(readSetup, tenant);
  }

  saveKeepsake(tenant: TenantId, keepsake: Stored.Keepsake) {
    return this.#run(saveKeepsake, tenant, keepsake);
  }

  readKeepsake(tenant: TenantId, keepsake: Parameters<Store['readKeepsake']>[1]) {
    return this.#run(readKeepsake, tenant, keepsake);
  }

  mark(tenant: TenantId, batch: Stored.MarkBatch) {
    return this.#leaving(tenant, (query, left) => work.mark(query, tenant, batch, left));
  }

  waiting() {
    return work.waiting(this.#database);
  }

  async claim(request: Stored.ClaimRequest): Promise<readonly Stored.Claimed[]> {
    const { tenant, sync } = request;
    const isNamed = tenant !== undefined && sync !== undefined;
    const heads = isNamed
      ? [{ tenant, sync }]
      : this.#turns.order(await work.waiting(this.#database), request);
    for (const head of heads) {
      const token = this.#world.newId();
      const claimed = await this.#database.transaction(head.tenant, (query) =>
        work.claim(query, head, request, token),
      );
      // Nothing: others were claiming the same keys at this moment.
      if (claimed.length === 0) continue;
      this.#turns.served(head.tenant, claimed.length);
      return claimed;
    }
    return [];
  }

  renew(tenant: TenantId, leases: readonly Stored.Lease[], until: number) {
    return this.#run(work.renew, tenant, leases, until);
  }

  finish(tenant: TenantId, finishes: readonly Stored.Finish[]) {
    return this.#leaving(tenant, (query, left) => work.finish(query, tenant, finishes, left));
  }

  readCursors(tenant: TenantId, sync: Stored.SyncId) {
    return this.#run(work.readCursors, tenant, sync);
  }

  inspectWork(tenant: TenantId, keys: readonly Stored.WorkKey[]) {
    return this.#run(work.inspectWork, tenant, keys);
  }

  isWaiting(tenant: TenantId, place: Stored.Place, triesBelow: number) {
    return this.#run(work.isWaiting, tenant, place, triesBelow);
  }

  spend(tenant: TenantId, requests: readonly Stored.Spend[]) {
    return this.#run(spend, tenant, requests, this.#clock?.now());
  }

  slowDown(tenant: TenantId, request: Stored.SlowDown) {
    return this.#run(slowDown, tenant, request, this.#clock?.now());
  }

  load(tenant: TenantId, keys: readonly Stored.WorkKey[]) {
    return this.#run(records.load, tenant, keys);
  }

  findLinks(tenant: TenantId, refs: readonly Stored.Ref[]) {
    return this.#run(records.findLinks, tenant, refs);
  }

  findEntities(tenant: TenantId, entities: Parameters<Store['findEntities']>[1]) {
    return this.#run(records.findEntities, tenant, entities);
  }

  findKeys(tenant: TenantId, keys: readonly Stored.MatchKey[]) {
    return this.#run(records.findKeys, tenant, keys);
  }

  digestLinks(tenant: TenantId, place: Stored.Place, buckets?: readonly number[]) {
    return this.#run(links.digestLinks, tenant, place, buckets);
  }

  listLinks(tenant: TenantId, page: Stored.LinkPage) {
    return this.#run(links.listLinks, tenant, page);
  }

  listReferrers(tenant: TenantId, page: Stored.ReferrerPage) {
    return this.#run(links.listReferrers, tenant, page);
  }

  countRecords(tenant: TenantId, sync: Stored.SyncId) {
    return this.#run(links.countRecords, tenant, sync);
  }

  commit(tenant: TenantId, now: number, commits: readonly Stored.Commit[]) {
    return this.#leaving(tenant, (query, left) =>
      commit(query, tenant, this.#auditKey, now, commits, left),
    );
  }

  listConflicts(tenant: TenantId, page: Parameters<Store['listConflicts']>[1]) {
    return this.#run(decisions.listConflicts, tenant, page);
  }

  listReviews(tenant: TenantId, page: Parameters<Store['listReviews']>[1]) {
    return this.#run(decisions.listReviews, tenant, page);
  }

  decide(tenant: TenantId, { audit = [], ...batch }: Stored.DecisionBatch) {
    return this.#leaving(tenant, async (query, left) => {
      const noted = await decisions.decide(query, tenant, batch, left);
      await appendAudit(query, tenant, this.#auditKey, { now: batch.now, items: audit });
      return noted;
    });
  }

  listDeadLetters(tenant: TenantId, page: Parameters<Store['listDeadLetters']>[1]) {
    return this.#run(decisions.listDeadLetters, tenant, page);
  }

  answerDeadLetters(tenant: TenantId, { audit = [], ...batch }: Stored.DeadLetterAnswer) {
    return this.#leaving(tenant, async (query, left) => {
      const answered = await decisions.answerDeadLetters(query, tenant, batch, left);
      await appendAudit(query, tenant, this.#auditKey, { now: batch.now, items: audit });
      return answered;
    });
  }

  appendInbox(tenant: TenantId, deliveries: readonly Stored.Delivery[]) {
    return this.#run(journal.appendInbox, tenant, deliveries);
  }

  takeInbox(tenant: TenantId, request: Stored.InboxRequest) {
    return this.#run(journal.takeInbox, tenant, request);
  }

  settleInbox(
    tenant: TenantId,
    deliveries: readonly Stored.DeliveryKey[],
    batch: Stored.MarkBatch,
  ) {
    return this.#leaving(tenant, async (query, left) => {
      await work.mark(query, tenant, batch, left);
      await journal.settleInbox(query, tenant, batch.now, deliveries);
    });
  }

  saveRuns(tenant: TenantId, runs: readonly Stored.Run[]) {
    return this.#run(journal.saveRuns, tenant, runs);
  }

  listRuns(tenant: TenantId, page: Stored.RunPage) {
    return this.#run(journal.listRuns, tenant, page);
  }

  appendRunItems(tenant: TenantId, items: readonly Stored.RunItem[]) {
    return this.#run(journal.appendRunItems, tenant, items);
  }

  listRunItems(tenant: TenantId, page: Stored.RunItemPage) {
    return this.#run(journal.listRunItems, tenant, page);
  }

  listHistory(tenant: TenantId, page: Stored.HistoryPage) {
    return this.#run(journal.listHistory, tenant, page);
  }

  appendAudit(tenant: TenantId, audit: Stored.Audited) {
    return this.#run(appendAudit, tenant, this.#auditKey, audit);
  }

  readAuditEnd(tenant: TenantId, sequence: number) {
    return this.#run(readAuditEnd, tenant, sequence);
  }

  verifyAudit(tenant: TenantId) {
    return this.#run(verifyAudit, tenant, this.#auditKey);
  }

  purge(tenant: TenantId, request: { before: number; limit: number }) {
    return this.#run(journal.purge, tenant, request);
  }

  async check() {
    await this.#database.query({ name: 'check', text: 'select 1' });
  }

  close() {
    return this.#database.close();
  }

  #run<Args extends readonly unknown[], Result>(
    task: (query: Query, tenant: TenantId, ...args: Args) => Promise<Result>,
    tenant: TenantId,
    ...args: Args
  ): Promise<Result> {
    return this.#database.transaction(tenant, (query) => task(query, tenant, ...args));
  }

  /** A transaction that may leave work waiting. Others hear of it before it ends. */
  #leaving<Result>(
    tenant: TenantId,
    task: (query: Query, left: Stored.Waiting[]) => Promise<Result>,
  ): Promise<Result> {
    return this.#database.transaction(tenant, async (query, sql) => {
      const left: Stored.Waiting[] = [];
      const result = await task(query, left);
      if (left.length > 0) await this.#announce?.(soonest(left), sql);
      return result;
    });
  }
}
