/**
 * What a run would write, record by record, with what each field holds now and what it would hold. A
 * record that was planned several times is shown once, as it was planned last.
 */
import type { Value, Values } from '../core/value.ts';
import type { Run, RunItem } from '../store/store.ts';
import type { Site } from './installation.ts';
import type { Output } from './output.ts';
import { runItems } from './pages.ts';
import { namesIn, type Names } from './questions.ts';

/** Tells how many writes there would be. */
export async function showPreview(
  site: Site,
  sync: string,
  run: Run,
  output: Output,
): Promise<number> {
  const names = namesIn(site);
  const latest = new Map<string, string>();
  for await (const item of plannedIn(site, run)) latest.set(nameOf(item), item.id);
  for await (const item of plannedIn(site, run)) {
    if (latest.get(nameOf(item)) === item.id) showWrite('would-write', sync, item, names, output);
  }
  return latest.size;
}

async function* plannedIn({ store, tenant }: Site, { id }: Run): AsyncGenerator<RunItem> {
  for await (const item of runItems(store, tenant, id)) {
    if (item.outcome === 'would write') yield item;
  }
}

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

export function showWrite(
  event: string,
  sync: string,
  item: RunItem,
  names: Names,
  output: Output,
): void {
  const { op, reason, remoteId, patch, before } = item.detail as unknown as Shown;
  const account = item.endpoint === undefined ? '' : names.account(item.endpoint);
  const { entity } = item;
  const facts = { sync, account, op, reason, entity };
  const where = remoteId === undefined ? {} : { item: remoteId };
  output.tell({ event, ...facts, ...where, before, after: patch });
  output.say(`${sync}: ${op} at ${account}${remoteId ? ` ${remoteId}` : ''} (${reason})`);
  for (const [field, value] of Object.entries(patch)) {
    output.say(`    ${field}: ${readable(before[field])} -> ${readable(value)}`);
  }
}

export function readable(value: Value | undefined): string {
  return value === undefined || value === null ? '(empty)' : JSON.stringify(value);
}
