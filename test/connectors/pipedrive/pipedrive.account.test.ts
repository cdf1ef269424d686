/** Opening an account of Pipedrive: its form, its login, its permissions, and one in the emulator. */
import assert from 'node:assert/strict';
import type { Memory } from '../../../runtime/connectors/connector.ts';
import { pipedrive } from '../../../runtime/connectors/pipedrive/pipedrive.ts';
import { openPipedrive } from '../../../runtime/emulators/pipedrive/pipedrive.ts';
import type { Value } from '../../../runtime/core/value.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';
import { inWorld } from '../in-world.ts';
import { failureOf, idOf } from '../scene.ts';
import { CONFIG, NOW, page, person, practice, refusal, type Asked } from './practice.ts';

const LOGIN = { clientId: 'an-app', clientSecret: 'its-secret', refreshToken: '1234567:first' };

function memory(): Memory & { readonly kept: Map<string, Value> } {
  const kept = new Map<string, Value>();
  return {
    kept,
    load: async (name) => kept.get(name),
    save: async (name, value) => void kept.set(name, structuredClone(value)),
  };
}

describe('an account of Pipedrive', () => {
  it('is asked with the token at the address of the company', async () => {
    const { world, asked, open } = practice({});
    const account = await inWorld(world, () => open());
    assert.equal(account.title, 'Pipedrive Acme');
    assert.deepEqual(
      [asked[0]?.path, asked[0]?.headers['x-api-token']],
      ['/api/v1/users/me', CONFIG.token],
    );
    assert.equal(asked[0]?.headers['authorization'], undefined);
    assert.deepEqual(
      (await account.collections!()).map(({ name }) => name),
      ['persons', 'organizations', 'deals', 'activities', 'notes', 'users'],
    );
    await account.close();
  });

  it('has another place for the older version at the address for all', async () => {
    const { world, asked, open } = practice({ 'GET /v1/notes': page([]) }, { token: 'a-token' });
    await inWorld(world, async () => {
      const account = await open();
      await (await account.collection('notes')).list({ limit: 1 });
      await account.collection('persons');
    });
    assert.deepEqual(
      asked.map(({ path }) => path),
      ['/v1/users/me', '/v1/notes', '/api/v2/personFields'],
    );
  });

  it('tells how far the clock there is ahead, as far as an answer tells it', async () => {
    const data = { id: 12, company_id: 111 };
    const headers = { date: new Date(NOW + 3_600_000).toUTCString() };
    const { world, open } = practice({
      'GET /api/v1/users/me': () => Response.json({ success: true, data }, { headers }),
    });
    const { clockOffsetMs = NaN, title } = await inWorld(world, () => open());
    assert.ok(Math.abs(clockOffsetMs - 3_600_000) < 1_000, String(clockOffsetMs));
    assert.equal(title, 'Pipedrive 111');
    const silent = practice({});
    assert.equal('clockOffsetMs' in (await inWorld(silent.world, () => silent.open())), false);
  });

  it('names the permissions that it lacks', async () => {
    const forbidden = refusal(403, 'You do not have permissions to do this.');
    const missing = async (answers: object, names: readonly string[], config: object = {}) => {
      const { world, open } = practice({ ...answers }, { ...CONFIG, ...config });
      return inWorld(world, async () => (await open()).missingScopes!(names));
    };
    const all = ['persons', 'organizations', 'deals', 'activities', 'notes', 'no-such'];
    assert.deepEqual(await missing({}, all), []);
    const answers = {
      'PATCH /api/v2/persons/2147483647': forbidden,
      'GET /api/v2/deals/2147483647': forbidden,
      'PUT /api/v1/notes/2147483647': forbidden,
      'GET /api/v1/recents': forbidden,
    };
    assert.deepEqual(await missing(answers, all), ['contacts:full', 'deals:read']);
    assert.deepEqual(await missing(answers, ['activities'], { tellDeletes: true }), [
      'recents:read',
    ]);
  });
});

