/**
 * `/rest/people` and the like: reading records and writing them. What the address says beyond what is
 * read here is ignored without a word, as Twenty does; and where it should have said which records are
 * meant and does not, all of them are.
 */
import { capital, placeOf, type Answer, type Ask, type Plan } from './asking.ts';
import type { Condition, Place } from './conditions.ts';
import { duplicatesOf } from './duplicates.ts';
import { conditionOf } from './filter-text.ts';
import { uuidOf } from './ids.ts';
import type { ObjectMetadata } from './objects.ts';
import { orderOf, pageOf } from './paging.ts';
import { badRequest, broken, notFound } from './refused.ts';
import { rowsOf } from './rows.ts';
import { deepOf, flat, shownState, type Shown } from './showing.ts';
import { isObject } from './values.ts';
import {
  assertMay,
  createAll,
  destroyAll,
  idIn,
  mergeAll,
  removeAll,
  restoreAll,
  updateAll,
  type Input,
} from './writing.ts';

const PAGE = 60;
const PAGE_MAX = 200;
const MERGE_MAX = 9;

export function recordPlan(ask: Ask): Plan {
  const { place, object, rest } = whereOf(ask);
  const [first, second] = rest;
  const route = `${ask.method} ${first === undefined ? '' : first}${second === undefined ? '' : `/${second}`}`;
  const about: About = { ask, place, object };
  switch (route) {
    case 'GET ':
      return list(about);
    case 'POST ':
      return create(about);
    case 'PATCH ':
    case 'PUT ':
      return updateMany(about);
    case 'DELETE ':
      return remove(about, undefined);
    case 'POST duplicates':
      return duplicates(about);
    case 'PATCH merge':
      return merge(about);
    default:
      return ofOne(about, rest);
  }
}

interface About {
  readonly ask: Ask;
  readonly place: Place;
  readonly object: ObjectMetadata;
}

function ofOne(about: About, [first, second, ...more]: readonly string[]): Plan {
  const { ask, place } = about;
  const isAfter = place.account.settings.restoring === 'after';
  if (ask.method === 'PATCH' && first === 'restore') {
    const isWhere = isAfter || ask.path[0] === 'restore';
    if (isWhere && second === undefined) return restore(about, undefined);
    // One record alone has one segment too many for the older ones.
    throw badPath(ask);
  }
  const id = uuidOf(first ?? '');
  if (isAfter && ask.method === 'PATCH' && second === 'restore' && more.length === 0) {
    return restore(about, id);
  }
  if (second !== undefined) throw badPath(ask);
  if (ask.method === 'GET') return read(about, id);
  if (ask.method === 'PATCH' || ask.method === 'PUT') return updateOne(about, id);
  if (ask.method === 'DELETE') return remove(about, id);
  throw badPath(ask);
}

/** `batch` and the older `restore` stand before the name of the object. */
function whereOf(ask: Ask): {
  place: Place;
  object: ObjectMetadata;
  rest: readonly string[];
} {
  const { host, path, method } = ask;
  const [first = '', ...rest] = path;
  if (first === 'batch' && method === 'POST' && rest.length === 1) {
    const object = objectOf(ask, rest[0]!);
    return { place: placeOf(host, object), object, rest: [] };
  }
  const isBefore = host.account.settings.restoring === 'before' && method === 'PATCH';
  if (first === 'restore' && isBefore) {
    const [name = '', ...more] = rest;
    const object = objectOf(ask, name);
    return { place: placeOf(host, object), object, rest: ['restore', ...more] };
  }
  const object = objectOf(ask, first);
  return { place: placeOf(host, object), object, rest };
}

function objectOf({ host, path }: Ask, name: string): ObjectMetadata {
  const { account } = host;
  const object = account.objects.get(name);
  if (object?.isActive === true) return object;
  if (path.length > 0 && name === '') throw badRequest('No object provided. eg: companies');
  const meant = account.objectNamed(name);
  throw badRequest(
    meant === undefined
      ? `object '${name}' not found. eg: companies`
      : `object '${name}' not found. Did you mean '${meant.namePlural}'?`,
  );
}

function list({ ask, place, object }: About): Plan {
  assertMay(place, 'read');
  const { query } = ask;
  const limit = limitOf(query);
  const condition = filterOf(place, query);
  const order = orderOf(place, query.get('order_by') ?? '');
  const shape = shapeOf(ask, place);
  const [after, before] = [query.get('starting_after'), query.get('ending_before')];
  const page = { limit, after: after || undefined, before: before || undefined };
  return {
    action: condition === undefined ? 'list' : isAboutTime(condition) ? 'changes' : 'find',
    collection: object.namePlural,
    items: limit,
    carryOut() {
      const all = rowsOf(place, condition);
      const { rows, pageInfo } = pageOf(all, order, page);
      const data = { [object.namePlural]: rows.map(shape()) };
      return { status: 200, body: { data, pageInfo, totalCount: all.length } };
    },
  };
}

