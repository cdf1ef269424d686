import assert from 'node:assert/strict';

import fc from 'fast-check';
import { getCountries, getCountryCallingCode } from 'libphonenumber-js/max';

import { canonicalText, same } from '../../../runtime/core/value.ts';
import type { Value } from '../../../runtime/core/value.ts';
import { isoOf, localDateOf, startOfDay } from '../../../runtime/core/values/dates.ts';
import { asciiHost, unicodeHost } from '../../../runtime/core/values/domain.ts';
import { email } from '../../../runtime/core/values/email.ts';
import { kindSpec, kinds, parse } from '../../../runtime/core/values/kinds.ts';
import { decimalOf, roundings, shiftPoint } from '../../../runtime/core/values/numbers.ts';
import { phone } from '../../../runtime/core/values/phone.ts';
import type { KindSpec } from '../../../runtime/core/values/structures.ts';

const specs: readonly KindSpec[] = [
  ...Object.keys(kinds).flatMap((kind) =>
    kind === 'set' || kind === 'composite' ? [] : [{ kind }],
  ),
  { kind: 'text', options: { blank: 'kept' } },
  { kind: 'phone', options: { region: 'HU' } },
  { kind: 'domain', options: { keep: 'host' } },
  { kind: 'number', options: { double: true } },
  { kind: 'money', options: { currency: 'HUF', scaleMax: 2 } },
  { kind: 'date', options: { zone: 'America/New_York' } },
  { kind: 'dateTime', options: { zone: 'Australia/Lord_Howe' } },
  { kind: 'zonedDateTime', options: { zone: 'Europe/Budapest' } },
  { kind: 'enum', options: { values: ['a', 'b'], aliases: { c: 'a' } } },
  { kind: 'set', options: { element: { kind: 'phone', options: { region: 'HU' } } } },
  { kind: 'set', options: { element: { kind: 'json' } } },
  {
    kind: 'composite',
    options: {
      parts: { a: { kind: 'text' }, b: { kind: 'set', options: { element: { kind: 'email' } } } },
    },
  },
];

/** Text that is nearly something: digits, separators, zones, letters of several scripts, what shows nothing. */
const pieces = [
  ['2026-03-29', 'T', '02:30', ':00', '.123456', 'Z', '+02:00', '[Europe/Budapest]', ' '],
  ['06', '+36', '20', '123', '4567', '/', '-', '(', ')', ';ext=12', ' m. 3', 'tel:', '١'],
  ['ada', '@', 'Ács', 'o\u030b', '.', 'hu', 'xn--', 'xn--mnchen-3ya', 'münchen', 'https://', ':80'],
  [
    '1',
    '0',
    'e5',
    'E-3',
    '-',
    '1.50',
    '\u200b',
    '\u200d',
    '\ufeff',
    '\r\n',
    '\u0345',
    'ς',
    'İ',
    'ß',
  ],
].flat();
const nearly = fc
  .array(fc.constantFrom(...pieces), { maxLength: 8 })
  .map((chosen) => chosen.join(''));

const raws = fc.oneof(
  nearly,
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.double(),
  fc.record(
    {
      amountMicros: fc.oneof(fc.bigInt().map(String), fc.integer(), fc.anything()),
      currencyCode: fc.constantFrom('EUR', 'huf', '', null, 7),
      instant: nearly,
      local: nearly,
      zone: fc.constantFrom('Europe/Budapest', 'utc', 'nowhere', '', 3),
      a: nearly,
      b: fc.array(nearly),
    },
    { requiredKeys: [] },
  ),
  fc.array(nearly, { maxLength: 4 }),
  fc.anything({ maxDepth: 4, withBigInt: true, withDate: true, withMap: true, withSet: true }),
  fc.anything({
    maxDepth: 3,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
  }),
);

