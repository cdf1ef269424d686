/** Values on their way into a vendor and back, as a whole sync sees them. */
import assert from 'node:assert/strict';
import type { Account, Collection, Connector } from '../../../runtime/connectors/connector.ts';
import { grumpy } from '../../../runtime/connectors/grumpy/grumpy.ts';
import type { EndpointId } from '../../../runtime/core/planner/model.ts';
import { kinds } from '../../../runtime/core/values/kinds.ts';
import { openGrumpy, type Hands } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { openEngine, type Engine } from '../../../runtime/engine/engine.ts';
import { MemoryStore } from '../../../runtime/store/memory.ts';
import type { StoredSync, SyncId, TenantId } from '../../../runtime/store/store.ts';
import { promise, type Scene, type Setting } from '../scene.ts';
import { corpus } from './corpus.ts';
import { watched } from './traffic.ts';

/** Whole syncs take their time, so each collection comes early in the list of ways. */
const WAYS_MAX = 6;

export function promisesAboutValues(settings: readonly Setting[]): void {
  promise(
    settings.slice(0, WAYS_MAX),
    `keeps ${corpus.length} values, so that a second sync writes nothing`,
    async (scene) => {
      const path = textPath(scene);
      const ids = corpus.map((_, number) => scene.people.create(scene.sample(number)));
      await scene.wait();
      await syncing(scene, path, async ({ hands, pass }) => {
        // First their items come to us; then all of them get another value.
        await pass();
        const byValue = new Map<unknown, string>(
          hands.items(PEOPLE).map(({ id, fields }) => [fields['value'], id]),
        );
        const wanted = new Map<string, string>();
        const truth = scene.truth();
        for (const [number, id] of ids.entries()) {
          const ours = byValue.get(truth[id]![path]);
          assert.ok(ours !== undefined, `${String(truth[id]![path])} did not arrive`);
          wanted.set(id, corpus[number]!);
          hands.edit(PEOPLE, ours, { value: corpus[number]! });
        }
        const writes: number[] = [];
        for (let turn = 0; turn < 2; turn += 1) {
          await scene.wait();
          writes.push(await pass());
        }
        const arrived = scene.truth();
        for (const [id, value] of wanted) {
          assert.deepEqual(meant(arrived[id]![path]), meant(value));
        }
        assert.deepEqual(writes, [corpus.length, 0]);
      });
    },
    { name: 'text that is no HTML', isThere: ({ hasHtml }) => hasHtml !== true },
  );
}

function textPath({ edit, sample }: Scene): string {
  const isText = (name: string): boolean => typeof sample(1)[name] === 'string';
  const path = Object.keys(edit).find(
    (name) => isText(name) && sample(1)[name] !== sample(2)[name],
  );
  assert.ok(path !== undefined, 'Let an edit begin with a text that differs in every sample.');
  return path;
}

function meant(raw: unknown): unknown {
  return kinds.text.parse(raw, undefined);
}

const PEOPLE = 'people';
const ORIGIN = 'https://practice.example';
const TOKEN = 'canary-token-of-practice';
const TENANT = '00000000-0000-7000-8000-100000000001' as TenantId;
const SYNC = '00000000-0000-7000-8000-300000000001' as SyncId;
const ENDPOINTS = {
  theirs: '00000000-0000-7000-8000-200000000001' as EndpointId,
  ours: '00000000-0000-7000-8000-200000000002' as EndpointId,
};

interface Sync {
  /** Of the people in the system at the other end. */
  readonly hands: Hands;
  /** Looks at everything and works it off; answers how many items were written, on both sides. */
  readonly pass: () => Promise<number>;
}

/** With a sync of one text between the collection and a system that keeps every text as it is. */
async function syncing(
  scene: Scene,
  path: string,
  story: (sync: Sync) => Promise<void>,
): Promise<void> {
  const { world, connector, config } = scene;
  const practice = openGrumpy({
    world,
    accounts: [{ name: 'Ours', token: TOKEN, collections: { [PEOPLE]: FIELDS } }],
  });
  const network = { ...world.network, fetch: (request: Request) => practice.handle(request) };
  const written = { items: 0 };
  const ours: Connector = {
    ...grumpy,
    vendor: 'practice',
    open: (settings, _world, memory) =>
      grumpy.open(settings as never, { ...world, network }, memory),
  };
  const store = new MemoryStore({ world, auditKey: 'audit' });
  await store.saveSetup({
    tenant: { id: TENANT, name: 'Tenant', createdAt: 0 },
    endpoints: [
      {
        id: ENDPOINTS.theirs,
        vendor: connector.vendor,
        title: 'theirs',
        status: 'ok',
        settings: {},
      },
      { id: ENDPOINTS.ours, vendor: 'practice', title: 'ours', status: 'ok', settings: {} },
    ],
    syncs: [syncOf(scene.collection, path)],
  });
  const engine = openEngine({
    store,
    world: watched(world, connector.vendor),
    connectors: [counting(connector, written), counting(ours, written)],
    configOf: ({ title }) => (title === 'ours' ? { baseUrl: ORIGIN, token: TOKEN } : config),
    secret: 'secret',
  });
  try {
    await story({
      hands: practice.account('Ours'),
      async pass() {
        written.items = 0;
        await workedOff(engine, world.runUntilQuiet === undefined);
        return written.items;
      },
    });
  } finally {
    await engine.close();
  }
}

const FIELDS = [{ path: 'value', type: 'text' }] as const;
const PATIENCE_MS = 3_600_000;

async function workedOff(engine: Engine, isRealTime: boolean): Promise<void> {
  await engine.look(TENANT, SYNC, { full: true });
  const waitMs = isRealTime ? 100 : PATIENCE_MS;
  await engine.drain({ tenant: TENANT, sync: SYNC, waitMs });
}

function counting(connector: Connector, written: { items: number }): Connector {
  const counted = (items: Collection): Collection => ({
    ...items,
    write(changes, signal) {
      written.items += changes.length;
      return items.write(changes, signal);
    },
  });
  return {
    ...connector,
    async open(config, world, memory): Promise<Account> {
      const account = await connector.open(config, world, memory);
      const collection = async (name: string) => counted(await account.collection(name));
      return { ...account, collection };
    },
  };
}

function syncOf(collection: string, path: string): StoredSync {
  const members = Object.values(ENDPOINTS);
  const mappingAt = (at: string) => ({ fields: { value: { kind: 'text', path: at } } });
  return {
    id: SYNC,
    title: 'values',
    status: 'enabled',
    policy: {
      version: 1,
      members: members.map((endpoint) => {
        return { endpoint, create: true, delete: true, onFilterLeft: 'hold' };
      }),
      fields: [{ name: 'value', strategy: 'lastWriteWins' }],
      deleteAuthority: members,
      onRemoteDelete: 'ask',
      onDeleteAndEdit: 'deleteWins',
      onRemoteRestore: 'ask',
    },
    settings: {
      members: {
        [ENDPOINTS.theirs]: { collection, mapping: mappingAt(path) },
        [ENDPOINTS.ours]: { collection: PEOPLE, mapping: mappingAt('value') },
      },
      match: [],
      latency: 0,
    },
  };
}
