import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { openGrumpy, type WebhookTrouble } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';
import { COLLECTIONS, requestOf, type Json } from './practice.ts';

const START = Date.UTC(2026, 0, 1);

interface Received {
  readonly atMs: number;
  readonly signature: string;
  readonly raw: string;
  readonly delivery: string;
  readonly events: readonly Json[];
}

describe('a webhook of Grumpy', () => {
  it('tells every kind of change in the collections it is for, and nothing of values', async () => {
    const { hands, received, world } = await listening();
    hands.create('contacts', { name: 'not asked for' });
    for (const name of ['a', 'b']) hands.create('companies', { name });
    hands.edit('companies', '1', { name: 'c' });
    hands.remove('companies', '1');
    hands.restore('companies', '1');
    const backup = hands.backup();
    hands.merge('companies', '1', '2');
    hands.restoreBackup(backup);
    assert.equal(hands.log.at(-1)?.via, 'backup');
    await world.runUntilQuiet();
    const events = received
      .toSorted((one, other) => numberOf(one) - numberOf(other))
      .flatMap((one) => one.events);
    assert.deepEqual(events, [
      { collection: 'companies', id: '1', kind: 'created' },
      { collection: 'companies', id: '2', kind: 'created' },
      { collection: 'companies', id: '1', kind: 'updated' },
      { collection: 'companies', id: '1', kind: 'deleted' },
      { collection: 'companies', id: '1', kind: 'restored' },
      { collection: 'companies', id: '1', kind: 'merged' },
      { collection: 'companies', id: '2', kind: 'updated' },
    ]);
  });

  it('is signed over the very bytes of its body, by the clock of Grumpy', async () => {
    const { hands, received, world } = await listening({ clockSkewMs: 60_000 });
    hands.create('companies', { name: 'Árvíztűrő' });
    await world.runUntilQuiet();
    const [{ signature, raw, atMs }] = received as [Received];
    const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature)!;
    assert.equal(hex, createHmac('sha256', 'hush').update(`${seconds}.${raw}`).digest('hex'));
    const skewS = Number(seconds) - Math.floor((START + atMs) / 1000);
    assert.ok(skewS === 60 || skewS === 59, `${skewS}`);
  });

  it('is sent again after 10, 60 and 300 seconds, and then given up', async () => {
    const { hands, received, world } = await listening({ answer: () => 500 });
    hands.create('companies', { name: 'a' });
    await world.runUntilQuiet();
    assert.equal(new Set(received.map(({ delivery }) => delivery)).size, 1);
    const waits = received.slice(1).map(({ atMs }, index) => atMs - received[index]!.atMs);
    assert.equal(waits.length, 3);
    for (const [index, expectedMs] of [10_000, 60_000, 300_000].entries()) {
      const difference = waits[index]! - expectedMs;
      assert.ok(Math.abs(difference) < 200, `${waits[index]}`);
    }
  });

  it('is sent again when no answer comes within five seconds, or the connection breaks', async () => {
    for (const failure of ['silence', 'broken'] as const) {
      let tries = 0;
      const { hands, received, world } = await listening({
        answer: () => {
          tries += 1;
          if (tries > 1) return 204;
          if (failure === 'broken') throw new TypeError('fetch failed');
          return undefined;
        },
      });
      hands.create('companies', { name: 'a' });
      await world.runUntilQuiet();
      assert.equal(received.length, 2);
      const waitMs = received[1]!.atMs - received[0]!.atMs;
      const expectedMs = failure === 'silence' ? 15_000 : 10_000;
      assert.ok(Math.abs(waitMs - expectedMs) < 200, `${waitMs}`);
    }
  });

  it('ends when it is taken back, also between two tries', async () => {
    const { hands, received, world, grumpy, hook } = await listening({ answer: () => 500 });
    hands.create('companies', { name: 'a' });
    await world.runUntil(START + 5000);
    const response = await grumpy.handle(requestOf('DELETE', `hooks/${hook}`));
    assert.deepEqual([response.status, await response.json()], [200, {}]);
    hands.create('companies', { name: 'b' });
    await world.runUntilQuiet();
    assert.equal(received.length, 1);
    assert.equal((await grumpy.handle(requestOf('DELETE', `hooks/${hook}`))).status, 404);
  });

  for (const [trouble, expected] of [
    [{ kind: 'lost' }, ['2', '3']],
    [{ kind: 'doubled' }, ['1', '1', '2', '3']],
    [{ kind: 'late', ms: 20_000 }, ['2', '3', '1']],
  ] as const) {
    it(`may be ${trouble.kind}`, async () => {
      const { hands, received, world } = await listening({
        trouble: (number) => (number === 1 ? trouble : undefined),
      });
      for (const name of ['a', 'b', 'c']) {
        hands.create('companies', { name });
        await world.runUntil(world.clock.now() + 5000);
      }
      await world.runUntilQuiet();
      assert.deepEqual(
        received.map((one) => one.events[0].id),
        expected,
      );
    });
  }

  it('overtakes others', async () => {
    const { hands, received, world } = await listening();
    for (let step = 0; step < 20; step += 1) hands.create('companies', { name: 'a' });
    await world.runUntilQuiet();
    const order = received.map(numberOf);
    assert.equal(order.length, 20);
    assert.notDeepEqual(
      order,
      order.toSorted((one, other) => one - other),
    );
  });
});

/** An account with a webhook, and somebody who answers it. */
async function listening({
  clockSkewMs = 0,
  answer = () => 200,
  trouble,
}: {
  clockSkewMs?: number;
  /** The status; undefined for an answer that never comes. */
  answer?: () => number | undefined;
  trouble?: (number: number) => WebhookTrouble | undefined;
} = {}) {
  const world = virtualWorld({ seed: 1 });
  const received: Received[] = [];
  const account = {
    name: 'sales',
    token: 'open-sesame',
    abilities: { clockSkewMs },
    collections: COLLECTIONS,
  };
  const grumpy = openGrumpy({
    world,
    accounts: [account],
    webhookTrouble: ({ delivery }) => trouble?.(Number(delivery.split('-')[1])),
  });
  world.serve('https://hooks.test', async (request) => {
    const raw = await request.text();
    const { delivery, events }: Json = JSON.parse(raw);
    const signature = request.headers.get('x-grumpy-signature')!;
    received.push({ atMs: world.clock.now() - START, signature, raw, delivery, events });
    const status = answer();
    if (status !== undefined) return new Response(null, { status });
    return new Promise<never>(() => {});
  });
  const hook = { url: 'https://hooks.test/in', secret: 'hush', collections: ['companies'] };
  const response = await grumpy.handle(requestOf('POST', 'hooks', hook));
  const { id }: Json = await response.json();
  return { world, grumpy, hands: grumpy.account('sales'), received, hook: id as string };
}

function numberOf({ delivery }: Received): number {
  return Number(delivery.split('-')[1]);
}
