import assert from 'node:assert/strict';
import { grumpier } from './grumpier.ts';
import { withPair, type Pair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const bela = { email: 'bela@example.com', name: 'Bela' };
const HARD = { abilities: { crm: { delete: 'hard', restore: false } } } as const;
/** Who looks at one other item sees only Bela. */
const ONE_BY_ONE = { list: 100, read: 1, find: 1, create: 1, update: 1, delete: 1, restore: 1 };

describe('What a system lost when it was put back to a backup', () => {
  it('is asked about, and deleted nowhere, when something else there is older than it was', () =>
    withPair(async (pair) => {
      await losingAnna(pair, { edit: true });
      assert.deepEqual(asked(pair), ['remote-delete']);
      assert.deepEqual(names(pair), ['Anna', 'Bela']);
    }, HARD));

  it('is asked about when its id is that of another item by now', () =>
    withPair(async (pair) => {
      await losingAnna(pair, { edit: false });
      assert.deepEqual(asked(pair), ['remote-delete']);
      assert.deepEqual(names(pair), ['Anna', 'Bela', 'Cili']);
    }, HARD));

  it('is asked about for as long as nobody answers', () =>
    withPair(async (pair) => {
      await losingAnna(pair, { edit: true });
      await pair.wait(3 * 86_400_000);
      await pair.settle();
      assert.deepEqual(asked(pair), ['remote-delete']);
      assert.deepEqual(names(pair), ['Anna', 'Bela']);
    }, HARD));

  it('is asked about when an id there is that of an older item again, where ids are given again', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        crm.enter(bela);
        const id = crm.enter({ email: 'cili@example.com', name: 'Cili' });
        await pair.settle();
        const backup = crm.hands.backup();
        crm.remove(id);
        await pair.wait(60_000);
        await pair.settle();
        assert.deepEqual(names(pair), ['Bela']);
        app.enter(anna);
        await pair.settle();
        assert.equal(crm.idOf(anna.email), id);
        app.enter({ email: 'dora@example.com', name: 'Dora' });
        await pair.settle();
        crm.hands.restoreBackup(backup);
        for (let look = 0; look < 5; look += 1) {
          await pair.wait(60_000);
          await pair.settle();
        }
        assert.deepEqual(names(pair), ['Anna', 'Bela', 'Dora']);
        assert.equal(asked(pair).filter((reason) => reason === 'remote-delete').length, 2);
      },
      { abilities: { crm: { ...HARD.abilities.crm, reusesIds: true } } },
    ));

  for (const { answer, left } of [
    { answer: 'recreate', left: ['Anna', 'Bela'] },
    { answer: 'delete', left: ['Bela'] },
  ]) {
    it(`becomes what a person says: ${answer}`, () =>
      withPair(async (pair) => {
        await losingAnna(pair, { edit: true });
        await pair.answer(pair.reviews()[0]!, answer);
        await pair.settle();
        assert.deepEqual(names(pair), left);
        assert.equal(Object.keys(pair.crm.people()).length, left.length);
        assert.deepEqual(asked(pair), []);
      }, HARD));
  }
});

describe('Somebody new with the key of a deleted record', () => {
  for (const { time, waitMs, expected } of [
    { time: 'when it becomes known', waitMs: 0, expected: ['tombstone-match'] },
    { time: 'a day after it became known', waitMs: 86_400_000, expected: [] },
  ]) {
    const kind = expected.length > 0 ? 'asked about, not ignored,' : 'ignored, as is wanted,';
    it(`is ${kind} ${time} that a system was put back to a backup`, () =>
      withPair(
        async (pair) => {
          const { app, crm } = pair;
          for (const one of [bela, { email: 'dora@example.com', name: 'Dora' }]) app.enter(one);
          await pair.settle();
          const backup = crm.hands.backup();
          app.enter(anna);
          crm.edit(crm.idOf('dora@example.com'), { phone: '+36 1 234 5678' });
          await pair.settle();
          crm.hands.restoreBackup(backup);
          await pair.settle();
          assert.deepEqual(names(pair), ['Bela', 'Dora'], 'when she was missed, nothing showed it');
          await pair.wait(waitMs);
          crm.enter({ ...anna, name: 'Another Anna' });
          await pair.settle();
          assert.deepEqual(asked(pair), expected);
          assert.deepEqual(names(pair), ['Bela', 'Dora']);
        },
        {
          abilities: { crm: { ...HARD.abilities.crm, batch: ONE_BY_ONE } },
          policy: { onRemoteDelete: 'propagate' },
          settings: { identity: { autoLink: true, onTombstoneMatch: 'ignore' } },
        },
      ));
  }
});

describe('What somebody deleted after a system was put back to a backup', () => {
  it('is deleted elsewhere, although its version is older than one that was known', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      app.enter(bela);
      app.enter(anna);
      await pair.settle();
      const backup = crm.hands.backup();
      for (const phone of ['+36 1 234 5678', '+36 1 234 5679']) {
        crm.edit(crm.idOf(anna.email), { phone });
      }
      await pair.settle();
      crm.hands.restoreBackup(backup);
      crm.remove(crm.idOf(anna.email));
      await pair.settle({ full: true });
      await pair.wait(900_000);
      await pair.settle({ full: true });
      assert.deepEqual(names(pair), ['Bela']);
    }));
});

