/**
 * Records read back from their tables: a batch of keys in one statement, with links, open intents and
 * conflicts gathered per record by the server.
 *
 * Every look-up stands behind `offset 0`, which the planner does not look past: so it looks each key
 * up by its index, and cannot prefer to read all rows of a tenant that it believes to be small.
 */
import type { EntityId, Link, Tombstone } from '../../core/planner/model.ts';
import {
  unpackCells,
  unpackIntent,
  unpackLinkCells,
  type PackedCells,
  type PackedIntent,
  type PackedLinkCells,
} from '../pack.ts';
import type {
  FoundEntity,
  FoundLink,
  KeyOwner,
  Loaded,
  MatchKey,
  Ref,
  StoredRecord,
  SyncId,
  TenantId,
  WorkKey,
} from '../store.ts';
import type { Query } from './database.ts';
import { toJson } from './json.ts';
import {
  byTime,
  conflictOf,
  CONFLICT_COLUMNS,
  REVIEW_COLUMNS,
  reviewOf,
  type ConflictRow,
  type ReviewRow,
} from './decisions.ts';

export async function load(
  query: Query,
  tenant: TenantId,
  keys: readonly WorkKey[],
): Promise<Loaded[]> {
  const rows = await query<LoadedRow>(LOAD, [tenant, toJson(keys.map(keyRow))]);
  return rows.map((row, n) => ({
    key: keys[n]!,
    ...(row.entity === null ? {} : { record: recordOf({ ...row, entity: row.entity }) }),
    reviews: (row.reviews ?? []).map(reviewOf).toSorted(byTime),
  }));
}

function keyRow(key: WorkKey, n: number) {
  const { sync } = key;
  if (key.kind === 'entity') return { n, sync, entity: key.entity };
  if (key.kind !== 'item') return { n, sync };
  return { n, sync, endpoint: key.endpoint, remote: key.remoteId };
}

interface LoadedRow {
  readonly entity: EntityId | null;
  readonly sync: SyncId;
  readonly life: StoredRecord['entity']['life'];
  readonly epoch: number;
  readonly revision: number;
  readonly cells: PackedCells;
  readonly links: readonly LinkRow[] | null;
  readonly intents: readonly PackedIntent[] | null;
  readonly conflicts: readonly ConflictRow[] | null;
  readonly tombstone: Tombstone | null;
  readonly reviews: readonly ReviewRow[] | null;
}

type LinkRow = readonly [
  id: Link['id'],
  endpoint: Link['endpoint'],
  remoteId: string,
  state: Link['state'],
  generation: number,
  revision: number,
  version: number | null,
  createdAt: number | null,
  missingSince: number | null,
  doubtedAt: number | null,
  mergedInto: string | null,
  ledTo: NonNullable<Link['ledTo']> | null,
  cells: PackedLinkCells,
];

const LOAD = {
  name: 'load',
  text: `
    select e.entity_id as entity, e.sync_id as sync, e.life, e.epoch, e.revision, e.cells,
      (select json_agg(json_build_array(l.link_id, l.endpoint_id, l.remote_id, l.state,
                l.generation, l.revision, l.version, l.created_at, l.missing_since,
                l.doubted_at, l.merged_into, l.led_to, l.cells)
                order by l.link_id)
         from link l
        where l.tenant_id = $1::uuid and l.entity_id = e.entity_id) as links,
      (select json_agg(i.body order by i.armed_at, i.intent_id)
         from intent i
        where i.tenant_id = $1::uuid and i.entity_id = e.entity_id) as intents,
      (select json_agg(c order by c.at, c.fingerprint)
         from (select ${CONFLICT_COLUMNS}
                 from conflict c
                where c.tenant_id = $1::uuid and c.entity_id = e.entity_id
                  and c.state in ('open', 'autoResolved')) c) as conflicts,
      (select t.body
         from tombstone t
        where t.tenant_id = $1::uuid and t.entity_id = e.entity_id and e.life = 'dead'
        order by t.epoch desc
        limit 1) as tombstone,
      (select json_agg(r)
         from (select ${REVIEW_COLUMNS}
                 from review r
                where r.tenant_id = $1::uuid and r.entity_id = e.entity_id
                union
               select ${REVIEW_COLUMNS}
                 from review r
                where r.tenant_id = $1::uuid and r.sync_id = k.sync
                  and r.endpoint_id = k.endpoint and r.remote_id = k.remote) r) as reviews
      from jsonb_to_recordset($2::jsonb)
        as k (n int, sync uuid, entity uuid, endpoint uuid, remote text collate "C")
      left join lateral (
        select own.entity_id
          from link own
         where own.tenant_id = $1::uuid and own.sync_id = k.sync
           and own.endpoint_id = k.endpoint and own.remote_id = k.remote
        offset 0) own on true
      cross join lateral (select coalesce(k.entity, own.entity_id) as entity_id offset 0) wanted
      left join lateral (
        select *
          from entity e
         where e.tenant_id = $1::uuid and e.entity_id = wanted.entity_id
        offset 0) e on true
     order by k.n`,
};

