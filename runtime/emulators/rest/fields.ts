/**
 * The fields of contacts, companies and notes, under the names that an app has for them. What only apps
 * say of a field is in its `own`, to be read with `rulesOf`.
 */
import type { FieldOptions } from '../crm/model.ts';
import type { Settings } from './options.ts';
import { spelled } from './words.ts';

/** What an app asks of a value, beside its type. */
export interface Rules {
  readonly required?: boolean;
  readonly integer?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  /** A list can be searched by it. */
  readonly searched?: boolean;
}

export function rulesOf({ own }: Pick<FieldOptions, 'own'>): Rules {
  return own ?? {};
}

export function collectionsOf(settings: Settings): Record<string, readonly FieldOptions[]> {
  const { names, unique, marker, words } = settings;
  const all = Object.entries(COLLECTIONS).map(([name, fields]) => {
    const uniqueHere = unique[name] ?? [];
    const its = fields.map((field): FieldOptions => {
      const isUnique = uniqueHere.includes(field.path);
      return { ...field, path: spelled(names, field.path), ...(isUnique ? { unique: true } : {}) };
    });
    const its_marker: FieldOptions = {
      ...MARKER,
      path: words.marker,
      ...(uniqueHere.includes(MARKER.path) ? { unique: true } : {}),
    };
    return [name, marker ? [...its, its_marker] : its] as const;
  });
  return Object.fromEntries(all);
}

const MARKER: FieldOptions = {
  path: 'externalId',
  type: 'text',
  maxLength: 200,
  own: { searched: true } satisfies Rules,
};

const required: Rules = { required: true };
const searched: Rules = { searched: true };

const COLLECTIONS: Readonly<Record<string, readonly FieldOptions[]>> = {
  contacts: [
    { path: 'firstName', type: 'text', maxLength: 80 },
    { path: 'lastName', type: 'text', maxLength: 80, own: { ...required } },
    { path: 'fullName', type: 'text', readOnly: true },
    { path: 'email', type: 'email', maxLength: 254, own: { ...searched } },
    { path: 'phone', type: 'phone', maxLength: 40 },
    { path: 'birthday', type: 'date' },
    { path: 'stage', type: 'enum', options: ['lead', 'customer', 'former'] },
    { path: 'tags', type: 'set', options: ['vip', 'newsletter', 'partner'] },
    { path: 'blocked', type: 'boolean' },
    {
      path: 'score',
      type: 'number',
      own: { integer: true, minimum: 0, maximum: 100 } satisfies Rules,
    },
    { path: 'address.street', type: 'text', maxLength: 200 },
    { path: 'address.postalCode', type: 'text', maxLength: 12 },
    { path: 'address.city', type: 'text', maxLength: 80 },
    { path: 'address.country', type: 'text', own: { pattern: '^[A-Z]{2}$' } satisfies Rules },
    { path: 'companyId', type: 'reference', to: 'companies', own: { ...searched } },
  ],
  companies: [
    { path: 'name', type: 'text', maxLength: 200, own: { ...required } },
    { path: 'domain', type: 'text', maxLength: 253, own: { ...searched } },
    { path: 'employees', type: 'number', own: { integer: true, minimum: 0 } satisfies Rules },
  ],
  notes: [
    { path: 'text', type: 'text', maxLength: 10_000, own: { ...required } },
    { path: 'pinned', type: 'boolean' },
    { path: 'contactId', type: 'reference', to: 'contacts', own: { ...searched } },
    { path: 'companyId', type: 'reference', to: 'companies', own: { ...searched } },
  ],
};
