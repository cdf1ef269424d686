import assert from 'node:assert/strict';
import { CONTACTS, OBJECTS, practice, problemsIn, TOKEN, type Json } from './practice.ts';

describe('writing single records of HubSpot', () => {
  it('answers more than was sent', async () => {
    const { ask } = practice();
    const { status, body } = await ask('POST', CONTACTS, {
      properties: { email: 'Zoe@Acme.test', mobilephone: '+36 20 123 4567' },
    });
    assert.equal(status, 201);
    const { properties } = body;
    assert.equal(properties.email, 'zoe@acme.test');
    assert.equal(properties.hs_email_domain, 'acme.test');
    assert.equal(properties.lifecyclestage, 'subscriber');
    assert.equal(properties.mobilephone, '+36 20 123 4567');
    assert.equal(properties.hs_calculated_mobile_number, '+36201234567');
    assert.equal(properties.hs_searchable_calculated_mobile_number, '201234567');
    assert.equal(properties.hs_all_contact_vids, body.id);
    assert.equal(Object.hasOwn(properties as object, 'lastname'), false);
    const company = await ask('POST', `${OBJECTS}/companies`, {
      properties: { domain: 'HTTPS://www.Acme.test/about' },
    });
    assert.equal(company.body.properties.domain, 'acme.test');
    assert.equal(company.body.properties.website, 'acme.test');
  });

  it('answers an update with what was sent and what follows, and leaves the rest alone', async () => {
    const { ask, hands } = practice();
    const id = hands.create('contacts', { firstname: 'A', lastname: 'B' });
    const { status, body } = await ask('PATCH', `${CONTACTS}/${id}`, {
      properties: { firstname: 'C' },
    });
    assert.equal(status, 200);
    assert.equal(body.properties.firstname, 'C');
    assert.equal(Object.hasOwn(body.properties as object, 'lastname'), false);
    assert.equal(hands.item('contacts', id)!.fields['lastname'], 'B');
  });

  it('lists all that is wrong inside of the message', async () => {
    const { ask, hands } = practice();
    const { status, body } = await ask('POST', CONTACTS, {
      properties: {
        firstname: 'A',
        nope: '1',
        lifecyclestage: 'Lead',
        email: 'no address',
        hs_object_id: '7',
        createdate: '2020-01-01',
        lastmodifieddate: '1',
        hs_email_domain: 'x.test',
        hubspot_owner_id: '999',
        phone: null,
        'associations.companies': '1',
      },
    });
    assert.deepEqual([status, body.category], [400, 'VALIDATION_ERROR']);
    assert.deepEqual(
      problemsIn(body).map(({ name, error }) => `${name} ${error}`),
      [
        'nope PROPERTY_DOESNT_EXIST',
        'lifecyclestage INVALID_OPTION',
        'email INVALID_EMAIL',
        'hs_object_id READ_ONLY_VALUE',
        'createdate READ_ONLY_VALUE',
        'lastmodifieddate READ_ONLY_VALUE',
        'hs_email_domain READ_ONLY_VALUE',
        'hubspot_owner_id INVALID_OWNER_ID',
        'phone INVALID_STRING',
        'associations.companies PROPERTY_DOESNT_EXIST',
      ],
    );
    assert.equal(hands.items('contacts').length, 0);
  });

  it('needs something of every new record', async () => {
    const required = { companies: ['city'] } as const;
    const { ask } = practice({ required });
    const status = async (type: string, properties: object): Promise<number> =>
      (await ask('POST', `${OBJECTS}/${type}`, { properties })).status;
    const deal = { dealname: 'A', dealstage: 'closedwon' };
    for (const [type, lacking, complete] of [
      ['contacts', { phone: '1' }, { lastname: 'A' }],
      ['companies', { name: 'A' }, { name: 'A', city: 'Pécs' }],
      ['deals', { dealname: 'A' }, deal],
      ['notes', { hs_note_body: 'A' }, { hs_timestamp: '2026-11-02T08:00:00Z' }],
      ['tasks', { hs_task_subject: 'A' }, { hs_timestamp: '1790000000000' }],
    ] as const) {
      assert.deepEqual([type, await status(type, lacking)], [type, 400]);
      assert.deepEqual([type, await status(type, complete)], [type, 201]);
    }
  });

  it('knows which stages a pipeline has', async () => {
    const stage = (id: string) => ({ id, label: id, probability: 0.5 });
    const { ask } = practice({
      pipelines: [
        { id: 'sales', label: 'Sales', stages: [stage('s1')] },
        { id: 'partners', label: 'Partners', stages: [stage('p1')] },
      ],
    });
    const status = async (properties: object): Promise<number> =>
      (await ask('POST', `${OBJECTS}/deals`, { properties: { dealname: 'A', ...properties } }))
        .status;
    assert.equal(await status({ dealstage: 's1' }), 400);
    assert.equal(await status({ dealstage: 's1', pipeline: 'sales' }), 201);
    assert.equal(await status({ dealstage: 'p1', pipeline: 'sales' }), 400);
    const moved = await ask('PATCH', `${OBJECTS}/deals/101`, { properties: { dealstage: 'p1' } });
    assert.equal(moved.status, 400);
    const both = { properties: { dealstage: 'p1', pipeline: 'partners' } };
    assert.equal((await ask('PATCH', `${OBJECTS}/deals/101`, both)).status, 200);
  });

  it('has one contact per address, and says who has it in a sentence only', async () => {
    const { ask, hands } = practice();
    const id = hands.create('contacts', { email: 'a@x.test', hs_additional_emails: ['b@x.test'] });
    for (const email of ['A@X.test', 'b@x.test']) {
      const { status, body } = await ask('POST', CONTACTS, { properties: { email } });
      assert.equal(status, 409);
      assert.equal(body.category, 'CONFLICT');
      assert.equal(body.message, `Contact already exists. Existing ID: ${id}`);
      assert.match(body.correlationId as string, /^[0-9a-f-]{36}$/);
    }
    const other = hands.create('contacts', { firstname: 'B' });
    const patched = await ask('PATCH', `${CONTACTS}/${other}`, {
      properties: { email: 'a@x.test' },
    });
    assert.equal(patched.status, 409);
    await ask('DELETE', `${CONTACTS}/${id}`);
    assert.equal((await ask('POST', CONTACTS, { properties: { email: 'a@x.test' } })).status, 201);
  });

  it('lets two companies have one domain', async () => {
    const { ask } = practice();
    for (const expected of ['101', '102']) {
      const made = await ask('POST', `${OBJECTS}/companies`, { properties: { domain: 'a.test' } });
      assert.deepEqual([made.status, made.body.id], [201, expected]);
    }
  });

  it('refuses a unique value that another one has in the words of its own store', async () => {
    const fields = [{ path: 'ext_id', type: 'text', unique: true }] as const;
    const { ask, hands } = practice({ properties: { contacts: fields } });
    hands.create('contacts', { firstname: 'A', ext_id: 'abc' });
    const id = hands.create('contacts', { firstname: 'B' });
    const { status, body } = await ask('PATCH', `${CONTACTS}/${id}`, {
      properties: { ext_id: 'abc' },
    });
    assert.equal(status, 400);
    assert.match(
      body.message as string,
      /propertyName=ext_id.* on 102\. 101 already has that value\./,
    );
  });

  for (const [back, expected] of [
    ['ignored', [200, 'customer']],
    ['refused', [400, 'customer']],
  ] as const) {
    it(`lets no life cycle go back: it is ${back}`, async () => {
      const { ask, hands } = practice({ lifecycleBack: back });
      const id = hands.create('contacts', { firstname: 'A', lifecyclestage: 'customer' });
      const to = (lifecyclestage: string) =>
        ask('PATCH', `${CONTACTS}/${id}`, { properties: { lifecyclestage } });
      const { status } = await to('lead');
      assert.deepEqual([status, hands.item('contacts', id)!.fields['lifecyclestage']], expected);
      await to('');
      await to('lead');
      assert.equal(hands.item('contacts', id)!.fields['lifecyclestage'], 'lead');
      assert.equal((await to('customer')).status, 200);
    });
  }

  it('archives once', async () => {
    const { ask, hands } = practice();
    const id = hands.create('contacts', { firstname: 'A' });
    const first = await ask('DELETE', `${CONTACTS}/${id}`);
    assert.deepEqual([first.status, first.body], [204, '']);
    assert.equal((await ask('DELETE', `${CONTACTS}/${id}`)).status, 404);
    assert.equal((await ask('PATCH', `${CONTACTS}/${id}`, { properties: {} })).status, 404);
    hands.restore('contacts', id);
    assert.equal((await ask('GET', `${CONTACTS}/${id}`)).status, 200);
  });

  it('forgets what was archived for ninety days', async () => {
    const { ask, hands, pass } = practice();
    const id = hands.create('contacts', { firstname: 'A' });
    await ask('DELETE', `${CONTACTS}/${id}`);
    await pass(89 * 86_400_000);
    assert.equal((await ask('GET', `${CONTACTS}/${id}?archived=true`)).status, 200);
    await pass(2 * 86_400_000);
    assert.equal((await ask('GET', `${CONTACTS}/${id}?archived=true`)).status, 404);
  });

  it('merges two into a third, to which both lead', async () => {
    const { ask, hands } = practice();
    const company = hands.create('companies', { name: 'Acme' });
    const winner = hands.create('contacts', { email: 'a@x.test', firstname: 'A' });
    const loser = hands.create('contacts', {
      email: 'b@x.test',
      firstname: 'B',
      city: 'Pécs',
      'associations.companies': [company],
    });
    const { status, body } = await ask('POST', `${CONTACTS}/merge`, {
      primaryObjectId: winner,
      objectIdToMerge: loser,
    });
    assert.deepEqual([status, body.id], [200, '103']);
    assert.equal(body.properties.firstname, 'A');
    assert.equal(body.properties.city, 'Pécs');
    assert.equal(body.properties.hs_additional_emails, 'b@x.test');
    assert.equal(body.properties.hs_merged_object_ids, '101;102');
    for (const id of [winner, loser]) {
      const got = await ask('GET', `${CONTACTS}/${id}?associations=companies`);
      assert.equal(got.body.id, '103');
      assert.equal(got.body.associations.companies.results[0].id, company);
    }
    assert.deepEqual((await ask('GET', `${CONTACTS}?archived=true`)).body.results, []);
    assert.equal((await ask('GET', CONTACTS)).body.results.length, 1);
    const again = { primaryObjectId: winner, objectIdToMerge: loser };
    assert.equal((await ask('POST', `${CONTACTS}/merge`, again)).status, 400);
    const unknown = { primaryObjectId: winner, objectIdToMerge: '999' };
    assert.equal((await ask('POST', `${CONTACTS}/merge`, unknown)).status, 404);
    const patched = await ask('PATCH', `${CONTACTS}/${loser}`, { properties: { city: 'Eger' } });
    assert.equal(patched.body.id, '103');
  });

  it('has no merge of tasks', async () => {
    const { ask } = practice();
    const { status, headers } = await ask('POST', `${OBJECTS}/tasks/merge`, {});
    assert.deepEqual([status, headers.get('x-hubspot-notfound')], [404, 'true']);
  });

  it('forgets a person for good, and an address that nobody has for ever', async () => {
    const { ask, hands } = practice();
    hands.create('contacts', { email: 'a@x.test' });
    const forget = (objectId: string) =>
      ask('POST', `${CONTACTS}/gdpr-delete`, { objectId, idProperty: 'email' });
    assert.equal((await forget('a@x.test')).status, 204);
    assert.equal((await ask('GET', `${CONTACTS}/101?archived=true`)).status, 404);
    assert.equal((await ask('POST', CONTACTS, { properties: { email: 'a@x.test' } })).status, 201);
    assert.equal((await forget('B@x.test')).status, 204);
    const refused = await ask('POST', CONTACTS, { properties: { email: 'b@x.test' } });
    assert.deepEqual(problemsIn(refused.body), [{ name: 'email', error: 'INVALID_EMAIL' }]);
    const unknown = await ask('POST', `${CONTACTS}/gdpr-delete`, { objectId: '999' });
    assert.equal(unknown.status, 404);
  });

  it('understands JSON that says so, and nothing else', async () => {
    const { send, ask } = practice();
    const authorization = `Bearer ${TOKEN}`;
    const post = async (body: string, type: string): Promise<[number, Json]> => {
      const headers = { authorization, 'content-type': type };
      const { status, body: said } = await send(CONTACTS, { method: 'POST', headers, body });
      return [status, said.category];
    };
    assert.deepEqual(await post('{', 'application/json'), [400, 'VALIDATION_ERROR']);
    assert.deepEqual(await post('{}', 'text/plain'), [415, 'VALIDATION_ERROR']);
    assert.deepEqual(await post('{}', 'application/json'), [400, 'VALIDATION_ERROR']);
    const odd = { properties: { firstname: 'A' }, nobodyKnows: 1 };
    assert.equal((await ask('POST', `${CONTACTS}?nobodyKnows=1`, odd)).status, 201);
  });
});
