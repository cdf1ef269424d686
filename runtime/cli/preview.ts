/**
 * What a sync would write, record by record, with what each field holds now and what it would hold.
 * Nothing is sent. What was shown stays marked, so that the next sync that writes does exactly this
 * unless somebody edits something meanwhile.
 */
import type { EntityId } from '../core/planner/model.ts';
import type { Value, Values } from '../core/value.ts';
import type { Mark, Run, RunItem, StoredSync } from '../store/store.ts';
import type { Site } from './installation.ts';
import type { Output } from './output.ts';
import { runItems } from './pages.ts';
import { namesIn, type Names } from './questions.ts';

/** Tells how many writes there would be. */
export async function showPreview(
  site: Site,
  sync: StoredSync,
  runs: readonly Run[],
  output: Output,
): Promise<number> {
  const { store, tenant, world } = site;
  const names = namesIn(site);
  const latest = new Map<string, string>();
  for await (const item of plannedIn(site, runs)) latest.set(nameOf(item), item.id);
  const shown = new Set<EntityId>();
  for await (const item of plannedIn(site, runs)) {
    if (latest.get(nameOf(item)) !== item.id) continue;
    if (item.entity) shown.add(item.entity);
    showWrite(sync, item, names, output);
  }
  const marks = [...shown].map((entity): Mark => {
    return { key: { kind: 'entity', sync: sync.id, entity }, priority: 1, windowMs: 0 };
  });
  if (marks.length > 0) await store.mark(tenant, { now: world.clock.now(), marks });
  return latest.size;
}

async function* plannedIn({ store, tenant }: Site, runs: readonly Run[]): AsyncGenerator<RunItem> {
  for (const { id } of runs) {
    for await (const item of runItems(store, tenant, id)) {
      if (item.outcome === 'would write') yield item;
    }
  }
}

/** A record that was planned twice gets what was planned last. */
function nameOf({ entity, endpoint }: RunItem): string {
  return `${entity ?? ''}/${endpoint ?? ''}`;
}

interface Shown {
  readonly op: string;
  readonly reason: string;
  readonly remoteId?: string;
  readonly patch: Values;
  readonly before: Values;
}

function showWrite(sync: StoredSync, item: RunItem, names: Names, output: Output): void {
  const { op, reason, remoteId, patch, before } = item.detail as unknown as Shown;
  const account = item.endpoint === undefined ? '' : names.account(item.endpoint);
  const { entity } = item;
  const facts = { sync: sync.title, account, op, reason, entity };
  const where = remoteId === undefined ? {} : { item: remoteId };
  output.tell({ event: 'would-write', ...facts, ...where, before, after: patch });
  output.say(`${sync.title}: ${op} at ${account}${remoteId ? ` ${remoteId}` : ''} (${reason})`);
  for (const [field, value] of Object.entries(patch)) {
    output.say(`    ${field}: ${readable(before[field])} -> ${readable(value)}`);
  }
}

export function readable(value: Value | undefined): string {
  return value === undefined || value === null ? '(empty)' : JSON.stringify(value);
}
