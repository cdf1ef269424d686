/** Members of an item that lead to another one. */
import assert from 'node:assert/strict';
import { promise, type Raw, type Scene, type Setting } from '../scene.ts';
import { itemIn, readAll } from './reading.ts';

export function promisesAboutPointers(settings: readonly Setting[]): void {
  promise(
    settings,
    'points an item to another one and to none, and tells so',
    async (scene) => {
      const { path, value, cleared } = scene.pointer!();
      assert.ok(scene.items.fields.some((field) => field.path === path));
      const [created] = await scene.write('create', [
        { raw: within(scene.sample(1), path, value) },
      ]);
      assert.deepEqual(await told(scene, created!, path), value);
      const id = scene.people.create(scene.sample(2));
      for (const next of [value, cleared, value]) {
        await scene.write('update', [{ id, raw: within({}, path, next) }]);
        assert.deepEqual(await told(scene, id, path), next);
      }
    },
    { name: 'field that leads elsewhere', isThere: ({ pointer }) => pointer !== undefined },
  );
}

/** With this member, wherever its path leads. */
function within(raw: Raw, path: string, value: unknown): Raw {
  const [first = '', ...rest] = path.split('.');
  return { ...raw, [first]: rest.length === 0 ? value : within({}, rest.join('.'), value) };
}

async function told(scene: Scene, id: string, path: string): Promise<unknown> {
  await scene.wait();
  const item = itemIn((await readAll(scene, [id]))[0]);
  return path.split('.').reduce<unknown>((at, name) => (at as Raw | undefined)?.[name], item?.raw);
}
