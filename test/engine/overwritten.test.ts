import assert from 'node:assert/strict';
import {
  VendorError,
  type Connector,
  type Read,
  type Version,
} from '../../runtime/connectors/connector.ts';
import { grumpier } from './grumpier.ts';
import { withPair, type Pair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const MAY_HAVE_LANDED = { mayHaveLanded: true };
/** A CRM that keeps a history, guards no writes, and tells nothing but the id of what was written. */
const crm = { conditionalWrites: false, history: true, writeReturns: 'id' } as const;

function rowsOf({ store, tenant }: Pair): string[] {
  return [...store.rowsOf(tenant).records.values()].flatMap(({ conflicts }) =>
    [...conflicts.values()].map(({ kind, losing }) => `${kind} ${JSON.stringify(losing?.value)}`),
  );
}

describe('A write that is answered with an id and nothing else', () => {
  it('is followed by a look at what it covered up', async () => {
    let typing: (() => void) | undefined;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        if (account === 'crm' && changes[0]!.op === 'update') typing?.();
        return collection.write(changes, signal);
      },
    }));
    await withPair(
      async (pair) => {
        const id = pair.app.enter(anna);
        await pair.settle();
        typing = () => pair.crm.edit(pair.crm.idOf(anna.email), { name: 'Anna typed' });
        pair.app.edit(id, { name: 'Anna A.' });
        await pair.settle({ full: false });
        assert.deepEqual(rowsOf(pair), ['overwritten "Anna typed"']);
        assert.equal(pair.crm.people()[anna.email]!['name'], 'Anna A.');
      },
      { connector, abilities: { crm } },
    );
  });

  it('is written once, though the vendor makes something else of it that changes nothing', async () => {
    await withPair(
      async (pair) => {
        const id = pair.app.enter(anna);
        await pair.settle();
        const before = pair.crm.writes();
        pair.app.edit(id, { name: 'ANNA' });
        await pair.settle({ full: false });
        await pair.wait(600_000);
        await pair.settle();
        assert.equal(pair.crm.writes() - before, 1);
        assert.deepEqual(await pair.store.waiting(), []);
      },
      { abilities: { crm: { ...crm, spelling: { name: 'lower' }, readLagMs: 1_000 } } },
    );
  });
});

describe('A write of a record that wants an address of another one', () => {
  it('has what it covered up on record, though the address is asked about', async () => {
    let typing: (() => void) | undefined;
    let isLate = false;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        if (account === 'crm' && changes[0]!.op === 'update') typing?.();
        return collection.write(changes, signal);
      },
      async history(items, signal) {
        return isLate ? items.map(() => []) : collection.history!(items, signal);
      },
    }));
    await withPair(
      async (pair) => {
        const id = pair.app.enter(anna);
        pair.app.enter({ email: 'bela@example.com', name: 'Bela' });
        await pair.settle();
        typing = () => pair.crm.edit(pair.crm.idOf(anna.email), { name: 'Anna typed' });
        isLate = true;
        pair.app.edit(id, { name: 'Anna A.' });
        await pair.settle({ full: false });
        typing = undefined;
        pair.app.edit(id, { email: 'bela@example.com' });
        isLate = false;
        await pair.settle({ full: false });
        assert.deepEqual(rowsOf(pair), ['overwritten "Anna typed"']);
        assert.deepEqual(
          pair.reviews().map(({ reason }) => reason),
          ['key-collision'],
        );
      },
      { connector, abilities: { crm } },
    );
  });
});

