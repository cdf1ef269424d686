/**
 * Whose turn is it? Tenants are served in proportion, however much work each of them has: the one
 * that has had the least goes first. A tenant that comes back after a pause starts level with the
 * others; it does not catch up on what it never asked for.
 *
 * Kept per process and not stored: workers that are each fair are fair together, and a restart
 * forgets nothing worth keeping.
 */
import type { ClaimRequest, TenantId, Waiting } from './store.ts';

export class Turns {
  readonly #served = new Map<TenantId, number>();
  /** How much the tenant whose turn it was last had been served before. */
  #level = 0;

  /** What can be claimed now, in the order in which to try: tenants by turn, then by urgency. */
  order(waiting: readonly Waiting[], request: Omit<ClaimRequest, 'limit' | 'leaseMs'>): Waiting[] {
    const { now, leastPriority = 3, tenant, sync } = request;
    const due = waiting.filter(
      (head) =>
        head.readyAt <= now &&
        head.priority <= leastPriority &&
        (tenant === undefined || head.tenant === tenant) &&
        (sync === undefined || head.sync === sync),
    );
    return due.toSorted(
      (a, b) =>
        this.#standing(a.tenant) - this.#standing(b.tenant) ||
        compare(a.tenant, b.tenant) ||
        a.priority - b.priority ||
        a.readyAt - b.readyAt ||
        compare(a.sync, b.sync),
    );
  }

  served(tenant: TenantId, keys: number): void {
    this.#level = this.#standing(tenant);
    this.#served.set(tenant, this.#level + keys);
    for (const [other, count] of this.#served) {
      if (count <= this.#level) this.#served.delete(other);
    }
  }

  #standing(tenant: TenantId): number {
    return Math.max(this.#served.get(tenant) ?? 0, this.#level);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
