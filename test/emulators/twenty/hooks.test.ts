import assert from 'node:assert/strict';
import { signatureOf } from '../../../runtime/emulators/twenty/hooks.ts';
import { NOBODY, practice, type Json, type Practice } from './practice.ts';

const TARGET = 'https://sync.test/hook';

interface Letter {
  readonly body: Json;
  readonly text: string;
  readonly headers: Headers;
}

function listening(given: Practice, status = 200): Letter[] {
  const letters: Letter[] = [];
  given.world.serve('https://sync.test', async (request) => {
    const text = await request.text();
    letters.push({ text, body: JSON.parse(text), headers: request.headers });
    return new Response(null, { status });
  });
  return letters;
}

describe('webhooks of Twenty', () => {
  it('tell of each change alone, with the whole record, and what of it has changed', async () => {
    const given = practice();
    const letters = listening(given);
    await given.ask('POST', 'metadata/webhooks', { targetUrl: TARGET, secret: 'hush' });
    const { id } = await given.made('people', { city: 'Eger' });
    await given.pass(2000);
    await given.ask('PATCH', `people/${id}`, { city: 'Pécs' });
    await given.pass(2000);
    await given.ask('DELETE', `people/${id}?soft_delete=true`);
    await given.pass(2000);
    await given.ask('PATCH', `people/${id}/restore`);
    await given.pass(2000);
    await given.ask('DELETE', `people/${id}`);
    await given.pass(2000);
    assert.deepEqual(
      letters.map(({ body }) => body.eventName),
      ['created', 'updated', 'deleted', 'restored', 'destroyed'].map((kind) => `person.${kind}`),
    );
    const [created, updated, deleted, , destroyed] = letters.map(({ body }) => body);
    assert.equal(created.updatedFields, undefined);
    assert.equal(created.userId, undefined);
    assert.equal(created.targetUrl, TARGET);
    assert.deepEqual(updated.updatedFields, ['city']);
    assert.equal(updated.record.city, 'Pécs');
    assert.notEqual(deleted.record.deletedAt, null);
    assert.equal(destroyed.record.id, id);
  });

  it('are signed over the time and the very body', async () => {
    const given = practice();
    const letters = listening(given);
    await given.ask('POST', 'metadata/webhooks', { targetUrl: TARGET, secret: 'hush' });
    given.hands.create('people', {});
    await given.pass(2000);
    const [{ headers, text, body }] = letters as [Letter];
    const timestamp = Number(headers.get('x-twenty-webhook-timestamp'));
    assert.equal(
      headers.get('x-twenty-webhook-signature'),
      signatureOf('hush', { timestamp, body: text }),
    );
    assert.equal(
      signatureOf('hush', { timestamp: 1, body: '{}' }),
      'ccec4e1047f9f4893f88b38e943ab9168f1ace4299f2023ee538412a0e825e42',
    );
    assert.match(headers.get('x-twenty-webhook-nonce')!, /^[0-9a-f]{32}$/);
    assert.equal(body.secret, undefined);
    assert.notEqual(body.userId, undefined);
  });

  it('tell only what was asked for, and never a second time', async () => {
    const given = practice();
    const letters = listening(given, 500);
    const operations = ['company.*', '*.destroyed'];
    await given.ask('POST', 'metadata/webhooks', { targetUrl: TARGET, operations, secret: '' });
    const person = given.hands.create('people', {});
    given.hands.create('companies', {});
    given.hands.destroy('people', person);
    await given.pass(24 * 3600 * 1000);
    assert.deepEqual(letters.map(({ body }) => body.eventName as string).toSorted(), [
      'company.created',
      'person.destroyed',
    ]);
    assert.equal(letters[0]!.headers.get('x-twenty-webhook-signature'), null);
  });

  it('do not tell what a destruction clears elsewhere, and call a resurrection an update', async () => {
    const given = practice();
    const letters = listening(given);
    const company = given.hands.create('companies', {});
    const emails = { primaryEmail: 'a@example.com' };
    const person = given.hands.create('people', { companyId: company, emails });
    given.hands.remove('people', person);
    await given.ask('POST', 'metadata/webhooks', { targetUrl: TARGET });
    await given.ask('POST', 'people?upsert=true', { emails });
    given.hands.destroy('companies', company);
    await given.pass(2000);
    assert.deepEqual(letters.map(({ body }) => body.eventName as string).toSorted(), [
      'company.destroyed',
      'person.updated',
    ]);
  });

  it('are kept as bare entities, to be changed and taken away', async () => {
    const given = practice();
    const made = await given.ask('POST', 'metadata/webhooks', { targetUrl: TARGET });
    assert.equal(made.status, 201);
    const { id, operations, secret } = made.body;
    assert.deepEqual(operations, ['*.*']);
    assert.notEqual(secret, '');
    await given.ask('PATCH', `metadata/webhooks/${id}`, { operations: ['note.*'] });
    assert.deepEqual((await given.get('metadata/webhooks')).body[0].operations, ['note.*']);
    assert.equal((await given.ask('DELETE', `metadata/webhooks/${id}`)).body, true);
    assert.equal((await given.ask('DELETE', `metadata/webhooks/${id}`)).body, false);
    assert.equal((await given.get(`metadata/webhooks/${NOBODY}`)).status, 404);
    assert.equal((await given.ask('POST', 'metadata/webhooks', { targetUrl: 'x' })).status, 400);
    const old = await given.get('webhooks');
    assert.deepEqual(old.body, []);
    assert.equal(old.headers.get('deprecation'), '@1786320000');
    assert.match(old.headers.get('link')!, /rel="successor-version"/);
  });

  it('are not sent to private addresses where those are blocked', async () => {
    const given = practice({ blocksPrivateTargets: true });
    const letters: unknown[] = [];
    given.world.serve('http://127.0.0.1', () => {
      letters.push(1);
      return new Response(null);
    });
    await given.ask('POST', 'metadata/webhooks', { targetUrl: 'http://127.0.0.1/x' });
    given.hands.create('people', {});
    await given.pass(2000);
    assert.deepEqual(letters, []);
  });
});
