/** Records in memory: loaded whole, committed whole. */
import { isDeepStrictEqual } from 'node:util';
import { TributaryError } from '../../core/errors.ts';
import type { Conflict, EntityId, Tombstone } from '../../core/planner/model.ts';
import { isOver, newRefs, type Held, type Owner } from '../commit.ts';
import { givenAway } from '../given-away.ts';
import type * as Stored from '../store.ts';
import type { Commit, RecordChange, SyncId, WorkKey } from '../store.ts';
import { itemOf, nameOfKey, nameOfRef, nameOfReview } from '../work-key.ts';
import { copy, sortedBy, type RecordRow, type Rows } from './rows.ts';
import { heldRow } from './work.ts';

export function loadFrom(rows: Rows, key: WorkKey): Stored.Loaded {
  const entity = key.kind === 'entity' ? key.entity : ownerOfItem(rows, key)?.entity;
  const row = entity === undefined ? undefined : rows.records.get(entity);
  const name = nameOfKey(key);
  const reviews = [...rows.reviews.values()].filter(
    (review) =>
      (row !== undefined && review.entity === row.entity.id) ||
      (review.sync === key.sync && nameOfKey(itemOf(review)) === name),
  );
  return {
    key,
    ...(row ? { record: recordOf(row) } : {}),
    reviews: sortedBy(reviews, ({ at, id }) => [at, id]),
  };
}

function recordOf(row: RecordRow): Stored.StoredRecord {
  const conflicts = [...row.conflicts.values()].filter(
    ({ state }) => state === 'open' || state === 'autoResolved',
  );
  const tombstone = row.entity.life === 'dead' ? lastTombstone(row) : undefined;
  return {
    revision: row.revision,
    sync: row.sync,
    entity: row.entity,
    links: sortedBy(row.links.values(), ({ id }) => [id]),
    intents: sortedBy(row.intents.values(), ({ armedAt, id }) => [armedAt, id]),
    conflicts: sortedBy(conflicts, ({ at, id }) => [at, id]),
    ...(tombstone ? { tombstone } : {}),
  };
}

function lastTombstone({ tombstones }: RecordRow): Tombstone | undefined {
  return sortedBy(tombstones.values(), ({ epoch }) => [epoch]).at(-1);
}

function ownerOfItem(rows: Rows, key: WorkKey): { readonly entity: EntityId } | undefined {
  return key.kind === 'item' ? rows.refs.get(nameOfRef(key)) : undefined;
}

export function heldIn(rows: Rows): Held {
  return {
    isHeld: (lease) => heldRow(rows, lease) !== undefined,
    revisionOf: (entity) => {
      const row = rows.records.get(entity);
      return row && { revision: row.revision, commits: [row.commitId] };
    },
    growthOf: () => 1,
    ownerOfKey: (key): Owner | undefined => {
      const entity = rows.keys.get(key);
      if (entity === undefined) return undefined;
      return { entity, yields: rows.records.get(entity)!.entity.life === 'dead' };
    },
    ownerOfRef: (ref): Owner | undefined => {
      const owner = rows.refs.get(nameOfRef(ref));
      if (owner === undefined) return undefined;
      const link = rows.records.get(owner.entity)!.links.get(owner.link)!;
      return { entity: owner.entity, yields: link.state === 'unlinked' };
    },
  };
}

/**
 * A database writes what differs from `from` and trusts that the rest is as it says. Whoever gets
 * that wrong is told here, where it can be found.
 */
export function assertHeld(rows: Rows, { commitId, from }: RecordChange): void {
  if (!from) return;
  const { entity, links } = recordOf(rows.records.get(from.entity.id)!);
  const isHeld =
    isDeepStrictEqual(from.entity, entity) &&
    isDeepStrictEqual(
      sortedBy(from.links, ({ id }) => [id]),
      links,
    );
  if (isHeld) return;
  throw new TributaryError('commit-from-elsewhere', {
    what: `Commit ${commitId} says that entity ${entity.id} was something else than it is.`,
    next: 'Give what was loaded, or what the last commit stored, as `from`.',
  });
}

export function applyCommit(rows: Rows, now: number, commit: Commit): void {
  const { lease, record, reviews = [], deadLetter, runItems = [] } = commit;
  const { sync } = lease.key;
  if (record) applyRecord(rows, now, sync, record);
  for (const review of reviews) raise(rows, now, review);
  close(rows, 'decided', commit.carriedOut);
  close(rows, 'open', commit.withdrawn);
  if (deadLetter) bury(rows, now, lease.key, deadLetter);
  for (const item of runItems) if (!rows.runItems.has(item.id)) rows.runItems.set(item.id, item);
}

