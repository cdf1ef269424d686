/** Where rules about creating, and about whose an item is, are needed. */
import type { RuleName } from '../../runtime/engine/rules.ts';
import { BOTH, byAddress, codes, create, edit, pagesOfOne, remove, unversioned } from './deeds.ts';
import { also, eachOnce, isAsked, isThere, staysAway } from './judges.ts';
import { seeds, type Scene } from './scene.ts';
import { collections, firstCreateLost, second, unreachable } from './surroundings.ts';

const marking = { create: 'marker', horizonMs: 10_000 } as const;

export const creatingScenes = {
  'look-up-before-create': {
    sketch: {
      systems: { app: {}, crm: { webhooks: false } },
      happens: [
        [60.5, create('crm')],
        [61, create('app')],
      ],
    },
    judge: also(eachOnce),
  },
  'enumerate-before-create': {
    sketch: {
      systems: { app: {}, crm: { abilities: pagesOfOne } },
      people: Object.fromEntries(codes(24).map((code) => [code, BOTH])),
    },
    // Its search is of no help.
    around: collections('crm-1', () => ({ find: async () => [] })),
    judge: also(eachOnce),
  },
  'discover-before-create': {
    sketch: {
      systems: { app: {}, crm: { abilities: { ...unversioned, searchLagMs: 1_000 } } },
      people: { c0001: BOTH, c0002: BOTH },
    },
    around: collections('crm-1', (collection, world) => ({
      async read(ids, signal) {
        if (second(world) < 0.9) throw unreachable();
        return collection.read(ids, signal);
      },
      // Its search is of no help.
      find: async () => [],
    })),
    judge: also(eachOnce),
  },
  'compare-after-backup': {
    sketch: {
      people: { c0001: ['crm'] },
      happens: [
        [60, { kind: 'restoreStore', ofMsAgo: 60_000 }],
        [65, edit('app', 'email')],
      ],
    },
  },
  'search-what-waits': {
    sketch: {
      systems: { app: {}, crm: { abilities: { ...unversioned, searchLagMs: 1_000 } } },
      people: { c0001: BOTH, c0002: BOTH },
    },
    // Whoever failed twice is waited for no longer.
    around: collections('crm-1', (collection, world) => ({
      async read(ids, signal) {
        if (second(world) < 60) throw unreachable();
        return collection.read(ids, signal);
      },
    })),
    judge: also(eachOnce),
  },
  'no-answer-is-unknown': {
    sketch: {
      systems: {
        app: {},
        crm: { webhooks: false, abilities: { ...byAddress, changes: false, searchLagMs: 60_000 } },
      },
      happens: [[60, create('app')]],
      minutes: 6,
    },
    tries: seeds(6),
    around: firstCreateLost('crm-1'),
    judge: also(eachOnce),
  },
  'wait-for-the-horizon': {
    sketch: {
      systems: {
        app: {},
        crm: { webhooks: false, abilities: { ...byAddress, changes: false, searchLagMs: 60_000 } },
      },
      happens: [[60, create('app')]],
      minutes: 6,
    },
    tries: seeds(6),
    around: firstCreateLost('crm-1'),
    judge: also(eachOnce),
  },
  'adopt-by-marker': {
    sketch: {
      systems: { app: {}, crm: { abilities: marking } },
      happens: [
        [60, create('app')],
        [61.5, edit('crm', 'email')],
      ],
    },
    around: firstCreateLost('crm-1', { failsAfterMs: 3_000 }),
    judge: also(eachOnce),
  },
  'copies-are-not-ours': {
    sketch: {
      systems: { app: {}, crm: { abilities: marking } },
      people: { c0001: ['app'] },
      happens: [
        [
          60,
          { kind: 'clone', system: 'crm', collection: 'people', code: 'c0001', newCode: 'c0002' },
        ],
      ],
    },
    judge: also(isThere('crm', 'c0002')),
  },
  'remove-surplus': {
    sketch: {
      systems: { app: {}, crm: { abilities: marking } },
      happens: [[60, create('app')]],
      minutes: 6,
    },
    around: firstCreateLost('crm-1', { landsAfterMs: 120_000 }),
    judge: eachOnce,
  },
  'keep-gone-links': {
    sketch: {
      systems: { app: {}, crm: { abilities: { changesLagMs: 60_000 } } },
      people: { c0001: BOTH, c0002: BOTH },
      policy: { onTombstoneMatch: 'new' },
      happens: [
        [65, edit('crm', 'name')],
        [115, remove('app')],
      ],
    },
    sweepMinutes: 60,
    tries: seeds(6),
    judge: also(staysAway('c0001')),
  },
  'one-item-per-system': {
    sketch: {
      people: { c0001: BOTH },
      happens: [
        [
          60,
          { kind: 'clone', system: 'crm', collection: 'people', code: 'c0001', newCode: 'c0002' },
        ],
      ],
    },
    judge: also(isAsked('already-linked-here')),
  },
  'reused-ids': {
    sketch: {
      systems: {
        app: {},
        crm: { webhooks: false, abilities: { reusesIds: true, delete: 'hard', restore: false } },
      },
      people: { c0001: BOTH },
      happens: [
        [70, remove('crm')],
        [71, create('crm', 'c0002')],
      ],
    },
  },
} satisfies Partial<Record<RuleName, Scene>>;
