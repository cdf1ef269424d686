/**
 * Twenty, in the cloud or on a server of one's own, from version 1 on.
 *
 * What an item holds: all fields of its kind as Twenty names them, values in parts as objects
 * (`emails.primaryEmail`), references as ids (`companyId`), and for notes and tasks, under `targets`, what
 * they are about (objects.ts). A write takes the same members.
 *
 * Traps, each told where it is dealt with: a call that names no items is about all of them (guard.ts). A
 * create repeated is refused or is a second item (writing.ts). A change of a part of a value loses the rest
 * of it (writing.ts). Pages in an order of ours overlap (reading.ts). What was deleted still holds its
 * e-mail address (writing.ts). All of a workspace's keys share few calls per minute, and no answer tells
 * how many are left.
 */
import { z } from 'zod';
import type { World } from '../../world/world.ts';
import { tokenAuth } from '../auth.ts';
import { clockOffset } from '../clock.ts';
import type { Account, Connector, Limit } from '../connector.ts';
import { restClient, type Rest } from '../http.ts';
import * as api from './api.ts';
import { collectionOf, FIND_MAX } from './collection.ts';
import { CALLS, meaningOf, wordsAbout } from './complaints.ts';
import { receive } from './deliveries.ts';
import { filterFor, guarded } from './guard.ts';
import { webhooks } from './hooks.ts';
import { describe, nameFor, typeNamed } from './metadata.ts';
import type { ObjectType } from './objects.ts';

const config = z.strictObject({
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'It has no spaces and no accents.')
    .meta({
      title: 'API key',
      description: 'From Settings, APIs & Webhooks. Its role decides what can be read and written.',
    }),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default('https://api.twenty.com')
    .meta({ title: 'Address', description: 'Of the server, such as https://crm.example.com.' }),
  marker: z
    .string()
    .regex(/^[a-z][a-zA-Z0-9]*$/, 'It has letters and digits, a small letter first.')
    .default('tributaryMarker')
    .meta({
      title: 'Field for the marker',
      description: 'The API name of the field by which an item is known again.',
    }),
  callsPerMinute: z.int().min(1).max(10_000).default(45).meta({
    title: 'Calls per minute',
    description: 'What we may use of what the workspace allows all of its keys together.',
  }),
  hookSecret: z.string().min(1).optional().meta({
    title: 'Secret of the webhook',
    description: 'Where a person has set up the webhook in Twenty.',
  }),
  title: z.string().min(1).optional().meta({
    title: 'Name',
    description: 'What people here call the account.',
  }),
});
export type TwentyConfig = z.infer<typeof config>;

export const twenty: Connector<TwentyConfig> = {
  vendor: 'twenty',
  title: 'Twenty',
  config,
  secrets: ['apiKey', 'hookSecret'],
  secretPlaces: {
    apiKey: {
      title: 'API key of Twenty',
      names: ['twenty-crm-api-key', 'twenty_api_key', 'twenty-api-key', 'twenty_crm_api_key'],
      variables: ['TWENTY_CRM_API_KEY', 'TWENTY_API_KEY'],
    },
  },
  open,
};

