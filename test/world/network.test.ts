import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { systemNetwork } from '../../runtime/world/network.ts';

describe('the network of the machine', () => {
  let port = 0;
  let connections = 0;
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end('here');
  }).on('connection', () => (connections += 1));

  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  beforeEach(() => {
    connections = 0;
    requests = 0;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('keeps connections open, and takes them again', async () => {
    const network = systemNetwork(['127.0.0.1']);
    for (let call = 0; call < 20; call += 1) {
      assert.equal(await (await network.fetch(requestTo('127.0.0.1'))).text(), 'here');
    }
    assert.equal(requests, 20);
    assert.ok(connections <= 2, `${connections} connections`);
  });

  it('opens so many at once and no more, and the rest wait', async () => {
    const network = systemNetwork(['127.0.0.1']);
    const calls = Array.from({ length: 100 }, async () => {
      return (await network.fetch(requestTo('127.0.0.1'))).text();
    });
    assert.equal((await Promise.all(calls)).length, 100);
    assert.ok(connections <= 32, `${connections} connections`);
  });

  // All are 127.0.0.1 in another spelling, or lead there.
  for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', 'localhost']) {
    it(`sends nothing to ${host} unless it is named`, async () => {
      const network = systemNetwork([`127.0.0.1:${port + 1}`, 'else.example']);
      await assert.rejects(network.fetch(requestTo(host)), isPrivate);
      assert.deepEqual([connections, requests], [0, 0]);
    });
  }

  for (const host of ['127.0.0.1', 'localhost', '::1', '169.254.169.254']) {
    it(`leads no socket to ${host} unless it is named`, async () => {
      const socket = systemNetwork(['elsewhere.example']).socket!();
      socket.connect(port, host);
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ERR_PRIVATE_ADDRESS');
      assert.equal(connections, 0);
    });
  }

  it('leads a socket to a private address where it is named', async () => {
    const socket = systemNetwork([`127.0.0.1:${port}`]).socket!();
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    await once(socket, 'close');
  });

  it('goes to a name that leads to a private address where it is named', async () => {
    const network = systemNetwork([`localhost:${port}`]);
    assert.equal(await (await network.fetch(requestTo('localhost'))).text(), 'here');
  });

  it('refuses a name that was public when somebody looked, and is private when it is called', async () => {
    await withNames(
      // The first look is that of a guard which would check before the call.
      (host, look) =>
        look === 0 ? ['93.184.215.14'] : host === 'rebound.example' ? ['127.0.0.1'] : [],
      async (looks) => {
        const [seen] = await dns.promises.lookup('rebound.example', { all: true });
        assert.equal(seen?.address, '93.184.215.14');
        await assert.rejects(systemNetwork([]).fetch(requestTo('rebound.example')), isPrivate);
        assert.deepEqual([looks(), connections], [2, 0]);
      },
    );
  });

  it('refuses a name that has a private address among public ones', async () => {
    await withNames(
      () => ['93.184.215.14', '10.0.0.1'],
      async () => {
        await assert.rejects(systemNetwork([]).fetch(requestTo('mixed.example')), isPrivate);
      },
    );
  });

  function requestTo(host: string): Request {
    return new Request(`http://${host}:${port}/`);
  }
});

function isPrivate(error: Error): boolean {
  const { code, message } = error.cause as NodeJS.ErrnoException;
  assert.equal(code, 'ERR_PRIVATE_ADDRESS');
  assert.match(message, /private address/);
  return true;
}

/** Names lead where the test says; everything else about the network is real. */
async function withNames(
  addressesOf: (host: string, look: number) => readonly string[],
  work: (looks: () => number) => Promise<void>,
): Promise<void> {
  let looks = 0;
  const answer = (host: string): dns.LookupAddress[] => {
    looks += 1;
    return addressesOf(host, looks - 1).map((address) => ({ address, family: 4 }));
  };
  const { lookup, promises } = dns;
  const { lookup: lookupLater } = promises;
  dns.lookup = ((host: string, _options: object, found: (...told: unknown[]) => void) =>
    queueMicrotask(() => found(null, answer(host)))) as unknown as typeof lookup;
  promises.lookup = (async (host: string) => answer(host)) as unknown as typeof lookupLater;
  syncBuiltinESMExports();
  try {
    await work(() => looks);
  } finally {
    dns.lookup = lookup;
    promises.lookup = lookupLater;
    syncBuiltinESMExports();
  }
}
