/**
 * Jobs: what they are called, when they start, and how they are sent so that none is missing.
 *
 * A job is named for its tenant, sync and priority, and for when it starts: now, or in a certain slot
 * of time. Slots are as wide as an eighth of the wait, so that steady edits make a job every few
 * seconds and not one each, and none starts later than an eighth too late.
 */
import type { JobInsert } from 'pg-boss';
import type { Priority, Sql, Waiting } from '../store/store.ts';
import type { World } from '../world/world.ts';
import { DRAIN, SCHEMA, type Boss } from './boss.ts';

export interface NewJob extends JobInsert<Waiting> {
  readonly id: string;
  readonly singletonKey: string;
}

export function jobOf(waiting: Waiting, { clock, newId }: Pick<World, 'clock' | 'newId'>): NewJob {
  const { tenant, sync, priority, readyAt } = waiting;
  const now = clock.now();
  const slot = slotOf(readyAt, now);
  return {
    id: newId(),
    data: { tenant, sync, priority, readyAt },
    priority: urgencyOf(priority),
    group: { id: tenant },
    singletonKey: `${tenant}/${sync}/${priority}/${slot ?? 'now'}`,
    // In seconds from now, because the clock of the database may be another.
    ...(slot === undefined ? {} : { startAfter: (slot - now) / 1000 }),
  };
}

/** pg-boss takes the highest number first. */
export function urgencyOf(priority: Priority): number {
  return 3 - priority;
}

const SLOT_MS_MIN = 1024;

/** When a job for that time starts; nothing when it is due. */
function slotOf(readyAt: number, now: number): number | undefined {
  const wait = readyAt - now;
  if (wait <= 0) return undefined;
  const width = Math.max(SLOT_MS_MIN, 2 ** Math.floor(Math.log2(wait / 8)));
  return Math.ceil(readyAt / width) * width;
}

/**
 * Sends what is not waiting already. A job that is relied on is locked until the transaction ends, so
 * nobody begins it before there is anything to see. Between not finding it and sending it, somebody
 * else may send it, and it may even be begun; so this goes round until each is sent or locked.
 */
export async function sendJobs(boss: Boss, jobs: readonly NewJob[], sql: Sql): Promise<void> {
  const missing = new Map(jobs.map((job) => [job.singletonKey, job]));
  const db = {
    executeSql: async (text: string, values?: unknown[]) => ({ rows: await sql(text, values) }),
  };
  for (;;) {
    const waiting = (await sql(LOCK_WAITING, [[...missing.keys()]])) as { name: string }[];
    for (const { name } of waiting) missing.delete(name);
    if (missing.size === 0) return;
    const sent = await boss.insert(DRAIN, [...missing.values()], { db, returnId: true });
    for (const { singletonKey, id } of missing.values()) {
      if (sent?.includes(id)) missing.delete(singletonKey);
    }
    if (missing.size === 0) return;
  }
}

/** The weakest lock there is, which many may hold; who wants to begin a job needs it alone. */
const LOCK_WAITING = `
  select singleton_key as name
    from ${SCHEMA}.job_common
   where name = '${DRAIN}' and state = 'created' and policy = 'short'
     and coalesce(singleton_key, '') = any ($1::text[])
     for key share`;
