import assert from 'node:assert/strict';
import type { Read } from '../../runtime/connectors/connector.ts';
import type { Abilities } from '../../runtime/emulators/grumpy/grumpy.ts';
import { grumpier } from './grumpier.ts';
import { withPair, type Pair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const bela = { email: 'bela@example.com', name: 'Bela' };

describe('An id that was given again before anybody had read what we made under it', () => {
  it('is that of a new item when somebody else made that, and ours was deleted', () =>
    withPair(async (pair) => {
      await givenAgainUnread(pair);
      assert.deepEqual(names(pair), ['Bela', 'Bela']);
      assert.deepEqual(asked(pair), []);
    }, circumstances({})));

  it('is asked about when nobody tells who made it, and nothing in it is ours', () =>
    withPair(
      async (pair) => {
        await givenAgainUnread(pair);
        assert.deepEqual(names(pair), ['Anna', 'Bela', 'Bela']);
        assert.deepEqual(asked(pair), ['remote-delete']);
      },
      circumstances({ author: false }),
    ));

  it('is ours when it has our marker, whoever has changed it since', () =>
    withPair(
      async (pair) => {
        const id = await createdUnread(pair);
        pair.crm.edit(id, { ...bela });
        await pair.settle();
        assert.deepEqual(names(pair), ['Bela', 'Bela']);
        assert.deepEqual(asked(pair), []);
      },
      circumstances({ author: false }),
    ));
});

describe('An id that our own item was given again', () => {
  it('is still that of ours while a list shows the one that had it before', () =>
    withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        app.enter(bela);
        await pair.settle();
        app.enter(anna);
        await pair.settle();
        const id = crm.idOf(anna.email);
        for (let again = 0; again < 2; again += 1) {
          await pair.wait(90_000);
          crm.remove(id);
          await engine.hint(tenant, [{ sync, endpoint: crm.endpoint, remoteId: id }], 0);
          for (let look = 0; look < 3; look += 1) await pair.settle();
          assert.equal(crm.idOf(anna.email), id);
        }
        assert.equal(crm.hands.calls.create?.items, 4);
        assert.equal(await pair.entityOf(crm, id), await pair.entityOf(app, app.idOf(anna.email)));
        assert.deepEqual(asked(pair), []);
      },
      {
        ...circumstances({ writeReturns: 'item', changesLagMs: 60_000 }),
        policy: { onRemoteDelete: 'recreate', deleteAuthority: [] },
      },
    ));
});

