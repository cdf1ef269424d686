/**
 * Items by their ids, by a value, by their changes, and in whole lists.
 *
 * Promises: what is told of an item comes from a read by its id, which is as new as can be, also where
 * it was found by a list or a search that lags behind; so an item in a list is never older than the list.
 *
 * Traps: an address with many names of properties is refused, so properties are asked for in a batch. A
 * search leads to 10,000 items and no further, and its pages move when items change; so the changes go on
 * from the time of the last one, and by id among those of the same instant. What was merged still answers
 * under its old id, and a batch leaves it out without a word. What was archived shows in a list of its own
 * only, which is in no order.
 */
import { partsOf } from '../batches.ts';
import {
  VendorError,
  type Item,
  type ItemPage,
  type PageRequest,
  type Read,
} from '../connector.ts';
import * as api from './api.ts';
import { deedOf } from './complaints.ts';
import { ASSOCIATIONS, readReferences, type Context } from './references.ts';

export interface Reader extends Context {
  /** The names of all properties. */
  readonly names: readonly string[];
  /** The property with the marker, where there is one. */
  readonly marker: string | undefined;
  /** Whether the changes go through what was archived as well. */
  readonly tellsDeletes: boolean;
}

/** So many at once, whatever is asked about them. */
export const BATCH_MAX = 100;
/** What is missing is looked at one by one, so more would not fit into ten seconds' calls. */
export const READ_MAX = 50;

export async function list(reader: Reader, request: PageRequest): Promise<ItemPage> {
  const { results, next } = await pageOf(reader, request, false);
  const items = await itemsFor(reader, idsOf(results), request.signal);
  return { items, gone: [], ...(next === undefined ? {} : { next }) };
}

async function pageOf(
  { rest, paths, type }: Reader,
  { after, limit, signal }: PageRequest,
  archived: boolean,
): Promise<{ readonly results: readonly api.WireObject[]; readonly next?: string }> {
  const { results, paging } = await rest.send({
    method: 'GET',
    path: paths.objects(type.name),
    // Only ever what a page before told as `next`.
    query: { limit, after: after as string | undefined, properties: ID, archived: `${archived}` },
    answer: api.page,
    flawIn: (page) => (page.paging?.next?.after === after && after ? IN_CIRCLES : undefined),
    signal,
  });
  return { results, ...(paging?.next ? { next: paging.next.after } : {}) };
}

const ID = 'hs_object_id';
/** What an answer lacks that has the right form and is wrong all the same. */
const IN_CIRCLES = 'the next page is the one before';

function idsOf(objects: readonly api.WireObject[]): readonly string[] {
  return objects.map(({ id }) => id);
}

// ---------------------------------------------------------------------------------------------
// By id

