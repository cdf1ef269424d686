import assert from 'node:assert/strict';
import { openPipedrive } from '../../../runtime/emulators/pipedrive/pipedrive.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';
import { practice, requestOf, TOKEN, type Json } from './practice.ts';

describe('Pipedrive', () => {
  it('knows nobody without a token, or with a wrong one, or in the address', async () => {
    const { send, hands } = practice();
    for (const [path, headers] of [
      ['v2/persons', {}],
      ['v2/persons', { 'x-api-token': 'guess' }],
      ['v2/persons', { authorization: `Bearer ${TOKEN}` }],
      ['v2/persons', { authorization: `Basic ${btoa(TOKEN)}` }],
      [`v2/persons?api_token=${TOKEN}`, {}],
      ['v1/nothing', {}],
    ] as const) {
      const response = await send('GET', path, undefined, headers);
      assert.equal(response.status, 401);
      assert.equal(response.headers.get('x-401-by-gw'), 'true');
      assert.match(response.headers.get('x-correlation-id')!, /^[0-9a-f-]{36}$/);
      assert.deepEqual(await response.json(), {
        success: false,
        error: 'unauthorized access',
        errorCode: 401,
        error_info: 'Please check developers.pipedrive.com',
      });
    }
    hands.setToken('f'.repeat(40));
    assert.equal((await send('GET', 'v2/persons')).status, 401);
  });

  it('answers from the company whose token it is', async () => {
    const pipedrive = openPipedrive({
      world: virtualWorld({ seed: 1 }),
      accounts: ['one', 'two'].map((name) => ({ name, token: `token-${name}` })),
    });
    pipedrive.account('two').create('persons', { name: 'Anna' });
    for (const [name, count] of [
      ['one', 0],
      ['two', 1],
    ] as const) {
      const headers = { 'x-api-token': `token-${name}` };
      const response = await pipedrive.handle(requestOf('GET', 'v2/persons', undefined, headers));
      const { data }: Json = await response.json();
      assert.equal(data.length, count);
    }
  });

  it('refuses what a person has forbidden the user to see', async () => {
    const { get, hands, refuse } = practice();
    hands.forbid('persons', true);
    for (const [method, path] of [
      ['GET', 'v2/persons'],
      ['GET', 'v2/persons/1'],
      ['POST', 'v2/persons'],
      ['GET', 'v2/persons/search?term=ab'],
      ['GET', 'v2/personFields'],
      ['PUT', 'v1/persons/1/merge'],
    ] as const) {
      await refuse(403, method, path, method === 'GET' ? undefined : { name: 'x' });
    }
    await get('v2/organizations');
    hands.forbid('persons', false);
    await get('v2/persons');
  });

  it('says no to paths and ids that there are not', async () => {
    const { refuse } = practice();
    await refuse(404, 'GET', 'v2/people');
    await refuse(404, 'GET', 'v2/persons/1/notes');
    await refuse(400, 'GET', 'v2/persons/anna');
    await refuse(400, 'PATCH', 'v2/persons/0', { name: 'x' });
    await refuse(400, 'GET', 'v1/notes/anna');
  });

  it('fails as it is told to, with a page from those before it', async () => {
    for (const [status, type] of [
      [500, 'application/json'],
      [502, 'text/html; charset=utf-8'],
      [503, 'application/json'],
      [504, 'text/html; charset=utf-8'],
      [401, 'application/json'],
      [403, 'text/html; charset=utf-8'],
      [429, 'application/json'],
    ] as const) {
      const { send, hands } = practice({
        trouble: () => ({ kind: 'status', status, retryAfterS: 7 }),
      });
      const response = await send('POST', 'v2/persons', { name: 'Anna' });
      assert.equal(response.status, status);
      assert.equal(response.headers.get('content-type'), type);
      assert.equal(response.headers.get('x-ratelimit-reset'), status === 429 ? '7' : null);
      assert.equal(response.headers.get('retry-after'), null);
      assert.deepEqual(hands.log, []);
    }
  });

  it('may do what it was asked, and lose the answer', async () => {
    const { world, send, hands } = practice({ trouble: () => ({ kind: 'answerLost' }) });
    const asked = assert.rejects(send('POST', 'v2/persons', { name: 'Anna' }), TypeError);
    await world.runUntilQuiet();
    await asked;
    assert.equal(hands.items('persons').length, 1);
  });

  it('counts what it was asked for', async () => {
    const { get, ask, hands } = practice();
    hands.create('persons', { name: 'a' });
    await get('v2/persons');
    await get('v2/persons?ids=1,2');
    await get('v2/persons?updated_since=2026-01-01T00:00:00Z');
    await ask('PATCH', 'v2/persons/1', { name: 'b' });
    assert.deepEqual(hands.calls, {
      list: { requests: 1, items: 100 },
      read: { requests: 1, items: 2 },
      changes: { requests: 1, items: 100 },
      update: { requests: 1, items: 1 },
    });
  });

  it('has the same day again with the same seed', async () => {
    const day = async (): Promise<string> => {
      const { world, hands, ask, get, pass } = practice({ seed: 7 });
      const texts: string[] = [];
      for (let step = 0; step < 5; step += 1) {
        hands.create('organizations', { name: `o${step}`, address: { value: 'Tee 3, Tallinn' } });
        texts.push(JSON.stringify(await ask('POST', 'v2/persons', { name: `p${step}` })));
        await pass(1500);
        texts.push(JSON.stringify(await get('v2/itemSearch?term=o1')));
      }
      await world.runUntilQuiet();
      return [...texts, world.traceHash()].join('\n');
    };
    assert.equal(await day(), await day());
  });
});
