import assert from 'node:assert/strict';
import type { FieldPolicy, Policy } from '../../runtime/core/planner/model.ts';
import { holdReasons } from '../../runtime/core/reasons.ts';
import type { Explanation } from '../../runtime/engine/explaining.ts';
import { ENDPOINTS, withPair, type Circumstances, type Pair, type Side } from './pair.ts';

function tells(
  title: string,
  story: (pair: Pair) => Promise<void>,
  given: Circumstances = {},
): void {
  it(title, () => withPair(story, given));
}

const anna = { email: 'anna@example.com', name: 'Anna' };

function explain({ engine, tenant, sync }: Pair, side: Side, id: string): Promise<Explanation> {
  const { endpoint } = side;
  return engine.explain(tenant, { kind: 'item', sync, endpoint, remoteId: id });
}

/** The code of the gate. What it says and what to do next have to be sentences. */
async function gate(pair: Pair, side: Side, id: string): Promise<string | undefined> {
  const found = (await explain(pair, side, id)).gate;
  if (!found) return undefined;
  assert.match(found.what, /^\S.*[.?)]$/s);
  assert.match(found.next, /^\S.*\.$/s);
  return found.code;
}

function policyWith(change: Partial<FieldPolicy>, more: Partial<Policy> = {}): Partial<Policy> {
  const names = ['email', 'name', 'phone', 'tags'];
  return {
    fields: names.map((name): FieldPolicy => {
      return { name, strategy: 'lastWriteWins', ...(name === 'name' ? change : {}) };
    }),
    ...more,
  };
}

describe('An explanation', () => {
  tells(
    'of a field tells its value, where and when it was typed, by which rule it won, and the run',
    async (pair) => {
      const { app, crm, world } = pair;
      const id = app.enter(anna);
      await pair.settle();
      await pair.wait(60_000);
      const at = world.clock.now();
      crm.edit(crm.idOf(anna.email), { name: 'Anna Nagy' });
      const run = await pair.settle();
      const { life, fields, gate: closed } = await explain(pair, app, id);
      const name = fields.find(({ field }) => field === 'name')!;
      assert.deepEqual([life, closed], ['live', undefined]);
      assert.deepEqual(
        [name.value, name.origin, name.rule, name.run],
        ['Anna Nagy', crm.endpoint, 'only-edit', run.id],
      );
      assert.match(name.why!, /^One system changed the field/);
      assert.ok(Math.abs(name.at! - at) < 1_000, `${name.at} is not about ${at}`);
      assert.deepEqual(
        name.systems.map(({ endpoint, value, state }) => [endpoint, value, state]),
        [
          [app.endpoint, 'Anna Nagy', 'in step'],
          [crm.endpoint, 'Anna Nagy', 'in step'],
        ],
      );
    },
  );

  tells('is the same from whichever side one asks, and reads and changes nothing', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter(anna);
    await pair.settle();
    const before = JSON.stringify([
      app.hands.calls,
      crm.hands.calls,
      pair.store.rowsOf(pair.tenant),
    ]);
    const here = await explain(pair, app, id);
    const there = await explain(pair, crm, crm.idOf(anna.email));
    assert.deepEqual(here, there);
    const after = JSON.stringify([
      app.hands.calls,
      crm.hands.calls,
      pair.store.rowsOf(pair.tenant),
    ]);
    assert.equal(after, before);
  });

  tells('tells what was done about the record, the newest first', async (pair) => {
    const { app } = pair;
    const id = app.enter(anna);
    await pair.settle();
    app.edit(id, { name: 'Anna Nagy' });
    await pair.settle();
    const { history } = await explain(pair, app, id);
    assert.deepEqual(
      history.map(({ outcome }) => outcome),
      ['updated', 'merged', 'created', 'merged'],
    );
  });
});

