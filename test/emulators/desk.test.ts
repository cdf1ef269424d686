import assert from 'node:assert/strict';
import { Account } from '../../runtime/emulators/crm/account.ts';
import {
  hostOf,
  openEmulator,
  RequestRefused,
  type Dialect,
  type Host,
} from '../../runtime/emulators/desk.ts';
import type { Trouble } from '../../runtime/emulators/trouble.ts';
import { virtualWorld } from '../sim/virtual-world.ts';

describe('the desk of a vendor', () => {
  it('answers strangers, and those who may not even ask, in the words of the vendor', async () => {
    const { ask } = desk();
    assert.deepEqual(await ask('/', { key: 'wrong' }), [401, 'Who are you?']);
    assert.deepEqual(await ask('/', {}), [403, 'No key at all.']);
  });

  it('waits for a vendor who has to read before it knows who asks', async () => {
    const { ask } = desk();
    assert.deepEqual(await ask('/cheap', { key: 'in the body' }), [200, 'busy: ']);
  });

  it('asks what a request costs before it looks into it, and tells which limit is short', async () => {
    const { ask, hands } = desk();
    assert.equal((await ask('/expensive'))[0], 200);
    assert.deepEqual(await ask('/expensive'), [429, 'tokens: wait 3000']);
    assert.equal((await ask('/cheap'))[0], 200);
    assert.deepEqual(await ask('/nowhere'), [404, 'Nothing there.']);
    assert.deepEqual(hands.calls, { find: { requests: 2, items: 2 } });
  });

  it('has everything that is refused said by the vendor, also while it is carried out', async () => {
    const { ask } = desk();
    assert.deepEqual(await ask('/refused'), [422, 'Not this one.']);
    const slow = desk({ kind: 'slow', ms: 100 });
    assert.deepEqual(await slow.ask('/refused'), [422, 'Not this one.']);
    const unheard = desk({ kind: 'answerLost' });
    await assert.rejects(unheard.ask('/refused'), { name: 'TypeError', message: 'fetch failed' });
  });

  it('tells which places of a batch are busy', async () => {
    assert.deepEqual(await desk({ kind: 'busy', items: [2] }).ask('/cheap'), [200, 'busy: 2']);
  });

  it('lets a failure look like one of this vendor', async () => {
    const { ask } = desk({ kind: 'status', status: 503, retryAfterS: 7 });
    assert.deepEqual(await ask('/cheap'), [503, 'Broken, try in 7.']);
  });

  it('carries out late until its horizon', async () => {
    for (const [ms, done] of [
      [5000, 1],
      [5001, 0],
    ] as const) {
      const { ask, carriedOut, world } = desk({ kind: 'late', ms });
      await assert.rejects(ask('/cheap'), TypeError);
      await world.runUntilQuiet();
      assert.equal(carriedOut(), done);
    }
  });

  it('knows its accounts', () => {
    const { opened } = desk();
    assert.deepEqual(opened.accounts, ['sales']);
    assert.equal(opened.account('sales').name, 'sales');
    assert.throws(() => opened.account('x'), { code: 'example-account' });
  });
});

/** A vendor with one account, who says everything in plain text. */
function desk(trouble?: Trouble) {
  const world = virtualWorld({ seed: 1 });
  const account = new Account(
    { vendor: 'example', title: 'Example', name: 'sales', token: 'sesame', collections: {} },
    world.clock,
  );
  const limits = [{ name: 'tokens', capacity: 10, perMs: 10_000 }];
  let carriedOut = 0;
  const dialect: Dialect<Host> = {
    identify(request, hosts) {
      const key = request.headers.get('key');
      if (key === 'in the body')
        return request
          .clone()
          .text()
          .then(() => hosts[0]);
      if (key === null) throw new RequestRefused(403, { text: 'No key at all.' });
      return hosts.find((host) => host.account.token === key);
    },
    costs: ({ url }) => ({ tokens: url.endsWith('expensive') ? 7.5 : 1 }),
    async understand(request) {
      if (request.url.endsWith('nowhere'))
        throw new RequestRefused(404, { text: 'Nothing there.' });
      return {
        call: { account: 'sales', action: 'find', items: 1 },
        carryOut(busy) {
          carriedOut += 1;
          if (request.url.endsWith('refused')) {
            throw new RequestRefused(422, { text: 'Not this one.' });
          }
          return new Response(`busy: ${busy.join()}`);
        },
      };
    },
    stranger: () => new Response('Who are you?', { status: 401 }),
    slowDown: (_host, { name, waitMs }) => new Response(`${name}: wait ${waitMs}`, { status: 429 }),
    failure: (_host, status, retryAfterS) =>
      new Response(`Broken, try in ${retryAfterS}.`, { status }),
    refused: ({ status, body }) => new Response((body as { text: string }).text, { status }),
  };
  const opened = openEmulator({
    vendor: 'example',
    title: 'Example',
    paths: ['/'],
    circumstances: { world, trouble: () => trouble },
    hosts: [hostOf(account, world, { limits, horizonMs: 5000 })],
    dialect,
    seed: () => {},
  });
  const ask = async (
    path: string,
    headers: Record<string, string> = { key: 'sesame' },
  ): Promise<readonly [number, string]> => {
    const answered = opened
      .handle(new Request(`https://example.test${path}`, { headers }))
      .then(async (response) => [response.status, await response.text()] as const);
    // Whoever waits for the clock is not to be an unhandled rejection meanwhile.
    answered.catch(() => undefined);
    await world.runUntil(world.clock.now() + 2000);
    return answered;
  };
  return { world, opened, ask, hands: opened.account('sales'), carriedOut: () => carriedOut };
}
