import assert from 'node:assert/strict';
import { practice, type Json } from './practice.ts';

describe('a note at Pipedrive', () => {
  it('is about something, and shown with times that have a space', async () => {
    const { ask, hands } = practice();
    hands.create('persons', { name: 'Anna' });
    const { data } = await ask('POST', 'v1/notes', {
      content: 'Hi',
      person_id: '1',
      colour: 'red',
    });
    assert.deepEqual(
      [data.content, data.person_id, data.person, data.user_id, data.active_flag],
      ['Hi', 1, { name: 'Anna' }, 2, true],
    );
    assert.equal(data.add_time, '2026-01-01 00:00:00');
    assert.equal(data.user.is_you, true);
  });

  it('answers 200 when it is created, and true when it is deleted', async () => {
    const { send, ask, hands, get, refuse } = practice();
    hands.create('persons', { name: 'Anna' });
    assert.equal((await send('POST', 'v1/notes', { content: 'Hi', person_id: 1 })).status, 200);
    assert.deepEqual(await ask('DELETE', 'v1/notes/1'), { success: true, data: true });
    assert.equal((await get('v1/notes/1')).data.active_flag, false);
    assert.deepEqual((await get('v1/notes')).data, []);
    const { error } = await refuse(404, 'DELETE', 'v1/notes/1');
    assert.equal(error, 'Note not found');
  });

  it('keeps its markup, and none that could do something', async () => {
    const { ask, hands } = practice();
    hands.create('persons', { name: 'Anna' });
    const content =
      '<b onclick="x()">Hi</b><script>alert(1)</script><a href="javascript:x()">there</a><br>';
    const { data } = await ask('POST', 'v1/notes', { content, person_id: 1 });
    assert.equal(data.content, '<b>Hi</b><a href="">there</a><br>');
  });

  it('is changed in what is given', async () => {
    const { ask, hands } = practice();
    hands.create('persons', { name: 'Anna' });
    await ask('POST', 'v1/notes', { content: 'Hi', person_id: 1 });
    const { data } = await ask('PUT', 'v1/notes/1', { pinned_to_person_flag: 1 });
    assert.deepEqual([data.content, data.pinned_to_person_flag], ['Hi', true]);
  });

  it('is refused without content, about nothing, and about what is not there', async () => {
    const { refuse, hands } = practice();
    hands.create('persons', { name: 'Anna' });
    for (const body of [
      { person_id: 1 },
      { content: 'Hi' },
      { content: 'Hi', person_id: 9 },
      { content: 'Hi', person_id: 'Anna' },
      { content: 'Hi', lead_id: 'adf21080-0e10-11eb-879b-05d71fb426ec' },
      { content: 7, person_id: 1 },
      { content: 'Hi', person_id: 1, add_time: '2026-01-01T00:00:00Z' },
    ]) {
      const answer = await refuse(400, 'POST', 'v1/notes', body);
      assert.equal(answer.success, false);
      assert.equal(answer.code, undefined);
    }
  });

  it('is by somebody else only when an administrator says so', async () => {
    for (const isAdmin of [true, false]) {
      const { send, hands } = practice({ abilities: { isAdmin } });
      hands.create('persons', { name: 'Anna' });
      const body = { content: 'Hi', person_id: 1, user_id: 3 };
      assert.equal((await send('POST', 'v1/notes', body)).status, isAdmin ? 200 : 403);
    }
  });

  it('is listed from a number on, in an order, and by what it is about', async () => {
    const { get, hands, pass, refuse } = practice();
    for (const name of ['a', 'b']) hands.create('persons', { name });
    for (const [content, person_id] of [
      ['one', '1'],
      ['two', '2'],
      ['three', '1'],
    ] as const) {
      hands.create('notes', { content, person_id });
      await pass(1000);
    }
    const page = await get('v1/notes?start=1&limit=1');
    assert.deepEqual(page.additional_data.pagination, {
      start: 1,
      limit: 1,
      more_items_in_collection: true,
      next_start: 2,
    });
    const last = await get('v1/notes?start=2&limit=1');
    assert.deepEqual(last.additional_data.pagination, {
      start: 2,
      limit: 1,
      more_items_in_collection: false,
    });
    const idsOf = async (query: string): Promise<number[]> =>
      (await get(`v1/notes?${query}`)).data.map(({ id }: Json) => id);
    assert.deepEqual(await idsOf('person_id=1'), [1, 3]);
    assert.deepEqual(await idsOf('sort=content ASC'), [1, 3, 2]);
    assert.deepEqual(await idsOf('sort=person_id DESC, id DESC'), [2, 3, 1]);
    assert.deepEqual(await idsOf('updated_since=2026-01-01T00:00:01Z'), [2, 3]);
    assert.deepEqual(await idsOf('start_date=2026-01-02'), []);
    assert.deepEqual(await idsOf('lead_id=adf21080-0e10-11eb-879b-05d71fb426ec'), []);
    assert.deepEqual(await idsOf('pinned_to_person_flag=1'), []);
    await refuse(400, 'GET', 'v1/notes?sort=colour');
  });
});
