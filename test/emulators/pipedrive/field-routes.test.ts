import assert from 'node:assert/strict';
import { practice, type Json } from './practice.ts';

describe('the fields of Pipedrive', () => {
  it('are told page by page, the standard ones by name and the own ones by 40 hex characters', async () => {
    const { get } = practice({
      fields: { persons: [{ path: 'shoe size', type: 'number' }] },
    });
    const { data, additional_data: more } = await get('v2/personFields?limit=3');
    assert.deepEqual(
      data.map(({ field_code: code }: Json) => code),
      ['name', 'first_name', 'last_name'],
    );
    const rest = await get(`v2/personFields?limit=500&cursor=${more.next_cursor}`);
    assert.equal(rest.additional_data.next_cursor, null);
    const own = rest.data.at(-1);
    assert.match(own.field_code, /^[0-9a-f]{40}$/);
    assert.deepEqual(
      { ...own, field_code: '' },
      {
        field_name: 'shoe size',
        field_code: '',
        field_type: 'double',
        options: null,
        subfields: null,
        is_custom_field: true,
        is_optional_response_field: false,
      },
    );
    assert.deepEqual((await get(`v2/personFields/${own.field_code}`)).data, own);
  });

  it('have other codes in another company', async () => {
    const codes = new Set<string>();
    const { ask, get } = practice({ fields: { persons: [{ path: 'x', type: 'text' }] } });
    codes.add((await get('v2/personFields?limit=500')).data.at(-1).field_code);
    for (let time = 0; time < 2; time += 1) {
      const { data } = await ask('POST', 'v2/personFields', {
        field_name: 'x',
        field_type: 'varchar',
      });
      codes.add(data.field_code);
    }
    assert.equal(codes.size, 3);
  });

  it('are created, renamed and removed, with what they held', async () => {
    const { ask, get, refuse } = practice();
    const { data: field } = await ask('POST', 'v2/dealFields', {
      field_name: 'Budget',
      field_type: 'monetary',
    });
    const code: string = field.field_code;
    assert.deepEqual(
      field.subfields.map((part: Json) => part.field_code),
      ['value', 'currency'],
    );
    await ask('POST', 'v2/deals', { title: 'Deal', custom_fields: { [code]: { value: 5 } } });
    const { data: renamed } = await ask('PATCH', `v2/dealFields/${code}`, { field_name: 'Money' });
    assert.deepEqual([renamed.field_name, renamed.field_code], ['Money', code]);
    assert.deepEqual((await get('v2/deals/1')).data.custom_fields, {
      [code]: { value: 5, currency: 'EUR' },
    });
    await ask('DELETE', `v2/dealFields/${code}`);
    assert.deepEqual((await get('v2/deals/1')).data.custom_fields, {});
    await refuse(400, 'PATCH', 'v2/deals/1', { custom_fields: { [code]: null } });
    const { error } = await refuse(410, 'GET', `v2/dealFields/${code}`);
    assert.equal(error, 'The field is not found');
    await refuse(404, 'GET', 'v2/dealFields/nothing');
  });

  it('have options with ids, all of them new or none', async () => {
    const { ask, get, refuse } = practice();
    const { data: field } = await ask('POST', 'v2/personFields', {
      field_name: 'Colour',
      field_type: 'enum',
      options: [{ label: 'red' }, { label: 'blue' }],
    });
    const path = `v2/personFields/${field.field_code}`;
    const [red, blue] = field.options;
    await ask('POST', 'v2/persons', { name: 'a', custom_fields: { [field.field_code]: red.id } });
    await ask('POST', 'v2/persons', { name: 'b', custom_fields: { [field.field_code]: blue.id } });
    await refuse(400, 'POST', `${path}/options`, [{ label: 'green' }, { label: 'red' }]);
    const added = await ask('POST', `${path}/options`, [{ label: 'green' }]);
    assert.deepEqual(Object.keys(added.data[0]), ['id', 'label']);
    assert.equal((await get(path)).data.options.length, 3);

    const renamed = await ask('PATCH', `${path}/options`, [{ id: red.id, label: 'crimson' }]);
    assert.deepEqual(renamed.data, [{ id: red.id, label: 'crimson' }]);
    const custom = async (id: number) =>
      (await get(`v2/persons/${id}?include_option_labels=true`)).data.custom_fields[
        field.field_code
      ];
    assert.deepEqual(await custom(1), { id: red.id, label: 'crimson' });
    assert.deepEqual(await custom(2), blue);

    await refuse(400, 'DELETE', `${path}/options`, [{ id: blue.id }, { id: 999 }]);
    await ask('DELETE', `${path}/options`, [{ id: blue.id }]);
    await refuse(400, 'PATCH', 'v2/persons/1', {
      custom_fields: { [field.field_code]: blue.id },
    });
    assert.equal((await custom(2)).id, blue.id);
  });

  for (const [what, body] of [
    ['a type that there is not', { field_name: 'x', field_type: 'boolean' }],
    ['no name', { field_type: 'varchar' }],
    ['no options', { field_name: 'x', field_type: 'set' }],
    ['options that are none', { field_name: 'x', field_type: 'enum', options: [] }],
    [
      'options twice',
      { field_name: 'x', field_type: 'enum', options: [{ label: 'a' }, { label: 'a' }] },
    ],
    ['options of a text', { field_name: 'x', field_type: 'text', options: [{ label: 'a' }] }],
    ['a member that there is not', { field_name: 'x', field_type: 'text', key: 'abc' }],
  ] as const) {
    it(`are not created with ${what}`, async () => {
      const { refuse } = practice();
      await refuse(400, 'POST', 'v2/personFields', body);
    });
  }

  it('are only to read where they are standard ones, or of activities', async () => {
    const { get, refuse } = practice();
    await refuse(400, 'DELETE', 'v2/personFields/name');
    await refuse(400, 'PATCH', 'v2/personFields/name', { field_name: 'x' });
    await refuse(405, 'POST', 'v2/activityFields', { field_name: 'x', field_type: 'text' });
    const { data } = await get('v2/activityFields/type');
    assert.deepEqual(data.options[0], { id: 'call', label: 'call' });
  });

  it('are for administrators to change', async () => {
    const { get, refuse } = practice({ abilities: { isAdmin: false } });
    await refuse(403, 'POST', 'v2/personFields', { field_name: 'x', field_type: 'text' });
    await get('v2/personFields');
  });

  it('may be added by people, with a code as good as any', async () => {
    const { ask, get, hands } = practice();
    hands.addField('persons', { path: 'loves', type: 'set', options: ['tea', 'coffee'] });
    const { data } = await get('v2/personFields?limit=500');
    const { field_code: code, field_type: type, options } = data.at(-1);
    assert.equal(type, 'set');
    const ids = options.map(({ id }: Json) => id);
    await ask('POST', 'v2/persons', { name: 'Anna', custom_fields: { [code]: ids } });
    assert.deepEqual(hands.item('persons', '1')!.fields['loves'], ['tea', 'coffee']);
    hands.removeField('persons', 'loves');
    assert.deepEqual((await get('v2/persons/1')).data.custom_fields, {});
  });
});
