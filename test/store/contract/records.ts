/** Records: loaded as they were committed, and committed whole or not at all. */
import assert from 'node:assert/strict';
import type { Link } from '../../../runtime/core/planner/model.ts';
import type { CommitOutcome } from '../../../runtime/store/store.ts';
import { sceneIn, START, type Opened } from '../scene.ts';

export function promisesAboutRecords(opened: () => Opened): void {
  it('gives back a record exactly as it was committed', async () => {
    const { left, right, newId, entity, link, cell, intent, conflict, commit, loadOne } =
      await sceneIn(opened());
    const own = entity({
      name: cell('A\u0000n\ud800na \u0010 \\u0000 "ő" 🙂'),
      'tags#vip': { value: true, stamp: [1, 2, 3], origin: 'person' },
      score: { value: null, stamp: [0, 0, 1], origin: 'default' },
      address: cell({ zip: ['1011', 2.5, null], nested: { deep: [[]] } }),
    });
    const fight = { fingerprint: 'x', count: 2, reverted: true };
    const first = link(own, { version: 1.5e15 });
    const { version: _version, ...unversioned } = link(own, { endpoint: right });
    const links: Link[] = [
      first,
      {
        ...unversioned,
        state: 'held',
        cells: {
          name: { base: 'Anne', synced: null },
          'tags#vip': { base: true, synced: [1, 2, 3], edited: [1, 4, 2], fight },
          gone: { base: 'not ours', synced: [0, 1, 1] },
        },
      },
      link(own, { state: 'gone', cells: {} }),
    ];
    const intents = [
      intent({ sentAt: START + 1, state: 'unknown' }),
      intent({ link: links[0]!.id, op: 'update', before: { name: null }, resultVersion: 4 }),
    ];
    const losing = { origin: left, value: 'Anne', stamp: [0, 1, 1] as const };
    const conflicts = [
      conflict(),
      conflict({ kind: 'initial', state: 'autoResolved', losing, winner: null, clockTie: true }),
    ];
    const outcome = await commit({ entity: own, links, intents, conflicts, commitId: newId() });
    const record = await loadOne(own.id);
    assert.deepEqual(outcome, { outcome: 'stored', revision: record.revision });
    assert.deepEqual(record.entity, own);
    assert.deepEqual(record.links, links);
    assert.deepEqual(record.intents, intents);
    const found = record.conflicts.map(({ id: _id, sync: _sync, entity: of, at, ...row }) => {
      assert.deepEqual([of, at], [own.id, START]);
      return row;
    });
    assert.deepEqual(new Set(found), new Set(conflicts));
  });

  it('finds a record by its id and by each of its items, also by those it no longer has', async () => {
    const { store, tenant, sync, right, item, entity, link, record } = await sceneIn(opened());
    const own = entity();
    const links = [
      link(own, { remoteId: 'live' }),
      link(own, { remoteId: 'gone', state: 'gone' }),
      link(own, { remoteId: 'live', endpoint: right }),
    ];
    const stored = await record({ entity: own, links });
    const keys = [
      { kind: 'entity', sync, entity: own.id } as const,
      item('gone'),
      item('never seen'),
      item('live', right),
      { kind: 'sweep', sync, endpoint: right } as const,
    ];
    const loaded = await store.load(tenant, keys);
    assert.deepEqual(
      loaded.map(({ key }) => key),
      keys,
    );
    assert.deepEqual(
      loaded.map(({ record: found }) => found),
      [stored, stored, undefined, stored, undefined],
    );
    const found = await store.findLinks(tenant, [item('gone'), item('never seen')]);
    const state = { state: 'gone', generation: 0, life: 'live' };
    const gone = { link: links[1]!.id, entity: own.id, ...state };
    assert.deepEqual(found, [gone, undefined]);
  });

  it('tells where records stand without loading them', async () => {
    const { store, tenant, left, entity, record } = await sceneIn(opened());
    const linked = await record();
    const alone = await record({ entity: { ...entity(), life: 'held' }, links: [] });
    const nobody = entity().id;
    const ids = [alone.entity.id, nobody, linked.entity.id];
    const [{ remoteId }] = linked.links as [Link];
    assert.deepEqual(await store.findEntities(tenant, ids), [
      { entity: alone.entity.id, life: 'held', links: [] },
      undefined,
      {
        entity: linked.entity.id,
        life: 'live',
        links: [{ endpoint: left, remoteId, state: 'live', generation: 0 }],
      },
    ]);
  });

  it('changes a record in parts, and what it does not name stays', async () => {
    const { right, entity, link, cell, intent, record, commit, loadOne } = await sceneIn(opened());
    const own = entity({ name: cell('Anna'), city: cell('Pécs') });
    const armed = intent();
    const first = await record({
      entity: own,
      links: [link(own), link(own, { endpoint: right })],
      intents: [armed],
    });
    // The first system changed the name; the second still has the old one.
    const renamed = { ...own, cells: { ...own.cells, name: cell('Anne', START + 1) } };
    const left = {
      ...first.links[0]!,
      cells: { ...first.links[0]!.cells, name: { base: 'Anne', synced: renamed.cells.name.stamp } },
    };
    const links = [left, first.links[1]!];
    await commit({ from: first, entity: renamed, links });
    const second = await loadOne(own.id);
    assert.deepEqual(second, { ...first, revision: second.revision, entity: renamed, links });

    // Now only a link and an intent change.
    const settled = { ...links[1]!, version: 18, cells: left.cells };
    const changed = { from: second, entity: second.entity, links: [second.links[0]!, settled] };
    await commit({ ...changed, intents: [{ ...armed, state: 'applied' }] });
    const third = await loadOne(own.id);
    assert.deepEqual(third, {
      ...second,
      revision: third.revision,
      links: [left, settled],
      intents: [{ ...armed, state: 'applied' }],
    });
  });

  it('forgets intents once nothing more can be learnt about them', async () => {
    const { intent, record, commit, loadOne } = await sceneIn(opened());
    const settled = [
      { state: 'armed' },
      { state: 'unknown', sentAt: START },
      { state: 'applied', resultVersion: 3 },
      { state: 'applied', observed: true, unchecked: { since: 2 } },
      { state: 'applied', observed: true },
      { state: 'absent' },
      { state: 'failed' },
      { state: 'superseded' },
    ] as const;
    const armed = settled.map(() => intent());
    const first = await record({ intents: armed });
    assert.deepEqual(first.intents, armed);
    const { entity, links } = first;
    const intents = armed.map((each, n) => ({ ...each, ...settled[n]! }));
    const outcome = await commit({ from: first, entity, links, intents });
    const second = await loadOne(entity.id);
    assert.deepEqual(second.intents, intents.slice(0, 4));
    assert.deepEqual(outcome, { outcome: 'stored', revision: second.revision });
  });

  it('refuses who lost the lease, and stores nothing of it', async () => {
    const { store, tenant, entity, link, lease, claim, commit } = await sceneIn(opened());
    const lost = await lease();
    const [taken] = await claim(lost.until);
    assert.deepEqual(taken?.key, lost.key);
    const own = entity();
    const refused = await commit({ entity: own, links: [link(own)] }, { lease: lost });
    assert.deepEqual(refused, { outcome: 'fenced' });
    assert.deepEqual(await store.findEntities(tenant, [own.id]), [undefined]);
    const stored = await commit({ entity: own, links: [] }, { lease: taken });
    assert.equal(stored.outcome, 'stored');
  });

  it('refuses a plan that was made on an older state of the record', async () => {
    const { commit, record, loadOne } = await sceneIn(opened());
    const first = await record();
    const links = [{ ...first.links[0]!, version: 18 }];
    const stored = await commit({ from: first, entity: first.entity, links });
    const { revision } = await loadOne(first.entity.id);
    assert.ok(revision > first.revision);
    assert.deepEqual(stored, { outcome: 'stored', revision });
    const late = await commit({ from: first, entity: { ...first.entity, epoch: 9 }, links });
    assert.deepEqual(late, { outcome: 'outdated' });
    const { from: _from, ...asNew } = { from: first, entity: first.entity, links };
    assert.deepEqual(await commit(asNew), { outcome: 'outdated' });
    assert.equal((await loadOne(first.entity.id)).entity.epoch, 0);
  });

  it('stores a commit that is sent twice once, also when its lease is gone by then', async () => {
    const { store, tenant, newId, lease, entity, link, intent, loadOne } = await sceneIn(opened());
    await store.appendAudit(tenant, { now: START, items: [{ actor: 'ann', action: 'begin' }] });
    const own = entity();
    const record = { commitId: newId(), entity: own, links: [link(own)], intents: [intent()] };
    const audit = [{ actor: 'engine', action: 'create', entity: own.id }];
    const commit = { lease: await lease(), record, audit, ending: 'done' } as const;
    const first = await store.commit(tenant, START, [commit]);
    const before = await loadOne(own.id);
    assert.deepEqual(await store.commit(tenant, START + 5, [commit]), first);
    assert.deepEqual(await loadOne(own.id), before);
    assert.deepEqual(await store.verifyAudit(tenant), { batches: 2, items: 2 });
  });

  it('stores the others of a batch when one is refused', async () => {
    const { store, tenant, newId, lease, entity, link, record, loadOne } = await sceneIn(opened());
    const known = await record();
    const lost = await lease();
    await store.finish(tenant, [{ lease: lost, ending: 'done' }]);
    const [a, b, c] = [entity(), entity(), entity()];
    const commits = [
      { lease: lost, record: { commitId: newId(), entity: a, links: [] } },
      { lease: await lease(), record: { commitId: newId(), entity: b, links: [link(b)] } },
      { lease: await lease(), record: { commitId: newId(), entity: known.entity, links: [] } },
      { lease: await lease(), record: { commitId: newId(), entity: c, links: [] } },
      { lease: await lease(), record: { commitId: newId(), entity: c, links: [] } },
    ];
    const outcomes = await store.commit(tenant, START, commits);
    const names = outcomes.map(({ outcome }: CommitOutcome) => outcome);
    assert.deepEqual(names, ['fenced', 'stored', 'outdated', 'stored', 'outdated']);
    assert.deepEqual(await store.findEntities(tenant, [a.id]), [undefined]);
    assert.deepEqual((await loadOne(b.id)).entity, b);
  });

  it('refuses what cannot be right, and says why', async () => {
    const { newId, entity, link, record, commit } = await sceneIn(opened());
    const first = await record();
    const lost = await commit({ from: first, entity: first.entity, links: [] });
    assert.equal(lost.outcome, 'invalid');
    assert.match(lost.why, /is left out/);
    const elsewhere = { ...first, sync: newId() as typeof first.sync };
    const { entity: same, links } = first;
    const moved = await commit({ from: elsewhere, entity: same, links });
    assert.equal(moved.outcome, 'invalid');
    assert.match(moved.why, /another sync/);
    const own = entity();
    const twice = await commit({ entity: own, links: [link(own), link(own)] });
    assert.equal(twice.outcome, 'invalid');
    assert.match(twice.why, /two live links/);
    const again = [link(own, { remoteId: '1' }), link(own, { remoteId: '1', state: 'gone' })];
    const doubled = await commit({ entity: own, links: again });
    assert.equal(doubled.outcome, 'invalid');
    assert.match(doubled.why, /two links to item/);
  });

  it('puts a new live link where the old one has just ended', async () => {
    const { link, record, commit, loadOne } = await sceneIn(opened());
    const first = await record();
    const ended = { ...first.links[0]!, state: 'gone' } as const;
    const next = link(first.entity, { generation: 1, remoteId: '0' });
    await commit({ from: first, entity: first.entity, links: [next, ended] });
    assert.deepEqual((await loadOne(first.entity.id)).links, [ended, next]);
  });

  it('gives a match key to one record, and tells the other whose it is', async () => {
    const { store, tenant, entity, commit, record } = await sceneIn(opened());
    const first = await record({ keys: { add: ['mail', 'phone'], remove: [] } });
    const own = entity();
    const keys = { add: ['own', 'mail', 'phone'], remove: [] };
    const by = ['mail', 'phone'].map((key) => ({ what: { key }, entity: first.entity.id }));
    assert.deepEqual(await commit({ entity: own, links: [], keys }), { outcome: 'taken', by });
    assert.deepEqual(await store.findKeys(tenant, ['mail', 'own']), [
      { entity: first.entity.id, life: 'live' },
      undefined,
    ]);
  });

  it('lets two records of a batch swap their keys, and refuses both when one is refused', async () => {
    const { store, tenant, newId, lease, record, loadOne } = await sceneIn(opened());
    const [a, b] = [
      await record({ keys: { add: ['a'], remove: [] } }),
      await record({ keys: { add: ['b'], remove: [] } }),
    ];
    const owners = async () =>
      (await store.findKeys(tenant, ['a', 'b'])).map((owner) => owner?.entity);
    const swap = async (add: string[]) => [
      {
        lease: await lease(),
        record: { ...(await again(a)), keys: { add: ['b', ...add], remove: ['a'] } },
      },
      {
        lease: await lease(),
        record: { ...(await again(b)), keys: { add: ['a'], remove: ['b'] } },
      },
    ];
    const again = async ({ entity }: typeof a) => {
      const from = await loadOne(entity.id);
      return { commitId: newId(), from, entity: from.entity, links: from.links };
    };
    await record({ keys: { add: ['c'], remove: [] } });
    const refused = await store.commit(tenant, START, await swap(['c']));
    assert.deepEqual(new Set(refused.map(({ outcome }) => outcome)), new Set(['taken']));
    assert.deepEqual(await owners(), [a.entity.id, b.entity.id]);
    const stored = await store.commit(tenant, START, await swap([]));
    assert.deepEqual(new Set(stored.map(({ outcome }) => outcome)), new Set(['stored']));
    assert.deepEqual(await owners(), [b.entity.id, a.entity.id]);
  });

  it('remembers the keys of a dead record until somebody wants them', async () => {
    const { store, tenant, entity, commit, record, loadOne } = await sceneIn(opened());
    const first = await record({ keys: { add: ['mail'], remove: [] } });
    const dead = { ...first.entity, life: 'dead', epoch: 1 } as const;
    const tombstone = {
      epoch: 1,
      cause: 'decided',
      endpoint: first.links[0]!.endpoint,
      snapshot: { name: 'Anna' },
    } as const;
    await commit({ from: first, entity: dead, links: first.links, tombstone });
    const { tombstone: kept, entity: own } = await loadOne(dead.id);
    assert.deepEqual([kept, own], [tombstone, dead]);
    const owner = async () => (await store.findKeys(tenant, ['mail']))[0];
    assert.deepEqual(await owner(), { entity: dead.id, life: 'dead' });
    const next = entity();
    const keys = { add: ['mail'], remove: [] };
    assert.equal((await commit({ entity: next, links: [], keys })).outcome, 'stored');
    assert.deepEqual(await owner(), { entity: next.id, life: 'live' });
    const from = await loadOne(dead.id);
    const revived = { ...dead, life: 'live', epoch: 2 } as const;
    const outcome = await commit({ from, entity: revived, links: from.links, keys });
    assert.equal(outcome.outcome, 'taken');
  });

  it('links an item to one record only, whatever became of the link', async () => {
    const { item, entity, link, commit, record } = await sceneIn(opened());
    const own = entity();
    for (const state of ['live', 'gone', 'held', 'duplicate', 'mergedAway'] as const) {
      const remoteId = `item ${state}`;
      const { entity: holder } = await record({ links: [link(own, { remoteId, state })] });
      const other = entity();
      const links = [link(other, { remoteId })];
      const { kind: _kind, ...ref } = item(remoteId);
      const by = [{ what: { ref }, entity: holder.id }];
      assert.deepEqual(await commit({ entity: other, links }), { outcome: 'taken', by }, state);
    }
  });

  it('lets an item that was unlinked go to another record', async () => {
    const { store, tenant, item, entity, link, commit, record, loadOne } = await sceneIn(opened());
    const own = entity();
    const kept = link(own, { state: 'gone' });
    const unlinked = link(own, { remoteId: '1', state: 'unlinked' });
    const first = await record({ entity: own, links: [kept, unlinked] });
    const other = entity();
    const adopted = link(other, { remoteId: '1' });
    assert.equal((await commit({ entity: other, links: [adopted] })).outcome, 'stored');
    const [found] = await store.findLinks(tenant, [item('1')]);
    assert.deepEqual([found?.entity, found?.link], [other.id, adopted.id]);
    // Who planned for the first record has to look again, and finds that the link is not its own.
    assert.deepEqual(await commit({ ...first, from: first }), { outcome: 'outdated' });
    const second = await loadOne(own.id);
    const ids = second.links.map(({ remoteId, state }) => [remoteId, state]);
    assert.deepEqual(ids, [
      [kept.remoteId, 'gone'],
      [`1@${unlinked.id}`, 'unlinked'],
    ]);
    // However often that record is stored from then on.
    for (let from = second; from.revision < first.revision + 3; from = await loadOne(own.id)) {
      await commit({ from, entity: { ...from.entity }, links: from.links });
      assert.deepEqual(await commit({ ...first, from: first }), { outcome: 'outdated' });
    }
  });

  it('takes nothing that a record of the same batch remembers', async () => {
    const { store, tenant, newId, lease, entity, link, record, loadOne } = await sceneIn(opened());
    const dead = { ...entity(), life: 'dead' } as const;
    const links = [link(dead, { remoteId: '1', state: 'unlinked' })];
    await record({ entity: dead, links, keys: { add: ['mail'], remove: [] } });
    const heir = entity();
    const adopted = [link(heir, { remoteId: '1' })];
    for (const wants of [{ links: adopted }, { links: [], keys: { add: ['mail'], remove: [] } }]) {
      const from = await loadOne(dead.id);
      const commits = [
        { lease: await lease(), record: { commitId: newId(), entity: heir, ...wants } },
        { lease: await lease(), record: { commitId: newId(), ...from, from } },
      ];
      const [first] = await store.commit(tenant, START, commits);
      assert.equal(first?.outcome, 'taken');
    }
  });

  it('shares nothing with its callers that can change', async () => {
    const { store, tenant, item, entity, link, cell, commit, loadOne } = await sceneIn(opened());
    const value = { city: 'Pécs' };
    const own = entity({ address: cell(value) });
    await commit({ entity: own, links: [link(own, { remoteId: '1' })] });
    value.city = 'Győr';
    const loaded = await loadOne(own.id);
    assert.deepEqual(loaded.entity.cells['address']?.value, { city: 'Pécs' });
    Reflect.set(loaded.entity.cells['address']?.value as object, 'city', 'Vác');
    const [again] = await store.load(tenant, [item('1')]);
    assert.deepEqual(again?.record?.entity.cells['address']?.value, { city: 'Pécs' });
  });
}
