import assert from 'node:assert/strict';
import { remove, story } from './story.ts';

describe('Whoever is deleted in the app', () => {
  const slow = {
    version: 'time',
    conditionalWrites: false,
    history: false,
    searchLagMs: 60_000,
    changesLagMs: 60_000,
    horizonMs: 60_000,
  } as const;

  for (const [what, abilities] of [
    ['archives', { ...slow, delete: 'soft' }],
    ['forgets', { ...slow, delete: 'hard', readLagMs: 20_000 }],
  ] as const) {
    it(`does not come back from a slow CRM that still shows, and then ${what}, its deleted items`, async () => {
      const { people, writes } = await story({
        systems: { app: {}, crm: { abilities } },
        people: { c0001: ['app', 'crm'], c0002: ['app', 'crm'] },
        happens: [[60, remove('app', 'c0001')]],
        minutes: 10,
      });
      assert.deepEqual([people('app'), people('crm')], [['c0002'], ['c0002']]);
      assert.deepEqual(writes('app'), []);
      assert.equal(writes('crm').length, 1);
    });
  }
});
