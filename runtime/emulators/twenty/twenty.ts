/**
 * Twenty: the API of README.md over workspaces in memory. Everything it does by chance, and everything it
 * does later, comes from the given world; so the same seed gives the same bad day again.
 */
import { hostOf, openEmulator, type Dialect } from '../desk.ts';
import type { Circumstances, Emulator } from '../emulator.ts';
import type { Limit } from '../limits.ts';
import { Webhooks } from '../webhooks.ts';
import { Account } from './account.ts';
import type { Host } from './asking.ts';
import { DEMO_ACCOUNTS, seedDemo } from './demo.ts';
import { HookBook } from './hook-book.ts';
import { TWENTY_WEBHOOKS, type Hook } from './hooks.ts';
import { LIMIT_MS, limitText, type AccountOptions, type Settings } from './options.ts';
import { understand } from './understanding.ts';

export type { AccountOptions } from './options.ts';

export interface TwentyOptions extends Circumstances {
  /** Those of the demonstration when left out. */
  readonly accounts?: readonly AccountOptions[];
}

export function openTwenty({
  accounts = DEMO_ACCOUNTS,
  ...circumstances
}: TwentyOptions): Emulator {
  const { world, webhookTrouble: trouble } = circumstances;
  const hosts = accounts.map((options): Host => {
    const account = new Account(options, world);
    const { horizonMs } = account.settings;
    const webhooks = new Webhooks<Hook>({ account, world, dialect: TWENTY_WEBHOOKS, trouble });
    return {
      ...hostOf(account, world, { limits: limitsOf(account.settings), horizonMs }),
      account,
      hooks: new HookBook(account, webhooks, world),
    };
  });
  return openEmulator({
    vendor: 'twenty',
    title: 'Twenty',
    paths: ['/rest', '/graphql', '/metadata'],
    circumstances,
    hosts,
    dialect: DIALECT,
    seed: seedDemo,
  });
}

function limitsOf({ limits }: Settings): readonly Limit[] {
  return [
    { name: 'short', capacity: limits.short, perMs: LIMIT_MS.short },
    { name: 'long', capacity: limits.long, perMs: LIMIT_MS.long },
  ];
}

const DIALECT: Dialect<Host> = {
  identify(request, hosts) {
    const token = tokenOf(request);
    if (token === undefined) return undefined;
    return hosts.find(({ account }) => account.keys.standing(token) === 'good');
  },
  /** Only what reads or writes records is counted; of a document of GraphQL, each of its parts. */
  costs(request) {
    const { pathname } = new URL(request.url);
    const isCounted =
      pathname.startsWith('/rest/') &&
      !/^\/rest\/(?:metadata|webhooks|apiKeys)(?:\/|$)/.test(pathname);
    return isCounted ? undefined : {};
  },
  async understand(request, host) {
    const understood = await understand(request, host);
    const { call, headers } = understood;
    return {
      call,
      carryOut(busy) {
        const { status, body } = understood.carryOut(busy);
        return Response.json(body, { status, headers });
      },
    };
  },
  stranger,
  slowDown: ({ account }, { name }) => slow(account, name),
  failure(host, status, retryAfterS) {
    if (status === 429) return slow(host.account, 'long');
    const headers: Record<string, string> =
      retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
    if (host.chance.next() < 0.5) {
      const html = `<html><head><title>${status}</title></head><body>${status}</body></html>`;
      return new Response(html, { status, headers: { ...headers, 'content-type': 'text/html' } });
    }
    const error = 'InternalServerErrorException';
    const body = { statusCode: status, error, messages: ['Internal server error'] };
    return Response.json(body, { status, headers });
  },
  refused: ({ status, body, headers }) => Response.json(body, { status, headers }),
};

/** Who says nothing is not unknown but not allowed; who says something wrong is unknown. */
function stranger(request: Request, hosts: readonly Host[]): Response {
  const isRest = new URL(request.url).pathname.startsWith('/rest');
  const token = tokenOf(request);
  const hasEnded = hosts.some(({ account }) => account.keys.standing(token ?? '') === 'ended');
  const [status, error, code, message] =
    token === undefined
      ? ([403, 'FORBIDDEN_EXCEPTION', 'FORBIDDEN', 'Missing authentication token'] as const)
      : ([
          401,
          'UNAUTHENTICATED',
          'UNAUTHENTICATED',
          hasEnded ? 'Token has expired.' : 'Token invalid.',
        ] as const);
  if (!isRest) return Response.json({ errors: [{ message, extensions: { code } }] });
  return Response.json({ statusCode: status, error, messages: [message] }, { status });
}

/** Without a word about when to come back. */
function slow(account: Account, name: string): Response {
  const error = 'ThrottlerException';
  const body = { statusCode: 429, error, messages: [limitText(account.settings, name)] };
  return Response.json(body, { status: 429 });
}

function tokenOf({ headers }: Request): string | undefined {
  return /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1];
}
