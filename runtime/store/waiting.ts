/** The soonest time per tenant, sync and priority: what is worth telling of many keys that wait. */
import type { Waiting } from './store.ts';

export function soonest(waiting: readonly Waiting[]): Waiting[] {
  const heads = new Map<string, Waiting>();
  for (const each of waiting) {
    const name = `${each.tenant}/${each.sync}/${each.priority}`;
    const known = heads.get(name);
    if (!known || each.readyAt < known.readyAt) heads.set(name, each);
  }
  return [...heads.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, head]) => head);
}
