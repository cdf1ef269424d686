import assert from 'node:assert/strict';
import { practice, START, type Json, type Practice } from './practice.ts';

describe('an item at Pipedrive', () => {
  it('is created with all its fields, those of its own ids as numbers', async () => {
    const { ask, hands } = practice();
    const orgId = Number(hands.create('organizations', { name: 'Acme' }));
    const { data } = await ask('POST', 'v2/persons', {
      name: 'Zoë Test',
      org_id: orgId,
      emails: [{ value: 'Zoe@Example.test' }],
    });
    assert.deepEqual(data, {
      id: 1,
      name: 'Zoë Test',
      first_name: 'Zoë',
      last_name: 'Test',
      owner_id: 2,
      org_id: orgId,
      add_time: '2026-01-01T00:00:00Z',
      update_time: '2026-01-01T00:00:00Z',
      emails: [{ value: 'Zoe@Example.test', primary: true, label: 'work' }],
      phones: [{ value: '', primary: true, label: 'work' }],
      is_deleted: false,
      visible_to: 3,
      label_ids: [],
      picture_id: null,
      custom_fields: {},
    });
  });

  it('is created with 201, or with 200 where the company is like that', async () => {
    for (const createdStatus of [200, 201] as const) {
      const { send } = practice({ abilities: { createdStatus } });
      const { status } = await send('POST', 'v2/organizations', { name: 'Acme' });
      assert.equal(status, createdStatus);
    }
  });

  it('is created a second time by the same e-mail address and name', async () => {
    const { ask } = practice();
    const ids = new Set<number>();
    for (let time = 0; time < 2; time += 1) {
      const { data } = await ask('POST', 'v2/persons', {
        name: 'Anna',
        emails: [{ value: 'anna@example.test' }],
      });
      ids.add(data.id);
    }
    assert.equal(ids.size, 2);
  });

  it('is read at once after it was written', async () => {
    const { ask, get } = practice();
    await ask('POST', 'v2/persons', { name: 'Anna' });
    await ask('PATCH', 'v2/persons/1', { name: 'Béla' });
    assert.equal((await get('v2/persons/1')).data.name, 'Béla');
  });

  it('is changed in the fields that are given, and lists are replaced', async () => {
    const { ask } = practice();
    await ask('POST', 'v2/persons', {
      name: 'Anna',
      emails: [{ value: 'a@example.test' }, { value: 'b@example.test', label: 'home' }],
      phones: [{ value: '1' }],
    });
    const { data } = await ask('PATCH', 'v2/persons/1', { emails: [{ value: 'c@example.test' }] });
    assert.equal(data.name, 'Anna');
    assert.deepEqual(
      data.emails.map((one: Json) => one.value),
      ['c@example.test'],
    );
    assert.equal(data.phones[0].value, '1');
  });

  it('is cleared with null, and lists that are empty have an entry without a value, or none', async () => {
    for (const [clearedLists, expected] of [
      ['blank', [{ value: '', primary: true, label: 'work' }]],
      ['empty', []],
    ] as const) {
      const { ask } = practice({ abilities: { clearedLists } });
      await ask('POST', 'v2/persons', { name: 'Anna', emails: [{ value: 'a@example.test' }] });
      const { data } = await ask('PATCH', 'v2/persons/1', { emails: [] });
      assert.deepEqual(data.emails, expected);
    }
  });

  it('moves its time and is told when a write changes nothing, unless it does not', async () => {
    for (const [emptyWritesMoveTime, expected] of [
      [true, '2026-01-01T00:01:00Z'],
      [false, '2026-01-01T00:00:02Z'],
    ] as const) {
      const { ask, pass, hands } = practice({ abilities: { emptyWritesMoveTime } });
      await ask('POST', 'v2/persons', { name: 'Anna' });
      await pass(60_000);
      const { data } = await ask('PATCH', 'v2/persons/1', { name: 'Anna' });
      assert.equal(data.update_time, expected);
      assert.equal(hands.log.length, emptyWritesMoveTime ? 3 : 2);
    }
  });

  it('is deleted, says so to those who know its id, and is there no more after 30 days', async () => {
    const { ask, get, refuse, pass } = practice();
    await ask('POST', 'v2/persons', { name: 'Anna' });
    await pass(60_000);
    assert.deepEqual(await ask('DELETE', 'v2/persons/1'), { success: true, data: { id: 1 } });
    const { data } = await get('v2/persons/1');
    assert.equal(data.is_deleted, true);
    assert.equal(data.update_time, '2026-01-01T00:01:00Z');
    await refuse(404, 'DELETE', 'v2/persons/1');
    await refuse(404, 'PATCH', 'v2/persons/1', { name: 'Anna' });
    await pass(30 * 86_400_000 - 1);
    await get('v2/persons/1');
    await pass(1);
    await refuse(404, 'GET', 'v2/persons/1');
  });

  it('is not found by its id when it was deleted, where the company is like that', async () => {
    const { ask, refuse } = practice({ abilities: { deletedById: 'missing' } });
    await ask('POST', 'v2/persons', { name: 'Anna' });
    await ask('DELETE', 'v2/persons/1');
    const answer = await refuse(404, 'GET', 'v2/persons/1');
    assert.deepEqual(answer, {
      success: false,
      error: 'Entity was not found',
      error_info: 'Object was not found.',
      data: null,
      additional_data: null,
    });
  });

  it('can neither be deleted nor restored by a change of its fields', async () => {
    const { ask, refuse } = practice();
    await ask('POST', 'v2/deals', { title: 'Deal' });
    await refuse(400, 'PATCH', 'v2/deals/1', { is_deleted: true });
    await ask('DELETE', 'v2/deals/1');
    await refuse(400, 'PATCH', 'v2/deals/1', { is_deleted: false });
    await refuse(400, 'POST', 'v2/deals', { title: 'Deal', is_deleted: true });
  });

  it('is not there for those from whom it is hidden', async () => {
    const { get, refuse, hands } = practice();
    for (const name of ['a', 'b']) hands.create('persons', { name });
    hands.hide('persons', ['1'], true);
    await refuse(404, 'GET', 'v2/persons/1');
    await refuse(404, 'PATCH', 'v2/persons/1', { name: 'c' });
    await refuse(404, 'DELETE', 'v2/persons/1');
    assert.deepEqual(idsOf(await get('v2/persons?ids=1,2')), [2]);
  });

  it('is refused by a plan that has enough deals', async () => {
    const { ask, refuse } = practice({ abilities: { dealsMax: 1 } });
    await ask('POST', 'v2/deals', { title: 'one' });
    const { code } = await refuse(403, 'POST', 'v2/deals', { title: 'two' });
    assert.equal(code, 'feature_capping_deals_limit');
  });

  it('is not carried out when it could not be stored just now', async () => {
    const { refuse, hands } = practice({ trouble: () => ({ kind: 'busy', items: [0] }) });
    await refuse(503, 'POST', 'v2/persons', { name: 'Anna' });
    assert.deepEqual(hands.log, []);
  });
});

