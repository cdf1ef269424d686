/** The calls about properties and their groups: reading the schema, and changing it. */
import { z } from 'zod';
import { iso } from '../crm/item.ts';
import type { FieldOptions, FieldType } from '../crm/model.ts';
import {
  batchAnswer,
  batchOf,
  flagIn,
  objectIn,
  placeOf,
  shaped,
  type Ask,
  type Plan,
} from './asking.ts';
import type { ObjectType } from './objects.ts';
import {
  described,
  isProperty,
  nativeType,
  ownOf,
  systemFields,
  type NativeType,
  type Own,
} from './properties.ts';
import type { Place } from './records.ts';
import { invalid, notFound, refusal, type Complaint } from './refused.ts';
import { isRefusal } from './writing.ts';

const UNIQUE_MAX = 10;

export function listProperties(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  const isArchived = flagIn(ask.query, 'archived');
  return reading(place, () => {
    const results = isArchived ? archivedIn(place) : shownIn(place);
    return { results };
  });
}

export function getProperty(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  const isArchived = flagIn(ask.query, 'archived');
  return reading(place, () => {
    const name = ask.params['name']!;
    if (!isArchived) return described(place.object.name, known(place, name));
    const archived = place.account.archivedProperties.get(keyOf(place, name));
    if (archived === undefined) throw notFound();
    return { ...described(place.object.name, archived), archived: true };
  });
}

export function batchRead(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  const { inputs } = shaped(batchOf(z.object({ name: z.string() }), 100), ask.body);
  return {
    action: 'fields',
    object: place.object,
    carryOut: () => {
      const { found, complaints } = each(inputs, ({ name }) =>
        described(place.object.name, known(place, name)),
      );
      return batchAnswer(ask, 200, found, complaints);
    },
  };
}

const optionShape = z.object({
  label: z.string(),
  value: z.string().min(1),
  hidden: z.boolean().optional(),
  description: z.string().nullish(),
  displayOrder: z.number().optional(),
});
const changeShape = z.object({
  label: z.string().optional(),
  type: z
    .enum(['string', 'number', 'date', 'datetime', 'bool', 'enumeration', 'phone_number'])
    .optional(),
  fieldType: z
    .enum([
      'text',
      'textarea',
      'html',
      'number',
      'date',
      'phonenumber',
      'file',
      'select',
      'radio',
      'checkbox',
      'booleancheckbox',
      'calculation_equation',
    ])
    .optional(),
  groupName: z.string().optional(),
  description: z.string().optional(),
  options: z.array(optionShape).optional(),
  displayOrder: z.number().optional(),
  hidden: z.boolean().optional(),
  formField: z.boolean().optional(),
});
const createShape = changeShape
  .required({
    label: true,
    type: true,
    fieldType: true,
    groupName: true,
  })
  .extend({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,99}$/, 'must be lower case letters, digits and underscores'),
    hasUniqueValue: z.boolean().optional(),
  });

type Change = z.output<typeof changeShape>;
type Creation = z.output<typeof createShape>;

export function createProperty(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  const given = shaped(createShape, ask.body);
  return {
    action: 'define',
    object: place.object,
    carryOut: () => ({ status: 201, body: createOne(place, given) }),
  };
}

export function batchCreate(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  const { inputs } = shaped(batchOf(createShape, 100), ask.body);
  return {
    action: 'define',
    object: place.object,
    items: inputs.length,
    carryOut() {
      const { found, complaints } = each(inputs, (given) => createOne(place, given));
      return batchAnswer(ask, /^v\d$/.test(ask.version) ? 201 : 200, found, complaints);
    },
  };
}

/** Another type turns the values that are there into it, as far as they can be. */
export function changeProperty(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  const given = shaped(changeShape, ask.body);
  return {
    action: 'define',
    object: place.object,
    carryOut() {
      const field = known(place, ask.params['name']!);
      if (ownOf(field).hubspotDefined === true) {
        throw invalid(`The property ${field.path} is defined by HubSpot and cannot be changed.`);
      }
      const fieldType = given.fieldType ?? (ownOf(field).fieldType as Change['fieldType']);
      const native = given.type ?? nativeType(field);
      const type = ofType(native, fieldType ?? '');
      const options = given.options?.map(({ value }) => value) ?? field.options;
      const own = ownWith(place, { ...given, type: native, fieldType }, ownOf(field));
      const { schema } = place.collection;
      schema.change(field.path, { own: { ...own }, ...(options ? { options } : {}) });
      if (type !== field.type) {
        place.collection.retype(field.path, options ? { type, options } : { type });
      }
      return { status: 200, body: described(place.object.name, schema.field(field.path)!) };
    },
  };
}

