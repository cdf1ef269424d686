/**
 * Bodies of requests as values to write. The newer version of the API is strict: a number is no text, a
 * text no number, a flag no 1, and what it does not know it refuses, whichever field that is. What is
 * wrong is named by the code of its field.
 */
import type { Collection } from '../crm/collection.ts';
import type { Given } from '../crm/model.ts';
import type { Field } from '../crm/schema.ts';
import type { Company } from './company.ts';
import { CONTACT_SYNC_PATHS, factsOf, type Kind } from './fields.ts';
import { forbidden, invalid } from './refused.ts';
import { isSpacedTime, isTime } from './query.ts';
import { ADDRESS_PARTS, isDay } from './values.ts';

export type Body = Readonly<Record<string, unknown>>;

export function givenOf(
  company: Company,
  collection: Collection,
  body: Body,
  { isNew }: { isNew: boolean },
): Given {
  const given: Record<string, unknown> = {};
  const { custom_fields: custom, ...standard } = body;
  for (const [path, value] of Object.entries(standard)) {
    if (CONTACT_SYNC_PATHS.has(path) && isContactSyncOff(company, collection)) throw forbidden();
    const field = collection.schema.field(path);
    const facts = field && factsOf(field);
    const isWritable = facts?.write === 'always' || (facts?.write === 'once' && isNew);
    if (!field || !isWritable || facts.isCustom) throw invalid(`'${path}' is not allowed`, path);
    Object.assign(given, { [path]: valueOf(company, collection, field, path, value) });
    if (facts.kind === 'participants') Object.assign(given, { person_id: primaryOf(value) });
  }
  if (custom !== undefined) {
    if (!isObject(custom)) throw invalid("'custom_fields' must be an object", 'custom_fields');
    for (const [code, value] of Object.entries(custom)) {
      const field = company.fieldWith(collection, code);
      if (field === undefined || !factsOf(field).isCustom) {
        throw invalid(`'custom_fields.${code}' is not allowed`, code);
      }
      given[field.path] = valueOf(company, collection, field, code, value);
    }
  }
  return given;
}

function isContactSyncOff({ abilities }: Company, { name }: Collection): boolean {
  return name === 'persons' && !abilities.contactSync;
}

function valueOf(
  company: Company,
  collection: Collection,
  field: Field,
  code: string,
  given: unknown,
): unknown {
  if (given === null) return null;
  const { kind, isCustom } = factsOf(field);
  if (kind === 'option' || kind === 'options') {
    const labels = labelsOf(company, collection, field, given, code);
    if (kind === 'option') return labels[0];
    // A list of labels may be empty; a field of the company's own is emptied with null.
    if (isCustom && labels.length === 0) throw invalid(`'${code}' must not be empty`, code);
    return labels;
  }
  const fits = FITS[kind];
  const problem = fits(given, field);
  if (problem !== undefined) throw invalid(`'${code}' ${problem}`, code);
  if (kind === 'link') return `${given as number}`;
  if (kind === 'participants') {
    return (given as readonly { person_id: number }[]).map(({ person_id: id }) => String(id));
  }
  return given;
}

function labelsOf(
  company: Company,
  collection: Collection,
  field: Field,
  given: unknown,
  code: string,
): readonly string[] {
  const isOne = factsOf(field).kind === 'option';
  const wanted = isOne ? [given] : given;
  if (!Array.isArray(wanted)) throw invalid(`'${code}' must be an array`, code);
  const offered = new Set(field.options);
  const labels = new Map(
    [...company.optionIds(collection, field)].map(([label, id]) => [id, label]),
  );
  return wanted.map((id: unknown) => {
    if (!Number.isInteger(id)) throw invalid(`'${code}' must be a number`, code);
    const label = labels.get(id as number);
    if (label === undefined || !offered.has(label)) {
      throw invalid(`'${code}' has no option ${String(id)}`, code);
    }
    return label;
  });
}

/** What is wrong with a value; undefined for what fits. */
type Fit = (given: unknown, field: Field) => string | undefined;

const must =
  (what: string, isRight: (given: unknown) => boolean): Fit =>
  (given) =>
    isRight(given) ? undefined : `must be ${what}`;

const isText = (given: unknown): given is string => typeof given === 'string';
const isNumber = (given: unknown): boolean => typeof given === 'number' && Number.isFinite(given);
const isId = (given: unknown): boolean => Number.isInteger(given) && (given as number) > 0;

const text = must('a string', isText);
/** Of an object with these members and no others; undefined for those that may be anything. */
const parts =
  (members: Readonly<Record<string, Fit>>, needed: readonly string[] = []): Fit =>
  (given, field) => {
    if (!isObject(given)) return 'must be an object';
    for (const [name, value] of Object.entries(given)) {
      const fit = Object.hasOwn(members, name) ? members[name] : undefined;
      if (fit === undefined) return `has no member '${name}'`;
      const problem = value === null ? undefined : fit(value, field);
      if (problem !== undefined) return `.${name} ${problem}`;
    }
    const missing = needed.find((name) => given[name] === undefined || given[name] === null);
    return missing && `.${missing} is required`;
  };

const listOf =
  (entry: Fit): Fit =>
  (given, field) => {
    if (!Array.isArray(given)) return 'must be an array';
    for (const one of given) {
      const problem = entry(one, field);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

/** No more than one that is the first. */
const withOnePrimary =
  (list: Fit): Fit =>
  (given, field) => {
    const problem = list(given, field);
    if (problem !== undefined) return problem;
    const firsts = (given as readonly { primary?: unknown }[]).filter(({ primary }) => primary);
    return firsts.length > 1 ? 'must have one primary at most' : undefined;
  };

const flag = must('a boolean', (given) => typeof given === 'boolean');
const number = must('a number', isNumber);
const integer = must('an integer', (given) => Number.isInteger(given));
const id = must('a positive integer', isId);
const zone = { timezone_id: integer, timezone_name: text };

const FITS: Readonly<Record<Exclude<Kind, 'option' | 'options'>, Fit>> = {
  text,
  html: text,
  number,
  int: integer,
  boolean: flag,
  date: must('a date', isDay),
  datetime: (given, { path }) => {
    const isRight = path === 'archive_time' ? isSpacedTime(given) : isTime(given);
    return isRight ? undefined : 'must be a valid datetime';
  },
  clock: text,
  daterange: parts({ value: text, until: text }, ['value']),
  time: parts({ value: text, ...zone }, ['value']),
  timerange: parts({ value: text, until: text, ...zone }, ['value']),
  word: (given, { options = [] }) =>
    options.includes(given as string) ? undefined : `must be one of ${options.join(', ')}`,
  address: parts({ value: text, ...Object.fromEntries(ADDRESS_PARTS.map((part) => [part, text])) }),
  money: parts({ value: number, currency: text }, ['value']),
  link: id,
  participants: withOnePrimary(listOf(parts({ person_id: id, primary: flag }, ['person_id']))),
  entries: withOnePrimary(listOf(parts({ value: text, label: text, primary: flag }, ['value']))),
  attendees: listOf(
    parts({
      email: text,
      name: text,
      status: text,
      is_organizer: flag,
      person_id: id,
      user_id: id,
    }),
  ),
};

function primaryOf(given: unknown): string | null {
  const all = (given ?? []) as readonly { person_id: number; primary?: boolean }[];
  const primary = all.find((one) => one.primary === true) ?? all[0];
  return primary === undefined ? null : String(primary.person_id);
}

function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}
