/**
 * Searching: filters, a sort, pages by offset, ten thousand at most. What it finds is what the index
 * knows; what it counts is at times ahead of that, and at times behind.
 */
import { z } from 'zod';
import type { State } from '../crm/model.ts';
import type { Answer, Ask, Plan } from './asking.ts';
import { objectIn, placeOf, shaped } from './asking.ts';
import { matcherOf, wordsMatch, type Filter, type Matcher } from './filters.ts';
import { nativeType } from './properties.ts';
import { propertyOf, recordOf, type Place } from './records.ts';
import { invalid } from './refused.ts';
import type { Indexed } from './search-index.ts';
import { instant } from './values.ts';

const BODY_MAX = 3000;
const REACH_MAX = 10_000;
const GROUPS_MAX = 5;
const FILTERS_MAX = 6;
const FILTERS_IN_ALL_MAX = 18;

const texts = z.array(z.coerce.string());
const filterShape = z.object({
  propertyName: z.string().min(1),
  operator: z.string(),
  value: z.coerce.string().optional(),
  highValue: z.coerce.string().optional(),
  values: texts.optional(),
});
const sortShape = z.union([
  z.string(),
  z.object({ propertyName: z.string(), direction: z.string().optional() }),
]);
const searchShape = z.object({
  filterGroups: z.array(z.object({ filters: z.array(filterShape).default([]) })).default([]),
  sorts: z.array(sortShape).default([]),
  query: z.string().default(''),
  properties: texts.default([]),
  limit: z.coerce.number().int().default(10),
  after: z.union([z.string(), z.number()]).nullish(),
});

export function search(ask: Ask): Plan {
  const object = objectIn(ask);
  const place = placeOf(ask, object);
  const input = shaped(searchShape, ask.body);
  if (JSON.stringify(ask.body).length > BODY_MAX) {
    throw invalid(`The body of a search has ${BODY_MAX} characters at most.`);
  }
  const { limit, query } = input;
  if (limit < 1 || limit > 200) throw invalid('Invalid limit: it must be between 1 and 200.');
  const after = offsetIn(input.after);
  if (after + limit > REACH_MAX)
    throw invalid(`Paging through more than ${REACH_MAX} results is not supported.`);
  const groups = input.filterGroups.map(({ filters }) => filters as Filter[]);
  assertFew(groups);
  const sort = sortIn(place, input.sorts);
  const matchers = groups.map((filters) => filters.map((filter) => matcherOf(place, filter)));
  const named = input.properties;
  const properties = named.length > 0 ? named : object.unasked;
  return {
    action: 'find',
    object,
    items: limit,
    carryOut(): Answer {
      const fits = (id: string, state: State | undefined): boolean =>
        state?.life === 'live' &&
        isMatch(matchers, id, state) &&
        wordsMatch(place, id, state, query);
      const found: Indexed[] = [];
      let unseen = 0;
      for (const one of ask.host.index.records(place.collection)) {
        if (fits(one.id, one.known)) found.push(one);
        else if (one.known === undefined && fits(one.id, one.truth)) unseen += 1;
      }
      const results = sort(found)
        .slice(after, after + limit)
        .filter(({ truth }) => truth.life === 'live')
        .map(({ id, known }) => recordOf(place, id, known!, { properties }));
      const total = found.length + unseen;
      const next = after + limit < found.length ? { paging: nextTo(after + limit) } : {};
      return { status: 200, body: { total, results, ...next } };
    },
  };
}

function nextTo(offset: number): object {
  return { next: { after: String(offset), link: `?after=${offset}` } };
}

function offsetIn(after: string | number | null | undefined): number {
  if (after === null || after === undefined || after === '') return 0;
  if (/^\d{1,9}$/.test(String(after))) return Number(after);
  throw invalid(`Invalid paging token: ${after}`);
}

function assertFew(groups: readonly (readonly Filter[])[]): void {
  const all = groups.reduce((sum, filters) => sum + filters.length, 0);
  const most = Math.max(0, ...groups.map((filters) => filters.length));
  const areFew = groups.length <= GROUPS_MAX && most <= FILTERS_MAX && all <= FILTERS_IN_ALL_MAX;
  if (areFew) return;
  throw invalid(
    `A search has ${GROUPS_MAX} filter groups at most, ${FILTERS_MAX} filters in each, and ${FILTERS_IN_ALL_MAX} in all.`,
  );
}

/** A filter group is an and, all of them together an or. */
function isMatch(groups: readonly (readonly Matcher[])[], id: string, state: State): boolean {
  return groups.length === 0 || groups.some((all) => all.every((matches) => matches(id, state)));
}

type Key = string | number | null;
type Sort = (found: readonly Indexed[]) => readonly Indexed[];

/** By one property, as objects say it or with a minus sign; without any, by id. What has no value comes last. */
function sortIn(place: Place, sorts: readonly z.output<typeof sortShape>[]): Sort {
  if (sorts.length > 1) throw invalid('Only one sort is allowed.');
  const [sort] = sorts;
  if (sort === undefined) return (found) => found;
  const isText = typeof sort === 'string';
  const name = isText ? sort.replace(/^-/, '') : sort.propertyName;
  const isDown = isText ? sort.startsWith('-') : sort.direction?.toUpperCase() === 'DESCENDING';
  if (!isKnown(place, name)) throw invalid(`There is no property ${name} to sort by.`);
  const sign = isDown ? -1 : 1;
  return (found) =>
    found
      .map((one) => ({ one, key: keyOf(place, one, name) }))
      .toSorted((a, b) => inOrder(a.key, b.key, sign) || a.one.order - b.one.order)
      .map(({ one }) => one);
}

function keyOf(place: Place, { id, known }: Indexed, name: string): Key {
  const text = propertyOf(place, id, known!, name) ?? '';
  if (text === '') return null;
  const field = place.collection.schema.field(name);
  const native = field === undefined ? 'number' : nativeType(field);
  const isOrdered = native !== 'string' && native !== 'enumeration' && native !== 'phone_number';
  return isOrdered ? (instant(text) ?? Number(text)) : text.toLowerCase();
}

function inOrder(one: Key, other: Key, sign: number): number {
  if (one === other) return 0;
  if (one === null) return 1;
  if (other === null) return -1;
  return one < other ? -sign : sign;
}

function isKnown({ collection, object }: Place, name: string): boolean {
  const { created, modified } = object;
  return (
    [created, modified, 'hs_object_id'].includes(name) ||
    collection.schema.field(name) !== undefined
  );
}
