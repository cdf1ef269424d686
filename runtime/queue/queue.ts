/**
 * Who works when, over one process or many: pg-boss, in the database that holds the work itself.
 * Promises: whenever keys of a tenant's sync are due, some process calls `drain` for them. That holds
 * when processes are killed, and a transaction that leaves work waiting takes its job along or neither.
 *
 * A job only says "look at this sync of this tenant, at this priority", and one that nobody has begun
 * stands for all marks that come until then. What there is to do stays in the store: a job too many
 * finds nothing, and two at once are kept apart by leases. A job that is missing would be the harm, so:
 *
 * - A mark that relies on a waiting job locks it until the mark is stored, and nobody begins it before.
 *   A job that has begun is never relied on.
 * - A job for later stands only for what is due at that time, and never for what is due before.
 * - After a drain, what is left is looked up and gets a job of its own: keys of lost workers, say.
 * - Now and then all that waits in the store is looked over, for jobs that failed for good.
 *
 * Trap: open the store first, because it makes the role that sends; let its `announce` pass on to here.
 */
import type pg from 'pg';
import type { World } from '../world/world.ts';
import type { Announce, Priority, TenantId, Waiting } from '../store/store.ts';
import { DRAIN, LOOK_AROUND, notOpened, openBoss, type Boss } from './boss.ts';
import { jobOf, sendJobs, urgencyOf } from './jobs.ts';
import { asTenant, headOf, heads } from './waiting.ts';

export interface Queue {
  /** Sends jobs in the transaction that leaves work waiting. */
  readonly announce: Announce;
  /**
   * Calls `drain`, several at once, until the queue is closed. May be called more than once. Rejects
   * when the database goes away before the first job could be asked for.
   */
  work(drain: Drain, options: WorkOptions): Promise<void>;
  /** Begins nothing new, tells what runs to come to an end, and waits for it, but not for long. */
  close(): Promise<void>;
}

/**
 * Works off what is due until nothing is, or until it is told to stop. What is left is called for
 * again. Rejects when it got nowhere; then it is called again a few times, later and later.
 */
export type Drain = (work: Waiting, signal: AbortSignal) => Promise<unknown>;

export interface WorkOptions {
  /** How many drains run at once in this process. */
  readonly concurrency: number;
  /**
   * How many drains may run for one tenant, over all processes; one less than `concurrency` if not
   * said, so that it never keeps all others waiting.
   */
  readonly perTenant?: number;
  /** Leaves less urgent work to others. */
  readonly leastPriority?: Priority;
}

export async function openQueue({
  connection,
  world,
}: {
  connection: pg.PoolConfig;
  world: Pick<World, 'clock' | 'log' | 'newId' | 'schedule'>;
}): Promise<Queue> {
  const boss = await openBoss(connection, world);
  const closing = new AbortController();
  const send: Announce = (due, sql) =>
    sendJobs(
      boss,
      due.map((each) => jobOf(each, world)),
      sql,
    );

  async function lookAgain(work: Waiting): Promise<void> {
    await asTenant(boss, work.tenant, async (sql) => {
      const readyAt = await headOf(work, sql);
      if (readyAt === undefined) return;
      const now = world.clock.now();
      // Whoever is closing leaves it to others at once; anybody else could not get on with it.
      const again = closing.signal.aborted ? now : now + LOOK_AGAIN_MS;
      await send([{ ...work, readyAt: readyAt > now ? readyAt : again }], sql);
    });
  }

  async function lookAround(): Promise<void> {
    await asTenant(boss, NOBODY, async (sql) => send(await heads(sql), sql));
  }

  async function keepLookingAround(): Promise<void> {
    await boss.work(LOOK_AROUND, { pollingIntervalSeconds: LOOK_POLL_S }, async () => {
      // The next one first, so that one that fails is not the last.
      await sendLookAround();
      await lookAround();
    });
    await lookAround();
    await sendLookAround();
  }

  async function sendLookAround(): Promise<void> {
    await boss.send(LOOK_AROUND, null, { startAfter: LOOK_AROUND_S });
  }

  async function workOff(
    drain: Drain,
    { concurrency, perTenant = Math.max(1, concurrency - 1), leastPriority = 3 }: WorkOptions,
  ): Promise<void> {
    await boss.work<Waiting>(
      DRAIN,
      {
        batchSize: 1,
        localConcurrency: concurrency,
        groupConcurrency: perTenant,
        minPriority: urgencyOf(leastPriority),
        pollingIntervalSeconds: POLL_S,
        notifyPollingIntervalSeconds: POLL_S,
      },
      async ([job]) => {
        const { data: work, signal } = job!;
        try {
          await drain(work, AbortSignal.any([signal, closing.signal]));
        } catch (error) {
          world.log.write('warn', 'A pass over what is due failed; it is tried again.', {
            ...work,
            reason: error instanceof Error ? error.message : String(error),
          });
          throw error;
        }
        await lookAgain(work);
        wakeBusy(boss);
      },
    );
  }

  let lookingAround: Promise<void> | undefined;
  return {
    announce: send,

    async work(drain, options) {
      lookingAround ??= keepLookingAround();
      try {
        await lookingAround;
        await workOff(drain, options);
      } catch (error) {
        throw notOpened(error);
      }
    },

    async close() {
      closing.abort();
      await boss.stop({ timeout: CLOSE_MS_MAX });
    },
  };
}

/** How often each place for a drain looks for jobs that have come due. New ones wake it. */
const POLL_S = 2;

/** When to look again at what was due and is still there after a drain: its sync is paused, say. */
const LOOK_AGAIN_MS = 15_000;

const LOOK_AROUND_S = 300;
const LOOK_POLL_S = 60;

/** Then a drain that does not end is given up, and its job goes to another process. */
const CLOSE_MS_MAX = 10_000;

/** A tenant that nobody has: to see what the scheduler sees, and no rows. */
const NOBODY = '00000000-0000-0000-0000-000000000000' as TenantId;

/** A place that has just ended a drain would wait for its next look, also when more is waiting. */
function wakeBusy(boss: Boss): void {
  for (const { id, count } of boss.getWipData()) if (count > 0) boss.notifyWorker(id);
}