describe('a login with OAuth at Pipedrive', () => {
  let given = 0;
  const answers = {
    'POST /oauth/token': ({ body, headers }: Asked) => {
      const form = new URLSearchParams(String(body));
      const basic = Buffer.from(headers['authorization']!.slice(6), 'base64').toString();
      assert.equal(basic, 'an-app:its-secret');
      given += 1;
      return Response.json({
        access_token: `access-${form.get('refresh_token')}-${given}`,
        refresh_token: `refresh-${given}`,
        expires_in: 3_599,
        scope: 'base,contacts:full',
        api_domain: 'https://acme-test.pipedrive.com',
      });
    },
  };
  const config = { ...LOGIN, company: 'acme-test' };
  beforeEach(() => (given = 0));

  it('is renewed before the first call, and what was given is remembered', async () => {
    const { world, asked, open } = practice(answers, config);
    const kept = memory();
    await inWorld(world, () => open(kept));
    assert.deepEqual(
      asked.map(({ path }) => path),
      ['/oauth/token', '/api/v1/users/me'],
    );
    assert.equal(asked[1]?.headers['authorization'], 'Bearer access-1234567:first-1');
    assert.equal(asked[1]?.headers['x-api-token'], undefined);
    asked.length = 0;
    await inWorld(world, () => open(kept));
    assert.deepEqual(
      asked.map(({ path }) => path),
      ['/api/v1/users/me'],
    );
  });

  it('begins anew when a person has logged in again', async () => {
    const kept = memory();
    const first = practice(answers, config);
    await inWorld(first.world, () => first.open(kept));
    const second = practice(answers, { ...config, refreshToken: '1234567:second' });
    await inWorld(second.world, () => second.open(kept));
    assert.equal(second.asked[1]?.headers['authorization'], 'Bearer access-1234567:second-2');
  });

  it('lasts as long as the process, where nothing is remembered', async () => {
    const { world, asked, open } = practice(
      { ...answers, 'GET /api/v2/persons': page([]) },
      config,
    );
    await inWorld(world, async () => {
      const items = await (await open()).collection('persons');
      await world.schedule.sleep(3_600_000);
      await items.list({ limit: 1 });
    });
    assert.equal(asked.at(-1)?.headers['authorization'], 'Bearer access-refresh-1-2');
  });
});

