import assert from 'node:assert/strict';
import { VendorError, type Connector } from '../../runtime/connectors/connector.ts';
import type { Policy } from '../../runtime/core/planner/model.ts';
import type { Abilities } from '../../runtime/emulators/grumpy/grumpy.ts';
import { grumpier } from './grumpier.ts';
import { withPair, type Pair } from './pair.ts';
import { story as storyOf } from '../stories/story.ts';

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

describe('A deleted record, whose item is shown again once somebody new has its key', () => {
  for (const onRemoteRestore of ['ignore', 'ask'] as const) {
    it(`is asked about, and nobody is made beside it, where restored items are to "${onRemoteRestore}"`, () =>
      withSuccessor(onRemoteRestore, async (pair, id) => {
        pair.app.hands.restore('people', id);
        await pair.settle();
        await open(pair);
        assert.deepEqual(namesIn(pair), ['Anna']);
        assert.deepEqual(questionsAt(pair, id, 'app'), ['remote-restore']);
      }));
  }

  it('gives way if a person says that it is to be deleted again', () =>
    withSuccessor('ignore', async (pair, id) => {
      pair.app.hands.restore('people', id);
      await pair.settle();
      await open(pair);
      await pair.answer(pair.reviews()[0]!, 'deleteAgain');
      await settleLong(pair);
      assert.deepEqual(namesIn(pair), ['Another Anna']);
    }));

  it('gives way when it is deleted there again', () =>
    withSuccessor('ignore', async (pair, id) => {
      pair.app.hands.restore('people', id);
      await pair.settle();
      pair.app.remove(id);
      await open(pair);
      assert.deepEqual(namesIn(pair), ['Another Anna']);
    }));

  it('is asked about also when that one was made already', () =>
    withSuccessor('ignore', async (pair, id) => {
      await open(pair);
      pair.app.hands.restore('people', id);
      await settleLong(pair);
      assert.deepEqual(questionsAt(pair, id, 'app'), ['remote-restore']);
    }));

  it('is left alone where nobody has it', () =>
    withRestored('ignore', async (pair) => {
      await settleLong(pair);
      assert.deepEqual(namesIn(pair), ['Anna']);
      assert.deepEqual(pair.reviews(), []);
    }));

  /** Another Anna is known, and could not be made in the app so far. */
  function withSuccessor(
    onRemoteRestore: Policy['onRemoteRestore'],
    story: (pair: Pair, id: string) => Promise<void>,
  ): Promise<void> {
    return withDeleted(
      onRemoteRestore,
      {},
      async (pair, id) => {
        isBusy = true;
        const successor = pair.crm.enter(another);
        await pair.settle();
        assert.deepEqual(namesIn(pair), []);
        await pair.entityOf(pair.crm, successor);
        await story(pair, id);
      },
      grumpier((collection, account) => ({
        async write(changes, signal) {
          const isRefused = isBusy && account === 'app' && changes[0]!.op === 'create';
          if (!isRefused) return collection.write(changes, signal);
          throw new VendorError('transient', { what: 'It is busy.', next: 'Wait.' });
        },
      })),
    );
  }

  let isBusy = false;

  beforeEach(() => {
    isBusy = false;
  });

  async function open(pair: Pair): Promise<void> {
    isBusy = false;
    await settleLong(pair);
  }
});

function namesIn({ app }: Pair): readonly unknown[] {
  return app.hands.items('people').map(({ fields }) => fields['name']);
}

function questionsAt(pair: Pair, id: string, side: 'app' | 'crm' = 'crm'): readonly string[] {
  const here = pair.reviews().filter(({ endpoint, remoteId }) => {
    return endpoint === pair[side].endpoint && remoteId === id;
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
  connector?: Connector,
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
      ...(connector ? { connector } : {}),
    },
  );
}

describe('Somebody who was left alone, because who had their key was deleted', () => {
  it('is who that is when it is restored, and is not made once more', () =>
    withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        const id = app.enter(anna);
        await pair.settle();
        app.remove(id);
        await settleLong(pair);
        const newcomer = crm.enter(anna);
        await settleLong(pair);
        assert.deepEqual(app.people(), {});
        await pair.wait(3_600_000);
        // What is asked for from then on is what has changed since Bert was entered.
        crm.enter({ email: 'bert@example.com', name: 'Bert' });
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync, waitMs: 600_000 });
        app.hands.restore('people', id);
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync, waitMs: 600_000 });
        await settleLong(pair);
        assert.deepEqual(
          crm.hands
            .items('people')
            .flatMap((item) => (item.fields['name'] === 'Anna' ? [item.id] : [])),
          [newcomer],
        );
        assert.equal(await pair.entityOf(crm, newcomer), await pair.entityOf(app, id));
      },
      {
        policy: { onRemoteRestore: 'revive' },
        settings: { identity: { autoLink: true, onTombstoneMatch: 'ignore' } },
      },
    ));
});

async function settleLong(pair: Pair): Promise<void> {
  for (let n = 0; n < 4; n += 1) {
    await pair.settle();
    await pair.wait(120_000);
  }
}

describe('A company that was deleted in HubSpot before the first sync', () => {
  const company = { collection: 'companies', code: 'c0001' } as const;

  it('is not made beside itself when it was restored without a word and is entered elsewhere', async () => {
    const { when } = await storyOf({
      systems: { app: {}, hubspot: { vendor: 'hubspot', webhooks: false } },
      companies: { c0001: ['hubspot'] },
      sweepMinutes: 30,
      happens: [
        [0, { kind: 'delete', system: 'hubspot', ...company }],
        [30, { kind: 'restore', system: 'hubspot', ...company }],
        [200, { kind: 'create', system: 'app', ...company }],
      ],
    });
    assert.deepEqual(when('hubspot', 'created'), []);
  });
});
