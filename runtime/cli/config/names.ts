/**
 * Ids made from names, so that the same file always means the same records, on every machine. A name
 * that changes is another account or another sync; `id:` keeps what the old name stood for.
 */
import { hash } from 'node:crypto';
import type { EndpointId } from '../../core/planner/model.ts';
import { canonicalText } from '../../core/value.ts';
import type { SyncId, TenantId } from '../../store/store.ts';

export function tenantIdOf(tenant: string): TenantId {
  return idOf('tenant', tenant) as TenantId;
}

export function endpointIdOf(tenant: string, account: string): EndpointId {
  return idOf('account', tenant, account) as EndpointId;
}

export function syncIdOf(tenant: string, sync: string): SyncId {
  return idOf('sync', tenant, sync) as SyncId;
}

/** A UUID of version 8: its bits come from a hash. */
function idOf(...names: readonly string[]): string {
  const hex = hash('sha256', canonicalText(['tributary', ...names]), 'hex');
  const variant = (0x8 + (Number.parseInt(hex[16]!, 16) % 4)).toString(16);
  const [first, second] = [hex.slice(0, 8), hex.slice(8, 12)];
  return `${first}-${second}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
