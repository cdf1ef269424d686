/**
 * Syncs that somebody asked for. One at a time per sync: who asks while one is under way joins it. A
 * run is over when nothing of the sync is due soon, whichever process did the work; its counts are
 * those of this one.
 */
import type { Run, SyncId } from '../../store/store.ts';
import { nextDue, type Counts } from '../bring-in-order.ts';
import type { Site } from '../installation.ts';

export interface SyncRuns {
  start(sync: SyncId, options: { full: boolean }): Started;
  find(id: string): SyncRun | undefined;
  /** Work that was done for a sync. */
  note(sync: SyncId, run: Run): void;
  close(): void;
}

export interface Started {
  readonly id: string;
  readonly joined: boolean;
}

export interface SyncRun {
  readonly id: string;
  readonly sync: SyncId;
  /** `unfinished`: something is due later, or keeps failing. */
  readonly state: 'running' | 'done' | 'unfinished' | 'failed';
  readonly counts: Counts;
  readonly error?: string;
}

const RUNS_MAX = 100;
/** What is due later than this is not waited for. */
const SOON_MS = 60_000;
const RUN_MS_MAX = 600_000;
const CHECK_MS = 250;

export function syncRuns(site: Site): SyncRuns {
  const { world } = site;
  const runs = new Map<string, SyncRun>();
  const closing = new AbortController();

  const running = (sync: SyncId): SyncRun | undefined =>
    [...runs.values()].find((run) => run.sync === sync && run.state === 'running');

  function set(id: string, change: Partial<SyncRun>): void {
    const run = runs.get(id);
    if (run) runs.set(id, { ...run, ...change });
  }

  async function carryOut(id: string, sync: SyncId, full: boolean): Promise<void> {
    try {
      set(id, { state: await untilQuiet(site, sync, full, closing.signal) });
    } catch (error) {
      if (closing.signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      world.log.write('error', 'A sync that was asked for failed.', { run: id, reason });
      set(id, { state: 'failed', error: reason });
    }
  }

  return {
    start(sync, { full }) {
      const known = running(sync);
      if (known) return { id: known.id, joined: true };
      const id = world.newId();
      runs.set(id, { id, sync, state: 'running', counts: {} });
      if (runs.size > RUNS_MAX) runs.delete(runs.keys().next().value!);
      void carryOut(id, sync, full);
      return { id, joined: false };
    },
    find: (id) => runs.get(id),
    note(sync, { counts }) {
      const known = running(sync);
      if (known) set(known.id, { counts: together(known.counts, counts) });
    },
    close: () => closing.abort(),
  };
}

async function untilQuiet(
  { engine, store, tenant, world }: Site,
  sync: SyncId,
  full: boolean,
  signal: AbortSignal,
): Promise<'done' | 'unfinished'> {
  const { clock, schedule } = world;
  const endsAt = clock.monotonicMs() + RUN_MS_MAX;
  await engine.look(tenant, sync, { full });
  for (;;) {
    const nextAt = await nextDue(store, tenant, sync);
    if (nextAt === undefined) return 'done';
    if (nextAt - clock.now() > SOON_MS || clock.monotonicMs() > endsAt) return 'unfinished';
    await schedule.sleep(CHECK_MS, signal);
  }
}

function together(one: Counts, other: Counts): Counts {
  const sum: Record<string, number> = { ...one };
  for (const [what, count] of Object.entries(other)) sum[what] = (sum[what] ?? 0) + count;
  return sum;
}
