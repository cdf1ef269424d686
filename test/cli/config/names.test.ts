import assert from 'node:assert/strict';
import { endpointIdOf, syncIdOf, tenantIdOf } from '../../../runtime/cli/config/names.ts';

describe('ids from names', () => {
  it('are the same on every machine and in every version', () => {
    assert.deepEqual(
      [tenantIdOf('default'), endpointIdOf('default', 'crm'), syncIdOf('default', 'people')],
      [
        'fd828aa6-203d-83be-80e8-664f5b961993',
        'e98f3378-9ea4-86e0-b092-17b3931f9579',
        '57e916a4-00e5-8ea1-8418-270ac524e587',
      ],
    );
  });

  it('are UUIDs of which no two are alike', () => {
    const names = ['a', 'b', 'a b', 'a","b', ''];
    const ids = names.flatMap((name) => [
      tenantIdOf(name),
      ...names.flatMap((other) => [endpointIdOf(name, other), syncIdOf(name, other)]),
    ]);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) {
      assert.match(id, /^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    }
  });
});
