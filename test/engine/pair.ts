/**
 * Two systems, an app and a CRM, with a sync between them, in a world where time passes only while
 * somebody lets it. A test edits in them as people do, runs the engine, and looks at what is there.
 */
import type { Connector } from '../../runtime/connectors/connector.ts';
import { grumpy } from '../../runtime/connectors/grumpy/grumpy.ts';
import type { EndpointId, EntityId, Policy } from '../../runtime/core/planner/model.ts';
import { openGrumpy, type Abilities, type Hands } from '../../runtime/emulators/grumpy/grumpy.ts';
import { openEngine, type Engine } from '../../runtime/engine/engine.ts';
import { MemoryStore } from '../../runtime/store/memory.ts';
import type {
  Decision,
  Run,
  RunItem,
  StoredReview,
  StoredSync,
  SyncId,
  TenantId,
} from '../../runtime/store/store.ts';
import { inWorld } from '../connectors/in-world.ts';
import { backupOf, putBack } from '../sim/own-backup.ts';
import { virtualWorld, type VirtualWorld } from '../sim/virtual-world.ts';

export interface Pair {
  readonly world: VirtualWorld;
  readonly store: MemoryStore;
  readonly engine: Engine;
  /** Another worker on the same database, with a memory of its own. */
  readonly another: () => Engine;
  readonly tenant: TenantId;
  readonly sync: SyncId;
  readonly app: Side;
  readonly crm: Side;
  /** Looks for what has changed and works it off, until nothing is due. */
  settle(options?: { readonly full?: boolean }): Promise<Run>;
  /** The same without writing anything. */
  preview(options?: { readonly full?: boolean }): Promise<Run>;
  /** Changes the sync as a person would who configures it. */
  configure(change: Partial<StoredSync>): Promise<void>;
  itemsOf(run: Run, outcome?: string): Promise<readonly RunItem[]>;
  /** The record that an item belongs to. */
  entityOf(side: Side, id: string): Promise<EntityId>;
  reviews(): readonly StoredReview[];
  answer(review: StoredReview, choice: Decision['choice']): Promise<void>;
  /** Remembers our own database as it is now; the answer puts it back to that. */
  backUp(): () => void;
  /** What is kept beside the database. */
  readonly anchored: Map<string, string>;
  /** Lets time pass. */
  wait(ms: number): Promise<void>;
}

export interface Side {
  readonly endpoint: EndpointId;
  readonly hands: Hands;
  enter(fields: Readonly<Record<string, unknown>>): string;
  edit(id: string, fields: Readonly<Record<string, unknown>>): void;
  remove(id: string): void;
  /** What is there: by e-mail address, the values that are filled. */
  people(): Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  idOf(email: string): string;
  /** How many writes the API was asked for. */
  writes(): number;
}

export interface Circumstances {
  readonly abilities?: Partial<Record<'app' | 'crm', Partial<Abilities>>>;
  readonly policy?: Partial<Policy>;
  readonly settings?: StoredSync['settings'];
  /** The vendor, with habits that Grumpy does not have. */
  readonly connector?: Connector;
}

/** Work that is due later than this is not waited for. */
const PATIENCE_MS = 60_000;
const ORIGIN = 'https://grumpy.test';
const TENANT = '00000000-0000-7000-8000-100000000001' as TenantId;
const SYNC = '00000000-0000-7000-8000-300000000001' as SyncId;
export const ENDPOINTS = {
  app: '00000000-0000-7000-8000-200000000001' as EndpointId,
  crm: '00000000-0000-7000-8000-200000000002' as EndpointId,
};

/** Runs a story about the pair to its end. */
export async function withPair(
  story: (pair: Pair) => Promise<void>,
  circumstances: Circumstances = {},
): Promise<void> {
  const world = virtualWorld({ seed: 1 });
  const emulator = openGrumpy({
    world,
    accounts: (['app', 'crm'] as const).map((name) => ({
      name,
      token: `token-of-${name}`,
      abilities: { author: true, ...circumstances.abilities?.[name] },
      collections: { people: FIELDS },
    })),
  });
  world.serve(ORIGIN, (request) => emulator.handle(request));
  await inWorld(world, async () => {
    const store = new MemoryStore({ world, auditKey: 'audit' });
    await store.saveSetup({
      tenant: { id: TENANT, name: 'Tenant', createdAt: 0 },
      endpoints: (['app', 'crm'] as const).map((title) => {
        return { id: ENDPOINTS[title], vendor: 'grumpy', title, status: 'ok', settings: {} };
      }),
      syncs: [syncOf(circumstances)],
    });
    const anchored = new Map<string, string>();
    const engines: Engine[] = [];
    const start = (): Engine => {
      const engine = openEngine({
        store,
        world,
        connectors: [circumstances.connector ?? grumpy],
        configOf: ({ title }) => ({ baseUrl: ORIGIN, token: `token-of-${title}` }),
        secret: 'secret',
        anchor: {
          read: async (tenant) => anchored.get(tenant),
          write: async (tenant, text) => void anchored.set(tenant, text),
        },
      });
      engines.push(engine);
      return engine;
    };
    const pair = pairOf(world, store, start(), anchored, {
      app: sideOf(emulator.account('app'), ENDPOINTS.app),
      crm: sideOf(emulator.account('crm'), ENDPOINTS.crm),
    });
    await story({ ...pair, another: start });
    for (const engine of engines) await engine.close();
  });
}

