/** Pipedrive in the simulator: a company with enough to spend, in all the ways its documentation leaves open. */
import type { FieldOptions } from '../../../runtime/emulators/crm/model.ts';
import type { Abilities } from '../../../runtime/emulators/pipedrive/options.ts';
import { openPipedrive } from '../../../runtime/emulators/pipedrive/pipedrive.ts';
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
  type Place,
} from './translated.ts';

const COLLECTIONS = { people: 'persons', companies: 'organizations' } as const;

export const pipedrive: Vendor = {
  name: 'pipedrive',
  natureOf: (scene) => ({
    readLagMs: 0,
    searchLagMs: 3_000,
    changesLagMs: 1_000,
    isGuarded: false,
    hasOnlyKeys: habitsOf(scene).hasMarker === false,
    hasArchive: habitsOf(scene).deletedById !== 'missing',
    tellsMerges: false,
    mergeGivesNewId: false,
  }),
  memberOf: (collection) => ({
    collection: COLLECTIONS[collection],
    mapping: collection === 'people' ? PEOPLE : COMPANIES,
  }),
  can: canBeDone('pipedrive'),
  start(system, { world, trouble, webhookTrouble }) {
    const { account, scene } = system;
    const { hasMarker = true, ...abilities } = habitsOf(scene);
    const password = hookSecretOf(system).replaceAll(' ', '-');
    const marker = custom(MARKER, 'tributary_marker', 'text');
    const more = hasMarker ? [marker] : [];
    const emulator = openPipedrive({
      world,
      accounts: [
        {
          name: account,
          token: tokenOf(system),
          abilities: { plan: 'ultimate', seats: 10, ...abilities },
          fields: { persons: [...PERSON, ...more], organizations: [CODE, ...more] },
        },
      ],
      trouble: troubleIn(LANGUAGE, trouble),
      ...(webhookTrouble ? { webhookTrouble } : {}),
    });
    const origin = `https://${account}.pipedrive.com`;
    return {
      inside: translated(emulator.account(account), LANGUAGE),
      origin,
      handle: (request) => emulator.handle(request),
      isCalled: () => true,
      aboutOf({ method, url }) {
        const { pathname, searchParams } = new URL(url);
        const [, name, id] = /\/v2\/(persons|organizations)(\/\d+)?$/.exec(pathname) ?? [];
        const isOfIds = id !== undefined || searchParams.has('ids');
        if (method === 'GET' && isOfIds) return { kind: 'read' };
        const collection = name && collectionIn(COLLECTIONS, name);
        if (method !== 'POST' || !collection) return undefined;
        return { kind: 'create', collection };
      },
      configOf: (token) => ({ token, hookPassword: password, baseUrl: origin, title: account }),
      collectionNamed: (name) => collectionIn(COLLECTIONS, name),
      async subscribe(url, token) {
        for (const one of ['person', 'organization']) {
          const response = await emulator.handle(
            new Request(`${origin}/api/v1/webhooks`, {
              method: 'POST',
              headers: { 'x-api-token': token, 'content-type': 'application/json' },
              body: JSON.stringify({
                subscription_url: url,
                event_action: '*',
                event_object: one,
                name: `for ${one}`,
                http_auth_user: 'tributary',
                http_auth_password: password,
              }),
            }),
          );
          if (!response.ok) throw new Error(`${account} takes no webhooks: ${response.status}`);
        }
      },
      forged: () => ({
        headers: { authorization: `Basic ${btoa('tributary:guessed')}` },
        body: JSON.stringify({ meta: { id: '1', entity: 'person', entity_id: '1' }, data: null }),
      }),
    };
  },
};

interface Habits extends Partial<Abilities> {
  readonly hasMarker?: boolean;
}

function habitsOf({ habits = {} }: SystemScene): Habits {
  return habits;
}

/** Keys of fields are made up by Pipedrive; these are not like others. */
const key = (letter: string): string => letter.repeat(40);

function custom(
  path: string,
  name: string,
  type: FieldOptions['type'],
  options?: readonly string[],
): FieldOptions {
  return { path, type, ...(options ? { options } : {}), own: { name } };
}

const MARKER = key('a');
const CODE = custom(key('b'), 'Code', 'text');
const LABELS = custom(key('c'), 'Our labels', 'text');
const STANDING = custom(key('d'), 'Standing', 'enum', STATUSES);
const CITY = custom(key('e'), 'City', 'text');
const STREET = custom(key('f'), 'Street', 'text');
const PERSON = [CODE, LABELS, STANDING, CITY, STREET];

/** One entry of a list, which is the first one as well. */
function entry(path: string, type: Place['type']): Place {
  return {
    type,
    path,
    read(fields) {
      const list = (fields[path] ?? []) as readonly { value: string; primary?: boolean }[];
      return (list.find(({ primary }) => primary) ?? list[0])?.value ?? null;
    },
    write: (value) => ({ [path]: value === null ? null : [{ value }] }),
  };
}

const LANGUAGE: Language = {
  collections: COLLECTIONS,
  places: {
    companies: { code: plain(CODE.path), name: plain('name') },
    people: {
      code: plain(CODE.path),
      name: plain('name'),
      email: entry('emails', 'email'),
      phone: entry('phones', 'phone'),
      tags: listIn(LABELS.path),
      address: addressIn(CITY.path, STREET.path),
      status: plain(STANDING.path, 'enum'),
      companyId: plain('org_id', 'reference'),
    },
  },
};

const COMPANIES = mapping({ code: text(CODE.path), name: text('name') });

/** The ids that options have: those of labels and of consent come before them. */
const STANDING_IDS = [9, 10, 11] as const;

const primary = (path: string): object => ({
  path,
  transforms: [{ use: 'primary', value: 'value', flag: 'primary' }],
  clearedBy: ['emptyList'],
  writeCleared: [],
});

const PEOPLE = mapping({
  code: text(CODE.path),
  name: text('name'),
  email: email('emails', primary('emails')),
  phone: phone(primary('phones')),
  tags: tags(LABELS.path, { transforms: [{ use: 'list', separator: ';' }] }),
  address: address(CITY.path, STREET.path),
  status: status(STANDING.path, {
    values: STATUSES.map((value, index) => ({ remote: STANDING_IDS[index], value })),
  }),
  company: reference('org_id', { transforms: [{ use: 'jsonNumber' }] }),
});
