import assert from 'node:assert/strict';
import fc from 'fast-check';
import { randomStreams } from '../../runtime/world/random.ts';
import { idSource } from '../../runtime/world/uuid.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('new ids', () => {
  it('are UUIDs of version 7 that begin with the time', () => {
    const newId = idsAt([0x0123_4567_89ab]);
    const id = newId();
    assert.match(id, UUID_V7);
    assert.equal(id.slice(0, 13), '01234567-89ab');
  });

  it('keep their form at the first and at the last millisecond they can tell', () => {
    assert.match(idsAt([0])(), UUID_V7);
    assert.match(idsAt([2 ** 48 - 2])(), UUID_V7);
  });

  it('only grow, whatever the clock does', () => {
    const clockReadings = fc.array(fc.integer({ min: 1_000, max: 1_005 }), { minLength: 2 });
    fc.assert(
      fc.property(clockReadings, fc.string(), (readings, seed) => {
        const newId = idsAt(readings, seed);
        const ids = readings.map(() => newId());
        assert.deepEqual(ids, ids.toSorted());
        assert.equal(new Set(ids).size, ids.length);
      }),
    );
  });

  it('only grow when ten thousand are made in one millisecond', () => {
    const newId = idsAt([5_000]);
    const ids = Array.from({ length: 10_000 }, newId);
    assert.deepEqual(ids, ids.toSorted());
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, UUID_V7);
  });

  it('use all variants the standard allows', () => {
    const newId = idsAt([5_000]);
    const variants = new Set(Array.from({ length: 200 }, () => newId().charAt(19)));
    assert.deepEqual([...variants].toSorted(), ['8', '9', 'a', 'b']);
  });
});

/** Ids from a clock that shows these readings in turn and then stands still. */
function idsAt(readings: readonly number[], seed = 'ids'): () => string {
  let index = 0;
  const now = (): number => readings[Math.min(index++, readings.length - 1)]!;
  return idSource({ now }, randomStreams(seed)('ids'));
}