describe('a company in the emulator', () => {
  const app = {
    clientId: 'an-app',
    clientSecret: 'its-secret',
    redirectUri: 'https://tributary.example/done',
    scopes: ['base', 'contacts:read', 'deals:full', 'contact-fields:full'],
  };
  const start = (refreshToken?: string) => {
    const world = virtualWorld({ seed: 'a company', startAt: NOW });
    const token = CONFIG.token;
    const emulator = openPipedrive({
      world,
      accounts: [{ name: 'acme-test', token, abilities: { plan: 'lite' }, app }],
    });
    for (const host of ['acme-test', 'oauth']) {
      world.serve(`https://${host}.pipedrive.com`, (request) => emulator.handle(request));
    }
    const open = (config: object, kept?: Memory) =>
      pipedrive.open(pipedrive.config.parse(config), world, kept);
    return { world, emulator, open, refreshToken };
  };

  it('gets its marker, and finds what was made with it', async () => {
    const { world, open } = start();
    await inWorld(world, async () => {
      const account = await open(CONFIG);
      const before = await account.collection('organizations');
      assert.equal(before.can.create, 'naturalKey');
      const wanted = { name: 'tributary_marker', title: 'Marker', type: 'text' } as const;
      const field = await before.ensureField!(wanted);
      assert.deepEqual(await before.ensureField!(wanted), field);
      const items = await account.collection('organizations');
      assert.deepEqual([items.can.create, items.can.marker], ['marker', field.path]);
      const raw = { name: 'Acme', address: { value: 'Fő utca 1, Pécs' } };
      const [made] = await items.write([{ op: 'create', raw, marker: 'v1.mark-1.0.x' }]);
      await world.schedule.sleep(items.can.searchLagMs);
      const [found] = await items.find!(field.path, ['v1.mark-1.0.x']);
      assert.deepEqual([found?.id, found?.marker], [idOf(made!), 'v1.mark-1.0.x']);
    });
  });

  it('lists the deals of its archive, and reads them', async () => {
    const { world, open } = start();
    await inWorld(world, async () => {
      const items = await (await open(CONFIG)).collection('deals');
      const ids: string[] = [];
      for (let n = 0; n < 30; n += 1) {
        const raw = { title: `Deal ${n}`, is_archived: n % 2 === 0 };
        ids.push(idOf((await items.write([{ op: 'create', raw }]))[0]!));
        await world.schedule.sleep(200);
      }
      await items.write([{ op: 'delete', id: ids[0]! }]);
      await items.write([{ op: 'delete', id: ids[1]! }]);
      const page1 = await items.list({ limit: 20 });
      const page2 = await items.list({ limit: 20, after: page1.next! });
      const listed = [...page1.items, ...page2.items].map(({ id }) => id);
      assert.deepEqual(listed.toSorted(), ids.slice(2).toSorted());
      const reads = await items.read([...ids, '999999']);
      const told = reads.map((read) => (read.kind === 'missing' ? read.archived : read.kind));
      assert.deepEqual(told, [true, true, ...Array<string>(28).fill('present'), false]);
      const { gone } = await items.changes!({ since: 0, limit: 500 });
      assert.deepEqual(new Set(gone), new Set(ids.slice(0, 2)));
    });
  });

  it('tells an app what it lacks, and takes its tokens', async () => {
    const { world, emulator, open } = start();
    await inWorld(world, async () => {
      const authorize = new URL('https://oauth.pipedrive.com/oauth/authorize');
      authorize.search = new URLSearchParams({
        client_id: app.clientId,
        redirect_uri: app.redirectUri,
        state: 's',
      }).toString();
      const back = await emulator.handle(new Request(authorize));
      const code = new URL(back.headers.get('location')!).searchParams.get('code')!;
      const basic = Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64');
      const response = await emulator.handle(
        new Request('https://oauth.pipedrive.com/oauth/token', {
          method: 'POST',
          headers: {
            authorization: `Basic ${basic}`,
            'content-type': 'application/x-www-form-urlencoded',
          },
          body: new URLSearchParams({
            grant_type: 'authorization_code',
            code,
            redirect_uri: app.redirectUri,
          }).toString(),
        }),
      );
      const { refresh_token: refreshToken } = (await response.json()) as Record<string, string>;
      const { clientId, clientSecret } = app;
      const config = { clientId, clientSecret, refreshToken, company: 'acme-test' };
      const kept = memory();
      const account = await open(config, kept);
      const missing = await account.missingScopes!(['persons', 'deals', 'activities']);
      assert.deepEqual(missing, ['activities:full', 'activities:read', 'contacts:full']);
      // The refresh token of the form is worth nothing any more; the one that is kept is.
      await world.schedule.sleep(7_200_000);
      const again = await open(config, kept);
      const persons = await again.collection('persons');
      assert.deepEqual((await persons.list({ limit: 1 })).items, []);
      const failure = await failureOf(persons.write([{ op: 'create', raw: { name: 'x' } }]));
      assert.equal(failure.kind, 'forbidden');
    });
  });

  it('sends its webhooks once each, as often as they are ensured', async () => {
    const { world, emulator, open } = start();
    const hands = emulator.account('acme-test');
    const bodies: unknown[] = [];
    world.serve('https://hooks.example', async (request) => {
      const text = await request.text();
      // Pipedrive moves the time of what is new, and tells that as well.
      if (text.includes('"create"')) bodies.push(text);
      return new Response();
    });
    await inWorld(world, async () => {
      const account = await open(CONFIG);
      const wanted = {
        url: 'https://hooks.example/pipedrive',
        secret: 'made-by-us',
        collections: ['persons', 'deals'],
      };
      await account.webhooks!.ensure(wanted);
      await account.webhooks!.ensure(wanted);
      hands.create('persons', { name: 'Anna' });
      await world.schedule.sleep(60_000);
      assert.equal(bodies.length, 1);
      await account.webhooks!.remove(wanted.url);
      hands.create('persons', { name: 'Béla' });
      await world.schedule.sleep(60_000);
      assert.equal(bodies.length, 1);
    });
  });

  it('may spend on a small plan what it has for a day, and says when that is over', async () => {
    const { world, open } = start();
    await inWorld(world, async () => {
      const account = await open(CONFIG);
      const items = await account.collection('deals');
      // Both lists of deals: 30 tokens each time, of the 30,000 of this plan.
      const spendAll = async (): Promise<void> => {
        for (let n = 0; n < 1_010; n += 1) {
          await items.list({ limit: 1 });
          await world.schedule.sleep(500);
        }
      };
      const { kind, limit, retryAfterMs } = await failureOf(spendAll());
      assert.deepEqual([kind, limit, retryAfterMs], ['throttled', 'daily', 1_800_000]);
      assert.equal(account.left!().find(({ name }) => name === 'daily')?.most, 30_000);
    });
  });
});

