/**
 * Three kinds that must never be mixed up, or dates move by a day:
 *
 * - `date`: a day on the calendar, the same wherever it is read. `2026-03-29`
 * - `dateTime`: an instant. `2026-03-29T01:30:00.000Z`, always UTC, always milliseconds.
 * - `zonedDateTime`: an instant and the zone whose clocks the user meant. `{instant, zone}`
 *
 * A local time that the clocks skip (spring) is read as the time that far after the gap, as if the
 * clocks had not been put forward yet; one that happens twice (autumn) as the first. Both are what
 * RFC 5545 says and come with a note; `zonedDateTime` can be told to refuse them instead.
 *
 * Time zones are the ones of the running Node. Names stay as they were given: which of two names for
 * one zone is preferred changes between releases, and a value must not.
 */
import { z } from 'zod';

import { isRecord, refused, typeName, understood } from './kind.ts';
import type { Kind, Parsed, Refused } from './kind.ts';
import type { Note } from '../reasons.ts';
import { parseText } from './text.ts';

const zoneOption = z
  .string()
  .refine(isZone, 'a name of the IANA time zone database is expected, such as Europe/Budapest');

export interface DateOptions {
  /** Where the day is meant when the vendor sends an instant instead. */
  readonly zone?: string | undefined;
}

/** An instant is only taken as a day when the zone is given, or when it is midnight UTC. */
export const date: Kind<DateOptions> = {
  options: z.strictObject({ zone: zoneOption.optional() }),
  parse(raw, options) {
    return parseText(raw, (text) => {
      if (isDate(text)) return understood(text);
      const written = readTime(text);
      if (written === undefined) return refused('date-invalid', 'no year-month-day that exists');
      if (options?.zone !== undefined && written.instantMs !== undefined) {
        const day = localDateOf(written.instantMs, options.zone);
        return isDate(day)
          ? understood(day)
          : refused('date-invalid', 'outside the years 1 to 9999');
      }
      const midnight = (written.instantMs ?? written.localMs) % DAY_MS === 0;
      if (!midnight) return refused('date-with-time', 'the time of day is not midnight UTC');
      return understood(isoOf(written.instantMs ?? written.localMs).slice(0, 10));
    });
  },
};

export interface DateTimeOptions {
  /** Whose clocks a time without an offset is read on, `UTC` for example. */
  readonly zone?: string | undefined;
}

/** What is finer than a millisecond is cut off. */
export const dateTime: Kind<DateTimeOptions> = {
  options: z.strictObject({ zone: zoneOption.optional() }),
  parse(raw, options) {
    if (typeof raw === 'number')
      return refused('wrong-type', 'a count of time; name its unit with a transform');
    return parseText(raw, (text) => {
      const found = instantOf(text, options?.zone, {});
      return found.ok ? understood(isoOf(found.ms), found.note) : found;
    });
  },
};

export interface ZonedDateTimeOptions extends WallTimeRules {
  /** Used when the vendor names none. */
  readonly zone?: string | undefined;
}

export interface WallTimeRules {
  readonly skipped?: 'later' | 'refuse' | undefined;
  readonly repeated?: 'first' | 'second' | 'refuse' | undefined;
}

/**
 * Understands `{instant, zone}`, `{local, zone}` and the text of RFC 9557,
 * `2026-03-29T03:30:00+02:00[Europe/Budapest]`. Where an offset is written it decides.
 */
export const zonedDateTime: Kind<ZonedDateTimeOptions> = {
  options: z.strictObject({
    zone: zoneOption.optional(),
    skipped: z.enum(['later', 'refuse']).optional(),
    repeated: z.enum(['first', 'second', 'refuse']).optional(),
  }),
  parse(raw, options) {
    if (!isRecord(raw)) {
      return parseText(raw, (text) => {
        const bracket = /^([^[\]]{1,64})\[([^[\]=]{1,64})\]$/.exec(text);
        return parseZoned(bracket?.[1] ?? text, bracket?.[2] ?? options?.zone, options);
      });
    }
    const time = 'instant' in raw ? raw['instant'] : raw['local'];
    const zone = raw['zone'] ?? options?.zone;
    if (zone !== undefined && typeof zone !== 'string') {
      return refused('zone-unknown', `text expected, ${typeName(zone)} found`);
    }
    return parseText(time, (text) => parseZoned(text, zone?.trim(), options));
  },
};

/** The instant in milliseconds since 1970, of canonical text. */
export function epochOf(canonical: string): number {
  return new Date(canonical).getTime();
}

/** The canonical text of an instant. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** The instant that a text with an offset names, in milliseconds; undefined for every other text. */
export function instantIn(text: string): number | undefined {
  return readTime(text)?.instantMs;
}

export function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(5, 7));
  const day = Number(text.slice(8));
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(month, year);
}

/** The day that the calendars in the zone show at that instant. */
export function localDateOf(ms: number, zone: string): string {
  return isoOf(ms + offsetAt(ms, zone)).slice(0, 10);
}

/** The first instant of the day in the zone; undefined for a day that the zone left out. */
export function startOfDay(day: string, zone: string): number | undefined {
  const [first] = instantsOf(epochOf(`${day}T00:00:00.000Z`), zone);
  const start = first.ms;
  return localDateOf(start, zone) === day ? start : undefined;
}

