import assert from 'node:assert/strict';
import type { Collection, Read } from '../../runtime/connectors/connector.ts';
import { grumpier } from './grumpier.ts';
import { withPair, type Pair, type Side } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };

/** Systems that can be made to answer with what they answered first. */
function forgetful() {
  const first = new Map<string, Read>();
  const stale = { at: [] as readonly string[], reads: 0 };
  const connector = grumpier((collection, account) => ({
    async read(ids, signal) {
      stale.reads += 1;
      if (stale.reads > 1_000) throw new Error('This goes on for ever.');
      const reads = await collection.read(ids, signal);
      const now = reads[0]!;
      const old = first.get(account) ?? now;
      first.set(account, old);
      return stale.at.includes(account) ? reads.map(() => old) : reads;
    },
  }));
  return { connector, stale };
}

async function lookAt({ engine, tenant, sync }: Pair, waitMs: number, ...sides: readonly Side[]) {
  const refs = sides.map((side) => {
    return { sync, endpoint: side.endpoint, remoteId: side.idOf(anna.email) };
  });
  await engine.hint(tenant, refs, 0);
  await engine.drain({ tenant, sync, waitMs });
}

describe('An old answer', () => {
  it('that comes now and then, with newer ones in between, is not believed', async () => {
    const { connector, stale } = forgetful();
    await withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter(anna);
        await pair.settle();
        await lookAt(pair, 0, crm);
        crm.edit(crm.idOf(anna.email), { name: 'Anna B.' });
        await lookAt(pair, 0, crm);
        for (let n = 0; n < 3; n += 1) {
          stale.at = ['crm'];
          await lookAt(pair, 0, crm);
          stale.at = [];
          await pair.wait(60_000);
          await lookAt(pair, 0, crm);
        }
        const names = app.hands.log.map(({ after }) => after?.fields['name']);
        assert.equal(names.at(-1), 'Anna B.');
        assert.equal(names.filter((name) => name === 'Anna').length, 1);
      },
      { connector },
    );
  });

  it('of two systems at once is not asked for again and again without a pause', async () => {
    const { connector, stale } = forgetful();
    await withPair(
      async (pair) => {
        const { app, crm } = pair;
        const id = app.enter(anna);
        await pair.settle();
        await lookAt(pair, 0, app, crm);
        app.edit(id, { name: 'Anna A.' });
        await lookAt(pair, 0, app);
        crm.edit(crm.idOf(anna.email), { name: 'Anna C.' });
        await lookAt(pair, 0, crm);
        stale.at = ['app', 'crm'];
        await lookAt(pair, 30_000, app, crm);
        assert.ok(stale.reads < 100, `${stale.reads} reads`);
      },
      { connector },
    );
  });

  it('that may be older than our own write takes it back nowhere, and is asked for again when it cannot be', async () => {
    let crmNow: Collection | undefined;
    let shown: readonly Read[] | undefined;
    const connector = grumpier((collection, account) => {
      if (account !== 'crm') return {};
      crmNow = collection;
      return { read: async (ids, signal) => shown ?? collection.read(ids, signal) };
    });
    await withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        const id = app.enter(anna);
        await pair.settle();
        const there = crm.idOf(anna.email);
        await pair.wait(60_000);
        const [first] = await crmNow!.read([there]);
        crm.edit(there, { phone: '+36205550001' });
        await pair.wait(60_000);
        const [second] = await crmNow!.read([there]);
        shown = [first!];
        app.edit(id, { name: 'Anna B.' });
        await lookAt(pair, 0, app);
        assert.equal(crm.people()[anna.email]!['name'], 'Anna B.');
        shown = [second!];
        await lookAt(pair, 0, crm);
        assert.deepEqual(app.people()[anna.email], { name: 'Anna B.', phone: '+36205550001' });
        // Somebody takes it back indeed.
        crm.edit(there, { name: anna.name });
        shown = undefined;
        await pair.wait(120_000);
        await engine.drain({ tenant, sync });
        assert.equal(app.people()[anna.email]!['name'], anna.name);
      },
      {
        connector,
        abilities: {
          crm: { readLagMs: 20_000, writeReturns: 'id', conditionalWrites: false, history: false },
        },
      },
    );
  });

  it('that shows what our own write has covered up in a set is believed, and it is put back', async () => {
    let crmNow: Collection | undefined;
    let shown: readonly Read[] | undefined;
    const connector = grumpier((collection, account) => {
      if (account !== 'crm') return {};
      crmNow = collection;
      return { read: async (ids, signal) => shown ?? collection.read(ids, signal) };
    });
    await withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        const id = app.enter({ ...anna, tags: ['old'] });
        await pair.settle();
        const there = crm.idOf(anna.email);
        await pair.wait(60_000);
        const [first] = await crmNow!.read([there]);
        crm.edit(there, { tags: ['old', 'typed at the crm'] });
        await pair.wait(60_000);
        const [second] = await crmNow!.read([there]);
        shown = [first!];
        app.edit(id, { tags: ['old', 'typed at the app'] });
        await lookAt(pair, 0, app);
        assert.deepEqual(crm.people()[anna.email]!['tags'], ['old', 'typed at the app']);
        shown = [second!];
        await lookAt(pair, 0, crm);
        shown = undefined;
        await pair.wait(120_000);
        await engine.drain({ tenant, sync });
        const tags = ['old', 'typed at the app', 'typed at the crm'];
        for (const side of [app, crm]) assert.deepEqual(side.people()[anna.email]!['tags'], tags);
      },
      {
        connector,
        abilities: {
          crm: { readLagMs: 20_000, writeReturns: 'id', conditionalWrites: false, history: false },
        },
      },
    );
  });
});
