import assert from 'node:assert/strict';
import { CONTACTS, idsIn, OBJECTS, practice, START, type Json, type Practice } from './practice.ts';

describe('searching HubSpot', () => {
  it('finds by changes in order, in pages by offset', async () => {
    const { ask, hands, pass } = practice();
    for (let index = 0; index < 5; index += 1) {
      hands.create('contacts', { firstname: `A${index}` });
      await pass(60_000);
    }
    const body = {
      filterGroups: [
        {
          filters: [
            { propertyName: 'lastmodifieddate', operator: 'GTE', value: `${START + 60_000}` },
          ],
        },
      ],
      sorts: [{ propertyName: 'lastmodifieddate', direction: 'DESCENDING' }],
      limit: 3,
    };
    const first = await ask('POST', `${CONTACTS}/search`, body);
    assert.deepEqual([first.body.total, idsIn(first.body)], [4, ['105', '104', '103']]);
    assert.deepEqual(first.body.paging.next.after, '3');
    const second = await ask('POST', `${CONTACTS}/search`, { ...body, after: '3' });
    assert.deepEqual(idsIn(second.body), ['102']);
    assert.equal(second.body.paging, undefined);
    assert.equal(second.headers.get('x-hubspot-ratelimit-max'), null);
    assert.notEqual(second.headers.get('x-hubspot-correlation-id'), null);
  });

  it('goes no further than ten thousand', async () => {
    const { find } = found();
    assert.equal((await find([], { limit: 200, after: 9800 })).status, 200);
    assert.equal((await find([], { limit: 200, after: '9801' })).status, 400);
    assert.equal((await find([], { limit: 1, after: 10_000 })).status, 400);
    assert.equal((await find([], { limit: 201 })).status, 400);
  });

  it('takes few filters, one sort, and a short body', async () => {
    const { find, ask, pass } = found();
    const has = { propertyName: 'email', operator: 'HAS_PROPERTY' };
    const groups = (count: number, each: number) =>
      Array.from({ length: count }, () => ({ filters: Array.from({ length: each }, () => has) }));
    const status = async (filterGroups: object[]): Promise<number> => {
      await pass(1000);
      return (await ask('POST', `${CONTACTS}/search`, { filterGroups })).status;
    };
    assert.equal(await status(groups(3, 6)), 200);
    assert.equal(await status(groups(6, 1)), 400);
    assert.equal(await status(groups(1, 7)), 400);
    assert.equal(await status(groups(4, 5)), 400);
    assert.equal((await find([], { sorts: ['email', 'phone'] })).status, 400);
    assert.equal((await find([], { properties: ['x'.repeat(3000)] })).status, 400);
  });

  it('finds what changed a while later, each at its own time', async () => {
    const { ask, hands, pass } = practice({ searchLagMs: { usual: 3000, most: 30_000 } });
    const search = async (): Promise<Json> =>
      (await ask('POST', `${CONTACTS}/search`, { limit: 200 })).body;
    const orders = new Set<string>();
    for (let index = 0; index < 30; index += 1) hands.create('contacts', { firstname: `${index}` });
    const at = await search();
    assert.deepEqual([at.total, at.results.length], [30, 0]);
    for (let step = 0; step < 6; step += 1) {
      await pass(500);
      orders.add(idsIn(await search()).join());
    }
    const grown = [...orders].map((ids) => ids.split(','));
    assert.ok(
      grown.some((ids) => ids.length > 1 && Number(ids.at(-1)) - Number(ids[0]) > ids.length),
    );
    await pass(30_000);
    assert.equal(idsIn(await search()).length, 30);
  });

  it('counts what is archived, and does not show it', async () => {
    const { ask, hands, pass } = practice({ searchLagMs: { usual: 3000, most: 3000 } });
    for (let index = 0; index < 3; index += 1) hands.create('contacts', { firstname: `${index}` });
    await pass(60_000);
    await ask('DELETE', `${CONTACTS}/102`);
    const { body } = await ask('POST', `${CONTACTS}/search`, { limit: 2 });
    assert.deepEqual([body.total, idsIn(body), body.paging.next.after], [3, ['101'], '2']);
    await pass(60_000);
    const later = await ask('POST', `${CONTACTS}/search`, {});
    assert.deepEqual([later.body.total, idsIn(later.body)], [2, ['101', '103']]);
  });

  it('is five times a second, for all kinds of records together', async () => {
    const { ask, pass } = practice();
    const search = async (type: string): Promise<Json> =>
      ask('POST', `${OBJECTS}/${type}/search`, {});
    for (const type of ['contacts', 'deals', 'companies', 'contacts', 'deals']) {
      assert.equal((await search(type)).status, 200);
    }
    const { status, body, headers } = await search('contacts');
    assert.equal(status, 429);
    assert.equal(body.message, 'You have reached your secondly limit.');
    assert.equal(body.category, 'RATE_LIMITS');
    assert.equal(body.policyName, undefined);
    assert.equal(headers.get('retry-after'), null);
    await pass(1000);
    assert.equal((await search('contacts')).status, 200);
  });

  for (const [said, filter, expected] of [
    ['texts in any case', { propertyName: 'firstname', operator: 'EQ', value: 'ANNA' }, ['101']],
    ['no value of NEQ', { propertyName: 'city', operator: 'NEQ', value: 'Eger' }, ['101']],
    ['lower case in IN', { propertyName: 'firstname', operator: 'IN', values: ['anna'] }, ['101']],
    [
      'nothing of upper case in IN',
      { propertyName: 'firstname', operator: 'IN', values: ['Anna'] },
      [],
    ],
    [
      'options as they are',
      { propertyName: 'lifecyclestage', operator: 'EQ', value: 'lead' },
      ['101'],
    ],
    [
      'no options in other cases',
      { propertyName: 'lifecyclestage', operator: 'EQ', value: 'Lead' },
      [],
    ],
    ['what has a value', { propertyName: 'city', operator: 'HAS_PROPERTY' }, ['101']],
    ['what has none', { propertyName: 'city', operator: 'NOT_HAS_PROPERTY' }, ['102']],
    ['words', { propertyName: 'city', operator: 'CONTAINS_TOKEN', value: 'ger*' }, []],
    [
      'words with a star',
      { propertyName: 'email', operator: 'CONTAINS_TOKEN', value: 'ann*' },
      ['101'],
    ],
    [
      'between',
      { propertyName: 'hs_object_id', operator: 'BETWEEN', value: '102', highValue: '200' },
      ['102'],
    ],
    ['after an id', { propertyName: 'hs_object_id', operator: 'GT', value: '101' }, ['102']],
    ['by company', { propertyName: 'associations.company', operator: 'EQ', value: '101' }, ['101']],
    [
      'by phone without its country',
      { propertyName: 'hs_searchable_calculated_phone_number', operator: 'EQ', value: '201234567' },
      ['101'],
    ],
  ] as const) {
    it(`finds ${said}`, async () => {
      const { find } = found();
      assert.deepEqual(idsIn((await find([filter])).body), expected);
    });
  }

  it('finds by words of the properties that matter', async () => {
    const { find } = found();
    assert.deepEqual(idsIn((await find([], { query: 'ann' })).body), ['101']);
    assert.deepEqual(idsIn((await find([], { query: 'pécs' })).body), []);
  });

  for (const [said, filter] of [
    ['properties that there are not', { propertyName: 'nope', operator: 'EQ', value: '1' }],
    ['operators that there are not', { propertyName: 'city', operator: 'LIKE', value: '1' }],
    ['a filter without a value', { propertyName: 'city', operator: 'EQ' }],
    [
      'times that are no milliseconds',
      { propertyName: 'createdate', operator: 'GT', value: '2026-01-01T00:00:00Z' },
    ],
  ] as const) {
    it(`refuses ${said}`, async () => {
      const { status, body } = await found().find([filter]);
      assert.deepEqual([status, body.category], [400, 'VALIDATION_ERROR']);
    });
  }
});

/** Anna of Eger's neighbour, and somebody of whom little is known. */
function found(): Practice & {
  find: (filters: readonly object[], more?: object) => ReturnType<Practice['ask']>;
} {
  const all = practice();
  const company = all.hands.create('companies', { name: 'Acme' });
  all.hands.create('contacts', {
    firstname: 'Anna',
    email: 'anna.nagy@x.test',
    city: 'Pécs',
    phone: '+36 20 123 4567',
    lifecyclestage: 'lead',
    'associations.companies': [company],
  });
  all.hands.create('contacts', { lastname: 'Kiss' });
  const find = (filters: readonly object[], more = {}) =>
    all.ask('POST', `${CONTACTS}/search`, {
      ...(filters.length === 0 ? {} : { filterGroups: [{ filters }] }),
      ...more,
    });
  return { ...all, find };
}
