/**
 * Brings one sync in order, once, or tells what that would do: looks for changes, works off what is due,
 * and waits a while for what is due soon. What is due later is left to the next time, and told.
 */
import type { Run, Store, SyncId, TenantId } from '../store/store.ts';
import type { Site } from './installation.ts';

export type Counts = Readonly<Record<string, number>>;

export async function bringInOrder(
  { engine, tenant }: Pick<Site, 'engine' | 'tenant'>,
  {
    isPreview,
    sync,
    full,
    waitMs,
    onProgress,
  }: {
    isPreview: boolean;
    sync: SyncId;
    full: boolean;
    /** How long it may wait, all in all. */
    waitMs: number;
    onProgress: (counts: Counts) => void;
  },
): Promise<Run> {
  await engine.look(tenant, sync, { full });
  const work = { tenant, sync, waitMs, onProgress };
  return isPreview ? engine.preview(work) : engine.drain({ ...work, trigger: 'command' });
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
