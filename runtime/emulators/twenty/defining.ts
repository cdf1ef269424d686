/** Changes of the metadata: objects and fields are made, changed and taken away. Nothing of it is idempotent. */
import { z } from 'zod';
import { iso, latest } from '../crm/item.ts';
import type { Collection } from '../crm/collection.ts';
import type { FieldOptions } from '../crm/model.ts';
import { Refused } from '../crm/refused.ts';
import type { Account } from './account.ts';
import { capital } from './asking.ts';
import {
  describedField,
  describedObject,
  fieldId,
  fieldWithId,
  type Described,
} from './describing.ts';
import { fieldOf, ownOf, relationOf, TYPE_OF, type NativeType, type Option } from './fields.ts';
import { uniqueText } from './habits.ts';
import { randomId, uuidOf } from './ids.ts';
import { assertFree, assertName } from './naming.ts';
import type { ObjectMetadata } from './objects.ts';
import { badRequest, notFound } from './refused.ts';
import { storedValue } from './values.ts';

const optionShape = z.object({
  id: z.string().optional(),
  value: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, 'Value must be in UPPER_CASE and follow snake_case'),
  label: z.string().min(1),
  position: z.number(),
  color: z.string().default('green'),
});

const fieldShape = z.object({
  type: z.enum(Object.keys(TYPE_OF) as [NativeType, ...NativeType[]]),
  name: z.unknown().optional(),
  label: z.string().min(1),
  objectMetadataId: z.string(),
  description: z.string().nullish(),
  icon: z.string().nullish(),
  isActive: z.boolean().nullish(),
  isNullable: z.boolean().nullish(),
  isUnique: z.boolean().nullish(),
  defaultValue: z.unknown().optional(),
  options: z.array(optionShape).nullish(),
  settings: z.record(z.string(), z.unknown()).nullish(),
  relationCreationPayload: z
    .object({
      type: z.enum(['MANY_TO_ONE', 'ONE_TO_MANY']),
      targetObjectMetadataId: z.string(),
      targetFieldLabel: z.string(),
      targetFieldIcon: z.string().nullish(),
    })
    .nullish(),
});

const changeShape = fieldShape.omit({ type: true, objectMetadataId: true }).partial();

const objectShape = z.object({
  nameSingular: z.unknown().optional(),
  namePlural: z.unknown().optional(),
  labelSingular: z.string().min(1),
  labelPlural: z.string().min(1),
  description: z.string().nullish(),
  icon: z.string().nullish(),
});

const objectChangeShape = objectShape
  .pick({ labelSingular: true, labelPlural: true, description: true, icon: true })
  .extend({ isActive: z.boolean() })
  .partial();

export function createField(account: Account, given: unknown): Described {
  const input = shaped(fieldShape, given);
  const { type, name, label, options, isUnique, relationCreationPayload: relation } = input;
  const object = objectWithId(account, input.objectMetadataId);
  const { schema } = account.collections.get(object.namePlural)!;
  assertName(name);
  assertFree(name, schema.fields);
  const at = iso(account.nowMs);
  const own = { id: randomId(account.ids), isCustom: true, createdAt: at, updatedAt: at };
  if (type === 'RELATION' || type === 'MORPH_RELATION') {
    if (relation?.type !== 'MANY_TO_ONE' || type !== 'RELATION') {
      throw badRequest('Relation creation payload is invalid');
    }
    const target = objectWithId(account, relation.targetObjectMetadataId);
    const inverse = camelCase(relation.targetFieldLabel);
    assertName(inverse);
    assertFree(inverse, account.collections.get(target.namePlural)!.schema.fields);
    const words = {
      to: target.namePlural,
      label,
      inverse,
      inverseLabel: relation.targetFieldLabel,
    };
    return added(account, object, relationOf(name, { ...words, isMorph: false }, own));
  }
  if (type === 'TS_VECTOR' || type === 'POSITION' || type === 'ACTOR') {
    throw badRequest(`Unsupported field type ${type}`);
  }
  const isChosen = type === 'SELECT' || type === 'MULTI_SELECT';
  if (isChosen && (options ?? []).length === 0) {
    throw badRequest('Options are required for enum fields');
  }
  assertDistinct(options ?? []);
  const field = fieldOf(name, type, label, {
    ...own,
    description: input.description ?? null,
    icon: input.icon ?? null,
    isActive: input.isActive !== false,
    isNullable: input.isNullable !== false,
    settings: input.settings ?? null,
    ...(type === 'RATING' ? { options: RATINGS } : {}),
    ...(isChosen ? { options: withIds(account, options!) } : {}),
    ...(input.defaultValue === undefined || input.defaultValue === null
      ? {}
      : { defaultValue: input.defaultValue }),
  });
  assertDefault(field);
  return added(account, object, isUnique === true ? { ...field, unique: true } : field);
}

export function changeField(account: Account, id: string, given: unknown): Described {
  const { object, collection, field } = knownField(account, id);
  const input = shaped(changeShape, given);
  const { name, label, options, isUnique, defaultValue } = input;
  const own = ownOf(field);
  const isRenamed = name !== undefined && name !== null && name !== field.path;
  if (own.isSystem === true) throw badRequest("System fields can't be updated");
  if (isRenamed) {
    if (own.isCustom !== true || field.to !== undefined) {
      throw badRequest('Cannot update the name of this field');
    }
    assertName(name);
    assertFree(name, collection.schema.fields);
  }
  assertDistinct(options ?? []);
  const set = Object.entries({
    label,
    description: input.description,
    icon: input.icon,
    isActive: input.isActive,
    isNullable: input.isNullable,
    settings: input.settings,
    defaultValue,
    options: options ? withIds(account, options) : undefined,
  }).filter(([, value]) => value !== undefined);
  const changed: FieldOptions = {
    ...field,
    ...(isRenamed ? { path: name } : {}),
    ...(options ? { options: options.map(({ value }) => value) } : {}),
    own: {
      ...own,
      ...Object.fromEntries(set),
      id: fieldId(object, field),
      updatedAt: iso(account.nowMs),
    },
  };
  assertDefault(changed);
  if (isUnique === true && field.unique !== true) assertNoDuplicates(collection, field);
  const unique = isUnique ?? field.unique === true;
  collection.schema.change(field.path, { ...changed, unique });
  collection.reindex();
  return describedField(account, object, collection.schema.field(changed.path)!);
}

