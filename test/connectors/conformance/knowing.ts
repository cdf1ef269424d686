/** What a login can be shown, and what it may do. */
import assert from 'node:assert/strict';
import { promise, type Setting } from '../scene.ts';

export function promisesAboutLogin(settings: readonly Setting[]): void {
  promise(
    settings,
    'names the collections that there are, and opens them by their names',
    async ({ account, collection }) => {
      const named = await account.collections!();
      const names = named.map(({ name }) => name);
      assert.ok(names.includes(collection), names.join());
      assert.equal(new Set(names).size, names.length);
      assert.ok(named.every(({ title }) => title.trim() !== ''));
      const opened = await account.collection(collection);
      assert.equal(opened.name, collection);
    },
    { name: 'collections', isThere: ({ account }) => 'collections' in account },
  );

  promise(
    settings,
    'says which permissions are missing, and none when all are there',
    async ({ account, collection, people }) => {
      assert.deepEqual(await account.missingScopes!([collection]), []);
      people.forbid();
      const missing = await account.missingScopes!([collection]);
      assert.ok(missing.length > 0 && missing.every((scope) => scope.trim() !== ''));
    },
    { name: 'missingScopes', isThere: ({ account }) => 'missingScopes' in account },
  );
}
