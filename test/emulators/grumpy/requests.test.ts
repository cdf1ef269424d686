import assert from 'node:assert/strict';
import { practice, requestOf, type Json } from './practice.ts';

const many = (item: object): object[] => Array.from({ length: 101 }, () => item);

/** What is refused, how, and with which code. */
const refused: readonly [
  what: string,
  status: number,
  method: string,
  path: string,
  body?: Json,
][] = [
  ['a path outside of the API', 404, 'GET', '../other'],
  ['an unknown collection', 404, 'GET', 'deals'],
  ['an unknown action', 404, 'POST', 'contacts/destroy', { items: [{ id: '1' }] }],
  ['another method', 404, 'PUT', 'contacts', {}],
  ['a path that goes on', 404, 'GET', 'contacts/fields/email'],
  ['a webhook that is not there', 404, 'DELETE', 'hooks/7'],
  ['an unknown parameter', 400, 'GET', 'contacts?page=2'],
  ['a parameter of about', 400, 'GET', 'about?verbose=1'],
  ['a limit of nothing', 400, 'GET', 'contacts?limit=0'],
  ['a limit that is no number', 400, 'GET', 'contacts?limit=many'],
  ['a cursor that is none of ours', 400, 'GET', 'contacts?after=17'],
  ['a cursor of another list', 400, 'GET', 'contacts?after=at17-1'],
  ['changes since ever', 400, 'GET', 'contacts/changes'],
  ['changes since a day', 400, 'GET', 'contacts/changes?since=2026-01-01'],
  ['a time without milliseconds', 400, 'GET', 'contacts/changes?since=2026-01-01T00:00:00Z'],
  ['a time of another zone', 400, 'GET', 'contacts/changes?since=2026-01-01T00:00:00.000%2B01:00'],
  ['an unknown member', 400, 'POST', 'contacts/read', { ids: ['1'], fresh: true }],
  ['an id that is a number', 400, 'POST', 'contacts/read', { ids: [1] }],
  ['nothing to read', 400, 'POST', 'contacts/read', { ids: [] }],
  ['nothing to create', 400, 'POST', 'contacts/create', { items: [] }],
  [
    'an item with an unknown member',
    400,
    'POST',
    'contacts/create',
    { items: [{ fields: {}, id: '1' }] },
  ],
  ['an item without fields', 400, 'POST', 'contacts/create', { items: [{}] }],
  ['an empty marker', 400, 'POST', 'contacts/create', { items: [{ fields: {}, marker: '' }] }],
  ['an update without id', 400, 'POST', 'contacts/update', { items: [{ fields: {} }] }],
  [
    'a version that is a text',
    400,
    'POST',
    'contacts/delete',
    { items: [{ id: '1', ifVersion: '1' }] },
  ],
  [
    'a search of an unknown field',
    400,
    'POST',
    'contacts/search',
    { path: 'phone', values: ['1'] },
  ],
  ['a search of nothing', 400, 'POST', 'contacts/search', { path: 'name', values: [] }],
  ['a list as body', 400, 'POST', 'contacts/read', ['1']],
  ['a history without since', 400, 'POST', 'contacts/history', { items: [{ id: '1' }] }],
  [
    'a webhook to nowhere',
    400,
    'POST',
    'hooks',
    { url: 'nowhere', secret: 's', collections: ['contacts'] },
  ],
  [
    'a webhook to a file',
    400,
    'POST',
    'hooks',
    { url: 'file:///x', secret: 's', collections: ['contacts'] },
  ],
  [
    'a webhook for nothing',
    400,
    'POST',
    'hooks',
    { url: 'https://a.test', secret: 's', collections: ['deals'] },
  ],
  ['too long a page', 413, 'GET', 'contacts?limit=101'],
  [
    'too long a page of changes',
    413,
    'GET',
    'contacts/changes?since=2026-01-01T00:00:00.000Z&limit=101',
  ],
  ['too many to read', 413, 'POST', 'contacts/read', { ids: Array(101).fill('1') }],
  [
    'too many to find',
    413,
    'POST',
    'contacts/search',
    { path: 'name', values: Array(101).fill('1') },
  ],
  ['too many histories', 413, 'POST', 'contacts/history', { items: many({ id: '1', since: 0 }) }],
  ['too many to create', 413, 'POST', 'contacts/create', { items: many({ fields: {} }) }],
  ['too many to update', 413, 'POST', 'contacts/update', { items: many({ id: '1', fields: {} }) }],
  ['too many to delete', 413, 'POST', 'contacts/delete', { items: many({ id: '1' }) }],
  ['too many to restore', 413, 'POST', 'contacts/restore', { items: many({ id: '1' }) }],
];

