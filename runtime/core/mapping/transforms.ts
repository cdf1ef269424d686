/**
 * Steps between the form a vendor uses and the form a kind understands. `read` goes inwards, `write`
 * outwards. What `write` lets through, `read` brings back as the same value; what has no such form is
 * refused, never bent. Three steps say otherwise, because the vendor's form holds less: `fullName`,
 * `e164` and `instant`. There the mapping predicts what will be read back.
 *
 * No step ever sees a cleared value, except `primary` when it writes: to clear one item of a list is
 * not to clear the list.
 */
import { z } from 'zod';

import { canonicalText, same } from '../value.ts';
import type { Value } from '../value.ts';
import {
  epochOf,
  instantIn,
  isDate,
  isoOf,
  isZone,
  localDateOf,
  startOfDay,
} from '../values/dates.ts';
import { readJson } from '../values/json.ts';
import { isRecord, refused, typeName } from '../values/kind.ts';
import type { Parsed, Refused } from '../values/kind.ts';
import { parseDecimal, shiftPoint } from '../values/numbers.ts';
import { splitPhone } from '../values/phone.ts';

/** One step of a mapping as it stands in a configuration; listed in the order of reading. */
export const transformConfig = z.discriminatedUnion('use', [
  /** The vendor counts in units of ten to the minus `power`: 6 for micros, 2 for cents. */
  z.strictObject({ use: z.literal('scale'), power: z.int().min(-12).max(12) }),
  /** Decimal text here, a JSON number there. */
  z.strictObject({ use: z.literal('jsonNumber') }),
  /** A structure here, JSON text there. */
  z.strictObject({ use: z.literal('jsonText') }),
  /** A list here; there one text with a separator, or objects of which one member counts. */
  z.strictObject({ use: z.literal('list'), separator: z.string().min(1).max(3) }),
  z.strictObject({ use: z.literal('items'), value: z.string().min(1) }),
  /**
   * One value here, a list of objects there, of which at most one should carry the flag. Flagged before
   * not flagged, then the first; with `unordered`, for lists that come in any order, then the smallest.
   */
  z.strictObject({
    use: z.literal('primary'),
    value: z.string().min(1),
    flag: z.string().min(1).optional(),
    unordered: z.boolean().optional(),
  }),
  /** The vendor puts a text in front. */
  z.strictObject({ use: z.literal('prefix'), text: z.string().min(1) }),
  /** All capitals there, all small letters here, or the other way round. */
  z.strictObject({ use: z.literal('case'), remote: z.enum(['upper', 'lower']) }),
  /** `{given, family}` here, one text there. */
  z.strictObject({ use: z.literal('fullName'), order: z.enum(['givenFirst', 'familyFirst']) }),
  /** One number here; there parts named `number`, `callingCode` and perhaps `country`. */
  z.strictObject({ use: z.literal('phoneParts') }),
  /** The vendor takes E.164 only: no extensions, no text. */
  z.strictObject({ use: z.literal('e164') }),
  /** A day here, the instant there at which it begins in the zone. */
  z.strictObject({
    use: z.literal('dayStart'),
    zone: z.string().refine(isZone, 'a name such as Europe/Budapest is expected'),
  }),
  /** An instant, or a day as its midnight UTC, in another spelling of time. */
  z.strictObject({
    use: z.literal('instant'),
    remote: z.enum(['isoSeconds', 'spaceSeconds', 'epochMs', 'epochSeconds', 'epochMsText']),
  }),
]);

export type TransformConfig = z.infer<typeof transformConfig>;

export type Moved = { readonly ok: true; readonly raw: unknown } | Refused;

export interface Transform {
  read(raw: unknown): Moved;
  /** `current` is what the vendor holds now at this place, so that its neighbours survive. */
  write(raw: unknown, current: unknown): Moved;
  /** Only for steps whose place holds more than the value. */
  clear?(current: unknown): Moved;
}

