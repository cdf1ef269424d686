import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { keepRawBody, type RawRequest } from '../../runtime/server/raw-body.ts';
import { scheduleOn } from '../../runtime/world/schedule.ts';

const MEBIBYTE = 1024 * 1024;

describe('the raw body', () => {
  let server: http.Server;
  let url: string;
  /** What the schedule was asked to do and is not called off, oldest first. */
  const timers = new Set<{ delayMs: number; task: () => void }>();

  before(async () => {
    const schedule = scheduleOn((delayMs, task) => {
      const timer = { delayMs, task };
      timers.add(timer);
      return () => timers.delete(timer);
    });
    const rawBody = keepRawBody(schedule);
    server = http.createServer((request: RawRequest, response) => {
      rawBody(request, response, () => {
        // A reader may come late: routers leave the stack now and then.
        setImmediate(() => {
          void buffer(request).then((rest) => response.end(JSON.stringify(seen(request, rest))));
        });
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  afterEach(() => assert.equal(timers.size, 0, 'A limit was not called off.'));

  it('is the bytes that were sent, and the stream still has them', async () => {
    const body = Uint8Array.of(0, 255, 10, 13, 128);
    assert.deepEqual(await send(body), { raw: '00ff0a0d80', rest: '00ff0a0d80' });
  });

  it('is whole when it comes in pieces', async () => {
    const pieces = ['a'.repeat(70_000), 'b'.repeat(70_000), 'c'];
    const { raw, rest } = await send(new Blob(pieces).stream());
    assert.equal(raw, Buffer.from(pieces.join('')).toString('hex'));
    assert.equal(rest, raw);
  });

  it('may be as large as the limit', async () => {
    const { raw, rest } = await send(new Uint8Array(MEBIBYTE));
    assert.equal(raw?.length, 2 * MEBIBYTE);
    assert.equal(rest, raw);
  });

  it('is absent where nothing was sent', async () => {
    assert.deepEqual(await (await fetch(url)).json(), { rest: '' });
    assert.deepEqual(await (await fetch(url, { method: 'POST' })).json(), { rest: '' });
  });

  it('of JSON is parsed once, for everybody', async () => {
    const body = '{"a":  1}';
    assert.deepEqual(await send(body, { 'content-type': 'application/json; charset=utf-8' }), {
      raw: Buffer.from(body).toString('hex'),
      rest: Buffer.from(body).toString('hex'),
      parsed: { a: 1 },
    });
  });

  it('stays packed when it was sent packed', async () => {
    const packed = gzipSync('{"a":1}');
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const { raw, parsed } = await send(packed, headers);
    assert.equal(raw, packed.toString('hex'));
    assert.equal(parsed, undefined);
  });

  it('is refused when it is larger than the limit, announced or not', async () => {
    const tooLarge = new Uint8Array(MEBIBYTE + 1);
    for (const body of [tooLarge, new Blob([tooLarge]).stream()]) {
      const response = await fetch(url, post(body));
      assert.equal(response.status, 413);
      assert.equal(response.headers.get('connection'), 'close');
    }
  });

  it('is refused when it claims to be JSON and is not', async () => {
    const response = await fetch(url, post('{', { 'content-type': 'application/json' }));
    assert.equal(response.status, 400);
  });

  it('is refused when it does not arrive in time', async () => {
    const socket = await half('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
    await once(server, 'request');
    const [limit] = timers;
    assert.equal(limit?.delayMs, 5000);
    limit.task();
    timers.delete(limit);
    assert.match((await buffer(socket)).toString(), /^HTTP\/1\.1 408 /);
  });

  it('is forgotten when the sender goes away', async () => {
    const socket = await half('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
    const [request] = (await once(server, 'request')) as [RawRequest];
    socket.destroy();
    await new Promise((resolve) => void request.once('close', resolve));
    assert.equal(request.rawBody, undefined);
  });

  async function half(text: string): Promise<Socket> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(text);
    return socket;
  }

  async function send(body: BodyInit, headers: Record<string, string> = {}): Promise<Seen> {
    const response = await fetch(url, post(body, headers));
    assert.equal(response.status, 200);
    return (await response.json()) as Seen;
  }
});

interface Seen {
  readonly raw?: string;
  readonly parsed?: unknown;
  /** What a reader after us gets from the stream. */
  readonly rest: string;
}

function seen({ rawBody, _body, body }: RawRequest, rest: Buffer): Seen {
  return {
    ...(rawBody === undefined ? {} : { raw: rawBody.toString('hex') }),
    ...(_body === true ? { parsed: body } : {}),
    rest: rest.toString('hex'),
  };
}

function post(body: BodyInit, headers: Record<string, string> = {}): RequestInit {
  // For a stream, fetch insists on a word that the types do not know.
  const init = { method: 'POST', body, headers, duplex: 'half' };
  return init;
}
