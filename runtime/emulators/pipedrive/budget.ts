/**
 * What a company may ask for: tokens a day, requests in two seconds, searches in two seconds; and what
 * happens to those who go on asking when they are told to wait.
 */
import type { Level, Limit, Limits } from '../limits.ts';
import type { Abilities, Plan } from './options.ts';

const TOKENS_PER_SEAT = 30_000;

const PLANS: Readonly<Record<Plan, { multiplier: number; token: number; oauth: number }>> = {
  lite: { multiplier: 1, token: 20, oauth: 80 },
  growth: { multiplier: 2, token: 40, oauth: 160 },
  premium: { multiplier: 5, token: 100, oauth: 400 },
  ultimate: { multiplier: 7, token: 120, oauth: 480 },
};

const BURST_MS = 2000;
const HOUR_MS = 3_600_000;

/** `token` and `oauth` are bursts, each for who asks like that. */
export type LimitName = 'daily' | 'token' | 'oauth' | 'search';

export function limitsOf({
  plan,
  seats,
  topUpTokens,
  dayBeginsAtHour,
}: Abilities): readonly Limit[] {
  const { multiplier, token, oauth } = PLANS[plan];
  const burst = (name: LimitName, capacity: number): Limit => {
    return { name, capacity, perMs: BURST_MS, refills: 'rolling' };
  };
  return [
    {
      name: 'daily' satisfies LimitName,
      capacity: TOKENS_PER_SEAT * multiplier * seats + topUpTokens,
      perMs: 24 * HOUR_MS,
      refills: 'atOnce',
      beginsAtMs: dayBeginsAtHour * HOUR_MS,
    },
    burst('token', token),
    burst('oauth', oauth),
    burst('search', 10),
  ];
}

/** How often somebody may ask in vain before the time, and how long a silence it then takes. */
const IGNORED_MOST = 10;
const HEARD_AFTER_MS = 500;
const FORGETS_AFTER_MS = 60_000;
const SHUT_MS = 90_000;

/**
 * The network in front of the API. Who was told to wait and asks again before the time too often finds
 * it shut, and keeps it shut by trying.
 */
export class Patience {
  #toldMs = -Infinity;
  #untilMs = -Infinity;
  #lastMs = -Infinity;
  #ignored = 0;
  #shutUntilMs = -Infinity;

  /** Asked for every request. */
  isShut(nowMs: number): boolean {
    if (nowMs >= this.#shutUntilMs) return false;
    this.#shutUntilMs = nowMs + SHUT_MS;
    return true;
  }

  /** Somebody is told to wait. What was sent before that could be heard is forgiven. */
  told(nowMs: number, waitMs: number): void {
    if (nowMs - this.#lastMs > FORGETS_AFTER_MS) this.#ignored = 0;
    this.#lastMs = nowMs;
    if (nowMs >= this.#untilMs) {
      this.#toldMs = nowMs;
      this.#untilMs = nowMs + waitMs;
    } else if (nowMs >= this.#toldMs + HEARD_AFTER_MS) {
      this.#ignored += 1;
    }
    if (this.#ignored <= IGNORED_MOST) return;
    this.#ignored = 0;
    this.#shutUntilMs = nowMs + SHUT_MS;
  }
}

const IDLE_MS = HOUR_MS;
const WRITES_A_DAY = 10_000;

/** Numbers that are only told: writes of a day, and when somebody asked last. */
export class Meter {
  readonly #dayBeginsAtMs: number;
  #day = -1;
  #writes = 0;
  #lastMs = -Infinity;

  constructor({ dayBeginsAtHour }: Pick<Abilities, 'dayBeginsAtHour'>) {
    this.#dayBeginsAtMs = dayBeginsAtHour * HOUR_MS;
  }

  /** How many are left after this one; nobody is refused when there are none. */
  wrote(nowMs: number): number {
    const day = Math.floor((nowMs - this.#dayBeginsAtMs) / (24 * HOUR_MS));
    if (day !== this.#day) this.#writes = 0;
    this.#day = day;
    this.#writes += 1;
    return Math.max(0, WRITES_A_DAY - this.#writes);
  }

  /** Whether somebody has asked within the last hour, before now. */
  asked(nowMs: number): boolean {
    const wasAwake = nowMs - this.#lastMs < IDLE_MS;
    this.#lastMs = nowMs;
    return wasAwake;
  }
}

interface Metered {
  readonly account: { readonly nowMs: number };
  readonly limits: Limits;
  readonly meter: Meter;
}

/** What an answer says of the limits. The daily tokens are missing after a long silence. */
export function headersOf(
  { account: { nowMs }, limits, meter }: Metered,
  by: 'token' | 'oauth',
  method: string,
): readonly (readonly [name: string, value: string])[] {
  const headers = [...burstHeaders(limits, by, BURST_MS)];
  if (by === 'token' && (method === 'POST' || method === 'PUT')) {
    headers.push(['x-daily-requests-left', String(meter.wrote(nowMs))]);
  }
  if (meter.asked(nowMs)) headers.push(...dailyHeaders(limits));
  return headers;
}

/** Of an answer that says to wait. The time it names is that of a burst, also when the day is used up. */
export function waitingHeaders(
  { limits }: Metered,
  name: string,
  waitMs: number,
): Record<string, string> {
  const isDaily = name === 'daily';
  return Object.fromEntries([
    ...burstHeaders(limits, isDaily ? 'token' : name, isDaily ? BURST_MS : waitMs),
    ...(isDaily ? dailyHeaders(limits) : []),
  ]);
}

type Header = readonly [name: string, value: string];

function burstHeaders(limits: Limits, name: string, resetMs: number): readonly Header[] {
  const { capacity, left } = levelOf(limits, name);
  return [
    ['x-ratelimit-limit', String(capacity)],
    ['x-ratelimit-remaining', String(left)],
    ['x-ratelimit-reset', String(Math.max(1, Math.ceil(resetMs / 1000)))],
  ];
}

function dailyHeaders(limits: Limits): readonly Header[] {
  const { capacity, left } = levelOf(limits, 'daily');
  return [
    ['x-daily-ratelimit-token-limit', String(capacity)],
    ['x-daily-ratelimit-token-remaining', String(left)],
  ];
}

function levelOf(limits: Limits, wanted: string): Level {
  return limits.levels.find(({ name }) => name === wanted)!;
}
