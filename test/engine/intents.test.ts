import assert from 'node:assert/strict';
import {
  VendorError,
  type Can,
  type Collection,
  type ItemChange,
  type Outcome,
} from '../../runtime/connectors/connector.ts';
import type { Abilities } from '../../runtime/emulators/grumpy/grumpy.ts';
import { grumpier } from './grumpier.ts';
import { ENDPOINTS, withPair, type Circumstances, type Pair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna', tags: ['old'] };
const typed = { phone: '+36205550001', tags: ['typed'] };

describe('A write that sends along what it does not change, and arrives late', () => {
  it('takes back in no system what was typed since', async () => {
    await withLateWrites(async (pair, late) => {
      const { app, crm } = pair;
      const id = app.enter(anna);
      await pair.settle();
      const there = crm.idOf(anna.email);
      late.isNext = true;
      app.edit(id, { name: 'Anna B.' });
      await lookAtAll(pair);
      crm.edit(there, typed);
      await lookAtAll(pair);
      assert.equal(app.people()[anna.email]!['phone'], typed.phone);
      await late.arrive();
      assert.equal(crm.people()[anna.email]!['phone'], undefined);
      await pair.wait(120_000);
      await pair.settle();
      for (const side of [app, crm])
        assert.deepEqual(side.people()[anna.email], { name: 'Anna B.', ...typed });
    });
  });

  it('says nothing about what is taken back once it is known what became of it', async () => {
    await withLateWrites(async (pair, late) => {
      const { app, crm } = pair;
      const id = app.enter(anna);
      await pair.settle();
      const there = crm.idOf(anna.email);
      late.isNext = true;
      app.edit(id, { name: 'Anna B.' });
      await lookAtAll(pair);
      crm.edit(there, typed);
      await lookAtAll(pair);
      await pair.wait(120_000);
      await pair.settle();
      crm.edit(there, { phone: null, tags: anna.tags });
      await pair.settle();
      for (const side of [app, crm])
        assert.deepEqual(side.people()[anna.email], { name: 'Anna B.', tags: anna.tags });
    });
  });
});

describe('A write of one part of an object that is replaced as a whole', () => {
  it('takes back in no system what was typed into another part before it arrived late', async () => {
    const late = lateWrites((_collection, change) => Promise.resolve(change));
    await withPair(
      async (pair) => {
        const { app, crm } = pair;
        for (const { hands } of [app, crm])
          hands.addField('people', { path: 'home', type: 'object' });
        pair.engine.refresh();
        const id = app.enter({ ...anna, home: { city: 'Pécs' } });
        await pair.settle();
        late.isNext = true;
        app.edit(id, { home: { city: 'Vác' } });
        await lookAtAll(pair);
        crm.edit(crm.idOf(anna.email), { home: { city: 'Pécs', street: 'Fő tér' } });
        await lookAtAll(pair);
        await late.arrive();
        await pair.wait(120_000);
        await pair.settle();
        for (const side of [app, crm]) {
          const { home } = side.people()[anna.email]!;
          assert.deepEqual(home, { city: 'Vác', street: 'Fő tér' });
        }
      },
      { ...late.circumstances, policy: { fields: FIELDS }, settings: SETTINGS },
    );
  });
});

const PATHS = { email: 'email', city: 'home.city', street: 'home.street' };
const FIELDS = Object.keys(PATHS).map((name) => ({ name, strategy: 'lastWriteWins' as const }));
const MAPPING = {
  absent: 'cleared',
  replacedWhole: ['home'],
  fields: Object.fromEntries(
    Object.entries(PATHS).map(([name, path]) => [
      name,
      { kind: name === 'email' ? 'email' : 'text', path },
    ]),
  ),
};
const SETTINGS = {
  members: Object.fromEntries(
    Object.values(ENDPOINTS).map((id) => [id, { collection: 'people', mapping: MAPPING }]),
  ),
};

/** A CRM that takes whole items only. */
async function withLateWrites(story: (pair: Pair, late: Late) => Promise<void>): Promise<void> {
  const late = lateWrites(wholeOf, { replacesItems: true });
  await withPair((pair) => story(pair, late), late.circumstances);
}

interface Late {
  /** The next write is given up before it has arrived. */
  isNext: boolean;
  arrive: () => Promise<readonly Outcome[]>;
  readonly circumstances: Circumstances;
}

/** A CRM that guards nothing, where a write may arrive after it was given up. */
function lateWrites(
  sent: (collection: Collection, change: ItemChange) => Promise<ItemChange>,
  more: Partial<Can> = {},
): Late {
  const connector = grumpier((collection, account) => {
    if (account !== 'crm') return {};
    return {
      can: { ...collection.can, ...more },
      async write([change], signal) {
        const whole = await sent(collection, change!);
        if (!late.isNext) return collection.write([whole], signal);
        late.isNext = false;
        late.arrive = () => collection.write([whole]);
        const about = { what: 'It takes too long.', next: 'Try again.' };
        throw new VendorError('transient', about, { mayHaveLanded: true });
      },
    };
  });
  const late: Late = {
    isNext: false,
    arrive: () => Promise.reject(new Error('Nothing is late.')),
    circumstances: { connector, abilities: { crm: UNGUARDED } },
  };
  return late;
}

const UNGUARDED: Partial<Abilities> = {
  version: 'none',
  conditionalWrites: false,
  history: false,
  batch: { list: 9, read: 9, find: 9, create: 1, update: 1, delete: 1, restore: 1 },
};

async function wholeOf(collection: Collection, change: ItemChange): Promise<ItemChange> {
  if (change.op !== 'update') return change;
  const [read] = await collection.read([change.id!]);
  assert.ok(read?.kind === 'present');
  return { ...change, raw: { ...(read.item.raw as object), ...change.raw } };
}

async function lookAtAll({ engine, tenant, sync, app, crm }: Pair): Promise<void> {
  const refs = [app, crm].map((side) => {
    return { sync, endpoint: side.endpoint, remoteId: side.idOf(anna.email) };
  });
  await engine.hint(tenant, refs, 0);
  await engine.drain({ tenant, sync });
}
