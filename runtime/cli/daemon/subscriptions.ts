/**
 * Keeps vendors telling us of changes. Where the configuration says at which address we are reached, and
 * the vendor lets us, webhooks are set up at the start, repaired once a day and renewed before they
 * expire; those that lead to an address of before are removed. While that does not work, nothing is lost:
 * changes are found by looking for them, only later.
 */
import { z } from 'zod';
import type { Account } from '../../connectors/connector.ts';
import { readSettings } from '../../engine/settings.ts';
import type { StoredEndpoint } from '../../store/store.ts';
import type { Site } from '../installation.ts';

export interface Subscriptions {
  /** What proves that a webhook of this account is genuine; without one, its configuration says. */
  secretOf(endpoint: StoredEndpoint): Promise<string | undefined>;
  /** Begins, and returns the way to stop. */
  keep(): () => Promise<void>;
}

const REPAIR_MS = 86_400_000;
const AGAIN_MS = 3_600_000;
/** Enough for several tries; those that last only hours are renewed halfway. */
const EARLY_MS = 6 * 3_600_000;
/** A vendor that says they are over as soon as they are made is not asked all the time. */
const LEAST_MS = 60_000;

/** What is needed of a site. */
type Place = Pick<Site, 'setup' | 'world' | 'memoryOf' | 'hookSecretOf'> & {
  readonly config: Pick<Site['config'], 'hookUrl'>;
  readonly openAccount: (endpoint: StoredEndpoint) => Promise<Pick<Account, 'webhooks' | 'close'>>;
};

export function subscriptionsFor(site: Place): Subscriptions {
  const { setup, world } = site;
  const stops = new Map<string, () => void>();
  const working = new Set<Promise<void>>();
  let isKeeping = true;

  async function keepOne(endpoint: StoredEndpoint): Promise<void> {
    const { title } = endpoint;
    try {
      const { url, expiresAt = Infinity } = (await subscribe(site, endpoint)) ?? {};
      if (url !== undefined) world.log.write('info', `Webhooks of "${title}" lead to ${url}.`);
      const leftMs = expiresAt - world.clock.now();
      const renewMs = Math.max(leftMs - EARLY_MS, leftMs / 2, LEAST_MS);
      later(endpoint, Math.min(REPAIR_MS, renewMs));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `The webhooks of "${title}" could not be set up; again in an hour. Its changes are found by looking for them meanwhile.`;
      world.log.write('warn', message, { reason });
      later(endpoint, AGAIN_MS);
    }
  }

  function later(endpoint: StoredEndpoint, waitMs: number): void {
    if (!isKeeping) return;
    const stop = world.schedule.after(waitMs, () => {
      const work = keepOne(endpoint).finally(() => working.delete(work));
      working.add(work);
    });
    stops.set(endpoint.title, stop);
  }

  return {
    async secretOf(endpoint) {
      return (await keptBy(site, endpoint))?.secret;
    },
    keep() {
      for (const endpoint of setup.endpoints) later(endpoint, 0);
      return async () => {
        isKeeping = false;
        for (const stop of stops.values()) stop();
        await Promise.all(working);
      };
    },
  };
}

/** What was set up last, and where it leads. */
const subscription = z.object({
  url: z.string(),
  secret: z.string(),
  expiresAt: z.number().optional(),
});
type Subscription = z.infer<typeof subscription>;

/** What an account keeps it under. */
const KEPT = 'webhooks';

async function keptBy(site: Place, endpoint: StoredEndpoint): Promise<Subscription | undefined> {
  return subscription.safeParse(await site.memoryOf(endpoint).load(KEPT)).data;
}

async function subscribe(site: Place, endpoint: StoredEndpoint): Promise<Subscription | undefined> {
  const { hookUrl } = site.config;
  const collections = collectionsOf(site, endpoint);
  const url =
    hookUrl !== undefined && collections.length > 0
      ? `${hookUrl}/hook/${encodeURIComponent(endpoint.title)}`
      : undefined;
  const before = await keptBy(site, endpoint);
  if (url === undefined && before === undefined) return undefined;
  const account = await site.openAccount(endpoint);
  try {
    return await moved(site, endpoint, { account, before, url, collections });
  } finally {
    await account.close();
  }
}

async function moved(
  site: Place,
  endpoint: StoredEndpoint,
  {
    account: { webhooks },
    before,
    url,
    collections,
  }: {
    account: Pick<Account, 'webhooks'>;
    before: Subscription | undefined;
    url: string | undefined;
    collections: readonly string[];
  },
): Promise<Subscription | undefined> {
  const memory = site.memoryOf(endpoint);
  if (webhooks === undefined) return undefined;
  if (before !== undefined && before.url !== url) {
    await webhooks.remove(before.url);
    await memory.save(KEPT, null);
  }
  if (url === undefined) return undefined;
  const secret = site.hookSecretOf(endpoint);
  // The first delivery may come before the answer.
  if (before?.url !== url) await memory.save(KEPT, { url, secret });
  const now = { url, ...(await webhooks.ensure({ url, secret, collections })) };
  await memory.save(KEPT, now);
  return now;
}

function collectionsOf({ setup }: Place, { id }: StoredEndpoint): readonly string[] {
  const names = setup.syncs
    .filter(({ status }) => status !== 'paused')
    .flatMap(({ title, settings }) => readSettings(title, settings).members[id]?.collection ?? []);
  return [...new Set(names)].toSorted();
}
