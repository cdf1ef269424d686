import assert from 'node:assert/strict';
import { parseConfig } from '../../runtime/cli/config/config.ts';
import { setupOf } from '../../runtime/cli/config/setup.ts';
import { impatient } from '../../runtime/cli/impatient-store.ts';
import { template } from '../../runtime/cli/template.ts';
import { MemoryStore } from '../../runtime/store/memory.ts';
import { quietWorld } from '../support/test-database.ts';

describe('the store of a command that somebody waits for', () => {
  const setup = setupOf(parseConfig(template, { file: 'a.yaml', environment: {} }), 0);
  const tenant = setup.tenant.id;
  const sync = setup.syncs[0]!.id;
  const endpoint = setup.endpoints[0]!.id;

  async function storeWithSetup(): Promise<MemoryStore> {
    const store = new MemoryStore({ world: quietWorld, auditKey: 'key' });
    await store.saveSetup(setup);
    return store;
  }

  it('collects nothing, and leaves the stored syncs as they are', async () => {
    const store = await storeWithSetup();
    const latency = async (from: Pick<MemoryStore, 'readSetup'>): Promise<unknown> =>
      (await from.readSetup(tenant))?.syncs[0]?.settings['latency'];
    assert.equal(await latency(impatient(store, { isPreview: false })), 0);
    assert.equal(await latency(store), 1);
  });

  /** How often an item that is marked again and again can be claimed. */
  async function claims(isPreview: boolean, kind: 'item' | 'poll'): Promise<number> {
    const store = impatient(await storeWithSetup(), { isPreview });
    const place = { sync, endpoint };
    const key = kind === 'item' ? { kind, ...place, remoteId: '1' } : { kind, ...place };
    let claimed = 0;
    for (let now = 1; now <= 10; now += 1) {
      await store.mark(tenant, { now, marks: [{ key, priority: 1, windowMs: 0 }] });
      const leases = await store.claim({ now, leaseMs: 1_000, limit: 1, tenant, sync });
      claimed += leases.length;
      await store.finish(
        tenant,
        leases.map((lease) => ({ lease, ending: 'done' as const })),
      );
    }
    return claimed;
  }

  it('has an item looked at a few times in a preview, so that the preview ends', async () => {
    assert.equal(await claims(true, 'item'), 3);
    assert.equal(await claims(true, 'poll'), 10);
    assert.equal(await claims(false, 'item'), 10);
  });
});
