/**
 * A worker as a process of its own: prints a line for each drain it begins. Told to hang, it claims
 * and never comes back, as one that is about to be killed.
 */
import type { Waiting } from '../../runtime/store/store.ts';
import { systemWorld } from '../../runtime/world/system.ts';
import { openQueue } from '../../runtime/queue/queue.ts';
import { openPostgresStore } from '../../runtime/store/postgres.ts';

export interface WorkerOrder {
  readonly connection: object;
  readonly name: string;
  readonly hangs: boolean;
}

const { connection, name, hangs } = JSON.parse(process.argv[2]!) as WorkerOrder;
const world = systemWorld({ log: process.stderr });
const store = await openPostgresStore({ connection, world, auditKey: 'a key' });
const queue = await openQueue({ connection, world });

async function drain({ tenant, sync }: Waiting): Promise<void> {
  console.log(`${name} ${tenant}`);
  if (hangs) await new Promise(() => {});
  const request = { tenant, sync, now: world.clock.now(), leaseMs: 15_000, limit: 1000 };
  const leases = await store.claim(request);
  await store.finish(
    tenant,
    leases.map((lease) => ({ lease, ending: 'done' })),
  );
}

process.once('SIGTERM', () => {
  void queue
    .close()
    .then(() => store.close())
    .then(() => console.log(`${name} closed`));
});
await queue.work(drain, { concurrency: 1 });
console.log(`${name} ready`);
