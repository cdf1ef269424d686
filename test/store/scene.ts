/** A tenant with one sync between two endpoints, and short words for what stores are asked to do. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type {
  Cell,
  Conflict,
  EndpointId,
  Entity,
  EntityId,
  Link,
  LinkId,
  Policy,
} from '../../runtime/core/planner/model.ts';
import type {
  Claimed,
  Commit,
  CommitOutcome,
  Lease,
  RecordChange,
  Ref,
  Setup,
  Store,
  StoredIntent,
  StoredRecord,
  SyncId,
  TenantId,
  Waiting,
  WorkKey,
} from '../../runtime/store/store.ts';

export const START = Date.UTC(2026, 0, 1);
export const LEASE_MS = 15_000;

/** A store that a suite has opened, and where its ids come from. */
export interface Opened {
  readonly store: Store;
  readonly newId: () => string;
  /** What the store counts budgets by. */
  readonly clock: HandSet;
  /** What the store has announced, of all tenants. */
  readonly announced: readonly Waiting[];
  readonly close: () => Promise<void>;
}

/** A clock that stands still until it is set. */
export interface HandSet {
  now(): number;
  set(timeMs: number): void;
}

export function clockSetByHand(timeMs = START): HandSet {
  let nowMs = timeMs;
  return {
    now: () => nowMs,
    set: (to) => {
      nowMs = to;
    },
  };
}

export type Scene = Awaited<ReturnType<typeof sceneIn>>;

export async function sceneIn({ store, newId }: Pick<Opened, 'store' | 'newId'>) {
  const tenant = newId() as TenantId;
  const sync = newId() as SyncId;
  const left = newId() as EndpointId;
  const right = newId() as EndpointId;
  const setup: Setup = {
    tenant: { id: tenant, name: 'Acme', createdAt: START },
    endpoints: [left, right].map((id) => ({
      id,
      vendor: 'hubspot',
      title: `Account ${id}`,
      status: 'ok',
      settings: { clockOffsetMs: -12 },
    })),
    syncs: [{ id: sync, title: 'People', status: 'enabled', policy: POLICY, settings: {} }],
  };
  await store.saveSetup(setup);

  const item = (remoteId: string, endpoint = left): WorkKey & Ref => ({
    kind: 'item',
    sync,
    endpoint,
    remoteId,
  });

  async function mark(...keys: readonly WorkKey[]): Promise<void> {
    const marks = keys.map((key) => ({ key, priority: 1, windowMs: 0 }) as const);
    await store.mark(tenant, { now: START, marks });
  }

  async function claim(now = START, limit = 100): Promise<readonly Claimed[]> {
    return store.claim({ tenant, now, limit, leaseMs: LEASE_MS });
  }

  /** Marks and claims one key. */
  async function lease(key: WorkKey = item(newId())): Promise<Claimed> {
    await mark(key);
    const claimed = await store.claim({ tenant, sync, now: START, limit: 1000, leaseMs: LEASE_MS });
    const own = claimed.find((each) => isDeepStrictEqual(each.key, key));
    assert.ok(own, 'the key could not be claimed');
    return own;
  }

  function entity(cells: Record<string, Cell> = { name: cell('Anna') }): Entity {
    return { id: newId() as EntityId, life: 'live', epoch: 0, cells };
  }

  /** A link in full agreement with the entity. */
  function link(of: Entity, change: Partial<Link> = {}): Link {
    const cells = Object.entries(of.cells).map(([name, { value, stamp }]) => [
      name,
      { base: value, synced: stamp },
    ]);
    return {
      id: newId() as LinkId,
      endpoint: left,
      remoteId: newId(),
      state: 'live',
      generation: 0,
      version: 17,
      cells: Object.fromEntries(cells),
      ...change,
    };
  }

  function cell(value: Cell['value'], at = START): Cell {
    return { value, stamp: [0, at, 2], origin: left };
  }

  function intent(change: Partial<StoredIntent> = {}): StoredIntent {
    return {
      id: newId(),
      endpoint: right,
      op: 'create',
      patch: { name: 'Anna' },
      stamps: { name: [0, START, 2] },
      state: 'armed',
      armedAt: START,
      before: {},
      generation: 0,
      reason: 'missing-there',
      ...change,
    };
  }

  function conflict(change: Partial<Conflict> = {}): Conflict {
    return {
      fingerprint: newId(),
      cell: 'name',
      kind: 'contested',
      state: 'open',
      values: [
        { origin: left, value: 'Anna' },
        { origin: right, value: 'Anne' },
      ],
      ...change,
    };
  }

  /** Commits one change under a lease of its own, unless one is given. */
  async function commit(
    change: Omit<RecordChange, 'commitId'> & { readonly commitId?: string },
    { lease: given, ...rest }: Partial<Omit<Commit, 'record'>> = {},
  ): Promise<CommitOutcome> {
    const held: Lease = given ?? (await lease());
    const own = { commitId: newId(), ...change };
    const [outcome] = await store.commit(tenant, START, [{ lease: held, record: own, ...rest }]);
    return outcome!;
  }

  async function loadOne(id: EntityId): Promise<StoredRecord> {
    const [loaded] = await store.load(tenant, [{ kind: 'entity', sync, entity: id }]);
    assert.ok(loaded?.record, `no record ${id}`);
    return loaded.record;
  }

  /** A stored record, as loaded. */
  async function record(
    change: Omit<Partial<RecordChange>, 'commitId' | 'from'> = {},
  ): Promise<StoredRecord> {
    const own = change.entity ?? entity();
    const links = change.links ?? [link(own)];
    const outcome = await commit({ ...change, entity: own, links }, { ending: 'done' });
    assert.equal(outcome.outcome, 'stored');
    return loadOne(own.id);
  }

  return {
    store,
    newId,
    tenant,
    sync,
    left,
    right,
    setup,
    item,
    mark,
    claim,
    lease,
    entity,
    link,
    cell,
    intent,
    conflict,
    commit,
    loadOne,
    record,
  };
}

const POLICY: Policy = {
  version: 1,
  members: [],
  fields: [{ name: 'name', strategy: 'lastWriteWins' }],
  deleteAuthority: [],
  onRemoteDelete: 'ask',
  onDeleteAndEdit: 'ask',
  onRemoteRestore: 'ask',
};
