import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as reasons from '../../runtime/core/reasons.ts';
import { reasonsPage } from '../../scripts/reasons.ts';

const root = join(import.meta.dirname, '..', '..');
const codes = Object.values(reasons).flatMap((list) => Object.keys(list));

describe('the reason codes', () => {
  it('are documented: docs/reasons.md is what `npm run reasons` writes', () => {
    assert.equal(readFileSync(join(root, 'docs/reasons.md'), 'utf8'), reasonsPage());
  });

  it('are each used', () => {
    const files = globSync('runtime/{core,engine}/**/*.ts', { cwd: root });
    const source = files
      .filter((file) => !file.endsWith('reasons.ts'))
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .join('\n');
    const unused = codes.filter((code) => !source.includes(`'${code}'`));
    assert.ok(codes.length > 40, `only ${codes.length} codes found`);
    assert.deepEqual(unused, []);
  });

  it('have one meaning each: a code that stands in two lists says the same kind of thing', () => {
    const twice = codes.filter((code, index) => codes.indexOf(code) !== index);
    const expected = [
      'contested',
      'oscillation',
      'time-skipped',
      'time-repeated',
      'absence-unproven',
    ];
    assert.deepEqual(twice.toSorted(), expected.toSorted());
  });

  it('are explained in full sentences', () => {
    for (const list of Object.values(reasons)) {
      for (const sentence of Object.values(list)) assert.match(sentence, /^[A-Z].*[.?]$/);
    }
  });
});
