/**
 * Opens every account and collection that is about to be used, before anything else happens: a wrong
 * token or a wrong name is then told in a second, and not after a minute of tries. What may pass by
 * itself, such as a network that is down, is left to those tries.
 */
import { VendorError } from '../connectors/connector.ts';
import { TributaryError } from '../core/errors.ts';
import type { EndpointId } from '../core/planner/model.ts';
import type { StoredSync } from '../store/store.ts';
import { readSettings } from '../engine/settings.ts';
import type { Site } from './installation.ts';

type Checked = Pick<Site, 'setup' | 'openAccount'>;

export async function checkAccounts(site: Checked, syncs: readonly StoredSync[]): Promise<void> {
  const wanted = [...collectionsBy(syncs)];
  await Promise.all(wanted.map(([endpoint, names]) => checkOne(site, endpoint, names)));
}

/** Those that the syncs use, by account. */
export function collectionsBy(
  syncs: readonly StoredSync[],
): ReadonlyMap<EndpointId, ReadonlySet<string>> {
  const wanted = new Map<EndpointId, Set<string>>();
  for (const { title, settings } of syncs) {
    for (const [endpoint, { collection }] of Object.entries(
      readSettings(title, settings).members,
    )) {
      const id = endpoint as EndpointId;
      wanted.set(id, (wanted.get(id) ?? new Set()).add(collection));
    }
  }
  return wanted;
}

async function checkOne(
  { setup, openAccount }: Checked,
  endpoint: EndpointId,
  collections: ReadonlySet<string>,
): Promise<void> {
  const stored = setup.endpoints.find(({ id }) => id === endpoint)!;
  try {
    const account = await openAccount(stored);
    try {
      for (const name of collections) await account.collection(name);
    } finally {
      await account.close();
    }
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    if (error instanceof VendorError && PASSING.has(error.kind)) return;
    const what = `Account "${stored.title}": ${error.message}`;
    throw new TributaryError(error.code, { what, next: 'Nothing was written.', cause: error });
  }
}

const PASSING: ReadonlySet<VendorError['kind']> = new Set(['transient', 'throttled']);
