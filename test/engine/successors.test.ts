import assert from 'node:assert/strict';
import { withPair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };

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
