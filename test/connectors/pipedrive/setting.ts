/** Pipedrive as the suite for connectors sees vendors, in any of the ways a company can be set to. */
import { pipedrive } from '../../../runtime/connectors/pipedrive/pipedrive.ts';
import type { AccountOptions } from '../../../runtime/emulators/pipedrive/options.ts';
import { openPipedrive } from '../../../runtime/emulators/pipedrive/pipedrive.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';
import type { RawDelivery } from '../../../runtime/connectors/connector.ts';
import type { Raw, Setting, Trouble, Vendor } from '../scene.ts';

export interface Way {
  /** People log in to an app, instead of a token. */
  readonly isLogin?: true;
  readonly collection?: keyof typeof KINDS;
  readonly hasMarker?: boolean;
  readonly abilities?: AccountOptions['abilities'];
  readonly config?: Readonly<Record<string, unknown>>;
}

const ORIGIN = 'https://acme-test.pipedrive.com';
const LOGIN_ORIGIN = 'https://oauth.pipedrive.com';
const HOOK = 'https://hooks.example/pipedrive';
const TOKEN = 'c0ffee6789abcdef0123456789abcdef01234567';
const PASSWORD = 'canary-secret-7dec11d0';
const MARKER = 'a'.repeat(40);
const APP = {
  clientId: 'canary-client',
  clientSecret: 'canary-client-secret-55aa',
  redirectUri: 'https://ours.example/back',
  scopes: ['contacts:full', 'deals:full', 'activities:full', 'search:read'],
} as const;

interface Kind {
  /** As webhooks name it. */
  readonly one: string;
  readonly sample: (number: number) => Raw;
  readonly edit: Raw;
  readonly unacceptable: Vendor['unacceptable'];
}

const KINDS = {
  persons: {
    one: 'person',
    sample: (number: number) => ({
      name: `Anna ${number}`,
      emails: [{ value: `anna${number}@example.com`, primary: true, label: 'work' }],
      visible_to: 3,
    }),
    edit: { name: 'Anna Kovács-Tóth', visible_to: 7 },
    unacceptable: { raw: { visible_to: 4 }, path: 'visible_to' },
  },
  organizations: {
    one: 'organization',
    sample: (number: number) => ({
      name: `Firma ${number} Kft.`,
      website: `https://firma${number}.example`,
      visible_to: 3,
    }),
    edit: { name: 'Kovács és Tóth Kft.' },
    unacceptable: { raw: { visible_to: 4 }, path: 'visible_to' },
  },
  deals: {
    one: 'deal',
    sample: (number: number) => ({ title: `Deal ${number}`, value: number, currency: 'EUR' }),
    edit: { title: 'Tető', value: 12.5 },
    unacceptable: { raw: { status: 'sleeping' }, path: 'status' },
  },
  activities: {
    one: 'activity',
    sample: (number: number) => ({ subject: `Call ${number}`, type: 'call', done: false }),
    edit: { subject: 'Tető', done: true },
    unacceptable: { raw: { due_date: 'tomorrow' }, path: 'due_date' },
  },
  notes: {
    one: 'note',
    sample: (number: number) => ({ content: `Note ${number}`, org_id: 1 }),
    edit: { content: 'Tető' },
    unacceptable: { raw: { org_id: 'nobody' }, path: 'org_id' },
  },
} as const satisfies Readonly<Record<string, Kind>>;

/** Pipedrive takes one at a time, restores nothing, has no versions to read, and guards no write. */
const CANNOT = [
  'remembers what an item went through, where it says so',
  'brings back what was deleted, where it says so',
  'takes as many items as it says at once and refuses one more: restore',
  'writes on condition that the item has not changed, where it says so',
  'tells accepted from rejected in one batch',
  'names the item that has a value which must be unique',
  'says of an item that could not be stored just now that another try may work',
  'refuses a webhook whose body was changed, even in its blanks',
  'refuses a webhook that is old, which somebody may have copied',
];

export function settingOf(title: string, way: Way): Setting {
  const { isLogin } = way;
  return { title, cannot: CANNOT, ...(isLogin && { isLogin }), start: () => start(title, way) };
}

