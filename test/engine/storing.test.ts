import assert from 'node:assert/strict';
import { VendorError } from '../../runtime/connectors/connector.ts';
import { grumpier } from './grumpier.ts';
import { withPair, type Pair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const bela = { email: 'bela@example.com', name: 'Béla' };

/** The CRM's item of Anna was deleted, made anew, and restored: there are two, and a person says which one goes. */
async function withSecondItem(
  story: (pair: Pair, second: string, setDown: (isDown: boolean) => void) => Promise<void>,
): Promise<void> {
  let isDown = false;
  const connector = grumpier((collection, account) => ({
    async read(ids, signal) {
      if (!isDown || account !== 'crm') return collection.read(ids, signal);
      throw new VendorError('transient', { what: 'The CRM is down.', next: 'Try again.' });
    },
  }));
  await withPair(
    async (pair) => {
      const { app, crm } = pair;
      app.enter(anna);
      app.enter(bela);
      await pair.settle();
      await pair.wait(60_000);
      const second = crm.idOf(anna.email);
      crm.remove(second);
      await pair.settle();
      await pair.wait(60_000);
      await pair.settle();
      crm.hands.restore('people', second);
      await pair.settle();
      const review = pair.reviews().find(({ reason }) => reason === 'second-item')!;
      assert.equal(review.remoteId, second);
      await pair.store.decide(pair.tenant, {
        now: pair.world.clock.now(),
        actor: 'Olga',
        decisions: [{ kind: 'review', review, choice: 'delete' }],
      });
      await story(pair, second, (value) => (isDown = value));
      assert.equal(crm.hands.item('people', second)?.archived, true);
      assert.equal(crm.hands.items('people').length, 2);
    },
    { connector, policy: { onRemoteDelete: 'recreate', deleteAuthority: [] } },
  );
}

describe('What a person answered', () => {
  it('is kept while the vendor is down', async () => {
    await withSecondItem(async (pair, _second, setDown) => {
      setDown(true);
      await pair.engine.drain({ tenant: pair.tenant, sync: pair.sync });
      setDown(false);
      await pair.wait(60_000);
      await pair.settle();
    });
  });

  it('is kept by a preview of it', async () => {
    await withSecondItem(async (pair) => {
      await pair.preview();
      await pair.settle();
    });
  });
});
