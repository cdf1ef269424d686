import assert from 'node:assert/strict';
import { VendorError } from '../../runtime/connectors/connector.ts';
import { afterSetback, worse } from '../../runtime/engine/retry.ts';
import type { Claimed } from '../../runtime/store/store.ts';
import { virtualWorld } from '../sim/virtual-world.ts';
import { grumpier } from './grumpier.ts';
import { withPair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };

describe('A write that is refused because the item has moved on', () => {
  it('is tried at once a few times, then ever more seldom, and is never given up', async () => {
    let refusals = 0;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        const isMeant = account === 'crm' && changes[0]!.op === 'update';
        if (!isMeant) return collection.write(changes, signal);
        refusals += changes.length;
        const error = new VendorError('outdated', { what: 'It has changed.', next: 'Read it.' });
        return changes.map(() => ({ kind: 'failed', error }) as const);
      },
    }));
    await withPair(
      async (pair) => {
        const { app, engine, store, tenant, sync } = pair;
        const id = app.enter(anna);
        await pair.settle();
        app.edit(id, { name: 'Anna A.' });
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync, waitMs: 10_000 });
        assert.ok(refusals >= 5, `${refusals} times within ten seconds`);
        await engine.drain({ tenant, sync, waitMs: 3_600_000 });
        assert.ok(refusals <= 20, `${refusals} times within the hour`);
        assert.equal((await store.waiting()).length, 1);
        assert.deepEqual(await store.listDeadLetters(tenant, { state: 'open', limit: 1 }), []);
      },
      { connector },
    );
  });
});

describe('A record of which one write is refused and another one may still land', () => {
  const world = virtualWorld({ seed: 1 });
  const setback = worse(
    { kind: 'refused', why: 'The vendor does not like it.' },
    { kind: 'again', why: 'A write has no known outcome yet.', at: world.clock.now() + 120_000 },
  );
  const lease = (attempts: number): Claimed => ({ attempts }) as Claimed;

  it('is given up, and looked at again once the other one cannot land any more', () => {
    const verdict = afterSetback(setback, lease(0), world);
    assert.ok(verdict.kind === 'giveUp' && verdict.retry);
    assert.ok(verdict.retry.at >= world.clock.now() + 120_000);
  });

  it('is left alone in the end', () => {
    const verdict = afterSetback(setback, lease(8), world);
    assert.ok(verdict.kind === 'giveUp' && !verdict.retry);
  });
});