describe('the configuration of Pipedrive', () => {
  it('takes a token or a login, the company or an address, and what else it names', () => {
    const takes = (config: object) => pipedrive.config.safeParse(config).success;
    for (const right of [
      { token: 'a-token' },
      CONFIG,
      LOGIN,
      { ...LOGIN, company: 'acme' },
      { token: 'a', baseUrl: 'http://127.0.0.1:8/x', title: 'Sales', tokensADay: 9 },
      { ...CONFIG, hookUser: 'pd', hookPassword: 'long', marker: 'f'.repeat(40) },
    ]) {
      assert.ok(takes(right), JSON.stringify(right));
    }
    const { refreshToken: _none, ...half } = LOGIN;
    for (const wrong of [
      {},
      half,
      { ...CONFIG, ...LOGIN },
      { ...CONFIG, baseUrl: 'https://acme.pipedrive.com' },
      { token: 'a b' },
      { token: 'a', company: 'acme.pipedrive.com' },
      { token: 'a', company: '-' },
      { token: 'a', baseUrl: 'file:///etc/passwd' },
      { token: 'a', hookUser: 'a:b' },
      { token: 'a', tokensADay: 0 },
      { token: 'a', marker: '' },
      { token: 'a', other: 1 },
    ]) {
      assert.equal(takes(wrong), false, JSON.stringify(wrong));
    }
  });

  it('leads to Pipedrive only, unless the operator allows another host', async () => {
    const world = virtualWorld({ seed: 1 });
    const baseUrl = 'https://pipedrive.example';
    const config = pipedrive.config.parse({ token: 'a', baseUrl });
    const failure = await failureOf(inWorld(world, () => pipedrive.open(config, world)));
    assert.equal(failure.kind, 'forbidden');
    assert.match(failure.message, /\{company\}\.pipedrive\.com/);
  });
});

describe('an item of Pipedrive', () => {
  it('that was never changed has the version of its birth, and none without one', async () => {
    const bare = { add_time: '2026-10-01T08:00:00Z', update_time: null };
    const { world, open } = practice({
      'GET /api/v2/persons': page([
        person(1, bare),
        person(2, { add_time: undefined, update_time: undefined }),
      ]),
    });
    const { items } = await inWorld(world, async () =>
      (await (await open()).collection('persons')).list({ limit: 9 }),
    );
    assert.deepEqual(
      items.map(({ version }) => version),
      [Date.UTC(2026, 9, 1, 8), undefined],
    );
  });
});
