import assert from 'node:assert/strict';
import { DEMO_ACCOUNTS } from '../../../runtime/emulators/rest/demo.ts';
import { directoryOf } from '../../../runtime/emulators/emulator.ts';
import { renderPage } from '../../../runtime/emulators/page/render.ts';
import { openRest } from '../../../runtime/emulators/rest/rest.ts';
import type { Trouble } from '../../../runtime/emulators/trouble.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';
import { practice } from './practice.ts';

describe('an app', () => {
  it('says when it was asked too often, and when to come back', async () => {
    const limits = [{ name: 'requests', capacity: 2, perMs: 10_000 }];
    const date = 'Thu, 01 Jan 2026 00:00:05 GMT';
    for (const [retryAfter, said] of [
      ['seconds', '5'],
      ['date', date],
      ['none', null],
    ] as const) {
      const { get, pass } = practice({ limits, retryAfter });
      const statuses = [await get('contacts'), await get('contacts'), await get('contacts')];
      assert.deepEqual(
        statuses.map(({ status }) => status),
        [200, 200, 429],
      );
      assert.equal(statuses[2]!.headers.get('retry-after'), said);
      await pass(5000);
      assert.equal((await get('contacts')).status, 200);
    }
  });

  it('has bad days: it fails, a gateway fails before it, and answers are lost', async () => {
    const troubles: (Trouble | undefined)[] = [];
    const { ask, hands, pass } = practice({}, () => troubles.shift());
    const create = async (trouble: Trouble) => {
      troubles.push(trouble);
      return ask('POST', 'notes', { text: 'a' });
    };
    const failed = await create({ kind: 'status', status: 500 });
    assert.deepEqual([failed.status, failed.body.detail], [500, 'Failed.']);
    const away = await create({ kind: 'status', status: 503, retryAfterS: 7, carriedOut: true });
    assert.deepEqual([away.status, away.headers.get('retry-after')], [503, '7']);
    assert.match(away.body as string, /^<html>/);
    assert.equal((await create({ kind: 'status', status: 429 })).status, 429);
    assert.equal((await create({ kind: 'busy', items: [0] })).status, 503);
    assert.equal(hands.items('notes').length, 1);
    const lost = assert.rejects(create({ kind: 'answerLost' }), /fetch failed/);
    await pass(2000);
    await lost;
    assert.equal(hands.items('notes').length, 2);
  });

  it('counts what it was asked for', async () => {
    const { ask, get, hands } = practice();
    const id = hands.create('contacts', { lastName: 'a' });
    for (const path of [
      'openapi.json',
      'health',
      'contacts',
      'contacts?email=x',
      'contacts?updatedSince=2026-01-01T00:00:00Z',
      `contacts/${id}`,
    ]) {
      await get(path);
    }
    await ask('PATCH', `contacts/${id}`, {});
    await ask('DELETE', `contacts/${id}`);
    await ask('POST', `contacts/${id}/restore`);
    await ask('POST', 'notes', { text: 'a' });
    assert.deepEqual(
      Object.fromEntries(
        Object.entries(hands.calls).map(([name, { requests }]) => [name, requests]),
      ),
      {
        fields: 1,
        about: 1,
        list: 1,
        find: 1,
        changes: 1,
        read: 1,
        update: 1,
        delete: 1,
        restore: 1,
        create: 1,
      },
    );
  });

  it('is one of several, each at its own address with its own login', async () => {
    const world = virtualWorld({ seed: 1 });
    const apps = openRest({
      world,
      accounts: ['a', 'ab'].map((name) => ({
        name,
        token: `t-${name}`,
        login: { kind: 'bearer' },
      })),
    });
    const status = async (path: string, token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      return (await apps.handle(new Request(`https://app.test${path}`, { headers }))).status;
    };
    assert.deepEqual(
      [
        await status('/apps/a/notes', 't-a'),
        await status('/apps/ab/notes', 't-ab'),
        await status('/apps/a/notes', 't-ab'),
        await status('/apps/abc/notes', 't-a'),
      ],
      [200, 200, 401, 404],
    );
  });

  it('refuses rules that people break as well', () => {
    const { hands } = practice();
    const id = hands.create('contacts', { lastName: 'a', score: 7 });
    for (const wrong of [
      { lastName: null },
      { score: 101 },
      { score: 1.5 },
      { 'address.country': 'x' },
    ]) {
      assert.throws(() => hands.edit('contacts', id, wrong), /required|takes no such value/);
    }
    assert.deepEqual(hands.item('contacts', id)?.version, 1);
  });
});

describe('the page of an app', () => {
  it('warns of an app that believes everybody, and of no other', () => {
    for (const [login, count] of [
      [{ kind: 'development' }, 1],
      [{ kind: 'bearer' }, 0],
    ] as const) {
      const place = { account: 'app', collection: 'contacts', page: 1, wanted: '' };
      const page = renderPage(directoryOf([practice({ login }).rest]), place);
      assert.equal(page.split('role="alert">Nobody is asked').length - 1, count);
    }
  });
});

describe('the options of an app', () => {
  it('are refused when they contradict each other', () => {
    for (const options of [
      { envelope: 'array' },
      { version: 'none' },
      { etag: false },
      { idMember: 'own', idParameter: 'id' },
      { deletion: 'hard' },
      { login: { kind: 'jwt', algorithm: 'RS256' } },
      { name: 'A b' },
    ] as const) {
      assert.throws(() => practice(options), /The app ".*" cannot be/, JSON.stringify(options));
    }
  });
});

describe('the apps for demonstrations', () => {
  it('have people of the same town, some of them twice, in companies, with notes', () => {
    const apps = openRest({ world: virtualWorld({ seed: 1 }) });
    apps.seed(500);
    assert.deepEqual(apps.accounts, ['rest', 'rest-old']);
    const [modern, old] = [apps.account('rest'), apps.account('rest-old')];
    const emails = modern.items('contacts').map(({ fields }) => fields['email']);
    assert.ok(emails.length > 510 && emails.length < 540, `${emails.length}`);
    const known = new Set(emails.filter((email) => email !== null));
    const both = old.items('contacts').filter(({ fields }) => known.has(fields['email']!));
    assert.ok(both.length > 300, `${both.length}`);
    const ids = new Set(old.items('companies').map(({ id }) => id));
    const employed = old.items('contacts').filter(({ fields }) => fields['company_id'] !== null);
    assert.ok(employed.length > 300);
    assert.ok(employed.every(({ fields }) => ids.has(fields['company_id'] as string)));
    assert.ok(modern.items('notes').length > 50);
  });

  it('are the same with the same chance', () => {
    const [one, other] = [1, 1].map((seed) => {
      const apps = openRest({ world: virtualWorld({ seed }), accounts: DEMO_ACCOUNTS });
      apps.seed(30);
      return apps.accounts.map((name) => apps.account(name).items('contacts'));
    });
    assert.deepEqual(one, other);
  });
});
