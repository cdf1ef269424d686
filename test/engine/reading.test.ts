import assert from 'node:assert/strict';
import type { Read } from '../../runtime/connectors/connector.ts';
import { grumpier } from './grumpier.ts';
import { ENDPOINTS, withPair, type Circumstances, type Pair } from './pair.ts';

const email = 'anna@example.com';

describe('A field that the vendor gave another type, which emptied it', () => {
  it('is not emptied elsewhere when it is a set', () =>
    withPair(async (pair) => {
      const { app } = pair;
      app.enter({ email, tags: ['new', 'vip'] });
      await retypedAtCrm(pair, 'tags');
      assert.deepEqual(app.people()[email]!['tags'], ['new', 'vip']);
    }));

  it('is not emptied elsewhere when it is a part of a field', () =>
    withPair(async (pair) => {
      const { app } = pair;
      app.enter({ email, name: 'Anna', phone: '+36 1 234 5678' });
      await retypedAtCrm(pair, 'name');
      assert.equal(app.people()[email]!['name'], 'Anna');
    }, CARD));

  it('is not emptied elsewhere when that happens just after the schema was read', () =>
    withPair(async (pair) => {
      const { app } = pair;
      app.enter({ email, name: 'Anna' });
      await retypedAtCrm(pair, 'name', () => pair.engine.refresh());
      assert.equal(app.people()[email]!['name'], 'Anna');
    }));
});

describe('A change that may be an old state', () => {
  it('is not written over by another worker, to whom an older state is shown', async () => {
    const answers: (readonly Read[])[] = [];
    let shown: readonly Read[] | undefined;
    const connector = grumpier((collection, account) => ({
      async read(ids, signal) {
        if (account !== 'crm') return collection.read(ids, signal);
        answers.push(shown ?? (await collection.read(ids, signal)));
        return answers.at(-1)!;
      },
    }));
    await withPair(
      async (pair) => {
        const { app, crm, engine, another, tenant, sync } = pair;
        const id = app.enter({ email, name: 'Anna' });
        await pair.settle();
        await pair.wait(10_000);
        await pair.settle();
        const before = answers.at(-1)!;
        crm.edit(crm.idOf(email), { name: 'Anna typed' });
        await pair.wait(10_000);
        await engine.hint(tenant, [{ sync, endpoint: crm.endpoint, remoteId: crm.idOf(email) }], 0);
        await engine.drain({ tenant, sync });
        shown = before;
        const second = another();
        app.edit(id, { name: 'Anna A.' });
        await second.look(tenant, sync, { endpoints: [app.endpoint] });
        await second.drain({ tenant, sync });
        assert.equal(crm.people()[email]!['name'], 'Anna typed');
        shown = undefined;
        await pair.wait(10_000);
        await pair.settle();
        assert.equal(crm.people()[email]!['name'], 'Anna A.');
        const [record] = pair.store.rowsOf(tenant).records.values();
        const lost = [...record!.conflicts.values()].map(({ losing }) => losing?.value);
        assert.deepEqual(lost, ['Anna typed']);
      },
      { connector, abilities: { crm: UNVERSIONED } },
    );
  });
});

/** Nothing tells an old state from a new one, nor what a write covers up. */
const UNVERSIONED = {
  version: 'none',
  conditionalWrites: false,
  history: false,
  readLagMs: 2_000,
} as const;

describe('An item with a part that is empty', () => {
  it('counts as untouched when the run is undone that made it', () =>
    withPair(async (pair) => {
      const { app, crm, engine, tenant } = pair;
      app.enter({ email, name: 'Anna', phone: null });
      const { id } = await pair.settle();
      assert.deepEqual(Object.keys(crm.people()), [email]);
      await engine.undo(tenant, id);
      assert.deepEqual(crm.people(), {});
    }, CARD));
});

