import assert from 'node:assert/strict';
import { OLD, type AccountOptions } from '../../../runtime/emulators/rest/options.ts';
import { NOBODY, practice, type Asked, type Json } from './practice.ts';

type Options = Partial<AccountOptions>;

describe('a create of an app', () => {
  it('answers the item, its id alone, or where it is', async () => {
    const answered = async (options: Options): Promise<Asked> => {
      const { ask } = practice({ ids: 'integer', ...options });
      return ask('POST', 'contacts', { lastName: 'Nagy', firstName: 'Anna' });
    };
    const item = await answered({});
    assert.deepEqual([item.status, item.body.fullName], [201, 'Anna Nagy']);
    const id = await answered({ writeAnswers: 'id', called: { id: 'key' } });
    assert.deepEqual([id.status, id.body], [201, { key: 1 }]);
    const location = await answered({ writeAnswers: 'location', location: 'url' });
    assert.deepEqual(
      [location.status, location.body, location.headers.get('location')],
      [204, '', 'https://app.test/apps/app/contacts/1'],
    );
  });

  it('keeps values as they were sent', async () => {
    const { ask, hands } = practice();
    const companyId = hands.create('companies', { name: 'Kft.' });
    const person = {
      firstName: 'Anna',
      lastName: 'Nagy',
      email: 'Anna@Example.com',
      phone: '06-30/123',
      birthday: '1990-02-28',
      stage: 'lead',
      tags: ['vip', 'partner'],
      blocked: false,
      score: 7,
      address: { street: null, postalCode: '3300', city: 'Eger', country: 'HU' },
      companyId,
      externalId: 'hub:1',
    };
    const { body } = await ask('POST', 'contacts', person);
    const {
      id: _id,
      fullName: _name,
      createdAt,
      updatedAt: _at,
      version: _v,
      deletedAt: _d,
      ...rest
    } = body;
    assert.deepEqual(rest, person);
    assert.equal(createdAt, '2026-01-01T00:00:00.000Z');
    assert.equal(hands.items('contacts')[0]!.fields['address.city'], 'Eger');
  });

  it('is checked against the document, and the member that does not fit is named', async () => {
    const { ask, hands } = practice();
    const rows: readonly [object, string][] = [
      [{}, 'lastName'],
      [{ lastName: '' }, 'lastName'],
      [{ lastName: null }, 'lastName'],
      [{ lastName: 'x'.repeat(81) }, 'lastName'],
      [{ email: 'anna' }, 'email'],
      [{ email: 7 }, 'email'],
      [{ birthday: '2026-02-30' }, 'birthday'],
      [{ stage: 'other' }, 'stage'],
      [{ tags: null }, 'tags'],
      [{ tags: 'vip' }, 'tags'],
      [{ tags: ['vip', 'x'] }, 'tags.1'],
      [{ tags: ['vip', 'vip'] }, 'tags'],
      [{ blocked: 'true' }, 'blocked'],
      [{ score: 7.5 }, 'score'],
      [{ score: 101 }, 'score'],
      [{ score: -1 }, 'score'],
      [{ address: null }, 'address'],
      [{ address: { country: 'hu' } }, 'address.country'],
      [{ address: { planet: 'Earth' } }, 'address.planet'],
      [{ companyId: 'x' }, 'companyId'],
      [{ companyId: NOBODY }, 'companyId'],
      [{ nickname: 'x' }, 'nickname'],
      [{ fullName: 'x' }, 'fullName'],
      [{ id: NOBODY }, 'id'],
      [{ toString: 'x' }, 'toString'],
    ];
    for (const [sent, path] of rows) {
      const whole = path === 'lastName' ? sent : { lastName: 'Nagy', ...sent };
      const { status, body } = await ask('POST', 'contacts', whole);
      const text = JSON.stringify(sent);
      assert.deepEqual([status, body.errors?.[0].path], [422, path], text);
    }
    assert.deepEqual(hands.items('contacts'), []);
  });

  it('ignores what it does not know, or may not be written, where the app does', async () => {
    for (const schemas of ['shared', 'apart'] as const) {
      const { ask } = practice({ unknown: 'ignore', schemas });
      const sent = { lastName: 'a', nickname: 'x', fullName: 'x', version: 9, address: { x: 1 } };
      const { status, body } = await ask('POST', 'contacts', sent);
      assert.deepEqual([status, body.fullName, body.version], [201, 'a', 1]);
      assert.equal((await ask('GET', 'contacts?nonsense=1')).body.items.length, 1);
    }
    const strict = practice({ schemas: 'shared' });
    const { body } = await strict.ask('POST', 'contacts', { lastName: 'a', version: 9 });
    assert.deepEqual([body.status, body.errors[0].path], [422, 'version']);
  });

  it('says what is wrong in the form of the app', async () => {
    const said = async (errors: Exclude<AccountOptions['errors'], undefined>): Promise<Asked> => {
      const { ask } = practice({ errors, invalid: 400 });
      return ask('POST', 'contacts', { lastName: 'a', address: { city: 7 } });
    };
    const [path, message] = ['address.city', 'address.city must be string or null.'];
    const problem = await said('problem');
    assert.match(problem.headers.get('content-type')!, /^application\/problem\+json/);
    assert.deepEqual(problem.body, {
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: message,
      errors: [{ path, message }],
    });
    assert.deepEqual((await said('list')).body, { errors: [{ field: path, message }] });
    assert.deepEqual((await said('pointer')).body, {
      statusCode: 400,
      error: 'Bad Request',
      message,
      errors: [{ instancePath: '/address/city', message }],
    });
    assert.deepEqual((await said('message')).body, { message, path });
    assert.deepEqual((await said('error')).body, { error: message, field: path });
  });

  it('refuses what another item has, and says which one, as far as the app tells', async () => {
    const conflict = async (options: Options): Promise<Json> => {
      const { ask, hands } = practice({ ids: 'integer', errors: 'message', ...options });
      hands.create('contacts', { [lastNameIn(options)]: 'a', email: 'Ann@example.com' });
      const sent = { [lastNameIn(options)]: 'b', email: 'ann@example.com' };
      const { status, body } = await ask('POST', 'contacts', sent);
      return { status, ...body };
    };
    const plain = { status: 409, message: 'email is taken.', path: 'email' };
    assert.deepEqual(await conflict({}), { ...plain, existingId: 1 });
    assert.deepEqual(await conflict({ names: 'snake_case' }), { ...plain, existing_id: 1 });
    assert.deepEqual(await conflict({ existing: 'id' }), { ...plain, id: 1 });
    assert.deepEqual(await conflict({ existing: 'none' }), plain);
    assert.equal((await conflict({ unique: {} })).status, 201);
    const { ask, hands } = practice();
    const hidden = hands.create('contacts', { lastName: 'a', email: 'a@example.com' });
    hands.hide('contacts', [hidden], true);
    const unseen = await ask('POST', 'contacts', { lastName: 'b', email: 'a@example.com' });
    assert.deepEqual([unseen.status, unseen.body.existingId], [409, undefined]);
    const marked = practice({ unique: { notes: ['externalId'] } });
    const note = { text: 'a', externalId: 'x' };
    const both = [await marked.ask('POST', 'notes', note), await marked.ask('POST', 'notes', note)];
    assert.deepEqual(
      both.map(({ status }) => status),
      [201, 409],
    );
  });

  it('happens once with a key, and answers the same again', async () => {
    const { ask, hands, pass } = practice();
    const key = { 'idempotency-key': 'k' };
    const first = await ask('POST', 'notes', { text: 'a' }, key);
    hands.edit('notes', first.body.id, { text: 'b' });
    const second = await ask('POST', 'notes', { text: 'a' }, key);
    assert.deepEqual([second.status, second.body], [201, first.body]);
    assert.equal((await ask('POST', 'notes', { text: 'c' }, key)).status, 422);
    assert.equal(
      (await ask('POST', 'companies', { name: 'c' }, key)).status,
      201,
      'of another path',
    );
    assert.equal(hands.items('notes').length, 1);
    await ask('POST', 'notes', { text: 'a' });
    assert.equal(hands.items('notes').length, 2, 'without a key');
    await pass(86_400_000);
    assert.notEqual((await ask('POST', 'notes', { text: 'a' }, key)).body.id, first.body.id);
  });

  it('takes a key that was used for something else, or knows no keys, as the app likes', async () => {
    const key = { 'idempotency-key': 'k' };
    for (const [idempotencyKey, count] of [
      ['anyBody', 1],
      ['none', 2],
    ] as const) {
      const { ask, hands } = practice({ idempotencyKey });
      assert.equal((await ask('POST', 'notes', { text: '' }, key)).status, 422, 'and is not kept');
      const first = await ask('POST', 'notes', { text: 'a' }, key);
      const second = await ask('POST', 'notes', { text: 'b' }, key);
      assert.deepEqual([first.status, second.status], [201, 201]);
      assert.equal(second.body.text, idempotencyKey === 'anyBody' ? 'a' : 'b');
      assert.equal(hands.items('notes').length, count);
    }
  });

  it('takes JSON that says so, up to a size', async () => {
    const { ask } = practice({ bodyBytesMax: 40 });
    assert.equal((await ask('POST', 'notes', '{"text":')).status, 400);
    assert.equal((await ask('POST', 'notes', '[]')).status, 422);
    assert.equal(
      (await ask('POST', 'notes', 'text=a', { 'content-type': 'text/plain' })).status,
      415,
    );
    assert.equal((await ask('POST', 'notes', { text: 'x'.repeat(29) })).status, 201);
    assert.equal((await ask('POST', 'notes', { text: 'x'.repeat(30) })).status, 413);
    assert.equal((await ask('POST', 'notes', { text: 'ő'.repeat(15) })).status, 413, 'in bytes');
  });
});