export function isZone(name: string): boolean {
  return formatFor(name) !== undefined;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const FIRST_MS = epochOf('0001-01-01T00:00:00.000Z');
const LAST_MS = epochOf('9999-12-31T23:59:59.999Z');
const WRITTEN =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?$/i;

interface Written {
  /** What the clock on the wall showed, as if it were UTC. */
  readonly localMs: number;
  /** Only when an offset was written. */
  readonly instantMs: number | undefined;
}

function readTime(text: string): Written | undefined {
  const match = WRITTEN.exec(text);
  if (match === null) return undefined;
  const [, day = '', hour = '', minute = '', second = '00', fraction = '', offset] = match;
  if (!isDate(day) || hour > '23' || minute > '59' || second > '59') return undefined;
  const millis = fraction.slice(0, 3).padEnd(3, '0');
  const localMs = epochOf(`${day}T${hour}:${minute}:${second}.${millis}Z`);
  if (offset === undefined) return { localMs, instantMs: undefined };
  const offsetMs = offsetOf(offset);
  if (offsetMs === undefined) return undefined;
  const instantMs = localMs - offsetMs;
  return instantMs < FIRST_MS || instantMs > LAST_MS ? undefined : { localMs, instantMs };
}

function offsetOf(written: string): number | undefined {
  const digits = written.replace(/\D/g, '').padEnd(4, '0');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2));
  if (hours > 23 || minutes > 59) return undefined;
  return (written.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}

/** Date's own parser takes the thirtieth of February for the second of March. */
function daysIn(month: number, year: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

interface Found {
  readonly ok: true;
  readonly ms: number;
  readonly note: Note | undefined;
}

function parseZoned(text: string, zone: string | undefined, rules: WallTimeRules = {}): Parsed {
  if (zone === undefined || zone === '') return refused('time-without-zone', 'no zone was named');
  if (!isZone(zone)) return refused('zone-unknown', 'no such zone');
  const found = instantOf(text, zone, rules);
  if (!found.ok) return found;
  return understood({ instant: isoOf(found.ms), zone: spelledZone(zone) }, found.note);
}

function instantOf(text: string, zone: string | undefined, rules: WallTimeRules): Found | Refused {
  const written = readTime(text);
  if (written === undefined) return refused('time-invalid', 'no date and time that exist');
  if (written.instantMs !== undefined) return { ok: true, ms: written.instantMs, note: undefined };
  if (zone === undefined) return refused('time-without-zone', 'no offset is written');
  const [first, second] = instantsOf(written.localMs, zone);
  if (first.skipped && rules.skipped === 'refuse') {
    return refused('time-skipped', 'the clocks were put forward');
  }
  if (second !== undefined && rules.repeated === 'refuse') {
    return refused('time-repeated', 'the clocks were put back');
  }
  const { ms } = second !== undefined && rules.repeated === 'second' ? second : first;
  if (ms < FIRST_MS || ms > LAST_MS) return refused('time-invalid', 'outside the years 1 to 9999');
  if (first.skipped) return { ok: true, ms, note: 'time-skipped' };
  const chosen = second !== undefined && rules.repeated === undefined;
  return { ok: true, ms, note: chosen ? 'time-repeated' : undefined };
}

interface Instant {
  readonly ms: number;
  readonly skipped: boolean;
}

/**
 * The instants at which the clocks of the zone show this time: one, two in order when they were put
 * back over it, or, when they skipped it, the one it would have been with the offset before the gap.
 * A day before and after, both offsets that can apply are in force.
 */
function instantsOf(localMs: number, zone: string): [Instant, Instant?] {
  const before = offsetAt(localMs - DAY_MS, zone);
  const after = offsetAt(localMs + DAY_MS, zone);
  if (before === after) return [{ ms: localMs - before, skipped: false }];
  const real = [localMs - before, localMs - after]
    .filter((ms) => ms + offsetAt(ms, zone) === localMs)
    .toSorted((a, b) => a - b);
  const [first, second] = real;
  if (first === undefined) return [{ ms: localMs - before, skipped: true }];
  if (second === undefined) return [{ ms: first, skipped: false }];
  return [
    { ms: first, skipped: false },
    { ms: second, skipped: false },
  ];
}

/** How far the clocks of the zone are ahead of UTC at that instant. */
function offsetAt(ms: number, zone: string): number {
  const format = formatFor(zone);
  if (format === undefined || zone === 'UTC') return 0;
  // Clocks on the wall show no fractions, and only four digits of the year.
  const shownMs = Math.min(Math.max(ms, FIRST_MS + 2 * DAY_MS), LAST_MS - 2 * DAY_MS);
  const whole = Math.floor(shownMs / 1000) * 1000;
  const shown: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of format.formatToParts(whole)) shown[type] = value;
  const year = (shown.year ?? '').padStart(4, '0');
  const local = `${year}-${shown.month}-${shown.day}T${shown.hour}:${shown.minute}:${shown.second}.000Z`;
  return epochOf(local) - whole;
}

/** A format is dear to make. Only names of real zones get in, so this stays small. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  // `+01:00` is an offset that Intl takes for a zone; it would never change its clocks.
  if (!/^[a-z][a-z0-9_+/-]{1,63}$/i.test(zone)) return undefined;
  try {
    const format = new Intl.DateTimeFormat('en-US', { ...NUMERIC, timeZone: zone });
    formats.set(zone, format);
    return format;
  } catch {
    // The one thing that can be wrong with these settings is the name of the zone.
    return undefined;
  }
}

const NUMERIC: Intl.DateTimeFormatOptions = {
  calendar: 'gregory',
  numberingSystem: 'latn',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
};

/** The name with the capitals it is known by, where Intl has it under that very name. */
function spelledZone(zone: string): string {
  const known = formatFor(zone)?.resolvedOptions().timeZone ?? zone;
  return known.toLowerCase() === zone.toLowerCase() ? known : zone;
}