const FIELDS = [
  { path: 'email', type: 'email' },
  { path: 'name', type: 'text' },
  { path: 'phone', type: 'phone' },
  { path: 'tags', type: 'set' },
] as const;

const MAPPING = {
  fields: {
    email: { kind: 'email', path: 'email' },
    name: { kind: 'text', path: 'name' },
    phone: { kind: 'phone', options: { region: 'HU' }, path: 'phone' },
    tags: { kind: 'set', options: { element: { kind: 'text' } }, path: 'tags' },
  },
};

function syncOf({ policy = {}, settings = {} }: Circumstances): StoredSync {
  const members = Object.values(ENDPOINTS);
  return {
    id: SYNC,
    title: 'people',
    status: 'enabled',
    policy: {
      version: 1,
      members: members.map((endpoint) => {
        return { endpoint, create: true, delete: true, onFilterLeft: 'hold' };
      }),
      fields: [
        { name: 'email', strategy: 'lastWriteWins' },
        { name: 'name', strategy: 'lastWriteWins' },
        { name: 'phone', strategy: 'lastWriteWins' },
        { name: 'tags', strategy: 'fieldLevelMerge', parts: 'set' },
      ],
      deleteAuthority: members,
      onRemoteDelete: 'ask',
      onDeleteAndEdit: 'deleteWins',
      onRemoteRestore: 'ask',
      ...policy,
    },
    settings: {
      members: Object.fromEntries(
        members.map((endpoint) => [endpoint, { collection: 'people', mapping: MAPPING }]),
      ),
      match: [{ field: 'email', kind: 'email' }],
      latency: 0,
      ...settings,
    },
  };
}

function sideOf(hands: Hands, endpoint: EndpointId): Side {
  const people = (): readonly (readonly [string, Readonly<Record<string, unknown>>])[] =>
    hands.items('people').map(({ id, fields: { email, ...rest } }) => {
      const filled = Object.entries(rest).flatMap(([field, value]): [string, unknown][] => {
        if (value === null || (Array.isArray(value) && value.length === 0)) return [];
        return [[field, Array.isArray(value) ? value.map(String).toSorted(compare) : value]];
      });
      return [typeof email === 'string' ? email : id, Object.fromEntries(filled)];
    });
  return {
    endpoint,
    hands,
    enter: (fields) => hands.create('people', fields),
    edit: (id, fields) => hands.edit('people', id, fields),
    remove: (id) => hands.remove('people', id),
    people: () => Object.fromEntries(people()),
    idOf: (email) => hands.items('people').find(({ fields }) => fields['email'] === email)!.id,
    writes() {
      const { create, update, delete: gone } = hands.calls;
      return [create, update, gone].reduce((sum, tally) => sum + (tally?.items ?? 0), 0);
    },
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function pairOf(
  world: VirtualWorld,
  store: MemoryStore,
  engine: Engine,
  anchored: Pair['anchored'],
  sides: Pick<Pair, 'app' | 'crm'>,
): Omit<Pair, 'another'> {
  async function untilQuiet(kind: 'drain' | 'preview', full: boolean): Promise<Run> {
    await engine.look(TENANT, SYNC, { full });
    return engine[kind]({ tenant: TENANT, sync: SYNC, waitMs: PATIENCE_MS });
  }

  return {
    world,
    store,
    engine,
    tenant: TENANT,
    sync: SYNC,
    anchored,
    ...sides,
    settle: ({ full = true } = {}) => untilQuiet('drain', full),
    preview: ({ full = true } = {}) => untilQuiet('preview', full),
    async configure(change) {
      const setup = (await store.readSetup(TENANT))!;
      await store.saveSetup({ ...setup, syncs: [{ ...setup.syncs[0]!, ...change }] });
      engine.refresh();
    },
    async itemsOf({ id }, outcome) {
      const items = await store.listRunItems(TENANT, { run: id, limit: 1_000 });
      return items.filter((item) => outcome === undefined || item.outcome === outcome);
    },
    async entityOf({ endpoint }, id) {
      const [link] = await store.findLinks(TENANT, [{ sync: SYNC, endpoint, remoteId: id }]);
      if (!link) throw new Error(`Nothing is known about the item ${id}.`);
      return link.entity;
    },
    reviews: () => [...store.rowsOf(TENANT).reviews.values()],
    async answer(review, choice) {
      const decisions = [{ kind: 'review', review, choice } as const];
      await store.decide(TENANT, { now: world.clock.now(), actor: 'Ann', decisions });
    },
    backUp() {
      const backup = backupOf(store, [TENANT]);
      return () => putBack(store, backup);
    },
    wait: (ms) => world.schedule.sleep(ms),
  };
}
