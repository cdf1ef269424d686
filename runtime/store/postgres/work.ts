/**
 * Dirty marks, leases and cursors. A mark never waits for a worker: it only raises the count, and
 * whoever finishes with an older count leaves the key due. Rows are locked in the order of their
 * names wherever several are, so that batches do not get in each other's way; a row that is locked
 * stays where it is, so from then on its place is its name.
 */
import type {
  Claimed,
  ClaimRequest,
  Cursor,
  Finish,
  FinishOutcome,
  Lease,
  MarkBatch,
  Place,
  Priority,
  SyncId,
  TenantId,
  Waiting,
  WorkKey,
  WorkState,
} from '../store.ts';
import { keyOfName, nameOfKey } from '../work-key.ts';
import { lastOfEach, type Database, type Query } from './database.ts';
import { toJson } from './json.ts';

/**
 * A key that a batch names twice is marked once, as urgently as the more urgent one asks. What waits
 * now is added to `left`.
 */
export async function mark(
  query: Query,
  tenant: TenantId,
  { now, marks, cursors = [] }: MarkBatch,
  left: Waiting[],
): Promise<void> {
  if (marks.length > 0) {
    const rows = marks.map(({ key, priority, windowMs }) => ({
      sync: key.sync,
      key: nameOfKey(key),
      priority,
      due: now + windowMs,
    }));
    left.push(...(await query<Waiting>(MARK, [tenant, now, toJson(rows)])));
  }
  if (cursors.length > 0) {
    const rows = lastOfEach(cursors, (c) => `${c.sync}/${c.endpoint}/${c.channel}`);
    await query(SAVE_CURSORS, [tenant, toJson(rows)]);
  }
}

const MARK = {
  name: 'mark',
  text: `
    with marked as (
      insert into dirty as d
        (tenant_id, sync_id, key, marks, priority, first_mark_at, last_mark_at, due_at)
      select $1::uuid, m.sync, m.key, 1, min(m.priority), $2::bigint, $2::bigint, min(m.due)
        from jsonb_to_recordset($3::jsonb)
          as m (sync uuid, key text collate "C", priority smallint, due bigint)
       group by m.sync, m.key
       order by m.sync, m.key
      on conflict (tenant_id, sync_id, key) do update
        set marks = d.marks + 1,
            priority = least(d.priority, excluded.priority),
            first_mark_at = coalesce(d.first_mark_at, excluded.first_mark_at),
            last_mark_at = excluded.last_mark_at,
            due_at = least(
              d.due_at,
              coalesce(d.first_mark_at, excluded.first_mark_at)
                + excluded.due_at - excluded.first_mark_at)
      returning d.sync_id, d.priority, d.ready_at
    )
    select $1::uuid as tenant, sync_id as sync, priority, min(ready_at) as "readyAt"
      from marked
     group by sync_id, priority`,
};

const SAVE_CURSORS = {
  name: 'save-cursors',
  text: `
    insert into cursor (tenant_id, sync_id, endpoint_id, channel, value)
    select $1::uuid, c.sync, c.endpoint, c.channel, coalesce(c.value, 'null')
      from jsonb_to_recordset($2::jsonb)
        as c (sync uuid, endpoint uuid, channel text collate "C", value jsonb)
     order by c.sync, c.endpoint, c.channel
    on conflict (tenant_id, sync_id, endpoint_id, channel) do update set value = excluded.value`,
};

export function readCursors(query: Query, tenant: TenantId, sync: SyncId): Promise<Cursor[]> {
  return query<Cursor>(READ_CURSORS, [tenant, sync]);
}

const READ_CURSORS = {
  name: 'read-cursors',
  text: `
    select sync_id as sync, endpoint_id as endpoint, channel, value
      from cursor
     where tenant_id = $1::uuid and sync_id = $2::uuid
     order by endpoint_id, channel`,
};

export async function inspectWork(
  query: Query,
  tenant: TenantId,
  keys: readonly WorkKey[],
): Promise<(WorkState | undefined)[]> {
  const asked = keys.map((key, n) => ({ n, sync: key.sync, key: nameOfKey(key) }));
  const rows = await query<StateRow>(INSPECT_WORK, [tenant, toJson(asked)]);
  const states = new Map(rows.map(({ n, ...row }) => [n, stateOf(row)]));
  return keys.map((_, n) => states.get(n));
}