describe('A write that reads and a history show late', () => {
  it('is looked into once more when a read may show the state that it covered up', async () => {
    let story: Pair | undefined;
    let shown: readonly [readonly Read[], readonly Version[][]] | undefined;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        const [change] = changes;
        if (account === 'crm' && change?.op === 'update' && story) {
          const id = change.id!;
          story.crm.edit(id, { name: 'Anna typed' });
          await story.wait(2_001);
          const histories = await collection.history!([{ id, since: 1 }], signal);
          shown = [await collection.read([id], signal), histories];
          story = undefined;
        }
        return collection.write(changes, signal);
      },
      async read(ids, signal) {
        return account === 'crm' && shown ? shown[0] : collection.read(ids, signal);
      },
      async history(items, signal) {
        return account === 'crm' && shown ? shown[1] : collection.history!(items, signal);
      },
    }));
    await withPair(
      async (pair) => {
        const id = pair.app.enter(anna);
        await pair.settle();
        await pair.wait(10_000);
        story = pair;
        pair.app.edit(id, { name: 'Anna A.' });
        await pair.engine.look(pair.tenant, pair.sync, { endpoints: [pair.app.endpoint] });
        await pair.engine.drain({ tenant: pair.tenant, sync: pair.sync });
        // The news of what was typed comes only now.
        const item = { kind: 'item', sync: pair.sync, endpoint: pair.crm.endpoint } as const;
        const key = { ...item, remoteId: pair.crm.idOf(anna.email) };
        const marks = [{ key, priority: 0, windowMs: 0 } as const];
        await pair.store.mark(pair.tenant, { now: pair.world.clock.now(), marks });
        await pair.engine.drain({ tenant: pair.tenant, sync: pair.sync });
        shown = undefined;
        await pair.wait(10_000);
        await pair.settle();
        assert.deepEqual(rowsOf(pair), ['overwritten "Anna typed"']);
        assert.deepEqual(await pair.store.waiting(), []);
      },
      {
        connector,
        abilities: { crm: { ...crm, readLagMs: 2_000 } },
        policy: {
          fields: [
            { name: 'email', strategy: 'lastWriteWins' },
            { name: 'name', strategy: 'manualReview' },
          ],
        },
      },
    );
  });
});

describe('A write that a history shows late', () => {
  const LATE = { conditionalWrites: false, readLagMs: 20_000 } as const;

  /** Somebody types something that our write covers up, and ends the item before the history tells. */
  async function coverAndEnd(
    how: 'deletes it' | 'merges it',
    history: 'is kept' | 'is refused',
    end: (pair: Pair) => void,
  ): Promise<void> {
    let typing: (() => void) | undefined;
    let isGone = false;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        if (account === 'crm' && changes[0]!.op === 'update') typing?.();
        return collection.write(changes, signal);
      },
      async history(items, signal) {
        const about = { what: 'It is deleted.', next: 'Go on without it.' };
        if (isGone && history === 'is refused') throw new VendorError('missing', about);
        return collection.history!(items, signal);
      },
    }));
    await withPair(
      async (pair) => {
        const { app, engine, tenant, sync } = pair;
        const id = app.enter(anna);
        app.enter({ email: 'bela@example.com', name: 'Bela' });
        await pair.settle();
        await pair.wait(60_000);
        const there = pair.crm.idOf(anna.email);
        typing = () => pair.crm.edit(there, { name: 'Anna typed' });
        app.edit(id, { name: 'Anna A.' });
        await engine.look(tenant, sync, { endpoints: [app.endpoint] });
        await engine.drain({ tenant, sync });
        typing = undefined;
        const other = pair.crm.idOf('bela@example.com');
        if (how === 'deletes it') pair.crm.remove(there);
        else pair.crm.hands.merge('people', there, other);
        isGone = true;
        for (let n = 0; n < 3; n += 1) {
          await pair.wait(30_000);
          await pair.settle();
        }
        end(pair);
        assert.deepEqual(await pair.store.waiting(), []);
      },
      { connector, abilities: { crm: LATE } },
    );
  }

  it('is looked into for the last time when the item is gone', () =>
    coverAndEnd('deletes it', 'is kept', (pair) => {
      assert.deepEqual(rowsOf(pair), ['overwritten "Anna typed"']);
    }));

  it('is looked into for the last time when the item was merged into another', () =>
    coverAndEnd('merges it', 'is kept', (pair) => {
      assert.deepEqual(rowsOf(pair), ['overwritten "Anna typed"']);
    }));

  it('is left at that when the item is gone, and its history with it', () =>
    coverAndEnd('deletes it', 'is refused', (pair) => {
      assert.deepEqual(rowsOf(pair), []);
    }));
});

