/** Grumpy as the suite for connectors sees vendors, with any abilities. */
import { grumpy } from '../../../runtime/connectors/grumpy/grumpy.ts';
import { openGrumpy, type AccountOptions } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';
import type { RawDelivery } from '../../../runtime/connectors/connector.ts';
import type { Raw, Setting, Trouble, Vendor } from '../scene.ts';

export type Abilities = NonNullable<AccountOptions['abilities']>;

const ORIGIN = 'https://grumpy.example';
const HOOKS = 'https://hooks.example';
const TOKEN = 'canary-token-f81d4fae';
const HOOK_SECRET = 'canary-secret-7dec11d0';
const PEOPLE = 'people';

const FIELDS: AccountOptions['collections'][string] = [
  { path: 'email', type: 'email' },
  { path: 'name', type: 'text' },
  { path: 'status', type: 'enum', options: ['lead', 'customer'] },
  { path: 'tags', type: 'set' },
  { path: 'address', type: 'object' },
];

/** Its token lasts for ever, and it makes no fields. */
const CANNOT = [
  'names the collections that there are, and opens them by their names',
  'says which permissions are missing, and none when all are there',
  'points an item to another one and to none, and tells so',
  'renews its token once for all calls that need it, and keeps the new one',
  'makes a field that is not there, once, and keeps what is written in it',
  'makes what it lacks, can do more then, and lacks it no longer',
];

export function settingOf(title: string, abilities: Abilities): Setting {
  return { title, cannot: CANNOT, start: () => start(title, abilities) };
}

function start(seed: string, abilities: Abilities): Vendor {
  const world = virtualWorld({ seed });
  const troubles: Trouble[] = [];
  const emulator = openGrumpy({
    world,
    accounts: [{ name: 'Sales', token: TOKEN, abilities, collections: { [PEOPLE]: FIELDS } }],
    trouble: ({ action }) =>
      action === 'about' || action === 'fields' || action === 'hooks'
        ? undefined
        : troubles.shift(),
  });
  world.serve(ORIGIN, (request) => emulator.handle(request));
  const hands = emulator.account('Sales');
  return {
    world,
    connector: grumpy,
    config: { baseUrl: ORIGIN, token: TOKEN, hookSecret: HOOK_SECRET },
    collection: PEOPLE,
    people: {
      create: (raw) => hands.create(PEOPLE, raw),
      edit: (id, raw, by) => hands.edit(PEOPLE, id, raw, by),
      remove: (id) => hands.remove(PEOPLE, id, 'person'),
      merge: (loser, winner) => hands.merge(PEOPLE, loser, winner),
      items: () => hands.items(PEOPLE).map(({ id, fields }) => ({ id, raw: fields })),
      addFields: (count) =>
        Array.from({ length: count }, (_, number) => {
          const path = `own_${number}`;
          hands.addField(PEOPLE, { path, type: 'text' });
          return path;
        }),
      forbid: () => hands.forbid(PEOPLE, true),
      revoke: () => hands.setToken('another'),
    },
    sample,
    edit: { name: 'Anna Kovács-Tóth', tags: ['moved'], status: 'customer' },
    unacceptable: { raw: { status: 'no such status' }, path: 'status' },
    tellsAuthors: abilities.author === true,
    lateMs: abilities.horizonMs ?? 0,
    trouble: (next) => troubles.push(next),
    delivery: (change) => deliveryOf(world, change),
  };
}

function sample(number: number): Raw {
  return {
    email: `anna${number}@example.com`,
    name: `Anna ${number}`,
    status: 'lead',
    tags: [`tag ${number}`, 'vip'],
    address: { city: 'Pécs', number },
  };
}

/** Asks for webhooks as an administrator would, and keeps the first to arrive. */
async function deliveryOf(world: VirtualWorld, change: () => void): Promise<RawDelivery> {
  const arrived = Promise.withResolvers<RawDelivery>();
  world.serve(HOOKS, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    const headers = Object.fromEntries(request.headers);
    arrived.resolve({ method: request.method, url: request.url, headers, body });
    return new Response();
  });
  const hook = { url: `${HOOKS}/grumpy`, secret: HOOK_SECRET, collections: [PEOPLE] };
  const response = await world.network.fetch(
    new Request(`${ORIGIN}/v1/hooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(hook),
    }),
  );
  if (!response.ok) throw new Error(`No webhooks: ${response.status} ${await response.text()}`);
  change();
  return arrived.promise;
}