interface StateRow {
  readonly n: number;
  readonly priority: Priority;
  readonly dueAt: number;
  readonly leasedUntil: number | null;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly markedAt: number | null;
}

function stateOf({ leasedUntil, lastError, markedAt, ...row }: Omit<StateRow, 'n'>): WorkState {
  return {
    ...row,
    ...(leasedUntil === null ? {} : { leasedUntil }),
    ...(lastError === null ? {} : { lastError }),
    ...(markedAt === null ? {} : { markedAt }),
  };
}

const INSPECT_WORK = {
  name: 'inspect-work',
  text: `
    select k.n, found.*
      from jsonb_to_recordset($2::jsonb) as k (n int, sync uuid, key text collate "C")
     cross join lateral (
       select d.priority, d.due_at as "dueAt", d.lease_until as "leasedUntil", d.attempts,
              d.last_error as "lastError", d.first_mark_at as "markedAt"
         from dirty d
        where d.tenant_id = $1::uuid and d.sync_id = k.sync and d.key = k.key
       offset 0) found`,
};

export async function isWaiting(
  query: Query,
  tenant: TenantId,
  { sync, endpoint }: Place,
  triesBelow: number,
): Promise<boolean> {
  const items = `item/${endpoint}/`;
  const [row] = await query<{ found: boolean }>(IS_WAITING, [
    tenant,
    sync,
    items,
    endpoint,
    triesBelow,
  ]);
  return row?.found === true;
}

/** Items whose names begin alike lie side by side; "0" comes after "/". */
const IS_WAITING = {
  name: 'is-waiting',
  text: `
    select exists (
      select 1
        from dirty d
       where d.tenant_id = $1::uuid and d.sync_id = $2::uuid
         and d.key >= $3::text and d.key < rtrim($3::text, '/') || '0'
         and d.attempts < $5::int
         and not exists (
           select 1
             from link l
            where l.tenant_id = $1::uuid and l.sync_id = $2::uuid
              and l.endpoint_id = $4::uuid and l.remote_id = substr(d.key, length($3::text) + 1))
      offset 0) as found`,
};

export function waiting(database: Database): Promise<Waiting[]> {
  return database.query<Waiting>(WAITING);
}

const WAITING = {
  name: 'waiting',
  text: `
    select tenant_id as tenant, sync_id as sync, priority, ready_at as "readyAt"
      from waiting()
     order by tenant_id, sync_id, priority`,
};

interface ClaimedRow {
  readonly key: string;
  readonly marks: number;
  readonly priority: Priority;
  readonly markedAt: number | null;
  readonly lastMarkedAt: number;
  readonly attempts: number;
  readonly lastError: string | null;
}

export async function claim(
  query: Query,
  { tenant, sync }: Pick<Waiting, 'tenant' | 'sync'>,
  { now, leaseMs, limit, leastPriority = 3 }: ClaimRequest,
  token: string,
): Promise<Claimed[]> {
  const until = now + leaseMs;
  const values = [tenant, sync, leastPriority, now, limit, token, until];
  const rows = await query<ClaimedRow>(CLAIM, values);
  return rows.map(({ key, marks, priority, attempts, lastError, markedAt, lastMarkedAt }) => ({
    tenant,
    key: keyOfName(sync, key),
    token,
    marks,
    until,
    priority,
    attempts,
    lastMarkedAt,
    ...(lastError === null ? {} : { lastError }),
    ...(markedAt === null ? {} : { markedAt }),
  }));
}

/**
 * Each priority is read through its own part of the index, because one range over all of them would
 * step over everything urgent that is still waiting for its window. Rows that others are claiming at
 * the same time are passed over.
 */
const CLAIM = {
  name: 'claim',
  text: `
    with next as materialized (
      select due.*
        from generate_series(0, $3::int) as class (priority)
       cross join lateral (
         select d.ctid as place, d.priority, d.ready_at, d.first_mark_at
           from dirty d
          where d.tenant_id = $1::uuid and d.sync_id = $2::uuid
            and d.priority = class.priority::smallint
            and d.ready_at >= 0 and d.ready_at <= $4::bigint
          order by d.ready_at
          limit $5::int
            for update skip locked) due
       limit $5::int
    ), claimed as (
      update dirty d
         set lease = $6::uuid, lease_until = $7::bigint, due_at = $7::bigint, first_mark_at = null
        from next
       where d.ctid = next.place
      returning d.key, d.marks, d.attempts, d.last_error, d.last_mark_at, next.priority,
        next.ready_at, next.first_mark_at
    )
    select key, marks, priority, first_mark_at as "markedAt", last_mark_at as "lastMarkedAt",
           attempts, last_error as "lastError"
      from claimed
     order by priority, ready_at`,
};

