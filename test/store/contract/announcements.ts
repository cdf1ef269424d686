/** Who hands out work hears of all that is left waiting. */
import assert from 'node:assert/strict';
import type { Priority, SyncId, Waiting } from '../../../runtime/store/store.ts';
import { LEASE_MS, sceneIn, START, type Opened } from '../scene.ts';

export function promisesAboutAnnouncements(opened: () => Opened): void {
  async function listened() {
    const { announced, ...rest } = opened();
    const scene = await sceneIn(rest);
    let heard = announced.length;
    /** What was announced since this was asked last. */
    function news(): readonly Waiting[] {
      const fresh = announced.slice(heard).filter(({ tenant }) => tenant === scene.tenant);
      heard = announced.length;
      return fresh;
    }
    const waiting = (readyAt: number, priority: Priority = 1): Waiting[] => [
      { tenant: scene.tenant, sync: scene.sync, priority, readyAt },
    ];
    return { ...scene, news, waiting };
  }

  it('announces marks by the soonest time per sync and priority', async () => {
    const { store, tenant, sync, item, news, newId } = await listened();
    const elsewhere = newId() as SyncId;
    const marks = [
      { key: item('1'), priority: 1, windowMs: 70 },
      { key: item('2'), priority: 1, windowMs: 30 },
      { key: item('3'), priority: 3, windowMs: 10 },
      { key: { ...item('4'), sync: elsewhere }, priority: 1, windowMs: 90 },
    ] as const;
    await store.mark(tenant, { now: START, marks });
    assert.deepEqual(news(), [
      { tenant, sync, priority: 1, readyAt: START + 30 },
      { tenant, sync, priority: 3, readyAt: START + 10 },
      { tenant, sync: elsewhere, priority: 1, readyAt: START + 90 },
    ]);
    await store.mark(tenant, { now: START + 20, marks: marks.slice(0, 1) });
    const [again] = news();
    assert.equal(again?.readyAt, START + 70, 'the window counts from the first mark');
    await store.mark(tenant, { now: START, marks: [], cursors: [] });
    assert.deepEqual(news(), []);
  });

  it('announces a key that somebody is at for when the lease ends', async () => {
    const { item, mark, lease, news, waiting } = await listened();
    await lease(item('1'));
    news();
    await mark(item('1'));
    assert.deepEqual(news(), waiting(START + LEASE_MS));
  });

  it('announces what is due again when a lease ends, and nothing when it is done', async () => {
    const { store, tenant, item, mark, lease, news, waiting } = await listened();
    const [done, marked, failed] = [
      await lease(item('1')),
      await lease(item('2')),
      await lease(item('3')),
    ];
    await mark(item('2'));
    news();
    await store.finish(tenant, [{ lease: done, ending: 'done' }]);
    assert.deepEqual(news(), []);
    await store.finish(tenant, [{ lease: done, ending: 'done' }]);
    assert.deepEqual(news(), [], 'fenced');
    await store.finish(tenant, [{ lease: marked, ending: 'done' }]);
    assert.deepEqual(news(), waiting(START));
    const ending = { at: START + 7000, error: 'busy', counts: true };
    await store.finish(tenant, [{ lease: failed, ending }]);
    assert.deepEqual(news(), waiting(START + 7000));
  });

  it('announces the same of leases that a commit ends', async () => {
    const { store, tenant, item, mark, lease, news, waiting } = await listened();
    const held = await lease(item('1'));
    await mark(item('1'));
    news();
    await store.commit(tenant, START, [{ lease: held, ending: 'done' }]);
    assert.deepEqual(news(), waiting(START));
    const next = await lease(item('2'));
    news();
    const ending = { at: START + 50, error: 'later', counts: false };
    await store.commit(tenant, START, [{ lease: next, ending }]);
    assert.deepEqual(news(), waiting(START + 50));
  });

  it('announces what people have decided, and what deliveries were about', async () => {
    const { store, tenant, sync, left, item, lease, news, waiting } = await listened();
    const review = { sync, endpoint: left, remoteId: '1', reason: 'weak-key' } as const;
    const deadLetter = { code: 'x', message: 'm', payload: null, attempts: 1 };
    const reviews = [{ ...review, candidates: [] }];
    const held = await lease(item('2'));
    await store.commit(tenant, START, [{ lease: held, reviews, deadLetter, ending: 'done' }]);
    news();
    const decisions = [{ kind: 'review', review, choice: 'same' }] as const;
    await store.decide(tenant, { now: START + 1, actor: 'ann', decisions });
    assert.deepEqual(news(), waiting(START + 1));
    const keys = [item('2')];
    await store.answerDeadLetters(tenant, { now: START + 2, keys, answer: 'replay' });
    assert.deepEqual(news(), waiting(START + 2));
    const delivery = { endpoint: left, id: 'd1', receivedAt: START, hint: null };
    await store.appendInbox(tenant, [delivery]);
    assert.deepEqual(news(), []);
    const marks = [{ key: item('3'), priority: 0, windowMs: 0 }] as const;
    await store.settleInbox(tenant, [delivery], { now: START + 3, marks });
    assert.deepEqual(news(), waiting(START + 3, 0));
  });
}
