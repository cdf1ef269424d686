/** Which part of a list a request gets, and how it is told where the next one begins. */
import { createHash } from 'node:crypto';
import type { Entry, State } from '../crm/model.ts';
import type { Settings } from './options.ts';
import { refusal } from './refused.ts';

export interface Row {
  readonly entry: Entry;
  readonly state: State;
}

export type Query = Readonly<Record<string, unknown>>;

export interface Page {
  readonly rows: readonly Row[];
  readonly next: string | null;
  readonly total: number;
}

/** Rows in the order of their ids, by a time that they share with others or not. */
export function pageOf(rows: readonly Row[], query: Query, settings: Settings): Page {
  const { words, paging, pageSize } = settings;
  const keyOf = sorting(settings, query[words.sort]);
  const sorted = rows.toSorted((one, other) => keyOf(one) - keyOf(other));
  const total = sorted.length;
  const asked = (query[words.limit] as number | undefined) ?? pageSize.otherwise;
  const size = Math.min(asked, pageSize.most);
  const part = (start: number): Page => ({
    rows: sorted.slice(start, start + size),
    next: null,
    total,
  });
  switch (paging) {
    case 'none':
      return { rows: sorted, next: null, total };
    case 'offset':
      return part((query[words.offset] as number | undefined) ?? 0);
    case 'page':
      return part((((query[words.page] as number | undefined) ?? 1) - 1) * size);
    case 'cursor': {
      const given = query[words.cursor] as string | undefined;
      const after = given === undefined ? undefined : readCursor(given, query, settings);
      const left = sorted.filter((row) => after === undefined || isAfter(row, keyOf, after));
      const here = left.slice(0, size);
      const last = left.length > size ? here.at(-1) : undefined;
      return {
        rows: here,
        next: last ? cursorOf(last, keyOf(last), query, settings) : null,
        total,
      };
    }
  }
}

/** The form of the answer. */
export function enveloped(
  items: readonly object[],
  { next, total }: Page,
  settings: Settings,
): object {
  const { envelope, words, paging } = settings;
  if (envelope === 'array') return items;
  if (envelope === 'items') {
    return { [words.items]: items, ...(paging === 'cursor' ? { [words.next]: next } : {}) };
  }
  // Where there is no next page, nothing is said of one.
  return {
    [words.items]: items,
    meta: { total, ...(next === null ? {} : { [words.next]: next }) },
  };
}

function sorting({ words }: Settings, sort: unknown): (row: Row) => number {
  const text = typeof sort === 'string' ? sort : '';
  const sign = text.startsWith('-') ? -1 : 1;
  const name = text.replace(/^-/, '');
  if (name === words.changedAt) return ({ state }) => sign * state.updatedAtMs;
  if (name === words.createdAt) return ({ state }) => sign * state.createdAtMs;
  return () => 0;
}

interface Place {
  readonly key: number;
  readonly order: number;
}

function isAfter(row: Row, keyOf: (row: Row) => number, { key, order }: Place): boolean {
  const its = keyOf(row);
  return its > key || (its === key && row.entry.order > order);
}

function cursorOf({ entry }: Row, key: number, query: Query, settings: Settings): string {
  const text = `${key}:${entry.order}:${questionOf(query, settings)}`;
  return Buffer.from(text).toString('base64url');
}

/** It goes on with the same question only. */
function readCursor(cursor: string, query: Query, settings: Settings): Place {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const [, key, order, question] = /^(-?\d+):(\d+):(\w+)$/.exec(text) ?? [];
  if (key !== undefined && question === questionOf(query, settings)) {
    return { key: Number(key), order: Number(order) };
  }
  const { cursor: name } = settings.words;
  throw refusal(settings, 400, `${name} is of no page of this list.`, { path: name });
}

function questionOf(query: Query, { words: { cursor, limit } }: Settings): string {
  const asked = Object.entries(query).filter(([name]) => name !== cursor && name !== limit);
  const inOrder = asked.toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(inOrder)).digest('hex').slice(0, 8);
}
