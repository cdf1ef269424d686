import assert from 'node:assert/strict';
import { VendorError, type Left, type Limit } from '../../runtime/connectors/connector.ts';
import type { EndpointId } from '../../runtime/core/planner/model.ts';
import { Gate, type Action } from '../../runtime/engine/gate.ts';
import type { Member } from '../../runtime/engine/member.ts';
import { MemoryStore } from '../../runtime/store/memory.ts';
import type { TenantId } from '../../runtime/store/store.ts';
import { inWorld } from '../connectors/in-world.ts';
import { virtualWorld } from '../sim/virtual-world.ts';

const MINUTE = 60_000;
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
});

function throttled(about: { retryAfterMs: number; limit?: string }): VendorError {
  return new VendorError('throttled', { what: 'Too many.', next: 'Wait.' }, about);
}

function gateFor(limits: readonly Limit[]) {
  const world = virtualWorld({ seed: 'gate' });
  const store = new MemoryStore({ world, auditKey: 'audit' });
  const gate = new Gate(store, world, () => assert.fail('nobody has to log in'));
  let left: readonly Left[] = [];
  const member = {
    endpoint: 'crm' as EndpointId,
    title: 'Sales',
    collection: { name: 'people' },
    limits,
    left: () => left,
  } as Partial<Member> as Member;
  const call = (
    action: Action,
    { items = 1, fails }: { items?: number; fails?: VendorError } = {},
  ): Promise<void> =>
    inWorld(world, () =>
      gate.call('tenant' as TenantId, member, { action, items, priority: 0 }, async () => {
        if (fails) throw fails;
      }),
    );
  return { world, call, tell: (told: readonly Left[]) => void (left = told) };
}
