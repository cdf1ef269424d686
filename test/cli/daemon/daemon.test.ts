import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Hands } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { commandFloor, configOf, type Fact, type Running } from '../floor.ts';

describe('the daemon', () => {
  const floor = commandFloor();
  let daemon: Running;
  let url: string;
  let token: string;

  before(async () => {
    floor.write('tributary.yaml', configOf({ tenant: 'daemon' }));
    crm().create('people', { email: 'anna@example.com', name: 'Anna' });
    mkdirSync(path.join(floor.folder, '.tributary'));
    daemon = floor.start(['sync', '--daemon', '--port', '0', '--json']);
    const [line] = await daemon.says(/^\{"event":"ready".*\}$/m);
    const ready = JSON.parse(line) as { url: string; tokenFile: string };
    url = ready.url;
    token = readFileSync(ready.tokenFile, 'utf8').trim();
    assert.equal(statSync(ready.tokenFile).mode & 0o077, 0);
  });

  const crm = (): Hands => floor.grumpy.account('crm');
  const desk = (): Hands => floor.grumpy.account('desk');

  /** Resolves as soon as an account holds somebody like that. */
  async function turnsUp(hands: Hands, field: string, value: string): Promise<void> {
    const isThere = (): boolean =>
      hands.items('people').some(({ fields }) => fields[field] === value);
    if (isThere()) return;
    await new Promise<void>((resolve) => {
      const stop = hands.onChange(() => {
        if (!isThere()) return;
        stop();
        resolve();
      });
    });
  }

  async function ask(
    method: string,
    place: string,
    {
      body,
      login = `Bearer ${token}`,
      headers = {},
    }: { body?: string; login?: string; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; answer: Fact }> {
    const response = await fetch(`${url}${place}`, {
      method,
      headers: { authorization: login, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, answer: (await response.json()) as Fact };
  }

  it('begins by itself, and brings everything in order', async () => {
    await turnsUp(desk(), 'name', 'Anna');
    assert.deepEqual(await ask('GET', 'healthz'), { status: 200, answer: { alive: true } });
    assert.deepEqual(await ask('GET', 'readyz'), { status: 200, answer: { ready: true } });
  });

  it('runs a sync when it is asked to, one at a time, and tells how it went', async () => {
    const [first, second] = await Promise.all([
      ask('POST', 'sync', { body: '{"sync":"people","full":true}' }),
      ask('POST', 'sync'),
    ]);
    assert.deepEqual([first.status, second.status], [202, 202]);
    const all = [first, second].flatMap(({ answer }) => answer['runs'] as readonly Fact[]);
    assert.equal(new Set(all.map(({ run }) => run)).size, 1);
    assert.deepEqual(new Set(all.map(({ joined }) => joined)), new Set([false, true]));
    for (;;) {
      const { status, answer } = await ask('GET', `sync/${String(all[0]!['run'])}`);
      assert.equal(status, 200);
      if (answer['state'] === 'running') continue;
      assert.deepEqual([answer['state'], answer['sync']], ['done', 'people']);
      break;
    }
  });

  it('acts on what it is hinted at', async () => {
    const id = crm().create('people', { email: 'bela@example.com', name: 'Béla' });
    const body = JSON.stringify({ sync: 'people', account: 'crm', ids: [id] });
    assert.deepEqual(await ask('POST', 'hint', { body }), { status: 202, answer: { marked: 1 } });
    await turnsUp(desk(), 'name', 'Béla');
  });

  it('acts on webhooks of a vendor', async () => {
    const hook = { url: `${url}hook/crm`, secret: 'hush', collections: ['people'] };
    const subscribed = await fetch(`${floor.url}v1/hooks`, {
      method: 'POST',
      headers: { authorization: 'Bearer token-of-crm', 'content-type': 'application/json' },
      body: JSON.stringify(hook),
    });
    assert.equal(subscribed.status, 200);
    const [anna] = crm().items('people');
    crm().edit('people', anna!.id, { name: 'Anna Kovács' });
    await turnsUp(desk(), 'name', 'Anna Kovács');
  });

  it('refuses webhooks that are forged, changed, or for nobody', async () => {
    const body = JSON.stringify({ delivery: 'd', events: [{ collection: 'people', id: '1' }] });
    const seconds = String(Math.floor(Date.now() / 1000));
    const signed = (secret: string): Record<string, string> => {
      const made = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
      return { 'x-grumpy-signature': `t=${seconds},v1=${made}` };
    };
    const deliver = async (place: string, headers: Record<string, string>, sent = body) =>
      (await ask('POST', place, { body: sent, headers, login: '' })).status;
    assert.equal(await deliver('hook/crm', signed('hush')), 200);
    assert.equal(await deliver('hook/crm', signed('guess')), 401);
    assert.equal(await deliver('hook/crm', {}), 401);
    assert.equal(await deliver('hook/crm', signed('hush'), `${body} `), 401);
    assert.equal(await deliver('hook/desk', signed('hush')), 401, 'it has no secret');
    assert.equal(await deliver('hook/nobody', signed('hush')), 404);
  });

  it('takes work only from who has the token, and only what it understands', async () => {
    for (const login of ['', 'Bearer ', `Bearer ${token}x`, token]) {
      assert.equal((await ask('POST', 'sync', { login })).status, 401);
      assert.equal((await ask('POST', 'hint', { login })).status, 401);
    }
    const status = async (place: string, body: string) =>
      (await ask('POST', place, { body })).status;
    assert.equal(await status('sync', '{"sync":"firms"}'), 404);
    assert.equal(await status('sync', '{"snyc":"people"}'), 400);
    assert.equal(await status('hint', '{"sync":"people","account":"erp","ids":["1"]}'), 404);
    assert.equal(await status('hint', '{"sync":"people","account":"crm","ids":[]}'), 400);
    assert.equal((await ask('GET', 'sync/none')).status, 404);
    assert.equal((await ask('GET', 'elsewhere')).status, 404);
  });

  it('ends orderly when it is told to', async () => {
    daemon.child.kill('SIGTERM');
    const [code] = (await once(daemon.child, 'exit')) as [number | null];
    assert.equal(code, 0);
    const { out, err } = await daemon.ended;
    assert.doesNotMatch(out + err, /"level":"(?:warn|error)"/);
    assert.ok(!(out + err).includes(token));
  });
});
