import assert from 'node:assert/strict';

import fc from 'fast-check';

import { canonicalText, same } from '../../../runtime/core/value.ts';
import type { Value } from '../../../runtime/core/value.ts';
import { parse } from '../../../runtime/core/values/kinds.ts';
import type { Explanation } from '../../../runtime/core/reasons.ts';
import type { KindSpec } from '../../../runtime/core/values/structures.ts';
import { explains, predictReadBack } from '../../../runtime/core/values/vendor-text.ts';
import type { VendorText } from '../../../runtime/core/values/vendor-text.ts';

const text: KindSpec = { kind: 'text' };
const phone: KindSpec = { kind: 'phone', options: { region: 'HU' } };
const number: KindSpec = { kind: 'number' };
const money: KindSpec = { kind: 'money' };
const dateTime: KindSpec = { kind: 'dateTime' };
const zoned: KindSpec = { kind: 'zonedDateTime' };
const tags: KindSpec = { kind: 'set', options: { element: text } };
const stage: KindSpec = { kind: 'enum', options: { aliases: { won: 'Closed Won' } } };
const name: KindSpec = { kind: 'composite', options: { parts: { given: text, family: text } } };

describe('the read-back that a vendor rule predicts', () => {
  const rows: readonly [VendorText, KindSpec, Value, Value, string][] = [
    [{ lowerCase: true }, text, 'Kovács ŐRS', 'kovács őrs', 'small letters'],
    [{ collapseSpaces: true }, text, 'a  b\n c', 'a b c', 'runs of blanks'],
    [{ maxLength: 5 }, text, 'Szűcs Ágnes', 'Szűcs', 'cut by code points'],
    [{ maxLength: 2 }, text, '👩👧👦', '👩👧', 'never inside a surrogate pair'],
    [{ maxLength: 6 }, text, 'Erdős Pál', 'Erdős', 'a blank that the cut left at the end'],
    [
      { htmlEntities: 'encode' },
      text,
      'Tom & "Co" <x>',
      'Tom &amp; &quot;Co&quot; &lt;x&gt;',
      'escaped',
    ],
    [{ htmlEntities: 'encode' }, text, 'Tom &amp; Co', 'Tom &amp; Co', 'but not twice'],
    [
      { htmlEntities: 'decode' },
      text,
      'Tom &amp;amp; Co&#33;',
      'Tom & Co!',
      'unescaped to the bottom',
    ],
    [{ htmlEntities: 'encode', maxLength: 8 }, text, 'Toms & Co', 'Toms', 'half an entity is none'],
    [
      { maxLength: 4 },
      text,
      'AT&T Mobile',
      'AT&T',
      'without escaping an ampersand is a letter like any',
    ],
    [{ scale: 2 }, number, '10.255', '10.26', 'halves go away from zero'],
    [{ scale: 2 }, number, '-10.255', '-10.26', 'on both sides'],
    [
      { scale: 0 },
      money,
      { amount: '10.4', currency: 'HUF' },
      { amount: '10', currency: 'HUF' },
      'money too',
    ],
    [
      { granularity: 'second' },
      dateTime,
      '2026-01-12T09:30:00.999Z',
      '2026-01-12T09:30:00.000Z',
      'cut to the second',
    ],
    [
      { granularity: 'second' },
      dateTime,
      '1969-12-31T23:59:59.999Z',
      '1969-12-31T23:59:59.000Z',
      'also before 1970',
    ],
    [
      { granularity: 'minute' },
      zoned,
      { instant: '2026-01-12T09:30:59.000Z', zone: 'UTC' },
      { instant: '2026-01-12T09:30:00.000Z', zone: 'UTC' },
      'with its zone',
    ],
    [{ lowerCase: true }, tags, ['A', 'B', 'a'], ['a', 'b'], 'elements that become equal are one'],
    [
      { maxLength: 3 },
      name,
      { given: 'Mária', family: null },
      { given: 'Már', family: null },
      'part by part',
    ],
    [{ lowerCase: true }, number, '10', '10', 'what does not fit the kind is ignored'],
    [{ lowerCase: true }, text, null, null, 'cleared stays cleared'],
    [
      { maxLength: 3 },
      { kind: 'email' },
      'ada@acme.hu',
      'ada@acme.hu',
      'nonsense is not predicted',
    ],
  ];
  for (const [rules, spec, sent, expected, why] of rows) {
    it(`${JSON.stringify(rules)} makes ${JSON.stringify(expected)}: ${why}`, () => {
      assert.deepEqual(predictReadBack(sent, rules, spec), expected);
    });
  }

  const rules = fc.record<VendorText>(
    {
      trim: fc.boolean(),
      nfc: fc.boolean(),
      collapseSpaces: fc.boolean(),
      lowerCase: fc.boolean(),
      htmlEntities: fc.constantFrom('encode', 'decode'),
      maxLength: fc.integer({ min: 1, max: 12 }),
      scale: fc.integer({ min: 0, max: 4 }),
      granularity: fc.constantFrom('second', 'minute', 'day'),
    },
    { requiredKeys: [] },
  );
  const words = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ' ',
          '\n',
          '&',
          '&amp;',
          '&#65;',
          '&AMP;',
          '&#38;',
          '&lt',
          ';',
          'amp;',
          '<',
          '#38;',
        ),
        fc.string({ unit: 'grapheme', maxLength: 3 }),
      ),
      { maxLength: 10 },
    )
    .map((pieces) => pieces.join(''));

  it('is reached in one step and explained by itself', () => {
    for (const spec of [text, tags, name, number, money, dateTime, zoned, { kind: 'url' }, stage]) {
      fc.assert(
        fc.property(rules, valuesOf(spec, words), (declared, value) => {
          const once = predictReadBack(value, declared, spec);
          assert.equal(canonicalText(predictReadBack(once, declared, spec)), canonicalText(once));
          const parsed = parse(spec, once);
          assert.ok(parsed.ok && same(parsed.value, once), 'not canonical');
          assert.notEqual(explains(value, once, spec, declared), undefined);
        }),
        { seed: 4711, numRuns: 1500 },
      );
    }
  });
});

