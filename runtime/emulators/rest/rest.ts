/**
 * Own apps: the API of README.md over accounts in memory, each with the options of an app that somebody
 * may have written. Everything it does by chance, and everything it does later, comes from the given world.
 */
import { hostOf, openEmulator, type Dialect } from '../desk.ts';
import type { Circumstances, Emulator } from '../emulator.ts';
import { Account } from './account.ts';
import { DEMO_ACCOUNTS, seedDemo } from './demo.ts';
import { assertLogin } from './logins.ts';
import type { AccountOptions, Settings } from './options.ts';
import type { RestHost } from './reading.ts';
import { refusal } from './refused.ts';
import { isPublic, understand } from './understanding.ts';

export interface RestOptions extends Circumstances {
  /** Those of the demonstration when left out. */
  readonly accounts?: readonly AccountOptions[];
}

export function openRest({ accounts = DEMO_ACCOUNTS, ...circumstances }: RestOptions): Emulator {
  const { world } = circumstances;
  const hosts = accounts.map((options): RestHost => {
    const account = new Account(options, world);
    const { limits, horizonMs, login } = account.settings;
    if (login.kind === 'development') world.log.write('warn', TRUSTING, { account: account.name });
    return { ...hostOf(account, world, { limits, horizonMs }), account, answered: new Map() };
  });
  const emulator = openEmulator({
    vendor: 'rest',
    title: 'Own app',
    paths: ['/apps'],
    circumstances,
    hosts,
    dialect: DIALECT,
    seed: (_emulator, seeding) => seedDemo(hosts, seeding),
  });
  return {
    ...emulator,
    warning(name) {
      const host = hosts.find(({ account }) => account.name === name);
      return host?.account.settings.login.kind === 'development' ? TRUSTING : undefined;
    },
  };
}

const TRUSTING = 'Nobody is asked who they are here: whoever sends x-auth-id is believed.';

const DIALECT: Dialect<RestHost> = {
  identify(request, hosts) {
    const { pathname } = new URL(request.url);
    const host = hosts.find(({ account }) => pathname.startsWith(`${account.base}/`));
    if (host !== undefined && !isPublic(request, host.account)) assertLogin(request, host.account);
    return host;
  },
  understand,
  stranger: () => Response.json({ message: 'There is no such app.' }, { status: 404 }),
  slowDown({ account }, { waitMs }) {
    return slow(account, Math.ceil(waitMs / 1000));
  },
  failure(host, status, retryAfterS) {
    if (status === 429) return slow(host.account, retryAfterS);
    const headers = retryAfterHeaders(host.account, retryAfterS);
    // What stands before the app speaks for it when it is not there.
    if (status === 500) return refused(refusal(host.account.settings, 500, 'Failed.', { headers }));
    const html = `<html><head><title>${status}</title></head><body>${status}</body></html>`;
    return new Response(html, { status, headers: { 'content-type': 'text/html', ...headers } });
  },
  refused,
};

function slow(account: Account, waitS: number | undefined): Response {
  const headers = retryAfterHeaders(account, waitS);
  return refused(refusal(account.settings, 429, 'That was too often.', { headers }));
}

function retryAfterHeaders(
  { settings, nowMs }: { settings: Settings; nowMs: number },
  waitS: number | undefined,
): Record<string, string> {
  if (waitS === undefined || settings.retryAfter === 'none') return {};
  if (settings.retryAfter === 'seconds') return { 'retry-after': String(waitS) };
  // Dates are of whole seconds; one that is too early would be no use.
  const date = new Date(Math.ceil(nowMs / 1000 + waitS) * 1000);
  return { 'retry-after': date.toUTCString() };
}

function refused({
  status,
  body,
  headers,
}: {
  status: number;
  body: object;
  headers: Readonly<Record<string, string>>;
}): Response {
  return Response.json(body, { status, headers });
}
