import assert from 'node:assert/strict';
import { z } from 'zod';
import { tokenAuth } from '../../runtime/connectors/auth.ts';
import { restClient, type Call, type RestOptions } from '../../runtime/connectors/http.ts';
import { virtualWorld, type Answer } from '../sim/virtual-world.ts';
import { inWorld } from './in-world.ts';
import { failureOf } from './scene.ts';

const ORIGIN = 'https://crm.example';
const READ: Call<unknown> = { method: 'GET', path: ['people'], answer: z.unknown() };
const REMOVE: Call<undefined> = { method: 'DELETE', path: ['people', '1'], answer: z.undefined() };

describe('the client for vendors, for what one vendor has and another has not,', () => {
  it('sends a form where a call has one', async () => {
    const seen: unknown[] = [];
    const { send } = client(async (request) => {
      seen.push(request.headers.get('content-type'), await request.text());
      return Response.json({});
    });
    await send({ ...READ, method: 'POST', form: { grant_type: 'refresh token', code: 'a&b=é' } });
    assert.deepEqual(seen, [
      'application/x-www-form-urlencoded',
      'grant_type=refresh+token&code=a%26b%3D%C3%A9',
    ]);
  });

  it('sends the headers of a call over those of all calls, and says who we are', async () => {
    let seen: Headers | undefined;
    const { send } = client(
      (request) => {
        seen = request.headers;
        return Response.json({});
      },
      {
        headers: { Prefer: 'a', 'X-All': '1' },
        auth: tokenAuth('t', { header: 'x-api-token', scheme: '' }),
      },
    );
    const headers = { prefer: 'b', 'Content-Type': 'application/merge-patch+json' };
    await send({ ...READ, method: 'PATCH', body: {}, headers });
    const names = ['prefer', 'x-all', 'x-api-token', 'content-type', 'accept', 'user-agent'];
    assert.deepEqual(
      names.map((name) => seen!.get(name)),
      ['b', '1', 't', 'application/merge-patch+json', 'application/json', 'Tributary'],
    );
  });

  it('takes an answer without a body where the call expects none', async () => {
    assert.equal(await client(() => new Response(null, { status: 204 })).send(REMOVE), undefined);
    assert.equal(await client(() => new Response('', { status: 200 })).send(REMOVE), undefined);
  });

  it('does not take a page for an answer, whatever the call expects', async () => {
    for (const call of [REMOVE, READ]) {
      const { send } = client(() => new Response('<html>Please log in</html>'));
      assert.equal((await failureOf(send(call))).kind, 'broken');
    }
  });

  it('tells status and headers of an answer beside what is in it', async () => {
    const { rest, world } = client(() =>
      Response.json([1], { status: 207, headers: { 'content-range': '0-0/17', etag: '"5"' } }),
    );
    const { status, headers, data } = await inWorld(world, () => rest.ask(READ));
    assert.deepEqual([status, data], [207, [1]]);
    assert.deepEqual([headers.get('Content-Range'), headers.get('ETag')], ['0-0/17', '"5"']);
  });

  it('tells of every answer, also of one that says no, what is left of a limit', async () => {
    const heard: unknown[] = [];
    let left = 2;
    const { send } = client(
      () => {
        left -= 1;
        const headers = { 'X-HubSpot-RateLimit-Remaining': String(left) };
        return Response.json({}, { status: left > 0 ? 200 : 429, headers });
      },
      {
        onAnswer: ({ status, headers }) =>
          heard.push([status, headers.get('x-hubspot-ratelimit-remaining')]),
      },
    );
    await send(READ);
    await failureOf(send(READ));
    assert.deepEqual(heard, [
      [200, '1'],
      [429, '0'],
    ]);
  });

  it('lets a vendor mean something else by a status than others do', async () => {
    const { send } = client(
      (request) => {
        const isPage = request.method === 'GET';
        const headers = { 'x-ratelimit-reset': '2' };
        return isPage
          ? new Response('<html>Slow down</html>', { status: 403, headers })
          : Response.json({ error: 'No permission' }, { status: 403, headers });
      },
      {
        meaning: ({ status, headers, body }) =>
          status === 403 && body === undefined
            ? {
                kind: 'throttled',
                limit: 'burst',
                retryAfterMs: Number(headers.get('x-ratelimit-reset')) * 1_000,
              }
            : undefined,
      },
    );
    const page = await failureOf(send(READ));
    assert.deepEqual([page.kind, page.limit, page.retryAfterMs], ['throttled', 'burst', 2_000]);
    assert.match(page.message, /asks account 'Sales' to slow down \(403\)/);
    const refusal = await failureOf(send({ ...READ, method: 'POST' }));
    assert.deepEqual([refusal.kind, refusal.limit], ['forbidden', undefined]);
  });

  it('leaves a colon in a path as it is', async () => {
    const { send } = client(({ url }) => Response.json(url));
    const path = ['versions', 'latest:access', 'a/b'];
    assert.equal(await send({ ...READ, path }), `${ORIGIN}/versions/latest:access/a%2Fb`);
  });

  it('is not made for an address that may not be called', () => {
    const world = virtualWorld({ seed: 'http' });
    const options = { world, vendor: 'crm', account: 'Sales', hosts: ['{name}.crm.example'] };
    restClient({ ...options, baseUrl: 'https://acme.crm.example' });
    for (const baseUrl of ['https://evil.example', 'http://acme.crm.example', 'https://10.0.0.1']) {
      assert.throws(() => restClient({ ...options, baseUrl }), { kind: 'forbidden' });
    }
  });

  it('says that nothing was sent to a name that leads into a private network', async () => {
    const { send } = client(() => {
      const detail = 'crm.example leads to the private address 10.0.0.1';
      const cause = Object.assign(new Error(detail), { code: 'ERR_PRIVATE_ADDRESS' });
      throw new TypeError('fetch failed', { cause });
    });
    const failure = await failureOf(send({ ...READ, method: 'POST', body: {} }));
    assert.deepEqual([failure.kind, failure.mayHaveLanded], ['forbidden', false]);
    assert.match(failure.message, /because crm\.example leads to .* TRIBUTARY_ALLOWED_HOSTS/);
  });
});

function client(answer: Answer, options: Partial<RestOptions> = {}) {
  const world = virtualWorld({ seed: 'http' });
  world.serve(ORIGIN, answer);
  const rest = restClient({ world, vendor: 'crm', account: 'Sales', baseUrl: ORIGIN, ...options });
  return { world, rest, send: <T>(call: Call<T>) => inWorld(world, () => rest.send(call)) };
}
