import assert from 'node:assert/strict';
import { VendorError, type FailureKind } from '../../runtime/connectors/connector.ts';
import { afterSetback, worse, type Setback } from '../../runtime/engine/retry.ts';
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

describe('A write that is refused for good', () => {
  it('is not tried again by every poll that shows the record, but by the next sweep, and when it is edited', async () => {
    let refusals = 0;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        if (account === 'app') return collection.write(changes, signal);
        refusals += changes.length;
        const error = new VendorError('rejected', { what: 'No.', next: 'Ask somebody else.' });
        return changes.map(() => ({ kind: 'failed', error }) as const);
      },
    }));
    await withPair(
      async (pair) => {
        const { app, engine, tenant, sync } = pair;
        await pair.settle();
        const id = app.enter(anna);
        const look = async (): Promise<number> => {
          const before = refusals;
          await engine.look(tenant, sync);
          await engine.drain({ tenant, sync, waitMs: 10_000 });
          return refusals - before;
        };
        assert.equal(await look(), 1);
        assert.equal(await look(), 0);
        app.edit(id, { phone: '+36201234567' });
        assert.equal(await look(), 1);
        assert.equal(await look(), 0);
        const before = refusals;
        await pair.settle({ full: true });
        assert.ok(refusals > before);
      },
      { connector },
    );
  });

  it('is forgotten with the next one that lands: what goes wrong after that is tried again by a poll', async () => {
    let answer: 'rejected' | 'broken' | 'done' = 'rejected';
    let isAppDown = false;
    const fault = (kind: FailureKind): VendorError =>
      new VendorError(kind, { what: 'No.', next: 'Ask somebody else.' });
    const connector = grumpier((collection, account) => ({
      async changes(request) {
        if (account === 'app' && isAppDown) throw fault('transient');
        return collection.changes!(request);
      },
      async write(changes, signal) {
        if (account === 'app' || answer === 'done') return collection.write(changes, signal);
        const error = fault(answer);
        return changes.map(() => ({ kind: 'failed', error }) as const);
      },
    }));
    await withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        const look = async (): Promise<void> => {
          await engine.look(tenant, sync);
          await engine.drain({ tenant, sync, waitMs: 60_000 });
        };
        await pair.settle();
        const id = app.enter(anna);
        await look();
        answer = 'done';
        app.edit(id, { phone: '+36201234567' });
        await look();
        answer = 'broken';
        app.edit(id, { name: 'Anna A.' });
        await look();
        assert.deepEqual(crm.people(), { [anna.email]: { name: 'Anna', phone: '+36201234567' } });
        answer = 'done';
        isAppDown = true;
        await look();
        assert.equal(crm.people()[anna.email]?.['name'], 'Anna A.');
      },
      { connector },
    );
  });
});

describe('A record of which one write may still land', () => {
  const world = virtualWorld({ seed: 1 });
  const landsBy = world.clock.now() + 120_000;
  const open: Setback = { kind: 'again', why: 'A write has no known outcome yet.', at: landsBy };
  const lease = (attempts: number): Claimed => ({ attempts }) as Claimed;

  it('and another one is refused is given up, and looked at again when that is over', () => {
    const setback = worse({ kind: 'refused', why: 'The vendor does not like it.' }, open);
    const verdict = afterSetback(setback, lease(0), world);
    assert.ok(verdict.kind === 'giveUp' && verdict.retry);
    assert.ok(verdict.retry.at >= landsBy);
  });

  it('is not left alone while it waits for something else for ever', () => {
    const setback = worse(open, { kind: 'wait', why: 'Its target is unknown.' });
    assert.equal(afterSetback(setback, lease(100), world).kind, 'retry');
  });

  it('is left alone in the end when nothing at all is answered', () => {
    const setback = worse(open, { kind: 'failure', why: 'The vendor is down.' });
    const verdict = afterSetback(setback, lease(8), world);
    assert.ok(verdict.kind === 'giveUp' && !verdict.retry);
  });
});

describe('A record of an account that lets nobody in', () => {
  it('is left alone as long as the account is, whatever somebody sets the clock to', async () => {
    await withPair(async (pair) => {
      const { app, crm, engine, store, tenant, sync, world } = pair;
      const id = app.enter(anna);
      await pair.settle();
      crm.hands.forbid('people', true);
      engine.refresh();
      await engine.drain({ tenant, sync });
      const clock = world.clock as { now: () => number };
      const now = clock.now.bind(clock);
      clock.now = () => now() + 400_000;
      app.edit(id, { name: 'Anna A.' });
      await engine.hint(tenant, [{ sync, endpoint: app.endpoint, remoteId: id }], 0);
      let claims = 0;
      const claim = store.claim.bind(store);
      store.claim = async (given) => {
        const claimed = await claim(given);
        claims += claimed.length;
        return claimed;
      };
      await engine.drain({ tenant, sync, waitMs: 90_000 });
      assert.equal(claims, 1);
      crm.hands.forbid('people', false);
      await engine.drain({ tenant, sync, waitMs: 300_000 });
      assert.deepEqual(crm.people(), app.people());
    });
  });
});
