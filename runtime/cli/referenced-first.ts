/**
 * Syncs in an order in which targets come before what refers to them, companies before people, so that
 * nothing has to wait for a target that is brought in order later. In a circle somebody has to be first.
 */
import { readSettings } from '../engine/settings.ts';
import type { StoredSync, SyncId } from '../store/store.ts';

export function referencedFirst(syncs: readonly StoredSync[]): StoredSync[] {
  const ordered = new Set<StoredSync>();
  const begun = new Set<SyncId>();
  function add(sync: StoredSync): void {
    if (begun.has(sync.id)) return;
    begun.add(sync.id);
    const targets = Object.values(readSettings(sync.title, sync.settings).references);
    for (const target of syncs) if (targets.includes(target.id)) add(target);
    ordered.add(sync);
  }
  for (const sync of syncs) add(sync);
  return [...ordered];
}