/** `parse` is how the kind reads one element, for steps that have to compare. */
export function transformOf(config: TransformConfig, parse: (raw: unknown) => Parsed): Transform {
  switch (config.use) {
    case 'scale':
      return scale(config.power);
    case 'jsonNumber':
      return jsonNumber(parse);
    case 'jsonText':
      return jsonText;
    case 'list':
      return list(config.separator);
    case 'items':
      return items(config.value, parse);
    case 'primary':
      return primary(config, parse);
    case 'prefix':
      return prefix(config.text);
    case 'case':
      return letterCase(config.remote);
    case 'fullName':
      return fullName(config.order);
    case 'phoneParts':
      return phoneParts;
    case 'e164':
      return e164;
    case 'dayStart':
      return dayStart(config.zone);
    case 'instant':
      return instant(config.remote);
  }
}

function moved(raw: unknown): Moved {
  return { ok: true, raw };
}

function expected(what: string, raw: unknown): Refused {
  return refused('shape-changed', `${what} expected, ${typeName(raw)} found`);
}

function scale(power: number): Transform {
  const shift = (raw: unknown, by: number): Moved => {
    const decimal = parseDecimal(raw);
    if (!decimal.ok) return decimal;
    const shifted = decimal.value === null ? null : shiftPoint(decimal.value, by);
    return shifted === undefined ? refused('number-invalid', 'too many digits') : moved(shifted);
  };
  return {
    read: (raw) => shift(raw, -power),
    write: (raw) => {
      const shifted = shift(raw, power);
      if (!shifted.ok || !String(shifted.raw).includes('.')) return shifted;
      return refused('not-reversible', 'finer than the unit of the vendor');
    },
  };
}

function jsonNumber(parse: (raw: unknown) => Parsed): Transform {
  return {
    read: moved,
    write: (raw) => {
      const back = parse(Number(raw));
      if (back.ok && back.value === raw) return moved(Number(raw));
      return refused('not-reversible', 'more digits than a JSON number keeps');
    },
  };
}

const jsonText: Transform = {
  read: (raw) => (typeof raw === 'string' ? readJson(raw) : expected('JSON text', raw)),
  write: (raw) => moved(canonicalText(raw as Value)),
};

function list(separator: string): Transform {
  return {
    read: (raw) => {
      if (typeof raw !== 'string') return expected('text with separators', raw);
      return moved(raw.split(separator));
    },
    write: (raw) => {
      const elements: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
      const fits = elements.every((one) => typeof one === 'string' && !one.includes(separator));
      if (fits) return moved(elements.join(separator));
      return refused('not-reversible', 'an element contains the separator, or is no text');
    },
  };
}

/** Objects of elements that stay are left as they are, so that their other members survive. */
function items(member: string, parse: (raw: unknown) => Parsed): Transform {
  const holds = (item: Item, element: unknown): boolean => {
    if (item[member] === element) return true;
    const parsed = parse(item[member]);
    return parsed.ok && same(parsed.value, element as Value);
  };
  return {
    read: (raw) => {
      if (!Array.isArray(raw) || !raw.every(isRecord)) return expected('a list of objects', raw);
      return moved(raw.map((item) => item[member]));
    },
    write: (raw, current) => {
      if (!Array.isArray(raw)) return expected('a list', raw);
      const known = Array.isArray(current) ? current.filter(isRecord) : [];
      return moved(
        raw.map(
          (element: unknown) => known.find((item) => holds(item, element)) ?? { [member]: element },
        ),
      );
    },
  };
}

interface PrimaryConfig {
  readonly value: string;
  readonly flag?: string | undefined;
  readonly unordered?: boolean | undefined;
}