describe('A write whose item is missing where there is no other to compare with', () => {
  const LAGGING = { conditionalWrites: false, delete: 'hard', readLagMs: 20_000 } as const;
  for (const { title, abilities } of [
    { title: 'is looked into', abilities: LAGGING },
    {
      title: 'is looked into, though its answer told nothing but an id,',
      abilities: { ...LAGGING, writeReturns: 'id' },
    },
  ] as const) {
    it(`${title} before a person says whether the item was deleted`, async () => {
      let typing: (() => void) | undefined;
      const connector = grumpier((collection, account) => ({
        async write(changes, signal) {
          if (account === 'crm' && changes[0]!.op === 'update') typing?.();
          return collection.write(changes, signal);
        },
      }));
      await withPair(
        async (pair) => {
          const { app, engine, tenant, sync } = pair;
          const id = app.enter(anna);
          await pair.settle();
          await pair.wait(60_000);
          await pair.settle();
          const there = pair.crm.idOf(anna.email);
          typing = () => pair.crm.edit(there, { name: 'Anna typed' });
          app.edit(id, { name: 'Anna A.' });
          await engine.look(tenant, sync, { endpoints: [app.endpoint] });
          await engine.drain({ tenant, sync });
          typing = undefined;
          pair.crm.remove(there);
          for (let n = 0; n < 5; n += 1) {
            await pair.wait(60_000);
            await pair.settle();
          }
          assert.deepEqual(
            pair.reviews().map(({ reason, state }) => `${reason} ${state}`),
            ['remote-delete open'],
          );
          assert.deepEqual(rowsOf(pair), ['overwritten "Anna typed"']);
        },
        { connector, abilities: { crm: abilities } },
      );
    });
  }
});

describe('A write whose item is hidden before its history was asked', () => {
  it('is looked into when the item is shown again', async () => {
    let typing: (() => void) | undefined;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        if (account === 'crm' && changes[0]!.op === 'update') typing?.();
        return collection.write(changes, signal);
      },
      async history(items, signal) {
        if (typing) throw new VendorError('transient', { what: 'No answer.', next: 'Wait.' });
        return collection.history!(items, signal);
      },
    }));
    await withPair(
      async (pair) => {
        const { app, engine, tenant, sync } = pair;
        const id = app.enter(anna);
        app.enter({ email: 'bela@example.com', name: 'Bela' });
        await pair.settle();
        const there = pair.crm.idOf(anna.email);
        typing = () => pair.crm.edit(there, { name: 'Anna typed' });
        app.edit(id, { name: 'Anna A.' });
        await engine.look(tenant, sync, { endpoints: [app.endpoint] });
        await engine.drain({ tenant, sync });
        typing = undefined;
        pair.crm.hands.hide('people', [there], true);
        for (let n = 0; n < 5; n += 1) {
          await pair.wait(300_000);
          await pair.settle();
        }
        assert.deepEqual(
          pair.reviews().map(({ reason }) => reason),
          ['remote-delete'],
        );
        pair.crm.hands.hide('people', [there], false);
        await pair.settle();
        assert.deepEqual(rowsOf(pair), ['overwritten "Anna typed"']);
        assert.deepEqual(await pair.store.waiting(), []);
      },
      { connector, abilities: { crm: { conditionalWrites: false } } },
    );
  });
});

describe('A deletion', () => {
  for (const { title, abilities, isLost } of [
    { title: 'is followed by', abilities: { conditionalWrites: false } },
    { title: 'that is answered with an id and nothing else is followed by', abilities: crm },
    {
      title: 'that a history shows late is followed by',
      abilities: { conditionalWrites: false, author: false, readLagMs: 1_000 },
    },
    {
      title: 'whose answer is lost is followed by',
      abilities: { conditionalWrites: false },
      isLost: true,
    },
    {
      title: 'whose answer is lost, where nobody tells who deletes, is followed by',
      abilities: { conditionalWrites: false, author: false },
      isLost: true,
    },
  ]) {
    it(`${title} a look at what it took along`, async () => {
      let typing: (() => void) | undefined;
      const connector = grumpier((collection, account) => ({
        async write(changes, signal) {
          const isDeletion = account === 'crm' && changes[0]!.op === 'delete';
          if (isDeletion) typing?.();
          const outcomes = await collection.write(changes, signal);
          if (!isLost || !isDeletion) return outcomes;
          const about = { what: 'No answer.', next: 'Wait.' };
          throw new VendorError('transient', about, MAY_HAVE_LANDED);
        },
      }));
      await withPair(
        async (pair) => {
          const id = pair.app.enter(anna);
          pair.app.enter({ email: 'bela@example.com', name: 'Bela' });
          await pair.settle();
          await pair.wait(10_000);
          typing = () => pair.crm.edit(pair.crm.idOf(anna.email), { phone: '+36205550001' });
          pair.app.remove(id);
          await pair.settle();
          await pair.wait(60_000);
          await pair.settle();
          assert.deepEqual(Object.keys(pair.crm.people()), ['bela@example.com']);
          assert.deepEqual(rowsOf(pair), ['overwritten "+36205550001"']);
          assert.deepEqual(await pair.store.waiting(), []);
        },
        { connector, abilities: { crm: abilities } },
      );
    });
  }
});

