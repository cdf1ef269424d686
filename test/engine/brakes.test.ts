import assert from 'node:assert/strict';
import { withPair } from './pair.ts';

describe('A brake', () => {
  it('holds back what is beyond its limit, also when all of it comes at once', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        const numbers = [1, 2, 3, 4, 5];
        for (const n of numbers) app.enter({ email: `${n}@example.com`, name: `N${n}` });
        await pair.settle();
        for (const n of numbers) app.edit(app.idOf(`${n}@example.com`), { name: `M${n}` });
        await pair.settle();
        const names = Object.values(crm.people()).map(({ name }) => String(name));
        assert.equal(names.filter((name) => name.startsWith('M')).length, 2);
        assert.deepEqual(
          pair.reviews().map(({ reason, remoteId }) => [reason, remoteId]),
          [['mass-change', 'brake:change']],
        );
      },
      { settings: { brakes: { change: { least: 2, share: 0 } } } },
    ));

  it('that holds back what is emptied lets the rest go on, so that nobody waits for a value of it', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        const ids = ['1', '2', '3'].map((n) => app.enter({ email: `${n}@example.com`, name: n }));
        await pair.settle();
        for (const [n, id] of ids.entries()) {
          app.edit(id, { email: `${((n + 1) % 3) + 1}@example.com`, name: null });
        }
        await pair.settle();
        const shown = crm.people();
        const named = Object.entries(shown).filter(([, { name }]) => typeof name === 'string');
        assert.equal(named.length, 2);
        for (const [email, { name }] of named) {
          assert.equal(email, `${(Number(name) % 3) + 1}@example.com`);
        }
        assert.deepEqual(Object.keys(shown).toSorted(), Object.keys(app.people()).toSorted());
        assert.deepEqual(
          pair.reviews().map(({ remoteId }) => remoteId),
          ['brake:blank'],
        );
      },
      {
        abilities: { crm: { uniqueFields: { people: ['email'] } } },
        settings: { brakes: { blank: { least: 1, share: 0 } } },
      },
    ));

  it('that holds a death back has time for it, also where somebody else has the id by now', () =>
    withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        for (const n of [1, 2, 3]) crm.enter({ email: `${n}@example.com`, name: `N${n}` });
        await pair.settle();
        await pair.wait(300_000);
        await pair.settle();
        for (const n of [1, 2]) {
          const id = crm.idOf(`${n}@example.com`);
          crm.remove(id);
          assert.equal(crm.enter({ email: `new-${n}@example.com`, name: `M${n}` }), id);
        }
        const before = crm.hands.calls.read?.requests ?? 0;
        await engine.look(tenant, sync, { full: true });
        for (let minutes = 0; minutes < 10; minutes += 1) {
          await engine.drain({ tenant, sync });
          await pair.wait(60_000);
        }
        assert.ok((crm.hands.calls.read?.requests ?? 0) - before < 60);
        const [question] = pair.reviews();
        assert.equal(question?.remoteId, 'brake:delete');
        await pair.answer(question, 'continue');
        await pair.settle();
        await pair.wait(120_000);
        await pair.settle();
        const everybody = ['3@example.com', 'new-1@example.com', 'new-2@example.com'];
        for (const side of [app, crm]) {
          assert.deepEqual(Object.keys(side.people()).toSorted(), everybody);
        }
      },
      {
        abilities: { crm: { reusesIds: true, delete: 'hard', restore: false } },
        settings: { brakes: { delete: { least: 1, share: 0 } } },
      },
    ));

  it('goes on holding, and asks again, when somebody says stop', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        for (const n of [1, 2, 3, 4]) crm.enter({ email: `${n}@example.com`, name: `N${n}` });
        await pair.settle();
        await pair.wait(300_000);
        await pair.settle();
        for (const n of [1, 2, 3]) crm.remove(crm.idOf(`${n}@example.com`));
        await pair.settle();
        await pair.wait(120_000);
        await pair.settle();
        const left = app.hands.items('people').length;
        assert.ok(left > 1, 'nothing was held');
        await pair.answer(pair.reviews()[0]!, 'stop');
        await pair.settle();
        assert.equal(app.hands.items('people').length, left);
        assert.deepEqual(
          pair.reviews().map(({ remoteId, state }) => [remoteId, state]),
          [['brake:delete', 'open']],
        );
      },
      { settings: { brakes: { delete: { least: 1, share: 0 } } } },
    ));
});
