/**
 * Values as Grumpy stores them. What is of another type is refused, never guessed at; what is
 * accepted is then spelled as the account likes it, and spelling twice changes nothing more.
 */
import type { FieldOptions, FieldType, Spelling } from './options.ts';
import { Refused } from './refused.ts';

export type Value =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | Readonly<Record<string, unknown>>;

/** The value to store, or `Refused`. An empty text and an empty set are stored as null. */
export function stored(field: FieldOptions, given: unknown, spelling?: Spelling): Value {
  if (given === null) return null;
  const { path, type, options, maxLength } = field;
  if (!isOfType[type](given)) {
    throw new Refused('invalid', `${path} takes a value of type ${type}.`, { path });
  }
  const value = typeof given === 'string' ? spell(given, spelling) : given;
  if (type === 'set') return storedSet(field, value as string[]);
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
  if (Array.isArray(value)) return value.some((one: string) => wanted.has(one.toLowerCase()));
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

const isText = (value: unknown): boolean => typeof value === 'string';

const isOfType: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  text: isText,
  email: (value) =>
    value === '' || (isText(value) && /^\s*[^\s@]+@[^\s@]+\.[^\s@]+\s*$/.test(value as string)),
  phone: isText,
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  date: (value) => isText(value) && isDate(value as string),
  enum: isText,
  set: (value) => Array.isArray(value) && value.every(isText),
  object: (value) => typeof value === 'object' && !Array.isArray(value),
  reference: isText,
};

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const timeMs = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(text);
}

function storedSet({ path, options }: FieldOptions, given: readonly string[]): Value {
  const unknown = options && given.find((option) => !options.includes(option));
  if (unknown !== undefined) throw unknownOption(path, unknown);
  return given.length === 0 ? null : [...new Set(given)];
}

function unknownOption(path: string, option: string): Refused {
  return new Refused('invalid', `${path} has no option "${option}".`, { path });
}

function spell(text: string, spelling: Spelling | undefined): string {
  if (spelling === undefined) return text;
  if (spelling === 'lower') return text.toLowerCase();
  if (spelling === 'trim') return text.trim();
  if (spelling === 'phone') return spellPhone(text);
  return Array.from(text)
    .slice(0, Number(spelling.slice('cut:'.length)))
    .join('');
}

/** Groups of three from the left. What has more in it than a number, such as "ask Anna", stays. */
function spellPhone(text: string): string {
  if (!/^\s*\+?[\d\s().-]*\d[\d\s().-]*$/.test(text)) return text;
  const digits = text.replaceAll(/\D/g, '');
  const groups = digits.replaceAll(/\d{3}(?=\d)/g, '$& ');
  return text.trimStart().startsWith('+') ? `+${groups}` : groups;
}

/** Sets know no order, and neither do the members of an object. */
function inOrder(value: object): unknown {
  if (Array.isArray(value)) return value.map(String).toSorted(inTextOrder);
  return Object.entries(value).toSorted(([a], [b]) => inTextOrder(a, b));
}

function inTextOrder(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** "7" reads as 7 and "true" as true; other texts stay what they are. */
function fromText(text: string): unknown {
  return /^(?:-?\d{1,15}(?:\.\d{1,15})?|true|false)$/.test(text) ? JSON.parse(text) : text;
}
