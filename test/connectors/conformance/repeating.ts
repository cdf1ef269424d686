/** Writes whose answers are lost: what may be known about them, and when. */
import assert from 'node:assert/strict';
import { failureOf, holds, idOf, promise, type Setting } from '../scene.ts';
import { itemIn, readAll } from './reading.ts';

export function promisesAboutRepeating(settings: readonly Setting[]): void {
  for (const kind of ['lost', 'answerLost'] as const) {
    const landed = kind === 'answerLost';
    promise(
      settings,
      `admits that it does not know about a write that ${landed ? 'landed' : 'got lost'}`,
      async (scene) => {
        scene.trouble({ kind });
        const failure = await failureOf(
          scene.items.write([{ op: 'create', raw: scene.sample(1) }]),
        );
        assert.deepEqual([failure.kind, failure.mayHaveLanded], ['transient', true]);
        assert.equal(Object.keys(scene.truth()).length, landed ? 1 : 0);
      },
    );
  }

  promise(
    settings,
    'says of a call that only reads that nothing can have landed',
    async (scene) => {
      const id = scene.people.create(scene.sample(1));
      const reads = [
        () => scene.items.list({ limit: 1 }),
        () => scene.items.read([id]),
        () => scene.items.find?.(Object.keys(scene.sample(1))[0]!, ['x']),
        () => scene.items.changes?.({ since: 0, limit: 1 }),
        () => scene.items.history?.([{ id: '1', since: 0 }]),
      ];
      for (const read of reads) {
        scene.trouble({ kind: 'answerLost' });
        const call = read();
        if (call === undefined) {
          // The trouble waits for a call; this one takes it.
          await failureOf(scene.items.list({ limit: 1 }));
          continue;
        }
        const failure = await failureOf(call);
        assert.deepEqual([failure.kind, failure.mayHaveLanded], ['transient', false]);
      }
    },
  );

  promise(
    settings,
    'lets a create be repeated after a lost answer as it says, without a second item',
    async (scene) => {
      const { items, sample } = scene;
      const create = { op: 'create', raw: sample(1), marker: 'mark-1' } as const;
      scene.trouble({ kind: 'answerLost' });
      await failureOf(items.write([create]));
      const [id] = Object.keys(scene.truth());
      if (items.can.create === 'upsert') {
        const [again] = await items.write([create]);
        assert.equal(idOf(again!), id);
      } else {
        await scene.wait();
        const [path, value] =
          items.can.create === 'marker'
            ? [items.can.marker!, 'mark-1']
            : Object.entries(sample(1)).find((entry) => typeof entry[1] === 'string')!;
        const found = await items.find!(path, [String(value)]);
        assert.deepEqual(
          found.map((item) => item.id),
          [id],
        );
        if (items.can.create === 'marker') assert.equal(found[0]?.marker, 'mark-1');
      }
      assert.deepEqual(Object.keys(scene.truth()), [id]);
    },
  );

  promise(settings, 'lets an update or a delete be repeated after a lost answer', async (scene) => {
    const { items, edit } = scene;
    const id = scene.people.create(scene.sample(1));
    scene.trouble({ kind: 'answerLost' });
    await failureOf(items.write([{ op: 'update', id, raw: edit }]));
    await scene.write('update', [{ id, raw: edit }]);
    holds({ raw: scene.truth()[id] }, edit);
    scene.trouble({ kind: 'answerLost' });
    await failureOf(items.write([{ op: 'delete', id }]));
    const [again] = await items.write([{ op: 'delete', id }]);
    const end = again?.kind === 'failed' ? again.error.kind : 'done';
    assert.equal(end, items.can.delete === 'soft' ? 'done' : 'missing');
    assert.deepEqual(scene.truth(), {});
  });

  promise(
    settings,
    'shows after its horizon whether an unanswered write has landed',
    async (scene) => {
      const { items, world } = scene;
      const id = scene.people.create(scene.sample(1));
      await scene.wait();
      const sentAt = world.clock.now();
      scene.trouble({ kind: 'late', ms: scene.lateMs });
      await failureOf(items.write([{ op: 'update', id, raw: scene.edit }]));
      await world.schedule.sleep(sentAt + items.can.absenceHorizonMs - world.clock.now());
      holds(itemIn((await readAll(scene, [id]))[0]), scene.edit);
    },
  );
}
