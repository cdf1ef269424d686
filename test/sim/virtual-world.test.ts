import assert from 'node:assert/strict';
import fc from 'fast-check';
import { virtualWorld, type VirtualWorld } from './virtual-world.ts';

const START = Date.UTC(2026, 0, 1);

describe('a virtual world', () => {
  it('moves a year in an instant, and only when told to', async () => {
    const world = virtualWorld({ seed: 1, startAt: START });
    const seen: number[] = [];
    world.schedule.after(365 * 86_400_000, () => seen.push(world.clock.now()));
    assert.equal(world.clock.now(), START);
    assert.equal(await world.runUntilQuiet(), 1);
    assert.deepEqual(seen, [START + 365 * 86_400_000]);
    assert.equal(world.clock.monotonicMs(), 365 * 86_400_000);
  });

  it('runs events in the order of their time', async () => {
    const delays = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(delays, fc.integer(), async (chosen, seed) => {
        const world = virtualWorld({ seed, startAt: 0 });
        const ran: number[] = [];
        for (const delay of chosen) world.schedule.after(delay, () => ran.push(delay));
        await world.runUntilQuiet();
        assert.deepEqual(
          ran,
          chosen.toSorted((a, b) => a - b),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('leaves the order within one instant to the seed', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 40; seed += 1) {
      const world = virtualWorld({ seed });
      const ran: string[] = [];
      for (const name of ['a', 'b', 'c']) world.schedule.after(10, () => ran.push(name));
      await world.runUntilQuiet();
      orders.add(ran.join(''));
    }
    assert.equal(orders.size, 6);
  });

  it('lets all microtasks finish before the next event', async () => {
    const world = virtualWorld({ seed: 1 });
    const ran: string[] = [];
    world.schedule.after(1, () => {
      void (async () => {
        for (let step = 0; step < 500; step += 1) await Promise.resolve();
        ran.push('microtasks of the first');
      })();
    });
    world.schedule.after(2, () => ran.push('second'));
    await world.runUntilQuiet();
    assert.deepEqual(ran, ['microtasks of the first', 'second']);
  });

  it('stops at a time, and goes on from there', async () => {
    const world = virtualWorld({ seed: 1, startAt: 0 });
    const ran: number[] = [];
    for (const at of [10, 20, 30]) world.schedule.after(at, () => ran.push(at));
    assert.equal(await world.runUntil(20), 2);
    assert.equal(world.clock.now(), 20);
    assert.equal(await world.runUntil(25), 0);
    assert.equal(world.clock.now(), 25);
    assert.equal(await world.runUntilQuiet(), 1);
    assert.deepEqual(ran, [10, 20, 30]);
  });

  it('does not go on for ever with what makes work for itself, however it is run', async () => {
    const world = virtualWorld({ seed: 1, startAt: 0, eventsMax: 10 });
    const again = (): void => void world.schedule.after(1, again);
    again();
    assert.equal(await world.runUntil(6), 6);
    await assert.rejects(world.runUntilQuiet(), /Still busy after 10 events/);
  });

  it('forgets what was called off, and does not wait for it', async () => {
    const world = virtualWorld({ seed: 1, startAt: 0 });
    const cancel = world.schedule.after(60_000, () => assert.fail('was called off'));
    world.schedule.after(5, cancel);
    await world.runUntilQuiet();
    assert.equal(world.clock.now(), 5);
  });

  it('wakes sleepers in virtual time, or when they are aborted', async () => {
    const world = virtualWorld({ seed: 1, startAt: 0 });
    const controller = new AbortController();
    const slept = world.schedule.sleep(40).then(() => world.clock.now());
    const aborted = world.schedule.sleep(1_000, controller.signal).catch(String);
    world.schedule.after(50, () => controller.abort(new Error('closing down')));
    await world.runUntilQuiet();
    assert.equal(await slept, 40);
    assert.equal(await aborted, 'Error: closing down');
    assert.equal(world.clock.now(), 50);
  });

  it('hands on what an event throws', async () => {
    const world = virtualWorld({ seed: 1 });
    world.schedule.after(1, () => {
      throw new Error('broken event');
    });
    await assert.rejects(world.runUntilQuiet(), /broken event/);
    assert.equal(typeof Date.now(), 'number');
  });

  it('gives ids that carry virtual time, and secrets of the length asked for', () => {
    const world = virtualWorld({ seed: 1, startAt: START });
    const hex = START.toString(16).padStart(12, '0');
    assert.equal(world.newId().replaceAll('-', '').slice(0, 12), hex);
    assert.equal(world.secretBytes(32).length, 32);
    assert.notDeepEqual(world.secretBytes(32), world.secretBytes(32));
  });

  it('keeps the log for the test to read', async () => {
    const world = virtualWorld({ seed: 1, startAt: 0 });
    world.schedule.after(7, () => world.log.write('warn', 'Slow.', { vendor: 'hubspot' }));
    await world.runUntilQuiet();
    assert.deepEqual(world.logged, [
      { atMs: 7, level: 'warn', message: 'Slow.', details: { vendor: 'hubspot' } },
    ]);
  });
});

describe('the network of a virtual world', () => {
  it('brings requests to their server and answers back, each after a while', async () => {
    const world = virtualWorld({ seed: 1, startAt: 0 });
    const arrivals: number[] = [];
    world.serve('https://crm.example', async (request) => {
      arrivals.push(world.clock.now());
      const { method, url } = request;
      return Response.json({ method, url, body: await request.text() }, { status: 201 });
    });
    const body = 'x'.repeat(300_000);
    const request = new Request('https://crm.example/contacts?a=1', { method: 'POST', body });
    const answered = world.network.fetch(request).then(async (response) => {
      assert.equal(response.status, 201);
      assert.deepEqual(await response.json(), {
        method: 'POST',
        url: 'https://crm.example/contacts?a=1',
        body,
      });
      return world.clock.now();
    });
    await world.runUntilQuiet();
    assert.ok(arrivals[0]! >= 1 && arrivals[0]! <= 50);
    assert.ok((await answered) > arrivals[0]!);
  });

  it('lets calls overtake each other', async () => {
    const world = virtualWorld({ seed: 1 });
    const arrived: string[] = [];
    world.serve('https://crm.example', (request) => {
      arrived.push(new URL(request.url).pathname);
      return new Response();
    });
    const paths = ['/1', '/2', '/3', '/4', '/5', '/6'];
    const calls = paths.map((path) =>
      world.network.fetch(new Request(`https://crm.example${path}`)),
    );
    await world.runUntilQuiet();
    await Promise.all(calls);
    assert.deepEqual(arrived.toSorted(), paths);
    assert.notDeepEqual(arrived, paths);
  });

  it('says what to do about an address nobody answers', async () => {
    const world = virtualWorld({ seed: 1 });
    const call = world.network.fetch(new Request('https://nobody.example/x'));
    await assert.rejects(call, /Nothing answers https:\/\/nobody\.example\/x .* world\.serve\(\)/);
  });

  it('gives up a call that is aborted on its way, at the server, or before it starts', async () => {
    const world = virtualWorld({ seed: 1, startAt: 0 });
    world.serve('https://slow.example', async () => {
      await world.schedule.sleep(10_000);
      return new Response('late');
    });
    const abortAt = async (delayMs: number): Promise<string> => {
      const controller = new AbortController();
      world.schedule.after(delayMs, () => controller.abort(new Error(`gave up at ${delayMs}`)));
      const { signal } = controller;
      const call = world.network.fetch(new Request('https://slow.example/', { signal }));
      return call.then(() => 'answered', String);
    };
    const signal = AbortSignal.abort(new Error('never began'));
    const never = world.network.fetch(new Request('https://slow.example/', { signal }));
    const neverBegan = assert.rejects(never, /never began/);
    const calls = [abortAt(0), abortAt(5_000)];
    await world.runUntilQuiet();
    await neverBegan;
    assert.deepEqual(await Promise.all(calls), ['Error: gave up at 0', 'Error: gave up at 5000']);
  });

  it('hands on the failure of a server as a failed call', async () => {
    const world = virtualWorld({ seed: 1 });
    world.serve('https://down.example', () => {
      throw new TypeError('fetch failed');
    });
    const call = world.network.fetch(new Request('https://down.example/'));
    const failed = assert.rejects(call, TypeError);
    await world.runUntilQuiet();
    await failed;
  });
});

describe('the trace of a virtual world', () => {
  it('is the same for the same seed, to the letter', async () => {
    for (const seed of [1, 2, 'a name']) {
      assert.deepEqual(await busyWeek(seed), await busyWeek(seed));
    }
  });

  it('differs for another seed', async () => {
    assert.notEqual((await busyWeek(1)).hash, (await busyWeek(2)).hash);
  });

  const differences: [string, (world: VirtualWorld) => void][] = [
    ['an event more', (world) => void world.schedule.after(0, () => {})],
    ['a draw more', (world) => void world.random('faults').next()],
    ['a whole draw more', (world) => void world.random('faults').below(3)],
    ['an id more', (world) => void world.newId()],
    ['a log line more', (world) => world.log.write('info', 'Hello.')],
    ['another detail', (world) => world.log.write('info', 'Hello.', { count: 2 })],
  ];
  for (const [what, happen] of differences) {
    it(`tells ${what}`, async () => {
      const hashes = new Set<string>();
      for (const difference of [() => {}, happen]) {
        const world = virtualWorld({ seed: 1 });
        difference(world);
        await world.runUntilQuiet();
        hashes.add(world.traceHash());
      }
      assert.equal(hashes.size, 2);
    });
  }

  it('can be read while the run goes on', async () => {
    const world = virtualWorld({ seed: 1 });
    const before = world.traceHash();
    assert.equal(world.traceHash(), before);
    world.schedule.after(1, () => {});
    await world.runUntilQuiet();
    assert.notEqual(world.traceHash(), before);
  });
});

/** Three clients call a moody server for a week, sleep by chance, and write down what they saw. */
async function busyWeek(seed: number | string): Promise<{ hash: string; seen: string[] }> {
  const world = virtualWorld({ seed });
  const endMs = world.clock.now() + 7 * 86_400_000;
  const seen: string[] = [];
  world.serve('https://crm.example', async (request) => {
    const mood = world.random('mood').below(3);
    await world.schedule.sleep(mood * 100);
    return new Response(await request.text(), { status: mood === 0 ? 503 : 200 });
  });
  async function client(name: string): Promise<void> {
    while (world.clock.now() < endMs) {
      await world.schedule.sleep(world.random(name).below(6 * 3_600_000));
      const body = world.newId();
      const request = new Request('https://crm.example/contacts', { method: 'POST', body });
      const response = await world.network.fetch(request);
      seen.push(`${world.clock.now()} ${name} ${response.status} ${await response.text()}`);
      world.log.write('info', 'Asked.', { name, status: response.status });
    }
  }
  const clients = Promise.all(['ann', 'bob', 'eve'].map((name) => client(name)));
  await world.runUntilQuiet();
  await clients;
  assert.ok(seen.length > 50);
  return { hash: world.traceHash(), seen };
}
