/**
 * Values as they are kept, unless a vendor has habits of its own. What is of another type is refused,
 * never guessed at; what is accepted may then be spelled as the vendor likes it.
 */
import type { FieldOptions, FieldType, Value } from './model.ts';
import { Refused } from './refused.ts';

/**
 * The value to store, or `Refused`. Texts are spelled before they are measured. An empty text, set or
 * list is stored as null.
 */
export function stored(
  field: FieldOptions,
  given: unknown,
  spell: (text: string) => string = asItIs,
): Value {
  if (given === null) return null;
  const { path, type, options, maxLength } = field;
  if (!isOfType[type](given)) {
    throw new Refused('invalid', `${path} takes a value of type ${type}.`, { path });
  }
  const value = typeof given === 'string' ? spell(given) : given;
  if (type === 'set') return storedSet(field, value as string[]);
  if (type === 'references') return asSet(value as string[]);
  if (type === 'list') return (value as object[]).length === 0 ? null : (value as object[]);
  if (typeof value !== 'string') return value as Value;
  if (type === 'enum' && options?.includes(value) !== true) throw unknownOption(path, value);
  if (maxLength !== undefined && Array.from(value).length > maxLength) {
    throw new Refused('invalid', `${path} takes ${maxLength} characters at most.`, { path });
  }
  return value === '' ? null : value;
}

export function isSame(one: Value, other: Value): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  if (one === null || other === null) return false;
  return JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));
}

/** What makes a unique value unique: an e-mail address is the same in any case. */
export function uniqueKey(type: FieldType, value: Value): string | undefined {
  if (value === null) return undefined;
  return type === 'email' ? (value as string).toLowerCase() : JSON.stringify(value);
}

/** A search finds a text in any case, and a set by each of its members. */
export function isFoundBy(value: Value, wanted: ReadonlySet<string>): boolean {
  if (value === null) return false;
  if (typeof value === 'string') return wanted.has(value.toLowerCase());
  if (Array.isArray(value)) return value.some((one) => wanted.has(String(one).toLowerCase()));
  return typeof value !== 'object' && wanted.has(String(value));
}

/** What is left of a value when its field gets another type: the same in other clothes, or nothing. */
export function retyped(field: FieldOptions, value: Value): Value {
  const clothes =
    typeof value === 'string' ? [value, fromText(value)] : [value, JSON.stringify(value)];
  for (const candidate of clothes) {
    try {
      return stored(field, candidate);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
  return null;
}

const asItIs = (text: string): string => text;

const isText = (value: unknown): boolean => typeof value === 'string';

const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every type there is, for those who read a schema from outside. */
export const FIELD_TYPES = [
  'text',
  'email',
  'phone',
  'number',
  'boolean',
  'date',
  'enum',
  'set',
  'object',
  'list',
  'reference',
  'references',
] as const satisfies readonly FieldType[];

const isOfType: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  text: isText,
  email: (value) =>
    value === '' || (isText(value) && /^\s*[^\s@]+@[^\s@]+\.[^\s@]+\s*$/.test(value as string)),
  phone: isText,
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  date: (value) => isText(value) && isDate(value as string),
  enum: isText,
  set: areTexts,
  object: isObject,
  list: (value) => Array.isArray(value) && value.every(isObject),
  reference: isText,
  references: areTexts,
};

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const timeMs = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(text);
}

function storedSet({ path, options }: FieldOptions, given: readonly string[]): Value {
  const unknown = options && given.find((option) => !options.includes(option));
  if (unknown !== undefined) throw unknownOption(path, unknown);
  return asSet(given);
}

function asSet(given: readonly string[]): Value {
  return given.length === 0 ? null : [...new Set(given)];
}

function unknownOption(path: string, option: string): Refused {
  return new Refused('invalid', `${path} has no option "${option}".`, { path });
}

/** Sets know no order, and neither do the members of an object; only lists do. */
function inOrder(value: object): unknown {
  if (Array.isArray(value)) {
    return value.some(isObject) ? value.map(inOrder) : value.map(String).toSorted(inTextOrder);
  }
  return Object.entries(value).toSorted(([a], [b]) => inTextOrder(a, b));
}

function inTextOrder(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** "7" reads as 7 and "true" as true; other texts stay what they are. */
function fromText(text: string): unknown {
  return /^(?:-?\d{1,15}(?:\.\d{1,15})?|true|false)$/.test(text) ? JSON.parse(text) : text;
}
