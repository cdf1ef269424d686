import assert from 'node:assert/strict';
import fc from 'fast-check';
import { randomStreams } from '../../runtime/world/random.ts';

describe('random streams', () => {
  it('give the same numbers for the same seed, on every machine', () => {
    const stream = randomStreams('4711')('faults');
    const drawn = [stream.below(1000), stream.below(1000), stream.below(1000), stream.next()];
    assert.deepEqual(drawn, [76, 367, 986, 0.672_743_357_875_952_2]);
  });

  it('give other numbers for another seed and for another name', () => {
    const first = (seed: string, name: string): number => randomStreams(seed)(name).next();
    const drawn = [first('1', 'a'), first('2', 'a'), first('1', 'b'), first('1\na', '')];
    assert.equal(new Set(drawn).size, drawn.length);
  });

  it('are not shifted by draws in other streams', () => {
    const alone = randomStreams('7');
    const crowded = randomStreams('7');
    for (let draw = 0; draw < 100; draw += 1) {
      crowded(`other ${draw}`).next();
      assert.equal(crowded('mine').next(), alone('mine').next());
    }
  });

  it('go on where they were when asked for again', () => {
    const streams = randomStreams('7');
    assert.notEqual(streams('a').next(), streams('a').next());
    assert.equal(streams('a'), streams('a'));
  });

  it('stay within their bounds and reach all of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.string(), (bound, seed) => {
        const stream = randomStreams(seed)('bounds');
        const drawn = new Set(Array.from({ length: 400 }, () => stream.below(bound)));
        assert.deepEqual(
          [...drawn].toSorted((a, b) => a - b),
          [...Array(bound).keys()],
        );
        const share = stream.next();
        assert.ok(share >= 0 && share < 1);
      }),
    );
  });

  it('spread evenly over ten buckets', () => {
    const stream = randomStreams('even')('buckets');
    const counts = Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw += 1) counts[stream.below(10)]! += 1;
    for (const count of counts) assert.ok(Math.abs(count - 10_000) < 400, `saw ${count}`);
  });

  it('refuse a bound nothing can be below', () => {
    const stream = randomStreams('7')('bounds');
    for (const bound of [0, -1, 1.5, Number.NaN, Infinity]) {
      assert.throws(() => stream.below(bound), /whole bound of at least 1/);
    }
  });
});