describe('An item that was merged into one that nobody has looked at yet', () => {
  it('leaves that one to whom it belongs, and a person is asked about its own record', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      const lost = app.enter({ email, name: 'Anna' });
      await pair.settle();
      const bela = { email: 'bela@example.com', name: 'Béla', phone: null };
      await mergedUnseen(pair, lost, app.enter(bela));
      assert.equal(app.people()[bela.email]!['name'], bela.name);
      assert.deepEqual(Object.keys(crm.people()).toSorted(), [email, bela.email]);
      assert.deepEqual(
        pair.reviews().map(({ reason, remoteId }) => [reason, remoteId]),
        [['remote-merge', lost]],
      );
    }));

  it('goes on in it when most of what it had is there, whatever the address is now', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      const anna = { email, name: 'Anna', phone: '+36 1 234 5678' };
      const lost = app.enter(anna);
      await pair.settle();
      await mergedUnseen(pair, lost, app.enter({ ...anna, email: 'anna@work.example' }));
      assert.deepEqual(crm.people(), { [email]: { name: anna.name, phone: '+3612345678' } });
      assert.deepEqual(pair.reviews(), []);
    }));
});

describe('A merge that gave a new id', () => {
  it('goes to the record whose values are mostly there, though the other one made its mark on it', () =>
    withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        const bela = { email: 'bela@example.com', name: 'Béla', tags: ['vip'] };
        const [kept] = [crm, app].map((side) => side.enter({ ...bela, phone: '+36 1 234 5678' }));
        app.enter({ email, name: 'Anna' });
        await pair.settle();
        const lost = crm.idOf(email);
        const id = crm.hands.merge('people', lost, kept!);
        crm.edit(id, { email: 'bela@work.example' });
        const refs = [lost, kept!].map((remoteId) => ({ sync, endpoint: crm.endpoint, remoteId }));
        await engine.hint(tenant, refs, 0);
        await engine.drain({ tenant, sync });
        assert.equal(await pair.entityOf(crm, id), await pair.entityOf(app, app.idOf(bela.email)));
        assert.deepEqual(
          pair.reviews().map(({ reason, remoteId }) => [reason, remoteId]),
          [['remote-merge', lost]],
        );
      },
      { abilities: { crm: { mergeGivesNewId: true } } },
    ));

  it('goes to the record that won, though what is left of both cannot be read at first', () => {
    let survivor: string | undefined;
    let hidden = 1;
    const connector = grumpier((collection) => ({
      async read(ids, signal) {
        const reads = await collection.read(ids, signal);
        return reads.map((each, n) => {
          if (ids[n] !== survivor || hidden === 0) return each;
          hidden -= 1;
          return { kind: 'missing', archived: false };
        });
      },
    }));
    return withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        const anna = { email, name: 'Anna' };
        const lost = crm.enter({ email: 'bela@example.com', name: 'Béla' });
        const won = crm.enter(anna);
        await pair.settle();
        survivor = crm.hands.merge('people', lost, won);
        await pair.wait(2_000);
        const refs = [lost, won].map((remoteId) => ({ sync, endpoint: crm.endpoint, remoteId }));
        await engine.hint(tenant, refs, 0);
        await engine.drain({ tenant, sync, waitMs: 10_000 });
        assert.equal(hidden, 0);
        assert.equal(await pair.entityOf(crm, survivor), await pair.entityOf(app, app.idOf(email)));
        assert.deepEqual(crm.people(), { [email]: { name: anna.name } });
        assert.deepEqual(
          pair.reviews().map(({ reason, remoteId }) => [reason, remoteId]),
          [['remote-merge', lost]],
        );
      },
      { abilities: { crm: { mergeGivesNewId: true, readLagMs: 1_000 } }, connector },
    );
  });
});

