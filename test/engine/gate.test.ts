import assert from 'node:assert/strict';
import { VendorError, type Connector } from '../../runtime/connectors/connector.ts';
import { grumpy } from '../../runtime/connectors/grumpy/grumpy.ts';
import { Gate, type Called } from '../../runtime/engine/gate.ts';
import { MemoryStore } from '../../runtime/store/memory.ts';
import type { TenantId } from '../../runtime/store/store.ts';
import { inWorld } from '../connectors/in-world.ts';
import { virtualWorld } from '../sim/virtual-world.ts';
import { ENDPOINTS, withPair } from './pair.ts';

const TENANT = '00000000-0000-7000-8000-100000000001' as TenantId;
const CRM: Called = { endpoint: ENDPOINTS.crm, title: 'crm', limits: [] };
const READ = { action: 'read', items: 1, priority: 0 } as const;

describe('The gate', () => {
  it('tries a system that was down with a single call', async () => {
    const world = virtualWorld({ seed: 1 });
    const gate = new Gate(new MemoryStore({ world, auditKey: 'audit' }), world, () => {});
    let calls = 0;
    const call = (isUp: boolean) =>
      gate.call(TENANT, CRM, READ, async () => {
        calls += 1;
        await world.schedule.sleep(100);
        if (!isUp) throw new VendorError('transient', { what: 'It is down.', next: 'Wait.' });
      });
    await inWorld(world, async () => {
      for (let n = 0; n < 20; n += 1) await assert.rejects(call(false));
      await assert.rejects(call(true), /is not called just now/);
      assert.equal(calls, 20);
      await world.schedule.sleep(10_000);
      const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => call(true)));
      assert.equal(calls, 21);
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
      await Promise.all([call(true), call(true)]);
    });
  });

  it('counts log-ins and looks at schemas like any other call', async () => {
    const limits = [{ name: 'minute', capacity: 10, perMs: 60_000 }];
    const asked: number[] = [];
    const connector: Connector = {
      ...(grumpy as Connector),
      async open(config, world) {
        const account = await (grumpy as Connector).open(config, world);
        const isCrm = (config as { token: string }).token === 'token-of-crm';
        return {
          ...account,
          collection(name) {
            if (isCrm) asked.push(world.clock.now());
            return account.collection(name);
          },
        };
      },
    };
    await withPair(
      async (pair) => {
        const { engine, tenant, sync } = pair;
        for (let n = 0; n < 60; n += 1) {
          engine.refresh();
          await engine.drain({ tenant, sync });
          await pair.wait(1_000);
        }
        const minutes = (asked.at(-1)! - asked[0]!) / 60_000;
        assert.ok(asked.length > 10, 'what comes back with time is used');
        assert.ok(asked.length <= 10 + 10 * minutes, `${asked.length} times in ${minutes} minutes`);
      },
      { connector, abilities: { crm: { limits } } },
    );
  });
});
