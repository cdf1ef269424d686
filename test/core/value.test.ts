import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canonicalText, same, type Value } from '../../runtime/core/value.ts';

describe('canonical text', () => {
  // From the examples of RFC 8785 and the rules of ECMAScript number printing that it refers to.
  const table: [Value, string][] = [
    [null, 'null'],
    [true, 'true'],
    [0, '0'],
    [-0, '0'],
    [1e21, '1e+21'],
    [Number('333333333.33333329'), '333333333.3333333'],
    [1e-7, '1e-7'],
    ['', '""'],
    ['€$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'],
    [[], '[]'],
    [[3, null, 'ő'], '[3,null,"ő"]'],
    [{}, '{}'],
    [{ b: 1, a: [{ d: 1, c: 2 }] }, '{"a":[{"c":2,"d":1}],"b":1}'],
    // Keys are ordered by UTF-16 unit: an emoji (a surrogate pair) comes before U+FB33.
    [
      { '\ufb33': 1, '\u{1f600}': 2, '\u20ac': 3, '\r': 4, '1': 5 },
      '{"\\r":4,"1":5,"\u20ac":3,"\u{1f600}":2,"\ufb33":1}',
    ],
  ];
  for (const [value, text] of table) {
    it(`of ${JSON.stringify(value)}`, () => assert.equal(canonicalText(value), text));
  }

  it('does not depend on the order of keys, and nothing else is lost', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const value = json as Value;
        const text = canonicalText(value);
        assert.equal(canonicalText(reversed(value)), text);
        assert.equal(canonicalText(JSON.parse(text) as Value), text);
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});

describe('sameness', () => {
  it('is equality of canonical texts', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        assert.equal(
          same(a as Value, b as Value),
          canonicalText(a as Value) === canonicalText(b as Value),
        );
        assert.ok(same(a as Value, reversed(a as Value)));
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  it('keeps kinds apart', () => {
    assert.ok(!same(null, false));
    assert.ok(!same('1', 1));
    assert.ok(!same([], {}));
    assert.ok(!same(['a', 'b'], ['b', 'a']));
  });
});

/** The same value with the keys of every object the other way round. */
function reversed(value: Value): Value {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((element: Value) => reversed(element));
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
