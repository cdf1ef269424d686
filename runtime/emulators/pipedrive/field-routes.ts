/**
 * The fields of persons, organizations, deals and activities: what there are, and those that a company
 * has added, with their options. Those of activities are only to read, and so are the standard ones.
 */
import type { Collection } from '../crm/collection.ts';
import type { Field } from '../crm/schema.ts';
import type { Company } from './company.ts';
import { CUSTOM_TYPES, customField, factsOf } from './fields.ts';
import type { Body } from './given.ts';
import { done, type Asked, type Route } from './host.ts';
import { countedPage } from './query.ts';
import { failing, failure, invalid, notFound } from './refused.ts';
import { RequestRefused } from '../desk.ts';
import { ADDRESS_PARTS } from './values.ts';

const OF_CONTACTS = {
  reads: ['contacts:read', 'contacts:full', 'admin', 'contact-fields:full'],
  writes: ['admin', 'contact-fields:full'],
};

const SCHEMAS = [
  { name: 'personFields', collection: 'persons', ...OF_CONTACTS },
  { name: 'organizationFields', collection: 'organizations', ...OF_CONTACTS },
  {
    name: 'dealFields',
    collection: 'deals',
    reads: ['deals:read', 'deals:full', 'admin', 'deal-fields:full'],
    writes: ['admin', 'deal-fields:full'],
  },
] as const;

export const FIELD_ROUTES: readonly Route[] = [
  ...readingOf('activityFields', 'activities', ['admin']),
  ...SCHEMAS.flatMap(({ name, collection, reads, writes }) => [
    ...readingOf(name, collection, reads),
    ...writingOf(name, collection, writes),
  ]),
];

function readingOf(name: string, collection: string, scopes: readonly string[]): readonly Route[] {
  const common = { method: 'GET', collection, scopes } as const;
  const call = { collection, action: 'fields', items: 1 } as const;
  return [
    {
      ...common,
      path: `v2/${name}`,
      cost: 10,
      understand: ({ host: { company }, query }) => {
        const its = company.collection(collection);
        const limit = query.limit();
        const carryOut = (): Response => {
          const { page, next } = countedPage([...its.schema.fields], query, limit);
          return Response.json({
            success: true,
            data: page.map((field) => described(company, its, field)),
            additional_data: { next_cursor: next },
          });
        };
        return { call, carryOut };
      },
    },
    {
      ...common,
      path: `v2/${name}/:code`,
      cost: 1,
      understand: ({ host: { company }, places: [code = ''] }) => {
        const its = company.collection(collection);
        const carryOut = (): Response => done(described(company, its, known(company, its, code)));
        return { call, carryOut };
      },
    },
  ];
}

function writingOf(name: string, collection: string, scopes: readonly string[]): readonly Route[] {
  const common = { collection, scopes, isForAdmins: true, hasBody: true } as const;
  const one = `v2/${name}/:code`;
  const options = `${one}/options`;
  const task =
    (work: (place: Place, body: unknown) => Response) =>
    ({ host, body, places: [code = ''] }: Asked) => {
      const place = { host, collection: host.company.collection(collection), code };
      return {
        call: { collection, action: 'define', items: 1 } as const,
        carryOut(isBusy: boolean): Response {
          if (isBusy) throw failing(503, 'The service is not available right now.');
          return work(place, body);
        },
      };
    };
  return [
    { ...common, method: 'POST', path: `v2/${name}`, cost: 5, understand: task(create) },
    { ...common, method: 'PATCH', path: one, cost: 5, understand: task(rename) },
    {
      collection,
      scopes,
      isForAdmins: true,
      method: 'DELETE',
      path: one,
      cost: 3,
      understand: task(remove),
    },
    { ...common, method: 'POST', path: options, cost: 5, understand: task(addOptions) },
    { ...common, method: 'PATCH', path: options, cost: 5, understand: task(renameOptions) },
    { ...common, method: 'DELETE', path: options, cost: 3, understand: task(removeOptions) },
  ];
}

interface Place {
  readonly host: Asked['host'];
  readonly collection: Collection;
  readonly code: string;
}

/** What the interface of the vendor does with a field is taken, and has no meaning here. */
const LOOKS = ['ui_visibility', 'important_fields', 'required_fields', 'description'];

function create({ host, collection }: Place, body: unknown): Response {
  const { company, world } = host;
  const { field_name: name, field_type: type, options, ...looks } = body as Body;
  assertLooks(looks);
  assertName(name);
  if (typeof type !== 'string' || !Object.hasOwn(CUSTOM_TYPES, type)) {
    const types = Object.keys(CUSTOM_TYPES).join(', ');
    throw invalid(`'field_type' must be one of ${types}`, 'field_type');
  }
  const hasOptions = type === 'enum' || type === 'set';
  if (!hasOptions && options !== undefined) throw invalid("'options' is not allowed", 'options');
  const labels = hasOptions ? labelsIn(options) : undefined;
  if (labels?.length === 0) throw invalid("'options' must not be empty", 'options');
  const code = Buffer.from(world.secretBytes(20)).toString('hex');
  collection.schema.add(customField(code, name, type, labels));
  return done(described(company, collection, known(company, collection, code)));
}

function rename({ host: { company }, collection, code }: Place, body: unknown): Response {
  const field = own(company, collection, code);
  const { field_name: name, ...looks } = body as Body;
  assertLooks(looks);
  if (Object.keys(body as Body).length === 0) throw invalid('at least one field is required');
  if (name !== undefined) {
    assertName(name);
    collection.schema.change(field.path, { own: { ...field.own, name } });
  }
  return done(described(company, collection, own(company, collection, code)));
}

