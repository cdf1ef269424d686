/** Grumpy in the simulator, as any of the vendors that its abilities can make of it. */
import type { MappingConfig } from '../../../runtime/core/mapping/config.ts';
import type { Values } from '../../../runtime/core/value.ts';
import {
  openGrumpy,
  type Abilities,
  type AccountOptions,
  type FieldOptions,
} from '../../../runtime/emulators/grumpy/grumpy.ts';
import type { CollectionName, SystemScene } from '../scenario.ts';
import {
  COLLECTIONS,
  hookSecretOf,
  STATUSES,
  tokenOf,
  type Nature,
  type System,
  type Vendor,
} from '../system.ts';

const ORIGIN = 'https://grumpy.test';

export const grumpy: Vendor = {
  name: 'grumpy',
  natureOf,
  memberOf: (collection, scene) => ({ collection, mapping: mappingOf(collection, scene) }),
  can: () => true,
  start(system, circumstances) {
    const { account } = system;
    const emulator = openGrumpy({ ...circumstances, accounts: [accountOf(system)] });
    const secret = hookSecretOf(system);
    return {
      inside: emulator.account(account),
      origin: ORIGIN,
      handle: (request) => emulator.handle(request),
      isCalled: ({ headers }, token) => headers.get('authorization') === `Bearer ${token}`,
      aboutOf({ url }) {
        const [, collection, action] = /\/(\w+)\/(\w+)$/.exec(new URL(url).pathname) ?? [];
        if (action === 'read') return { kind: 'read' };
        if (action !== 'create') return undefined;
        return { kind: 'create', collection: collection as CollectionName };
      },
      configOf: (token) => ({ baseUrl: ORIGIN, token, title: account, hookSecret: secret }),
      collectionNamed: (name) => COLLECTIONS.find((one) => one === name),
      async subscribe(url, token) {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        const body = JSON.stringify({ url, secret, collections: COLLECTIONS });
        const request = new Request(`${ORIGIN}/v1/hooks`, { method: 'POST', headers, body });
        const response = await emulator.handle(request);
        if (!response.ok) throw new Error(`${account} takes no webhooks: ${response.status}`);
      },
      forged(nowMs) {
        const event = { collection: 'people', id: '1', kind: 'deleted' };
        const signature = `t=${Math.floor(nowMs / 1000)},v1=${'0'.repeat(64)}`;
        return {
          headers: { 'x-grumpy-signature': signature },
          body: JSON.stringify({ delivery: 'forged', events: [event] }),
        };
      },
    };
  },
};

function natureOf({ abilities }: SystemScene): Nature {
  const { readLagMs = 0, searchLagMs = 0, changesLagMs = 0 } = abilities;
  const { version, conditionalWrites = true, history = true } = abilities;
  return {
    readLagMs,
    searchLagMs,
    changesLagMs,
    isGuarded: version !== 'none' && (conditionalWrites || history),
    hasOnlyKeys: abilities.create === 'naturalKey',
    hasArchive: abilities.delete !== 'hard',
    tellsMerges: abilities.mergeVisible !== 'none',
    mergeGivesNewId: abilities.mergeGivesNewId === true,
  };
}

const VENDOR_FIELDS: Readonly<Record<CollectionName, readonly FieldOptions[]>> = {
  companies: [
    { path: 'code', type: 'text' },
    { path: 'name', type: 'text' },
  ],
  people: [
    { path: 'code', type: 'text' },
    { path: 'name', type: 'text' },
    { path: 'email', type: 'email' },
    { path: 'phone', type: 'phone' },
    { path: 'tags', type: 'set' },
    { path: 'address', type: 'object' },
    { path: 'status', type: 'enum', options: STATUSES },
    { path: 'companyId', type: 'reference' },
  ],
};

export function accountOf(system: Pick<System, 'account' | 'scene'>): AccountOptions {
  const { scene, account } = system;
  const uniqueFields = scene.emailIsUnique ? { uniqueFields: { people: ['email'] } } : {};
  return {
    name: account,
    token: tokenOf(system),
    abilities: { ...scene.abilities, ...uniqueFields },
    collections: VENDOR_FIELDS,
  };
}

const ADDRESS = { city: { kind: 'text' }, street: { kind: 'text' } };

function mappingOf(
  collection: CollectionName,
  { abilities, spellingIsDeclared }: SystemScene,
): MappingConfig & Values {
  const { spelling = {} } = abilities;
  const vendor = (path: string): object =>
    spellingIsDeclared ? { vendor: declared(spelling[path]) } : {};
  const text = (path: string): object => ({ kind: 'text', path, ...vendor(path) });
  const fields =
    collection === 'companies'
      ? { code: text('code'), name: text('name') }
      : {
          code: text('code'),
          name: text('name'),
          email: { kind: 'email', path: 'email', ...vendor('email') },
          phone: { kind: 'phone', options: { region: 'HU' }, path: 'phone' },
          tags: { kind: 'set', options: { element: { kind: 'text' } }, path: 'tags' },
          address: {
            kind: 'composite',
            options: { parts: ADDRESS },
            parts: { city: { path: 'address.city' }, street: { path: 'address.street' } },
          },
          status: { kind: 'enum', options: { values: STATUSES }, path: 'status' },
          company: { kind: 'reference', path: 'companyId' },
        };
  const people = collection === 'people' ? { replacedWhole: ['address'] } : {};
  return { ...people, fields } as unknown as MappingConfig & Values;
}

function declared(spelling: Abilities['spelling'][string] | undefined): object {
  if (spelling === 'lower') return { lowerCase: true };
  if (spelling === 'trim') return { trim: true };
  return spelling?.startsWith('cut:') ? { maxLength: Number(spelling.slice(4)) } : {};
}
