import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { commandFloor, configOf, type Running } from '../floor.ts';

describe('a daemon that says where vendors reach it', () => {
  const floor = commandFloor();
  const proxy = http.createServer((request, reply) => void passOn(request, reply));
  /** What the daemon has answered to deliveries that came in through the proxy. */
  const answers: { readonly path: string; readonly status: number }[] = [];
  let inside: string;
  let outside: string;

  before(async () => {
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    outside = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  after(() => proxy.close());

  async function passOn(request: http.IncomingMessage, reply: http.ServerResponse): Promise<void> {
    const path = request.url!.replace('/tributary/', '');
    const { status } = await fetch(`${inside}${path}`, {
      method: request.method!,
      headers: request.headers as Record<string, string>,
      body: new Uint8Array(await buffer(request)),
    });
    reply.writeHead(status).end();
    answers.push({ path, status });
    proxy.emit('passed on');
  }

  async function started(hookUrl: string | undefined): Promise<Running> {
    const config = configOf({ tenant: 'hooked' }).replace(', hookSecret: hush', '');
    floor.write('tributary.yaml', hookUrl ? `hookUrl: ${hookUrl}/\n${config}` : config);
    const daemon = floor.start(['sync', '--daemon', '--port', '0', '--json']);
    const [line] = await daemon.says(/^\{"event":"ready".*\}$/m);
    inside = (JSON.parse(line) as { url: string }).url;
    return daemon;
  }

  async function stopped({ child, ended }: Running): Promise<void> {
    child.kill('SIGTERM');
    const { code, out, err } = await ended;
    assert.equal(code, 0);
    assert.doesNotMatch(out + err, /"level":"(?:warn|error)"/);
  }

  async function hooksOf(account: string): Promise<readonly string[]> {
    const headers = { authorization: `Bearer token-of-${account}` };
    const response = await fetch(`${floor.url}v1/hooks`, { headers });
    const { hooks } = (await response.json()) as { hooks: readonly { url: string }[] };
    return hooks.map(({ url }) => url);
  }

  /** Resolves when the vendors have been asked for exactly these. */
  async function areThere(wanted: readonly string[]): Promise<void> {
    for (;;) {
      const there = [...(await hooksOf('crm')), ...(await hooksOf('desk'))];
      if (JSON.stringify(there) === JSON.stringify(wanted)) return;
    }
  }

  it('is told of edits by each of them, and believes only those it has asked', async () => {
    const daemon = await started(`${outside}/tributary`);
    await areThere([`${outside}/tributary/hook/crm`, `${outside}/tributary/hook/desk`]);
    const told = once(proxy, 'passed on');
    floor.grumpy.account('crm').create('people', { email: 'anna@example.com', name: 'Anna' });
    await told;
    assert.deepEqual(answers[0], { path: 'hook/crm', status: 200 });
    const forged = await fetch(`${inside}hook/crm`, { method: 'POST', body: '{}' });
    assert.equal(forged.status, 401);
    await stopped(daemon);
  });

  it('leads them to where it has moved, and takes them away when nobody reaches it any more', async () => {
    const moved = await started(outside);
    await areThere([`${outside}/hook/crm`, `${outside}/hook/desk`]);
    await stopped(moved);
    const silent = await started(undefined);
    await areThere([]);
    await stopped(silent);
  });
});