describe('every kind', () => {
  for (const spec of specs) {
    const name = `${spec.kind} ${JSON.stringify(spec.options ?? {})}`;

    it(`never throws, always answers the same, and takes its own answer: ${name}`, () => {
      fc.assert(
        fc.property(raws, (raw) => {
          const parsed = parse(spec, raw);
          assert.deepEqual(parse(spec, raw), parsed);
          if (!parsed.ok) return;
          const again = parse(spec, parsed.value);
          assert.ok(again.ok, `refused its own answer: ${again.ok ? '' : again.detail}`);
          assert.equal(canonicalText(again.value), canonicalText(parsed.value));
          assert.ok(isStorable(parsed.value), 'PostgreSQL would refuse it');
        }),
        { seed: 4711, numRuns: 1500 },
      );
    });
  }

  it('takes long texts without getting slow', () => {
    // A pattern that goes back over them for every character would need 10^10 steps.
    const long = [' ', 'a', '0', '@', '.', '&', 'a.', 'ő', '\u200b', '1 ', '/', '[', '-'].flatMap(
      (piece) => {
        const run = piece.repeat(100_000);
        return [
          run,
          `a${run}b`,
          `+36${run}x`,
          `a@${run}`,
          `${run}@acme.hu`,
          `https://acme.hu/${run}!`,
        ];
      },
    );
    for (const spec of specs) {
      for (const text of long) parse(spec, text);
    }
  });

  it('is known by its name and has its options checked', () => {
    for (const spec of specs) assert.ok(kindSpec.safeParse(spec).success, JSON.stringify(spec));
    const wrong: readonly KindSpec[] = [
      { kind: 'mail' },
      { kind: 'toString' },
      { kind: 'phone', options: { region: 'hu' } },
      { kind: 'date', options: { zone: 'Europe/Atlantis' } },
      { kind: 'money', options: { currency: '€' } },
      { kind: 'text', options: { trim: true } },
      { kind: 'set' },
      { kind: 'set', options: { element: { kind: 'mail' } } },
      { kind: 'composite', options: { parts: {} } },
      { kind: 'composite', options: { parts: { valueOf: { kind: 'text' } } } },
      { kind: 'enum', options: { values: ['a'], aliases: { b: 'c' } } },
      { kind: 'enum', options: { aliases: { a: 'b', b: 'c' } } },
    ];
    for (const spec of wrong) assert.ok(!kindSpec.safeParse(spec).success, JSON.stringify(spec));
  });

  it('refuses values of a kind that is not there instead of throwing', () => {
    assert.deepEqual(parse({ kind: 'toString' }, 'x'), {
      ok: false,
      reason: 'wrong-type',
      detail: 'there is no kind toString',
    });
  });
});

describe('text', () => {
  it('reads the same from every normalisation form, with any blanks around', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('NFC', 'NFD'), (word, form) => {
        const plain = parse({ kind: 'text' }, word);
        assert.deepEqual(parse({ kind: 'text' }, `\u00a0 ${word.normalize(form)}\u200b\n`), plain);
      }),
      { seed: 4711, numRuns: 2000 },
    );
  });
});

describe('email', () => {
  const host = fc.constantFrom('acme.hu', 'mail.acme.co.uk', 'xn--mnchen-3ya.de', 'a-b.example');
  const local = fc.string({
    unit: fc.constantFrom(...Array.from("abcxyz0189._%+'-")),
    minLength: 1,
    maxLength: 30,
  });

  it('takes the short way only where the long one ends at the same address', () => {
    fc.assert(
      fc.property(local, host, (name, domain) => {
        const address = `${name}@${domain}`;
        // Capitals and a zero-width space force the long way.
        const long = email.parse(`\u200b${name.toUpperCase()}\u200b@${domain.toUpperCase()}`);
        assert.deepEqual(email.parse(address), long);
      }),
      { seed: 4711, numRuns: 3000 },
    );
  });
});

describe('a host name', () => {
  const label = fc
    .string({
      unit: fc.constantFrom(...Array.from('abcdez019-üőßд例اé')),
      minLength: 1,
      maxLength: 12,
    })
    .filter((text) => !text.startsWith('-') && !text.endsWith('-') && text.slice(2, 4) !== '--');

  it('survives the way to ASCII and back', () => {
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 3 }), (labels) => {
        const ascii = asciiHost([...labels, 'hu'].join('.'));
        fc.pre(ascii !== undefined);
        assert.match(ascii, /^[a-z0-9.-]+$/);
        const shown = unicodeHost(ascii);
        assert.ok(shown !== undefined);
        assert.equal(asciiHost(shown), ascii);
        assert.equal(shown, [...labels, 'hu'].join('.'));
      }),
      { seed: 4711, numRuns: 2000 },
    );
  });
});

