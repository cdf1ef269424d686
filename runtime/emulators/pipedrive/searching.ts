/**
 * Searches. They are answered from an index that is seconds old, and each field of it is another few
 * seconds old; so an item can be found by what it was, with half of what it is. What is found is not the
 * record, only a glimpse of it.
 */
import type { Collection } from '../crm/collection.ts';
import { stateAt } from '../crm/item.ts';
import type { Entry, Item } from '../crm/model.ts';
import type { Company } from './company.ts';
import { factsOf } from './fields.ts';
import type { Asked, PipedriveHost, Route, Task } from './host.ts';
import { countedPage, type Query } from './query.ts';
import { invalid } from './refused.ts';

const COST = 20;
const CONTACTS = ['contacts:read', 'contacts:full', 'search:read'];
const DEALS = ['deals:read', 'deals:full', 'search:read'];

type Kind = 'person' | 'organization' | 'deal';

const COLLECTIONS: Readonly<Record<Kind, string>> = {
  person: 'persons',
  organization: 'organizations',
  deal: 'deals',
};

/** Which fields of each kind can be searched. */
const FIELDS: Readonly<Record<Kind, readonly SearchField[]>> = {
  person: ['name', 'email', 'phone', 'notes', 'custom_fields'],
  organization: ['name', 'address', 'notes', 'custom_fields'],
  deal: ['title', 'notes', 'custom_fields'],
};

type SearchField = 'name' | 'title' | 'email' | 'phone' | 'address' | 'notes' | 'custom_fields';

const ALL_FIELDS: readonly SearchField[] = [
  'name',
  'title',
  'email',
  'phone',
  'address',
  'notes',
  'custom_fields',
];

/** Kinds of items that can be asked for; there are none of the others here. */
const ITEM_TYPES = [
  'deal',
  'person',
  'organization',
  'product',
  'lead',
  'file',
  'mail_attachment',
  'project',
] as const;

const SEARCHABLE_TYPES: ReadonlySet<string> = new Set([
  'address',
  'varchar',
  'text',
  'varchar_auto',
  'double',
  'monetary',
  'phone',
]);

export const SEARCH_ROUTES: readonly Route[] = [
  oneKind('person', CONTACTS),
  oneKind('organization', CONTACTS),
  oneKind('deal', DEALS),
  {
    method: 'GET',
    path: 'v2/itemSearch',
    cost: COST,
    isSearch: true,
    scopes: ['search:read'],
    understand: ({ host, query }) => {
      const types = query.choices('item_types', ITEM_TYPES) ?? ITEM_TYPES;
      const kinds = types.filter((type): type is Kind => Object.hasOwn(COLLECTIONS, type));
      return search(host, query, kinds, { fields: ALL_FIELDS, most: 100 });
    },
  },
  {
    method: 'GET',
    path: 'v2/itemSearch/field',
    cost: COST,
    isSearch: true,
    scopes: ['search:read'],
    understand: searchField,
  },
];

function oneKind(kind: Kind, scopes: readonly string[]): Route {
  return {
    method: 'GET',
    path: `v2/${COLLECTIONS[kind]}/search`,
    cost: COST,
    isSearch: true,
    collection: COLLECTIONS[kind],
    scopes,
    understand: ({ host, query }) =>
      search(host, query, [kind], { fields: FIELDS[kind], most: 500 }),
  };
}

interface Found {
  readonly score: number;
  readonly order: number;
  readonly item: object;
}

function search(
  host: PipedriveHost,
  query: Query,
  kinds: readonly Kind[],
  { fields: possible, most }: { fields: readonly SearchField[]; most: number },
): Task {
  const isExact = query.flag('exact_match') === true;
  const term = termOf(query, isExact ? 1 : 2);
  const fields = query.choices('fields', possible) ?? possible;
  const limit = query.limit(most);
  const links = linksOf(query, kinds);
  const wanted = term.toLowerCase();
  const isHit = (text: string): boolean =>
    isExact ? text.toLowerCase() === wanted : text.toLowerCase().includes(wanted);

  function carryOut(): Response {
    const found: Found[] = [];
    for (const kind of kinds) {
      const collection = host.company.collection(COLLECTIONS[kind]);
      if (host.company.account.forbidden.has(collection.name)) continue;
      const index = indexOf(host, collection);
      for (const entry of collection.entries) {
        const main = collection.hidden.has(entry.id) ? undefined : index.item(entry, 'main');
        if (main === undefined || links.some(([path, id]) => main.fields[path] !== id)) continue;
        const hits = new Map<SearchField, readonly string[]>();
        for (const field of fields) {
          if (!FIELDS[kind].includes(field)) continue;
          const texts = index.texts(entry, field).filter(isHit);
          if (texts.length > 0) hits.set(field, texts);
        }
        if (hits.size === 0) continue;
        found.push({
          score: scoreOf(hits, wanted),
          order: entry.order,
          item: glimpse(host.company, kind, entry, index, hits),
        });
      }
    }
    found.sort((one, other) => other.score - one.score || other.order - one.order);
    const { page, next } = countedPage(found, query, limit);
    const items = page.map(({ score, item }) => ({ result_score: score, item }));
    return Response.json({
      success: true,
      data: { items },
      additional_data: { next_cursor: next },
    });
  }

  const [only] = kinds;
  const collection = kinds.length === 1 ? { collection: COLLECTIONS[only!] } : {};
  return { call: { ...collection, action: 'find', items: 1 }, carryOut };
}

