/** Creates, updates, deletes and restores, one by one and in batches. */
import assert from 'node:assert/strict';
import type { Operation } from '../../../runtime/connectors/connector.ts';
import { errorOf, failureOf, holds, promise, type Scene, type Setting } from '../scene.ts';
import { itemIn, readAll } from './reading.ts';

export function promisesAboutWriting(settings: readonly Setting[]): void {
  promise(settings, 'creates what it is told, and answers with the id', async (scene) => {
    const [id] = await scene.write('create', [{ raw: scene.sample(1), marker: 'mark-1' }]);
    holds({ raw: scene.truth()[id!] }, scene.sample(1));
    await scene.wait();
    const item = itemIn((await readAll(scene, [id!]))[0]);
    holds(item, scene.sample(1));
    assert.equal(item?.marker, scene.items.can.marker === undefined ? undefined : 'mark-1');
  });

  promise(settings, 'changes the members it is told and leaves the others', async (scene) => {
    const id = scene.people.create(scene.sample(1));
    await scene.write('update', [{ id, raw: scene.edit }]);
    holds({ raw: scene.truth()[id] }, { ...scene.sample(1), ...scene.edit });
  });

  promise(
    settings,
    'answers to a write with the item as it is, where it says so',
    async (scene) => {
      const { items, sample } = scene;
      const [outcome] = await items.write([{ op: 'create', raw: sample(1) }]);
      assert.ok(outcome?.kind === 'done');
      const { item, id } = outcome;
      assert.equal(item !== undefined, items.can.writeReturns === 'item');
      assert.equal(item?.id ?? id, id);
      holds(item ?? { raw: scene.truth()[id] }, sample(1));
      assert.equal(item?.version, outcome.version);
    },
  );

  promise(settings, 'counts versions as it says', async (scene) => {
    const { items, world } = scene;
    const id = scene.people.create(scene.sample(1));
    const versions: (number | undefined)[] = [];
    for (let number = 2; number < 5; number += 1) {
      await world.schedule.sleep(5);
      await scene.write('update', [{ id, raw: scene.sample(number) }]);
      await scene.wait();
      versions.push(itemIn((await readAll(scene, [id]))[0])?.version);
    }
    const [first, second, third] = versions;
    if (items.can.version === 'none') {
      assert.deepEqual(versions, [undefined, undefined, undefined]);
      return;
    }
    assert.ok(first! < second! && second! < third!, String(versions));
    if (items.can.version === 'counter') assert.equal(third! - first!, 2);
  });

  promise(settings, 'deletes as it says: for good, or so that it can be seen', async (scene) => {
    const { can } = scene.items;
    const id = scene.people.create(scene.sample(1));
    await scene.write('delete', [{ id }]);
    assert.deepEqual(scene.truth(), {});
    await scene.wait();
    const [read] = await readAll(scene, [id]);
    assert.ok(read?.kind === 'missing');
    assert.equal(read.archived, can.delete === 'soft');
  });

  promise(
    settings,
    'brings back what was deleted, where it says so',
    async (scene) => {
      const id = scene.people.create(scene.sample(1));
      await scene.write('delete', [{ id }]);
      await scene.write('restore', [{ id }]);
      holds({ raw: scene.truth()[id] }, scene.sample(1));
      await scene.wait();
      holds(itemIn((await readAll(scene, [id]))[0]), scene.sample(1));
    },
    { name: 'can.restore', isThere: ({ items }) => items.can.restore },
  );

  for (const op of ['create', 'update', 'delete', 'restore'] as const) {
    promise(
      settings,
      `takes as many items as it says at once and refuses one more: ${op}`,
      async (scene) => {
        const { items } = scene;
        const limit = items.can.batch[op];
        const changes = writable(scene, op, limit + 1);
        const before = scene.truth();
        const refused = await failureOf(items.write(changes));
        assert.deepEqual([refused.kind, refused.mayHaveLanded], ['tooLarge', false]);
        assert.deepEqual(scene.truth(), before);
        const outcomes = await items.write(changes.slice(0, limit));
        assert.deepEqual(
          outcomes.map(({ kind }) => kind),
          Array(limit).fill('done'),
        );
      },
      { name: 'can.restore', isThere: ({ items }) => op !== 'restore' || items.can.restore },
    );
  }

  promise(
    settings,
    'tells accepted from rejected in one batch',
    async (scene) => {
      const { items, sample, unacceptable } = scene;
      const raws = [sample(1), { ...sample(2), ...unacceptable.raw }, sample(3)];
      const outcomes = await items.write(raws.map((raw) => ({ op: 'create', raw })));
      const refused = errorOf(outcomes[1]);
      assert.deepEqual(
        [refused.kind, refused.path, refused.mayHaveLanded],
        ['rejected', unacceptable.path, false],
      );
      assert.match(refused.message, new RegExp(`"${unacceptable.path}"`));
      if (items.can.partial === 'perItem') {
        assert.deepEqual(
          outcomes.map(({ kind }) => kind),
          ['done', 'failed', 'done'],
        );
        assert.equal(Object.keys(scene.truth()).length, 2);
        return;
      }
      assert.deepEqual(scene.truth(), {});
      for (const other of [outcomes[0], outcomes[2]]) {
        const { kind, mayHaveLanded } = errorOf(other);
        assert.deepEqual([kind, mayHaveLanded], ['transient', false]);
      }
    },
    { name: 'can.batch.create of several', isThere: ({ items }) => items.can.batch.create >= 3 },
  );

  promise(
    settings,
    'names the member that it does not accept, and says what to do',
    async (scene) => {
      const id = scene.people.create(scene.sample(1));
      const unknown = { raw: { noSuchMember: 1 }, path: 'noSuchMember' };
      for (const { raw, path } of [scene.unacceptable, unknown]) {
        const [outcome] = await scene.items.write([{ op: 'update', id, raw }]);
        const { kind, path: said, message } = errorOf(outcome);
        assert.deepEqual([kind, said], ['rejected', path]);
        assert.match(message, /\. [A-Z][^.]+\.$/);
      }
      holds({ raw: scene.truth()[id] }, scene.sample(1));
    },
  );

  promise(
    settings,
    'names the item that has a value which must be unique',
    async (scene) => {
      const { items, sample, people } = scene;
      const [path] = items.can.uniquePaths;
      const id = people.create(sample(1));
      // A path leads into values that consist of parts.
      const [name = ''] = path!.split('.');
      const raw = { ...sample(2), [name]: sample(1)[name] };
      const [outcome] = await items.write([{ op: 'create', raw }]);
      const { kind, path: said } = errorOf(outcome);
      assert.deepEqual([kind, said], ['duplicate', path]);
      assert.ok(outcome?.kind === 'failed');
      assert.ok(outcome.existing === undefined || outcome.existing === id);
      assert.deepEqual(Object.keys(scene.truth()), [id]);
    },
    { name: 'can.uniquePaths', isThere: ({ items }) => items.can.uniquePaths.length > 0 },
  );

  promise(settings, 'says that an item to change is not there', async (scene) => {
    const ops: readonly Operation[] = ['update', 'delete'];
    for (const op of ops) {
      const [outcome] = await scene.items.write([{ op, id: '999999', raw: scene.edit }]);
      const { kind, mayHaveLanded } = errorOf(outcome);
      assert.deepEqual([kind, mayHaveLanded], ['missing', false]);
    }
  });

  promise(
    settings,
    'writes on condition that the item has not changed, where it says so',
    async (scene) => {
      const { items, people, world } = scene;
      const id = people.create(scene.sample(1));
      await scene.wait();
      const ifVersion = itemIn((await readAll(scene, [id]))[0])!.version!;
      await world.schedule.sleep(5);
      people.edit(id, scene.sample(2), 'person');
      for (const op of ['update', 'delete'] as const) {
        const [late] = await items.write([{ op, id, raw: scene.edit, ifVersion }]);
        const { kind, mayHaveLanded } = errorOf(late);
        assert.deepEqual([kind, mayHaveLanded], ['outdated', false]);
      }
      holds({ raw: scene.truth()[id] }, scene.sample(2));
      await scene.wait();
      const { version } = itemIn((await readAll(scene, [id]))[0])!;
      await scene.write('update', [{ id, raw: scene.edit, ifVersion: version! }]);
      holds({ raw: scene.truth()[id] }, scene.edit);
    },
    { name: 'can.conditionalWrites', isThere: ({ items }) => items.can.conditionalWrites },
  );

  promise(settings, 'takes one operation at a time, and none for nothing', async (scene) => {
    assert.deepEqual(await scene.items.write([]), []);
    const mixed = [
      { op: 'create', raw: scene.sample(1) } as const,
      { op: 'delete', id: '1' } as const,
    ];
    await assert.rejects(scene.items.write(mixed), TypeError);
    assert.deepEqual(scene.truth(), {});
  });
}

function writable({ people, sample, edit }: Scene, op: Operation, count: number) {
  return Array.from({ length: count }, (_, number) => {
    if (op === 'create') return { op, raw: sample(number) };
    const id = people.create(sample(number));
    if (op === 'restore') people.remove(id);
    return op === 'update' ? { op, id, raw: edit } : { op, id };
  });
}
