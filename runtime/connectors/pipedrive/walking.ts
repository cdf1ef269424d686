/**
 * Ways to go through what an account has, page by page, each from a place that the page before has told.
 *
 * Promise: what is there all the time is met, whatever else is changed, made or deleted meanwhile; it
 * may be met twice.
 *
 * Traps: how long the vendor's cursors live is not documented, so one that is refused is given up once
 * for a look from further back. The older version counts places from the beginning, where they move when
 * something before them goes; so each page begins a little before the end of the last one.
 */
import type { Value } from '../../core/value.ts';
import { VendorError } from '../connector.ts';
import type { Call, Rest } from '../http.ts';
import * as api from './api.ts';

export interface Stretch {
  readonly records: readonly api.WireRecord[];
  /** What is told to be deleted, without more about it. */
  readonly gone?: readonly string[];
  readonly next?: Value;
}

/** `at` is what the stretch before told as `next`. */
export type Walk = (
  at: Value | undefined,
  limit: number,
  signal: AbortSignal | undefined,
) => Promise<Stretch>;

export interface WalkOptions {
  readonly rest: Rest;
  readonly path: readonly string[];
  readonly query?: Call<unknown>['query'];
}

/** More on a page is refused. */
export const PAGE_MAX = 500;

/** Goes through several lists, one after the other, with as few calls as the limit allows. */
export async function walkThrough(
  walks: readonly Walk[],
  after: Value | undefined,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Stretch> {
  // Only ever what was told as `next`.
  let place = (after ?? { list: 0 }) as { readonly list: number; readonly at?: Value } | undefined;
  const records: api.WireRecord[] = [];
  const gone: string[] = [];
  while (place !== undefined && records.length < limit) {
    const { list, at } = place;
    const stretch: Stretch = await walks[list]!(at, limit - records.length, signal);
    records.push(...stretch.records);
    gone.push(...(stretch.gone ?? []));
    if (stretch.next !== undefined) {
      return { records, gone, next: { list, at: stretch.next } };
    }
    place = list + 1 < walks.length ? { list: list + 1 } : undefined;
  }
  return { records, gone, ...(place === undefined ? {} : { next: { ...place } }) };
}

// ---------------------------------------------------------------------------------------------
// The newer version

interface CursorPlace {
  readonly cursor: string;
  /** The time of the last change that was told. */
  readonly from?: string;
  /** A cursor was given up already. */
  readonly again?: true;
}

/** Sorted by the time of the last change if `query` says so, and by id if it says nothing. */
export function byCursor({ rest, path, query }: WalkOptions): Walk {
  return async (at, limit, signal) => {
    const place = at as unknown as CursorPlace | undefined;
    const ask = (more: { cursor?: string; updated_since?: string }): Promise<api.WirePage> =>
      rest.send({
        method: 'GET',
        path,
        query: { ...query, ...more, limit },
        answer: api.page,
        flawIn: ({ additional_data: told }) =>
          more.cursor !== undefined && told?.next_cursor === more.cursor ? IN_CIRCLES : undefined,
        signal,
      });
    let again = place?.again;
    let page: api.WirePage;
    try {
      page = await ask(place === undefined ? {} : { cursor: place.cursor });
    } catch (error) {
      const isOver = error instanceof VendorError && error.kind === 'rejected';
      if (place === undefined || again || !isOver) throw error;
      again = true;
      page = await ask(place.from === undefined ? {} : { updated_since: place.from });
    }
    const { data, additional_data: told } = page;
    const cursor = told?.next_cursor;
    if (cursor === undefined || cursor === null || cursor === '') return { records: data };
    const from = data.at(-1)?.update_time ?? place?.from;
    const isByTime = query?.['sort_by'] === 'update_time';
    const next = { cursor, ...(isByTime && from && { from }), ...(again && { again }) };
    return { records: data, next };
  };
}

/** What an answer lacks that has the right form and is wrong all the same. */
const IN_CIRCLES = 'the next page is the one before';

// ---------------------------------------------------------------------------------------------
// The older version

interface OffsetPlace {
  readonly start: number;
  /** The last one that was told. */
  readonly id: number;
  readonly time: string;
}

/** So many before the place are asked for once more. */
const OVERLAP = 20;

/** By id, or by the time of the last change and then by id. */
export function byOffset(
  { rest, path, query }: WalkOptions,
  order: 'id' | 'update_time' = 'id',
): Walk {
  const sort = order === 'id' ? 'id ASC' : 'update_time ASC, id ASC';
  const isAfter = (each: api.WireRecord, { id, time }: OffsetPlace): boolean => {
    const at = each.update_time ?? '';
    if (order === 'id' || at === time) return each.id > id;
    return at > time;
  };
  return async (at, limit, signal) => {
    const place = at as unknown as OffsetPlace | undefined;
    for (let back = OVERLAP; ; back *= 4) {
      const start = Math.max(0, (place?.start ?? 0) - back);
      const more = (place?.start ?? 0) - start;
      const { data, additional_data: told } = await rest.send({
        method: 'GET',
        path,
        query: { ...query, sort, start, limit: Math.min(PAGE_MAX, limit + more) },
        answer: api.page,
        signal,
      });
      const fresh = place === undefined ? data : data.filter((each) => isAfter(each, place));
      // What was told before has to be seen again, or something between may have been passed over.
      const isReached = place === undefined || start === 0 || fresh.length < data.length;
      if (!isReached) continue;
      const records = fresh.slice(0, limit);
      const hasMore = fresh.length > limit || told?.pagination?.more_items_in_collection === true;
      const last = records.at(-1) ?? data.at(-1);
      if (!hasMore || last === undefined) return { records };
      const end = start + data.indexOf(last) + 1;
      const { id, update_time: time } = last;
      return { records, next: { start: end, id, time: time ?? '' } };
    }
  };
}

// ---------------------------------------------------------------------------------------------
// Deleted

/** What the list of recent changes says to be deleted; of the rest, others tell more. */
export function deletedLately(
  { rest, path }: WalkOptions,
  { one, since }: { readonly one: string; readonly since: string },
): Walk {
  return async (at, _limit, signal) => {
    const start = (at ?? 0) as number;
    const { data, additional_data: told } = await rest.send({
      method: 'GET',
      path,
      query: { since_timestamp: since, items: one, start, limit: PAGE_MAX },
      answer: api.recents,
      signal,
    });
    const gone = data.filter((each) => each.item === one && isDeleted(each)).map(({ id }) => id);
    const { more_items_in_collection: hasMore, next_start: next } = told?.pagination ?? {};
    const isOnward = hasMore === true && typeof next === 'number' && next > start;
    return { records: [], gone, ...(isOnward && { next }) };
  };
}

/** Deals say it in another way than all others. */
function isDeleted({ data }: api.WireRecent): boolean {
  if (data === null || data === undefined) return true;
  const { active_flag: active, is_deleted: deleted, status } = data;
  return active === false || active === 0 || deleted === true || status === 'deleted';
}
