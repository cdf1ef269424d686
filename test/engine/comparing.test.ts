import assert from 'node:assert/strict';
import { withPair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };

describe('What a list showed', () => {
  it('is read again before it is written on, where no guard would notice what was typed meanwhile', () =>
    withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        const id = app.enter(anna);
        await pair.settle();
        await pair.wait(60_000);
        app.edit(id, { name: 'Anna A.' });
        await pair.wait(1_000);
        crm.edit(crm.idOf(anna.email), { name: 'Anna C.' });
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync });
        // Both are marked now, and wait for more.
        await pair.wait(8_000);
        app.edit(id, { name: 'Anna B.' });
        await engine.drain({ tenant, sync, waitMs: 30_000 });
        await pair.settle();
        assert.equal(app.people()[anna.email]!['name'], 'Anna B.');
        assert.equal(crm.people()[anna.email]!['name'], 'Anna B.');
      },
      {
        settings: { latency: 1 },
        abilities: { app: { conditionalWrites: false, history: false } },
      },
    ));

  it('is read again where another worker has seen more since, and marked the item once more', () =>
    withPair(
      async (pair) => {
        const { app, crm, engine, another, tenant, sync } = pair;
        const second = another();
        const id = app.enter(anna);
        await pair.settle();
        await pair.wait(60_000);
        app.edit(id, { name: 'Anna A.' });
        await second.look(tenant, sync);
        await second.drain({ tenant, sync });
        // The second worker has marked it, and waits for more; a webhook brings the first one there before.
        await engine.hint(tenant, [{ sync, endpoint: app.endpoint, remoteId: id }], 0);
        await engine.drain({ tenant, sync });
        assert.equal(crm.people()[anna.email]!['name'], 'Anna A.');
        app.edit(id, { name: 'Anna B.' });
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync });
        await second.drain({ tenant, sync, waitMs: 17_000 });
        assert.equal(crm.people()[anna.email]!['name'], 'Anna B.');
      },
      { settings: { latency: 1 } },
    ));

  it('is read again where a webhook has told of the item since', () =>
    withPair(
      async (pair) => {
        const { app, crm, engine, another, tenant, sync } = pair;
        const id = app.enter(anna);
        await pair.settle();
        await pair.wait(60_000);
        app.edit(id, { name: 'Anna A.' });
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync });
        // It is marked now, and waits for more.
        await pair.wait(1_000);
        app.edit(id, { name: 'Anna B.' });
        await another().hint(tenant, [{ sync, endpoint: app.endpoint, remoteId: id }]);
        await engine.drain({ tenant, sync, waitMs: 17_000 });
        assert.equal(crm.people()[anna.email]!['name'], 'Anna B.');
      },
      { settings: { latency: 1 } },
    ));

  it('is not read again by who works off what was marked because of it', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      const id = app.enter(anna);
      await pair.settle();
      await pair.wait(60_000);
      const before = app.hands.calls['read']?.requests ?? 0;
      app.edit(id, { name: 'Anna A.' });
      await pair.settle();
      assert.equal(crm.people()[anna.email]!['name'], 'Anna A.');
      assert.equal(app.hands.calls['read']?.requests ?? 0, before);
    }));
});