describe('phone', () => {
  const country = fc.constantFrom(...getCountries());
  const digits = fc.string({
    unit: fc.constantFrom(...Array.from('0123456789')),
    minLength: 4,
    maxLength: 14,
  });

  it('gives E.164 that reads back the same in every region', () => {
    fc.assert(
      fc.property(country, country, digits, fc.boolean(), (from, to, national, plus) => {
        const typed = plus ? `+${getCountryCallingCode(from)}${national}` : national;
        const parsed = phone.parse(typed, { region: from });
        assert.ok(parsed.ok);
        if (parsed.note !== undefined) return;
        assert.ok(typeof parsed.value === 'string');
        assert.match(parsed.value, /^\+[1-9]\d{4,16}$/);
        assert.deepEqual(phone.parse(parsed.value, { region: to }), parsed);
        assert.deepEqual(phone.parse(parsed.value), parsed);
      }),
      { seed: 4711, numRuns: 4000 },
    );
  });

  it('drops nothing of what was typed but a prefix of up to five digits', () => {
    fc.assert(
      fc.property(country, digits, (region, typed) => {
        const parsed = phone.parse(typed, { region });
        assert.ok(parsed.ok && typeof parsed.value === 'string');
        const kept = parsed.value.replace('+', '');
        const dropped = [0, 1, 2, 3, 4, 5].some((length) => kept.endsWith(typed.slice(length)));
        assert.ok(dropped || REWRITES_MOBILES.has(region), `${typed} became ${kept}`);
      }),
      { seed: 4711, numRuns: 3000 },
    );
  });
});

describe('decimals', () => {
  const decimal = fc
    .tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.integer({ min: 0, max: 20 }))
    .map(([unscaled, scale]) => ({ unscaled, scale, written: write(unscaled, scale) }));

  it('are the number that was written, to the last digit', () => {
    fc.assert(
      fc.property(
        decimal,
        fc.integer({ min: 0, max: 5 }),
        ({ unscaled, scale, written }, zeros) => {
          const padded = written.includes('.') ? written + '0'.repeat(zeros) : written;
          const canonical = decimalOf(padded);
          assert.ok(canonical !== undefined);
          assert.match(canonical, /^(?:0|-?(?:0\.\d*[1-9]|[1-9]\d*(?:\.\d*[1-9])?))$/);
          assert.equal(unscaledOf(canonical, scale), unscaled);
        },
      ),
      { seed: 4711, numRuns: 2000 },
    );
  });

  it('move their point exactly, there and back', () => {
    fc.assert(
      fc.property(decimal, fc.integer({ min: -12, max: 12 }), ({ written }, power) => {
        const canonical = decimalOf(written);
        assert.ok(canonical !== undefined);
        const there = shiftPoint(canonical, power);
        assert.ok(there !== undefined);
        assert.equal(shiftPoint(there, -power), canonical);
        const scale = 40;
        const [before, after] = [unscaledOf(canonical, scale), unscaledOf(there, scale)];
        assert.ok(
          power >= 0
            ? after === before * 10n ** BigInt(power)
            : after * 10n ** BigInt(-power) === before,
        );
      }),
      { seed: 4711, numRuns: 2000 },
    );
  });

  it('round as numbers do, on whole numbers as large as they like', () => {
    fc.assert(
      fc.property(decimal, fc.integer({ min: 0, max: 6 }), ({ written }, places) => {
        const canonical = decimalOf(written);
        assert.ok(canonical !== undefined);
        const value = unscaledOf(canonical, 30);
        const unit = 10n ** BigInt(30 - places);
        const [cut, half, even] = roundings(canonical, places).map((text) => unscaledOf(text, 30));
        assert.equal(cut, (value / unit) * unit);
        const away = value < 0n ? -(unit / 2n) : unit / 2n;
        assert.equal(half ?? cut, ((value + away) / unit) * unit);
        const rounded = even ?? cut ?? 0n;
        const off = value - rounded < 0n ? rounded - value : value - rounded;
        assert.ok(off * 2n <= unit);
        if (off * 2n === unit) assert.equal((rounded / unit) % 2n, 0n);
      }),
      { seed: 4711, numRuns: 2000 },
    );
  });

  it('never change by a way through micros', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (micros) => {
        const raw = { amountMicros: String(micros), currencyCode: 'EUR' };
        const parsed = parse({ kind: 'money' }, raw);
        assert.ok(parsed.ok);
        const { amount } = parsed.value as { amount: string };
        assert.equal(shiftPoint(amount, 6), String(micros));
      }),
      { seed: 4711, numRuns: 1000 },
    );
  });
});

