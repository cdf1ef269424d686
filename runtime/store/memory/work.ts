/** Dirty marks and leases in memory: one row per key, replaced by each of these. */
import type * as Stored from '../store.ts';
import type { Claimed, FinishOutcome, Lease, Mark, Priority } from '../store.ts';
import { nameOfKey, nameOfRef } from '../work-key.ts';
import { sortedBy, type DirtyRow, type Rows } from './rows.ts';

/** Adds what waits now to `left`. */
export function markRows(
  rows: Rows,
  { now, marks, cursors = [] }: Stored.MarkBatch,
  left: Left[],
): void {
  for (const mark of strongestPerKey(marks)) {
    const name = rowName(mark.key);
    const row = marked(rows.dirty.get(name), mark, now);
    rows.dirty.set(name, row);
    left.push(leftBy(row));
  }
  for (const cursor of cursors) {
    rows.cursors.set(`${cursor.sync}/${cursor.endpoint}/${cursor.channel}`, cursor);
  }
}

/** What is left waiting. */
export type Left = Omit<Stored.Waiting, 'tenant'>;

function leftBy(row: DirtyRow): Left {
  return { sync: row.key.sync, priority: row.priority, readyAt: readyAtOf(row) };
}

/** A key that a batch names twice is marked once, as urgently as the more urgent one asks. */
function strongestPerKey(marks: readonly Mark[]): Mark[] {
  const strongest = new Map<string, Mark>();
  for (const mark of marks) {
    const known = strongest.get(rowName(mark.key)) ?? mark;
    strongest.set(rowName(mark.key), {
      key: mark.key,
      priority: Math.min(known.priority, mark.priority) as Priority,
      windowMs: Math.min(known.windowMs, mark.windowMs),
    });
  }
  return [...strongest.values()];
}

function marked(
  row: DirtyRow | undefined,
  { key, priority, windowMs }: Mark,
  now: number,
): DirtyRow {
  const lastMarkAt = now;
  if (!row) {
    const dueAt = now + windowMs;
    return { key, marks: 1, priority, firstMarkAt: now, lastMarkAt, dueAt, attempts: 0 };
  }
  const firstMarkAt = row.firstMarkAt ?? now;
  return {
    ...row,
    marks: row.marks + 1,
    priority: Math.min(row.priority, priority) as Priority,
    firstMarkAt,
    lastMarkAt,
    dueAt: Math.min(row.dueAt, firstMarkAt + windowMs),
  };
}

export function inspectRow(rows: Rows, key: Stored.WorkKey): Stored.WorkState | undefined {
  const row = rows.dirty.get(rowName(key));
  if (!row) return undefined;
  const { priority, dueAt, leaseUntil, attempts, lastError, firstMarkAt } = row;
  return {
    priority,
    dueAt,
    attempts,
    ...(leaseUntil === undefined ? {} : { leasedUntil: leaseUntil }),
    ...(lastError === undefined ? {} : { lastError }),
    ...(firstMarkAt === undefined ? {} : { markedAt: firstMarkAt }),
  };
}

export function waitingIn(rows: Rows, tenant: Stored.TenantId): Stored.Waiting[] {
  const soonest = new Map<string, Stored.Waiting>();
  for (const row of rows.dirty.values()) {
    const { priority, key } = row;
    const group = `${key.sync}/${priority}`;
    const readyAt = Math.min(readyAtOf(row), soonest.get(group)?.readyAt ?? Infinity);
    soonest.set(group, { tenant, sync: key.sync, priority, readyAt });
  }
  return [...soonest.values()];
}

export function claimRows(
  rows: Rows,
  { tenant, sync }: Pick<Stored.Waiting, 'tenant' | 'sync'>,
  { now, leaseMs, limit, leastPriority = 3 }: Stored.ClaimRequest,
  token: string,
): Claimed[] {
  const due = [...rows.dirty.values()].filter(
    (row) => row.key.sync === sync && row.priority <= leastPriority && readyAtOf(row) <= now,
  );
  const first = sortedBy(due, (row) => [row.priority, readyAtOf(row), nameOfKey(row.key)]);
  return first.slice(0, limit).map((row) => {
    const { firstMarkAt, ...rest } = row;
    const { key, marks, priority, attempts, lastError, lastMarkAt: lastMarkedAt } = row;
    const until = now + leaseMs;
    rows.dirty.set(rowName(row.key), { ...rest, dueAt: until, token, leaseUntil: until });
    return {
      tenant,
      key,
      token,
      marks,
      until,
      priority,
      attempts,
      lastMarkedAt,
      ...(lastError === undefined ? {} : { lastError }),
      ...(firstMarkAt === undefined ? {} : { markedAt: firstMarkAt }),
    };
  });
}

export function renewRow(rows: Rows, lease: Lease, until: number): boolean {
  const row = heldRow(rows, lease);
  if (!row) return false;
  const dueAt = row.firstMarkAt === undefined ? until : row.dueAt;
  rows.dirty.set(rowName(lease.key), { ...row, leaseUntil: until, dueAt });
  return true;
}

/** Adds what still waits then to `left`. */
export function finishRow(
  rows: Rows,
  { lease, ending }: Stored.Finish,
  left: Left[],
): FinishOutcome {
  const row = heldRow(rows, lease);
  if (!row) return 'fenced';
  const retry = ending === 'done' ? undefined : ending;
  if (!retry && row.marks === lease.marks) {
    rows.dirty.delete(rowName(lease.key));
    return 'done';
  }
  const { token: _token, leaseUntil: _leaseUntil, lastError: _lastError, ...rest } = row;
  const again = retry ? retried(rest, retry) : { ...rest, attempts: 0 };
  rows.dirty.set(rowName(lease.key), again);
  left.push(leftBy(again));
  return 'again';
}

/** A mark that came meanwhile is not made to wait for the retry. */
function retried(row: DirtyRow, { at, error, counts }: Stored.Retry): DirtyRow {
  return {
    ...row,
    dueAt: row.firstMarkAt === undefined ? at : Math.min(row.dueAt, at),
    attempts: row.attempts + (counts ? 1 : 0),
    lastError: error,
  };
}

export function heldRow(rows: Rows, { key, token }: Lease): DirtyRow | undefined {
  const row = rows.dirty.get(rowName(key));
  return row?.token === token ? row : undefined;
}

export function isWaitingIn(
  rows: Rows,
  { sync, endpoint }: Stored.Place,
  triesBelow: number,
): boolean {
  return [...rows.dirty.values()].some(
    ({ key, attempts }) =>
      key.kind === 'item' &&
      key.sync === sync &&
      key.endpoint === endpoint &&
      attempts < triesBelow &&
      !rows.refs.has(nameOfRef(key)),
  );
}

/** From then on it can be claimed: when it is due, and nobody is at it. */
function readyAtOf({ dueAt, leaseUntil = dueAt }: DirtyRow): number {
  return Math.max(dueAt, leaseUntil);
}

function rowName(key: Stored.WorkKey): string {
  return `${key.sync}/${nameOfKey(key)}`;
}
