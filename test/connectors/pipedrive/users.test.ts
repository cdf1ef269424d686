/** Users of a company, whom items belong to. */
import assert from 'node:assert/strict';
import { inWorld } from '../in-world.ts';
import { errorOf, failureOf } from '../scene.ts';
import { done, practice, refusal, requestsIn } from './practice.ts';

const USERS = [
  { id: 12, name: 'Data Sync', email: 'sync@acme.test', active_flag: true, is_you: true },
  { id: 7, name: 'Anna Admin', email: 'Anna@acme.test', active_flag: false, phone: null },
];

describe('the users of Pipedrive', () => {
  it('are read all at once, in the order of their ids', async () => {
    const { result, asked } = await done({ 'GET /api/v1/users': USERS }, 'users', async (users) => [
      await users.list({ limit: 1 }),
      await users.list({ limit: 1, after: '7' }),
    ]);
    assert.deepEqual(
      result.map(({ items, next }) => [items.map(({ id }) => id), next]),
      [
        [['7'], '7'],
        [['12'], undefined],
      ],
    );
    const { email, active_flag: isActive } = result[0]!.items[0]!.raw as Record<string, unknown>;
    assert.deepEqual([email, isActive], ['Anna@acme.test', false]);
    assert.deepEqual(requestsIn(asked), ['GET v1/users', 'GET v1/users']);
  });

  it('are found by what they are called, and missing when they are not there', async () => {
    const { result } = await done({ 'GET /api/v1/users': USERS }, 'users', async (users) => [
      (await users.find!('email', ['anna@ACME.test'])).map(({ id }) => id),
      (await users.read(['12', '99'])).map(({ kind }) => kind),
    ]);
    assert.deepEqual(result, [['7'], ['present', 'missing']]);
  });

  it('are not changed from here', async () => {
    const { result, asked } = await done({}, 'users', (users) =>
      users.write([{ op: 'update', id: '7', raw: { name: 'Eve' } }]),
    );
    assert.equal(errorOf(result[0]).kind, 'rejected');
    assert.deepEqual(asked, []);
  });

  it('cost what one call does, and want a permission of their own', async () => {
    const no = () => refusal(403, 'Scope and URL mismatch');
    const { world, open } = practice({
      'GET /api/v1/users': no,
      'GET /api/v1/users/2147483647': no,
    });
    await inWorld(world, async () => {
      const account = await open();
      const costs = account.limits.map(({ name, cost }) => [name, cost('list', 100, 'users')]);
      assert.deepEqual(Object.fromEntries(costs), { burst: 1, search: 0, daily: 20 });
      assert.deepEqual(await account.missingScopes!(['users']), ['users:read']);
      const users = await account.collection('users');
      assert.equal((await failureOf(users.list({ limit: 1 }))).kind, 'forbidden');
    });
  });
});
