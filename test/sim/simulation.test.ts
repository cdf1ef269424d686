import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine, type Engine, type EngineOptions } from '../../runtime/engine/engine.ts';
import { scenarioOf } from './build.ts';
import { scenarioFrom } from './generate.ts';
import type { HardshipName } from './hardships.ts';
import type { Scenario } from './scenario.ts';
import { simulate } from './simulation.ts';

/** A taste of `npm run test:sim`, which takes as many as you like. */
const SEEDS = Array.from({ length: 60 }, (_, index) => index + 101);
const SEEDS_PER_HARDSHIP = 6;
/** What every world is promised to survive. */
const SURVIVED: readonly HardshipName[] = [
  'hidden',
  'brakes',
  'decisions',
  'renaming',
  'retyping',
  'poison',
  'bodies',
  'replays',
  'forgetting',
  'backups',
];
const SAVED = join(import.meta.dirname, '..', 'seeds');

describe('A world around the whole engine', () => {
  it('comes to rest in agreement, with nothing lost and nothing twice, whatever the seed', async () => {
    const broken: string[] = [];
    for (const seed of SEEDS) {
      const { violations } = await simulate(scenarioFrom(seed, { hardships: [] }));
      broken.push(...violations.map((line) => `seed ${seed}: ${line}`));
    }
    assert.deepEqual(broken, []);
  });

  for (const hardship of SURVIVED) {
    it(`does so also when it goes through ${hardship}`, async () => {
      const broken: string[] = [];
      for (const seed of SEEDS.slice(0, SEEDS_PER_HARDSHIP)) {
        const { violations } = await simulate(scenarioFrom(seed, { hardships: [hardship] }));
        broken.push(...violations.map((line) => `seed ${seed}: ${line}`));
      }
      assert.deepEqual(broken, []);
    });
  }

  it('is the same world when the seed is the same', async () => {
    const [seed = 1, other = 2] = SEEDS;
    const { trace, points } = await simulate(scenarioFrom(seed));
    assert.equal((await simulate(scenarioFrom(seed))).trace, trace);
    assert.notEqual((await simulate(scenarioFrom(other))).trace, trace);
    assert.ok(points > 0);
  });

  for (const file of readdirSync(SAVED).filter((name) => name.endsWith('.json'))) {
    it(`comes to rest where it once did not: ${file}`, async () => {
      const saved = JSON.parse(readFileSync(join(SAVED, file), 'utf8')) as { scenario: Scenario };
      assert.deepEqual((await simulate(saved.scenario)).violations, []);
    });
  }

  it('notices an engine that never looks', async () => {
    const idle = (options: EngineOptions): Engine => ({
      ...openEngine(options),
      look: async () => {},
    });
    const scenario = scenarioOf({ people: { c0001: ['app'] } });
    const { violations } = await simulate(scenario, idle);
    assert.deepEqual(violations, ['c0001 at app-1 belongs to no record, and nobody is asked why']);
  });
});
