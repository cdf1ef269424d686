import assert from 'node:assert/strict';
import { MemoryStore } from '../../runtime/store/memory.ts';
import type { SyncId, TenantId } from '../../runtime/store/store.ts';
import { startProcess, type Process } from './process.ts';
import { virtualWorld, type VirtualWorld } from './virtual-world.ts';

const TENANT = '00000000-0000-7000-8000-000000000001' as TenantId;
const SYNC = '00000000-0000-7000-8000-000000000002' as SyncId;

interface Scene {
  readonly world: VirtualWorld;
  readonly store: MemoryStore;
  readonly asked: string[];
  readonly done: string[];
}

function scene(): Scene {
  const world = virtualWorld({ seed: 1 });
  const store = new MemoryStore({ world, auditKey: 'key' });
  const asked: string[] = [];
  world.serve('https://vendor.test', (request) => {
    asked.push(new URL(request.url).pathname);
    return new Response('{}');
  });
  return { world, store, asked, done: [] };
}

/** Three calls with a note after each. */
async function work(process: Process, done: string[]): Promise<void> {
  await process.store.saveSetup({ tenant: { id: TENANT, name: 'Ann', createdAt: 0 } });
  done.push('saved');
  await process.world.network.fetch(new Request('https://vendor.test/one'));
  done.push('asked');
  await process.world.schedule.sleep(1000);
  done.push('slept');
}

describe('A process of a simulation', () => {
  it('dies at each of its kill points, with what it asked for done as a whole or not at all', async () => {
    const fates: string[] = [];
    for (let point = 1; point <= 6; point++) {
      const { world, store, asked, done } = scene();
      const process = startProcess({ world, store });
      process.killAt(point);
      void work(process, done);
      await world.runUntilQuiet();
      const stored = (await store.readSetup(TENANT)) ? 'stored' : '-';
      fates.push([point, stored, asked.join() || '-', done.join() || '-'].join(' '));
    }
    assert.deepEqual(fates, [
      '1 - - -',
      '2 stored - -',
      '3 stored - saved',
      '4 stored /one saved',
      '5 stored /one saved,asked',
      '6 stored /one saved,asked,slept',
    ]);
  });

  it('never runs again after it was killed, whatever it was waiting for', async () => {
    const { world, store, asked, done } = scene();
    let deaths = 0;
    const process = startProcess({ world, store, onDeath: () => (deaths += 1) });
    void work(process, done);
    await world.runUntil(world.clock.now() + 500);
    process.kill();
    process.kill();
    process.world.log.write('info', 'still here?');
    void process.store.check().then(() => done.push('checked'));
    void process.world.network.fetch(new Request('https://vendor.test/two'));
    await world.runUntilQuiet();
    assert.deepEqual([done, asked, deaths], [['saved', 'asked'], ['/one'], 1]);
    assert.equal(process.isAlive(), false);
    assert.deepEqual(world.logged, []);
  });

  it('sleeps through a pause and then goes on with what came meanwhile', async () => {
    const { world, store, asked, done } = scene();
    const start = world.clock.now();
    const process = startProcess({ world, store });
    void work(process, done);
    process.world.schedule.after(400, () => done.push(`timer ${world.clock.now() - start}`));
    process.pause(5000);
    await world.runUntil(start + 4000);
    assert.deepEqual(done, []);
    await world.runUntilQuiet();
    assert.deepEqual(new Set(done), new Set(['asked', 'saved', 'slept', 'timer 5000']));
    assert.deepEqual(asked, ['/one']);
  });

  it('has a wall clock of its own, and one for durations that never jumps', () => {
    const { world, store } = scene();
    const process = startProcess({ world, store, clockSkewMs: -3000 });
    process.setClock(60_000);
    assert.equal(process.world.clock.now() - world.clock.now(), 60_000);
    assert.equal(process.world.clock.monotonicMs(), 0);
  });

  it('loses the database before a call took effect, or after it did', async () => {
    for (const [trouble, marks] of [
      ['before', 0],
      ['after', 1],
    ] as const) {
      const { world, store } = scene();
      const process = startProcess({ world, store, databaseTrouble: () => trouble });
      const key = { kind: 'item', sync: SYNC, endpoint: SYNC, remoteId: '1' } as never;
      const batch = { now: 0, marks: [{ key, priority: 0 as const, windowMs: 0 }] };
      await assert.rejects(process.store.mark(TENANT, batch), { code: 'database-unreachable' });
      assert.equal((await store.waiting()).length, marks);
    }
  });
});
