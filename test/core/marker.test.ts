import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readMarker, writeMarker } from '../../runtime/core/marker.ts';

const scope = { tenant: 't1', sync: 's1', endpoint: 'hubspot' };
const marker = { entity: '0192f3a4-0000-7000-8000-000000000001', generation: 2 };
const key = 'a key of the tenant';

describe('the marker left in what we create', () => {
  const text = writeMarker(marker, scope, key);

  it('reads back as it was written, whatever the vendor trims', () => {
    assert.deepEqual(readMarker(` ${text}\n`, scope, key), marker);
  });

  it('fits into a short text field', () => {
    assert.ok(text.length <= 80, text);
  });

  it('is not ours with another key, tenant, sync or system', () => {
    assert.equal(readMarker(text, scope, 'another key'), undefined);
    assert.equal(readMarker(text, { ...scope, tenant: 't2' }, key), undefined);
    assert.equal(readMarker(text, { ...scope, sync: 's2' }, key), undefined);
    assert.equal(readMarker(text, { ...scope, endpoint: 'pipedrive' }, key), undefined);
  });

  it('is not ours once a character was changed', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('x', '7', '.'), (at, character) => {
        fc.pre(text[at] !== character);
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        assert.equal(readMarker(changed, scope, key), undefined);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('is never found in anything else', () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        assert.equal(readMarker(anything, scope, key), undefined);
      }),
      { seed: 2, numRuns: 500 },
    );
  });
});