describe('an update of an app', () => {
  it('changes what is sent with PATCH, and all with PUT', async () => {
    const { ask, hands } = practice({ update: 'both' });
    const sent = { lastName: 'a', phone: '1', score: 7, tags: ['vip'], address: { city: 'Eger' } };
    const { id } = (await ask('POST', 'contacts', sent)).body;
    const patched = await ask('PATCH', `contacts/${id}`, { phone: null, tags: [] });
    assert.deepEqual(
      [patched.body.phone, patched.body.score, patched.body.tags, patched.body.address.city],
      [null, 7, [], 'Eger'],
    );
    assert.equal((await ask('PUT', `contacts/${id}`, { phone: '2' })).status, 422, 'no last name');
    const put = await ask('PUT', `contacts/${id}`, { lastName: 'b', phone: '2' });
    assert.deepEqual(
      [put.body.fullName, put.body.phone, put.body.score, put.body.address.city],
      ['b', '2', null, null],
    );
    assert.equal(hands.items('contacts')[0]!.fields['score'], null);
    for (const [update, other] of [
      ['patch', 'PUT'],
      ['put', 'PATCH'],
    ] as const) {
      const alone = practice({ update });
      const one = alone.hands.create('contacts', { lastName: 'a' });
      assert.equal((await alone.ask(other, `contacts/${one}`, { lastName: 'b' })).status, 405);
    }
  });

  it('replaces an object within, or adds to it', async () => {
    for (const [patchWithin, street] of [
      ['replaces', null],
      ['merges', 'Fő tér 1'],
    ] as const) {
      const { ask } = practice({ patchWithin });
      const address = { street: 'Fő tér 1', city: 'Eger' };
      const { id } = (await ask('POST', 'contacts', { lastName: 'a', address })).body;
      const { body } = await ask('PATCH', `contacts/${id}`, { address: { city: 'Pécs' } });
      assert.deepEqual([body.address.street, body.address.city], [street, 'Pécs'], patchWithin);
    }
  });

  it('is refused when the ETag is not that of the item any more', async () => {
    const { ask, get, hands } = practice();
    const id = hands.create('notes', { text: 'a' });
    const etag = (await get(`notes/${id}`)).headers.get('etag')!;
    const write = async (text: string, ifMatch: string): Promise<number> =>
      (await ask('PATCH', `notes/${id}`, { text }, { 'if-match': ifMatch })).status;
    assert.equal(await write('b', '"other"'), 412);
    assert.equal(await write('b', `"other", ${etag}`), 200);
    assert.equal(await write('c', etag), 412);
    assert.equal(await write('c', '*'), 200);
    assert.equal((await ask('PATCH', `notes/${id}`, { text: 'd' })).headers.get('etag'), null);
    const careless = practice({ ifMatch: false });
    const other = careless.hands.create('notes', { text: 'a' });
    const sent = await careless.ask(
      'PATCH',
      `notes/${other}`,
      { text: 'b' },
      { 'if-match': '"x"' },
    );
    assert.equal(sent.status, 200, 'nobody looks at it');
  });

  it('that changes nothing moves nothing', async () => {
    const { ask, hands, pass } = practice();
    const id = hands.create('notes', { text: 'a' });
    await pass(1000);
    const { body } = await ask('PATCH', `notes/${id}`, { text: 'a' });
    assert.deepEqual([body.version, body.updatedAt], [1, '2026-01-01T00:00:00.000Z']);
  });

  it('answers as the app answers, and finds nothing that is deleted, merged away or hidden', async () => {
    const { ask, hands } = practice({ ...OLD, gone: 410, writeAnswers: 'location' });
    const [deleted, merged, hidden, live] = Array.from('abcd').map((text) =>
      hands.create('notes', { text }),
    ) as [string, string, string, string];
    hands.remove('notes', deleted);
    hands.merge('notes', merged, live);
    hands.hide('notes', [hidden], true);
    for (const id of [deleted, merged, hidden, '99']) {
      assert.equal((await ask('PUT', `notes/${id}`, { text: 'x' })).status, 410);
      assert.equal((await ask('DELETE', `notes/${id}`)).status, 410);
    }
    const { status, body } = await ask('PUT', `notes/${live}`, { text: 'x' });
    assert.deepEqual([status, body], [204, '']);
  });

  it('may refer to nothing where nobody checks', async () => {
    const { ask } = practice({ checksReferences: false });
    const { status, body } = await ask('POST', 'notes', { text: 'a', contactId: NOBODY });
    assert.deepEqual([status, body.contactId], [201, NOBODY]);
  });
});

