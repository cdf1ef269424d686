/**
 * Every call to a vendor goes through here. It waits for the account's budget, which all processes and
 * syncs share; it leaves head-room for what is more urgent; it stops calling a system that is down, and
 * one whose credentials were refused, and tries again after a while with a single call.
 *
 * A call that may not be made now fails as `throttled`, with the time when it is worth trying again.
 */
import { VendorError, type Limit, type Operation } from '../connectors/connector.ts';
import type { EndpointId } from '../core/planner/model.ts';
import type { Priority, Spend, Store, TenantId } from '../store/store.ts';
import type { World } from '../world/world.ts';
import { CALL_MS_MAX } from './leases.ts';
import type { Called } from './member.ts';
import { RESTING_MS } from './retry.ts';

export type Action = 'list' | 'changes' | 'read' | 'find' | 'history' | Operation;

export interface Call {
  readonly action: Action;
  readonly items: number;
  readonly priority: Priority;
}

/** The share of a budget that stays for what is more urgent, and for people who use the account too. */
const HEAD_ROOM: Readonly<Record<Priority, number>> = { 0: 0.05, 1: 0.15, 2: 0.3, 3: 0.35 };
/** It is worth waiting that long for the budget; longer than that, other work comes first. */
const WAIT_MS_MAX = 2_000;
/** What a pass asks of a system for one record when it asks for much: to read it again and again, then to write. */
const CALLS_IN_A_PASS = 10;
/** A system counts as down when half of so many calls have failed. */
const CALLS_TO_JUDGE = 20;
const REST_MS_LEAST = 5_000;
const REST_MS_MAX = 300_000;
/** What a vendor that says nothing gets after it refused a call for being too many. */
const SLOW_MS = 2_000;

interface Health {
  readonly outcomes: boolean[];
  restsUntil: number;
  rests: number;
  /** What it rests from. */
  why: string;
  probing: boolean;
}

export class Gate {
  readonly #store: Store;
  readonly #world: World;
  readonly #onRefused: (endpoint: EndpointId) => void;
  readonly #health = new Map<EndpointId, Health>();

  /** `onRefused`: the credentials were not accepted, so the next call has to log in anew. */
  constructor(store: Store, world: World, onRefused: (endpoint: EndpointId) => void) {
    this.#store = store;
    this.#world = world;
    this.#onRefused = onRefused;
  }

  async call<T>(
    tenant: TenantId,
    member: Called,
    call: Call,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const health = this.#healthOf(member.endpoint);
    this.#refuseWhileResting(member, health);
    await this.#spend(tenant, member, call);
    // Meanwhile it may have turned out to be down, or somebody else tries it.
    this.#refuseWhileResting(member, health);
    const isProbe = health.restsUntil > 0;
    if (isProbe) health.probing = true;
    try {
      const answer = await this.#inTime(work);
      this.#recover(health);
      await this.#heed(tenant, member);
      return answer;
    } catch (error) {
      await this.#learn(tenant, member, health, error);
      throw error;
    } finally {
      if (isProbe) health.probing = false;
    }
  }

  /** Somebody says that it is worth trying again. */
  wake(): void {
    this.#health.clear();
  }

