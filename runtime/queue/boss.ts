/**
 * pg-boss as it is set up here: its tables in a schema of their own, its time from the world, and its
 * queues. The store's role may send jobs in its transactions and see which are waiting, and no more.
 */
import { PgBoss, type ConstructorOptions } from 'pg-boss';
import type pg from 'pg';
import { TributaryError } from '../core/errors.ts';
import type { World } from '../world/world.ts';

export type Boss = PgBoss;

export const SCHEMA = 'tributary_queue';

/** A job: work off what is due for a tenant, a sync and a priority. */
export const DRAIN = 'sync-work';
/** Where jobs end that failed for good. */
const FAILED = 'failed-sync';
/** A job that sends jobs for all that waits. */
export const LOOK_AROUND = 'look-around';

export async function openBoss(
  connection: pg.PoolConfig,
  world: Pick<World, 'clock' | 'log' | 'schedule'>,
): Promise<Boss> {
  const boss = new PgBoss({
    application_name: 'tributary-queue',
    ...(connection as ConstructorOptions),
    schema: SCHEMA,
    max: CONNECTIONS_MAX,
    clock: clockOf(world),
    useListenNotify: true,
    schedule: false,
    superviseIntervalSeconds: SUPERVISE_S,
    monitorIntervalSeconds: SUPERVISE_S,
    maintenanceIntervalSeconds: KEEP_DONE_S,
  });
  boss.on('error', (error) => {
    world.log.write('warn', 'The queue met an error; it goes on.', { reason: error.message });
  });
  boss.on('warning', ({ message, data }) => {
    world.log.write('warn', `The queue warns: ${message}`, { ...data });
  });
  try {
    await boss.start();
    await setUpQueues(boss);
    await boss.getDb().executeSql(GRANTS);
    return boss;
  } catch (error) {
    await boss.stop({ graceful: false });
    throw notOpened(error);
  }
}

/** For all of its statements; whoever drains has connections of the store. */
const CONNECTIONS_MAX = 4;

/** How often workers that went silent are looked for. */
const SUPERVISE_S = 5;

/** The shortest there is: how long a worker may be silent before another one takes its job. */
const SILENT_S = 10;

/** A drain that runs longer is begun again beside it, which leases make harmless. */
const DRAIN_S_MAX = 6 * 60 * 60;

/** Jobs that are done are of no use to anybody, and every look at the queue steps over them. */
const KEEP_DONE_S = 60;

const KEEP_FAILED_S = 30 * 24 * 60 * 60;

async function setUpQueues(boss: Boss): Promise<void> {
  const failed = { retentionSeconds: KEEP_FAILED_S };
  await boss.createQueue(FAILED, failed);
  await boss.updateQueue(FAILED, failed);
  const work = {
    notify: true,
    heartbeatSeconds: SILENT_S,
    expireInSeconds: DRAIN_S_MAX,
    deleteAfterSeconds: KEEP_DONE_S,
    retryLimit: 4,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: 60,
  };
  for (const [name, deadLetter] of [
    [DRAIN, { deadLetter: FAILED }],
    [LOOK_AROUND, {}],
  ] as const) {
    // "Short": of those that nobody has begun, one per key.
    await boss.createQueue(name, { policy: 'short', ...work, ...deadLetter });
    await boss.updateQueue(name, { ...work, ...deadLetter });
  }
}

/**
 * To lock a row takes the right to update one of its columns, so it gets that on one that nobody uses
 * here. Two processes that grant at once would get in each other's way.
 */
const GRANTS = `
  begin;
  select pg_advisory_xact_lock(7521094388);
  grant usage on schema ${SCHEMA} to tributary_app;
  grant select on ${SCHEMA}.queue to tributary_app;
  grant insert, select (id, name, singleton_key, state, policy, start_after), update (group_tier)
    on ${SCHEMA}.job_common to tributary_app;
  commit`;

/** All waiting of pg-boss is done by the world's clock and timers. */
function clockOf({
  clock,
  schedule,
}: Pick<World, 'clock' | 'schedule'>): NonNullable<ConstructorOptions['clock']> {
  return {
    now: () => clock.now(),
    setTimeout: (task, ms) => schedule.after(ms, task),
    clearTimeout: (cancel) => (cancel as (() => void) | undefined)?.(),
    setInterval(task, ms) {
      let cancel = schedule.after(ms, tick);
      function tick(): void {
        cancel = schedule.after(ms, tick);
        task();
      }
      return () => cancel();
    },
    clearInterval: (cancel) => (cancel as (() => void) | undefined)?.(),
  };
}

export function notOpened(error: unknown): TributaryError {
  const { message, code = '' } = error as { code?: string; message: string };
  // Trying several addresses of one name fails with several errors and no message.
  const reason = (message || code).replaceAll(/\s+/g, ' ');
  return new TributaryError('queue-not-opened', {
    what: `The queue in the database could not be opened (${reason}).`,
    next: 'Check that the database runs, that the store was opened on it first, and that the login may create a schema; then try again.',
    cause: error,
  });
}
