/**
 * Webhooks: the connector of an account says whether a delivery is genuine and which items it is about;
 * these are marked, and only then is the vendor told that all is well. A delivery that comes twice
 * costs a read and changes nothing.
 */
import type { Account, Hint, RawDelivery } from '../../connectors/connector.ts';
import { TributaryError } from '../../core/errors.ts';
import type { Ref, StoredEndpoint } from '../../store/store.ts';
import { readSettings } from '../../engine/settings.ts';
import type { Site } from '../installation.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface Hooks {
  /** Tells how many items were marked. */
  receive(account: string, delivery: RawDelivery): Promise<number>;
  close(): Promise<void>;
}

export function hooksFor(site: Site, subscriptions: Subscriptions): Hooks {
  const { engine, tenant, setup, config } = site;
  const opened = new Map<string, Promise<Account>>();

  function accountOf(endpoint: StoredEndpoint): Promise<Account> {
    const known = opened.get(endpoint.title);
    if (known) return known;
    const opening = site.openAccount(endpoint);
    opened.set(endpoint.title, opening);
    opening.catch(() => opened.delete(endpoint.title));
    return opening;
  }

  return {
    async receive(name, delivery) {
      const endpoint = setup.endpoints.find(({ title }) => title === name);
      if (!endpoint) {
        const known = setup.endpoints.map(({ title }) => title).join(', ');
        throw notTaken(`There is no account "${name}".`, `There are: ${known}.`);
      }
      const account = await accountOf(endpoint);
      if (!account.receive) {
        const next = 'Add the secret of its webhooks to the account in the configuration.';
        throw notTaken(`The account "${name}" takes no webhooks.`, next);
      }
      // Vendors sign the address that they know.
      const url = `${config.hookUrl ?? ''}${delivery.url}`;
      const secret = await subscriptions.secretOf(endpoint);
      const refs = refsOf(site, endpoint, account.receive({ ...delivery, url }, secret));
      await engine.hint(tenant, refs);
      return refs.length;
    },
    async close() {
      const accounts = await Promise.allSettled(opened.values());
      for (const each of accounts) if (each.status === 'fulfilled') await each.value.close();
    },
  };
}

export const HOOK_NOT_TAKEN = 'hook-not-taken';

function notTaken(what: string, next: string): TributaryError {
  return new TributaryError(HOOK_NOT_TAKEN, { what, next });
}

/** An item may take part in several syncs. */
function refsOf({ setup }: Site, { id }: StoredEndpoint, hints: readonly Hint[]): Ref[] {
  const members = setup.syncs.flatMap(({ id: sync, title, settings }) => {
    const member = readSettings(title, settings).members[id];
    return member ? [{ sync, collection: member.collection }] : [];
  });
  return hints.flatMap((hint) =>
    members
      .filter(({ collection }) => collection === hint.collection)
      .map(({ sync }) => ({ sync, endpoint: id, remoteId: hint.id })),
  );
}
