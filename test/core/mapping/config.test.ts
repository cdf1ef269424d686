import assert from 'node:assert/strict';

import { MappingError } from '../../../runtime/core/mapping/config.ts';
import { compileMapping } from '../../../runtime/core/mapping/mapping.ts';

/** The mistakes as `path: what`, in the order they are told. */
function problemsOf(config: unknown): readonly string[] {
  try {
    compileMapping(config);
  } catch (error) {
    assert.ok(error instanceof MappingError, String(error));
    assert.equal(error.code, 'mapping-invalid');
    for (const { path, what, next } of error.problems) {
      assert.ok(error.message.includes(`${path}: ${what}. ${next}`), error.message);
      assert.match(next, /^[A-Z].*\.$/s);
    }
    return error.problems.map(({ path, what }) => `${path}: ${what}`);
  }
  return [];
}

const text = { kind: 'text' };
const name = { kind: 'composite', options: { parts: { given: text, family: text } } };

describe('a mapping that cannot work', () => {
  const rows: readonly [string, unknown, readonly RegExp[]][] = [
    ['is no mapping', 7, [/^mapping: /]],
    ['has no fields', {}, [/^fields: /]],
    ['has a setting nobody knows', { fields: {}, filter: 1 }, [/^mapping: .*filter/]],
    [
      'has a kind nobody knows',
      { fields: { a: { kind: 'mail', path: 'a' } } },
      [/^fields\.a\.kind: .*text/],
    ],
    [
      'has an option nobody knows',
      { fields: { a: { kind: 'text', path: 'a', options: { trim: true } } } },
      [/^fields\.a\.options: .*trim/],
    ],
    [
      'has a region nobody knows',
      { fields: { a: { kind: 'phone', path: 'a', options: { region: 'XX' } } } },
      [/^fields\.a\.options\.region: .*HU/],
    ],
    [
      'has an element kind nobody knows',
      { fields: { a: { kind: 'set', path: 'a', options: { element: { kind: 'mail' } } } } },
      [/^fields\.a\.options\.element\.kind: .*text/],
    ],
    ['has neither a path nor parts', { fields: { a: text } }, [/^fields\.a\.path: .*either/]],
    [
      'has both',
      {
        fields: {
          a: { ...name, path: 'a', parts: { given: { path: 'b' }, family: { path: 'c' } } },
        },
      },
      [/^fields\.a\.path: .*either/],
    ],
    [
      'has an empty name in a path',
      { fields: { a: { kind: 'text', path: 'a..b' } } },
      [/^fields\.a\.path: /],
    ],
    [
      'has a path into the prototype',
      { fields: { a: { kind: 'text', path: '__proto__.x' } } },
      [/^fields\.a\.path: /],
    ],
    [
      'has a field name that is no word',
      { fields: { 'a b': { kind: 'text', path: 'a' } } },
      [/^fields\.a b: .*word/],
    ],
    [
      'has a field named like a member of every object',
      { fields: { toString: { kind: 'text', path: 'a' } } },
      [/^fields\.toString: .*word/],
    ],
    [
      'has parts for a plain kind',
      { fields: { a: { kind: 'text', parts: { x: { path: 'x' } } } } },
      [/^fields\.a\.parts: a text has no parts/],
    ],
    [
      'lacks a part',
      { fields: { a: { ...name, parts: { given: { path: 'x' } } } } },
      [/^fields\.a\.parts: .*given, family/],
    ],
    [
      'has a part too many',
      {
        fields: {
          a: {
            ...name,
            parts: { given: { path: 'x' }, family: { path: 'y' }, title: { path: 'z' } },
          },
        },
      },
      [/^fields\.a\.parts: .*given, family/],
    ],
    [
      'writes money as one member',
      { fields: { a: { kind: 'money', path: 'a' } } },
      [/^fields\.a\.parts: a money that is written needs parts/],
    ],
    [
      'loses the currency',
      { fields: { a: { kind: 'money', parts: { amount: { path: 'a' } } } } },
      [/^fields\.a\.parts: .*amount, currency/],
    ],
    [
      'has a value table beside parts',
      {
        fields: {
          a: {
            ...name,
            parts: { given: { path: 'x' }, family: { path: 'y' } },
            values: [{ remote: 'x', value: 'y' }],
          },
        },
      },
      [/^fields\.a\.values: of a field in parts, each part has its own/],
    ],
    [
      'clears a field in parts as a whole',
      {
        fields: {
          a: { ...name, parts: { given: { path: 'x' }, family: { path: 'y' } }, writeCleared: '' },
        },
      },
      [/^fields\.a\.writeCleared: of a field in parts/],
    ],
    [
      'has a step nobody knows',
      { fields: { a: { kind: 'text', path: 'a', transforms: [{ use: 'rot13' }] } } },
      [/^fields\.a\.transforms\.0/],
    ],
    [
      'has a step for another kind',
      { fields: { a: { kind: 'text', path: 'a', transforms: [{ use: 'list', separator: ';' }] } } },
      [/^fields\.a\.transforms\.0: list is for set, not for text/],
    ],
    [
      'has such a step at a part',
      {
        fields: {
          a: {
            ...name,
            parts: { given: { path: 'x', transforms: [{ use: 'e164' }] }, family: { path: 'y' } },
          },
        },
      },
      [/^fields\.a\.parts\.given\.transforms\.0: e164 is for phone/],
    ],
    [
      'splits a name into other parts',
      {
        fields: {
          a: {
            kind: 'composite',
            options: { parts: { first: text, last: text } },
            path: 'a',
            transforms: [{ use: 'fullName', order: 'givenFirst' }],
          },
        },
      },
      [/^fields\.a\.options\.parts: .*given and family/],
    ],
    [
      'has a zone nobody knows',
      {
        fields: {
          a: { kind: 'date', path: 'a', transforms: [{ use: 'dayStart', zone: 'Budapest' }] },
        },
      },
      [/^fields\.a\.transforms\.0\.zone: .*Europe\/Budapest/],
    ],
    [
      'writes one member twice',
      { fields: { a: { kind: 'text', path: 'x.y' }, b: { kind: 'text', path: 'x.y' } } },
      [/^fields\.b\.path: x\.y is also written by the field a/],
    ],
    [
      'writes a member and what is in it',
      { fields: { a: { kind: 'json', path: 'x' }, b: { kind: 'text', path: 'x.y' } } },
      [/^fields\.b\.path: x\.y is also written by the field a/],
    ],
    [
      'has two rows for one of theirs',
      {
        fields: {
          a: {
            kind: 'enum',
            path: 'a',
            values: [
              { remote: 'x', value: 'A' },
              { remote: 'x', value: 'B' },
            ],
          },
        },
      },
      [/^fields\.a\.values\.1: "x" has two rows/],
    ],
    [
      'does not say which of several to write',
      {
        fields: {
          a: {
            kind: 'enum',
            path: 'a',
            values: [
              { remote: 'x', value: 'A' },
              { remote: 'y', value: 'A' },
            ],
          },
        },
      },
      [/^fields\.a\.values\.0: 2 of the vendor's values mean "A", and 0 of them are marked/],
    ],
    [
      'marks several to be written',
      {
        fields: {
          a: {
            kind: 'enum',
            path: 'a',
            values: [
              { remote: 'x', value: 'A', write: true },
              { remote: 'y', value: 'A', write: true },
            ],
          },
        },
      },
      [/^fields\.a\.values\.0: .*and 2 of them are marked/],
    ],
    [
      'translates into a value the kind does not take',
      { fields: { a: { kind: 'boolean', path: 'a', values: [{ remote: 'x', value: 'maybe' }] } } },
      [/^fields\.a\.values\.0: "maybe" is not a canonical boolean/],
    ],
    [
      'has an option without a row',
      {
        fields: {
          a: {
            kind: 'enum',
            options: { values: ['A', 'B'] },
            path: 'a',
            values: [{ remote: 'x', value: 'A' }],
          },
        },
      },
      [/^fields\.a\.values: option B: it cannot be written/],
    ],
    [
      'has an option that is not spelled canonically',
      { fields: { a: { kind: 'enum', options: { values: [' A'] }, path: 'a' } } },
      [/^fields\.a\.values: option {2}A: it cannot be written/],
    ],
    [
      'has a sample that is no canonical value',
      { fields: { a: { kind: 'email', path: 'a', samples: ['Ada@acme.hu'] } } },
      [/^fields\.a\.samples\.0: it is not a canonical email/],
    ],
    [
      'has a sample that comes back in other parts',
      {
        fields: {
          a: {
            ...name,
            path: 'a',
            transforms: [{ use: 'fullName', order: 'givenFirst' }],
            samples: [{ given: 'Ada', family: 'van der Berg' }],
          },
        },
      },
      [/^fields\.a\.samples\.0: it reads back as .*"Ada van der".*does not round-trip/],
    ],
    [
      'has a sample that has no form there',
      {
        fields: {
          a: {
            kind: 'set',
            options: { element: text },
            path: 'a',
            transforms: [{ use: 'list', separator: ';' }],
            samples: [['a;b']],
          },
        },
      },
      [/^fields\.a\.samples\.0: it cannot be written \(not-reversible/],
    ],
    [
      'has a sample finer than the unit',
      {
        fields: {
          a: {
            kind: 'number',
            path: 'a',
            transforms: [{ use: 'scale', power: 2 }],
            samples: ['0.005'],
          },
        },
      },
      [/^fields\.a\.samples\.0: it cannot be written/],
    ],
    [
      'has a sample that small letters cannot undo',
      {
        fields: {
          a: {
            kind: 'text',
            path: 'a',
            transforms: [{ use: 'case', remote: 'upper' }],
            samples: ['straße'],
          },
        },
      },
      [/^fields\.a\.samples\.0: it cannot be written/],
    ],
    [
      'has several mistakes, and all are told at once',
      {
        fields: {
          a: { kind: 'email', path: 'a', samples: ['nobody'] },
          b: {
            kind: 'enum',
            path: 'a',
            values: [
              { remote: 'x', value: 'A' },
              { remote: 'x', value: 'A' },
            ],
          },
          c: { kind: 'date', path: 'c', samples: ['2026-02-30'] },
        },
      },
      [
        /^fields\.a\.samples\.0/,
        /^fields\.b\.values\.1/,
        /^fields\.b\.values\.0/,
        /^fields\.c\.samples\.0/,
        /^fields\.b\.path/,
      ],
    ],
  ];

  for (const [title, config, expected] of rows) {
    it(title, () => {
      const problems = problemsOf(config);
      for (const pattern of expected) {
        assert.ok(
          problems.some((problem) => pattern.test(problem)),
          `${pattern} not in\n${problems.join('\n')}`,
        );
      }
      assert.equal(problems.length, expected.length, problems.join('\n'));
    });
  }
});

describe('a mapping that works', () => {
  const rows: readonly [string, unknown][] = [
    ['may have no fields yet', { fields: {} }],
    [
      'may read one member twice',
      {
        fields: { a: { kind: 'text', path: 'x' }, b: { kind: 'text', path: 'x', direction: 'in' } },
      },
    ],
    [
      'may write members of which one name starts like the other',
      { fields: { a: { kind: 'text', path: 'x' }, b: { kind: 'text', path: 'xy' } } },
    ],
    ['may read bare amounts', { fields: { a: { kind: 'money', path: 'a', direction: 'in' } } }],
    [
      'may have several of theirs that mean one of ours',
      {
        fields: {
          a: {
            kind: 'enum',
            path: 'a',
            values: [
              { remote: 'x', value: 'A' },
              { remote: 'y', value: 'A', write: true },
            ],
          },
        },
      },
    ],
    [
      'may have samples that come back',
      {
        fields: {
          a: {
            ...name,
            path: 'a',
            transforms: [{ use: 'fullName', order: 'familyFirst' }],
            samples: [{ given: 'Béla', family: 'Kovács' }],
          },
        },
      },
    ],
    [
      'may have a field that is off, whatever it lacks',
      {
        fields: {
          a: {
            kind: 'enum',
            path: 'a',
            direction: 'off',
            options: { values: ['A'] },
            values: [{ remote: 'x', value: 'B' }],
          },
        },
      },
    ],
  ];
  for (const [title, config] of rows) {
    it(title, () => assert.deepEqual(problemsOf(config), []));
  }

  it('tells its fields, their kinds and the members to ask for', () => {
    const { fields } = compileMapping({
      fields: {
        name: { ...name, parts: { given: { path: 'n.first' }, family: { path: 'n.last' } } },
        mail: { kind: 'email', path: 'email', direction: 'out' },
      },
    });
    assert.deepEqual(
      fields.map((field) => [field.name, field.spec.kind, field.direction, field.paths]),
      [
        ['name', 'composite', 'both', ['n.first', 'n.last']],
        ['mail', 'email', 'out', ['email']],
      ],
    );
  });
});
