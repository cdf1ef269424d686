import assert from 'node:assert/strict';
import { VendorError } from '../../runtime/connectors/connector.ts';
import type { StoredReview } from '../../runtime/store/store.ts';
import { grumpier, losingAnswersAt } from './grumpier.ts';
import { withPair, type Pair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const bela = { email: 'bela@example.com', name: 'Bela' };

describe('An item about which a person was asked', () => {
  it('becomes nobody new because its address changes', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter(anna);
        crm.enter(anna);
        await pair.settle();
        const [{ endpoint, remoteId }] = pair.reviews() as [StoredReview];
        const there = endpoint === app.endpoint ? app : crm;
        there.edit(remoteId, { email: 'anna.b@example.com' });
        await pair.engine.hint(pair.tenant, [{ sync: pair.sync, endpoint, remoteId }]);
        await pair.settle();
        assert.equal(app.hands.items('people').length, 1);
        assert.equal(crm.hands.items('people').length, 1);
      },
      { settings: { identity: { autoLink: false } } },
    ));
});

describe('An item with a key that another item there has, and its record no longer', () => {
  const deeds: Readonly<Record<string, (pair: Pair, id: string) => void>> = {
    'is still there': ({ app }) => void app.enter(anna),
    'has just been deleted': ({ app }, id) => {
      app.remove(id);
      app.enter(anna);
    },
    'was merged into it without a word': ({ app }, id) => {
      app.hands.merge('people', app.idOf('bela@example.com'), id);
    },
  };
  for (const [what, deed] of Object.entries(deeds)) {
    it(`is asked about, and nobody new elsewhere, when that one ${what}`, () =>
      beforeTheAppHears(async (pair, id) => {
        const { app, crm } = pair;
        const entity = await pair.entityOf(app, id);
        deed(pair, id);
        await waitLong(pair, 2);
        assert.equal(crm.people()[anna.email], undefined);
        const asked = pair.reviews().filter(({ remoteId }) => Number(remoteId) > Number(id));
        assert.deepEqual(
          asked.map(({ candidates, state }) => [candidates, state]),
          [[[entity], 'open']],
        );
      }));
  }

  it('is one with the key of somebody who was deleted, when that record was', () =>
    beforeTheAppHears(async (pair, id) => {
      const { app, crm } = pair;
      app.remove(id);
      await waitLong(pair, 2);
      app.enter(anna);
      await waitLong(pair, 2);
      assert.deepEqual(Object.keys(crm.people()), ['bela@example.com']);
      assert.deepEqual(
        pair.reviews().map(({ reason }) => reason),
        ['tombstone-match'],
      );
    }));

  it('is somebody new once the other item has the new key as well', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      const id = crm.enter(anna);
      await pair.settle();
      crm.edit(id, { email: 'anna.b@example.com' });
      await pair.settle();
      app.enter({ ...anna, name: 'Another Anna' });
      await pair.settle();
      assert.equal(crm.people()[anna.email]?.['name'], 'Another Anna');
      assert.deepEqual(pair.reviews(), []);
    }));
});

/** The address of Anna was changed in the CRM; the app, where her item has the id, cannot be written to. */
async function beforeTheAppHears(story: (pair: Pair, id: string) => Promise<void>): Promise<void> {
  let isStuck = false;
  const connector = grumpier((collection, account) => ({
    async write(changes, signal) {
      if (!isStuck || account !== 'app') return collection.write(changes, signal);
      throw new VendorError('throttled', { what: 'Not now.', next: 'Wait.' });
    },
  }));
  await withPair(
    async (pair) => {
      const { app, crm } = pair;
      const there = crm.enter(anna);
      crm.enter({ email: 'bela@example.com', name: 'Bela' });
      await pair.settle();
      isStuck = true;
      crm.edit(there, { email: 'anna.b@example.com' });
      await pair.settle();
      await story(pair, app.idOf(anna.email));
    },
    {
      connector,
      abilities: { app: { delete: 'hard', mergeVisible: 'none', mergeGivesNewId: true } },
    },
  );
}

