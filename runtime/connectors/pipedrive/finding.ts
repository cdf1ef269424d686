/**
 * Items by a value of one of their members.
 *
 * Promise: what a search or a list leads to is read by its id and compared once more, because a search
 * may tell what was long ago and finds what is only like it.
 *
 * Traps: a search takes one value, costs twice as much as a list, and shows what was written seconds
 * ago in parts or not at all. It knows some members only; activities and notes it does not know at all.
 * Of these, and by other members, only what was made last is looked through.
 */
import { partsOf } from '../batches.ts';
import type { Item } from '../connector.ts';
import * as api from './api.ts';
import { isDeleted, itemOf, IDS_MAX, read, type Context } from './reading.ts';
import { PAGE_MAX } from './walking.ts';

/** So many pages at most of what one value leads to, or of what was made last. */
export const PAGES_MAX = 20;

export async function find(
  context: Context,
  path: string,
  values: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Item[]> {
  const wanted = new Map(
    values.filter((value) => value.trim() !== '').map((value) => [spelled(value), value]),
  );
  if (wanted.size === 0) return [];
  const found = new Map<string, Item>();
  for (const item of await candidates(context, path, [...wanted.values()], signal)) {
    if (valuesAt(item.raw, path).some((value) => wanted.has(spelled(value)))) {
      found.set(item.id, item);
    }
  }
  return [...found.values()];
}

/** As Pipedrive compares: it takes capitals for small letters. */
function spelled(value: string): string {
  return value.trim().normalize().toLowerCase();
}

async function candidates(
  context: Context,
  path: string,
  values: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Item[]> {
  const { type } = context;
  const part = partOf(context, path);
  const isFilter = type.filters.includes(path);
  if (part === undefined && !isFilter) return latest(context, {}, signal);
  const items: Item[] = [];
  for (const value of values) {
    items.push(
      ...(part === undefined
        ? await latest(context, { [path]: value }, signal)
        : await searched(context, part, value, signal)),
    );
  }
  return items;
}

/** Only these types of an account's own fields are in the index. */
const INDEXED = new Set([
  'address',
  'varchar',
  'text',
  'varchar_auto',
  'double',
  'monetary',
  'phone',
]);

/** Which part of the index holds the member, if it is in there. */
function partOf({ type, own }: Context, path: string): string | undefined {
  const field = own.get(path.split('.')[0]!);
  if (field === undefined) return type.searched[path];
  return type.hasOwnFields && INDEXED.has(field.field_type) ? 'custom_fields' : undefined;
}

async function searched(
  context: Context,
  part: string,
  value: string,
  signal: AbortSignal | undefined,
): Promise<readonly Item[]> {
  const { searchRest, paths, type } = context;
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { data, additional_data: told } = await searchRest.send({
      method: 'GET',
      path: paths.of(type, 'search'),
      query: { term: value, fields: part, exact_match: 'true', limit: PAGE_MAX, cursor },
      answer: api.hits,
      signal,
    });
    ids.push(...data.items.map(({ item }) => String(item.id)));
    cursor = told?.next_cursor ?? undefined;
    if (cursor === undefined) break;
  }
  const items: Item[] = [];
  for (const some of partsOf(ids, IDS_MAX)) {
    for (const each of await read(context, some, signal)) {
      if (each.kind === 'present') items.push(each.item);
    }
  }
  return items;
}

/** What was made last comes first. */
async function latest(
  context: Context,
  filter: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<readonly Item[]> {
  const { rest, paths, type } = context;
  const isOlder = type.version === 'v1';
  const sort = isOlder ? { sort: 'id DESC' } : { sort_by: 'id', sort_direction: 'desc' };
  const items: Item[] = [];
  let place: Readonly<Record<string, string | number>> = {};
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { data, additional_data: told } = await rest.send({
      method: 'GET',
      path: paths.of(type),
      query: { ...filter, ...sort, ...place, limit: PAGE_MAX },
      answer: api.page,
      signal,
    });
    const present = data.filter((record) => !isDeleted(record));
    items.push(...present.map((record) => itemOf(context, record)));
    const { next_cursor: cursor, pagination } = told ?? {};
    if (isOlder ? pagination?.more_items_in_collection !== true : !cursor) break;
    place = isOlder ? { start: (page + 1) * PAGE_MAX } : { cursor: cursor! };
  }
  return items;
}

/** All that stands there: of a list of addresses, each; of an amount, the number. */
function valuesAt(raw: unknown, path: string): readonly string[] {
  const [name, ...rest] = path.split('.');
  const member = (raw as Readonly<Record<string, unknown>>)[name!];
  const value = rest.reduce<unknown>((held, part) => (isObject(held) ? held[part] : held), member);
  return textsIn(value);
}

function textsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (isObject(value)) return textsIn(value['value']);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? [String(value)]
    : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
