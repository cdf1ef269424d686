/** Logins, limits and permissions of an account of HubSpot, and what a person fills in. */
import assert from 'node:assert/strict';
import type { Memory } from '../../../runtime/connectors/connector.ts';
import { hubspot } from '../../../runtime/connectors/hubspot/hubspot.ts';
import type { Value } from '../../../runtime/core/value.ts';
import { failureOf } from '../scene.ts';
import { answering, batch, NOW, object, practising, Reply, SECRET, TOKEN } from './practice.ts';

const CLIENT_ID = '00000000-0000-4000-8000-000000054321';
const APP = { kind: 'oauth', clientId: CLIENT_ID } as const;
const LOGIN = { clientId: CLIENT_ID, refreshToken: TOKEN };

describe('the configuration of HubSpot', () => {
  const { config } = hubspot;
  const isFine = (filled: object) => config.safeParse(filled).success;

  it('takes a token or a login, and has the rest by itself', () => {
    const { baseUrl, version, marker, tellDeletes } = config.parse({ token: TOKEN });
    assert.deepEqual(
      [baseUrl, version, marker, tellDeletes],
      ['https://api.hubapi.com', '2026-09', 'tributary_marker', false],
    );
    assert.ok(isFine({ ...LOGIN, clientSecret: SECRET, title: 'Sales' }));
    assert.ok(isFine({ token: TOKEN, clientSecret: SECRET, version: 'v3' }));
  });

  it('refuses what cannot work', () => {
    for (const wrong of [
      {},
      LOGIN,
      { token: 'a b' },
      { ...LOGIN, clientSecret: SECRET, token: TOKEN },
      { token: TOKEN, version: '2026-10' },
      { token: TOKEN, version: 'v4' },
      { token: TOKEN, marker: 'Marker' },
      { token: TOKEN, baseUrl: 'hubspot' },
      { token: TOKEN, hookUrl: '/hooks' },
      { token: TOKEN, appId: 'mine' },
      { token: TOKEN, other: 1 },
    ]) {
      assert.equal(isFine(wrong), false, JSON.stringify(wrong));
    }
  });

  it('names everything that nobody may see', () => {
    const secrets = ['token', 'clientSecret', 'refreshToken', 'developerKey'];
    assert.deepEqual(hubspot.secrets, secrets);
  });
});

