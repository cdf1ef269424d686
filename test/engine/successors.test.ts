import assert from 'node:assert/strict';
import { withPair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const bela = { email: 'bela@example.com', name: 'Bela' };
/** What was merged is then read one after the other. */
const ONE = { list: 100, read: 1, find: 1, create: 1, update: 1, delete: 1, restore: 1 };

describe('Items that were merged', () => {
  for (const isNewId of [true, false]) {
    const how = isNewId ? 'one with a new id' : 'one that nobody knows yet';
    it(`into ${how} take their record along, and nothing is deleted for it`, async () => {
      await withPair(
        async (pair) => {
          const { app, crm } = pair;
          const id = crm.enter(anna);
          crm.enter({ email: 'bela@example.com', name: 'Bela' });
          await pair.settle();
          const other = crm.enter({ ...anna, email: 'anna2@example.com' });
          if (isNewId) crm.hands.merge('people', other, id);
          else crm.hands.merge('people', id, other);
          for (let n = 0; n < 3; n += 1) {
            await pair.wait(60_000);
            await pair.settle();
          }
          const names = ['Anna', 'Bela'];
          for (const { hands } of [app, crm]) {
            const found = hands.items('people').map(({ fields }) => fields['name']);
            assert.deepEqual(new Set(found), new Set(names));
            assert.equal(found.length, names.length);
          }
        },
        {
          settings: { onRemoteMerge: 'follow' },
          abilities: { crm: { mergeGivesNewId: isNewId } },
        },
      );
    });
  }

  for (const isFirst of [true, false]) {
    const who = isFirst ? 'first' : 'second';
    it(`into one with a new id make nobody new, though it lost its address; the ${who} one won`, () =>
      withPair(
        async (pair) => {
          const { app, crm } = pair;
          const one = crm.enter(anna);
          const other = crm.enter({ email: 'bela@example.com', name: 'Bela' });
          await pair.settle();
          const [winner, loser] = isFirst ? [one, other] : [other, one];
          const entity = await pair.entityOf(crm, winner);
          const id = crm.hands.merge('people', loser, winner);
          crm.edit(id, { email: null });
          await pair.settle();
          assert.equal(app.hands.items('people').length, 2);
          assert.equal(await pair.entityOf(crm, id), entity);
          assert.deepEqual(
            pair.reviews().map(({ reason }) => reason),
            ['remote-merge'],
          );
        },
        { abilities: { crm: { mergeGivesNewId: true, changesTellDeletes: false, batch: ONE } } },
      ));
  }

  for (const isFirst of [true, false]) {
    const who = isFirst ? 'first' : 'second';
    it(`into one with a new id go on in the ${who} one, though more is left of the other`, () =>
      withPair(
        async (pair) => {
          const { app, crm } = pair;
          const more = { ...bela, phone: '+36205550001', tags: ['his'] };
          for (const fields of isFirst ? [anna, more] : [more, anna]) crm.enter(fields);
          const [winner, loser] = [crm.idOf(anna.email), crm.idOf(bela.email)];
          await pair.settle();
          const entity = await pair.entityOf(crm, winner);
          const id = crm.hands.merge('people', loser, winner);
          crm.edit(id, { email: null });
          await pair.settle();
          await pair.wait(60_000);
          await pair.settle();
          assert.equal(await pair.entityOf(crm, id), entity);
          const names = app.hands.items('people').map(({ fields }) => fields['name']);
          assert.deepEqual(names, ['Anna']);
        },
        {
          settings: { onRemoteMerge: 'follow' },
          abilities: { crm: { mergeGivesNewId: true, changesTellDeletes: false, batch: ONE } },
        },
      ));
  }

  /** Nothing is left of the one that won but a telephone number. */
  const edits = {
    'could be either': { name: 'Bela', email: null },
    'has the address of the other one': { name: 'Cili' },
    'looks like somebody else': { name: 'Cili', email: 'cili@example.com' },
  };
  for (const [which, typed] of Object.entries(edits)) {
    for (const batch of [{ ...ONE, read: 100 }, ONE]) {
      const how = batch.read === 1 ? 'one after the other' : 'together';
      it(`into one with a new id that ${which} are asked about, read ${how}, and go on where a person says`, () =>
        withPair(
          async (pair) => {
            const { app, crm } = pair;
            const winner = crm.enter({ ...anna, phone: '+36205550001' });
            const loser = crm.enter({ ...bela, phone: '+36205550002' });
            await pair.settle();
            const entities = [await pair.entityOf(crm, winner), await pair.entityOf(crm, loser)];
            const before = app.people();
            crm.edit(winner, { email: null });
            const id = crm.hands.merge('people', loser, winner);
            crm.edit(id, typed);
            await pair.settle();
            await pair.wait(60_000);
            await pair.settle();
            assert.deepEqual(app.people(), before);
            assert.equal(crm.hands.items('people').length, 1);
            const whose = pair.reviews().find(({ reason }) => reason === 'merged-from-several');
            assert.deepEqual(new Set(whose?.candidates), new Set(entities));
            assert.equal(whose?.remoteId, id);
            await pair.answer(whose, { decision: 'link', entity: entities[0]! });
            await pair.settle();
            const open = pair.reviews().filter(({ state }) => state === 'open');
            assert.deepEqual(
              open.map(({ reason, remoteId }) => [reason, remoteId]),
              [['remote-merge', loser]],
            );
            await pair.answer(open[0]!, 'follow');
            await pair.settle();
            assert.equal(app.hands.items('people').length, 1);
            assert.equal(await pair.entityOf(crm, id), entities[0]);
          },
          {
            settings: { onRemoteMerge: 'follow' },
            abilities: { crm: { mergeGivesNewId: true, changesTellDeletes: false, batch } },
          },
        ));
    }
  }

  it('into one with a new id make nobody new, whatever was typed into that, and a question ends with its reason', () =>
    withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        const phone = '+36205550001';
        const winner = crm.enter({ ...anna, phone });
        const loser = crm.enter(bela);
        await pair.settle();
        const entity = await pair.entityOf(crm, winner);
        const before = app.people();
        const id = crm.hands.merge('people', loser, winner);
        crm.edit(id, { name: 'A. Typed', email: 'typed@example.com' });
        await pair.settle();
        await pair.wait(60_000);
        await pair.settle();
        assert.deepEqual(app.people(), before);
        const asked = (): unknown => {
          const open = pair.reviews().filter(({ state }) => state === 'open');
          return open.map(({ reason, remoteId }) => `${reason} ${remoteId}`).toSorted();
        };
        const merges = [`remote-merge ${winner}`, `remote-merge ${loser}`];
        assert.deepEqual(asked(), [`merged-from-several ${id}`, ...merges]);
        crm.edit(id, { email: anna.email });
        await engine.hint(tenant, [{ sync, endpoint: crm.endpoint, remoteId: id }]);
        await pair.settle();
        assert.equal(await pair.entityOf(crm, id), entity);
        assert.deepEqual(asked(), [`remote-merge ${loser}`]);
      },
      { abilities: { crm: { mergeGivesNewId: true } } },
    ));

  it('into one with a new id that was given the address of somebody else are not merged with them', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        const phone = '+36205550001';
        const winner = crm.enter({ ...anna, phone });
        const loser = crm.enter({ ...bela, phone: '+36205550002' });
        const other = crm.enter({ email: 'cili@example.com', name: 'Cili' });
        await pair.settle();
        const entity = await pair.entityOf(crm, winner);
        const id = crm.hands.merge('people', loser, winner);
        crm.edit(other, { email: null });
        crm.edit(id, { email: 'cili@example.com' });
        await pair.settle();
        await pair.wait(60_000);
        await pair.settle();
        assert.equal(await pair.entityOf(crm, id), entity);
        const names = app.hands.items('people').map(({ fields }) => fields['name']);
        assert.deepEqual(new Set(names), new Set(['Anna', 'Cili']));
        assert.equal(names.length, 2);
      },
      { settings: { onRemoteMerge: 'follow' }, abilities: { crm: { mergeGivesNewId: true } } },
    ));

  it('into one with a new id leave the record that won, whoever had made the other one', async () => {
    await withPair(
      async (pair) => {
        const { app, crm } = pair;
        const other = app.enter({ ...bela, phone: '+36205550001' });
        const id = crm.enter(anna);
        await pair.settle();
        crm.hands.merge('people', crm.idOf('bela@example.com'), id);
        for (let n = 0; n < 3; n += 1) {
          await pair.wait(60_000);
          await pair.settle();
        }
        const [left, ...others] = crm.hands.items('people').map(({ fields }) => fields);
        assert.deepEqual(others, []);
        assert.deepEqual({ ...left }, { ...left, ...anna, phone: '+36205550001' });
        assert.equal(app.hands.item('people', other)?.archived ?? true, true);
        assert.equal(app.people()['anna@example.com']?.['name'], 'Anna');
        assert.equal(app.people()['anna@example.com']?.['phone'], '+36205550001');
      },
      { settings: { onRemoteMerge: 'follow' }, abilities: { crm: { mergeGivesNewId: true } } },
    );
  });

  it('into a newcomer who is somebody else are asked about, though our marker came along', async () => {
    await withPair(async (pair) => {
      const { app, crm } = pair;
      app.enter(anna);
      await pair.settle();
      const id = crm.idOf(anna.email);
      crm.hands.merge('people', id, crm.enter({ email: 'bela@example.com', name: 'Bela' }));
      for (let n = 0; n < 3; n += 1) {
        await pair.wait(60_000);
        await pair.settle();
      }
      assert.deepEqual(
        pair.reviews().map(({ reason, remoteId }) => [reason, remoteId]),
        [['remote-merge', id]],
      );
      assert.deepEqual(app.people(), {
        [anna.email]: { name: 'Anna' },
        'bela@example.com': { name: 'Bela' },
      });
      assert.deepEqual(crm.people(), { 'bela@example.com': { name: 'Bela' } });
    });
  });

  it('into one that its record leaves alone are asked about, and neither record takes it', async () => {
    await withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter({ ...anna, tags: ['her own'] });
        await pair.settle();
        await pair.settle();
        const id = crm.idOf(anna.email);
        crm.remove(id);
        await pair.wait(60_000);
        await pair.settle();
        crm.hands.restore('people', id);
        const other = crm.enter({ ...bela, tags: ['his own'] });
        await pair.settle();
        crm.hands.merge('people', other, id);
        for (let n = 0; n < 3; n += 1) {
          await pair.wait(60_000);
          await pair.settle();
        }
        assert.deepEqual(
          pair.reviews().map(({ reason, remoteId }) => [reason, remoteId]),
          [['remote-merge', other]],
        );
        assert.deepEqual(app.people(), {
          [anna.email]: { name: 'Anna', tags: ['her own'] },
          'bela@example.com': { name: 'Bela', tags: ['his own'] },
        });
        assert.equal(crm.hands.item('people', id)?.fields['name'], 'Anna');
      },
      { policy: { onRemoteDelete: 'unlink', deleteAuthority: [] } },
    );
  });

  it('before anybody knew them are remembered by the record of the one that is left', async () => {
    await withPair(async (pair) => {
      const { crm, engine, tenant, sync } = pair;
      const loser = crm.enter({ name: 'Anna' });
      const id = crm.enter(anna);
      crm.hands.merge('people', loser, id);
      const { endpoint } = crm;
      await engine.hint(tenant, [{ sync, endpoint, remoteId: loser }]);
      await pair.settle();
      assert.equal(await pair.entityOf(crm, loser), await pair.entityOf(crm, id));
    });
  });
});
