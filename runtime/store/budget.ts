/**
 * Token buckets that all processes share. A bucket is full at first, and `capacity` tokens come back
 * per `perMs`, steadily. A vendor that complains makes it fill at a part of that rate, or closes it for
 * a while; the rate recovers by itself. The database computes the same in the same order, so that both
 * stores grant the same at the same millisecond.
 *
 * Time is counted by one clock, the store's: those of the processes differ, and whoever is ahead would
 * spend what has not come back yet. So callers give and get durations.
 *
 * Who asks for more than a bucket ever holds is served when it is full, and leaves a debt.
 */
export interface Spend {
  /** Names what is limited: an account, a method, a day. */
  readonly bucket: string;
  readonly capacity: number;
  readonly perMs: number;
  readonly amount: number;
  /** How many tokens have to be left for what is more urgent, and for people. */
  readonly keep: number;
}

export type SpendOutcome =
  | { readonly granted: true }
  /** Nothing was taken. Asking again sooner is in vain. */
  | { readonly granted: false; readonly waitMs: number };

export interface SlowDown {
  readonly bucket: string;
  /** Nothing is granted for so long. */
  readonly forMs?: number;
  /**
   * What is left of the rate, 0.5 for half. Not counted while the bucket is blocked: those are answers
   * to what was sent before.
   */
  readonly factor?: number;
}

export interface BudgetRow {
  readonly bucket: string;
  /** Missing: full. */
  readonly tokens?: number;
  readonly updatedAt: number;
  readonly blockedUntil: number;
  readonly rate: number;
  readonly rateAt: number;
}

/** The part of the full rate that comes back per minute. */
export const RECOVERY_PER_MINUTE = 0.05;
export const RATE_MIN = 0.05;
/** Sums of fractions are not exact; a token that is there but for this much is there. */
export const ROUNDING = 1e-9;

/** Several requests for one bucket are one: all that they take, and the most that has to be left. */
export function inOne(requests: readonly Spend[]): Spend[] {
  const all = new Map<string, Spend>();
  for (const request of requests) {
    const known = all.get(request.bucket);
    const amount = request.amount + (known?.amount ?? 0);
    const keep = Math.max(request.keep, known?.keep ?? 0);
    all.set(request.bucket, { ...request, amount, keep });
  }
  return [...all.values()];
}

export interface Judged {
  /** As it is if it is granted. */
  readonly spent: BudgetRow;
  /** At most `now` when it can be granted. */
  readonly readyAt: number;
}

export function judgeSpend(row: BudgetRow | undefined, request: Spend, now: number): Judged {
  const { bucket, capacity, perMs, amount, keep } = request;
  const known = row ?? newRow(bucket, now);
  const rate = rateOf(known, now);
  const elapsed = Math.max(0, now - known.updatedAt);
  const refilled = (known.tokens ?? capacity) + (elapsed * rate * capacity) / perMs;
  const tokens = Math.min(capacity, refilled);
  const missing = Math.min(capacity, amount + keep) - tokens;
  const wait = missing <= ROUNDING ? 0 : Math.ceil((missing * perMs) / (rate * capacity));
  return {
    spent: {
      ...known,
      tokens: tokens - amount,
      updatedAt: Math.max(known.updatedAt, now),
    },
    readyAt: Math.max(known.blockedUntil, now + wait),
  };
}

export function slowed(
  row: BudgetRow | undefined,
  { bucket, forMs = 0, factor = 1 }: SlowDown,
  now: number,
): BudgetRow {
  const known = row ?? newRow(bucket, now);
  const rate = rateOf(known, now) * (known.blockedUntil > now ? 1 : factor);
  return {
    ...known,
    blockedUntil: Math.max(known.blockedUntil, now + forMs),
    rate: Math.min(1, Math.max(RATE_MIN, rate)),
    rateAt: Math.max(known.rateAt, now),
  };
}

function newRow(bucket: string, now: number): BudgetRow {
  return { bucket, updatedAt: now, blockedUntil: 0, rate: 1, rateAt: now };
}

function rateOf({ rate, rateAt }: BudgetRow, now: number): number {
  return Math.min(1, rate + (Math.max(0, now - rateAt) * RECOVERY_PER_MINUTE) / 60_000);
}
