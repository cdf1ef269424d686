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
});
