import assert from 'node:assert/strict';
import { CONTACTS, practice, problemsIn, type Json } from './practice.ts';

const PROPERTIES = '/crm/properties/2026-09/contacts';
const NEW = {
  name: 'ext_id',
  label: 'External id',
  type: 'string',
  fieldType: 'text',
  groupName: 'contactinformation',
};

describe('properties of HubSpot', () => {
  it('tell what they are, also those that follow from the record itself', async () => {
    const { ask } = practice();
    const { body } = await ask('GET', '/crm/v3/properties/contacts');
    const named = (name: string): Json => (body.results as Json[]).find((one) => one.name === name);
    const inShort = (name: string) => {
      const { type, fieldType, calculated, modificationMetadata } = named(name);
      return [type, fieldType, calculated, modificationMetadata.readOnlyValue];
    };
    assert.deepEqual(inShort('email'), ['string', 'text', false, false]);
    assert.deepEqual(inShort('phone'), ['string', 'phonenumber', false, false]);
    assert.deepEqual(inShort('lifecyclestage'), ['enumeration', 'radio', false, false]);
    assert.deepEqual(inShort('lastmodifieddate'), ['datetime', 'date', false, true]);
    assert.deepEqual(inShort('hs_email_domain'), ['string', 'text', true, true]);
    assert.deepEqual(inShort('hs_is_contact'), ['bool', 'booleancheckbox', true, true]);
    assert.equal(named('associations.companies'), undefined);
    assert.deepEqual(named('lifecyclestage').options[0], {
      label: 'subscriber',
      value: 'subscriber',
      displayOrder: 0,
      hidden: false,
    });
  });

  it('can be made, used, changed and archived', async () => {
    const { ask, hands } = practice();
    const made = await ask('POST', PROPERTIES, { ...NEW, hasUniqueValue: true });
    assert.deepEqual([made.status, made.body.hasUniqueValue], [201, true]);
    hands.create('contacts', { firstname: 'A', ext_id: 'x' });
    const got = await ask('GET', `${CONTACTS}/x?idProperty=ext_id&properties=ext_id`);
    assert.equal(got.body.properties.ext_id, 'x');
    const changed = await ask('PATCH', `${PROPERTIES}/ext_id`, { label: 'Key' });
    assert.deepEqual([changed.body.label, changed.body.hasUniqueValue], ['Key', true]);
    assert.equal((await ask('DELETE', `${PROPERTIES}/ext_id`)).status, 204);
    assert.equal((await ask('GET', `${PROPERTIES}/ext_id`)).status, 404);
    const archived = await ask('GET', `${PROPERTIES}?archived=true`);
    assert.deepEqual(
      (archived.body.results as Json[]).map(({ name, archived: is }) => [name, is]),
      [['ext_id', true]],
    );
    const refused = await ask('PATCH', `${CONTACTS}/101`, { properties: { ext_id: 'y' } });
    assert.deepEqual(problemsIn(refused.body), [
      { name: 'ext_id', error: 'PROPERTY_DOESNT_EXIST' },
    ]);
    const gone = await ask('GET', `${CONTACTS}/101?properties=ext_id`);
    assert.equal(Object.hasOwn(gone.body.properties as object, 'ext_id'), false);
    await ask('POST', PROPERTIES, NEW);
    assert.equal(hands.item('contacts', '101')!.fields['ext_id'], null);
  });

  it('refuse what cannot be', async () => {
    const { ask } = practice();
    const status = async (given: object): Promise<number> =>
      (await ask('POST', PROPERTIES, { ...NEW, ...given })).status;
    assert.equal(await status({ name: 'Upper Case' }), 400);
    assert.equal(await status({ groupName: 'nowhere' }), 400);
    assert.equal(await status({ type: 'colour' }), 400);
    assert.equal(await status({ type: 'enumeration', fieldType: 'select' }), 400);
    assert.equal(await status({ name: 'email' }), 409);
    assert.equal(await status({ name: 'createdate' }), 409);
    assert.equal((await ask('DELETE', `${PROPERTIES}/email`)).status, 400);
    assert.equal((await ask('PATCH', `${PROPERTIES}/email`, { label: 'A' })).status, 400);
    for (let index = 0; index < 10; index += 1) {
      assert.equal(await status({ name: `key_${index}`, hasUniqueValue: true }), 201);
    }
    assert.equal(await status({ name: 'one_more', hasUniqueValue: true }), 400);
    assert.equal(await status({ name: 'one_more' }), 201);
  });

  it('have options that can be changed, and values of options that are no more stay', async () => {
    const { ask, hands } = practice();
    const option = (value: string) => ({ label: value.toUpperCase(), value, hidden: false });
    await ask('POST', PROPERTIES, {
      ...NEW,
      name: 'size',
      type: 'enumeration',
      fieldType: 'select',
      options: [option('s'), option('m')],
    });
    hands.create('contacts', { firstname: 'A', size: 's' });
    const { body } = await ask('PATCH', `${PROPERTIES}/size`, {
      options: [option('m'), option('l')],
    });
    assert.deepEqual(
      (body.options as Json[]).map(({ label }) => label as string),
      ['M', 'L'],
    );
    const got = await ask('GET', `${CONTACTS}/101?properties=size`);
    assert.equal(got.body.properties.size, 's');
    const patch = async (size: string): Promise<number> =>
      (await ask('PATCH', `${CONTACTS}/101`, { properties: { size } })).status;
    assert.deepEqual([await patch('s'), await patch('l')], [400, 200]);
  });

  it('turn their values into another type', async () => {
    const { ask, hands } = practice();
    await ask('POST', PROPERTIES, { ...NEW, name: 'age' });
    hands.create('contacts', { firstname: 'A', age: '42' });
    hands.create('contacts', { firstname: 'B', age: 'old' });
    const { body } = await ask('PATCH', `${PROPERTIES}/age`, {
      type: 'number',
      fieldType: 'number',
    });
    assert.equal(body.type, 'number');
    assert.deepEqual(
      hands.items('contacts').map(({ fields }) => fields['age']),
      [42, null],
    );
  });

  it('come in batches and in groups', async () => {
    const { ask } = practice();
    const groups = `${PROPERTIES}/groups`;
    assert.equal((await ask('POST', groups, { name: 'sync', label: 'Sync' })).status, 201);
    assert.equal((await ask('POST', groups, { name: 'sync', label: 'Sync' })).status, 409);
    const inputs = ['a', 'b'].map((name) => ({ ...NEW, name, groupName: 'sync' }));
    const made = await ask('POST', `${PROPERTIES}/batch/create`, { inputs });
    assert.deepEqual([made.status, made.body.results.length], [200, 2]);
    assert.equal((await ask('DELETE', `${groups}/sync`)).status, 400);
    const read = await ask('POST', `/crm/v3/properties/contacts/batch/read`, {
      inputs: [{ name: 'a' }, { name: 'nope' }],
    });
    assert.deepEqual([read.status, read.body.numErrors], [207, 1]);
    const names = { inputs: inputs.map(({ name }) => ({ name })) };
    assert.equal((await ask('POST', `${PROPERTIES}/batch/archive`, names)).status, 204);
    assert.equal((await ask('PATCH', `${groups}/sync`, { label: 'Other' })).body.label, 'Other');
    assert.equal((await ask('DELETE', `${groups}/sync`)).status, 204);
    assert.equal((await ask('GET', `${groups}/sync`)).status, 404);
    assert.equal((await ask('GET', groups)).body.results.length, 1);
  });

  it('say what an admin wants of their values', async () => {
    const { ask } = practice({ phoneValidation: true });
    const rules = '/crm/property-validations/2026-09/0-1';
    const { body } = await ask('GET', `${rules}/phone`);
    assert.equal(body.results[0].shouldApplyNormalization, true);
    assert.deepEqual((await ask('GET', `${rules}/city`)).body.results, []);
    const all = await ask('GET', '/crm/v3/property-validations/0-1');
    assert.deepEqual(
      (all.body.results as Json[]).map(({ propertyName }) => propertyName as string),
      ['phone', 'mobilephone'],
    );
  });

  it('may be six hundred, which a batch can read and an address cannot', async () => {
    const fields = Array.from({ length: 600 }, (_, index) => ({
      path: `a_rather_long_custom_property_${index}`,
      type: 'text' as const,
    }));
    const { ask, hands } = practice({ properties: { contacts: fields } });
    hands.create('contacts', { firstname: 'A', [fields[599]!.path]: 'x' });
    const names = fields.map(({ path }) => path);
    assert.equal((await ask('GET', `${CONTACTS}?properties=${names.join(',')}`)).status, 414);
    const { body } = await ask('POST', `${CONTACTS}/batch/read`, {
      inputs: [{ id: '101' }],
      properties: names,
    });
    assert.equal(Object.keys(body.results[0].properties as object).length, 603);
  });
});