export function archiveProperty(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  return {
    action: 'define',
    object: place.object,
    carryOut() {
      archiveOne(place, ask.params['name']!);
      return { status: 204 };
    },
  };
}

export function batchArchive(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  const { inputs } = shaped(batchOf(z.object({ name: z.string() }), 100), ask.body);
  return {
    action: 'define',
    object: place.object,
    items: inputs.length,
    carryOut() {
      for (const { name } of inputs) {
        if (place.collection.schema.field(name) !== undefined) archiveOne(place, name);
      }
      return { status: 204 };
    },
  };
}

/** What an admin wants of values: of all properties that have such a rule, or of one. */
export function listRules(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  return reading(place, () => {
    const results = [...place.collection.schema.fields]
      .map((field) => ({
        propertyName: field.path,
        propertyValidationRules: rulesOf(place, field),
      }))
      .filter(({ propertyValidationRules: rules }) => rules.length > 0);
    return { results };
  });
}

export function getRules(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  return reading(place, () => ({ results: rulesOf(place, known(place, ask.params['name']!)) }));
}

const groupShape = z.object({
  name: z.string().min(1),
  label: z.string().min(1),
  displayOrder: z.number().optional(),
});

export function listGroups(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  return reading(place, () => ({
    results: [...groupsOf(place).values()].map((group) => ({ ...group, archived: false })),
  }));
}

export function getGroup(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  return reading(place, () => {
    const group = groupsOf(place).get(ask.params['name']!);
    if (group === undefined) throw notFound();
    return { ...group, archived: false };
  });
}

export function createGroup(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  const { name, label, displayOrder = -1 } = shaped(groupShape, ask.body);
  return {
    action: 'define',
    object: place.object,
    carryOut() {
      if (groupsOf(place).has(name))
        throw refusal(409, 'CONFLICT', `The group ${name} already exists.`);
      groupsOf(place).set(name, { name, label, displayOrder });
      return { status: 201, body: { name, label, displayOrder, archived: false } };
    },
  };
}

export function changeGroup(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  const given = shaped(groupShape.omit({ name: true }).partial(), ask.body);
  return {
    action: 'define',
    object: place.object,
    carryOut() {
      const group = groupsOf(place).get(ask.params['name']!);
      if (group === undefined) throw notFound();
      const { label = group.label, displayOrder = group.displayOrder } = given;
      groupsOf(place).set(group.name, { name: group.name, label, displayOrder });
      return { status: 200, body: { name: group.name, label, displayOrder, archived: false } };
    },
  };
}

export function archiveGroup(ask: Ask): Plan {
  const place = placeOf(ask, objectIn(ask));
  return {
    action: 'define',
    object: place.object,
    carryOut() {
      const name = ask.params['name']!;
      const isUsed = [...place.collection.schema.fields].some(
        (field) => ownOf(field).groupName === name,
      );
      if (isUsed) throw invalid(`The group ${name} still has properties.`);
      if (!groupsOf(place).delete(name)) throw notFound();
      return { status: 204 };
    },
  };
}

function rulesOf({ account }: Place, { type }: FieldOptions): readonly object[] {
  if (type !== 'phone' || !account.settings.phoneValidation) return [];
  const ruleType = 'PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE';
  return [{ ruleType, ruleArguments: [], shouldApplyNormalization: true }];
}