function primary(config: PrimaryConfig, parse: (raw: unknown) => Parsed): Transform {
  const { value: member, flag, unordered } = config;
  const nameOf = (item: Item): string => {
    const parsed = parse(item[member]);
    return canonicalText(parsed.ok ? parsed.value : textOf(item[member]));
  };
  const choose = (all: readonly Item[]): Item | undefined => {
    const full = all.filter((item) => !isBlank(item[member]));
    const flagged = full.filter((item) => flag !== undefined && isFlag(item[flag]));
    const eligible = flagged.length > 0 ? flagged : full;
    if (!unordered) return eligible[0];
    return eligible.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))[0];
  };
  const withValue = (item: Item, value: unknown): Item => ({
    ...item,
    [member]: value,
    ...(flag === undefined ? {} : { [flag]: true }),
  });
  return {
    read: (raw) => {
      if (!Array.isArray(raw) || !raw.every(isRecord)) return expected('a list of objects', raw);
      return moved(choose(raw)?.[member] ?? null);
    },
    write: (raw, current) => {
      const known = Array.isArray(current) ? current.filter(isRecord) : [];
      const before = choose(known);
      const wanted = canonicalText(raw as Value);
      // One that is there already only gets the flag; else the primary one is changed in its place.
      const place = known.find((item) => nameOf(item) === wanted) ?? before;
      const others = known.map((item) => {
        if (item === place) return withValue(item, nameOf(item) === wanted ? item[member] : raw);
        return flag !== undefined && isFlag(item[flag]) ? { ...item, [flag]: false } : item;
      });
      const all = place === undefined ? [...others, withValue({}, raw)] : others;
      // Without a flag, the place in the list is what marks the primary one.
      const written =
        flag === undefined && !unordered
          ? all.toSorted((a, b) => Number(nameOf(b) === wanted) - Number(nameOf(a) === wanted))
          : all;
      const chosen = choose(written);
      if (chosen !== undefined && nameOf(chosen) === wanted) return moved(written);
      return refused('not-reversible', 'nothing marks the first of these items; name its flag');
    },
    clear: (current) => {
      const known = Array.isArray(current) ? current.filter(isRecord) : [];
      const before = choose(known);
      return moved(known.filter((item) => item !== before));
    },
  };
}

type Item = Readonly<Record<string, unknown>>;

function isBlank(raw: unknown): boolean {
  return raw === null || raw === undefined || (typeof raw === 'string' && raw.trim() === '');
}

/** Scalars as text; what is none has no text, and `String` would throw for some objects. */
function textOf(raw: unknown): string {
  if (typeof raw === 'string') return raw;
  return typeof raw === 'number' || typeof raw === 'bigint' ? String(raw) : '';
}

function isFlag(raw: unknown): boolean {
  return raw === true || raw === 1 || raw === 'true' || raw === '1';
}

function prefix(text: string): Transform {
  return {
    read: (raw) => {
      if (typeof raw !== 'string') return expected('text', raw);
      const bare = raw.trimStart();
      return bare.startsWith(text)
        ? moved(bare.slice(text.length))
        : refused('shape-changed', `it does not start with ${text}`);
    },
    write: (raw) => moved(text + textOf(raw)),
  };
}

function letterCase(remote: 'upper' | 'lower'): Transform {
  const upper = (text: string): string => text.toUpperCase();
  const lower = (text: string): string => text.toLowerCase();
  const [outwards, inwards] = remote === 'upper' ? [upper, lower] : [lower, upper];
  const check = (
    raw: unknown,
    there: (text: string) => string,
    back: (text: string) => string,
  ): Moved => {
    if (typeof raw !== 'string') return expected('text', raw);
    if (back(there(raw)) === raw) return moved(there(raw));
    return refused('not-reversible', 'its capitals and small letters do not convert both ways');
  };
  return {
    read: (raw) => check(raw, inwards, outwards),
    write: (raw) => check(raw, outwards, inwards),
  };
}

/**
 * Joining what was split gives the same text, always. Splitting what was joined need not give the same
 * parts: nothing tells a second given name from the first half of a family name.
 */
function fullName(order: 'givenFirst' | 'familyFirst'): Transform {
  return {
    read: (raw) => {
      if (typeof raw !== 'string') return expected('text', raw);
      const words = raw.trim().split(/\s+/);
      // The family name is one word: the last, or the first after the titles that belong to it.
      const cut = order === 'givenFirst' ? words.length - 1 : wordsOfFamilyName(words);
      const front = words.slice(0, cut).join(' ');
      const back = words.slice(cut).join(' ');
      if (order === 'familyFirst') return moved({ given: back || null, family: front || null });
      return moved(front === '' ? { given: back, family: null } : { given: front, family: back });
    },
    write: (raw) => {
      if (!isRecord(raw)) return expected('a given and a family name', raw);
      const { given, family } = raw;
      const words = order === 'givenFirst' ? [given, family] : [family, given];
      return moved(words.filter((word) => typeof word === 'string' && word !== '').join(' '));
    },
  };
}