const codes: Readonly<Record<number, string>> = {
  400: 'bad_request',
  404: 'not_found',
  413: 'too_large',
};

describe('the API of Grumpy', () => {
  for (const [what, status, method, path, body] of refused) {
    it(`answers ${what} with ${status}`, async () => {
      const { send, hands } = practice();
      const response = await send(method, path, body);
      const error: Json = await response.json();
      assert.equal(response.status, status, JSON.stringify(error));
      assert.equal(error.code, codes[status]);
      assert.ok(error.message.length > 10);
      assert.deepEqual(hands.log, []);
    });
  }

  it('answers a body that is no JSON, or does not say so, with 400', async () => {
    const { grumpy } = practice();
    const url = 'https://grumpy.test/v1/contacts/read';
    const authorization = 'Bearer open-sesame';
    for (const [type, body] of [
      ['application/json', '{"ids": ["1"'],
      ['application/json', ''],
      ['text/plain', '{"ids": ["1"]}'],
      ['application/jsonp', '{"ids": ["1"]}'],
    ]) {
      const headers = { authorization, 'content-type': type! };
      const response = await grumpy.handle(
        new Request(url, { method: 'POST', headers, body: body! }),
      );
      assert.equal(response.status, 400, `${type} ${body}`);
    }
    const headers = { authorization, 'content-type': 'application/json; charset=utf-8' };
    const body = '{"ids": ["1"]}';
    assert.equal(
      (await grumpy.handle(new Request(url, { method: 'POST', headers, body }))).status,
      200,
    );
  });

  it('answers a token that no account has, or none, with 401', async () => {
    const { grumpy } = practice();
    const wrong = await grumpy.handle(requestOf('GET', 'about', undefined, 'open-barley'));
    assert.equal(wrong.status, 401);
    assert.equal(codeOf(await wrong.json()), 'unauthorized');
    const none = await grumpy.handle(new Request('https://grumpy.test/v1/about'));
    assert.equal(none.status, 401);
  });

  it('knows an account by its newest token alone', async () => {
    const { grumpy, hands, send } = practice();
    hands.setToken('open-barley');
    assert.equal((await send('GET', 'about')).status, 401);
    const renewed = await grumpy.handle(requestOf('GET', 'about', undefined, 'open-barley'));
    assert.equal(renewed.status, 200);
  });

  it('answers a forbidden collection with 403, until it is allowed again', async () => {
    const { hands, send } = practice();
    hands.forbid('contacts', true);
    for (const [method, path, body] of [
      ['GET', 'contacts'],
      ['GET', 'contacts/fields'],
      ['POST', 'contacts/read', { ids: ['1'] }],
    ] as const) {
      const response = await send(method, path, body);
      assert.equal(response.status, 403);
      assert.equal(codeOf(await response.json()), 'forbidden');
    }
    assert.equal((await send('GET', 'companies')).status, 200);
    hands.forbid('contacts', false);
    assert.equal((await send('GET', 'contacts')).status, 200);
  });

  it('takes a body as long as the account allows, and none that is longer', async () => {
    const { hands, send } = practice({ abilities: { bodyCharactersMax: 60 } });
    const statusFor = async (name: string): Promise<number> =>
      (await send('POST', 'companies/create', { items: [{ fields: { name } }] })).status;
    const rest = JSON.stringify({ items: [{ fields: { name: '' } }] }).length;
    assert.equal(await statusFor('x'.repeat(61 - rest)), 413);
    assert.equal(await statusFor('x'.repeat(60 - rest)), 200);
    assert.equal(hands.log.length, 1);
  });

  it('says of several things that are wrong the first: 401, 404, 403, 400, 413', async () => {
    const { hands, send, grumpy } = practice();
    const statusOf = async (path: string, body: object): Promise<number> =>
      (await send('POST', path, body)).status;
    const items = Array.from({ length: 101 }, () => ({}));
    hands.forbid('contacts', true);
    const stranger = requestOf('POST', 'nowhere/create', { items }, 'open-barley');
    assert.equal((await grumpy.handle(stranger)).status, 401);
    assert.equal(await statusOf('contacts/destroy', { items }), 404);
    assert.equal(await statusOf('contacts/create', { items }), 403);
    assert.equal(await statusOf('companies/create', { items }), 400);
    assert.equal(await statusOf('companies/create', { items: many({ fields: {} }) }), 413);
  });

  it('tells its habits, its time and what is unique', async () => {
    const { get } = practice({
      abilities: { clockSkewMs: 5000, uniqueFields: { companies: ['name'] } },
    });
    const { account, now, abilities } = await get('about');
    assert.equal(account, 'sales');
    assert.equal(now, '2026-01-01T00:00:05.000Z');
    assert.equal(abilities.create, 'upsert');
    assert.deepEqual(abilities.uniqueFields, { contacts: ['email'], companies: ['name'] });
  });

  it('tells its fields', async () => {
    const { get } = practice();
    assert.deepEqual((await get('contacts/fields')).fields, [
      { path: 'email', type: 'email', unique: true },
      { path: 'name', type: 'text', maxLength: 20 },
      { path: 'tags', type: 'set', options: ['a', 'b', 'c'] },
      { path: 'address', type: 'object' },
    ]);
  });

  for (const [ability, method, path, body] of [
    ['changes', 'GET', 'contacts/changes?since=2026-01-01T00:00:00.000Z'],
    ['history', 'POST', 'contacts/history', { items: [{ id: '1', since: 0 }] }],
    ['restore', 'POST', 'contacts/restore', { items: [{ id: '1' }] }],
  ] as const) {
    it(`has no ${ability} where the account has none`, async () => {
      assert.equal((await practice().send(method, path, body)).status, 200);
      const without = practice({ abilities: { [ability]: false } });
      assert.equal((await without.send(method, path, body)).status, 404);
    });
  }

  it('does not ignore a condition that it cannot check', async () => {
    const { hands, send } = practice({ abilities: { conditionalWrites: false } });
    const id = hands.create('contacts', { name: 'Anna' });
    const items = [{ id, fields: { name: 'Bea' }, ifVersion: 1 }];
    assert.equal((await send('POST', 'contacts/update', { items })).status, 400);
    assert.equal(
      (await send('POST', 'contacts/delete', { items: [{ id, ifVersion: 1 }] })).status,
      400,
    );
    assert.equal(hands.item('contacts', id)?.fields['name'], 'Anna');
  });

  it('refuses accounts that contradict themselves', () => {
    assert.throws(() => practice({ abilities: { version: 'none' } }), /neither a history/);
    assert.throws(() => practice({ collections: { hooks: [] } }), /may not be called/);
  });

  it('counts what it was asked for', async () => {
    const { hands, post, get } = practice();
    await post('contacts/create', { items: [{ fields: {} }, { fields: {} }] });
    await post('contacts/read', { ids: ['1', '2', '3'] });
    await post('contacts/read', { ids: ['1'] });
    await get('contacts?limit=7');
    assert.deepEqual(hands.calls, {
      create: { requests: 1, items: 2 },
      read: { requests: 2, items: 4 },
      list: { requests: 1, items: 7 },
    });
  });
});

function codeOf(error: Json): unknown {
  return error.code;
}