describe('A merge into an item that is not shown', () => {
  for (const kind of ['soft', 'hard'] as const) {
    const hidden = kind === 'soft' ? 'that is hidden' : 'that is hidden with all others';
    it(`${hidden} goes to the record that won as soon as it is shown, and to none before`, () =>
      withPair(
        async (pair) => {
          const { app, crm } = pair;
          const lost = await lostIn(pair);
          const known = Object.keys(app.people());
          const survivor = crm.hands.merge('people', lost, crm.idOf(bela.email));
          const all = crm.hands.items('people').map(({ id }) => id);
          crm.hands.hide('people', kind === 'soft' ? [survivor] : all, true);
          await pass(pair, 20);
          assert.deepEqual(Object.keys(app.people()), known);
          crm.hands.hide('people', all, false);
          await pass(pair, 10);
          const owner = await pair.entityOf(app, app.idOf(bela.email));
          assert.equal(await pair.entityOf(crm, survivor), owner);
          assert.deepEqual(app.people()[email], { name: 'Anna' });
          assert.deepEqual(openQuestions(pair), [['remote-merge', lost]]);
        },
        { abilities: { crm: { mergeGivesNewId: true, delete: kind } } },
      ));
  }

  it('because it was deleted takes one record along, and a person is asked about the other', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        const lost = await lostIn(pair);
        const others = Object.keys(app.people()).length - 2;
        crm.remove(crm.hands.merge('people', lost, crm.idOf(bela.email)));
        await pass(pair, 20);
        assert.equal(Object.keys(app.people()).length, others + 1);
        assert.deepEqual(
          openQuestions(pair).map(([reason]) => reason),
          ['remote-merge'],
        );
      },
      { abilities: { crm: { mergeGivesNewId: true, delete: 'hard' } } },
    ));
});

const bela = { email: 'bela@example.com', name: 'Béla' };

/** Somebody who is about to lose a merge with somebody else, and enough others to compare with. */
async function lostIn(pair: Pair): Promise<string> {
  const { crm } = pair;
  const lost = crm.enter({ email, name: 'Anna' });
  crm.enter(bela);
  for (let n = 0; n < 8; n += 1) crm.enter({ email: `other${n}@example.com` });
  await pair.settle();
  return lost;
}

async function pass(pair: Pair, minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 5) {
    await pair.wait(300_000);
    await pair.settle({ full: true });
  }
}

function openQuestions(pair: Pair): (readonly [string, string])[] {
  const open = pair.reviews().filter(({ state }) => state === 'open');
  return open.map(({ reason, remoteId }) => [reason, remoteId] as const);
}

/** The news of the merge is there before that of the survivor. */
async function mergedUnseen(pair: Pair, loser: string, survivor: string): Promise<void> {
  const { app, engine, tenant, sync } = pair;
  app.hands.merge('people', loser, survivor);
  await engine.hint(tenant, [{ sync, endpoint: app.endpoint, remoteId: loser }], 0);
  await engine.drain({ tenant, sync });
  await pair.settle();
}

async function retypedAtCrm(pair: Pair, path: string, first?: () => void): Promise<void> {
  const { crm } = pair;
  await pair.settle();
  first?.();
  await pair.settle();
  crm.hands.retypeField('people', path, 'number');
  // So that the item is read again.
  crm.edit(crm.idOf(email), { phone: '+36 1 999 9999' });
  await pair.settle();
}

/** Name and telephone number are one field to us, and two to the vendor. */
const CARD: Circumstances = {
  policy: {
    fields: [
      { name: 'email', strategy: 'lastWriteWins' },
      { name: 'card', strategy: 'fieldLevelMerge', parts: 'record' },
    ],
  },
  settings: {
    members: Object.fromEntries(
      Object.values(ENDPOINTS).map((endpoint) => [
        endpoint,
        {
          collection: 'people',
          mapping: {
            fields: {
              email: { kind: 'email', path: 'email' },
              card: {
                kind: 'composite',
                options: { parts: { name: { kind: 'text' }, phone: { kind: 'text' } } },
                parts: { name: { path: 'name' }, phone: { path: 'phone' } },
              },
            },
          },
        },
      ]),
    ),
  },
};
