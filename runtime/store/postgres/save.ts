/**
 * How a record is written: per table its rows, and the one statement that takes them all. Rows are
 * found by their keys behind `offset 0` (see records.ts) and then changed by their place, `ctid`.
 */
import type { Link } from '../../core/planner/model.ts';
import { isOver } from '../commit.ts';
import { packCells, packIntent, packLinkCells } from '../pack.ts';
import type { Commit, RecordChange, SyncId } from '../store.ts';
import { nameOfKey, nameOfRef, nameOfReview } from '../work-key.ts';
import { lastOfEach, type Statement } from './database.ts';

/** A record about to be stored, with the rows that this takes. */
export interface Draft extends RecordChange {
  readonly sync: SyncId;
  readonly isNew: boolean;
  /** Whether its own row has to be written, because it is another record than the one loaded. */
  readonly isChanged: boolean;
  readonly linkRows: readonly LinkRow[];
  /** By how much its revision grows: every row counts, and at least one is written. */
  readonly growth: number;
}

export function draftOf(sync: SyncId, change: RecordChange): Draft {
  const isNew = change.from === undefined;
  const isChanged = !isNew && change.entity !== change.from.entity;
  const linkRows = linkRowsOf(sync, change);
  const growth = Math.max(1, linkRows.length + (isNew || isChanged ? 1 : 0));
  return { ...change, sync, isNew, isChanged, linkRows, growth };
}

type Write = readonly [Statement, readonly object[]];

/** What the records of a batch take, but for their keys. */
export function writesOfRecords(drafts: readonly Draft[], at: number): Write[] {
  const intents = drafts.flatMap(intentRows);
  return [
    [NEW_ENTITIES, drafts.filter(({ isNew }) => isNew).map(entityRow)],
    [CHANGED_ENTITIES, drafts.filter(({ isChanged }) => isChanged).map(entityRow)],
    [TOUCHED_ENTITIES, drafts.filter(isOnlyTouched).map(entityRow)],
    [LINKS, inSafeOrder(drafts.flatMap(({ linkRows }) => linkRows))],
    [DROP_REFERENCES, referenceRows(drafts, 'remove')],
    [REFERENCES, referenceRows(drafts, 'add')],
    [INTENTS, intents.filter(({ body }) => body !== undefined)],
    [FORGET_INTENTS, intents.filter(({ body }) => body === undefined)],
    [CONFLICTS, drafts.flatMap((draft) => conflictRows(draft, at))],
    [TOMBSTONES, drafts.flatMap((draft) => tombstoneRows(draft, at))],
  ];
}

/** What commits bring along that is no part of a record. */
export function writesBesides(commits: readonly Commit[], at: number): Write[] {
  const reviews = commits.flatMap((each) => each.reviews ?? []);
  const raised = lastOfEach(reviews, nameOfReview).map((review) => ({ ...review, at }));
  const letters = commits.flatMap((commit) => deadLetterRows(commit, at));
  return [
    [REVIEWS, raised],
    [CLOSE_REVIEWS, commits.flatMap(closedReviews)],
    [DEAD_LETTERS, lastOfEach(letters, ({ sync, key }) => `${sync}/${key}`)],
    [RUN_ITEMS, commits.flatMap(({ runItems = [] }) => runItems)],
  ];
}

/** Nothing is written but, say, an intent, and still the revision has to grow. */
function isOnlyTouched({ isNew, isChanged, linkRows }: Draft): boolean {
  return !isNew && !isChanged && linkRows.length === 0;
}

function entityRow({ sync, commitId, entity }: Draft) {
  const { id, life, epoch, cells } = entity;
  return { id, sync, life, epoch, commit: commitId, cells: packCells(cells) };
}

const NEW_ENTITIES: Statement = {
  name: 'add-entities',
  text: `
    insert into entity
      (tenant_id, entity_id, sync_id, life, epoch, revision, commit_id, cells)
    select $1::uuid, e.id, e.sync, e.life, e.epoch, 1, e.commit, e.cells
      from jsonb_to_recordset($2::jsonb)
        as e (id uuid, sync uuid, life text, epoch int, commit uuid, cells jsonb)
     order by e.id`,
};

const CHANGED_ENTITIES: Statement = {
  name: 'change-entities',
  text: `
    update entity own
       set life = found.life, epoch = found.epoch, revision = own.revision + 1,
           commit_id = found.commit, cells = found.cells
      from (select e.*, known.place
              from jsonb_to_recordset($2::jsonb)
                as e (id uuid, life text, epoch int, commit uuid, cells jsonb)
             cross join lateral (
               select own.ctid as place
                 from entity own
                where own.tenant_id = $1::uuid and own.entity_id = e.id
               offset 0) known) found
     where own.ctid = found.place`,
};

