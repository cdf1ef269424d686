import assert from 'node:assert/strict';
import { CONTACTS, OBJECTS, practice, problemsIn } from './practice.ts';

const FIELDS = [
  { path: 'n', type: 'number' },
  { path: 'd', type: 'date' },
  { path: 't', type: 'text', own: { native: 'datetime' } },
  { path: 'b', type: 'boolean' },
  { path: 'e', type: 'enum', options: ['Lead', 'other'] },
  { path: 'm', type: 'set', options: ['a', 'b', 'c'] },
] as const;

describe('values of HubSpot', () => {
  for (const [property, written, read] of [
    ['n', '1234.50', '1234.5'],
    ['n', 7, '7'],
    ['d', '2026-11-02', '2026-11-02'],
    ['d', '1793577600000', '2026-11-02'],
    ['t', '2026-11-02T09:11:09+01:00', '2026-11-02T08:11:09Z'],
    ['t', '1793607069330', '2026-11-02T08:11:09.330Z'],
    ['b', 'TRUE', 'true'],
    ['b', false, 'false'],
    ['e', 'Lead', 'Lead'],
    ['m', 'c;a', 'a;c'],
    ['email', ' Zoe@Example.test ', 'zoe@example.test'],
    ['phone', ' 06 20/123 ', ' 06 20/123 '],
    ['firstname', '  Zoë ', '  Zoë '],
    ['website', 'acme.test/about', 'http://acme.test/about'],
    ['website', 'https://acme.test', 'https://acme.test'],
    ['hs_additional_emails', 'B@x.test;a@x.test', 'b@x.test;a@x.test'],
  ] as const) {
    it(`reads ${JSON.stringify(written)} of ${property} as ${read}`, async () => {
      const { ask } = practice({ properties: { contacts: FIELDS } });
      const properties = { firstname: 'A', [property]: written };
      const made = await ask('POST', CONTACTS, { properties });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const got = await ask('GET', `${CONTACTS}/${made.body.id}?properties=${property}`);
      assert.equal(got.body.properties[property], read);
    });
  }

  for (const [property, written, error] of [
    ['n', '1,234', 'INVALID_LONG'],
    ['d', '2026-02-30', 'INVALID_DATE'],
    ['d', '1793577600001', 'INVALID_DATE'],
    ['d', '2026-11-02T10:00:00Z', 'INVALID_DATE'],
    ['t', '2026-11-02T09:11:09', 'INVALID_DATE'],
    ['b', 'yes', 'INVALID_OPTION'],
    ['e', 'lead', 'INVALID_OPTION'],
    ['m', 'a;z', 'INVALID_OPTION'],
    ['email', 'zoe', 'INVALID_EMAIL'],
    ['firstname', 'x'.repeat(65_537), 'PROPERTY_VALUE_TOO_LONG'],
    ['firstname', ['A'], 'INVALID_STRING'],
  ] as const) {
    it(`refuses ${JSON.stringify(written).slice(0, 30)} of ${property} with ${error}`, async () => {
      const { ask } = practice({ properties: { contacts: FIELDS } });
      const { status, body } = await ask('POST', CONTACTS, {
        properties: { lastname: 'A', [property]: written },
      });
      assert.deepEqual([status, problemsIn(body)], [400, [{ name: property, error }]]);
    });
  }

  it('adds to a set what comes after a semicolon', async () => {
    const { ask, hands } = practice({ properties: { contacts: FIELDS } });
    const id = hands.create('contacts', { firstname: 'A', m: ['b'] });
    const write = async (m: string): Promise<unknown> => {
      await ask('PATCH', `${CONTACTS}/${id}`, { properties: { m } });
      return hands.item('contacts', id)!.fields['m'];
    };
    assert.deepEqual(await write(';a'), ['a', 'b']);
    assert.deepEqual(await write('c'), ['c']);
    assert.equal(await write(''), null);
  });

  it('cleans HTML', async () => {
    const { ask } = practice();
    const { body } = await ask('POST', `${OBJECTS}/notes`, {
      properties: {
        hs_timestamp: '1790000000000',
        hs_note_body: ' <p onclick="x()">Hi</p><script>evil()</script>',
      },
    });
    assert.equal(body.properties.hs_note_body, '<p>Hi</p>');
  });

  it('stores phone numbers in one form where the account wants that', async () => {
    const { ask } = practice({ phoneValidation: true });
    const write = (phone: string) =>
      ask('POST', CONTACTS, { properties: { firstname: 'A', phone } });
    assert.equal((await write('0036 (20) 123-4567')).body.properties.phone, '+36201234567');
    const wrong = await write('06 20 123');
    assert.deepEqual(problemsIn(wrong.body), [{ name: 'phone', error: 'INVALID_PHONE_NUMBER' }]);
  });
});