function close(
  rows: Rows,
  state: 'decided' | 'open',
  keys: readonly Stored.ReviewKey[] = [],
): void {
  for (const key of keys) {
    const review = rows.reviews.get(nameOfReview(key));
    if (review?.state === state) rows.reviews.set(review.id, { ...review, state: 'closed' });
  }
}

function applyRecord(rows: Rows, now: number, sync: SyncId, change: RecordChange): void {
  const { entity, links, intents = [], conflicts = [], tombstone, commitId } = change;
  const { keys, references } = change;
  for (const ref of newRefs(sync, change)) takeOver(rows, ref, entity.id);
  const row = rows.records.get(entity.id) ?? newRow(sync, entity);
  rows.records.set(entity.id, row);
  Object.assign(row, { entity, commitId, revision: row.revision + 1 });
  for (const link of links) {
    const before = row.links.get(link.id);
    if (before && before.remoteId !== link.remoteId)
      rows.refs.delete(nameOfRef({ sync, ...before }));
    row.links.set(link.id, link);
    rows.refs.set(nameOfRef({ sync, ...link }), { entity: entity.id, link: link.id });
  }
  for (const intent of intents) {
    if (isOver(intent)) row.intents.delete(intent.id);
    else row.intents.set(intent.id, intent);
  }
  for (const conflict of conflicts) report(row, now, conflict);
  if (tombstone && !row.tombstones.has(tombstone.epoch)) {
    row.tombstones.set(tombstone.epoch, tombstone);
  }
  for (const key of keys?.remove ?? []) {
    if (rows.keys.get(key) === entity.id) rows.keys.delete(key);
  }
  for (const target of references?.remove ?? []) row.references.delete(target);
  for (const target of references?.add ?? []) row.references.add(target);
}

/** After all records of a batch have given up theirs, so that two of them can swap. */
export function addKeys(rows: Rows, { record }: Commit): void {
  for (const key of record?.keys?.add ?? []) rows.keys.set(key, record!.entity.id);
}

function newRow(sync: SyncId, entity: RecordRow['entity']): RecordRow {
  return {
    sync,
    entity,
    revision: 0,
    commitId: '',
    links: new Map(),
    references: new Set(),
    intents: new Map(),
    conflicts: new Map(),
    tombstones: new Map(),
  };
}

/** The former owner loses the link, and whoever is planning for it has to start again. */
function takeOver(rows: Rows, ref: Stored.Ref, by: EntityId): void {
  const owner = rows.refs.get(nameOfRef(ref));
  if (!owner || owner.entity === by) return;
  const row = rows.records.get(owner.entity)!;
  const link = givenAway(row.links.get(owner.link)!);
  row.links.set(link.id, link);
  rows.refs.set(nameOfRef({ sync: ref.sync, ...link }), owner);
  row.revision += 1;
}

/** A conflict that comes up again after it was closed is open anew, and undecided. */
function report(row: RecordRow, now: number, conflict: Conflict): void {
  const { fingerprint, cell, kind, state, losing, values, winner, clockTie } = conflict;
  const known = row.conflicts.get(fingerprint);
  const reopened = known !== undefined && known.state !== 'open' && state === 'open';
  const kept = known !== undefined && !reopened ? known : undefined;
  const { sync, entity } = row;
  const { at = now, decision } = kept ?? {};
  const about = { id: `${entity.id}/${fingerprint}`, sync, entity: entity.id, at, decision };
  const told = { fingerprint, cell, kind, state, losing, values, winner, clockTie };
  row.conflicts.set(fingerprint, copy({ ...about, ...told }) as Stored.StoredConflict);
}

function raise(rows: Rows, now: number, review: Stored.NewReview): void {
  const id = nameOfReview(review);
  const known = rows.reviews.get(id);
  const kept = known?.state === 'closed' ? undefined : known;
  const { at = now, state = 'open', decision } = kept ?? {};
  const { sync, endpoint, remoteId, reason, entity, candidates } = review;
  const told = { sync, endpoint, remoteId, reason, entity, candidates };
  rows.reviews.set(id, copy({ id, ...told, at, state, decision }) as Stored.StoredReview);
}

function bury(rows: Rows, now: number, key: WorkKey, letter: Stored.DeadLetter): void {
  const id = `${key.sync}/${nameOfKey(key)}`;
  const firstAt = rows.deadLetters.get(id)?.firstAt ?? now;
  rows.deadLetters.set(id, { ...letter, id, key, firstAt, at: now, state: 'open' });
}
