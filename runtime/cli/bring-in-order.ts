/**
 * Brings one sync in order, once: looks for changes, works off what is due, and waits a while for what
 * is due soon. What is due later is left to the next time, and told.
 */
import type { Mode } from '../engine/context.ts';
import type { Run, Store, SyncId, TenantId } from '../store/store.ts';
import type { Site } from './installation.ts';

export type Counts = Readonly<Record<string, number>>;

export interface Done {
  /** Those that did something. */
  readonly runs: readonly Run[];
  /** When the next thing is due, if anything is left. */
  readonly nextAt?: number;
}

export async function bringInOrder(
  { engine, store, world, tenant }: Pick<Site, 'engine' | 'store' | 'world' | 'tenant'>,
  {
    sync,
    full,
    waitMs,
    mode,
    onProgress,
  }: {
    sync: SyncId;
    full: boolean;
    /** How long it may wait, all in all. */
    waitMs: number;
    mode?: Mode;
    onProgress: (counts: Counts) => void;
  },
): Promise<Done> {
  await engine.look(tenant, sync, { full });
  const runs: Run[] = [];
  let before: Counts = {};
  let leftMs = waitMs;
  for (;;) {
    const run = await engine.drain({
      tenant,
      sync,
      trigger: mode?.kind === 'preview' ? 'preview' : 'command',
      ...(mode ? { mode } : {}),
      onProgress: (counts) => onProgress(together(before, counts)),
    });
    before = together(before, run.counts);
    if (Object.keys(run.counts).length > 0) runs.push(run);
    const nextAt = await nextDue(store, tenant, sync);
    if (nextAt === undefined) return { runs };
    const delayMs = Math.max(LEAST_MS, nextAt - world.clock.now());
    if (delayMs > leftMs) return { runs, nextAt };
    leftMs -= delayMs;
    await world.schedule.sleep(delayMs);
  }
}

/** Due and not to be had: another process is at it. */
const LEAST_MS = 50;

export function together(one: Counts, other: Counts): Counts {
  const sum: Record<string, number> = { ...one };
  for (const [what, count] of Object.entries(other)) sum[what] = (sum[what] ?? 0) + count;
  return sum;
}

/** When the next key of this sync can be claimed, or is lost by whoever has it. */
export async function nextDue(
  store: Store,
  tenant: TenantId,
  sync: SyncId,
): Promise<number | undefined> {
  const waiting = await store.waiting();
  const due = waiting.filter((each) => each.tenant === tenant && each.sync === sync);
  return due.length === 0 ? undefined : Math.min(...due.map(({ readyAt }) => readyAt));
}
