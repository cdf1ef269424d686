/** Twenty in the simulator: a workspace of the older or the newer line of versions. */
import type { FieldOptions } from '../../../runtime/emulators/crm/model.ts';
import { customField, optionsOf } from '../../../runtime/emulators/twenty/fields.ts';
import { openTwenty, type AccountOptions } from '../../../runtime/emulators/twenty/twenty.ts';
import type { SystemScene } from '../scenario.ts';
import { hookSecretOf, STATUSES, tokenOf, type Vendor } from '../system.ts';
import { address, email, mapping, phone, reference, status, tags, text } from './mapping.ts';
import { canBeDone } from './possible.ts';
import {
  collectionIn,
  plain,
  translated,
  troubleIn,
  type Language,
  type Place,
} from './translated.ts';

const COLLECTIONS = { people: 'people', companies: 'companies' } as const;

export const twenty: Vendor = {
  name: 'twenty',
  natureOf: (scene) => ({
    readLagMs: 0,
    searchLagMs: 0,
    changesLagMs: 0,
    isGuarded: false,
    hasOnlyKeys: habitsOf(scene).hasMarker === false,
    hasArchive: true,
    tellsMerges: false,
    mergeGivesNewId: false,
  }),
  memberOf: (collection) => ({
    collection: COLLECTIONS[collection],
    mapping: collection === 'people' ? PEOPLE : COMPANIES,
  }),
  can: canBeDone('twenty'),
  start(system, { world, trouble, webhookTrouble }) {
    const { account, scene } = system;
    const { hasMarker = true, ...habits } = habitsOf(scene);
    const secret = hookSecretOf(system).replaceAll(' ', '-');
    const more = hasMarker ? [customField('tributaryMarker', 'TEXT')] : [];
    const emulator = openTwenty({
      world,
      accounts: [
        {
          name: account,
          token: tokenOf(system),
          ...habits,
          fields: { people: [...PERSON, ...more], companies: [CODE, ...more] },
        },
      ],
      trouble: troubleIn(LANGUAGE, trouble),
      ...(webhookTrouble ? { webhookTrouble } : {}),
    });
    const origin = `https://${account}.twenty.test`;
    return {
      inside: translated(emulator.account(account), LANGUAGE),
      origin,
      handle: (request) => emulator.handle(request),
      isCalled: () => true,
      aboutOf({ method, url }) {
        const { pathname, searchParams } = new URL(url);
        const [, name, id] =
          /\/rest\/(?:batch\/)?(people|companies)(\/[^/]+)?$/.exec(pathname) ?? [];
        const isOfIds = id !== undefined || /\bid\[/.test(searchParams.get('filter') ?? '');
        if (name === undefined) return undefined;
        if (method === 'GET' && isOfIds) return { kind: 'read' };
        const collection = collectionIn(COLLECTIONS, name);
        if (method !== 'POST' || id !== undefined || !collection) return undefined;
        return { kind: 'create', collection };
      },
      configOf: (token) => ({
        apiKey: token,
        hookSecret: secret,
        baseUrl: origin,
        title: account,
      }),
      collectionNamed: (name) => collectionIn(COLLECTIONS, name),
      async subscribe(targetUrl, token) {
        const response = await emulator.handle(
          new Request(`${origin}/rest/metadata/webhooks`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body: JSON.stringify({ targetUrl, operations: ['person.*', 'company.*'], secret }),
          }),
        );
        if (!response.ok) throw new Error(`${account} takes no webhooks: ${response.status}`);
      },
      forged: (nowMs) => ({
        headers: {
          'x-twenty-webhook-timestamp': String(nowMs),
          'x-twenty-webhook-signature': '0'.repeat(64),
        },
        body: JSON.stringify({ eventName: 'person.deleted', record: { id: '1' } }),
      }),
    };
  },
};

interface Habits extends Partial<AccountOptions> {
  readonly hasMarker?: boolean;
}

function habitsOf({ habits = {} }: SystemScene): Habits {
  return habits;
}

const CODE = customField('code', 'TEXT');
const upper = (option: string): string => option.toUpperCase();

const PERSON: readonly FieldOptions[] = [
  CODE,
  customField('labels', 'ARRAY'),
  customField('standing', 'SELECT', { options: optionsOf(STATUSES.map(upper)) }),
  customField('home', 'ADDRESS'),
];

type Parts = Readonly<Record<string, string | null>>;

/** A value that has parts, of which one is ours. */
function part(path: string, name: string, type: Place['type'], rest: object = {}): Place {
  return {
    type,
    path,
    read: (fields) => (fields[path] as Parts | null | undefined)?.[name] ?? null,
    write: (value) => ({ [path]: value === null ? null : { ...rest, [name]: value } }),
  };
}

const PHONE: Place = {
  type: 'phone',
  path: 'phones',
  read(fields) {
    const parts = fields['phones'] as Parts | null | undefined;
    const number = parts?.['primaryPhoneNumber'] ?? null;
    return number === null ? null : `${parts?.['primaryPhoneCallingCode'] ?? ''}${number}`;
  },
  write: (value) => ({ phones: value === null ? null : { primaryPhoneNumber: value } }),
};

const HOME: Place = {
  type: 'object',
  path: 'home',
  read(fields) {
    const home = fields['home'] as Parts | null | undefined;
    const [city, street] = [home?.['addressCity'] ?? null, home?.['addressStreet1'] ?? null];
    return city === null && street === null ? null : { city, street };
  },
  write(value) {
    const { city = null, street = null } = (value ?? {}) as { city?: unknown; street?: unknown };
    return { home: { addressCity: city, addressStreet1: street } };
  },
};

const STANDING: Place = {
  type: 'enum',
  path: 'standing',
  options: Object.fromEntries(STATUSES.map((option) => [upper(option), option])),
  read(fields) {
    const value = fields['standing'];
    return typeof value === 'string' ? value.toLowerCase() : null;
  },
  write: (value) => ({ standing: typeof value === 'string' ? upper(value) : value }),
};

const LANGUAGE: Language = {
  collections: COLLECTIONS,
  places: {
    companies: { code: plain('code'), name: plain('name') },
    people: {
      code: plain('code'),
      name: part('name', 'lastName', 'text', { firstName: '' }),
      email: part('emails', 'primaryEmail', 'email'),
      phone: PHONE,
      tags: plain('labels', 'set'),
      address: HOME,
      status: STANDING,
      companyId: plain('companyId', 'reference'),
    },
  },
};

const COMPANIES = mapping({ code: text('code'), name: text('name') });

const PEOPLE = mapping(
  {
    code: text('code'),
    name: text('name.lastName', { writeCleared: '' }),
    email: email('emails.primaryEmail', { writeCleared: '' }),
    phone: phone({
      transforms: [{ use: 'phoneParts' }],
      parts: {
        number: { path: 'phones.primaryPhoneNumber' },
        callingCode: { path: 'phones.primaryPhoneCallingCode' },
        country: { path: 'phones.primaryPhoneCountryCode' },
      },
    }),
    tags: tags('labels', { clearedBy: ['emptyList'] }),
    address: address('home.addressCity', 'home.addressStreet1'),
    status: status('standing', {
      values: STATUSES.map((value) => ({ remote: upper(value), value })),
    }),
    company: reference('companyId'),
  },
  { replacedWhole: ['name', 'emails', 'phones', 'home'] },
);
