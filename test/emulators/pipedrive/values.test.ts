import assert from 'node:assert/strict';
import { customField } from '../../../runtime/emulators/pipedrive/fields.ts';
import { practice } from './practice.ts';

/** The code of the only custom field. */
const CODE = 'a'.repeat(40);

describe('a value at Pipedrive', () => {
  for (const [type, given, expected] of [
    ['varchar', 'Ő ', 'Ő '],
    ['phone', '06 (20) 1', '06 (20) 1'],
    ['monetary', { value: 5 }, { value: 5, currency: 'EUR' }],
    ['daterange', { value: '2026-01-01' }, { value: '2026-01-01', until: null }],
    [
      'time',
      { value: '15:00:00' },
      { value: '15:00:00', timezone_id: 2, timezone_name: 'Europe/Tallinn' },
    ],
    [
      'timerange',
      { value: '15:00:00', until: '16:00:00', timezone_id: 1 },
      { value: '15:00:00', until: '16:00:00', timezone_id: 1, timezone_name: 'UTC' },
    ],
    ['people', 1, 1],
    ['org', 1, 1],
    ['user', 3, 3],
  ] as const) {
    it(`is completed where it is of the type ${type}`, async () => {
      const { ask, hands } = practice({
        fields: { deals: [customField(CODE, 'Own', type)] },
      });
      hands.create('persons', { name: 'Anna' });
      hands.create('organizations', { name: 'Acme' });
      const { data } = await ask('POST', 'v2/deals', {
        title: 'Deal',
        custom_fields: { [CODE]: given },
      });
      assert.deepEqual(data.custom_fields[CODE], expected);
    });
  }

  for (const [type, given] of [
    ['daterange', { value: '2026-01-01', until: 'later' }],
    ['time', { value: '25:00:00' }],
    ['time', { value: '15:00:00', timezone_id: 99 }],
    ['timerange', { until: '16:00:00' }],
    ['monetary', { value: '5' }],
    ['monetary', { amount: 5 }],
    ['people', 9],
    ['address', 'Tee 3'],
    ['address', { street: 'Tee 3' }],
  ] as const) {
    it(`is refused where the type ${type} has none such as ${JSON.stringify(given)}`, async () => {
      const { refuse } = practice({ fields: { deals: [customField(CODE, 'Own', type)] } });
      const { field_code: code } = await refuse(400, 'POST', 'v2/deals', {
        title: 'Deal',
        custom_fields: { [CODE]: given },
      });
      assert.equal(code, CODE);
    });
  }

  it('has empty parts where an address was given without them', async () => {
    const { ask } = practice({ abilities: { geocodesAfterMs: undefined } });
    const { data } = await ask('POST', 'v2/organizations', {
      name: 'Acme',
      address: { value: 'Tee 3', country: 'Estonia', route: 'Tee' },
    });
    assert.deepEqual(data.address, {
      value: 'Tee 3',
      country: 'Estonia',
      admin_area_level_1: null,
      admin_area_level_2: null,
      locality: null,
      sublocality: null,
      route: 'Tee',
      street_number: null,
      subpremise: null,
      postal_code: null,
    });
  });

  it('of an activity has its seconds', async () => {
    const { ask, refuse } = practice();
    const { data } = await ask('POST', 'v2/activities', {
      subject: 'Call',
      due_date: '2026-01-02',
      due_time: '09:30',
      duration: '01:00:00',
    });
    assert.deepEqual([data.due_time, data.duration], ['09:30:00', '01:00:00']);
    await refuse(400, 'POST', 'v2/activities', { subject: 'Call', due_time: 'noon' });
  });
});
