import assert from 'node:assert/strict';
import { isSame, stored } from '../../../runtime/emulators/crm/values.ts';
import { crmPractice } from './practice.ts';

describe('a value', () => {
  it('of a list is objects in order, and of references a set of texts', () => {
    const { hands } = crmPractice();
    const [home, work] = [{ value: '1', label: 'home' }, { value: '2' }];
    const id = hands.create('people', { phones: [home, work], dealIds: ['2', '1', '2'] });
    const fieldsNow = () => hands.item('people', id)!.fields;
    assert.deepEqual(fieldsNow()['phones'], [home, work]);
    assert.deepEqual(fieldsNow()['dealIds'], ['2', '1']);
    hands.edit('people', id, {
      dealIds: ['1', '2'],
      phones: [{ label: 'home', value: '1' }, work],
    });
    assert.equal(hands.log.length, 1, 'that was the same');
    hands.edit('people', id, { phones: [work, home] });
    assert.equal(hands.log.length, 2, 'that was another order');
    hands.edit('people', id, { phones: [], dealIds: [] });
    assert.deepEqual([fieldsNow()['phones'], fieldsNow()['dealIds']], [null, null]);
    for (const given of [{ phones: ['1'] }, { phones: home }, { dealIds: [1] }, { dealIds: '1' }]) {
      assert.throws(() => hands.edit('people', id, given), { code: 'invalid' });
    }
  });

  it('is spelled before it is measured', () => {
    const field = { path: 'name', type: 'text', maxLength: 2 } as const;
    assert.equal(
      stored(field, ' ab ', (text) => text.trim()),
      'ab',
    );
    assert.throws(() => stored(field, ' ab '), { code: 'invalid' });
  });

  it('is the same in any order where order means nothing', () => {
    assert.ok(isSame(['a', 'b'], ['b', 'a']));
    assert.ok(isSame([1, 2], [2, 1]));
    assert.ok(isSame({ a: 1, b: 2 }, { b: 2, a: 1 }));
    assert.ok(!isSame([{ a: 1 }, { a: 2 }], [{ a: 2 }, { a: 1 }]));
    assert.ok(!isSame([{ a: 1 }], [{ a: 2 }]));
    assert.ok(!isSame(null, []));
  });
});