const TOUCHED_ENTITIES: Statement = {
  name: 'touch-entities',
  text: `
    update entity own
       set revision = own.revision + 1, commit_id = found.commit
      from (select e.commit, known.place
              from jsonb_to_recordset($2::jsonb) as e (id uuid, commit uuid)
             cross join lateral (
               select own.ctid as place
                 from entity own
                where own.tenant_id = $1::uuid and own.entity_id = e.id
               offset 0) known) found
     where own.ctid = found.place`,
};

/** The links whose row changes: themselves, or because they are stored relative to the record. */
function linkRowsOf(sync: SyncId, { commitId, entity, from, links }: RecordChange): LinkRow[] {
  const rows = links.flatMap((link) => {
    const before = from?.links.find(({ id }) => id === link.id);
    if (before === link && from?.entity === entity) return [];
    const row = linkRow(link, entity, sync);
    if (!before || !from) return [row];
    const rowBefore = linkRow(before, from.entity, sync);
    return JSON.stringify(row) === JSON.stringify(rowBefore) ? [] : [row];
  });
  return rows.map((row) => ({ ...row, commit: commitId }));
}

function linkRow(link: Link, entity: RecordChange['entity'], sync: SyncId) {
  const { id, endpoint, remoteId, state, generation, version, createdAt } = link;
  const { missingSince, doubtedAt, mergedInto, ledTo, cells } = link;
  const item = { id, endpoint, remoteId, state, generation, version, createdAt };
  const seen = { missingSince, doubtedAt, mergedInto, ledTo };
  const packed = packLinkCells(cells, entity.cells);
  return { entity: entity.id, sync, ...item, ...seen, cells: packed };
}

type LinkRow = ReturnType<typeof linkRow> & { readonly commit: string };

/**
 * A link that stops being live makes room for the next one, so it is written first. Otherwise by
 * item, so that two batches over the same items wait for each other and do not deadlock.
 */
function inSafeOrder(rows: readonly LinkRow[]): LinkRow[] {
  const item = ({ sync, endpoint, remoteId }: LinkRow): string =>
    nameOfRef({ sync, endpoint, remoteId });
  return rows.toSorted(
    (a, b) =>
      Number(a.state === 'live') - Number(b.state === 'live') || (item(a) < item(b) ? -1 : 1),
  );
}

const LINKS: Statement = {
  name: 'save-links',
  text: `
    insert into link
      (tenant_id, entity_id, link_id, sync_id, endpoint_id, remote_id, state, generation, revision,
       commit_id, version, created_at, missing_since, doubted_at, merged_into, led_to,
       cells)
    select $1::uuid, l.entity, l.id, l.sync, l.endpoint, l."remoteId", l.state, l.generation, 1,
           l.commit, l.version, l."createdAt", l."missingSince", l."doubtedAt",
           l."mergedInto", l."ledTo", l.cells
      from jsonb_to_recordset($2::jsonb)
        as l (entity uuid, id uuid, sync uuid, endpoint uuid, "remoteId" text collate "C",
              state text, generation int, commit uuid, version double precision,
              "createdAt" bigint, "missingSince" bigint, "doubtedAt" bigint,
              "mergedInto" text collate "C", "ledTo" jsonb, cells jsonb)
    on conflict (tenant_id, entity_id, link_id) do update
      set remote_id = excluded.remote_id, state = excluded.state,
          generation = excluded.generation, revision = link.revision + 1,
          commit_id = excluded.commit_id, version = excluded.version,
          created_at = excluded.created_at, missing_since = excluded.missing_since,
          doubted_at = excluded.doubted_at, merged_into = excluded.merged_into,
          led_to = excluded.led_to, cells = excluded.cells`,
};

/**
 * Gives an item away that a record was unlinked from; the record still knows that it takes no part there.
 * Whoever plans for it has to start again.
 */
export const TAKE_LINKS: Statement = {
  name: 'take-links',
  text: `
    with wanted as (
      select found.place
        from jsonb_to_recordset($2::jsonb)
          as t (sync uuid, endpoint uuid, "remoteId" text collate "C", entity uuid)
       cross join lateral (
         select l.ctid as place
           from link l
          where l.tenant_id = $1::uuid and l.sync_id = t.sync and l.endpoint_id = t.endpoint
            and l.remote_id = t."remoteId" and l.entity_id = t.entity
         offset 0) found
    )
    update link
       set remote_id = remote_id || '@' || link_id::text,
           revision = revision + 1
     where ctid = any (array(select place from wanted)) and state = 'unlinked'`,
};