/** Where the rows of leases lie that are still held, by position. */
export type Places = ReadonlyMap<number, string>;

/** Locks the rows of leases, so that nobody can claim them, and nobody can move them either. */
export async function lockLeases(
  query: Query,
  tenant: TenantId,
  leases: readonly Lease[],
): Promise<Places> {
  const asked = leases.map(({ key, token }, n) => ({
    n,
    sync: key.sync,
    key: nameOfKey(key),
    token,
  }));
  const rows = await query<{ n: number; place: string }>(LOCK_LEASES, [tenant, toJson(asked)]);
  return new Map(rows.map(({ n, place }) => [n, place]));
}

const LOCK_LEASES = {
  name: 'lock-leases',
  text: `
    select l.n, held.place
      from (select *
              from jsonb_to_recordset($2::jsonb)
                as l (n int, sync uuid, key text collate "C", token uuid)
             order by l.sync, l.key) l
     cross join lateral (
       select d.ctid as place
         from dirty d
        where d.tenant_id = $1::uuid and d.sync_id = l.sync and d.key = l.key
          and d.lease = l.token
          for update) held`,
};

export async function renew(
  query: Query,
  tenant: TenantId,
  leases: readonly Lease[],
  until: number,
): Promise<boolean[]> {
  const places = await lockLeases(query, tenant, leases);
  await query(RENEW, [[...places.values()], until]);
  return leases.map((_, n) => places.has(n));
}

const RENEW = {
  name: 'renew',
  text: `
    update dirty
       set lease_until = $2::bigint,
           due_at = case when first_mark_at is null then $2::bigint else due_at end
     where ctid = any ($1::tid[])`,
};

export async function finish(
  query: Query,
  tenant: TenantId,
  finishes: readonly Finish[],
  left: Waiting[],
): Promise<FinishOutcome[]> {
  const leases = finishes.map(({ lease }) => lease);
  return endLeases(query, finishes, await lockLeases(query, tenant, leases), left);
}

/** Ends leases whose rows are locked. What still waits then is added to `left`. */
export async function endLeases(
  query: Query,
  finishes: readonly Finish[],
  places: Places,
  left: Waiting[],
): Promise<FinishOutcome[]> {
  const rows = finishes.flatMap(({ lease, ending }, n) => {
    const place = places.get(n);
    if (place === undefined) return [];
    const retry = ending === 'done' ? {} : { retry: ending.at, ...ending };
    return [{ n, place, marks: lease.marks, ...retry }];
  });
  if (rows.length === 0) return finishes.map(() => 'fenced');
  const again = await query<Waiting & { n: number }>(END_LEASES, [toJson(rows)]);
  left.push(...again.map(({ n: _n, ...head }) => head));
  const due = new Set(again.map(({ n }) => n));
  return finishes.map((_, n) => (due.has(n) ? 'again' : places.has(n) ? 'done' : 'fenced'));
}

const END_LEASES = {
  name: 'end-leases',
  text: `
    with ending as materialized (
      select *
        from jsonb_to_recordset($1::jsonb)
          as e (n int, place tid, marks int, retry bigint, error text, counts boolean)
    ), done as (
      delete from dirty d
       using ending e
       where d.ctid = e.place
         and d.marks = e.marks and e.retry is null
    ), again as (
      update dirty d
         set lease = null,
             lease_until = null,
             due_at = case
               when e.retry is null then d.due_at
               when d.first_mark_at is null then e.retry
               else least(d.due_at, e.retry)
             end,
             attempts = case
               when e.retry is null then 0
               else d.attempts + e.counts::int
             end,
             last_error = e.error
        from ending e
       where d.ctid = e.place
         and (d.marks <> e.marks or e.retry is not null)
      returning e.n, d.tenant_id, d.sync_id, d.priority, d.ready_at
    )
    select n, tenant_id as tenant, sync_id as sync, priority, ready_at as "readyAt"
      from again`,
};