function wordsOfFamilyName(words: readonly string[]): number {
  const first = words.findIndex((word) => !/^(?:dr|prof|id|ifj|özv)$|\.$/i.test(word));
  return first < 0 ? words.length : first + 1;
}

const phoneParts: Transform = {
  read: (raw) => {
    if (!isRecord(raw)) return expected('the parts of a number', raw);
    const { number, callingCode } = raw;
    if (isBlank(number)) return moved(null);
    const national = textOf(number).trim();
    if (national === '') return expected('a number as text', number);
    // What is no national number was kept as text, and the calling code beside it is an old one.
    const isNational = /^[\d\s()./-]+(?:;ext=\d+)?$/.test(national);
    return moved(
      isBlank(callingCode) || !isNational
        ? national
        : `+${textOf(callingCode).replace(/\D/g, '')}${national}`,
    );
  },
  write: (raw) => {
    const split = splitPhone(textOf(raw));
    if (split === undefined) return moved({ number: raw, callingCode: null, country: null });
    const { national, extension, callingCode, country = null } = split;
    const number = extension === undefined ? national : `${national};ext=${extension}`;
    return moved({ number, callingCode, country });
  },
};

const e164: Transform = {
  read: moved,
  write: (raw) => {
    const split = splitPhone(textOf(raw));
    if (split !== undefined) return moved(split.number);
    return refused('not-reversible', 'the vendor takes nothing but numbers with a calling code');
  },
};

function dayStart(zone: string): Transform {
  return {
    read: (raw) => {
      if (typeof raw !== 'string') return expected('text', raw);
      const ms = instantIn(raw);
      return moved(ms === undefined ? raw : localDateOf(ms, zone));
    },
    write: (raw) => {
      if (typeof raw !== 'string' || !isDate(raw)) return expected('a day', raw);
      const start = startOfDay(raw, zone);
      if (start === undefined) return refused('not-reversible', 'the zone left this day out');
      return moved(isoOf(start));
    },
  };
}

function instant(remote: InstantForm): Transform {
  if (remote === 'isoSeconds' || remote === 'spaceSeconds') {
    return {
      read: (raw) => {
        const bare = typeof raw === 'string' && /^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(raw);
        return moved(bare ? `${raw}Z` : raw);
      },
      write: (raw) => {
        const ms = epochOf(textOf(raw));
        if (Number.isNaN(ms)) return expected('an instant or a day', raw);
        const seconds = isoOf(ms).slice(0, 19);
        return moved(remote === 'isoSeconds' ? `${seconds}Z` : seconds.replace('T', ' '));
      },
    };
  }
  const unitMs = remote === 'epochSeconds' ? 1000 : 1;
  return {
    read: (raw) => {
      const count = typeof raw === 'string' && /^-?\d{1,16}$/.test(raw) ? Number(raw) : raw;
      if (typeof count !== 'number') return expected('a count of time', raw);
      const ms = Math.floor(count * unitMs);
      if (Math.abs(ms) <= EPOCH_MS_MAX) return moved(isoOf(ms));
      return refused('time-invalid', 'out of range');
    },
    write: (raw) => {
      const count = Math.floor(epochOf(textOf(raw)) / unitMs);
      if (Number.isNaN(count)) return expected('an instant or a day', raw);
      return moved(remote === 'epochMsText' ? String(count) : count);
    },
  };
}

type InstantForm = Extract<TransformConfig, { use: 'instant' }>['remote'];

/** The year 9999 and a bit; also refuses what is not a number at all. */
const EPOCH_MS_MAX = 253_402_300_799_999;
