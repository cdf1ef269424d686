import assert from 'node:assert/strict';
import { request } from 'node:http';
import { TributaryError } from '../../runtime/core/errors.ts';
import { openGrumpy } from '../../runtime/emulators/grumpy/grumpy.ts';
import { serve } from '../../runtime/emulators/server.ts';
import { systemWorld } from '../../runtime/world/system.ts';
import { openAcme } from './acme/acme.ts';
import { localEmulators, type Local } from './local.ts';

const people = 'v1/people';

describe('the emulator as a local server', () => {
  const start = localEmulators();

  it('serves the API of Grumpy, bodies, headers and all', async () => {
    const { ask, grumpy, url } = await start();
    const made = await ask('POST', `${people}/create`, { items: [{ fields: { name: 'Árpád' } }] });
    assert.equal(made.body.results[0].status, 'ok');
    assert.equal(grumpy.account('sales').items('people')[0]?.fields['name'], 'Árpád');
    assert.equal((await ask('GET', `${people}?limit=1`)).body.items.length, 1);
    assert.equal((await ask('GET', `${people}?page=1`)).status, 400);
    assert.equal((await fetch(`${url}v1/about`)).status, 401);
  });

  it('tells the limits in headers, as Grumpy does', async () => {
    const { url } = await start([
      {
        name: 'a',
        token: 'demo-sales',
        abilities: { limits: [{ name: 'burst', capacity: 5, perMs: 86_400_000 }] },
        collections: {},
      },
    ]);
    const response = await fetch(`${url}v1/about`, {
      headers: { authorization: 'Bearer demo-sales' },
    });
    assert.match(response.headers.get('x-limit-burst')!, /^4;5;/);
  });

  it('breaks the connection when Grumpy does, before or after it has worked', async () => {
    for (const [kind, count] of [
      ['lost', 0],
      ['answerLost', 1],
    ] as const) {
      const { ask, grumpy } = await start();
      await ask('POST', '_emulator/trouble', { rates: { [kind]: 1 } });
      const items = [{ fields: { name: 'Anna' } }];
      await assert.rejects(ask('POST', `${people}/create`, { items }), TypeError);
      assert.equal(grumpy.account('sales').items('people').length, count);
    }
  });

  it('refuses a body that is too large', async () => {
    const { url } = await start();
    const response = await fetch(`${url}v1/people/read`, {
      method: 'POST',
      body: 'x'.repeat(6 * 1024 * 1024),
    });
    assert.equal(response.status, 413);
  });

  it('serves its pages and controls to this machine alone, not to web pages', async () => {
    const local = await start();
    const { host } = new URL(local.url);
    const foreign = { origin: 'https://evil.example' };
    assert.equal(await statusOf(local, '/', { host }), 200);
    assert.equal(await statusOf(local, '/', { host, origin: `http://${host}` }), 200);
    assert.equal(await statusOf(local, '/', { host: host.replace('127.0.0.1', 'localhost') }), 200);
    for (const path of ['/', '/_emulator/truth', '/_emulator/calls']) {
      assert.equal(await statusOf(local, path, { host, ...foreign }), 403);
      assert.equal(await statusOf(local, path, { host: 'evil.example' }), 403);
      assert.equal(await statusOf(local, path, { host: '127.0.0.1.evil.example' }), 403);
      assert.equal(await statusOf(local, path, { host, origin: 'null' }), 403);
    }
    assert.equal((await fetch(`${local.url}elsewhere`)).status, 404);
  });

  it('serves several vendors, each where it is, and all of them on one page', async () => {
    const world = systemWorld({ log: { write: () => true } });
    const served = serve({
      world,
      open: (given) => [openGrumpy(given), openAcme(given)],
    });
    const listening = await served.listen({ port: 0 });
    const { url } = listening;
    try {
      served.emulators[1].account('acme').create('companies', { name: 'Pagoda' });
      const headers = { authorization: 'Bearer demo-sales', 'x-token': 'demo-acme' };
      const answers = ['v1/companies', 'acme/companies/1'].map(async (path) =>
        (await fetch(`${url}${path}`, { headers })).json(),
      );
      assert.deepEqual(await Promise.all(answers), [{ items: [] }, { name: 'Pagoda' }]);
      const page = await (await fetch(`${url}?account=acme&collection=companies`)).text();
      assert.match(page, /<h1>Acme<\/h1>/);
      assert.match(page, /<strong>sales<\/strong> <small>Grumpy<\/small>/);
      assert.match(page, /Pagoda/);
    } finally {
      await listening.close();
    }
  });

  it('says what is wrong with a port that it cannot have', async () => {
    const { url } = await start();
    const other = serve({
      world: systemWorld({ log: { write: () => true } }),
      open: (given) => [openGrumpy(given)],
    });
    for (const port of [Number(new URL(url).port), 70_000]) {
      await assert.rejects(
        other.listen({ port }),
        (error) => error instanceof TributaryError && /Choose another port/.test(error.message),
      );
    }
  });
});

/** `fetch` would not let us choose the host. */
function statusOf(
  { url }: Local,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
