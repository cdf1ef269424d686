import assert from 'node:assert/strict';
import { openGrumpy, type Call, type Trouble } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';
import { COLLECTIONS, practice, requestOf, type Json, type Practice } from './practice.ts';

const START = Date.UTC(2026, 0, 1);
const creation = { items: [{ fields: { name: 'a' } }] };

describe('a bad day of Grumpy', () => {
  /** Asks for one item to be created and lets everything happen; what the caller has seen, and when. */
  async function create(scene: Practice): Promise<{ seen: Json; atMs: number }> {
    const { world, send } = scene;
    const asked = send('POST', 'companies/create', creation).then(
      async (response) => ({ seen: response, atMs: world.clock.now() - START }),
      (error: unknown) => ({ seen: error, atMs: world.clock.now() - START }),
    );
    await world.runUntilQuiet();
    return asked;
  }

  for (const [trouble, carriedOutAtMs] of [
    [{ kind: 'lost' }, undefined],
    [{ kind: 'answerLost' }, 0],
    [{ kind: 'late', ms: 45_000 }, 45_000],
    [{ kind: 'late', ms: 60_000 }, 60_000],
    [{ kind: 'late', ms: 60_001 }, undefined],
  ] as const) {
    const what = carriedOutAtMs === undefined ? 'never' : `after ${carriedOutAtMs} ms`;
    it(`breaks the connection, and carries out ${what}: ${JSON.stringify(trouble)}`, async () => {
      const scene = practice({ trouble: () => trouble });
      const { seen, atMs } = await create(scene);
      assert.ok(seen instanceof TypeError);
      assert.equal(seen.message, 'fetch failed');
      assert.ok(atMs > 0 && atMs <= 1000, `${atMs}`);
      const times = scene.hands.log.map(({ at }) => at - START);
      assert.deepEqual(times, carriedOutAtMs === undefined ? [] : [carriedOutAtMs]);
    });
  }

  it('fails with the status it is told, and carries out nothing', async () => {
    for (const status of [403, 404, 429, 500, 502, 503, 504]) {
      const scene = practice({ trouble: () => ({ kind: 'status', status, retryAfterS: 7 }) });
      const { seen } = await create(scene);
      assert.equal(seen.status, status);
      assert.equal(seen.headers.get('retry-after'), '7');
      assert.deepEqual(scene.hands.log, []);
    }
    const without = await create(practice({ trouble: () => ({ kind: 'status', status: 503 }) }));
    assert.equal(without.seen.headers.get('retry-after'), null);
  });

  it('fails like a gateway after the work was done', async () => {
    const trouble: Trouble = { kind: 'status', status: 504, carriedOut: true };
    const scene = practice({ trouble: () => trouble });
    assert.equal((await create(scene)).seen.status, 504);
    assert.equal(scene.hands.log.length, 1);
  });

  it('has something to say about a failure only now and then', async () => {
    const scene = practice({ trouble: () => ({ kind: 'status', status: 500 }) });
    const bodies = new Set<string>();
    for (let time = 0; time < 30; time += 1) bodies.add(await (await create(scene)).seen.text());
    assert.equal(bodies.size, 2);
    assert.ok(bodies.has(''));
  });

  it('takes its time, and carries out somewhere in between', async () => {
    const scene = practice({ trouble: () => ({ kind: 'slow', ms: 20_000 }) });
    const { seen, atMs } = await create(scene);
    assert.equal(atMs, 20_000);
    assert.equal((await seen.json()).results[0].status, 'ok');
    const [change] = scene.hands.log;
    assert.ok(change!.at > START && change!.at < START + 20_000);
  });

  it('is slow to refuse, too', async () => {
    const scene = practice({
      abilities: { partial: 'allOrNothing' },
      trouble: () => ({ kind: 'slow', ms: 100 }),
      collections: { companies: [] },
    });
    const { seen, atMs } = await create(scene);
    assert.deepEqual([seen.status, atMs], [422, 100]);
  });

  it('is told what is asked, whatever it is about', async () => {
    const calls: Call[] = [];
    const scene = practice({ trouble: (call) => void calls.push(call) });
    await scene.post('companies/create', creation);
    await scene.get('about');
    assert.deepEqual(calls, [
      { account: 'sales', collection: 'companies', action: 'create', items: 1 },
      { account: 'sales', action: 'about', items: 1 },
    ]);
  });
});

