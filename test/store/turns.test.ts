import assert from 'node:assert/strict';
import type { Priority, SyncId, TenantId, Waiting } from '../../runtime/store/store.ts';
import { Turns } from '../../runtime/store/turns.ts';

const NOW = 1000;

function head(tenant: string, change: Partial<Waiting> = {}): Waiting {
  const sync = `${tenant}1` as SyncId;
  return { tenant: tenant as TenantId, sync, priority: 1, readyAt: NOW, ...change };
}

function first(turns: Turns, waiting: readonly Waiting[]): string | undefined {
  return turns.order(waiting, { now: NOW })[0]?.tenant;
}

describe('turns', () => {
  it('go to who has had the least', () => {
    const turns = new Turns();
    const served: string[] = [];
    for (let n = 0; n < 9; n += 1) {
      const tenant = first(turns, [head('a'), head('b'), head('c')])!;
      served.push(tenant);
      turns.served(tenant as TenantId, tenant === 'a' ? 4 : 2);
    }
    assert.equal(served.join(''), 'abcbcabcb');
  });

  it('start level for who comes back after a pause', () => {
    const turns = new Turns();
    for (let n = 0; n < 50; n += 1) turns.served('a' as TenantId, 10);
    const served: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      const tenant = first(turns, [head('a'), head('late')])!;
      served.push(tenant);
      turns.served(tenant as TenantId, 10);
    }
    assert.deepEqual(new Set(served.slice(0, 2)), new Set(['a', 'late']));
    assert.equal(served.filter((tenant) => tenant === 'late').length, 3);
  });

  it('go to what is due, most urgent first, within a tenant', () => {
    const order = new Turns().order(
      [
        head('a', { priority: 2, readyAt: 1 }),
        head('a', { priority: 1, readyAt: 5, sync: 'a2' as SyncId }),
        head('a', { priority: 1, readyAt: 3 }),
        head('a', { priority: 0, readyAt: NOW + 1 }),
      ],
      { now: NOW },
    );
    assert.deepEqual(
      order.map(({ priority, readyAt }) => [priority, readyAt]),
      [
        [1, 3],
        [1, 5],
        [2, 1],
      ],
    );
  });

  it('go only to what was asked for', () => {
    const waiting = [head('a', { priority: 3 }), head('b'), head('b', { sync: 'b2' as SyncId })];
    const ask = (request: object) =>
      new Turns().order(waiting, { now: NOW, ...request }).map(({ sync }) => sync);
    assert.deepEqual(ask({ leastPriority: 1 as Priority }), ['b1', 'b2']);
    assert.deepEqual(ask({ tenant: 'a' }), ['a1']);
    assert.deepEqual(ask({ sync: 'b2' }), ['b2']);
  });
});
