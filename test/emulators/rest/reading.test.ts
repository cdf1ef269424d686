import assert from 'node:assert/strict';
import type { AccountOptions } from '../../../runtime/emulators/rest/options.ts';
import { OLD } from '../../../runtime/emulators/rest/options.ts';
import { NOBODY, practice, query, type Json, type Practice } from './practice.ts';

describe('a list of an app', () => {
  it('is read page by page to its end, whatever pages are called', async () => {
    const ways: readonly [
      Partial<AccountOptions>,
      (body: Json, page: number) => string | undefined,
    ][] = [
      [{}, ({ nextCursor }) => nextCursor && query({ limit: '2', cursor: nextCursor })],
      [
        { envelope: 'dataMeta', called: { cursor: 'after', next: 'next' } },
        ({ meta }) => meta.next && query({ limit: '2', after: meta.next }),
      ],
      [
        { paging: 'offset', called: { limit: 'pageSize', offset: 'skip' } },
        ({ items }, page) =>
          items.length === 0 ? undefined : query({ pageSize: '2', skip: String(page * 2) }),
      ],
      [
        { paging: 'page', envelope: 'array', called: { limit: 'per_page' } },
        (items, page) =>
          items.length < 2 ? undefined : query({ per_page: '2', page: String(page + 1) }),
      ],
    ];
    for (const [options, next] of ways) {
      const { get, hands } = practice(options);
      const ids = Array.from('abcde').map((lastName) => hands.create('contacts', { lastName }));
      const { limit = 'limit' } = options.called ?? {};
      const seen: string[] = [];
      let page = 0;
      let at: string | undefined = query({ [limit]: '2' });
      while (at !== undefined) {
        const { status, body }: { status: number; body: Json } = await get(`contacts${at}`);
        assert.equal(status, 200);
        for (const { id } of listed(body)) seen.push(id);
        page += 1;
        at = next(body, page) ?? undefined;
      }
      assert.deepEqual(seen, ids);
    }
  });

  it('is all there at once where there are no pages', async () => {
    const { get, hands } = practice({ paging: 'none', envelope: 'array' });
    for (let index = 0; index < 300; index += 1) hands.create('contacts', { lastName: 'x' });
    assert.equal((await get('contacts')).body.length, 300);
    assert.equal((await get('contacts?limit=2')).status, 400);
  });

  it('has no more on a page than the app likes, who says so or not', async () => {
    const pageSize = { otherwise: 2, most: 3 };
    const open = practice({ pageSize: { ...pageSize, isTold: true } });
    const silent = practice({ pageSize: { ...pageSize, isTold: false } });
    for (const { hands } of [open, silent]) {
      for (const lastName of 'abcde') hands.create('contacts', { lastName });
    }
    const count = async ({ get }: Practice, limit: string): Promise<number> => {
      const { status, body } = await get(`contacts${limit}`);
      return status === 200 ? body.items.length : status;
    };
    assert.deepEqual([await count(open, ''), await count(open, '?limit=3')], [2, 3]);
    assert.equal(await count(open, '?limit=4'), 400);
    assert.equal(await count(silent, '?limit=100'), 3);
    assert.equal(await count(silent, '?limit=0'), 400);
    const limitOf = async ({ document }: Practice): Promise<Json> =>
      (await document()).components.parameters.limit.schema;
    assert.equal((await limitOf(open)).maximum, 3);
    assert.equal((await limitOf(silent)).maximum, undefined);
  });

  it('goes on from a cursor although items come and go, with the same question only', async () => {
    const { get, hands } = practice();
    const ids = Array.from('abcd').map((lastName) => hands.create('contacts', { lastName }));
    const { body } = await get('contacts?limit=2');
    hands.destroy('contacts', ids[0]!);
    hands.create('contacts', { lastName: 'e' });
    const more = await get(`contacts?limit=9&cursor=${body.nextCursor}`);
    assert.deepEqual(
      more.body.items.map(({ lastName }: Json) => lastName),
      ['c', 'd', 'e'],
    );
    for (const wrong of [`email=x&cursor=${body.nextCursor}`, 'cursor=x', 'cursor=']) {
      assert.equal((await get(`contacts?${wrong}`)).status, 400, wrong);
    }
  });

  it('moves under whoever counts when items go', async () => {
    const { get, hands } = practice({ paging: 'offset' });
    const ids = Array.from('abcd').map((lastName) => hands.create('contacts', { lastName }));
    await get('contacts?limit=2');
    hands.remove('contacts', ids[0]!);
    const { items } = (await get('contacts?limit=2&offset=2')).body;
    assert.deepEqual(
      items.map(({ lastName }: Json) => lastName),
      ['d'],
    );
  });

  it('is in the order of changes since a time, with what was deleted for whoever asks', async () => {
    const { get, hands, pass } = practice();
    const ids = Array.from('abcd').map((lastName) => hands.create('contacts', { lastName }));
    await pass(1000);
    hands.edit('contacts', ids[2]!, { phone: '1' });
    await pass(1000);
    hands.remove('contacts', ids[0]!);
    hands.edit('contacts', ids[1]!, { phone: '1' });
    const since = '2026-01-01T00:00:01.000Z';
    const seen = async (more: object = {}): Promise<string[]> => {
      const asked = query({ updatedSince: since, sort: 'updatedAt', ...more });
      const { body } = await get(`contacts${asked}`);
      return body.items.map(({ lastName, deletedAt }: Json) => (deletedAt ? '-' : '') + lastName);
    };
    assert.deepEqual(await seen(), ['c', 'b']);
    assert.deepEqual(await seen({ includeDeleted: 'true' }), ['c', '-a', 'b']);
    assert.deepEqual(await seen({ sort: '-updatedAt' }), ['b', 'c']);
    const first = await get(
      `contacts${query({ sort: 'updatedAt', includeDeleted: 'true', limit: '3' })}`,
    );
    const cursor = first.body.nextCursor as string;
    const rest = await get(
      `contacts${query({ sort: 'updatedAt', includeDeleted: 'true', cursor })}`,
    );
    assert.deepEqual(
      [...first.body.items, ...rest.body.items].map(({ lastName }: Json) => lastName),
      ['d', 'c', 'a', 'b'],
    );
    for (const wrong of [
      { updatedSince: 'yesterday' },
      { sort: 'phone' },
      { includeDeleted: '1' },
    ]) {
      assert.equal((await get(`contacts${query(wrong as Record<string, string>)}`)).status, 400);
    }
  });

  it('has what changed at the very time that is asked for, or has it not', async () => {
    for (const sinceIncludes of [true, false]) {
      const { get, hands } = practice({ sinceIncludes });
      hands.create('contacts', { lastName: 'a' });
      const { body } = await get('contacts?updatedSince=2026-01-01T00:00:00Z');
      assert.equal(body.items.length, sinceIncludes ? 1 : 0);
    }
  });

  it('knows nothing of changes where the app does not', async () => {
    for (const [changes, isSince, isSort] of [
      ['none', false, false],
      ['since', true, false],
      ['sort', false, true],
    ] as const) {
      const { get } = practice({ changes });
      const since = await get('contacts?updatedSince=2026-01-01T00:00:00Z');
      const sort = await get('contacts?sort=updatedAt');
      assert.deepEqual([since.status === 200, sort.status === 200], [isSince, isSort], changes);
    }
    const old = practice(OLD);
    old.hands.create('contacts', { last_name: 'a' });
    const { status, body } = await old.get(
      'contacts?updated_since=2030-01-01T00:00:00Z&nonsense=1',
    );
    assert.deepEqual([status, body.data.length], [200, 1], 'as if nothing had been asked');
  });

  it('finds by a member, to the letter or more than that', async () => {
    const found = async (search: 'exact' | 'caseless' | 'contains'): Promise<number[]> => {
      const { get, hands } = practice({ search });
      hands.create('contacts', { lastName: 'a', email: 'Ann@example.com' });
      hands.create('contacts', { lastName: 'b', email: 'joann@example.com' });
      hands.create('contacts', { lastName: 'c' });
      const texts = ['Ann@example.com', 'ann@example.com', 'ANN'];
      const answers = await Promise.all(texts.map((email) => get(`contacts${query({ email })}`)));
      return answers.map(({ body }) => body.items.length);
    };
    assert.deepEqual(await found('exact'), [1, 0, 0]);
    assert.deepEqual(await found('caseless'), [1, 1, 0]);
    assert.deepEqual(await found('contains'), [2, 2, 2]);
    assert.equal((await practice({ search: 'none' }).get('contacts?email=x')).status, 400);
    assert.equal((await practice({ search: 'none' }).get('contacts?externalId=x')).status, 200);
  });

  it('finds markers to the letter, and references, whatever ids are', async () => {
    for (const ids of ['uuid', 'integer'] as const) {
      const { ask, get, hands } = practice({ ids, search: 'contains' });
      const companyId = hands.create('companies', { name: 'Kft.' });
      const wire = ids === 'uuid' ? companyId : Number(companyId);
      const person = { lastName: 'a', externalId: 'Mark', companyId: wire };
      assert.equal((await ask('POST', 'contacts', person)).body.companyId, wire);
      for (const [asked, count] of [
        ['externalId=Mark', 1],
        ['externalId=mark', 0],
        ['externalId=Mar', 0],
        [`companyId=${companyId}`, 1],
      ] as const) {
        assert.equal((await get(`contacts?${asked}`)).body.items.length, count, asked);
      }
    }
  });

  it('lags as far as the app does', async () => {
    const { get, hands, pass } = practice({ listLagMs: 1000 });
    hands.create('contacts', { lastName: 'a' });
    const counts: number[] = [];
    for (let index = 0; index < 10; index += 1) {
      counts.push((await get('contacts')).body.items.length);
      await pass(50);
    }
    assert.ok(counts.includes(0));
    await pass(1000);
    assert.equal((await get('contacts')).body.items.length, 1);
  });
});

