/**
 * What simulated systems are like: for the most part like vendors that exist, with a habit or two
 * changed; now and then a mixture that nobody would build.
 */
import type { Abilities } from '../../runtime/emulators/grumpy/grumpy.ts';
import type { Random } from '../../runtime/world/world.ts';

type Habits = Partial<Omit<Abilities, 'uniqueFields'>>;

export function habitsFrom(dice: Random): Habits {
  const pick = <T>(options: readonly T[]): T => options[dice.below(options.length)]!;
  const base: Habits = pick(VENDORS);
  const names = Object.keys(ODD) as (keyof typeof ODD)[];
  const odd = names.filter(() => dice.below(base === WEIRD ? 2 : 12) === 0);
  const changed = Object.fromEntries(odd.map((name) => [name, pick<unknown>(ODD[name])]));
  return consistent({ ...base, ...changed });
}

/** Long enough for a search to show what was sent. */
const HORIZON_MS = 120_000;

const WEIRD: Habits = {};

const VENDORS: readonly Habits[] = [
  // A database with an API before it: says everything, looks before it overwrites.
  { horizonMs: 10_000 },
  // Made for marketing: finds by a property of ours, merges into new ids, keeps history.
  {
    version: 'time',
    conditionalWrites: false,
    searchLagMs: 10_000,
    changesLagMs: 10_000,
    changesTellDeletes: false,
    mergeGivesNewId: true,
    restore: false,
    author: true,
    spelling: { email: 'lower' },
    horizonMs: HORIZON_MS,
  },
  // Made for sales: markers are found by searching, and nothing is conditional.
  {
    create: 'marker',
    version: 'time',
    conditionalWrites: false,
    history: false,
    fieldTimes: false,
    searchLagMs: 5_000,
    mergeVisible: 'none',
    spelling: { phone: 'phone', name: 'trim' },
    limits: [{ name: 'burst', capacity: 40, perMs: 2_000 }],
    horizonMs: HORIZON_MS,
  },
  // New and simple: few at once, soft deletes.
  {
    create: 'marker',
    version: 'time',
    conditionalWrites: false,
    history: false,
    author: false,
    fieldTimes: false,
    partial: 'allOrNothing',
    limits: [{ name: 'minute', capacity: 100, perMs: 60_000 }],
    horizonMs: 60_000,
  },
  // A list in an office suite: counts versions, deletes for good.
  {
    create: 'marker',
    history: false,
    author: true,
    delete: 'hard',
    restore: false,
    changesLagMs: 2_000,
    mergeVisible: 'none',
    horizonMs: 60_000,
  },
  // A support desk: no markers, no versions, and it reads from replicas.
  {
    create: 'naturalKey',
    version: 'none',
    conditionalWrites: false,
    history: false,
    fieldTimes: false,
    author: false,
    readLagMs: 2_000,
    searchLagMs: 30_000,
    changes: false,
    writeReturns: 'id',
    delete: 'hard',
    restore: false,
    mergeVisible: 'none',
    spelling: { name: 'lower' },
    horizonMs: HORIZON_MS,
  },
  WEIRD,
];

const ODD: {
  readonly [Name in Exclude<keyof Habits, 'bodyCharactersMax'>]-?: readonly Habits[Name][];
} = {
  create: ['upsert', 'marker', 'naturalKey'],
  version: ['counter', 'time', 'none'],
  conditionalWrites: [true, false],
  history: [true, false],
  author: [true, false],
  changesTellDeletes: [true, false],
  restore: [true, false],
  reusesIds: [true, false],
  fieldTimes: [true, false],
  changes: [true, false],
  writeReturns: ['item', 'id'],
  delete: ['soft', 'hard'],
  partial: ['perItem', 'allOrNothing'],
  mergeVisible: ['alias', 'none'],
  mergeGivesNewId: [true, false],
  readLagMs: [0, 1_000, 20_000],
  searchLagMs: [0, 5_000, 60_000, 120_000],
  changesLagMs: [0, 5_000, 60_000],
  horizonMs: [5_000, HORIZON_MS],
  batch: [{ list: 2, read: 2, find: 1, create: 1, update: 2, delete: 1, restore: 1 }],
  limits: [[{ name: 'second', capacity: 5, perMs: 1_000 }]],
  spelling: [{ name: 'lower' }, { name: 'trim', phone: 'phone' }, { name: 'cut:9' }],
  clockSkewMs: [-90_000, -500, 500, 90_000],
};

/** Without versions there is nothing to compare; and a horizon covers how late a search may be. */
function consistent(habits: Habits): Habits {
  const { version = 'counter', searchLagMs = 0, horizonMs = HORIZON_MS } = habits;
  return {
    ...habits,
    ...(version === 'none' ? { conditionalWrites: false, history: false, fieldTimes: false } : {}),
    horizonMs: Math.max(horizonMs, searchLagMs),
  };
}
