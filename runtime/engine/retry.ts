/**
 * What happens after something did not work out: try again, and when; wait without counting it as an
 * attempt; or give up and keep it for a person. Trying again is always a new pass from what is stored,
 * never a repeated call, so it can be late, early or double without harm.
 *
 * | what went wrong                 | what follows                                   | counts | given up |
 * | ------------------------------- | ---------------------------------------------- | ------ | -------- |
 * | network, vendor's own trouble   | 3 quick tries, then slower, up to an hour apart | yes    | after 8, or a day |
 * | too many calls                  | when the vendor says, with some scatter        | no     | never    |
 * | credentials or permission lost  | every five minutes, the account is paused      | no     | never    |
 * | item changed meanwhile          | 5 times at once, on top of what is there now,   | yes    | never    |
 * |                                 | then slower, up to an hour apart               |        |          |
 * | refused by the vendor           | the field is left out, or given up             | yes    | at once  |
 * | waits for something else        | a few times within minutes, then a sweep has to | yes    | never    |
 * |                                 | find it: it stays visible as held               |        |          |
 * | nobody understands it           | as network, but only three times               | yes    | after 3  |
 *
 * Several things may go wrong with one record at once. The worst decides what follows; but where one of
 * them ends by itself, such as a write that may still land, somebody comes back for it in any case.
 */
import { VendorError } from '../connectors/connector.ts';
import { TributaryError } from '../core/errors.ts';
import type { Claimed, DeadLetter, Retry } from '../store/store.ts';
import type { World } from '../world/world.ts';

export type Setback = {
  /** Short and searchable; shown to people who ask why a record did not sync. */
  readonly why: string;
  readonly kind: 'failure' | 'wait' | 'again' | 'moved' | 'blocked' | 'unknown' | 'refused';
  /** Not before then. */
  readonly at?: number;
  /** Part of it ends by itself: somebody has to come back for that, whatever is given up of the rest. */
  readonly mustReturn?: boolean;
};

const QUICK_TRIES = 3;
export const TRIES_MAX = 8;
/** Once or twice may be bad luck; what has failed more often does not hold up a sweep. */
export const LOOKED_AT = 2;
const TRIES_MAX_OF_UNKNOWN = 3;
/** An item that has moved on so often in a row is no coincidence: the vendor never accepts the write. */
const MOVED_TRIES = 5;
/** With ever longer pauses, about two minutes. */
export const WAITS_MAX = 6;
const TRYING_MS_MAX = 86_400_000;
const QUICK_MS_MAX = 60_000;
const SLOW_MS_MAX = 3_600_000;
/** Waits of this kind end by themselves; asking more often would not end them sooner. */
const AGAIN_MS = 500;
const PAUSED_MS = 300_000;

/** What a vendor answered. Anything else is nobody's answer: our database, or a mistake of our own. */
export function answered(error: unknown): VendorError {
  if (error instanceof VendorError) return error;
  throw error;
}

export function setbackOf(error: unknown, now: number): Setback {
  const why = error instanceof Error ? error.message : String(error);
  if (!(error instanceof VendorError)) return { kind: 'unknown', why };
  const { retryAfterMs } = error;
  const at = retryAfterMs === undefined ? {} : { at: now + retryAfterMs };
  return { kind: KINDS[error.kind], why, ...at };
}

const KINDS: Readonly<Record<VendorError['kind'], Setback['kind']>> = {
  transient: 'failure',
  throttled: 'blocked',
  unauthorized: 'blocked',
  forbidden: 'blocked',
  outdated: 'moved',
  duplicate: 'moved',
  missing: 'moved',
  rejected: 'refused',
  tooLarge: 'refused',
  broken: 'unknown',
};

/** Nothing can be decided or noted then, so the work ends here and is taken up again when it is back. */
export function isStoreDown(error: unknown): boolean {
  return error instanceof TributaryError && error.code.startsWith('database-');
}

/** Whichever asks for more patience decides. */
export function worse(a: Setback | undefined, b: Setback): Setback {
  if (!a) return b;
  const order: readonly Setback['kind'][] = [
    'again',
    'moved',
    'wait',
    'blocked',
    'failure',
    'unknown',
    'refused',
  ];
  const first = order.indexOf(a.kind) >= order.indexOf(b.kind) ? a : b;
  const at = Math.max(a.at ?? 0, b.at ?? 0);
  const mustReturn = [a, b].some((each) => each.kind === 'again' || each.mustReturn);
  return { ...first, ...(at > 0 ? { at } : {}), ...(mustReturn ? { mustReturn } : {}) };
}

export type Verdict =
  | { readonly kind: 'retry'; readonly retry: Retry }
  /** Nothing more is to be expected soon. */
  | { readonly kind: 'leave' }
  /** With `retry`, somebody comes back all the same: for what ends by itself. */
  | { readonly kind: 'giveUp'; readonly deadLetter: DeadLetter; readonly retry?: Retry };

export function afterSetback(
  { kind, why, at = 0, mustReturn = false }: Setback,
  lease: Claimed,
  world: Pick<World, 'clock' | 'random'>,
): Verdict {
  const now = world.clock.now();
  const tries = lease.attempts + 1;
  const trying = now - (lease.markedAt ?? now);
  const isHopeless =
    kind === 'refused' ||
    (kind === 'unknown' && tries >= TRIES_MAX_OF_UNKNOWN) ||
    (kind === 'failure' && (tries >= TRIES_MAX || trying > TRYING_MS_MAX));
  const counts = kind !== 'again' && kind !== 'blocked';
  const delay = delayOf(kind, tries, world);
  const retry = { at: Math.ceil(Math.max(now + delay, at)), error: why, counts };
  if (isHopeless) {
    const code = kind === 'refused' ? 'refused' : kind === 'failure' ? 'exhausted' : 'unexpected';
    const deadLetter = { code, message: why, payload: null, attempts: tries };
    // What gets no answer again and again would be waited for without end.
    const isEndless = kind !== 'refused' && tries > TRIES_MAX;
    return { kind: 'giveUp', deadLetter, ...(mustReturn && !isEndless ? { retry } : {}) };
  }
  if (kind === 'wait' && tries > WAITS_MAX && !mustReturn) return { kind: 'leave' };
  return { kind: 'retry', retry };
}

function delayOf(kind: Setback['kind'], tries: number, world: Pick<World, 'random'>): number {
  const jitter = world.random('engine:retry').next();
  switch (kind) {
    case 'again':
      return AGAIN_MS + jitter * AGAIN_MS;
    case 'moved':
      return tries <= MOVED_TRIES
        ? AGAIN_MS + jitter * AGAIN_MS
        : Math.min(SLOW_MS_MAX, 1_000 * 2 ** Math.min(tries - MOVED_TRIES, 12)) *
            (0.75 + jitter / 2);
    case 'blocked':
      return jitter * 2_000;
    case 'wait':
      return Math.min(SLOW_MS_MAX, 2_000 * 2 ** Math.min(tries, 12)) * (0.75 + jitter / 2);
    case 'failure':
    case 'unknown':
    case 'refused':
      return tries <= QUICK_TRIES
        ? 1_000 + jitter * Math.min(QUICK_MS_MAX, 1_000 * 4 ** tries)
        : 1_000 + jitter * Math.min(SLOW_MS_MAX, QUICK_MS_MAX * 4 ** (tries - QUICK_TRIES));
  }
}

/** How long an account rests whose credentials or permissions were refused. */
export const RESTING_MS = PAUSED_MS;
