/**
 * Rules without a switch in the engine, falsified from outside: the same engine on a store that forgets,
 * with budgets that are never used up, or told the wrong time.
 */
import type { Loaded, RecordChange } from '../../runtime/store/store.ts';
import { BOTH, byAddress, codes, create, edit, remove } from './deeds.ts';
import { also, atMost, eachOnce, passedOn } from './judges.ts';
import { seeds, type Change, type Scene, type Watch } from './scene.ts';
import { collections, storeWith, together } from './surroundings.ts';

export interface OuterRule extends Scene {
  readonly says: string;
  readonly without: Change;
}

const lateToShow = { ...byAddress, changes: false, searchLagMs: 120_000 } as const;

/** The process dies after its create was carried out and before it hears of it. */
const killedAtCreate: Scene = {
  sketch: {
    systems: { app: {}, crm: { webhooks: false, abilities: lateToShow } },
    workers: 2,
    minutes: 10,
    happens: [
      [60, create('app')],
      [65, { kind: 'kill', worker: 0, afterPoints: 0 }],
    ],
  },
  tries: seeds(6),
  around: neverHeardOf('crm-1'),
  judge: eachOnce,
};

export const outerRules: Readonly<Record<string, OuterRule>> = {
  'write-ahead': {
    says: 'A write is recorded before it is sent.',
    ...killedAtCreate,
    without: changing((change) => ({
      ...change,
      intents: (change.intents ?? []).filter(({ state }) => state !== 'armed'),
    })),
  },
  'armed-is-unknown': {
    says: 'What a lost worker was about to send counts as sent, perhaps.',
    ...killedAtCreate,
    without: loading(({ record, ...rest }) => ({
      ...rest,
      ...(record && {
        record: { ...record, intents: record.intents.filter(({ state }) => state !== 'armed') },
      }),
    })),
  },
  'tombstone-keys': {
    says: 'The address of a deleted person is remembered, so that a person is asked about another.',
    sketch: {
      people: { c0001: BOTH, c0002: BOTH },
      happens: [
        [60, remove('app')],
        [100, create('crm')],
      ],
    },
    judge: atMost(0, 'creates of somebody who was deleted', ({ kind }) => kind === 'created'),
    without: storeWith((store) => ({
      async findKeys(tenant, keys) {
        const owners = await store.findKeys(tenant, keys);
        return owners.map((owner) => (owner?.life === 'dead' ? undefined : owner));
      },
    })),
  },
  'counted-attempts': {
    says: 'What fails again and again is given up, and shown to a person.',
    sketch: { people: { c0001: ['app'], c0002: ['app'] } },
    watch: hopelessRecord,
    without: storeWith((store) => ({
      async claim(request) {
        const claimed = await store.claim(request);
        return claimed.map((lease) => ({ ...lease, attempts: 0 }));
      },
    })),
  },
  'vendor-clocks': {
    says: 'A time that a vendor tells is read by the clock of the vendor.',
    sketch: {
      systems: {
        app: { webhooks: false },
        crm: { webhooks: false, abilities: { clockSkewMs: 90_000 } },
      },
      people: { c0001: BOTH },
      happens: [
        [90, edit('crm', 'name')],
        [110, edit('app', 'name')],
      ],
    },
    judge: also(atMost(0, 'later edits lost', (_, account) => account === 'app-1')),
    without: (options) => ({
      ...options,
      connectors: options.connectors.map((connector) => ({
        ...connector,
        async open(config, world) {
          return { ...(await connector.open(config, world)), clockOffsetMs: 0 };
        },
      })),
    }),
  },
  budgets: {
    says: 'A call is paid for before it is made, by all workers out of one purse.',
    sketch: {
      systems: {
        app: {},
        crm: { abilities: { limits: [{ name: 'all', capacity: 10, perMs: 20_000 }] } },
      },
      people: Object.fromEntries(codes(6).map((code) => [code, ['app']])),
      workers: 2,
      happens: [61, 62, 63, 64].map((at) => [at, edit('app', 'name')] as const),
      minutes: 6,
    },
    watch: refusedCalls,
    without: storeWith(() => ({ spend: async () => ({ granted: true }) })),
  },
  'marks-while-at-it': {
    says: 'What is marked while somebody is at it is looked at once more.',
    sketch: {
      people: { c0001: BOTH },
      happens: [
        [60, edit('app', 'name')],
        [61.5, edit('app', 'phone')],
      ],
      minutes: 2,
    },
    around: slowReads('app-1'),
    judge: passedOn('c0001', 'crm', 100, 2),
    without: storeWith((store) => ({
      async mark(tenant, batch) {
        const states = await store.inspectWork(
          tenant,
          batch.marks.map(({ key }) => key),
        );
        const isFree = (n: number): boolean => (states[n]?.leasedUntil ?? 0) <= batch.now;
        await store.mark(tenant, { ...batch, marks: batch.marks.filter((_, n) => isFree(n)) });
      },
    })),
  },
};

/** A record that cannot be stored, whoever tries. */
function hopelessRecord(): Watch {
  let tries = 0;
  const change = storeWith((store) => ({
    async commit(tenant, now, commits) {
      const isBad = commits.some(({ record }) => record?.entity.cells.code?.value === 'c0002');
      if (isBad) tries += 1;
      if (isBad && tries < 60) throw new Error('Nobody can deal with c0002.');
      return store.commit(tenant, now, commits);
    },
  }));
  return { change, seen: () => (tries > 30 ? [`it was tried ${tries} times`] : []) };
}

/** Hardly any call is refused for being one too many. */
function refusedCalls(): Watch {
  let count = 0;
  return {
    change: ({ world, ...options }) => ({
      ...options,
      world: {
        ...world,
        network: {
          async fetch(request) {
            const answer = await world.network.fetch(request);
            if (answer.status === 429) count += 1;
            return answer;
          },
        },
      },
    }),
    // Two are asked before the limits are known.
    seen: () => (count > 10 ? [`${count} calls were refused for being too many`] : []),
  };
}

function changing(change: (record: RecordChange) => RecordChange): Change {
  return storeWith((store) => ({
    commit: (tenant, now, commits) =>
      store.commit(
        tenant,
        now,
        commits.map(({ record, ...rest }) => ({
          ...rest,
          ...(record && { record: change(record) }),
        })),
      ),
  }));
}

function loading(change: (loaded: Loaded) => Loaded): Change {
  return storeWith((store) => ({
    async load(tenant, keys) {
      return (await store.load(tenant, keys)).map(change);
    },
  }));
}

function neverHeardOf(title: string): Change {
  return collections(title, (collection, world) => {
    let isOver = false;
    return {
      async write(changes, signal) {
        const answer = await collection.write(changes, signal);
        if (isOver || changes[0]?.op !== 'create') return answer;
        isOver = true;
        await world.schedule.sleep(3_600_000);
        return answer;
      },
    };
  });
}

function slowReads(title: string): Change {
  return together(
    collections(title, (collection, world) => ({
      async read(ids, signal) {
        const reads = await collection.read(ids, signal);
        await world.schedule.sleep(3_000);
        return reads;
      },
    })),
  );
}
