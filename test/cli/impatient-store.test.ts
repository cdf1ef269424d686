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

  it('collects nothing, and leaves the stored syncs as they are', async () => {
    const store = new MemoryStore({ world: quietWorld, auditKey: 'key' });
    await store.saveSetup(setup);
    const latency = async (from: Pick<MemoryStore, 'readSetup'>): Promise<unknown> =>
      (await from.readSetup(tenant))?.syncs[0]?.settings['latency'];
    assert.equal(await latency(impatient(store)), 0);
    assert.equal(await latency(store), 1);
  });
});
