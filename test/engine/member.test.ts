import assert from 'node:assert/strict';
import type { Account, Connector } from '../../runtime/connectors/connector.ts';
import { grumpy } from '../../runtime/connectors/grumpy/grumpy.ts';
import { withPair } from './pair.ts';

describe('An account', () => {
  it('whose credentials are refused is closed before it is opened anew', async () => {
    const open = new Set<Account>();
    let openedAtCrm = 0;
    const connector: Connector = {
      ...(grumpy as Connector),
      async open(config, world) {
        const account = await (grumpy as Connector).open(config, world);
        if ((config as { token: string }).token === 'token-of-crm') openedAtCrm += 1;
        const counted: Account = {
          ...account,
          async close() {
            open.delete(counted);
            await account.close();
          },
        };
        open.add(counted);
        return counted;
      },
    };
    await withPair(
      async (pair) => {
        const { app, crm } = pair;
        await pair.settle();
        assert.equal(open.size, 2);
        crm.hands.setToken('another token');
        app.enter({ email: 'anna@example.com', name: 'Anna' });
        await pair.settle();
        crm.hands.setToken('token-of-crm');
        await pair.wait(600_000);
        await pair.settle();
        assert.deepEqual(crm.people(), { 'anna@example.com': { name: 'Anna' } });
        assert.ok(openedAtCrm > 1, 'it was opened anew');
        assert.equal(open.size, 2);
      },
      { connector },
    );
    assert.equal(open.size, 0);
  });
});

describe('A field of another type', () => {
  it('is known as such to whoever opened its account while another process remembered it', async () => {
    let meanwhile: (() => Promise<void>) | undefined;
    const connector: Connector = {
      ...(grumpy as Connector),
      async open(config, world) {
        const account = await (grumpy as Connector).open(config, world);
        return {
          ...account,
          async collection(name) {
            if ((config as { token: string }).token === 'token-of-crm') await meanwhile?.();
            return account.collection(name);
          },
        };
      },
    };
    await withPair(
      async (pair) => {
        const { app, crm, store, tenant, sync, world } = pair;
        const { endpoint } = crm;
        meanwhile = async () => {
          meanwhile = undefined;
          const value = { 'name text': 'text', 'email email': 'email' };
          const cursors = [{ sync, endpoint, channel: 'schema', value }];
          await store.mark(tenant, { now: world.clock.now(), marks: [], cursors });
          crm.hands.retypeField('people', 'name', 'number');
        };
        app.enter({ email: 'anna@example.com', name: 'Anna' });
        const run = await pair.settle();
        assert.equal(run.counts['failed: rejected'], undefined);
        assert.deepEqual(crm.people(), { 'anna@example.com': {} });
        const cursors = await store.readCursors(tenant, sync);
        const known = cursors.find((c) => c.endpoint === endpoint && c.channel === 'schema');
        assert.equal((known!.value as Record<string, string>)['name text'], 'text');
      },
      { connector },
    );
  });
});
