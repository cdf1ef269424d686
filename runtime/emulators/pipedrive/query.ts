/**
 * Parameters of requests and places in lists. Parameters that there are not are ignored; those that
 * there are must be understood.
 */
import { invalid } from './refused.ts';

/** RFC 3339 in whole seconds; a fraction is refused. */
export function isTime(given: unknown): boolean {
  const isLike =
    typeof given === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$/.test(given);
  return isLike && !Number.isNaN(Date.parse(given));
}

/** As the older version of the API writes it, in UTC. */
export function isSpacedTime(given: unknown): given is string {
  const isLike = typeof given === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(given);
  return isLike && !Number.isNaN(spacedMs(given));
}

export function spacedMs(time: string): number {
  return Date.parse(`${time.replace(' ', 'T')}Z`);
}

export class Query {
  readonly #given: URLSearchParams;

  constructor(given: URLSearchParams) {
    this.#given = given;
  }

  text(name: string): string | undefined {
    return this.#given.get(name) ?? undefined;
  }

  /** Of items of another collection, as the text that it is kept by. */
  id(name: string): string | undefined {
    const text = this.text(name);
    if (text === undefined || /^[1-9]\d{0,14}$/.test(text)) return text;
    throw invalid(`'${name}' must be a positive integer`);
  }

  integer(name: string, { least, most }: { least: number; most: number }): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    throw invalid(`'${name}' must be an integer from ${least} to ${most}`);
  }

  flag(name: string): boolean | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (text === 'true' || text === 'false') return text === 'true';
    throw invalid(`'${name}' must be a boolean`);
  }

  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (isTime(text)) return Date.parse(text);
    throw invalid(`'${name}': "${text}" is not a valid datetime`);
  }

  /** Separated by commas. */
  list(name: string, { most = Infinity }: { most?: number } = {}): readonly string[] | undefined {
    const all = this.text(name)
      ?.split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '');
    if (all === undefined || all.length <= most) return all;
    throw invalid(`'${name}' takes ${most} at most`);
  }

  /** One of these; the first when it is not given. */
  choice<One extends string>(name: string, choices: readonly [One, ...One[]]): One {
    const text = this.text(name) ?? choices[0];
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw invalid(`'${name}' must be one of ${choices.join(', ')}`);
  }

  /** All of these, or some. */
  choices<One extends string>(name: string, choices: readonly One[]): readonly One[] | undefined {
    const all = this.list(name);
    const unknown = all?.find((one) => !(choices as readonly string[]).includes(one));
    if (unknown === undefined) return all as readonly One[] | undefined;
    throw invalid(`'${name}' must be among ${choices.join(', ')}`);
  }

  limit(most = 500): number {
    return this.integer('limit', { least: 1, most }) ?? 100;
  }
}

/** A place in a list: the last item that was shown, by what the list is sorted by. */
export interface Cursor {
  readonly field: string;
  readonly fieldValue: string | number;
  readonly sortDirection: 'asc' | 'desc';
  readonly id: number;
}

export function writtenCursor(cursor: object): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** Of a list that is sorted like this; one of another list leads nowhere. */
export function readCursor(
  text: string | undefined,
  { field, sortDirection }: Pick<Cursor, 'field' | 'sortDirection'>,
): Cursor | undefined {
  if (text === undefined) return undefined;
  try {
    const cursor = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Cursor> | null;
    const isOfThis = cursor?.field === field && cursor.sortDirection === sortDirection;
    if (isOfThis && Number.isInteger(cursor.id)) return cursor as Cursor;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalid("'cursor' is not one of this list");
}

/** Whether a place is behind another one, by value and then by id. */
export function isAfter(
  place: Pick<Cursor, 'fieldValue' | 'id'>,
  { fieldValue, id, sortDirection }: Cursor,
): boolean {
  const order = inOrder(place.fieldValue, fieldValue) || place.id - id;
  return sortDirection === 'asc' ? order > 0 : order < 0;
}

export function inOrder(one: string | number, other: string | number): number {
  return one < other ? -1 : Number(one > other);
}

/** A page of what was counted off, with the place of the next one. */
export function countedPage<One>(
  all: readonly One[],
  query: Query,
  limit: number,
): { page: readonly One[]; next: string | null } {
  const place = { field: 'offset', sortDirection: 'asc' } as const;
  const offset = readCursor(query.text('cursor'), place)?.id ?? 0;
  const end = offset + limit;
  const next = all.length > end ? writtenCursor({ ...place, fieldValue: end, id: end }) : null;
  return { page: all.slice(offset, end), next };
}
