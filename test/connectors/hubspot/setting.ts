/** HubSpot as the suite for connectors sees vendors, in any of the ways an account can be set to. */
import { hubspot } from '../../../runtime/connectors/hubspot/hubspot.ts';
import {
  openHubSpot,
  type HubSpot,
  type AccountOptions,
} from '../../../runtime/emulators/hubspot/hubspot.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';
import type { RawDelivery } from '../../../runtime/connectors/connector.ts';
import type { Setting, Trouble, Vendor } from '../scene.ts';

export interface Way {
  readonly collection?: keyof typeof EDITS;
  /** Whether the account has a property for the marker, and of what sort. */
  readonly marker?: 'unique' | 'shared' | 'none';
  readonly account?: Partial<AccountOptions>;
  readonly config?: Readonly<Record<string, unknown>>;
}

const ORIGIN = 'https://api.hubapi.com';
const HOOK = 'https://hooks.example/hubspot';
const TOKEN = 'pat-eu1-canary-token-f81d4fae';
const SECRET = 'canary-secret-7dec11d0';
const APP = { id: 54_321, clientId: 'canary-client', clientSecret: SECRET } as const;

/** The account's app is one that people log in to, and whose webhooks are set up from here. */
export const LOGIN: Way = {
  account: { app: { kind: 'oauth' } },
  config: {
    clientId: APP.clientId,
    refreshToken: TOKEN,
    appId: String(APP.id),
    developerKey: 'demo-developer-key',
  },
};

/** The members that a person fills in, and one that only some values fit. */
const SAMPLES = {
  contacts: (number: number) => ({
    email: `anna${number}@example.com`,
    firstname: `Anna ${number}`,
    grade: 'a',
  }),
  companies: (number: number) => ({
    name: `Firma ${number} Kft.`,
    domain: `firma${number}.example`,
    grade: 'a',
  }),
  deals: (number: number) => ({
    dealname: `Deal ${number}`,
    pipeline: 'default',
    dealstage: 'qualifiedtobuy',
    grade: 'a',
  }),
  notes: (number: number) => ({
    hs_note_body: `Note ${number}`,
    hs_timestamp: '2026-11-02T08:00:00.123Z',
    grade: 'a',
  }),
  tasks: (number: number) => ({
    hs_task_subject: `Task ${number}`,
    hs_timestamp: '2026-11-02T08:00:00.123Z',
    grade: 'a',
  }),
} as const;

const EDITS = {
  contacts: { firstname: 'Anna Kovács-Tóth', grade: 'b' },
  companies: { name: 'Kovács és Tóth Kft.', grade: 'b' },
  deals: { dealname: 'Tető', grade: 'b' },
  notes: { hs_note_body: 'Tető', grade: 'b' },
  tasks: { hs_task_subject: 'Tető', grade: 'b' },
} as const;

/** What people can merge. */
const MERGED: ReadonlySet<string> = new Set(['contacts', 'companies', 'deals']);

/** As webhooks name them. */
const ONES = {
  contacts: 'contact',
  companies: 'company',
  deals: 'deal',
  notes: 'note',
  tasks: 'task',
} as const;

/** HubSpot has no way to restore an item, keeps no versions to read, and guards no write. */
const CANNOT = [
  'remembers what an item went through, where it says so',
  'brings back what was deleted, where it says so',
  'takes as many items as it says at once and refuses one more: restore',
  'writes on condition that the item has not changed, where it says so',
];

export function settingOf(title: string, way: Way): Setting {
  return { title, cannot: CANNOT, start: () => start(title, way) };
}

function start(seed: string, way: Way): Vendor {
  const { collection = 'contacts', marker = 'unique', account, config } = way;
  const login = config?.['refreshToken'] === undefined ? { token: TOKEN } : {};
  const world = virtualWorld({ seed });
  const troubles: Trouble[] = [];
  const ours = { path: 'tributary_marker', type: 'text', unique: marker === 'unique' } as const;
  const grade = { path: 'grade', type: 'enum', options: ['a', 'b'] } as const;
  const own = marker === 'none' ? [grade] : [grade, ours];
  const emulator = openHubSpot({
    world,
    accounts: [
      {
        name: 'Sales',
        token: TOKEN,
        webhookCacheMs: 0,
        ...account,
        app: { ...APP, ...account?.app },
        properties: { [collection]: own },
      },
    ],
    trouble: ({ action }) =>
      ['about', 'fields', 'define', 'hooks'].includes(action) ? undefined : troubles.shift(),
  });
  world.serve(ORIGIN, (request) => emulator.handle(request));
  const hands = emulator.account('Sales');
  return {
    world,
    connector: hubspot,
    config: { ...login, clientSecret: SECRET, title: 'Sales', ...config },
    collection,
    people: {
      create: (raw) => hands.create(collection, raw),
      edit: (id, raw, by) => hands.edit(collection, id, raw, by),
      remove: (id) => hands.remove(collection, id, 'person'),
      ...(MERGED.has(collection) && {
        merge: (loser: string, winner: string) => hands.merge(collection, loser, winner),
      }),
      items: () => hands.items(collection).map(({ id, fields }) => ({ id, raw: fields })),
      addFields: (count) =>
        Array.from({ length: count }, (_, number) => {
          const path = `own_${number}`;
          hands.addField(collection, { path, type: 'text' });
          return path;
        }),
      forbid: () => hands.forbid(collection, true),
      revoke: () => hands.setToken('another'),
    },
    sample: SAMPLES[collection],
    edit: EDITS[collection],
    unacceptable: { raw: { grade: 'no such grade' }, path: 'grade' },
    ...(collection !== 'companies' && {
      pointer: () => ({
        path: 'associations.companies',
        value: [hands.create('companies', { name: 'Firma' })],
        cleared: [],
      }),
    }),
    ...(collection === 'notes' && { hasHtml: true }),
    tellsAuthors: false,
    lateMs: account?.horizonMs ?? 60_000,
    trouble: (next) => troubles.push(next),
    delivery: (change) => deliveryOf({ world, emulator, collection }, change),
  };
}

interface Scene {
  readonly world: VirtualWorld;
  readonly emulator: HubSpot;
  readonly collection: keyof typeof EDITS;
}

/** Asks for webhooks as a person would in the pages of the app, and keeps the first to arrive. */
async function deliveryOf(
  { world, emulator, collection }: Scene,
  change: () => void,
): Promise<RawDelivery> {
  const arrived = Promise.withResolvers<RawDelivery>();
  world.serve(new URL(HOOK).origin, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    const headers = Object.fromEntries(request.headers);
    arrived.resolve({ method: request.method, url: request.url, headers, body });
    return new Response();
  });
  const one = ONES[collection];
  const subscriptions = Object.keys(EDITS[collection]).map((propertyName) => ({
    eventType: `${one}.propertyChange`,
    propertyName,
  }));
  emulator.setWebhooks('Sales', { targetUrl: HOOK, subscriptions });
  change();
  return arrived.promise;
}