describe('The first gate that stops a record', () => {
  tells('is the sync, while it is in preview or paused', async (pair) => {
    const { app } = pair;
    const id = app.enter(anna);
    for (const status of ['preview', 'paused'] as const) {
      await pair.configure({ status });
      assert.equal(await gate(pair, app, id), `sync-${status}`);
    }
  });

  tells('is an account that does not let us in', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter(anna);
    await pair.settle();
    crm.hands.setToken('another');
    app.edit(id, { name: 'Anna Nagy' });
    await pair.settle();
    const { gate: found } = await explain(pair, app, id);
    assert.equal(found?.code, 'unavailable');
    assert.equal(found?.endpoint, crm.endpoint);
    assert.match(found?.what ?? '', /refused the token/);
  });

  tells('is that nobody has got to it yet', async (pair) => {
    const { app, engine, tenant, sync } = pair;
    const id = app.enter(anna);
    const ref = { sync, endpoint: app.endpoint, remoteId: id };
    await engine.hint(tenant, [ref], 2);
    assert.equal(await gate(pair, app, id), 'waiting');
    const { gate: found } = await explain(pair, app, id);
    assert.match(found?.what ?? '', /^It waits for its turn, 300 seconds from now\.$/);
  });

  tells('is that somebody is at it', async (pair) => {
    const { app, engine, store, tenant, sync, world } = pair;
    const id = app.enter(anna);
    await engine.hint(tenant, [{ sync, endpoint: app.endpoint, remoteId: id }], 0);
    await store.claim({ now: world.clock.now(), leaseMs: 30_000, limit: 10, tenant, sync });
    assert.equal(await gate(pair, app, id), 'under-way');
  });

  tells('is that it was given up, whichever key leads there', async (pair) => {
    const { app, store, tenant, sync, world } = pair;
    const id = app.enter(anna);
    await pair.settle();
    const now = world.clock.now();
    const key = { kind: 'entity', sync, entity: await pair.entityOf(app, id) } as const;
    await store.mark(tenant, { now, marks: [{ key, priority: 0, windowMs: 0 }] });
    const [lease] = await store.claim({ now, leaseMs: 30_000, limit: 1, tenant, sync });
    const deadLetter = { code: 'refused', message: 'It is no use.', payload: null, attempts: 8 };
    await store.commit(tenant, now, [{ lease: lease!, deadLetter, ending: 'done' }]);
    const { gate: found } = await explain(pair, app, id);
    assert.equal(found?.code, 'dead-letter');
    assert.equal(found?.what, 'It was given up after 8 attempts: It is no use.');
  });

  tells(
    'is a question that a person has to answer',
    async (pair) => {
      const { app, crm } = pair;
      const id = app.enter(anna);
      await pair.settle();
      crm.remove(crm.idOf(anna.email));
      await pair.settle();
      assert.equal(await gate(pair, app, id), 'remote-delete');
    },
    { policy: { deleteAuthority: [] } },
  );

  tells(
    'is that an uncertain match has to be decided, for an item that has no record',
    async (pair) => {
      const { app, crm } = pair;
      app.enter({ ...anna, phone: '+36201234567' });
      await pair.settle();
      const id = crm.enter({ name: 'A. Kovács', phone: '+36201234567' });
      await pair.settle();
      assert.equal(await gate(pair, crm, id), 'weak-key');
      const [review] = pair.reviews();
      const { sync, endpoint, remoteId, reason } = review!;
      const key = { sync, endpoint, remoteId, reason };
      await pair.store.decide(pair.tenant, {
        now: pair.world.clock.now(),
        actor: 'somebody',
        decisions: [{ kind: 'review', review: key, choice: { decision: 'ignore' } }],
      });
      await pair.settle();
      assert.equal(await gate(pair, crm, id), 'left-alone');
    },
    {
      settings: {
        match: [
          { field: 'email', kind: 'email' },
          { field: 'phone', kind: 'phone' },
        ],
      },
    },
  );

  tells(
    'is a choice between values',
    async (pair) => {
      const { app, crm } = pair;
      const id = app.enter(anna);
      await pair.settle();
      app.edit(id, { name: 'Anna Kis' });
      crm.edit(crm.idOf(anna.email), { name: 'Anna Nagy' });
      await pair.settle();
      const { gate: found, fields } = await explain(pair, app, id);
      assert.equal(found?.code, 'contested');
      assert.match(found?.next ?? '', /^Choose a value/);
      const name = fields.find(({ field }) => field === 'name')!;
      assert.deepEqual(
        name.systems.map(({ state }) => state),
        ['in step', 'in step'],
      );
    },
    { policy: policyWith({ strategy: 'manualReview' }) },
  );

  tells('is an undo that keeps it apart', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter(anna);
    const run = await pair.settle();
    await pair.engine.undo(pair.tenant, run.id);
    const { gate: found } = await explain(pair, app, id);
    assert.deepEqual([found?.code, found?.endpoint], ['left-alone', crm.endpoint]);
  });

  tells('is that an item was never looked at', async (pair) => {
    const { app } = pair;
    await pair.settle();
    assert.equal(await gate(pair, app, 'never-there'), 'never-seen');
  });

  tells('is none when all is in step', async (pair) => {
    const { app } = pair;
    const id = app.enter(anna);
    await pair.settle();
    assert.equal(await gate(pair, app, id), undefined);
  });
});

