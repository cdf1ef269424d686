/**
 * HubSpot, by the version of its API that came out in September 2026, or an older one.
 *
 * What an item holds: all properties of its kind by their names, as texts or null, and under
 * `associations` the ids of what it points to (objects.ts). A write takes the same members.
 *
 * Traps, each told where it is dealt with: a create repeated is a second item, unless the account has a
 * unique property for the marker (collection.ts). Searches lag behind and end at 10,000 (reading.ts).
 * Batches answer in any order, and that all is well when not all is (writing.ts). HubSpot moves the time of
 * a change by itself, so only values tell whether anything is new.
 */
import { z } from 'zod';
import { epochOf, isoOf, isZone, localDateOf, startOfDay } from '../../core/values/dates.ts';
import type { World } from '../../world/world.ts';
import { tokenAuth, type Auth } from '../auth.ts';
import { clockOffset } from '../clock.ts';
import type { Account, Connector, Left, Limit, Memory, RawDelivery } from '../connector.ts';
import { restClient, type Rest } from '../http.ts';
import { windowLimit } from '../limits.ts';
import { keptTokens, oauth } from '../oauth.ts';
import * as api from './api.ts';
import { openCollection } from './collection.ts';
import { meaningOf, scopesIn, wordsAbout } from './complaints.ts';
import { receive } from './deliveries.ts';
import { webhooks } from './hooks.ts';
import { objectTypeOf, objectTypes } from './objects.ts';
import { OWNERS, OWNERS_SCOPE, ownersOf } from './owners.ts';
import { pathsOf, type Paths } from './paths.ts';

const secret = z.string().regex(/^[\x21-\x7e]+$/, 'It has no spaces and no accents.');

const config = z
  .strictObject({
    token: secret.optional().meta({
      title: 'Token',
      description: 'The service key, or the access token of a private app. For one account.',
    }),
    clientId: z.string().min(1).optional().meta({
      title: 'Client ID',
      description: 'Of an app that people log in to, instead of a token.',
    }),
    clientSecret: secret.optional().meta({
      title: 'Client secret',
      description: 'Of the app, of a private one as well. It proves that webhooks are genuine.',
    }),
    refreshToken: secret.optional().meta({
      title: 'Refresh token',
      description: 'What HubSpot gave when somebody logged in to the app.',
    }),
    marker: z
      .string()
      .regex(/^[a-z][a-z0-9_]*$/, 'It has small letters, digits and _, a letter first.')
      .default('tributary_marker')
      .meta({
        title: 'Property for the marker',
        description: 'The internal name of the property by which an item is known again.',
      }),
    tellDeletes: z.boolean().default(false).meta({
      title: 'Look for deleted items often',
      description:
        'With every look for changes. It takes a call for each 100 items that were deleted in 90 days.',
    }),
    hookUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({
        title: 'Address for webhooks',
        description: 'As it is entered in HubSpot, which signs it. Needed behind a proxy.',
      }),
    appId: z.string().regex(/^\d+$/, 'It is a number.').optional().meta({
      title: 'App ID',
      description: 'Of an app whose webhooks may be set up from here.',
    }),
    developerKey: secret.optional().meta({
      title: 'Developer API key',
      description: 'Of the developer account that the app belongs to, to set up its webhooks.',
    }),
    version: z
      .string()
      .regex(/^(v3|20\d\d-(03|09))$/, 'It is a month, such as 2026-09, or v3.')
      .default('2026-09')
      .meta({ title: 'Version of the API', description: 'Such as 2026-09, or v3.' }),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .default('https://api.hubapi.com')
      .meta({ title: 'Address', description: 'Of the API.' }),
    title: z.string().min(1).optional().meta({
      title: 'Name',
      description: 'What people here call the account.',
    }),
  })
  .superRefine((filled, context) => {
    const { token, clientId, clientSecret, refreshToken } = filled;
    const login = [clientId, clientSecret, refreshToken].filter((part) => part !== undefined);
    const isLogin = clientId !== undefined || refreshToken !== undefined;
    if (token === undefined && login.length < 3) {
      const message = 'Fill in a token, or the client ID, the client secret and the refresh token.';
      context.addIssue({ code: 'custom', path: ['token'], message });
    }
    if (token !== undefined && isLogin) {
      const message = 'Fill in a token or the login of an app, not both.';
      context.addIssue({ code: 'custom', path: ['token'], message });
    }
  });
export type HubSpotConfig = z.infer<typeof config>;

export const hubspot: Connector<HubSpotConfig> = {
  vendor: 'hubspot',
  title: 'HubSpot',
  config,
  secrets: ['token', 'clientSecret', 'refreshToken', 'developerKey'],
  open,
};

