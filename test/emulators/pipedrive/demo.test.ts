import assert from 'node:assert/strict';
import { DEMO_ACCOUNTS } from '../../../runtime/emulators/pipedrive/demo.ts';
import { openPipedrive } from '../../../runtime/emulators/pipedrive/pipedrive.ts';
import type { Hands } from '../../../runtime/emulators/crm/hands.ts';
import { townOf } from '../../../runtime/emulators/town.ts';
import { randomStreams } from '../../../runtime/world/random.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';

describe('the company for demonstrations at Pipedrive', () => {
  const hands = filled(1000);

  it('is full of people, some of them twice, in companies that are there', () => {
    const people = hands.items('persons');
    assert.ok(people.length > 1000 && people.length < 1100, `${people.length}`);
    const names = people.map(({ fields }) => (fields['name'] as string).toLowerCase());
    assert.ok(new Set(names).size < names.length);
    const organizations = new Set(hands.items('organizations').map(({ id }) => id));
    const employers = people.map(({ fields }) => fields['org_id']).filter((id) => id !== null);
    assert.ok(employers.length > 500);
    assert.ok(employers.every((id) => organizations.has(id as string)));
  });

  it('has the people of the town, as other vendors have', () => {
    const { name } = townOf(randomStreams('1')('town')).person(3);
    assert.ok(hands.items('persons').some(({ fields }) => fields['name'] === name));
  });

  it('has deals, activities and notes about them', () => {
    for (const collection of ['deals', 'activities', 'notes']) {
      const items = hands.items(collection);
      assert.ok(items.length > 50, collection);
      assert.ok(items.every(({ fields }) => fields['person_id'] !== null));
    }
    const statuses = new Set(hands.items('deals').map(({ fields }) => fields['status']));
    assert.deepEqual(statuses, new Set(['open', 'won', 'lost']));
  });

  it('is the same with the same chance', () => {
    assert.deepEqual(filled(50).items('persons'), filled(50).items('persons'));
  });
});

function filled(count: number): Hands {
  const pipedrive = openPipedrive({
    world: virtualWorld({ seed: 1 }),
    accounts: DEMO_ACCOUNTS,
    town: townOf(randomStreams('1')('town')),
  });
  pipedrive.seed(count);
  return pipedrive.account(DEMO_ACCOUNTS[0]!.name);
}
