import assert from 'node:assert/strict';
import { story } from './story.ts';

const BOTH = ['app', 'crm'];

describe('The first sync of two systems', () => {
  it('that hold the same people makes nobody twice', async () => {
    const { people, writes } = await story({
      people: { c0001: BOTH, c0002: BOTH, c0003: ['crm'] },
    });
    assert.deepEqual(people('crm'), ['c0001', 'c0002', 'c0003']);
    assert.deepEqual(people('app'), ['c0001', 'c0002', 'c0003']);
    assert.deepEqual([writes('app').length, writes('crm').length], [1, 0]);
  });

  it('that spell the same people differently takes the more trusted one and keeps the other on record', async () => {
    const { value, conflicts, writes } = await story({
      people: { c0001: { systems: BOTH, differs: true } },
    });
    assert.equal(value('app', 'c0001', 'name'), value('crm', 'c0001', 'name'));
    assert.ok(conflicts.some(({ kind, cell }) => kind === 'initial' && cell === 'name'));
    assert.ok(writes('app').every((line) => !line.includes('"name"')));
  });

  it('empties no field', async () => {
    const { value } = await story({
      people: { c0001: { systems: BOTH, differs: true }, c0002: { systems: BOTH, differs: true } },
    });
    for (const code of ['c0001', 'c0002']) {
      for (const field of ['name', 'email', 'status']) {
        assert.notEqual(value('app', code, field), null);
        assert.notEqual(value('crm', code, field), null);
      }
    }
  });
});
