/** Where rules about what a read means, and about writing on what was read, are needed. */
import type { RuleName } from '../../runtime/engine/rules.ts';
import { BOTH, create, edit, unguarded, unversioned } from './deeds.ts';
import { also, atMost, eachOnce, nothingExposed } from './judges.ts';
import { seeds, type Scene } from './scene.ts';
import { collections, second, slowWrites, unreachable } from './surroundings.ts';

const ann = { c0001: BOTH };
/** Somebody types in the other system while our write is under way. */
const meanwhile = [
  [60, edit('app', 'name')],
  [60.9, edit('crm', 'name')],
] as const;

export const readingScenes = {
  'second-read': {
    sketch: {
      systems: {
        app: {},
        crm: { abilities: { ...unversioned, delete: 'hard', readLagMs: 20_000 } },
      },
      people: { c0002: BOTH },
      happens: [
        [60, create('app')],
        [62, edit('app', 'name')],
        [64, edit('app', 'phone')],
      ],
    },
    tries: seeds(6),
    judge: also(eachOnce),
  },
  canary: {
    sketch: {
      systems: { app: { abilities: { delete: 'hard', restore: false } }, crm: {} },
      people: { c0001: BOTH, c0002: BOTH, c0003: BOTH },
      happens: [[70, edit('crm', 'name')]],
    },
    around: collections('app-1', (collection, world) => ({
      async read(ids, signal) {
        const isHidden = second(world) > 60 && second(world) < 200;
        if (!isHidden) return collection.read(ids, signal);
        return ids.map(() => ({ kind: 'missing', archived: false }) as const);
      },
    })),
  },
  'archives-say-so': {
    sketch: {
      people: { c0001: BOTH, c0002: BOTH },
      happens: [
        [
          60,
          { kind: 'hide', system: 'app', collection: 'people', codes: ['c0001'], forMs: 60_000 },
        ],
        [70, edit('crm', 'name')],
      ],
    },
  },
  'doubt-unversioned': {
    sketch: {
      systems: { app: {}, crm: { abilities: { ...unversioned, readLagMs: 10_000 } } },
      people: ann,
      happens: [
        [60, edit('app', 'name')],
        [62, edit('app', 'phone')],
      ],
    },
    tries: seeds(12),
    judge: also(atMost(0, 'writes to where all was new', (_, account) => account === 'app-1')),
  },
  'old-answers': {
    sketch: {
      systems: { app: {}, crm: { abilities: { readLagMs: 20_000 } } },
      people: ann,
      happens: [
        [60, edit('crm', 'name')],
        [85, edit('crm', 'phone')],
        [87, edit('app', 'phone')],
      ],
    },
    tries: seeds(12),
    judge: also(atMost(2, 'writes to the app for two edits', (_, account) => account === 'app-1')),
  },
  'restored-backups': {
    sketch: {
      people: ann,
      happens: [
        [60, edit('crm', 'name')],
        [70, edit('crm', 'name')],
        [90, { kind: 'restoreBackup', system: 'crm', ofMsAgo: 45_000 }],
      ],
    },
  },
  'lost-with-a-backup': {
    sketch: {
      systems: { app: { abilities: { delete: 'hard', restore: false } }, crm: {} },
      people: ann,
      happens: [
        [60, create('app', 'c0002')],
        [70, edit('app', 'name')],
        [90, { kind: 'restoreBackup', system: 'app', ofMsAgo: 45_000 }],
      ],
    },
  },
  'late-lists': {
    sketch: {
      systems: {
        app: {},
        crm: { webhooks: false, abilities: { ...unguarded, changesLagMs: 20_000 } },
      },
      people: ann,
      happens: [
        [150, edit('crm', 'phone')],
        [172, edit('crm', 'name')],
        [180, edit('app', 'name')],
      ],
    },
    tries: seeds(12),
    judge: also(nothingExposed),
  },
  'conditional-writes': {
    sketch: {
      systems: { app: {}, crm: { abilities: { history: false } } },
      people: ann,
      happens: meanwhile,
    },
    around: slowWrites('crm-1', 2_000),
  },
  'history-check': {
    sketch: {
      systems: { app: {}, crm: { abilities: { conditionalWrites: false } } },
      people: ann,
      happens: meanwhile,
    },
    around: slowWrites('crm-1', 2_000),
  },
  'history-of-lost-answers': {
    sketch: {
      systems: { app: {}, crm: { abilities: { conditionalWrites: false } } },
      people: ann,
      happens: meanwhile,
    },
    around: collections('crm-1', (collection, world) => {
      let isLost = false;
      return {
        async write(changes, signal) {
          await world.schedule.sleep(2_000);
          const answer = await collection.write(changes, signal);
          if (isLost) return answer;
          isLost = true;
          throw unreachable();
        },
      };
    }),
  },
  'history-that-reaches': {
    sketch: {
      systems: { app: {}, crm: { abilities: { conditionalWrites: false, readLagMs: 5_000 } } },
      people: ann,
      happens: meanwhile,
    },
    tries: seeds(12),
    around: slowWrites('crm-1', 2_000),
  },
  'references-wait': {
    sketch: {
      companies: { c0009: BOTH },
      people: { c0001: { systems: BOTH, company: 'c0009' } },
      // After everything was compared once, so that what belongs to whom is known.
      happens: [150, 160, 170, 180].flatMap((at, n) => [
        [at, { kind: 'create', system: 'app', collection: 'companies', code: `c001${n}` }] as const,
        [at + 1, edit('app', 'company')] as const,
      ]),
    },
    tries: seeds(6),
    around: collections('app-1', (collection, world) => ({
      async read(ids, signal) {
        if (collection.name === 'companies') await world.schedule.sleep(4_000);
        return collection.read(ids, signal);
      },
    })),
  },
} satisfies Partial<Record<RuleName, Scene>>;
