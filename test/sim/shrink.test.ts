import assert from 'node:assert/strict';
import { TributaryError } from '../../runtime/core/errors.ts';
import { scenarioFrom } from './generate.ts';
import { FAULTS, type Scenario } from './scenario.ts';
import { shrink } from './shrink.ts';

/** The first world with this many of everything. */
const BIG = Array.from({ length: 200 }, (_, index) => scenarioFrom(index + 1)).find(
  ({ actions, tenants, faults, workers }) =>
    actions.length > 15 &&
    workers > 1 &&
    Object.keys(faults).length > 2 &&
    tenants[0]!.systems.length > 2,
)!;

describe('A scenario that fails', () => {
  it('is made as small as can be while it still fails', async () => {
    const edit = BIG.actions.findIndex(({ kind }) => kind === 'edit');
    const { smallest, isEarly } = await shrink(BIG, async ({ actions }) =>
      actions.includes(BIG.actions[edit]!),
    );
    assert.deepEqual(smallest.actions, [BIG.actions[edit]]);
    assert.deepEqual(smallest.faults, {});
    assert.equal(smallest.workers, 1);
    assert.equal(smallest.tenants.length, 1 + BIG.actions[edit]!.tenant);
    assert.deepEqual(smallest.tenants[0]!.records, []);
    assert.equal(isEarly, false);
  });

  it('keeps what it fails by', async () => {
    const fault = FAULTS.find((name) => BIG.faults[name] !== undefined)!;
    const { smallest } = await shrink(BIG, async ({ faults }) => faults[fault] !== undefined);
    assert.deepEqual(Object.keys(smallest.faults), [fault]);
    assert.deepEqual(smallest.actions, []);
  });

  it('stays as it is when nothing smaller fails', async () => {
    const { smallest, isEarly } = await shrink(BIG, async () => false);
    assert.equal(smallest, BIG);
    assert.equal(isEarly, false);
  });

  it('is not made into one that cannot be', async () => {
    const isFailing = async (smaller: Scenario): Promise<boolean> => {
      if (smaller.workers > 1) return true;
      throw new TributaryError('rest-options', { what: 'It cannot be.', next: 'Change it.' });
    };
    const { smallest } = await shrink(BIG, isFailing);
    assert.equal(smallest.workers, BIG.workers);
    assert.deepEqual(smallest.actions, []);
    await assert.rejects(
      shrink(BIG, () => Promise.reject(new Error('a mistake of ours'))),
      /a mistake of ours/,
    );
  });

  it('is not tried for ever, and says so', async () => {
    let runs = 0;
    const isFailing = async (): Promise<boolean> => {
      runs += 1;
      return false;
    };
    const byRuns = await shrink(BIG, isFailing, { runsMax: 7 });
    assert.deepEqual([runs, byRuns.isEarly], [7, true]);
    const byTime = await shrink(BIG, isFailing, { hasTime: () => runs < 12 });
    assert.deepEqual([runs, byTime.isEarly], [12, true]);
  });

  it('is as small as it has become when time is over', async () => {
    let runs = 0;
    const fails = async (): Promise<boolean> => (runs += 1) > 0;
    const { smallest } = await shrink(BIG, fails, { hasTime: () => runs < 3 });
    assert.ok(smallest.actions.length < BIG.actions.length / 4);
  });
});
