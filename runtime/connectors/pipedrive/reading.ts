/**
 * Items by their ids, by their changes, and in whole lists.
 *
 * Promises: what is read by a few ids comes from a look at each, which is as new as can be. What is told
 * as deleted, Pipedrive has said to be deleted.
 *
 * Traps: a list costs the same for one item and for 500. A list by ids leaves out without a word what is
 * missing, deleted or hidden. Times are whole seconds, and a fraction of one is refused. Archived deals
 * are in a list of their own. Of deleted deals a list tells, of all others only the list of recent
 * changes does, which goes back a month.
 */
import { isoOf } from '../../core/values/dates.ts';
import type { Item, ItemPage, PageRequest, Read } from '../connector.ts';
import type { Rest } from '../http.ts';
import * as api from './api.ts';
import type { ObjectType } from './objects.ts';
import type { Paths } from './paths.ts';
import {
  byCursor,
  byOffset,
  deletedLately,
  PAGE_MAX,
  walkThrough,
  type Stretch,
  type Walk,
} from './walking.ts';

export interface Context {
  readonly rest: Rest;
  /** The same, where a call that was one too many is one search too many. */
  readonly searchRest: Rest;
  readonly paths: Paths;
  readonly type: ObjectType;
  /** What errors call the account. */
  readonly login: string;
  /** By the vendor's clock. */
  readonly vendorNow: () => number;
  /** The account's own fields, by their keys. */
  readonly own: ReadonlyMap<string, api.WireField>;
  /** The key of the field with the marker, where there is one. */
  readonly marker: string | undefined;
  /** Whether the changes go through what was deleted as well, where that costs more. */
  readonly tellsDeletes: boolean;
}

/** So many ids a list takes at once. */
export const IDS_MAX = 100;
/** So many looks at one item each cost no more than a list, and are few for two seconds. */
export const LOOKS_MAX = 10;

// ---------------------------------------------------------------------------------------------
// Lists

export async function list(context: Context, request: PageRequest): Promise<ItemPage> {
  const { after, limit, signal } = request;
  return pageOf(context, await walkThrough(listsOf(context), after, limit, signal));
}

function listsOf({ rest, paths, type }: Context): readonly Walk[] {
  const path = paths.of(type);
  if (type.version === 'v1') return [byOffset({ rest, path })];
  const own = byCursor({ rest, path });
  return type.name === 'deals' ? [own, byCursor({ rest, path: [...path, ARCHIVED] })] : [own];
}

const ARCHIVED = 'archived';

export type ChangesRequest = PageRequest & { readonly since: number };

export async function changes(context: Context, request: ChangesRequest): Promise<ItemPage> {
  const { since, after, limit, signal } = request;
  return pageOf(context, await walkThrough(changesOf(context, since), after, limit, signal));
}

function changesOf(context: Context, since: number): readonly Walk[] {
  const { rest, paths, type, tellsDeletes } = context;
  const path = paths.of(type);
  const updated = { updated_since: secondOf(since) };
  const query = { ...updated, sort_by: 'update_time', sort_direction: 'asc' };
  if (type.name === 'deals') {
    const all = { ...query, status: STATUSES };
    return [path, [...path, ARCHIVED]].map((each) => byCursor({ rest, path: each, query: all }));
  }
  const own =
    type.version === 'v1'
      ? byOffset({ rest, path, query: updated }, 'update_time')
      : byCursor({ rest, path, query });
  if (!tellsDeletes) return [own];
  const earliest = Math.max(since, context.vendorNow() - RECENT_MS);
  const told = { one: type.one, since: secondOf(earliest).replace('T', ' ').replace('Z', '') };
  return [own, deletedLately({ rest, path: paths.v1('recents') }, told)];
}

/** Without a status, those that were deleted are left out. */
const STATUSES = 'open,won,lost,deleted';
/** A month, and no day more, whichever month it is. */
const RECENT_MS = 28 * 86_400_000;

/** The whole second that is not later. */
function secondOf(time: number): string {
  return isoOf(Math.floor(Math.max(0, time) / 1_000) * 1_000).replace(/\.\d+/, '');
}

function pageOf(context: Context, { records, gone = [], next }: Stretch): ItemPage {
  const [deleted, present] = [records.filter(isDeleted), records.filter((one) => !isDeleted(one))];
  return {
    items: present.map((record) => itemOf(context, record)),
    gone: [...deleted.map(({ id }) => String(id)), ...gone],
    ...(next === undefined ? {} : { next }),
  };
}