describe('A deletion whose history was not told before the id was given to somebody else', () => {
  it('is left at that, and the one who has the id now is known', async () => {
    let isDown = false;
    let asked = 0;
    const connector = grumpier((collection) => ({
      async history(items, signal) {
        asked += 1;
        const about = { what: 'No answer.', next: 'Wait.' };
        // Who asks without end is to come to one.
        if (isDown || asked > 20) throw new VendorError('transient', about);
        return collection.history!(items, signal);
      },
    }));
    const habits = { conditionalWrites: false, reusesIds: true, delete: 'hard' } as const;
    await withPair(
      async (pair) => {
        const { app, engine, tenant, sync } = pair;
        const id = app.enter(anna);
        app.enter({ email: 'bela@example.com', name: 'Bela' });
        await pair.settle();
        await pair.settle();
        const there = pair.crm.idOf(anna.email);
        isDown = true;
        app.remove(id);
        await engine.look(tenant, sync, { endpoints: [app.endpoint] });
        await engine.drain({ tenant, sync, waitMs: 2_000 });
        await pair.wait(60_000);
        assert.equal(pair.crm.enter({ email: 'cili@example.com', name: 'Cili' }), there);
        isDown = false;
        await pair.settle();
        assert.deepEqual(Object.keys(app.people()).toSorted(), [
          'bela@example.com',
          'cili@example.com',
        ]);
        assert.deepEqual(await pair.store.waiting(), []);
      },
      { connector, abilities: { crm: habits } },
    );
  });
});

describe('A write whose answer was lost', () => {
  /** The next write to the CRM gets no answer; the test lets it land when it wants. */
  function losingWrites(): { connector: Connector; loseNext: () => void } {
    let isLost = false;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        if (!isLost || account !== 'crm') return collection.write(changes, signal);
        isLost = false;
        throw new VendorError('transient', { what: 'No answer.', next: 'Wait.' }, MAY_HAVE_LANDED);
      },
    }));
    return {
      connector,
      loseNext: () => {
        isLost = true;
      },
    };
  }

  it('is found in the history, though somebody else has written since', async () => {
    const { connector, loseNext } = losingWrites();
    await withPair(
      async (pair) => {
        const { app } = pair;
        const id = app.enter(anna);
        await pair.settle();
        const there = pair.crm.idOf(anna.email);
        loseNext();
        app.edit(id, { name: 'Anna A.' });
        await pair.engine.look(pair.tenant, pair.sync);
        await pair.engine.drain({ tenant: pair.tenant, sync: pair.sync });
        // It lands late, on top of what somebody typed, and somebody goes on from there.
        pair.crm.edit(there, { name: 'Anna typed' });
        pair.crm.hands.edit('people', there, { name: 'Anna A.' }, 'integration');
        pair.crm.edit(there, { name: 'Anna A. jr' });
        await pair.settle({ full: false });
        assert.ok(rowsOf(pair).includes('overwritten "Anna typed"'), rowsOf(pair).join());
        assert.equal(app.people()[anna.email]!['name'], 'Anna A. jr');
      },
      { connector, abilities: { crm: { conditionalWrites: false, author: false } } },
    );
  });

  it('leaves on record what it covers up late, though a workflow there rewrites it before it is read', async () => {
    const { connector, loseNext } = losingWrites();
    await withPair(
      async (pair) => {
        const { app } = pair;
        const id = app.enter(anna);
        await pair.settle();
        const there = pair.crm.idOf(anna.email);
        loseNext();
        app.edit(id, { name: 'Anna A.' });
        await pair.engine.look(pair.tenant, pair.sync);
        await pair.engine.drain({ tenant: pair.tenant, sync: pair.sync });
        pair.crm.edit(there, { name: 'Anna typed' });
        await pair.engine.look(pair.tenant, pair.sync);
        await pair.wait(10_000);
        await pair.engine.drain({ tenant: pair.tenant, sync: pair.sync });
        assert.deepEqual(rowsOf(pair), ['contested undefined']);
        pair.crm.hands.edit('people', there, { name: 'Anna A.' }, 'integration');
        pair.crm.hands.edit('people', there, { name: 'Anna' }, 'integration');
        await pair.settle({ full: false });
        assert.ok(rowsOf(pair).includes('overwritten "Anna typed"'), rowsOf(pair).join());
      },
      {
        connector,
        abilities: { crm: { conditionalWrites: false, version: 'none', history: false } },
        policy: {
          fields: [
            { name: 'email', strategy: 'lastWriteWins' },
            { name: 'name', strategy: 'manualReview' },
          ],
        },
      },
    );
  });
});
