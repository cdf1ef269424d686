import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fromJson, toJson } from '../../../runtime/store/postgres/json.ts';

describe('JSON for PostgreSQL', () => {
  it('comes back as it went in, whatever the text', () => {
    const awkward = fc.constantFrom('\u0000', '\u0010', '\ud800', '\udfff', '\\', '\\u0000', 'u00');
    const text = fc.array(fc.oneof(awkward, fc.string({ unit: 'binary' }))).map((s) => s.join(''));
    fc.assert(
      fc.property(text, fc.dictionary(text, text), (string, object) => {
        const given = [string, Object.fromEntries(Object.entries(object))];
        assert.deepEqual(fromJson(toJson(given)), given);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('has nothing in it that PostgreSQL refuses', () => {
    const text = toJson(['a\u0000b', '\ud83d', '\ude00', '\u0010', '\\u0000', '😀']);
    assert.equal(
      text,
      String.raw`["a\u00100000b","\u0010d83d","\u0010de00","\u00100010","\\u0000","😀"]`,
    );
  });
});
