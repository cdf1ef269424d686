/**
 * What came of a sync, for people and for programs: what was written where, what waits for whom, and
 * how far the systems were proven to agree.
 */
import type { EndpointId } from '../core/planner/model.ts';
import type { Run, StoredSync, SyncId } from '../store/store.ts';
import { nextDue } from './bring-in-order.ts';
import { EXIT } from './command.ts';
import type { Site } from './installation.ts';
import type { Output } from './output.ts';
import { openConflicts, openDeadLetters, openReviews, runItems } from './pages.ts';
import { namesIn, timeOf } from './questions.ts';

export interface Summary {
  readonly sync: string;
  readonly status: StoredSync['status'];
  /** Written in this run, by account. */
  readonly written: Readonly<Record<string, Readonly<Written>>>;
  /** Under which it is on record, and can be undone. */
  readonly run?: string;
  readonly open: {
    readonly conflicts: number;
    readonly reviews: number;
    readonly deadLetters: number;
  };
  readonly certificates: readonly Certified[];
  /** Why looking for changes did not work, by account. */
  readonly failing: Readonly<Record<string, string>>;
  /** When the next thing is due, if anything is left. */
  readonly nextAt?: string;
}

interface Written {
  created: number;
  updated: number;
  deleted: number;
  failed: number;
}

interface Certified {
  readonly account: string;
  readonly at: string;
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
  readonly unknown: number;
}

export async function summaryOf(site: Site, sync: StoredSync, run?: Run): Promise<Summary> {
  const { store, tenant, engine } = site;
  const names = namesIn(site);
  const certificates = await engine.certificates(tenant, sync.id);
  const nextAt = await nextDue(store, tenant, sync.id);
  const { written, isOnRecord } = await writtenIn(site, sync.policy.members, run);
  return {
    sync: sync.title,
    status: sync.status,
    written,
    ...(run && isOnRecord ? { run: run.id } : {}),
    open: await openOf(site, sync.id),
    certificates: certificates.map(({ endpoint, endedAt, counts }) => ({
      account: names.account(endpoint),
      at: timeOf(endedAt),
      compared: counts['compared'] ?? 0,
      equal: counts['equal'] ?? 0,
      different: sumOf(counts, /^different: /),
      unknown: counts['unknown'] ?? 0,
    })),
    failing: await failingOf(site, sync),
    ...(nextAt === undefined ? {} : { nextAt: timeOf(nextAt) }),
  };
}

/** 2 when a person is asked, 1 when something else is left to do, 0 when all is in order. */
export function exitCodeOf({ failing, open, nextAt }: Summary): number {
  if (Object.keys(failing).length > 0) return EXIT.failed;
  if (open.conflicts + open.reviews + open.deadLetters > 0) return EXIT.waiting;
  return nextAt === undefined ? EXIT.good : EXIT.failed;
}

export function saySummary(summary: Summary, output: Output): void {
  const { sync, status, written, open, certificates, failing, run, nextAt } = summary;
  output.tell({ event: 'summary', ...summary });
  output.say(`${sync}${status === 'enabled' ? '' : ` (${status})`}`);
  sayWritten(written, output);
  for (const { account, at, compared, equal, different, unknown } of certificates) {
    const result = `${compared} compared, ${equal} equal, ${different} different, ${unknown} unknown`;
    output.say(`  ${account}: ${result} (${at})`);
  }
  for (const [what, count, command] of [
    ['conflicts', open.conflicts, 'conflicts'],
    ['reviews', open.reviews, 'reviews'],
    ['dead letters', open.deadLetters, 'dead-letters'],
  ] as const) {
    if (count > 0) output.say(`  ${count} ${what} wait for a person: tributary ${command}`);
  }
  for (const [account, why] of Object.entries(failing)) output.say(`  ${account}: ${why}`);
  if (nextAt !== undefined) output.say(`  not finished: the next thing is due at ${nextAt}`);
  if (run !== undefined) output.say(`  run: ${run}`);
}

export function sayWritten(written: Summary['written'], output: Output): void {
  for (const [account, { created, updated, deleted, failed }] of Object.entries(written)) {
    const failures = failed > 0 ? `, ${failed} refused` : '';
    output.say(
      `  ${account}: ${created} created, ${updated} updated, ${deleted} deleted${failures}`,
    );
  }
}

/** Each write is on record with what came of it; a run that did nothing has no record. */
export async function writtenIn(
  site: Site,
  members: readonly { readonly endpoint: EndpointId }[],
  run?: Run,
): Promise<{ readonly written: Record<string, Written>; readonly isOnRecord: boolean }> {
  const names = namesIn(site);
  const written = new Map<EndpointId, Written>();
  for (const { endpoint } of members) {
    written.set(endpoint, { created: 0, updated: 0, deleted: 0, failed: 0 });
  }
  let isOnRecord = false;
  if (run) {
    for await (const { endpoint, outcome } of runItems(site.store, site.tenant, run.id)) {
      isOnRecord = true;
      const counts = endpoint && written.get(endpoint);
      if (counts && isCounted(outcome)) counts[outcome] += 1;
    }
  }
  const byAccount = [...written].map(([endpoint, all]) => [names.account(endpoint), all]);
  return { written: Object.fromEntries(byAccount), isOnRecord };
}

function isCounted(outcome: string): outcome is keyof Written {
  return ['created', 'updated', 'deleted', 'failed'].includes(outcome);
}

async function openOf({ store, tenant }: Site, sync: SyncId): Promise<Summary['open']> {
  return {
    conflicts: await lengthOf(openConflicts(store, tenant, sync)),
    reviews: await lengthOf(openReviews(store, tenant, sync)),
    deadLetters: await lengthOf(openDeadLetters(store, tenant, sync)),
  };
}

async function lengthOf(rows: AsyncIterable<unknown>): Promise<number> {
  let length = 0;
  for await (const _row of rows) length += 1;
  return length;
}

/** A look that failed is tried again, and says why until then. */
async function failingOf(
  { store, tenant, ...site }: Site,
  { id, policy }: StoredSync,
): Promise<Record<string, string>> {
  const keys = policy.members.flatMap(({ endpoint }) =>
    (['poll', 'sweep'] as const).map((kind) => ({ kind, sync: id, endpoint })),
  );
  const states = await store.inspectWork(tenant, keys);
  const names = namesIn(site);
  const failing: Record<string, string> = {};
  for (const [n, state] of states.entries()) {
    const { endpoint } = keys[n]!;
    if (state?.lastError) failing[names.account(endpoint)] = state.lastError;
  }
  return failing;
}

function sumOf(counts: Readonly<Record<string, number>>, names: RegExp): number {
  const found = Object.entries(counts).filter(([name]) => names.test(name));
  return found.reduce((sum, [, count]) => sum + count, 0);
}
