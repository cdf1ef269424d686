/**
 * What a filter of a search finds. Texts are found in any case, but `IN` looks for its values as they
 * are among texts in lower case; options are exact; times are milliseconds. What has no value is found
 * by nobody but those who look for that.
 */
import type { State } from '../crm/model.ts';
import { associatedWith } from './associations.ts';
import { objectType } from './objects.ts';
import { isProperty, nativeType } from './properties.ts';
import { propertyOf, type Place } from './records.ts';
import { invalid } from './refused.ts';
import { instant } from './values.ts';

export interface Filter {
  readonly propertyName: string;
  readonly operator: string;
  readonly value?: string;
  readonly highValue?: string;
  readonly values?: readonly string[];
}

export type Matcher = (id: string, state: State) => boolean;

export function matcherOf(place: Place, filter: Filter): Matcher {
  const { propertyName: name, operator } = filter;
  if (name.startsWith('associations.')) return associationMatcher(place, filter);
  const kind = kindOf(place, name);
  const compare = OPERATORS[operator];
  if (compare === undefined) throw invalid(`${operator} is no operator of filters.`);
  const test = compare(filter, kind);
  return (id, state) => {
    const text = propertyOf(place, id, state, name) ?? '';
    return test(text === '' ? undefined : text);
  };
}

/** Every word has to begin a word of one of the properties that are searched. */
export function wordsMatch(place: Place, id: string, state: State, query: string): boolean {
  const words = tokensOf(query);
  if (words.length === 0) return true;
  const tokens = place.object.searched.flatMap((name) =>
    tokensOf(propertyOf(place, id, state, name) ?? ''),
  );
  return words.every((word) => tokens.some((token) => token.startsWith(word)));
}

type Kind = 'text' | 'option' | 'number' | 'time';

function kindOf({ collection, object }: Place, name: string): Kind {
  if (name === object.created || name === object.modified) return 'time';
  if (name === 'hs_object_id') return 'number';
  const field = collection.schema.field(name);
  if (field === undefined || !isProperty(field)) {
    throw invalid(`There was a problem with the request: property ${name} does not exist.`);
  }
  switch (nativeType(field)) {
    case 'number':
      return 'number';
    case 'date':
    case 'datetime':
      return 'time';
    case 'bool':
    case 'enumeration':
      return 'option';
    case 'string':
    case 'phone_number':
      return 'text';
  }
}

type Test = (value: string | undefined) => boolean;
type Operator = (filter: Filter, kind: Kind) => Test;

const OPERATORS: Readonly<Record<string, Operator>> = {
  EQ: (filter, kind) => {
    const wanted = one(filter, kind);
    return there((value) => isEqual(value, wanted, kind));
  },
  NEQ: (filter, kind) => {
    const wanted = one(filter, kind);
    return there((value) => !isEqual(value, wanted, kind));
  },
  LT: (filter, kind) => ordered(filter, kind, (order) => order < 0),
  LTE: (filter, kind) => ordered(filter, kind, (order) => order <= 0),
  GT: (filter, kind) => ordered(filter, kind, (order) => order > 0),
  GTE: (filter, kind) => ordered(filter, kind, (order) => order >= 0),
  BETWEEN: (filter, kind) => {
    const { highValue: value } = filter;
    const low = ordered(filter, kind, (order) => order >= 0);
    const { value: _low, highValue: _high, ...rest } = filter;
    const high = ordered(
      { ...rest, ...(value === undefined ? {} : { value }) },
      kind,
      (order) => order <= 0,
    );
    return (text) => low(text) && high(text);
  },
  IN: (filter, kind) => {
    const wanted = several(filter);
    return there((value) => isAmong(value, wanted, kind));
  },
  NOT_IN: (filter, kind) => {
    const wanted = several(filter);
    return there((value) => !isAmong(value, wanted, kind));
  },
  HAS_PROPERTY: () => (value) => value !== undefined,
  NOT_HAS_PROPERTY: () => (value) => value === undefined,
  CONTAINS_TOKEN: (filter, kind) => {
    const patterns = patternsOf(one(filter, kind));
    return there((value) => hasTokens(value, patterns));
  },
  NOT_CONTAINS_TOKEN: (filter, kind) => {
    const patterns = patternsOf(one(filter, kind));
    return there((value) => !hasTokens(value, patterns));
  },
};

function there(test: (value: string) => boolean): Test {
  return (value) => value !== undefined && test(value);
}

function one({ propertyName, operator, value }: Filter, kind: Kind): string {
  if (value === undefined || value === '') {
    throw invalid(`The filter ${operator} of ${propertyName} has no value.`);
  }
  const isDigits = /^-?\d{1,15}$/.test(value);
  if (kind === 'time' && !isDigits) {
    throw invalid(
      `The filter ${operator} of ${propertyName} takes epoch milliseconds, not ${value}.`,
    );
  }
  return value;
}

function several({ propertyName, operator, values }: Filter): readonly string[] {
  if (values !== undefined && values.length > 0) return values;
  throw invalid(`The filter ${operator} of ${propertyName} has no values.`);
}

/** A set is found by each of its members. */
function isEqual(value: string, wanted: string, kind: Kind): boolean {
  if (kind === 'text') return value.toLowerCase() === wanted.toLowerCase();
  if (kind === 'option') return value.split(';').includes(wanted);
  return numberOf(value, kind) === Number(wanted);
}

function isAmong(value: string, wanted: readonly string[], kind: Kind): boolean {
  if (kind === 'text') return wanted.includes(value.toLowerCase());
  return wanted.some((other) => isEqual(value, other, kind));
}

function ordered(filter: Filter, kind: Kind, fits: (order: number) => boolean): Test {
  const wanted = one(filter, kind);
  return there((value) => {
    const isNumber = kind === 'number' || kind === 'time';
    const [a, b] = isNumber
      ? [numberOf(value, kind), Number(wanted)]
      : [value.toLowerCase(), wanted.toLowerCase()];
    return fits(a < b ? -1 : Number(a > b));
  });
}

function numberOf(value: string, kind: Kind): number {
  return kind === 'time' ? (instant(value) ?? Number.NaN) : Number(value);
}

function tokensOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((token) => token !== '');
}

/** Words, in which a star stands for anything. */
function patternsOf(text: string): readonly RegExp[] {
  const words = text.toLowerCase().split(/[^\p{L}\p{N}*]+/u);
  return words
    .filter((word) => word !== '')
    .map((word) => new RegExp(`^${word.replaceAll('*', '.*')}$`, 'u'));
}

function hasTokens(value: string, patterns: readonly RegExp[]): boolean {
  const tokens = tokensOf(value);
  return patterns.every((pattern) => tokens.some((token) => pattern.test(token)));
}

function associationMatcher({ account, object }: Place, filter: Filter): Matcher {
  const to = objectType(filter.propertyName.slice('associations.'.length));
  if (to === undefined) throw invalid(`There is no ${filter.propertyName} to search by.`);
  if (!['EQ', 'IN'].includes(filter.operator))
    throw invalid('Associations are searched with EQ or IN.');
  const wanted = filter.operator === 'EQ' ? [one(filter, 'text')] : several(filter);
  return (id) =>
    associatedWith(account, { from: object, id, to }).some((other) => wanted.includes(other.id));
}
