import assert from 'node:assert/strict';
import {
  VendorError,
  type Connector,
  type Left,
  type Limit,
} from '../../runtime/connectors/connector.ts';
import { grumpy } from '../../runtime/connectors/grumpy/grumpy.ts';
import type { EndpointId } from '../../runtime/core/planner/model.ts';
import { Gate, type Action } from '../../runtime/engine/gate.ts';
import type { Called } from '../../runtime/engine/member.ts';
import { MemoryStore } from '../../runtime/store/memory.ts';
import type { TenantId } from '../../runtime/store/store.ts';
import { inWorld } from '../connectors/in-world.ts';
import { virtualWorld } from '../sim/virtual-world.ts';
import { ENDPOINTS, withPair } from './pair.ts';

const TENANT = '00000000-0000-7000-8000-100000000001' as TenantId;
const CRM: Called = { endpoint: ENDPOINTS.crm, title: 'crm', limits: [] };
const READ = { action: 'read', items: 1, priority: 0 } as const;
const MINUTE = 60_000;
const BATCHES = {
  list: 100,
  read: 100,
  find: 100,
  create: 100,
  update: 100,
  delete: 100,
  restore: 100,
};
const BURST: Limit = { name: 'burst', capacity: 4, perMs: MINUTE, cost: () => 1 };

describe('a call to a vendor', () => {
  it('costs what its limits say about the call, its items and its collection', async () => {
    const costs: unknown[] = [];
    const cost: Limit['cost'] = (...about) => (costs.push(about), 1);
    const { call } = gateFor([{ ...BURST, cost }]);
    await call('update', { items: 7 });
    assert.deepEqual(costs, [['update', 7, 'people']]);
  });

  it('is not held back by a limit that is not about it', async () => {
    const cost: Limit['cost'] = (action) => (action === 'find' ? 1 : 0);
    const { call } = gateFor([{ ...BURST, name: 'search', cost }]);
    for (let find = 0; find < 3; find += 1) await call('find');
    await assert.rejects(call('find'), { kind: 'throttled' });
    for (let update = 0; update < 9; update += 1) await call('update');
  });

  it('closes the one limit that the vendor names, when it was one too many', async () => {
    const searches: Limit = {
      ...BURST,
      name: 'search',
      cost: (action) => (action === 'find' ? 1 : 0),
    };
    const { call } = gateFor([BURST, searches]);
    const tooMany = throttled({ retryAfterMs: MINUTE, limit: 'search' });
    await assert.rejects(call('find', { fails: tooMany }), tooMany);
    await assert.rejects(call('find'), { kind: 'throttled' });
    await call('update');
  });

  it('closes all limits when the vendor names none, or one that nobody knows', async () => {
    for (const about of [{}, { limit: 'something new' }]) {
      const { call } = gateFor([BURST]);
      const tooMany = throttled({ retryAfterMs: MINUTE, ...about });
      await assert.rejects(call('find', { fails: tooMany }), tooMany);
      await assert.rejects(call('update'), { kind: 'throttled' });
    }
  });

  it('waits until there is more of what the vendor says is used up', async () => {
    const { world, call, tell } = gateFor([{ ...BURST, capacity: 1_000 }]);
    const resetsAt = world.clock.now() + 5 * MINUTE;
    tell([
      { name: 'burst', left: 1, resetsAt },
      { name: 'of somebody else', left: 0, resetsAt },
    ]);
    await call('read');
    tell([{ name: 'burst', left: 0, resetsAt }]);
    await call('read');
    await assert.rejects(call('read'), (error: VendorError) => {
      assert.equal(error.kind, 'throttled');
      assert.ok(Math.abs(error.retryAfterMs! - 5 * MINUTE) < 1_000, String(error.retryAfterMs));
      return true;
    });
    await world.runUntil(resetsAt);
    await call('read');
  });

  it('does not wait for what was used up once, or comes back nobody knows when', async () => {
    const { world, call, tell } = gateFor([{ ...BURST, capacity: 1_000 }]);
    tell([{ name: 'burst', left: 0, resetsAt: world.clock.now() }]);
    await call('read');
    tell([{ name: 'burst', left: 0 }]);
    await call('read');
    await call('read');
  });

  it('is not held back by what little was left of a smaller limit, when the vendor allows more', async () => {
    const { world, call, resize } = gateFor([{ ...BURST, capacity: 4, perMs: 24 * 60 * MINUTE }]);
    for (let read = 0; read < 3; read += 1) await call('read');
    await assert.rejects(call('read'), { kind: 'throttled' });
    resize([{ ...BURST, capacity: 4_000, perMs: 24 * 60 * MINUTE }]);
    const before = world.clock.now();
    await call('read');
    assert.equal(world.clock.now(), before);
  });
});

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

  it('leaves enough to write what was read, however few calls a system allows', async () => {
    const few: Limit = {
      name: 'minute',
      capacity: 6,
      perMs: MINUTE,
      cost: (action, items) => (action === 'read' || action === 'find' ? items : 1),
    };
    const connector: Connector = {
      ...(grumpy as Connector),
      async open(config, world) {
        const account = await (grumpy as Connector).open(config, world);
        const isCrm = (config as { token: string }).token === 'token-of-crm';
        return isCrm ? { ...account, limits: [few] } : account;
      },
    };
    await withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        for (let n = 0; n < 12; n += 1) app.enter({ email: `p${n}@example.com`, name: `P ${n}` });
        await engine.look(tenant, sync);
        for (let second = 0; second < 1_200; second += 1) {
          await engine.drain({ tenant, sync });
          await pair.wait(1_000);
        }
        assert.equal(Object.keys(crm.people()).length, 12);
      },
      { connector, abilities: { crm: { batch: { ...BATCHES, create: 1 } } } },
    );
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

function throttled(about: { retryAfterMs: number; limit?: string }): VendorError {
  return new VendorError('throttled', { what: 'Too many.', next: 'Wait.' }, about);
}

function gateFor(first: readonly Limit[]) {
  let limits = first;
  const world = virtualWorld({ seed: 'gate' });
  const store = new MemoryStore({ world, auditKey: 'audit' });
  const gate = new Gate(store, world, () => assert.fail('nobody has to log in'));
  let left: readonly Left[] = [];
  const member: Called = {
    endpoint: 'crm' as EndpointId,
    title: 'Sales',
    collection: { name: 'people' },
    get limits() {
      return limits;
    },
    left: () => left,
  };
  const call = (
    action: Action,
    { items = 1, fails }: { items?: number; fails?: VendorError } = {},
  ): Promise<void> =>
    inWorld(world, () =>
      gate.call('tenant' as TenantId, member, { action, items, priority: 0 }, async () => {
        if (fails) throw fails;
      }),
    );
  return {
    world,
    call,
    tell: (told: readonly Left[]) => void (left = told),
    resize: (told: readonly Limit[]) => void (limits = told),
  };
}
