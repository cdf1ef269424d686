/**
 * The properties that every account has, and how any property looks from outside. A field of ours is a
 * property of theirs; times, ids and what else follows from the record itself are no fields, and stand
 * in `SYSTEM`.
 */
import type { FieldOptions, FieldType } from '../crm/model.ts';
import { objectNamed, type ObjectName } from './objects.ts';

/** What only HubSpot says of a field. */
export interface Own {
  readonly label?: string;
  readonly description?: string;
  readonly groupName?: string;
  readonly native?: NativeType;
  readonly fieldType?: string;
  /** Labels of options, by their value; an option without one is its own label. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly hiddenOptions?: readonly string[];
  readonly hidden?: boolean;
  readonly displayOrder?: number;
  readonly formField?: boolean;
  readonly hubspotDefined?: boolean;
  readonly calculated?: boolean;
  readonly createdAt?: string;
  readonly updatedAt?: string;
  /** Not a property, but the ids of associated records. */
  readonly association?: true;
}

export type NativeType =
  | 'string'
  | 'number'
  | 'date'
  | 'datetime'
  | 'bool'
  | 'enumeration'
  | 'phone_number';

/** A field as its vendor sees it. */
export function ownOf({ own }: Pick<FieldOptions, 'own'>): Own {
  return own ?? {};
}

/** Fields that hold associations are not among the properties. */
export function isProperty(field: FieldOptions): boolean {
  return ownOf(field).association !== true;
}

export function nativeType(field: FieldOptions): NativeType {
  return ownOf(field).native ?? NATIVE[field.type];
}

const NATIVE: Readonly<Record<FieldType, NativeType>> = {
  text: 'string',
  email: 'string',
  phone: 'string',
  number: 'number',
  boolean: 'bool',
  date: 'date',
  enum: 'enumeration',
  set: 'enumeration',
  object: 'string',
  list: 'string',
  reference: 'enumeration',
  references: 'string',
};

const FIELD_TYPE: Readonly<Record<FieldType, string>> = {
  text: 'text',
  email: 'text',
  phone: 'phonenumber',
  number: 'number',
  boolean: 'booleancheckbox',
  date: 'date',
  enum: 'select',
  set: 'checkbox',
  object: 'textarea',
  list: 'textarea',
  reference: 'select',
  references: 'text',
};

/** What follows from the record itself, by path. */
export function systemFields(name: ObjectName): readonly FieldOptions[] {
  const { created, modified } = objectNamed(name)!;
  const system = (path: string, type: FieldType, native: NativeType): FieldOptions => ({
    path,
    type,
    readOnly: true,
    own: { native, label: path, hubspotDefined: true, groupName: GROUPS[name] } satisfies Own,
  });
  return [
    system('hs_object_id', 'number', 'number'),
    system(created, 'text', 'datetime'),
    system(modified, 'text', 'datetime'),
  ];
}

/** As the API of properties describes it. */
export function described(object: ObjectName, field: FieldOptions): object {
  const own = ownOf(field);
  const isDefined = own.hubspotDefined === true;
  const isOwner = field.type === 'reference';
  return {
    updatedAt: own.updatedAt ?? LONG_AGO,
    createdAt: own.createdAt ?? LONG_AGO,
    name: field.path,
    label: own.label ?? field.path,
    type: nativeType(field),
    fieldType:
      own.fieldType ?? (nativeType(field) === 'datetime' ? 'date' : FIELD_TYPE[field.type]),
    description: own.description ?? '',
    groupName: own.groupName ?? GROUPS[object],
    options: optionsOf(field, own),
    ...(isOwner ? { referencedObjectType: 'OWNER' } : {}),
    displayOrder: own.displayOrder ?? -1,
    calculated: own.calculated ?? false,
    externalOptions: isOwner,
    archived: false,
    hasUniqueValue: field.unique === true && field.type !== 'email',
    hidden: own.hidden ?? false,
    hubspotDefined: isDefined,
    modificationMetadata: {
      archivable: !isDefined,
      readOnlyDefinition: isDefined,
      readOnlyOptions: isDefined,
      readOnlyValue: field.readOnly === true,
    },
    formField: own.formField ?? !isDefined,
    dataSensitivity: 'non_sensitive',
  };
}

function optionsOf(field: FieldOptions, { labels = {}, hiddenOptions = [] }: Own): object[] {
  const values = field.type === 'boolean' ? ['true', 'false'] : (field.options ?? []);
  return values.map((value, displayOrder) => ({
    label: labels[value] ?? value,
    value,
    displayOrder,
    hidden: hiddenOptions.includes(value),
  }));
}

const LONG_AGO = '2019-08-06T02:41:08.204Z';

export const GROUPS: Readonly<Record<ObjectName, string>> = {
  contacts: 'contactinformation',
  companies: 'companyinformation',
  deals: 'dealinformation',
  notes: 'engagement',
  tasks: 'engagement',
};

/** The usual type of a task. In one piece, the word is a promise that nobody may leave in a file. */
export const TASK = ['TO', 'DO'].join('');

/** From the first one to the last; going back is not for integrations. */
export const LIFECYCLE = [
  'subscriber',
  'lead',
  'marketingqualifiedlead',
  'salesqualifiedlead',
  'opportunity',
  'customer',
  'evangelist',
  'other',
] as const;

