import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { openHubSpot } from '../../runtime/emulators/hubspot/hubspot.ts';
import { localEmulators } from './local.ts';
import { served } from './served.ts';

const place = { account: 'sales', collection: 'companies' };

describe('the control API of the emulator', () => {
  const start = localEmulators();

  it('does what a person does, and shows the truth', async () => {
    const { ask } = await start();
    const control = (path: string, body: object) =>
      ask('POST', `_emulator/${path}`, { ...place, ...body });
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      const { body } = await control('create', { fields: { name } });
      assert.deepEqual(body, { id: String(index + 1) });
    }
    await control('edit', { id: '1', fields: { name: 'd' } });
    await control('remove', { id: '3' });
    assert.deepEqual((await control('merge', { loser: '2', winner: '1' })).body, { id: '1' });
    const { body } = await ask('GET', '_emulator/truth');
    assert.deepEqual(Object.keys(body), ['sales', 'support']);
    const [item] = body.sales.companies;
    assert.equal(body.sales.companies.length, 1);
    assert.deepEqual([item.id, item.fields.name, item.updatedBy], ['1', 'd', { kind: 'person' }]);
  });

  it('tells what has happened, from any place on, and what was asked for', async () => {
    const { ask } = await start();
    await ask('POST', '_emulator/create', { ...place, fields: { name: 'a' } });
    await ask('POST', 'v1/companies/create', { items: [{ fields: { name: 'b' } }] });
    const all = (await ask('GET', '_emulator/log?account=sales')).body;
    assert.deepEqual(
      all.log.map(({ id, by, via }: Record<string, unknown>) => [id, by, via]),
      [
        ['1', 'person', 'hands'],
        ['2', 'app', 'api'],
      ],
    );
    const rest = (await ask('GET', '_emulator/log?account=sales&after=1')).body;
    assert.deepEqual(rest, { log: [all.log[1]], next: 2 });
    assert.deepEqual((await ask('GET', '_emulator/calls')).body, {
      sales: { create: { requests: 1, items: 1 } },
      support: {},
    });
  });

  it('makes trouble, and ends it', async () => {
    const { ask } = await start();
    await ask('POST', '_emulator/trouble', { rates: { busy: 1 } });
    const items = [{ fields: { name: 'a' } }];
    const create = async () =>
      (await ask('POST', 'v1/companies/create', { items })).body.results[0];
    assert.equal((await create()).code, 'busy');
    await ask('POST', '_emulator/trouble', { rates: {} });
    assert.equal((await create()).status, 'ok');
  });

  it('gives back what was deleted', async () => {
    const { ask, grumpy } = await start();
    await ask('POST', '_emulator/create', { ...place, fields: { name: 'a' } });
    await ask('POST', '_emulator/remove', { ...place, id: '1' });
    assert.deepEqual((await ask('POST', '_emulator/restore', { ...place, id: '1' })).body, {});
    assert.equal(grumpy.account('sales').items('companies').length, 1);
  });

  it('changes fields as an administrator does, and tells which there are then', async () => {
    const { ask, grumpy } = await start();
    const change = async (edit: object) =>
      (await ask('POST', '_emulator/fields', { ...place, ...edit })).body.fields;
    const size = { path: 'size', type: 'enum', options: ['s', 'l'], own: { label: 'Size' } };
    assert.deepEqual((await change({ add: size })).at(-1), size);
    const hands = grumpy.account('sales');
    hands.create('companies', { name: '7', size: 'l' });
    assert.deepEqual((await change({ dropOption: { path: 'size', option: 's' } })).at(-1), {
      ...size,
      options: ['l'],
    });
    assert.equal((await change({ rename: { path: 'size', to: 'girth' } })).at(-1).path, 'girth');
    await change({ retype: { path: 'name', type: 'number' } });
    await change({ remove: 'domain' });
    assert.deepEqual(hands.item('companies', '1')?.fields, {
      employees: null,
      girth: 'l',
      name: 7,
    });
  });

  it('moves the clock ahead, and has happen what is due meanwhile', async () => {
    const { ask, grumpy } = await start();
    const hands = grumpy.account('sales');
    await ask('POST', '_emulator/create', { ...place, fields: { name: 'a' } });
    assert.deepEqual((await ask('POST', '_emulator/advance', { ms: 86_400_000 })).body, {});
    await ask('POST', '_emulator/edit', { ...place, id: '1', fields: { name: 'b' } });
    const [before, after] = hands.log.map(({ at }) => at);
    const movedMs = after! - before!;
    assert.ok(movedMs >= 86_400_000 && movedMs < 86_400_000 + 60_000, `${movedMs}`);
    const { now } = (await ask('GET', 'v1/about')).body;
    assert.ok(Date.parse(now) >= after!);
  });

  for (const [what, status, path, body] of [
    ['an unknown account', 404, 'create', { account: 'x', collection: 'y', fields: {} }],
    ['an unknown collection', 404, 'create', { account: 'sales', collection: 'y', fields: {} }],
    ['an unknown member', 400, 'create', { ...place, fields: {}, by: 'me' }],
    ['a missing member', 400, 'edit', { ...place, fields: {} }],
    ['an item that is not there', 422, 'remove', { ...place, id: '1' }],
    ['a value of another type', 422, 'create', { ...place, fields: { name: 7 } }],
    ['a restored item that never was', 422, 'restore', { ...place, id: '1' }],
    ['two changes of fields', 400, 'fields', { ...place, remove: 'name', rename: {} }],
    ['a field of no type', 400, 'fields', { ...place, add: { path: 'a', type: 'rain' } }],
    ['a field that is not there', 422, 'fields', { ...place, rename: { path: 'a', to: 'b' } }],
    ['a clock that goes back', 400, 'advance', { ms: -1 }],
    ['a rate beyond one', 400, 'trouble', { rates: { lost: 2 } }],
    ['webhooks that lead nowhere', 400, 'webhooks', { account: 'sales', targetUrl: 'here' }],
    [
      'webhooks that the API sets up',
      404,
      'webhooks',
      { account: 'sales', targetUrl: 'https://sync.test', subscriptions: [] },
    ],
    ['an unknown trouble of webhooks', 400, 'trouble', { rates: {}, webhooks: { busy: 1 } }],
    ['an unknown trouble', 400, 'trouble', { rates: { rain: 1 } }],
  ] as const) {
    it(`answers ${what} with ${status}`, async () => {
      const { ask, logged } = await start();
      const answer = await ask('POST', `_emulator/${path}`, body);
      assert.equal(answer.status, status);
      assert.ok(answer.body.message.length > 10);
      assert.deepEqual(logged, []);
    });
  }

  it('answers what is no JSON with 400', async () => {
    const { url } = await start();
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}_emulator/create`, { method: 'POST', headers, body: '{' });
    assert.equal(response.status, 400);
  });
});

describe('a private app of HubSpot that is served', () => {
  it('has its webhooks set up by hand, and delivers them signed, twice on a bad day', async () => {
    const letters: { headers: http.IncomingHttpHeaders; body: string }[] = [];
    const both = Promise.withResolvers<void>();
    const receiver = http.createServer((request, reply) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        letters.push({ headers: request.headers, body });
        reply.end();
        if (letters.length === 2) both.resolve();
      });
    });
    await new Promise<void>((ready) => receiver.listen(0, '127.0.0.1', ready));
    const hubspot = await served(openHubSpot);
    const control = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      const response = await fetch(`${hubspot.url}/_emulator/${path}`, init);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    try {
      const targetUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
      const created = { eventType: 'contact.creation' };
      const account = 'hubspot';
      const wanted = { account, targetUrl, subscriptions: [created] };
      const wrong = { ...wanted, subscriptions: [{ eventType: 'contact.sneeze' }] };
      assert.equal((await control('webhooks', wrong)).status, 422);
      const { body: shown } = await control('webhooks', wanted);
      const [subscription] = shown['subscriptions'] as Record<string, unknown>[];
      assert.deepEqual(
        [shown['targetUrl'], subscription?.['eventType'], subscription?.['active']],
        [targetUrl, 'contact.creation', true],
      );
      await control('trouble', { rates: {}, webhooks: { doubled: 1 } });
      const { id } = (
        await control('create', { account, collection: 'contacts', fields: { firstname: 'Anna' } })
      ).body;
      await both.promise;
      const [{ headers, body }, again] = letters as [(typeof letters)[0], (typeof letters)[0]];
      assert.equal(again.body, body);
      const signed = `POST${targetUrl}${body}${headers['x-hubspot-request-timestamp'] as string}`;
      assert.equal(
        headers['x-hubspot-signature-v3'],
        createHmac('sha256', shown['secret'] as string)
          .update(signed)
          .digest('base64'),
      );
      const [event] = JSON.parse(body) as Record<string, unknown>[];
      assert.deepEqual(
        [event?.['subscriptionType'], String(event?.['objectId'])],
        ['contact.creation', id],
      );
    } finally {
      await hubspot.close();
      receiver.closeAllConnections();
      receiver.close();
    }
  });
});
