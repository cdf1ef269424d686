import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { happenings, open, tenantIn } from './site.ts';
import type { WorkerOrder } from './worker-process.ts';

const PROGRAM = path.resolve(import.meta.dirname, 'worker-process.ts');

describe('the queue over real processes', () => {
  let database: TestDatabase;
  let own: Awaited<ReturnType<typeof open>>;
  const said = happenings<string>();
  const children: ChildProcess[] = [];

  before(async () => {
    database = await createTestDatabase();
    own = await open(database.connection);
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await own.close();
    await database.drop();
  });

  async function worker(name: string, { hangs = false } = {}): Promise<ChildProcess> {
    const order: WorkerOrder = { connection: database.connection, name, hangs };
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(order)], {
      stdio: ['ignore', 'pipe', 2],
    });
    children.push(child);
    createInterface(child.stdout!).on('line', said.add);
    await said.until((all) => all.includes(`${name} ready`));
    return child;
  }

  async function end(child: ChildProcess): Promise<void> {
    child.kill('SIGTERM');
    await once(child, 'exit');
    assert.equal(child.exitCode, 0);
  }

  it('serves every tenant once, whichever of two processes does it, and both end when told to', async () => {
    const workers = [await worker('left'), await worker('right')];
    const tenants: string[] = [];
    for (let n = 0; n < 30; n += 1) {
      const tenant = await tenantIn(own.store);
      tenants.push(tenant.tenant);
      await tenant.markAt(0);
    }
    const served = () =>
      said.seen.filter((line) => /-/.test(line)).map((line) => line.split(' ')[1]!);
    await said.until(() => served().length >= tenants.length);
    await Promise.all(workers.map(end));
    assert.deepEqual(served().toSorted(), tenants.toSorted());
    assert.deepEqual(await own.store.waiting(), []);
  });

  it('gives the work of a process that is killed to another one within half a minute', async () => {
    // Neither ends what it has begun, so whoever begins after the other was killed took over.
    const workers = {
      one: await worker('one', { hangs: true }),
      other: await worker('other', { hangs: true }),
    };
    const { markAt, tenant } = await tenantIn(own.store);
    await markAt(0);
    const begun = () => said.seen.filter((line) => line.endsWith(tenant));
    await said.until(() => begun().length === 1);
    const lost = begun()[0]!.split(' ')[0] as keyof typeof workers;
    workers[lost].kill('SIGKILL');
    const killedAt = performance.now();
    await said.until(() => begun().length === 2);
    assert.ok(!begun()[1]!.startsWith(lost));
    const tookMs = performance.now() - killedAt;
    assert.ok(tookMs < 30_000, `it took ${tookMs} ms`);
    console.log(`      taken over after ${(tookMs / 1000).toFixed(1)} s`);
  });
});