async function open(settings: TwentyConfig, world: World): Promise<Account> {
  const { baseUrl, apiKey, hookSecret } = settings;
  const { host } = new URL(baseUrl);
  const login = settings.title ?? host;
  let clockOffsetMs: number | undefined;
  let askedAt = world.clock.now();
  const rest = guarded(
    restClient({
      world,
      vendor: twenty.vendor,
      account: login,
      baseUrl,
      auth: tokenAuth(apiKey),
      secrets: [hookSecret ?? ''],
      onAnswer: ({ headers }) => {
        clockOffsetMs ??= clockOffset(headers, (askedAt + world.clock.now()) / 2);
      },
      complaint: wordsAbout,
      meaning: meaningOf,
    }),
  );
  const workspace = { rest, login };
  askedAt = world.clock.now();
  // Deliveries have to be understood without asking anybody.
  let types = await describe(workspace);
  const hooks = webhooks(workspace);
  return {
    title: `Twenty ${host}`,
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
    limits: [limitOf(settings)],
    collections: async (signal) => {
      types = await describe(workspace, signal);
      return shown(types).map(({ name, title }) => ({ name, title }));
    },
    missingScopes: (names, signal) => missingScopes(rest, types, names, signal),
    async collection(name) {
      const type = await typeNamed(workspace, name);
      types = [...types.filter(({ id }) => id !== type.id), type];
      return collectionOf({ ...workspace, world, type, markerName: nameFor(settings.marker) });
    },
    deliveryProof: 'signature',
    receive: (delivery, given) =>
      receive(delivery, {
        secret: given ?? hookSecret,
        vendorNow: world.clock.now() + (clockOffsetMs ?? 0),
        types,
        login,
      }),
    webhooks: hooks,
    async close() {},
  };
}

/** What everybody has, in this order, and then what the workspace has made itself. */
const USUAL = ['people', 'companies', 'opportunities', 'tasks', 'notes'];

function shown(types: readonly ObjectType[]): readonly ObjectType[] {
  const usual = USUAL.flatMap((name) => types.find((type) => type.name === name) ?? []);
  return [...usual, ...types.filter(({ isCustom }) => isCustom)];
}

// ---------------------------------------------------------------------------------------------
// Limits

const MINUTE_MS = 60_000;
/** So many at once are fine, however many a minute may have; a server takes 100 in a second. */
const BURST_MAX = 90;

/** Twenty keeps a bucket itself, so this one is a smaller one of the same form. */
function limitOf({ callsPerMinute }: TwentyConfig): Limit {
  const capacity = Math.min(callsPerMinute, BURST_MAX);
  return { name: CALLS, capacity, perMs: (MINUTE_MS * capacity) / callsPerMinute, cost };
}

/** These have rows that say what they are about, which take calls of their own. */
const WITH_TARGETS = new Set(['notes', 'tasks']);

const cost: Limit['cost'] = (call, items, collection) => {
  const hasTargets = WITH_TARGETS.has(collection);
  switch (call) {
    case 'create':
      return hasTargets ? 2 : 1;
    case 'update':
      return items + (hasTargets ? 3 : 0);
    case 'delete':
    case 'restore':
      return 1;
    case 'changes':
      return hasTargets ? 3 : 2;
    case 'find':
      return Math.ceil((2 * items) / FIND_MAX) + (hasTargets ? 1 : 0);
    case 'list':
    case 'read':
      return hasTargets ? 2 : 1;
    case 'history':
      return 0;
  }
};

// ---------------------------------------------------------------------------------------------
// Permissions

/** Nobody has this id, so a change of it changes nothing. */
const NOBODY = '00000000-0000-4000-8000-000000000000';

/** A key does not tell what it may do, so it is tried: a list of one item, and a change of none. */
async function missingScopes(
  rest: Rest,
  types: readonly ObjectType[],
  collections: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const missing = new Set<string>();
  const names = collections.flatMap((name) => {
    const rows = types.find((type) => type.name === name)?.targets?.rows;
    return rows === undefined ? [name] : [name, rows];
  });
  for (const name of new Set(names)) {
    for (const [deed, call] of [
      ['See', { method: 'GET', query: { limit: 1 } }],
      ['Edit', { method: 'PATCH', query: { filter: filterFor([NOBODY]) }, body: {} }],
    ] as const) {
      const { status } = await rest.ask({
        ...call,
        path: ['rest', name],
        answer: api.anything,
        answers: { 400: api.anything, 403: api.anything, 404: api.anything },
        writes: false,
        signal,
      });
      if (status === 403) missing.add(`${deed} records of ${name}`);
    }
  }
  return [...missing].toSorted();
}
