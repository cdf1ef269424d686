import assert from 'node:assert/strict';
import { scenarioOf } from '../sim/build.ts';
import { marksIn } from '../sim/ledger.ts';
import type { Rest } from '../sim/oracle/rest.ts';
import { simulate } from '../sim/simulation.ts';
import { edit } from './story.ts';

const BOTH = ['app', 'crm'];
const CODES = ['c0001', 'c0002', 'c0003', 'c0004', 'c0005', 'c0006'];
const PEOPLE = Object.fromEntries(CODES.map((code) => [code, BOTH]));
const LAG_MS_MAX = 5_000;

describe('An edit where nothing is wrong', () => {
  it('is in the other system within five seconds', async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const seconds = [61, 75.5, 90, 120.3];
      const { rest, violations } = await simulate(
        scenarioOf({
          seed,
          people: { c0001: BOTH },
          happens: seconds.map((at) => [at, edit('crm', 'c0001', 'name')] as const),
        }),
      );
      assert.deepEqual(violations, []);
      const lags = lagsOf(rest, 0);
      assert.equal(lags.length, seconds.length);
      assert.ok(Math.max(...lags) <= LAG_MS_MAX, `seed ${seed}: ${lags.join()}`);
    }
  });
});

describe('A tenant whose import script changes everything over and over', () => {
  const EDITS = 300;
  const limits = [{ name: 'second', capacity: 5, perMs: 1_000 }];
  const abilities = { limits, horizonMs: 10_000 };
  const noisy = scenarioOf({
    systems: { app: { abilities }, crm: { abilities } },
    people: PEOPLE,
    happens: Array.from({ length: EDITS }, (_, index) => [
      60 + index / 5,
      edit('crm', CODES[index % CODES.length]!, 'name'),
    ]),
  });
  const quiet = scenarioOf({
    people: { c0001: BOTH },
    happens: [65, 80, 95, 110].map((at) => [at, edit('crm', 'c0001', 'name')] as const),
  });
  const actions = quiet.actions.map((action) => ({ ...action, tenant: 1 }));
  const together = {
    ...noisy,
    tenants: [...noisy.tenants, ...quiet.tenants],
    actions: [...noisy.actions, ...actions],
  };

  it('keeps no other tenant waiting, and asks no vendor more often than it allows', async () => {
    const { rest, violations, writes } = await simulate(together);
    assert.deepEqual(violations, []);
    const lags = lagsOf(rest, 1);
    assert.equal(lags.length, actions.length);
    assert.ok(Math.max(...lags) <= LAG_MS_MAX, lags.join());
    // What left in good order may arrive closer together.
    const refused = [...rest.slowedDown.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(refused <= 3, `${refused} requests were too many`);
    assert.ok(writes <= EDITS + 50, `${writes} writes`);
  });
});

/** From when a person typed something until it stood in another system, for what was written there. */
function lagsOf(rest: Rest, tenant: number): readonly number[] {
  const systems = rest.systems.filter((system) => system.tenant === tenant);
  const changes = systems.flatMap((system) => rest.handsOf(system).log);
  return changes.flatMap(({ via, kind, at, after }) => {
    if (via !== 'hands' || kind !== 'updated') return [];
    const [mark] = marksIn(after?.fields['name']);
    const arrived = changes.find(
      (change) => change.via === 'api' && mark && marksIn(change.after?.fields).has(mark),
    );
    return arrived ? [arrived.at - at] : [];
  });
}