/** In the order of the ids, without those that are not there any more. */
async function itemsFor(
  reader: Reader,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Item[]> {
  const objects = new Map(
    (await batchOf(reader, { ids, names: reader.names, signal })).map((each) => [each.id, each]),
  );
  const present = ids.flatMap((id) => objects.get(id) ?? []);
  return itemsOf(reader, present, signal);
}

async function itemsOf(
  reader: Reader,
  objects: readonly api.WireObject[],
  signal: AbortSignal | undefined,
): Promise<readonly Item[]> {
  const references = await readReferences(reader, idsOf(objects), signal);
  return objects.map((object) => itemOf(reader, object, references.get(object.id) ?? {}));
}

function itemOf(
  { marker, type }: Reader,
  { id, properties, createdAt, updatedAt }: api.WireObject,
  references: Readonly<Record<string, unknown>>,
): Item {
  const mark = marker === undefined ? undefined : properties[marker];
  const merged = properties[MERGED];
  return {
    id,
    raw: { ...properties, ...(type.references.length > 0 && { [ASSOCIATIONS]: references }) },
    ...(createdAt !== undefined && { createdAt }),
    ...(updatedAt !== undefined && { version: updatedAt, changedAt: updatedAt }),
    // One that was never set is null, one that was cleared is empty.
    ...(mark && { marker: mark }),
    ...(merged && { mergedFrom: merged.split(';') }),
  };
}

interface BatchRequest {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly archived?: boolean;
  /** What the ids are values of, when they are no ids. */
  readonly idProperty?: string;
  readonly signal: AbortSignal | undefined;
}

/** In any order, without what is missing, and perhaps with what others were merged into. */
async function batchOf(
  { rest, paths, type }: Context,
  { ids, names, archived = false, idProperty, signal }: BatchRequest,
): Promise<readonly api.WireObject[]> {
  if (ids.length === 0) return [];
  const { results } = await rest.send({
    method: 'POST',
    path: paths.objects(type.name, 'batch', 'read'),
    query: { archived: `${archived}` },
    body: {
      inputs: ids.map((id) => ({ id })),
      properties: names,
      propertiesWithHistory: [],
      ...(idProperty !== undefined && { idProperty }),
    },
    answer: api.batch,
    // Of what is missing the errors say that it is; of anything else they may say something worse.
    flawIn: ({ errors }) => errors?.find(({ category }) => category !== NOT_FOUND)?.category,
    writes: false,
    signal,
  });
  return results;
}

const NOT_FOUND = 'OBJECT_NOT_FOUND';

export async function read(
  reader: Reader,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Read[]> {
  const found = await lookUp(reader, { ids, names: reader.names, signal });
  const present = [...found.values()].flatMap((each) =>
    each.kind === 'present' ? [each.object] : [],
  );
  const items = new Map((await itemsOf(reader, present, signal)).map((item) => [item.id, item]));
  return ids.map((id): Read => {
    const each = found.get(id)!;
    if (each.kind === 'present') return { kind: 'present', item: items.get(id)! };
    if (each.kind === 'merged') return each;
    return { kind: 'missing', archived: each.kind === 'archived' };
  });
}

export type Found =
  | { readonly kind: 'present'; readonly object: api.WireObject }
  | { readonly kind: 'merged'; readonly into: string }
  | { readonly kind: 'archived' }
  | { readonly kind: 'missing' };

/** What became of each; those that a batch does not tell of are looked at in the archive, then alone. */
export async function lookUp(
  context: Context,
  { ids, names, signal }: Pick<BatchRequest, 'ids' | 'names' | 'signal'>,
): Promise<ReadonlyMap<string, Found>> {
  const found = new Map<string, Found>();
  const unknown = (): string[] => [...new Set(ids)].filter((id) => !found.has(id));
  for (const object of await batchOf(context, { ids, names: [...names, MERGED], signal })) {
    const merged = object.properties[MERGED]?.split(';') ?? [];
    for (const id of merged) {
      if (id !== object.id && ids.includes(id)) found.set(id, { kind: 'merged', into: object.id });
    }
    if (ids.includes(object.id)) found.set(object.id, { kind: 'present', object });
  }
  const archived = { ids: unknown(), names: [ID], archived: true, signal };
  for (const { id } of await batchOf(context, archived)) {
    if (ids.includes(id)) found.set(id, { kind: 'archived' });
  }
  for (const id of unknown()) found.set(id, await lookAt(context, id, signal));
  return found;
}

/** Ids of what was merged into an item, with semicolons between them. */
const MERGED = 'hs_merged_object_ids';

async function lookAt(
  context: Context,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const { rest, paths, type } = context;
  const answer = await rest.send<api.WireObject | api.WireRefusal>({
    method: 'GET',
    path: paths.objects(type.name, id),
    query: { properties: ID },
    answer: api.one,
    answers: { 404: api.refusal },
    signal,
  });
  if ('refused' in answer) return { kind: 'missing' };
  if (answer.id !== id) return { kind: 'merged', into: answer.id };
  // It has just come back, or one of its replicas is behind.
  throw new VendorError('transient', {
    what: `hubspot could not ${deedOf({ ...context, deed: `decide whether there is item ${id}` })}.`,
    next: 'It is tried again later; nothing needs to be done.',
  });
}

// ---------------------------------------------------------------------------------------------
// By a value

export interface Wanted {
  readonly path: string;
  readonly values: readonly string[];
  /** HubSpot's type of the property. */
  readonly type: string;
  /** No two items can have the same value, so that an item can be read by it. */
  readonly isUnique: boolean;
}

export async function find(
  reader: Reader,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<readonly Item[]> {
  const { path, type, isUnique } = wanted;
  // All but the options of a choice are compared in small letters, and only lists have to be given so.
  const spelled = (value: string): string => (type === 'enumeration' ? value : value.toLowerCase());
  // A marker, say, is read as it was written.
  const values = [...new Set(path === EMAIL ? wanted.values.map(spelled) : wanted.values)];
  const objects = isUnique
    ? await batchOf(reader, { ids: values, names: reader.names, idProperty: path, signal })
    : await searched(reader, path, [...new Set(values.map(spelled))], signal);
  // An additional e-mail address leads to a contact as well, and a search may tell what was long ago.
  const names = new Set(values.map(spelled));
  const fitting = objects.filter(({ properties }) => names.has(spelled(properties[path] ?? '')));
  const once = new Map(fitting.map((object) => [object.id, object]));
  return itemsOf(reader, [...once.values()], signal);
}

const EMAIL = 'email';

async function searched(
  reader: Reader,
  path: string,
  values: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly api.WireObject[]> {
  const ids: string[] = [];
  for (const part of partsOf(values, VALUES_LENGTH_MAX, lengthOf)) {
    const filters = [{ propertyName: path, operator: 'IN', values: part } as const];
    for (let after: string | undefined = '0'; after !== undefined;) {
      const body = { ...searchFor(filters, ID, SEARCH_MAX), after };
      const page: api.WirePage = await search(reader, body, signal);
      ids.push(...idsOf(page.results));
      after = page.paging?.next?.after;
    }
  }
  const objects: api.WireObject[] = [];
  for (const part of partsOf(ids, BATCH_MAX)) {
    objects.push(...(await batchOf(reader, { ids: part, names: reader.names, signal })));
  }
  return objects;
}

/** More in the body of a search is refused; what is around the values takes up the rest. */
const VALUES_LENGTH_MAX = 2_500;

/** With the comma behind it. */
function lengthOf(value: string): number {
  return JSON.stringify(value).length + 1;
}

const SEARCH_MAX = 200;

interface Filter {
  readonly propertyName: string;
  readonly operator: 'IN' | 'EQ' | 'GT' | 'GTE';
  readonly value?: string;
  readonly values?: readonly string[];
}

function searchFor(filters: readonly Filter[], sortedBy: string, limit: number): object {
  return {
    filterGroups: [{ filters }],
    sorts: [{ propertyName: sortedBy, direction: 'ASCENDING' }],
    properties: [sortedBy],
    limit,
    after: '0',
  };
}

function search(
  { rest, paths, type }: Context,
  body: object,
  signal: AbortSignal | undefined,
): Promise<api.WirePage> {
  const path = paths.objects(type.name, 'search');
  return rest.send({ method: 'POST', path, body, answer: api.page, writes: false, signal });
}

// ---------------------------------------------------------------------------------------------
// Changes

export type ChangesRequest = PageRequest & { readonly since: number };

/**
 * Where the changes go on: from an instant, among those of an instant after an id, or in the archive.
 * Each page is a search of its own, so that an item that changes meanwhile moves no other one.
 */
type Cursor =
  | { readonly from: number }
  | { readonly at: number; readonly id: string }
  | { readonly after: number }
  | { readonly archive: string };

export async function changes(reader: Reader, request: ChangesRequest): Promise<ItemPage> {
  const { since, limit, signal } = request;
  // Only ever what a page before told as `next`.
  const cursor = (request.after ?? { from: since }) as Cursor;
  if ('archive' in cursor) return goneSince(reader, cursor.archive, request);
  const { changedAt } = reader.type;
  const body =
    'at' in cursor
      ? searchFor([on(changedAt, 'EQ', cursor.at), on(ID, 'GT', cursor.id)], ID, limit)
      : searchFor([fromOf(cursor, changedAt)], changedAt, limit);
  const { results, paging } = await search(reader, body, signal);
  const { told, next } = whereNext(cursor, results, { changedAt, hasMore: Boolean(paging?.next) });
  const items = await itemsFor(reader, idsOf(told), signal);
  if (next === undefined && reader.tellsDeletes) {
    return { ...(await goneSince(reader, undefined, request)), items };
  }
  return { items, gone: [], ...(next === undefined ? {} : { next }) };
}

function on(propertyName: string, operator: Filter['operator'], value: number | string): Filter {
  return { propertyName, operator, value: String(value) };
}

function fromOf(cursor: { from: number } | { after: number }, changedAt: string): Filter {
  return 'from' in cursor ? on(changedAt, 'GTE', cursor.from) : on(changedAt, 'GT', cursor.after);
}

interface Step {
  readonly told: readonly api.WireObject[];
  readonly next?: Cursor;
}

function whereNext(
  cursor: Exclude<Cursor, { archive: string }>,
  results: readonly api.WireObject[],
  { changedAt, hasMore }: { readonly changedAt: string; readonly hasMore: boolean },
): Step {
  const [final] = results.slice(-1);
  if ('at' in cursor) {
    if (hasMore && final) return { told: results, next: { at: cursor.at, id: final.id } };
    return { told: results, next: { after: cursor.at } };
  }
  if (!hasMore || !final) return { told: results };
  // Others of the last instant may follow, in no order that a search could go on in.
  const lastAt = timeOf(final, changedAt);
  const before = results.filter((object) => timeOf(object, changedAt) < lastAt);
  if (before.length === 0) return { told: [], next: { at: lastAt, id: '0' } };
  return { told: before, next: { from: lastAt } };
}

function timeOf({ properties, updatedAt = 0 }: api.WireObject, changedAt: string): number {
  const time = Date.parse(properties[changedAt] ?? '');
  return Number.isNaN(time) ? updatedAt : time;
}

async function goneSince(
  reader: Reader,
  archive: string | undefined,
  { since, limit, signal }: ChangesRequest,
): Promise<ItemPage> {
  const after = archive === undefined ? {} : { after: archive };
  const place = { limit, ...after, ...(signal && { signal }) };
  const { results, next } = await pageOf(reader, place, true);
  const gone = results.filter(({ archivedAt = since }) => archivedAt >= since);
  return {
    items: [],
    gone: idsOf(gone),
    ...(next === undefined ? {} : { next: { archive: next } }),
  };
}