function read({ ask, place, object }: About, id: string): Plan {
  assertMay(place, 'read');
  const shape = shapeOf(ask, place);
  return {
    action: 'read',
    collection: object.namePlural,
    ids: [id],
    carryOut() {
      if (place.collection.hidden.has(id) || place.collection.live(id) === undefined) {
        throw notFound();
      }
      return answer(200, object.nameSingular, shape()(flatOf(place, id)));
    },
  };
}

function create({ ask, place, object }: About): Plan {
  const isBatch = ask.path[0] === 'batch';
  const inputs = inputsOf(ask, isBatch);
  const upsert = ask.query.get('upsert') === 'true';
  const shape = shapeOf(ask, place);
  return {
    action: 'create',
    collection: object.namePlural,
    items: inputs.length,
    carryOut(busy) {
      assertNotBusy(busy);
      const ids = createAll(place, inputs, { upsert });
      // What was looked up again comes as the database has it.
      const shown = (upsert ? ids.toSorted() : ids).map((id) => shape()(flatOf(place, id)));
      if (isBatch) return answer(201, `create${capital(object.namePlural)}`, shown);
      return answer(201, `create${capital(object.nameSingular)}`, shown[0]);
    },
  };
}

function updateOne({ ask, place, object }: About, id: string): Plan {
  const [input] = inputsOf(ask, false);
  const shape = shapeOf(ask, place);
  return {
    action: 'update',
    collection: object.namePlural,
    ids: [id],
    carryOut(busy) {
      assertNotBusy(busy);
      updateAll(place, [id], input!);
      return answer(200, `update${capital(object.nameSingular)}`, shape()(flatOf(place, id)));
    },
  };
}

function updateMany({ ask, place, object }: About): Plan {
  const [input] = inputsOf(ask, false);
  const ids = meantOf(place, ask);
  return {
    action: 'update',
    collection: object.namePlural,
    items: ids().length,
    carryOut(busy) {
      assertNotBusy(busy);
      const all = ids();
      updateAll(place, all, input!);
      const shown = all.map((id) => flatOf(place, id));
      return answer(200, `update${capital(object.namePlural)}`, shown);
    },
  };
}

/** For good, unless the request has the one word that makes it something else. */
function remove({ ask, place, object }: About, id: string | undefined): Plan {
  const { softDeleteParameter } = place.account.settings;
  const isSoft = ask.query.get(softDeleteParameter) === 'true';
  const ids = id === undefined ? meantOf(place, ask) : () => [idIn(place, id)];
  return {
    action: 'delete',
    collection: object.namePlural,
    ...(id === undefined ? { items: ids().length } : { ids: [id] }),
    carryOut(busy) {
      assertNotBusy(busy);
      const all = ids();
      if (isSoft) removeAll(place, all);
      else destroyAll(place, all);
      const gone = all.map((one) => ({ id: one }));
      if (id === undefined) return answer(200, `delete${capital(object.namePlural)}`, gone);
      return answer(200, `delete${capital(object.nameSingular)}`, gone[0]);
    },
  };
}

function restore({ ask, place, object }: About, id: string | undefined): Plan {
  const ids = id === undefined ? restorable(place, ask) : () => [idIn(place, id)];
  return {
    action: 'restore',
    collection: object.namePlural,
    ...(id === undefined ? { items: ids().length } : { ids: [id] }),
    carryOut(busy) {
      assertNotBusy(busy);
      const all = ids();
      restoreAll(place, all);
      const shown = all.map((one) => flatOf(place, one));
      if (id === undefined) return answer(200, `restore${capital(object.namePlural)}`, shown);
      return answer(200, `restore${capital(object.nameSingular)}`, shown[0]);
    },
  };
}

function duplicates({ ask, place, object }: About): Plan {
  assertMay(place, 'read');
  const { data, ids } = objectBody(ask);
  if ((data === undefined) === (ids === undefined)) {
    throw badRequest("'data' and 'ids' are mutually exclusive. Provide one of them");
  }
  const given = data ?? ids;
  if (!Array.isArray(given)) throw badRequest("'data' or 'ids' has to be an array");
  return {
    action: 'find',
    collection: object.namePlural,
    items: given.length,
    carryOut() {
      const all = given.map((one: unknown) => {
        if (typeof one !== 'string' && !isObject(one)) throw badRequest("'data' has to be records");
        const shown = typeof one === 'string' ? flatOf(place, idIn(place, one)) : one;
        const found = duplicatesOf(place, shown);
        return {
          [`${object.nameSingular}Duplicates`]: found,
          totalCount: found.length,
          pageInfo: pageOf(found, [], { limit: found.length }).pageInfo,
        };
      });
      return { status: 200, body: { data: all } };
    },
  };
}

function merge({ ask, place, object }: About): Plan {
  const { ids, conflictPriorityIndex: priority, dryRun = false } = objectBody(ask);
  assertMergeable(place, ids, priority);
  return {
    action: 'merge',
    collection: object.namePlural,
    ids,
    carryOut(busy) {
      assertNotBusy(busy);
      const name = `merge${capital(object.nameSingular)}`;
      return answer(200, name, mergedOf(place, { ids, priority, dryRun: dryRun === true }));
    },
  };
}