function termOf(query: Query, least: number): string {
  const term = query.text('term')?.trim() ?? '';
  if (term.length >= least) return term;
  throw invalid(`'term' must have ${least} characters at least`);
}

function linksOf(query: Query, kinds: readonly Kind[]): readonly (readonly [string, string])[] {
  const of: Readonly<Record<string, string>> = {
    organization_id: 'org_id',
    person_id: 'person_id',
  };
  if (kinds.length !== 1 || kinds[0] === 'organization') return [];
  const links = Object.entries(of).flatMap(([name, path]) => {
    const id = kinds[0] === 'person' && path === 'person_id' ? undefined : query.id(name);
    return id === undefined ? [] : [[path, id] as const];
  });
  const status = kinds[0] === 'deal' ? query.choices('status', ['open', 'won', 'lost']) : undefined;
  return status?.[0] === undefined ? links : [...links, ['status', status[0]]];
}

/** The name weighs most, and a whole value more than a part of one. */
function scoreOf(hits: ReadonlyMap<SearchField, readonly string[]>, wanted: string): number {
  const isNamed = hits.has('name') || hits.has('title');
  const isWhole = [...hits.values()].flat().some((text) => text.toLowerCase() === wanted);
  return (isNamed ? 0.5 : 0.25) + (isWhole ? 0.4 : 0);
}

interface Index {
  /** As far as this part of the index knows it; undefined for what is not there. */
  item(entry: Entry, part: Part): Item | undefined;
  texts(entry: Entry, field: SearchField): readonly string[];
}

type Part = 'main' | 'email' | 'phone' | 'custom_fields' | 'notes';

/** With another lag for each part, and for each request. */
function indexOf({ company, lag }: PipedriveHost, collection: Collection): Index {
  const { account, abilities } = company;
  const [atLeast, most] = abilities.searchLagMs;
  const seen = (): number => account.worldMs - atLeast - lag.below(most - atLeast + 1);
  const seenMs: Readonly<Record<Part, number>> = {
    main: seen(),
    email: seen(),
    phone: seen(),
    custom_fields: seen(),
    notes: seen(),
  };
  const searchable = company
    .customFields(collection)
    .filter((field) => SEARCHABLE_TYPES.has(factsOf(field).type));
  let notes: ReadonlyMap<string, readonly string[]> | undefined;

  function item(entry: Entry, part: Part): Item | undefined {
    const state = stateAt(entry, seenMs[part]);
    return state?.life === 'live' ? collection.item(entry.id, state) : undefined;
  }

  function texts(entry: Entry, field: SearchField): readonly string[] {
    if (field === 'notes') {
      notes ??= notesOf(company, collection, seenMs.notes);
      return notes.get(entry.id) ?? [];
    }
    if (field === 'custom_fields') {
      const fields = item(entry, 'custom_fields')?.fields ?? {};
      return searchable.flatMap(({ path }) => textsIn(fields[path]));
    }
    if (field === 'email') return textsIn(item(entry, 'email')?.fields['emails']);
    if (field === 'phone') return textsIn(item(entry, 'phone')?.fields['phones']);
    return textsIn(item(entry, 'main')?.fields[field]);
  }

  return { item, texts };
}

const REFERENCES: Readonly<Record<string, string>> = {
  persons: 'person_id',
  organizations: 'org_id',
  deals: 'deal_id',
};