describe('An item with the key of somebody who was deleted', () => {
  it('becomes somebody new once nothing is left of the deleted one', async () => {
    let isStuck = true;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        const deletes = changes.some(({ op }) => op === 'delete');
        if (!isStuck || !deletes || account !== 'crm') return collection.write(changes, signal);
        throw new VendorError('throttled', { what: 'Not now.', next: 'Wait.' });
      },
    }));
    await withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter(anna);
        await pair.settle();
        app.remove(app.idOf(anna.email));
        await pair.settle();
        await pair.wait(60_000);
        app.enter({ ...anna, name: 'Another Anna' });
        await pair.settle();
        assert.equal(crm.hands.items('people').length, 1);
        isStuck = false;
        await pair.wait(600_000);
        await pair.settle();
        assert.deepEqual(crm.people(), { [anna.email]: { name: 'Another Anna' } });
      },
      { connector, settings: { identity: { autoLink: true, onTombstoneMatch: 'new' } } },
    );
  });

  it('brings the deleted one back if a person says that it is the same', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      app.enter(anna);
      await pair.settle();
      app.remove(app.idOf(anna.email));
      await pair.settle();
      await pair.wait(600_000);
      await pair.settle();
      assert.deepEqual(crm.people(), {});
      crm.enter(anna);
      await pair.settle();
      const [question] = pair.reviews().filter(({ reason }) => reason === 'tombstone-match');
      const [entity] = question!.candidates;
      await pair.answer(question!, { decision: 'link', entity: entity! });
      for (let turn = 0; turn < 3; turn += 1) {
        await pair.settle({ full: true });
        await pair.wait(600_000);
      }
      const back = { [anna.email]: { name: anna.name } };
      assert.deepEqual([app.people(), crm.people()], [back, back]);
      assert.equal(await pair.entityOf(crm, crm.idOf(anna.email)), entity);
    }));

  it('is asked about as long as a person has to say what becomes of the rest of the deleted one', async () => {
    let isStuck = false;
    const stuck = async (): Promise<never> => {
      throw new VendorError('throttled', { what: 'Not now.', next: 'Wait.' });
    };
    const connector = grumpier((collection, account) => ({
      read: (ids, signal) =>
        isStuck && account === 'crm' ? stuck() : collection.read(ids, signal),
    }));
    await withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter(anna);
        await pair.settle();
        isStuck = true;
        crm.edit(crm.idOf(anna.email), { name: 'Ann' });
        app.remove(app.idOf(anna.email));
        await pair.settle();
        const other = app.enter({ ...anna, name: 'Another Anna' });
        isStuck = false;
        await pair.wait(600_000);
        await pair.settle();
        const ofApp = (): readonly StoredReview[] =>
          pair.reviews().filter(({ remoteId, endpoint }) => {
            return endpoint === app.endpoint && remoteId === other;
          });
        assert.deepEqual(
          ofApp().map(({ reason, state }) => [reason, state]),
          [['still-being-deleted', 'open']],
        );
        await pair.answer(ofApp()[0]!, { decision: 'new' });
        await pair.settle();
        assert.deepEqual(crm.people(), { [anna.email]: { name: 'Ann' } });
        const [deletion] = pair.reviews().filter(({ reason }) => reason === 'remote-delete');
        await pair.answer(deletion!, { decision: 'delete' });
        await pair.settle();
        await pair.settle({ full: true });
        assert.deepEqual(crm.people(), { [anna.email]: { name: 'Another Anna' } });
        assert.deepEqual(
          pair.reviews().filter(({ state }) => state !== 'closed'),
          [],
        );
      },
      {
        connector,
        policy: { onDeleteAndEdit: 'ask', onRemoteDelete: 'propagate' },
        settings: { identity: { autoLink: true, onTombstoneMatch: 'new' } },
      },
    );
  });

  it('is asked about when the rest of the deleted one cannot be deleted, until that is gone', () =>
    besideTheStuck(async (pair, release) => {
      await waitLong(pair);
      assert.deepEqual(
        pair.reviews().map(({ reason, state }) => [reason, state]),
        [['still-being-deleted', 'open']],
      );
      release();
      await waitLong(pair);
      assert.deepEqual(pair.crm.people(), { [anna.email]: { name: 'Another Anna' } });
      assert.deepEqual(
        pair.reviews().map(({ state }) => state),
        ['closed'],
      );
    }));

  it('becomes somebody new beside what cannot be deleted if a person says so', () =>
    besideTheStuck(async (pair) => {
      await waitLong(pair);
      await pair.answer(pair.reviews()[0]!, 'new');
      await waitLong(pair);
      const names = pair.crm.hands.items('people').map(({ fields }) => fields['name']);
      assert.deepEqual(names, ['Anna', 'Another Anna']);
    }));
});

