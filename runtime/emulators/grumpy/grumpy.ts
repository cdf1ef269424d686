/**
 * Grumpy, a vendor for practice: the API of README.md over accounts in memory. Everything it does by
 * chance, and everything it does later, comes from the given world; so the same seed gives the same
 * bad day again.
 */
import type { World } from '../../world/world.ts';
import type { Hands } from '../crm/hands.ts';
import { hostOf, openDesk, type Desk, type Dialect, type Host } from '../desk.ts';
import type { Circumstances, Emulator } from '../emulator.ts';
import type { Town } from '../town.ts';
import { Webhooks } from '../webhooks.ts';
import { Account } from './account.ts';
import { seedDemo } from './demo.ts';
import { GRUMPY_WEBHOOKS, type Hook } from './hooks.ts';
import type { AccountOptions } from './options.ts';
import { understand } from './requests.ts';

/** @internal */
export { Refused } from '../crm/refused.ts';
/** @internal For whoever judges what happened in it. */
export type { Backup } from '../crm/account.ts';
/** @internal */
export type { Change, FieldOptions, Item } from '../crm/model.ts';
export type { Hands } from '../crm/hands.ts';
/** @internal */
export type { Call } from '../call.ts';
/** @internal */
export type { Trouble } from '../trouble.ts';
/** @internal */
export type { WebhookTrouble } from '../webhooks.ts';
export type { AccountOptions } from './options.ts';
/** @internal */
export type { Abilities } from './options.ts';

export interface GrumpyOptions extends Circumstances {
  readonly accounts: readonly AccountOptions[];
}

export class Grumpy implements Emulator {
  readonly vendor = 'grumpy';
  readonly title = 'Grumpy';
  readonly paths = ['/v1'];
  readonly #world: World;
  readonly #town: Town | undefined;
  readonly #desk: Desk;

  constructor({ world, accounts, trouble, webhookTrouble, town }: GrumpyOptions) {
    this.#world = world;
    this.#town = town;
    const hosts = accounts.map((options): GrumpyHost => {
      const account = new Account(options, world.clock);
      const { limits, horizonMs } = account.abilities;
      return {
        ...hostOf(account, world, { limits, horizonMs }),
        account,
        webhooks: new Webhooks({
          account,
          world,
          dialect: GRUMPY_WEBHOOKS,
          trouble: webhookTrouble,
        }),
      };
    });
    const { vendor, title } = this;
    this.#desk = openDesk({ vendor, title, world, hosts, dialect: DIALECT, trouble });
  }

  get accounts(): readonly string[] {
    return this.#desk.accounts;
  }

  account(name: string): Hands {
    return this.#desk.account(name);
  }

  handle(request: Request): Promise<Response> {
    return this.#desk.handle(request);
  }

  seed(count: number): void {
    const random = this.#world.random('grumpy:seed');
    seedDemo(this, { count, random, ...(this.#town ? { town: this.#town } : {}) });
  }
}

interface GrumpyHost extends Host {
  readonly account: Account;
  readonly webhooks: Webhooks<Hook>;
}

const DIALECT: Dialect<GrumpyHost> = {
  identify(request, hosts) {
    const authorization = request.headers.get('authorization');
    return hosts.find(({ account }) => authorization === `Bearer ${account.token}`);
  },
  async understand(request, host) {
    const understood = await understand(request, host);
    const { call } = understood;
    return { call, carryOut: (busy) => answer(host, 200, understood.carryOut(busy)) };
  },
  stranger: () =>
    answer(undefined, 401, { code: 'unauthorized', message: 'No account has this token.' }),
  /** With `Retry-After` or without, as it comes. */
  slowDown(host, { waitMs }) {
    const retryAfterS = host.chance.next() < 0.5 ? Math.ceil(waitMs / 1000) : undefined;
    return failed(host, 429, retryAfterS);
  },
  failure: failed,
  refused: ({ status, body }, host) => answer(host, status, body),
};

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
  return Response.json(body, { status, headers: { ...limitHeaders(host), ...headers } });
}

function limitHeaders(host: Host | undefined): Record<string, string> {
  const levels = host?.limits.levels ?? [];
  return Object.fromEntries(
    levels.map(({ name, capacity, left, fullInMs }) => {
      const fullS = Math.ceil(fullInMs / 1000);
      return [`x-limit-${name}`, `${Math.floor(left)};${capacity};${fullS}`];
    }),
  );
}