describe('a read of an app', () => {
  it('answers a deleted item, as the app marks it, or not at all', async () => {
    const wanted = {
      time: { status: 200, deletedAt: '2026-01-01T00:00:00.000Z' },
      boolean: { status: 200, deleted: true },
      hard: { status: 410 },
    };
    for (const deletion of ['time', 'boolean', 'hard'] as const) {
      const { get, hands } = practice({ deletion, restore: false, gone: 410 });
      const id = hands.create('contacts', { lastName: 'a' });
      const { body: before } = await get(`contacts/${id}`);
      assert.equal(
        before.deletedAt ?? before.deleted ?? null,
        deletion === 'boolean' ? false : null,
      );
      hands.remove('contacts', id);
      const { status, body } = await get(`contacts/${id}`);
      const { deletedAt, deleted } = body;
      assert.deepEqual(
        { status, ...(deletedAt ? { deletedAt } : {}), ...(deleted ? { deleted } : {}) },
        { ...wanted[deletion] },
      );
      const { items } = (await get('contacts')).body;
      assert.equal(items.length, 0);
    }
  });

  it('leads one step towards what took an item over', async () => {
    for (const merges of [301, 308] as const) {
      const { get, hands } = practice({ merges, ids: 'integer', prefix: '/crm' });
      for (const lastName of 'abc') hands.create('contacts', { lastName });
      hands.create('notes', { text: 'of a', contactId: '1' });
      hands.merge('contacts', '1', '2');
      hands.merge('contacts', '2', '3');
      for (const [id, into] of [
        [1, 2],
        [2, 3],
      ] as const) {
        const { status, headers } = await get(`crm/contacts/${id}`);
        const location = headers.get('location');
        assert.deepEqual([status, location], [merges, `/apps/app/crm/contacts/${into}`]);
      }
      assert.equal((await get('crm/notes/1')).body.contactId, 3);
      assert.equal((await get('crm/contacts?includeDeleted=true')).body.items.length, 1);
    }
  });

  it('says of a merged item that it is deleted where merges leave no trace', async () => {
    for (const deletion of ['time', 'hard'] as const) {
      const { get, hands } = practice({ merges: 'none', deletion, restore: false });
      const [one, other] = Array.from('ab').map((lastName) =>
        hands.create('contacts', { lastName }),
      );
      hands.merge('contacts', one!, other!);
      const { status, body } = await get(`contacts/${one!}`);
      assert.equal(status, deletion === 'hard' ? 404 : 200);
      assert.equal(typeof body.deletedAt, deletion === 'hard' ? 'undefined' : 'string');
    }
  });

  it('shows versions as the app counts them, or no time at all', async () => {
    const shown = async (options: Partial<AccountOptions>): Promise<Json> => {
      const { get, hands, pass } = practice(options);
      const id = hands.create('notes', { text: 'a' });
      await pass(1500);
      hands.edit('notes', id, { text: 'b' });
      const { version, revision, updatedAt } = (await get(`notes/${id}`)).body;
      return { version, revision, updatedAt };
    };
    const nothing = { version: undefined, revision: undefined, updatedAt: undefined };
    const updatedAt = '2026-01-01T00:00:01.500Z';
    assert.deepEqual(await shown({}), { ...nothing, version: 2, updatedAt });
    const called = { version: 'revision' };
    assert.deepEqual(await shown({ called }), { ...nothing, revision: 2, updatedAt });
    assert.deepEqual(await shown({ version: 'time', timeStepMs: 1000 }), {
      ...nothing,
      updatedAt: '2026-01-01T00:00:01.000Z',
    });
    assert.deepEqual(await shown({ version: 'none', changes: 'none' }), nothing);
  });

  it('writes times in the one way or the other, of the same instant', async () => {
    const { get, hands } = practice({ times: 'offset' });
    const id = hands.create('notes', { text: 'a' });
    const { createdAt } = (await get(`notes/${id}`)).body;
    assert.equal(createdAt, '2026-01-01T01:00:00.000+01:00');
    const { items } = (await get(`notes${query({ updatedSince: createdAt })}`)).body;
    assert.equal(items.length, 1);
  });

  it('has another ETag after each change, and none where the app has none', async () => {
    const { get, hands } = practice({ version: 'none', changes: 'none' });
    const id = hands.create('notes', { text: 'a' });
    const etag = async (): Promise<string | null> => (await get(`notes/${id}`)).headers.get('etag');
    const first = await etag();
    assert.match(first!, /^"[\w-]{16}"$/);
    assert.equal(await etag(), first);
    hands.edit('notes', id, { text: 'b' });
    assert.notEqual(await etag(), first);
    const without = practice({ etag: false, ifMatch: false });
    const other = without.hands.create('notes', { text: 'a' });
    assert.equal((await without.get(`notes/${other}`)).headers.get('etag'), null);
  });

  it('does not find what is not there, and does not understand what is no id', async () => {
    const { get, hands } = practice();
    const id = hands.create('contacts', { lastName: 'a' });
    assert.equal((await get(`contacts/${id.toUpperCase()}`)).status, 200);
    assert.equal((await get(`contacts/${NOBODY}`)).status, 404);
    assert.equal((await get('contacts/1')).status, 400);
    assert.equal((await get('contacts/%')).status, 400);
    hands.hide('contacts', [id], true);
    assert.equal((await get(`contacts/${id}`)).status, 404);
    hands.forbid('contacts', true);
    assert.equal((await get(`contacts/${id}`)).status, 403);
  });
});

function listed(body: Json): readonly Json[] {
  return Array.isArray(body) ? body : (body.items ?? body.data);
}