describe('What is missing where nothing is older than it was', () => {
  it('was deleted', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      app.enter(bela);
      app.enter(anna);
      await pair.settle();
      await pair.wait(10_000);
      await pair.settle();
      crm.remove(crm.idOf(anna.email));
      await pair.settle();
      assert.deepEqual(names(pair), ['Bela']);
    }, HARD));
});

describe('An id that a system gives once more after it was put back to a backup', () => {
  it('does not keep a record that takes no part there from staying away', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter(bela);
        await pair.settle();
        const backup = crm.hands.backup();
        app.enter(anna);
        await pair.settle();
        await pair.wait(10_000);
        crm.remove(crm.idOf(anna.email));
        await pair.settle();
        crm.hands.restoreBackup(backup);
        app.enter({ email: 'cili@example.com', name: 'Cili' });
        await pair.settle();
        await pair.settle({ full: true });
        assert.deepEqual(Object.keys(crm.people()), ['bela@example.com', 'cili@example.com']);
      },
      { ...HARD, policy: { deleteAuthority: [], onRemoteDelete: 'unlink' } },
    ));

  it('leads nobody to make an item beside the one that has it', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter(bela);
        await pair.settle();
        const backup = crm.hands.backup();
        app.enter(anna);
        await pair.settle();
        await pair.wait(300_000);
        crm.hands.restoreBackup(backup);
        crm.enter({ email: 'cili@example.com', name: 'Cili' });
        app.enter({ email: 'cili@example.com', name: 'Cili' });
        await pair.wait(1_000);
        await pair.settle();
        await pair.settle({ full: true });
        const cilis = crm.hands.items('people').filter(({ fields }) => fields.name === 'Cili');
        assert.equal(cilis.length, 1);
      },
      { abilities: { crm: { ...HARD.abilities.crm, changes: false } } },
    ));

  it('is not that of what we made, if nobody has read that before', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter(bela);
        await pair.settle();
        const backup = crm.hands.backup();
        app.enter(anna);
        await pair.settle();
        crm.hands.restoreBackup(backup);
        await pair.wait(300_000);
        crm.enter({ email: 'cili@example.com', name: 'Cili' });
        await pair.settle();
        await pair.settle({ full: true });
        assert.deepEqual(names(pair), ['Anna', 'Bela', 'Cili']);
      },
      {
        abilities: {
          crm: {
            ...HARD.abilities.crm,
            version: 'none',
            writeReturns: 'id',
            readLagMs: 20_000,
            conditionalWrites: false,
            history: false,
          },
        },
      },
    ));
});

describe('A write that a system lost when it was put back to a backup', () => {
  const crm = { conditionalWrites: false, readLagMs: 20_000 };

  it('is not what somebody typed there since, though that has the version of the write', () =>
    withPair(
      async (pair) => {
        await losingAWrite(pair);
        pair.crm.edit(pair.crm.idOf(anna.email), { name: 'Anna B.' });
        await pair.wait(60_000);
        await pair.settle();
        assert.deepEqual(pair.crm.people()[anna.email], { name: 'Anna B.', phone: '+36201111111' });
        assert.deepEqual(pair.app.people(), pair.crm.people());
      },
      { abilities: { crm } },
    ));

  it('is not waited for in a history that was put back as well', async () => {
    let isBack = false;
    const connector = grumpier((collection) => ({
      async history(items, signal) {
        return isBack ? items.map(() => []) : collection.history!(items, signal);
      },
    }));
    await withPair(
      async (pair) => {
        isBack = true;
        await losingAWrite(pair);
        await pair.wait(60_000);
        await pair.settle();
        await pair.wait(60_000);
        await pair.settle();
        assert.equal(pair.app.people()[anna.email]!['phone'], '+36201111111');
        assert.deepEqual(await pair.store.waiting(), []);
      },
      { connector, abilities: { crm } },
    );
  });
});

/** With `edit`, somebody edits what stays, and the backup is older; else the id goes to somebody new. */
async function losingAnna(pair: Pair, { edit }: { readonly edit: boolean }): Promise<void> {
  const { app, crm } = pair;
  app.enter(bela);
  await pair.settle();
  const backup = crm.hands.backup();
  app.enter(anna);
  if (edit) crm.edit(crm.idOf(bela.email), { phone: '+36 1 234 5678' });
  await pair.settle();
  crm.hands.restoreBackup(backup);
  if (!edit) crm.enter({ email: 'cili@example.com', name: 'Cili' });
  await pair.settle();
}

/** Another telephone number is written to the CRM, and nobody comes back for it before it is lost there. */
async function losingAWrite(pair: Pair): Promise<void> {
  const { app, crm, engine, tenant, sync } = pair;
  const id = app.enter({ ...anna, phone: '+36201111111' });
  await pair.settle();
  await pair.wait(60_000);
  await pair.settle();
  const backup = crm.hands.backup();
  app.edit(id, { phone: '+36202222222' });
  await engine.look(tenant, sync, { full: true });
  await engine.drain({ tenant, sync, waitMs: 0 });
  assert.equal(crm.people()[anna.email]!['phone'], '+36202222222');
  crm.hands.restoreBackup(backup);
}

function asked(pair: Pair): string[] {
  return pair.reviews().flatMap(({ state, reason }) => (state === 'open' ? [reason] : []));
}

function names({ app }: Pair): string[] {
  const all = Object.values(app.people()).map(({ name }) => String(name));
  return all.toSorted((a, b) => a.localeCompare(b));
}
