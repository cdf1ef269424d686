/**
 * The audit chain in the database. Its end is a column of the tenant, and locking that row is what
 * puts the batches of a tenant in line; so it is the last thing a transaction does before it ends.
 */
import {
  EMPTY_CHAIN,
  sealBatch,
  verifyChain,
  type AuditBatch,
  type AuditHead,
} from '../audit-chain.ts';
import { unknownTenant } from '../failures.ts';
import type { AuditEnd, Audited, AuditReport, TenantId } from '../store.ts';
import type { Query } from './database.ts';
import { toJson } from './json.ts';

export async function appendAudit(
  query: Query,
  tenant: TenantId,
  key: string,
  { now, items }: Audited,
): Promise<void> {
  if (items.length === 0) return;
  const [head] = await query<AuditHead>(LOCK_HEAD, [tenant]);
  if (!head) throw unknownTenant(tenant);
  const batch = sealBatch(key, tenant, head, { at: now, items });
  const { sequence, root, seal } = batch;
  await query(APPEND, [tenant, sequence, now, toJson(items), root, seal]);
}

const LOCK_HEAD = {
  name: 'lock-audit-head',
  text: `
    select audit_sequence as sequence, audit_seal as seal
      from tenant
     where tenant_id = $1::uuid
       for no key update`,
};

const APPEND = {
  name: 'append-audit',
  text: `
    with head as (
      update tenant
         set audit_sequence = $2::int, audit_seal = $6::text
       where tenant_id = $1::uuid
    )
    insert into audit (tenant_id, sequence, at, items, root, seal)
    values ($1::uuid, $2::int, $3::bigint, $4::jsonb, $5::text, $6::text)`,
};

export async function readAuditEnd(query: Query, tenant: TenantId, at: number): Promise<AuditEnd> {
  const [end] = await query<AuditHead & { there: string | null }>(READ_END, [tenant, at]);
  const { sequence, seal, there } = end ?? { ...EMPTY_CHAIN, there: null };
  return { sequence, seal, ...(there === null ? {} : { sealThere: there }) };
}

const READ_END = {
  name: 'read-audit-end',
  text: `
    select audit_sequence as sequence, audit_seal as seal,
           (select a.seal from audit a
             where a.tenant_id = $1::uuid and a.sequence = $2::int) as there
      from tenant
     where tenant_id = $1::uuid`,
};

/** Page by page; batches that are appended meanwhile are not looked at. */
export async function verifyAudit(
  query: Query,
  tenant: TenantId,
  key: string,
): Promise<AuditReport> {
  const [end = { sequence: 0, seal: '' }] = await query<AuditHead>(READ_HEAD, [tenant]);
  const chain = verifyChain(key, tenant, end);
  for (let after = 0; ;) {
    const batches = await query<AuditBatch>(READ_BATCHES, [tenant, after, end.sequence]);
    const last = batches.at(-1);
    if (!last) return chain.report();
    for (const batch of batches) chain.add(batch);
    after = last.sequence;
  }
}

const READ_HEAD = {
  name: 'read-audit-head',
  text: `
    select audit_sequence as sequence, audit_seal as seal
      from tenant
     where tenant_id = $1::uuid`,
};

const READ_BATCHES = {
  name: 'read-audit',
  text: `
    select sequence, at, items, root, seal
      from audit
     where tenant_id = $1::uuid and sequence > $2::int and sequence <= $3::int
     order by sequence
     limit 200`,
};