describe('an app of HubSpot that people log in to', () => {
  const options = { account: { app: APP }, config: LOGIN };

  it('gets a token, and another one before it expires', () =>
    practising(async ({ account, hands, world }) => {
      const id = hands.create('contacts', { email: 'a@x.test' });
      const contacts = await account.collection('contacts');
      assert.equal((await contacts.read([id]))[0]?.kind, 'present');
      await world.schedule.sleep(3_600_000);
      assert.equal((await contacts.read([id]))[0]?.kind, 'present');
      assert.deepEqual(
        account.limits.map(({ name }) => name),
        ['burst', 'search'],
      );
    }, options));

  it('keeps its tokens in the memory it is given, until somebody logs in anew', async () => {
    const kept = new Map<string, Value>();
    const memory: Memory = {
      load: async (name) => kept.get(name),
      save: async (name, value) => void kept.set(name, value),
    };
    const given = {
      origin: 'x',
      tokens: { refreshToken: 'of another login', accessToken: 'stale', renewAt: NOW * 2 },
    };
    kept.set('tokens', given);
    const withMemory = { ...options, memory };
    await practising(async ({ reopen }) => {
      const first = kept.get('tokens') as unknown as typeof given;
      assert.deepEqual([first.tokens.refreshToken, first.origin === 'x'], [TOKEN, false]);
      await reopen(memory);
      assert.deepEqual(kept.get('tokens'), first);
    }, withMemory);
  });

  it('says who has to log in again', async () => {
    const config = { ...LOGIN, refreshToken: 'long-gone', clientSecret: SECRET };
    const refusal = { status: 'BAD_REFRESH_TOKEN', message: 'missing or invalid refresh token' };
    const answers = { '/oauth/2026-09/token': new Reply(400, refusal) };
    const { kind, message } = await failureOf(answering(answers, async () => undefined, config));
    assert.equal(kind, 'unauthorized');
    assert.match(
      message,
      /refused the token of account 'Sales' \(400: missing or invalid.*log in again\.$/,
    );
  });
});

describe('an account of HubSpot', () => {
  it('is called by its number, and says what sort of one it is', async () => {
    const title = (accountType: string) =>
      answering({ details: { portalId: 7, accountType } }, async (account) => account.title);
    assert.equal(await title('STANDARD'), 'HubSpot 7');
    assert.equal(await title('SANDBOX'), 'HubSpot 7 (SANDBOX)');
  });

  it('tells its clock, where an answer shows it', () => {
    const date = new Date(NOW + 60_000).toUTCString();
    return answering({ details: new Reply(200, { portalId: 7 }, { date }) }, async (account) => {
      assert.ok(Math.abs(account.clockOffsetMs! - 60_000) <= 600, `${account.clockOffsetMs}`);
    });
  });

  it('shows its collections, and opens others by name', () =>
    answering({ '/properties/2026-09/2-4711': { results: [] } }, async (account) => {
      const names = (await account.collections!()).map(({ name }) => name);
      for (const name of ['contacts', 'companies', 'deals', 'notes', 'tasks']) {
        assert.ok(names.includes(name), name);
      }
      assert.equal((await account.collection('2-4711')).name, '2-4711');
    }));

  it('speaks the version before as well', async () => {
    const answers = {
      '/account-info/v3/details': { portalId: 7 },
      '/crm/v3/properties/contacts': { results: [] },
      '/crm/v3/objects/contacts': { results: [object('1')] },
      '/crm/v3/objects/contacts/batch/read': batch([object('1')]),
      '/crm/v4/associations/contacts/companies/batch/read': batch([]),
    };
    await answering(
      answers,
      async (account, asked) => {
        const contacts = await account.collection('contacts');
        assert.equal((await contacts.list({ limit: 1 })).items.length, 1);
        assert.deepEqual(
          asked.map(({ path }) => path),
          Object.keys(answers),
        );
      },
      { version: 'v3' },
    );
  });

  it('names the permissions that it lacks', () =>
    practising(
      async ({ account }) => {
        const missing = await account.missingScopes!(['contacts', 'deals', 'notes']);
        assert.deepEqual(missing, ['crm.objects.deals.read', 'crm.objects.deals.write']);
        assert.deepEqual(await account.missingScopes!(['contacts']), []);
      },
      {
        account: {
          scopes: ['contacts', 'companies'].flatMap((name) => [
            `crm.objects.${name}.read`,
            `crm.objects.${name}.write`,
          ]),
        },
      },
    ));
});

describe('the limits of HubSpot', () => {
  const told = {
    'x-hubspot-ratelimit-daily': '650000',
    'x-hubspot-ratelimit-daily-remaining': '7',
    'x-hubspot-ratelimit-interval-milliseconds': '10000',
    'x-hubspot-ratelimit-max': '190',
    'x-hubspot-ratelimit-remaining': '180',
  };
  const details = { portalId: 7, timeZone: 'Europe/Budapest' };
  const most = (limits: readonly { name: string; capacity: number }[]) =>
    Object.fromEntries(limits.map(({ name, capacity }) => [name, capacity]));

  it('are those of the plan, as far as the answers tell', () =>
    answering({ details: new Reply(200, details, told) }, async (account) => {
      assert.deepEqual(most(account.limits), { burst: 95, search: 2, daily: 325_000 });
    }));

  it('are those of the smallest plan where they do not', () =>
    answering({}, async (account) => {
      assert.deepEqual(most(account.limits), { burst: 50, search: 2, daily: 125_000 });
      assert.deepEqual(account.left!(), []);
    }));

  it('tell what is left, the one for the day until midnight there', async () => {
    let answers = 0;
    const properties = () => {
      answers += 1;
      return answers === 1 ? new Reply(200, { results: [] }, told) : { results: [] };
    };
    await answering(
      { details, '/properties/2026-09/contacts': properties },
      async (account, _asked, world) => {
        await account.collection('contacts');
        const [burst, daily] = account.left!();
        assert.deepEqual([burst?.name, burst?.left, burst?.most], ['burst', 180, 190]);
        assert.ok(Math.abs(burst!.resetsAt! - world.clock.now() - 10_000) < 100);
        const resetsAt = Date.UTC(2026, 10, 2, 23);
        assert.deepEqual(daily, { name: 'daily', left: 7, most: 650_000, resetsAt });
        // An answer that tells nothing changes nothing.
        await account.collection('contacts');
        assert.equal(account.left!().length, 2);
      },
    );
  });

  it('are told apart by their names, or by what is said about them', async () => {
    for (const [body, headers, limit, retryAfterMs] of [
      [
        {
          message: 'You have reached your ten_secondly_rolling limit.',
          policyName: 'TEN_SECONDLY_ROLLING',
        },
        {},
        'burst',
        undefined,
      ],
      [
        { message: 'You have reached your ten_secondly_rolling limit.' },
        { 'retry-after': '3' },
        'burst',
        3_000,
      ],
      [{ message: 'You have reached your secondly limit.' }, {}, 'search', undefined],
      [{ message: 'Slow down.', policyName: 'DAILY' }, {}, 'daily', 11 * 3_600_000],
      [{ message: 'Slow down.' }, {}, undefined, undefined],
    ] as const) {
      const answers = { details, '/properties/2026-09/contacts': new Reply(429, body, headers) };
      const failure = await failureOf(
        answering(answers, (account) => account.collection('contacts')),
      );
      assert.deepEqual([failure.kind, failure.limit], ['throttled', limit]);
      const near = Math.abs((failure.retryAfterMs ?? 0) - (retryAfterMs ?? 0));
      assert.ok(near < 1_000, `${failure.retryAfterMs} is not ${retryAfterMs}`);
    }
  });

  it('ask to wait for a locked item, and for an account on its way elsewhere', async () => {
    for (const [status, headers, expected] of [
      [423, {}, 2_000],
      [423, { 'retry-after': '5' }, 5_000],
      [477, { 'retry-after': '3600' }, 3_600_000],
    ] as const) {
      const answers = { '/properties/2026-09/contacts': new Reply(status, {}, headers) };
      const { kind, retryAfterMs } = await failureOf(
        answering(answers, (account) => account.collection('contacts')),
      );
      assert.deepEqual([kind, retryAfterMs], ['transient', expected]);
    }
  });

  it('count searches for the day, and not for ten seconds', () =>
    answering({}, async ({ limits }) => {
      const costs = (call: 'list' | 'changes' | 'read' | 'update', collection: string) =>
        limits.map(({ cost }) => cost(call, 100, collection));
      assert.deepEqual(costs('changes', 'contacts'), [1, 1, 3]);
      assert.deepEqual(costs('list', 'contacts'), [2, 0, 3]);
      assert.deepEqual(costs('read', 'companies'), [1, 0, 1]);
      assert.deepEqual(costs('update', 'notes'), [1, 0, 7]);
    }));
});
