import assert from 'node:assert/strict';
import { matrixOf, type Verdict } from './matrix.ts';

const KEPT: readonly Verdict[] = [
  { vendor: 'acme', promise: 'pulls', end: 'kept' },
  { vendor: 'umbrella', promise: 'pulls', end: 'kept' },
  { vendor: 'acme', promise: 'brings back', end: { lacks: 'can.restore' } },
  { vendor: 'umbrella', promise: 'brings back', end: 'kept' },
];

describe('the matrix of promises', () => {
  it('has a row for every promise, a column for every vendor, and the reason of every dash', () => {
    const { lines, isWell } = matrixOf(['acme', 'umbrella'], KEPT);
    assert.deepEqual(lines, [
      '             acme    umbrella',
      'pulls        kept    kept',
      'brings back  -       kept',
      '',
      '- acme declares no can.restore: brings back',
      '',
      '2 promises, 2 vendors: 3 kept, 1 do not apply, 0 FAILED',
    ]);
    assert.equal(isWell, true);
  });

  it('is not well when a promise is broken', () => {
    const broken = { vendor: 'acme', promise: 'pulls', end: 'failed' } as const;
    const { lines, isWell } = matrixOf(['acme', 'umbrella'], [...KEPT.slice(1), broken]);
    assert.ok(lines.some((line) => /^pulls +FAILED +kept$/.test(line)));
    assert.match(lines.at(-1)!, /1 FAILED$/);
    assert.equal(isWell, false);
  });

  it('is not well when a vendor was never asked, or nobody was', () => {
    const { lines, isWell } = matrixOf(['acme', 'umbrella', 'third'], KEPT);
    assert.match(lines.at(-1)!, /3 kept, 1 do not apply, 2 FAILED$/);
    assert.equal(isWell, false);
    assert.equal(matrixOf(['acme'], []).isWell, false);
    assert.equal(matrixOf([], []).isWell, false);
  });
});
