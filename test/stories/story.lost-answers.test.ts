import assert from 'node:assert/strict';
import { enter, story } from './story.ts';

describe('A create whose answer is lost', () => {
  const naturalKey = {
    create: 'naturalKey',
    version: 'none',
    conditionalWrites: false,
    history: false,
    fieldTimes: false,
    searchLagMs: 30_000,
  } as const;

  for (const [how, abilities] of [
    ['an upsert', {}],
    ['a search for our marker', { create: 'marker', searchLagMs: 30_000 }],
    ['the e-mail address', naturalKey],
  ] as const) {
    it(`is found again by ${how} and not made twice`, async () => {
      for (const seed of [1, 2, 3, 4, 5]) {
        const { people } = await story({
          seed,
          systems: { app: {}, crm: { abilities: { horizonMs: 60_000, ...abilities } } },
          faults: { answerLost: 0.5 },
          happens: [[60, enter('app', 'c0001'), enter('app', 'c0002')]],
          minutes: 10,
        });
        assert.deepEqual(people('crm').toSorted(compare), ['c0001', 'c0002']);
      }
    });
  }
});

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
