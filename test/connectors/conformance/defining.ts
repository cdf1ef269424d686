/** Fields that people have made, and those that we make. */
import assert from 'node:assert/strict';
import { holds, idOf, promise, type Ability, type Setting } from '../scene.ts';
import { itemIn, readAll } from './reading.ts';

const MANY = 600;

export function promisesAboutFields(settings: readonly Setting[]): void {
  promise(
    settings,
    `knows all fields, also ${MANY} that people have made`,
    async (scene) => {
      const before = scene.items.fields.length;
      const made = scene.people.addFields!(MANY);
      assert.equal(new Set(made).size, MANY);
      const items = await scene.reopen();
      const paths = items.fields.map(({ path }) => path);
      assert.deepEqual(
        made.filter((path) => !paths.includes(path)),
        [],
      );
      assert.equal(new Set(paths).size, before + MANY);
      // The last one is as good as the first.
      const last = made.at(-1)!;
      const raw = { ...scene.sample(1), [last]: 'Pécs' };
      const [outcome] = await items.write([{ op: 'create', raw }]);
      await scene.wait();
      const [read] = await items.read([idOf(outcome!)]);
      holds(itemIn(read), { [last]: 'Pécs' });
    },
    ownFields,
  );

  promise(
    settings,
    'makes a field that is not there, once, and keeps what is written in it',
    async (scene) => {
      const wanted = { name: 'nickname', title: 'nickname', type: 'text' } as const;
      const made = await scene.items.ensureField!(wanted);
      const again = await scene.items.ensureField!(wanted);
      assert.deepEqual(again, made);
      const items = await scene.reopen();
      const named = items.fields.filter(({ path }) => path === made.path);
      assert.deepEqual(
        named.map(({ path, type }) => [path, type]),
        [[made.path, made.type]],
      );
      const id = scene.people.create(scene.sample(1));
      await items.write([{ op: 'update', id, raw: { [made.path]: 'Panni' } }]);
      await scene.wait();
      holds(itemIn((await readAll({ ...scene, items }, [id]))[0]), { [made.path]: 'Panni' });
    },
    { name: 'ensureField', isThere: ({ items }) => 'ensureField' in items },
  );

  promise(
    settings,
    'makes what it lacks, can do more then, and lacks it no longer',
    async (scene) => {
      for (const lack of scene.items.lacks!) {
        assert.match(lack.what, /^(?:the|an?) .+[^.]$/);
        await lack.make();
        await lack.make();
      }
      const items = await scene.reopen();
      assert.deepEqual(items.lacks ?? [], []);
      assert.notDeepEqual(items.can, scene.items.can);
    },
    { name: 'lacks', isThere: ({ items }) => (items.lacks ?? []).length > 0 },
  );
}

const ownFields: Ability = {
  name: 'fields of its own people',
  isThere: ({ people }) => people.addFields !== undefined,
};