const HOSTS = ['api.hubapi.com', 'api-{region}.hubapi.com'];

async function open(settings: HubSpotConfig, world: World, memory?: Memory): Promise<Account> {
  const { baseUrl, version, clientSecret } = settings;
  const login = settings.title ?? new URL(baseUrl).host;
  const paths = pathsOf(version);
  const secrets = SECRETS.flatMap((name) => settings[name] ?? []);
  const reach = { world, vendor: hubspot.vendor, account: login, baseUrl, hosts: HOSTS };
  let zone = 'UTC';
  let left: readonly Left[] = [];
  const rest = restClient({
    ...reach,
    auth: authOf(settings, { world, login, paths, memory }),
    secrets,
    onAnswer: ({ headers }) => (left = leftIn(headers, world, zone) ?? left),
    complaint: wordsAbout,
    meaning: (refusal) => meaningOf(refusal, { dailyMs: () => dayEnd(world, zone) - now() }),
  });
  const now = (): number => world.clock.now();
  const askedAt = now();
  const { data, headers } = await rest.ask({
    method: 'GET',
    path: paths.account,
    answer: api.account,
  });
  const { portalId, timeZone, accountType = 'STANDARD' } = data;
  if (timeZone !== undefined && isZone(timeZone)) zone = timeZone;
  const clockOffsetMs = clockOffset(headers, (askedAt + now()) / 2);
  const collection = async (name: string) =>
    name === OWNERS
      ? ownersOf({ rest, paths }, login)
      : openCollection({
          rest,
          paths,
          login,
          type: objectTypeOf(name),
          markerName: settings.marker,
          tellsDeletes: settings.tellDeletes,
        });
  return {
    title: `HubSpot ${portalId}${accountType === 'STANDARD' ? '' : ` (${accountType})`}`,
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
    limits: limitsOf(settings, headers),
    left: () => left,
    collections: async () => [
      ...objectTypes.map(({ name, title }) => ({ name, title })),
      { name: OWNERS, title: 'Owners' },
    ],
    missingScopes: (names, signal) => missingScopes({ rest, paths }, names, signal),
    collection,
    ...(clientSecret !== undefined && {
      deliveryProof: 'signature' as const,
      receive: (delivery: RawDelivery, given?: string) =>
        receive(delivery, {
          secret: given ?? clientSecret,
          url: settings.hookUrl,
          vendorNow: now() + (clockOffsetMs ?? 0),
          portalId,
          login,
        }),
    }),
    ...hooksOf(settings, {
      rest: restClient({ ...reach, secrets, complaint: wordsAbout }),
      paths,
      login,
      propertiesOf: async (name) => {
        const { fields } = await collection(name);
        const own = fields.filter(({ path, readOnly }) => !readOnly && !path.includes('.'));
        return own.map(({ path }) => path);
      },
    }),
    async close() {},
  };
}

const SECRETS = ['token', 'clientSecret', 'refreshToken', 'developerKey'] as const;

// ---------------------------------------------------------------------------------------------
// Login

interface LoginContext {
  readonly world: World;
  readonly login: string;
  readonly paths: Paths;
  readonly memory: Memory | undefined;
}

function authOf(settings: HubSpotConfig, { world, login, paths, memory }: LoginContext): Auth {
  const { token, clientId = '', clientSecret = '', refreshToken = '', baseUrl } = settings;
  if (token !== undefined) return tokenAuth(token);
  return oauth({
    world,
    vendor: hubspot.vendor,
    account: login,
    tokenUrl: `${baseUrl.replace(/\/+$/, '')}/${paths.token}`,
    hosts: HOSTS,
    client: { id: clientId, secret: clientSecret, as: 'form' },
    ...keptTokens(refreshToken, memory),
  });
}

// ---------------------------------------------------------------------------------------------
// Time

const DAY_MS = 86_400_000;

/** When the day of the account ends, and with it the limit for a day. */
function dayEnd({ clock }: World, zone: string): number {
  const today = localDateOf(clock.now(), zone);
  const tomorrow = isoOf(epochOf(`${today}T00:00:00.000Z`) + DAY_MS).slice(0, 10);
  return startOfDay(tomorrow, zone) ?? clock.now() + DAY_MS;
}

// ---------------------------------------------------------------------------------------------
// Limits

/** Those of the smallest plan, where the answers do not tell. An app may do more, and all day long. */
const BURST_OF_TOKEN = 100;
const BURST_OF_APP = 110;
const BURST_MS = 10_000;
const A_DAY = 250_000;
/** Five are documented, and four were seen to be enforced. */
const SEARCHES = 4;

