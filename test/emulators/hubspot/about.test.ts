import assert from 'node:assert/strict';
import { CONTACTS, idsIn, practice, type Json } from './practice.ts';

describe('what HubSpot says of an account', () => {
  it('is who it is', async () => {
    const { ask } = practice({ portalId: 4711, utcOffsetMinutes: 120 });
    for (const version of ['v3', '2026-09']) {
      const { body } = await ask('GET', `/account-info/${version}/details`);
      assert.deepEqual([body.portalId, body.utcOffset], [4711, '+02:00']);
      assert.equal(body.utcOffsetMilliseconds, 7_200_000);
    }
  });

  it('is who works there, and who has left', async () => {
    const { ask, hands } = practice();
    const [ada, bela] = ['ada', 'bela'].map((name, index) =>
      hands.create('owners', { email: `${name}@x.test`, firstName: name, userId: 9001 + index }),
    ) as [string, string];
    const list = async (query: string, version = '/crm/owners/2026-09'): Promise<Json> =>
      (await ask('GET', `${version}?${query}`)).body;
    assert.deepEqual(idsIn(await list('', '/crm/v3/owners')), [ada, bela]);
    assert.deepEqual(idsIn(await list('email=BELA@x.test')), [bela]);
    const first = await list('limit=1');
    assert.equal(first.paging.next.after, ada);
    assert.deepEqual(idsIn(await list(`limit=1&after=${ada}`)), [bela]);
    hands.remove('owners', bela);
    assert.deepEqual(idsIn(await list('archived=true')), [bela]);
    assert.equal((await list('archived=true')).results[0].userId, undefined);
    assert.equal((await ask('GET', `/crm/v3/owners/${ada}`)).body.userId, 9001);
    assert.equal((await ask('GET', '/crm/v3/owners/9001?idProperty=userId')).body.id, ada);
    assert.equal((await ask('GET', `/crm/v3/owners/${bela}`)).status, 404);
    const id = hands.create('contacts', { firstname: 'A' });
    const to = (hubspot_owner_id: string) =>
      ask('PATCH', `${CONTACTS}/${id}`, { properties: { hubspot_owner_id } });
    assert.equal((await to('9001')).status, 400);
    assert.equal((await to(ada)).body.properties.hubspot_owner_id, ada);
  });

  it('is which stages a deal goes through, by their ids', async () => {
    const { ask } = practice();
    const { body } = await ask('GET', '/crm/v3/pipelines/deals');
    const [{ id, stages }] = body.results as [Json];
    assert.equal(id, 'default');
    assert.deepEqual(stages.at(-1).metadata, { isClosed: 'true', probability: '0.0' });
    const won = await ask('GET', '/crm/pipelines/2026-09/0-3/default/stages/closedwon');
    assert.equal(won.body.label, 'Closed Won');
    assert.equal(
      (await ask('GET', '/crm/v3/pipelines/deals/default/stages')).body.results.length,
      5,
    );
    assert.equal((await ask('GET', '/crm/v3/pipelines/deals/nope')).status, 404);
    assert.deepEqual((await ask('GET', '/crm/v3/pipelines/contacts')).body.results, []);
  });
});
