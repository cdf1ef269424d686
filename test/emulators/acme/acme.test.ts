import assert from 'node:assert/strict';
import { openGrumpy } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { serve } from '../../../runtime/emulators/server.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';
import { openAcme, type AcmeOptions } from './acme.ts';

describe('the smallest vendor', () => {
  it('reads and writes in its own words, within its limits', async () => {
    const { ask, hands } = practice();
    const id = hands.create('people', { name: 'Anna' });
    assert.deepEqual(await ask('GET', `people/${id}`), [
      200,
      { name: 'Anna', email: null, companyId: null },
    ]);
    assert.deepEqual(await ask('PATCH', `people/${id}`, { name: 'Bea' }), [
      200,
      { name: 'Bea', email: null, companyId: null },
    ]);
    assert.deepEqual(await ask('PATCH', `people/${id}`, { name: 7 }), [
      400,
      { error: 'invalid', path: 'name' },
    ]);
    assert.deepEqual(await ask('PATCH', 'people/9', {}), [404, { error: 'missing' }]);
    assert.deepEqual(await ask('GET', 'people/9'), [404, { error: 'not found' }]);
    assert.deepEqual(await ask('GET', 'deals/1'), [404, { error: 'no such path' }]);
    for (let asked = 0; asked < 20; asked += 1) await ask('GET', `people/${id}`);
    assert.deepEqual(await ask('GET', `people/${id}`), [429, { error: 'limit' }]);
    assert.equal((await ask('GET', `people/${id}`, undefined, 'stranger'))[0], 401);
    assert.deepEqual(hands.calls.update, { requests: 3, items: 3 });
  });

  it('has the same bad days as every other', async () => {
    const busy = practice({ trouble: () => ({ kind: 'busy', items: [0] }) });
    busy.hands.create('people', { name: 'Anna' });
    assert.equal((await busy.ask('PATCH', 'people/1', { name: 'Bea' }))[0], 503);
    const failing = practice({ trouble: () => ({ kind: 'status', status: 502 }) });
    assert.deepEqual(await failing.ask('GET', 'people/1'), [502, { error: 'failed' }]);
    const lagging = practice({}, 60_000);
    lagging.hands.create('people', { name: 'Anna' });
    assert.equal((await lagging.ask('GET', 'people/1'))[0], 404);
  });

  it('bumps a time, and ends what was deleted', async () => {
    const { hands, pass } = practice();
    hands.create('people', { name: 'Anna' });
    await pass(2500);
    assert.equal(hands.item('people', '1')!.updatedAt, '2026-01-01T00:00:02.000Z');
    hands.remove('people', '1');
    await pass(31 * 86_400_000);
    assert.equal(hands.item('people', '1'), undefined);
  });

  it('has the same people as its neighbour', () => {
    const served = serve({
      world: virtualWorld({ seed: 1 }),
      open: (given) => [openGrumpy(given), openAcme(given)],
    });
    served.seed(50);
    const [other, own] = served.emulators;
    const neighbours = other.account('sales').items('people');
    const known = new Set(neighbours.map(({ fields }) => fields['name']));
    const people = own.account('acme').items('people');
    assert.equal(people.length, 50);
    assert.ok(people.every(({ fields }) => known.has(fields['name'])));
  });
});

function practice(troubles: Pick<AcmeOptions, 'trouble'> = {}, searchLagMs = 0) {
  const world = virtualWorld({ seed: 1 });
  const account = { name: 'sales', token: 'sesame', searchLagMs };
  const emulator = openAcme({ world, accounts: [account], ...troubles });
  const ask = async (method: string, path: string, body?: unknown, token = 'sesame') => {
    const response = await emulator.handle(
      new Request(`https://acme.test/acme/${path}`, {
        method,
        headers: { 'x-token': token },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    return [response.status, (await response.json()) as unknown] as const;
  };
  return {
    ask,
    hands: emulator.account('sales'),
    pass: (ms: number) => world.runUntil(world.clock.now() + ms),
  };
}
