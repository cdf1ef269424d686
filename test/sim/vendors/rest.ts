/** The user's own app in the simulator: made well and lately, made long ago, and mixtures of the two. */
import type { FieldOptions } from '../../../runtime/emulators/crm/model.ts';
import { OLD, type AccountOptions } from '../../../runtime/emulators/rest/options.ts';
import { openRest } from '../../../runtime/emulators/rest/rest.ts';
import type { CollectionName, SystemScene } from '../scenario.ts';
import { STATUSES, tokenOf, type Nature, type Vendor } from '../system.ts';
import { address, email, mapping, phone, reference, status, tags, text } from './mapping.ts';
import { canBeDone } from './possible.ts';
import {
  addressIn,
  collectionIn,
  plain,
  translated,
  troubleIn,
  type Language,
} from './translated.ts';

const COLLECTIONS = { people: 'contacts', companies: 'companies' } as const;

export const rest: Vendor = {
  name: 'rest',
  natureOf,
  memberOf: (collection, scene) => ({
    collection: COLLECTIONS[collection],
    mapping: mappingOf(collection, scene),
  }),
  can: canBeDone('rest'),
  start(system, { world, trouble }) {
    const { account, scene } = system;
    const language = { collections: COLLECTIONS, places: placesOf(scene) };
    const emulator = openRest({
      world,
      accounts: [{ name: account, token: tokenOf(system), ...settingsOf(scene) }],
      trouble: troubleIn(language, trouble),
    });
    const hands = emulator.account(account);
    for (const [collection, fields] of Object.entries(OWN)) {
      for (const field of fields) hands.addField(collection, field);
    }
    const origin = `https://${account}.test`;
    return {
      inside: translated(hands, language),
      origin,
      handle: (request) => emulator.handle(request),
      isCalled: () => true,
      aboutOf({ method, url }) {
        const [, name, id] = /\/(contacts|companies)(\/[^/]+)?$/.exec(new URL(url).pathname) ?? [];
        const collection = name && collectionIn(COLLECTIONS, name);
        if (method === 'GET' && id !== undefined) return { kind: 'read' };
        if (method !== 'POST' || id !== undefined || !collection) return undefined;
        return { kind: 'create', collection };
      },
      configOf: (token) => ({
        baseUrl: `${origin}/apps/${account}`,
        auth: { kind: 'bearer', token },
        callsPerSecond: callsPerSecond(scene),
        title: account,
      }),
      collectionNamed: (name) => collectionIn(COLLECTIONS, name),
    };
  },
};

/** What our people need and an app does not have of itself. */
const OWN: Readonly<Record<string, readonly FieldOptions[]>> = {
  companies: [{ path: 'code', type: 'text', own: { searched: true } }],
  contacts: [
    { path: 'code', type: 'text', own: { searched: true } },
    { path: 'labels', type: 'set' },
    { path: 'status', type: 'enum', options: STATUSES },
  ],
};

function settingsOf({ habits = {}, emailIsUnique }: SystemScene): Partial<AccountOptions> {
  const { isOld, ...given } = habits as { isOld?: true } & Partial<AccountOptions>;
  const unique = { contacts: emailIsUnique ? ['email'] : [], companies: [] };
  return { ...(isOld ? OLD : {}), login: { kind: 'bearer' }, unique, ...given };
}

/** No document tells how much an app can take; whoever runs it says it. */
function callsPerSecond({ habits = {} }: SystemScene): number {
  return habits['isOld'] === true ? 3 : 10;
}

function natureOf(scene: SystemScene): Nature {
  const settings = settingsOf(scene);
  const { version = 'counter', ifMatch = true, deletion = 'time', merges = 301 } = settings;
  return {
    readLagMs: 0,
    searchLagMs: 0,
    changesLagMs: 0,
    isGuarded: ifMatch && version !== 'none',
    hasOnlyKeys: settings.marker === false,
    hasArchive: deletion !== 'hard',
    tellsMerges: merges !== 'none',
    mergeGivesNewId: false,
  };
}

type Name = (name: string) => string;

/** As the app writes names of its own members. */
function namesOf(scene: SystemScene): Name {
  const isSnake = settingsOf(scene).names === 'snake_case';
  return (name) => (isSnake ? name.replaceAll(/[A-Z]/g, (one) => `_${one.toLowerCase()}`) : name);
}

function placesOf(scene: SystemScene): Language['places'] {
  const named = namesOf(scene);
  return {
    companies: { code: plain('code'), name: plain('name') },
    people: {
      code: plain('code'),
      name: plain(named('lastName')),
      email: plain('email', 'email'),
      phone: plain('phone', 'phone'),
      tags: plain('labels', 'set'),
      address: addressIn('address.city', 'address.street'),
      status: plain('status', 'enum'),
      companyId: plain(named('companyId'), 'reference'),
    },
  };
}

function mappingOf(collection: CollectionName, scene: SystemScene) {
  const named = namesOf(scene);
  const { ids = 'uuid', patchWithin = 'replaces' } = settingsOf(scene);
  if (collection === 'companies') return mapping({ code: text('code'), name: text('name') });
  const numbers = ids === 'integer' ? { transforms: [{ use: 'jsonNumber' }] } : {};
  return mapping(
    {
      code: text('code'),
      name: text(named('lastName')),
      email: email('email'),
      phone: phone({ path: 'phone' }),
      tags: tags('labels', { clearedBy: ['emptyList'], writeCleared: [] }),
      address: address('address.city', 'address.street'),
      status: status('status'),
      company: reference(named('companyId'), numbers),
    },
    patchWithin === 'replaces' ? { replacedWhole: ['address'] } : {},
  );
}
