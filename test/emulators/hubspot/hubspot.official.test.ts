import assert from 'node:assert/strict';
import { Client } from '@hubspot/api-client';
import type { Emulator } from '../../../runtime/emulators/emulator.ts';
import { openHubSpot } from '../../../runtime/emulators/hubspot/hubspot.ts';
import { served, type Server } from '../served.ts';

const TOKEN = 'pat-eu1-referee';

/** It knows nothing of emulators but their address. */
describe('the official client of HubSpot', () => {
  let server: Server<Emulator>;
  let client: Client;

  before(async () => {
    const searchLagMs = { usual: 0, most: 0 };
    server = await served((circumstances) => {
      return openHubSpot({
        ...circumstances,
        accounts: [{ name: 'sales', token: TOKEN, searchLagMs }],
      });
    });
    client = new Client({ accessToken: TOKEN, basePath: server.url });
  });
  after(() => server.close());

  it('creates, reads, changes, lists and archives', async () => {
    const { basicApi } = client.crm.contacts;
    const properties = { email: 'Anna@Example.com', firstname: 'Anna' };
    const { id } = await basicApi.create({ properties, associations: [] });
    const read = await basicApi.getById(id, ['email', 'firstname']);
    assert.deepEqual(
      [read.properties['email'], read.createdAt instanceof Date],
      ['anna@example.com', true],
    );
    const changed = await basicApi.update(id, { properties: { firstname: 'Anna Mária' } });
    assert.equal(changed.properties['firstname'], 'Anna Mária');
    const { results } = await basicApi.getPage(10, undefined, ['firstname']);
    assert.deepEqual(
      results.map((contact) => [contact.id, contact.properties['firstname'], contact.archived]),
      [[id, 'Anna Mária', false]],
    );
    await basicApi.archive(id);
    assert.equal((await basicApi.getPage()).results.length, 0);
    const archived = await basicApi.getById(id, ['email'], undefined, undefined, true);
    assert.equal(archived.archived, true);
  });

  it('works in batches', async () => {
    const { batchApi } = client.crm.companies;
    const names = ['Alma Kft.', 'Körte Kft.', 'Dió Kft.'];
    const created = await batchApi.create({
      inputs: names.map((name) => ({ properties: { name }, associations: [] })),
    });
    const ids = created.results.map(({ id }) => ({ id }));
    assert.equal(ids.length, 3);
    await batchApi.update({ inputs: ids.map(({ id }) => ({ id, properties: { city: 'Pécs' } })) });
    const read = await batchApi.read({
      inputs: [...ids, { id: '999999' }],
      properties: ['name', 'city'],
      propertiesWithHistory: [],
    });
    assert.deepEqual(
      read.results
        .map(({ properties }) => `${properties['name']} ${properties['city']}`)
        .toSorted(),
      names.map((name) => `${name} Pécs`).toSorted(),
    );
    await batchApi.archive({ inputs: ids });
    assert.equal((await client.crm.companies.basicApi.getPage()).results.length, 0);
  });

  it('searches, page by page', async () => {
    const { deals } = client.crm;
    for (let number = 0; number < 5; number += 1) {
      const properties = {
        dealname: `Deal ${number}`,
        pipeline: 'default',
        dealstage: 'qualifiedtobuy',
      };
      await deals.basicApi.create({ properties, associations: [] });
    }
    const found: (string | null | undefined)[] = [];
    let after: string | undefined;
    do {
      const page = await deals.searchApi.doSearch({
        filterGroups: [
          {
            filters: [
              { propertyName: 'dealname', operator: 'CONTAINS_TOKEN' as never, value: 'Deal' },
            ],
          },
        ],
        sorts: ['dealname'],
        properties: ['dealname'],
        limit: 2,
        ...(after === undefined ? {} : { after }),
      });
      assert.equal(page.total, 5);
      found.push(...page.results.map(({ properties }) => properties['dealname']));
      after = page.paging?.next?.after;
    } while (after !== undefined);
    assert.deepEqual(found, ['Deal 0', 'Deal 1', 'Deal 2', 'Deal 3', 'Deal 4']);
  });

  it('is told what it did wrong in the way it expects', async () => {
    const { basicApi } = client.crm.contacts;
    const properties = { email: 'bela@example.com' };
    await basicApi.create({ properties, associations: [] });
    await assert.rejects(basicApi.create({ properties, associations: [] }), { code: 409 });
    await assert.rejects(basicApi.getById('999999'), { code: 404 });
    const stranger = new Client({ accessToken: 'nobody', basePath: server.url });
    await assert.rejects(stranger.crm.contacts.basicApi.getPage(), { code: 401 });
  });
});
