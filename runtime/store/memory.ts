/**
 * A store in memory, for simulation: everything PostgreSQL would answer, without PostgreSQL. Each
 * method runs in one go, so it is a transaction by nature. What goes in is copied as JSON and frozen;
 * nobody shares anything with it that can change.
 */
import type { World } from '../world/world.ts';
import { EMPTY_CHAIN, sealBatch, verifyChain } from './audit-chain.ts';
import { inOne, judgeSpend, slowed } from './budget.ts';
import { endingsOf, judge } from './commit.ts';
import { unknownTenant } from './failures.ts';
import { countIn, digestIn, listIn, referrersIn } from './memory/links.ts';
import { addKeys, applyCommit, assertHeld, heldIn, loadFrom } from './memory/records.ts';
import { compare, copy, emptyRows, pageOf, sortedBy, type Rows } from './memory/rows.ts';
import {
  claimRows,
  finishRow,
  inspectRow,
  isWaitingIn,
  markRows,
  renewRow,
  waitingIn,
  type Left,
} from './memory/work.ts';
import type * as Stored from './store.ts';
import type { AuditItem, Store, SyncId, TenantId } from './store.ts';
import { Turns } from './turns.ts';
import { soonest } from './waiting.ts';
import { keyOf, nameOfKey, nameOfRef, nameOfReview, urgent } from './work-key.ts';

type MemoryWorld = Pick<World, 'newId'> & {
  /** Budgets are counted by this one. */
  readonly clock: Pick<World['clock'], 'now'>;
};

export class MemoryStore implements Store {
  readonly #world: MemoryWorld;
  readonly #auditKey: string;
  readonly #tenants = new Map<TenantId, Rows>();
  readonly #announce: (due: readonly Stored.Waiting[]) => void;
  readonly #turns = new Turns();

  constructor({
    world,
    auditKey,
    announce = () => {},
  }: {
    world: MemoryWorld;
    auditKey: string;
    /** Told of all work that was left waiting. */
    announce?: (due: readonly Stored.Waiting[]) => void;
  }) {
    this.#world = world;
    this.#auditKey = auditKey;
    this.#announce = announce;
  }

  /** All that a tenant has, for a simulation that sees what no worker sees. */
  rowsOf(tenant: TenantId): Rows {
    const rows = this.#tenants.get(tenant) ?? emptyRows();
    this.#tenants.set(tenant, rows);
    return rows;
  }

  async saveSetup(given: Parameters<Store['saveSetup']>[0], audit?: Stored.Audited) {
    const { tenant, endpoints = [], syncs = [] } = copy(given);
    const rows = this.rowsOf(tenant.id);
    rows.tenant = { ...tenant, createdAt: rows.tenant?.createdAt ?? tenant.createdAt };
    for (const endpoint of endpoints) rows.endpoints.set(endpoint.id, endpoint);
    for (const sync of syncs) rows.syncs.set(sync.id, sync);
    this.#audit(tenant.id, audit?.now ?? 0, audit?.items);
  }

  async readSetup(tenant: TenantId): Promise<Stored.Setup | undefined> {
    const rows = this.rowsOf(tenant);
    if (!rows.tenant) return undefined;
    return {
      tenant: rows.tenant,
      endpoints: sortedBy(rows.endpoints.values(), ({ id }) => [id]),
      syncs: sortedBy(rows.syncs.values(), ({ id }) => [id]),
    };
  }

  async saveKeepsake(tenant: TenantId, { endpoint, name, sealed }: Stored.Keepsake) {
    this.rowsOf(tenant).keepsakes.set(`${endpoint}/${name}`, sealed);
  }

  async readKeepsake(tenant: TenantId, { endpoint, name }: Parameters<Store['readKeepsake']>[1]) {
    return this.rowsOf(tenant).keepsakes.get(`${endpoint}/${name}`);
  }

