/**
 * How one collection of an app works, found in its document by the names that such things usually have.
 * Where the names are others, the document (`x-tributary`) or the configuration says so, and `null` says
 * that there is no such thing.
 *
 * Promise: nothing is supposed that the document does not show. What is not found is not used, so the
 * worst that a poor document leads to is a collection that is compared as a whole and only read.
 */
import { z } from 'zod';
import { VendorError } from '../connector.ts';
import type { Resource, Schema } from './document.ts';

export interface Form {
  readonly id: string;
  /** The member of a list that holds its items; missing when the list is one. */
  readonly items?: string;
  /** Whether a page that has fewer is the last one, nobody knows where the app does not say how many it gives. */
  readonly limit?: { readonly parameter: string; readonly most: number; readonly isTold: boolean };
  readonly paging?: Paging;
  readonly changedAt?: string;
  readonly createdAt?: string;
  readonly changes?: {
    readonly since: string;
    readonly sort: { readonly parameter: string; readonly value: string };
  };
  readonly deleted?: { readonly member: string; readonly isTime: boolean };
  /** Asks a list for what is deleted as well. */
  readonly includeDeleted?: string;
  /** A whole number that grows with every change. */
  readonly version?: string;
  /** The parameter of the list that finds it has the same name. */
  readonly marker?: string;
  /** Members that the list can be searched by. */
  readonly searchable: ReadonlySet<string>;
  readonly unique: readonly string[];
}

export type Paging =
  | { readonly kind: 'cursor'; readonly parameter: string; readonly member: string }
  | { readonly kind: 'offset' | 'page'; readonly parameter: string };

const override = z.string().min(1).nullable().optional();

export const overrides = z.strictObject({
  id: override,
  items: override,
  limit: override,
  limitMax: z.int().min(1).optional(),
  cursor: override,
  next: override,
  offset: override,
  page: override,
  changedAt: override,
  createdAt: override,
  since: override,
  sort: override,
  deleted: override,
  includeDeleted: override,
  version: override,
  marker: override,
  unique: z.array(z.string().min(1)).optional(),
});
export type Overrides = z.infer<typeof overrides>;
type Name = Exclude<keyof Overrides, 'limitMax' | 'unique'>;

/** The usual names; each is also looked for in the way of `snake_case`. */
const USUAL: Readonly<Record<Name, readonly string[]>> = {
  id: ['id'],
  items: [],
  limit: ['limit', 'pageSize', 'perPage'],
  cursor: ['cursor', 'after', 'pageToken'],
  next: ['next', 'nextCursor', 'nextPageToken', 'cursor'],
  offset: ['offset', 'skip'],
  page: ['page'],
  changedAt: ['updatedAt', 'modifiedAt'],
  createdAt: ['createdAt'],
  since: ['updatedSince', 'modifiedSince', 'since'],
  sort: ['sort', 'orderBy'],
  deleted: ['deletedAt', 'deleted'],
  includeDeleted: ['includeDeleted'],
  version: ['version', 'revision'],
  marker: ['externalId'],
};

const LIMIT_MOST = 100;

