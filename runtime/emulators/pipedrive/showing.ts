/**
 * Items as the newer version of the API shows them: ids and options as numbers, times in whole seconds,
 * and what a company has added apart from the rest.
 */
import type { Collection } from '../crm/collection.ts';
import type { Item, Value } from '../crm/model.ts';
import type { Field } from '../crm/schema.ts';
import type { Company } from './company.ts';
import { factsOf, type Kind } from './fields.ts';
import { wholeSeconds } from './values.ts';

export type Shown = Readonly<Record<string, unknown>>;

/** The same object for the same item. */
export function shown(company: Company, collection: Collection, item: Item): Shown {
  const known = shownItems.get(item);
  if (known !== undefined) return known;
  const made = shownAnew(company, collection, item);
  shownItems.set(item, made);
  return made;
}

const shownItems = new WeakMap<Item, Shown>();

function shownAnew(company: Company, collection: Collection, item: Item): Shown {
  const standard: Record<string, unknown> = { id: Number(item.id) };
  const custom: Record<string, unknown> = {};
  for (const field of collection.schema.fields) {
    const { isCustom, isOptional } = factsOf(field);
    if (isOptional) continue;
    const value = shownValue(company, collection, field, item);
    if (isCustom) custom[company.codeOf(collection, field)] = value;
    else standard[field.path] = value;
  }
  const hasCreator = collection.name === 'deals' || collection.name === 'activities';
  return {
    ...standard,
    ...(hasCreator ? { creator_user_id: Number(company.userOf(item.createdBy.kind)) } : {}),
    add_time: addTimeOf(item),
    update_time: updateTimeOf(item),
    is_deleted: item.archived === true,
    ...(WITH_CUSTOM_FIELDS.has(collection.name) ? { custom_fields: custom } : {}),
  };
}

const WITH_CUSTOM_FIELDS: ReadonlySet<string> = new Set(['persons', 'organizations', 'deals']);

export function addTimeOf({ fields, createdAt }: Item): string {
  const given = fields['add_time'] as string | null | undefined;
  return given ?? wholeSeconds(Date.parse(createdAt));
}

export function updateTimeOf({ updatedAt }: Item): string {
  return wholeSeconds(Date.parse(updatedAt));
}

export function shownValue(
  company: Company,
  collection: Collection,
  field: Field,
  { fields }: Pick<Item, 'fields'>,
): unknown {
  const { kind, isCustom } = factsOf(field);
  const value = fields[field.path] ?? null;
  if (value === null) return isCustom ? null : (EMPTY[kind]?.(company) ?? null);
  if (kind === 'link') return Number(value);
  if (kind === 'option') return company.optionIds(collection, field).get(value as string) ?? null;
  if (kind === 'options') {
    const ids = company.optionIds(collection, field);
    return (value as readonly string[]).map((label) => ids.get(label) ?? null);
  }
  if (kind === 'participants') {
    const isPrimary = (id: string): boolean => id === fields['person_id'];
    const all = value as readonly string[];
    return all.map((id) => ({ person_id: Number(id), primary: isPrimary(id) }));
  }
  return value;
}

/** What is shown where there is nothing. */
const EMPTY: Partial<Readonly<Record<Kind, (company: Company) => unknown>>> = {
  options: () => [],
  participants: () => [],
  attendees: () => [],
  entries: ({ abilities }) =>
    abilities.clearedLists === 'blank' ? [{ value: '', primary: true, label: 'work' }] : [],
};

/** What an answer has more or less of, as the request asks for it. */
export interface Wishes {
  /** Codes; all of them when undefined. */
  readonly customFields?: readonly string[] | undefined;
  readonly optionLabels: boolean;
  readonly labels: boolean;
  readonly include: readonly string[];
}

export function shownAs(
  company: Company,
  collection: Collection,
  item: Item,
  { customFields, optionLabels, labels, include }: Wishes,
): Shown {
  let { custom_fields: custom, ...rest } = shown(company, collection, item);
  if (custom !== undefined) {
    const codes = customFields ?? Object.keys(custom as object);
    custom = Object.fromEntries(
      codes
        .filter((code) => Object.hasOwn(custom as object, code))
        .map((code) => {
          const value = (custom as Readonly<Record<string, unknown>>)[code];
          return [code, optionLabels ? labelled(company, collection, code, value) : value];
        }),
    );
  }
  if (labels && Array.isArray(rest['label_ids'])) {
    const { label_ids: ids } = rest;
    rest = { ...rest, label_ids: labelled(company, collection, 'label_ids', ids) };
  }
  const more = include.map((path) => [path, counted(company, collection, item, path)] as const);
  return {
    ...rest,
    ...Object.fromEntries(more),
    ...(custom === undefined ? {} : { custom_fields: custom }),
  };
}

function labelled(company: Company, collection: Collection, code: string, value: unknown): unknown {
  const field = company.fieldWith(collection, code)!;
  const { kind } = factsOf(field);
  if (value === null || (kind !== 'option' && kind !== 'options')) return value;
  const labels = new Map(
    [...company.optionIds(collection, field)].map(([label, id]) => [id, label]),
  );
  const both = (id: number): object => ({ id, label: labels.get(id) });
  return Array.isArray(value) ? value.map(both) : both(value as number);
}

/** What may be asked for beside the rest, by collection. */
export const INCLUDABLE: Readonly<Record<string, ReadonlySet<string>>> = {
  persons: new Set([...counters('activities', 'deals'), 'notes_count', 'marketing_status']),
  organizations: new Set([...counters('activities', 'deals'), 'notes_count', 'people_count']),
  deals: new Set([...counters('activities'), 'notes_count', 'source_lead_id']),
  activities: new Set(['attendees']),
};

function counters(...of: readonly ('activities' | 'deals')[]): readonly string[] {
  const states = {
    activities: ['', 'done_', 'undone_'],
    deals: ['open_', 'won_', 'lost_', 'closed_'],
  };
  return of.flatMap((what) => states[what].map((state) => `${state}${what}_count`));
}

const REFERENCE_TO: Readonly<Record<string, string>> = {
  persons: 'person_id',
  organizations: 'org_id',
  deals: 'deal_id',
};

function counted(company: Company, { name }: Collection, item: Item, path: string): unknown {
  const own = item.fields[path];
  if (own !== undefined) return own ?? (path === 'attendees' ? [] : null);
  const reference = REFERENCE_TO[name]!;
  const count = (of: string, isMeant: (one: Item) => boolean = () => true): number =>
    company.live(of).filter(({ item: one }) => one.fields[reference] === item.id && isMeant(one))
      .length;
  const is =
    (field: string, ...values: readonly Value[]) =>
    ({ fields }: Item) =>
      values.includes(fields[field] ?? null);
  if (path === 'notes_count') return count('notes');
  if (path === 'people_count') return count('persons');
  if (path === 'activities_count') return count('activities');
  if (path.endsWith('activities_count')) {
    return count('activities', is('done', path === 'done_activities_count'));
  }
  const [status] = path.split('_');
  return count('deals', status === 'closed' ? is('status', 'won', 'lost') : is('status', status!));
}
