import assert from 'node:assert/strict';
import type { EndpointId } from '../../runtime/core/planner/model.ts';
import { MemoryStore } from '../../runtime/store/memory.ts';
import type { Store, SyncId, TenantId } from '../../runtime/store/store.ts';
import { startDispatcher, type Dispatcher, type Engine } from './dispatcher.ts';
import { startProcess } from './process.ts';
import { virtualWorld, type VirtualWorld } from './virtual-world.ts';

const TENANT = '00000000-0000-7000-8000-000000000001' as TenantId;
const SYNC = '00000000-0000-7000-8000-000000000002' as SyncId;
const ENDPOINT = '00000000-0000-7000-8000-000000000003' as EndpointId;

interface Scene {
  readonly world: VirtualWorld;
  readonly dispatcher: Dispatcher;
  readonly store: MemoryStore;
  /** What was worked off, by which worker, in which second. */
  readonly done: string[];
  readonly mark: (remoteId: string, windowMs?: number) => Promise<void>;
}

/** Workers that take a second for each key, and do nothing to it. */
function scene({ workers = 1, lifetime = Infinity } = {}): Scene {
  const world = virtualWorld({ seed: 1 });
  const startedAt = world.clock.now();
  const store = new MemoryStore({
    world,
    auditKey: 'key',
    announce: (due) => dispatcher.announce(due),
  });
  const done: string[] = [];

  function engineOf(worker: number, own: Store, sleep: (ms: number) => Promise<void>): Engine {
    return {
      hint: async () => {},
      look: async () => {},
      close: async () => {},
      async drain({ tenant, sync }) {
        const now = world.clock.now();
        const claimed = await own.claim({ now, leaseMs: 15_000, limit: 1, tenant, sync });
        for (const lease of claimed) {
          await sleep(1000);
          const second = Math.floor((world.clock.now() - startedAt) / 1000);
          done.push(`${worker}: ${(lease.key as { remoteId: string }).remoteId} at ${second}`);
          await own.finish(tenant, [{ lease, ending: 'done' }]);
        }
      },
    };
  }

  const dispatcher = startDispatcher({
    world,
    store,
    workers,
    start({ worker, generation, onDeath }) {
      const process = startProcess({ world, store, onDeath });
      if (generation === 0) process.killAt(lifetime);
      return {
        process,
        engine: engineOf(worker, process.store, (ms) => process.world.schedule.sleep(ms)),
      };
    },
  });
  return {
    world,
    dispatcher,
    store,
    done,
    mark: (remoteId, windowMs = 0) => {
      const key = { kind: 'item' as const, sync: SYNC, endpoint: ENDPOINT, remoteId };
      const marks = [{ key, priority: 0 as const, windowMs }];
      return store.mark(TENANT, { now: world.clock.now(), marks });
    },
  };
}

describe('The dispatcher of a simulation', () => {
  it('works off what is due, and what is due later when its time has come', async () => {
    const { world, done, mark } = scene();
    await mark('1');
    await mark('2', 60_000);
    await world.runUntilQuiet();
    assert.deepEqual(done, ['0: 1 at 1', '0: 2 at 61']);
  });

  it('does nothing while nothing is due', async () => {
    const { world, dispatcher } = scene();
    assert.equal(await world.runUntilQuiet(), 0);
    assert.equal(dispatcher.isIdle(), true);
    assert.equal(dispatcher.counts.drains, 0);
  });

  it('lets several workers at one sync at once', async () => {
    const { world, done, mark } = scene({ workers: 2 });
    await mark('1');
    await world.runUntil(world.clock.now() + 100);
    await mark('2');
    await world.runUntilQuiet();
    assert.deepEqual(done, ['0: 1 at 1', '1: 2 at 1']);
  });

  it('replaces a worker that died, and its work is done when the lease has run out', async () => {
    for (const lifetime of [1, 2, 3, 4, 5]) {
      const { world, dispatcher, store, done, mark } = scene({ lifetime });
      await mark('1');
      await world.runUntilQuiet();
      assert.equal(dispatcher.counts.kills, 1);
      assert.notEqual(done.length, 0, `killed at ${lifetime}`);
      assert.deepEqual(await store.waiting(), []);
    }
  });

  it('redeploys a worker in good order', async () => {
    const { world, dispatcher, done, mark } = scene();
    dispatcher.redeploy(0);
    await mark('1');
    await world.runUntilQuiet();
    assert.deepEqual(done, ['0: 1 at 11']);
    assert.equal(dispatcher.counts.kills, 0);
  });
});