describe('a read-back', () => {
  const explained: readonly [KindSpec, Value, Value, Explanation, VendorText?][] = [
    [text, 'Ada', 'Ada', 'same'],
    [text, 'Ada', 'ada', 'case'],
    [text, 'Szűcs', 'Szu\u030bcs', 'unicode'],
    [text, ' Ada', 'Ada', 'trim'],
    [text, 'Ada  Byron', 'Ada Byron', 'whitespace'],
    [text, 'Ada  BYRON', 'Ada Byron', 'case'],
    [text, 'Tom & Co', 'Tom &amp; Co', 'html'],
    [text, 'Tom & Co', 'tom &#38;  co', 'html'],
    [text, 'Erdős Pál', 'Erdős', 'predicted', { maxLength: 5 }],
    [text, 'Tom & Jerry', 'Tom &amp; J', 'truncation', { maxLength: 11 }],
    [text, 'ERDŐS PÁL', 'erdős', 'truncation', { maxLength: 6 }],
    [{ kind: 'email' }, 'Ada@acme.hu', 'ada@acme.hu', 'case'],
    [{ kind: 'url' }, 'https://acme.hu/a/', 'https://acme.hu/a', 'url-form'],
    [{ kind: 'url' }, 'https://acme.hu', 'http://acme.hu', 'url-form'],
    [phone, '+36201234567', '06201234567', 'phone-format'],
    [phone, '+36201234567', '20 123 4567', 'phone-format'],
    [phone, '+3612345678;ext=12', '0612345678;ext=12', 'phone-format'],
    [number, '10.256', '10.26', 'scale'],
    [number, '10.256', '10.25', 'scale'],
    [number, '2.5', '2', 'scale'],
    [number, '-0.5', '-1', 'scale'],
    [money, { amount: '10.999', currency: 'EUR' }, { amount: '11', currency: 'EUR' }, 'scale'],
    [dateTime, '2026-01-12T09:30:15.600Z', '2026-01-12T09:30:15.000Z', 'granularity'],
    [dateTime, '2026-01-12T09:30:15.600Z', '2026-01-12T09:30:16.000Z', 'granularity'],
    [dateTime, '2026-01-12T09:30:15.600Z', '2026-01-12T09:30:00.000Z', 'granularity'],
    [dateTime, '2026-01-12T09:30:15.600Z', '2026-01-12T00:00:00.000Z', 'granularity'],
    [
      zoned,
      { instant: '2026-01-12T09:30:15.000Z', zone: 'UTC' },
      { instant: '2026-01-12T09:30:00.000Z', zone: 'UTC' },
      'granularity',
    ],
    [stage, 'Closed Won', 'won', 'option-alias'],
    [stage, 'Closed Won', 'CLOSED WON', 'option-alias'],
    [tags, ['VIP', 'new'], ['NEW', 'vip'], 'case'],
    [name, { given: 'Ada', family: 'BYRON' }, { given: 'Ada', family: 'Byron' }, 'case'],
    [name, 'BYRON', 'Byron', 'case'],
  ];
  for (const [spec, sent, readBack, explanation, rules] of explained) {
    it(`${show(readBack)} after ${show(sent)} is the vendor's spelling: ${explanation}`, () => {
      assert.equal(explains(sent, readBack, spec, rules), explanation);
    });
  }

  const edits: readonly [KindSpec, Value, Value, string, VendorText?][] = [
    [text, 'Acme Ltd', 'Acme', 'a shorter text without a known limit'],
    [text, 'Acme Limited', 'Acme', 'a text far shorter than the limit', { maxLength: 255 }],
    [text, 'Acme', 'Acme Ltd', 'a longer text', { maxLength: 5 }],
    [text, 'Erdős', 'Erdos', 'lost accents'],
    [text, 'Ada', null, 'an emptied field'],
    [text, null, 'Ada', 'a filled field'],
    [{ kind: 'email' }, 'ada@acme.hu', 'ada@acme.com', 'another host'],
    [{ kind: 'url' }, 'https://acme.hu/a', 'https://acme.hu/b', 'another page'],
    [{ kind: 'domain' }, 'acme.hu', 'acme.com', 'another domain'],
    [phone, '+36201234567', '+36201234568', 'another digit'],
    [phone, '+3612345678;ext=12', '+3612345678', 'a lost extension'],
    [phone, '+36201234567', '4567', 'too few digits to tell'],
    [phone, '+36201234567', 'Béla 06201234567', 'words beside the number'],
    [phone, 'ask at reception', 'ask', 'another text'],
    [number, '10.25', '10.256', 'more places than were sent'],
    [number, '10.25', '10.4', 'rounded in no usual way'],
    [number, '1250', '1300', 'whole numbers are not rounded'],
    [
      money,
      { amount: '10', currency: 'EUR' },
      { amount: '10', currency: 'HUF' },
      'another currency',
    ],
    [money, { amount: '10', currency: 'EUR' }, null, 'an emptied amount'],
    [
      dateTime,
      '2026-01-12T09:30:15.000Z',
      '2026-01-12T10:30:15.000Z',
      'an hour, as zones go wrong',
    ],
    [dateTime, '2026-01-12T09:30:15.000Z', '2026-01-13T00:00:00.000Z', 'the next day'],
    [{ kind: 'date' }, '2026-01-12', '2026-01-11', 'a day, as zones go wrong'],
    [
      zoned,
      { instant: '2026-01-12T09:30:15.000Z', zone: 'UTC' },
      { instant: '2026-01-12T09:30:00.000Z', zone: 'Europe/London' },
      'another zone',
    ],
    [{ kind: 'boolean' }, true, false, 'the opposite'],
    [stage, 'Closed Won', 'Closed Lost', 'another option'],
    [{ kind: 'reference' }, 'A1', 'a1', 'another id: case counts there'],
    [{ kind: 'json' }, { a: 'X' }, { a: 'x' }, 'another text inside'],
    [tags, ['a', 'b'], ['a'], 'a removed element'],
    [tags, ['A'], ['a', 'b'], 'an added element'],
    [tags, ['A', 'a'], ['a', 'b'], 'one element cannot stand for two'],
    [tags, ['a', 'b'], ['a', 'c'], 'an exchanged element'],
    [name, { given: 'Ada', family: 'Byron' }, { given: 'Byron', family: 'Ada' }, 'exchanged parts'],
    [name, 'Byron', 'Lovelace', 'another part'],
    [name, { given: 'Ada', family: null }, { given: 'Ada', family: 'King' }, 'a filled part'],
  ];
  for (const [spec, sent, readBack, why, rules] of edits) {
    it(`${show(readBack)} after ${show(sent)} is somebody's edit: ${why}`, () => {
      assert.equal(explains(sent, readBack, spec, rules), undefined);
    });
  }

  it('is explained or not, but never throws, whatever it is', () => {
    const specs = [text, phone, number, money, dateTime, zoned, tags, name, stage, { kind: 'url' }];
    const anything = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Value>;
    fc.assert(
      fc.property(fc.constantFrom(...specs), anything, anything, (spec, sent, readBack) => {
        const rules: VendorText = { scale: 1, granularity: 'second', lowerCase: true };
        const explanation = explains(sent, readBack, spec, rules);
        assert.ok(explanation === undefined || typeof explanation === 'string');
      }),
      { seed: 4711, numRuns: 3000 },
    );
  });
});

/** Canonical values of a kind, from words and numbers. */
function valuesOf(spec: KindSpec, words: fc.Arbitrary<string>): fc.Arbitrary<Value> {
  const decimals = fc.tuple(fc.integer(), fc.nat(99999)).map(([a, b]) => `${a}.${b}`);
  const times = fc
    .date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString());
  const raw: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    number: decimals,
    money: fc.record({ amount: decimals, currency: fc.constantFrom('EUR', null) }),
    dateTime: times,
    zonedDateTime: fc.record({ instant: times, zone: fc.constant('Europe/Budapest') }),
    set: fc.array(words),
    composite: fc.record({ given: words, family: words }),
    url: words.map((path) => `https://acme.hu/${path}`),
  };
  return (raw[spec.kind] ?? words)
    .map((one) => parse(spec, one))
    .filter((parsed) => parsed.ok)
    .map((parsed) => (parsed.ok ? parsed.value : null));
}

function show(value: Value): string {
  return JSON.stringify(value);
}