  #healthOf(endpoint: EndpointId): Health {
    const known = this.#health.get(endpoint);
    if (known) return known;
    const health: Health = { outcomes: [], restsUntil: 0, rests: 0, why: '', probing: false };
    this.#health.set(endpoint, health);
    return health;
  }

  #refuseWhileResting({ title }: Called, { restsUntil, probing, why }: Health): void {
    const now = this.#world.clock.monotonicMs();
    if (now >= restsUntil && !(restsUntil > 0 && probing)) return;
    throw new VendorError(
      'throttled',
      {
        what: `The account "${title}" is not called just now, because of this: ${why}`,
        next: 'It is tried again by itself.',
      },
      { retryAfterMs: Math.max(1_000, restsUntil - now) },
    );
  }

  async #spend(tenant: TenantId, member: Called, { action, items, priority }: Call): Promise<void> {
    const requests = member.limits
      .map(({ name, capacity, perMs, cost }) => {
        const amount = cost(action, items, member.collection?.name ?? '');
        const keep = Math.min(capacity * HEAD_ROOM[priority], capacity - amount);
        return { bucket: bucketOf(member, { name, capacity }), capacity, perMs, amount, keep };
      })
      .filter(({ amount }) => amount > 0);
    if (requests.length === 0) return;
    const { clock, schedule } = this.#world;
    const deadline = clock.monotonicMs() + WAIT_MS_MAX;
    for (;;) {
      const spent = await this.#store.spend(tenant, requests);
      if (spent.granted) return;
      if (clock.monotonicMs() + spent.waitMs > deadline) {
        const whole = await this.#store.spend(tenant, requests.map(withTheOthers));
        if (whole.granted) return;
        throw new VendorError(
          'throttled',
          {
            what: `The budget of the account "${member.title}" is used up for the moment.`,
            next: 'It goes on by itself; a larger plan at the vendor, or fewer syncs, would make it faster.',
          },
          { retryAfterMs: whole.waitMs },
        );
      }
      await schedule.sleep(Math.max(1, spent.waitMs));
    }
  }

  async #inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const stop = this.#world.schedule.after(CALL_MS_MAX, () => {
      limit.abort(new Error(`No answer within ${CALL_MS_MAX / 1000} seconds.`));
    });
    try {
      return await work(limit.signal);
    } finally {
      stop();
    }
  }

  /** What the vendor says is used up is left alone until there is more. Others may use the account, too. */
  async #heed(tenant: TenantId, { endpoint, limits, left }: Called): Promise<void> {
    const now = this.#world.clock.now();
    for (const { name, left: amount, resetsAt = 0 } of left?.() ?? []) {
      const forMs = resetsAt - now;
      const limit = limits.find((one) => one.name === name);
      if (amount > 0 || forMs <= 0 || !limit) continue;
      await this.#store.slowDown(tenant, { bucket: bucketOf({ endpoint }, limit), forMs });
    }
  }

  #recover(health: Health): void {
    if (health.restsUntil > 0) health.outcomes.length = 0;
    health.restsUntil = 0;
    health.rests = 0;
    note(health, true);
  }

  async #learn(tenant: TenantId, member: Called, health: Health, error: unknown): Promise<void> {
    if (!(error instanceof VendorError)) return;
    const { clock } = this.#world;
    const now = clock.monotonicMs();
    health.why = error.message;
    if (error.kind === 'throttled') {
      const forMs = error.retryAfterMs ?? SLOW_MS;
      const reached = member.limits.filter(({ name }) => name === error.limit);
      const slowed = reached.length > 0 ? reached : member.limits;
      await Promise.all(
        slowed.map((limit) =>
          this.#store.slowDown(tenant, {
            bucket: bucketOf(member, limit),
            forMs,
            factor: 0.5,
          }),
        ),
      );
      if (member.limits.length === 0) health.restsUntil = now + forMs;
    } else if (error.kind === 'unauthorized' || error.kind === 'forbidden') {
      health.restsUntil = now + RESTING_MS;
      if (error.kind === 'unauthorized') this.#onRefused(member.endpoint);
    } else if (error.kind === 'transient' || error.kind === 'broken') {
      note(health, false);
      const failed = health.outcomes.filter((ok) => !ok).length;
      const isDown = health.outcomes.length >= CALLS_TO_JUDGE && failed * 2 >= CALLS_TO_JUDGE;
      // What was under way when the rest began tells nothing new.
      if ((isDown || health.rests > 0) && now >= health.restsUntil) {
        const longest = Math.min(REST_MS_MAX, REST_MS_LEAST * 2 ** health.rests);
        health.rests += 1;
        health.restsUntil = now + longest * (0.5 + this.#world.random('engine:rest').next() / 2);
      }
    }
  }
}

/** Who is put off begins anew, so what is waited for is enough for this call and for those before it. */
function withTheOthers(request: Spend): Spend {
  const { capacity, amount, keep } = request;
  const most = Math.max(keep, capacity - amount);
  return { ...request, keep: Math.min(keep + amount * (CALLS_IN_A_PASS - 1), most) };
}

/**
 * A limit of another size is another one. Vendors do not tell every process the same, and may be told of a
 * larger plan: what was left of the smaller one is no share of the larger one worth speaking of.
 */
function bucketOf(
  { endpoint }: Pick<Called, 'endpoint'>,
  { name, capacity }: Pick<Limit, 'name' | 'capacity'>,
): string {
  return `${endpoint}/${capacity}/${name}`;
}

function note({ outcomes }: Health, ok: boolean): void {
  outcomes.push(ok);
  if (outcomes.length > CALLS_TO_JUDGE) outcomes.shift();
}
