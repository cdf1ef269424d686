import assert from 'node:assert/strict';
import type { Account } from '../../../runtime/connectors/connector.ts';
import { inWorld } from '../in-world.ts';
import { CONFIG, practice } from './practice.ts';

describe('the limits of Pipedrive', () => {
  const accountWith = (headers: Readonly<Record<string, string>>, config: object = {}) => {
    const data = { id: 12, company_id: 111 };
    const me = () => Response.json({ success: true, data }, { headers });
    const { world, open } = practice({ 'GET /api/v1/users/me': me }, { ...CONFIG, ...config });
    return inWorld(world, () => open());
  };
  /** How many of them fit into the time, at least and at most. */
  const fits = ({ limits }: Account, name: string, windowMs: number): number => {
    const { capacity, perMs } = limits.find((limit) => limit.name === name)!;
    return Math.round(capacity + (capacity * windowMs) / perMs);
  };
  const DAY_MS = 86_400_000;

  it('are those of the smallest plan, unless it is told otherwise', async () => {
    const account = await accountWith({});
    assert.deepEqual(
      ['burst', 'search'].map((name) => fits(account, name, 2_000)),
      [20, 10],
    );
    assert.equal(fits(account, 'daily', DAY_MS), 30_000);
  });

  it('are those that the first answer tells', async () => {
    const account = await accountWith({
      'x-ratelimit-limit': '120',
      'x-daily-ratelimit-token-limit': '210000',
    });
    assert.equal(fits(account, 'burst', 2_000), 120);
    assert.equal(fits(account, 'daily', DAY_MS), 210_000);
  });

  it('leave of a day what a person has said, whatever is told', async () => {
    const told = { 'x-daily-ratelimit-token-limit': '210000' };
    assert.equal(fits(await accountWith(told, { tokensADay: 9_000 }), 'daily', DAY_MS), 9_000);
  });

  it('tell what is left, as far as answers have told', async () => {
    const account = await accountWith({
      'x-ratelimit-limit': '20',
      'x-ratelimit-remaining': '19',
      'x-ratelimit-reset': '2',
      'x-daily-ratelimit-token-remaining': '123',
    });
    const [burst, daily] = account.left!();
    assert.deepEqual([burst?.name, burst?.left, burst?.most], ['burst', 19, 20]);
    assert.deepEqual(daily, { name: 'daily', left: 123 });
    assert.ok(burst?.resetsAt !== undefined);
    assert.deepEqual((await accountWith({})).left!(), []);
    assert.deepEqual((await accountWith({ 'x-ratelimit-remaining': 'many' })).left!(), []);
  });

  const costs: readonly (readonly [
    what: string,
    call: Parameters<Account['limits'][number]['cost']>,
    cost: readonly [requests: number, searches: number, tokens: number],
  ])[] = [
    ['a page of persons', ['list', 500, 'persons'], [1, 0, 10]],
    ['a page of deals, of the dearer list', ['list', 1, 'deals'], [1, 0, 20]],
    ['a page of notes', ['list', 500, 'notes'], [1, 0, 20]],
    ['the changes of persons', ['changes', 500, 'persons'], [1, 0, 10]],
    ['the changes of deals', ['changes', 500, 'deals'], [2, 0, 30]],
    ['the changes of notes', ['changes', 500, 'notes'], [1, 0, 20]],
    ['one person', ['read', 1, 'persons'], [1, 0, 1]],
    ['ten persons', ['read', 10, 'persons'], [10, 0, 10]],
    ['a hundred persons', ['read', 100, 'persons'], [1, 0, 10]],
    ['a hundred deals', ['read', 100, 'deals'], [2, 0, 30]],
    ['ten notes', ['read', 10, 'notes'], [10, 0, 20]],
    ['three values', ['find', 3, 'persons'], [6, 3, 63]],
    ['a value of activities', ['find', 1, 'activities'], [10, 0, 200]],
    ['a person to create', ['create', 1, 'persons'], [1, 0, 5]],
    ['a person to delete', ['delete', 1, 'persons'], [1, 0, 3]],
    ['a note to update', ['update', 1, 'notes'], [1, 0, 10]],
    ['a note to delete', ['delete', 1, 'notes'], [1, 0, 6]],
    ['nothing that can be had', ['history', 1, 'persons'], [0, 0, 0]],
    ['nothing that can be done', ['restore', 1, 'persons'], [0, 0, 0]],
    ['a collection that is none', ['list', 1, 'leads'], [0, 0, 0]],
  ];
  for (const [what, call, expected] of costs) {
    it(`know what it costs: ${what}`, async () => {
      const { limits } = await accountWith({});
      const told = ['burst', 'search', 'daily'].map((name) =>
        limits.find((limit) => limit.name === name)!.cost(...call),
      );
      assert.deepEqual(told, expected);
    });
  }

  it('count the list of what was deleted, where it is asked for', async () => {
    const { limits } = await accountWith({}, { tellDeletes: true });
    const daily = limits.find(({ name }) => name === 'daily')!;
    const of = (name: string) => daily.cost('changes', 1, name);
    assert.deepEqual(['persons', 'deals', 'notes'].map(of), [30, 30, 40]);
  });
});