  async mark(tenant: TenantId, batch: Stored.MarkBatch): Promise<void> {
    this.#leaving(tenant, (left) => markRows(this.rowsOf(tenant), copy(batch), left));
  }

  async waiting(): Promise<readonly Stored.Waiting[]> {
    const all = [...this.#tenants].flatMap(([tenant, rows]) => waitingIn(rows, tenant));
    return sortedBy(all, ({ tenant, sync, priority }) => [tenant, sync, priority]);
  }

  async claim(request: Stored.ClaimRequest): Promise<readonly Stored.Claimed[]> {
    const { tenant, sync } = request;
    const isNamed = tenant !== undefined && sync !== undefined;
    const [next] = isNamed ? [{ tenant, sync }] : this.#turns.order(await this.waiting(), request);
    if (!next) return [];
    const claimed = claimRows(this.rowsOf(next.tenant), next, request, this.#world.newId());
    if (claimed.length > 0) this.#turns.served(next.tenant, claimed.length);
    return claimed;
  }

  async renew(tenant: TenantId, leases: readonly Stored.Lease[], until: number) {
    return leases.map((lease) => renewRow(this.rowsOf(tenant), lease, until));
  }

  async finish(tenant: TenantId, finishes: readonly Stored.Finish[]) {
    return this.#leaving(tenant, (left) =>
      copy(finishes).map((finish) => finishRow(this.rowsOf(tenant), finish, left)),
    );
  }

  async readCursors(tenant: TenantId, sync: SyncId): Promise<readonly Stored.Cursor[]> {
    const cursors = [...this.rowsOf(tenant).cursors.values()].filter((row) => row.sync === sync);
    return sortedBy(cursors, ({ endpoint, channel }) => [endpoint, channel]);
  }

  async inspectWork(tenant: TenantId, keys: readonly Stored.WorkKey[]) {
    return keys.map((key) => inspectRow(this.rowsOf(tenant), key));
  }

  async isWaiting(tenant: TenantId, place: Stored.Place, triesBelow: number) {
    return isWaitingIn(this.rowsOf(tenant), place, triesBelow);
  }

  async spend(tenant: TenantId, requests: readonly Stored.Spend[]) {
    const { budgets } = this.rowsOf(tenant);
    const now = this.#world.clock.now();
    const judged = inOne(requests).map((each) => judgeSpend(budgets.get(each.bucket), each, now));
    const waitMs = Math.max(...judged.map(({ readyAt }) => readyAt)) - now;
    if (waitMs > 0) return { granted: false, waitMs } as const;
    for (const { spent } of judged) budgets.set(spent.bucket, spent);
    return { granted: true } as const;
  }

  async slowDown(tenant: TenantId, request: Stored.SlowDown): Promise<void> {
    const { budgets } = this.rowsOf(tenant);
    const now = this.#world.clock.now();
    budgets.set(request.bucket, slowed(budgets.get(request.bucket), request, now));
  }

  async load(tenant: TenantId, keys: readonly Stored.WorkKey[]) {
    return keys.map((key) => loadFrom(this.rowsOf(tenant), copy(key)));
  }

  async findLinks(tenant: TenantId, refs: readonly Stored.Ref[]) {
    const rows = this.rowsOf(tenant);
    return refs.map((ref): Stored.FoundLink | undefined => {
      const owner = rows.refs.get(nameOfRef(ref));
      if (!owner) return undefined;
      const { entity, links } = rows.records.get(owner.entity)!;
      const { state, generation, mergedInto } = links.get(owner.link)!;
      const into = mergedInto === undefined ? {} : { mergedInto };
      const { id, life } = entity;
      return { link: owner.link, state, generation, entity: id, life, ...into };
    });
  }

  async findEntities(tenant: TenantId, entities: readonly Stored.FoundEntity['entity'][]) {
    const rows = this.rowsOf(tenant);
    return entities.map((id): Stored.FoundEntity | undefined => {
      const row = rows.records.get(id);
      if (!row) return undefined;
      const links = sortedBy(row.links.values(), (link) => [link.id]).map(
        ({ endpoint, remoteId, state, generation }) => ({ endpoint, remoteId, state, generation }),
      );
      return { entity: id, life: row.entity.life, links };
    });
  }

  async findKeys(tenant: TenantId, keys: readonly Stored.MatchKey[]) {
    const rows = this.rowsOf(tenant);
    return keys.map((key): Stored.KeyOwner | undefined => {
      const entity = rows.keys.get(key);
      if (entity === undefined) return undefined;
      return { entity, life: rows.records.get(entity)!.entity.life };
    });
  }

  async digestLinks(tenant: TenantId, place: Stored.Place, buckets?: readonly number[]) {
    return digestIn(this.rowsOf(tenant), place, buckets);
  }

  async listLinks(tenant: TenantId, page: Stored.LinkPage) {
    return listIn(this.rowsOf(tenant), page);
  }

  async listReferrers(tenant: TenantId, page: Stored.ReferrerPage) {
    return referrersIn(this.rowsOf(tenant), page);
  }

  async countRecords(tenant: TenantId, sync: SyncId) {
    return countIn(this.rowsOf(tenant), sync);
  }

  async commit(tenant: TenantId, now: number, given: readonly Stored.Commit[]) {
    const rows = this.rowsOf(tenant);
    const verdicts = judge(given, heldIn(rows));
    const accepted = copy(given.filter((_, index) => verdicts[index]!.store));
    for (const { record } of accepted) if (record) assertHeld(rows, record);
    this.#audit(
      tenant,
      now,
      accepted.flatMap(({ audit = [] }) => audit),
    );
    for (const commit of accepted) applyCommit(rows, now, commit);
    for (const commit of accepted) addKeys(rows, commit);
    this.#leaving(tenant, (left) => {
      for (const finish of endingsOf(accepted)) finishRow(rows, finish, left);
    });
    return verdicts.map(({ outcome }) => outcome);
  }

  async listConflicts(tenant: TenantId, page: Stored.Page<Stored.StoredConflict['state']>) {
    const records = [...this.rowsOf(tenant).records.values()];
    const conflicts = records.flatMap((row) => [...row.conflicts.values()]);
    return pageOf(
      conflicts.filter((row) => isOn(page, row)),
      page,
    );
  }

  async listReviews(tenant: TenantId, page: Stored.Page<Stored.StoredReview['state']>) {
    const reviews = [...this.rowsOf(tenant).reviews.values()];
    return pageOf(
      reviews.filter((row) => isOn(page, row)),
      page,
    );
  }

  async decide(tenant: TenantId, given: Stored.DecisionBatch): Promise<readonly boolean[]> {
    const { now, actor, decisions, audit } = copy(given);
    const rows = this.rowsOf(tenant);
    this.#audit(tenant, now, audit);
    const noted = decisions.map((decision) => {
      const decided = { choice: decision.choice, actor, at: now };
      if (decision.kind === 'conflict') {
        const conflicts = rows.records.get(decision.entity)?.conflicts;
        const conflict = conflicts?.get(decision.fingerprint);
        if (conflict?.state !== 'open') return false;
        conflicts!.set(conflict.fingerprint, { ...conflict, decision: decided });
        return true;
      }
      const review = rows.reviews.get(nameOfReview(decision.review));
      if (!review || review.state === 'closed') return false;
      rows.reviews.set(review.id, { ...review, state: 'decided', decision: decided });
      return true;
    });
    const marks = decisions.map((decision) => urgent(keyOf(decision)));
    this.#leaving(tenant, (left) => markRows(rows, { now, marks }, left));
    return noted;
  }

  async listDeadLetters(tenant: TenantId, page: Stored.Page<Stored.StoredDeadLetter['state']>) {
    const letters = [...this.rowsOf(tenant).deadLetters.values()];
    return pageOf(
      letters.filter((row) => isOn(page, { ...row, sync: row.key.sync })),
      page,
    );
  }

  async answerDeadLetters(tenant: TenantId, given: Stored.DeadLetterAnswer) {
    const { now, keys, answer, audit } = copy(given);
    const rows = this.rowsOf(tenant);
    this.#audit(tenant, now, audit);
    const answered = keys.map((key) => {
      const letter = rows.deadLetters.get(`${key.sync}/${nameOfKey(key)}`);
      if (letter?.state !== 'open') return false;
      const state = answer === 'replay' ? 'replayed' : 'dropped';
      rows.deadLetters.set(letter.id, { ...letter, state });
      return true;
    });
    const again = answer === 'replay' ? keys.filter((_, index) => answered[index]) : [];
    this.#leaving(tenant, (left) => markRows(rows, { now, marks: again.map(urgent) }, left));
    return answered;
  }

  async appendInbox(tenant: TenantId, deliveries: readonly Stored.Delivery[]) {
    const { inbox } = this.rowsOf(tenant);
    return copy(deliveries).map((delivery) => {
      const name = nameOfDelivery(delivery);
      if (inbox.has(name)) return false;
      inbox.set(name, delivery);
      return true;
    });
  }

  async takeInbox(tenant: TenantId, { now, until, limit }: Stored.InboxRequest) {
    const { inbox } = this.rowsOf(tenant);
    const free = [...inbox.values()].filter(
      (row) => row.processedAt === undefined && (row.takenUntil ?? 0) <= now,
    );
    const oldest = sortedBy(free, ({ receivedAt, endpoint, id }) => [receivedAt, endpoint, id]);
    return oldest.slice(0, limit).map((row): Stored.Delivery => {
      inbox.set(nameOfDelivery(row), { ...row, takenUntil: until });
      const { endpoint, id, receivedAt, hint } = row;
      return { endpoint, id, receivedAt, hint };
    });
  }

  async settleInbox(
    tenant: TenantId,
    deliveries: readonly Stored.DeliveryKey[],
    batch: Stored.MarkBatch,
  ): Promise<void> {
    const rows = this.rowsOf(tenant);
    for (const delivery of deliveries) {
      const name = nameOfDelivery(delivery);
      const row = rows.inbox.get(name);
      if (row) rows.inbox.set(name, { ...row, processedAt: batch.now });
    }
    this.#leaving(tenant, (left) => markRows(rows, copy(batch), left));
  }

  async saveRuns(tenant: TenantId, runs: readonly Stored.Run[]): Promise<void> {
    for (const run of copy(runs)) this.rowsOf(tenant).runs.set(run.id, run);
  }

  async listRuns(tenant: TenantId, { sync, limit, before }: Stored.RunPage) {
    const place = (run: Pick<Stored.Run, 'startedAt' | 'id'>): [number, string] => [
      run.startedAt,
      run.id,
    ];
    const runs = [...this.rowsOf(tenant).runs.values()].filter(
      (run) =>
        (sync === undefined || run.sync === sync) &&
        (!before || compare(place(run), place(before)) < 0),
    );
    return sortedBy(runs, place).toReversed().slice(0, limit);
  }

  async appendRunItems(tenant: TenantId, items: readonly Stored.RunItem[]): Promise<void> {
    const { runItems } = this.rowsOf(tenant);
    for (const item of copy(items)) if (!runItems.has(item.id)) runItems.set(item.id, item);
  }

  async listRunItems(tenant: TenantId, { run, limit, after = '' }: Stored.RunItemPage) {
    const items = [...this.rowsOf(tenant).runItems.values()];
    const next = items.filter((item) => item.run === run && item.id > after);
    return sortedBy(next, ({ id }) => [id]).slice(0, limit);
  }

  async listHistory(tenant: TenantId, { entity, limit, before }: Stored.HistoryPage) {
    const items = [...this.rowsOf(tenant).runItems.values()].filter(
      (item) => item.entity === entity && (before === undefined || item.id < before),
    );
    return sortedBy(items, ({ id }) => [id])
      .toReversed()
      .slice(0, limit);
  }

  async appendAudit(tenant: TenantId, { now, items }: Stored.Audited): Promise<void> {
    this.#audit(tenant, now, items);
  }

  async readAuditEnd(tenant: TenantId, at: number): Promise<Stored.AuditEnd> {
    const { audit } = this.rowsOf(tenant);
    const { sequence, seal } = audit.at(-1) ?? EMPTY_CHAIN;
    const there = audit[at - 1];
    return { sequence, seal, ...(there ? { sealThere: there.seal } : {}) };
  }

  async verifyAudit(tenant: TenantId): Promise<Stored.AuditReport> {
    const { audit } = this.rowsOf(tenant);
    const chain = verifyChain(this.#auditKey, tenant, audit.at(-1) ?? EMPTY_CHAIN);
    for (const batch of audit) chain.add(batch);
    return chain.report();
  }

  async purge(tenant: TenantId, { before, limit }: { before: number; limit: number }) {
    const { inbox, runs, runItems, deadLetters } = this.rowsOf(tenant);
    const ended = (run: string): number => runs.get(run)?.endedAt ?? Infinity;
    const items = [...runItems.values()].filter(({ run }) => ended(run) < before);
    const deliveries = [...inbox].filter(([, row]) => (row.processedAt ?? Infinity) < before);
    const letters = [...deadLetters.values()].filter((l) => l.state !== 'open' && l.at < before);
    return (
      forget(
        runItems,
        items.map(({ run, id }) => [[run, id], id]),
        limit,
      ) +
      forget(
        inbox,
        deliveries.map(([name, row]) => [[row.processedAt!, name], name]),
        limit,
      ) +
      forget(
        deadLetters,
        letters.map(({ at, id }) => [[at, id], id]),
        limit,
      ) +
      forget(runs, emptyRuns(), limit)
    );

    function emptyRuns(): Forgettable[] {
      const full = new Set([...runItems.values()].map(({ run }) => run));
      return [...runs.values()]
        .filter(({ id }) => ended(id) < before && !full.has(id))
        .map(({ endedAt, id }) => [[endedAt!, id], id]);
    }
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {}

  /** What leaves work waiting; others hear of it once it is done. */
  #leaving<Result>(tenant: TenantId, task: (left: Left[]) => Result): Result {
    const left: Left[] = [];
    const result = task(left);
    if (left.length > 0) this.#announce(soonest(left.map((each) => ({ tenant, ...each }))));
    return result;
  }

  /** Before anything else is changed, because it fails for a tenant that was never set up. */
  #audit(tenant: TenantId, at: number, items: readonly AuditItem[] = []): void {
    if (items.length === 0) return;
    const rows = this.rowsOf(tenant);
    if (!rows.tenant) throw unknownTenant(tenant);
    const head = rows.audit.at(-1) ?? EMPTY_CHAIN;
    rows.audit.push(sealBatch(this.#auditKey, tenant, head, { at, items: copy(items) }));
  }
}

/** In what order to forget, and the name to forget. */
type Forgettable = readonly [place: readonly (string | number)[], name: string];

function forget(rows: Map<string, unknown>, names: readonly Forgettable[], limit: number): number {
  const gone = sortedBy(names, ([place]) => place).slice(0, limit);
  for (const [, name] of gone) rows.delete(name);
  return gone.length;
}

function isOn<State>(
  page: { readonly state: State; readonly sync?: SyncId },
  row: { readonly state: State; readonly sync: SyncId },
): boolean {
  return row.state === page.state && (page.sync === undefined || row.sync === page.sync);
}

function nameOfDelivery({ endpoint, id }: Stored.DeliveryKey): string {
  return `${endpoint}/${id}`;
}
