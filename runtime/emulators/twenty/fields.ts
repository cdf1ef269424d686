/**
 * Fields in Twenty's own words: types, parts of composite values, relations. A relation is kept in the
 * column with its id (`companyId`), and has a name of its own (`company`).
 */
import type { FieldOptions, FieldType } from '../crm/model.ts';

/** What the metadata says of a field beside its path and type. */
export interface Own {
  /** The UUID; a standard field's follows from its name. */
  readonly id?: string;
  readonly native: NativeType;
  readonly label: string;
  readonly description?: string | null;
  readonly icon?: string | null;
  readonly isCustom?: boolean;
  readonly isSystem?: boolean;
  readonly isActive?: boolean;
  readonly isNullable?: boolean;
  readonly options?: readonly Option[];
  readonly defaultValue?: unknown;
  readonly settings?: object | null;
  readonly relation?: Relation;
  /** Unique together with the value of this other field. */
  readonly uniqueWith?: string;
  readonly createdAt?: string;
  readonly updatedAt?: string;
}

export interface Option {
  readonly id?: string;
  readonly value: string;
  readonly label: string;
  readonly position: number;
  readonly color: string;
}

export interface Relation {
  readonly name: string;
  /** What it is called on the other side, where it is many. */
  readonly inverse: string;
  readonly inverseLabel: string;
  readonly isMorph: boolean;
}

export const TYPE_OF = {
  ACTOR: 'object',
  ADDRESS: 'object',
  ARRAY: 'set',
  BOOLEAN: 'boolean',
  CURRENCY: 'object',
  DATE: 'date',
  DATE_TIME: 'text',
  EMAILS: 'object',
  FILES: 'list',
  FULL_NAME: 'object',
  LINKS: 'object',
  MORPH_RELATION: 'reference',
  MULTI_SELECT: 'set',
  NUMBER: 'number',
  NUMERIC: 'number',
  PHONES: 'object',
  POSITION: 'number',
  RATING: 'enum',
  RAW_JSON: 'object',
  RELATION: 'reference',
  RICH_TEXT: 'object',
  RICH_TEXT_V2: 'object',
  SELECT: 'enum',
  TEXT: 'text',
  TS_VECTOR: 'text',
  UUID: 'text',
} as const satisfies Readonly<Record<string, FieldType>>;

export type NativeType = keyof typeof TYPE_OF;

/** Of composite values: each part, and whether it is a text, which may be empty. */
export const PARTS: Readonly<Partial<Record<NativeType, Readonly<Record<string, Part>>>>> = {
  FULL_NAME: { firstName: 'text', lastName: 'text' },
  EMAILS: { primaryEmail: 'text', additionalEmails: 'texts' },
  PHONES: {
    primaryPhoneNumber: 'text',
    primaryPhoneCountryCode: 'text',
    primaryPhoneCallingCode: 'text',
    additionalPhones: 'phones',
  },
  LINKS: { primaryLinkUrl: 'text', primaryLinkLabel: 'text', secondaryLinks: 'links' },
  CURRENCY: { amountMicros: 'micros', currencyCode: 'text' },
  ADDRESS: {
    addressStreet1: 'text',
    addressStreet2: 'text',
    addressCity: 'text',
    addressPostcode: 'text',
    addressState: 'text',
    addressCountry: 'text',
    addressLat: 'number',
    addressLng: 'number',
  },
  RICH_TEXT: { blocknote: 'nullable', markdown: 'nullable' },
  RICH_TEXT_V2: { blocknote: 'nullable', markdown: 'nullable' },
  ACTOR: { source: 'nullable', workspaceMemberId: 'nullable', name: 'text', context: 'json' },
};

export type Part =
  | 'text'
  /** Which is null where it is empty, in all versions. */
  | 'nullable'
  | 'number'
  | 'micros'
  | 'texts'
  | 'phones'
  | 'links'
  | 'json';

export const SOURCES = [
  'EMAIL',
  'CALENDAR',
  'WORKFLOW',
  'AGENT',
  'API',
  'IMPORT',
  'MANUAL',
  'SYSTEM',
  'WEBHOOK',
];

/** The columns of a composite that make it unique. */
export const UNIQUE_PART: Readonly<Partial<Record<NativeType, string>>> = {
  EMAILS: 'primaryEmail',
  LINKS: 'primaryLinkUrl',
  PHONES: 'primaryPhoneNumber',
};

export function ownOf(field: FieldOptions): Own {
  return field.own as unknown as Own;
}

/** As the metadata names it: a relation by its own name, and not by its column. */
export function nameOf(field: FieldOptions): string {
  return ownOf(field).relation?.name ?? field.path;
}

export function fieldOf(
  path: string,
  native: NativeType,
  label: string,
  { unique, ...own }: Partial<Own> & { unique?: boolean } = {},
): FieldOptions {
  const { options } = own;
  return {
    path,
    type: TYPE_OF[native],
    ...(options === undefined ? {} : { options: options.map(({ value }) => value) }),
    ...(unique === true ? { unique } : {}),
    own: { native, label, ...own },
  };
}

export function relationOf(
  name: string,
  { to, label, ...relation }: { to: string; label: string } & Omit<Relation, 'name'>,
  more: { unique?: boolean; uniqueWith?: string; isCustom?: boolean; id?: string } = {},
): FieldOptions {
  const { unique, ...own } = more;
  const native = relation.isMorph ? 'MORPH_RELATION' : 'RELATION';
  return {
    path: `${name}Id`,
    type: 'reference',
    to,
    ...(unique === true ? { unique } : {}),
    own: { native, label, relation: { name, ...relation }, ...own },
  };
}

/** Options of a standard field: labels are made of the values. */
export function optionsOf(values: readonly string[]): readonly Option[] {
  const colors = ['red', 'purple', 'sky', 'turquoise', 'yellow', 'green'];
  return values.map((value, position) => ({
    value,
    label: value.charAt(0) + value.slice(1).toLowerCase().replaceAll('_', ' '),
    position,
    color: colors[position % colors.length]!,
  }));
}

/** @internal A custom field for the options of an account. */
export function customField(
  path: string,
  native: NativeType,
  own: Partial<Own> & { unique?: boolean } = {},
): FieldOptions {
  return fieldOf(path, native, path, { ...own, isCustom: true });
}
