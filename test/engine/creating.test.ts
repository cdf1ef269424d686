import assert from 'node:assert/strict';
import { VendorError } from '../../runtime/connectors/connector.ts';
import type { Abilities } from '../../runtime/emulators/grumpy/grumpy.ts';
import { grumpier, losingAnswersAt } from './grumpier.ts';
import { withPair, type Pair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const bela = { email: 'bela@example.com', name: 'Bela' };

const VENDORS: Readonly<Record<string, Partial<Abilities>>> = {
  'with versions': {},
  'without versions': { version: 'none', conditionalWrites: false, history: false },
};

describe('A create without an answer, in a system that is closed to us afterwards', () => {
  it('is asked about when it opens again, though the record has died since', async () => {
    let isLost = false;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        if (!isLost || account !== 'crm') return collection.write(changes, signal);
        isLost = false;
        const about = { what: 'No answer.', next: 'Wait.' };
        throw new VendorError('transient', about, { mayHaveLanded: true });
      },
    }));
    await withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        app.enter(bela);
        await pair.settle();
        isLost = true;
        const id = app.enter(anna);
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync });
        crm.hands.forbid('people', true);
        engine.refresh();
        app.remove(id);
        await pair.settle();
        await pair.wait(7_200_000);
        await pair.settle();
        crm.hands.forbid('people', false);
        await engine.drain({ tenant, sync, waitMs: 7_200_000 });
        const { records } = pair.store.rowsOf(tenant);
        const intents = [...records.values()].flatMap((record) => [...record.intents.values()]);
        assert.deepEqual(
          intents.map(({ state }) => state),
          [],
        );
      },
      { connector },
    );
  });
});

describe('A create without an answer, whose record has died since', () => {
  const typed = { name: 'Anna B.', tags: ['old', 'typed'] };

  for (const isGivenUp of [false, true]) {
    const when = isGivenUp ? 'after it was given up' : 'before it was asked about';

    it(`leaves what was typed into its item on record, seen ${when}`, () =>
      withLateCreate(isGivenUp, ({ crm }, id) => crm.edit(id, typed), ['edited-and-deleted']));

    it(`has nothing on record when nobody typed anything, seen ${when}`, () =>
      withLateCreate(isGivenUp, () => {}, []));
  }

  /** The news of the item is looked at before anybody asks what became of the create. */
  async function withLateCreate(
    isGivenUp: boolean,
    meanwhile: (pair: Pair, id: string) => void,
    kinds: readonly string[],
  ): Promise<void> {
    let lost: (() => Promise<unknown>) | undefined;
    let isLost = false;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        if (!isLost || account !== 'crm') return collection.write(changes, signal);
        isLost = false;
        lost = () => collection.write(changes);
        const about = { what: 'No answer.', next: 'Wait.' };
        throw new VendorError('transient', about, { mayHaveLanded: true });
      },
    }));
    const crm = { author: false, spelling: { name: 'lower' } } as const;
    await withPair(
      async (pair) => {
        const { app, engine, tenant, sync } = pair;
        app.enter(bela);
        await pair.settle();
        isLost = true;
        const id = app.enter({ ...anna, tags: ['old'] });
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync });
        pair.crm.hands.forbid('people', true);
        engine.refresh();
        app.remove(id);
        await pair.settle();
        await pair.wait(7_200_000);
        await pair.settle();
        pair.crm.hands.forbid('people', false);
        if (isGivenUp) await engine.drain({ tenant, sync, waitMs: 7_200_000 });
        await lost!();
        const remoteId = pair.crm.idOf(anna.email);
        meanwhile(pair, remoteId);
        const { endpoint } = pair.crm;
        await pair.another().hint(tenant, [{ sync, endpoint, remoteId }], 0);
        await pair.another().drain({ tenant, sync, leastPriority: 0 });
        await pair.settle();
        assert.deepEqual(Object.keys(pair.crm.people()), [bela.email]);
        const { records } = pair.store.rowsOf(tenant);
        const rows = [...records.values()].flatMap(({ conflicts }) => [...conflicts.values()]);
        assert.deepEqual(
          rows.map(({ kind }) => kind),
          kinds,
        );
        const values = rows.map(({ losing }) => losing?.value);
        const isTyped = { name: 'anna b.', 'tags#typed': 'typed' };
        assert.deepEqual(values, kinds.length > 0 ? [isTyped] : []);
      },
      { connector, abilities: { crm } },
    );
  }
});