export function isDeleted({ is_deleted: deleted, active_flag: active }: api.WireRecord): boolean {
  return deleted === true || active === false;
}

// ---------------------------------------------------------------------------------------------
// Items

export function itemOf({ type, marker }: Context, record: api.WireRecord): Item {
  const { add_time: added, update_time: updated } = record;
  const raw = rawOf(record, type);
  const mark = marker === undefined ? undefined : raw[marker];
  const createdAt = added ? api.timeOf(added) : undefined;
  // What was never changed was changed last when it was made.
  const changedAt = updated ? api.timeOf(updated) : createdAt;
  return {
    id: String(record.id),
    raw,
    ...(createdAt !== undefined && { createdAt }),
    ...(changedAt !== undefined && { version: changedAt, changedAt }),
    ...(typeof mark === 'string' && mark !== '' && { marker: mark }),
  };
}

/** The account's own fields stand beside the others, by their keys. */
function rawOf(record: api.WireRecord, type: ObjectType): Readonly<Record<string, unknown>> {
  const { custom_fields: own, ...members } = record;
  if (type.version === 'v1') {
    // Names of what it points to, which are not its own.
    const names = new Set(type.members.map(({ path }) => path));
    return Object.fromEntries(Object.entries(members).filter(([name]) => names.has(name)));
  }
  const raw: Record<string, unknown> = { ...members, ...own };
  for (const name of LISTS) if (Array.isArray(raw[name])) raw[name] = withoutBlanks(raw[name]);
  return raw;
}

/** A list that was emptied may read as one entry without a value. */
const LISTS = ['emails', 'phones', 'im'];

function withoutBlanks(entries: readonly unknown[]): readonly unknown[] {
  return entries.filter((entry) => (entry as { value?: unknown } | null)?.value !== '');
}

// ---------------------------------------------------------------------------------------------
// By id

export async function read(
  context: Context,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Read[]> {
  const known = new Map<string, Read>();
  const unknown = (): string[] =>
    [...new Set(ids)].filter((id) => !known.has(id) && /^[1-9]\d{0,15}$/.test(id));
  if (unknown().length > LOOKS_MAX) {
    for (const query of bulksOf(context)) {
      if (unknown().length <= LOOKS_MAX) break;
      const wanted = unknown();
      for (const record of await listed(context, { ...query, ids: wanted }, signal)) {
        if (wanted.includes(String(record.id)))
          known.set(String(record.id), readOf(context, record));
      }
    }
  }
  // More than these are what the lists leave out: they say so that nothing is there, or can be seen.
  const rest = unknown();
  if (rest.length <= LOOKS_MAX) {
    for (const id of rest) known.set(id, await lookAt(context, id, signal));
  }
  return ids.map((id) => known.get(id) ?? MISSING);
}

const MISSING: Read = { kind: 'missing', archived: false };

interface Bulk {
  readonly path: readonly string[];
  readonly status?: string;
}

/** Lists that take ids; the older version has none. */
function bulksOf({ paths, type }: Context): readonly Bulk[] {
  const path = paths.of(type);
  if (type.name !== 'deals') return [{ path }];
  return [path, [...path, ARCHIVED]].map((each) => ({ path: each, status: STATUSES }));
}

async function listed(
  { rest }: Context,
  { path, status, ids }: Bulk & { readonly ids: readonly string[] },
  signal: AbortSignal | undefined,
): Promise<readonly api.WireRecord[]> {
  const query = { ids: ids.join(','), status, limit: PAGE_MAX };
  const { data } = await rest.send({ method: 'GET', path, query, answer: api.page, signal });
  return data;
}

function readOf(context: Context, record: api.WireRecord): Read {
  const item = itemOf(context, record);
  if (!isDeleted(record)) return { kind: 'present', item };
  const { version } = item;
  return { kind: 'missing', archived: true, ...(version !== undefined && { version }) };
}

export async function lookAt(
  context: Context,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Read> {
  const { rest, paths, type } = context;
  const answer = await rest.send<api.WireOne | api.WireRefusal>({
    method: 'GET',
    path: paths.of(type, id),
    answer: api.one,
    answers: { 404: api.refusal, 410: api.refusal },
    signal,
  });
  if ('refused' in answer) return MISSING;
  const { data } = answer;
  return String(data.id) === id ? readOf(context, data) : { kind: 'merged', into: String(data.id) };
}
