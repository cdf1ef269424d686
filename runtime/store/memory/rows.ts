/** What the store in memory holds of one tenant: the tables of the database as maps by their keys. */
import type { Entity, EntityId, Link, LinkId, Tombstone } from '../../core/planner/model.ts';
import type { AuditBatch } from '../audit-chain.ts';
import type { BudgetRow } from '../budget.ts';
import type * as Stored from '../store.ts';

export interface Rows {
  tenant?: Stored.Tenant;
  readonly endpoints: Map<string, Stored.StoredEndpoint>;
  readonly syncs: Map<string, Stored.StoredSync>;
  /** What is sealed, by account and name. */
  readonly keepsakes: Map<string, string>;
  readonly dirty: Map<string, DirtyRow>;
  readonly cursors: Map<string, Stored.Cursor>;
  readonly budgets: Map<string, BudgetRow>;
  readonly records: Map<EntityId, RecordRow>;
  readonly refs: Map<string, { readonly entity: EntityId; readonly link: LinkId }>;
  readonly keys: Map<string, EntityId>;
  readonly reviews: Map<string, Stored.StoredReview>;
  readonly deadLetters: Map<string, Stored.StoredDeadLetter>;
  readonly inbox: Map<string, InboxRow>;
  readonly runs: Map<string, Stored.Run>;
  readonly runItems: Map<string, Stored.RunItem>;
  readonly audit: AuditBatch[];
}

export interface DirtyRow {
  readonly key: Stored.WorkKey;
  readonly marks: number;
  readonly priority: Stored.Priority;
  /** Since the last claim. */
  readonly firstMarkAt?: number;
  readonly lastMarkAt: number;
  readonly dueAt: number;
  readonly token?: string;
  readonly leaseUntil?: number;
  readonly attempts: number;
  readonly lastError?: string;
}

export interface RecordRow {
  sync: Stored.SyncId;
  revision: number;
  commitId: string;
  entity: Entity;
  readonly links: Map<LinkId, Link>;
  readonly references: Set<EntityId>;
  readonly intents: Map<string, Stored.StoredIntent>;
  readonly conflicts: Map<string, Stored.StoredConflict>;
  readonly tombstones: Map<number, Tombstone>;
}

export interface InboxRow extends Stored.Delivery {
  readonly takenUntil?: number;
  readonly processedAt?: number;
}

export function emptyRows(): Rows {
  return {
    endpoints: new Map(),
    syncs: new Map(),
    keepsakes: new Map(),
    dirty: new Map(),
    cursors: new Map(),
    budgets: new Map(),
    records: new Map(),
    refs: new Map(),
    keys: new Map(),
    reviews: new Map(),
    deadLetters: new Map(),
    inbox: new Map(),
    runs: new Map(),
    runItems: new Map(),
    audit: [],
  };
}

/** What a database would give back: JSON, and nobody else's. Frozen, so that it can be handed out. */
export function copy<T>(value: T): T {
  return freeze(JSON.parse(JSON.stringify(value)) as T);
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

/** Sorted by several things, the first one first. */
export function sortedBy<T>(rows: Iterable<T>, by: (row: T) => readonly (string | number)[]): T[] {
  return [...rows].toSorted((a, b) => compare(by(a), by(b)));
}

export function compare(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index]!;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** A page of rows by the time they came up. */
export function pageOf<T extends { readonly at: number; readonly id: string }>(
  rows: Iterable<T>,
  { limit, after }: Pick<Stored.Page<unknown>, 'limit' | 'after'>,
): T[] {
  const place = (row: { at: number; id: string }): [number, string] => [row.at, row.id];
  return sortedBy(rows, place)
    .filter((row) => !after || compare(place(row), place(after)) > 0)
    .slice(0, limit);
}
