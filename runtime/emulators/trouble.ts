/**
 * Trouble: what can go wrong with a request, for every vendor, and trouble by the dice. How often each
 * kind comes is set by rates, and the seed decides when. The same seed and the same requests in the same
 * order meet the same trouble.
 */
import { randomStreams } from '../world/random.ts';
import type { Random } from '../world/world.ts';
import type { Call } from './call.ts';
import type { Delivery, WebhookTrouble } from './webhooks.ts';

export type Trouble =
  /** The connection breaks, and nothing is carried out. */
  | { readonly kind: 'lost' }
  /** It is carried out, and then the connection breaks. */
  | { readonly kind: 'answerLost' }
  /** The connection breaks, and it is carried out so much later; never, beyond the horizon. */
  | { readonly kind: 'late'; readonly ms: number }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfterS?: number;
      /** As a gateway does that has lost patience. */
      readonly carriedOut?: boolean;
    }
  /** All is well, only slow; it is carried out somewhere in between. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** These items of a batch fail with `busy`. */
  | { readonly kind: 'busy'; readonly items: readonly number[] };

/** By kind, the share of requests it befalls, from 0 to 1. */
export type Rates = Readonly<Partial<Record<Trouble['kind'], number>>>;

/** Likewise, of what webhooks bring. */
export type WebhookRates = Readonly<Partial<Record<WebhookTrouble['kind'], number>>>;

export interface TroubleMaker {
  /** From now on. No rates, no trouble. */
  set(rates: Rates, seed: number, webhooks?: WebhookRates): void;
  readonly next: (call: Call) => Trouble | undefined;
  readonly nextOfWebhook: (delivery: Delivery) => WebhookTrouble | undefined;
}

export const TROUBLES = ['lost', 'answerLost', 'late', 'status', 'slow', 'busy'] as const;

export const WEBHOOK_TROUBLES = ['lost', 'doubled', 'late'] as const;

const STATUSES = [429, 500, 502, 503, 504] as const;
const LATE_MS_BELOW = 30_000;
const SLOW_MS_BELOW = 5000;
const RETRY_AFTER_S_BELOW = 5;

export function troubleMaker(): TroubleMaker {
  let rates: Rates = {};
  let webhookRates: WebhookRates = {};
  let dice = diceOf(0);
  let webhookDice = diceOf(0, OF_WEBHOOKS);
  return {
    set(newRates, seed, newWebhookRates = {}) {
      rates = newRates;
      webhookRates = newWebhookRates;
      dice = diceOf(seed);
      webhookDice = diceOf(seed, OF_WEBHOOKS);
    },
    next(call) {
      const kind = TROUBLES.find((name) => dice.next() < (rates[name] ?? 0));
      return kind && madeOf[kind](dice, call);
    },
    nextOfWebhook() {
      const kind = WEBHOOK_TROUBLES.find((name) => webhookDice.next() < (webhookRates[name] ?? 0));
      if (kind !== 'late') return kind && { kind };
      return { kind, ms: webhookDice.below(LATE_MS_BELOW) };
    },
  };
}

const madeOf: Readonly<Record<Trouble['kind'], (dice: Random, call: Call) => Trouble>> = {
  lost: () => ({ kind: 'lost' }),
  answerLost: () => ({ kind: 'answerLost' }),
  late: (dice) => ({ kind: 'late', ms: dice.below(LATE_MS_BELOW) }),
  status: (dice) => {
    const status = STATUSES[dice.below(STATUSES.length)]!;
    const retryAfterS = dice.below(RETRY_AFTER_S_BELOW);
    const carriedOut = status !== 429 && dice.next() < 0.5;
    return { kind: 'status', status, carriedOut, ...(retryAfterS === 0 ? {} : { retryAfterS }) };
  },
  slow: (dice) => ({ kind: 'slow', ms: dice.below(SLOW_MS_BELOW) }),
  busy: (dice, { items }) => ({ kind: 'busy', items: [dice.below(Math.max(1, items))] }),
};

const OF_WEBHOOKS = 'webhooks:trouble';

function diceOf(seed: number, name = 'grumpy:trouble'): Random {
  return randomStreams(String(seed))(name);
}
