/**
 * Values as Pipedrive keeps them, whoever writes them. E-mail addresses, phone numbers and texts stay
 * as they were written; lists of them get a first one and labels, addresses their empty parts, amounts
 * a currency, and times a zone.
 */
import type { FieldOptions, Value } from '../crm/model.ts';
import { Refused } from '../crm/refused.ts';
import { stored } from '../crm/values.ts';
import { factsOf, type Kind } from './fields.ts';
import type { Abilities } from './options.ts';

type Settings = Pick<Abilities, 'currency' | 'timeZone'>;

export function storedValue(
  field: FieldOptions,
  given: unknown,
  before: Value,
  settings: Settings,
): Value {
  const value = stored(field, given);
  if (value === null) return null;
  return KEEPERS[factsOf(field).kind]?.(value, { field, before, settings }) ?? value;
}

/** Who has geocoded an address writes it as what it was worked out from; another one stays. */
export interface Geocoded {
  readonly geocodedFrom: string;
}

export const ADDRESS_PARTS = [
  'country',
  'admin_area_level_1',
  'admin_area_level_2',
  'locality',
  'sublocality',
  'route',
  'street_number',
  'subpremise',
  'postal_code',
] as const;

const ZONES = [
  'UTC',
  'Europe/Tallinn',
  'Europe/Budapest',
  'Europe/London',
  'Europe/Berlin',
  'America/New_York',
] as const;

/** What is without a place of its own in the list is not known. */
function zoneId(zone: string): number {
  return ZONES.indexOf(zone as (typeof ZONES)[number]) + 1;
}

interface Place {
  readonly field: FieldOptions;
  readonly before: Value;
  readonly settings: Settings;
}

const KEEPERS: Partial<Readonly<Record<Kind, (value: Value, place: Place) => Value>>> = {
  html: (value) => sanitised(value as string),
  int: (value, { field }) => {
    if (!Number.isInteger(value)) throw not(field, 'a whole number');
    const isLevel = field.path !== 'visible_to' || [1, 3, 5, 7].includes(value as number);
    if (!isLevel) throw not(field, 'one of 1, 3, 5 and 7');
    return value;
  },
  datetime: (value, { field }) => {
    const text = value as string;
    const timeMs = Date.parse(text.includes('T') ? text : `${text.replace(' ', 'T')}Z`);
    if (Number.isNaN(timeMs)) throw not(field, 'a time');
    return wholeSeconds(timeMs);
  },
  clock: (value, { field }) => {
    const [, clock, seconds] = CLOCK.exec(value as string) ?? [];
    if (clock === undefined) throw not(field, 'hours, minutes and seconds');
    return `${clock}${seconds ?? ':00'}`;
  },
  daterange: (value, { field }) => range(field, value, isDay),
  time: (value, place) => {
    const { value: clock } = value as { value?: unknown };
    if (!isClock(clock)) throw not(place.field, 'an object with a time as its value');
    return { value: clock, ...zoned(value, place) };
  },
  timerange: (value, place) => ({ ...range(place.field, value, isClock), ...zoned(value, place) }),
  money: (value, { field, settings }) => {
    const { value: amount, currency } = value as { value?: unknown; currency?: unknown };
    if (typeof amount !== 'number') throw not(field, 'an object with a number as its value');
    return { value: amount, currency: typeof currency === 'string' ? currency : settings.currency };
  },
  address: (value, { before }) => {
    const { geocodedFrom } = value as Partial<Geocoded>;
    if (geocodedFrom === undefined) return addressOf(value as object);
    if ((before as { value?: unknown } | null)?.value !== geocodedFrom) return before;
    return { ...addressOf(before as object), ...located(geocodedFrom) };
  },
  entries: (value, { field }) => entriesOf(field, value as readonly object[]),
};

function entriesOf(field: FieldOptions, given: readonly object[]): Value {
  const there = (
    given as readonly { value?: unknown; label?: unknown; primary?: unknown }[]
  ).filter(({ value }) => value !== '' && value !== null && value !== undefined);
  const firsts = there.filter(({ primary }) => primary === true);
  if (firsts.length > 1) throw not(field, 'one primary value at most');
  const first = firsts[0] ?? there[0];
  if (first === undefined) return null;
  return there.map((entry) => {
    const { value, label } = entry;
    if (typeof value !== 'string') throw not(field, 'texts as values');
    const isLabelled = typeof label === 'string' && label !== '';
    return { value, primary: entry === first, label: isLabelled ? label : 'work' };
  });
}

function addressOf(given: object): Record<string, Value> {
  const parts = given as Readonly<Record<string, Value | undefined>>;
  const known = ADDRESS_PARTS.map((part) => [part, parts[part] ?? null] as const);
  return { value: parts['value'] ?? null, ...Object.fromEntries(known) };
}

/** As well as a geocoder does that only looks for commas and numbers. */
function located(address: string): Readonly<Record<string, string>> {
  const parts = address.split(',').map((part) => part.trim());
  const locality = parts.at(-1)!.replaceAll(/\d+/g, '').trim();
  const [, route = '', number] = /^(.*?)\s*(\d+\w*)?$/.exec(parts[0]!) ?? [];
  const [postal] = /\b\d{4,5}\b/.exec(address) ?? [];
  return {
    locality,
    country: 'Estonia',
    ...(parts.length > 1 && route !== '' ? { route } : {}),
    ...(parts.length > 1 && number !== undefined ? { street_number: number } : {}),
    ...(postal === undefined ? {} : { postal_code: postal }),
    formatted_address: `${parts.join(', ')}, Estonia`,
  };
}

function range(
  field: FieldOptions,
  given: Value,
  isPart: (part: unknown) => boolean,
): { value: string; until: string | null } {
  const { value, until = null } = given as { value?: unknown; until?: unknown };
  if (!isPart(value) || !(until === null || isPart(until))) throw not(field, 'a range');
  return { value: value as string, until: until as string | null };
}

function zoned(given: Value, { field, settings }: Place): { [part: string]: Value } {
  const { timezone_id: id } = given as { timezone_id?: unknown };
  const zone = id === undefined || id === null ? settings.timeZone : ZONES[Number(id) - 1];
  if (zone === undefined) throw not(field, 'a zone that there is');
  return { timezone_id: zoneId(zone), timezone_name: zone };
}

const CLOCK = /^((?:[01]\d|2[0-3]):[0-5]\d)(:[0-5]\d)?$/;

function isClock(given: unknown): boolean {
  return typeof given === 'string' && CLOCK.test(given);
}

export function isDay(given: unknown): boolean {
  if (typeof given !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(given)) return false;
  const timeMs = Date.parse(`${given}T00:00:00Z`);
  return !Number.isNaN(timeMs) && wholeSeconds(timeMs).startsWith(given);
}

/** The newer version of the API writes times like this. */
export function wholeSeconds(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

/** The older one like this, also in UTC. */
export function spaced(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 19)}`;
}

function sanitised(html: string): string | null {
  const clean = html
    .replaceAll(/<(script|style|iframe|object)\b[\s\S]*?<\/\1\s*>/gi, '')
    .replaceAll(/<\/?(?:script|style|iframe|object)\b[^>]*>/gi, '')
    .replaceAll(/\s+on\w+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)/gi, '')
    .replaceAll(/(href|src)\s*=\s*(["'])\s*javascript:[^"']*\2/gi, '$1=$2$2');
  return clean === '' ? null : clean;
}

function not({ path }: FieldOptions, what: string): Refused {
  return new Refused('invalid', `${path} takes ${what}.`, { path });
}
