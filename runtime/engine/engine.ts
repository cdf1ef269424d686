/**
 * The engine: keeps the records of a sync the same in all of its members.
 *
 * Work is *marked* and then *drained*. Hints, polls and sweeps mark where something may have changed;
 * draining claims what is due, page by page, and brings it in order. Any number of processes may drain
 * the same sync; each key is worked on by one of them at a time. Whoever calls `drain` decides when: a
 * queue, a command or a test. The engine itself never waits for work, unless it is asked to.
 */
import { isDeepStrictEqual } from 'node:util';
import { TributaryError } from '../core/errors.ts';
import type { EndpointId, EntityId } from '../core/planner/model.ts';
import type {
  Claimed,
  Cursor,
  Mark,
  Priority,
  Ref,
  Run,
  Setup,
  Store,
  StoredEndpoint,
  StoredSync,
  SyncId,
  TenantId,
  WorkKey,
} from '../store/store.ts';
import { Refusals, type Context, type Mode, type Order, type Told } from './context.ts';
import { explain, type Explanation } from './explaining.ts';
import { Gate } from './gate.ts';
import { LEASE_MS, Leases } from './leases.ts';
import { Accounts, openSync, type Sync, type Types } from './member.ts';
import type { Opening } from './opening.ts';
import { ordersToApply, ordersToUndo } from './orders.ts';
import { Doubts, Recent } from './recent.ts';
import { pastOf, type Anchor } from './recovery.ts';
import { rulesWithout, type Rules } from './rules.ts';
import { RunLog } from './run-log.ts';
import { windowOf } from './marking.ts';
import type { Certificate } from './sweeping.ts';
import { takeTurn } from './turn.ts';

export interface EngineOptions extends Opening {
  readonly store: Store;
  /** Makes match keys and markers, too; the same in all processes, for as long as the data lives. */
  readonly secret: string;
  /** Keeps what shows that the database was put back to a backup; without it, nobody notices. */
  readonly anchor?: Anchor;
  /** All rules hold; a test may switch some off. */
  readonly rules?: Rules;
}

export interface Engine {
  /** Something may have changed there. */
  hint(tenant: TenantId, refs: readonly Ref[], priority?: Priority): Promise<void>;
  /** Looks for changes at the members of a sync, or at everything they have. */
  look(
    tenant: TenantId,
    sync: SyncId,
    options?: { readonly full?: boolean; readonly endpoints?: readonly EndpointId[] },
  ): Promise<void>;
  /** Works off what is due. */
  drain(work: Work): Promise<Run>;
  /**
   * Plans what is due and tells every write with what was there before; nothing is sent. Links and our own
   * copies are brought up to date meanwhile, which no vendor notices. What was told stays marked, so that
   * it can be told again, and is done by whoever drains next.
   */
  preview(work: Omit<Work, 'mode'>): Promise<Run>;
  /**
   * Sends exactly what a preview showed. What has moved since is told as `moved` instead, and stays marked;
   * a new preview tells what would happen to it now. `by` is who the audit names.
   */
  apply(tenant: TenantId, run: string, options?: { readonly by?: string }): Promise<Run>;
  /** Takes back what a run wrote, except where somebody has edited since; `isPreview` only tells. */
  undo(
    tenant: TenantId,
    run: string,
    options?: { readonly isPreview?: boolean; readonly by?: string },
  ): Promise<Run>;
  explain(
    tenant: TenantId,
    key: Extract<WorkKey, { kind: 'entity' | 'item' }>,
  ): Promise<Explanation>;
  /** The result of the last complete sweep of each member. */
  certificates(tenant: TenantId, sync: SyncId): Promise<readonly Certificate[]>;
  /** Reads set-up and schemas anew. */
  refresh(): void;
  close(): Promise<void>;
}

