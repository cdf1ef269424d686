import { randomStreams } from '../../../runtime/world/random.ts';
import { keepsItsPromises } from '../conformance.ts';
import { settingOf, type Abilities } from './setting.ts';

/** In every line one is chosen; what depends on each other stands together. */
const CHOICES: readonly (readonly Abilities[])[] = [
  [{ create: 'upsert' }, { create: 'marker' }, { create: 'naturalKey' }],
  [
    { version: 'counter', conditionalWrites: true, history: true },
    { version: 'counter', conditionalWrites: false, history: false },
    { version: 'time', conditionalWrites: true, history: false },
    { version: 'time', conditionalWrites: false, history: true },
    { version: 'none', conditionalWrites: false, history: false },
  ],
  [
    { changes: true, changesTellDeletes: true },
    { changes: true, changesTellDeletes: false },
    { changes: false, changesTellDeletes: false },
  ],
  [
    { delete: 'soft', restore: true },
    { delete: 'soft', restore: false },
    { delete: 'hard', restore: false },
  ],
  [{ mergeVisible: 'alias' }, { mergeVisible: 'none' }],
  [{ mergeGivesNewId: true }, { mergeGivesNewId: false }],
  [
    { author: true, fieldTimes: true },
    { author: false, fieldTimes: false },
  ],
  [{ writeReturns: 'item' }, { writeReturns: 'id' }],
  [{ partial: 'perItem' }, { partial: 'allOrNothing' }],
  [{ uniqueFields: {} }, { uniqueFields: { people: ['email'] } }],
  [{}, { readLagMs: 5_000 }, { searchLagMs: 120_000 }, { readLagMs: 9_000, changesLagMs: 30_000 }],
  [{ horizonMs: 0 }, { horizonMs: 60_000 }],
  [{}, { clockSkewMs: 3_600_000 }],
  [{}, { batch: batchOf(100) }, { batch: batchOf(3) }, { batch: batchOf(1) }],
  [{}, { limits: [{ name: 'burst', capacity: 100, perMs: 1_000 }] }],
];

describe('the connector for Grumpy', () => {
  // So many that any two choices meet.
  const streams = randomStreams('ways to be Grumpy');
  keepsItsPromises(
    Array.from({ length: 40 }, (_, number) => {
      const chance = streams(`way ${number}`);
      const chosen = CHOICES.map((choices) => choices[chance.below(choices.length)]);
      const abilities: Abilities = Object.assign({}, ...chosen);
      return settingOf(`way ${number}, ${JSON.stringify(abilities)}`, abilities);
    }),
  );
});

function batchOf(most: number): NonNullable<Abilities['batch']> {
  return {
    list: most,
    read: most,
    find: most,
    create: most,
    update: most,
    delete: most,
    restore: most,
  };
}