describe('An id of somebody who was deleted, which somebody else has now', () => {
  for (const { how, reusesIds } of [
    { how: 'gives ids again', reusesIds: true },
    { how: 'was put back to a backup', reusesIds: false },
  ]) {
    it(`is found without a word from a vendor that ${how}`, () =>
      withPair(
        async (pair) => {
          const { app, crm } = pair;
          crm.enter({ email: 'cili@example.com', name: 'Cili' });
          await pair.settle();
          const backup = crm.hands.backup();
          const id = crm.enter(anna);
          await pair.settle();
          if (reusesIds) crm.remove(id);
          else crm.hands.restoreBackup(backup);
          await pair.settle();
          assert.deepEqual(Object.keys(app.people()), ['cili@example.com']);
          assert.equal(crm.enter(bela), id);
          await pair.settle();
          assert.deepEqual(names(pair), ['Cili', 'Bela', 'Cili', 'Bela']);
          assert.deepEqual(asked(pair), []);
        },
        {
          abilities: { crm: { delete: 'hard', restore: false, reusesIds } },
          policy: { onRemoteDelete: 'propagate' },
        },
      ));
  }

  it('is that of nobody deleted while a list still shows them', () =>
    withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        crm.enter({ email: 'cili@example.com', name: 'Cili' });
        const id = crm.enter(anna);
        await pair.settle();
        await pair.wait(300_000);
        await pair.settle();
        crm.remove(id);
        assert.equal(crm.enter(bela), id);
        await engine.hint(tenant, [{ sync, endpoint: crm.endpoint, remoteId: id }], 0);
        for (let look = 0; look < 60; look += 1) {
          await engine.look(tenant, sync);
          await engine.drain({ tenant, sync });
          await pair.wait(3_000);
        }
        assert.equal(app.hands.calls.create?.items, 3, 'those three, and nobody anew');
        assert.deepEqual(names(pair), ['Cili', 'Bela', 'Cili', 'Bela']);
        assert.deepEqual(asked(pair), []);
      },
      circumstances({ writeReturns: 'item', changesLagMs: 60_000, searchLagMs: 120_000 }),
    ));

  it('is no second item of theirs while reads still show them, whichever worker reads', async () => {
    const { connector, answers } = lateReader();
    await withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        app.enter({ email: 'cili@example.com', name: 'Cili' });
        app.enter(anna);
        await pair.settle();
        await pair.wait(300_000);
        const id = crm.idOf(anna.email);
        await engine.hint(tenant, [{ sync, endpoint: crm.endpoint, remoteId: id }], 0);
        await pair.settle();
        crm.remove(id);
        assert.equal(crm.enter(bela), id);
        answers.push('now', 'old', 'old');
        await engine.hint(tenant, [{ sync, endpoint: crm.endpoint, remoteId: id }], 0);
        await engine.drain({ tenant, sync });
        assert.equal(answers.length, 1, 'shown as it is, and then as it was');
        await pair.wait(20_001);
        await pair.another().drain({ tenant, sync, waitMs: 20_000 });
        assert.equal(answers.length, 0, 'shown as it was to another worker');
        await pair.wait(60_000);
        await pair.settle();
        assert.deepEqual(names(pair), ['Cili', 'Anna', 'Bela', 'Cili', 'Bela', 'Anna']);
        assert.equal(crm.hands.calls.delete, undefined);
        assert.deepEqual(asked(pair), []);
      },
      {
        ...circumstances({ writeReturns: 'item', changesLagMs: 60_000 }),
        policy: { onRemoteDelete: 'recreate', deleteAuthority: [] },
        connector,
      },
    );
  });
});

/** A CRM whose reads of one item say what they are told to: how it is, or how it was when it was read first. */
function lateReader() {
  const answers: ('now' | 'old')[] = [];
  const first = new Map<string, Read>();
  const connector = grumpier((collection, account) =>
    account === 'crm'
      ? {
          can: { ...collection.can, readLagMs: 20_000 },
          async read(ids, signal) {
            const reads = await collection.read(ids, signal);
            return reads.map((read, n) => {
              if (!first.has(ids[n]!)) first.set(ids[n]!, read);
              return answers.shift() === 'old' ? first.get(ids[n]!)! : read;
            });
          },
        }
      : {},
  );
  return { connector, answers };
}

function circumstances(more: Partial<Abilities>) {
  const crm = { reusesIds: true, delete: 'hard', restore: false, writeReturns: 'id' } as const;
  return { abilities: { crm: { ...crm, ...more } } };
}

/** Our create was answered with an id and nothing else, and that is all that is known. */
async function createdUnread({ app, crm, engine, tenant, sync }: Pair): Promise<string> {
  app.enter(anna);
  await engine.look(tenant, sync, { full: true });
  await engine.drain({ tenant, sync });
  return crm.idOf(anna.email);
}

async function givenAgainUnread(pair: Pair): Promise<void> {
  const { crm } = pair;
  const id = await createdUnread(pair);
  crm.remove(id);
  assert.equal(crm.enter(bela), id);
  await pair.settle({ full: true });
}

function names({ app, crm }: Pair): unknown[] {
  return [app, crm].flatMap((side) => Object.values(side.people()).map(({ name }) => name));
}

function asked(pair: Pair): string[] {
  return pair.reviews().flatMap(({ state, reason }) => (state === 'open' ? [reason] : []));
}
