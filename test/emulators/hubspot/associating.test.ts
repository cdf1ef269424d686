import assert from 'node:assert/strict';
import { OBJECTS, practice, type Json, type Practice } from './practice.ts';

const V4 = '/crm/v4/objects';
const BATCH = '/crm/associations/2026-09';
const PLAIN = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }];

describe('associations in HubSpot', () => {
  it('are made on one side and seen on both, the first company being the primary one', async () => {
    const { ask } = world();
    const put = await ask('PUT', `${V4}/contacts/101/associations/default/companies/101`);
    assert.equal(put.status, 200);
    assert.deepEqual(
      (put.body.results as Json[])
        .map((one) => one.associationSpec.associationTypeId as number)
        .toSorted((one, other) => one - other),
      [279, 280],
    );
    await ask('PUT', `${V4}/contacts/101/associations/companies/102`, PLAIN);
    const there = await ask('GET', `${V4}/contacts/101/associations/companies`);
    assert.deepEqual(there.body.results.map(inShort), ['101: 1 279', '102: 279']);
    const back = await ask('GET', `${V4}/0-2/101/associations/0-1`);
    assert.deepEqual(back.body.results.map(inShort), ['101: 2 280']);
  });

  it('have one primary company at most', async () => {
    const { ask } = world();
    const primary = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 1 }];
    for (const id of ['101', '102']) {
      const put = await ask('PUT', `${OBJECTS}/contacts/101/associations/companies/${id}`, primary);
      assert.equal(put.status, 201);
      assert.deepEqual(put.body.labels, ['Primary']);
    }
    const { body } = await ask('GET', `${V4}/contacts/101/associations/companies`);
    assert.deepEqual(body.results.map(inShort), ['101: 279', '102: 1 279']);
  });

  it('stand twice in a list of records, once for each type', async () => {
    const { ask } = world();
    const made = await ask('POST', `${OBJECTS}/contacts`, {
      properties: { firstname: 'B' },
      associations: [{ to: { id: '102' }, types: PLAIN }],
    });
    const { body } = await ask(
      'GET',
      `${OBJECTS}/contacts/${made.body.id}?associations=companies,deals`,
    );
    assert.deepEqual(body.associations, {
      companies: {
        results: [
          { id: '102', type: 'contact_to_company' },
          { id: '102', type: 'contact_to_company_unlabeled' },
        ],
      },
    });
  });

  it('are made from the other side too, and for every kind of records', async () => {
    const { ask, hands } = world();
    const deal = hands.create('deals', { dealname: 'D', dealstage: 'closedwon' });
    for (const [type, properties, typeId, other, back] of [
      ['notes', { hs_timestamp: '1790000000000' }, 202, 'contacts', 201],
      ['notes', { hs_timestamp: '1790000000000' }, 214, 'deals', 213],
      ['tasks', { hs_timestamp: '1790000000000' }, 192, 'companies', 191],
      ['companies', { name: 'N' }, 280, 'contacts', 279],
      ['contacts', { firstname: 'N' }, 4, 'deals', 3],
    ] as const) {
      const associationCategory = 'HUBSPOT_DEFINED';
      const to = other === 'deals' ? deal : '101';
      const made = await ask('POST', `${OBJECTS}/${type}`, {
        properties,
        associations: [
          { to: { id: to }, types: [{ associationCategory, associationTypeId: typeId }] },
        ],
      });
      assert.equal(made.status, 201, `${type} to ${other}`);
      const { body } = await ask('GET', `${V4}/${other}/${to}/associations/${type}?limit=500`);
      const found = (body.results as Json[]).find((one) => String(one.toObjectId) === made.body.id);
      assert.ok(inShort(found).endsWith(` ${back}`), `${type} to ${other}: ${inShort(found)}`);
    }
  });

  it('lose their labels with the plain one, and not the other way round', async () => {
    const { ask } = world();
    const primary = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 1 }];
    const archive = (types: object[]) =>
      ask('POST', `${BATCH}/contacts/companies/batch/labels/archive`, {
        inputs: [{ from: { id: '101' }, to: { id: '101' }, types }],
      });
    const list = async (): Promise<string[]> =>
      (await ask('GET', `${V4}/contacts/101/associations/companies`)).body.results.map(inShort);
    await ask('PUT', `${V4}/contacts/101/associations/companies/101`, primary);
    assert.equal((await archive(primary)).status, 200);
    assert.deepEqual(await list(), ['101: 279']);
    await ask('PUT', `${V4}/contacts/101/associations/companies/101`, primary);
    await archive(PLAIN);
    assert.deepEqual(await list(), []);
  });

  it('may have labels of one’s own, with a number for each direction', async () => {
    const { ask } = world();
    const labels = '/crm/v4/associations/contacts/companies/labels';
    const made = await ask('POST', labels, {
      label: 'Billing contact',
      name: 'billing',
      inverseLabel: 'Billed company',
    });
    assert.deepEqual(made.body.results, [
      { category: 'USER_DEFINED', typeId: 37, label: 'Billing contact' },
    ]);
    const spec = [{ associationCategory: 'USER_DEFINED', associationTypeId: 37 }];
    const put = await ask('PUT', `${V4}/contacts/101/associations/companies/101`, spec);
    assert.deepEqual(put.body.labels, ['Billing contact']);
    const { body } = await ask('GET', `${V4}/companies/101/associations/contacts`);
    assert.deepEqual(body.results.map(inShort), ['101: 38 2 280']);
    assert.equal(body.results[0].associationTypes[0].label, 'Billed company');
    const renamed = { associationTypeId: 37, label: 'Payer' };
    assert.equal((await ask('PUT', labels, renamed)).status, 204);
    const after = await ask('GET', `${V4}/contacts/101/associations/companies`);
    assert.equal(after.body.results[0].associationTypes[0].label, 'Payer');
    assert.equal((await ask('PUT', labels, { ...renamed, associationTypeId: 1 })).status, 404);
    assert.equal((await ask('DELETE', `${labels}/37`)).status, 204);
    const listed = await ask('GET', labels);
    assert.deepEqual(
      (listed.body.results as Json[]).map((one) => one.typeId),
      [279, 1],
    );
  });

  for (const [path, statuses, idType] of [
    ['/crm/v4/associations', [201, 200, 207, 204], 'number'],
    [BATCH, [200, 200, 200, 200], 'string'],
  ] as const) {
    it(`come in batches at ${path}`, async () => {
      const { ask } = world();
      const batch = (call: string, inputs: object[]) =>
        ask('POST', `${path}/contacts/companies/batch/${call}`, { inputs });
      const pair = { from: { id: '101' }, to: { id: '101' } };
      const created = await batch('create', [{ ...pair, types: PLAIN }]);
      const read = await batch('read', [{ id: '101' }]);
      const none = await batch('read', [{ id: '102' }]);
      const archived = await batch('archive', [{ from: { id: '101' }, to: [{ id: '101' }] }]);
      assert.deepEqual([created.status, read.status, none.status, archived.status], statuses);
      assert.equal(typeof read.body.results[0].to[0].toObjectId, idType);
      assert.equal(none.body.errors[0].subCategory, 'crm.associations.NO_ASSOCIATIONS_FOUND');
      const after = await batch('read', [{ id: '101' }]);
      assert.equal(after.body.numErrors, 1);
    });
  }

  it('are read a thousand at once, and written two thousand', async () => {
    const { ask } = world();
    const status = async (call: string, count: number, input: object): Promise<number> =>
      (
        await ask('POST', `${BATCH}/contacts/companies/batch/${call}`, {
          inputs: Array.from({ length: count }, () => input),
        })
      ).status;
    const pair = { from: { id: '101' }, to: { id: '101' }, types: PLAIN };
    assert.equal(await status('read', 1000, { id: '101' }), 200);
    assert.equal(await status('read', 1001, { id: '101' }), 400);
    assert.equal(await status('create', 2000, pair), 200);
    assert.equal(await status('create', 2001, pair), 400);
  });

  it('are not made with what is not there, or of a type that there is not', async () => {
    const { ask } = world();
    const put = async (id: string, typeId: number): Promise<number> =>
      (
        await ask('PUT', `${V4}/contacts/101/associations/companies/${id}`, [
          { associationCategory: 'HUBSPOT_DEFINED', associationTypeId: typeId },
        ])
      ).status;
    assert.equal(await put('999', 279), 404);
    assert.equal(await put('101', 280), 400);
    assert.equal(await put('101', 279), 201);
  });

  it('have no list of one record in the newest version', async () => {
    const { ask } = world();
    const list = async (path: string): Promise<number> =>
      (await ask('GET', `${path}/contacts/101/associations/companies`)).status;
    assert.deepEqual([await list('/crm/objects/2026-03'), await list(OBJECTS)], [200, 404]);
  });

  it('move the time of the company, and of nobody else', async () => {
    const { ask, hands, pass } = world();
    await pass(60_000);
    const times = () => ['contacts', 'companies'].map((name) => hands.item(name, '101')!.updatedAt);
    const [contact, company] = times();
    await ask('PUT', `${V4}/contacts/101/associations/default/companies/101`);
    await pass(60_000);
    assert.equal(times()[0], contact);
    assert.notEqual(times()[1], company);
  });

  it('are not shown with what is archived, and are there again when it is restored', async () => {
    const { ask, hands } = world();
    await ask('PUT', `${V4}/contacts/101/associations/default/companies/101`);
    const list = async (): Promise<number> =>
      (await ask('GET', `${V4}/companies/101/associations/contacts`)).body.results.length as number;
    hands.remove('contacts', '101');
    assert.equal(await list(), 0);
    hands.restore('contacts', '101');
    assert.equal(await list(), 1);
  });

  it('lead from a company to its parent, and back', async () => {
    const { ask } = world();
    const parent = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 14 }];
    await ask('PUT', `${V4}/companies/101/associations/companies/102`, parent);
    const list = async (id: string): Promise<string[]> =>
      (await ask('GET', `${V4}/companies/${id}/associations/companies`)).body.results.map(inShort);
    assert.deepEqual(await list('101'), ['102: 14 450']);
    assert.deepEqual(await list('102'), ['101: 13 450']);
    await ask('DELETE', `${V4}/companies/102/associations/companies/101`);
    assert.deepEqual([await list('101'), await list('102')], [[], []]);
  });

  it('have names instead of numbers in version 3', async () => {
    const { ask } = world();
    const batch = (call: string, inputs: object[]) =>
      ask('POST', `/crm/v3/associations/contacts/companies/batch/${call}`, { inputs });
    const input = { from: { id: '101' }, to: { id: '101' }, type: 'contact_to_company' };
    assert.equal((await batch('create', [input])).status, 201);
    const { body } = await batch('read', [{ id: '101' }]);
    assert.deepEqual(body.results[0].to, [
      { id: '101', type: 'contact_to_company' },
      { id: '101', type: 'contact_to_company_unlabeled' },
    ]);
    assert.equal((await batch('archive', [input])).status, 204);
  });
});

/** Two contacts and two companies. */
function world(): Practice {
  const all = practice();
  for (const name of ['A', 'B']) {
    all.hands.create('contacts', { firstname: name });
    all.hands.create('companies', { name });
  }
  return all;
}

function inShort(one: Json): string {
  const types = (one.associationTypes as Json[]).map(({ typeId }) => typeId as number);
  return `${one.toObjectId}: ${types.join(' ')}`;
}
