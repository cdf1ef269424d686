import assert from 'node:assert/strict';
import { practice } from './practice.ts';

describe('a company at Pipedrive', () => {
  it('splits names at the first space, and puts halves together', async () => {
    const { ask, hands } = practice();
    const { data } = await ask('POST', 'v2/persons', { name: 'Zoë van Test' });
    assert.deepEqual([data.first_name, data.last_name], ['Zoë', 'van Test']);
    const { data: changed } = await ask('PATCH', 'v2/persons/1', { last_name: 'Toots' });
    assert.equal(changed.name, 'Zoë Toots');
    hands.edit('persons', '1', { name: 'Zoë' });
    const { fields } = hands.item('persons', '1')!;
    assert.deepEqual([fields['first_name'], fields['last_name']], ['Zoë', null]);
  });

  it('moves the time of a new item once more, two seconds after it was created', async () => {
    const { ask, get, pass, hands } = practice();
    const { data } = await ask('POST', 'v2/persons', { name: 'Anna' });
    assert.equal(data.update_time, '2026-01-01T00:00:00Z');
    await pass(1999);
    assert.equal((await get('v2/persons/1')).data.update_time, '2026-01-01T00:00:00Z');
    await pass(1);
    assert.equal((await get('v2/persons/1')).data.update_time, '2026-01-01T00:00:02Z');
    hands.edit('persons', '1', { name: 'Béla' });
    await pass(60_000);
    assert.equal(hands.log.length, 3);
  });

  it('has times in whole seconds, so that changes share one', async () => {
    const { ask, get, pass } = practice();
    await ask('POST', 'v2/persons', { name: 'Anna' });
    await pass(10_300);
    await ask('PATCH', 'v2/persons/1', { name: 'Béla' });
    await pass(600);
    const { data } = await ask('PATCH', 'v2/persons/1', { name: 'Csilla' });
    assert.equal(data.update_time, '2026-01-01T00:00:10Z');
    const since = await get('v2/persons?updated_since=2026-01-01T00:00:10Z');
    assert.equal(since.data[0].name, 'Csilla');
  });

  it('gives a deal its pipeline and stage, and the one that the other one is in', async () => {
    const { ask, refuse } = practice();
    const { data: deal } = await ask('POST', 'v2/deals', { title: 'Deal' });
    assert.deepEqual([deal.pipeline_id, deal.stage_id], [1, 1]);
    assert.deepEqual([deal.value, deal.currency, deal.status], [0, 'EUR', 'open']);
    const { data: pipeline } = await ask('POST', 'v2/pipelines', { name: 'Renewals' });
    await refuse(400, 'POST', 'v2/deals', { title: 'Deal', pipeline_id: pipeline.id });
    const { data: stage } = await ask('POST', 'v2/stages', {
      name: 'Asked',
      pipeline_id: pipeline.id,
    });
    const { data: moved } = await ask('PATCH', 'v2/deals/1', { stage_id: stage.id });
    assert.deepEqual([moved.pipeline_id, moved.stage_id], [2, 6]);
    assert.equal(moved.stage_change_time, '2026-01-01T00:00:00Z');
    const { data: back } = await ask('PATCH', 'v2/deals/1', { pipeline_id: 1 });
    assert.deepEqual([back.pipeline_id, back.stage_id], [1, 1]);
    const { field_code: code } = await refuse(400, 'PATCH', 'v2/deals/1', {
      pipeline_id: 2,
      stage_id: 1,
    });
    assert.equal(code, 'stage_id');
  });

  it('dates what is won and lost, also by the day where its users are', async () => {
    const { ask, pass, refuse } = practice();
    await ask('POST', 'v2/deals', { title: 'Deal' });
    await pass(23 * 3_600_000);
    const { data: won } = await ask('PATCH', 'v2/deals/1', { status: 'won' });
    assert.deepEqual(
      [won.won_time, won.close_time, won.local_won_date, won.lost_time],
      ['2026-01-01T23:00:00Z', '2026-01-01T23:00:00Z', '2026-01-02', null],
    );
    const { data: lost } = await ask('PATCH', 'v2/deals/1', {
      status: 'lost',
      lost_reason: 'Price',
      lost_time: '2026-01-01T10:00:00Z',
    });
    assert.deepEqual(
      [lost.won_time, lost.lost_time, lost.local_lost_date, lost.lost_reason],
      [null, '2026-01-01T10:00:00Z', '2026-01-01', 'Price'],
    );
    const { data: open } = await ask('PATCH', 'v2/deals/1', { status: 'open' });
    assert.deepEqual(
      [open.lost_time, open.close_time, open.local_close_date, open.lost_reason],
      [null, null, null, null],
    );
    await refuse(400, 'PATCH', 'v2/deals/1', { won_time: '2026-01-01T10:00:00Z' });
  });

  it('drops a reason for losing what is not lost, and says nothing of it', async () => {
    const { ask } = practice();
    const { data } = await ask('POST', 'v2/deals', { title: 'Deal', lost_reason: 'Price' });
    assert.equal(data.lost_reason, null);
  });

  it('completes an address a while later, and never one that was changed meanwhile', async () => {
    const { ask, get, hands, pass } = practice({ abilities: { geocodesAfterMs: [5000, 5001] } });
    for (const name of ['a', 'b']) {
      await ask('POST', 'v2/organizations', { name, address: { value: 'Tee 3, 10615 Tallinn' } });
    }
    await pass(4000);
    hands.edit('organizations', '2', { address: { value: 'Elsewhere', country: 'Latvia' } });
    assert.equal((await get('v2/organizations/1')).data.address.country, null);
    await pass(1000);
    const { data } = await get('v2/organizations/1');
    assert.equal(data.update_time, '2026-01-01T00:00:05Z');
    assert.deepEqual(
      [data.address.value, data.address.locality, data.address.postal_code, data.address.country],
      ['Tee 3, 10615 Tallinn', 'Tallinn', '10615', 'Estonia'],
    );
    assert.match(data.address.formatted_address, /^Tee 3, /);
    const { data: other } = await get('v2/organizations/2');
    assert.deepEqual([other.address.value, other.address.country], ['Elsewhere', 'Latvia']);
    assert.equal(hands.log.filter(({ via }) => via === 'vendor').length, 3);
  });

  it('knows who did it: a person, the user of the token, or somebody else', async () => {
    for (const [ownUser, expected] of [
      [true, [1, 2, 3]],
      [false, [1, 1, 3]],
    ] as const) {
      const { ask, get, hands } = practice({ abilities: { ownUser } });
      hands.create('persons', { name: 'by hand' });
      await ask('POST', 'v2/persons', { name: 'by us' });
      hands.create('persons', { name: 'by others' }, 'integration');
      const { data } = await get('v2/persons');
      assert.deepEqual(
        data.map(({ owner_id: owner }: { owner_id: number }) => owner),
        expected,
      );
      assert.equal((await get('v1/users/me')).data.id, expected[1]);
    }
  });

  it('leads the deals, notes and activities of what was merged away to what is left', async () => {
    const { get, hands } = practice();
    for (const name of ['a', 'b']) hands.create('persons', { name });
    hands.create('deals', { title: 'd', person_id: '1' });
    hands.create('notes', { content: 'n', person_id: '1' });
    hands.create('activities', { subject: 'y', participants: ['1'] });
    hands.merge('persons', '1', '2');
    assert.equal((await get('v2/deals/1')).data.person_id, 2);
    assert.equal((await get('v1/notes/1')).data.person_id, 2);
    const { data } = await get('v2/activities/1');
    assert.deepEqual(data.participants, [{ person_id: 2, primary: true }]);
  });

  it('shows what links to a deleted item as before, until the item is there no more', async () => {
    const { get, hands, pass } = practice();
    hands.create('organizations', { name: 'Acme' });
    hands.create('persons', { name: 'Anna', org_id: '1' });
    hands.remove('organizations', '1');
    assert.equal((await get('v2/persons/1')).data.org_id, 1);
    await pass(30 * 86_400_000);
    assert.equal((await get('v2/persons/1')).data.org_id, null);
  });
});