function notesOf(
  company: Company,
  { name }: Collection,
  seenMs: number,
): ReadonlyMap<string, readonly string[]> {
  const its = company.collection('notes');
  const notes = new Map<string, string[]>();
  for (const entry of its.entries) {
    const state = stateAt(entry, seenMs);
    if (state?.life !== 'live') continue;
    const { fields } = its.item(entry.id, state);
    const id = fields[REFERENCES[name]!] as string | null | undefined;
    if (!id) continue;
    const text = (fields['content'] as string).replaceAll(/<[^>]*>/g, ' ').trim();
    notes.set(id, [...(notes.get(id) ?? []), text]);
  }
  return notes;
}

function textsIn(value: unknown): readonly string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((one: unknown) => textsIn(one));
  if (typeof value === 'object') return textsIn((value as { value?: unknown }).value);
  return [typeof value === 'string' ? value : JSON.stringify(value)];
}

function glimpse(
  company: Company,
  kind: Kind,
  entry: Entry,
  index: Index,
  hits: ReadonlyMap<SearchField, readonly string[]>,
): object {
  const { fields } = index.item(entry, 'main')!;
  const owner = fields['owner_id'] as string | null;
  const common = { id: Number(entry.id), type: kind };
  const more = {
    visible_to: fields['visible_to'],
    owner: owner === null ? null : { id: Number(owner) },
    custom_fields: hits.get('custom_fields') ?? [],
    notes: hits.get('notes') ?? [],
  };
  const organization = named(company, 'organizations', fields['org_id'], true);
  if (kind === 'person') {
    const [phones, emails] = [index.texts(entry, 'phone'), index.texts(entry, 'email')];
    return { ...common, name: fields['name'], phones, emails, organization, ...more };
  }
  if (kind === 'organization') {
    const [address = null] = textsIn(fields['address']);
    return { ...common, name: fields['name'], address, ...more };
  }
  const { title, value, currency, status, is_archived: isArchived } = fields;
  return {
    ...common,
    title,
    value,
    currency,
    status,
    stage: named(company, 'stages', fields['stage_id']),
    person: named(company, 'persons', fields['person_id']),
    organization,
    ...more,
    is_archived: isArchived,
  };
}

function named(company: Company, collection: string, id: unknown, hasAddress = false) {
  if (typeof id !== 'string') return null;
  const its = company.collection(collection);
  const state = company.present(its, id);
  if (state === undefined) return null;
  const { fields } = its.item(id, state);
  const [address = null] = textsIn(fields['address']);
  return { id: Number(id), name: fields['name'], ...(hasAddress ? { address } : {}) };
}

/** By one field, and the case counts. */
function searchField({ host, query }: Asked): Task {
  const { company } = host;
  const match = query.choice('match', ['exact', 'beginning', 'middle']);
  const term = termOf(query, match === 'exact' ? 1 : 2);
  const limit = query.limit();
  const type = query.text('entity_type');
  const kind = (Object.keys(COLLECTIONS) as Kind[]).find((one) => one === type);
  if (kind === undefined) throw invalid("'entity_type' must be person, organization or deal");
  const collection = company.collection(COLLECTIONS[kind]);
  const code = query.text('field') ?? '';
  const isCustom = company
    .customFields(collection)
    .some((field) => company.codeOf(collection, field) === code);
  const field = FIELDS[kind].find((one) => one === code);
  if (!isCustom && (field === undefined || field === 'custom_fields')) {
    throw invalid("'field' must be one that can be searched");
  }
  const isHit = (text: string): boolean =>
    match === 'exact'
      ? text === term
      : match === 'beginning'
        ? text.startsWith(term)
        : text.includes(term);

  function carryOut(): Response {
    const index = indexOf(host, collection);
    const custom = company.fieldWith(collection, code);
    const textsOf = (entry: Entry): readonly string[] => {
      if (!isCustom) return index.texts(entry, field!);
      const item = index.item(entry, 'custom_fields');
      return custom === undefined ? [] : textsIn(item?.fields[custom.path]);
    };
    const found = collection.entries.flatMap((entry) => {
      const item = collection.hidden.has(entry.id) ? undefined : index.item(entry, 'main');
      if (item === undefined || !textsOf(entry).some(isHit)) return [];
      return [{ id: Number(entry.id), name: item.fields[kind === 'deal' ? 'title' : 'name'] }];
    });
    const { page, next } = countedPage(found, query, limit);
    return Response.json({ success: true, data: page, additional_data: { next_cursor: next } });
  }

  return { call: { collection: collection.name, action: 'find', items: 1 }, carryOut };
}
