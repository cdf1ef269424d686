import assert from 'node:assert/strict';
import { withPair, type Pair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const bela = { email: 'bela@example.com', name: 'Bela' };
const MARIA = 'maria@example.com';

describe('An item with the marker of one that we made, and with another address', () => {
  for (const author of [true, false]) {
    const who = author
      ? 'a vendor that tells who made it'
      : 'a vendor that does not tell who made it';
    it(`is asked about when that one is not there any more, at ${who}`, () =>
      withOurs({ author }, async (pair, ours) => {
        const { crm } = pair;
        crm.edit(ours, { email: MARIA });
        const id = crm.hands.merge('people', crm.idOf(bela.email), ours);
        await pair.settle();
        await expectQuestion(pair, id, ours);
      }));

    it(`is somebody new while that one is there, at ${who}`, () =>
      withOurs({ author }, async (pair, ours) => {
        const { app, crm } = pair;
        crm.edit(crm.hands.clone('people', ours), { email: MARIA });
        await pair.settle();
        assert.deepEqual(Object.keys(app.people()).toSorted(), [anna.email, bela.email, MARIA]);
        assert.deepEqual(pair.reviews(), []);
      }));
  }

  it('is asked about although an old answer still shows that one', () =>
    withOurs({ readLagMs: 20_000 }, async (pair, ours) => {
      const { app, crm } = pair;
      await pair.wait(60_000);
      crm.edit(ours, { email: MARIA });
      const id = crm.hands.merge('people', crm.idOf(bela.email), ours);
      for (let n = 0; n < 3; n += 1) {
        const ref = { sync: pair.sync, endpoint: crm.endpoint, remoteId: id };
        await pair.engine.hint(pair.tenant, [ref]);
        await pair.engine.drain({ tenant: pair.tenant, sync: pair.sync, waitMs: 1_000 });
        await pair.wait(10_000);
        assert.equal(app.people()[MARIA], undefined);
      }
      await expectQuestion(pair, id, ours);
    }));
});

/** Anna and Bela were entered in the app; `ours` is what we made of Anna in the CRM. */
async function withOurs(
  abilities: { readonly author?: boolean; readonly readLagMs?: number },
  story: (pair: Pair, ours: string) => Promise<void>,
): Promise<void> {
  await withPair(
    async (pair) => {
      const { app, crm } = pair;
      app.enter(anna);
      app.enter(bela);
      await pair.settle();
      await story(pair, crm.idOf(anna.email));
    },
    { abilities: { crm: { mergeVisible: 'none', mergeGivesNewId: true, ...abilities } } },
  );
}

async function expectQuestion(pair: Pair, id: string, ours: string): Promise<void> {
  const { app, crm } = pair;
  const asked = pair.reviews().filter(({ remoteId }) => remoteId === id);
  assert.deepEqual(
    asked.map(({ reason, candidates }) => [reason, candidates]),
    [['merged-from-several', [await pair.entityOf(crm, ours)]]],
  );
  assert.equal(app.people()[MARIA], undefined);
}
