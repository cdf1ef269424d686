import assert from 'node:assert/strict';
import { message, practice, type Json, type Practice } from './practice.ts';

describe('the metadata of Twenty', () => {
  it('names objects with their fields, and columns as this line of versions has them', async () => {
    const { get } = practice();
    const { body } = await get('metadata/objects');
    assert.equal(body.totalCount, 8);
    const target = body.data.objects.find(
      ({ nameSingular }: Json) => nameSingular === 'noteTarget',
    );
    const field = target.fields.find(({ name }: Json) => name === 'targetPerson');
    assert.equal(field.type, 'MORPH_RELATION');
    assert.equal(field.settings.joinColumnName, 'targetPersonId');
    assert.equal(field.relation.targetObjectMetadata.namePlural, 'people');
    const person = body.data.objects.find(({ nameSingular }: Json) => nameSingular === 'person');
    const names = person.fields.map(({ name }: Json) => name as string);
    for (const name of ['id', 'emails', 'company', 'noteTargets', 'searchVector']) {
      assert.ok(names.includes(name), name);
    }
    const one = await get(`metadata/objects/${person.id}`);
    assert.equal(one.body.data.object.namePlural, 'people');
  });

  it('is listed by ids, page by page', async () => {
    const { get } = practice();
    const seen: string[] = [];
    let after = '';
    do {
      const { body } = await get(`metadata/fields?limit=50&starting_after=${after}`);
      seen.push(...body.data.fields.map(({ id }: Json) => id as string));
      after = body.pageInfo.hasNextPage ? body.pageInfo.endCursor : '';
      assert.equal(body.totalCount > 60, true);
    } while (after !== '');
    assert.equal(new Set(seen).size, seen.length);
    assert.equal((await get('metadata/fields')).body.data.fields.length, 60);
  });

  it('gets a field once, and every record has it from then on', async () => {
    const given = practice();
    const objectMetadataId = await objectId(given, 'person');
    const field = { objectMetadataId, type: 'TEXT', name: 'externalId', label: 'External id' };
    const made = await given.ask('POST', 'metadata/fields', { ...field, isUnique: true });
    assert.equal(made.status, 201);
    assert.equal(made.body.data.createOneField.isUnique, true);
    const again = await given.ask('POST', 'metadata/fields', field);
    assert.equal(
      message(again),
      'Name "externalId" is not available as it is already used by another field',
    );
    await given.made('people', { externalId: 'crm-42' });
    const refused = await given.ask('POST', 'people', { externalId: 'crm-42' });
    assert.match(message(refused), /^Duplicate External id with value crm-42/);
    const { id } = made.body.data.createOneField;
    await given.ask('PATCH', `metadata/fields/${id}`, { label: 'Key', isUnique: false });
    const { body } = await given.get(`metadata/fields/${id}`);
    assert.equal(body.data.field.label, 'Key');
    assert.equal((await given.ask('POST', 'people', { externalId: 'crm-42' })).status, 201);
    const becomes = await given.ask('PATCH', `metadata/fields/${id}`, { isUnique: true });
    assert.match(message(becomes), /duplicate/);
    const gone = await given.ask('DELETE', `metadata/fields/${id}`);
    assert.equal(gone.body.data.deleteOneField.id, id);
    assert.equal((await given.ask('POST', 'people', { externalId: 'x' })).status, 400);
    assert.equal((await given.get(`metadata/fields/${id}`)).status, 404);
  });

  it('takes options with their values, and texts in quotes of their own', async () => {
    const given = practice();
    const objectMetadataId = await objectId(given, 'person');
    const select = { objectMetadataId, type: 'SELECT', name: 'tier', label: 'Tier' };
    const options = [{ value: 'GOLD', label: 'Gold', position: 0, color: 'yellow' }];
    for (const wrong of [
      select,
      { ...select, options: [{ ...options[0], value: 'gold' }] },
      { ...select, options, defaultValue: 'GOLD' },
      { ...select, options, defaultValue: "'SILVER'" },
      { ...select, options: [...options, ...options] },
      { ...select, type: 'COLOR' },
    ]) {
      const refused = await given.ask('POST', 'metadata/fields', wrong);
      assert.equal(refused.status, 400, JSON.stringify(wrong));
    }
    await given.ask('POST', 'metadata/fields', { ...select, options, defaultValue: "'GOLD'" });
    assert.equal((await given.made('people', {})).tier, 'GOLD');
    assert.equal((await given.ask('POST', 'people', { tier: 'SILVER' })).status, 400);
  });

  it('gives no name that is reserved, taken by a part, or not camel case', async () => {
    const given = practice();
    const objectMetadataId = await objectId(given, 'person');
    for (const name of ['type', 'nameFirstName', 'companyId', 'External', 'a b', 'x'.repeat(64)]) {
      const field = { objectMetadataId, type: 'TEXT', name, label: 'x' };
      assert.equal((await given.ask('POST', 'metadata/fields', field)).status, 400, name);
    }
  });

  it('gets objects of its own, with records, relations and targets', async () => {
    const given = practice();
    const names = { nameSingular: 'rocket', namePlural: 'rockets' };
    const labels = { labelSingular: 'Rocket', labelPlural: 'Rockets' };
    const made = await given.ask('POST', 'metadata/objects', { ...names, ...labels });
    assert.equal(made.status, 201);
    const { id } = made.body.data.createOneObject;
    assert.equal(
      (await given.ask('POST', 'metadata/objects', { ...names, ...labels })).status,
      400,
    );
    const relation = {
      objectMetadataId: id,
      type: 'RELATION',
      name: 'pilot',
      label: 'Pilot',
      relationCreationPayload: {
        type: 'MANY_TO_ONE',
        targetObjectMetadataId: await objectId(given, 'person'),
        targetFieldLabel: 'Rockets',
        targetFieldIcon: 'IconRocket',
      },
    };
    assert.equal((await given.ask('POST', 'metadata/fields', relation)).status, 201);
    const person = await given.made('people', {});
    const rocket = await given.made('rockets', { pilotId: person.id });
    assert.equal(rocket.name, 'Untitled');
    const note = await given.made('notes', {});
    await given.made('noteTargets', { noteId: note.id, targetRocketId: rocket.id });
    const deep = await given.get(`people/${person.id}?depth=1`);
    assert.equal(deep.body.data.person.rockets[0].id, rocket.id);
    await given.ask('DELETE', `metadata/objects/${id}`);
    assert.equal((await given.get('rockets')).status, 400);
    assert.equal((await given.ask('POST', 'noteTargets', { targetRocketId: null })).status, 400);
  });

  it('answers bare where the workspace has it so', async () => {
    const { get } = practice({ metadataAnswers: 'bare' });
    const { body } = await get('metadata/objects');
    assert.equal(Array.isArray(body.data), true);
    assert.equal((await get(`metadata/objects/${body.data[0].id}`)).body.id, body.data[0].id);
  });

  it('leaves alone what is standard', async () => {
    const given = practice();
    const person = await objectId(given, 'person');
    assert.equal((await given.ask('DELETE', `metadata/objects/${person}`)).status, 400);
    const { body } = await given.get(`metadata/objects/${person}`);
    const emails = body.data.object.fields.find(({ name }: Json) => name === 'emails');
    assert.equal((await given.ask('DELETE', `metadata/fields/${emails.id}`)).status, 400);
  });

  it('is for roles that may see it', async () => {
    const { get } = practice({ role: { dataModel: false, webhooks: false } });
    for (const path of ['objects', 'fields', 'webhooks', 'apiKeys']) {
      assert.equal((await get(`metadata/${path}`)).status, 403, path);
    }
  });
});

async function objectId({ get }: Practice, singular: string): Promise<string> {
  const { body } = await get('metadata/objects');
  return body.data.objects.find(({ nameSingular }: Json) => nameSingular === singular).id;
}
