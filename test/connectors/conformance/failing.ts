/** What is said when something goes wrong, and that no secret is in it. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  canHave,
  errorOf,
  failureOf,
  promise,
  type Ability,
  type Raw,
  type Scene,
  type Setting,
  type Trouble,
} from '../scene.ts';

export function promisesAboutFailures(settings: readonly Setting[]): void {
  promise(
    settings,
    'is throttled for as long as the vendor asks',
    async (scene) => {
      scene.trouble({ kind: 'status', status: 429, retryAfterS: 17 });
      const asked = await failureOf(scene.items.write([{ op: 'create', raw: scene.sample(1) }]));
      const { kind, retryAfterMs, mayHaveLanded } = asked;
      assert.deepEqual([kind, retryAfterMs, mayHaveLanded], ['throttled', 17_000, false]);
      scene.trouble({ kind: 'status', status: 429 });
      const silent = await failureOf(scene.items.list({ limit: 1 }));
      assert.deepEqual([silent.kind, silent.retryAfterMs], ['throttled', scene.usualPauseMs]);
    },
    hasLimits,
  );

  promise(
    settings,
    'knows of its limits what the vendor keeps to',
    async ({ account, collection }) => {
      for (const limit of account.limits) {
        assert.ok(limit.name !== '' && limit.capacity > 0 && limit.perMs > 0);
      }
      // A limit may be about some calls only; no call is without one.
      for (const [call, items] of [
        ['list', 1],
        ['read', 1],
        ['create', 10],
      ] as const) {
        const costs = account.limits.map(({ cost }) => cost(call, items, collection));
        assert.ok(Math.min(...costs) >= 0 && Math.max(...costs) > 0, `${call}: ${costs.join()}`);
      }
    },
    hasLimits,
  );

  promise(settings, 'tries nothing again, and tells trouble from refusal', async (scene) => {
    const create = (raw: Raw) => scene.items.write([{ op: 'create', raw }]);
    for (const trouble of PASSING.filter(({ kind }) => canHave(scene, kind))) {
      scene.trouble(trouble);
      const { kind, mayHaveLanded, retryAfterMs } = await failureOf(create(scene.sample(1)));
      const isTold = 'retryAfterS' in trouble && !scene.isSilentInTrouble;
      const waitMs = isTold ? trouble.retryAfterS * 1_000 : undefined;
      assert.deepEqual([kind, mayHaveLanded, retryAfterMs], ['transient', true, waitMs]);
    }
    const [refused] = await create({ ...scene.sample(1), ...scene.unacceptable.raw });
    assert.deepEqual([errorOf(refused).kind, errorOf(refused).mayHaveLanded], ['rejected', false]);
    const [id] = await scene.write('create', [{ raw: scene.sample(2) }]);
    assert.deepEqual(Object.keys(scene.truth()), [id]);
  });

  promise(
    settings,
    'says of an item that could not be stored just now that another try may work',
    async (scene) => {
      const { items } = scene;
      scene.trouble({ kind: 'busy', items: [0] });
      const [outcome] = await items.write([{ op: 'create', raw: scene.sample(1) }]);
      const { kind, mayHaveLanded } = errorOf(outcome);
      assert.deepEqual([kind, mayHaveLanded], ['transient', false]);
      assert.deepEqual(scene.truth(), {});
    },
    // Where each item is a call of its own, the trouble of one is that of the other.
    { name: 'can.batch.create of several', isThere: ({ items }) => items.can.batch.create > 1 },
  );

  promise(
    settings,
    'says what to do when the token is refused, and who may not see what',
    async (scene) => {
      const { items, account, people } = scene;
      const unknown = await failureOf(account.collection('no-such-collection'));
      assert.ok(['missing', 'forbidden'].includes(unknown.kind), unknown.message);
      people.forbid();
      assert.equal((await failureOf(items.list({ limit: 1 }))).kind, 'forbidden');
      people.revoke();
      const refused = await failureOf(items.read(['1']));
      assert.equal(refused.kind, 'unauthorized');
      assert.match(
        refused.message,
        /refused the (token|password) of account '[^']+' \((40[01]|28).*log in again\.$/,
      );
      await assert.rejects(scene.reopen(), { kind: 'unauthorized' });
    },
  );

  promise(settings, 'stops at once when its caller gives up', async (scene) => {
    const { items, world } = scene;
    const before = AbortSignal.abort();
    const early = await failureOf(items.write([{ op: 'create', raw: scene.sample(1) }], before));
    assert.deepEqual([early.kind, early.mayHaveLanded], ['transient', false]);
    const controller = new AbortController();
    world.schedule.after(0, () => controller.abort());
    const started = world.clock.now();
    const { signal } = controller;
    for (const call of [
      () => items.list({ limit: 1, signal }),
      () => items.read(['1'], signal),
      () => items.write([{ op: 'create', raw: scene.sample(1) }], signal),
    ]) {
      assert.equal((await failureOf(call())).kind, 'transient');
    }
    const tookMs = world.clock.now() - started;
    // Where the clock runs by itself, at once is long before any limit of time.
    assert.ok(tookMs <= (world.runUntilQuiet === undefined ? 5_000 : 0), `${tookMs} ms`);
  });

  promise(settings, 'never prints a secret', async (scene) => {
    const { connector, config, world } = scene;
    const said: unknown[] = [...world.logged];
    for (const trouble of TROUBLES.filter(({ kind }) => canHave(scene, kind))) {
      scene.trouble(trouble);
      // With a login, the call is sent again with a new token.
      const isRenewed = trouble.kind === 'status' && trouble.status === 401;
      if (isRenewed && config['refreshToken'] !== undefined) scene.trouble(trouble);
      said.push(await failureOf(scene.items.list({ limit: 1 })));
    }
    said.push(...(await itemErrors(scene)), world.logged, await schemaErrors(scene));
    scene.people.revoke();
    said.push(await failureOf(scene.items.list({ limit: 1 })));
    const text = inspect(said, { depth: Infinity, showHidden: true });
    assert.ok(connector.secrets.length > 0);
    for (const name of connector.secrets) {
      const secret = config[name];
      if (typeof secret !== 'string') continue;
      assert.ok(secret.length > 8 && !text.includes(secret), `the ${name} shows:\n${text}`);
    }
  });
}

const hasLimits: Ability = { name: 'limits', isThere: ({ account }) => account.limits.length > 0 };

/** The vendor's own trouble, and the network's. */
const PASSING = [
  { kind: 'lost' },
  ...[500, 502, 503, 504].map((status) => ({ kind: 'status', status }) as const),
  { kind: 'status', status: 503, retryAfterS: 9 },
] as const;

const TROUBLES: readonly Trouble[] = [
  { kind: 'lost' },
  { kind: 'answerLost' },
  ...[400, 401, 403, 404, 413, 429, 500, 503].map(
    (status) => ({ kind: 'status', status }) as const,
  ),
];

async function itemErrors(scene: Scene): Promise<readonly unknown[]> {
  const { items, sample, config, connector, unacceptable } = scene;
  const secret = config[connector.secrets[0]!];
  // As if somebody had pasted it into a field, and the vendor quoted it.
  const raw = { ...sample(1), [unacceptable.path]: secret };
  return [
    ...(await items.write([{ op: 'create', raw }])),
    ...(await items.write([{ op: 'update', id: '999999', raw: {} }])),
  ];
}

/** What a person sees who fills in the form wrongly, secrets included. */
async function schemaErrors({ connector, config }: Scene): Promise<unknown> {
  const wrong = Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, `${String(value)} \n`]),
  );
  const { error } = connector.config.safeParse({ ...wrong, noSuchSetting: true });
  assert.ok(error, 'a setting that nobody knows was accepted');
  return [error, String(error)];
}
