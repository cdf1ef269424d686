import assert from 'node:assert/strict';
import { kinds } from '../../../runtime/core/values/kinds.ts';
import { corpus } from './corpus.ts';

describe('the corpus of texts', () => {
  it('has 200 of them, and no two mean the same', () => {
    assert.equal(corpus.length, 200);
    const meanings = corpus.map((text) => JSON.stringify(kinds.text.parse(text, undefined)));
    assert.equal(new Set(meanings).size, corpus.length);
    assert.ok(
      meanings.every((meaning) => meaning.includes('"ok":true') && !meaning.includes('null}')),
    );
  });
});
