/**
 * The leases of one pass. Before anything is sent, and between calls, they are renewed when their end
 * comes near; whoever lost one stops working on it. A worker that was asleep for too long finds that
 * out here, by a clock that only grows.
 */
import { isDeepStrictEqual } from 'node:util';
import type { EntityId } from '../core/planner/model.ts';
import type { Claimed, Store, StoredRecord, TenantId } from '../store/store.ts';
import type { World } from '../world/world.ts';

export const LEASE_MS = 30_000;
/** A call that takes longer is given up. */
export const CALL_MS_MAX = 20_000;
/** With less than this left, nothing is sent any more: what is sent is over before the lease is. */
const RESERVE_MS = CALL_MS_MAX + 5_000;

export class Leases {
  readonly #store: Store;
  readonly #world: World;
  readonly #tenant: TenantId;
  readonly #held = new Map<string, Claimed>();
  #until: number;

  /** `since`: when the leases were asked for, by the clock that only grows. */
  constructor(
    store: Store,
    world: World,
    tenant: TenantId,
    claimed: readonly Claimed[],
    since = world.clock.monotonicMs(),
  ) {
    this.#store = store;
    this.#world = world;
    this.#tenant = tenant;
    this.#until = since + LEASE_MS;
    for (const lease of claimed) this.#held.set(tokenOf(lease), lease);
  }

  /** Whether the lease is still ours. */
  has(lease: Claimed): boolean {
    return this.#held.has(tokenOf(lease));
  }

  /**
   * Records of which somebody else has stored a plan and is sending it. Whoever has not stored the outcome
   * when their lease is over will never do so.
   */
  async inOtherHands(records: readonly StoredRecord[]): Promise<ReadonlySet<EntityId>> {
    const own = [...this.#held.values()].map(({ key }) => key);
    const armed = records.flatMap(({ entity, intents }) =>
      intents.flatMap(({ state, by }) => {
        const isOpen = state === 'armed' && by && !own.some((key) => isDeepStrictEqual(key, by));
        return isOpen ? [{ entity: entity.id, by }] : [];
      }),
    );
    if (armed.length === 0) return new Set();
    const keys = armed.map(({ by }) => by);
    const works = await this.#store.inspectWork(this.#tenant, keys);
    const now = this.#world.clock.now();
    const busy = armed.filter((_, n) => (works[n]?.leasedUntil ?? 0) > now);
    return new Set(busy.map(({ entity }) => entity));
  }

  /** Over, one way or the other. */
  release(lease: Claimed): void {
    this.#held.delete(tokenOf(lease));
  }

  /** Makes sure that there is time for a call. */
  async keep(): Promise<void> {
    const { clock } = this.#world;
    if (this.#until - clock.monotonicMs() > RESERVE_MS || this.#held.size === 0) return;
    // Whoever has another key of the same record may have gone on with it since.
    if (this.#until < clock.monotonicMs()) this.#held.clear();
    const leases = [...this.#held.values()];
    const until = clock.monotonicMs() + LEASE_MS;
    const kept = await this.#store.renew(this.#tenant, leases, clock.now() + LEASE_MS);
    leases.forEach((lease, n) => {
      if (!kept[n]) this.release(lease);
    });
    this.#until = until;
  }
}

function tokenOf({ token, key }: Claimed): string {
  return `${token} ${JSON.stringify(key)}`;
}
