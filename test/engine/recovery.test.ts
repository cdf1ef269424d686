import assert from 'node:assert/strict';
import { pastOf } from '../../runtime/engine/recovery.ts';
import { withPair, type Pair } from './pair.ts';

const ANN = 'ann@example.com';

/** Works until what is held back for half a minute had its turn several times. */
async function settleAll(pair: Pair): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await pair.settle();
    await pair.wait(60_000);
  }
}

describe('An engine whose own database was put back to a backup', () => {
  it('finds what it has made since, and writes nothing', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      const putBack = pair.backUp();
      crm.enter({ email: ANN, name: 'Ann' });
      await pair.settle();
      const writes = app.writes();
      putBack();
      await settleAll(pair);
      assert.deepEqual([app.writes(), crm.writes()], [writes, 0]);
      assert.equal(await pair.entityOf(app, app.idOf(ANN)), await pair.entityOf(crm, '1'));
      assert.deepEqual(pair.reviews(), []);
    }));

  it('asks whose an item of its own making is when its record is not known any more', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      const putBack = pair.backUp();
      const id = crm.enter({ email: ANN, name: 'Ann' });
      await pair.settle();
      const writes = app.writes();
      crm.edit(id, { email: 'anna@example.com' });
      putBack();
      await settleAll(pair);
      assert.equal(app.writes(), writes);
      assert.deepEqual([Object.keys(app.people()), Object.keys(crm.people())].flat(), [
        ANN,
        'anna@example.com',
      ]);
      const [review, ...others] = pair.reviews();
      const candidate = await pair.entityOf(crm, id);
      assert.deepEqual(others, []);
      assert.deepEqual([review?.reason, review?.candidates], ['forgotten-record', [candidate]]);

      await pair.answer(review!, { decision: 'link', entity: candidate });
      await settleAll(pair);
      assert.deepEqual(app.people(), crm.people());
      assert.equal(Object.keys(app.people()).length, 1);
    }));

  it('asks whose an item is also when a merge has made it of one of its own making', () =>
    withForgotten(async (pair, made, id) => {
      const { app, crm } = pair;
      const other = app.enter({ email: 'ben@example.com' });
      app.hands.merge('people', other, made);
      const writes = app.writes();
      await settleAll(pair);
      assert.equal(app.writes(), writes);
      const candidates = [await pair.entityOf(crm, id)];
      const asked = pair.reviews().map((one) => [one.reason, one.candidates]);
      assert.deepEqual(asked, [['forgotten-record', candidates]]);
    }));

  it('takes a copy of what it made for somebody new', () =>
    withForgotten(async (pair, made) => {
      const { app, crm } = pair;
      app.edit(app.hands.clone('people', made), { email: 'copy@example.com' });
      app.edit(made, { email: 'anna@example.com' });
      await settleAll(pair);
      assert.deepEqual(Object.keys(crm.people()).toSorted(), [
        'anna@example.com',
        'copy@example.com',
      ]);
    }));

  /** Made in the app for an item of the CRM whose address was changed since, and both are forgotten. */
  function withForgotten(
    story: (pair: Pair, made: string, id: string) => Promise<void>,
  ): Promise<void> {
    return withPair(
      async (pair) => {
        const { app, crm } = pair;
        const putBack = pair.backUp();
        const id = crm.enter({ email: ANN, name: 'Ann' });
        await pair.settle();
        crm.edit(id, { email: 'anna@example.com' });
        putBack();
        await story(pair, app.idOf(ANN), id);
      },
      { abilities: { app: { mergeGivesNewId: true } } },
    );
  }

  it('creates nothing before everything is compared, and then what is missing', () =>
    withPair(async (pair) => {
      const { app, crm, engine, tenant, sync } = pair;
      const putBack = pair.backUp();
      crm.enter({ email: ANN, name: 'Ann' });
      await pair.settle();
      putBack();
      const remoteId = crm.enter({ email: 'bea@example.com', name: 'Bea' });
      await engine.hint(tenant, [{ sync, endpoint: crm.endpoint, remoteId }], 0);
      const run = await engine.drain({ tenant, sync });
      const [held] = await pair.itemsOf(run, 'held');
      assert.deepEqual(held?.detail['holds'], [{ reason: 'recovery', endpoint: app.endpoint }]);
      assert.deepEqual(Object.keys(app.people()), [ANN]);
      await settleAll(pair);
      assert.deepEqual(app.people(), crm.people());
      assert.equal(Object.keys(app.people()).length, 2);
    }));

  it('deletes nothing that somebody has called back to life since', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        const id = app.enter({ email: ANN, name: 'Ann' });
        await pair.settle();
        app.remove(id);
        await settleAll(pair);
        assert.deepEqual(crm.people(), {});
        const putBack = pair.backUp();
        app.hands.restore('people', id);
        await settleAll(pair);
        assert.deepEqual(crm.people(), app.people());
        const gone = (): number => crm.hands.calls.delete?.items ?? 0;
        const before = gone();
        // What it was called back by is not to be seen for a while.
        app.hands.hide('people', [id], true);
        putBack();
        await settleAll(pair);
        app.hands.hide('people', [id], false);
        await settleAll(pair);
        assert.equal(gone(), before);
        assert.deepEqual(crm.people(), app.people());
      },
      { policy: { onRemoteRestore: 'revive', onRemoteDelete: 'propagate' } },
    ));

  describe('when what was made since is deleted, and restored after everything is compared,', () => {
    const NEW = 'anna@example.com';

    async function forgetAndDelete(pair: Pair): Promise<() => void> {
      const { app, crm } = pair;
      const putBack = pair.backUp();
      const id = crm.enter({ email: ANN, name: 'Ann' });
      await pair.settle();
      const made = app.idOf(ANN);
      putBack();
      crm.remove(id);
      app.remove(made);
      await settleAll(pair);
      crm.hands.restore('people', id);
      return () => {
        app.hands.restore('people', made);
        app.edit(made, { email: NEW });
      };
    }

    it('makes nothing beside it before that is looked at', () =>
      withPair(async (pair) => {
        const { app, crm } = pair;
        const restore = await forgetAndDelete(pair);
        // The poll of the one who wants to create is the first that shows it.
        await pair.engine.look(pair.tenant, pair.sync, { endpoints: [crm.endpoint] });
        restore();
        await settleAll(pair);
        assert.deepEqual(Object.keys(app.people()), [NEW]);
        assert.deepEqual(Object.keys(crm.people()), [ANN]);
        const candidates = [await pair.entityOf(crm, crm.idOf(ANN))];
        const asked = pair.reviews().map((one) => [one.reason, one.candidates]);
        assert.deepEqual(asked, [['forgotten-record', candidates]]);
      }));

    it('asks about it, when somebody else has been made for the same record meanwhile', () =>
      withPair(async (pair) => {
        const { app, crm } = pair;
        const restore = await forgetAndDelete(pair);
        await settleAll(pair);
        assert.deepEqual(Object.keys(app.people()), [ANN]);
        restore();
        await settleAll(pair);
        assert.deepEqual(Object.keys(app.people()).toSorted(), [ANN, NEW]);
        assert.deepEqual(Object.keys(crm.people()), [ANN]);
        assert.deepEqual(
          pair.reviews().map(({ reason }) => reason),
          ['forgotten-record'],
        );
      }));
  });

  it('compares everything when what was kept is not of this database', () =>
    withPair(async (pair) => {
      const { crm, store, world, tenant, sync, anchored } = pair;
      crm.enter({ email: ANN, name: 'Ann' });
      await pair.settle();
      const [text] = anchored.values();
      const recoveries = async (given: string | undefined): Promise<number> => {
        const anchor = { read: async () => given, write: async () => {} };
        await pastOf(store, world, anchor).check((await store.readSetup(tenant))!);
        const cursors = await store.readCursors(tenant, sync);
        return cursors.filter(({ channel }) => channel === 'recovery').length;
      };
      assert.equal(await recoveries(text), 0);
      assert.equal(await recoveries(undefined), 0, 'nothing was kept yet');
      assert.equal(await recoveries('0'), 0, 'kept before anything was sent');
      assert.equal(await recoveries('restored'), 2, 'an operator has said so');
    }));
});
