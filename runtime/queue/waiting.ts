/** What the store has waiting, read where it lies, as the role and with the rules that bind a worker. */
import type { Sql, TenantId, Waiting } from '../store/store.ts';
import type { Boss } from './boss.ts';

/** A transaction in which only one tenant exists. */
export async function asTenant(
  boss: Boss,
  tenant: TenantId,
  work: (sql: Sql) => Promise<void>,
): Promise<void> {
  const transaction = await boss.getDb().beginTransaction!();
  const sql: Sql = async (text, values = []) =>
    (await transaction.db.executeSql(text, [...values])).rows as object[];
  try {
    await sql(AS_TENANT, [tenant]);
    await work(sql);
    await transaction.commit();
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

/** Plans that read a whole table are switched off, as they are for the store: it takes one row. */
const AS_TENANT = `
  select set_config('role', 'tributary_app', true), set_config('app.tenant', $1::text, true),
         set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)`;

/** From when on the most urgent key of this sync and priority can be claimed. */
export async function headOf(
  { tenant, sync, priority }: Waiting,
  sql: Sql,
): Promise<number | undefined> {
  const [head] = (await sql(HEAD, [tenant, sync, priority])) as { readyAt: number }[];
  return head?.readyAt;
}

const HEAD = `
  select ready_at::float8 as "readyAt"
    from tributary.dirty
   where tenant_id = $1::uuid and sync_id = $2::uuid and priority = $3::smallint and ready_at >= 0
   order by ready_at
   limit 1`;

/** Of all tenants: who has work, how urgent, and from when on. */
export async function heads(sql: Sql): Promise<Waiting[]> {
  return (await sql(HEADS)) as Waiting[];
}

const HEADS = `
  select tenant_id as tenant, sync_id as sync, priority, ready_at::float8 as "readyAt"
    from tributary.waiting()`;