function start(seed: string, way: Way): Vendor {
  const { collection = 'persons', hasMarker = true, abilities, config, isLogin } = way;
  const kind: Kind = KINDS[collection];
  const world = virtualWorld({ seed });
  const troubles: Trouble[] = [];
  const ours = { path: MARKER, title: 'tributary_marker', type: 'text' } as const;
  const canHaveFields = collection !== 'notes' && collection !== 'activities';
  const emulator = openPipedrive({
    world,
    accounts: [
      {
        name: 'acme-test',
        token: TOKEN,
        abilities: { plan: 'ultimate', seats: 10, ...abilities },
        app: APP,
        fields: hasMarker && canHaveFields ? { [collection]: [ours] } : {},
      },
    ],
    trouble: ({ action }) =>
      ['about', 'fields', 'define', 'hooks'].includes(action) ? undefined : troubles.shift(),
  });
  for (const origin of [ORIGIN, LOGIN_ORIGIN]) {
    world.serve(origin, (request) => emulator.handle(request));
  }
  const hands = emulator.account('acme-test');
  if (collection === 'notes') hands.create('organizations', { name: 'What notes are about' });
  return {
    world,
    connector: pipedrive,
    config: {
      ...(isLogin ? { clientId: APP.clientId, clientSecret: APP.clientSecret } : { token: TOKEN }),
      hookPassword: PASSWORD,
      company: 'acme-test',
      ...config,
    },
    ...(isLogin && { logIn: () => logIn(world) }),
    collection,
    people: {
      create: (raw) => hands.create(collection, withTexts(raw)),
      edit: (id, raw, by) => hands.edit(collection, id, withTexts(raw), by),
      remove: (id) => hands.remove(collection, id, 'person'),
      merge: (loser, winner) => hands.merge(collection, loser, winner),
      items: () =>
        hands.items(collection).map(({ id, fields }) => ({ id, raw: withNumbers(fields) })),
      ...(canHaveFields && {
        addFields: (count: number) =>
          Array.from({ length: count }, (_, number) => {
            const path = `b${number.toString(16).padStart(39, '0')}`;
            hands.addField(collection, { path, type: 'text' });
            return path;
          }),
      }),
      forbid: () => hands.forbid(collection, true),
      revoke: () => hands.setToken('another'),
    },
    sample: kind.sample,
    edit: kind.edit,
    unacceptable: kind.unacceptable,
    ...(collection !== 'organizations' && {
      pointer: () => ({
        path: 'org_id',
        value: Number(hands.create('organizations', { name: 'Firma' })),
        // A note is always about something.
        cleared: collection === 'notes' ? 1 : null,
      }),
    }),
    ...(collection === 'notes' && { hasHtml: true }),
    tellsAuthors: false,
    usualPauseMs: 2_000,
    isSilentInTrouble: true,
    lateMs: abilities?.horizonMs ?? 60_000,
    trouble: (next) => troubles.push(next),
    delivery: (change) => deliveryOf(world, kind, change),
  };
}

/** As a person does who lets the app in. */
async function logIn({ network }: VirtualWorld): Promise<Raw> {
  const { clientId, clientSecret, redirectUri } = APP;
  const authorize = new URL('/oauth/authorize', LOGIN_ORIGIN);
  const asked = { client_id: clientId, redirect_uri: redirectUri, state: 's' };
  authorize.search = new URLSearchParams(asked).toString();
  const back = await network.fetch(new Request(authorize));
  const code = new URL(back.headers.get('location')!).searchParams.get('code')!;
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
  const given = await network.fetch(
    new Request(new URL('/oauth/token', LOGIN_ORIGIN), {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams(form),
    }),
  );
  const { refresh_token: refreshToken } = (await given.json()) as Record<string, string>;
  return { refreshToken };
}

/** Inside the emulator references are texts, and numbers at its door. */
function withTexts({ org_id: org, ...raw }: Raw): Raw {
  return typeof org === 'number' ? { ...raw, org_id: String(org) } : raw;
}

function withNumbers({ org_id: org, ...raw }: Raw): Raw {
  return typeof org === 'string' ? { ...raw, org_id: Number(org) } : raw;
}

/** Asks for webhooks as a person would with the API, and keeps the first to arrive. */
async function deliveryOf(
  world: VirtualWorld,
  { one }: Kind,
  change: () => void,
): Promise<RawDelivery> {
  const arrived = Promise.withResolvers<RawDelivery>();
  world.serve(new URL(HOOK).origin, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    const headers = Object.fromEntries(request.headers);
    if (body.length > 0)
      arrived.resolve({ method: request.method, url: request.url, headers, body });
    return new Response();
  });
  const wanted = {
    subscription_url: HOOK,
    event_action: '*',
    event_object: one,
    name: 'for practice',
    http_auth_user: 'tributary',
    http_auth_password: PASSWORD,
  };
  const response = await world.network.fetch(
    new Request(`${ORIGIN}/api/v1/webhooks`, {
      method: 'POST',
      headers: { 'x-api-token': TOKEN, 'content-type': 'application/json' },
      body: JSON.stringify(wanted),
    }),
  );
  if (!response.ok) throw new Error(`No webhooks: ${response.status} ${await response.text()}`);
  change();
  return arrived.promise;
}
