/**
 * The service: takes webhooks, looks for changes by itself, and brings everything in order through the
 * queue, beside any number of others on the same database. Ends orderly on SIGTERM and SIGINT: no new
 * requests, what runs comes to the end of its page, and the rest goes on wherever the next one starts.
 */
import type { Lifetime } from '../../server/lifetime.ts';
import { openQueue, type Drain, type Queue } from '../../queue/queue.ts';
import { systemWorld } from '../../world/system.ts';
import type { Given } from '../command.ts';
import { saveSetup } from '../config/save.ts';
import { openSite, type Site } from '../installation.ts';
import { live } from '../live.ts';
import { hooksFor } from './hooks.ts';
import { keepLooking } from './looks.ts';
import { serveRequests } from './requests.ts';
import { syncRuns, type SyncRuns } from './sync-runs.ts';
import { subscriptionsFor } from './subscriptions.ts';
import { openToken } from './token.ts';
import { keepWatching } from './watching.ts';

export function runDaemon(given: Given, { port }: { port: number }): Promise<number> {
  const world = systemWorld({ log: process.stderr });
  return live(world, (lifetime) => serve(given, port, lifetime));
}

/** Webhooks, hints, decisions, and the changes that a poll has found. */
const URGENT = 1;

async function serve(given: Given, port: number, lifetime: Lifetime): Promise<void> {
  const sending: { queue?: Queue } = {};
  const site = await openSite(given, {
    logLevel: 'info',
    announce: async (due, sql) => sending.queue?.announce(due, sql),
  });
  lifetime.opened('database', () => site.close());
  await saveSetup(site);
  const { connection, world } = site;
  const queue = await openQueue({ connection, world });
  sending.queue = queue;
  lifetime.opened('queue', () => queue.close());
  const runs = syncRuns(site);
  lifetime.opened('runs', () => runs.close());
  const token = await openToken(site.data, world);
  const subscriptions = subscriptionsFor(site);
  const hooks = hooksFor(site, subscriptions);
  lifetime.opened('webhooks', () => hooks.close());
  const door = await serveRequests({ site, runs, hooks, token: token.text, port });
  lifetime.opened('requests', () => door.close());
  const drain = drainOf(site, runs);
  await queue.work(drain, { concurrency: 1 });
  // A place of its own, so that a comparison of everything never keeps an edit waiting.
  await queue.work(drain, { concurrency: 1, leastPriority: URGENT });
  lifetime.opened('looks', keepLooking(site));
  lifetime.opened('subscriptions', subscriptions.keep());
  lifetime.opened('watching', keepWatching(site));
  given.output.tell({ event: 'ready', url: door.url, tokenFile: token.file });
  given.output.say(`ready ${door.url} (token in ${token.file})`);
}

/** What is not in the file, or paused in it, is left to whoever has it. */
function drainOf(site: Site, runs: SyncRuns): Drain {
  const { engine, tenant, setup } = site;
  const active = new Set(
    setup.syncs.filter(({ status }) => status !== 'paused').map(({ id }) => id),
  );
  return async (work, signal) => {
    if (work.tenant !== tenant || !active.has(work.sync)) return;
    const run = await engine.drain({
      tenant,
      sync: work.sync,
      leastPriority: work.priority,
      trigger: 'daemon',
      signal,
    });
    runs.note(work.sync, run);
  };
}
