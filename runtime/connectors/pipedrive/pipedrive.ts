/**
 * Pipedrive, by the second version of its API, and by the first where that is all there is.
 *
 * What an item holds: the members that Pipedrive shows, with the account's own fields beside them, by
 * their keys of 40 characters. A write takes the same members. An activity takes `person_id` as well,
 * which Pipedrive shows and takes in another way only.
 *
 * Traps, each told where it is dealt with: nothing is unique, and a create repeated is a second item
 * (collection.ts). Searches lag behind (finding.ts). Calls are paid for from a budget for the day that
 * the whole company shares (budget.ts). Webhooks are not signed (hooks.ts). Of what was deleted little is
 * told (reading.ts), and of a merge nothing but a webhook.
 */
import { z } from 'zod';
import type { World } from '../../world/world.ts';
import { tokenAuth, type Auth } from '../auth.ts';
import { clockOffset } from '../clock.ts';
import {
  VendorError,
  type Account,
  type Connector,
  type Left,
  type Memory,
  type RawDelivery,
} from '../connector.ts';
import type { Meaning, Refusal } from '../failures.ts';
import { restClient, type Rest } from '../http.ts';
import { keptTokens, oauth } from '../oauth.ts';
import * as api from './api.ts';
import { leftIn, limitsOf } from './budget.ts';
import { openCollection } from './collection.ts';
import { limitWatch, wordsAbout } from './complaints.ts';
import { receive, webhooks } from './hooks.ts';
import { objectTypeNamed, objectTypes } from './objects.ts';
import { USERS, USERS_SCOPE, usersOf } from './users.ts';
import { pathsAt, SHARED_ORIGIN, type Paths } from './paths.ts';

const secret = z.string().regex(/^[\x21-\x7e]+$/, 'It has no spaces and no accents.');

const config = z
  .strictObject({
    token: secret.optional().meta({
      title: 'API token',
      description: 'Of a user that no person works with, who sees everything. For one company.',
    }),
    clientId: z.string().min(1).optional().meta({
      title: 'Client ID',
      description: 'Of an app that people log in to, instead of a token.',
    }),
    clientSecret: secret.optional().meta({
      title: 'Client secret',
      description: 'Of the app.',
    }),
    refreshToken: secret.optional().meta({
      title: 'Refresh token',
      description: 'What Pipedrive gave when somebody logged in to the app.',
    }),
    company: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]*$/, 'It is the part before .pipedrive.com.')
      .optional()
      .meta({
        title: 'Company domain',
        description: 'The part of the address before .pipedrive.com.',
      }),
    marker: z.string().min(1).default('tributary_marker').meta({
      title: 'Field for the marker',
      description: 'The name or the key of the text field by which an item is known again.',
    }),
    tellDeletes: z.boolean().default(false).meta({
      title: 'Look for deleted items often',
      description:
        'With every look for changes, which then costs three times as much. Deals are always looked for.',
    }),
    tokensADay: z.int().min(1).optional().meta({
      title: 'Tokens a day',
      description:
        'What may be spent in a day: 30,000 for each seat, times 2, 5 or 7 in larger plans. All programs of the company share it.',
    }),
    hookUser: z
      .string()
      .regex(/^[\x21-\x39\x3b-\x7e]+$/, 'It has no spaces, no accents and no colon.')
      .default('tributary')
      .meta({ title: 'User of webhooks', description: 'Whom deliveries log in as.' }),
    hookPassword: secret.optional().meta({
      title: 'Password of webhooks',
      description: 'Of webhooks that a person has set up. Without it, only our own are taken.',
    }),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ title: 'Address', description: 'Of the API, instead of the company domain.' }),
    title: z.string().min(1).optional().meta({
      title: 'Name',
      description: 'What people here call the account.',
    }),
  })
  .superRefine((filled, context) => {
    const { token, clientId, clientSecret, refreshToken, company, baseUrl } = filled;
    const login = [clientId, clientSecret, refreshToken].filter((part) => part !== undefined);
    if (token === undefined && login.length < 3) {
      const message = 'Fill in a token, or the client ID, the client secret and the refresh token.';
      context.addIssue({ code: 'custom', path: ['token'], message });
    }
    if (token !== undefined && login.length > 0) {
      const message = 'Fill in a token or the login of an app, not both.';
      context.addIssue({ code: 'custom', path: ['token'], message });
    }
    if (company !== undefined && baseUrl !== undefined) {
      const message = 'Fill in the company domain or the address, not both.';
      context.addIssue({ code: 'custom', path: ['company'], message });
    }
  });
export type PipedriveConfig = z.infer<typeof config>;

const SECRETS = ['token', 'clientSecret', 'refreshToken', 'hookPassword'] as const;

export const pipedrive: Connector<PipedriveConfig> = {
  vendor: 'pipedrive',
  title: 'Pipedrive',
  config,
  secrets: SECRETS,
  open,
};

const HOSTS = ['{company}.pipedrive.com'];