function remove({ host: { company }, collection, code }: Place): Response {
  const field = own(company, collection, code);
  const before = described(company, collection, field);
  company.goneCodes.add(`${collection.name}/${code}`);
  collection.schema.remove(field.path);
  collection.reindex();
  return done(before);
}

function addOptions({ host: { company }, collection, code }: Place, body: unknown): Response {
  const field = optional(company, collection, code);
  const { path, options = [] } = field;
  const labels = labelsIn(body);
  const taken = labels.find((label) => options.includes(label));
  if (taken !== undefined || labels.length === 0) throw invalid("'label' must be new", 'label');
  collection.schema.change(path, { options: [...options, ...labels] });
  return optionsDone(company, collection, code, labels);
}

function renameOptions({ host: { company }, collection, code }: Place, body: unknown): Response {
  const before = optional(company, collection, code);
  const wanted = optionsIn(company, collection, before, body);
  const labels = labelsIn(body);
  for (const [index, label] of labels.entries()) {
    const { path, options = [] } = optional(company, collection, code);
    const from = wanted[index]!;
    if (from === label) continue;
    if (options.includes(label)) throw invalid("'label' must be new", 'label');
    company.renameOption(collection, path, from, label);
  }
  return optionsDone(company, collection, code, labels);
}

function removeOptions({ host: { company }, collection, code }: Place, body: unknown): Response {
  const { path, options = [], ...field } = optional(company, collection, code);
  const gone = optionsIn(company, collection, { path, options, ...field }, body);
  collection.schema.change(path, { options: options.filter((label) => !gone.includes(label)) });
  return optionsDone(company, collection, code, gone);
}

function optionsDone(
  company: Company,
  collection: Collection,
  code: string,
  labels: readonly string[],
): Response {
  const ids = company.optionIds(collection, own(company, collection, code));
  const data = labels.map((label) => ({ id: ids.get(label)!, label }));
  return Response.json({ success: true, data, additional_data: null });
}

function labelsIn(given: unknown): readonly string[] {
  if (!Array.isArray(given)) throw invalid("'options' must be an array", 'options');
  const labels = given.map((one: unknown) => (one as { label?: unknown } | null)?.label);
  const isRight = labels.every(
    (label) => typeof label === 'string' && label !== '' && label.length <= 255,
  );
  if (isRight && new Set(labels).size === labels.length) return labels as readonly string[];
  throw invalid("'label' must be a string, and another one for each option", 'label');
}

/** All of them, or the request is refused. */
function optionsIn(
  company: Company,
  collection: Collection,
  field: Field,
  given: unknown,
): readonly string[] {
  if (!Array.isArray(given) || given.length === 0) throw invalid('an array of options is required');
  const labels = new Map(
    [...company.optionIds(collection, field)].map(([label, id]) => [id, label] as const),
  );
  return given.map((one: unknown) => {
    const label = labels.get((one as { id?: number } | null)?.id ?? 0);
    if (label !== undefined && field.options?.includes(label)) return label;
    throw invalid("'id' must be of an option of this field", 'id');
  });
}

function assertName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name !== '' && name.length <= 255) return;
  throw invalid("'field_name' must be a string of 255 characters at most", 'field_name');
}

function assertLooks(looks: Body): void {
  const strange = Object.keys(looks).find((name) => !LOOKS.includes(name));
  if (strange !== undefined) throw invalid(`'${strange}' is not allowed`, strange);
}

function known(company: Company, collection: Collection, code: string): Field {
  const field = company.fieldWith(collection, code);
  if (field !== undefined) return field;
  if (!company.goneCodes.has(`${collection.name}/${code}`)) throw notFound();
  throw new RequestRefused(410, { ...failure('The field is not found') });
}

function own(company: Company, collection: Collection, code: string): Field {
  const field = known(company, collection, code);
  if (factsOf(field).isCustom) return field;
  throw invalid('only a custom field can be changed', code);
}

function optional(company: Company, collection: Collection, code: string): Field {
  const field = own(company, collection, code);
  if (['enum', 'set'].includes(factsOf(field).type)) return field;
  throw invalid('this field has no options', code);
}

const PARTS: Readonly<Record<string, readonly string[]>> = {
  address: ['value', ...ADDRESS_PARTS, 'formatted_address'],
  monetary: ['value', 'currency'],
  daterange: ['value', 'until'],
  time: ['value', 'timezone_id', 'timezone_name'],
  timerange: ['value', 'until', 'timezone_id', 'timezone_name'],
};

function described(company: Company, collection: Collection, field: Field): object {
  const { name, type, kind, isCustom, isOptional } = factsOf(field);
  const ids = company.optionIds(collection, field);
  const options =
    kind === 'option' || kind === 'options'
      ? (field.options ?? []).map((label) => ({ id: ids.get(label)!, label }))
      : kind === 'word'
        ? (field.options ?? []).map((label) => ({ id: label, label }))
        : null;
  const subfields = PARTS[type]?.map((part) => ({
    field_code: part,
    field_name: `${part.replaceAll('_', ' ')} of ${name}`,
    field_type: part === 'value' && type === 'monetary' ? 'double' : 'varchar',
  }));
  return {
    field_name: name,
    field_code: company.codeOf(collection, field),
    field_type: type,
    options,
    subfields: subfields ?? null,
    is_custom_field: isCustom,
    is_optional_response_field: isOptional,
  };
}