function limitsOf({ token }: HubSpotConfig, headers: Headers): readonly Limit[] {
  const told = (name: string): number | undefined => numberIn(headers, name);
  const isToken = token !== undefined;
  const burst = told('max') ?? (isToken ? BURST_OF_TOKEN : BURST_OF_APP);
  const windowMs = told('interval-milliseconds') ?? BURST_MS;
  const daily = told('daily') ?? (isToken ? A_DAY : undefined);
  return [
    windowLimit({ name: 'burst', most: burst, windowMs, cost: (call) => REQUESTS[call] }),
    windowLimit({ name: 'search', most: SEARCHES, windowMs: 1_000, cost: searches }),
    ...(daily === undefined
      ? []
      : [windowLimit({ name: 'daily', most: daily, windowMs: DAY_MS, cost: allRequests })]),
  ];
}

type Cost = Limit['cost'];

/** Searches, and batches of associations, do not count for ten seconds; for the day, all of them do. */
const REQUESTS: Readonly<Record<Parameters<Cost>[0], number>> = {
  list: 2,
  changes: 1,
  read: 1,
  find: 1,
  history: 0,
  create: 1,
  update: 1,
  delete: 2,
  restore: 0,
};

const searches: Cost = (call) => (call === 'changes' || call === 'find' ? 1 : 0);

const allRequests: Cost = (call, _items, collection) => {
  const kinds = objectTypeOf(collection).references.length;
  if (call === 'delete' || call === 'restore') return REQUESTS[call];
  const isWrite = call === 'create' || call === 'update';
  return REQUESTS[call] + searches(call, _items, collection) + kinds * (isWrite ? 2 : 1);
};

function numberIn(headers: Headers, name: string): number | undefined {
  const value = headers.get(`x-hubspot-ratelimit-${name}`);
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}

/** A search tells nothing, and an app hears of no day. */
function leftIn(headers: Headers, world: World, zone: string): Left[] | undefined {
  const told = (name: string): number | undefined => numberIn(headers, name);
  const burst = told('remaining');
  const daily = told('daily-remaining');
  if (burst === undefined && daily === undefined) return undefined;
  const most = (count: number | undefined) => (count === undefined ? {} : { most: count });
  const windowMs = told('interval-milliseconds') ?? BURST_MS;
  const burstEnd = world.clock.now() + windowMs;
  return [
    ...(burst === undefined
      ? []
      : [{ name: 'burst', left: burst, ...most(told('max')), resetsAt: burstEnd }]),
    ...(daily === undefined
      ? []
      : [{ name: 'daily', left: daily, ...most(told('daily')), resetsAt: dayEnd(world, zone) }]),
  ];
}

// ---------------------------------------------------------------------------------------------
// Permissions

/**
 * A token does not tell what it may do, so it is tried: a list of one item, and a batch of no updates,
 * which changes nothing whether it is accepted or not.
 */
async function missingScopes(
  { rest, paths }: { readonly rest: Rest; readonly paths: Paths },
  collections: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const missing = new Set<string>();
  const attempt = async (
    call: { method: 'GET' | 'POST'; path: readonly string[]; body?: unknown },
    usual: string,
  ): Promise<void> => {
    const answer = await rest.ask({
      ...call,
      answer: api.anything,
      answers: { 400: api.anything, 403: api.anything },
      writes: false,
      signal,
    });
    if (answer.status !== 403) return;
    const named = scopesIn(answer.data);
    for (const scope of named.length > 0 ? named : [usual]) missing.add(scope);
  };
  if (collections.includes(OWNERS)) {
    await attempt({ method: 'GET', path: paths.owners }, OWNERS_SCOPE);
  }
  const kinds = collections.filter((name) => name !== OWNERS).map(objectTypeOf);
  for (const { name, references } of kinds) {
    for (const read of [name, ...references.map(({ to }) => to)]) {
      const path = paths.objects(read);
      await attempt({ method: 'GET', path }, `crm.objects.${read}.read`);
    }
    const path = paths.objects(name, 'batch', 'update');
    const body = { inputs: [] };
    await attempt({ method: 'POST', path, body }, `crm.objects.${name}.write`);
  }
  return [...missing].toSorted();
}

// ---------------------------------------------------------------------------------------------
// Webhooks

function hooksOf(
  { appId: app, developerKey: key, clientSecret }: HubSpotConfig,
  more: Omit<Parameters<typeof webhooks>[0], 'app' | 'key' | 'secret'>,
): Pick<Account, 'webhooks'> {
  if (app === undefined || key === undefined || clientSecret === undefined) return {};
  return { webhooks: webhooks({ ...more, app, key, secret: clientSecret }) };
}
