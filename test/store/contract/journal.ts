/** Deliveries, runs and the audit chain. */
import assert from 'node:assert/strict';
import type { Delivery, Run, RunItem } from '../../../runtime/store/store.ts';
import { sceneIn, START, type Opened, type Scene } from '../scene.ts';

export function promisesAboutJournals(opened: () => Opened): void {
  it('keeps a delivery once, however often it arrives', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, left, right } = scene;
    const first = delivery(left, 'd1');
    assert.deepEqual(await store.appendInbox(tenant, [first, first]), [true, false]);
    const again = { ...first, hint: 'changed' };
    const elsewhere = delivery(right, 'd1');
    assert.deepEqual(await store.appendInbox(tenant, [again, elsewhere]), [false, true]);
    const taken = await store.takeInbox(tenant, { now: START, until: START + 1, limit: 10 });
    assert.deepEqual(new Set(taken), new Set([first, elsewhere]));
  });

  it('gives deliveries out oldest first, and again when nobody has dealt with them', async () => {
    const { store, tenant, left, item, claim } = await sceneIn(opened());
    const deliveries = [3, 1, 2].map((n) => delivery(left, `d${n}`, START + n));
    await store.appendInbox(tenant, deliveries);
    const take = async (now: number, limit = 10) =>
      (await store.takeInbox(tenant, { now, until: now + 100, limit })).map(({ id }) => id);
    assert.deepEqual(await take(START, 2), ['d1', 'd2']);
    assert.deepEqual(await take(START + 1), ['d3']);
    const done = [{ endpoint: left, id: 'd1' }];
    const marks = [{ key: item('1'), priority: 0, windowMs: 0 }] as const;
    await store.settleInbox(tenant, done, { now: START + 2, marks });
    assert.equal((await claim(START + 2)).length, 1);
    assert.deepEqual(await take(START + 101), ['d2', 'd3']);
  });

  it('lists runs, the newest first, and what they did, page by page', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, sync, newId, left } = scene;
    const [first, second, third] = [runAt(scene, 1), runAt(scene, 2), runAt(scene, 3)];
    await store.saveRuns(tenant, [first, second, third]);
    const ended = { ...second, endedAt: START + 9, counts: { created: 3 } };
    await store.saveRuns(tenant, [ended]);
    assert.deepEqual(await store.listRuns(tenant, { limit: 2, sync }), [third, ended]);
    assert.deepEqual(await store.listRuns(tenant, { limit: 2, before: ended }), [first]);
    const nowhere = { limit: 2, sync: newId() as typeof sync };
    assert.deepEqual(await store.listRuns(tenant, nowhere), []);

    const items: RunItem[] = [
      itemOf(second, scene),
      { ...itemOf(second, scene), endpoint: left, entity: newId() as never },
      itemOf(second, scene),
      itemOf(third, scene),
    ];
    const commit = { lease: await scene.lease(), runItems: items };
    await store.commit(tenant, START, [commit]);
    const found = await store.listRunItems(tenant, { run: second.id, limit: 2 });
    assert.deepEqual(found, items.slice(0, 2));
    const after = found[1]!.id;
    const rest = await store.listRunItems(tenant, { run: second.id, limit: 2, after });
    assert.deepEqual(rest, [items[2]]);
  });

  it('keeps what happened outside of a commit, once', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant } = scene;
    const run = runAt(scene, 1);
    const items = [itemOf(run, scene), itemOf(run, scene)];
    await store.appendRunItems(tenant, []);
    await store.appendRunItems(tenant, items.slice(0, 1));
    await store.appendRunItems(tenant, [{ ...items[0]!, outcome: 'other' }, items[1]!]);
    assert.deepEqual(await store.listRunItems(tenant, { run: run.id, limit: 10 }), items);
  });

  it('tells what runs did about one record, the newest first, page by page', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant } = scene;
    const [one, other] = [scene.entity().id, scene.entity().id];
    const runs = [runAt(scene, 1), runAt(scene, 2)];
    const items = [0, 1, 0, 1, 1].map((n): RunItem => ({
      ...itemOf(runs[n]!, scene),
      entity: one,
    }));
    await store.appendRunItems(tenant, [
      ...items.toReversed(),
      { ...itemOf(runs[0]!, scene), entity: other },
      itemOf(runs[0]!, scene),
    ]);
    const newest = items.toReversed();
    const page = { entity: one, limit: 3 };
    assert.deepEqual(await store.listHistory(tenant, page), newest.slice(0, 3));
    const before = newest[2]!.id;
    assert.deepEqual(await store.listHistory(tenant, { ...page, before }), newest.slice(3));
  });

  it('forgets what is over and old, a bounded part at a time', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, left, lease, item } = scene;
    const old = { ...runAt(scene, 0), endedAt: START + 10 };
    const running = runAt(scene, 1);
    await store.saveRuns(tenant, [old, running]);
    const runItems = [itemOf(old, scene), itemOf(old, scene), itemOf(running, scene)];
    const deadLetter = { code: 'x', message: 'x', payload: 1, attempts: 1 };
    const commit = { lease: await lease(item('1')), runItems, deadLetter, ending: 'done' } as const;
    await store.commit(tenant, START, [commit]);
    const answer = { now: START, keys: [item('1')], answer: 'drop' } as const;
    await store.answerDeadLetters(tenant, answer);
    const kept = delivery(left, 'kept', START);
    await store.appendInbox(tenant, [delivery(left, 'done', START), kept]);
    await store.settleInbox(tenant, [{ endpoint: left, id: 'done' }], { now: START, marks: [] });

    const purge = (limit: number) => store.purge(tenant, { before: START + 11, limit });
    assert.equal(await purge(1), 3, 'one item, the delivery and the letter');
    assert.equal(await purge(1), 2, 'the other item, and its run');
    assert.equal(await purge(1), 0);
    assert.deepEqual(await store.listRuns(tenant, { limit: 10 }), [running]);
    assert.equal((await store.listRunItems(tenant, { run: running.id, limit: 10 })).length, 1);
    const left2 = await store.takeInbox(tenant, { now: START, until: START, limit: 10 });
    assert.deepEqual(left2, [kept]);
  });

  it('seals what was done in a chain that holds', async () => {
    const { store, tenant, lease, newId, entity } = await sceneIn(opened());
    assert.deepEqual(await store.verifyAudit(tenant), { batches: 0, items: 0 });
    const about = { entity: entity().id, before: 'h1', after: 'h2', cause: newId() };
    const items = [
      { actor: 'ann', action: 'export' },
      { actor: 'engine', action: 'update', ...about },
    ];
    await store.appendAudit(tenant, { now: START, items });
    await store.appendAudit(tenant, { now: START, items: [] });
    const commits = [
      { lease: await lease(), audit: items },
      { lease: await lease(), audit: items },
      { lease: await lease() },
    ];
    await store.commit(tenant, START, commits);
    const answer = { now: START, keys: [], answer: 'drop', audit: items } as const;
    await store.answerDeadLetters(tenant, answer);
    await store.decide(tenant, { now: START, actor: 'ann', decisions: [], audit: items });
    assert.deepEqual(await store.verifyAudit(tenant), { batches: 4, items: 10 });
  });

  it('tells where the chain ends, and how it was sealed before', async () => {
    const { store, tenant } = await sceneIn(opened());
    assert.deepEqual(await store.readAuditEnd(tenant, 1), { sequence: 0, seal: '' });
    const audit = { now: START, items: [{ actor: 'ann', action: 'export' }] };
    await store.appendAudit(tenant, audit);
    const { seal, ...first } = await store.readAuditEnd(tenant, 2);
    assert.deepEqual(first, { sequence: 1 });
    await store.appendAudit(tenant, audit);
    const second = await store.readAuditEnd(tenant, 1);
    assert.deepEqual([second.sequence, second.sealThere], [2, seal]);
    assert.notEqual(second.seal, seal);
  });
}

function delivery(endpoint: Delivery['endpoint'], id: string, receivedAt = START): Delivery {
  return { endpoint, id, receivedAt, hint: { items: [id, null] } };
}

function runAt({ newId, sync }: Scene, offset: number): Run {
  return { id: newId(), sync, trigger: 'schedule', startedAt: START + offset, counts: {} };
}

function itemOf(run: Run, { newId }: Scene): RunItem {
  return { id: newId(), run: run.id, at: START, outcome: 'held', detail: { reason: 'contested' } };
}
