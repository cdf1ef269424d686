/**
 * Grumpy, a vendor for practice: the API of README.md over accounts in memory. Everything it does by
 * chance, and everything it does later, comes from the given world; so the same seed gives the same
 * bad day again.
 */
import { hostOf, openEmulator, type Dialect, type Host } from '../desk.ts';
import type { Circumstances, Emulator } from '../emulator.ts';
import { Webhooks } from '../webhooks.ts';
import { Account } from './account.ts';
import { DEMO_ACCOUNTS, seedDemo } from './demo.ts';
import { GRUMPY_WEBHOOKS, type Hook } from './hooks.ts';
import type { AccountOptions } from './options.ts';
import { understand } from './requests.ts';

/** @internal */
export { Refused } from '../crm/refused.ts';
/** @internal For whoever judges what happened in it. */
export type { Backup } from '../crm/account.ts';
/** @internal */
export type { Change, FieldOptions, Item } from '../crm/model.ts';
/** @internal */
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
  /** Those of the demonstration when left out. */
  readonly accounts?: readonly AccountOptions[];
}

export function openGrumpy({
  accounts = DEMO_ACCOUNTS,
  ...circumstances
}: GrumpyOptions): Emulator {
  const { world, webhookTrouble: trouble } = circumstances;
  const hosts = accounts.map((options): GrumpyHost => {
    const account = new Account(options, world.clock);
    const { limits, horizonMs } = account.abilities;
    return {
      ...hostOf(account, world, { limits, horizonMs }),
      account,
      webhooks: new Webhooks({ account, world, dialect: GRUMPY_WEBHOOKS, trouble }),
    };
  });
  return openEmulator({
    vendor: 'grumpy',
    title: 'Grumpy',
    paths: ['/v1'],
    circumstances,
    hosts,
    dialect: DIALECT,
    seed: seedDemo,
  });
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