export interface Work {
  readonly tenant: TenantId;
  readonly sync: SyncId;
  readonly leastPriority?: Priority;
  readonly trigger?: string;
  readonly mode?: Mode;
  /** What is due soon is waited for, so long in all; 0. */
  readonly waitMs?: number;
  /** Ends the work after the page that is under way. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (counts: Readonly<Record<string, number>>) => void;
}

/** A log-in, or a look at a schema. */
const OPENING = { action: 'read', items: 1, priority: 1 } as const;
/** A page: one batch of most vendors. */
const PAGE = 100;
/** Set-up and schemas are believed for so long. */
const OPEN_MS = 300_000;
const COUNT_MS = 60_000;
const MARKS = 500;
/** Due and not to be had: another process is at it. */
const SOON_MS = 50;
/** Together longer than a lease. Whoever has not had their turn by then is worked on elsewhere all the time. */
const ROUNDS_MAX = 20;
const ROUND_MS = 2_000;

/** A sync as it was stored when it was opened, and until when it is believed. */
interface Opened {
  readonly text: string;
  readonly sync: Promise<Sync>;
  readonly since: number;
  until: number;
}

/** A member that could not be opened is tried again after that, at the soonest. */
const AGAIN_MS = 1_000;

export function openEngine(options: EngineOptions): Engine {
  const { store, world, rules = rulesWithout() } = options;
  const accounts = new Accounts({
    ...options,
    ask: (tenant, account, work) => gate.call(tenant, account, OPENING, work),
  });
  const gate = new Gate(store, world, (endpoint) => {
    accounts.forget(endpoint);
    opened.clear();
  });
  const recent = new Recent();
  const doubts = new Doubts(world);
  const refusals = new Refusals();
  const past = pastOf(store, world, options.anchor);
  const opened = new Map<string, Opened>();
  const counted = new Map<SyncId, { readonly live: number; readonly at: number }>();

  async function setupOf(tenant: TenantId): Promise<Setup> {
    const setup = await store.readSetup(tenant);
    if (setup) return setup;
    throw new TributaryError('tenant-unknown', {
      what: `Nothing is known about the tenant ${tenant}.`,
      next: 'Save its set-up first.',
    });
  }

  /** As it is stored now; opened anew when that has changed, or when a member was not to be had. */
  async function syncOf(tenant: TenantId, id: SyncId): Promise<Sync> {
    const { syncs, endpoints } = await setupOf(tenant);
    const stored = syncs.find((sync) => sync.id === id);
    if (!stored) {
      throw new TributaryError('sync-unknown', {
        what: `There is no sync ${id}.`,
        next: 'Save it first, or correct its id.',
      });
    }
    const name = `${tenant}/${id}`;
    const text = JSON.stringify(stored);
    const known = opened.get(name);
    const now = world.clock.monotonicMs();
    if (known && known.text === text && now < known.until) return known.sync;
    const isFresh = known?.text === text && now - known.since < OPEN_MS;
    const kept = isFresh ? (await known.sync).members : undefined;
    const opening: Opened = {
      text,
      since: isFresh ? known.since : now,
      until: now + OPEN_MS,
      sync: openWithTypes(tenant, stored, endpoints, kept),
    };
    opened.set(name, opening);
    try {
      const sync = await opening.sync;
      const soonest = Math.min(...[...sync.unavailable.values()].map(({ until }) => until));
      opening.until = Math.min(now + OPEN_MS, Math.max(now + AGAIN_MS, soonest));
      return sync;
    } catch (error) {
      opened.delete(name);
      throw error;
    }
  }

  async function peerOf(tenant: TenantId, id: SyncId): Promise<Sync | undefined> {
    const { syncs } = await setupOf(tenant);
    return syncs.some((sync) => sync.id === id) ? syncOf(tenant, id) : undefined;
  }

  /** The types of fields are remembered from the first time on, so that a change is noticed at any time. */
  async function openWithTypes(
    tenant: TenantId,
    stored: StoredSync,
    endpoints: readonly StoredEndpoint[],
    kept: Sync['members'] | undefined,
  ): Promise<Sync> {
    const known = await typesOf(tenant, stored.id);
    const sync = await openSync(tenant, stored, endpoints, accounts, kept, known);
    // Vendors may take their time, and another process may have been the first meanwhile.
    const knownNow = await typesOf(tenant, stored.id);
    const settled = [...sync.members].filter(([endpoint]) => {
      return isDeepStrictEqual(known.get(endpoint), knownNow.get(endpoint));
    });
    if (settled.length < sync.members.size) {
      return openWithTypes(tenant, stored, endpoints, new Map(settled));
    }
    const fresh = [...sync.members].flatMap(([endpoint, { types }]): Cursor[] => {
      const before = known.get(endpoint) ?? {};
      if (Object.keys(types).every((path) => path in before)) return [];
      const value = { ...types, ...before };
      return [{ sync: stored.id, endpoint, channel: 'schema', value }];
    });
    if (fresh.length > 0) {
      await store.mark(tenant, { now: world.clock.now(), marks: [], cursors: fresh });
    }
    return sync;
  }

  async function typesOf(tenant: TenantId, id: SyncId): Promise<ReadonlyMap<EndpointId, Types>> {
    const cursors = await store.readCursors(tenant, id);
    const known = cursors.filter(({ channel }) => channel === 'schema');
    return new Map(known.map(({ endpoint, value }) => [endpoint, value as Types]));
  }

  async function countLive(tenant: TenantId, sync: SyncId): Promise<number> {
    const now = world.clock.monotonicMs();
    const known = counted.get(sync);
    if (known && now - known.at < COUNT_MS) return known.live;
    const { live } = await store.countRecords(tenant, sync);
    counted.set(sync, { live, at: now });
    return live;
  }

  async function look(
    tenant: TenantId,
    sync: SyncId,
    { full = false, endpoints }: { full?: boolean; endpoints?: readonly EndpointId[] } = {},
  ): Promise<void> {
    const { syncs } = await setupOf(tenant);
    const members = syncs.find(({ id }) => id === sync)?.policy.members ?? [];
    const marks = members
      .filter(({ endpoint }) => endpoints?.includes(endpoint) !== false)
      .map(({ endpoint }): Mark => {
        const kind = full ? 'sweep' : 'poll';
        return { key: { kind, sync, endpoint }, priority: full ? 3 : 1, windowMs: 0 };
      });
    await store.mark(tenant, { now: world.clock.now(), marks });
  }

  async function drain(work: Work): Promise<Run> {
    const { tenant, sync, trigger = 'work' } = work;
    const run = new RunLog(store, world, tenant, sync, trigger);
    let leftMs = work.waitMs ?? 0;
    for (;;) {
      await drainInto(work, run);
      const readyAt = await nextDue(tenant, sync);
      const delayMs = Math.max(SOON_MS, readyAt - world.clock.now());
      if (delayMs > leftMs || work.signal?.aborted) break;
      leftMs -= delayMs;
      await world.schedule.sleep(delayMs);
    }
    return run.end();
  }

  async function nextDue(tenant: TenantId, sync: SyncId): Promise<number> {
    const waiting = await store.waiting();
    const due = waiting.filter((each) => each.tenant === tenant && each.sync === sync);
    return Math.min(...due.map(({ readyAt }) => readyAt));
  }

  async function preview(work: Work): Promise<Run> {
    const told: Told = new Map();
    try {
      return await drain({ trigger: 'preview', ...work, mode: { kind: 'preview', told } });
    } finally {
      await markAgain(work, told.keys());
    }
  }

  /** What was only told has still to be done. */
  async function markAgain(
    { tenant, sync }: Pick<Work, 'tenant' | 'sync'>,
    entities: Iterable<EntityId>,
    priority: Priority = 1,
  ): Promise<void> {
    const marks = [...entities].map((entity): Mark => {
      return { key: { kind: 'entity', sync, entity }, priority, windowMs: 0 };
    });
    for (let n = 0; n < marks.length; n += MARKS) {
      await store.mark(tenant, { now: world.clock.now(), marks: marks.slice(n, n + MARKS) });
    }
  }

  async function drainInto(work: Work, run: RunLog): Promise<void> {
    const { tenant, sync: id, leastPriority = 3, onProgress } = work;
    await past.check(await setupOf(tenant));
    while (!work.signal?.aborted) {
      // Since the last page it may have been paused or configured anew, or an account been opened anew.
      const sync = await syncOf(tenant, id);
      // What a person orders about a run is done all the same: a pause is when things are put right.
      if (sync.status === 'paused' && !work.mode?.orders) return;
      const since = world.clock.monotonicMs();
      const claimed = await store.claim({
        now: world.clock.now(),
        leaseMs: LEASE_MS,
        limit: PAGE,
        tenant,
        sync: id,
        leastPriority,
      });
      if (claimed.length === 0) break;
      const context = contextFor(work, sync, run, claimed, since);
      await takeTurn(context, claimed);
      onProgress?.(run.counts);
    }
  }

  /**
   * Has orders carried out, each on its record, and nothing else. Another process may take a key first and
   * do its usual work; then it is marked again.
   */
  async function carryOut(
    run: RunLog,
    work: Pick<Work, 'tenant' | 'sync'>,
    orders: ReadonlyMap<EntityId, Order>,
  ): Promise<Run> {
    const { syncs } = await setupOf(work.tenant);
    const kind =
      syncs.find(({ id }) => id === work.sync)?.status === 'enabled' ? 'write' : 'preview';
    const done = new Set<EntityId>();
    const told: Told = new Map();
    const mode = { kind, orders, done, told } as const;
    for (let round = 0; round < ROUNDS_MAX && done.size < orders.size; round += 1) {
      if (round > 0) await world.schedule.sleep(ROUND_MS);
      const open = new Set([...orders.keys()].filter((entity) => !done.has(entity)));
      await markAgain(work, open, 0);
      await drainInto({ ...work, leastPriority: 0, mode }, run);
    }
    if (done.size < orders.size) run.count('not reached', orders.size - done.size);
    await markAgain(work, told.keys());
    return run.end();
  }

  async function noteOrder(
    tenant: TenantId,
    actor: string,
    action: string,
    cause: string,
  ): Promise<void> {
    await store.appendAudit(tenant, { now: world.clock.now(), items: [{ actor, action, cause }] });
  }

  async function runOf(tenant: TenantId, id: string): Promise<Run> {
    let before: { startedAt: number; id: string } | undefined;
    for (;;) {
      const runs = await store.listRuns(tenant, { limit: PAGE, ...(before ? { before } : {}) });
      const found = runs.find((run) => run.id === id);
      if (found) return found;
      const last = runs.at(-1);
      if (!last || runs.length < PAGE) break;
      before = { startedAt: last.startedAt, id: last.id };
    }
    throw new TributaryError('run-unknown', {
      what: `There is no run ${id}, or it is so old that it was forgotten.`,
      next: 'List the runs and take the id from there.',
    });
  }

  function contextFor(
    work: Work,
    sync: Sync,
    run: RunLog,
    claimed: readonly Claimed[],
    since?: number,
  ): Context {
    const mode: Mode = work.mode ?? { kind: sync.status === 'enabled' ? 'write' : 'preview' };
    return {
      store,
      world,
      gate,
      recent,
      doubts,
      refusals,
      sync,
      run,
      rules,
      mode,
      leases: new Leases(store, world, work.tenant, claimed, since),
      secret: options.secret,
      priority: Math.min(3, ...claimed.map(({ priority }) => priority)) as Priority,
      collisions: [],
      inHand: new Map(),
      peer: (id) => peerOf(work.tenant, id),
      countLive: () => countLive(work.tenant, sync.id),
      keep: () => past.keep(work.tenant),
      onDrift: () => void opened.delete(`${work.tenant}/${sync.id}`),
    };
  }

  return {
    async hint(tenant, refs, priority) {
      const { syncs } = await setupOf(tenant);
      const marks = refs.flatMap((ref): Mark[] => {
        const sync = syncs.find(({ id }) => id === ref.sync);
        if (!sync) return [];
        const latency = priority ?? (sync.settings['latency'] as Priority | undefined) ?? 1;
        return [{ key: { kind: 'item', ...ref }, priority: latency, windowMs: windowOf(latency) }];
      });
      await store.mark(tenant, { now: world.clock.now(), marks });
    },
    look,
    drain,
    preview,
    async apply(tenant, id, { by = 'somebody' } = {}) {
      const { sync } = await runOf(tenant, id);
      const orders = await ordersToApply(store, tenant, id);
      if (orders.size === 0) throw nothingShown(id);
      const run = new RunLog(store, world, tenant, sync, `apply ${id}`);
      await run.begin();
      await noteOrder(tenant, by, 'apply', id);
      return carryOut(run, { tenant, sync }, orders);
    },
    async undo(tenant, id, { isPreview = false, by = 'somebody' } = {}) {
      const { sync } = await runOf(tenant, id);
      const { orders, left } = await ordersToUndo(store, tenant, { run: id, sync, isPreview });
      const run = new RunLog(store, world, tenant, sync, `undo ${id}`);
      await run.begin();
      if (!isPreview) await noteOrder(tenant, by, 'undo', id);
      for (const { why } of left) run.count(`left alone: ${why}`);
      const items = left.map(({ entity, endpoint, ...detail }) =>
        run.item({ outcome: 'left alone', entity, ...(endpoint ? { endpoint } : {}), detail }),
      );
      for (let n = 0; n < items.length; n += MARKS) {
        await store.appendRunItems(tenant, items.slice(n, n + MARKS));
      }
      return carryOut(run, { tenant, sync }, orders);
    },
    async explain(tenant, key) {
      const sync = await syncOf(tenant, key.sync);
      const run = new RunLog(store, world, tenant, key.sync, 'explain');
      return explain(contextFor({ tenant, sync: key.sync }, sync, run, []), key);
    },
    async certificates(tenant, sync) {
      const cursors = await store.readCursors(tenant, sync);
      return cursors.flatMap(({ channel, value }) =>
        channel === 'enumerated' ? [value as unknown as Certificate] : [],
      );
    },
    refresh() {
      opened.clear();
      accounts.wake();
      gate.wake();
    },
    close: () => accounts.close(),
  };
}

function nothingShown(run: string): TributaryError {
  return new TributaryError('nothing-to-apply', {
    what: `The run ${run} did not show any write.`,
    next: 'Name a preview: a run that showed writes and sent none.',
  });
}
