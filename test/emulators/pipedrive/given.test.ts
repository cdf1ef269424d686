import assert from 'node:assert/strict';
import { customField } from '../../../runtime/emulators/pipedrive/fields.ts';
import { CODES, practice, TOKEN, type Json } from './practice.ts';

const FIELDS = {
  persons: Object.entries(CODES).map(([type, code]) => {
    const native = type === 'text' ? 'varchar' : type;
    const options = type === 'enum' || type === 'set' ? ['red', 'blue'] : undefined;
    return customField(code, type, native, options);
  }),
};

describe('what is written to Pipedrive', () => {
  for (const [what, body, code] of [
    ['a text where there is a number', { org_id: '1' }, 'org_id'],
    ['a number where there is a text', { name: 7 }, 'name'],
    ['a number where there is a flag', { emails: [{ value: 'a', primary: 1 }] }, 'emails'],
    ['a text instead of a list', { emails: 'a@example.test' }, 'emails'],
    ['a member of a list that there is not', { phones: [{ number: '1' }] }, 'phones'],
    ['an entry without a value', { phones: [{ label: 'home' }] }, 'phones'],
    [
      'two primary ones',
      {
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      },
      'emails',
    ],
    ['a field that there is not', { nickname: 'Zoz' }, 'nickname'],
    ['a field by its name in the older version', { owner: 1 }, 'owner'],
    ['a field that is only to read', { picture_id: 1 }, 'picture_id'],
    ['a time that the vendor keeps', { update_time: '2026-01-01T00:00:00Z' }, 'update_time'],
    ['a custom field beside the others', { [CODES.text]: 'x' }, CODES.text],
    ['a custom field that there is not', { custom_fields: { abc: 'x' } }, 'abc'],
    ['a level of visibility that there is not', { visible_to: 2 }, 'visible_to'],
    ['a label that there is not', { label_ids: [999] }, 'label_ids'],
    ['an owner who is not there', { owner_id: 99 }, 'owner_id'],
    ['an organization that is not there', { org_id: 99 }, 'org_id'],
    ['an amount that is only a number', { custom_fields: { [CODES.monetary]: 5 } }, CODES.monetary],
    ['a number as a text', { custom_fields: { [CODES.double]: '5' } }, CODES.double],
    ['an option by its label', { custom_fields: { [CODES.enum]: 'red' } }, CODES.enum],
    ['options that are none', { custom_fields: { [CODES.set]: [] } }, CODES.set],
    [
      'a day with its hours',
      { custom_fields: { [CODES.date]: '2026-01-01T00:00:00Z' } },
      CODES.date,
    ],
    ['a day that does not exist', { custom_fields: { [CODES.date]: '2026-02-30' } }, CODES.date],
    ['a text that is too long', { custom_fields: { [CODES.text]: 'x'.repeat(256) } }, CODES.text],
  ] as const) {
    it(`is refused, and the field is named: ${what}`, async () => {
      const { refuse, hands } = practice({ fields: FIELDS });
      const answer = await refuse(400, 'POST', 'v2/persons', { name: 'Anna', ...body });
      assert.equal(answer.code, 'ERR_SCHEMA_VALIDATION_FAILED');
      assert.equal(answer.field_code, code);
      assert.equal(answer.success, false);
      assert.deepEqual(hands.log, []);
    });
  }

  it('needs a name, or both halves of one', async () => {
    const { ask, refuse } = practice();
    await refuse(400, 'POST', 'v2/persons', { emails: [{ value: 'a@example.test' }] });
    await refuse(400, 'POST', 'v2/persons', { first_name: 'Zoë' });
    await refuse(400, 'POST', 'v2/organizations', { website: 'x.test' });
    await refuse(400, 'POST', 'v2/deals', {});
    const { data } = await ask('POST', 'v2/persons', { first_name: 'Zoë', last_name: 'Test' });
    assert.equal(data.name, 'Zoë Test');
    await refuse(400, 'PATCH', 'v2/persons/1', { name: null });
  });

  it('reads back as it was written, in each kind of custom field', async () => {
    const { ask, get } = practice({ fields: FIELDS });
    const [red, blue] = await optionsOf(get, CODES.enum);
    const [first, second] = await optionsOf(get, CODES.set);
    const custom = {
      [CODES.text]: ' As it is ',
      [CODES.double]: 12.5,
      [CODES.monetary]: { value: 500, currency: 'USD' },
      [CODES.enum]: blue,
      [CODES.set]: [second, first],
      [CODES.date]: '2026-11-01',
    };
    assert.notEqual(red, blue);
    await ask('POST', 'v2/persons', { name: 'Anna', custom_fields: custom });
    assert.deepEqual((await get('v2/persons/1')).data.custom_fields, custom);
    const cleared = Object.fromEntries(Object.keys(custom).map((code) => [code, null]));
    const { data } = await ask('PATCH', 'v2/persons/1', { custom_fields: cleared });
    assert.deepEqual(data.custom_fields, cleared);
  });

  it('may be of contact synchronisation only where a company has it', async () => {
    const body = { name: 'Anna', job_title: 'Baker' };
    const without = practice();
    const { error } = await without.refuse(403, 'POST', 'v2/persons', body);
    assert.equal(error, 'You do not have permissions to do this.');
    const having = practice({ abilities: { contactSync: true } });
    const { data } = await having.ask('POST', 'v2/persons', {
      ...body,
      im: [{ value: 'anna' }],
      birthday: '1980-02-29',
      postal_address: { value: 'Tee 3' },
    });
    assert.deepEqual(
      [data.job_title, data.birthday, data.im[0].label, data.postal_address.value],
      ['Baker', '1980-02-29', 'work', 'Tee 3'],
    );
  });

  it('has its person as the first participant, and not by its id', async () => {
    const { ask, hands, refuse, get } = practice();
    for (const name of ['a', 'b']) hands.create('persons', { name });
    const { field_code: code } = await refuse(400, 'POST', 'v2/activities', {
      subject: 'Call',
      person_id: 1,
    });
    assert.equal(code, 'person_id');
    await ask('POST', 'v2/activities', {
      subject: 'Call',
      participants: [{ person_id: 1 }, { person_id: 2, primary: true }],
    });
    const { data } = await get('v2/activities/1');
    assert.equal(data.person_id, 2);
    assert.deepEqual(data.participants, [
      { person_id: 1, primary: false },
      { person_id: 2, primary: true },
    ]);
    await refuse(400, 'PATCH', 'v2/activities/1', { participants: [{ person_id: 9 }] });
    await refuse(400, 'POST', 'v2/activities', { subject: 'Call', type: 'Call' });
    await refuse(400, 'POST', 'v2/activities', { subject: 'Call', done: 1 });
  });

  it('must be JSON, and say so', async () => {
    const { send } = practice();
    const statusOf = async (body: string, type: string): Promise<number> => {
      const headers = { 'content-type': type, 'x-api-token': TOKEN };
      return (await send('POST', 'v2/persons', body, headers)).status;
    };
    assert.equal(await statusOf('name=Anna', 'application/x-www-form-urlencoded'), 415);
    assert.equal(await statusOf('{"name":', 'application/json'), 400);
    assert.equal(await statusOf('[]', 'application/json'), 400);
    assert.equal(await statusOf('"Anna"', 'application/json'), 400);
    assert.equal(await statusOf('{"name":"Anna"}', 'application/json; charset=utf-8'), 201);
  });
});

async function optionsOf(get: (path: string) => Promise<Json>, code: string): Promise<number[]> {
  const { data } = await get(`v2/personFields/${code}`);
  return data.options.map(({ id }: Json) => id);
}
