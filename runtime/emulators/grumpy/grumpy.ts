/**
 * Grumpy, a vendor for practice: the API of README.md over accounts in memory. Everything it does by
 * chance, and everything it does later, comes from the given world; so the same seed gives the same
 * bad day again.
 */
import { TributaryError } from '../../core/errors.ts';
import type { Random, World } from '../../world/world.ts';
import { Account } from './account.ts';
import { Hands, type Tally } from './hands.ts';
import { Limits } from './limits.ts';
import type { AccountOptions } from './options.ts';
import { RequestRefused } from './refused.ts';
import { understand, type Action, type Call, type Understood } from './requests.ts';
import { Rules } from './rules.ts';
import { Webhooks, type Delivery, type WebhookTrouble } from './webhooks.ts';

export { Refused } from './refused.ts';
/** @internal For whoever judges what happened in it. */
export type { Backup, Change } from './account.ts';
export type { Hands } from './hands.ts';
export type { Item } from './item.ts';
export type { AccountOptions, FieldOptions } from './options.ts';
/** @internal */
export type { Abilities } from './options.ts';
export type { Call } from './requests.ts';
export type { Delivery, WebhookTrouble } from './webhooks.ts';

export interface GrumpyOptions {
  readonly world: World;
  readonly accounts: readonly AccountOptions[];
  /** Asked for every request that was understood. */
  readonly trouble?: (call: Call) => Trouble | undefined;
  readonly webhookTrouble?: (delivery: Delivery) => WebhookTrouble | undefined;
}

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

export class Grumpy {
  readonly #world: World;
  readonly #hosts: readonly Host[];
  readonly #trouble: (call: Call) => Trouble | undefined;

  constructor({ world, accounts, trouble = () => undefined, webhookTrouble }: GrumpyOptions) {
    this.#world = world;
    this.#trouble = trouble;
    this.#hosts = accounts.map((options) => hostOf(options, world, webhookTrouble));
  }

  get accounts(): readonly string[] {
    return this.#hosts.map(({ account }) => account.name);
  }

  account(name: string): Hands {
    const host = this.#hosts.find(({ account }) => account.name === name);
    if (host !== undefined) return host.hands;
    throw new TributaryError('grumpy-account', {
      what: `Grumpy has no account "${name}".`,
      next: `Use one of: ${this.accounts.join(', ')}.`,
    });
  }

  /** Answers a request of the API. Rejects with a TypeError when the connection breaks, as `fetch` does. */
  async handle(request: Request): Promise<Response> {
    const authorization = request.headers.get('authorization');
    const host = this.#hosts.find(({ account }) => authorization === `Bearer ${account.token}`);
    try {
      if (host === undefined) {
        throw new RequestRefused(401, 'unauthorized', 'No account has this token.');
      }
      const waitMs = host.limits.take(host.account.worldMs);
      if (waitMs !== undefined) return slowDown(host, waitMs);
      const understood = await understand(request, host);
      count(host, understood.call);
      const trouble = this.#trouble(understood.call);
      return await (trouble === undefined
        ? answer(host, 200, understood.carryOut())
        : this.#struggle(host, understood, trouble));
    } catch (error) {
      if (error instanceof RequestRefused) return answer(host, error.status, error.body);
      throw error;
    }
  }

  async #struggle(host: Host, understood: Understood, trouble: Trouble): Promise<Response> {
    const { schedule } = this.#world;
    switch (trouble.kind) {
      case 'lost':
        return this.#breakConnection(host);
      case 'answerLost':
        carryOutUnheard(understood);
        return this.#breakConnection(host);
      case 'late':
        if (trouble.ms <= host.account.abilities.horizonMs) {
          schedule.after(trouble.ms, () => carryOutUnheard(understood));
        }
        return this.#breakConnection(host);
      case 'status':
        if (trouble.carriedOut === true) carryOutUnheard(understood);
        return failed(host, trouble.status, trouble.retryAfterS);
      case 'slow': {
        const longestMs = Math.min(trouble.ms, host.account.abilities.horizonMs);
        const beforeMs = Math.floor(host.chance.next() * longestMs);
        await schedule.sleep(beforeMs);
        const body = settled(() => answer(host, 200, understood.carryOut()));
        await schedule.sleep(trouble.ms - beforeMs);
        return body();
      }
      case 'busy':
        return answer(host, 200, understood.carryOut(trouble.items));
    }
  }

  async #breakConnection(host: Host): Promise<never> {
    await this.#world.schedule.sleep(1 + host.chance.below(BREAKS_MS_BELOW));
    throw new TypeError('fetch failed');
  }
}

const BREAKS_MS_BELOW = 1000;

/** An account with everything that is around it. */
interface Host {
  readonly account: Account;
  readonly hands: Hands;
  readonly webhooks: Webhooks;
  readonly limits: Limits;
  readonly calls: Partial<Record<Action, Tally>>;
  readonly lag: Random;
  readonly chance: Random;
}

function hostOf(
  options: AccountOptions,
  world: World,
  trouble: GrumpyOptions['webhookTrouble'],
): Host {
  const account = new Account(options, world.clock);
  const calls: Host['calls'] = {};
  return {
    account,
    hands: new Hands(account, new Rules(account, world), calls),
    webhooks: new Webhooks(account, trouble === undefined ? { world } : { world, trouble }),
    limits: new Limits(account.abilities.limits, account.worldMs),
    calls,
    lag: world.random(`grumpy:${account.name}:lag`),
    chance: world.random(`grumpy:${account.name}`),
  };
}

function count({ calls }: Host, { action, items }: Call): void {
  const { requests, items: before } = calls[action] ?? { requests: 0, items: 0 };
  calls[action] = { requests: requests + 1, items: before + items };
}

/** Whether it was refused or not, nobody will know. */
function carryOutUnheard(understood: Understood): void {
  try {
    understood.carryOut();
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
  }
}

/** Works now, and tells later how it went. */
function settled<Result>(work: () => Result): () => Result {
  try {
    const result = work();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** With `Retry-After` or without, as it comes. */
function slowDown(host: Host, waitMs: number): Response {
  const retryAfterS = host.chance.next() < 0.5 ? Math.ceil(waitMs / 1000) : undefined;
  return failed(host, 429, retryAfterS);
}

const CODES: Readonly<Record<number, string>> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  413: 'too_large',
  429: 'slow_down',
};

/** A server that fails may be too busy failing to say anything about it. */
function failed(host: Host, status: number, retryAfterS: number | undefined): Response {
  const headers: Record<string, string> =
    retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
  if (status >= 500 && host.chance.next() < 0.5) return new Response(null, { status, headers });
  const code = CODES[status] ?? 'failed';
  return answer(host, status, { code, message: 'This is not a good moment.' }, headers);
}

function answer(
  host: Host | undefined,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(body, { status, headers: { ...host?.limits.headers(), ...headers } });
}