describe('A person who was deleted in one system, and is to be made there anew', () => {
  for (const [name, habits] of Object.entries(VENDORS)) {
    it(`is not made beside what was restored meanwhile, at a vendor ${name}`, () =>
      withPair(
        async (pair) => {
          const { app, crm } = pair;
          const id = app.enter(anna);
          app.enter(bela);
          await pair.settle();
          const deleted = crm.idOf(anna.email);
          crm.remove(deleted);
          await pair.settle();
          crm.hands.restore('people', deleted);
          await answer(pair, 'recreate');
          await pair.settle();
          app.edit(id, { name: 'Anna B.' });
          await pair.settle();
          assert.equal(crm.hands.items('people').length, 2);
          assert.equal(crm.hands.item('people', deleted)?.fields['name'], 'Anna B.');
        },
        { abilities: { crm: habits }, policy: { deleteAuthority: [], onRemoteDelete: 'ask' } },
      ));
  }
});

describe('A person who could not be made anew for a while', () => {
  it('is not made beside what was restored meanwhile', () => {
    let isBusy = true;
    const connector = grumpier((collection) => ({
      async write(changes, signal) {
        const isCreate = changes[0]!.op === 'create';
        if (!isBusy || !isCreate) return collection.write(changes, signal);
        throw new VendorError('transient', { what: 'It is busy.', next: 'Wait.' });
      },
    }));
    return withPair(
      async (pair) => {
        const { app, crm } = pair;
        isBusy = false;
        app.enter(anna);
        app.enter(bela);
        await pair.settle();
        isBusy = true;
        const deleted = crm.idOf(anna.email);
        crm.remove(deleted);
        await pair.settle();
        assert.equal(crm.hands.items('people').length, 1);
        crm.hands.restore('people', deleted);
        isBusy = false;
        await pair.engine.drain({ tenant: pair.tenant, sync: pair.sync, waitMs: 60_000 });
        assert.equal(crm.hands.items('people').length, 2);
      },
      { connector, policy: { deleteAuthority: [], onRemoteDelete: 'recreate' } },
    );
  });
});

describe('An id that a vendor gives again', () => {
  const habits: Partial<Abilities> = {
    create: 'naturalKey',
    delete: 'hard',
    restore: false,
    reusesIds: true,
    writeReturns: 'id',
  };

  it('to what we make is not that of the person who had it before', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter(bela);
        app.enter(anna);
        await pair.settle();
        crm.remove(crm.idOf(anna.email));
        await pair.wait(60_000);
        const carl = { email: 'carl@example.com', name: 'Carl' };
        app.enter(carl);
        await pair.settle({ full: false });
        await pair.settle();
        await pair.settle();
        const all = { [bela.email]: { name: 'Bela' }, [carl.email]: { name: 'Carl' } };
        assert.deepEqual([app.people(), crm.people()], [all, all]);
        assert.equal(crm.hands.items('people').length, 2);
      },
      { abilities: { crm: { ...habits, horizonMs: 5_000 } } },
    ));

  it('to somebody new is found before that person is made there', () =>
    withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        app.enter(bela);
        app.enter(anna);
        await pair.settle();
        crm.remove(crm.idOf(anna.email));
        await pair.wait(60_000);
        const carl = { email: 'carl@example.com', name: 'Carl' };
        crm.enter(carl);
        const remoteId = app.enter(carl);
        await engine.hint(tenant, [{ sync, endpoint: app.endpoint, remoteId }]);
        await engine.drain({ tenant, sync });
        await pair.settle();
        assert.deepEqual(Object.keys(crm.people()).toSorted(), [bela.email, carl.email]);
        assert.equal(crm.hands.items('people').length, 2);
      },
      { abilities: { crm: { ...habits, horizonMs: 5_000 } } },
    ));

  it('to the same person is that of a new item', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter(bela);
        const id = app.enter(anna);
        await pair.settle();
        await pair.settle();
        crm.remove(crm.idOf(anna.email));
        await pair.settle();
        app.edit(id, { name: 'Anna B.' });
        await pair.settle();
        assert.equal(crm.people()[anna.email]?.['name'], 'Anna B.');
        assert.equal(crm.hands.items('people').length, 2);
      },
      {
        abilities: { crm: { ...habits, horizonMs: 5_000 } },
        policy: { deleteAuthority: [], onRemoteDelete: 'recreate' },
      },
    ));
});

