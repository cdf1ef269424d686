/** Own apps as the suite for connectors sees vendors, in any of the ways an app can be. */
import { rest } from '../../../runtime/connectors/rest/rest.ts';
import type { AccountOptions } from '../../../runtime/emulators/rest/options.ts';
import { openRest } from '../../../runtime/emulators/rest/rest.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';
import type { Raw, Setting, Trouble, Vendor } from '../scene.ts';

export interface Way {
  readonly app?: Partial<AccountOptions>;
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
}

const ORIGIN = 'https://app.example.com';
export const TOKEN = 'canary-secret-of-thirty-two-characters-f81d4fae';

export const LOGIN = { kind: 'jwt', secret: TOKEN, subject: 'tributary', audience: 'rest' };

/** An app tells nobody of changes, keeps no versions to read, and lets nobody make fields. */
export const CANNOT = [
  'renews its token once for all calls that need it, and keeps the new one',
  // Its document does not say who may do what.
  'says which permissions are missing, and none when all are there',
  'makes a field that is not there, once, and keeps what is written in it',
  'makes what it lacks, can do more then, and lacks it no longer',
  'remembers what an item went through, where it says so',
  // Each change is a call of its own.
  'says of an item that could not be stored just now that another try may work',
  'tells accepted from rejected in one batch',
  'tells which item a genuine webhook is about, and takes it twice',
  'refuses a webhook with a wrong signature, or none',
  'refuses a webhook whose body was changed, even in its blanks',
  'refuses a webhook that is old, which somebody may have copied',
  'is told of changes as often as before when it asks for it again, and then no more',
];

export function settingOf(title: string, way: Way): Setting {
  return { title, cannot: CANNOT, start: () => start(title, way) };
}

function start(seed: string, { app = {}, auth = LOGIN, config }: Way): Vendor {
  const world = virtualWorld({ seed });
  const troubles: Trouble[] = [];
  const emulator = openRest({
    world,
    accounts: [{ name: 'app', token: TOKEN, limits: [], ...app }],
    trouble({ action }) {
      if (action === 'about' || action === 'fields') return undefined;
      // Some writes begin with a read, which cannot land late.
      if (action === 'read' && troubles[0]?.kind === 'late') return undefined;
      return troubles.shift();
    },
  });
  world.serve(ORIGIN, (request) => emulator.handle(request));
  const hands = emulator.account('app');
  hands.addField('contacts', { path: 'remark', type: 'text' });
  const isOld = app.names === 'snake_case';
  const prefix = app.prefix === undefined ? '' : `${app.prefix.replace(/^\//, '')}/`;
  return {
    world,
    connector: rest,
    config: { baseUrl: `${ORIGIN}/apps/app`, auth, title: 'Shop', ...config },
    collection: `${prefix}contacts`,
    people: {
      create: (raw) => hands.create('contacts', raw),
      edit: (id, raw, by) => hands.edit('contacts', id, raw, by),
      remove: (id) => hands.remove('contacts', id, 'person'),
      merge: (loser, winner) => hands.merge('contacts', loser, winner),
      items: () => hands.items('contacts').map(({ id, fields }) => ({ id, raw: fields })),
      addFields: (count) =>
        Array.from({ length: count }, (_, number) => {
          const path = `own${number}`;
          hands.addField('contacts', { path, type: 'text' });
          return path;
        }),
      forbid: () => hands.forbid('contacts', true),
      revoke: () => hands.setToken('another-secret-of-thirty-two-characters'),
    },
    sample: (number) => sample(number, isOld),
    edit: {
      remark: 'Kovács és Tóth',
      [isOld ? 'last_name' : 'lastName']: 'Kovács-Tóth',
      stage: 'customer',
    },
    unacceptable: { raw: { stage: 'no such stage' }, path: 'stage' },
    pointer: () => {
      const id = hands.create('companies', { name: 'Firma Kft.' });
      const value = (app.ids ?? 'uuid') === 'integer' ? Number(id) : id;
      return { path: isOld ? 'company_id' : 'companyId', value, cleared: null };
    },
    tellsAuthors: false,
    lateMs: app.horizonMs ?? 60_000,
    trouble: (next) => troubles.push(next),
    delivery: async () => {
      throw new Error('An app sends no webhooks.');
    },
  };
}

function sample(number: number, isOld: boolean): Raw {
  return {
    email: `anna${number}@example.com`,
    remark: `Remark ${number}`,
    [isOld ? 'first_name' : 'firstName']: 'Anna',
    [isOld ? 'last_name' : 'lastName']: `Kovács ${number}`,
    stage: 'lead',
  };
}
