import assert from 'node:assert/strict';
import { customField } from '../../../runtime/emulators/pipedrive/fields.ts';
import { practice, type Json, type Practice } from './practice.ts';

const CODE = 'c'.repeat(40);

describe('a search of Pipedrive', () => {
  it('finds a glimpse of a person, and no record', async () => {
    const { get, hands, pass } = practice();
    hands.create('organizations', { name: 'Acme Test' });
    hands.create('persons', {
      name: 'Zoë Test',
      org_id: '1',
      emails: [{ value: 'zoe@example.test' }],
      phones: [{ value: '+372 5555' }],
    });
    hands.create('notes', { content: '<p>Likes <b>tea</b></p>', person_id: '1' });
    await pass(5000);
    const { data, additional_data: more } = await get('v2/persons/search?term=tea');
    assert.deepEqual(data.items, [
      {
        result_score: data.items[0].result_score,
        item: {
          id: 1,
          type: 'person',
          name: 'Zoë Test',
          phones: ['+372 5555'],
          emails: ['zoe@example.test'],
          visible_to: 3,
          owner: { id: 1 },
          organization: { id: 1, name: 'Acme Test', address: null },
          custom_fields: [],
          notes: ['Likes  tea'],
        },
      },
    ]);
    assert.deepEqual(more, { next_cursor: null });
  });

  it('is exact by whole values in any case, or finds parts of them', async () => {
    const { found } = await people();
    const search = 'v2/persons/search?fields=email&term=';
    assert.deepEqual(await found(`${search}anna@example.test&exact_match=true`), [1]);
    assert.deepEqual(await found(`${search}ANNA@example.test&exact_match=true`), [1]);
    assert.deepEqual(await found(`${search}anna@example&exact_match=true`), []);
    assert.deepEqual(await found(`${search}nna@exa`), [1, 2]);
    assert.deepEqual(await found('v2/persons/search?term=anna&fields=phone'), []);
  });

  it('takes terms of two characters, and of one when it is exact', async () => {
    const { refuse, get } = await people();
    await refuse(400, 'GET', 'v2/persons/search?term=a');
    await refuse(400, 'GET', 'v2/persons/search');
    await get('v2/persons/search?term=a&exact_match=true');
    await refuse(400, 'GET', 'v2/persons/search?term=anna&fields=title');
    await refuse(400, 'GET', 'v2/itemSearch?term=anna&limit=101');
    await refuse(400, 'GET', 'v2/persons/search?term=anna&limit=501');
  });

  it('counts the case when it is of one field', async () => {
    const { refuse, get } = await people();
    const ask = async (term: string, match: string): Promise<Json> =>
      (await get(`v2/itemSearch/field?entity_type=person&field=email&match=${match}&term=${term}`))
        .data;
    assert.deepEqual(await ask('anna@example.test', 'exact'), [{ id: 1, name: 'Anna' }]);
    assert.deepEqual(await ask('Anna@example.test', 'exact'), []);
    assert.equal((await ask('anna@', 'beginning')).length, 2);
    assert.equal((await ask('@example', 'middle')).length, 2);
    assert.deepEqual(await ask('example', 'beginning'), []);
    await refuse(400, 'GET', 'v2/itemSearch/field?entity_type=lead&field=title&term=ab');
    await refuse(400, 'GET', 'v2/itemSearch/field?entity_type=person&field=owner_id&term=ab');
  });

  it('finds by custom fields that can be searched, and by no others', async () => {
    const other = 'd'.repeat(40);
    const { get, hands, pass, found } = await people({
      persons: [customField(CODE, 'Key', 'varchar'), customField(other, 'Day', 'date')],
    });
    hands.create('persons', { name: 'Key', [CODE]: 'crm-17', [other]: '2026-01-01' });
    await pass(5000);
    const query = 'v2/persons/search?fields=custom_fields&exact_match=true&term=';
    assert.deepEqual(await found(`${query}CRM-17`), [3]);
    assert.deepEqual(await found(`${query}2026-01-01`), []);
    const { data } = await get(`v2/itemSearch/field?entity_type=person&field=${CODE}&term=crm-17`);
    assert.deepEqual(data, [{ id: 3, name: 'Key' }]);
  });

  it('is over all kinds, page by page, the best first', async () => {
    const { get, hands, pass } = practice();
    hands.create('organizations', { name: 'Anna Zrt.', address: { value: 'Anna tér 1' } });
    hands.create('persons', { name: 'Anna' });
    hands.create('deals', { title: 'Deal with Anna', person_id: '1' });
    await pass(5000);
    const types: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Json = await get(
        `v2/itemSearch?term=anna&limit=1${cursor && `&cursor=${cursor}`}`,
      );
      types.push(...page.data.items.map(({ item }: Json) => item.type));
      cursor = page.additional_data.next_cursor;
    }
    assert.equal(types[0], 'person');
    assert.deepEqual(types.toSorted(), ['deal', 'organization', 'person']);
    const { data } = await get('v2/itemSearch?term=anna&item_types=product,deal');
    assert.equal(data.items[0].item.stage.name, 'Lead in');
    assert.equal(data.items.length, 1);
  });

  it('is of one organization, person or status, and not of what is deleted, hidden or forbidden', async () => {
    const { get, hands, pass, found, refuse } = await people();
    hands.create('organizations', { name: 'Acme' });
    hands.edit('persons', '2', { org_id: '1' });
    hands.create('deals', { title: 'Deal one', person_id: '1' });
    hands.create('deals', { title: 'Deal two', person_id: '2', status: 'won' });
    await pass(5000);
    assert.deepEqual(await found('v2/persons/search?term=anna&organization_id=1'), [2]);
    assert.deepEqual(await found('v2/deals/search?term=deal&person_id=1'), [1]);
    assert.deepEqual(await found('v2/deals/search?term=deal&status=won'), [2]);
    hands.remove('persons', '1');
    hands.hide('persons', ['2'], true);
    await pass(5000);
    assert.deepEqual(await found('v2/persons/search?term=anna'), []);
    hands.forbid('deals', true);
    await refuse(403, 'GET', 'v2/deals/search?term=deal');
    assert.deepEqual((await get('v2/itemSearch?term=deal')).data.items, []);
  });

  it('is one to three seconds behind', async () => {
    const { hands, found, pass } = await people();
    hands.create('persons', { name: 'Newcomer' });
    const search = 'v2/persons/search?fields=name&term=newcomer';
    await pass(999);
    assert.deepEqual(await found(search), []);
    await pass(2001);
    assert.deepEqual(await found(search), [3]);
  });

  it('finds by the old address for a while, and shows mixed states', async () => {
    const { hands, get, found, pass } = await people();
    hands.edit('persons', '1', { name: 'New', emails: [{ value: 'new@example.test' }] });
    await pass(500);
    const byOld = 'v2/persons/search?fields=email&exact_match=true&term=anna@example.test';
    assert.deepEqual(await found(byOld), [1]);
    assert.deepEqual(await found('v2/persons/search?fields=email&term=new@'), []);
    await pass(1500);
    const seen = new Set<string>();
    for (let time = 0; time < 8; time += 1) {
      const { data } = await get('v2/persons/search?fields=name,email&term=example.test');
      const { item } = data.items.find((one: Json) => one.item.id === 1);
      seen.add(`${item.name} ${item.emails[0]}`);
    }
    assert.ok(seen.size > 1, [...seen].join());
    await pass(3000);
    assert.deepEqual(await found(byOld), []);
  });
});

async function people(
  fields: Json = {},
): Promise<Practice & { found: (path: string) => Promise<number[]> }> {
  const scene = practice({ fields });
  const { hands, get, pass } = scene;
  hands.create('persons', { name: 'Anna', emails: [{ value: 'anna@example.test' }] });
  hands.create('persons', { name: 'Anna-Mária', emails: [{ value: 'anna@example.test.hu' }] });
  await pass(5000);
  const found = async (path: string): Promise<number[]> => {
    const { data } = await get(path);
    return data.items.map(({ item }: Json) => item.id).toSorted((a: number, b: number) => a - b);
  };
  return { ...scene, found };
}
