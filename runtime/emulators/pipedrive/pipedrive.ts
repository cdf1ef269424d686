/**
 * Pipedrive, as README.md describes it: companies in memory, behind both versions of its API. Everything
 * it does by chance, and everything it does later, comes from the given world; so the same seed gives
 * the same day again.
 */
import type { World } from '../../world/world.ts';
import { hostOf, openEmulator, RequestRefused, type Dialect, type Understood } from '../desk.ts';
import type { Circumstances, Emulator } from '../emulator.ts';
import { Webhooks } from '../webhooks.ts';
import { headersOf, limitsOf, Meter, Patience, waitingHeaders } from './budget.ts';
import { Company } from './company.ts';
import { DEMO_ACCOUNTS, seedDemo } from './demo.ts';
import { webhookDialect, type Hook } from './hooks.ts';
import type { PipedriveHost } from './host.ts';
import { Grants } from './oauth.ts';
import type { AccountOptions } from './options.ts';
import { failure, ShutOut, SHUT_OUT, UNAUTHORIZED } from './refused.ts';
import { findRoute, taskOf } from './requests.ts';
import { Trail } from './trail.ts';

export interface PipedriveOptions extends Circumstances {
  /** Those of the demonstration when left out. */
  readonly accounts?: readonly AccountOptions[];
}

export function openPipedrive({
  accounts = DEMO_ACCOUNTS,
  ...circumstances
}: PipedriveOptions): Emulator {
  const { world, webhookTrouble: trouble } = circumstances;
  const hosts = accounts.map((options, index): PipedriveHost => {
    const company = new Company(options, world, 1000 + index);
    const { account, abilities } = company;
    const domain = `https://${account.name}.pipedrive.com`;
    const dialect = webhookDialect(company, world, (id) => void webhooks.remove(id));
    const webhooks: Webhooks<Hook> = new Webhooks({ account, world, dialect, trouble });
    const limits = limitsOf(abilities);
    return {
      ...hostOf(account, world, { limits, horizonMs: abilities.horizonMs }),
      world,
      company,
      webhooks,
      trail: new Trail(company),
      patience: new Patience(),
      meter: new Meter(abilities),
      grants: options.app && new Grants(options.app, domain, world),
    };
  });
  return openEmulator({
    vendor: 'pipedrive',
    title: 'Pipedrive',
    paths: ['/api/v1', '/api/v2', '/oauth/token', '/oauth/authorize'],
    circumstances,
    hosts,
    dialect: dialectOf(world),
    seed: seedDemo,
  });
}

function dialectOf(world: World): Dialect<PipedriveHost> {
  return {
    identify,
    costs(request, { account, patience }) {
      if (isOAuth(request)) return {};
      if (patience.isShut(account.nowMs)) throw new ShutOut();
      const { cost = 0, isSearch = false } = findRoute(request)?.route ?? {};
      return { daily: cost, [kindOf(request)]: 1, ...(isSearch ? { search: 1 } : {}) };
    },
    understand,
    stranger(request) {
      if (isOAuth(request)) return Response.json(INVALID_CLIENT, { status: 401 });
      const headers = { 'x-401-by-gw': 'true', 'x-correlation-id': world.newId() };
      return Response.json(UNAUTHORIZED, { status: 401, headers });
    },
    slowDown(host, { name, waitMs }) {
      host.patience.told(host.account.nowMs, waitMs);
      const headers = waitingHeaders(host, name, waitMs);
      return Response.json(limitReached(name), { status: 429, headers });
    },
    failure(host, status, retryAfterS) {
      if (status === 429) {
        const headers = waitingHeaders(host, 'token', (retryAfterS ?? 2) * 1000);
        return Response.json(limitReached('token'), { status, headers });
      }
      if (status === 401) return Response.json(UNAUTHORIZED, { status });
      if (status === 403) return page(status, SHUT_OUT);
      if (status === 502 || status === 504) return page(status, BAD_GATEWAY);
      return Response.json(failure('The service is not available right now.'), { status });
    },
    refused(refused) {
      const { status, body, headers } = refused;
      if (refused instanceof ShutOut) return page(status, SHUT_OUT);
      return Response.json(body, { status, headers });
    },
  };
}