function createOne(place: Place, given: Creation): object {
  const { account, collection, object } = place;
  const { name, type, fieldType, hasUniqueValue, options } = given;
  const isTaken = collection.schema.field(name) ?? systemField(place, name);
  if (isTaken) throw refusal(409, 'CONFLICT', `Property ${name} already exists`);
  if (type === 'enumeration' && options === undefined)
    throw invalid(`Property ${name} needs options`);
  const unique = [...collection.schema.uniqueFields].filter((field) => field.type !== 'email');
  if (hasUniqueValue === true && unique.length >= UNIQUE_MAX) {
    throw invalid(`There can be ${UNIQUE_MAX} properties with unique values at most.`);
  }
  const field: FieldOptions = {
    path: name,
    type: ofType(type, fieldType),
    ...(options === undefined || type !== 'enumeration'
      ? {}
      : { options: options.map(({ value }) => value) }),
    ...(hasUniqueValue === true ? { unique: true } : {}),
    ...(fieldType === 'calculation_equation' ? { readOnly: true } : {}),
    own: { ...ownWith(place, given, { createdAt: iso(account.nowMs) }) },
  };
  collection.schema.add(field);
  collection.reindex();
  account.archivedProperties.delete(keyOf(place, name));
  return described(object.name, field);
}

function archiveOne(place: Place, name: string): void {
  const field = known(place, name);
  if (ownOf(field).hubspotDefined === true) {
    throw invalid(`The property ${name} is defined by HubSpot and cannot be archived.`);
  }
  place.collection.schema.remove(name);
  place.collection.reindex();
  place.account.archivedProperties.set(keyOf(place, name), field);
}

function ownWith(place: Place, given: Change, before: Own): Own {
  const { groupName, options = [], label, description, displayOrder, hidden, formField } = given;
  if (groupName !== undefined && !groupsOf(place).has(groupName)) {
    throw invalid(`Property group ${groupName} does not exist`);
  }
  const labels = Object.fromEntries(options.map((option) => [option.value, option.label]));
  const hiddenOptions = options.filter((one) => one.hidden === true).map(({ value }) => value);
  const values = {
    label,
    description,
    displayOrder,
    hidden,
    formField,
    groupName,
    native: given.type,
    fieldType: given.fieldType,
    ...(given.options === undefined ? {} : { labels, hiddenOptions }),
    updatedAt: iso(place.account.nowMs),
    calculated: given.fieldType === 'calculation_equation' ? true : undefined,
  };
  const set = Object.entries(values).filter(([, value]) => value !== undefined);
  return { ...before, ...(Object.fromEntries(set) as Own) };
}

function ofType(native: NativeType, fieldType: string): FieldType {
  switch (native) {
    case 'number':
      return 'number';
    case 'date':
      return 'date';
    case 'bool':
      return 'boolean';
    case 'enumeration':
      return fieldType === 'checkbox'
        ? 'set'
        : fieldType === 'booleancheckbox'
          ? 'boolean'
          : 'enum';
    case 'phone_number':
      return 'phone';
    case 'datetime':
      return 'text';
    case 'string':
      return fieldType === 'phonenumber' ? 'phone' : 'text';
  }
}

function shownIn({ collection, object }: Place): readonly object[] {
  const fields = [...collection.schema.fields].filter(isProperty);
  return [...systemFields(object.name), ...fields]
    .toSorted((one, other) => (one.path < other.path ? -1 : 1))
    .map((field) => described(object.name, field));
}

function archivedIn(place: Place): readonly object[] {
  return [...place.account.archivedProperties]
    .filter(([key]) => key.startsWith(keyOf(place, '')))
    .map(([, field]) => ({ ...described(place.object.name, field), archived: true }));
}

function known(place: Place, name: string): FieldOptions {
  const field = place.collection.schema.field(name) ?? systemField(place, name);
  if (field !== undefined && isProperty(field)) return field;
  throw notFound(`Property ${name} does not exist`);
}

function systemField({ object }: Place, name: string): FieldOptions | undefined {
  return systemFields(object.name).find(({ path }) => path === name);
}

function groupsOf({ account, object }: Place) {
  return account.groups.get(object.name)!;
}

function keyOf({ object }: Place, name: string): string {
  return `${object.name} ${name}`;
}

function reading({ object }: { object: ObjectType }, answer: () => object): Plan {
  return { action: 'fields', object, carryOut: () => ({ status: 200, body: answer() }) };
}

/** Each of them alone. */
function each<Input>(
  inputs: readonly Input[],
  work: (input: Input) => object,
): { found: object[]; complaints: Complaint[] } {
  const [found, complaints]: [object[], Complaint[]] = [[], []];
  for (const input of inputs) {
    try {
      found.push(work(input));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      complaints.push(error.body as Complaint);
    }
  }
  return { found, complaints };
}
