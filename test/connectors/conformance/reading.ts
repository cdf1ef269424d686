/** Lists, changes, reads by id, searches and histories. */
import assert from 'node:assert/strict';
import type { Item, Read } from '../../../runtime/connectors/connector.ts';
import { failureOf, holds, promise, type Ability, type Scene, type Setting } from '../scene.ts';

export function promisesAboutReading(settings: readonly Setting[]): void {
  promise(settings, 'declares what it can do without contradicting itself', async ({ items }) => {
    const { can, fields } = items;
    assert.equal(can.marker !== undefined, can.create !== 'naturalKey');
    assert.equal('history' in items, can.history);
    if (can.history || can.conditionalWrites) assert.notEqual(can.version, 'none');
    if (can.restore) assert.equal(can.delete, 'soft');
    if (can.changesTellDeletes) assert.ok('changes' in items);
    if (can.create === 'marker') assert.ok('find' in items, 'nobody can search for the marker');
    for (const [call, limit] of Object.entries(can.batch)) assert.ok(limit >= 1, call);
    for (const lag of [can.readLagMs, can.searchLagMs, can.changesLagMs]) {
      assert.ok(lag >= 0 && lag < can.absenceHorizonMs);
    }
    const paths = new Set(fields.map(({ path }) => path));
    assert.deepEqual(
      can.uniquePaths.filter((path) => !paths.has(path)),
      [],
    );
  });

  promise(settings, 'pulls every item exactly once, in pages', async (scene) => {
    const ids = created(scene, 7);
    await scene.wait();
    for (const limit of [1, 3, 7, 8]) {
      const pulled = await scene.walk((request) => scene.items.list(request), limit);
      assert.deepEqual(pulled.toSorted(), ids.toSorted());
    }
  });

  promise(settings, 'pulls none, one, as many as fit on a page, and one more', async (scene) => {
    const { items, people, sample } = scene;
    const most = items.can.batch.list;
    const ids: string[] = [];
    for (const count of [0, 1, most, most + 1]) {
      while (ids.length < count) ids.push(people.create(sample(ids.length)));
      await scene.wait();
      const pulled = await scene.walk((request) => items.list(request), most);
      assert.deepEqual(pulled.toSorted(), ids.toSorted());
    }
  });

  promise(
    settings,
    'pulls items with all that was entered, and nothing that was deleted',
    async (scene) => {
      const [id, other] = created(scene, 2);
      scene.people.remove(other!);
      await scene.wait();
      const { items } = await scene.items.list({ limit: 1 });
      assert.deepEqual(
        items.map((item) => item.id),
        [id],
      );
      holds(items[0], scene.sample(0));
      isKnownAsFarAsPromised(items[0]!, scene);
    },
  );

  promise(settings, 'resumes from a cursor after the process dies', async (scene) => {
    const ids = created(scene, 5);
    await scene.wait();
    const first = await scene.items.list({ limit: 1 });
    const kept: unknown = JSON.parse(JSON.stringify(first.next));
    const reopened = await scene.reopen();
    const rest = await scene.walk(
      ({ after = kept as string, limit }) => reopened.list({ after, limit }),
      3,
    );
    const pulled = [...first.items.map(({ id }) => id), ...rest];
    assert.deepEqual(pulled.toSorted(), ids.toSorted());
  });

  promise(
    settings,
    'tells what changed since, also of many items at the same instant',
    async (scene) => {
      const { people, world, account } = scene;
      const ids = created(scene, 8);
      // Some vendors add something of their own to what is new, as late as that.
      await scene.wait();
      await world.schedule.sleep(10_000);
      const since = world.clock.now() + (account.clockOffsetMs ?? 0);
      await world.schedule.sleep(10_000);
      for (const id of ids.slice(3).toReversed()) people.edit(id, scene.edit, 'person');
      await scene.wait();
      for (const limit of [1, 2, 5, 6]) {
        const pulled = await scene.walk(
          (request) => scene.items.changes!({ ...request, since }),
          limit,
        );
        assert.deepEqual(pulled.toSorted(), ids.slice(3).toSorted());
      }
      const at = world.clock.now() + (account.clockOffsetMs ?? 0);
      await world.schedule.sleep(10_000);
      const later = await scene.items.changes!({ since: at + 5_000, limit: 1 });
      assert.deepEqual([later.items, later.next], [[], undefined]);
    },
    tellsChanges,
  );

  promise(
    settings,
    'tells changes in the order of their times, from the very first instant',
    async (scene) => {
      const ids: string[] = [];
      for (let number = 0; number < 4; number += 1) {
        ids.push(scene.people.create(scene.sample(number)));
        // Some vendors tell whole seconds only.
        await scene.world.schedule.sleep(1_003);
      }
      await scene.wait();
      const since = (time: number): Promise<string[]> =>
        scene.walk((request) => scene.items.changes!({ ...request, since: time }), 3);
      const times = new Map<string, number | undefined>();
      for (const read of await readAll(scene, ids)) {
        const { id, changedAt } = itemIn(read)!;
        assert.equal(changedAt === undefined, scene.items.can.version === 'none');
        times.set(id, changedAt);
      }
      // A vendor may move them by itself, and so change what came first.
      const ordered = ids.toSorted((a, b) => (times.get(a) ?? 0) - (times.get(b) ?? 0));
      assert.deepEqual(await since(0), ordered);
      const second = times.get(ordered[1]!);
      if (second !== undefined) assert.deepEqual(await since(second), ordered.slice(1));
    },
    tellsChanges,
  );

  promise(
    settings,
    'tells of deleted items in the changes where it says so, and only there',
    async (scene) => {
      const { can } = scene.items;
      const [id] = created(scene, 1);
      scene.people.remove(id!);
      await scene.wait();
      const { items, gone } = await scene.items.changes!({ since: 0, limit: 1 });
      assert.deepEqual([items, gone], [[], can.changesTellDeletes ? [id] : []]);
    },
    tellsChanges,
  );

  promise(settings, 'reads by id in the order asked, and says what is missing', async (scene) => {
    const [first, second, removed] = created(scene, 3);
    scene.people.remove(removed!);
    await scene.wait();
    const reads = await readAll(scene, [second!, '999999', removed!, first!]);
    const kinds = reads.map((read) => (read.kind === 'present' ? read.item.id : read.kind));
    assert.deepEqual(kinds, [second, 'missing', 'missing', first]);
    holds(itemIn(reads[3]), scene.sample(0));
    isKnownAsFarAsPromised(itemIn(reads[3])!, scene);
    const archived = reads.map((read) => read.kind === 'missing' && read.archived);
    assert.deepEqual(archived, [false, false, scene.items.can.delete === 'soft', false]);
    assert.deepEqual(await scene.items.read([]), []);
  });

  promise(
    settings,
    'leads from a merged item to what became of it, or says that it is missing',
    async (scene) => {
      const [loser, winner] = created(scene, 2);
      const result = scene.people.merge!(loser!, winner!);
      await scene.wait();
      const reads = await readAll(scene, [loser!, winner!, result]);
      assert.equal(itemIn(reads[2])?.id, result);
      for (const read of reads) {
        if (read.kind === 'merged') assert.equal(read.into, result);
        if (read.kind !== 'present') continue;
        assert.equal(read.item.id, result);
        for (const id of read.item.mergedFrom ?? []) assert.ok([loser, winner].includes(id));
      }
      assert.notEqual(reads[0]?.kind, 'present');
    },
    { name: 'items that people can merge', isThere: ({ people }) => 'merge' in people },
  );

  promise(
    settings,
    'finds items by a value, without regard to case',
    async (scene) => {
      const { items, sample } = scene;
      const ids = created(scene, 3);
      await scene.wait();
      const [path, value] = Object.entries(sample(1)).find(
        (entry) => typeof entry[1] === 'string',
      )!;
      const found = await items.find!(path, [String(value).toUpperCase()]);
      assert.deepEqual(
        found.map(({ id }) => id),
        [ids[1]],
      );
      assert.deepEqual(await items.find!(path, ['nobody has this']), []);
      assert.deepEqual(await items.find!(path, []), []);
    },
    { name: 'find', isThere: ({ items }) => 'find' in items },
  );

  promise(settings, 'tells who changed an item, where it tells at all', async (scene) => {
    const [id] = created(scene, 1);
    const author = async (): Promise<Item['author']> => {
      await scene.wait();
      return itemIn((await readAll(scene, [id!]))[0])?.author;
    };
    const authors = [await author()];
    await scene.write('update', [{ id: id!, raw: scene.edit }]);
    authors.push(await author());
    scene.people.edit(id!, scene.sample(5), 'integration');
    authors.push(await author());
    const known = ['person', 'us', 'integration'];
    assert.deepEqual(authors, scene.tellsAuthors ? known : known.map(() => undefined));
  });

  promise(
    settings,
    'remembers what an item went through, where it says so',
    async (scene) => {
      const { items, people } = scene;
      const [id, other] = created(scene, 2);
      await scene.wait();
      const since = itemIn((await readAll(scene, [id!]))[0])?.version;
      assert.ok(since !== undefined);
      await scene.world.schedule.sleep(5);
      people.edit(id!, scene.edit, 'person');
      await scene.world.schedule.sleep(5);
      people.edit(id!, scene.sample(7), 'integration');
      await scene.wait();
      const [later = []] = await items.history!([{ id: id!, since }]);
      const [nothing] = await items.history!([{ id: other!, since }]);
      assert.deepEqual(
        later.map((version) => version.version > since),
        [true, true],
      );
      holds(later[0], scene.edit);
      holds(later[1], scene.sample(7));
      assert.ok((later[0]?.version ?? 0) < (later[1]?.version ?? 0));
      assert.deepEqual(nothing, []);
      assert.deepEqual(await items.history!([]), []);
    },
    { name: 'can.history', isThere: ({ items }) => items.can.history },
  );

  promise(settings, 'refuses to read more than it says at once', async (scene) => {
    const { items } = scene;
    const { can } = items;
    const ids = Array.from({ length: can.batch.read + 1 }, (_, index) => `${900_000 + index}`);
    assert.equal((await items.read(ids.slice(1))).length, can.batch.read);
    assert.equal((await failureOf(items.read(ids))).kind, 'tooLarge');
    assert.equal((await failureOf(items.list({ limit: can.batch.list + 1 }))).kind, 'tooLarge');
  });
}

const tellsChanges: Ability = { name: 'changes', isThere: ({ items }) => 'changes' in items };

function created({ people, sample }: Scene, count: number): string[] {
  return Array.from({ length: count }, (_, number) => people.create(sample(number)));
}

/** In as many calls as the vendor's limit asks for. */
export async function readAll({ items }: Scene, ids: readonly string[]): Promise<Read[]> {
  const reads: Read[] = [];
  for (let start = 0; start < ids.length; start += items.can.batch.read) {
    reads.push(...(await items.read(ids.slice(start, start + items.can.batch.read))));
  }
  return reads;
}

export function itemIn(read: Read | undefined): Item | undefined {
  return read?.kind === 'present' ? read.item : undefined;
}

function isKnownAsFarAsPromised(item: Item, { items, world, account }: Scene): void {
  assert.equal(item.version !== undefined, items.can.version !== 'none');
  const now = world.clock.now() + (account.clockOffsetMs ?? 0);
  for (const time of [item.createdAt, item.changedAt]) {
    if (time !== undefined) assert.ok(Math.abs(time - now) < 3_600_000, `${time} is not ${now}`);
  }
}
