import assert from 'node:assert/strict';
import { customField } from '../../../runtime/emulators/pipedrive/fields.ts';
import { practice, TOKEN, type Json } from './practice.ts';

describe('the older version of the API of Pipedrive', () => {
  it('tells whose token it is, and in which company', async () => {
    const { get } = practice();
    const { data } = await get('v1/users/me');
    assert.deepEqual(
      [data.id, data.is_you, data.company_domain, data.company_id],
      [2, true, 'acme-test', 1000],
    );
  });

  it('lists users, finds them by name or address, and one by its id', async () => {
    const { get, refuse } = practice();
    const { data } = await get('v1/users');
    assert.deepEqual(
      data.map(({ name }: Json) => name),
      ['Anna Admin', 'Data Sync', 'Other Tools'],
    );
    assert.equal((await get('v1/users/find?term=anna')).data[0].id, 1);
    assert.deepEqual((await get('v1/users/find?term=anna&search_by_email=1')).data.length, 1);
    assert.deepEqual((await get('v1/users/find?term=Admin%40&search_by_email=1')).data.length, 1);
    assert.equal((await get('v1/users/3')).data.name, 'Other Tools');
    await refuse(404, 'GET', 'v1/users/9');
    await refuse(400, 'GET', 'v1/users/find');
  });

  it('lists the types of activities by their keys', async () => {
    const { get } = practice();
    const { data } = await get('v1/activityTypes');
    assert.deepEqual([data[0].key_string, data[0].name], ['call', 'Call']);
  });

  it('has nothing more of what the newer version has', async () => {
    const { refuse } = practice();
    for (const path of [
      'v1/persons',
      'v1/deals/1',
      'v1/itemSearch?term=ab',
      'v2/notes',
      'v2/users',
    ]) {
      await refuse(404, 'GET', path);
    }
    await refuse(405, 'PUT', 'v2/persons/1');
    await refuse(405, 'DELETE', 'v1/users/1');
  });
});

describe('recent changes of Pipedrive', () => {
  it('have everything that was changed since, deleted or not, in its older form', async () => {
    const code = 'a'.repeat(40);
    const { get, hands, pass } = practice({
      fields: { persons: [customField(code, 'Budget', 'monetary')] },
    });
    hands.create('organizations', { name: 'Acme' });
    await pass(10_000);
    hands.create('persons', {
      name: 'Anna',
      org_id: '1',
      emails: [{ value: 'a@example.test' }],
      [code]: { value: 5 },
    });
    await pass(10_000);
    hands.remove('organizations', '1');
    const since = 'v1/recents?since_timestamp=2026-01-01 00:00:10';
    const { data, additional_data: more } = await get(since);
    assert.deepEqual(
      data.map(({ item, id }: Json) => [item, id]),
      [
        ['person', 1],
        ['organization', 1],
      ],
    );
    const [{ data: person }, { data: organization }] = data;
    assert.equal(organization.active_flag, false);
    assert.deepEqual(person.email, [{ value: 'a@example.test', primary: true, label: 'work' }]);
    assert.deepEqual(person.org_id, { name: 'Acme', active_flag: false, value: 1 });
    assert.deepEqual([person[code], person[`${code}_currency`]], [5, 'EUR']);
    assert.deepEqual([person.visible_to, person.add_time], ['3', '2026-01-01 00:00:10']);
    assert.equal(more.last_timestamp_on_page, '2026-01-01 00:00:20');
    assert.equal(more.pagination.more_items_in_collection, false);
    assert.deepEqual((await get(`${since}&items=deal,product`)).data, []);
  });

  it('leave out what was merged away', async () => {
    const { get, hands } = practice();
    for (const name of ['a', 'b']) hands.create('persons', { name });
    hands.merge('persons', '1', '2');
    const { data } = await get('v1/recents?since_timestamp=2026-01-01 00:00:00&items=person');
    assert.deepEqual(
      data.map(({ id }: Json) => id),
      [2],
    );
  });

  it('go back no more than a month, and say nothing of what is missing', async () => {
    const { get, hands, pass } = practice();
    hands.create('persons', { name: 'Anna' });
    await pass(32 * 86_400_000);
    const { data, additional_data: more } = await get(
      'v1/recents?since_timestamp=2026-01-01 00:00:00',
    );
    assert.deepEqual(data, []);
    assert.equal(more.since_timestamp, '2026-01-02 00:00:00');
  });

  it('take a time with a space, and kinds that there are', async () => {
    const { refuse } = practice();
    await refuse(400, 'GET', 'v1/recents');
    await refuse(400, 'GET', 'v1/recents?since_timestamp=2026-01-01T00:00:00Z');
    await refuse(400, 'GET', 'v1/recents?since_timestamp=2026-01-01 00:00:00&items=people');
  });
});

