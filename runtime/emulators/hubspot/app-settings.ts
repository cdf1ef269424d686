/**
 * What an app wants to be told, and where: one address and one list of subscriptions for all accounts that
 * have the app. A change counts a while after it was made.
 */
import type { Random } from '../../world/world.ts';
import type { AppOptions } from './options.ts';

export interface Subscription {
  readonly id: number;
  readonly eventType: string;
  readonly objectTypeId?: string | undefined;
  readonly propertyName?: string | undefined;
  readonly active: boolean;
  readonly createdAt: string;
  readonly updatedAt?: string;
}

export interface Target {
  readonly targetUrl: string;
  readonly maxConcurrentRequests: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

interface Snapshot {
  readonly target: Target | undefined;
  readonly subscriptions: ReadonlyMap<number, Subscription>;
}

const NOTHING: Snapshot = { target: undefined, subscriptions: new Map() };

export class AppSettings {
  readonly options: AppOptions;
  readonly #chance: Random;
  readonly #cacheMs: number;
  #latest: Snapshot = NOTHING;
  #lastId = 0;
  /** By the time from which on they count. */
  readonly #effective: { readonly fromMs: number; readonly snapshot: Snapshot }[] = [];

  constructor(options: AppOptions, { chance, cacheMs }: { chance: Random; cacheMs: number }) {
    this.options = options;
    this.#chance = chance;
    this.#cacheMs = cacheMs;
  }

  get latest(): Snapshot {
    return this.#latest;
  }

  /** What counts now. */
  effective(nowMs: number): Snapshot {
    const found = this.#effective.findLast(({ fromMs }) => fromMs <= nowMs);
    return found?.snapshot ?? NOTHING;
  }

  /** Where letters go that were written while there was an address: to the last one there was. */
  address(nowMs: number): string {
    const known = this.#effective.filter(({ fromMs }) => fromMs <= nowMs);
    return known.findLast(({ snapshot }) => snapshot.target)?.snapshot.target?.targetUrl ?? '';
  }

  setTarget(target: Target | undefined, nowMs: number): void {
    this.#change({ ...this.#latest, target }, nowMs);
  }

  put(subscription: Omit<Subscription, 'id'> & { id?: number }, nowMs: number): Subscription {
    const { id = (this.#lastId += 1) } = subscription;
    const stored = { ...subscription, id };
    const subscriptions = new Map([...this.#latest.subscriptions, [id, stored]]);
    this.#change({ ...this.#latest, subscriptions }, nowMs);
    return stored;
  }

  drop(id: number, nowMs: number): void {
    const subscriptions = new Map(this.#latest.subscriptions);
    subscriptions.delete(id);
    this.#change({ ...this.#latest, subscriptions }, nowMs);
  }

  #change(snapshot: Snapshot, nowMs: number): void {
    this.#latest = snapshot;
    const last = this.#effective.at(-1)?.fromMs ?? 0;
    const fromMs = Math.max(last, nowMs + this.#chance.below(this.#cacheMs + 1));
    this.#effective.push({ fromMs, snapshot });
  }
}

/** As it is asked for. */
export interface NewSubscription {
  readonly eventType: string;
  readonly propertyName?: string | null | undefined;
  readonly objectTypeId?: string | null | undefined;
  readonly active?: boolean | undefined;
}

/** Paused, unless it is said otherwise. */
export function subscribe(app: AppSettings, given: NewSubscription, nowMs: number): Subscription {
  const { eventType, propertyName, objectTypeId, active = false } = given;
  return app.put(
    {
      eventType,
      propertyName: propertyName ?? undefined,
      objectTypeId: objectTypeId ?? undefined,
      active,
      createdAt: new Date(nowMs).toISOString(),
    },
    nowMs,
  );
}