function recordOf(row: LoadedRow & { readonly entity: EntityId }): StoredRecord {
  const { entity: id, life, epoch, tombstone } = row;
  const cells = unpackCells(row.cells);
  const links = row.links ?? [];
  return {
    revision: links.reduce((sum, [, , , , , revision]) => sum + revision, row.revision),
    sync: row.sync,
    entity: { id, life, epoch, cells },
    links: links.map((link) => linkOf(link, cells)),
    intents: (row.intents ?? []).map(unpackIntent),
    conflicts: (row.conflicts ?? []).map(conflictOf),
    ...(tombstone === null ? {} : { tombstone }),
  };
}

function linkOf(row: LinkRow, cells: StoredRecord['entity']['cells']): Link {
  const [id, endpoint, remoteId, state, generation, , version, createdAt, ...rest] = row;
  const [missingSince, doubtedAt, mergedInto, ledTo, own] = rest;
  return {
    id,
    endpoint,
    remoteId,
    state,
    generation,
    ...(version === null ? {} : { version }),
    ...(createdAt === null ? {} : { createdAt }),
    ...(missingSince === null ? {} : { missingSince }),
    ...(doubtedAt === null ? {} : { doubtedAt }),
    ...(mergedInto === null ? {} : { mergedInto }),
    ...(ledTo === null ? {} : { ledTo }),
    cells: unpackLinkCells(own, cells),
  };
}

interface Numbered {
  readonly n: number;
}

export async function findLinks(
  query: Query,
  tenant: TenantId,
  refs: readonly Ref[],
): Promise<(FoundLink | undefined)[]> {
  const asked = refs.map(({ sync, endpoint, remoteId }, n) => ({ n, sync, endpoint, remoteId }));
  const rows = await query<FoundLinkRow>(FIND_LINKS, [tenant, toJson(asked)]);
  const found = rows.map(({ mergedInto, ...row }) => {
    return { ...row, ...(mergedInto === null ? {} : { mergedInto }) };
  });
  return inOrder(asked, found);
}

type FoundLinkRow = Omit<FoundLink, 'mergedInto'> &
  Numbered & { readonly mergedInto: string | null };

const FIND_LINKS = {
  name: 'find-links',
  text: `
    select k.n, l.link_id as link, l.state, l.generation, l.entity_id as entity, e.life,
           l.merged_into as "mergedInto"
      from jsonb_to_recordset($2::jsonb)
        as k (n int, sync uuid, endpoint uuid, "remoteId" text collate "C")
     cross join lateral (
       select l.link_id, l.state, l.generation, l.entity_id, l.merged_into
         from link l
        where l.tenant_id = $1::uuid and l.sync_id = k.sync
          and l.endpoint_id = k.endpoint and l.remote_id = k."remoteId"
       offset 0) l
     cross join lateral (
       select e.life
         from entity e
        where e.tenant_id = $1::uuid and e.entity_id = l.entity_id
       offset 0) e`,
};

export async function findEntities(
  query: Query,
  tenant: TenantId,
  entities: readonly EntityId[],
): Promise<(FoundEntity | undefined)[]> {
  const asked = entities.map((entity, n) => ({ n, entity }));
  const rows = await query<FoundEntity & Numbered>(FIND_ENTITIES, [tenant, toJson(asked)]);
  return inOrder(asked, rows);
}

const FIND_ENTITIES = {
  name: 'find-entities',
  text: `
    select k.n, k.entity, e.life,
      coalesce(
        (select json_agg(json_build_object(
                  'endpoint', l.endpoint_id, 'remoteId', l.remote_id, 'state', l.state,
                  'generation', l.generation)
                  order by l.link_id)
           from link l
          where l.tenant_id = $1::uuid and l.entity_id = e.entity_id), '[]') as links
      from jsonb_to_recordset($2::jsonb) as k (n int, entity uuid)
     cross join lateral (
       select e.entity_id, e.life
         from entity e
        where e.tenant_id = $1::uuid and e.entity_id = k.entity
       offset 0) e`,
};

export async function findKeys(
  query: Query,
  tenant: TenantId,
  keys: readonly MatchKey[],
): Promise<(KeyOwner | undefined)[]> {
  const asked = keys.map((key, n) => ({ n, key }));
  const rows = await query<KeyOwner & Numbered>(FIND_KEYS, [tenant, toJson(asked)]);
  return inOrder(asked, rows);
}

const FIND_KEYS = {
  name: 'find-keys',
  text: `
    select k.n, o.entity_id as entity, e.life
      from jsonb_to_recordset($2::jsonb) as k (n int, key text collate "C")
     cross join lateral (
       select o.entity_id
         from entity_key o
        where o.tenant_id = $1::uuid and o.key = k.key
       offset 0) o
     cross join lateral (
       select e.life
         from entity e
        where e.tenant_id = $1::uuid and e.entity_id = o.entity_id
       offset 0) e`,
};

/** One answer per question, in the order of the questions. */
function inOrder<Row extends Numbered>(
  asked: readonly unknown[],
  rows: readonly Row[],
): (Omit<Row, 'n'> | undefined)[] {
  const answers = new Map(rows.map(({ n, ...answer }) => [n, answer]));
  return asked.map((_, n) => answers.get(n));
}
