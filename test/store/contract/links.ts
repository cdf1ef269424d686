/** Links by endpoint: digests, lists and counts. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { EntityId, Link } from '../../../runtime/core/planner/model.ts';
import { bucketOf, type LinkDigest, type ReferrerPage } from '../../../runtime/store/store.ts';
import { sceneIn, type Opened, type Scene } from '../scene.ts';

export function promisesAboutLinks(opened: () => Opened): void {
  it('keeps when an item was created and since when it is missing, and forgets it again', async () => {
    const { entity, link, record, commit, loadOne } = await sceneIn(opened());
    const own = entity();
    const links = [link(own, { createdAt: 1_700_000_000_000, missingSince: 1_700_000_000_001 })];
    const from = await record({ entity: own, links });
    assert.deepEqual(from.links, links);
    const { missingSince: _missingSince, ...found } = links[0]!;
    await commit({ from, entity: from.entity, links: [found] });
    assert.deepEqual((await loadOne(own.id)).links, [found]);
  });

  it('keeps since when a change of an item is doubted, until that is over', async () => {
    const { entity, link, record, commit, loadOne } = await sceneIn(opened());
    const own = entity();
    const links = [link(own, { doubtedAt: 1_700_000_000_001 })];
    const from = await record({ entity: own, links });
    assert.deepEqual(from.links, links);
    const { doubtedAt: _doubtedAt, ...sure } = links[0]!;
    await commit({ from, entity: from.entity, links: [sure] });
    assert.deepEqual((await loadOne(own.id)).links, [sure]);
  });

  it('keeps which items the references of an item led to, and forgets it again', async () => {
    const { entity, link, record, commit, loadOne } = await sceneIn(opened());
    const own = entity();
    const links = [link(own, { ledTo: { [entity().id]: '17' } })];
    const from = await record({ entity: own, links });
    assert.deepEqual(from.links, links);
    const { ledTo: _ledTo, ...first } = links[0]!;
    await commit({ from, entity: from.entity, links: [first] });
    assert.deepEqual((await loadOne(own.id)).links, [first]);
  });

  it('keeps what a vendor merged an item into, and says so to whoever looks for the item', async () => {
    const { entity, link, record, store, tenant, sync } = await sceneIn(opened());
    const own = entity();
    const merged = link(own, { state: 'mergedAway', mergedInto: 'ü 2' });
    const { links } = await record({ entity: own, links: [merged] });
    assert.deepEqual(links, [merged]);
    const { endpoint, remoteId } = merged;
    const [found] = await store.findLinks(tenant, [{ sync, endpoint, remoteId }]);
    assert.equal(found?.mergedInto, 'ü 2');
  });

  it('keeps which of our values a vendor refused', async () => {
    const { entity, link, record } = await sceneIn(opened());
    const own = entity();
    const [agreed] = Object.values(link(own).cells);
    const links = [link(own, { cells: { name: { ...agreed!, refused: 'f1' } } })];
    assert.deepEqual((await record({ entity: own, links })).links, links);
  });

  it('sums up the live links of an endpoint as anybody can who has their ids', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, sync, left, right } = scene;
    const ids = fc.sample(fc.string({ unit: 'grapheme', minLength: 1 }), {
      seed: 7,
      numRuns: 60,
    });
    const live = [...new Set([...ids, '1', '2', 'ü', '漢', '😀'])];
    await linkAll(scene, live);
    await linkAll(scene, ['elsewhere'], { endpoint: right });
    await linkAll(scene, ['gone'], { state: 'gone' });
    const found = await store.digestLinks(tenant, { sync, endpoint: left });
    assert.deepEqual(found, digestOf(live));
    const buckets = found.slice(1, 3).map(({ bucket }) => bucket);
    const some = await store.digestLinks(tenant, { sync, endpoint: left }, buckets);
    assert.deepEqual(some, found.slice(1, 3));
    const unknown = { sync, endpoint: scene.newId() as typeof left };
    assert.deepEqual(await store.digestLinks(tenant, unknown), []);
  });

  it('lists links page by page in the byte order of their ids, also of some buckets only', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, sync, left, right } = scene;
    // In UTF-16 the last two would change places.
    const ids = ['10', '9', 'B', 'a', 'ä', '\uff5e', '😀'];
    await linkAll(scene, ids.slice(0, 5).toReversed());
    await linkAll(scene, ids.slice(5), { state: 'gone' });
    await linkAll(scene, ['elsewhere'], { endpoint: right });
    const place = { sync, endpoint: left };
    const list = async (more: object, limit = 100) =>
      (await store.listLinks(tenant, { ...place, limit, ...more })).map((each) => each.remoteId);
    assert.deepEqual(await list({}), ids);
    assert.deepEqual(await list({}, 2), ids.slice(0, 2));
    assert.deepEqual(await list({ after: ids[1] }, 3), ids.slice(2, 5));
    assert.deepEqual(await list({ state: 'gone' }), ids.slice(5));
    assert.deepEqual(await list({ state: 'held' }), []);
    const buckets = [ids[2]!, ids[6]!].map((id) => bucketOf(id).bucket);
    assert.deepEqual(await list({ buckets }), [ids[2], ids[6]]);
    assert.deepEqual(await list({ buckets, after: ids[2] }), [ids[6]]);

    const [first] = await store.listLinks(tenant, { ...place, limit: 1 });
    const [found] = await store.findLinks(tenant, [{ ...place, remoteId: '10' }]);
    const { link: id, entity, state } = found!;
    assert.deepEqual(first, { remoteId: '10', link: id, entity, state });
  });

  it('lists who refers to one of some records', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, sync, left, right, entity, link, record, commit } = scene;
    const [a, b] = [entity().id, entity().id];
    const referring = (remoteId: string, ...add: EntityId[]) => {
      const one = entity();
      const links = [link(one, { remoteId })];
      return record({ entity: one, links, references: { add, remove: [] } });
    };
    const list = (targets: EntityId[], more: Partial<ReferrerPage> = {}) =>
      store.listReferrers(tenant, { sync, endpoint: left, targets, limit: 100, ...more });
    await referring('1', a);
    const second = await referring('2', b, a);
    const third = await referring('3', b);
    await referring('4');
    assert.deepEqual(await list([a]), ['1', '2']);
    assert.deepEqual(await list([a, b]), ['1', '2', '3']);
    assert.deepEqual(await list([a, b], { limit: 1, after: '1' }), ['2']);
    assert.deepEqual(await list([entity().id]), []);
    assert.deepEqual(await list([a], { endpoint: right }), []);
    await commit({ ...second, from: second, references: { add: [], remove: [a] } });
    const gone = third.links.map((one) => ({ ...one, state: 'gone' as const }));
    await commit({ ...third, from: third, links: gone });
    assert.deepEqual(await list([a, b]), ['1', '2']);
    assert.deepEqual(await list([a]), ['1']);
  });

  it('lists ids that a database cannot keep as text, and goes on after them', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, sync, left } = scene;
    await linkAll(scene, ['a\u0000', 'b']);
    const page = { sync, endpoint: left, limit: 1 };
    const [first] = await store.listLinks(tenant, page);
    assert.equal(first?.remoteId, 'a\u0000');
    const [second] = await store.listLinks(tenant, { ...page, after: first.remoteId });
    assert.equal(second?.remoteId, 'b');
  });

  it('counts the records of a sync by life, and the live links by endpoint', async () => {
    const scene = await sceneIn(opened());
    const { store, tenant, sync, left, right, entity, record, newId } = scene;
    const none = { live: 0, dead: 0, held: 0, links: {} };
    assert.deepEqual(await store.countRecords(tenant, sync), none);
    await linkAll(scene, ['1', '2', '3']);
    await linkAll(scene, ['4'], { endpoint: right });
    await linkAll(scene, ['5'], { state: 'gone' });
    await record({ entity: { ...entity(), life: 'dead' }, links: [] });
    await record({ entity: { ...entity(), life: 'held' }, links: [] });
    const links = { [left]: 3, [right]: 1 };
    const counted = await store.countRecords(tenant, sync);
    assert.deepEqual(counted, { live: 5, dead: 1, held: 1, links });
    assert.deepEqual(await store.countRecords(tenant, newId() as typeof sync), none);
  });
}

/** Records with one link each. */
async function linkAll(
  { entity, link, record }: Scene,
  ids: readonly string[],
  change: Partial<Link> = {},
): Promise<void> {
  for (const remoteId of ids) {
    const own = entity();
    await record({ entity: own, links: [link(own, { remoteId, ...change })] });
  }
}

function digestOf(ids: readonly string[]): LinkDigest[] {
  const buckets = Map.groupBy(ids.map(bucketOf), ({ bucket }) => bucket);
  return [...buckets]
    .toSorted(([a], [b]) => a - b)
    .map(([bucket, all]) => {
      const sum = all.reduce((xor, { digest }) => xor ^ digest, 0n);
      return { bucket, count: all.length, digest: sum.toString(16).padStart(16, '0') };
    });
}
