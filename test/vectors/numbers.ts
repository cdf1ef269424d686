import { no } from './vector.ts';
import type { VectorTable } from './vector.ts';

/** What JSON.parse makes of 9007199254740993: another number, off by one. */
const BEYOND_2_53 = 9007199254740992;

/** 2^53 is 9007199254740992; a double keeps every decimal of up to 15 significant digits (IEEE 754, DBL_DIG). */
export const numbers: VectorTable = {
  title: 'a number',
  spec: { kind: 'number' },
  vectors: [
    ['0', '0', 'zero'],
    ['-0', '0', 'zero has no sign'],
    ['-0.00', '0', 'nor when it is written longer'],
    ['007', '7', 'zeros in front say nothing'],
    ['1.50', '1.5', 'nor behind the point'],
    ['1.00', '1', 'nor does the point then'],
    ['100', '100', 'zeros before the point do'],
    ['.5', '0.5', 'as PostgreSQL takes it'],
    ['5.', '5', 'as PostgreSQL takes it'],
    ['+5', '5', 'plus says nothing'],
    ['1e3', '1000', 'no exponents'],
    ['-1.5E-2', '-0.015', 'no exponents'],
    ['  12 ', '12', 'blanks around'],
    ['12345678901234567890.123456789', '12345678901234567890.123456789', 'text keeps every digit'],
    ['9007199254740993', '9007199254740993', '2^53 + 1 as text'],
    [9007199254740991, '9007199254740991', '2^53 - 1 is still exact as a JSON number'],
    [9007199254740992, no('number-unsafe'), '2^53 may have been 2^53 + 1'],
    [12, '12', 'JSON number'],
    [-0, '0', 'minus zero of JavaScript'],
    [0.1, '0.1', 'one digit survives a double'],
    [
      0.1 + 0.2,
      no('number-unsafe'),
      '0.30000000000000004 has 17 digits: somebody computed in binary',
    ],
    [123456789.123456, '123456789.123456', '15 digits survive a double'],
    [1e21, no('number-unsafe'), 'far beyond 2^53'],
    [1e-7, '0.0000001', 'JavaScript prints an exponent here'],
    [10n, '10', 'a bigint of a database driver'],
    [Number.NaN, no('number-invalid'), 'not a number'],
    [Number.POSITIVE_INFINITY, no('number-invalid'), 'nor is infinity'],
    ['1,5', no('number-invalid'), 'a decimal comma may also be a separator of thousands'],
    ['1 000', no('number-invalid'), 'separators are for people'],
    ['12%', no('number-invalid'), 'a unit'],
    ['0x10', no('number-invalid'), 'only decimals'],
    ['Infinity', no('number-invalid'), 'not even as a word'],
    ['1e999', no('number-invalid'), 'a thousand digits are an accident'],
    [null, null, 'cleared stays cleared'],
    ['', null, 'blank is cleared'],
    [false, no('wrong-type'), 'no is no number'],
  ],
};

export const doubles: VectorTable = {
  title: 'a number that the vendor keeps as a double',
  spec: { kind: 'number', options: { double: true } },
  vectors: [
    [
      47.49791199999999,
      '47.49791199999999',
      'the shortest text that reads back as the same double',
    ],
    [BEYOND_2_53, no('number-unsafe'), 'whole numbers beyond 2^53 are doubtful even so'],
  ],
};

