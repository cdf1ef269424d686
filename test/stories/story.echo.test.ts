import assert from 'node:assert/strict';
import { edit, story } from './story.ts';

describe('A CRM that respells what it is given', () => {
  for (const spellingIsDeclared of [true, false]) {
    const known = spellingIsDeclared ? 'known' : 'unknown';
    it(`gets each edit once, and its ${known} spelling stays with it`, async () => {
      const { value, writes } = await story({
        systems: {
          app: {},
          crm: {
            abilities: { spelling: { phone: 'phone', name: 'lower' }, horizonMs: 10_000 },
            spellingIsDeclared,
          },
        },
        people: { c0001: ['app'] },
        happens: [[60, edit('app', 'c0001', 'phone'), edit('app', 'c0001', 'name')]],
      });
      assert.match(String(value('app', 'c0001', 'phone')), /^\+3620555\d{4}$/);
      assert.match(String(value('crm', 'c0001', 'phone')), /^\+362 055 5/);
      assert.match(String(value('app', 'c0001', 'name')), /^e\d{4} Anna$/);
      assert.match(String(value('crm', 'c0001', 'name')), /^e\d{4} anna$/);
      assert.deepEqual(writes('app'), []);
      assert.ok(writes('crm').length <= 3, writes('crm').join('\n'));
    });
  }
});
