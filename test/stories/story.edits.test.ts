import assert from 'node:assert/strict';
import { edit, remove, story } from './story.ts';

const BOTH = ['app', 'crm'];

describe('People who edit the same record', () => {
  it('three times in two systems in as many seconds end with one value, and lose none', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { value } = await story({
        seed,
        people: { c0001: BOTH },
        happens: [
          [60, edit('crm', 'c0001', 'name')],
          [60.1, edit('app', 'c0001', 'name')],
          [60.2, edit('crm', 'c0001', 'name')],
        ],
      });
      assert.equal(value('app', 'c0001', 'name'), value('crm', 'c0001', 'name'));
    }
  });

  it('in different fields do not disturb each other', async () => {
    const { value, conflicts } = await story({
      people: { c0001: BOTH },
      happens: [[60, edit('crm', 'c0001', 'name'), edit('app', 'c0001', 'phone')]],
    });
    assert.equal(value('app', 'c0001', 'name'), value('crm', 'c0001', 'name'));
    assert.equal(value('app', 'c0001', 'phone'), value('crm', 'c0001', 'phone'));
    assert.deepEqual(conflicts, []);
  });

  it('are asked when the policy leaves the choice to them, and nothing is written before', async () => {
    const { writes, conflicts } = await story({
      people: { c0001: BOTH },
      policy: { strategies: { name: 'manualReview' } },
      happens: [[60, edit('crm', 'c0001', 'name'), edit('app', 'c0001', 'name')]],
    });
    assert.deepEqual([...writes('app'), ...writes('crm')], []);
    const open = conflicts.filter(({ state }) => state === 'open');
    assert.deepEqual(
      open.map(({ cell, values }) => [cell, values?.length]),
      [['name', 2]],
    );
  });

  it('while another one deletes it find their edit on record', async () => {
    const { people, conflicts } = await story({
      people: { c0001: BOTH },
      happens: [[60, remove('app', 'c0001'), edit('crm', 'c0001', 'name')]],
    });
    assert.deepEqual([...people('app'), ...people('crm')], []);
    assert.ok(conflicts.some(({ kind }) => kind === 'edited-and-deleted'));
  });

  it('while another one deletes it keep it, where the policy says that edits win', async () => {
    const { people } = await story({
      people: { c0001: BOTH },
      policy: { onDeleteAndEdit: 'editWins' },
      happens: [[60, remove('app', 'c0001'), edit('crm', 'c0001', 'name')]],
    });
    assert.deepEqual([people('app'), people('crm')], [['c0001'], ['c0001']]);
  });
});
