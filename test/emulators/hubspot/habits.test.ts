import assert from 'node:assert/strict';
import { CONTACTS, OBJECTS, practice } from './practice.ts';

describe('what HubSpot does by itself', () => {
  for (const [type, properties, earliestMs, latestMs] of [
    ['contacts', { firstname: 'A' }, 17_000, 22_000],
    ['companies', { name: 'A' }, 2000, 4000],
  ] as const) {
    it(`moves the time of new ${type} once more`, async () => {
      const { hands, ask, pass } = practice();
      const { body } = await ask('POST', `${OBJECTS}/${type}`, { properties });
      await pass(earliestMs - 1);
      assert.equal(hands.item(type, body.id as string)!.updatedAt, body.updatedAt);
      await pass(latestMs - earliestMs + 2);
      const once = hands.item(type, body.id as string)!.updatedAt;
      assert.notEqual(once, body.updatedAt);
      await pass(600_000);
      assert.equal(hands.item(type, body.id as string)!.updatedAt, once);
    });
  }

  it('moves it after a change, and not after a deletion', async () => {
    const { hands, ask, pass } = practice();
    const id = hands.create('contacts', { firstname: 'A' });
    await pass(60_000);
    const { body } = await ask('PATCH', `${CONTACTS}/${id}`, { properties: { firstname: 'B' } });
    await pass(4000);
    const moved = hands.item('contacts', id)!.updatedAt;
    assert.notEqual(moved, body.updatedAt);
    await ask('DELETE', `${CONTACTS}/${id}`);
    await pass(60_000);
    assert.equal(hands.item('contacts', id)!.updatedAt, moved);
  });

  it('moves nothing for a write that changes nothing', async () => {
    const { hands, ask, pass } = practice();
    const id = hands.create('contacts', { firstname: 'A', website: 'acme.test' });
    await pass(60_000);
    const before = hands.item('contacts', id);
    const properties = { firstname: 'A', website: 'acme.test' };
    const { body } = await ask('PATCH', `${CONTACTS}/${id}`, { properties });
    assert.equal(body.updatedAt, before!.updatedAt);
    await pass(60_000);
    assert.deepEqual(hands.item('contacts', id), before);
  });

  it('works out what a deal is worth at home, and whether it is won', async () => {
    const { ask, hands } = practice();
    const { body } = await ask('POST', `${OBJECTS}/deals`, {
      properties: { dealname: 'A', dealstage: 'closedwon', amount: '1000.00' },
    });
    assert.equal(body.properties.pipeline, 'default');
    assert.equal(body.properties.amount, '1000');
    assert.equal(body.properties.amount_in_home_currency, '1000');
    assert.equal(body.properties.hs_is_closed_won, 'true');
    await ask('PATCH', `${OBJECTS}/deals/${body.id}`, {
      properties: { dealstage: 'contractsent' },
    });
    assert.equal(hands.item('deals', body.id as string)!.fields['hs_is_closed'], false);
  });

  it('notes when a task was done', async () => {
    const { ask, hands } = practice();
    const { body } = await ask('POST', `${OBJECTS}/tasks`, {
      properties: { hs_timestamp: '1790000000000', hs_task_subject: 'Call' },
    });
    assert.equal(body.properties.hs_task_status, 'NOT_STARTED');
    const set = (hs_task_status: string) =>
      ask('PATCH', `${OBJECTS}/tasks/${body.id}`, { properties: { hs_task_status } });
    const done = await set('COMPLETED');
    assert.equal(done.body.properties.hs_task_completion_date, '2026-01-01T00:00:00Z');
    await set('WAITING');
    assert.equal(hands.item('tasks', body.id as string)!.fields['hs_task_completion_date'], null);
  });

  it('makes a company of a new contact’s address, where the account is set to that', async () => {
    const { ask, hands, pass } = practice({ createsCompanies: true });
    for (const email of ['a@acme.test', 'b@acme.test', 'c@gmail.com']) {
      await ask('POST', CONTACTS, { properties: { email } });
      await pass(10_000);
    }
    const companies = hands.items('companies');
    assert.deepEqual(
      companies.map(({ fields }) => fields['domain']),
      ['acme.test'],
    );
    assert.deepEqual(
      hands.items('contacts').map(({ fields }) => fields['associations.companies.primary']),
      [companies[0]!.id, companies[0]!.id, null],
    );
  });

  it('lets people merge, restore and link as the API does', async () => {
    const { ask, hands } = practice();
    const company = hands.create('companies', { name: 'Acme' });
    const one = hands.create('contacts', { firstname: 'A', 'associations.companies': [company] });
    const two = hands.create('contacts', { firstname: 'B' });
    assert.equal(hands.item('contacts', one)!.fields['associations.companies.primary'], company);
    const left = hands.merge('contacts', one, two);
    assert.equal(hands.where('contacts', one), left);
    assert.equal((await ask('GET', `${CONTACTS}/${one}`)).body.id, left);
    const { body } = await ask('GET', `/crm/v4/objects/companies/${company}/associations/contacts`);
    assert.equal(body.results[0].toObjectId, Number(left));
  });
});
