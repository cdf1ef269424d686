import assert from 'node:assert/strict';
import { crmPractice, type CrmPractice } from './practice.ts';

describe('references to an item', () => {
  it('stay where they are when it goes, if nobody has other habits', () => {
    const scene = crmPractice();
    employ(scene);
    scene.hands.remove('companies', '1');
    scene.hands.destroy('companies', '2');
    scene.hands.destroy('deals', '1');
    assert.deepEqual(employed(scene), [
      ['1', ['1', '2']],
      ['2', ['1']],
    ]);
  });

  it('are cleared with it, by the vendor, alone or out of a list', async () => {
    const scene = crmPractice({
      references: { deleted: 'clear', destroyed: 'clear', merged: 'keep' },
    });
    employ(scene);
    const before = scene.hands.item('people', '1')!;
    await scene.pass(1000);
    scene.hands.remove('deals', '1');
    assert.equal(scene.hands.item('people', '1')!.updatedAt, before.updatedAt, 'the list is quiet');
    scene.hands.remove('companies', '1');
    assert.notEqual(scene.hands.item('people', '1')!.updatedAt, before.updatedAt);
    scene.hands.destroy('companies', '2');
    assert.deepEqual(employed(scene), [
      [null, ['2']],
      [null, null],
    ]);
    assert.equal(scene.told().at(-1), 'updated people 2 by vendor');
  });

  it('tell a soft delete from a destruction', () => {
    const scene = crmPractice({
      references: { deleted: 'keep', destroyed: 'clear', merged: 'keep' },
    });
    employ(scene);
    scene.hands.remove('companies', '1');
    scene.hands.destroy('companies', '2');
    assert.deepEqual(
      employed(scene).map(([company]) => company),
      ['1', null],
    );
  });

  for (const newId of [false, true]) {
    it(`follow a merge to what is left${newId ? ' under a new id' : ''}`, () => {
      const scene = crmPractice({
        merging: { newId, loser: 'merged' },
        references: { deleted: 'keep', destroyed: 'keep', merged: 'follow' },
      });
      employ(scene);
      const into = scene.hands.merge('companies', '1', '2');
      const deal = scene.hands.merge('deals', '2', '1');
      assert.deepEqual(employed(scene), [
        [into, [deal]],
        [into, [deal]],
      ]);
    });
  }
});

function employ({ hands }: CrmPractice): void {
  for (const name of ['a', 'b']) hands.create('companies', { name });
  for (const title of ['a', 'b']) hands.create('deals', { title });
  hands.create('people', { companyId: '1', dealIds: ['1', '2'] });
  hands.create('people', { companyId: '2', dealIds: ['1'] });
}

function employed({ hands }: CrmPractice): readonly (readonly unknown[])[] {
  return hands.items('people').map(({ fields }) => [fields['companyId'], fields['dealIds']]);
}
