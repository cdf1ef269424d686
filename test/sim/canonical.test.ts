import assert from 'node:assert/strict';
import { canonical } from './canonical.ts';
import { simulate } from './simulation.ts';

/** A taste of `npm run test:sim -- --kills`, which kills at each point. */
const KILLS_PER_STORY = 4;

describe('The engine comes to rest in agreement after', () => {
  for (const [title, scenario] of Object.entries(canonical)) {
    it(`${title}, also when it was killed in the middle of it`, async () => {
      const { violations, points } = await simulate(scenario);
      assert.deepEqual(violations, []);
      assert.ok(points > KILLS_PER_STORY, `only ${points} kill points were passed`);
      for (let nth = 1; nth <= KILLS_PER_STORY; nth++) {
        const point = Math.round((nth * points) / (KILLS_PER_STORY + 1));
        const killed = await simulate({ ...scenario, kills: [point] });
        assert.deepEqual(killed.violations, [], `killed at ${point}`);
        assert.equal(killed.kills, 1, `killed at ${point}`);
      }
    });
  }
});
