/**
 * HubSpot: the API of README.md over accounts in memory. Everything it does by chance, and everything it
 * does later, comes from the given world; so the same seed gives the same bad day again.
 */
import type { World } from '../../world/world.ts';
import { hostOf, openEmulator, RequestRefused, type Dialect } from '../desk.ts';
import { Refused } from '../crm/refused.ts';
import type { Circumstances, Emulator, WantedWebhooks, WebhooksByHand } from '../emulator.ts';
import type { Costs, Shortage } from '../limits.ts';
import { Webhooks } from '../webhooks.ts';
import { Account } from './account.ts';
import { startConsequences } from './consequences.ts';
import { DEMO_ACCOUNTS, seedDemo } from './demo.ts';
import type { Host } from './asking.ts';
import { HUBSPOT_WEBHOOKS, type Hook } from './hooks.ts';
import { BURST_MS, limitsOf, type AccountOptions } from './options.ts';
import { Html, page, type Complaint } from './refused.ts';
import { find, type Family } from './routes.ts';
import { SearchIndex } from './search-index.ts';
import { AppSettings, subscribe, type NewSubscription } from './app-settings.ts';
import { newSubscription } from './subscriptions.ts';
import { ownerOfForm, Tokens } from './tokens.ts';
import { formOf, understand } from './understanding.ts';

export type { AccountOptions } from './options.ts';

export interface HubSpotOptions extends Circumstances {
  /** Those of the demonstration when left out. */
  readonly accounts?: readonly AccountOptions[];
}

export interface HubSpot extends Emulator {
  /** What a person sets up in the app's own pages; a private app has no other way, and a service key has none. */
  setWebhooks(name: string, wanted: WantedWebhooks): WebhooksByHand;
}

export function openHubSpot({
  accounts = DEMO_ACCOUNTS,
  ...circumstances
}: HubSpotOptions): HubSpot {
  const { world, webhookTrouble: trouble } = circumstances;
  const tokens = new Tokens();
  const apps = new Map<number, AppSettings>();
  const hosts = accounts.map((options): Host => {
    const account = new Account(options, world.clock);
    const { settings } = account;
    const app = apps.get(settings.app.id) ?? appOf(account, world);
    apps.set(settings.app.id, app);
    const webhooks = new Webhooks<Hook>({ account, world, dialect: HUBSPOT_WEBHOOKS, trouble });
    webhooks.add({
      account,
      app,
      chance: world.random(`hubspot:${account.name}:events`),
      get url() {
        return app.address(account.worldMs);
      },
    });
    startConsequences(account, world);
    return {
      ...hostOf(account, world, { limits: limitsOf(settings), horizonMs: settings.horizonMs }),
      account,
      world,
      tokens,
      app,
      index: new SearchIndex(account, world.random(`hubspot:${account.name}:index`)),
    };
  });
  const emulator = openEmulator({
    vendor: 'hubspot',
    title: 'HubSpot',
    paths: PATHS,
    circumstances,
    hosts,
    dialect: dialectOf(world, tokens),
    seed: seedDemo,
  });
  return {
    ...emulator,
    setWebhooks(name, wanted) {
      return setByHand(
        hosts.find((host) => host.account.name === name)!,
        wanted,
      );
    },
  };
}

function setByHand(
  { app, account }: Host,
  { targetUrl, subscriptions }: WantedWebhooks,
): WebhooksByHand {
  if (app.options.kind === 'serviceKey') {
    throw new Refused('invalid', 'A service key has no webhooks.');
  }
  const all = subscriptions.map(checkedByHand);
  const at = new Date(account.nowMs).toISOString();
  const target = { targetUrl, maxConcurrentRequests: 10, createdAt: at, updatedAt: at };
  for (const id of app.latest.subscriptions.keys()) app.drop(id, account.worldMs);
  app.setTarget(target, account.worldMs);
  return {
    targetUrl,
    // Nobody who ticks it there wants it to sleep.
    subscriptions: all.map((one) => subscribe(app, { active: true, ...one }, account.worldMs)),
    secret: app.options.clientSecret,
  };
}

function checkedByHand(given: object): NewSubscription {
  try {
    return newSubscription(given);
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
    throw new Refused('invalid', (error.body as Complaint).message);
  }
}

const PATHS = [
  '/crm',
  '/account-info',
  '/oauth/v1',
  '/oauth/v3',
  '/oauth/2026-09',
  '/webhooks/v3',
  '/app-webhooks',
];

function appOf({ settings, name }: Account, world: World): AppSettings {
  const chance = world.random(`hubspot:${name}:settings`);
  return new AppSettings(settings.app, { chance, cacheMs: settings.webhookCacheMs });
}

