/**
 * What items look like, in the words of JSON Schema, worked out from the fields of the account as they
 * are now. What the document shows and what payloads are checked against is this one description.
 */
import type { Collection } from '../crm/collection.ts';
import type { FieldOptions } from '../crm/model.ts';
import type { Account } from './account.ts';
import { rulesOf } from './fields.ts';
import type { Settings } from './options.ts';
import { idMember, singular } from './words.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** By the names under which the document has them. */
export function schemasOf(account: Account): Record<string, Schema> {
  const collections = [...account.collections.values()];
  return Object.assign({}, ...collections.map((its) => ofCollection(its, account.settings)));
}

/** The names of the schemas that say what is read, created and changed. */
export function schemaNames(
  collection: string,
  { schemas }: Settings,
): { read: string; input: string; changes: string } {
  const name = singular(collection);
  const input = schemas === 'shared' ? name : `${name}Input`;
  return { read: name, input, changes: `${name}Changes` };
}

export function ref(name: string, kind = 'schemas'): Schema {
  return { $ref: `#/components/${kind}/${name}` };
}

/** Also null. Both versions of OpenAPI want it among the options, too. */
export function orNull(schema: Schema, { openapi }: Pick<Settings, 'openapi'>): Schema {
  const options = Array.isArray(schema['enum']) ? { enum: [...schema['enum'], null] } : {};
  if (openapi === '3.0') return { ...schema, ...options, nullable: true };
  return { ...schema, ...options, type: [schema['type'], 'null'] };
}

export function idSchema({ ids }: Pick<Settings, 'ids'>): Schema {
  if (ids === 'integer') return { type: 'integer', minimum: 1 };
  return { type: 'string', format: 'uuid' };
}

/** Of a field, as it is read or written, without the null that it may be. */
export function valueSchema(field: FieldOptions, settings: Settings): Schema {
  const { type, options, maxLength } = field;
  const { required, integer, minimum, maximum, pattern } = rulesOf(field);
  switch (type) {
    case 'text':
    case 'phone':
    case 'email':
      return {
        type: 'string',
        ...(type === 'email' ? { format: 'email' } : {}),
        ...(required === true ? { minLength: 1 } : {}),
        ...(maxLength === undefined ? {} : { maxLength }),
        ...(pattern === undefined ? {} : { pattern }),
      };
    case 'number':
      return {
        type: integer === true ? 'integer' : 'number',
        ...(minimum === undefined ? {} : { minimum }),
        ...(maximum === undefined ? {} : { maximum }),
      };
    case 'boolean':
      return { type: 'boolean' };
    case 'date':
      return { type: 'string', format: 'date' };
    case 'enum':
      return { type: 'string', enum: [...(options ?? [])] };
    case 'set': {
      const items = { type: 'string', ...(options === undefined ? {} : { enum: [...options] }) };
      return { type: 'array', items, uniqueItems: true };
    }
    case 'object':
      return { type: 'object' };
    case 'list':
      return { type: 'array', items: { type: 'object' } };
    case 'reference':
      return field.to === undefined ? { type: 'string' } : idSchema(settings);
    case 'references': {
      const items = field.to === undefined ? { type: 'string' } : idSchema(settings);
      return { type: 'array', items, uniqueItems: true };
    }
  }
}

/** Whose values are ids of another collection. A field that became something else has them no more. */
export function isReference({ type, to }: Pick<FieldOptions, 'type' | 'to'>): boolean {
  return to !== undefined && (type === 'reference' || type === 'references');
}

/** Lists are empty where other values are null. */
export function isList({ type }: Pick<FieldOptions, 'type'>): boolean {
  return type === 'set' || type === 'references' || type === 'list';
}

function ofCollection({ name, schema }: Collection, settings: Settings): Record<string, Schema> {
  const { read, input, changes } = schemaNames(name, settings);
  const all = [...schema.fields];
  const writable = all.filter(({ readOnly }) => readOnly !== true);
  const within: Record<string, Schema> = {};
  const members = (fields: readonly FieldOptions[]): Schema =>
    membersOf(fields, settings, (head, object) => {
      if (settings.schemas === 'shared') return object;
      within[`${read}${head.charAt(0).toUpperCase()}${head.slice(1)}`] = object;
      return ref(`${read}${head.charAt(0).toUpperCase()}${head.slice(1)}`);
    });
  const closed = settings.unknown === 'refuse' ? { additionalProperties: false } : {};
  const required = writable.filter((field) => rulesOf(field).required === true);
  const needs = required.length === 0 ? {} : { required: required.map(({ path }) => path) };
  const { first, last } = stampsOf(name, settings);
  if (settings.schemas === 'shared') {
    const properties = { ...first, ...members(all), ...last };
    return {
      [read]: { type: 'object', ...needs, properties, ...closed },
      [changes]: { type: 'object', properties, ...closed },
    };
  }
  const shown = members(all);
  const written = members(writable);
  return {
    [`${read}Stamps`]: {
      type: 'object',
      required: [...Object.keys(first), ...Object.keys(last)],
      properties: { ...first, ...last },
    },
    ...within,
    [read]: {
      allOf: [
        ref(`${read}Stamps`),
        { type: 'object', required: Object.keys(shown), properties: shown },
      ],
    },
    [input]: { type: 'object', ...needs, properties: written, ...closed },
    [changes]: { type: 'object', properties: written, ...closed },
  };
}

/** What an app says of an item beside its fields. */
function stampsOf(
  name: string,
  settings: Settings,
): {
  first: Record<string, Schema>;
  last: Record<string, Schema>;
} {
  const { words, version, deletion } = settings;
  const time: Schema = { type: 'string', format: 'date-time', readOnly: true };
  const last: Record<string, Schema> = { [words.createdAt]: time };
  if (version !== 'none') last[words.changedAt] = time;
  if (version === 'counter') last[words.version] = { type: 'integer', readOnly: true };
  if (deletion === 'time') last[words.deleted] = orNull(time, settings);
  if (deletion === 'boolean') last[words.deleted] = { type: 'boolean', readOnly: true };
  return { first: { [idMember(name, settings)]: { ...idSchema(settings), readOnly: true } }, last };
}

/** Fields with dots in their paths become members of objects within. */
function membersOf(
  fields: readonly FieldOptions[],
  settings: Settings,
  within: (head: string, object: Schema) => Schema,
): Record<string, Schema> {
  const members: Record<string, Schema> = {};
  const heads = new Set<string>();
  for (const field of fields) {
    const [head = '', ...rest] = field.path.split('.');
    if (rest.length === 0) members[head] = memberOf(field, settings);
    else if (!heads.has(head)) {
      heads.add(head);
      const inner = fields
        .filter(({ path }) => path.startsWith(`${head}.`))
        .map((one) => ({ ...one, path: one.path.slice(head.length + 1) }));
      const properties = membersOf(inner, settings, (_head, object) => object);
      const closed = settings.unknown === 'refuse' ? { additionalProperties: false } : {};
      members[head] = within(head, { type: 'object', properties, ...closed });
    }
  }
  return members;
}

function memberOf(field: FieldOptions, settings: Settings): Schema {
  const schema = valueSchema(field, settings);
  const isNeeded = rulesOf(field).required === true || isList(field);
  return {
    ...(isNeeded ? schema : orNull(schema, settings)),
    ...(field.readOnly === true ? { readOnly: true } : {}),
    ...(field.unique === true ? { 'x-unique': true } : {}),
  };
}
