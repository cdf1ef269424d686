/**
 * How often an account may ask. A request takes what it costs from each limit that it falls under; one
 * that finds too little in any of them takes nothing and is refused.
 */

export interface Limit {
  readonly name: string;
  readonly capacity: number;
  readonly perMs: number;
  /**
   * `steadily`, a capacity in each period, bit by bit; `rolling`, no more than the capacity in any
   * period; `atOnce`, all of it when a period begins, a day at midnight for one.
   */
  readonly refills?: 'steadily' | 'rolling' | 'atOnce';
  /** With `atOnce`: how long after 1970 in UTC a period begins, such as a time zone's midnight. */
  readonly beginsAtMs?: number;
}

/** By name of the limit. What is not named costs nothing. */
export type Costs = Readonly<Record<string, number>>;

/** Why a request has to wait: the limit that takes longest. */
export interface Shortage {
  readonly name: string;
  readonly waitMs: number;
}

/** A limit as the last request has left it. */
export interface Level {
  readonly name: string;
  readonly capacity: number;
  readonly left: number;
  readonly fullInMs: number;
}

export class Limits {
  readonly #gauges: readonly Gauge[];

  constructor(limits: readonly Limit[], nowMs: number) {
    this.#gauges = limits.map((limit) => ({
      limit,
      left: limit.capacity,
      atMs: nowMs,
      taken: [],
    }));
  }

  /** Undefined when the request may go on. Without costs it takes one from each limit. */
  take(nowMs: number, costs?: Costs): Shortage | undefined {
    const costOf = ({ limit: { name } }: Gauge): number => costs?.[name] ?? (costs ? 0 : 1);
    let shortage: Shortage | undefined;
    for (const gauge of this.#gauges) {
      refill(gauge, nowMs);
      const cost = costOf(gauge);
      if (gauge.left >= cost) continue;
      const waitMs = waitFor(gauge, cost, nowMs);
      if (waitMs > (shortage?.waitMs ?? 0)) shortage = { name: gauge.limit.name, waitMs };
    }
    if (shortage !== undefined) return shortage;
    for (const gauge of this.#gauges) {
      const cost = costOf(gauge);
      gauge.left -= cost;
      if (gauge.limit.refills === 'rolling' && cost > 0) gauge.taken.push({ atMs: nowMs, cost });
    }
    return undefined;
  }

  get levels(): readonly Level[] {
    return this.#gauges.map((gauge) => {
      const { limit, left, atMs } = gauge;
      const fullInMs = left === limit.capacity ? 0 : waitFor(gauge, limit.capacity, atMs);
      return { name: limit.name, capacity: limit.capacity, left, fullInMs };
    });
  }
}

interface Gauge {
  readonly limit: Limit;
  left: number;
  atMs: number;
  /** Of a rolling limit: what was taken within its period. */
  taken: { readonly atMs: number; readonly cost: number }[];
}

function refill(gauge: Gauge, nowMs: number): void {
  const { capacity, perMs, refills = 'steadily' } = gauge.limit;
  if (refills === 'steadily') {
    const gained = ((nowMs - gauge.atMs) * capacity) / perMs;
    gauge.left = Math.min(capacity, gauge.left + gained);
  } else if (refills === 'rolling') {
    gauge.taken = gauge.taken.filter(({ atMs }) => atMs > nowMs - perMs);
    gauge.left = capacity - gauge.taken.reduce((sum, { cost }) => sum + cost, 0);
  } else if (periodOf(gauge.limit, nowMs) !== periodOf(gauge.limit, gauge.atMs)) {
    gauge.left = capacity;
  }
  gauge.atMs = nowMs;
}

/** How long until it holds so much; for what costs more than it ever holds, as long as for all of it. */
function waitFor({ limit, left, taken }: Gauge, cost: number, nowMs: number): number {
  const { capacity, perMs, refills = 'steadily', beginsAtMs = 0 } = limit;
  if (refills === 'steadily') return ((cost - left) * perMs) / capacity;
  if (refills === 'atOnce') return beginsAtMs + (periodOf(limit, nowMs) + 1) * perMs - nowMs;
  let held = left;
  for (const past of taken) {
    held += past.cost;
    if (held >= cost) return past.atMs + perMs - nowMs;
  }
  return perMs;
}

function periodOf({ perMs, beginsAtMs = 0 }: Limit, timeMs: number): number {
  return Math.floor((timeMs - beginsAtMs) / perMs);
}