describe('times on the clocks of any zone', () => {
  const zones = Intl.supportedValuesOf('timeZone');
  const zone = fc.constantFrom(...zones);
  const instant = fc
    .integer({ min: 0, max: 4_102_444_800 })
    .map((seconds) => Math.floor(seconds / 60) * 60_000);

  it('name the instant at which they were read, or its twin an hour or so earlier', () => {
    fc.assert(
      fc.property(zone, instant, (name, ms) => {
        const shown = wallClock(ms, name);
        const parsed = parse({ kind: 'zonedDateTime' }, { local: shown, zone: name });
        assert.ok(parsed.ok);
        assert.notEqual(parsed.note, 'time-skipped');
        const { instant: back } = parsed.value as { instant: string };
        assert.equal(wallClock(new Date(back).getTime(), name), shown);
        const earlierMs = ms - new Date(back).getTime();
        assert.ok(earlierMs === 0 || (parsed.note === 'time-repeated' && earlierMs > 0));
      }),
      { seed: 4711, numRuns: 1500 },
    );
  });

  it('keep a day the same day through the instant at which it starts', () => {
    fc.assert(
      fc.property(zone, instant, (name, ms) => {
        const day = localDateOf(ms, name);
        const start = startOfDay(day, name);
        assert.ok(start !== undefined);
        assert.equal(localDateOf(start, name), day);
        assert.notEqual(localDateOf(start - 1, name), day);
        assert.deepEqual(parse({ kind: 'date', options: { zone: name } }, isoOf(start)), {
          ok: true,
          value: day,
        });
      }),
      { seed: 4711, numRuns: 1500 },
    );
  });

  it('know that Samoa had no 30 December 2011', () => {
    assert.equal(startOfDay('2011-12-30', 'Pacific/Apia'), undefined);
  });
});

describe('sets', () => {
  it('do not depend on the order or the repetition of their elements', () => {
    const element = fc.oneof(nearly, fc.emailAddress());
    const spec = { kind: 'set', options: { element: { kind: 'text' } } };
    fc.assert(
      fc.property(fc.array(element), fc.array(fc.nat()), (elements, order) => {
        const shuffled = elements
          .map((one, index) => ({ one, rank: order[index] ?? 0 }))
          .toSorted((a, b) => a.rank - b.rank)
          .map(({ one }) => one);
        assert.deepEqual(parse(spec, [...shuffled, ...elements]), parse(spec, elements));
      }),
      { seed: 4711, numRuns: 1000 },
    );
  });
});

describe('opaque structures', () => {
  it('mean the same when their JSON text is written in another order and with other blanks', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const parsed = parse({ kind: 'json' }, value);
        const other = parse(
          { kind: 'json' },
          JSON.parse(JSON.stringify(backwards(value), null, 2)),
        );
        if (!parsed.ok) return assert.ok(!other.ok);
        return assert.ok(other.ok && same(parsed.value, other.value));
      }),
      { seed: 4711, numRuns: 1000 },
    );
  });
});

function write(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const fraction = scale === 0 ? '' : `.${digits.slice(point)}`;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`;
}

function unscaledOf(decimal: string, scale: number): bigint {
  const [whole = '', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}

/** Their plans move a digit when a mobile number is dialled from abroad. */
const REWRITES_MOBILES = new Set<string>(['AR']);

/** Another way to ask Node for the same clock than the one under test uses. */
function wallClock(ms: number, zone: string): string {
  const shown = new Date(ms).toLocaleString('sv-SE', { timeZone: zone });
  return shown.replace(' ', 'T').slice(0, 19);
}

function backwards(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(backwards);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toReversed();
  return Object.fromEntries(members.map(([key, member]) => [key, backwards(member)]));
}

function isStorable(value: Value): boolean {
  const text = JSON.stringify(value);
  return text.isWellFormed() && !/\\u0000|\\ud[89a-f]/i.test(text.replaceAll('\\\\', ''));
}
