import assert from 'node:assert/strict';
import { nameOfRef } from '../../../runtime/store/work-key.ts';
import { syncId } from '../setting.ts';
import { Stage } from '../stage.ts';
import { codeOf } from '../system.ts';
import type { Told } from '../witness.ts';
import type { Rest } from './rest.ts';

describe('The judgements of writes', () => {
  it('judge a create by what could be found when it was asked for, however late it landed', () => {
    const stage = new Stage();
    stage.create('crm', stage.at('crm').items('people')[0]!.fields);
    const { at } = stage.at('crm').log.at(-1)!;
    const isTold = (askedAt: readonly number[]): boolean => {
      const asked = new Map([['crm-1/people/c0001', askedAt]]);
      return says(stage, 'was created by us', { asked });
    };
    assert.deepEqual([isTold([at - 100_000]), isTold([at - 1])], [false, true]);
    assert.equal(isTold([at - 100_000, at - 1, at + 1]), true, 'the last one before counts');
  });

  it('excuse who deletes what a system lost with a backup only where no version there gave it away', () => {
    const stage = new Stage();
    const crm = stage.at('crm');
    const kept = stage.id('crm', 'c0002');
    const backup = crm.backup();
    crm.edit('people', kept, { phone: '+36205550000' });
    const fields = { ...crm.item('people', stage.id('crm', 'c0001'))!.fields, code: 'c0003' };
    const lost = {
      crm: crm.create('people', fields),
      app: stage.at('app').create('people', fields),
    };
    crm.restoreBackup(backup);
    assert.equal(crm.item('people', lost.crm), undefined);
    stage.remove('app', 'c0003');
    const ref = nameAtCrm(stage, kept);
    const isTold = (...known: readonly Told[]): boolean => {
      return says(stage, 'c0003 was deleted by us', { links: new Map([[ref, known]]) });
    };
    const { at } = crm.log.findLast(({ via }) => via === 'backup')!;
    assert.equal(isTold(), false, 'nothing was known');
    assert.equal(isTold({ at, version: 1 }), false, 'nothing is older than was known');
    assert.equal(isTold({ at, version: 2 }), true, 'something is older than was known');
    assert.equal(isTold({ at: at + 1, version: 2 }), false, 'that was known only afterwards');
  });

  it('excuse who deletes what lost its id to a former item only where that did not give it away', async () => {
    const stage = new Stage({ reusesIds: true, delete: 'hard', restore: false });
    const crm = stage.at('crm');
    const id = stage.id('crm', 'c0001');
    const former = crm.item('people', id)!;
    const backup = crm.backup();
    await stage.world.runUntil(stage.world.clock.now() + 60_000);
    crm.remove('people', id);
    const other = { ...former.fields, code: 'c0003' };
    assert.equal(crm.create('people', other), id);
    stage.at('app').create('people', other);
    const createdAt = Date.parse(crm.item('people', id)!.createdAt);
    crm.restoreBackup(backup);
    assert.equal(codeOf(crm.item('people', id)), 'c0001');
    stage.remove('app', 'c0003');
    const ref = nameAtCrm(stage, id);
    const isTold = (...known: readonly Told[]): boolean => {
      return says(stage, 'c0003 was deleted by us', { links: new Map([[ref, known]]) });
    };
    const { at } = crm.log.findLast(({ via }) => via === 'backup')!;
    assert.equal(isTold(), false, 'nothing was known');
    assert.equal(isTold({ at, version: 9 }), false, 'of another item a version says nothing');
    assert.equal(isTold({ at, createdAt }), true, 'the item there is older than was known');
    assert.equal(isTold({ at: at + 1, createdAt }), false, 'that was known only afterwards');
    assert.equal(
      isTold({ at, createdAt: Date.parse(former.createdAt) }),
      false,
      'no other was known',
    );
    crm.remove('people', id);
    assert.equal(isTold({ at, createdAt }), false, 'the former one is gone as well');
  });
});

describe('The judgements of what a write empties', () => {
  const blind = { version: 'none', conditionalWrites: false, history: false } as const;

  for (const { what, habits, by, typedAfterMs, isTold } of [
    { what: 'typed under way', habits: blind, typedAfterMs: 1_000, isTold: false },
    { what: 'typed before it was sent', habits: blind, typedAfterMs: -1_000, isTold: true },
    { what: 'typed under way in a guarded system', habits: {}, typedAfterMs: 1_000, isTold: true },
    { what: 'our own', habits: blind, by: 'api', typedAfterMs: 1_000, isTold: true },
  ] as const) {
    it(`${isTold ? 'tell' : 'excuse'} what was ${what}`, () => {
      const stage = new Stage(habits);
      const crm = stage.at('crm');
      const id = stage.id('crm', 'c0001');
      if (by === 'api') stage.write('crm', 'c0001', { status: 'lost' }, 0);
      else crm.edit('people', id, { status: 'lost' });
      const { at: typedAt } = crm.log.at(-1)!;
      stage.write('crm', 'c0001', { status: null });
      const ms = crm.log.at(-1)!.at - typedAt + typedAfterMs;
      const call = { account: 'crm-1', collection: 'people', action: 'update', items: 1 } as const;
      const struck = { fault: 'late', ms, at: typedAt - typedAfterMs } as const;
      const { violations } = stage.judge({ struck: [{ ...struck, call: { ...call, ids: [id] } }] });
      assert.equal(
        violations.some((line) => line.includes('status of c0001 was emptied by us')),
        isTold,
      );
    });
  }
});

function nameAtCrm({ systems }: Stage, remoteId: string): string {
  return nameOfRef({ sync: syncId(0, 'people'), endpoint: systems[1]!.endpoint, remoteId });
}

const NOTHING: Rest['witness'] = {
  stored: new Map(),
  read: new Map(),
  asked: new Map(),
  links: new Map(),
};

/** Whether it says so of an engine that knew this, and nothing else. */
function says(stage: Stage, text: string, known: Partial<Rest['witness']>): boolean {
  const { violations } = stage.judge({ witness: { ...NOTHING, ...known } });
  return violations.some((line) => line.includes(text));
}
