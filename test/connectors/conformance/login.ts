/** Logins whose token lasts for a while only. */
import assert from 'node:assert/strict';
import type { Memory } from '../../../runtime/connectors/connector.ts';
import type { Value } from '../../../runtime/core/value.ts';
import { promise, type Setting } from '../scene.ts';

/** Longer than any token lives. */
const LONG_MS = 7_200_000;

export function promisesAboutRenewals(settings: readonly Setting[]): void {
  promise(
    settings,
    'renews its token once for all calls that need it, and keeps the new one',
    async (scene) => {
      const saved: Value[] = [];
      const memory: Memory = {
        load: async () => saved.at(-1),
        save: async (_name, value) => void saved.push(value),
      };
      // It may work once only, so this one is for us alone.
      const config = { ...scene.config, ...(await scene.logIn?.()) };
      const account = await scene.open(memory, config);
      const items = await account.collection(scene.collection);
      const ask = () => items.list({ limit: 1 });
      assert.equal(saved.length, 1);
      // The vendor does not take it any more, although it should be good.
      for (let call = 0; call < 5; call += 1) scene.trouble({ kind: 'status', status: 401 });
      await Promise.all(Array.from({ length: 5 }, ask));
      assert.equal(saved.length, 2);
      await scene.world.schedule.sleep(LONG_MS);
      await Promise.all(Array.from({ length: 5 }, ask));
      assert.equal(saved.length, 3);
      const later = await scene.open(memory, config);
      await (await later.collection(scene.collection)).list({ limit: 1 });
      assert.equal(saved.length, 3);
    },
    {
      name: 'refreshToken among its secrets',
      isThere: ({ connector, config }) =>
        connector.secrets.includes('refreshToken') && config['refreshToken'] !== undefined,
    },
  );
}
