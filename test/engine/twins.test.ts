import assert from 'node:assert/strict';
import { withPair, type Pair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };

describe('Two items in one system with the key of a record', () => {
  it('are both left alone, and a person is asked which one is meant', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      app.enter(anna);
      crm.enter({ ...anna, name: 'A' });
      crm.enter({ ...anna, name: 'B' });
      await pair.settle();
      await pair.settle();
      assert.deepEqual(asked(pair), ['twin-here 1', 'twin-here 2']);
      assert.deepEqual(namesOf(pair), ['A', 'B']);
      assert.equal(app.people()[anna.email]!['name'], 'Anna');
    }));

  it('are found also when the list shows one of them long before the other', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter(anna);
        crm.enter({ ...anna, name: 'A' });
        for (let n = 0; n < 30; n += 1) crm.enter({ email: `${n}@example.com`, name: `${n}` });
        crm.enter({ ...anna, name: 'B' });
        await pair.settle();
        assert.deepEqual(asked(pair), ['twin-here 1', 'twin-here 32']);
      },
      {
        abilities: {
          crm: {
            batch: { list: 2, read: 2, find: 2, create: 2, update: 2, delete: 2, restore: 2 },
          },
        },
      },
    ));

  it('are no longer two for whom a person says which one it is', () =>
    withPair(async (pair) => {
      const { app, crm, store, tenant, world } = pair;
      app.enter(anna);
      crm.enter({ ...anna, name: 'A' });
      crm.enter({ ...anna, name: 'B' });
      await pair.settle();
      const decisions = pair.reviews().map((review) => {
        const entity = review.candidates[0]!;
        const choice = review.remoteId === '1' ? { decision: 'link', entity } : 'ignore';
        return { kind: 'review', review, choice } as const;
      });
      await store.decide(tenant, { now: world.clock.now(), actor: 'Olga', decisions });
      await pair.settle();
      assert.deepEqual(namesOf(pair), ['Anna', 'B']);
      assert.equal(app.people()[anna.email]!['name'], 'Anna');
      assert.deepEqual(asked(pair), []);
    }));
});

function asked(pair: Pair): string[] {
  const open = pair.reviews().filter(({ state }) => state === 'open');
  return open.map(({ reason, remoteId }) => `${reason} ${remoteId}`).toSorted();
}

function namesOf({ crm }: Pair): unknown[] {
  return crm.hands.items('people').map(({ fields }) => fields['name']);
}
