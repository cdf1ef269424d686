/** Dirty marks, leases and cursors. */
import assert from 'node:assert/strict';
import type { Priority, SyncId, WorkKey } from '../../../runtime/store/store.ts';
import { LEASE_MS, sceneIn, START, type Opened } from '../scene.ts';

export function promisesAboutWork(opened: () => Opened): void {
  it('gives a marked key to one worker, with what the worker has to know', async () => {
    const { store, tenant, item, mark, claim } = await sceneIn(opened());
    await mark(item('1'));
    const [claimed, ...more] = await claim();
    const { token, ...rest } = claimed!;
    assert.deepEqual(more, []);
    assert.match(token, /^[0-9a-f-]{36}$/);
    assert.deepEqual(rest, {
      tenant,
      key: item('1'),
      marks: 1,
      until: START + LEASE_MS,
      priority: 1,
      attempts: 0,
      markedAt: START,
      lastMarkedAt: START,
    });
    assert.deepEqual(await claim(), []);
    assert.deepEqual(
      (await store.waiting()).filter((head) => head.tenant === tenant),
      [{ tenant, sync: rest.key.sync, priority: 1, readyAt: START + LEASE_MS }],
    );
  });

  it('gives back every kind of key as it was marked', async () => {
    const { sync, left, newId, item, mark, claim } = await sceneIn(opened());
    const keys: WorkKey[] = [
      { kind: 'entity', sync, entity: newId() as never },
      item('a/b c%/é'),
      item(''),
      { kind: 'poll', sync, endpoint: left },
      { kind: 'sweep', sync, endpoint: left },
    ];
    await mark(...keys);
    const claimed = await claim();
    assert.deepEqual(new Set(claimed.map(({ key }) => key)), new Set(keys));
  });

  it('knows no record behind a poll or a sweep', async () => {
    const { store, tenant, sync, left } = await sceneIn(opened());
    const keys: WorkKey[] = [
      { kind: 'poll', sync, endpoint: left },
      { kind: 'sweep', sync, endpoint: left },
    ];
    const loaded = keys.map((key) => ({ key, reviews: [] }));
    assert.deepEqual(await store.load(tenant, keys), loaded);
  });

  it('tells whether items without a record wait that were tried less often than that', async () => {
    const { store, tenant, sync, left, right, item, claim } = await sceneIn(opened());
    const place = { sync, endpoint: left };
    assert.equal(await store.isWaiting(tenant, place, 2), false);
    await store.mark(tenant, { now: START, marks: [{ key: item('1'), priority: 2, windowMs: 0 }] });
    assert.equal(await store.isWaiting(tenant, place, 2), true);
    assert.equal(await store.isWaiting(tenant, { sync, endpoint: right }, 2), false);
    for (const at of [START, START + 1]) {
      const [lease] = await claim(at);
      const ending = { at: at + 1, error: 'busy', counts: true };
      await store.finish(tenant, [{ lease: lease!, ending }]);
    }
    assert.equal(await store.isWaiting(tenant, place, 2), false);
    assert.equal(await store.isWaiting(tenant, place, 3), true);
  });

  it('tells what waits for a key, and takes nothing', async () => {
    const { store, tenant, item, claim } = await sceneIn(opened());
    const inspect = async () => (await store.inspectWork(tenant, [item('2'), item('1')]))[1];
    assert.equal(await inspect(), undefined);
    const marks = [{ key: item('1'), priority: 2, windowMs: 1000 }] as const;
    await store.mark(tenant, { now: START, marks });
    const marked = { priority: 2, dueAt: START + 1000, attempts: 0, markedAt: START };
    assert.deepEqual(await inspect(), marked);
    assert.deepEqual(await inspect(), marked);
    const now = START + 1000;
    const [lease] = await claim(now);
    const leasedUntil = now + LEASE_MS;
    const claimed = { priority: 2, dueAt: leasedUntil, leasedUntil, attempts: 0 };
    assert.deepEqual(await inspect(), claimed);
    const retry = { at: now + 9, error: 'busy', counts: true };
    await store.finish(tenant, [{ lease: lease!, ending: retry }]);
    const failed = { priority: 2, dueAt: now + 9, attempts: 1, lastError: 'busy' };
    assert.deepEqual(await inspect(), failed);
    const [again] = await claim(now + 9);
    await store.finish(tenant, [{ lease: again!, ending: 'done' }]);
    assert.equal(await inspect(), undefined);
  });

  it('waits for more marks, but only from the first one on', async () => {
    const { store, tenant, sync, item, claim } = await sceneIn(opened());
    const key = item('1');
    const markAt = (now: number, windowMs: number, priority: Priority) =>
      store.mark(tenant, { now, marks: [{ key, priority, windowMs }] });
    await markAt(START, 1000, 2);
    await markAt(START + 900, 1000, 3);
    assert.deepEqual(await claim(START + 999), []);
    const heads = (await store.waiting()).filter((head) => head.tenant === tenant);
    assert.deepEqual(heads, [{ tenant, sync, priority: 2, readyAt: START + 1000 }]);
    const [claimed] = await claim(START + 1000);
    assert.deepEqual([claimed?.marks, claimed?.priority, claimed?.markedAt], [2, 2, START]);
    assert.equal(claimed?.lastMarkedAt, START + 900);
  });

  it('lets a more urgent mark bring a key forward', async () => {
    const { store, tenant, item, claim } = await sceneIn(opened());
    const key = item('1');
    await store.mark(tenant, { now: START, marks: [{ key, priority: 3, windowMs: 60_000 }] });
    await store.mark(tenant, { now: START + 10, marks: [{ key, priority: 0, windowMs: 0 }] });
    await store.mark(tenant, { now: START + 10, marks: [{ key, priority: 3, windowMs: 60_000 }] });
    const [claimed] = await claim(START + 10);
    assert.equal(claimed?.priority, 0);
  });

  it('marks a key that a batch names twice once, as urgently as the more urgent one asks', async () => {
    const { store, tenant, item, claim } = await sceneIn(opened());
    const key = item('1');
    const marks = [
      { key, priority: 3, windowMs: 0 },
      { key, priority: 1, windowMs: 5000 },
    ] as const;
    await store.mark(tenant, { now: START, marks });
    const [claimed] = await claim();
    assert.deepEqual([claimed?.marks, claimed?.priority], [1, 1]);
  });

  it('hands out by priority, then by how long it is due, up to the limit', async () => {
    const { store, tenant, item, claim } = await sceneIn(opened());
    const order = ['urgent', 'older', 'younger', 'background'];
    const priorities = [0, 1, 1, 3] as const;
    for (const n of [3, 2, 0, 1]) {
      const windowMs = n === 2 ? 50 : 10;
      const marks = [{ key: item(order[n]!), priority: priorities[n]!, windowMs }];
      await store.mark(tenant, { now: START, marks });
    }
    const names = async (limit: number) =>
      (await claim(START + 100, limit)).map(({ key }) => key.kind === 'item' && key.remoteId);
    assert.deepEqual(await names(3), order.slice(0, 3));
    assert.deepEqual(await names(3), order.slice(3));
  });

  it('leaves less urgent work alone when asked to, and other syncs', async () => {
    const { store, tenant, sync, left, newId, item } = await sceneIn(opened());
    const elsewhere = { ...item('3'), sync: newId() as SyncId };
    const marks = [
      { key: item('1'), priority: 2, windowMs: 0 },
      { key: elsewhere, priority: 0, windowMs: 0 },
      { key: { kind: 'sweep', sync, endpoint: left }, priority: 3, windowMs: 0 },
    ] as const;
    await store.mark(tenant, { now: START, marks });
    const request = { tenant, sync, now: START, leaseMs: LEASE_MS, limit: 10 };
    assert.deepEqual(await store.claim({ ...request, leastPriority: 1 }), []);
    const claimed = await store.claim({ ...request, leastPriority: 2 });
    assert.deepEqual(
      claimed.map(({ key }) => key),
      [item('1')],
    );
  });

  it('serves tenants in turn, however much one of them has', async () => {
    const big = await sceneIn(opened());
    const small = await sceneIn(opened());
    const { store } = big;
    // The suite shares the store, so only these two may have work that is due so early.
    const early = 1000;
    for (const [scene, count] of [
      [big, 40],
      [small, 2],
    ] as const) {
      const marks = Array.from(
        { length: count },
        (_, n) => ({ key: scene.item(String(n)), priority: 1, windowMs: 0 }) as const,
      );
      await store.mark(scene.tenant, { now: early, marks });
    }
    const served = [];
    for (;;) {
      const claimed = await store.claim({ now: early, leaseMs: LEASE_MS, limit: 2 });
      if (claimed.length === 0) break;
      assert.equal(new Set(claimed.map(({ tenant }) => tenant)).size, 1);
      served.push(claimed[0]!.tenant);
    }
    assert.equal(served.length, 21);
    assert.ok(served.indexOf(small.tenant) <= 1, 'the small tenant had to wait');
  });

  it('tells the soonest time per sync and priority', async () => {
    const { store, tenant, sync, item, newId } = await sceneIn(opened());
    const elsewhere = newId() as SyncId;
    const marks = [
      { key: item('1'), priority: 1, windowMs: 70 },
      { key: item('2'), priority: 1, windowMs: 30 },
      { key: item('3'), priority: 3, windowMs: 10 },
      { key: { ...item('4'), sync: elsewhere }, priority: 1, windowMs: 90 },
    ] as const;
    await store.mark(tenant, { now: START, marks });
    const heads = (await store.waiting()).filter((head) => head.tenant === tenant);
    assert.deepEqual(heads, [
      { tenant, sync, priority: 1, readyAt: START + 30 },
      { tenant, sync, priority: 3, readyAt: START + 10 },
      { tenant, sync: elsewhere, priority: 1, readyAt: START + 90 },
    ]);
  });

  it('forgets a key that is done', async () => {
    const { store, tenant, lease, claim } = await sceneIn(opened());
    const held = await lease();
    assert.deepEqual(await store.finish(tenant, [{ lease: held, ending: 'done' }]), ['done']);
    assert.deepEqual(await claim(START + 60_000), []);
    assert.deepEqual(await store.finish(tenant, [{ lease: held, ending: 'done' }]), ['fenced']);
  });

  it('leaves a key due that was marked while it was worked on, after its own window', async () => {
    const { store, tenant, item, lease, claim } = await sceneIn(opened());
    const held = await lease(item('1'));
    const marks = [{ key: item('1'), priority: 2, windowMs: 1000 }] as const;
    await store.mark(tenant, { now: START + 500, marks });
    assert.deepEqual(await claim(START + 1500), [], 'it is still held');
    assert.deepEqual(await store.finish(tenant, [{ lease: held, ending: 'done' }]), ['again']);
    assert.deepEqual(await claim(START + 1499), []);
    const [again] = await claim(START + 1500);
    assert.deepEqual([again?.marks, again?.markedAt], [2, START + 500]);
  });

  it('gives the key of a lost worker to another one, and fences the first', async () => {
    const { store, tenant, lease, claim } = await sceneIn(opened());
    const first = await lease();
    assert.deepEqual(await claim(START + LEASE_MS - 1), []);
    const [second] = await claim(START + LEASE_MS);
    assert.deepEqual(second?.key, first.key);
    assert.notEqual(second.token, first.token);
    const finished = await store.finish(tenant, [
      { lease: first, ending: 'done' },
      { lease: second, ending: 'done' },
    ]);
    assert.deepEqual(finished, ['fenced', 'done']);
  });

  it('never gives the same lease twice, also for a key that is forgotten in between', async () => {
    const { store, tenant, item, lease } = await sceneIn(opened());
    const first = await lease(item('1'));
    await store.finish(tenant, [{ lease: first, ending: 'done' }]);
    const second = await lease(item('1'));
    assert.equal(second.marks, first.marks);
    assert.deepEqual(await store.renew(tenant, [first, second], START + 1), [false, true]);
  });

  it('keeps a lease that is renewed', async () => {
    const { store, tenant, lease, claim } = await sceneIn(opened());
    const held = await lease();
    const until = START + 2 * LEASE_MS;
    assert.deepEqual(await store.renew(tenant, [held], until), [true]);
    assert.deepEqual(await claim(until - 1), []);
    assert.equal((await claim(until)).length, 1);
    assert.deepEqual(await store.renew(tenant, [held], until), [false]);
  });

  it('makes a mark wait for its window, also when the lease was renewed before it', async () => {
    const { store, tenant, item, lease, claim } = await sceneIn(opened());
    const held = await lease(item('1'));
    await store.renew(tenant, [held], START + 4 * LEASE_MS);
    const now = START + 2 * LEASE_MS;
    await store.mark(tenant, { now, marks: [{ key: item('1'), priority: 1, windowMs: 1000 }] });
    await store.finish(tenant, [{ lease: held, ending: 'done' }]);
    assert.deepEqual(await claim(now + 999), []);
    assert.equal((await claim(now + 1000)).length, 1);
  });

  it('tries again when asked to, and counts only what was an attempt', async () => {
    const { store, tenant, lease, claim } = await sceneIn(opened());
    const retry = (at: number, counts: boolean) => ({ at, error: `failed at ${at}`, counts });
    const first = await lease();
    const finished = await store.finish(tenant, [
      { lease: first, ending: retry(START + 10, true) },
    ]);
    assert.deepEqual(finished, ['again']);
    assert.deepEqual(await claim(START + 9), []);
    const [second] = await claim(START + 10);
    assert.deepEqual([second?.attempts, second?.lastError], [1, `failed at ${START + 10}`]);
    assert.equal(second?.lastMarkedAt, START);
    assert.equal('markedAt' in second, false);
    await store.finish(tenant, [{ lease: second, ending: retry(START + 20, false) }]);
    const [third] = await claim(START + 20);
    assert.equal(third?.attempts, 1);
  });

  it('does not let a retry delay what was marked meanwhile, or a success keep old attempts', async () => {
    const { store, tenant, item, mark, lease, claim } = await sceneIn(opened());
    const first = await lease(item('1'));
    await mark(item('1'));
    const ending = { at: START + 60_000, error: 'busy', counts: true };
    await store.finish(tenant, [{ lease: first, ending }]);
    const [second] = await claim(START);
    assert.equal(second?.attempts, 1);
    await mark(item('1'));
    await store.finish(tenant, [{ lease: second, ending: 'done' }]);
    const [third] = await claim(START);
    assert.deepEqual([third?.attempts, third && 'lastError' in third], [0, false]);
  });

  it('keeps how far a search for changes has come, in one go with its marks', async () => {
    const { store, tenant, sync, left, right, item, claim } = await sceneIn(opened());
    const cursors = [
      { sync, endpoint: left, channel: 'poll', value: { since: '2026-01-01', page: 3 } },
      { sync, endpoint: right, channel: 'feed', value: null },
    ];
    const marks = [{ key: item('1'), priority: 1, windowMs: 0 }] as const;
    await store.mark(tenant, { now: START, marks, cursors });
    await store.mark(tenant, { now: START, marks: [], cursors: [{ ...cursors[0]!, value: 'x' }] });
    const found = await store.readCursors(tenant, sync);
    assert.deepEqual(new Set(found), new Set([{ ...cursors[0], value: 'x' }, cursors[1]]));
    assert.equal((await claim()).length, 1);
  });
}
