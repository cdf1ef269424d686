/**
 * The store as a command that somebody waits for shows it to the engine: all syncs are immediate in it.
 * Others collect changes for a while before they act on them.
 */
import type { Setup, Store, TenantId } from '../store/store.ts';

export function impatient(store: Store): Store {
  async function readSetup(tenant: TenantId): Promise<Setup | undefined> {
    const setup = await store.readSetup(tenant);
    if (!setup) return undefined;
    const syncs = setup.syncs.map((sync) => ({
      ...sync,
      settings: { ...sync.settings, latency: 0 },
    }));
    return { ...setup, syncs };
  }

  return new Proxy(store, {
    get(target, name) {
      if (name === 'readSetup') return readSetup;
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
