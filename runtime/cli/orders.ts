/**
 * What came of an order about a run, an `apply` or an `undo`. What was written where is summed up; what
 * was not is told one by one, with the reason.
 */
import type { Run, RunItem } from '../store/store.ts';
import { EXIT } from './command.ts';
import type { Site } from './installation.ts';
import type { Output } from './output.ts';
import { runItems } from './pages.ts';
import { showWrite } from './preview.ts';
import { namesIn, type Names } from './questions.ts';
import { sayWritten, writtenIn } from './summary.ts';

/** 1 when something is left to do, 2 when a person should look at something, 0 when all is done. */
export async function reportOrder(
  site: Site,
  what: 'apply' | 'undo',
  run: Run,
  output: Output,
): Promise<number> {
  const names = namesIn(site);
  const sync = names.sync(run.sync);
  for await (const item of runItems(site.store, site.tenant, run.id)) {
    if (item.outcome === 'moved') {
      output.say(`${sync}: moved since the preview; this was not sent:`);
      showWrite('moved', sync, item, names, output);
    } else if (item.outcome === 'left alone') {
      tellLeft(sync, item, names, output);
    } else if (UNDONE.has(item.outcome)) {
      tellUndone(sync, item, names, output);
    }
  }
  const { policy } = site.setup.syncs.find(({ id }) => id === run.sync) ?? {};
  const { written } = await writtenIn(site, policy?.members ?? [], run);
  output.tell({ event: what, sync, run: run.id, written, counts: run.counts });
  output.say(sync);
  sayWritten(written, output);
  output.say(`  run: ${run.id}`);
  return exitCodeOf(run, output);
}

const UNDONE: ReadonlySet<string> = new Set(['failed', 'unknown', 'put off', 'held']);

function exitCodeOf({ counts }: Run, output: Output): number {
  const isAny = (pattern: RegExp): boolean =>
    Object.keys(counts).some((name) => pattern.test(name));
  if (isAny(/^(failed|held|writes put off|writes without an answer|not reached|dead letters)/)) {
    output.say('  not finished: tributary sync --once goes on with it');
    return EXIT.failed;
  }
  return isAny(/^(moved|left alone)/) ? EXIT.waiting : EXIT.good;
}

function tellLeft(
  sync: string,
  { entity, endpoint, detail }: RunItem,
  names: Names,
  output: Output,
) {
  const { why, cell } = detail as { readonly why: string; readonly cell?: string };
  const account = endpoint === undefined ? undefined : names.account(endpoint);
  const part = cell ?? `its item at ${account}`;
  output.tell({ event: 'left-alone', sync, entity, account, field: cell, why });
  output.say(`${sync}: left alone: ${part} of record ${entity} (${why})`);
}

function tellUndone(
  sync: string,
  { entity, endpoint, outcome, detail }: RunItem,
  names: Names,
  output: Output,
): void {
  const account = endpoint === undefined ? undefined : names.account(endpoint);
  output.tell({ event: outcome, sync, entity, account, ...detail });
  const where = account === undefined ? '' : ` at ${account}`;
  const why = typeof detail['why'] === 'string' ? `: ${detail['why']}` : '';
  output.say(`${sync}: ${outcome}${where}, record ${entity}${why}`);
}