describe('the change log of a record of Pipedrive', () => {
  it('has who changed which field, with what, the last change first', async () => {
    const { ask, send, get, hands, pass } = practice();
    await ask('POST', 'v2/persons', { name: 'Anna', emails: [{ value: 'a@example.test' }] });
    await pass(60_000);
    hands.edit('persons', '1', { emails: [{ value: 'b@example.test' }] });
    await pass(1000);
    await send(
      'PATCH',
      'v2/persons/1',
      { org_id: null, first_name: 'Béla' },
      { 'x-api-token': TOKEN, 'user-agent': 'crm-sync/1.0' },
    );
    const { data, additional_data: more } = await get('v1/persons/1/changelog?limit=2');
    assert.deepEqual(
      data.map((one: Json) => [one.field_key, one.old_value, one.new_value]),
      [
        ['first_name', 'Anna', 'Béla'],
        ['name', 'Anna', 'Béla'],
      ],
    );
    assert.deepEqual(
      [
        data[0].actor_user_id,
        data[0].change_source,
        data[0].change_source_user_agent,
        data[0].time,
      ],
      [2, 'api', 'crm-sync/1.0', '2026-01-01 00:01:01'],
    );
    const rest = await get(`v1/persons/1/changelog?limit=2&cursor=${more.next_cursor}`);
    assert.equal(rest.additional_data.next_cursor, null);
    const [first] = rest.data;
    assert.deepEqual(
      [first.field_key, first.old_value, first.new_value, first.change_source, first.actor_user_id],
      ['email', 'a@example.test', 'b@example.test', 'app', 1],
    );
  });

  it('is not there for what is not there', async () => {
    const { refuse } = practice();
    const { error } = await refuse(404, 'GET', 'v1/deals/1/changelog');
    assert.equal(error, 'Deal not found');
    await refuse(400, 'GET', 'v1/deals/1/changelog?cursor=abc');
  });
});

describe('a merge at Pipedrive', () => {
  it('takes away the one in the path, and fills what the other one has not', async () => {
    const { ask, get, hands, refuse } = practice();
    hands.create('persons', { name: 'Anna', phones: [{ value: '1' }] });
    hands.create('persons', { name: 'Anna Nagy', emails: [{ value: 'a@example.test' }] });
    const { data } = await ask('PUT', 'v1/persons/1/merge', { merge_with_id: '2' });
    assert.deepEqual([data.id, data.merge_what_id, data.name], [2, 1, 'Anna Nagy']);
    const { data: left } = await get('v2/persons/2');
    assert.deepEqual([left.phones[0].value, left.emails[0].value], ['1', 'a@example.test']);
    await refuse(404, 'GET', 'v2/persons/1');
    assert.deepEqual(
      (await get('v2/persons?ids=1,2')).data.map(({ id }: Json) => id),
      [2],
    );
  });

  it('leaves a deleted item behind, where the company is like that', async () => {
    const { ask, get, hands } = practice({ abilities: { mergedLoser: 'deleted' } });
    for (const name of ['a', 'b']) hands.create('organizations', { name });
    const { data } = await ask('PUT', 'v1/organizations/1/merge', { merge_with_id: 2 });
    assert.deepEqual(data, { id: 2 });
    assert.equal((await get('v2/organizations/1')).data.is_deleted, true);
  });

  it('is of two that are there', async () => {
    const { refuse, hands } = practice();
    hands.create('deals', { title: 'a' });
    await refuse(404, 'PUT', 'v1/deals/1/merge', { merge_with_id: 9 });
    await refuse(404, 'PUT', 'v1/deals/9/merge', { merge_with_id: 1 });
    await refuse(400, 'PUT', 'v1/deals/1/merge', { merge_with_id: 1 });
    await refuse(400, 'PUT', 'v1/deals/1/merge', {});
    assert.equal(hands.log.length, 1);
  });
});
