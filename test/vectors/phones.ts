import { no, noted } from './vector.ts';
import type { VectorTable } from './vector.ts';

/**
 * Hungary: trunk prefix 06, Budapest 1 and seven digits, elsewhere two digits and six, mobile 20, 30,
 * 31, 50 and 70 and seven digits (NMHH numbering plan). Foreign numbers are the ones that Ofcom and
 * the North American plan reserve for fiction.
 */
export const phonesInHungary: VectorTable = {
  title: 'a telephone number typed in Hungary',
  spec: { kind: 'phone', options: { region: 'HU' } },
  vectors: [
    ['+3612345678', '+3612345678', 'already E.164'],
    ['06 1 234 5678', '+3612345678', 'Budapest with the trunk prefix'],
    [
      '06-1/234-5678',
      '+3612345678',
      'with hyphens and the slash that Hungarians put after the area',
    ],
    ['(06-1) 234-5678', '+3612345678', 'area in brackets'],
    ['1 234 5678', '+3612345678', 'without the trunk prefix'],
    ['06 20 123 4567', '+36201234567', 'mobile 20'],
    ['06-30/123-4567', '+36301234567', 'mobile 30'],
    ['06701234567', '+36701234567', 'mobile 70'],
    ['06 31 123 4567', '+36311234567', 'mobile 31'],
    ['06 50 123 4567', '+36501234567', 'mobile 50'],
    ['20/123-45-67', '+36201234567', 'mobile without the prefix, in pairs'],
    ['06 52 123 456', '+3652123456', 'Debrecen has six digits after its area'],
    ['06 80 123 456', '+3680123456', 'free of charge'],
    ['+36 20 123 4567', '+36201234567', 'international with blanks'],
    ['+36-20-123-4567', '+36201234567', 'international with hyphens'],
    ['+36.20.123.4567', '+36201234567', 'international with dots'],
    ['+36 (20) 123-4567', '+36201234567', 'international with brackets'],
    ['(+36) 20 123 4567', '+36201234567', 'calling code in brackets'],
    [
      '+36 06 20 123 4567',
      '+36201234567',
      'calling code and trunk prefix: only one of them is dialled',
    ],
    ['+36 (06) 20 123 4567', '+36201234567', 'the same in brackets'],
    ['0036201234567', '+36201234567', '00 is how one dials a country from Hungary'],
    ['00 36 20 123 4567', '+36201234567', 'the same with blanks'],
    [
      '36201234567',
      '+36201234567',
      'calling code without a sign; Hungary has no area 36 with seven digits more',
    ],
    [36201234567, '+36201234567', 'the same as a JSON number'],
    ['+36\u00a020\u00a0123\u00a04567', '+36201234567', 'no-break spaces'],
    ['+36\u200b20\u200b1234567', '+36201234567', 'zero-width spaces'],
    [
      '\u202d+36 20 123 4567\u202c',
      '+36201234567',
      'direction marks that Windows contacts copy along',
    ],
    ['+36\u201120\u2011123\u20114567', '+36201234567', 'non-breaking hyphens are dashes'],
    ['06–20–123–4567', '+36201234567', 'en dashes'],
    ['＋３６２０１２３４５６７', '+36201234567', 'full-width digits are digits (NFKC)'],
    ['٠٦٢٠١٢٣٤٥٦٧', '+36201234567', 'Arabic-Indic digits are digits (Unicode Nd)'],
    ['tel:+36201234567', '+36201234567', 'a link of RFC 3966'],
    ['+3612345678;ext=12', '+3612345678;ext=12', 'the canonical extension (RFC 3966)'],
    ['06 1 234 5678 mellék: 12', '+3612345678;ext=12', 'mellék is extension'],
    ['06 1 234 5678 mell. 12', '+3612345678;ext=12', 'mell. is short for it'],
    ['06 1 234 5678 m. 12', '+3612345678;ext=12', 'and m. shorter'],
    ['+36 1 234 5678 ext. 007', '+3612345678;ext=007', 'zeros of an extension are dialled'],
    ['+36 1 234 5678 x12', '+3612345678;ext=12', 'as Americans write it'],
    ['+36 1 234 5678 #12', '+3612345678;ext=12', 'with a number sign'],
    ['+44 20 7946 0018', '+442079460018', 'a number abroad keeps its country'],
    ['+44 (0)20 7946 0018', '+442079460018', 'the British trunk zero is not dialled from abroad'],
    ['0044 20 7946 0018', '+442079460018', 'abroad by 00'],
    ['+1 (212) 555-0100', '+12125550100', 'North America'],
    [
      '+39 06 6982',
      '+39066982',
      'the zero of Italian numbers is dialled from abroad too (E.164, Italy)',
    ],
    ['+800 1234 5678', '+80012345678', 'a free number of no country (ITU-T E.169)'],
    [
      '+36 99 123 4567',
      '+36991234567',
      'not assigned today, but it names its country and has a length that can be',
    ],
    [null, null, 'cleared stays cleared'],
    ['  ', null, 'blank is cleared'],
    [undefined, no('absent'), 'unknown is not cleared'],
    [
      '0664 123 4567',
      noted('0664 123 4567', 'phone-kept-as-text'),
      'Austrian mobile; as Hungarian it would be area 64 with a digit too many',
    ],
    [
      '06 1 234 5678/9',
      noted('06 1 234 5678/9', 'phone-kept-as-text'),
      'two numbers, ending in 8 and 9',
    ],
    [
      '+36 1 234 5678/9',
      noted('+36 1 234 5678/9', 'phone-kept-as-text'),
      'the same with the calling code',
    ],
    [
      '06 20 123 4567, 06 30 123 4567',
      noted('06 20 123 4567, 06 30 123 4567', 'phone-kept-as-text'),
      'two numbers',
    ],
    ['112', noted('112', 'phone-kept-as-text'), 'an emergency number is not in E.164'],
    [
      '  ask  at reception ',
      noted('ask at reception', 'phone-kept-as-text'),
      'people write words into the field',
    ],
    [
      'Béla 06 20 123 4567',
      noted('Béla 06 20 123 4567', 'phone-kept-as-text'),
      'taking only the number would lose the name',
    ],
    ['+36 20 123', noted('+36 20 123', 'phone-kept-as-text'), 'too short to be a number'],
    ['+36 20 123 4567 8', noted('+36 20 123 4567 8', 'phone-kept-as-text'), 'too long for Hungary'],
    [
      '+972 000 000 000',
      noted('+972 000 000 000', 'phone-kept-as-text'),
      'zeros in front are trunk prefixes in Israel, and nothing but zeros is no number',
    ],
    ['+999 123 4567', noted('+999 123 4567', 'phone-kept-as-text'), '999 is no calling code'],
    [
      '+36 20 FLOWERS',
      noted('+36 20 FLOWERS', 'phone-kept-as-text'),
      'letters are not dialled here',
    ],
    ['*21*0620#', noted('*21*0620#', 'phone-kept-as-text'), 'a service code'],
    [true, no('wrong-type'), 'yes is no number'],
  ],
};

