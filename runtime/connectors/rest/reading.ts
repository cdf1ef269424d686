/**
 * Items of an app, listed, by what has changed, by their ids, and searched.
 *
 * Traps. Where a list is counted through (by offset or page), what is deleted meanwhile moves the rest, so
 * something may be passed over; whoever compares everything reads what he misses by its id. In a list of
 * changes that would be lost for good, so that is not counted through: each page begins with the time of the
 * last item before it.
 */
import { z } from 'zod';
import type { Value } from '../../core/value.ts';
import {
  VendorError,
  type Item,
  type ItemPage,
  type PageRequest,
  type Read,
} from '../connector.ts';
import type { Rest } from '../http.ts';
import { isObject, type Resource } from './document.ts';
import type { Form } from './form.ts';

export interface Context {
  readonly rest: Rest;
  readonly resource: Resource;
  readonly form: Form;
  /** What errors call the account. */
  readonly login: string;
  /** The tag by which an item can be changed only as it was read, with that version. */
  readonly tags: Tags;
}

/**
 * So many items are read, or values searched, by one call each, at the same time: never so many that the calls
 * an app allows are used up by one question.
 */
export function atOnce(callsPerSecond: number): number {
  return Math.max(1, Math.min(5, Math.floor(callsPerSecond)));
}

/** Where nothing can be searched for, the whole list is gone through, and many values cost no more than one. */
export function isSearched({ searchable }: Form): boolean {
  return searchable.size > 0;
}

/** Without a parameter for it, a page has as many as the app likes. */
const PAGE = 100;

export function pageSize({ limit }: Form): number {
  return limit?.most ?? PAGE;
}

// ---------------------------------------------------------------------------------------------
// Lists

export async function list(context: Context, request: PageRequest): Promise<ItemPage> {
  const { limit, signal } = request;
  const after = request.after as Next | undefined;
  const { items, next } = await page(context, { limit, signal, after }, {});
  const there = items.filter((raw) => !isDeleted(context, raw)).map((raw) => itemOf(context, raw));
  return { items: there, gone: [], ...(next !== undefined && { next: next as Value }) };
}

interface Stretch {
  readonly since: number;
  /** Where that list goes on, when all that it told was of one time. */
  readonly inner?: Next;
  /** Of the time where it begins; they were told before. */
  readonly told: readonly string[];
}

export async function changes(
  context: Context,
  request: PageRequest & { readonly since: number },
): Promise<ItemPage> {
  const { form } = context;
  const { since, sort } = form.changes!;
  const begin: Stretch = { since: request.since, told: [] };
  const stretch = (request.after as unknown as Stretch | undefined) ?? begin;
  const query = {
    // Whether what changed at that very time is told, nobody says.
    [since]: new Date(Math.max(0, stretch.since - 1)).toISOString(),
    [sort.parameter]: sort.value,
    ...(form.includeDeleted !== undefined && { [form.includeDeleted]: 'true' }),
  };
  const { limit, signal } = request;
  const { items: all, next } = await page(context, { limit, signal, after: stretch.inner }, query);
  const items = all.filter((raw) => !stretch.told.includes(idOf(context, raw)));
  const there = items.filter((raw) => !isDeleted(context, raw));
  const gone = items.filter((raw) => isDeleted(context, raw));
  const further = next === undefined ? undefined : onwards(context, stretch, all, next);
  return {
    items: there.map((raw) => itemOf(context, raw)),
    gone: gone.map((raw) => idOf(context, raw)),
    ...(further !== undefined && { next: { ...further } as unknown as Value }),
  };
}

/** From the time of the last one on, or further in the list where that has not moved. */
function onwards(context: Context, stretch: Stretch, items: readonly Raw[], next: Next): Stretch {
  const timeOf = (raw: Raw = {}): number | undefined => timeIn(raw, context.form.changedAt!);
  const last = timeOf(items.at(-1)) ?? stretch.since;
  const isSettled = context.form.paging?.kind === 'cursor' || last <= stretch.since;
  if (isSettled) return { ...stretch, inner: next };
  const told = items.filter((raw) => timeOf(raw) === last).map((raw) => idOf(context, raw));
  return { since: last, told };
}

/** What the app told, or how many items came before; pages are counted by the size that they had. */
type Next =
  | string
  | number
  | { readonly page: number; readonly size: number; readonly skip: number };

