/** What the simulated network supposes about the real one, over real sockets on this machine. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { restClient, type Call } from '../../runtime/connectors/http.ts';
import { systemWorld } from '../../runtime/world/system.ts';
import { failureOf } from './scene.ts';

const WRITE: Call<unknown> = { method: 'POST', path: ['items'], body: {}, answer: z.unknown() };

describe('the client for vendors, on a real network,', () => {
  it('gets its answer', async () => {
    const answered = await withServer(
      (request, response) => void response.end(JSON.stringify({ path: request.url })),
      (send) => send({ ...WRITE, query: { limit: 2 } }),
    );
    assert.deepEqual(answered, { path: '/items?limit=2' });
  });

  it('knows that nothing landed where nobody takes the connection', async () => {
    const { port } = await withServer(
      () => {},
      async (_send, address) => address,
    );
    const failure = await failureOf(client(port)(WRITE));
    assert.deepEqual([failure.kind, failure.mayHaveLanded], ['transient', false]);
    assert.match(failure.message, /ECONNREFUSED/);
  });

  for (const [title, answer] of [
    ['before the answer', (_request, response) => void response.destroy()],
    [
      'within the answer',
      (_request, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('{', () => response.destroy());
      },
    ],
  ] as [string, RequestListener][]) {
    it(`does not know what landed when the connection breaks ${title}`, async () => {
      const failure = await withServer(answer, (send) => failureOf(send(WRITE)));
      assert.deepEqual([failure.kind, failure.mayHaveLanded], ['transient', true]);
      assert.match(failure.message, /cannot be reached/);
    });
  }

  it('gives up what takes too long, before the answer or within it', async () => {
    for (const answer of [
      () => {},
      (_request, response) => void response.writeHead(200).write('{'),
    ] as RequestListener[]) {
      const failure = await withServer(answer, (_send, { port }) =>
        failureOf(client(port, 50)(WRITE)),
      );
      assert.deepEqual([failure.kind, failure.mayHaveLanded], ['transient', true]);
      assert.match(failure.message, /within 0\.05 s/);
    }
  });

  it('stays where it is when it is sent elsewhere', async () => {
    let requests = 0;
    const failure = await withServer(
      (_request, response) => {
        requests += 1;
        response.writeHead(307, { location: '/elsewhere' }).end();
      },
      (send) => failureOf(send(WRITE)),
    );
    assert.deepEqual([failure.kind, requests], ['broken', 1]);
  });
});

type Send = ReturnType<typeof client>;

async function withServer<T>(
  answer: RequestListener,
  work: (send: Send, address: AddressInfo) => Promise<T>,
): Promise<T> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  try {
    return await work(client(address.port), address);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

function client(port: number, timeoutMs = 20_000) {
  const rest = restClient({
    world: systemWorld({ allowedHosts: ['127.0.0.1'] }),
    vendor: 'crm',
    account: 'Sales',
    baseUrl: `http://127.0.0.1:${port}`,
    headers: {},
    secrets: [],
    timeoutMs,
  });
  return (call: Call<unknown>): Promise<unknown> => rest.send(call);
}
