import assert from 'node:assert/strict';
import { scenarioFrom } from './generate.ts';
import { HARDSHIPS, type HardshipName } from './hardships.ts';

const NAMES = Object.keys(HARDSHIPS) as HardshipName[];
const SEEDS = Array.from({ length: 30 }, (_, index) => index + 1);

describe('A hardship of simulated worlds', () => {
  for (const name of NAMES) {
    it(`changes the world and nothing that was in it already: ${name}`, () => {
      for (const seed of SEEDS) {
        const ordinary = scenarioFrom(seed, { hardships: [] });
        const hard = scenarioFrom(seed, { hardships: [name] });
        assert.notDeepEqual(hard, ordinary);
        assert.deepEqual(hard.actions.slice(0, ordinary.actions.length), ordinary.actions);
        assert.deepEqual(hard.faults, ordinary.faults);
        assert.deepEqual(JSON.parse(JSON.stringify(hard)), hard);
        const endMs = hard.minutes * 60_000;
        assert.ok(hard.actions.every(({ at }) => at >= 0 && at < endMs));
      }
    });
  }

  it('comes alone, so that another one changes nothing about it', () => {
    for (const seed of SEEDS) {
      const one = scenarioFrom(seed, { hardships: ['poison'] });
      const two = scenarioFrom(seed, { hardships: ['poison', 'replays'] });
      assert.deepEqual(two.actions.slice(0, -1), one.actions);
    }
  });

  it('is met by some worlds, and most meet none', () => {
    const worlds = Array.from({ length: 300 }, (_, index) => index + 1);
    const met = worlds.filter((seed) => {
      const { actions, tenants } = scenarioFrom(seed);
      const ordinary = scenarioFrom(seed, { hardships: [] });
      return (
        actions.length > ordinary.actions.length ||
        JSON.stringify(tenants) !== JSON.stringify(ordinary.tenants)
      );
    });
    assert.ok(met.length > 60 && met.length < 180, `${met.length} of ${worlds.length}`);
  });
});
