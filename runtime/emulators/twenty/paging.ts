/**
 * Pages of records, in the order of their ids unless another one is asked for. Ids are in no order of
 * time, so what is created meanwhile may stand on any page. In another order a page begins with the last
 * record of the page before, and parts of values cannot be gone on from.
 */
import { comparable, kindAt, valueAt, type Kind, type Place } from './conditions.ts';
import { badRequest, refusal } from './refused.ts';
import type { Shown } from './showing.ts';

export interface Order {
  readonly path: readonly string[];
  readonly kind: Kind;
  readonly direction: Direction;
}

export const DIRECTIONS = [
  'AscNullsFirst',
  'AscNullsLast',
  'DescNullsFirst',
  'DescNullsLast',
] as const;

export type Direction = (typeof DIRECTIONS)[number];

export interface PageAsked {
  readonly limit: number;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

export interface Page {
  readonly rows: readonly Shown[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** As it stands in an address. */
export function orderOf(place: Place, text: string): readonly Order[] {
  return text
    .split(',')
    .filter((one) => one !== '')
    .map((one) => {
      const [, name, given = 'AscNullsFirst'] = /^([^[]+)(?:\[(.*)\])?$/.exec(one) ?? [];
      if (name === undefined) throw badRequest(`'order_by' invalid for '${one}'`);
      return orderBy(place, name.split('.'), given);
    });
}

export function orderBy(place: Place, path: readonly string[], given: unknown): Order {
  const direction = DIRECTIONS.find((one) => one === given);
  if (direction === undefined) {
    throw badRequest(
      `'order_by' direction '${String(given)}' invalid. Allowed values are '${DIRECTIONS.join("', '")}'. eg: ?order_by=field_1[AscNullsFirst],field_2[DescNullsLast],field_3`,
    );
  }
  return { path, kind: kindAt(place, path), direction };
}

/** Of rows that come in the order of their ids. */
export function pageOf(
  rows: readonly Shown[],
  asked: readonly Order[],
  { limit, after, before }: PageAsked,
): Page {
  if (after !== undefined && before !== undefined) {
    throw badRequest('Cannot provide both before and after');
  }
  const orders = asked.some(({ path }) => path[0] === 'id') ? asked : [...asked, BY_ID];
  const isById = orders[0]!.path[0] === 'id';
  const sorted = isById && orders[0]!.direction.startsWith('Asc') ? rows : inOrder(rows, orders);
  const given = after ?? before;
  const cursor = given === undefined ? undefined : cursorRow(orders, given);
  const place = (row: Shown): number => (cursor === undefined ? 0 : compared(orders, row, cursor));
  let found: readonly Shown[];
  if (cursor === undefined) found = sorted.slice(0, limit);
  else if (after !== undefined) {
    const start = sorted.findIndex((row) => (isById ? place(row) > 0 : place(row) >= 0));
    found = start === -1 ? [] : sorted.slice(start, start + limit);
  } else {
    const until = sorted.findIndex((row) => (isById ? place(row) >= 0 : place(row) > 0));
    const end = until === -1 ? sorted.length : until;
    found = sorted.slice(Math.max(0, end - limit), end);
  }
  const [first, last] = [found[0], found.at(-1)];
  return {
    rows: found,
    pageInfo: {
      hasNextPage: last === undefined ? limit === 0 && sorted.length > 0 : last !== sorted.at(-1),
      hasPreviousPage: first !== undefined && first !== sorted[0],
      startCursor: first === undefined ? null : cursorOf(orders, first),
      endCursor: last === undefined ? null : cursorOf(orders, last),
    },
  };
}

const BY_ID: Order = { path: ['id'], kind: 'id', direction: 'AscNullsFirst' };

function inOrder(rows: readonly Shown[], orders: readonly Order[]): readonly Shown[] {
  return rows.toSorted((one, other) => compared(orders, one, other));
}

function compared(orders: readonly Order[], one: Shown, other: Shown): number {
  for (const { path, kind, direction } of orders) {
    const mine = comparable(kind, valueAt(one, path));
    const theirs = comparable(kind, valueAt(other, path));
    if (mine === theirs) continue;
    const nullsFirst = direction.endsWith('First') ? -1 : 1;
    if (mine === null) return nullsFirst;
    if (theirs === null) return -nullsFirst;
    return (mine < theirs ? -1 : 1) * (direction.startsWith('Asc') ? 1 : -1);
  }
  return 0;
}

export function cursorOf(orders: readonly Order[], row: Shown): string {
  const values = orders.map(({ path }) => [path.join('.'), valueAt(row, path)]);
  return Buffer.from(JSON.stringify(Object.fromEntries(values))).toString('base64');
}

/** What a cursor names, as if it were a record. */
function cursorRow(orders: readonly Order[], cursor: string): Shown {
  if (orders.some(({ path }) => path.length > 1)) throw invalidCursor(cursor);
  const values = parsedCursor(cursor);
  const isComplete = orders.every(({ path }) => Object.hasOwn(values, path[0]!));
  if (!isComplete || Object.keys(values).length !== orders.length) throw invalidCursor(cursor);
  return values;
}

export function parsedCursor(cursor: string): Shown {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64').toString('utf8'));
    if (typeof values === 'object' && values !== null) return values as Shown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalidCursor(cursor);
}

function invalidCursor(cursor: string): Error {
  return refusal(400, 'INVALID_CURSOR', `Invalid cursor: ${cursor}`);
}
