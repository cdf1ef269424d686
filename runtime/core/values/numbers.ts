/**
 * Numbers and money as decimal text: no exponent, no plus sign, no zeros that say nothing. All
 * arithmetic is on digits; no amount ever passes through a binary fraction.
 *
 * A vendor that sends JSON numbers has rounded before we see them. Up to 15 significant digits, and
 * whole numbers up to 2^53, come through a double unharmed; longer ones are refused rather than trusted.
 */
import { z } from 'zod';

import { CLEARED, isRecord, refused, typeName, understood } from './kind.ts';
import type { Kind, Parsed } from './kind.ts';
import { parseText } from './text.ts';

export interface NumberOptions {
  /** The vendor computes with doubles, so that all their digits are meant; coordinates, for example. */
  readonly double?: boolean | undefined;
}

export const number: Kind<NumberOptions> = {
  options: z.strictObject({ double: z.boolean().optional() }),
  parse(raw, options) {
    return parseDecimal(raw, options?.double ?? false);
  },
};

export interface MoneyOptions {
  /** For amounts that come without one. */
  readonly currency?: string | undefined;
  /** Decimal places kept, at most; six, as fine as micros, where not given. */
  readonly scaleMax?: number | undefined;
}

/**
 * `{amount, currency}` with the amount as decimal text. Understands a bare amount, `{amount, currency}`,
 * `{value, currency}`, and `{amountMicros, currencyCode}` in millionths. A currency without an amount
 * is no money, so it counts as cleared.
 */
export const money: Kind<MoneyOptions> = {
  options: z.strictObject({
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'a currency is three capital letters, such as HUF')
      .optional(),
    scaleMax: z.int().min(0).max(12).optional(),
  }),
  parse(raw, options) {
    const amount = parseAmount(raw);
    if (!amount.ok || amount.value === null) return amount;
    const scaleMax = options?.scaleMax ?? 6;
    if (scaleOf(amount.value) > scaleMax) {
      return refused('money-scale', `more than ${scaleMax} decimal places`);
    }
    const currency = parseCurrency(isRecord(raw) ? (raw['currency'] ?? raw['currencyCode']) : null);
    if (!currency.ok) return currency;
    return understood({
      amount: amount.value,
      currency: currency.value ?? options?.currency ?? null,
    });
  },
};

/** The one spelling of a decimal number, or undefined when the text is none or has over 100 digits. */
export function decimalOf(written: string): string | undefined {
  const match = DECIMAL.exec(written);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  return placePoint(sign === '-', whole + fraction, whole.length + Number(exponent));
}

/** Times ten to the power, exactly. */
export function shiftPoint(decimal: string, power: number): string | undefined {
  const negative = decimal.startsWith('-');
  const [whole = '', fraction = ''] = decimal.slice(negative ? 1 : 0).split('.');
  return placePoint(negative, whole + fraction, whole.length + power);
}

/** What vendors make of a decimal when they keep fewer places: cut off, or rounded half up or half to even. */
export function roundings(decimal: string, scale: number): string[] {
  if (scaleOf(decimal) <= scale || decimalOf(decimal) !== decimal) return [decimal];
  const negative = decimal.startsWith('-');
  const [whole = '', fraction = ''] = decimal.slice(negative ? 1 : 0).split('.');
  const kept = BigInt(whole + fraction.slice(0, scale));
  const rest = fraction.slice(scale);
  const isHalf = /^50*$/.test(rest);
  const up = rest >= '5';
  const even = isHalf ? kept % 2n === 1n : up;
  return [false, up, even].map((increment) => {
    const digits = String(kept + (increment ? 1n : 0n)).padStart(scale + 1, '0');
    return placePoint(negative, digits, digits.length - scale) ?? decimal;
  });
}

/** How many digits stand behind the point. */
export function scaleOf(decimal: string): number {
  const point = decimal.indexOf('.');
  return point < 0 ? 0 : decimal.length - point - 1;
}

export function parseDecimal(raw: unknown, double = false): Parsed<string | null> {
  if (typeof raw === 'number') return parseJsonNumber(raw, double);
  if (typeof raw === 'string' && PLAIN_INTEGER.test(raw)) return understood(raw);
  return parseText(raw, (text) => {
    const decimal = decimalOf(text);
    return decimal === undefined
      ? refused('number-invalid', 'no decimal number')
      : understood(decimal);
  });
}

const PLAIN_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i;
const DIGITS_MAX = 100;

function parseJsonNumber(raw: number, double: boolean): Parsed<string> {
  if (!Number.isFinite(raw)) return refused('number-invalid', 'not a finite number');
  const decimal = decimalOf(String(raw));
  if (decimal === undefined) return refused('number-invalid', 'too large or too small');
  const faithful = Number.isInteger(raw)
    ? Number.isSafeInteger(raw)
    : double || decimal.replace(/^-?[0.]*|\./g, '').length <= 15;
  return faithful
    ? understood(decimal)
    : refused('number-unsafe', 'more digits than a double keeps');
}

function parseAmount(raw: unknown): Parsed<string | null> {
  if (!isRecord(raw)) {
    return Array.isArray(raw)
      ? refused('wrong-type', 'an amount expected, a list found')
      : parseDecimal(raw);
  }
  if ('amountMicros' in raw) {
    const micros = parseDecimal(raw['amountMicros']);
    if (!micros.ok || micros.value === null) return micros;
    const shifted = shiftPoint(micros.value, -6);
    return shifted === undefined ? refused('number-invalid', 'too small') : understood(shifted);
  }
  return parseDecimal('amount' in raw ? raw['amount'] : raw['value']);
}

function parseCurrency(raw: unknown): Parsed<string | null> {
  if (raw === null || raw === undefined) return CLEARED;
  if (typeof raw !== 'string') {
    return refused('currency-invalid', `text expected, ${typeName(raw)} found`);
  }
  return parseText(raw, (text) => {
    const code = text.toUpperCase();
    return /^[A-Z]{3}$/.test(code)
      ? understood(code)
      : refused('currency-invalid', 'not three letters');
  });
}

/** The canonical decimal of these digits with the point after the first `whole` of them. */
function placePoint(negative: boolean, digits: string, whole: number): string | undefined {
  const withoutFront = digits.replace(/^0+/, '');
  const significant = withoutZerosBehind(withoutFront);
  if (significant === '') return '0';
  const position = whole - (digits.length - withoutFront.length);
  if (Math.abs(position) > DIGITS_MAX || significant.length > DIGITS_MAX) return undefined;
  const sign = negative ? '-' : '';
  if (position <= 0) return `${sign}0.${'0'.repeat(-position)}${significant}`;
  if (position >= significant.length) return sign + significant.padEnd(position, '0');
  return `${sign}${significant.slice(0, position)}.${significant.slice(position)}`;
}

/** A regular expression for this would be quadratic on long runs of zeros. */
function withoutZerosBehind(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 48) end -= 1;
  return digits.slice(0, end);
}