/** Only what was made here can be taken away, and its values go with it. */
export function removeField(account: Account, id: string): Described {
  const { object, collection, field } = knownField(account, id);
  if (ownOf(field).isCustom !== true) throw badRequest("Standard fields can't be deleted");
  const described = describedField(account, object, field);
  collection.schema.remove(field.path);
  collection.reindex();
  return described;
}

export function createObject(account: Account, given: unknown): Described {
  const input = shaped(objectShape, given);
  const { nameSingular, namePlural, labelSingular, labelPlural } = input;
  assertName(nameSingular);
  assertName(namePlural);
  if (nameSingular === namePlural) {
    throw badRequest('The singular and plural names cannot be the same for an object');
  }
  for (const other of account.objects.values()) {
    const taken = [other.nameSingular, other.namePlural];
    if (taken.includes(nameSingular) || taken.includes(namePlural)) {
      throw badRequest(`Object already exists: "${other.nameSingular}"`);
    }
  }
  const at = iso(account.nowMs);
  const object: ObjectMetadata = {
    id: randomId(account.ids),
    nameSingular,
    namePlural,
    labelSingular,
    labelPlural,
    description: input.description ?? null,
    icon: input.icon ?? null,
    isCustom: true,
    isSystem: false,
    isActive: true,
    createdAt: at,
    updatedAt: at,
  };
  account.addObject(object);
  return describedObject(account, object);
}

export function changeObject(account: Account, id: string, given: unknown): Described {
  const object = objectWithId(account, id);
  const input = shaped(objectChangeShape, given);
  const set = Object.entries(input).filter(([, value]) => value !== undefined);
  const changed = { ...object, ...Object.fromEntries(set), updatedAt: iso(account.nowMs) };
  account.objects.set(object.namePlural, changed);
  return describedObject(account, changed);
}

export function removeObject(account: Account, id: string): Described {
  const object = objectWithId(account, id);
  if (!object.isCustom) throw badRequest("Standard objects can't be deleted");
  const described = describedObject(account, object);
  account.removeObject(object);
  return described;
}

export function objectWithId(account: Account, id: string): ObjectMetadata {
  const uuid = uuidOf(id);
  const found = [...account.objects.values()].find((object) => object.id === uuid);
  if (found !== undefined) return found;
  throw notFound('Object does not exist');
}

export function knownField(account: Account, id: string) {
  const found = fieldWithId(account, uuidOf(id));
  if (found !== undefined) return found;
  throw notFound('Field does not exist');
}

/** What GraphQL calls a field of a request that is none. */
export function shaped<Output>(shape: z.ZodType<Output>, given: unknown): Output {
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badRequest(`${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`.trim());
}

function added(account: Account, object: ObjectMetadata, field: FieldOptions): Described {
  const { schema } = account.collections.get(object.namePlural)!;
  schema.add(field);
  return describedField(account, object, field);
}

/** What was deleted counts as well. */
function assertNoDuplicates(collection: Collection, { path }: FieldOptions): void {
  const field = collection.schema.field(path)!;
  const texts = new Set<string>();
  for (const entry of collection.entries) {
    const { life, values } = latest(entry);
    if (life !== 'live' && life !== 'archived') continue;
    const text = uniqueText(field, values[field.key] ?? null);
    if (text === undefined) continue;
    if (texts.has(text)) {
      throw badRequest(`A duplicate entry was detected. Field "${path}" cannot be unique.`);
    }
    texts.add(text);
  }
}

function assertDistinct(options: readonly { value: string; position: number }[]): void {
  if (new Set(options.map(({ value }) => value)).size < options.length) {
    throw badRequest('Duplicated option value');
  }
  if (new Set(options.map(({ position }) => position)).size < options.length) {
    throw badRequest('Duplicated option position');
  }
}

/** Texts stand in quotes of their own. */
function assertDefault(field: FieldOptions): void {
  const { native, defaultValue } = ownOf(field);
  if (defaultValue === undefined || defaultValue === null) return;
  const isQuoted = typeof defaultValue === 'string' && /^'.*'$/s.test(defaultValue);
  if (native !== 'TEXT' && native !== 'SELECT' && native !== 'RATING') return;
  if (!isQuoted) throw badRequest(`Default value ${JSON.stringify(defaultValue)} must be quoted`);
  try {
    storedValue(field, defaultValue.slice(1, -1), null);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw badRequest(`Invalid default value ${defaultValue}`);
  }
}

function withIds(account: Account, options: readonly z.output<typeof optionShape>[]): Option[] {
  return options.map(({ id, ...option }) => ({ id: id ?? randomId(account.ids), ...option }));
}

function camelCase(label: string): string {
  const [first = '', ...more] = label.split(/[^a-zA-Z0-9]+/).filter((word) => word !== '');
  return `${first.toLowerCase()}${more.map((word) => capital(word.toLowerCase())).join('')}`;
}

const RATINGS: readonly Option[] = [1, 2, 3, 4, 5].map((rating) => ({
  value: `RATING_${rating}`,
  label: String(rating),
  position: rating - 1,
  color: 'yellow',
}));
