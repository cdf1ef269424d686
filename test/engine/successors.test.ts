import assert from 'node:assert/strict';
import { withPair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
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

  it('into one with a new id leave the record that won, whoever had made the other one', async () => {
    await withPair(
      async (pair) => {
        const { app, crm } = pair;
        const bela = app.enter({ email: 'bela@example.com', name: 'Bela', phone: '+36205550001' });
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
        assert.equal(app.hands.item('people', bela)?.archived ?? true, true);
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
        const bela = crm.enter({ email: 'bela@example.com', name: 'Bela', tags: ['his own'] });
        await pair.settle();
        crm.hands.merge('people', bela, id);
        for (let n = 0; n < 3; n += 1) {
          await pair.wait(60_000);
          await pair.settle();
        }
        assert.deepEqual(
          pair.reviews().map(({ reason, remoteId }) => [reason, remoteId]),
          [['remote-merge', bela]],
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