describe('the limits of Grumpy', () => {
  const limits = [
    { name: 'burst', capacity: 3, perMs: 3000 },
    { name: 'daily', capacity: 5, perMs: 86_400_000 },
  ];

  it('let so many through, tell how many are left, and grow back', async () => {
    const { send, pass } = practice({ abilities: { limits } });
    const ask = async (): Promise<unknown[]> => {
      const { status, headers } = await send('GET', 'about');
      return [status, headers.get('x-limit-burst'), headers.get('x-limit-daily')];
    };
    assert.deepEqual(await ask(), [200, '2;3;1', '4;5;17280']);
    assert.deepEqual(await ask(), [200, '1;3;2', '3;5;34560']);
    assert.deepEqual(await ask(), [200, '0;3;3', '2;5;51840']);
    assert.deepEqual((await ask())[0], 429);
    await pass(999);
    assert.deepEqual((await ask())[0], 429);
    await pass(1);
    assert.deepEqual((await ask())[0], 200, 'one has grown back');
    await pass(10_000);
    assert.deepEqual((await ask())[0], 200);
    assert.deepEqual((await ask())[0], 429, 'the other one is empty');
  });

  it('never let more through at once than they hold', async () => {
    const { send, pass } = practice({ abilities: { limits: limits.slice(0, 1) } });
    await pass(60_000);
    const statuses: number[] = [];
    for (let time = 0; time < 4; time += 1) statuses.push((await send('GET', 'about')).status);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
  });

  it('say how long to wait, now and then', async () => {
    const { send } = practice({ abilities: { limits: [{ name: 'a', capacity: 1, perMs: 9500 }] } });
    await send('GET', 'about');
    const waits = new Set<string | null>();
    for (let time = 0; time < 20; time += 1) {
      const response = await send('GET', 'about');
      waits.add(response.headers.get('retry-after'));
      const { code }: Json = await response.json();
      assert.deepEqual([response.status, code], [429, 'slow_down']);
    }
    assert.deepEqual(waits, new Set([null, '10']));
  });

  it('also count what is not understood, and come before everything but the token', async () => {
    const { send, grumpy } = practice({
      abilities: { limits: [{ name: 'a', capacity: 1, perMs: 1000 }] },
    });
    assert.equal((await send('GET', 'nowhere')).status, 404);
    assert.equal((await send('GET', 'nowhere')).status, 429);
    assert.equal((await grumpy.handle(requestOf('GET', 'about', undefined, 'x'))).status, 401);
  });
});

describe('two accounts of Grumpy', () => {
  it('know nothing of each other', async () => {
    const world = virtualWorld({ seed: 1 });
    const accounts = ['sales', 'support'].map((name) => ({
      name,
      token: `token of ${name}`,
      collections: COLLECTIONS,
    }));
    const grumpy = openGrumpy({ world, accounts });
    grumpy.account('sales').create('companies', { name: 'Pagoda' });
    const list = async (token: string): Promise<Json> =>
      (await grumpy.handle(requestOf('GET', 'companies', undefined, token))).json();
    assert.equal((await list('token of sales')).items.length, 1);
    assert.equal((await list('token of support')).items.length, 0);
    assert.throws(() => grumpy.account('marketing'), /no account "marketing"/);
  });
});

describe('the same seed of Grumpy', () => {
  it('gives the same bad day, to the letter; another one gives another', async () => {
    const [first, again, other] = [await day(7), await day(7), await day(8)];
    assert.deepEqual(first, again);
    assert.notEqual(first.trace, other.trace);
    assert.notDeepEqual(first.log, other.log);
    assert.ok(first.seen.includes('fetch failed') && first.seen.includes('200'));
  });
});

/** Fifty requests over a network, with every kind of trouble, lag, rules and webhooks. */
async function day(seed: number): Promise<{ trace: string; log: string; seen: string[] }> {
  const world = virtualWorld({ seed });
  const dice = world.random('test:trouble');
  const troubles: readonly (Trouble | undefined)[] = [
    undefined,
    { kind: 'lost' },
    { kind: 'answerLost' },
    { kind: 'late', ms: 5000 },
    { kind: 'status', status: 502 },
    { kind: 'slow', ms: 3000 },
    { kind: 'busy', items: [0] },
  ];
  const account = {
    name: 'sales',
    token: 'open-sesame',
    abilities: {
      readLagMs: 5000,
      searchLagMs: 5000,
      limits: [{ name: 'a', capacity: 20, perMs: 9000 }],
    },
    collections: COLLECTIONS,
  };
  const grumpy = openGrumpy({
    world,
    accounts: [account],
    trouble: () => troubles[dice.below(troubles.length)],
  });
  const hands = grumpy.account('sales');
  hands.rule('companies', ({ fields }) => ({ name: (fields['name'] as string).toUpperCase() }));
  world.serve('https://grumpy.test', (request) => grumpy.handle(request));
  world.serve('https://hooks.test', () => new Response(null, { status: 500 }));
  const seen: string[] = [];
  const ask = async (path: string, body: unknown): Promise<void> => {
    try {
      const response = await world.network.fetch(requestOf('POST', path, body));
      seen.push(String(response.status), await response.text());
    } catch (error) {
      seen.push((error as Error).message);
    }
  };
  const hook = { url: 'https://hooks.test/', secret: 's', collections: ['companies'] };
  const asked = (async () => {
    await ask('hooks', hook);
    for (let step = 0; step < 25; step += 1) {
      await ask('companies/create', { items: [{ fields: { name: `c${step}` } }] });
      await ask('companies/read', { ids: ['1', '2', '3'] });
    }
  })();
  await world.runUntilQuiet();
  await asked;
  return { trace: world.traceHash(), log: JSON.stringify(hands.log), seen };
}
