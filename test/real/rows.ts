/**
 * What the database holds of one tenant, in the form in which the store in memory holds it, so that the
 * same oracle can judge both.
 */
import type { EntityId, Tombstone } from '../../runtime/core/planner/model.ts';
import { emptyRows, type Rows } from '../../runtime/store/memory/rows.ts';
import {
  CONFLICT_COLUMNS,
  conflictOf,
  REVIEW_COLUMNS,
  reviewOf,
  type ConflictRow,
  type ReviewRow,
} from '../../runtime/store/postgres/decisions.ts';
import type {
  Priority,
  Store,
  StoredDeadLetter,
  SyncId,
  TenantId,
} from '../../runtime/store/store.ts';
import { keyOfName, nameOfRef } from '../../runtime/store/work-key.ts';
import type { Site } from './database.ts';

export async function rowsIn(
  { sql }: Pick<Site, 'sql'>,
  store: Pick<Store, 'load'>,
  tenant: TenantId,
): Promise<Rows> {
  const rows = emptyRows();
  const all = <Row extends object>(text: string): Promise<Row[]> => sql<Row>(text, [tenant]);

  await readRecords();
  for (const row of await all<ReviewRow>(
    `select ${REVIEW_COLUMNS} from review r where r.tenant_id = $1`,
  )) {
    const review = reviewOf(row);
    rows.reviews.set(review.id, review);
  }
  for (const { sync, key, priority, dueAt, attempts, lastError } of await all<DirtyRow>(DIRTY)) {
    rows.dirty.set(`${sync}/${key}`, {
      key: keyOfName(sync, key),
      marks: 1,
      priority,
      lastMarkAt: 0,
      dueAt: Number(dueAt),
      attempts,
      ...(lastError === null ? {} : { lastError }),
    });
  }
  for (const { sync, name, ...letter } of await all<LetterRow>(LETTERS)) {
    const id = `${sync}/${name}`;
    rows.deadLetters.set(id, { ...letter, id, key: keyOfName(sync, name) });
  }
  return rows;

  async function readRecords(): Promise<void> {
    const named = await all<{ sync: SyncId; entity: EntityId }>(ENTITIES);
    const keys = named.map(({ sync, entity }) => ({ kind: 'entity', sync, entity }) as const);
    for (const { record } of await store.load(tenant, keys)) {
      const { entity, sync, revision, links, intents } = record!;
      rows.records.set(entity.id, {
        sync,
        revision,
        commitId: '',
        entity,
        links: new Map(links.map((link) => [link.id, link])),
        references: new Set(),
        intents: new Map(intents.map((intent) => [intent.id, intent])),
        conflicts: new Map(),
        tombstones: new Map(),
      });
      for (const link of links) {
        const ref = { sync, endpoint: link.endpoint, remoteId: link.remoteId };
        rows.refs.set(nameOfRef(ref), { entity: entity.id, link: link.id });
      }
    }
    const conflicts = await all<ConflictRow>(
      `select ${CONFLICT_COLUMNS} from conflict c where c.tenant_id = $1`,
    );
    for (const conflict of conflicts.map(conflictOf)) {
      rows.records.get(conflict.entity)!.conflicts.set(conflict.id, conflict);
    }
    for (const { entity, epoch, body } of await all<TombstoneRow>(TOMBSTONES)) {
      rows.records.get(entity)!.tombstones.set(epoch, body);
    }
  }
}

const ENTITIES = 'select sync_id as sync, entity_id as entity from entity where tenant_id = $1';

interface TombstoneRow {
  readonly entity: EntityId;
  readonly epoch: number;
  readonly body: Tombstone;
}

const TOMBSTONES = 'select entity_id as entity, epoch, body from tombstone where tenant_id = $1';

interface DirtyRow {
  readonly sync: SyncId;
  readonly key: string;
  readonly priority: Priority;
  readonly dueAt: string;
  readonly attempts: number;
  readonly lastError: string | null;
}

const DIRTY = `
  select sync_id as sync, key, priority, due_at as "dueAt", attempts, last_error as "lastError"
    from dirty
   where tenant_id = $1`;

interface LetterRow extends Omit<StoredDeadLetter, 'id' | 'key'> {
  readonly sync: SyncId;
  readonly name: string;
}

const LETTERS = `
  select sync_id as sync, key as name, code, message, payload, attempts, first_at as "firstAt", at,
         state
    from dead_letter
   where tenant_id = $1`;
