/**
 * Which records are meant: conditions, whether they came as text in an address or as an object of
 * GraphQL. They compare what is shown, letter by letter, as the database does; only that times are kept
 * to the microsecond and shown to the millisecond, so that no time is ever equal to what was shown of it.
 */
import type { Collection } from '../crm/collection.ts';
import type { FieldOptions } from '../crm/model.ts';
import type { Account } from './account.ts';
import { ownOf, PARTS } from './fields.ts';
import { quoted, uuidOf } from './ids.ts';
import { badRequest } from './refused.ts';
import { isHidden, type Shown } from './showing.ts';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | Comparison;

export interface Comparison {
  readonly kind: 'is';
  readonly path: readonly string[];
  readonly operator: Operator;
  readonly value: unknown;
}

export const OPERATORS = [
  'eq',
  'neq',
  'in',
  'containsAny',
  'is',
  'gt',
  'gte',
  'lt',
  'lte',
  'startsWith',
  'like',
  'ilike',
] as const;

export type Operator = (typeof OPERATORS)[number];

export type Test = (shown: Shown) => boolean;

/** What makes a condition see what was deleted. */
export function mentionsDeletion(condition: Condition): boolean {
  if (condition.kind === 'is') return condition.path[0] === 'deletedAt';
  if (condition.kind === 'not') return mentionsDeletion(condition.of);
  return condition.of.some(mentionsDeletion);
}

export function testOf(place: Place, condition: Condition): Test {
  if (condition.kind === 'is') return comparison(place, condition);
  if (condition.kind === 'not') {
    const test = testOf(place, condition.of);
    return (shown) => !test(shown);
  }
  const tests = condition.of.map((one) => testOf(place, one));
  return condition.kind === 'and'
    ? (shown) => tests.every((test) => test(shown))
    : (shown) => tests.some((test) => test(shown));
}

export interface Place {
  readonly account: Account;
  readonly collection: Collection;
  readonly singular: string;
}

/** What the values at this path are; undefined when there is no such path. */
export function kindAt({ account, collection, singular }: Place, path: readonly string[]): Kind {
  const [name = '', part, ...more] = path;
  const system = part === undefined ? SYSTEM[name] : undefined;
  if (system !== undefined) return system;
  const field = collection.schema.field(name);
  if (field === undefined || isHidden(account, collection, field)) {
    throw badRequest(`field '${name}' does not exist in '${singular}' object`);
  }
  const parts = PARTS[ownOf(field).native];
  if (parts === undefined && part === undefined) return kindOf(field);
  const partKind = part === undefined ? undefined : parts?.[part];
  if (partKind === undefined || more.length > 0) {
    throw badRequest(`field '${path.join('.')}' does not exist in '${singular}' object`);
  }
  if (partKind === 'number' || partKind === 'micros') return 'number';
  return partKind === 'text' || partKind === 'nullable' ? 'text' : 'json';
}

export type Kind = 'text' | 'number' | 'boolean' | 'id' | 'moment' | 'time' | 'list' | 'json';

const SYSTEM: Readonly<Record<string, Kind>> = {
  id: 'id',
  createdAt: 'moment',
  updatedAt: 'moment',
  deletedAt: 'moment',
};

const KINDS: Readonly<Partial<Record<FieldOptions['type'], Kind>>> = {
  number: 'number',
  boolean: 'boolean',
  reference: 'id',
  set: 'list',
  object: 'json',
  list: 'json',
};

function kindOf(field: FieldOptions): Kind {
  if (ownOf(field).native === 'DATE_TIME') return 'time';
  return KINDS[field.type] ?? 'text';
}

export function valueAt(shown: Shown, path: readonly string[]): unknown {
  let value: unknown = shown;
  for (const name of path) value = (value as Record<string, unknown> | null)?.[name];
  return value ?? null;
}

/** For comparing: numbers as they are, times as numbers, everything else as texts. */
export function comparable(kind: Kind, value: unknown): string | number | boolean | null {
  if (value === null) return null;
  if (kind === 'moment') return Date.parse(value as string) + MICROSECONDS;
  if (kind === 'time') return Date.parse(value as string);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What of the time is not shown, in milliseconds. */
const MICROSECONDS = 0.5;

function comparison(place: Place, { path, operator, value }: Comparison): Test {
  const kind = kindAt(place, path);
  if (operator === 'is') {
    if (value !== 'NULL' && value !== 'NOT_NULL') {
      throw badRequest(
        `'filter' invalid for 'is' operator. Received ${quoted(value)} but 'NULL' or 'NOT_NULL' expected`,
      );
    }
    return (shown) => (valueAt(shown, path) === null) === (value === 'NULL');
  }
  if (operator === 'in' || operator === 'containsAny') {
    if (!Array.isArray(value)) throw badRequest(`'filter' invalid for '${operator}' operator`);
    const wanted = new Set(value.map((one) => wantedOf(kind, one)));
    return (shown) => {
      const actual = valueAt(shown, path);
      const all = operator === 'containsAny' && Array.isArray(actual) ? actual : [actual];
      return all.some((one) => one !== null && wanted.has(exact(kind, one)));
    };
  }
  if (operator === 'like' || operator === 'ilike' || operator === 'startsWith') {
    const text = operator === 'startsWith' ? `${String(value)}%` : String(value);
    const pattern = patternOf(text, operator === 'ilike');
    return (shown) => {
      const actual = valueAt(shown, path);
      return (
        actual !== null &&
        pattern.test(typeof actual === 'string' ? actual : JSON.stringify(actual))
      );
    };
  }
  const wanted = wantedOf(kind, value);
  return (shown) => {
    const actual = comparable(kind, valueAt(shown, path));
    return actual !== null && wanted !== null && COMPARE[operator](actual, wanted);
  };
}

type Plain = string | number | boolean;

const COMPARE: Readonly<
  Record<'eq' | 'neq' | 'gt' | 'gte' | 'lt' | 'lte', (one: Plain, other: Plain) => boolean>
> = {
  eq: (one, other) => one === other,
  neq: (one, other) => one !== other,
  gt: (one, other) => one > other,
  gte: (one, other) => one >= other,
  lt: (one, other) => one < other,
  lte: (one, other) => one <= other,
};

function exact(kind: Kind, value: unknown): Plain | null {
  return comparable(kind, value);
}

/** What was sent, as something to compare with. */
function wantedOf(kind: Kind, value: unknown): Plain | null {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (kind === 'number') return numberOf(text);
  if (kind === 'boolean') return text.toLowerCase() === 'true';
  if (kind === 'id') return uuidOf(value);
  if (kind === 'moment' || kind === 'time') return Date.parse(timeIn(text)) + microsecondsIn(text);
  return text;
}

function numberOf(text: string): number {
  if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  throw badRequest(`invalid input syntax for type double precision: "${text}"`);
}

function timeIn(text: string): string {
  if (!Number.isNaN(Date.parse(text))) return text;
  throw badRequest(`invalid input syntax for type timestamp with time zone: "${text}"`);
}

/** Of a time that was sent to the microsecond. */
function microsecondsIn(text: string): number {
  const [, more = ''] = /\.\d{3}(\d{1,3})/.exec(text) ?? [];
  return Number(more.padEnd(3, '0')) / 1000;
}

function patternOf(text: string, anyCase: boolean): RegExp {
  const source = text
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}$`, anyCase ? 'is' : 's');
}
