/** What accounts remember, sealed. */
import type { Keepsake, TenantId } from '../store.ts';
import type { Query } from './database.ts';

export async function saveKeepsake(
  query: Query,
  tenant: TenantId,
  { endpoint, name, sealed }: Keepsake,
): Promise<void> {
  await query(SAVE, [tenant, endpoint, name, sealed]);
}

const SAVE = {
  name: 'save-keepsake',
  text: `
    insert into keepsake (tenant_id, endpoint_id, name, sealed)
    values ($1::uuid, $2::uuid, $3::text, $4::text)
    on conflict (tenant_id, endpoint_id, name) do update set sealed = excluded.sealed`,
};

export async function readKeepsake(
  query: Query,
  tenant: TenantId,
  { endpoint, name }: Omit<Keepsake, 'sealed'>,
): Promise<string | undefined> {
  const [row] = await query<{ sealed: string }>(READ, [tenant, endpoint, name]);
  return row?.sealed;
}

const READ = {
  name: 'read-keepsake',
  text: `
    select sealed from keepsake
     where tenant_id = $1::uuid and endpoint_id = $2::uuid and name = $3::text`,
};
