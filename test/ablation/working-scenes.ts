/** Where rules about looking for work, and about doing it side by side, are needed. */
import { VendorError } from '../../runtime/connectors/connector.ts';
import type { RuleName } from '../../runtime/engine/rules.ts';
import { BOTH, byAddress, codes, create, edit, pagesOfOne, remove } from './deeds.ts';
import { also, atMost, eachOnce, nobodyBothered, passedOn } from './judges.ts';
import { seeds, type Scene, type Watch } from './scene.ts';
import {
  collections,
  second,
  settings,
  slowWrites,
  START_MS,
  storeWith,
  together,
} from './surroundings.ts';

const SOON_MS = START_MS + 600_000;
const deaf = { webhooks: false } as const;

export const workingScenes = {
  brakes: {
    sketch: {
      people: { c0001: BOTH, c0002: BOTH, c0003: BOTH },
      happens: [[60, remove('app', 'c0001'), remove('app', 'c0002'), remove('app', 'c0003')]],
    },
    around: settings({ brakes: { delete: { least: 1, share: 0 } } }),
    judge: atMost(1, 'deletions at once', ({ kind, at }) => kind === 'deleted' && at < SOON_MS),
  },
  fencing: {
    sketch: {
      systems: { app: {}, crm: { abilities: { ...byAddress, horizonMs: 5_000 } } },
      workers: 2,
      minutes: 6,
      happens: [
        [60, create('app')],
        [61, { kind: 'pause', worker: 0, forMs: 150_000 }],
      ],
    },
    around: storeWith((store, { world }) => ({
      async commit(...given) {
        const outcomes = await store.commit(...given);
        await world.schedule.sleep(3_000);
        return outcomes;
      },
    })),
    judge: also(eachOnce),
  },
  'one-at-a-record': {
    sketch: {
      systems: {
        app: {},
        crm: { abilities: { delete: 'hard', restore: false } },
        erp: { abilities: { batch: { ...pagesOfOne.batch, delete: 1 } } },
      },
      people: Object.fromEntries(codes(4).map((code) => [code, ['app', 'crm', 'erp']])),
      workers: 2,
      happens: [[70, ...codes(3).map((code) => remove('app', code))]],
    },
    // Together they take longer than a lease.
    around: slowWrites('erp-1', 18_000),
    watch: deletionsAt('erp-1'),
  },
  'unique-keys': {
    sketch: {
      workers: 2,
      happens: [
        [70, create('app')],
        [75, create('crm')],
      ],
    },
    around: together(...['app-1', 'crm-1'].map((title) => slowChanges(title))),
    judge: also(eachOnce),
  },
  'swap-order': {
    sketch: {
      systems: { app: { emailIsUnique: true }, crm: { emailIsUnique: true } },
      people: { c0001: BOTH, c0002: BOTH },
      happens: [[60, { kind: 'rotate', system: 'app', codes: ['c0001', 'c0002'] }]],
    },
    judge: also(nobodyBothered),
  },
  'isolate-refused': {
    sketch: {
      people: { c0001: BOTH },
      happens: [
        [50, { kind: 'dropOption', system: 'crm', field: 'status' }],
        ...[60, 70, 80, 90].map((at) => [at, edit('app', 'status')] as const),
      ],
    },
    tries: seeds(6),
    judge: also(nobodyBothered),
  },
  'split-refused-batches': {
    sketch: { people: { c0001: ['app'], c0002: ['app'], c0003: ['app'] } },
    around: collections('crm-1', (collection) => ({
      async write(changes, signal) {
        if (changes.some(({ raw }) => raw?.code === 'c0002')) throw refusal();
        return collection.write(changes, signal);
      },
    })),
    judge: passedOn('c0001', 'crm', 60),
  },
  'one-by-one': {
    sketch: { people: { c0001: ['app'], c0002: ['app'], c0003: ['app'] } },
    around: storeWith((store) => ({
      async commit(tenant, now, commits) {
        const isBad = commits.some(({ record }) => record?.entity.cells.code?.value === 'c0002');
        if (isBad) throw new Error('Nobody can deal with c0002.');
        return store.commit(tenant, now, commits);
      },
    })),
    judge: passedOn('c0001', 'crm', 1),
  },
  'marks-before-cursor': {
    sketch: {
      systems: { app: deaf, crm: { ...deaf, abilities: pagesOfOne } },
      people: { c0001: BOTH, c0002: BOTH, c0003: BOTH },
      happens: [
        [125, edit('crm', 'name', 'c0001')],
        [140, edit('crm', 'name', 'c0002')],
        [155, edit('crm', 'name', 'c0003')],
      ],
      minutes: 6,
    },
    sweepMinutes: 60,
    around: storeWith((store) => {
      let isLost = false;
      return {
        async mark(tenant, batch) {
          const isOfPoll = batch.marks.some(({ key }) => key.kind === 'item');
          if (isLost || !isOfPoll || batch.now < START_MS + 170_000)
            return store.mark(tenant, batch);
          isLost = true;
          throw new Error('The worker died.');
        },
      };
    }),
    judge: passedOn('c0001', 'app', 330),
  },
  overlap: {
    sketch: {
      systems: { app: deaf, crm: { ...deaf, abilities: { changesLagMs: 30_000 } } },
      people: { c0001: BOTH, c0002: BOTH },
      happens: [
        [160, edit('crm', 'name', 'c0001')],
        [161, edit('crm', 'name', 'c0002')],
      ],
      minutes: 6,
    },
    sweepMinutes: 60,
    around: collections('crm-1', (collection, world) => ({
      async changes(request) {
        const page = await collection.changes!(request);
        const items = page.items.filter(({ raw, changedAt = 0 }) => {
          const age = second(world) - (changedAt - START_MS) / 1000;
          return (raw as { code?: string }).code !== 'c0001' || age > 25;
        });
        return { ...page, items };
      },
    })),
    judge: passedOn('c0001', 'app', 330),
  },
  'vanished-items': {
    sketch: {
      systems: { app: { ...deaf, abilities: { changesTellDeletes: false } }, crm: {} },
      people: { c0001: BOTH, c0002: BOTH },
      happens: [[60, remove('app')]],
    },
  },
  'missing-items': {
    sketch: { people: { c0001: ['app'] } },
    sweepMinutes: 60,
    judge: passedOn('c0001', 'crm', 200),
    around: collections('crm-1', (collection, world) => ({
      async list(request) {
        if (second(world) < 30) throw down();
        return collection.list(request);
      },
    })),
  },
} satisfies Partial<Record<RuleName, Scene>>;

/** Nothing is deleted twice. */
function deletionsAt(title: string): () => Watch {
  return () => {
    const times = new Map<string, number>();
    const change = collections(title, (collection) => ({
      write(changes, signal) {
        for (const { op, id } of changes) {
          if (op === 'delete' && id) times.set(id, (times.get(id) ?? 0) + 1);
        }
        return collection.write(changes, signal);
      },
    }));
    const seen = (): string[] =>
      [...times].flatMap(([id, n]) => (n > 1 ? [`item ${id} was deleted ${n} times`] : []));
    return { change, seen };
  };
}

function slowChanges(title: string) {
  return collections(title, (collection, world) => ({
    async changes(request) {
      await world.schedule.sleep(10_000);
      return collection.changes!(request);
    },
  }));
}

function refusal(): VendorError {
  return new VendorError('rejected', { what: 'It was refused.', next: 'Correct it.' });
}

function down(): VendorError {
  return new VendorError('transient', { what: 'It is down.', next: 'It comes back.' });
}
