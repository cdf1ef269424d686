/** Changes what the engine is given: a vendor's answers, a store's answers, or what is set up. */
import {
  VendorError,
  type Collection,
  type Connector,
} from '../../runtime/connectors/connector.ts';
import type { Setup, Store } from '../../runtime/store/store.ts';
import type { World } from '../../runtime/world/world.ts';
import type { Change } from './scene.ts';

/** Every collection of the account with this title answers differently. */
export function collections(
  title: string,
  change: (collection: Collection, world: World) => Partial<Collection>,
): Change {
  const changed = (connector: Connector): Connector => ({
    ...connector,
    async open(config, world) {
      const account = await connector.open(config, world);
      if ((config as { title?: string }).title !== title) return account;
      return {
        ...account,
        async collection(name) {
          const collection = await account.collection(name);
          return { ...collection, ...change(collection, world) };
        },
      };
    },
  });
  return (options) => ({ ...options, connectors: options.connectors.map(changed) });
}

/** Between a look and a write there is time enough for somebody else. */
export function slowWrites(title: string, ms: number): Change {
  return collections(title, (collection, world) => ({
    async write(changes, signal) {
      await world.schedule.sleep(ms);
      return collection.write(changes, signal);
    },
  }));
}

/** The first create is carried out after a while, and nobody hears of it. */
export function firstCreateLost(
  title: string,
  { landsAfterMs = 0, failsAfterMs = 0 }: { landsAfterMs?: number; failsAfterMs?: number } = {},
): Change {
  return collections(title, (collection, world) => {
    let isLost = false;
    return {
      async write(changes, signal) {
        if (isLost || changes[0]?.op !== 'create') return collection.write(changes, signal);
        isLost = true;
        const landing = world.schedule.sleep(landsAfterMs).then(() => collection.write(changes));
        if (landsAfterMs === 0) await landing;
        await world.schedule.sleep(failsAfterMs);
        throw unreachable();
      },
    };
  });
}

export function unreachable(): VendorError {
  return new VendorError(
    'transient',
    { what: 'No answer came.', next: 'It is tried again.' },
    { mayHaveLanded: true },
  );
}

/** The store does some of its methods differently. */
export function storeWith(
  change: (store: Store, options: Parameters<Change>[0]) => Partial<Store>,
): Change {
  return (options) => {
    const { store } = options;
    const changed = change(store, options);
    const all = new Proxy(store, {
      get: (target, name): unknown => Reflect.get(changed, name) ?? Reflect.get(target, name),
    });
    return { ...options, store: all };
  };
}

/** Settings of every sync, besides those that all simulations have. */
export function settings(more: Readonly<Record<string, unknown>>): Change {
  return storeWith((store) => ({
    async readSetup(tenant): Promise<Setup | undefined> {
      const setup = await store.readSetup(tenant);
      if (!setup) return undefined;
      const syncs = setup.syncs.map((sync) => {
        return { ...sync, settings: { ...(sync.settings as object), ...more } };
      });
      return { ...setup, syncs } as Setup;
    },
  }));
}

export function together(...changes: readonly Change[]): Change {
  return (options) => changes.reduce((all, change) => change(all), options);
}

/** Seconds since the story began. */
export function second({ clock }: Pick<World, 'clock'>): number {
  return (clock.now() - START_MS) / 1000;
}

export const START_MS = Date.UTC(2026, 0, 1);