async function answer(pair: Pair, choice: string): Promise<void> {
  const { store, tenant, world } = pair;
  const open = pair.reviews().filter(({ state }) => state === 'open');
  const decisions = open.map((review) => ({ kind: 'review', review, choice }) as const);
  await store.decide(tenant, { now: world.clock.now(), actor: 'Olga', decisions });
}

/** Bela is in both systems; Anna is created at the CRM, and before the answer is lost this happens there. */
async function withLostCreate(
  settings: Readonly<Record<string, string>>,
  meanwhile: (crm: Pair['crm']) => void,
  story: (pair: Pair) => Promise<void>,
): Promise<void> {
  let crm: Pair['crm'] | undefined;
  const connector = grumpier((collection, account) => ({
    async write(changes, signal) {
      const outcomes = await collection.write(changes, signal);
      if (!crm || account !== 'crm') return outcomes;
      meanwhile(crm);
      crm = undefined;
      const about = { what: 'The connection broke.', next: 'Try again.' };
      throw new VendorError('transient', about, { mayHaveLanded: true });
    },
  }));
  await withPair(
    async (pair) => {
      pair.crm.enter(bela);
      await pair.settle();
      await pair.wait(60_000);
      crm = pair.crm;
      pair.app.enter(anna);
      await pair.settle({ full: false });
      await pair.wait(300_000);
      await pair.settle();
      await story(pair);
    },
    { connector, settings },
  );
}

function mergeIntoBela(crm: Pair['crm']): void {
  crm.hands.merge('people', crm.idOf(anna.email), crm.idOf(bela.email));
}

describe('A create without an answer', () => {
  it('that was merged into the item of another record is asked about, and writes over nobody', async () => {
    await withLostCreate({}, mergeIntoBela, async (pair) => {
      assert.deepEqual(Object.keys(pair.crm.people()), [bela.email]);
      assert.deepEqual(Object.keys(pair.app.people()), [bela.email, anna.email]);
      const [review] = pair.reviews();
      assert.equal(review?.reason, 'remote-merge');
      assert.equal(review.entity, await pair.entityOf(pair.app, pair.app.idOf(anna.email)));
      const other = await pair.entityOf(pair.app, pair.app.idOf(bela.email));
      assert.deepEqual(review.candidates, [other]);
    });
  });

  it('that was merged into the item of another record follows it, where that is the policy', async () => {
    await withLostCreate({ onRemoteMerge: 'follow' }, mergeIntoBela, async (pair) => {
      assert.deepEqual(Object.keys(pair.crm.people()), [bela.email]);
      assert.deepEqual(Object.keys(pair.app.people()), [bela.email]);
    });
  });

  it('that a search shows as it was is read before anything is written on top of it', async () => {
    const { connector, loseNext } = losingAnswersAt('crm');
    await withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        crm.enter(bela);
        await pair.settle();
        await pair.wait(60_000);
        loseNext();
        const id = app.enter({ ...anna, tags: ['old'] });
        await engine.look(tenant, sync, { endpoints: [app.endpoint] });
        await engine.drain({ tenant, sync });
        await pair.wait(31_000);
        crm.edit(crm.idOf(anna.email), { tags: ['old', 'typed at the crm'] });
        app.edit(id, { tags: ['old', 'typed at the app'] });
        await engine.hint(tenant, [{ sync, endpoint: app.endpoint, remoteId: id }], 0);
        await engine.drain({ tenant, sync, waitMs: 1_000 });
        await pair.settle();
        const tags = ['old', 'typed at the app', 'typed at the crm'];
        assert.deepEqual(crm.people()[anna.email], { name: 'Anna', tags });
      },
      { connector, abilities: { crm: { ...VENDORS['without versions'], searchLagMs: 30_000 } } },
    );
  });
});

