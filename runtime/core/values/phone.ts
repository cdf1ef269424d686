/**
 * A telephone number: E.164, with an extension as `;ext=` (RFC 3966). Numbers without a country are read
 * in the region of the tenant.
 *
 * A number that names its country is taken when it has a possible length. One that does not is taken
 * only when it really exists in the region; otherwise an Austrian number typed the Austrian way would
 * become a wrong Hungarian one. What is not taken is kept as it was typed, with a note: people write
 * `ask at reception` into telephone fields, and it is worth keeping.
 */
import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/max';
import { z } from 'zod';

import { understood } from './kind.ts';
import type { Kind, Parsed } from './kind.ts';
import { parseText, withoutInvisible, withoutJoiners } from './text.ts';

export interface PhoneOptions {
  /** Two capital letters; without it only numbers that start with a plus sign are understood. */
  readonly region?: string | undefined;
}

export const phone: Kind<PhoneOptions> = {
  options: z.strictObject({
    region: z
      .string()
      .refine(isSupportedCountry, 'a country is expected as two capital letters, such as HU')
      .optional(),
  }),
  parse(raw, options) {
    return parseText(raw, (text) => parseNumber(withoutInvisible(text), options?.region));
  },
};

/** The parts of a canonical number; undefined for one that was kept as text. */
export function splitPhone(canonical: string): SplitPhone | undefined {
  if (!CANONICAL.test(canonical)) return undefined;
  const [number = '', extension] = canonical.split(';ext=');
  const known = understand(number, undefined);
  if (known === undefined || !known.isPossible()) return undefined;
  return {
    number,
    extension,
    callingCode: `+${known.countryCallingCode}`,
    national: number.slice(known.countryCallingCode.length + 1),
    country: known.country,
  };
}

export interface SplitPhone {
  readonly number: string;
  readonly extension: string | undefined;
  readonly callingCode: string;
  /** What follows the calling code. */
  readonly national: string;
  readonly country: string | undefined;
}

const CANONICAL = /^\+[1-9]\d{4,16}(?:;ext=\d{1,7})?$/;
/** Longer texts are no numbers; the patterns below never see them. */
const LENGTH_MAX = 64;
const EXTENSION =
  /[\s,;]*(?:;ext=|\b(?:ext(?:ension)?|mell[ée]k|mell|m)[.:]?|[x#])[\s:]*(\d{1,7})$/i;
const ONLY_DIALLED = /^[\s(]*\+?[\p{Nd}\s\p{Pd}()./~]+$/u;

function parseNumber(text: string, region: string | undefined): Parsed {
  if (text.length <= LENGTH_MAX) {
    const typed = withoutJoiners(text).normalize('NFKC').replace(/^tel:/i, '');
    const extension = EXTENSION.exec(typed);
    const number = dial(extension === null ? typed : typed.slice(0, extension.index), region);
    if (number !== undefined) {
      return understood(extension === null ? number : `${number};ext=${extension[1]}`);
    }
  }
  return understood(text.replace(/\s+/g, ' '), 'phone-kept-as-text');
}

function dial(typed: string, region: string | undefined): string | undefined {
  if (!ONLY_DIALLED.test(typed)) return undefined;
  const compact = typed.replace(/[^+\p{Nd}]/gu, '');
  const known = understand(compact, region);
  if (known === undefined) return undefined;
  // A slash may also stand between two numbers, so a possible length is not enough to trust it.
  const namesCountry = compact.startsWith('+') && !typed.includes('/');
  if (!(namesCountry ? known.isPossible() : known.isValid())) return undefined;
  // What starts with zeros after the calling code would lose another one each time it is read.
  const again = known.number === compact ? known : understand(known.number, undefined);
  return again?.number === known.number && again.isPossible() ? known.number : undefined;
}

function understand(compact: string, region: string | undefined): PhoneNumber | undefined {
  return parsePhoneNumberFromString(compact, {
    extract: false,
    ...(region === undefined ? {} : { defaultCountry: region as CountryCode }),
  });
}
