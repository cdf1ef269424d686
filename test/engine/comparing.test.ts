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
});
