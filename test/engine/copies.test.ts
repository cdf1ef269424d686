import assert from 'node:assert/strict';
import { VendorError } from '../../runtime/connectors/connector.ts';
import type { Abilities } from '../../runtime/emulators/grumpy/grumpy.ts';
import { grumpier } from './grumpier.ts';
import { withPair, type Pair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const annaMaria = { email: 'maria@example.com', name: 'Anna Maria' };

describe('A copy of what we made, where nobody tells who made what', () => {
  it('is not taken for ours, though it is looked at first', () =>
    withLostCreate({}, async (pair, copy) => {
      await lookAt(pair, copy);
      await pair.settle();
      await expectTwo(pair, copy);
    }));

  it('is not taken for ours, though a search shows it first', () =>
    withLostCreate({}, async (pair, copy) => {
      await pair.engine.drain({ tenant: pair.tenant, sync: pair.sync, waitMs: 60_000 });
      await pair.settle();
      await expectTwo(pair, copy);
    }));

  it('is judged when a search can show what it was copied from', () =>
    withLostCreate({ searchLagMs: 30_000 }, async (pair, copy) => {
      await lookAt(pair, copy);
      await pair.wait(60_000);
      await pair.settle();
      await expectTwo(pair, copy);
    }));
});

describe('What was merged into a copy of it', () => {
  it('goes on there', () =>
    withLostCreate({}, async (pair, copy) => {
      const { crm, app } = pair;
      const [original] = crm.hands.items('people');
      crm.hands.merge('people', original!.id, copy);
      await lookAt(pair, copy);
      await pair.settle();
      const people = { [annaMaria.email]: { name: annaMaria.name } };
      assert.deepEqual([app.people(), crm.people()], [people, people]);
    }));
});

/** The answer to the create at the CRM is lost; there it is copied at once, and the copy edited. */
async function withLostCreate(
  habits: Partial<Abilities>,
  story: (pair: Pair, copy: string) => Promise<void>,
): Promise<void> {
  let isLost = true;
  const connector = grumpier((collection, account) => ({
    // In no order that anybody could rely on.
    async find(path, values, signal) {
      return (await collection.find!(path, values, signal)).toReversed();
    },
    async write(changes, signal) {
      const outcomes = await collection.write(changes, signal);
      if (!isLost || account !== 'crm') return outcomes;
      isLost = false;
      const about = { what: 'The connection broke.', next: 'Try again.' };
      throw new VendorError('transient', about, { mayHaveLanded: true });
    },
  }));
  await withPair(
    async (pair) => {
      const { app, crm, engine, tenant, sync } = pair;
      await pair.settle();
      app.enter(anna);
      await engine.look(tenant, sync, { endpoints: [app.endpoint] });
      await engine.drain({ tenant, sync });
      const [original] = crm.hands.items('people');
      await pair.wait(10);
      const copy = crm.hands.clone('people', original!.id);
      crm.edit(copy, annaMaria);
      await story(pair, copy);
    },
    { connector, abilities: { crm: { author: false, ...habits } } },
  );
}

async function lookAt({ crm, engine, tenant, sync }: Pair, remoteId: string): Promise<void> {
  await engine.hint(tenant, [{ sync, endpoint: crm.endpoint, remoteId }], 0);
  await engine.drain({ tenant, sync });
}

async function expectTwo(pair: Pair, copy: string): Promise<void> {
  const { app, crm } = pair;
  const people = { [anna.email]: { name: 'Anna' }, [annaMaria.email]: { name: annaMaria.name } };
  assert.deepEqual([app.people(), crm.people()], [people, people]);
  // Nobody has become somebody else.
  const [entered] = app.hands.items('people');
  assert.equal(entered!.fields['email'], anna.email);
  assert.equal(crm.idOf(annaMaria.email), copy);
}