describe('a list of Pipedrive', () => {
  it('has 100 a page, 500 at most, and the place of the next one', async () => {
    const { get, refuse } = filled(501);
    const page = await get('v2/persons');
    assert.equal(page.data.length, 100);
    assert.deepEqual(
      JSON.parse(Buffer.from(page.additional_data.next_cursor, 'base64url').toString()),
      {
        field: 'id',
        fieldValue: 100,
        sortDirection: 'asc',
        id: 100,
      },
    );
    await refuse(400, 'GET', 'v2/persons?limit=501');
    await refuse(400, 'GET', 'v2/persons?limit=0');
    const first = await get('v2/persons?limit=500');
    const last = await get(`v2/persons?limit=500&cursor=${first.additional_data.next_cursor}`);
    assert.deepEqual(idsOf(last), [501]);
    assert.equal(last.additional_data.next_cursor, null);
  });

  it('has everything once, in whatever order', async () => {
    const scene = filled(25);
    for (const id of [3, 7, 20]) {
      await scene.pass(1000);
      scene.hands.edit('persons', String(id), { name: 'changed' });
    }
    for (const sort of ['id', 'update_time', 'add_time']) {
      for (const direction of ['asc', 'desc']) {
        const ids = await walk(
          scene,
          `v2/persons?limit=4&sort_by=${sort}&sort_direction=${direction}`,
        );
        const ascending = direction === 'asc' ? ids : ids.toReversed();
        assert.equal(new Set(ids).size, 25);
        assert.equal(ids.length, 25);
        assert.equal(ascending.at(-1), sort === 'update_time' ? 20 : 25);
      }
    }
  });

  it('meets again, and does not lose, what is changed between two pages', async () => {
    const { get, hands, pass } = filled(6);
    await pass(5000);
    const query = 'v2/persons?limit=3&sort_by=update_time';
    const first = await get(query);
    await pass(5000);
    hands.edit('persons', '2', { name: 'changed' });
    const second = await get(`${query}&cursor=${first.additional_data.next_cursor}`);
    assert.deepEqual(idsOf(first), [1, 2, 3]);
    assert.deepEqual(idsOf(second), [4, 5, 6]);
    const third = await get(`${query}&cursor=${second.additional_data.next_cursor}`);
    assert.deepEqual(idsOf(third), [2]);
  });

  it('refuses a cursor of another list, and one that was made up', async () => {
    const { get, refuse } = filled(3);
    const { additional_data: more } = await get('v2/persons?limit=1');
    await refuse(400, 'GET', `v2/persons?sort_by=update_time&cursor=${more.next_cursor}`);
    await refuse(400, 'GET', 'v2/persons?cursor=page2');
  });

  it('has what was changed since a time, that one included, and until one, that one excluded', async () => {
    const { get, hands, pass } = practice();
    for (let second = 0; second < 3; second += 1) {
      hands.create('pipelines', { name: `${second}` });
      await pass(1000);
    }
    const from = '2026-01-01T00:00:01Z';
    assert.deepEqual(idsOf(await get(`v2/persons?updated_since=${from}`)), []);
    hands.create('persons', { name: 'at 3' });
    await pass(3000);
    const at5 = '2026-01-01T00:00:05Z';
    assert.deepEqual(idsOf(await get(`v2/persons?updated_since=${at5}`)), [1]);
    assert.deepEqual(idsOf(await get(`v2/persons?updated_until=${at5}`)), []);
    assert.deepEqual(idsOf(await get('v2/persons?updated_until=2026-01-01T00:00:06Z')), [1]);
    assert.deepEqual(idsOf(await get('v2/persons?updated_since=2026-01-01T02:00:05%2B02:00')), [1]);
  });

  it('refuses a time with a fraction of a second, and one that is none', async () => {
    const { refuse } = practice();
    for (const time of [
      '2026-01-01T00:00:00.000Z',
      '2026-01-01 00:00:00',
      '2026-13-01T00:00:00Z',
    ]) {
      const { code, error } = await refuse(400, 'GET', `v2/persons?updated_since=${time}`);
      assert.equal(code, 'ERR_SCHEMA_VALIDATION_FAILED');
      assert.match(error, /is not a valid datetime/);
    }
  });

  it('has no deleted ones, whatever it was asked for, unless the company is like that', async () => {
    for (const listsDeleted of [false, true]) {
      const { get, hands } = practice({ abilities: { listsDeleted } });
      for (const name of ['a', 'b']) hands.create('persons', { name });
      hands.remove('persons', '1');
      const expected = listsDeleted ? [1, 2] : [2];
      for (const query of ['', '?ids=1,2', '?updated_since=2026-01-01T00:00:00Z']) {
        assert.deepEqual(idsOf(await get(`v2/persons${query}`)), expected);
      }
    }
  });

  it('has up to 100 by their ids, and leaves out what is not there', async () => {
    const { get, refuse } = filled(3);
    assert.deepEqual(idsOf(await get('v2/persons?ids=3,99,1')), [1, 3]);
    const many = Array.from({ length: 101 }, (_, index) => index + 1).join(',');
    await refuse(400, 'GET', `v2/persons?ids=${many}`);
    await refuse(400, 'GET', 'v2/persons?ids=anna');
  });

  it('is of those that the parameters name, and ignores parameters that there are not', async () => {
    const { get, refuse, hands } = practice();
    const org = hands.create('organizations', { name: 'Acme' });
    const [anna, bela] = ['a', 'b'].map((name) => hands.create('persons', { name }));
    hands.edit('persons', bela!, { org_id: org, owner_id: '3' });
    hands.create('deals', { title: 'x', person_id: anna, org_id: org });
    hands.create('activities', { subject: 'y', person_id: anna, due_date: '2026-02-01' });
    hands.create('activities', { subject: 'z', person_id: bela, done: true });
    assert.deepEqual(idsOf(await get(`v2/persons?org_id=${org}`)), [2]);
    assert.deepEqual(idsOf(await get('v2/persons?owner_id=3')), [2]);
    assert.deepEqual(idsOf(await get('v2/persons?deal_id=1')), [1]);
    assert.deepEqual(idsOf(await get('v2/deals?person_id=2')), []);
    assert.deepEqual(idsOf(await get('v2/activities?done=true')), [2]);
    assert.deepEqual(idsOf(await get('v2/activities?sort_by=due_date')), [2, 1]);
    assert.deepEqual(idsOf(await get('v2/persons?start=1&sort=name&per_page=1')), [1, 2]);
    await refuse(400, 'GET', 'v2/persons?owner_id=anna');
    await refuse(400, 'GET', 'v2/activities?done=1');
    await refuse(400, 'GET', 'v2/persons?sort_by=name');
    await refuse(400, 'GET', 'v2/persons?filter_id=1');
  });

  it('of deals has those that are not archived, and those of a status', async () => {
    const { ask, get, hands, refuse } = practice();
    for (const title of ['open', 'won', 'deleted', 'archived']) hands.create('deals', { title });
    hands.edit('deals', '2', { status: 'won' });
    hands.remove('deals', '3');
    const { data } = await ask('PATCH', 'v2/deals/4', { is_archived: true });
    assert.equal(data.archive_time, '2026-01-01T00:00:00Z');
    assert.deepEqual(idsOf(await get('v2/deals')), [1, 2]);
    assert.deepEqual(idsOf(await get('v2/deals?status=won,deleted')), [2, 3]);
    assert.deepEqual(idsOf(await get('v2/deals?status=open')), [1]);
    assert.deepEqual(idsOf(await get('v2/deals/archived')), [4]);
    assert.equal((await get('v2/deals/4')).data.is_archived, true);
    await refuse(400, 'GET', 'v2/deals?status=all');
  });

  it('shows what was asked for: some of the custom fields, labels, and counters', async () => {
    const { get, hands, refuse } = practice({
      fields: {
        persons: [
          { path: 'a'.repeat(40), type: 'text' },
          { path: 'b'.repeat(40), type: 'enum', options: ['red', 'blue'] },
        ],
      },
    });
    const [text, colour] = ['a'.repeat(40), 'b'.repeat(40)];
    hands.create('persons', { name: 'x', [text]: 'y', [colour]: 'blue', label_ids: ['Customer'] });
    hands.create('deals', { title: 'd', person_id: '1', status: 'lost' });
    const [plain] = (await get('v2/persons')).data;
    assert.deepEqual(Object.keys(plain.custom_fields), [text, colour]);
    const wish = `custom_fields=${colour}&include_option_labels=true&include_labels=true`;
    const [{ custom_fields: custom, label_ids: labels, ...more }] = (
      await get(`v2/persons?${wish}&include_fields=lost_deals_count,open_deals_count,notes_count`)
    ).data;
    assert.deepEqual(custom, { [colour]: { id: plain.custom_fields[colour], label: 'blue' } });
    assert.deepEqual(labels, [{ id: plain.label_ids[0], label: 'Customer' }]);
    assert.deepEqual([more.lost_deals_count, more.open_deals_count, more.notes_count], [1, 0, 0]);
    const many = Array.from({ length: 16 }, () => text).join(',');
    await refuse(400, 'GET', `v2/persons?custom_fields=${many}`);
    await refuse(400, 'GET', 'v2/persons?include_fields=shoe_size');
  });

  it('may be a while behind, where the company is like that', async () => {
    const { get, hands, pass } = practice({ abilities: { listLagMs: 2000 } });
    await pass(10_000);
    hands.create('persons', { name: 'Anna' });
    let seen = 0;
    for (let time = 0; time < 20; time += 1) seen += idsOf(await get('v2/persons')).length;
    assert.ok(seen < 20, `${seen}`);
    await pass(2000);
    assert.deepEqual(idsOf(await get('v2/persons')), [1]);
  });
});

function filled(count: number): Practice {
  const scene = practice();
  for (let index = 1; index <= count; index += 1)
    scene.hands.create('persons', { name: `p${index}` });
  assert.equal(scene.world.clock.now(), START);
  return scene;
}

async function walk({ get, pass }: Practice, path: string): Promise<number[]> {
  const ids: number[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    await pass(100);
    const page: Json = await get(cursor === '' ? path : `${path}&cursor=${cursor}`);
    ids.push(...idsOf(page));
    cursor = page.additional_data.next_cursor;
  }
  return ids;
}

function idsOf({ data }: Json): number[] {
  return data.map(({ id }: Json) => id);
}
