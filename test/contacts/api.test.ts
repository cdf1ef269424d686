import assert from 'node:assert/strict';
import http from 'node:http';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { contactsApi } from '../../runtime/contacts/api.ts';
import { openContacts, type Contacts } from '../../runtime/contacts/contacts.ts';
import { loginWith } from '../../runtime/contacts/login.ts';
import { TributaryError } from '../../runtime/core/errors.ts';
import { listen, type Door } from '../../runtime/server/listening.ts';
import type { TenantId } from '../../runtime/store/store.ts';
import { createTestDatabase, quietWorld, type TestDatabase } from '../support/test-database.ts';
import { SECRET, tokenFor } from './token.ts';

type Json = Readonly<Record<string, unknown>>;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

describe('the API of the contact store', () => {
  let database: TestDatabase;
  let contacts: Contacts;
  let door: Door;
  /** Stands in for the store when it is in trouble. */
  let trouble: Error | undefined;

  before(async () => {
    database = await createTestDatabase();
    const tenant = quietWorld.newId() as TenantId;
    contacts = await openContacts({ connection: database.connection, world: quietWorld, tenant });
    const troubled: Contacts = {
      ...contacts,
      list: (...given) => (trouble ? Promise.reject(trouble) : contacts.list(...given)),
    };
    const login = loginWith({ secret: SECRET, audience: 'shop' });
    const app = contactsApi({ contacts: troubled, login, title: 'Shop', world: quietWorld });
    door = await listen(http.createServer(app), { port: 0, schedule: quietWorld.schedule });
  });
  after(async () => {
    await door.close();
    await contacts.close();
    await database.drop();
  });

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await fetch(`${door.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tokenFor('shop', quietWorld.clock.now())}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const { status, headers: said } = response;
    return { status, headers: said, body: text === '' ? {} : (JSON.parse(text) as Json) };
  }

  const made = async (path: string, fields: Json): Promise<string> => {
    const { status, body } = await ask('POST', path, fields);
    assert.equal(status, 201);
    return String(body['id']);
  };

  it('lists, gets, creates, updates, deletes, restores and purges', async () => {
    const created = await ask('POST', 'contacts', { email: 'anna@example.com', tags: ['vip'] });
    assert.deepEqual([created.status, created.headers.get('etag')], [201, '"1"']);
    const id = String(created.body['id']);
    const place = `contacts/${id}`;
    assert.equal(created.headers.get('location'), `/${place}`);
    assert.deepEqual((await ask('GET', place)).body, created.body);
    const { items } = (await ask('GET', 'contacts?email=Anna@example.com')).body;
    assert.deepEqual(items, [created.body]);

    const updated = await ask('PATCH', place, { firstName: 'Anna' }, { 'if-match': '"1"' });
    assert.deepEqual([updated.status, updated.headers.get('etag')], [200, '"2"']);
    assert.equal(updated.body['email'], 'anna@example.com');
    const late = await ask('PATCH', place, { firstName: 'Panni' }, { 'if-match': '"1"' });
    assert.equal(late.status, 412);
    assert.equal((await ask('DELETE', place, undefined, { 'if-match': '"1"' })).status, 412);

    assert.equal((await ask('DELETE', place, undefined, { 'if-match': '"2"' })).status, 204);
    const deleted = (await ask('GET', place)).body;
    assert.deepEqual([deleted['deleted'], deleted['purged']], [true, false]);
    assert.deepEqual((await ask('GET', 'contacts')).body, { items: [], next: null });
    assert.equal((await ask('PATCH', place, { firstName: 'x' })).status, 410);
    const restored = await ask('POST', `${place}/restore`);
    assert.deepEqual([restored.status, restored.body['deleted']], [200, false]);

    assert.equal((await ask('POST', `${place}/purge`)).status, 409);
    await ask('DELETE', place);
    assert.equal((await ask('POST', `${place}/purge`)).status, 204);
    assert.equal((await ask('GET', place)).status, 410);
    const told = (await ask('GET', 'contacts?includeDeleted=true&sort=updatedAt')).body;
    const [tombstone] = told['items'] as Json[];
    assert.deepEqual(
      [tombstone!['id'], tombstone!['purged'], tombstone!['email']],
      [id, true, null],
    );
  });

  it('purges many at once', async () => {
    for (const name of ['A', 'B'])
      await ask('DELETE', `companies/${await made('companies', { name })}`);
    const deletedBefore = new Date(quietWorld.clock.now() + 60_000).toISOString();
    const { body } = await ask('POST', 'companies/purge', { deletedBefore });
    assert.deepEqual(body, { purged: 2, more: false });
  });

  it('takes the same create again for what it is', async () => {
    const fields = { name: 'Firma', externalId: 'mark' };
    const id = await made('companies', fields);
    const again = await ask('POST', 'companies', fields);
    assert.deepEqual([again.status, again.body['id']], [200, id]);
    const other = await ask('POST', 'companies', { ...fields, name: 'Other' });
    assert.deepEqual([other.status, other.body['existingId']], [409, id]);
  });

  it('gives out lists page by page, in both orders', async () => {
    const ids: string[] = [];
    for (let number = 0; number < 5; number += 1) ids.push(await made('contacts', {}));
    await ask('PATCH', `contacts/${ids[0]}`, { firstName: 'Anna' });
    const walk = async (query: string): Promise<string[]> => {
      const told: string[] = [];
      for (let next: string | null = ''; next !== null;) {
        const cursor: string = next === '' ? '' : `&cursor=${next}`;
        const { status, body } = await ask('GET', `contacts?limit=2${query}${cursor}`);
        assert.equal(status, 200);
        told.push(...(body['items'] as Json[]).map(({ id }) => String(id)));
        next = body['next'] as string | null;
      }
      return told.filter((id) => ids.includes(id));
    };
    assert.deepEqual(await walk(''), ids);
    assert.deepEqual(await walk('&sort=updatedAt'), [...ids.slice(1), ids[0]]);
    const { body } = await ask('GET', `contacts/${ids[4]}`);
    const since = `&sort=updatedAt&updatedSince=${String(body['updatedAt'])}`;
    assert.deepEqual(await walk(since), [ids[4], ids[0]]);
  });

  describe('refuses', () => {
    const long = 'x'.repeat(5_001);
    const refusals: readonly [
      what: string,
      request: readonly [
        method: string,
        path: string,
        body?: unknown,
        headers?: Record<string, string>,
      ],
      status: number,
      path: string | undefined,
      said: RegExp,
    ][] = [
      [
        'a stranger',
        ['GET', 'contacts', undefined, { authorization: 'x' }],
        401,
        undefined,
        /Log in/,
      ],
      [
        'a stranger where nothing is',
        ['GET', 'x', undefined, { authorization: 'x' }],
        401,
        undefined,
        /Log in/,
      ],
      [
        'a member that nobody knows',
        ['POST', 'contacts', { mail: 'x' }],
        422,
        'mail',
        /"mail" is not known/,
      ],
      [
        'a member of its own',
        ['POST', 'contacts', { version: 7 }],
        422,
        'version',
        /"version" is not known/,
      ],
      [
        'what is no e-mail address',
        ['POST', 'contacts', { email: 'anna' }],
        422,
        'email',
        /not an e-mail/,
      ],
      [
        'what is no domain',
        ['POST', 'companies', { domain: 'a b' }],
        422,
        'domain',
        /not a domain/,
      ],
      ['a choice that is none', ['POST', 'contacts', { stage: 'x' }], 422, 'stage', /"lead"/],
      [
        'a day that is none',
        ['POST', 'contacts', { birthday: '2026-02-30' }],
        422,
        'birthday',
        /date/,
      ],
      ['a text that is too long', ['POST', 'contacts', { remark: long }], 422, 'remark', /5000/],
      ['part of a list', ['POST', 'contacts', { tags: ['a', 1] }], 422, 'tags.1', /"tags\.1"/],
      ['less than none', ['POST', 'companies', { employees: -1 }], 422, 'employees', />=0/],
      [
        'a company that is not there',
        ['POST', 'contacts', { companyId: quietWorld.newId() }],
        422,
        'companyId',
        /no such company/,
      ],
      ['a list for an object', ['POST', 'contacts', []], 422, undefined, /^This is not accepted/],
      ['no body', ['POST', 'contacts'], 400, undefined, /no body/],
      ['what is no JSON', ['POST', 'contacts', '{'], 400, undefined, /valid JSON/],
      [
        'another form',
        ['POST', 'contacts', 'a=b', { 'content-type': 'text/plain' }],
        415,
        undefined,
        /Content-Type/,
      ],
      [
        'another encoding',
        ['POST', 'contacts', '{}', { 'content-encoding': 'x' }],
        415,
        undefined,
        /UTF-8/,
      ],
      [
        'a body that is too large',
        ['POST', 'contacts', { remark: 'x'.repeat(300_000) }],
        413,
        undefined,
        /256 KiB/,
      ],
      [
        'a version that is none',
        ['PATCH', `contacts/${quietWorld.newId()}`, {}, { 'if-match': '3' }],
        400,
        'If-Match',
        /with its quotes/,
      ],
      [
        'a parameter that nobody knows',
        ['GET', 'contacts?name=x'],
        400,
        'name',
        /"name" is not known/,
      ],
      ['a page of none', ['GET', 'contacts?limit=0'], 400, 'limit', />=1/],
      ['a page that is too long', ['GET', 'contacts?limit=101'], 400, 'limit', /<=100/],
      ['an order that is none', ['GET', 'contacts?sort=email'], 400, 'sort', /"updatedAt"/],
      ['a time that is none', ['GET', 'contacts?updatedSince=today'], 400, 'updatedSince', /ISO/],
      ['a parameter twice', ['GET', 'contacts?email=a&email=b'], 400, 'email', /string/],
      ['a cursor of somebody else', ['GET', 'contacts?cursor=abc'], 400, 'cursor', /"next"/],
      [
        'a purge without a time',
        ['POST', 'contacts/purge', {}],
        422,
        'deletedBefore',
        /"deletedBefore"/,
      ],
      [
        'an item that is not there',
        ['GET', 'contacts/12'],
        404,
        undefined,
        /no contact with the id 12/,
      ],
      ['a place where nothing is', ['GET', 'notes'], 404, undefined, /openapi\.json/],
      ['an address that cannot be read', ['GET', 'contacts/%ff'], 400, undefined, /valid address/],
      ['another method', ['PUT', 'contacts', {}], 405, undefined, /There is GET, POST/],
    ];
    for (const [what, [method, place, body, headers], status, path, said] of refusals) {
      it(`${what}, and says which member, why and what to do`, async () => {
        const answer = await ask(method, place, body, headers);
        assert.equal(answer.status, status);
        assert.match(answer.headers.get('content-type')!, /^application\/problem\+json/);
        const { detail, errors, title, status: again } = answer.body;
        assert.match(String(detail), said);
        assert.match(String(detail), /[.:] .+\.$/);
        assert.ok(typeof title === 'string' && again === status);
        assert.equal((errors as Json[] | undefined)?.[0]?.['path'], path);
      });
    }

    it('a cursor that is for the other order', async () => {
      for (let number = 0; number < 2; number += 1) await made('contacts', {});
      const { body } = await ask('GET', 'contacts?limit=1');
      const { status } = await ask('GET', `contacts?sort=updatedAt&cursor=${String(body['next'])}`);
      assert.equal(status, 400);
    });

    it('everybody for a while, when the database is away, and tells no stranger why', async () => {
      trouble = new TributaryError('database-unreachable', { what: 'Canary.', next: 'Check.' });
      const away = await ask('GET', 'contacts');
      assert.deepEqual([away.status, away.headers.get('retry-after')], [503, '5']);
      trouble = new Error('canary');
      const wrong = await ask('GET', 'contacts');
      trouble = undefined;
      assert.equal(wrong.status, 500);
      assert.doesNotMatch(JSON.stringify([away.body, wrong.body]), /canary/i);
    });
  });

  describe('is described by a document', () => {
    it('that is for everybody, and in which nothing is there that is not there', async () => {
      const response = await fetch(`${door.url}openapi.json`);
      assert.equal(response.status, 200);
      const { paths } = (await response.json()) as { paths: Record<string, Json> };
      let operations = 0;
      for (const [path, methods] of Object.entries(paths)) {
        for (const method of Object.keys(methods).filter((name) => name !== 'parameters')) {
          operations += 1;
          const place = path.slice(1).replace(/\{\w+\}/, quietWorld.newId());
          const { status, body } = await ask(method.toUpperCase(), place);
          assert.ok([200, 400, 404].includes(status), `${method} ${path}: ${status}`);
          if (status === 404)
            assert.match(String(body['detail']), /^There is no (contact|company)/);
        }
      }
      assert.equal(operations, 16);
    });

    it('to whose schemas everything keeps that is taken and given', async () => {
      const document = (await ask('GET', 'openapi.json')).body;
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      ajv.addSchema({ ...document, $id: 'document' });
      const assertFits = (schema: string, value: unknown): void => {
        const fits = ajv.getSchema(`document#/components/schemas/${schema}`)!;
        assert.ok(fits(value), ajv.errorsText(fits.errors));
      };
      const companyId = await made('companies', {
        name: 'Firma',
        domain: 'firma.example.com',
        employees: 3,
      });
      const fields = {
        firstName: 'Anna',
        email: 'full@example.com',
        birthday: '1980-01-02',
        stage: 'lead',
        tags: ['vip'],
        companyId,
      };
      assertFits('ContactInput', fields);
      assert.throws(() => assertFits('ContactInput', { ...fields, stage: 'x' }));
      assert.throws(() => assertFits('ContactInput', { ...fields, more: 1 }));
      const id = await made('contacts', fields);
      assertFits('Contact', (await ask('GET', `contacts/${id}`)).body);
      assertFits('Company', (await ask('GET', `companies/${companyId}`)).body);
      const { items } = (await ask('GET', 'contacts?includeDeleted=true')).body;
      for (const item of items as Json[]) assertFits('Contact', item);
      assert.throws(() => assertFits('Contact', { ...(items as Json[])[0], version: 'x' }));
    });
  });
});
