/**
 * The kinds of objects of a workspace, as it describes them itself: each has a schema of its own, and may
 * lack what Twenty begins with. Values that consist of parts are shown by their parts: `emails.primaryEmail`.
 *
 * What a note or a task is about is kept in rows of an object of their own, of which each leads to one
 * thing. Here they are members of the note: `targets.people` holds the ids of all persons, and
 * `targets.person` the one that has been there longest; to write that one leaves nothing but it. How the
 * columns of the rows are called has changed between versions, so it is read from their description.
 */
import type { VendorField } from '../connector.ts';
import type * as api from './api.ts';

export interface ObjectType {
  /** Of its description. */
  readonly id: string;
  /** As paths name it: `people`. */
  readonly name: string;
  /** As webhooks name it: `person`. */
  readonly one: string;
  readonly title: string;
  readonly isCustom: boolean;
  readonly fields: readonly VendorField[];
  /** The types of the values that consist of parts, by their names. */
  readonly composites: ReadonlyMap<string, string>;
  readonly targets?: Targets;
}

/** The rows that say what an item is about. */
export interface Targets {
  readonly rows: string;
  /** Their name in webhooks. */
  readonly row: string;
  /** The column that leads back to the item. */
  readonly own: string;
  readonly kinds: readonly TargetKind[];
}

export interface TargetKind {
  /** The member with one id: `person`. */
  readonly one: string;
  /** The member with all ids: `people`. */
  readonly to: string;
  readonly column: string;
}

/** The member of an item that all its targets are in. */
export const TARGETS = 'targets';

export function typesIn(objects: readonly api.WireObject[]): readonly ObjectType[] {
  return objects.filter(({ isActive }) => isActive !== false).map((each) => typeOf(each, objects));
}

function typeOf(wire: api.WireObject, all: readonly api.WireObject[]): ObjectType {
  const { id, nameSingular: one, namePlural: name, labelPlural, isCustom } = wire;
  const known = wire.fields.filter(({ isActive }) => isActive !== false);
  const targets = targetsOf(wire, all);
  return {
    id,
    name,
    one,
    title: labelPlural || name,
    isCustom: isCustom === true,
    fields: [
      ...known.flatMap((field) => fieldsFor(field, one)),
      ...(targets?.kinds ?? []).flatMap(({ to, one: each }): VendorField[] => [
        { path: `${TARGETS}.${to}`, title: `All ${to} it is about`, type: 'references' },
        { path: `${TARGETS}.${each}`, title: `The ${each} it is about`, type: 'reference' },
      ]),
    ],
    composites: new Map(
      known.filter(({ type }) => type in PARTS).map((field) => [field.name, field.type]),
    ),
    ...(targets && { targets }),
  };
}

/** The parts of values, with a type for each. */
export const PARTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  FULL_NAME: { firstName: 'TEXT', lastName: 'TEXT' },
  EMAILS: { primaryEmail: 'TEXT', additionalEmails: 'ARRAY' },
  PHONES: {
    primaryPhoneNumber: 'TEXT',
    primaryPhoneCountryCode: 'TEXT',
    primaryPhoneCallingCode: 'TEXT',
    additionalPhones: 'RAW_JSON',
  },
  LINKS: { primaryLinkUrl: 'TEXT', primaryLinkLabel: 'TEXT', secondaryLinks: 'RAW_JSON' },
  CURRENCY: { amountMicros: 'NUMERIC', currencyCode: 'TEXT' },
  ADDRESS: {
    addressStreet1: 'TEXT',
    addressStreet2: 'TEXT',
    addressCity: 'TEXT',
    addressPostcode: 'TEXT',
    addressState: 'TEXT',
    addressCountry: 'TEXT',
    addressLat: 'NUMERIC',
    addressLng: 'NUMERIC',
  },
  RICH_TEXT: { markdown: 'LONG_TEXT', blocknote: 'LONG_TEXT' },
  RICH_TEXT_V2: { markdown: 'LONG_TEXT', blocknote: 'LONG_TEXT' },
  ACTOR: { source: 'TEXT', workspaceMemberId: 'UUID', name: 'TEXT', context: 'RAW_JSON' },
};

