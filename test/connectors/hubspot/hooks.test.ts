/** Webhooks of an app in the emulator, set up with the key of its developer. */
import assert from 'node:assert/strict';
import { failureOf } from '../scene.ts';
import { answering, practising, Reply, SECRET, TOKEN, type Asked } from './practice.ts';

const URL = 'https://sync.example.test/hubspot';
const CLIENT_ID = '00000000-0000-4000-8000-000000054321';
const APP = { kind: 'oauth', clientId: CLIENT_ID, id: 54321 } as const;
const CONFIG = {
  clientId: CLIENT_ID,
  refreshToken: TOKEN,
  appId: '54321',
  developerKey: 'demo-developer-key',
};
const WANTED = { url: URL, secret: 'of no use', collections: ['contacts'] };
const OPTIONS = { account: { app: APP }, config: CONFIG };

describe('the webhooks of HubSpot', () => {
  it('can be set up with the key of a developer, and by nothing else', async () => {
    const has = (config: object) =>
      answering({}, async (account) => account.webhooks !== undefined, config);
    assert.equal(await has({}), false);
    assert.equal(await has({ appId: '7' }), false);
    assert.equal(await has({ appId: '7', developerKey: 'key' }), true);
  });

  it('tell of changes, until they are removed', () =>
    practising(async ({ account, hands, world, wait }) => {
      const arrived: string[] = [];
      const secrets: string[] = [];
      world.serve(new globalThis.URL(URL).origin, async (request) => {
        const body = new Uint8Array(await request.arrayBuffer());
        const headers = Object.fromEntries(request.headers);
        const { method, url } = request;
        const hints = account.receive!({ method, url, headers, body }, secrets[0]);
        arrived.push(...hints.map(({ collection, id }) => `${collection} ${id}`));
        return new Response();
      });
      secrets.push((await account.webhooks!.ensure(WANTED)).secret);
      const id = hands.create('contacts', { email: 'a@x.test' });
      await wait();
      assert.deepEqual([...new Set(arrived)], [`contacts ${id}`]);
      arrived.length = 0;
      hands.edit('contacts', id, { firstname: 'Anna' });
      await wait();
      hands.remove('contacts', id);
      await wait();
      assert.ok(arrived.length >= 2 && arrived.every((hint) => hint === `contacts ${id}`));
      arrived.length = 0;
      await account.webhooks!.remove(`${URL}/other`);
      await account.webhooks!.remove(URL);
      await account.webhooks!.remove(URL);
      hands.create('contacts', { email: 'b@x.test' });
      await wait();
      assert.deepEqual(arrived, []);
    }, OPTIONS));

  it('are made once, however often they are asked for, and repaired', async () => {
    const known = [
      subscription('1', 'contact.creation'),
      subscription('2', 'contact.creation'),
      subscription('3', 'contact.deletion', { active: false }),
      subscription('4', 'contact.propertyChange', { propertyName: 'email' }),
      subscription('5', 'deal.creation'),
    ];
    const answers = {
      'GET /app-webhooks/2026-09/54321/settings': { targetUrl: URL },
      'GET /app-webhooks/2026-09/54321/subscriptions': { results: known },
      'POST /app-webhooks/2026-09/54321/subscriptions': ({ body }: Asked) =>
        subscription('9', (body as { eventType: string }).eventType),
      'DELETE /app-webhooks/2026-09/54321/subscriptions/2': new Reply(204, undefined),
      'PATCH /app-webhooks/2026-09/54321/subscriptions/3': subscription('3', 'contact.deletion'),
    };
    const config = { appId: '54321', developerKey: 'key' };
    await answering(
      answers,
      async (account, asked) => {
        const { secret } = await account.webhooks!.ensure(WANTED);
        assert.equal(secret, SECRET);
        const changes = asked.filter(
          ({ path, method }) => path.includes('webhooks') && method !== 'GET',
        );
        assert.ok(changes.every(({ query }) => query.get('hapikey') === 'key'));
        const told = changes.map(({ method, path, body }) => {
          const { eventType = '', propertyName = '' } = (body || {}) as Record<string, string>;
          return `${method} ${path.split('/').at(-1)} ${eventType} ${propertyName}`.trimEnd();
        });
        assert.deepEqual(told, [
          'DELETE 2',
          'PATCH 3',
          'POST subscriptions contact.merge',
          'POST subscriptions contact.restore',
          'POST subscriptions contact.associationChange',
          'POST subscriptions contact.propertyChange firstname',
        ]);
      },
      config,
    );
  });

  it('of an app that sends elsewhere are left alone', () =>
    practising(async ({ account, emulator }) => {
      const targetUrl = 'https://other.example/hooks';
      emulator.setWebhooks('sales', { targetUrl, subscriptions: [] });
      const { kind, message } = await failureOf(account.webhooks!.ensure(WANTED));
      assert.equal(kind, 'rejected');
      assert.match(message, /app 54321, which account 'Sales' of hubspot uses, lead to another/);
    }, OPTIONS));

  it('are not asked for where there are none', () =>
    practising(async ({ account }) => {
      const wanted = { ...WANTED, collections: ['owners'] };
      assert.equal((await account.webhooks!.ensure(wanted)).secret, SECRET);
    }, OPTIONS));

  it('never show the key', async () => {
    const answers = {
      settings: new Reply(403, { message: 'no: very-secret-key', category: 'FORBIDDEN' }),
    };
    const config = { appId: '54321', developerKey: 'very-secret-key' };
    const refused = answering(answers, (account) => account.webhooks!.ensure(WANTED), config);
    const { message } = await failureOf(refused);
    assert.ok(!message.includes('very-secret-key') && message.includes('[secret]'), message);
  });
});

function subscription(
  id: string,
  eventType: string,
  more: { readonly active?: boolean; readonly propertyName?: string } = {},
) {
  return { id, eventType, active: true, createdAt: '2026-11-02T08:00:00Z', ...more };
}
