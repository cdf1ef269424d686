/**
 * Looks at a system as soon as it says that something has changed there, where it can say so by itself
 * (PostgreSQL). What it says while a look is under way leads to one more.
 */
import { connectors } from '../../connectors/index.ts';
import type { Account, Stop } from '../../connectors/connector.ts';
import { readSettings } from '../../engine/settings.ts';
import type { StoredEndpoint } from '../../store/store.ts';
import type { Site } from '../installation.ts';

const AGAIN_MS = 60_000;

/** Returns the way to stop. */
export function keepWatching(site: Site): Stop {
  const { setup } = site;
  const watching = setup.endpoints
    .filter(({ vendor }) => connectors.find((each) => each.vendor === vendor)?.watches)
    .map((endpoint) => watchOne(site, endpoint));
  return async () => {
    await Promise.all(watching.map((stop) => stop()));
  };
}

function watchOne(site: Site, endpoint: StoredEndpoint): Stop {
  const { world } = site;
  const look = oneAtATime(() => lookAt(site, endpoint));
  let opened: Account | undefined;
  let stopWatching: Stop = async () => {};
  let isOver = false;

  async function begin(): Promise<void> {
    try {
      const account = await site.openAccount(endpoint);
      if (isOver) return await account.close();
      opened = account;
      stopWatching = account.watch!(() => look.ask());
    } catch (error) {
      if (isOver) return;
      const reason = error instanceof Error ? error.message : String(error);
      const message = `"${endpoint.title}" cannot be heard of; again in a minute. Its changes are found by looking for them meanwhile.`;
      world.log.write('warn', message, { reason });
      const stop = world.schedule.after(AGAIN_MS, () => void begin());
      stopWatching = async () => stop();
    }
  }

  const beginning = begin();
  return async () => {
    isOver = true;
    await beginning;
    await stopWatching();
    await look.end();
    await opened?.close();
  };
}

async function lookAt(
  { engine, tenant, setup, world }: Site,
  { id, title }: StoredEndpoint,
): Promise<void> {
  try {
    for (const sync of setup.syncs) {
      const isMember = readSettings(sync.title, sync.settings).members[id] !== undefined;
      if (isMember && sync.status !== 'paused')
        await engine.look(tenant, sync.id, { endpoints: [id] });
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    world.log.write('warn', `Looking for changes at "${title}" failed; later again.`, { reason });
  }
}

/** Asked while it is at work, it does it once more. */
function oneAtATime(work: () => Promise<void>) {
  let working: Promise<void> | undefined;
  let isAskedAgain = false;

  async function run(): Promise<void> {
    do {
      isAskedAgain = false;
      await work();
    } while (isAskedAgain);
    working = undefined;
  }

  return {
    ask(): void {
      isAskedAgain = true;
      working ??= run();
    },
    end: async () => working,
  };
}