async function open(settings: PipedriveConfig, world: World, memory?: Memory): Promise<Account> {
  const { company, tellDeletes, hookUser, hookPassword } = settings;
  const baseUrl =
    settings.baseUrl ??
    (company === undefined ? SHARED_ORIGIN : `https://${company}.pipedrive.com`);
  const login = settings.title ?? company ?? new URL(baseUrl).host;
  const paths = pathsAt(baseUrl);
  const now = (): number => world.clock.now();
  const auth = authOf(settings, { world, login, baseUrl, memory });
  const watch = limitWatch();
  let left: readonly Left[] = [];
  const client = (kind: 'burst' | 'search'): Rest =>
    restClient({
      world,
      vendor: pipedrive.vendor,
      account: login,
      baseUrl,
      hosts: HOSTS,
      auth,
      secrets: SECRETS.flatMap((name) => settings[name] ?? []),
      onAnswer(answer) {
        watch.onAnswer(answer);
        // Which limit is told by a search, nobody says.
        if (kind === 'burst') left = leftIn(answer.headers, now()) ?? left;
      },
      complaint: wordsAbout,
      meaning: (refusal: Refusal): Meaning | undefined => watch.meaning(refusal, kind),
    });
  const rest = client('burst');
  const searchRest = client('search');
  const askedAt = now();
  const path = paths.v1('users', 'me');
  const { data, headers } = await rest.ask({ method: 'GET', path, answer: api.user });
  const { company_id: companyId, company_name: name, company_domain: domain } = data.data;
  const clockOffsetMs = clockOffset(headers, (askedAt + now()) / 2);
  const options = { rest, searchRest, paths, login, tellsDeletes: tellDeletes };
  return {
    title: `Pipedrive ${[name, domain].find((each) => each) ?? companyId}`,
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
    limits: limitsOf({
      isApp: settings.token === undefined,
      tokensADay: settings.tokensADay,
      tellsDeletes: tellDeletes,
      headers,
    }),
    left: () => left,
    collections: async () => [
      ...objectTypes.map((type) => ({ name: type.name, title: type.title })),
      { name: USERS, title: 'Users' },
    ],
    missingScopes: (names, signal) =>
      missingScopes({ rest, paths, tellsDeletes: tellDeletes }, names, signal),
    async collection(named) {
      if (named === USERS) return usersOf({ rest, paths }, login);
      const type = objectTypeNamed(named);
      if (type === undefined) throw unknownCollection(named, login);
      const vendorNow = (): number => now() + (clockOffsetMs ?? 0);
      return openCollection({ ...options, type, vendorNow, markerName: settings.marker });
    },
    deliveryProof: 'password',
    receive: (delivery: RawDelivery, given = hookPassword) =>
      receive(delivery, { user: hookUser, secret: given, companyId, login }),
    webhooks: webhooks({ rest, paths, user: hookUser }),
    async close() {},
  };
}

function unknownCollection(name: string, login: string): VendorError {
  return new VendorError('missing', {
    what: `pipedrive has no collection "${name}" for account '${login}'.`,
    next: `Choose ${objectTypes.map((type) => type.name).join(', ')} or ${USERS}.`,
  });
}

// ---------------------------------------------------------------------------------------------
// Login

interface LoginContext {
  readonly world: World;
  readonly login: string;
  readonly baseUrl: string;
  readonly memory: Memory | undefined;
}

function authOf(settings: PipedriveConfig, context: LoginContext): Auth {
  const { token, clientId = '', clientSecret = '', refreshToken = '' } = settings;
  if (token !== undefined) return tokenAuth(token, { header: 'x-api-token', scheme: '' });
  const { world, login, baseUrl, memory } = context;
  return oauth({
    world,
    vendor: pipedrive.vendor,
    account: login,
    tokenUrl: tokenUrlFor(baseUrl),
    hosts: HOSTS,
    client: { id: clientId, secret: clientSecret, as: 'basic' },
    ...keptTokens(refreshToken, memory),
  });
}

/** All companies log in at one address; who serves the API elsewhere serves both. */
function tokenUrlFor(baseUrl: string): string {
  const { hostname } = new URL(baseUrl);
  const origin = hostname.endsWith('.pipedrive.com') ? 'https://oauth.pipedrive.com' : baseUrl;
  return `${origin.replace(/\/+$/, '')}/oauth/token`;
}

// ---------------------------------------------------------------------------------------------
// Permissions

/** An id that no item will ever have; the largest that all systems know. */
const NOBODY = String(2 ** 31 - 1);

/**
 * A token does not tell what it may do, so it is tried: to look at an item that is not there, and to
 * change nothing in it, which is cheaper than a list.
 */
async function missingScopes(
  { rest, paths, tellsDeletes }: { rest: Rest; paths: Paths; tellsDeletes: boolean },
  collections: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const missing = new Set<string>();
  const attempt = async (
    call: { method: 'GET' | 'PUT' | 'PATCH'; path: readonly string[]; body?: unknown },
    scope: string,
  ): Promise<void> => {
    const { status } = await rest.ask({
      ...call,
      answer: api.anything,
      answers: { 400: api.anything, 403: api.refusal, 404: api.anything, 410: api.anything },
      writes: false,
      signal,
    });
    if (status === 403) missing.add(scope);
  };
  if (collections.includes(USERS)) {
    await attempt({ method: 'GET', path: paths.v1(USERS, NOBODY) }, USERS_SCOPE);
  }
  const types = collections.flatMap((name) => objectTypeNamed(name) ?? []);
  for (const type of types) {
    const path = paths.of(type, NOBODY);
    await attempt({ method: 'GET', path }, `${type.scope}:read`);
    const method = type.version === 'v1' ? 'PUT' : 'PATCH';
    await attempt({ method, path, body: {} }, `${type.scope}:full`);
  }
  if (tellsDeletes && types.length > 0) {
    // Without saying since when, it is refused for another reason.
    await attempt({ method: 'GET', path: paths.v1('recents') }, 'recents:read');
  }
  return [...missing].toSorted();
}