describe('a delete of an app', () => {
  it('is for good, or can be taken back unless somebody has the value now', async () => {
    const { ask, get, hands } = practice();
    const id = hands.create('contacts', { lastName: 'a', email: 'a@example.com' });
    const deleted = await ask('DELETE', `contacts/${id}`);
    assert.deepEqual([deleted.status, deleted.body], [204, '']);
    const other = (await ask('POST', 'contacts', { lastName: 'b', email: 'a@example.com' })).body
      .id;
    const conflict = await ask('POST', `contacts/${id}/restore`);
    assert.deepEqual([conflict.status, conflict.body.existingId], [409, other]);
    await ask('DELETE', `contacts/${other}`);
    const restored = await ask('POST', `contacts/${id}/restore`);
    assert.deepEqual([restored.status, restored.body.deletedAt], [200, null]);
    assert.equal((await ask('POST', `contacts/${id}/restore`)).status, 200, 'also what is there');
    assert.equal((await ask('POST', `contacts/${NOBODY}/restore`)).status, 404);
    assert.equal((await get('contacts')).body.items.length, 1);
    const hard = practice({ deletion: 'hard', restore: false });
    const gone = hard.hands.create('contacts', { lastName: 'a' });
    const note = hard.hands.create('notes', { text: 'x', contactId: gone });
    await hard.ask('DELETE', `contacts/${gone}`);
    assert.equal((await hard.ask('POST', `contacts/${gone}/restore`)).status, 404);
    assert.equal((await hard.get(`notes/${note}`)).body.contactId, null);
  });

  it('leaves unique values with what is deleted, where the app does not look at that', async () => {
    const { ask, hands, pass } = practice({ deletedHoldUnique: true, purgeAfterMs: 60_000 });
    const id = hands.create('contacts', { lastName: 'a', email: 'a@example.com' });
    await ask('DELETE', `contacts/${id}`);
    const person = { lastName: 'b', email: 'a@example.com' };
    const { status, body } = await ask('POST', 'contacts', person);
    assert.deepEqual([status, body.existingId], [409, id]);
    await pass(60_000);
    assert.equal((await ask('POST', `contacts/${id}/restore`)).status, 404, 'it was purged');
    assert.equal((await ask('POST', 'contacts', person)).status, 201);
  });

  it('leaves an id to the next one, where the app counts so', async () => {
    for (const reusesIds of [true, false]) {
      const { ask } = practice({ reusesIds, deletion: 'hard', restore: false, ids: 'integer' });
      await ask('POST', 'notes', { text: 'a' });
      await ask('DELETE', 'notes/1');
      assert.equal((await ask('POST', 'notes', { text: 'b' })).body.id, reusesIds ? 1 : 2);
    }
  });

  it('moves the time of the last change, or does not', async () => {
    for (const deletingMovesTime of [true, false]) {
      const { ask, get, hands, pass } = practice({ deletingMovesTime });
      const id = hands.create('notes', { text: 'a' });
      await pass(1000);
      await ask('DELETE', `notes/${id}`);
      const { updatedAt, deletedAt, version } = (await get(`notes/${id}`)).body;
      assert.equal(deletedAt, '2026-01-01T00:00:01.000Z');
      assert.equal(updatedAt === deletedAt, deletingMovesTime);
      assert.equal(version, 2);
    }
  });
});

function lastNameIn({ names }: Options): string {
  return names === 'snake_case' ? 'last_name' : 'lastName';
}