describe('What holds a write back', () => {
  const { app: appId, crm: crmId } = ENDPOINTS;
  const members = (crm: Partial<Policy['members'][number]>): Policy['members'] =>
    [appId, crmId].map((endpoint) => {
      const both = { endpoint, create: true, delete: true, onFilterLeft: 'hold' } as const;
      return endpoint === crmId ? { ...both, ...crm } : both;
    });

  /** Answers with the item that is asked about. */
  type Happens = (pair: Pair) => Promise<readonly [Side, string]>;

  const enterAnna: Happens = async (pair) => {
    const id = pair.app.enter(anna);
    await pair.settle();
    return [pair.app, id];
  };
  const rename: Happens = async (pair) => {
    const [side, id] = await enterAnna(pair);
    await pair.wait(60_000);
    side.edit(id, { name: 'Anna Nagy' });
    await pair.settle();
    return [side, id];
  };

  const table: readonly (readonly [
    code: keyof typeof holdReasons,
    given: Circumstances,
    happens: Happens,
  ])[] = [
    ['create-off', { policy: { members: members({ create: false }) } }, enterAnna],
    [
      'filtered-out',
      { policy: { members: members({ filter: [{ field: 'name', in: ['Béla'] }] }) } },
      enterAnna,
    ],
    [
      'nothing-to-write',
      {
        policy: {
          fields: policyWith({}).fields!.map((f) => ({ ...f, direction: { [crmId]: 'in' } })),
        },
      },
      enterAnna,
    ],
    [
      'delete-off',
      { policy: { members: members({ delete: false }) } },
      async (pair) => {
        const [side, id] = await enterAnna(pair);
        side.remove(id);
        await pair.settle();
        return [pair.crm, pair.crm.idOf(anna.email)];
      },
    ],
    [
      'schema-drift',
      {},
      async (pair) => {
        const [side, id] = await enterAnna(pair);
        pair.crm.hands.removeField('people', 'name');
        pair.engine.refresh();
        side.edit(id, { name: 'Anna Nagy' });
        await pair.settle();
        return [side, id];
      },
    ],
    [
      'refused',
      {},
      async (pair) => {
        await enterAnna(pair);
        pair.crm.hands.retypeField('people', 'name', 'enum', ['Anna']);
        pair.app.edit(pair.app.idOf(anna.email), { name: 'Anna Nagy' });
        await pair.settle();
        return [pair.app, pair.app.idOf(anna.email)];
      },
    ],
    [
      'oscillation',
      { policy: policyWith({ direction: { [crmId]: 'out' } }) },
      async (pair) => {
        const [side, id] = await enterAnna(pair);
        const there = pair.crm.idOf(anna.email);
        for (let n = 0; n < 5; n += 1) {
          pair.crm.hands.edit('people', there, { name: 'ANNA' }, 'integration');
          await pair.settle();
        }
        return [side, id];
      },
    ],
    [
      'brake',
      { settings: { brakes: { change: { least: 1, share: 0 } } } },
      async (pair) => {
        const { app, crm } = pair;
        const ids = [1, 2, 3].map((n) => app.enter({ email: `${n}@example.com`, name: 'N' }));
        await pair.settle();
        for (const id of ids) app.edit(id, { name: 'M' });
        await pair.settle();
        const held = ids.find((_, n) => crm.people()[`${n + 1}@example.com`]!['name'] === 'N');
        return [app, held!];
      },
    ],
    [
      'not-enumerated',
      {},
      async (pair) => {
        const { app, engine, tenant, sync } = pair;
        const id = app.enter(anna);
        await engine.hint(tenant, [{ sync, endpoint: app.endpoint, remoteId: id }], 0);
        await engine.drain({ tenant, sync });
        return [app, id];
      },
    ],
  ];

  for (const [code, given, happens] of table) {
    it(`is told: ${code}`, () =>
      withPair(async (pair) => {
        const [side, id] = await happens(pair);
        assert.equal(await gate(pair, side, id), code);
        const found = (await explain(pair, side, id)).gate!;
        assert.ok(found.what.startsWith(holdReasons[code]), found.what);
      }, given));
  }

  tells('is gone once it is done', async (pair) => {
    const [side, id] = await rename(pair);
    assert.equal(await gate(pair, side, id), undefined);
  });
});