const INVALID_CLIENT = { success: false, error: 'invalid_client', message: 'Client is invalid' };
const INVALID_GRANT = { success: false, error: 'invalid_grant', message: 'Invalid grant' };
const BAD_GATEWAY = '<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>\n';

function limitReached(name: string): object {
  const what = name === 'daily' ? 'daily budget of tokens is used up' : 'request over limit';
  return { ...failure(what), errorCode: 429 };
}

function page(status: number, text: string): Response {
  const headers = { 'content-type': 'text/html; charset=utf-8' };
  return new Response(text, { status, headers });
}

function isOAuth({ url }: Request): boolean {
  return new URL(url).pathname.startsWith('/oauth/');
}

function kindOf({ headers }: Request): 'token' | 'oauth' {
  return headers.has('x-api-token') ? 'token' : 'oauth';
}

async function identify(
  request: Request,
  hosts: readonly PipedriveHost[],
): Promise<PipedriveHost | undefined> {
  const { pathname, searchParams } = new URL(request.url);
  const { headers } = request;
  if (pathname === '/oauth/authorize') {
    return hosts.find(({ grants }) => grants?.isOf(searchParams.get('client_id')));
  }
  if (pathname.startsWith('/oauth/token')) {
    // One app may be let in by several companies.
    const form = new URLSearchParams(await request.clone().text());
    const its = hosts.filter(({ grants }) => grants?.isBy(headers.get('authorization')));
    return its.find(({ grants }) => grants?.hasGiven(form)) ?? its[0];
  }
  const token = headers.get('x-api-token');
  if (token !== null) return hosts.find(({ account }) => account.token === token);
  const [, bearer] = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '') ?? [];
  return bearer === undefined ? undefined : hosts.find(({ grants }) => grants?.admits(bearer));
}

async function understand(request: Request, host: PipedriveHost): Promise<Understood> {
  if (isOAuth(request)) return understandOAuth(request, host);
  const by = kindOf(request);
  const agent = request.headers.get('user-agent') ?? '';
  const { method } = request;
  try {
    const task = await taskOf(request, host, by);
    return {
      call: { account: host.account.name, ...task.call },
      carryOut(busy) {
        try {
          const response = host.trail.by(agent, () => task.carryOut(busy.includes(0)));
          for (const [name, value] of headersOf(host, by, method))
            response.headers.set(name, value);
          return response;
        } catch (error) {
          throw withHeaders(error);
        }
      },
    };
  } catch (error) {
    throw withHeaders(error);
  }

  function withHeaders(error: unknown): unknown {
    if (!(error instanceof RequestRefused)) return error;
    const { status, body } = error;
    return new RequestRefused(status, body, Object.fromEntries(headersOf(host, by, method)));
  }
}

async function understandOAuth(request: Request, { account, grants }: PipedriveHost) {
  const { pathname, searchParams } = new URL(request.url);
  const call = { account: account.name, action: 'about', items: 1 } as const;
  if (pathname === '/oauth/authorize') {
    if (!grants!.isAt(searchParams.get('redirect_uri')))
      throw new RequestRefused(400, INVALID_GRANT);
    const carryOut = (): Response => {
      const location = grants!.authorize(searchParams.get('state'));
      return new Response(null, { status: 302, headers: { location } });
    };
    return { call, carryOut };
  }
  const form = new URLSearchParams(await request.text());
  const carryOut = (): Response => {
    const tokens = grants!.trade(form);
    if (tokens === undefined) throw new RequestRefused(400, INVALID_GRANT);
    return Response.json(tokens);
  };
  return { call, carryOut };
}