interface Turn {
  readonly limit: number;
  readonly after?: Next | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Page {
  readonly items: readonly Raw[];
  readonly next?: Next | undefined;
}

async function page(context: Context, turn: Turn, query: Query): Promise<Page> {
  const { paging } = context.form;
  const { after, limit, signal } = turn;
  if (paging?.kind === 'page') return numbered(context, turn, query);
  const place = paging !== undefined && { [paging.parameter]: after as string | number };
  const { items, next, isLast } = await ask(context, limit, { ...query, ...place }, signal);
  if (paging === undefined || items.length === 0) return { items };
  if (paging.kind === 'cursor') {
    if (next !== undefined && next === after)
      throw flawed(context, 'the next page is the one before');
    return { items, next };
  }
  return isLast ? { items } : { items, next: ((after as number | undefined) ?? 0) + items.length };
}

/** Whoever asks for less than before gets the rest of a page first. */
async function numbered(
  context: Context,
  { after, limit, signal }: Turn,
  query: Query,
): Promise<Page> {
  const from = (after as Exclude<Next, string | number> | undefined) ?? {
    page: 1,
    size: limit,
    skip: 0,
  };
  const { parameter } = context.form.paging!;
  const asked = await ask(context, from.size, { ...query, [parameter]: from.page }, signal);
  const items = asked.items.slice(from.skip, from.skip + limit);
  const skip = from.skip + items.length;
  if (skip < asked.items.length) return { items, next: { ...from, skip } };
  const isLast = asked.items.length === 0 || asked.isLast;
  return isLast ? { items } : { items, next: { page: from.page + 1, size: from.size, skip: 0 } };
}

type Query = Readonly<Record<string, string | number | undefined>>;

async function ask(
  { rest, resource, form }: Context,
  limit: number,
  query: Query,
  signal: AbortSignal | undefined,
): Promise<{
  readonly items: readonly Raw[];
  readonly next?: string | undefined;
  isLast: boolean;
}> {
  const size = Math.min(limit, pageSize(form));
  const sized = form.limit !== undefined && { [form.limit.parameter]: size };
  const path = resource.path;
  const answer = listed(form);
  const told = await rest.send({
    method: 'GET',
    path,
    query: { ...query, ...sized },
    answer,
    signal,
  });
  // A page that is not full is the last one, if it is known how full a page can be.
  return { ...told, isLast: form.limit?.isTold === true && told.items.length < size };
}

export type Raw = Readonly<Record<string, unknown>>;

const raws = z.array(z.record(z.string(), z.unknown()));

function listed({ items, paging }: Form) {
  if (items === undefined) return raws.transform((all) => ({ items: all, next: undefined }));
  const next = paging?.kind === 'cursor' ? paging.member : undefined;
  return z.record(z.string(), z.unknown()).transform((body, refusal) => {
    const all = raws.safeParse(body[items]);
    const cursor = next === undefined ? undefined : within(body, next);
    if (!all.success) {
      refusal.addIssue({ code: 'custom', path: [items], message: 'no list of items' });
      return z.NEVER;
    }
    const isThere = (typeof cursor === 'string' && cursor !== '') || typeof cursor === 'number';
    return { items: all.data, next: isThere ? String(cursor) : undefined };
  });
}

/** `meta.next` is the `next` of `meta`. */
function within(body: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((place, name) => (isObject(place) ? place[name] : undefined), body);
}

// ---------------------------------------------------------------------------------------------
// Single items

export async function read(
  context: Context,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Read[]> {
  return Promise.all(ids.map((id) => readOne(context, id, signal)));
}

export async function readOne(
  context: Context,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Read> {
  const { rest, resource, tags } = context;
  const gone = z.unknown();
  const { status, headers, data } = await rest.ask<unknown>({
    method: 'GET',
    path: [...resource.path, id],
    answer: z.record(z.string(), z.unknown()),
    answers: {
      404: gone,
      410: gone,
      301: gone,
      308: gone,
      ...(!canBeId(resource, id) && { 400: gone }),
    },
    signal,
  });
  if (status >= 400) return { kind: 'missing', archived: false };
  if (status === 301 || status === 308) return mergedInto(context, headers, id);
  const item = itemOf(context, data as Raw);
  if (item.id !== id) throw flawed(context, `item ${id} was answered with another one`);
  const tag = headers.get('etag');
  if (tag !== null && item.version !== undefined) tags.keep(id, item.version, tag);
  if (!isDeleted(context, data as Raw)) return { kind: 'present', item };
  return { kind: 'missing', archived: true, ...versionOf(item) };
}

/** What has another form is no item of theirs; asking for it is a mistake to some apps. */
export function canBeId({ id: { type, format } }: Resource, id: string): boolean {
  if (format === 'uuid') return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id);
  return type !== 'integer' || /^-?\d{1,19}$/.test(id);
}

function mergedInto(context: Context, headers: Headers, id: string): Read {
  const last = headers
    .get('location')
    ?.replace(/[?#].*$/, '')
    .split('/')
    .at(-1);
  const into = last && decodeURIComponent(last);
  if (!into || into === id)
    throw flawed(context, `item ${id} is said to be elsewhere, and not where`);
  return { kind: 'merged', into };
}

/**
 * By one call for each value; the app may find more than was asked for, never less. By a member that no
 * list can be searched by, all of them are gone through.
 */
export async function find(
  context: Context,
  path: string,
  values: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Item[]> {
  const found = new Map<string, Item>();
  const isSearchable = context.form.searchable.has(path);
  const queries = isSearchable ? values.map((value) => ({ [path]: value })) : [{}];
  for (const query of queries) {
    for await (const raw of everything(context, query, signal)) {
      if (isDeleted(context, raw)) continue;
      if (isSearchable || isOneOf(values, within(raw, path))) {
        found.set(idOf(context, raw), itemOf(context, raw));
      }
    }
  }
  return [...found.values()];
}

async function* everything(
  context: Context,
  query: Query,
  signal: AbortSignal | undefined,
): AsyncGenerator<Raw> {
  let after: Next | undefined;
  do {
    const { items, next } = await page(
      context,
      { limit: pageSize(context.form), signal, after },
      query,
    );
    yield* items;
    after = next;
  } while (after !== undefined);
}

function isOneOf(values: readonly string[], value: unknown): boolean {
  const own = String(value).toLowerCase();
  return values.some((each) => each.toLowerCase() === own);
}

// ---------------------------------------------------------------------------------------------

export function itemOf(context: Context, raw: Raw): Item {
  const { form } = context;
  const changedAt = form.changedAt === undefined ? undefined : timeIn(raw, form.changedAt);
  const createdAt = form.createdAt === undefined ? undefined : timeIn(raw, form.createdAt);
  const counter = form.version === undefined ? undefined : raw[form.version];
  const version = typeof counter === 'number' ? counter : changedAt;
  const marker = form.marker === undefined ? undefined : raw[form.marker];
  return {
    id: idOf(context, raw),
    raw,
    ...(version !== undefined && { version }),
    ...(createdAt !== undefined && { createdAt }),
    ...(changedAt !== undefined && { changedAt }),
    ...(typeof marker === 'string' && marker !== '' && { marker }),
  };
}

export function idOf(context: Context, raw: Raw): string {
  const id = raw[context.form.id];
  if (typeof id === 'number' || (typeof id === 'string' && id !== '')) return String(id);
  throw flawed(context, `an item has no "${context.form.id}"`);
}

function versionOf({ version }: Item): { readonly version?: number } {
  return version === undefined ? {} : { version };
}

function isDeleted({ form }: Context, raw: Raw): boolean {
  if (form.deleted === undefined) return false;
  const value = raw[form.deleted.member];
  return form.deleted.isTime ? typeof value === 'string' : value === true;
}

function timeIn(raw: Raw, member: string): number | undefined {
  const time = Date.parse(String(raw[member]));
  return Number.isNaN(time) ? undefined : time;
}

function flawed(
  { resource, login }: Pick<Context, 'resource' | 'login'>,
  flaw: string,
): VendorError {
  return new VendorError('broken', {
    what: `rest answered account '${login}' with something nobody understands: ${flaw} (${resource.path.join('/')}).`,
    next: 'Correct the app, or what its document says about it.',
  });
}

// ---------------------------------------------------------------------------------------------
// Tags

export interface Tags {
  keep(id: string, version: number, tag: string): void;
  of(id: string, version: number): string | undefined;
}

const TAGS_MAX = 5_000;

/** Of what was read last. Forgetting one costs a read. */
export function tagsKept(): Tags {
  const kept = new Map<string, { readonly version: number; readonly tag: string }>();
  return {
    keep(id, version, tag) {
      kept.delete(id);
      kept.set(id, { version, tag });
      if (kept.size > TAGS_MAX) kept.delete(kept.keys().next().value!);
    },
    of(id, version) {
      const known = kept.get(id);
      return known?.version === version ? known.tag : undefined;
    },
  };
}
