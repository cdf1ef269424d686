import assert from 'node:assert/strict';
import { customField } from '../../../runtime/emulators/twenty/fields.ts';
import { message, NOBODY, practice, query, type Json } from './practice.ts';

const ADA = { name: { firstName: 'Ada', lastName: 'Byron' } };

describe('records of Twenty', () => {
  it('are created whole, with what is empty shown as the line of versions has it', async () => {
    const older = practice({ line: '1.x' });
    const made = await older.made('people', {
      ...ADA,
      emails: { primaryEmail: 'Ada@Example.com', additionalEmails: [] },
      phones: { primaryPhoneNumber: '+33612345678' },
      jobTitle: 'CTO',
    });
    assert.deepEqual(made.emails, { primaryEmail: 'ada@example.com', additionalEmails: [] });
    assert.deepEqual(made.phones, {
      primaryPhoneNumber: '612345678',
      primaryPhoneCountryCode: 'FR',
      primaryPhoneCallingCode: '+33',
      additionalPhones: null,
    });
    assert.equal(made.city, '');
    assert.equal(made.linkedinLink.primaryLinkUrl, '');
    assert.equal(made.deletedAt, null);
    assert.deepEqual(made.createdBy, {
      source: 'API',
      workspaceMemberId: null,
      name: 'sync key',
      context: {},
    });
    const newer = await practice().made('people', ADA);
    assert.equal(newer.city, null);
    assert.equal(newer.linkedinLink.primaryLinkUrl, null);
  });

  it('are found by the plural name of their object only', async () => {
    const { get } = practice();
    const wrong = await get('person');
    assert.equal(wrong.status, 400);
    assert.equal(message(wrong), "object 'person' not found. Did you mean 'people'?");
    assert.match(message(await get('persons')), /eg: companies$/);
    assert.equal(wrong.body.statusCode, 400);
    assert.equal(wrong.body.error, 'BadRequestException');
  });

  it('answer 404 when unknown or deleted, and 400 when the id is none', async () => {
    const { get, made, ask } = practice();
    assert.equal(message(await get(`people/${NOBODY}`)), 'Record not found');
    assert.equal(message(await get('people/abc')), "'abc' is not a valid UUID");
    const { id } = await made('people', ADA);
    await ask('DELETE', `people/${id}?soft_delete=true`);
    assert.equal((await get(`people/${id}`)).status, 404);
    assert.equal((await ask('PATCH', `people/${id}`, { city: 'x' })).status, 404);
    assert.equal((await ask('DELETE', `people/${id}?soft_delete=true`)).status, 404);
  });

  it('are destroyed by DELETE unless it says the one word', async () => {
    const { made, ask, hands } = practice();
    const [one, other] = [await made('people', ADA), await made('people', ADA)];
    const destroyed = await ask('DELETE', `people/${one.id}`);
    assert.deepEqual(destroyed.body, { data: { deletePerson: { id: one.id } } });
    assert.equal(hands.item('people', one.id), undefined);
    const deleted = await ask('DELETE', `people/${other.id}?soft_delete=true`);
    assert.deepEqual(deleted.body, { data: { deletePerson: { id: other.id } } });
    assert.equal(hands.item('people', other.id)?.archived, true);
    const older = practice({ softDeleteParameter: 'softDelete' });
    const third = await older.made('people', ADA);
    await older.ask('DELETE', `people/${third.id}?soft_delete=true`);
    assert.equal(older.hands.item('people', third.id), undefined);
  });

  it('are all destroyed, and all changed, by a request that does not say which', async () => {
    const { made, ask, hands, get } = practice();
    await made('people', ADA);
    await made('people', ADA);
    const changed = await ask('PATCH', 'people', { city: 'Pécs' });
    assert.equal(changed.body.data.updatePeople.length, 2);
    assert.equal((await get('people?filter=city[eq]:Pécs')).body.totalCount, 2);
    const gone = await ask('DELETE', 'people');
    assert.equal(gone.body.data.deletePeople.length, 2);
    assert.deepEqual(hands.items('people'), []);
  });

  it('are changed and deleted as many as the filter finds', async () => {
    const { made, ask, hands } = practice();
    const [one, other] = [await made('people', ADA), await made('people', ADA)];
    const path = `people?filter=id[in]:["${one.id}"]`;
    const changed = await ask('PATCH', path, { city: 'Pécs' });
    assert.deepEqual(
      changed.body.data.updatePeople.map(({ id, city }: Json) => [id, city]),
      [[one.id, 'Pécs']],
    );
    await ask('DELETE', `${path}&soft_delete=true`);
    assert.deepEqual(
      hands.items('people').map(({ id }) => id),
      [other.id],
    );
  });

  it('are restored where the line of versions has it, alone only in the newer one', async () => {
    const newer = practice();
    const one = await newer.made('people', ADA);
    await newer.ask('DELETE', `people/${one.id}?soft_delete=true`);
    const back = await newer.ask('PATCH', `people/${one.id}/restore`);
    assert.equal(back.body.data.restorePerson.deletedAt, null);
    await newer.ask('DELETE', `people/${one.id}?soft_delete=true`);
    const many = await newer.ask('PATCH', 'people/restore');
    assert.equal(many.body.data.restorePeople[0].id, one.id);
    assert.equal((await newer.ask('PATCH', `restore/people/${one.id}`)).status, 400);

    const older = practice({ line: '1.x' });
    const two = await older.made('people', ADA);
    await older.ask('DELETE', `people/${two.id}?soft_delete=true`);
    assert.equal((await older.ask('PATCH', `people/${two.id}/restore`)).status, 400);
    assert.equal((await older.ask('PATCH', `restore/people/${two.id}`)).status, 400);
    const found = await older.ask('PATCH', `restore/people?filter=id[eq]:${two.id}`);
    assert.equal(found.body.data.restorePeople[0].id, two.id);
  });

  it('keep their unique values when they are deleted, until they are destroyed', async () => {
    const { made, ask, get } = practice();
    const emails = { primaryEmail: 'ada@example.com' };
    const { id } = await made('people', { ...ADA, emails });
    await ask('DELETE', `people/${id}?soft_delete=true`);
    const refused = await ask('POST', 'people', { emails: { primaryEmail: 'ADA@example.com' } });
    assert.equal(refused.status, 400);
    assert.deepEqual(refused.body, {
      statusCode: 400,
      error: 'UserInputError',
      messages: ['Duplicate Emails with value ada@example.com. Please set a unique one.'],
    });
    const filter = 'and(emails.primaryEmail[eq]:"ada@example.com",deletedAt[is]:NOT_NULL)';
    assert.equal((await get(`people${query({ filter })}`)).body.data.people[0].id, id);
    await ask('DELETE', `people/${id}`);
    await made('people', { emails });
    await made('people', { emails: { primaryEmail: '' } });
    await made('people', { emails: { primaryEmail: '' } });
  });

  it('come with an id of their own, once', async () => {
    const { made, ask } = practice();
    assert.equal((await made('people', { id: NOBODY })).id, NOBODY);
    const again = await ask('POST', 'people', { id: NOBODY });
    assert.match(message(again), /duplicate entry/);
    assert.equal((await ask('POST', 'people', { id: 'x' })).status, 400);
    assert.equal((await ask('PATCH', `people/${NOBODY}`, { id: NOBODY, city: 'x' })).status, 200);
  });

  it('are created in batches as a whole or not at all', async () => {
    const { ask, hands } = practice();
    const one = { emails: { primaryEmail: 'a@example.com' } };
    const failed = await ask('POST', 'batch/people', [ADA, one, one]);
    assert.match(message(failed), /^Duplicate Emails/);
    assert.deepEqual(hands.items('people'), []);
    const made = await ask('POST', 'batch/people', [ADA, one]);
    assert.equal(made.status, 201);
    const emails = made.body.data.createPeople.map((person: Json) => person.emails.primaryEmail);
    assert.deepEqual(emails, [null, 'a@example.com']);
    const tooMany = await ask(
      'POST',
      'batch/people',
      Array.from({ length: 201 }, () => ADA),
    );
    assert.equal(message(tooMany), 'Maximum number of records to upsert is 200.');
    const smaller = practice({ batchMax: 60 });
    const many = Array.from({ length: 61 }, () => ADA);
    assert.equal((await smaller.ask('POST', 'batch/people', many)).status, 400);
  });

  it('are brought back to life by an upsert that matches them, and stay who made them', async () => {
    const { hands, ask } = practice();
    const id = hands.create('people', { ...ADA, emails: { primaryEmail: 'ada@example.com' } });
    hands.remove('people', id);
    const body = [{ emails: { primaryEmail: 'Ada@example.com' }, city: 'Eger' }];
    const { body: answer } = await ask('POST', 'batch/people?upsert=true', body);
    const [person] = answer.data.createPeople;
    assert.equal(person.id, id);
    assert.equal(person.deletedAt, null);
    assert.equal(person.city, 'Eger');
    assert.equal(person.createdBy.source, 'MANUAL');
    assert.equal(hands.items('people').length, 1);
  });

  it('are not upserted when two of them are meant, nor twice in one batch', async () => {
    const { made, ask, hands } = practice();
    const emails = { primaryEmail: 'b@example.com' };
    const [one, other] = [await made('people', ADA), await made('people', { emails })];
    const refused = await ask('POST', 'people?upsert=true', { id: one.id, emails });
    assert.match(message(refused), /^Multiple records found with the same unique field values/);
    const fresh = { emails: { primaryEmail: 'c@example.com' } };
    assert.match(
      message(await ask('POST', 'batch/people?upsert=true', [fresh, fresh])),
      /Duplicate/,
    );
    await ask('POST', 'people?upsert=true', { emails, city: 'Győr' });
    assert.equal(hands.item('people', other.id)?.fields['city'], 'Győr');
  });

  it('take no field that they do not have, and lead to nothing that is not there', async () => {
    const { ask } = practice();
    const unknown = await ask('POST', 'people', { nick: 'Ada' });
    assert.equal(message(unknown), 'Object person doesn\'t have any "nick" field.');
    const nowhere = await ask('POST', 'people', { companyId: NOBODY });
    assert.equal(nowhere.status, 500);
    assert.equal((await ask('POST', 'people', { companyId: 'acme' })).status, 400);
    assert.equal((await ask('POST', 'people', [ADA])).status, 400);
    assert.equal((await ask('POST', 'companies', { domainName: { href: 'x' } })).status, 400);
  });

  it('move their time also when nothing changes', async () => {
    const { made, ask, pass } = practice();
    const { id, updatedAt } = await made('people', ADA);
    await pass(1000);
    const { body } = await ask('PATCH', `people/${id}`, ADA);
    assert.equal(Date.parse(body.data.updatePerson.updatedAt) - Date.parse(updatedAt), 1000);
  });

  it('lose silently what led to a destroyed one, and nothing when it was only deleted', async () => {
    const { made, ask, get, pass } = practice();
    const company = await made('companies', { name: 'Acme' });
    const person = await made('people', { ...ADA, companyId: company.id });
    await pass(1000);
    await ask('DELETE', `companies/${company.id}?soft_delete=true`);
    assert.equal((await get(`people/${person.id}`)).body.data.person.companyId, company.id);
    await ask('DELETE', `companies/${company.id}`);
    const { companyId, updatedAt } = (await get(`people/${person.id}`)).body.data.person;
    assert.deepEqual([companyId, updatedAt], [null, person.updatedAt]);
  });

  it('do not move their time when they are deleted and restored, unless the account does', async () => {
    for (const [deletingMovesTime, moved] of [
      [false, 0],
      [true, 1000],
    ] as const) {
      const { made, ask, pass } = practice({ deletingMovesTime });
      const { id, updatedAt } = await made('people', ADA);
      await ask('DELETE', `people/${id}?soft_delete=true`);
      await pass(1000);
      const { body } = await ask('PATCH', `people/${id}/restore`);
      const { updatedAt: after } = body.data.restorePerson;
      assert.equal(Date.parse(after) - Date.parse(updatedAt), moved);
    }
  });

  it('show what they lead to one step deep, and no deeper', async () => {
    const { made, get } = practice();
    const company = await made('companies', { name: 'Acme' });
    const person = await made('people', { ...ADA, companyId: company.id });
    const note = await made('notes', { title: 'Call', bodyV2: { markdown: 'Said yes' } });
    const target = await made('noteTargets', { noteId: note.id, targetPersonId: person.id });
    const { body } = await get(`people/${person.id}?depth=1`);
    assert.equal(body.data.person.company.name, 'Acme');
    assert.deepEqual(
      body.data.person.noteTargets.map(({ id, noteId }: Json) => [id, noteId]),
      [[target.id, note.id]],
    );
    assert.equal(body.data.person.noteTargets[0].note, undefined);
    const flat = await get(`people/${person.id}`);
    assert.equal(flat.body.data.person.company, undefined);
    assert.match(message(await get('people?depth=2')), /^'depth=2' parameter invalid/);
  });

  it('name what notes are about as the line of versions has it, once for each', async () => {
    const newer = practice();
    const [note, person] = [await newer.made('notes', {}), await newer.made('people', ADA)];
    await newer.made('noteTargets', { noteId: note.id, targetPersonId: person.id });
    const twice = await newer.ask('POST', 'noteTargets', {
      noteId: note.id,
      targetPersonId: person.id,
    });
    assert.match(message(twice), /^A duplicate entry was detected/);
    assert.equal((await newer.ask('POST', 'noteTargets', { personId: person.id })).status, 400);
    const older = practice({ line: '1.x' });
    const someone = await older.made('people', ADA);
    await older.made('taskTargets', { personId: someone.id });
    assert.equal(
      (await older.ask('POST', 'taskTargets', { targetPersonId: someone.id })).status,
      400,
    );
  });

  it('forget flat which note they are of once it is deleted, and know it one step deep', async () => {
    const { made, ask, get } = practice();
    const [note, person] = [await made('notes', {}), await made('people', ADA)];
    const { id } = await made('noteTargets', { noteId: note.id, targetPersonId: person.id });
    await ask('DELETE', `notes/${note.id}?soft_delete=true`);
    assert.equal((await get(`noteTargets/${id}`)).body.data.noteTarget.noteId, null);
    assert.equal((await get(`noteTargets/${id}?depth=1`)).body.data.noteTarget.noteId, note.id);
  });

  it('are connected by what is unique in the newer line', async () => {
    const { made, ask } = practice();
    const company = await made('companies', {
      domainName: { primaryLinkUrl: 'https://ACME.example/' },
    });
    const where = { domainName: { primaryLinkUrl: 'https://acme.example' } };
    const person = await made('people', { ...ADA, company: { connect: { where } } });
    assert.equal(person.companyId, company.id);
    const nobody = { domainName: { primaryLinkUrl: 'https://other.example' } };
    const refused = await ask('POST', 'people', { company: { connect: { where: nobody } } });
    assert.match(message(refused), /^Expected 1 record to connect to company, but found 0/);
  });

  it('are merged into the one that counts, and the others are deleted', async () => {
    const { made, ask, hands } = practice();
    const company = await made('companies', { name: 'Acme' });
    const one = await made('people', { ...ADA, emails: { primaryEmail: 'a@example.com' } });
    const other = await made('people', {
      city: 'Eger',
      emails: { primaryEmail: 'b@example.com', additionalEmails: ['c@example.com'] },
      companyId: company.id,
    });
    const opportunity = await made('opportunities', { name: 'x', pointOfContactId: one.id });
    const merging = { ids: [one.id, other.id], conflictPriorityIndex: 1 };
    const preview = await ask('PATCH', 'people/merge', { ...merging, dryRun: true });
    assert.notEqual(preview.body.data.mergePerson.deletedAt, null);
    assert.equal(hands.items('people').length, 2);
    const { body } = await ask('PATCH', 'people/merge', merging);
    const { mergePerson } = body.data;
    assert.equal(mergePerson.id, other.id);
    assert.deepEqual(mergePerson.emails, {
      primaryEmail: 'b@example.com',
      additionalEmails: ['c@example.com', 'a@example.com'],
    });
    assert.deepEqual(mergePerson.name, ADA.name);
    assert.equal(hands.item('people', one.id)?.archived, true);
    const { fields } = hands.item('opportunities', opportunity.id)!;
    assert.equal(fields['pointOfContactId'], other.id);
    for (const wrong of [
      { ids: [other.id], conflictPriorityIndex: 0 },
      { ids: [other.id, NOBODY], conflictPriorityIndex: 2 },
    ]) {
      assert.equal((await ask('PATCH', 'people/merge', wrong)).status, 400);
    }
  });

  it('are found as duplicates by what they are known by', async () => {
    const { made, ask } = practice();
    const one = await made('people', ADA);
    const other = await made('people', ADA);
    await made('people', { name: { firstName: 'Al', lastName: 'Xy' } });
    const { body } = await ask('POST', 'people/duplicates', { ids: [one.id] });
    assert.equal(body.data[0].totalCount, 1);
    assert.equal(body.data[0].personDuplicates[0].id, other.id);
    const short = { data: [{ name: { firstName: 'Al', lastName: 'Xy' } }] };
    assert.equal((await ask('POST', 'people/duplicates', short)).body.data[0].totalCount, 0);
    assert.equal((await ask('POST', 'people/duplicates', {})).status, 400);
  });

  it('match by custom fields that are unique, as the account has them from the beginning', async () => {
    const fields = { people: [customField('externalId', 'TEXT', { unique: true })] };
    const { made, ask, hands } = practice({ fields });
    const { id } = await made('people', { ...ADA, externalId: 'crm-42' });
    const upserted = await ask('POST', 'people?upsert=true', { externalId: 'crm-42', city: 'x' });
    assert.equal(upserted.body.data.createPerson.id, id);
    assert.equal(hands.items('people').length, 1);
  });

  it('keep for themselves what they took over, also when the others are destroyed', async () => {
    const { made, ask } = practice();
    const emails = { primaryEmail: 'a@example.com' };
    const [one, other] = [await made('people', { emails }), await made('people', ADA)];
    const merging = { ids: [one.id, other.id], conflictPriorityIndex: 1 };
    const { body } = await ask('PATCH', 'people/merge', merging);
    assert.equal(body.data.mergePerson.emails.primaryEmail, 'a@example.com');
    await ask('DELETE', `people/${one.id}`);
    assert.match(message(await ask('POST', 'people', { emails })), /^Duplicate Emails/);
  });

  it('fail as a whole when the database is busy', async () => {
    const { ask, hands } = practice({}, () => ({ kind: 'busy', items: [1] }));
    assert.equal((await ask('POST', 'batch/people', [ADA, ADA])).status, 500);
    assert.deepEqual(hands.items('people'), []);
  });

  it('of members of the workspace are only to read', async () => {
    const { ask, hands, get } = practice();
    hands.create('workspaceMembers', { userEmail: 'ada@example.test' });
    assert.equal((await get('workspaceMembers')).body.totalCount, 1);
    assert.equal((await ask('POST', 'workspaceMembers', {})).status, 403);
  });
});