describe('A create without an answer, of what has no key, where nothing can be marked', () => {
  const circumstances = { abilities: { crm: { create: 'naturalKey' } } } as const;
  const isAnna = ({ fields }: { readonly fields: Readonly<Record<string, unknown>> }): boolean =>
    fields['name'] === 'Anna';

  for (const hasChanges of [true, false]) {
    const where = hasChanges ? 'what changed lately' : 'all that is there';
    it(`is found among ${where}, and nothing is made twice`, () =>
      withNamelessCreate(
        hasChanges,
        async () => {},
        async (pair) => {
          for (const side of [pair.app, pair.crm]) {
            assert.equal(side.hands.items('people').filter(isAnna).length, 1);
          }
          const [here] = pair.app.hands.items('people').filter(isAnna);
          pair.app.edit(here!.id, { phone: '+36205550001' });
          await pair.settle();
          const [there] = pair.crm.hands.items('people').filter(isAnna);
          assert.equal(there?.fields['phone'], '+36205550001');
        },
      ));
  }

  it('is asked about when its item was taken for somebody new, whatever the policy for merges', () =>
    withNamelessCreate(
      true,
      async ({ crm, engine, tenant, sync }) => {
        const [item] = crm.hands.items('people').filter(isAnna);
        await engine.hint(tenant, [{ sync, endpoint: crm.endpoint, remoteId: item!.id }]);
      },
      async (pair) => {
        assert.equal(pair.crm.hands.items('people').filter(isAnna).length, 1);
        assert.deepEqual(
          pair.reviews().map(({ reason, state }) => [reason, state]),
          [['remote-merge', 'open']],
        );
        assert.equal(pair.app.hands.items('people').filter(isAnna).length, 2);
        await answer(pair, 'follow');
        await pair.settle();
        for (const side of [pair.app, pair.crm]) {
          assert.equal(side.hands.items('people').filter(isAnna).length, 1);
        }
      },
    ));

  async function withNamelessCreate(
    hasChanges: boolean,
    meanwhile: (pair: Pair) => Promise<void>,
    story: (pair: Pair) => Promise<void>,
  ): Promise<void> {
    let losing: Pair | undefined;
    const connector = grumpier((collection, account) => {
      return {
        ...(hasChanges || account !== 'crm' ? {} : { changes: undefined as never }),
        async write(changes, signal) {
          const outcomes = await collection.write(changes, signal);
          if (!losing || account !== 'crm') return outcomes;
          await meanwhile(losing);
          losing = undefined;
          const about = { what: 'The connection broke.', next: 'Try again.' };
          throw new VendorError('transient', about, { mayHaveLanded: true });
        },
      };
    });
    await withPair(
      async (pair) => {
        pair.crm.enter(bela);
        await pair.settle();
        await pair.wait(60_000);
        losing = pair;
        pair.app.enter({ name: 'Anna' });
        await pair.settle({ full: false });
        await pair.wait(7_200_000);
        await pair.settle();
        await story(pair);
      },
      { connector, ...circumstances, settings: { onRemoteMerge: 'follow' } },
    );
  }
});

describe('A create where the vendor lets no two items have the key', () => {
  for (const [name, isUnique] of [
    ['is not looked up first, and leads to the item that somebody was quicker to make', true],
    ['is looked up first where two may have it', false],
  ] as const) {
    it(name, async () => {
      let looks = 0;
      const connector = grumpier((collection, account) => {
        if (account !== 'crm') return {};
        return {
          async changes(request) {
            looks += 1;
            return collection.changes!(request);
          },
        };
      });
      const uniqueFields = isUnique ? { people: ['email'] } : {};
      await withPair(
        async (pair) => {
          await pair.settle();
          pair.app.enter(anna);
          pair.app.enter(bela);
          pair.crm.enter({ email: 'BELA@example.com', phone: '+36 1 234 5678' });
          const { engine, tenant, sync } = pair;
          await engine.look(tenant, sync, { endpoints: [pair.app.endpoint] });
          await engine.drain({ tenant, sync });
          assert.equal(looks > 0, !isUnique);
          await pair.settle();
          const phone = '+3612345678';
          assert.deepEqual(Object.values(pair.crm.people()).length, 2);
          assert.equal(pair.app.people()['bela@example.com']!['phone'], phone);
        },
        { connector, abilities: { crm: { uniqueFields } } },
      );
    });
  }

  it('is looked up all the same for a preview, which sends nothing that could be refused', () =>
    withPair(
      async (pair) => {
        await pair.settle();
        pair.app.enter(anna);
        pair.app.enter(bela);
        pair.crm.enter({ email: bela.email, phone: '+36 1 234 5678' });
        const { app, engine, tenant, sync } = pair;
        await engine.look(tenant, sync, { endpoints: [app.endpoint] });
        const run = await engine.preview({ tenant, sync });
        const shown = await pair.itemsOf(run, 'would write');
        const created = shown.flatMap(({ detail }) => {
          const { op, patch } = detail as { op: string; patch: { email?: string } };
          return op === 'create' ? [patch.email] : [];
        });
        assert.deepEqual(created, [anna.email]);
      },
      { abilities: { crm: { uniqueFields: { people: ['email'] } } } },
    ));
});
