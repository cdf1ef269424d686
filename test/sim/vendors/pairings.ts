/**
 * Which vendors that exist are in one world, and in which of the ways they can be: HubSpot, Pipedrive and
 * the user's own app, or two of them; or Twenty and the own app.
 */
import type { Dice } from '../dice.ts';
import type { Scenario, SystemScene, VendorName } from '../scenario.ts';
import { vendorOf } from './vendors.ts';

const PAIRINGS: readonly (readonly VendorName[])[] = [
  ['hubspot', 'pipedrive', 'rest'],
  ['hubspot', 'pipedrive', 'rest'],
  ['hubspot', 'pipedrive'],
  ['hubspot', 'rest'],
  ['pipedrive', 'rest'],
  ['twenty', 'rest'],
  ['twenty', 'rest'],
  ['twenty', 'rest'],
  ['twenty', 'rest'],
];

/** The first of them is the most trusted one. */
export function pairingFrom(dice: Dice): readonly SystemScene[] {
  const vendors = dice.pick(PAIRINGS);
  const first = dice.below(vendors.length);
  return [...vendors.slice(first), ...vendors.slice(0, first)].map((vendor): SystemScene => {
    const habits = HABITS[vendor](dice);
    return {
      name: vendor === 'rest' ? 'app' : vendor,
      vendor,
      habits,
      abilities: {},
      emailIsUnique: vendor !== 'pipedrive' && !dice.oneIn(3),
      webhooks: !dice.oneIn(3),
      spellingIsDeclared: true,
      ...(dice.oneIn(12) ? { workflow: dice.pick(['shout', 'reset'] as const) } : {}),
    };
  });
}

/** Without what cannot be done in the systems that it would be done in. */
export function withoutImpossible(scenario: Scenario): Scenario {
  const actions = scenario.actions.filter((action) => {
    if (!('system' in action)) return true;
    const { systems } = scenario.tenants[action.tenant]!;
    const scene = systems.find(({ name }) => name === action.system)!;
    return vendorOf(scene).can(action, scene);
  });
  return actions.length === scenario.actions.length ? scenario : { ...scenario, actions };
}

type Habits = Readonly<Record<string, unknown>>;

/** What differs from the usual, one in so many times. */
function some(
  dice: Dice,
  oneIn: number,
  odd: Readonly<Record<string, readonly unknown[]>>,
): Habits {
  const names = Object.keys(odd).filter(() => dice.oneIn(oneIn));
  return Object.fromEntries(names.map((name) => [name, dice.pick(odd[name]!)]));
}

const HABITS: Readonly<Record<VendorName, (dice: Dice) => Habits>> = {
  hubspot: (dice) =>
    some(dice, 4, {
      marker: ['shared', 'none'],
      searchLagMs: [
        { usual: 500, most: 1_000 },
        { usual: 15_000, most: 30_000 },
      ],
      plan: ['professional'],
    }),
  pipedrive: (dice) =>
    some(dice, 4, {
      hasMarker: [false],
      createdStatus: [200],
      deletedById: ['missing'],
      listsDeleted: [true],
      mergedLoser: ['deleted'],
      clearedLists: ['empty'],
      emptyWritesMoveTime: [false],
      ownUser: [false],
    }),
  twenty: (dice) =>
    some(dice, 4, {
      hasMarker: [false],
      line: ['1.x'],
      deletingMovesTime: [true],
      metadataAnswers: ['bare'],
    }),
  rest: (dice) => {
    const base = dice.oneIn(3) ? { isOld: true } : {};
    const habits = some(dice, 6, {
      names: ['snake_case'],
      ids: ['integer'],
      paging: ['offset', 'page'],
      search: ['none', 'exact', 'contains'],
      marker: [false],
      changes: ['none'],
      version: ['time'],
      deletion: ['hard'],
      deletedHoldUnique: [true],
      merges: ['none', 308],
      update: ['put', 'both'],
      patchWithin: ['merges'],
      ifMatch: [false],
      idempotencyKey: ['none', 'anyBody'],
      writeAnswers: ['id', 'location'],
      existing: ['none'],
      gone: [410],
      retryAfter: ['none', 'date'],
    });
    return consistent({ ...base, ...habits });
  },
};

/** Some of it goes only together. */
function consistent(habits: Habits): Habits {
  const hasNoRestore = habits['deletion'] === 'hard' ? { restore: false } : {};
  const hasNoChanges = habits['isOld'] === true ? { changes: 'none' } : {};
  return { ...habits, ...hasNoRestore, ...hasNoChanges };
}
