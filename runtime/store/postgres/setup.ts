/** Tenants, endpoints and syncs: what people configured. */
import type { Setup, StoredEndpoint, StoredSync, Tenant, TenantId } from '../store.ts';
import { lastOfEach, type Query } from './database.ts';
import { toJson } from './json.ts';

export async function saveSetup(
  query: Query,
  { tenant, endpoints = [], syncs = [] }: Partial<Setup> & Pick<Setup, 'tenant'>,
): Promise<void> {
  await query(SAVE_TENANT, [tenant.id, tenant.name, tenant.createdAt]);
  if (endpoints.length > 0) {
    const rows = lastOfEach(endpoints, ({ id }) => id);
    await query(SAVE_ENDPOINTS, [tenant.id, toJson(rows)]);
  }
  if (syncs.length > 0) {
    await query(SAVE_SYNCS, [tenant.id, toJson(lastOfEach(syncs, ({ id }) => id))]);
  }
}

const SAVE_TENANT = {
  name: 'save-tenant',
  text: `
    insert into tenant (tenant_id, name, created_at)
    values ($1::uuid, $2::text, $3::bigint)
    on conflict (tenant_id) do update set name = excluded.name`,
};

const SAVE_ENDPOINTS = {
  name: 'save-endpoints',
  text: `
    insert into endpoint (tenant_id, endpoint_id, vendor, title, status, settings)
    select $1::uuid, e.id, e.vendor, e.title, e.status, e.settings
      from jsonb_to_recordset($2::jsonb)
        as e (id uuid, vendor text, title text, status text, settings jsonb)
     order by e.id
    on conflict (tenant_id, endpoint_id) do update
      set vendor = excluded.vendor, title = excluded.title, status = excluded.status,
          settings = excluded.settings`,
};

const SAVE_SYNCS = {
  name: 'save-syncs',
  text: `
    insert into sync (tenant_id, sync_id, title, status, policy, settings)
    select $1::uuid, s.id, s.title, s.status, s.policy, s.settings
      from jsonb_to_recordset($2::jsonb)
        as s (id uuid, title text, status text, policy jsonb, settings jsonb)
     order by s.id
    on conflict (tenant_id, sync_id) do update
      set title = excluded.title, status = excluded.status, policy = excluded.policy,
          settings = excluded.settings`,
};

export async function readSetup(query: Query, tenant: TenantId): Promise<Setup | undefined> {
  const [found] = await query<Tenant>(READ_TENANT, [tenant]);
  if (!found) return undefined;
  const endpoints = await query<StoredEndpoint>(READ_ENDPOINTS, [tenant]);
  const syncs = await query<StoredSync>(READ_SYNCS, [tenant]);
  return { tenant: found, endpoints, syncs };
}

const READ_TENANT = {
  name: 'read-tenant',
  text: `
    select tenant_id as id, name, created_at as "createdAt"
      from tenant
     where tenant_id = $1::uuid`,
};

const READ_ENDPOINTS = {
  name: 'read-endpoints',
  text: `
    select endpoint_id as id, vendor, title, status, settings
      from endpoint
     where tenant_id = $1::uuid
     order by endpoint_id`,
};

const READ_SYNCS = {
  name: 'read-syncs',
  text: `
    select sync_id as id, title, status, policy, settings
      from sync
     where tenant_id = $1::uuid
     order by sync_id`,
};
