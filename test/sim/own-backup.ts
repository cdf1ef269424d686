/**
 * Backups of our own store in memory, as of a database: all that tenants have at one moment, and the way
 * back to it. Whoever works meanwhile has to be stopped before.
 */
import type { Rows } from '../../runtime/store/memory/rows.ts';
import type { MemoryStore } from '../../runtime/store/memory.ts';
import type { TenantId } from '../../runtime/store/store.ts';

export type StoreBackup = ReadonlyMap<TenantId, Rows>;

export function backupOf(store: MemoryStore, tenants: readonly TenantId[]): StoreBackup {
  return new Map(tenants.map((tenant) => [tenant, structuredClone(store.rowsOf(tenant))]));
}

export function putBack(store: MemoryStore, backup: StoreBackup): void {
  for (const [tenant, rows] of backup) {
    const now = store.rowsOf(tenant);
    for (const [name, table] of Object.entries(structuredClone(rows))) {
      const present: unknown = now[name as keyof Rows];
      if (present instanceof Map) refill(present, table as ReadonlyMap<unknown, unknown>);
      else if (Array.isArray(present)) present.splice(0, present.length, ...(table as unknown[]));
    }
  }
}

function refill<K, V>(map: Map<K, V>, entries: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
}
