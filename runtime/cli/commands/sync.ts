/**
 * `tributary sync`: brings the systems of a configuration in order, once or as a service that goes on
 * until it is stopped.
 */
import type { StoredSync } from '../../store/store.ts';
import { bringInOrder, type Counts } from '../bring-in-order.ts';
import { checkAccounts } from '../check-accounts.ts';
import {
  CONFIG_OPTIONS,
  EXIT,
  isOn,
  misused,
  numberOption,
  textOption,
  type Command,
  type Given,
} from '../command.ts';
import { saveSetup } from '../config/save.ts';
import { impatient } from '../impatient-store.ts';
import { atSite, type Site } from '../installation.ts';
import type { Output } from '../output.ts';
import { showPreview } from '../preview.ts';
import { referencedFirst } from '../referenced-first.ts';
import { exitCodeOf, saySummary, summaryOf } from '../summary.ts';

export const sync: Command = {
  name: 'sync',
  summary: 'keep the systems of a configuration the same: --once or --daemon',
  about: [
    'Exit code of --once: 0 in sync, 2 something waits for a person, 1 it failed or is not finished.',
    '',
    'The daemon serves on 127.0.0.1: POST /sync, POST /hook/<account>, POST /hint, GET /healthz and',
    'GET /readyz. /sync and /hint take the token in the file daemon-token of the data directory.',
    '',
  ].join('\n'),
  options: {
    once: { about: 'bring everything in order and end' },
    daemon: { about: 'go on until stopped' },
    preview: { about: 'with --once: show every write with before and after, send nothing' },
    full: { about: 'with --once: compare everything, not only what has changed' },
    wait: {
      value: '<seconds>',
      about: 'with --once: wait so long in all for what is due later; 60',
    },
    sync: { value: '<name>', about: 'with --once: only this sync of the file' },
    port: { value: '<number>', about: 'with --daemon: port to serve on; 0 takes a free one; 4020' },
    ...CONFIG_OPTIONS,
  },
  async run(given) {
    if (isOn(given, 'once') === isOn(given, 'daemon')) {
      throw misused('sync', 'Say either --once or --daemon.');
    }
    if (isOn(given, 'daemon')) {
      const port = numberOption('sync', given, { name: 'port', otherwise: 4020, max: 65_535 });
      // Only the daemon needs a server and a queue.
      const { runDaemon } = await import('../daemon/daemon.ts');
      return runDaemon(given, { port });
    }
    const waitMs =
      1_000 * numberOption('sync', given, { name: 'wait', otherwise: 60, max: 86_400 });
    return atSite(given, (site) => syncOnce(site, given, waitMs), {
      asSeenByEngine: impatient,
    });
  },
};

async function syncOnce(site: Site, given: Given, waitMs: number): Promise<number> {
  const named = site.syncs(textOption(given, 'sync'));
  const syncs = referencedFirst(named.filter(({ status }) => status !== 'paused'));
  for (const { title, status } of named) {
    if (status === 'paused') given.output.say(`${title} (paused)`);
  }
  await saveSetup(site);
  await checkAccounts(site, syncs);
  let worst: number = EXIT.good;
  for (const one of syncs) {
    const code =
      isOn(given, 'preview') || one.status === 'preview'
        ? await previewOne(site, one, given, waitMs)
        : await syncOne(site, one, given, waitMs);
    worst = worst === EXIT.failed ? worst : code === EXIT.good ? worst : code;
  }
  return worst;
}

async function syncOne(site: Site, one: StoredSync, given: Given, waitMs: number): Promise<number> {
  const { output } = given;
  const run = await bringInOrder(site, {
    isPreview: false,
    sync: one.id,
    full: isOn(given, 'full') || (await isNew(site, one)),
    waitMs,
    onProgress: (counts) => showProgress(output, one, counts),
  });
  const summary = await summaryOf(site, one, run);
  saySummary(summary, output);
  return exitCodeOf(summary);
}

async function previewOne(
  site: Site,
  one: StoredSync,
  given: Given,
  waitMs: number,
): Promise<number> {
  const { output } = given;
  const run = await bringInOrder(site, {
    isPreview: true,
    sync: one.id,
    full: isOn(given, 'full') || (await isNew(site, one)),
    waitMs,
    onProgress: (counts) => showProgress(output, one, counts),
  });
  const count = await showPreview(site, one.title, run, output);
  output.tell({ event: 'preview', sync: one.title, run: run.id, writes: count });
  const next = count > 0 ? `; to send exactly these: tributary apply ${run.id}` : '';
  output.say(`${one.title}: ${count} writes, none of them sent${next}`);
  const { open } = await summaryOf(site, one);
  return open.conflicts + open.reviews + open.deadLetters > 0 ? EXIT.waiting : EXIT.good;
}

/** Until everything was compared once, changes alone do not tell what is there. */
async function isNew({ engine, tenant }: Site, { id, policy }: StoredSync): Promise<boolean> {
  const certificates = await engine.certificates(tenant, id);
  return policy.members.some(
    ({ endpoint }) => !certificates.some((each) => each.endpoint === endpoint),
  );
}

function showProgress(output: Output, { title }: StoredSync, counts: Counts): void {
  output.tell({ event: 'progress', sync: title, counts });
  const told = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  output.progress(`${title}: ${told.join(', ')}`);
}