export const DROP_KEYS: Statement = {
  name: 'drop-keys',
  text: `
    delete from entity_key
     where ctid = any (array(
       select found.place
         from jsonb_to_recordset($2::jsonb) as d (key text collate "C", entity uuid, own boolean)
        cross join lateral (
          select k.ctid as place
            from entity_key k
            join entity e on e.tenant_id = $1::uuid and e.entity_id = k.entity_id
           where k.tenant_id = $1::uuid and k.key = d.key and k.entity_id = d.entity
             and (d.own or e.life = 'dead')
          offset 0) found))`,
};

/** Answers with the keys written; one that somebody else has just taken is not. */
export const KEYS: Statement = {
  name: 'save-keys',
  text: `
    insert into entity_key (tenant_id, key, entity_id)
    select $1::uuid, k.key, k.entity
      from jsonb_to_recordset($2::jsonb) as k (key text collate "C", entity uuid)
     order by k.key
    on conflict (tenant_id, key) do nothing
    returning key`,
};

function referenceRows(drafts: readonly Draft[], change: 'add' | 'remove'): object[] {
  return drafts.flatMap(({ entity, references }) =>
    (references?.[change] ?? []).map((target) => ({ target, entity: entity.id })),
  );
}

const DROP_REFERENCES: Statement = {
  name: 'drop-references',
  text: `
    delete from entity_reference
     where ctid = any (array(
       select found.place
         from jsonb_to_recordset($2::jsonb) as d (target uuid, entity uuid)
        cross join lateral (
          select r.ctid as place
            from entity_reference r
           where r.tenant_id = $1::uuid and r.target_id = d.target and r.entity_id = d.entity
          offset 0) found))`,
};

const REFERENCES: Statement = {
  name: 'save-references',
  text: `
    insert into entity_reference (tenant_id, target_id, entity_id)
    select $1::uuid, r.target, r.entity
      from jsonb_to_recordset($2::jsonb) as r (target uuid, entity uuid)
    on conflict (tenant_id, target_id, entity_id) do nothing`,
};

/** Without a body when it is over. */
function intentRows({ entity, intents = [] }: Draft) {
  return lastOfEach(intents, ({ id }) => id).map((intent) => {
    const { id, state, armedAt } = intent;
    if (isOver(intent)) return { entity: entity.id, id };
    return { entity: entity.id, id, state, armedAt, body: packIntent(intent) };
  });
}

const INTENTS: Statement = {
  name: 'save-intents',
  text: `
    insert into intent (tenant_id, entity_id, intent_id, state, armed_at, body)
    select $1::uuid, i.entity, i.id, i.state, i."armedAt", i.body
      from jsonb_to_recordset($2::jsonb)
        as i (entity uuid, id uuid, state text, "armedAt" bigint, body jsonb)
    on conflict (tenant_id, entity_id, intent_id) do update
      set state = excluded.state, armed_at = excluded.armed_at, body = excluded.body`,
};

const FORGET_INTENTS: Statement = {
  name: 'forget-intents',
  text: `
    delete from intent
     where ctid = any (array(
       select found.place
         from jsonb_to_recordset($2::jsonb) as i (entity uuid, id uuid)
        cross join lateral (
          select own.ctid as place
            from intent own
           where own.tenant_id = $1::uuid and own.entity_id = i.entity and own.intent_id = i.id
          offset 0) found))`,
};

function conflictRows({ sync, entity, conflicts = [] }: Draft, at: number) {
  return lastOfEach(conflicts, ({ fingerprint }) => fingerprint).map((row) => {
    const { fingerprint, cell, kind, state, losing, values, winner, clockTie } = row;
    const body = { losing, values, winner, clockTie };
    return { sync, entity: entity.id, fingerprint, cell, kind, state, at, body };
  });
}

/** A conflict that comes up again after it was closed is open anew, and undecided. */
const CONFLICTS: Statement = {
  name: 'save-conflicts',
  text: `
    insert into conflict as own
      (tenant_id, entity_id, fingerprint, sync_id, cell, kind, state, at, body)
    select $1::uuid, c.entity, c.fingerprint, c.sync, c.cell, c.kind, c.state, c.at, c.body
      from jsonb_to_recordset($2::jsonb)
        as c (entity uuid, fingerprint text collate "C", sync uuid, cell text, kind text,
              state text, at bigint, body jsonb)
    on conflict (tenant_id, entity_id, fingerprint) do update
      set cell = excluded.cell, kind = excluded.kind, state = excluded.state,
          body = excluded.body,
          at = case when own.state <> 'open' and excluded.state = 'open'
                    then excluded.at else own.at end,
          decision = case when own.state <> 'open' and excluded.state = 'open'
                          then null else own.decision end`,
};