function dialectOf(world: World, tokens: Tokens): Dialect<Host> {
  const answer = (
    host: Host | undefined,
    status: number,
    body: object | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Response => {
    const correlationId = world.newId();
    const all = {
      'x-hubspot-correlation-id': correlationId,
      ...(host === undefined ? {} : limitHeaders(host)),
      ...headers,
    };
    if (body === undefined) return new Response(null, { status, headers: all });
    if (body instanceof Html) {
      const type = { 'content-type': 'text/html;charset=utf-8' };
      return new Response(body.html, { status, headers: { ...all, ...type } });
    }
    return Response.json(status < 400 ? body : { ...body, correlationId }, {
      status,
      headers: all,
    });
  };

  function failed(host: Host, status: number, retryAfterS: number | undefined): Response {
    const headers: Record<string, string> =
      retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
    if (status === 429) return answer(host, status, shortageBody('burst', world), headers);
    const kind = host.chance.below(3);
    if (kind === 0) return new Response(null, { status, headers });
    if (kind === 1) return answer(host, status, page(status, 'Bad gateway'), headers);
    const body = { status: 'error', message: 'internal error', category: 'INTERNAL_ERROR' };
    return answer(host, status, body, headers);
  }

  return {
    identify: (request, hosts) => identified(request, hosts, tokens),
    costs: (request, host) => costsOf(familyOf(request), host),
    async understand(request, host) {
      const understood = await understand(request, host);
      const { call, isSearch } = understood;
      return {
        call,
        carryOut(busy) {
          const { status, body } = understood.carryOut(busy);
          return answer(isSearch ? undefined : host, status, body);
        },
      };
    },
    stranger: () =>
      answer(undefined, 401, {
        status: 'error',
        message:
          'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
        category: 'INVALID_AUTHENTICATION',
      }),
    slowDown: (host, { name }) =>
      answer(name === 'search' ? undefined : host, 429, shortageBody(name, world)),
    failure: failed,
    refused: ({ status, body, headers }, host) => answer(host, status, body, headers),
  };
}

/** By the token; forms for tokens say who they are in the form, and apps are managed with a key. */
async function identified(
  request: Request,
  hosts: readonly Host[],
  tokens: Tokens,
): Promise<Host | undefined> {
  const url = new URL(request.url);
  if (url.pathname.startsWith('/oauth/')) {
    const form = await formOf(request.clone());
    const [, , , kind, token] = url.pathname.split('/');
    const inPath = kind?.endsWith('-tokens') && token !== undefined ? { token } : {};
    return ownerOfForm({ ...form, ...inPath }, hosts) ?? hosts[0];
  }
  const app = /^\/(?:app-)?webhooks\/[^/]+\/(\d+)(?:\/|$)/.exec(url.pathname);
  if (app !== null) {
    const key = url.searchParams.get('hapikey');
    return hosts.find(
      ({ app: { options } }) =>
        options.kind === 'oauth' && String(options.id) === app[1] && options.developerKey === key,
    );
  }
  const [, bearer] = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
  return bearer === undefined ? undefined : tokens.owner(bearer, hosts);
}

/** What nobody knows costs as much as anything else. */
function familyOf({ method, url }: Request): Family {
  try {
    return find(method, new URL(url).pathname).route.family;
  } catch (error) {
    if (error instanceof RequestRefused) return 'crm';
    throw error;
  }
}

function costsOf(family: Family, { account }: Host): Costs {
  const daily = account.settings.app.kind === 'oauth' ? {} : { daily: 1 };
  switch (family) {
    case 'crm':
      return { burst: 1, ...daily };
    case 'search':
      return { search: 1, ...daily };
    case 'associations':
      return { associations: 1, associationsDaily: 1 };
    case 'associationBatches':
      return { associationsDaily: 1 };
    case 'oauth':
    case 'hooks':
      return {};
  }
}

function shortageBody(name: Shortage['name'], world: World): object {
  if (name === 'search') {
    const message = 'You have reached your secondly limit.';
    return { status: 'error', message, category: 'RATE_LIMITS' };
  }
  const isDaily = name === 'daily' || name === 'associationsDaily';
  return {
    status: 'error',
    message: `You have reached your ${isDaily ? 'daily' : 'ten_secondly_rolling'} limit.`,
    errorType: 'RATE_LIMIT',
    policyName: isDaily ? 'DAILY' : 'TEN_SECONDLY_ROLLING',
    requestId: world.newId(),
  };
}

function limitHeaders({ limits }: Host): Record<string, string> {
  const level = (name: string) => limits.levels.find((one) => one.name === name);
  const [burst, daily] = [level('burst')!, level('daily')];
  const left = String(Math.max(0, Math.floor(burst.left)));
  return {
    ...(daily === undefined
      ? {}
      : {
          'x-hubspot-ratelimit-daily': String(daily.capacity),
          'x-hubspot-ratelimit-daily-remaining': String(Math.floor(daily.left)),
        }),
    'x-hubspot-ratelimit-interval-milliseconds': String(BURST_MS),
    'x-hubspot-ratelimit-max': String(burst.capacity),
    'x-hubspot-ratelimit-remaining': left,
    'x-hubspot-ratelimit-secondly': String(Math.floor(burst.capacity / 10)),
    'x-hubspot-ratelimit-secondly-remaining': String(Math.floor(burst.capacity / 10)),
  };
}