export const phonesWithoutRegion: VectorTable = {
  title: 'a telephone number where no region is set',
  spec: { kind: 'phone' },
  vectors: [
    ['+36 20 123 4567', '+36201234567', 'the plus sign needs no region'],
    [
      '06 20 123 4567',
      noted('06 20 123 4567', 'phone-kept-as-text'),
      'nobody knows which country 06 is dialled in',
    ],
    [
      '0036 20 123 4567',
      noted('0036 20 123 4567', 'phone-kept-as-text'),
      '00 means abroad in many countries, but not in all',
    ],
  ],
};

export const phonesElsewhere: readonly VectorTable[] = [
  {
    title: 'a telephone number typed in Austria',
    spec: { kind: 'phone', options: { region: 'AT' } },
    vectors: [['0664 1234567', '+436641234567', 'what was no number in Hungary is a mobile here']],
  },
  {
    title: 'a telephone number typed in the United States',
    spec: { kind: 'phone', options: { region: 'US' } },
    vectors: [
      ['(212) 555-0100', '+12125550100', 'no trunk prefix'],
      ['1-212-555-0100 x34', '+12125550100;ext=34', 'trunk prefix 1 and an extension'],
      ['011 36 20 123 4567', '+36201234567', '011 is how one dials a country from there'],
    ],
  },
  {
    title: 'a telephone number typed in the United Kingdom',
    spec: { kind: 'phone', options: { region: 'GB' } },
    vectors: [['020 7946 0018', '+442079460018', 'trunk prefix 0']],
  },
];
