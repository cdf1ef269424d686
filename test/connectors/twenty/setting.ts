/** Twenty as the suite for connectors sees vendors, in any of the ways a workspace can be. */
import type { RawDelivery } from '../../../runtime/connectors/connector.ts';
import { twenty } from '../../../runtime/connectors/twenty/twenty.ts';
import { customField, optionsOf } from '../../../runtime/emulators/twenty/fields.ts';
import { openTwenty, type AccountOptions } from '../../../runtime/emulators/twenty/twenty.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';
import type { Raw, Setting, Trouble, Vendor } from '../scene.ts';

export interface Way {
  readonly collection?: keyof typeof KINDS;
  readonly hasMarker?: boolean;
  readonly account?: Partial<AccountOptions>;
  readonly config?: Readonly<Record<string, unknown>>;
}

const ORIGIN = 'https://api.twenty.com';
const HOOK = 'https://hooks.example/twenty';
const TOKEN = 'eyJ.canary-key-f81d4fae';
const SECRET = 'canary-secret-7dec11d0';
const MARKER = 'tributaryMarker';

interface Kind {
  readonly one: string;
  readonly sample: (number: number) => Raw;
  readonly edit: Raw;
}

const KINDS = {
  people: {
    one: 'person',
    sample: (number: number) => ({
      jobTitle: `Leader ${number}`,
      name: { firstName: 'Anna', lastName: `Kovács ${number}` },
      emails: {
        primaryEmail: `anna${number}@example.com`,
        additionalEmails: [`a${number}@home.example`],
      },
      grade: 'A',
    }),
    edit: { jobTitle: 'Director (sales), "East"', grade: 'B' },
  },
  companies: {
    one: 'company',
    sample: (number: number) => ({
      name: `Firma ${number} Kft.`,
      domainName: {
        primaryLinkUrl: `https://firma${number}.example`,
        primaryLinkLabel: 'Web',
        secondaryLinks: [],
      },
      grade: 'A',
    }),
    edit: { name: 'Kovács és Tóth Kft.', grade: 'B' },
  },
  opportunities: {
    one: 'opportunity',
    sample: (number: number) => ({
      name: `Deal ${number}`,
      amount: { amountMicros: 1_500_000_000 + number, currencyCode: 'EUR' },
      stage: 'NEW',
      grade: 'A',
    }),
    edit: { name: 'Tető', stage: 'MEETING', grade: 'B' },
  },
  tasks: {
    one: 'task',
    sample: (number: number) => ({ title: `Call ${number}`, status: 'DONE', grade: 'A' }),
    edit: { title: 'Call again', grade: 'B' },
  },
  notes: {
    one: 'note',
    sample: (number: number) => ({ title: `Note ${number}`, grade: 'A' }),
    edit: { title: 'Tető', grade: 'B' },
  },
} as const satisfies Readonly<Record<string, Kind>>;

/** A key of Twenty lasts. It has no versions to read, and guards no write. */
const CANNOT = [
  'renews its token once for all calls that need it, and keeps the new one',
  'remembers what an item went through, where it says so',
  'writes on condition that the item has not changed, where it says so',
];

export function settingOf(title: string, way: Way): Setting {
  return { title, cannot: CANNOT, start: () => start(title, way) };
}

function start(seed: string, way: Way): Vendor {
  const { collection = 'people', hasMarker = true, account, config } = way;
  const kind: Kind = KINDS[collection];
  const world = virtualWorld({ seed });
  const troubles: Trouble[] = [];
  let retryAfterS: number | undefined;
  const grade = customField('grade', 'SELECT', { options: optionsOf(['A', 'B']) });
  const own = hasMarker ? [grade, customField(MARKER, 'TEXT')] : [grade];
  const emulator = openTwenty({
    world,
    accounts: [
      {
        name: 'crm',
        token: TOKEN,
        limits: { short: 10_000, long: 10_000 },
        ...account,
        fields: { [collection]: own },
      },
    ],
    trouble({ action }) {
      if (['about', 'fields', 'define', 'hooks'].includes(action)) return undefined;
      const next = troubles.shift();
      retryAfterS = next?.kind === 'status' ? next.retryAfterS : undefined;
      return next;
    },
  });
  world.serve(ORIGIN, async (request) => {
    const response = await emulator.handle(request);
    // Twenty never says how long to wait; a proxy in front of it may.
    if (retryAfterS !== undefined) response.headers.set('retry-after', String(retryAfterS));
    retryAfterS = undefined;
    return response;
  });
  const hands = emulator.account('crm');
  return {
    world,
    connector: twenty,
    config: { apiKey: TOKEN, hookSecret: SECRET, title: 'Sales', ...config },
    collection,
    people: {
      create: (raw) => hands.create(collection, raw),
      edit: (id, raw, by) => hands.edit(collection, id, raw, by),
      remove: (id) => hands.remove(collection, id, 'person'),
      merge: (loser, winner) => hands.merge(collection, loser, winner),
      items: () => hands.items(collection).map(({ id, fields }) => ({ id, raw: fields })),
      addFields: (count) =>
        Array.from({ length: count }, (_, number) => {
          const path = `own${number}`;
          hands.addField(collection, customField(path, 'TEXT'));
          return path;
        }),
      forbid: () => hands.forbid(collection, true),
      revoke: () => hands.setToken('another'),
    },
    sample: kind.sample,
    edit: kind.edit,
    unacceptable: { raw: { grade: 'NONE' }, path: 'grade' },
    ...(collection !== 'companies' && {
      pointer() {
        const company = hands.create('companies', { name: 'Firma' });
        return collection === 'notes' || collection === 'tasks'
          ? { path: 'targets.companies', value: [company], cleared: [] }
          : { path: 'companyId', value: company, cleared: null };
      },
    }),
    tellsAuthors: false,
    usualPauseMs: 60_000,
    lateMs: account?.horizonMs ?? 60_000,
    trouble: (next) => troubles.push(next),
    delivery: (change) => deliveryOf(world, kind, change),
  };
}

/** Asks for webhooks as a person would, and keeps the first to arrive. */
async function deliveryOf(
  world: VirtualWorld,
  { one }: Kind,
  change: () => void,
): Promise<RawDelivery> {
  const arrived = Promise.withResolvers<RawDelivery>();
  world.serve(new URL(HOOK).origin, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    const headers = Object.fromEntries(request.headers);
    arrived.resolve({ method: request.method, url: request.url, headers, body });
    return new Response();
  });
  await world.network.fetch(
    new Request(`${ORIGIN}/rest/metadata/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ targetUrl: HOOK, operations: [`${one}.updated`], secret: SECRET }),
    }),
  );
  change();
  return arrived.promise;
}
