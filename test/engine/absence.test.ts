import assert from 'node:assert/strict';
import { VendorError, type Connector } from '../../runtime/connectors/connector.ts';
import { grumpy } from '../../runtime/connectors/grumpy/grumpy.ts';
import { grumpier } from './grumpier.ts';
import { withPair, type Pair } from './pair.ts';

const email = 'anna@example.com';
const other = 'otto@example.com';
const HOUR_MS = 3_600_000;

describe('An item that is not shown, in a system that archives what is deleted', () => {
  for (const onRemoteDelete of ['propagate', 'recreate', 'unlink'] as const) {
    it(`is asked about when that lasts, and nothing is done meanwhile (${onRemoteDelete})`, () =>
      withPair(
        async (pair) => {
          await hiddenAtCrm(pair);
          assert.deepEqual(open(pair), ['remote-delete']);
          assert.deepEqual(Object.keys(pair.app.people()), [email, other]);
          assert.equal(Object.keys(pair.crm.people()).length, 2);
        },
        { policy: { onRemoteDelete, deleteAuthority: [] } },
      ));
  }

  it('is no question any more once it is shown again, and what was typed meanwhile follows', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      const id = await hiddenAtCrm(pair);
      app.edit(app.idOf(email), { name: 'Ann' });
      await pair.settle();
      crm.hands.hide('people', [id], false);
      await pair.settle();
      assert.deepEqual(open(pair), []);
      assert.equal(crm.people()[email]!['name'], 'Ann');
    }));

  it('is no question any more once it is shown again unchanged', () =>
    withPair(async (pair) => {
      const id = await hiddenAtCrm(pair);
      pair.crm.hands.hide('people', [id], false);
      await pair.settle();
      assert.deepEqual(open(pair), []);
    }));

  it('is still known to be as we wrote it, though the answer was lost', () => {
    let isLost = false;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        const outcomes = await collection.write(changes, signal);
        if (!isLost || account !== 'crm') return outcomes;
        const about = { what: 'The answer was lost.', next: 'Wait.' };
        throw new VendorError('transient', about, { mayHaveLanded: true });
      },
    }));
    return withPair(
      async (pair) => {
        const { app, crm, tenant, sync, engine } = pair;
        const id = app.enter({ email, name: 'Anna' });
        app.enter({ email: other, name: 'Otto' });
        await pair.settle();
        await pair.settle();
        crm.edit(crm.idOf(email), { name: 'A.' });
        await pair.wait(HOUR_MS);
        app.edit(id, { name: 'Ann' });
        isLost = true;
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync });
        isLost = false;
        assert.equal(crm.people()[email]!['name'], 'Ann');
        const hidden = crm.idOf(email);
        crm.hands.hide('people', [hidden], true);
        await pair.settle();
        await pair.wait(HOUR_MS);
        await pair.settle();
        crm.hands.hide('people', [hidden], false);
        await pair.settle();
        const entity = await pair.entityOf(app, id);
        const { conflicts, intents } = pair.store.rowsOf(tenant).records.get(entity)!;
        assert.deepEqual(
          [...conflicts.values()].map(({ losing, state }) => [losing?.value, state]),
          [['A.', 'autoResolved']],
        );
        assert.deepEqual(
          [...intents.values()].filter(({ state }) => state === 'unknown'),
          [],
        );
      },
      { connector },
    );
  });

  it('is no question any more once it turns out to have been deleted', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      const id = await hiddenAtCrm(pair);
      crm.remove(id);
      crm.hands.hide('people', [id], false);
      await pair.settle();
      assert.deepEqual(open(pair), []);
      assert.deepEqual(Object.keys(app.people()), [other]);
    }));

  it('was deleted if a person says so', () =>
    withPair(async (pair) => {
      await hiddenAtCrm(pair);
      await pair.answer(pair.reviews()[0]!, 'delete');
      await pair.settle();
      assert.deepEqual(open(pair), []);
      assert.deepEqual(Object.keys(pair.app.people()), [other]);
    }));

  it('of a person who was deleted elsewhere is deleted when it is shown again', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      const id = await hiddenAtCrm(pair);
      app.remove(app.idOf(email));
      await pair.settle();
      assert.deepEqual(open(pair), []);
      crm.hands.hide('people', [id], false);
      await pair.settle();
      assert.deepEqual(Object.keys(crm.people()), [other]);
    }));
});

describe('An item that is not shown, in a system that does not archive', () => {
  it('is not proven to be deleted by what was made since all was shown', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        const id = app.enter({ email, name: 'Anna' });
        await pair.settle();
        await pair.wait(HOUR_MS);
        app.hands.hide('people', [id], true);
        crm.enter({ email: other, name: 'Otto' });
        await pair.settle({ full: false });
        assert.equal(app.hands.items('people').length, 2);
        await pair.settle();
        assert.deepEqual(Object.keys(crm.people()), [email, other]);
      },
      { abilities: { app: withoutArchive } },
    ));

  it('is not proven to be deleted by what was made since, to a machine whose clock is wrong', async () => {
    let aheadMs = 0;
    const connector: Connector = {
      ...(grumpy as Connector),
      async open(config, world) {
        const account = await (grumpy as Connector).open(config, world);
        return { ...account, clockOffsetMs: aheadMs };
      },
    };
    await withPair(
      async (pair) => {
        const { app, crm, tenant, sync } = pair;
        const id = app.enter({ email, name: 'Anna' });
        await pair.settle();
        await pair.wait(HOUR_MS);
        app.hands.hide('people', [id], true);
        crm.enter({ email: other, name: 'Otto' });
        await pair.settle({ full: false });
        aheadMs = 2 * HOUR_MS;
        const machine = pair.another();
        await machine.look(tenant, sync, { full: true });
        await machine.drain({ tenant, sync, waitMs: 60_000 });
        assert.deepEqual(Object.keys(crm.people()), [email, other]);
      },
      { abilities: { app: withoutArchive }, connector },
    );
  });

  it('was deleted if an old one is shown, however much was made since', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        const id = app.enter({ email, name: 'Anna' });
        app.enter({ email: other, name: 'Otto' });
        await pair.settle();
        await pair.wait(HOUR_MS);
        for (let n = 0; n < 50; n++) {
          crm.enter({ email: `pia-${n}@example.com`, name: 'Pia' });
        }
        await pair.settle({ full: false });
        app.remove(id);
        await pair.settle();
        assert.equal(crm.people()[email], undefined);
        assert.equal(Object.keys(crm.people()).length, 51);
        assert.deepEqual(pair.reviews(), []);
      },
      { abilities: { app: withoutArchive } },
    ));
});

const withoutArchive = { delete: 'hard', restore: false } as const;

async function hiddenAtCrm(pair: Pair): Promise<string> {
  const { app, crm } = pair;
  app.enter({ email, name: 'Anna' });
  app.enter({ email: other, name: 'Otto' });
  await pair.settle();
  await pair.settle();
  const id = crm.idOf(email);
  crm.hands.hide('people', [id], true);
  await pair.settle();
  assert.deepEqual(open(pair), []);
  await pair.wait(HOUR_MS);
  await pair.settle();
  return id;
}

function open(pair: Pair): string[] {
  return pair.reviews().flatMap(({ state, reason }) => (state === 'open' ? [reason] : []));
}
