/**
 * What the database holds about a batch of commits, locked until the batch is stored: the leases, the
 * records, and whoever owns the match keys and the items that the batch wants.
 */
import type { EntityId } from '../../core/planner/model.ts';
import { newRefs, type Owner, type Revision } from '../commit.ts';
import type { Commit, MatchKey, TenantId } from '../store.ts';
import { nameOfRef } from '../work-key.ts';
import type { Query } from './database.ts';
import { toJson } from './json.ts';

/**
 * In two statements, because the second has to see what was stored while the first waited: a commit
 * may have written links and left the record's own row as it was.
 */
export async function lockRecords(
  query: Query,
  tenant: TenantId,
  commits: readonly Commit[],
): Promise<ReadonlyMap<EntityId, Revision>> {
  const entities = commits.flatMap(({ record }) => (record ? [record.entity.id] : []));
  if (entities.length === 0) return new Map();
  await lockEntities(query, tenant, entities);
  const rows = await query<Revision & { entity: EntityId }>(READ_REVISIONS, [tenant, entities]);
  return new Map(rows.map((row) => [row.entity, row]));
}

export async function lockEntities(
  query: Query,
  tenant: TenantId,
  entities: readonly EntityId[],
): Promise<void> {
  if (entities.length > 0) await query(LOCK_ENTITIES, [tenant, entities]);
}

const LOCK_ENTITIES = {
  name: 'lock-entities',
  text: `
    select
      from entity
     where tenant_id = $1::uuid and entity_id = any ($2::uuid[])
     order by entity_id
       for update`,
};

const READ_REVISIONS = {
  name: 'read-revisions',
  text: `
    select e.entity_id as entity, e.revision + coalesce(l.revision, 0) as revision,
           array_append(coalesce(l.commits, '{}'), e.commit_id) as commits
      from entity e
     cross join lateral (
       select sum(l.revision) as revision, array_agg(l.commit_id) as commits
         from link l
        where l.tenant_id = $1::uuid and l.entity_id = e.entity_id) l
     where e.tenant_id = $1::uuid and e.entity_id = any ($2::uuid[])`,
};

interface Numbered {
  readonly n: number;
}

export async function lockKeys(
  query: Query,
  tenant: TenantId,
  commits: readonly Commit[],
): Promise<ReadonlyMap<MatchKey, Owner>> {
  const keys = commits.flatMap(({ record }) => [
    ...(record?.keys?.add ?? []),
    ...(record?.keys?.remove ?? []),
  ]);
  if (keys.length === 0) return new Map();
  const rows = await query<Owner & { key: MatchKey }>(LOCK_KEYS, [tenant, keys]);
  return new Map(rows.map(({ key, ...owner }) => [key, owner]));
}

/** Locked, so that a record that comes back to life and one that wants its key see each other. */
const LOCK_KEYS = {
  name: 'lock-keys',
  text: `
    select own.key, own.entity_id as entity, e.life = 'dead' as yields
      from (select k.key, k.entity_id
              from entity_key k
             where k.tenant_id = $1::uuid and k.key = any ($2::text[])
             order by k.key
               for update) own
     cross join lateral (
       select e.life
         from entity e
        where e.tenant_id = $1::uuid and e.entity_id = own.entity_id
       offset 0) e`,
};

export async function findOwnersOfRefs(
  query: Query,
  tenant: TenantId,
  commits: readonly Commit[],
): Promise<ReadonlyMap<string, Owner>> {
  const refs = commits.flatMap(({ lease, record }) =>
    record ? newRefs(lease.key.sync, record) : [],
  );
  if (refs.length === 0) return new Map();
  const asked = refs.map((ref, n) => ({ ...ref, n }));
  const rows = await query<Owner & Numbered>(FIND_OWNERS_OF_REFS, [tenant, toJson(asked)]);
  return new Map(rows.map(({ n, ...owner }) => [nameOfRef(refs[n]!), owner]));
}

const FIND_OWNERS_OF_REFS = {
  name: 'find-owners-of-refs',
  text: `
    select k.n, l.entity_id as entity, l.state = 'unlinked' as yields
      from jsonb_to_recordset($2::jsonb)
        as k (n int, sync uuid, endpoint uuid, "remoteId" text collate "C")
     cross join lateral (
       select l.entity_id, l.state
         from link l
        where l.tenant_id = $1::uuid and l.sync_id = k.sync
          and l.endpoint_id = k.endpoint and l.remote_id = k."remoteId"
       offset 0) l`,
};
