import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { openFrontDoor, type FrontDoor, type Handler } from '../../runtime/server/front-door.ts';
import type { Report } from '../../runtime/server/readiness.ts';
import { systemWorld } from '../../runtime/world/system.ts';

const logged: string[] = [];
const world = systemWorld({ log: { write: (line) => logged.push(line) } });

describe('the front door', () => {
  const doors: FrontDoor[] = [];
  afterEach(async () => {
    await Promise.all(doors.splice(0).map((door) => door.close()));
  });

  it('answers only about health until it is opened', async () => {
    const door = await openDoor({ report: { ready: false, waiting: { flows: 'starting' } } });
    assert.equal((await fetch(`${door.url}healthz`)).status, 200);
    const readiness = await fetch(`${door.url}readyz`);
    assert.equal(readiness.status, 503);
    assert.deepEqual(await readiness.json(), { ready: false, waiting: { flows: 'starting' } });
    const hook = await fetch(`${door.url}webhook`, { method: 'POST', body: 'x' });
    assert.deepEqual([hook.status, hook.headers.get('retry-after')], [503, '5']);
  });

  it('takes each path to its place', async () => {
    const door = await openDoor();
    door.open({ editor: says('editor'), flows: says('flows') });
    assert.equal(await textAt(door, 'admin/flows'), 'editor /flows');
    assert.equal(await textAt(door, 'administer'), 'flows /administer');
    assert.equal(await textAt(door, 'readyz/deeper'), 'flows /readyz/deeper');
    assert.match(await textAt(door, ''), /^<!doctype html>/);
  });

  it('lets nothing pass from the editor to the flows', async () => {
    const door = await openDoor();
    door.open({ editor: (_request, _response, next) => next(), flows: says('flows') });
    assert.equal((await fetch(`${door.url}admin/unknown`)).status, 404);
  });

  it('does not tell strangers where in the code an error happened', async () => {
    const door = await openDoor();
    const broken: Handler = ({ path }) => {
      if (path === '/garbled') throw Object.assign(new Error('a secret place'), { status: 400 });
      throw new Error('a secret place');
    };
    door.open({ editor: says('editor'), flows: broken });
    const response = await fetch(`${door.url}webhook`);
    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /secret|\.ts/);
    assert.match(logged.join(), /GET request went wrong.*a secret place/);
    assert.equal((await fetch(`${door.url}garbled`)).status, 400);
    assert.equal(response.headers.get('x-powered-by'), null);
  });

  it('lets answers under way finish, and nothing new begin', async () => {
    const door = await openDoor();
    const arrived = Promise.withResolvers<() => void>();
    door.open({
      editor: says('editor'),
      flows: (_request, response) => arrived.resolve(() => response.end('done')),
    });
    const answer = fetch(`${door.url}slow`);
    const finish = await arrived.promise;
    const stopped = door.stopAccepting();
    await assert.rejects(fetch(`${door.url}late`));
    finish();
    assert.equal(await (await answer).text(), 'done');
    await stopped;
  });

  it('cuts connections that would never end, websockets too', async () => {
    const door = await openDoor();
    door.open({ editor: says('editor'), flows: says('flows') });
    door.server.on('upgrade', (_request, socket) => void socket.write('open'));
    const socket = connect(Number(new URL(door.url).port), '127.0.0.1');
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await once(socket, 'data');
    await door.stopAccepting();
    await door.close();
    await once(socket, 'close');
  });

  describe('without a login', () => {
    it('refuses what pages of other sites ask for', async () => {
      const door = await openDoor({ login: false });
      door.open({ editor: says('editor'), flows: says('flows') });
      const { host, port, origin } = new URL(door.url);
      const rows: readonly [headers: http.OutgoingHttpHeaders, status: number][] = [
        [{ host }, 200],
        [{ host: `localhost:${port}` }, 200],
        [{ host, origin }, 200],
        [{ host: 'evil.example' }, 403],
        [{ host: `127.0.0.1.evil.example:${port}` }, 403],
        [{ host, origin: 'http://evil.example' }, 403],
        [{ host, origin: 'null' }, 403],
        [{ host, origin: `http://localhost:${port}` }, 403],
        [{ host: `evil.example:${port}`, origin: `http://evil.example:${port}` }, 403],
      ];
      for (const [headers, status] of rows) {
        assert.equal(await statusOf(`${door.url}admin/flows`, headers), status, inOneLine(headers));
        assert.equal(await statusOf(`${door.url}webhook`, headers), status, inOneLine(headers));
      }
    });

    it('refuses websockets of pages of other sites', async () => {
      const door = await openDoor({ login: false });
      door.server.on('upgrade', (_request, socket) => void socket.end('open'));
      const { host } = new URL(door.url);
      const knock = async (origin: string) => {
        const socket = connect(Number(host.split(':')[1]), '127.0.0.1');
        const lines = [`Host: ${host}`, `Origin: ${origin}`, 'Connection: Upgrade', 'Upgrade: ws'];
        socket.write(`GET /admin/comms HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
        return (await buffer(socket)).toString();
      };
      assert.equal(await knock(`http://${host}`), 'open');
      assert.equal(await knock('http://evil.example'), '');
    });
  });

  async function openDoor({
    login = true,
    report = { ready: true, waiting: {} },
  }: { login?: boolean; report?: Report } = {}): Promise<FrontDoor> {
    const door = await openFrontDoor({
      settings: { port: 0, host: '127.0.0.1', data: '', login, verbose: false, allowedHosts: [] },
      readiness: { watch: () => {}, report: () => Promise.resolve(report) },
      world,
    });
    doors.push(door);
    return door;
  }
});

function says(name: string): Handler {
  return (request, response) => void response.end(`${name} ${request.url}`);
}

async function textAt(door: FrontDoor, place: string): Promise<string> {
  return (await fetch(door.url + place)).text();
}

/** With headers that fetch would not send. */
async function statusOf(url: string, headers: http.OutgoingHttpHeaders): Promise<number> {
  const request = http.get(url, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

function inOneLine(headers: http.OutgoingHttpHeaders): string {
  return JSON.stringify(headers);
}
