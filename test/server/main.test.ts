import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { openEmbeddedDatabase } from '../../runtime/store/embedded/embedded.ts';
import type { EmbeddedDatabase } from '../../runtime/store/embedded/embedded.ts';
import { systemWorld } from '../../runtime/world/system.ts';
import {
  bearer,
  deploy,
  logIn,
  readFlows,
  requestToken,
  send,
  untilReady,
  type FlowNode,
} from './admin-api.ts';
import { databaseUrlOf, serverFloor, type ReadyServer } from './spawned-server.ts';

describe('npm start', () => {
  const floor = serverFloor();
  let server: ReadyServer;
  let token: string;

  before(async () => {
    server = await floor.start({ environment: { TRIBUTARY_DATA: floor.path('data') } });
    token = await logIn(server.url, server.password);
  });

  it('prints its address last, and nothing after it', () => {
    const lines = server.output().trimEnd().split('\n');
    assert.equal(lines.at(-1), `ready ${server.url}`);
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  });

  it('prints the first password in a form that can be typed', () => {
    assert.match(server.password, /^([a-z0-9]{4}-){4}[a-z0-9]{4}$/);
  });

  it('keeps its secrets where only the owner can read them, without the password', async () => {
    const data = floor.path('data');
    const modeOf = async (name: string) => (await stat(path.join(data, name))).mode & 0o777;
    assert.equal(await modeOf('secrets.json'), 0o600);
    assert.equal(await modeOf('node-red'), 0o700);
    assert.equal((await modeOf('')) & 0o066, 0);
    const secrets = await readFile(path.join(data, 'secrets.json'), 'utf8');
    assert.ok(!secrets.includes(server.password));
  });

  it('says that it lives and is ready', async () => {
    const health = await fetch(`${server.url}healthz`);
    assert.deepEqual([health.status, await health.json()], [200, { alive: true }]);
    const readiness = await fetch(`${server.url}readyz`);
    assert.deepEqual(
      [readiness.status, await readiness.json()],
      [200, { ready: true, waiting: {} }],
    );
    assert.equal(readiness.headers.get('cache-control'), 'no-store');
  });

  it('shows a page that leads to the editor and allows neither scripts nor other origins', async () => {
    const page = await fetch(server.url);
    const html = await page.text();
    assert.equal(page.status, 200);
    assert.match(html, /href="\/admin\/"/);
    assert.match(html, /Everything is running/);
    assert.ok(!/\{\{|https?:\/\//.test(html), html);
    assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
    for (const [, asset] of html.matchAll(/(?:src|href)="(\/tributary\/[^"]+)"/g)) {
      assert.equal((await fetch(new URL(asset ?? '', server.url))).status, 200, asset);
    }
  });

  it('lets the printed password in, and no other', async () => {
    const refusals = [
      requestToken(server.url, 'wrong'),
      requestToken(server.url, server.password, 'root'),
    ];
    for (const response of await Promise.all(refusals)) {
      assert.ok([401, 403].includes(response.status), String(response.status));
    }
    await logIn(server.url, server.password);
  });

  it('hides flows and settings from whoever is not logged in', async () => {
    for (const place of ['flows', 'settings', 'nodes']) {
      const response = await fetch(`${server.url}admin/${place}`);
      assert.equal(response.status, 401, place);
    }
  });

  it('starts with the welcome flow', async () => {
    const flows = await readFlows(server.url, token);
    assert.ok(flows.some(({ type, label }) => type === 'tab' && label === 'Welcome'));
  });

  it('refuses to install code from the editor', async () => {
    const response = await fetch(`${server.url}admin/nodes`, {
      method: 'POST',
      headers: { ...bearer(token), 'content-type': 'application/json' },
      body: JSON.stringify({ module: 'node-red-node-random' }),
    });
    assert.equal(response.status, 404);
  });

  describe('with a flow that answers requests', () => {
    before(async () => {
      await deploy(server.url, token, [...(await readFlows(server.url, token)), ...echoFlow]);
    });

    it('gives it the raw bytes and the parsed body', async () => {
      const body = '{"name":  "Zoe",\n "name": "Zo\\u00eb" }';
      const headers = { 'content-type': 'application/json' };
      assert.deepEqual(await echo('echo', { body, headers }), {
        raw: hex(body),
        payload: { name: 'Zoë' },
      });
    });

    it('gives it the raw bytes of a form', async () => {
      const body = 'name=Zo%C3%AB&name=Ann';
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      assert.deepEqual(await echo('echo', { body, headers }), {
        raw: hex(body),
        payload: { name: ['Zoë', 'Ann'] },
      });
    });

    it('gives it a body that was sent in chunks, to a node that wants no parsing', async () => {
      const body = new Blob(['{"a":', '1}']).stream();
      const init = { body, duplex: 'half', headers: { 'content-type': 'application/json' } };
      assert.deepEqual(await echo('unparsed', init as RequestInit), {
        raw: hex('{"a":1}'),
        payload: { bytes: hex('{"a":1}') },
      });
    });

    it('gives it the query', async () => {
      const response = await fetch(`${server.url}query?a=1&b=2`);
      assert.deepEqual(await response.json(), { payload: { a: '1', b: '2' } });
    });

    it('keeps bodies away from it that are too large or not what they claim', async () => {
      const post = (body: string) =>
        fetch(`${server.url}echo`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        });
      assert.equal((await post(`"${'x'.repeat(1024 * 1024)}"`)).status, 413);
      assert.equal((await post('{"a":')).status, 400);
    });
  });

  describe('with flows that need a node nobody installed', () => {
    it('stays up, unready, and says what is missing, until the flows are mended', async () => {
      const strange = { id: 'ec40000000000007', type: 'not-installed', z: tab, wires: [] };
      await send(server.url, token, [...echoFlow, strange]);
      await server.says(/The flows do not run; they need .*not-installed/);
      const readiness = await fetch(`${server.url}readyz`);
      assert.equal(readiness.status, 503);
      assert.deepEqual(await readiness.json(), {
        ready: false,
        waiting: { flows: 'not working' },
      });
      await deploy(server.url, token, echoFlow);
    });
  });

  describe('asked to stop', () => {
    it('ends in time and leaves no process behind', async () => {
      const database = await databaseProcess(floor.path('data'));
      const { code, tookMs } = await server.stop();
      assert.equal(code, 0, server.output());
      assert.ok(tookMs < 10_000, `${tookMs} ms`);
      assert.ok(!isRunning(database));
      assert.ok(!isRunning(-server.pid));
    });
  });

  describe('started again in the same data directory', () => {
    const environment = { TRIBUTARY_DATA: floor.path('data') };

    it('keeps password and flows, also when it was killed', async () => {
      const again = await floor.start({ environment });
      assert.equal(again.password, '');
      assert.ok((await readFlows(again.url, token)).some(({ id }) => id === tab));
      again.signal('SIGKILL');
      await again.ended;

      const onceMore = await floor.start({ environment });
      await logIn(onceMore.url, server.password);
      onceMore.signal('SIGINT');
      assert.equal((await onceMore.ended).code, 0);
    });

    it('has a new password on request, and all sessions of the old one are over', async () => {
      const reset = floor.spawn({ environment, args: ['--reset-password'] });
      assert.equal((await reset.ended).code, 0, reset.output());
      const [, newPassword = ''] = await reset.says(/admin, password (\S+)/);

      const underNpm = await floor.start({ environment, command: ['npm', 'start'] });
      assert.notEqual((await requestToken(underNpm.url, server.password)).status, 200);
      const response = await fetch(`${underNpm.url}admin/flows`, { headers: bearer(token) });
      assert.equal(response.status, 401);
      await logIn(underNpm.url, newPassword);

      // The way a terminal does it: everybody in the group hears it, and npm passes it on as well.
      const database = await databaseProcess(environment.TRIBUTARY_DATA);
      process.kill(-underNpm.pid, 'SIGINT');
      await underNpm.ended;
      assert.ok(!isRunning(-underNpm.pid));
      assert.ok(!isRunning(database), 'An echo of the signal was taken for a person who insists.');
    });

    it('ends with npm, which goes without a word when only npm is asked to stop', async () => {
      const underNpm = await floor.start({ environment, command: ['npm', 'start'] });
      const database = await databaseProcess(environment.TRIBUTARY_DATA);
      underNpm.signal('SIGTERM');
      await underNpm.ended;
      assert.match(underNpm.output(), /Stopping/);
      assert.ok(!isRunning(database));
    });
  });

  async function echo(place: string, init: RequestInit): Promise<unknown> {
    const response = await fetch(server.url + place, { method: 'POST', ...init });
    assert.equal(response.status, 200);
    return response.json();
  }
});

/** Whoever shares a database shares the secret. */
const SECRET = 'a secret that both servers have';

describe('a database that the operator names', () => {
  const floor = serverFloor();
  const world = systemWorld({ log: { write: () => {} } });
  const directory = floor.path('postgres');
  let database: EmbeddedDatabase;
  let server: ReadyServer;

  before(async () => {
    database = await openEmbeddedDatabase({ directory, world });
    server = await floor.start({
      environment: { DATABASE_URL: databaseUrlOf(database.connection), TRIBUTARY_SECRET: SECRET },
    });
  });
  after(() => database.close());

  it('is used instead of an embedded one', async () => {
    assert.deepEqual(await readiness(), { status: 200, waiting: {} });
    await assert.rejects(stat(floor.path('data-0/postgres')), { code: 'ENOENT' });
  });

  it('makes the server unready while it is down, and ready again afterwards', async () => {
    await database.close();
    assert.deepEqual(await readiness(), { status: 503, waiting: { database: 'not working' } });
    assert.match(await (await fetch(server.url)).text(), /Not everything is running/);
    assert.equal((await fetch(`${server.url}healthz`)).status, 200);

    database = await openEmbeddedDatabase({ directory, world });
    await untilReady(server.url);
    assert.match(server.output(), /Works again: database/);
  });

  it('may serve two servers with a data directory each, one of them without a login', async () => {
    const other = await floor.start({
      args: ['--no-login'],
      environment: { DATABASE_URL: databaseUrlOf(database.connection), TRIBUTARY_SECRET: SECRET },
    });
    assert.equal((await fetch(`${other.url}readyz`)).status, 200);
    assert.equal((await fetch(`${other.url}admin/flows`)).status, 200);
    const foreign = await fetch(`${other.url}admin/flows`, { headers: { origin: 'http://evil' } });
    assert.equal(foreign.status, 403);
  });

  it('leaves the server when a flow lets an error loose, in order and with code 1', async () => {
    const token = await logIn(server.url, server.password);
    await deploy(server.url, token, looseErrorFlow);
    await fetch(`${server.url}loose`).catch(() => 'the connection may end first');
    const { code } = await server.ended;
    assert.equal(code, 1, server.output());
    assert.match(server.output(), /An error that nobody caught.*boom/);
  });

  async function readiness(): Promise<{ status: number; waiting: unknown }> {
    const response = await fetch(`${server.url}readyz`);
    const { waiting } = (await response.json()) as { waiting: unknown };
    return { status: response.status, waiting };
  }
});

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function databaseProcess(data: string): Promise<number> {
  const text = await readFile(path.join(data, 'postgres/data/postmaster.pid'), 'utf8');
  const pid = Number(text.split('\n')[0]);
  assert.ok(isRunning(pid));
  return pid;
}

const tab = 'ec40000000000001';
const answer = { id: 'ec40000000000009', type: 'http response', z: tab, wires: [] };

const echoFlow: readonly FlowNode[] = [
  { id: tab, type: 'tab', label: 'Echo' },
  httpIn('ec40000000000002', { method: 'post', url: '/echo' }),
  httpIn('ec40000000000003', { method: 'post', url: '/unparsed', skipBodyParsing: true }),
  httpIn('ec40000000000004', { method: 'get', url: '/query' }),
  functionNode(`
    const { req, payload } = msg;
    const bytes = Buffer.isBuffer(payload);
    msg.payload = {
      raw: req.rawBody?.toString('hex'),
      payload: bytes ? { bytes: payload.toString('hex') } : payload,
    };
    return msg;`),
  answer,
];

const looseErrorFlow: readonly FlowNode[] = [
  { id: tab, type: 'tab', label: 'Loose error' },
  httpIn('ec40000000000002', { method: 'get', url: '/loose' }),
  functionNode(`Promise.reject(new Error('boom')); return msg;`),
  answer,
];

function httpIn(id: string, settings: Readonly<Record<string, unknown>>): FlowNode {
  return { id, type: 'http in', z: tab, ...settings, wires: [['ec40000000000008']] };
}

function functionNode(func: string): FlowNode {
  const settings = { func, outputs: 1, libs: [] };
  return { id: 'ec40000000000008', type: 'function', z: tab, ...settings, wires: [[answer.id]] };
}
