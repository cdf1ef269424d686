import assert from 'node:assert/strict';
import type { Policy } from '../../runtime/core/planner/model.ts';
import type { Abilities } from '../../runtime/emulators/grumpy/grumpy.ts';
import { withPair, type Pair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const another = { ...anna, name: 'Another Anna' };

describe('Somebody new with the key of a deleted record, whose item is shown again', () => {
  for (const onRemoteRestore of ['ignore', 'ask'] as const) {
    it(`is asked about, and not made beside it, where restored items are to "${onRemoteRestore}"`, () =>
      withRestored(onRemoteRestore, async (pair) => {
        const id = pair.crm.enter(another);
        await settleLong(pair);
        assert.deepEqual(namesIn(pair), ['Anna']);
        assert.deepEqual(questionsAt(pair, id), ['tombstone-match']);
      }));
  }

  it('is that one again if a person says so', () =>
    withRestored('ignore', async (pair, id) => {
      const { app, crm } = pair;
      crm.enter(another);
      await settleLong(pair);
      const [question] = pair.reviews();
      await pair.answer(question!, { decision: 'link', entity: question!.candidates[0]! });
      await settleLong(pair);
      assert.equal(namesIn(pair).length, 1);
      assert.deepEqual(app.people(), crm.people());
      assert.equal(await pair.entityOf(app, id), await pair.entityOf(crm, crm.idOf(anna.email)));
    }));

  it('is made beside it if a person says that it is somebody else', () =>
    withRestored('ignore', async (pair) => {
      pair.crm.enter(another);
      await settleLong(pair);
      await pair.answer(pair.reviews()[0]!, 'new');
      await settleLong(pair);
      assert.deepEqual(namesIn(pair), ['Anna', 'Another Anna']);
    }));

  it('waits while nobody can look whether it is', () =>
    withDeleted('ignore', {}, async (pair, id) => {
      const { app, crm, engine } = pair;
      app.hands.forbid('people', true);
      engine.refresh();
      const newcomer = crm.enter(another);
      await pair.settle();
      app.hands.restore('people', id);
      app.hands.forbid('people', false);
      engine.refresh();
      await settleLong(pair);
      assert.deepEqual(namesIn(pair), ['Anna']);
      assert.deepEqual(questionsAt(pair, newcomer), ['tombstone-match']);
    }));

  it('is asked about once that has lasted, where there are no versions', () =>
    withRestored(
      'ignore',
      async (pair) => {
        const id = pair.crm.enter(another);
        await settleLong(pair);
        assert.deepEqual(namesIn(pair), ['Anna']);
        assert.deepEqual(questionsAt(pair, id), ['tombstone-match']);
      },
      { version: 'none', conditionalWrites: false, history: false },
    ));

  it('is somebody new as long as it is not', () =>
    withDeleted('ignore', {}, async (pair) => {
      pair.crm.enter(another);
      await settleLong(pair);
      assert.deepEqual(namesIn(pair), ['Another Anna']);
      assert.deepEqual(pair.reviews(), []);
    }));
});

function namesIn({ app }: Pair): readonly unknown[] {
  return app.hands.items('people').map(({ fields }) => fields['name']);
}

function questionsAt(pair: Pair, id: string): readonly string[] {
  const here = pair.reviews().filter(({ endpoint, remoteId }) => {
    return endpoint === pair.crm.endpoint && remoteId === id;
  });
  return here.map(({ reason }) => reason);
}

/** Anna was deleted in the app, and so everywhere, and restored there. */
function withRestored(
  onRemoteRestore: Policy['onRemoteRestore'],
  story: (pair: Pair, id: string) => Promise<void>,
  abilities: Partial<Abilities> = {},
): Promise<void> {
  return withDeleted(onRemoteRestore, abilities, async (pair, id) => {
    pair.app.hands.restore('people', id);
    await pair.settle();
    await story(pair, id);
  });
}

function withDeleted(
  onRemoteRestore: Policy['onRemoteRestore'],
  app: Partial<Abilities>,
  story: (pair: Pair, id: string) => Promise<void>,
): Promise<void> {
  return withPair(
    async (pair) => {
      const id = pair.app.enter(anna);
      await pair.settle();
      pair.app.remove(id);
      await settleLong(pair);
      assert.deepEqual(pair.crm.people(), {});
      await story(pair, id);
    },
    {
      abilities: { app },
      policy: { onRemoteRestore },
      settings: { identity: { autoLink: true, onTombstoneMatch: 'new' } },
    },
  );
}

async function settleLong(pair: Pair): Promise<void> {
  for (let n = 0; n < 4; n += 1) {
    await pair.settle();
    await pair.wait(120_000);
  }
}