export function formOf(resource: Resource, given: Overrides | undefined, login: string): Form {
  const said = saidIn(resource, given, login);
  const { list, read, idParameter, create } = resource;
  const item = read.answer?.members ?? new Map<string, Schema>();
  const where = `the collection ${resource.path.join('/')} of account '${login}'`;

  /** The first of its names that is there, and fits. */
  function found<T>(
    wanted: Name,
    among: ReadonlyMap<string, T>,
    fits: (it: T) => boolean = () => true,
    more: readonly string[] = [],
  ): string | undefined {
    const own = said[wanted];
    if (own === null) return undefined;
    if (own !== undefined) {
      if (among.has(own)) return own;
      const what = `"${own}" is to be "${wanted}" in ${where}, and its document does not have it.`;
      throw new VendorError('rejected', { what, next: 'Correct the name, or the document.' });
    }
    const usual = USUAL[wanted].flatMap((each) => [each, snakeOf(each)]);
    const names = [...among].filter(([, it]) => fits(it)).map(([each]) => each);
    for (const each of [...usual, ...more]) {
      const there = names.find((other) => other === each || other.endsWith(`.${each}`));
      if (there !== undefined) return there;
    }
    return undefined;
  }

  const id = found('id', item, undefined, [idParameter]);
  if (id === undefined) {
    throw new VendorError('rejected', {
      what: `What the items of ${where} are told apart by is not in its document.`,
      next: `Add the member to the schema of GET /${resource.path.join('/')}/{${idParameter}}, or name it as "id".`,
    });
  }
  const itemsMember = itemsIn(list.answer, found);
  const limit = found('limit', list.query);
  const most = said.limitMax ?? (limit === undefined ? undefined : list.query.get(limit)!.maximum);
  const changedAt = found('changedAt', item, isTime);
  const since = found('since', list.query);
  const sort = found('sort', list.query, ({ options }) =>
    options === undefined ? false : options.includes(changedAt ?? ''),
  );
  const deleted = found('deleted', item, (schema) => isTime(schema) || schema.type === 'boolean');
  const marker = found('marker', item, ({ isReadOnly }) => !isReadOnly);
  const version = found('version', item, (it) => it.type === 'integer' && it.isReadOnly);
  const unique = [...item].filter(([, schema]) => schema.isUnique).map(([member]) => member);
  return {
    id,
    ...(itemsMember !== undefined && { items: itemsMember }),
    ...(limit !== undefined && {
      limit: { parameter: limit, most: most ?? LIMIT_MOST, isTold: most !== undefined },
    }),
    ...pagingOf(list.answer, list.query, found),
    ...(changedAt !== undefined && { changedAt }),
    ...optional('createdAt', found('createdAt', item, isTime)),
    ...(changedAt !== undefined &&
      since !== undefined &&
      sort !== undefined && { changes: { since, sort: { parameter: sort, value: changedAt } } }),
    ...(deleted !== undefined && {
      deleted: { member: deleted, isTime: isTime(item.get(deleted)!) },
    }),
    ...optional('includeDeleted', found('includeDeleted', list.query)),
    ...optional('version', version),
    ...(marker !== undefined && list.query.has(marker) && { marker }),
    searchable: new Set([...item.keys()].filter((member) => list.query.has(member))),
    unique: said.unique ?? (create?.canConflict ? unique : []),
  };
}

function saidIn({ said, path }: Resource, given: Overrides | undefined, login: string): Overrides {
  const { data = {}, error } = overrides.safeParse(said ?? {});
  if (error !== undefined) {
    throw new VendorError('broken', {
      what: `"x-tributary" at /${path.join('/')} in the document of account '${login}' is not understood: ${z.prettifyError(error)}`,
      next: 'Correct it there.',
    });
  }
  return { ...data, ...given };
}

type Find = (wanted: Name, among: ReadonlyMap<string, Schema>) => string | undefined;

function itemsIn(answer: Schema | undefined, found: Find): string | undefined {
  if (answer === undefined || answer.type === 'array') return undefined;
  const named = found('items', answer.members);
  if (named !== undefined) return named;
  const lists = [...answer.members].filter(([, { type }]) => type === 'array');
  return lists.length === 1 ? lists[0]![0] : undefined;
}

function pagingOf(
  answer: Schema | undefined,
  query: ReadonlyMap<string, Schema>,
  found: Find,
): Pick<Form, 'paging'> {
  const [cursor, next] = [found('cursor', query), found('next', membersWithin(answer))];
  if (cursor !== undefined && next !== undefined) {
    return { paging: { kind: 'cursor', parameter: cursor, member: next } };
  }
  for (const kind of ['offset', 'page'] as const) {
    const parameter = found(kind, query);
    if (parameter !== undefined) return { paging: { kind, parameter } };
  }
  return {};
}

/** What pages are told with may stand in an object of its own: `meta.next`. */
function membersWithin(answer: Schema | undefined): ReadonlyMap<string, Schema> {
  const all = [...(answer?.members ?? [])];
  const within = all.flatMap(([name, { members }]) =>
    [...members].map(([inner, schema]) => [`${name}.${inner}`, schema] as const),
  );
  return new Map([...all, ...within]);
}

function isTime({ format }: Schema): boolean {
  return format === 'date-time';
}

function snakeOf(camel: string): string {
  return camel.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function optional<Key extends string>(
  key: Key,
  value: string | undefined,
): { readonly [key in Key]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in Key]?: string };
}