/** Written by Twenty itself. */
const OF_TWENTY = new Set(['id', 'createdAt', 'updatedAt', 'deletedAt', 'createdBy', 'updatedBy']);

/** Of a unique value in parts, the part that is. */
const UNIQUE_PARTS: Readonly<Record<string, string>> = {
  EMAILS: 'primaryEmail',
  LINKS: 'primaryLinkUrl',
  PHONES: 'primaryPhoneNumber',
};

/** Unique in every workspace, where its description is silent about it. */
const UNIQUE = new Set(['person emails', 'company domainName']);

function fieldsFor(field: api.WireField, one: string): VendorField[] {
  const { name, label, type, options } = field;
  // Nobody is ever shown this one.
  if (type === 'TS_VECTOR') return [];
  const readOnly = OF_TWENTY.has(name) && { readOnly: true };
  const isUnique = field.isUnique ?? UNIQUE.has(`${one} ${name}`);
  const title = label ? { title: label } : {};
  const parts = PARTS[type];
  if (parts) {
    return Object.entries(parts).map(([part, partType]) => ({
      path: `${name}.${part}`,
      ...(label && { title: `${label}: ${part}` }),
      type: partType,
      ...readOnly,
      ...(isUnique && UNIQUE_PARTS[type] === part && { unique: true }),
    }));
  }
  if (RELATIONS.has(type)) {
    const column = columnOf(field);
    return column === undefined ? [] : [{ path: column, ...title, type: 'reference' }];
  }
  return [
    {
      path: name,
      ...title,
      type,
      ...readOnly,
      ...(isUnique && { unique: true }),
      ...(options?.length && { options: options.map(({ value }) => value) }),
    },
  ];
}

const RELATIONS = new Set(['RELATION', 'MORPH_RELATION']);

/** Where the id is that a relation leads to; none where it is the others that lead here. */
function columnOf({ name, settings }: api.WireField): string | undefined {
  const { relationType, joinColumnName } = settings ?? {};
  if (joinColumnName) return joinColumnName;
  // Where nothing is told, what leads here is called by all of them: `noteTargets`, `people`.
  const isOne = relationType ? relationType === 'MANY_TO_ONE' : !/(s|people)$/i.test(name);
  return isOne ? `${name}Id` : undefined;
}

function targetsOf(
  { nameSingular }: api.WireObject,
  all: readonly api.WireObject[],
): Targets | undefined {
  const rows = all.find((each) => each.nameSingular === `${nameSingular}Target`);
  if (rows === undefined || rows.isActive === false) return undefined;
  const kinds = new Map<string, TargetKind>();
  let own: string | undefined;
  for (const field of rows.fields) {
    // Told as a relation, or as the column that it has.
    const isColumn = field.type === 'UUID' && /.Id$/.test(field.name);
    if (!isColumn && !RELATIONS.has(field.type)) continue;
    const column = isColumn ? field.name : columnOf(field);
    if (column === undefined) continue;
    const bare = column.replace(/Id$/, '');
    const named = /^target[A-Z]/.test(bare) ? bare.slice('target'.length) : bare;
    const one = `${named[0]!.toLowerCase()}${named.slice(1)}`;
    const kind = all.find((each) => each.nameSingular === one);
    if (kind === undefined) continue;
    if (one === nameSingular) own = column;
    // While a workspace moves from the old names to the new ones, it has both.
    else if (!kinds.get(one)?.column.startsWith('target')) {
      kinds.set(one, { one, to: kind.namePlural, column });
    }
  }
  if (own === undefined) return undefined;
  const { namePlural, nameSingular: row } = rows;
  return { rows: namePlural, row, own, kinds: [...kinds.values()] };
}
