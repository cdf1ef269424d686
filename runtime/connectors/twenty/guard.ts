/**
 * Stands between this connector and the way out, because of two habits of Twenty's: a DELETE or PATCH of
 * a collection that names no items is about every item there is, and a DELETE that does not say twice that
 * it is soft is for good.
 *
 * Promise: whatever else goes wrong in here, a call that changes or deletes names the items it is about by
 * their ids, and a record is never deleted for good. What does not is not sent.
 */
import { z } from 'zod';
import type { Call, Rest } from '../http.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** All ids of Twenty's are; asked about anything else, it refuses the whole call. */
export function isId(text: unknown): text is string {
  return typeof text === 'string' && UUID.test(text);
}

/** Throws for an empty list, and for what is no id: nothing else keeps a filter from being about all. */
export function filterFor(ids: readonly string[]): string {
  if (ids.length === 0 || !ids.every(isId))
    throw new TypeError('A filter names items by their ids.');
  return `id[in]:[${ids.map((id) => `"${id}"`).join(',')}]`;
}

/** Said in both ways that versions of Twenty understand. */
export const SOFTLY = { soft_delete: 'true', softDelete: 'true' } as const;

export function guarded(rest: Rest): Rest {
  return {
    send: async (call) => rest.send(checked(call)),
    ask: async (call) => rest.ask(checked(call)),
    words: (said) => rest.words(said),
  };
}

function checked<T>(call: Call<T>): Call<T> {
  const { method, path } = call;
  if (method === 'GET' || method === 'POST') return call;
  if (!isAboutSome(call)) {
    throw new TypeError(`${method} /${path.join('/')} names no items, so it would be about all.`);
  }
  const isRecord = path[0] === 'rest' && path[1] !== 'metadata';
  const isSoft = Object.entries(SOFTLY).every(([name, value]) => call.query?.[name] === value);
  if (method === 'DELETE' && isRecord && !isSoft) {
    throw new TypeError(`DELETE /${path.join('/')} would be for good.`);
  }
  return call;
}

/** An item at the end of the path, or items in a filter of the form that is made here. */
function isAboutSome({ path, query }: Pick<Call<unknown>, 'path' | 'query'>): boolean {
  const [root, second, third] = path;
  if (root !== 'rest') return false;
  if (second === 'metadata') return path.length === 4 && isId(path[3]);
  const isOne = path.length === 3 && isId(third) && query?.['filter'] === undefined;
  if (isOne) return true;
  const isMany =
    path.length === 2 || (path.length === 3 && (second === 'restore' || third === 'restore'));
  return isMany && isFilter(query?.['filter']);
}

const LIST = String.raw`id\[in\]:\[("[0-9a-f-]{36}")(,"[0-9a-f-]{36}")*\]`;
const FILTER = new RegExp(`^(${LIST}|and\\(${LIST},deletedAt\\[is\\]:NOT_NULL\\))$`, 'i');

function isFilter(filter: unknown): boolean {
  return z.string().regex(FILTER).safeParse(filter).success;
}
