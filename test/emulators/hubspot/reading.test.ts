import assert from 'node:assert/strict';
import { CONTACTS, idsIn, practice, type Practice } from './practice.ts';

describe('reading records from HubSpot', () => {
  it('shows texts, null for what was never set, and an empty text for what was cleared', async () => {
    const { ask } = practice();
    const { body } = await ask('POST', CONTACTS, {
      properties: { firstname: 'Zoë', phone: '1', email: 'Zoe@Example.test' },
    });
    await ask('PATCH', `${CONTACTS}/${body.id}`, { properties: { phone: '' } });
    const named = 'properties=phone,firstname&properties=lastname,nope,hs_is_contact,email';
    const got = await ask('GET', `${CONTACTS}/${body.id}?${named}`);
    assert.deepEqual(got.body.properties, {
      createdate: '2026-01-01T00:00:00.000Z',
      email: 'zoe@example.test',
      firstname: 'Zoë',
      hs_is_contact: 'true',
      hs_object_id: body.id,
      lastmodifieddate: '2026-01-01T00:00:00.001Z',
      lastname: null,
      phone: '',
    });
  });

  it('shows six properties of a contact unasked', async () => {
    const { ask, hands } = practice();
    const id = hands.create('contacts', { firstname: 'A', phone: '1' });
    const { body } = await ask('GET', `/crm/v3/objects/contacts/${id}`);
    assert.deepEqual(Object.keys(body.properties as object), [
      'createdate',
      'email',
      'firstname',
      'hs_object_id',
      'lastmodifieddate',
      'lastname',
    ]);
    assert.equal(body.url, undefined);
  });

  it('lists by id in pages, without paging on the last', async () => {
    const { ask, hands } = practice();
    people(hands, 5);
    const first = await ask('GET', `${CONTACTS}?limit=2&properties=email`);
    assert.deepEqual(idsIn(first.body), ['101', '102']);
    assert.deepEqual(first.body.paging.next.after, '102');
    const last = await ask('GET', `${CONTACTS}?limit=3&after=102`);
    assert.deepEqual(idsIn(last.body), ['103', '104', '105']);
    assert.equal(Object.hasOwn(last.body as object, 'paging'), false);
  });

  it('has ten on a page unless asked, a hundred at most, and fifty with histories', async () => {
    const { ask, hands } = practice();
    people(hands, 120);
    const status = async (query: string): Promise<number> =>
      (await ask('GET', `${CONTACTS}?${query}`)).status;
    assert.equal(idsIn((await ask('GET', CONTACTS)).body).length, 10);
    assert.equal(idsIn((await ask('GET', `${CONTACTS}?limit=100`)).body).length, 100);
    assert.deepEqual(
      [
        await status('limit=101'),
        await status('limit=51&propertiesWithHistory=email'),
        await status('limit=50&propertiesWithHistory=email'),
        await status('limit=0'),
        await status('after=nobody'),
      ],
      [400, 400, 200, 400, 400],
    );
  });

  it('finds an archived record only for those who ask for the archive', async () => {
    const { ask, hands, pass } = practice();
    people(hands, 2);
    const before = hands.item('contacts', '101')!.updatedAt;
    await pass(60_000);
    assert.equal((await ask('DELETE', `${CONTACTS}/101`)).status, 204);
    assert.equal((await ask('GET', `${CONTACTS}/101`)).status, 404);
    const { body } = await ask('GET', `${CONTACTS}/101?archived=true`);
    assert.equal(body.archived, true);
    assert.equal(body.archivedAt, '2026-01-01T00:01:00.000Z');
    assert.notEqual(body.updatedAt, before);
    assert.equal((await ask('GET', `${CONTACTS}/102?archived=true`)).status, 404);
    assert.deepEqual(idsIn((await ask('GET', CONTACTS)).body), ['102']);
    assert.deepEqual(idsIn((await ask('GET', `${CONTACTS}?archived=true`)).body), ['101']);
  });

  it('finds by a property only when it is unique', async () => {
    const { ask, hands } = practice();
    hands.create('contacts', { email: 'a@example.test' });
    const by = (name: string) => ask('GET', `${CONTACTS}/A%40example.test?idProperty=${name}`);
    assert.equal((await by('email')).body.id, '101');
    assert.equal((await by('firstname')).status, 400);
    assert.equal((await ask('GET', `${CONTACTS}/b%40x.test?idProperty=email`)).status, 404);
  });

  it('tells histories, the newest first, with who it was', async () => {
    const { ask, hands, pass } = practice();
    const id = hands.create('contacts', { firstname: 'A' });
    await pass(60_000);
    await ask('PATCH', `${CONTACTS}/${id}`, { properties: { firstname: 'B' } });
    const { body } = await ask('GET', `${CONTACTS}/${id}?propertiesWithHistory=firstname,nope`);
    assert.deepEqual(body.propertiesWithHistory, {
      firstname: [
        {
          value: 'B',
          timestamp: '2026-01-01T00:01:00.000Z',
          sourceType: 'INTEGRATION',
          sourceId: '54321',
        },
        {
          value: 'A',
          timestamp: '2026-01-01T00:00:00.000Z',
          sourceType: 'CRM_UI',
          sourceId: 'userId:9001',
          updatedByUserId: 9001,
        },
      ],
    });
  });

  it('reads batches in no order, each record once, and names those it cannot find', async () => {
    const { ask, hands } = practice();
    people(hands, 30);
    const inputs = [...hands.items('contacts').map(({ id }) => ({ id })), { id: '101' }];
    const all = await ask('POST', `${CONTACTS}/batch/read`, { inputs, properties: ['email'] });
    assert.equal(all.status, 200);
    assert.equal(idsIn(all.body).length, 30);
    assert.notDeepEqual(idsIn(all.body), idsIn(all.body).toSorted());
    const some = { inputs: [{ id: '101' }, { id: '999' }], properties: [] };
    const dated = await ask('POST', `${CONTACTS}/batch/read`, some);
    const older = await ask('POST', '/crm/v3/objects/contacts/batch/read', some);
    assert.deepEqual([dated.status, older.status], [200, 207]);
    assert.equal(older.body.numErrors, 1);
    assert.deepEqual(older.body.errors[0].context, { ids: ['999'] });
    assert.equal(older.body.errors[0].category, 'OBJECT_NOT_FOUND');
  });

  it('reads a hundred at once, and by a unique property', async () => {
    const { ask, hands } = practice();
    hands.create('contacts', { email: 'a@example.test' });
    const inputs = Array.from({ length: 101 }, (_, index) => ({ id: String(index) }));
    assert.equal((await ask('POST', `${CONTACTS}/batch/read`, { inputs })).status, 400);
    const { body } = await ask('POST', `${CONTACTS}/batch/read`, {
      inputs: [{ id: 'a@example.test' }],
      idProperty: 'email',
      properties: ['email'],
    });
    assert.deepEqual(idsIn(body), ['101']);
  });

  it('takes kinds of records by name and by number, and no others', async () => {
    const { ask } = practice();
    for (const type of ['contacts', 'contact', '0-1', '0-3', 'deals', 'notes', 'tasks', '0-27']) {
      assert.equal((await ask('GET', `/crm/v3/objects/${type}`)).status, 200, type);
    }
    const { status, body } = await ask('GET', '/crm/v3/objects/spaceships');
    assert.deepEqual([status, body.category], [400, 'VALIDATION_ERROR']);
  });

  it('refuses an address that is too long', async () => {
    const { ask } = practice();
    const names = Array.from({ length: 1500 }, (_, index) => `property_${index}`).join(',');
    assert.equal((await ask('GET', `${CONTACTS}?properties=${names}`)).status, 414);
    const inputs = [{ id: '101' }];
    const read = await ask('POST', `${CONTACTS}/batch/read`, { inputs, properties: [names] });
    assert.equal(read.status, 200);
  });

  it('does not show what was hidden from the app', async () => {
    const { ask, hands } = practice();
    people(hands, 2);
    hands.hide('contacts', ['101'], true);
    assert.equal((await ask('GET', `${CONTACTS}/101`)).status, 404);
    assert.deepEqual(idsIn((await ask('GET', CONTACTS)).body), ['102']);
    const patched = await ask('PATCH', `${CONTACTS}/101`, { properties: { firstname: 'B' } });
    assert.equal(patched.status, 404);
  });
});

function people(hands: Practice['hands'], count: number): void {
  for (let index = 0; index < count; index += 1) {
    hands.create('contacts', { firstname: 'A', email: `a${index}@example.test` });
  }
}