/** Anna was deleted in the app, and the CRM deletes nothing until it is released; then she is entered again. */
async function besideTheStuck(
  story: (pair: Pair, release: () => void) => Promise<void>,
): Promise<void> {
  let isStuck = true;
  const connector = grumpier((collection, account) => ({
    async write(changes, signal) {
      const deletes = changes.some(({ op }) => op === 'delete');
      if (!isStuck || !deletes || account !== 'crm') return collection.write(changes, signal);
      throw new VendorError('throttled', { what: 'Not now.', next: 'Wait.' });
    },
  }));
  await withPair(
    async (pair) => {
      const { app } = pair;
      app.enter(anna);
      await pair.settle();
      app.remove(app.idOf(anna.email));
      await pair.settle();
      await pair.wait(60_000);
      app.enter({ ...anna, name: 'Another Anna' });
      await pair.settle();
      await story(pair, () => void (isStuck = false));
    },
    { connector, settings: { identity: { autoLink: true, onTombstoneMatch: 'new' } } },
  );
}

async function waitLong(pair: Pair, times = 4): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await pair.wait(120_000);
    await pair.settle();
  }
}

describe('A create without an answer, whose item looks otherwise than what was sent', () => {
  it('is not repeated beside it, however long it takes until nothing else can turn up', async () => {
    const { connector, loseNext } = losingAnswersAt('crm');
    await withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        app.enter(bela);
        await pair.settle();
        loseNext();
        app.enter(anna);
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync });
        crm.edit(crm.idOf(anna.email), { name: 'Anna B.' });
        await pair.settle({ full: false });
        crm.edit(crm.idOf(bela.email), { name: 'Bela C.' });
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync, waitMs: 7_200_000 });
        assert.equal(crm.hands.items('people').length, 2);
        assert.deepEqual(app.people()[anna.email], { name: 'Anna' });
        assert.deepEqual(crm.people(), app.people());
        assert.deepEqual(pair.reviews(), []);
      },
      { connector, abilities: { crm: { create: 'naturalKey', horizonMs: 600_000 } } },
    );
  });
});

describe('Somebody whom nobody could look at yet', () => {
  it('is made for nobody a second time where a search does not find what is in other capitals', async () => {
    let broken: string | undefined;
    const connector = grumpier((collection, account) =>
      account === 'crm'
        ? {
            can: { ...collection.can, literalPaths: ['email'] },
            async read(ids, signal) {
              if (!ids.includes(broken!)) return collection.read(ids, signal);
              const about = { what: 'The item is being locked.', next: 'Try again.' };
              throw new VendorError('transient', about);
            },
            async find(path, values, signal) {
              const found = await collection.find!(path, values, signal);
              const isLiteral = path === 'email';
              return found.filter(({ raw }) => {
                return !isLiteral || values.includes((raw as { email: string }).email);
              });
            },
          }
        : {},
    );
    await withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        crm.enter({ email: 'bela@example.com', name: 'Bela' });
        await pair.settle();
        broken = crm.enter({ email: 'ANNA@EXAMPLE.COM', name: 'Anna' });
        for (const name of ['Cili', 'Dora']) {
          await pair.wait(400_000);
          crm.enter({ email: `${name}@example.com`, name });
          await pair.wait(2_000);
          await engine.look(tenant, sync);
          await engine.drain({ tenant, sync });
        }
        app.enter({ email: 'anna@example.com', name: 'Anna' });
        await engine.look(tenant, sync, { endpoints: [app.endpoint] });
        await engine.drain({ tenant, sync });
        broken = undefined;
        await pair.wait(3_600_000);
        await pair.settle();
        assert.deepEqual(
          [app, crm].map((side) => side.hands.items('people').length),
          [4, 4],
        );
      },
      {
        abilities: {
          crm: { reusesIds: true, changesLagMs: 1_000 },
        },
        connector,
      },
    );
  });
});
