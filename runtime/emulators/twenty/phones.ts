/**
 * Phone numbers: kept without the code of their country, which stands beside them. What was sent and what
 * the number says must not contradict each other.
 */
import { getCountries, getCountryCallingCode, parsePhoneNumberWithError } from 'libphonenumber-js';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js';
import { Refused } from '../crm/refused.ts';

export function primaryPhone(
  path: string,
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { number, countryCode, callingCode } = phoneOf(path, {
    number: value['primaryPhoneNumber'] as string | null,
    countryCode: value['primaryPhoneCountryCode'] as string | null,
    callingCode: value['primaryPhoneCallingCode'] as string | null,
  });
  return {
    primaryPhoneNumber: number,
    primaryPhoneCountryCode: countryCode,
    primaryPhoneCallingCode: callingCode,
    additionalPhones: value['additionalPhones'] ?? null,
  };
}

export function additionalPhone(path: string, given: Readonly<Record<string, unknown>>): object {
  const textOf = (name: string): string | null => {
    const value = given[name] ?? null;
    if (value === null || typeof value === 'string') return value === '' ? null : value;
    throw refused(path, `Invalid additional phone ${JSON.stringify(given)}`);
  };
  return phoneOf(path, {
    number: textOf('number'),
    countryCode: textOf('countryCode'),
    callingCode: textOf('callingCode'),
  });
}

interface Phone {
  readonly number: string | null;
  readonly countryCode: string | null;
  readonly callingCode: string | null;
}

function phoneOf(path: string, { number, countryCode, callingCode }: Phone): Phone {
  if (countryCode !== null && !isCountry(countryCode)) {
    throw refused(path, `Invalid country code ${countryCode}`);
  }
  const countries = callingCode === null ? [] : countriesOf(callingCode);
  if (callingCode !== null && countries.length === 0) {
    throw refused(path, `Invalid calling code ${callingCode}`);
  }
  if (countryCode !== null && callingCode !== null && !countries.includes(countryCode)) {
    throw refused(path, 'Provided country code and calling code are conflicting');
  }
  if (number === null) return { number, countryCode, callingCode };
  const parsed = parsedPhone(path, number, { countryCode, callingCode });
  const inferred = `+${parsed.countryCallingCode}`;
  if (callingCode !== null && callingCode !== inferred) {
    throw refused(path, 'Provided and inferred calling code are conflicting');
  }
  if (countryCode !== null && parsed.country !== undefined && parsed.country !== countryCode) {
    throw refused(path, 'Provided and inferred country code are conflicting');
  }
  return {
    number: parsed.nationalNumber,
    countryCode: countryCode ?? parsed.country ?? null,
    callingCode: callingCode ?? inferred,
  };
}

function parsedPhone(
  path: string,
  number: string,
  { countryCode, callingCode }: Pick<Phone, 'countryCode' | 'callingCode'>,
): PhoneNumber {
  try {
    return parsePhoneNumberWithError(number, {
      ...(countryCode === null ? {} : { defaultCountry: countryCode as CountryCode }),
      ...(callingCode === null ? {} : { defaultCallingCode: callingCode.replace('+', '') }),
    });
  } catch {
    // Whatever is wrong with it, the answer is the same.
    throw refused(path, `Provided phone number is invalid ${number}`);
  }
}

function isCountry(code: string): boolean {
  return getCountries().includes(code as CountryCode);
}

function countriesOf(callingCode: string): readonly string[] {
  return getCountries().filter((country) => `+${getCountryCallingCode(country)}` === callingCode);
}

function refused(path: string, message: string): Refused {
  return new Refused('invalid', message, { path });
}
