/** What the routes of the older version of the API share: its words, its numbers and its pages. */
import type { Asked } from './host.ts';
import type { Query } from './query.ts';
import { bad, lacking } from './refused.ts';
import type { Words } from './writing.ts';

export function wordsOf(what: string): Words {
  return { invalid: (error) => bad(error), missing: () => lacking(what) };
}

export function idOf({ places: [id = ''] }: Asked): string {
  if (/^[1-9]\d{0,14}$/.test(id)) return id;
  throw bad('The id must be a number');
}

/** A number, or a text that is one. */
export function numbered(given: unknown, path: string): string | null {
  if (given === null || given === '') return null;
  const text = typeof given === 'number' ? String(given) : given;
  if (typeof text === 'string' && /^[1-9]\d{0,14}$/.test(text)) return text;
  throw bad(`${path} must be a number`);
}

/** The older way through a list: a number to begin at. */
export function pageOf<One>(all: readonly One[], query: Query) {
  const start = query.integer('start', { least: 0, most: 1_000_000_000 }) ?? 0;
  const limit = query.limit();
  const hasMore = all.length > start + limit;
  return {
    page: all.slice(start, start + limit),
    pagination: {
      start,
      limit,
      more_items_in_collection: hasMore,
      ...(hasMore ? { next_start: start + limit } : {}),
    },
  };
}
