import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { OLD, type AccountOptions } from '../../../runtime/emulators/rest/options.ts';
import { assertFits } from './judge.ts';
import { practice, type Json } from './practice.ts';

type Options = Partial<AccountOptions>;

const APPS: Readonly<Record<string, Options>> = {
  'a well made app': {},
  'an old app': OLD,
  'an app of version 3.0 with schemas apart': { openapi: '3.0', errors: 'list', invalid: 400 },
  'an app of version 3.1 with one schema': { schemas: 'shared', update: 'both', errors: 'pointer' },
  'an app with other words': {
    names: 'snake_case',
    paging: 'page',
    envelope: 'array',
    version: 'time',
    deletion: 'hard',
    restore: false,
    prefix: '/crm',
    errors: 'message',
    idMember: 'own',
    called: { marker: 'foreign_key', limit: 'per_page' },
  },
};

describe('the document of an app', () => {
  for (const [app, options] of Object.entries(APPS)) {
    it(`describes what ${app} answers, to lists, reads, writes and mistakes`, async () => {
      const { ask, get, document, hands } = practice({ ...options, writeAnswers: 'item' });
      const said = await document();
      const at = `${options.prefix ?? ''}/contacts`;
      const path = at.slice(1);
      const last = options.names === 'snake_case' ? 'last_name' : 'lastName';
      const listed = said.paths[at];
      const one = Object.entries(said.paths as Record<string, Json>).find(([name]) =>
        /\/contacts\/\{\w+\}$/.test(name),
      )![1];
      const update = one.patch ? 'patch' : 'put';
      const person = {
        [last]: 'Nagy',
        email: 'a@example.com',
        tags: ['vip'],
        address: { city: 'Eger' },
      };

      const made = await ask('POST', path, person);
      assertFits(said, listed.post.responses['201'], made.body);
      const { id } = hands.items('contacts')[0]!;
      const read = await get(`${path}/${id}`);
      assertFits(said, one.get.responses['200'], read.body);
      const changed = await ask(update.toUpperCase(), `${path}/${id}`, { ...person, score: 7 });
      assertFits(said, one[update].responses['200'], changed.body);
      const list = await get(path);
      assertFits(said, listed.get.responses['200'], list.body);
      const wrong = await ask('POST', path, { [last]: 7 });
      assertFits(said, said.components.responses.Failed, wrong.body);
      assert.deepEqual(
        [made, read, changed, list, wrong].map(({ status }) => status),
        [201, 200, 200, 200, options.invalid ?? 422],
      );
    });
  }

  for (const [app, options] of Object.entries(APPS)) {
    it(`leads nowhere wrong in ${app}: every reference and every parameter of a path is there`, async () => {
      const { hands, document } = practice(options);
      // What an app shares between collections must not hang on one of them.
      hands.retypeField('contacts', options.names ? 'first_name' : 'firstName', 'number');
      const said = await document();
      const references = JSON.stringify(said).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g);
      let count = 0;
      for (const [reference, kind, name] of references) {
        assert.ok(said.components[kind!][name!], reference);
        count += 1;
      }
      assert.ok(count > 30);
      const ids: string[] = [];
      for (const [path, item] of Object.entries(said.paths as Record<string, Json>)) {
        const named = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
        const declared = (item.parameters ?? []).map(({ name }: Json) => name);
        assert.deepEqual(declared, named, path);
        ids.push(...methods(item).map((method) => item[method].operationId));
      }
      assert.equal(new Set(ids).size, ids.length);
    });
  }

  it('is refused by a judge who does not know the app when an answer is not as it says', async () => {
    const { get, document, hands } = practice();
    const said = await document();
    const id = hands.create('contacts', { lastName: 'Nagy' });
    const { body } = await get(`contacts/${id}`);
    const wanted = said.paths['/contacts/{contactId}'].get.responses['200'];
    for (const wrong of [{ score: 'x' }, { tags: null }, { stage: 'x' }, { version: undefined }]) {
      assert.throws(() =>
        assertFits(said, wanted, JSON.parse(JSON.stringify({ ...body, ...wrong }))),
      );
    }
  });

  it('is the same in JSON and in YAML, and of the version that it should be of', async () => {
    for (const openapi of ['3.0', '3.1'] as const) {
      const { get, document } = practice({ openapi });
      const said = await document();
      assert.ok(said.openapi.startsWith(openapi));
      const yaml = await get('openapi.yaml');
      assert.match(yaml.headers.get('content-type')!, /yaml/);
      assert.deepEqual(parse(yaml.body as string), said);
      assert.equal(
        said.components.schemas.ContactInput.properties.phone.nullable,
        openapi === '3.0' ? true : undefined,
      );
    }
  });

  it('is there for everybody, unless the app thinks otherwise', async () => {
    for (const documentNeedsLogin of [false, true]) {
      const { get } = practice({ documentNeedsLogin });
      const nobody = { authorization: '' };
      assert.equal((await get('openapi.json', nobody)).status, documentNeedsLogin ? 401 : 200);
      assert.equal((await get('openapi.json')).status, 200);
      assert.deepEqual((await get('health', nobody)).body, { status: 'ok' });
    }
  });

  it('lists what can be done with a collection, and nothing else can be done', async () => {
    const { ask, document, hands } = practice({
      without: { notes: ['update', 'delete'], companies: ['create'] },
    });
    const { paths } = await document();
    assert.deepEqual(
      Object.fromEntries(
        Object.entries(paths as object).map(([path, item]) => [path, methods(item)]),
      ),
      {
        '/health': ['get'],
        '/stages': ['get'],
        '/contacts': ['get', 'post'],
        '/contacts/{contactId}': ['delete', 'get', 'patch'],
        '/contacts/{contactId}/restore': ['post'],
        '/companies': ['get'],
        '/companies/{companyId}': ['delete', 'get', 'patch'],
        '/companies/{companyId}/restore': ['post'],
        '/companies/{companyId}/contacts': ['get'],
        '/notes': ['get', 'post'],
        '/notes/{noteId}': ['get'],
        '/notes/{noteId}/restore': ['post'],
      },
    );
    const id = hands.create('notes', { text: 'Hello' });
    const refused = await ask('DELETE', `notes/${id}`);
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET']);
    assert.equal((await ask('GET', 'nonsense')).status, 404);
  });

  it('has lists that are no collections: without a path for what is in them, or below an item', async () => {
    const { get, document, hands } = practice({ names: 'snake_case', prefix: '/crm' });
    const said = await document();
    const stages = await get('crm/stages');
    assertFits(said, said.paths['/crm/stages'].get.responses['200'], stages.body);
    assert.deepEqual(stages.body[0], { name: 'lead' });
    const [one, other] = ['a', 'b'].map((name) => hands.create('companies', { name }));
    hands.create('contacts', { last_name: 'Nagy', company_id: one! });
    const below = said.paths['/crm/companies/{company_id}/contacts'];
    const { body } = await get(`crm/companies/${one!}/contacts`);
    assertFits(said, below.get.responses['200'], body);
    assert.equal(body.items.length, 1);
    assert.deepEqual((await get(`crm/companies/${other!}/contacts`)).body.items, []);
  });

  it('calls ids what the app calls them, in paths and in items', async () => {
    const names = async (options: Options): Promise<unknown> => {
      const { get, document, hands } = practice(options);
      const said = await document();
      const paths = Object.keys(said.paths as object);
      const id = hands.create('contacts', { [options.names ? 'last_name' : 'lastName']: 'a' });
      const { body } = await get(`contacts/${id}`);
      return [paths.find((path) => path.startsWith('/contacts/{')), Object.keys(body as object)[0]];
    };
    assert.deepEqual(await names({}), ['/contacts/{contactId}', 'id']);
    assert.deepEqual(await names({ idMember: 'own' }), ['/contacts/{contactId}', 'contactId']);
    const snake = { idMember: 'own', names: 'snake_case' } as const;
    assert.deepEqual(await names(snake), ['/contacts/{contact_id}', 'contact_id']);
    assert.deepEqual(await names({ idParameter: 'id' }), ['/contacts/{id}', 'id']);
  });

  it('changes with the fields, and so does what is accepted', async () => {
    const { ask, document, hands } = practice();
    hands.addField('contacts', { path: 'shoeSize', type: 'number', unique: true });
    hands.addField('contacts', { path: 'address.floor', type: 'text' });
    hands.removeField('contacts', 'phone');
    const { schemas } = (await document()).components;
    assert.deepEqual(schemas.ContactInput.properties.shoeSize, {
      type: ['number', 'null'],
      'x-unique': true,
    });
    assert.ok('floor' in schemas.ContactAddress.properties);
    const person = { lastName: 'Nagy', shoeSize: 43, address: { floor: '2' } };
    const made = await ask('POST', 'contacts', person);
    assert.deepEqual([made.body.shoeSize, made.body.address.floor], [43, '2']);
    assert.equal((await ask('POST', 'contacts', { lastName: 'Kis', phone: '1' })).status, 422);
    hands.dropOption('contacts', 'stage', 'former');
    hands.renameField('contacts', 'score', 'points');
    const changed = await ask('PATCH', `contacts/${made.body.id}`, { stage: 'former' });
    assert.equal(changed.body.errors[0].path, 'stage');
    assert.equal((await ask('PATCH', `contacts/${made.body.id}`, { points: 5 })).body.points, 5);
  });

  it('says what is called otherwise, if it says so at all', async () => {
    const called = { limit: 'max', deleted: 'removedAt', marker: 'foreignKey' };
    const silent = await practice({ called }).document();
    assert.equal(silent.paths['/contacts']['x-tributary'], undefined);
    const open = await practice({ called, hints: true, envelope: 'dataMeta' }).document();
    assert.deepEqual(open.paths['/contacts']['x-tributary'], {
      ...called,
      next: 'meta.nextCursor',
    });
    const small = { otherwise: 5, most: 10, isTold: false };
    const untold = await practice({ pageSize: small, hints: true }).document();
    assert.deepEqual(untold.paths['/contacts']['x-tributary'], { limitMax: 10 });
    const input = open.components.schemas.ContactInput.properties;
    assert.deepEqual(['foreignKey' in input, 'externalId' in input], [true, false]);
  });

  it('shows how to log in', async () => {
    const said = async (options: Options): Promise<Json> => {
      const { components } = await practice(options).document();
      return components.securitySchemes.login;
    };
    assert.equal((await said({ login: { kind: 'jwt' } })).bearerFormat, 'JWT');
    assert.equal((await said({ login: { kind: 'basic', user: 'u' } })).scheme, 'basic');
    assert.equal((await said({ login: { kind: 'header', name: 'X-Key' } })).name, 'X-Key');
    assert.equal((await said({ login: { kind: 'development' } })).name, 'x-auth-id');
  });
});

function methods(item: object): string[] {
  return Object.keys(item)
    .filter((name) => name !== 'parameters' && !name.startsWith('x-'))
    .toSorted();
}
