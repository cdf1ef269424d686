/** What people are asked, what they decide, and what becomes of it. */
import assert from 'node:assert/strict';
import type { NewReview, StoredReview } from '../../../runtime/store/store.ts';
import { sceneIn, START, type Opened, type Scene } from '../scene.ts';

export function promisesAboutDecisions(opened: () => Opened): void {
  it('hands a decision about a conflict to the next plan, and keeps who made it', async () => {
    const { store, tenant, sync, conflict, record, commit, claim, loadOne } =
      await sceneIn(opened());
    const contested = conflict();
    const { entity } = await record({ conflicts: [contested] });
    const { fingerprint } = contested;
    const decision = { kind: 'conflict', sync, entity: entity.id, fingerprint } as const;
    const unknown = { ...decision, fingerprint: 'unknown' };
    const decided = await store.decide(tenant, {
      now: START + 1,
      actor: 'ann',
      decisions: [
        { ...decision, choice: 'Anne' },
        { ...unknown, choice: 'Anne' },
      ],
    });
    assert.deepEqual(decided, [true, false]);
    const [marked] = await claim(START + 1);
    assert.deepEqual(
      [marked?.key, marked?.priority],
      [{ kind: 'entity', sync, entity: entity.id }, 1],
    );
    const from = await loadOne(entity.id);
    const expected = { choice: 'Anne', actor: 'ann', at: START + 1 };
    assert.deepEqual(from.conflicts[0]?.decision, expected);
    const conflicts = [{ ...contested, state: 'resolved', winner: 'Anne' } as const];
    await commit({ from, entity, links: from.links, conflicts });
    assert.deepEqual((await loadOne(entity.id)).conflicts, []);
    const [resolved] = await store.listConflicts(tenant, { state: 'resolved', limit: 10 });
    assert.deepEqual([resolved?.winner, resolved?.decision], ['Anne', expected]);
    const late = { now: START + 2, actor: 'bob', decisions: [{ ...decision, choice: 'Anna' }] };
    assert.deepEqual(await store.decide(tenant, late), [false]);
  });

  it('opens a conflict anew, and undecided, when it comes up again', async () => {
    const { store, tenant, sync, conflict, record, commit, loadOne } = await sceneIn(opened());
    const contested = conflict();
    const { entity } = await record({ conflicts: [contested] });
    const about = { sync, entity: entity.id, fingerprint: contested.fingerprint, choice: null };
    const decisions = [{ kind: 'conflict', ...about } as const];
    await store.decide(tenant, { now: START, actor: 'ann', decisions });
    for (const state of ['resolved', 'open'] as const) {
      const from = await loadOne(entity.id);
      await commit({ from, entity, links: from.links, conflicts: [{ ...contested, state }] });
    }
    const [again] = (await loadOne(entity.id)).conflicts;
    assert.deepEqual([again?.state, again && 'decision' in again], ['open', false]);
  });

  it('lists conflicts in one state, page by page, of one sync where asked', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, sync, newId, conflict, record } = scene;
    for (let n = 0; n < 3; n += 1) {
      await record({ conflicts: [conflict(), conflict({ state: 'autoResolved' }), conflict()] });
    }
    const all = await store.listConflicts(tenant, { state: 'open', limit: 100, sync });
    assert.equal(all.length, 6);
    assert.deepEqual(new Set(all.map(({ state }) => state)), new Set(['open']));
    const paged = [];
    for (;;) {
      const last = paged.at(-1);
      const page = { state: 'open', limit: 4, ...(last ? { after: last } : {}) } as const;
      const rows = await store.listConflicts(tenant, page);
      if (rows.length === 0) break;
      paged.push(...rows);
    }
    assert.deepEqual(paged, all);
    const elsewhere = { state: 'open', limit: 100, sync: newId() as typeof sync } as const;
    assert.deepEqual(await store.listConflicts(tenant, elsewhere), []);
  });

  it('asks about an item once, whatever the number of passes, until it is answered', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, item, claim } = scene;
    const review = reviewIn(scene, 'weak-key');
    await raise(scene, review);
    await raise(scene, { ...review, candidates: [] });
    const open = { state: 'open', limit: 10 } as const;
    const [asked, ...more] = await store.listReviews(tenant, open);
    assert.deepEqual(more, []);
    const { id: _id, ...row } = asked!;
    assert.deepEqual(row, { ...review, candidates: [], at: START, state: 'open' });

    const { sync, endpoint, remoteId, reason } = review;
    const key = { sync, endpoint, remoteId, reason };
    const decisions = [{ kind: 'review', review: key, choice: { link: 'e1' } } as const];
    const decided = await store.decide(tenant, { now: START + 1, actor: 'ann', decisions });
    assert.deepEqual(decided, [true]);
    const marked = await claim(START + 1);
    assert.deepEqual(
      marked.map((each) => each.key),
      [item(remoteId)],
    );
    await raise(scene, review);
    const [loaded] = await store.load(tenant, [item(remoteId)]);
    const decision = { choice: { link: 'e1' }, actor: 'ann', at: START + 1 };
    assert.deepEqual(loaded?.reviews, [{ ...asked, ...review, state: 'decided', decision }]);

    await store.commit(tenant, START, [{ lease: marked[0]!, carriedOut: [key], ending: 'done' }]);
    const [later] = await store.load(tenant, [item(remoteId)]);
    const [closed] = later!.reviews as [StoredReview];
    assert.deepEqual([closed.state, closed.decision], ['closed', decision]);
    assert.deepEqual(await store.decide(tenant, { now: START + 2, actor: 'bob', decisions }), [
      false,
    ]);
  });

  it('withdraws a review that is open, and keeps what was decided meanwhile', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, item, lease } = scene;
    const review = reviewIn(scene, 'remote-delete');
    const { entity: _entity, candidates: _candidates, ...key } = review;
    const stateAfterwards = async (): Promise<unknown> => {
      await store.commit(tenant, START, [{ lease: await lease(), withdrawn: [key] }]);
      const [loaded] = await store.load(tenant, [item(review.remoteId)]);
      return loaded?.reviews.map(({ state }) => state);
    };
    await raise(scene, review);
    assert.deepEqual(await stateAfterwards(), ['closed']);
    await raise(scene, review);
    const decisions = [{ kind: 'review', review: key, choice: 'recreate' } as const];
    await store.decide(tenant, { now: START, actor: 'ann', decisions });
    assert.deepEqual(await stateAfterwards(), ['decided']);
  });

  it('opens a review anew, and undecided, when it comes up again', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, lease } = scene;
    const review = reviewIn(scene, 'remote-delete');
    const { entity: _entity, candidates: _candidates, ...key } = review;
    await raise(scene, review);
    const decisions = [{ kind: 'review', review: key, choice: 'recreate' } as const];
    await store.decide(tenant, { now: START, actor: 'ann', decisions });
    await store.commit(tenant, START, [{ lease: await lease(), carriedOut: [key] }]);
    await raise(scene, review, START + 9);
    const [again] = await store.listReviews(tenant, { state: 'open', limit: 10 });
    assert.deepEqual([again?.at, again && 'decision' in again], [START + 9, false]);
  });

  it('shows a record all reviews about it, by whichever key it is loaded', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, sync, record } = scene;
    const { entity, links } = await record();
    const { endpoint, remoteId } = links[0]!;
    const ofRecord = { ...reviewIn(scene, 'remote-merge'), entity: entity.id };
    const ofItem = { ...reviewIn(scene, 'weak-key'), endpoint, remoteId };
    await raise(scene, ofRecord);
    await raise(scene, ofItem, START + 1);
    const keys = [
      { kind: 'entity', sync, entity: entity.id },
      { kind: 'item', sync, endpoint, remoteId },
    ] as const;
    const [byEntity, byItem] = await store.load(tenant, keys);
    const reasons = (loaded: typeof byItem) => loaded?.reviews.map(({ reason }) => reason);
    assert.deepEqual(reasons(byEntity), ['remote-merge']);
    assert.deepEqual(reasons(byItem), ['remote-merge', 'weak-key']);
  });

  it('keeps what failed for good until somebody replays or drops it', async () => {
    const { store, tenant, item, lease, claim } = await sceneIn(opened());
    const letter = { code: 'rejected', message: 'too long', payload: { n: 1 }, attempts: 8 };
    const keys = [item('1'), item('2'), item('3')];
    for (const key of keys.slice(0, 2)) {
      const held = await lease(key);
      await store.commit(tenant, START, [{ lease: held, deadLetter: letter, ending: 'done' }]);
    }
    assert.deepEqual(await claim(START + 1e9), []);
    const open = await store.listDeadLetters(tenant, { state: 'open', limit: 10 });
    assert.deepEqual(
      open.map(({ id: _id, ...row }) => row),
      keys.slice(0, 2).map((key) => ({ ...letter, key, firstAt: START, at: START, state: 'open' })),
    );
    const now = START + 5;
    const replayed = await store.answerDeadLetters(tenant, { now, keys, answer: 'replay' });
    assert.deepEqual(replayed, [true, true, false]);
    const again = await claim(now);
    assert.deepEqual(
      again.map(({ key, priority }) => [key, priority]),
      [
        [keys[0], 1],
        [keys[1], 1],
      ],
    );
    const failed = { lease: again[0]!, deadLetter: { ...letter, payload: null }, ending: 'done' };
    await store.commit(tenant, now, [failed as never]);
    const dropped = await store.answerDeadLetters(tenant, { now, keys, answer: 'drop' });
    assert.deepEqual(dropped, [true, false, false]);
    const [last] = await store.listDeadLetters(tenant, { state: 'dropped', limit: 10 });
    assert.deepEqual(
      [last?.key, last?.firstAt, last?.at, last?.payload],
      [keys[0], START, now, null],
    );
    assert.deepEqual(await claim(now), []);
  });
}

function reviewIn({ sync, left, newId }: Scene, reason: NewReview['reason']): NewReview {
  const candidates = [newId() as NonNullable<NewReview['entity']>];
  return { sync, endpoint: left, remoteId: newId(), reason, candidates };
}

async function raise({ store, tenant, lease }: Scene, review: NewReview, now = START) {
  const commit = { lease: await lease(), reviews: [review], ending: 'done' } as const;
  assert.deepEqual(await store.commit(tenant, now, [commit]), [{ outcome: 'stored' }]);
}
