/**
 * Values as HubSpot keeps them, and as it says them. Over the wire all of them are texts; people and the
 * page hand in what the field is of. Storing what was stored changes nothing more.
 */
import type { FieldOptions, Value } from '../crm/model.ts';
import { Refused } from '../crm/refused.ts';
import { nativeType } from './properties.ts';

export interface Spelling {
  /** Phone numbers are stored in E.164, and wrong ones are refused. */
  readonly phoneValidation: boolean;
}

/** The value to keep in the place of the one before, or `Refused` with the word HubSpot has for it. */
export function kept(
  field: FieldOptions,
  given: unknown,
  before: Value,
  spelling: Spelling,
): Value {
  if (given === null || given === undefined || given === '') return null;
  switch (field.type) {
    case 'number':
      return numberOf(field, given);
    case 'boolean':
      return booleanOf(field, given);
    case 'date':
      return dayOf(field, given);
    case 'enum':
      return optionOf(field, given);
    case 'set':
      return setOf(field, given, before);
    case 'references':
      return idsOf(given);
    case 'reference':
      return textual(given);
    case 'email':
      return addressOf(field, given);
    case 'phone':
      return spelling.phoneValidation ? e164(field, given) : textOf(field, given);
    case 'text':
      return nativeType(field) === 'datetime' ? instantOf(field, given) : spelled(field, given);
    case 'object':
    case 'list':
      return given as Value;
  }
}

/** As answers say it; an option list in the order of its options, whatever was sent. */
export function said(field: FieldOptions, value: Value): string | null {
  if (value === null) return null;
  if (Array.isArray(value)) return value.join(';');
  if (typeof value === 'object') return JSON.stringify(value);
  const text = String(value);
  return nativeType(field) === 'datetime' ? text.replace('.000Z', 'Z') : text;
}

/** Anything as a text. */
export function textual(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Milliseconds of a date or a time, as a text of digits or as ISO 8601 says it. */
export function instant(given: unknown): number | undefined {
  const text = String(given);
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  const isZoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/.test(text);
  const timeMs = isZoned || isDay(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** The host of whatever people take for a domain. */
export function hostIn(text: string): string {
  const [host = ''] = text
    .trim()
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .replace(/^www\./, '')
    .split(/[/?#:]/);
  return host;
}

function refuse(field: FieldOptions, reason: string, why: string): Refused {
  return new Refused('invalid', why, { path: field.path, reason });
}

function textOf(field: FieldOptions, given: unknown): string {
  if (typeof given === 'object') throw refuse(field, 'INVALID_STRING', 'A text was expected.');
  const text = textual(given);
  if (field.maxLength === undefined || text.length <= field.maxLength) return text;
  const why = `${text.length} characters are too many, the limit is ${field.maxLength}.`;
  throw refuse(field, 'PROPERTY_VALUE_TOO_LONG', why);
}

function spelled(field: FieldOptions, given: unknown): string | null {
  const text = textOf(field, given);
  if (field.path === 'domain') return hostIn(text) || null;
  return field.own?.['fieldType'] === 'html' ? sanitised(text) : text;
}

/** What could do harm is gone, and so is white space at both ends. */
function sanitised(html: string): string {
  return html
    .replaceAll(/<(script|style|iframe)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, '')
    .replaceAll(/\son[a-z]+\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, '')
    .trim();
}

function numberOf(field: FieldOptions, given: unknown): number {
  const isNumber = typeof given === 'number' ? Number.isFinite(given) : isDecimal(given);
  if (isNumber) return Number(given);
  throw refuse(field, 'INVALID_LONG', `${String(given)} was not a valid number.`);
}

function isDecimal(given: unknown): boolean {
  return typeof given === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(given);
}

function booleanOf(field: FieldOptions, given: unknown): boolean {
  const text = String(given).toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true';
  throw unknownOption(field, String(given), ['true', 'false']);
}

/** A time is a day only when it is its very midnight in UTC. */
function dayOf(field: FieldOptions, given: unknown): string {
  const text = String(given);
  if (isDay(text)) return text;
  const timeMs = instant(given);
  if (timeMs === undefined) {
    throw refuse(field, 'INVALID_DATE', `${text} was not a valid date.`);
  }
  if (timeMs % DAY_MS !== 0) {
    throw refuse(field, 'INVALID_DATE', `${text} is at ${hourOf(timeMs)} UTC, not midnight!`);
  }
  return new Date(timeMs).toISOString().slice(0, 10);
}

const DAY_MS = 86_400_000;

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const timeMs = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(text);
}

function hourOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 19);
}

function instantOf(field: FieldOptions, given: unknown): string {
  const timeMs = instant(given);
  if (timeMs !== undefined && Math.abs(timeMs) < LAST_MS) return new Date(timeMs).toISOString();
  throw refuse(field, 'INVALID_DATE', `${String(given)} was not a valid time.`);
}

/** The end of the years that are written with four digits. */
const LAST_MS = Date.UTC(9999, 11, 31);

function optionOf(field: FieldOptions, given: unknown): string {
  const option = String(given);
  const known = field.options ?? [];
  if (known.includes(option)) return option;
  throw unknownOption(field, option, known);
}

/** A text that begins with a semicolon adds to what is there; any other one takes its place. */
function setOf(field: FieldOptions, given: unknown, before: Value): Value {
  const isList = Array.isArray(given);
  const text = isList ? '' : String(given);
  const texts = (isList ? given.map(String) : text.split(';')).filter((one) => one !== '');
  const words = texts.map((one) => (field.path === 'hs_additional_emails' ? lower(one) : one));
  const known = field.options;
  const unknown = known && words.find((one) => !known.includes(one));
  if (unknown !== undefined) throw unknownOption(field, unknown, known ?? []);
  const old = text.startsWith(';') && Array.isArray(before) ? (before as string[]) : [];
  const all = [...new Set([...old, ...words])];
  if (all.length === 0) return null;
  return known ? known.filter((option) => all.includes(option)) : all;
}

function lower(text: string): string {
  return text.trim().toLowerCase();
}

function idsOf(given: unknown): Value {
  const ids = Array.isArray(given) ? given.map(String) : String(given).split(/[;\s]+/);
  const all = [...new Set(ids.filter((id) => id !== ''))];
  return all.length === 0 ? null : all;
}

function addressOf(field: FieldOptions, given: unknown): string {
  const address = lower(textOf(field, given));
  if (/^[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+$/.test(address)) return address;
  throw refuse(field, 'INVALID_EMAIL', `Email address ${address} is invalid`);
}

function e164(field: FieldOptions, given: unknown): string {
  const number = textOf(field, given).replaceAll(/[\s().\-/]/g, '');
  const full = number.replace(/^00/, '+');
  if (/^\+[1-9]\d{6,14}$/.test(full)) return full;
  throw refuse(field, 'INVALID_PHONE_NUMBER', `${number} is not a valid phone number.`);
}

function unknownOption(field: FieldOptions, option: string, known: readonly string[]): Refused {
  const labels = (field.own?.['labels'] ?? {}) as Readonly<Record<string, string>>;
  const listed = known.map((value) => `label: ${labels[value] ?? value}\nvalue: ${value}\n`);
  const why = `${option} was not one of the allowed options: [${listed.join(', ')}]`;
  return refuse(field, 'INVALID_OPTION', why);
}
