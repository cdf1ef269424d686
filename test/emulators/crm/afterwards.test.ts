import assert from 'node:assert/strict';
import { crmPractice, DAY_MS, START_MS } from './practice.ts';

describe('what a vendor does by itself afterwards', () => {
  it('moves the time of the last change once more, and nothing else', async () => {
    const { hands, pass, told } = crmPractice({
      afterwards: ({ kind }) => (kind === 'created' ? [{ delayMs: [17_000, 22_000] }] : []),
    });
    const id = hands.create('companies', { name: 'a' }, 'integration');
    await pass(16_999);
    assert.equal(hands.item('companies', id)!.version, 1);
    await pass(5001);
    const { version, updatedAt, updatedBy, fields } = hands.item('companies', id)!;
    const movedMs = Date.parse(updatedAt) - START_MS;
    assert.ok(movedMs >= 17_000 && movedMs < 22_000, `${movedMs}`);
    assert.deepEqual([version, updatedBy, fields], [2, { kind: 'integration' }, { name: 'a' }]);
    await pass(DAY_MS);
    assert.deepEqual(told(), ['created companies 1 by hands', 'updated companies 1 by vendor']);
  });

  it('fills values that it worked out, unless the item is gone or refuses them', async () => {
    const { hands, pass } = crmPractice({
      afterwards: ({ after }) => [
        { delayMs: [2000, 2001], fields: { initials: (after!.fields['name'] as string)[0] } },
        { delayMs: [3000, 3001], fields: { nothing: 'of the kind' } },
      ],
    });
    for (const name of ['Anna', 'Bea']) hands.create('people', { name });
    hands.remove('people', '2');
    await pass(2000);
    assert.equal(hands.item('people', '1')!.fields['initials'], 'A');
    assert.equal(hands.item('people', '2')!.fields['initials'], null);
    await pass(DAY_MS);
    assert.equal(hands.item('people', '1')!.version, 2);
  });

  it('ends what was archived for too long, unless it was restored', async () => {
    const { hands, pass, told } = crmPractice({ purgeAfterMs: 30 * DAY_MS });
    for (const name of ['a', 'b', 'c']) hands.create('companies', { name });
    for (const id of ['1', '2', '3']) hands.remove('companies', id);
    hands.restore('companies', '2');
    hands.restore('companies', '3');
    await pass(DAY_MS);
    hands.remove('companies', '3');
    await pass(29 * DAY_MS);
    assert.deepEqual(told().at(-1), 'destroyed companies 1 by vendor');
    assert.throws(() => hands.restore('companies', '1'), { code: 'missing' });
    assert.equal(hands.item('companies', '3')?.archived, true);
    await pass(DAY_MS);
    assert.equal(hands.item('companies', '3'), undefined);
    assert.deepEqual(
      hands.items('companies').map(({ id }) => id),
      ['2'],
    );
  });

  it('starts no rule', async () => {
    const { hands, pass, told } = crmPractice({
      afterwards: () => [{ delayMs: [1000, 1001], fields: { initials: 'X' } }],
    });
    hands.create('people', {});
    hands.rule('people', () => ({ name: 'ruled' }));
    await pass(DAY_MS);
    assert.deepEqual(told(), ['created people 1 by hands', 'updated people 1 by vendor']);
  });
});