function tombstoneRows({ entity, tombstone }: Draft, at: number): object[] {
  if (!tombstone) return [];
  return [{ entity: entity.id, epoch: tombstone.epoch, at, body: tombstone }];
}

const TOMBSTONES: Statement = {
  name: 'save-tombstones',
  text: `
    insert into tombstone (tenant_id, entity_id, epoch, at, body)
    select $1::uuid, t.entity, t.epoch, t.at, t.body
      from jsonb_to_recordset($2::jsonb) as t (entity uuid, epoch int, at bigint, body jsonb)
    on conflict (tenant_id, entity_id, epoch) do nothing`,
};

/** A question that comes up again after it was closed is open anew, and undecided. */
const REVIEWS: Statement = {
  name: 'save-reviews',
  text: `
    insert into review as own
      (tenant_id, sync_id, endpoint_id, remote_id, reason, entity_id, candidates, state, at)
    select $1::uuid, r.sync, r.endpoint, r."remoteId", r.reason, r.entity, r.candidates, 'open', r.at
      from jsonb_to_recordset($2::jsonb)
        as r (sync uuid, endpoint uuid, "remoteId" text collate "C", reason text collate "C",
              entity uuid, candidates jsonb, at bigint)
     order by r.sync, r.endpoint, r."remoteId", r.reason
    on conflict (tenant_id, sync_id, endpoint_id, remote_id, reason) do update
      set entity_id = excluded.entity_id, candidates = excluded.candidates,
          state = case own.state when 'closed' then 'open' else own.state end,
          at = case own.state when 'closed' then excluded.at else own.at end,
          decision = case own.state when 'closed' then null else own.decision end`,
};

function closedReviews({ carriedOut = [], withdrawn = [] }: Commit) {
  return [
    ...carriedOut.map((key) => ({ ...key, state: 'decided' })),
    ...withdrawn.map((key) => ({ ...key, state: 'open' })),
  ];
}

const CLOSE_REVIEWS: Statement = {
  name: 'close-reviews',
  text: `
    update review
       set state = 'closed'
     where ctid = any (array(
         select found.place
           from jsonb_to_recordset($2::jsonb)
             as r (sync uuid, endpoint uuid, "remoteId" text collate "C",
                   reason text collate "C", state text collate "C")
          cross join lateral (
            select own.ctid as place
              from review own
             where own.tenant_id = $1::uuid and own.sync_id = r.sync
               and own.endpoint_id = r.endpoint and own.remote_id = r."remoteId"
               and own.reason = r.reason and own.state = r.state
            offset 0) found))`,
};

function deadLetterRows({ lease, deadLetter }: Commit, at: number) {
  if (!deadLetter) return [];
  return [{ ...deadLetter, sync: lease.key.sync, key: nameOfKey(lease.key), at }];
}

const DEAD_LETTERS: Statement = {
  name: 'save-dead-letters',
  text: `
    insert into dead_letter
      (tenant_id, sync_id, key, code, message, payload, attempts, first_at, at, state)
    select $1::uuid, d.sync, d.key, d.code, d.message, coalesce(d.payload, 'null'), d.attempts,
           d.at, d.at, 'open'
      from jsonb_to_recordset($2::jsonb)
        as d (sync uuid, key text collate "C", code text, message text, payload jsonb,
              attempts int, at bigint)
    on conflict (tenant_id, sync_id, key) do update
      set code = excluded.code, message = excluded.message, payload = excluded.payload,
          attempts = excluded.attempts, at = excluded.at, state = 'open'`,
};

export const RUN_ITEMS: Statement = {
  name: 'save-run-items',
  text: `
    insert into run_item (tenant_id, run_id, item_id, at, outcome, entity_id, endpoint_id, detail)
    select $1::uuid, i.run, i.id, i.at, i.outcome, i.entity, i.endpoint, i.detail
      from jsonb_to_recordset($2::jsonb)
        as i (run uuid, id uuid, at bigint, outcome text, entity uuid, endpoint uuid,
              detail jsonb)
    on conflict (tenant_id, run_id, item_id) do nothing`,
};
