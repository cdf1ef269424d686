/** HubSpot in the simulator: an account with an app of its own, which finds again what it made, or cannot. */
import type { FieldOptions } from '../../../runtime/emulators/crm/model.ts';
import { openHubSpot, type AccountOptions } from '../../../runtime/emulators/hubspot/hubspot.ts';
import type { SystemScene } from '../scenario.ts';
import { hookSecretOf, STATUSES, tokenOf, type Vendor } from '../system.ts';
import { address, email, mapping, phone, reference, status, tags, text } from './mapping.ts';
import { canBeDone } from './possible.ts';
import {
  addressIn,
  collectionIn,
  listIn,
  plain,
  translated,
  troubleIn,
  type Language,
} from './translated.ts';

const COLLECTIONS = { people: 'contacts', companies: 'companies' } as const;

export const hubspot: Vendor = {
  name: 'hubspot',
  natureOf: (scene) => ({
    readLagMs: 0,
    searchLagMs: 30_000,
    changesLagMs: 30_000,
    isGuarded: false,
    hasOnlyKeys: habitsOf(scene).marker === 'none',
    hasArchive: true,
    tellsMerges: true,
    mergeGivesNewId: true,
  }),
  memberOf: (collection) => ({
    collection: COLLECTIONS[collection],
    mapping: collection === 'people' ? PEOPLE : COMPANIES,
  }),
  can: canBeDone('hubspot'),
  start(system, { world, trouble, webhookTrouble }) {
    const { account, scene } = system;
    const { marker = 'unique', ...habits } = habitsOf(scene);
    const clientSecret = hookSecretOf(system).replaceAll(' ', '-');
    const own = { path: 'tributary_marker', type: 'text', unique: marker === 'unique' } as const;
    const more = marker === 'none' ? [] : [own];
    const emulator = openHubSpot({
      world,
      accounts: [
        {
          name: account,
          token: tokenOf(system),
          webhookCacheMs: 0,
          ...habits,
          app: { clientSecret },
          properties: { contacts: [...CONTACT, ...more], companies: [CODE, ...more] },
        },
      ],
      trouble: troubleIn(LANGUAGE, trouble),
      ...(webhookTrouble ? { webhookTrouble } : {}),
    });
    const origin = `https://api-${account}.hubapi.com`;
    return {
      inside: translated(emulator.account(account), LANGUAGE),
      origin,
      handle: (request) => emulator.handle(request),
      isCalled: () => true,
      aboutOf({ method, url }) {
        const { pathname } = new URL(url);
        const [, name, action] = /\/(contacts|companies)\/(?:batch\/)?(\w+)$/.exec(pathname) ?? [];
        if (name === undefined || !pathname.includes('/objects/')) return undefined;
        if (method === 'GET' || action === 'read') return { kind: 'read' };
        const collection = collectionIn(COLLECTIONS, name);
        if ((action !== 'create' && action !== 'upsert') || !collection) return undefined;
        return { kind: 'create', collection };
      },
      configOf: (token) => ({ token, clientSecret, baseUrl: origin, title: account }),
      collectionNamed: (name) => collectionIn(COLLECTIONS, name),
      async subscribe(targetUrl) {
        emulator.setWebhooks(account, { targetUrl, subscriptions: SUBSCRIPTIONS });
      },
      forged: (nowMs) => ({
        headers: {
          'x-hubspot-signature-v3': 'A'.repeat(43),
          'x-hubspot-request-timestamp': String(nowMs),
        },
        body: JSON.stringify([{ subscriptionType: 'contact.deletion', objectId: 101 }]),
      }),
    };
  },
};

interface Habits extends Partial<AccountOptions> {
  /** Whether there is a property for the marker, and of what sort. */
  readonly marker?: 'unique' | 'shared' | 'none';
}

function habitsOf({ habits = {} }: SystemScene): Habits {
  return habits;
}

const CODE: FieldOptions = { path: 'code', type: 'text' };

const CONTACT: readonly FieldOptions[] = [
  CODE,
  { path: 'labels', type: 'text' },
  { path: 'standing', type: 'enum', options: STATUSES },
];

const SUBSCRIPTIONS = [
  ...['contact', 'company'].flatMap((one) =>
    ['creation', 'deletion', 'merge', 'restore'].map((event) => ({ eventType: `${one}.${event}` })),
  ),
  { eventType: 'contact.associationChange' },
  ...['code', 'lastname', 'email', 'phone', 'labels', 'standing', 'city', 'address'].map(
    (propertyName) => ({ eventType: 'contact.propertyChange', propertyName }),
  ),
  ...['code', 'name'].map((propertyName) => ({
    eventType: 'company.propertyChange',
    propertyName,
  })),
];

const LANGUAGE: Language = {
  collections: COLLECTIONS,
  places: {
    companies: { code: plain('code'), name: plain('name') },
    people: {
      code: plain('code'),
      name: plain('lastname'),
      email: plain('email', 'email'),
      phone: plain('phone', 'phone'),
      tags: listIn('labels'),
      address: addressIn('city', 'address'),
      status: plain('standing', 'enum'),
      companyId: {
        type: 'reference',
        path: 'associations.companies.primary',
        read: (fields) => fields['associations.companies.primary'] ?? null,
        write: (value) => ({
          'associations.companies': value === null ? null : [value],
          'associations.companies.primary': value,
        }),
      },
    },
  },
};

const EMPTY = { writeCleared: '' };

const COMPANIES = mapping({ code: text('code', EMPTY), name: text('name', EMPTY) });

const PEOPLE = mapping({
  code: text('code', EMPTY),
  name: text('lastname', EMPTY),
  email: email('email', EMPTY),
  phone: phone({ path: 'phone', ...EMPTY }),
  tags: tags('labels', { transforms: [{ use: 'list', separator: ';' }], ...EMPTY }),
  address: address('city', 'address', EMPTY),
  status: status('standing', EMPTY),
  company: reference('associations.company'),
});