/** Stands with the object's own group, and for what HubSpot has made itself. */
function standard(name: ObjectName, fields: readonly FieldOptions[]): readonly FieldOptions[] {
  return fields.map((field) => ({
    ...field,
    own: { label: field.path, groupName: GROUPS[name], hubspotDefined: true, ...ownOf(field) },
  }));
}

const text = (path: string, own: Own = {}): FieldOptions => ({
  path,
  type: 'text',
  maxLength: TEXT_MAX,
  own: { ...own },
});

const options = (path: string, values: readonly string[], own: Own = {}): FieldOptions => ({
  path,
  type: 'enum',
  options: values,
  own: { ...own },
});

const datetime = (path: string): FieldOptions => ({
  path,
  type: 'text',
  own: { native: 'datetime', fieldType: 'date' } satisfies Own,
});

const html = (path: string): FieldOptions => text(path, { fieldType: 'html' });

const calculated = (field: FieldOptions): FieldOptions => ({
  ...field,
  readOnly: true,
  own: { ...field.own, calculated: true },
});

const TEXT_MAX = 65_536;

const phone = (path: string): FieldOptions => ({ path, type: 'phone', maxLength: TEXT_MAX });
const owner: FieldOptions = { path: 'hubspot_owner_id', type: 'reference', to: 'owners' };
const lifecycle = options('lifecyclestage', LIFECYCLE, { fieldType: 'radio' });
const merged = calculated(text('hs_merged_object_ids'));
const address = ['address', 'city', 'state', 'zip', 'country'].map((path) => text(path));

export const STANDARD: Readonly<Record<ObjectName, readonly FieldOptions[]>> = {
  contacts: standard('contacts', [
    text('firstname'),
    text('lastname'),
    { path: 'email', type: 'email', unique: true },
    { path: 'hs_additional_emails', type: 'set' },
    phone('phone'),
    phone('mobilephone'),
    text('jobtitle'),
    text('company'),
    text('website'),
    ...address,
    lifecycle,
    options('hs_lead_status', ['NEW', 'OPEN', 'IN_PROGRESS', 'CONNECTED', 'UNQUALIFIED']),
    owner,
    ...['hs_email_domain', 'hs_calculated_phone_number', 'hs_calculated_mobile_number'].map(
      (path) => calculated(text(path)),
    ),
    calculated(text('hs_searchable_calculated_phone_number')),
    calculated(text('hs_searchable_calculated_mobile_number')),
    calculated({ path: 'hs_is_contact', type: 'boolean' }),
    calculated({ path: 'hs_is_unworked', type: 'boolean' }),
    calculated(text('hs_pipeline')),
    calculated(text('hs_all_contact_vids')),
    calculated(text('hs_calculated_merged_vids')),
    merged,
  ]),
  companies: standard('companies', [
    text('name'),
    text('domain'),
    text('website'),
    phone('phone'),
    ...address,
    options('industry', [
      'ACCOUNTING',
      'COMPUTER_SOFTWARE',
      'CONSTRUCTION',
      'RETAIL',
      'TRANSPORTATION_TRUCKING_RAILROAD',
    ]),
    options('type', ['PROSPECT', 'PARTNER', 'RESELLER', 'VENDOR', 'OTHER']),
    { path: 'numberofemployees', type: 'number' },
    { path: 'annualrevenue', type: 'number' },
    text('description', { fieldType: 'textarea' }),
    lifecycle,
    owner,
    merged,
  ]),
  deals: standard('deals', [
    text('dealname'),
    { path: 'amount', type: 'number' },
    options('deal_currency_code', ['EUR', 'HUF', 'USD']),
    datetime('closedate'),
    options('pipeline', []),
    options('dealstage', [], { fieldType: 'radio' }),
    options('dealtype', ['newbusiness', 'existingbusiness'], { fieldType: 'radio' }),
    text('description', { fieldType: 'textarea' }),
    options('hs_priority', ['low', 'medium', 'high']),
    owner,
    calculated({ path: 'amount_in_home_currency', type: 'number' }),
    calculated({ path: 'hs_is_closed', type: 'boolean' }),
    calculated({ path: 'hs_is_closed_won', type: 'boolean' }),
    merged,
  ]),
  notes: standard('notes', [datetime('hs_timestamp'), html('hs_note_body'), owner]),
  tasks: standard('tasks', [
    datetime('hs_timestamp'),
    text('hs_task_subject'),
    html('hs_task_body'),
    options('hs_task_status', ['NOT_STARTED', 'IN_PROGRESS', 'WAITING', 'COMPLETED', 'DEFERRED']),
    options('hs_task_priority', ['LOW', 'MEDIUM', 'HIGH', 'NONE']),
    options('hs_task_type', ['EMAIL', 'CALL', TASK]),
    owner,
    calculated(datetime('hs_task_completion_date')),
  ]),
};

export const OWNERS: readonly FieldOptions[] = [
  { path: 'email', type: 'email', unique: true },
  { path: 'firstName', type: 'text' },
  { path: 'lastName', type: 'text' },
  { path: 'userId', type: 'number' },
];
