/** Brings the store to what the file says, and keeps what was learnt since. */
import { TributaryError } from '../../core/errors.ts';
import type { Site } from '../installation.ts';
import { setupOf } from './setup.ts';

type Saved = Pick<Site, 'store' | 'tenant' | 'config' | 'world'>;

export async function saveSetup({ store, tenant, config, world }: Saved): Promise<void> {
  const known = await store.readSetup(tenant);
  await store.saveSetup(setupOf(config, world.clock.now(), known));
}

/** For commands that look at what a sync has left. */
export async function demandSetup({ store, tenant }: Saved): Promise<void> {
  if (await store.readSetup(tenant)) return;
  throw new TributaryError('never-synced', {
    what: 'With this configuration nothing was synced yet.',
    next: 'Run "tributary sync --once" first, with --preview if nothing is to be written.',
  });
}
