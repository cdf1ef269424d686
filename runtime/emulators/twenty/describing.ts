/**
 * The metadata as it is told: objects with their fields, also those that are in no column of their own,
 * such as what leads to an object from others.
 */
import type { Collection } from '../crm/collection.ts';
import type { FieldOptions } from '../crm/model.ts';
import type { Account } from './account.ts';
import { fieldOf, nameOf, ownOf } from './fields.ts';
import { namedId } from './ids.ts';
import type { ObjectMetadata } from './objects.ts';
import { inverseOf, isHidden } from './showing.ts';

export type Described = Readonly<Record<string, unknown>> & { readonly id: string };

export function describedObject(account: Account, object: ObjectMetadata): Described {
  const fields = describedFields(account, object);
  const label = fields.find(({ name }) => name === 'name' || name === 'title');
  return {
    ...object,
    dataSourceId: account.workspaceId,
    isRemote: false,
    isUIReadOnly: false,
    isSearchable: !object.isSystem,
    isLabelSyncedWithName: false,
    shortcut: null,
    labelIdentifierFieldMetadataId: label?.id ?? null,
    imageIdentifierFieldMetadataId: null,
    fields,
  };
}

export function describedFields(
  account: Account,
  object: ObjectMetadata,
): readonly (Described & { readonly name: string })[] {
  const collection = account.collections.get(object.namePlural)!;
  const columns = [...SYSTEM, ...collection.schema.fields]
    .filter((field) => !isHidden(account, collection, field))
    .map((field) => describedField(account, object, field));
  const inverse = inverseOf(account, collection).map(({ owner, field, name }) => {
    const other = account.objects.get(owner.name)!;
    const { inverseLabel } = ownOf(field).relation!;
    const relation = relationText('ONE_TO_MANY', { from: object, name }, { to: other, field });
    return {
      ...base(object, { id: namedId(`inverse ${fieldId(other, field)}`), name }),
      type: 'RELATION',
      label: inverseLabel,
      settings: { relationType: 'ONE_TO_MANY' },
      ...relation,
    };
  });
  return [...columns, ...inverse];
}

export function describedField(
  account: Account,
  object: ObjectMetadata,
  field: FieldOptions,
): Described & { readonly name: string } {
  const own = ownOf(field);
  const target = field.to === undefined ? undefined : account.objects.get(field.to);
  const settings =
    target === undefined
      ? (own.settings ?? null)
      : { relationType: 'MANY_TO_ONE', joinColumnName: field.path, onDelete: 'SET_NULL' };
  return {
    ...base(object, { id: fieldId(object, field), name: nameOf(field) }),
    type: own.native,
    label: own.label,
    description: own.description ?? null,
    icon: own.icon ?? null,
    isCustom: own.isCustom === true,
    isSystem: own.isSystem === true,
    isActive: own.isActive !== false,
    isNullable: own.isNullable !== false,
    isUnique: field.unique === true && own.uniqueWith === undefined,
    defaultValue: own.defaultValue ?? null,
    options:
      own.options?.map((option) => ({ id: namedId(`option ${option.value}`), ...option })) ?? null,
    settings,
    ...(own.createdAt === undefined ? {} : { createdAt: own.createdAt }),
    ...(own.updatedAt === undefined ? {} : { updatedAt: own.updatedAt }),
    ...(target === undefined
      ? {}
      : relationText('MANY_TO_ONE', { from: object, name: nameOf(field) }, { to: target, field })),
  };
}

/** A standard one's follows from its name. */
export function fieldId({ nameSingular }: ObjectMetadata, field: FieldOptions): string {
  return ownOf(field).id ?? namedId(`field ${nameSingular} ${nameOf(field)}`);
}

export function fieldWithId(
  { objects, collections }: Account,
  id: string,
): { object: ObjectMetadata; collection: Collection; field: FieldOptions } | undefined {
  for (const object of objects.values()) {
    const collection = collections.get(object.namePlural)!;
    for (const field of [...SYSTEM, ...collection.schema.fields]) {
      if (fieldId(object, field) === id) return { object, collection, field };
    }
  }
  return undefined;
}

/** What every object has, and what no request may write. */
const SYSTEM: readonly FieldOptions[] = [
  fieldOf('id', 'UUID', 'Id', {
    isSystem: true,
    isNullable: false,
    defaultValue: 'uuid',
    unique: true,
  }),
  fieldOf('createdAt', 'DATE_TIME', 'Creation date', { isNullable: false, defaultValue: 'now' }),
  fieldOf('updatedAt', 'DATE_TIME', 'Last update', { isNullable: false, defaultValue: 'now' }),
  fieldOf('deletedAt', 'DATE_TIME', 'Deleted at'),
  fieldOf('searchVector', 'TS_VECTOR', 'Search vector', { isSystem: true }),
];

function base(
  object: ObjectMetadata,
  { id, name }: { id: string; name: string },
): Described & { readonly name: string } {
  return {
    id,
    type: 'TEXT',
    name,
    label: name,
    description: null,
    icon: null,
    isCustom: false,
    isSystem: false,
    isActive: true,
    isNullable: true,
    isUnique: false,
    defaultValue: null,
    options: null,
    settings: null,
    isLabelSyncedWithName: false,
    objectMetadataId: object.id,
    createdAt: object.createdAt,
    updatedAt: object.updatedAt,
  };
}

function relationText(
  type: 'MANY_TO_ONE' | 'ONE_TO_MANY',
  { from, name }: { from: ObjectMetadata; name: string },
  { to, field }: { to: ObjectMetadata; field: FieldOptions },
): object {
  const { inverse } = ownOf(field).relation!;
  const named = ({ id, nameSingular, namePlural }: ObjectMetadata): object => {
    return { id, nameSingular, namePlural };
  };
  const inverseId = namedId(`inverse ${fieldId(type === 'MANY_TO_ONE' ? from : to, field)}`);
  const columnId = fieldId(type === 'MANY_TO_ONE' ? from : to, field);
  const [own, other] = type === 'MANY_TO_ONE' ? [columnId, inverseId] : [inverseId, columnId];
  return {
    relation: {
      type,
      sourceObjectMetadata: named(from),
      targetObjectMetadata: named(to),
      sourceFieldMetadata: { id: own, name },
      targetFieldMetadata: { id: other, name: type === 'MANY_TO_ONE' ? inverse : nameOf(field) },
    },
  };
}