export function assertMergeable(
  place: Place,
  ids: unknown,
  priority: unknown,
): asserts ids is string[] {
  if (!Array.isArray(ids) || ids.length < 2 || ids.length > MERGE_MAX) {
    throw badRequest(`Merging takes 2 to ${MERGE_MAX} ids.`);
  }
  if (new Set(ids).size < ids.length) throw badRequest('Each id may stand only once.');
  if (
    !Number.isInteger(priority) ||
    (priority as number) < 0 ||
    (priority as number) >= ids.length
  ) {
    throw badRequest(`Invalid conflictPriorityIndex: ${String(priority)}`);
  }
  for (const id of ids) {
    if (place.collection.live(uuidOf(id)) === undefined) throw notFound();
  }
}

/** What a dry run shows is of no record at all, and looks as if it had been deleted. */
export function mergedOf(
  place: Place,
  { ids, priority, dryRun }: { ids: readonly string[]; priority: unknown; dryRun: boolean },
): Shown {
  const winner = { ids, priority: priority as number };
  if (!dryRun) return flatOf(place, mergeAll(place, winner));
  return {
    ...flatOf(place, ids[winner.priority]!),
    deletedAt: new Date(place.account.nowMs).toISOString(),
  };
}

export function flatOf(place: Place, id: string): Shown {
  const { account, collection } = place;
  return flat(account, collection, shownState(account, collection, id));
}

/** All there are, when nothing is said about which. */
function meantOf(place: Place, { query }: Ask): () => readonly string[] {
  const condition = filterOf(place, query);
  return () => rowsOf(place, condition).map(({ id }) => id as string);
}

function restorable(place: Place, { query }: Ask): () => readonly string[] {
  const condition = filterOf(place, query);
  const deleted: Condition = { kind: 'is', path: ['deletedAt'], operator: 'is', value: 'NOT_NULL' };
  const both: Condition = { kind: 'and', of: condition ? [condition, deleted] : [deleted] };
  return () => rowsOf(place, both).map(({ id }) => id as string);
}

function filterOf(place: Place, query: URLSearchParams): Condition | undefined {
  const text = query.get('filter') ?? '';
  return text === '' ? undefined : conditionOf(place, text);
}

function isAboutTime(condition: Condition): boolean {
  if (condition.kind === 'is') return /^(?:updated|deleted)At$/.test(condition.path[0]!);
  return condition.kind === 'not' ? isAboutTime(condition.of) : condition.of.some(isAboutTime);
}

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit');
  if (text === null || text === '') return PAGE;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 0) {
    throw badRequest(`limit '${text}' is invalid. Should be an integer.`);
  }
  return Math.min(limit, PAGE_MAX);
}

/** How deep, and in the newer line which fields. */
function shapeOf({ query }: Ask, place: Place): () => (shown: Shown) => Shown {
  const depth = query.get('depth') ?? '0';
  if (depth !== '0' && depth !== '1') {
    throw badRequest(`'depth=${depth}' parameter invalid. Allowed values are 0, 1`);
  }
  const fields = fieldsOf(place, query.get('fields'));
  const only = (shown: Shown): Shown =>
    fields === undefined
      ? shown
      : Object.fromEntries(fields.map((field) => [field, shown[field] ?? null]));
  if (depth === '0') return () => only;
  return () => {
    const deep = deepOf(place.account, place.collection);
    return (shown) => (fields === undefined ? deep(shown) : only(deep(shown)));
  };
}

function fieldsOf(
  { account, collection, singular }: Place,
  text: string | null,
): readonly string[] | undefined {
  if (account.settings.line !== '2.x' || text === null || text === '') return undefined;
  const names = text.split(',');
  const known = new Set(['id', 'createdAt', 'updatedAt', 'deletedAt', 'updatedBy']);
  const hidden = account.settings.role.hiddenFields[collection.name] ?? [];
  for (const { path } of collection.schema.fields) if (!hidden.includes(path)) known.add(path);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length === 0) return names;
  throw badRequest(
    `'fields' parameter invalid. Unknown or unreadable fields on '${singular}': ${unknown.join(', ')}`,
  );
}

function inputsOf({ body }: Ask, isBatch: boolean): readonly Input[] {
  const inputs: readonly unknown[] = isBatch && Array.isArray(body) ? body : [body];
  if (inputs.every(isObject) && inputs.length > 0) return inputs;
  throw badRequest(
    isBatch ? 'The body has to be an array of records.' : 'The body has to be a record.',
  );
}

function objectBody({ body }: Ask): Input {
  if (isObject(body)) return body;
  throw badRequest('The body has to be an object.');
}

function badPath({ path }: Ask): Error {
  return badRequest(
    `Query path '/rest/${path.join('/')}' invalid. Valid examples: /rest/companies/id or /rest/companies`,
  );
}

/** The database could not just now, and has done nothing. */
export function assertNotBusy(busy: readonly number[]): void {
  if (busy.length > 0) throw broken('deadlock detected');
}

function answer(status: number, name: string, value: unknown): Answer {
  return { status, body: { data: { [name]: value } } };
}