export const moneys: VectorTable = {
  title: 'an amount of money',
  spec: { kind: 'money' },
  vectors: [
    [
      { amountMicros: 1500000000, currencyCode: 'EUR' },
      { amount: '1500', currency: 'EUR' },
      '10^6 micros are one',
    ],
    [
      { amountMicros: '1500000000', currencyCode: 'EUR' },
      { amount: '1500', currency: 'EUR' },
      'micros as text',
    ],
    [
      { amountMicros: '1500000000.000000', currencyCode: 'EUR' },
      { amount: '1500', currency: 'EUR' },
      'micros as NUMERIC prints them',
    ],
    [
      { amountMicros: 1, currencyCode: 'EUR' },
      { amount: '0.000001', currency: 'EUR' },
      'the smallest',
    ],
    [
      { amountMicros: -12340000, currencyCode: 'HUF' },
      { amount: '-12.34', currency: 'HUF' },
      'negative',
    ],
    [
      { amountMicros: -1, currencyCode: 'EUR' },
      { amount: '-0.000001', currency: 'EUR' },
      'negative and below a cent',
    ],
    [
      { amountMicros: 1234, currencyCode: 'EUR' },
      { amount: '0.001234', currency: 'EUR' },
      'below a cent',
    ],
    [
      { amountMicros: 0, currencyCode: 'EUR' },
      { amount: '0', currency: 'EUR' },
      'zero is an amount',
    ],
    [
      { amountMicros: '9007199254740993000001', currencyCode: 'HUF' },
      { amount: '9007199254740993.000001', currency: 'HUF' },
      'far beyond 2^53, exact as text',
    ],
    [
      { amountMicros: '-9007199254740993', currencyCode: 'HUF' },
      { amount: '-9007199254.740993', currency: 'HUF' },
      'just beyond 2^53, negative',
    ],
    [
      { amountMicros: 9007199254740992, currencyCode: 'HUF' },
      no('number-unsafe'),
      'beyond 2^53 as a JSON number: may be off by one already',
    ],
    [
      { amountMicros: '0.5', currencyCode: 'EUR' },
      no('money-scale'),
      'half a micro cannot be kept',
    ],
    [{ amountMicros: null, currencyCode: 'EUR' }, null, 'a currency without an amount is no money'],
    [{ amountMicros: null, currencyCode: '' }, null, 'as Twenty shows an empty one'],
    [{ value: 500, currency: 'EUR' }, { amount: '500', currency: 'EUR' }, 'Pipedrive, whole'],
    [{ value: 12.5, currency: 'EUR' }, { amount: '12.5', currency: 'EUR' }, 'Pipedrive, fraction'],
    [
      { value: 0.1 + 0.2, currency: 'EUR' },
      no('number-unsafe'),
      'somebody computed money in binary',
    ],
    [
      { amount: '1234.50', currency: 'eur' },
      { amount: '1234.5', currency: 'EUR' },
      'HubSpot text; codes are capitals (ISO 4217)',
    ],
    [{ amount: '1234.5' }, { amount: '1234.5', currency: null }, 'no currency said'],
    [
      { amount: '1234.5', currency: ' ' },
      { amount: '1234.5', currency: null },
      'a blank one is none',
    ],
    [
      { amount: '1', currency: '€' },
      no('currency-invalid'),
      'a sign is no code: several countries have a dollar',
    ],
    [{ amount: '1', currency: 'Euro' }, no('currency-invalid'), 'a name is no code'],
    [
      { amount: '1', currency: 978 },
      no('currency-invalid'),
      'the numeric codes of ISO 4217 are not used here',
    ],
    [
      { amount: '0.0000001', currency: 'EUR' },
      no('money-scale'),
      'finer than micros, and money is not rounded',
    ],
    [
      { amount: '1.2300000000', currency: 'EUR' },
      { amount: '1.23', currency: 'EUR' },
      'zeros behind are no digits',
    ],
    [{ amount: '1,50', currency: 'EUR' }, no('number-invalid'), 'a decimal comma'],
    [{ amount: '€12', currency: 'EUR' }, no('number-invalid'), 'a sign in the amount'],
    ['12.50', { amount: '12.5', currency: null }, 'a bare amount'],
    [12.5, { amount: '12.5', currency: null }, 'a bare JSON number'],
    [null, null, 'cleared stays cleared'],
    [{ currency: 'EUR' }, no('absent'), 'the amount was not in the read'],
    [[1], no('wrong-type'), 'a list'],
  ],
};

export const forints: VectorTable = {
  title: 'an amount of money where all amounts are whole forints',
  spec: { kind: 'money', options: { currency: 'HUF', scaleMax: 0 } },
  vectors: [
    ['1500', { amount: '1500', currency: 'HUF' }, 'the configured currency'],
    [
      { value: 1500, currency: 'EUR' },
      { amount: '1500', currency: 'EUR' },
      'the one that is said wins',
    ],
    ['1500.5', no('money-scale'), 'there are no coins for it'],
  ],
};
