/** Answers that Grumpy's emulator never gives: an older or newer Grumpy, a proxy, somebody else's server. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import {
  VendorError,
  type Account,
  type Collection,
  type ItemChange,
} from '../../../runtime/connectors/connector.ts';
import { grumpy } from '../../../runtime/connectors/grumpy/grumpy.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';
import { inWorld } from '../in-world.ts';
import { errorOf, failureOf } from '../scene.ts';

const ORIGIN = 'https://grumpy.example';
const NOW = Date.UTC(2026, 0, 1);
const HOOK_SECRET = 'a secret of webhooks';

const ABILITIES = {
  create: 'marker',
  version: 'counter',
  conditionalWrites: true,
  history: true,
  changes: true,
  changesTellDeletes: true,
  batch: { list: 100, read: 100, find: 100, create: 100, update: 100, delete: 100, restore: 100 },
  limits: [],
};
const ABOUT = { account: 'Sales', now: '2026-01-01T00:00:00.000Z', abilities: ABILITIES };
const FIELDS = {
  fields: [
    { path: 'name', type: 'text' },
    { path: 'status', type: 'enum', readOnly: true, unique: true, options: ['lead'] },
  ],
};
const ITEM = {
  id: '7',
  version: 3,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-02T00:00:00.000Z',
  updatedBy: { kind: 'person' },
  marker: 'mark',
  fields: { name: 'Anna' },
};
const WRITTEN = { status: 'ok', id: '7', version: 3, item: ITEM };
const UPDATE: ItemChange = { op: 'update', id: '7', raw: { name: 'Anna' } };

interface Request {
  readonly answer: unknown;
  readonly ask: (items: Collection) => Promise<unknown>;
}

/** Every request, and an answer that is understood. */
const requests: Readonly<Record<string, Request>> = {
  list: { answer: { items: [ITEM], next: 'n' }, ask: (items) => items.list({ limit: 1 }) },
  changes: {
    answer: { items: [ITEM], gone: ['8'], next: 'n' },
    ask: (items) => items.changes!({ since: 0, limit: 1 }),
  },
  read: {
    answer: {
      results: [
        { status: 'ok', item: ITEM },
        { status: 'merged', into: '7' },
      ],
    },
    ask: (items) => items.read(['7', '8']),
  },
  find: { answer: { items: [ITEM] }, ask: (items) => items.find!('name', ['Anna']) },
  history: {
    answer: { results: [[{ version: 3, by: { kind: 'app' }, fields: { name: 'Anna' } }]] },
    ask: (items) => items.history!([{ id: '7', since: 1 }]),
  },
  write: { answer: { results: [WRITTEN] }, ask: (items) => items.write([UPDATE]) },
};

/** What makes them wrong although they have the right form. */
const wrongs: readonly [request: string, title: string, answer: unknown][] = [
  ['list', 'a page that leads to itself', { items: [], next: 'here' }],
  ['list', 'an item without an id', { items: [{ ...ITEM, id: '' }] }],
  ['list', 'a version that is a text', { items: [{ ...ITEM, version: '3' }] }],
  ['list', 'a time that is none', { items: [{ ...ITEM, updatedAt: 'yesterday' }] }],
  [
    'list',
    'a day that does not exist',
    { items: [{ ...ITEM, updatedAt: '2026-02-30T00:00:00Z' }] },
  ],
  ['read', 'too few results', { results: [{ status: 'ok', item: ITEM }] }],
  ['read', 'too many results', { results: ['a', 'b', 'c'].map(() => ({ status: 'missing' })) }],
  ['read', 'another item', { results: [{ status: 'missing' }, { status: 'ok', item: ITEM }] }],
  ['read', 'a status that is new', { results: ['a', 'b'].map(() => ({ status: 'sleeping' })) }],
  ['history', 'nothing', { results: [] }],
  ['write', 'too few results', { results: [] }],
  ['write', 'too many results', { results: [WRITTEN, WRITTEN] }],
  ['write', 'a refusal that says it is none', { code: 'invalid', message: '', index: 0 }],
];

describe('the connector for Grumpy, when it is answered with', () => {
  for (const [name, title, answer] of wrongs) {
    it(`${title} to a ${name}, says that nobody understands that`, async () => {
      const after = { limit: 1, after: 'here' };
      const ask = name === 'list' ? (items: Collection) => items.list(after) : requests[name]!.ask;
      const failure = await failureOf(answered(answer, ask));
      assert.deepEqual([failure.kind, failure.mayHaveLanded], ['broken', name === 'write']);
    });
  }

  for (const [name, { answer, ask }] of Object.entries(requests)) {
    it(`anything at all to a ${name}, understands it or says so`, async () => {
      await answered(answer, ask);
      const anything = fc.oneof(fc.jsonValue(), damaged(answer));
      await fc.assert(
        fc.asyncProperty(anything, async (json) => {
          const error = await answered(json, ask).then(
            () => undefined,
            (failure: unknown) => failure,
          );
          if (error === undefined) return;
          assert.ok(error instanceof VendorError, inspect(error));
          assert.deepEqual([error.kind, error.mayHaveLanded], ['broken', name === 'write']);
        }),
        { numRuns: 150, seed: 1 },
      );
    });
  }

  it('a complaint that is new, takes nothing for certain', async () => {
    const answer = { results: [{ status: 'error', code: 'full_moon', message: 'Howl.' }] };
    const outcomes = await answered(answer, (items) => items.write([UPDATE]));
    const { kind, mayHaveLanded, message } = errorOf(outcomes[0]);
    assert.deepEqual([kind, mayHaveLanded], ['broken', true]);
    assert.match(message, /refused to update item 7 of people .* \(full_moon Howl\.\)/);
  });

  it('a refused batch that names no item of it, refuses the whole call', async () => {
    for (const index of [1, -1, 0.5, undefined]) {
      const refusal = { code: 'invalid', message: 'no', index };
      const failure = await failureOf(answered(refusal, (items) => items.write([UPDATE]), 422));
      assert.deepEqual([failure.kind, failure.mayHaveLanded], ['rejected', false]);
      assert.match(failure.message, /\(422: invalid no\)/);
    }
  });

  it('abilities that are new or missing, takes them for the weakest', async () => {
    const told = { ...ABILITIES, create: 'telepathy', version: 4, batch: {}, readLagMs: -1 };
    const { can, ...items } = await answered(FIELDS, async (all) => all, 200, told);
    assert.deepEqual(
      [can.create, can.marker, can.version, can.conditionalWrites, can.history],
      ['naturalKey', undefined, 'none', false, false],
    );
    assert.deepEqual(Object.values(can.batch), Array(7).fill(1));
    assert.deepEqual([can.partial, can.delete, can.writeReturns], ['allOrNothing', 'hard', 'id']);
    assert.deepEqual([can.reusesIds, can.restore, can.readLagMs], [true, false, 120_000]);
    assert.equal('history' in items, false);
  });

  it('all that it tells of an item, passes all of it on', async () => {
    const told = {
      ...ITEM,
      createdBy: { kind: 'integration' },
      updatedAtByField: { name: '2026-01-01T12:00:00.000Z' },
    };
    const { items } = await answered({ items: [told] }, (all) => all.list({ limit: 1 }));
    const expected = {
      id: '7',
      raw: { name: 'Anna' },
      version: 3,
      createdAt: NOW,
      changedAt: NOW + 86_400_000,
      changedAtByPath: { name: NOW + 43_200_000 },
      author: 'person',
      createdBy: 'integration',
      marker: 'mark',
    };
    assert.deepEqual(items, [expected]);
  });

  it('a value that another item has, names that item', async () => {
    const duplicate = { status: 'error', code: 'duplicate', path: 'email', existingId: '9' };
    const [outcome] = await answered({ results: [duplicate] }, (items) => items.write([UPDATE]));
    const { kind, path } = errorOf(outcome);
    assert.deepEqual([kind, path], ['duplicate', 'email']);
    assert.ok(outcome?.kind === 'failed');
    assert.equal(outcome.existing, '9');
  });

  it('abilities that make no sense together, believes the weaker one', async () => {
    const told = { ...ABILITIES, restore: true, delete: 'hard', changes: false, version: 'none' };
    const { can } = await answered(FIELDS, async (items) => items, 200, told);
    assert.deepEqual(
      [can.restore, can.changesTellDeletes, can.conditionalWrites, can.history],
      [false, false, false, false],
    );
  });

  it('an actor that is new, does not guess who it was', async () => {
    const item = { ...ITEM, updatedBy: { kind: 'ghost' } };
    const { items } = await answered({ items: [item] }, (all) => all.list({ limit: 1 }));
    assert.equal('author' in items[0]!, false);
  });
});

describe('an account of Grumpy', () => {
  it('has the fields that Grumpy tells, in each collection', async () => {
    const { name, fields } = await answered(FIELDS, async (items) => items);
    assert.deepEqual([name, fields], ['people', FIELDS.fields]);
  });

  it('is called in errors what people call it, or else by its address', async () => {
    for (const [title, called] of [
      ['Sales', "'Sales'"],
      [undefined, "'grumpy.example'"],
    ] as const) {
      const world = virtualWorld({ seed: 1, startAt: NOW });
      world.serve(ORIGIN, () => new Response('', { status: 401 }));
      const config = { ...CONFIG, ...(title !== undefined && { title }) };
      const { message } = await failureOf(inWorld(world, () => grumpy.open(config, world)));
      assert.ok(message.includes(called), message);
    }
  });

  it('is called in the editor what Grumpy calls it', async () => {
    const world = virtualWorld({ seed: 1, startAt: NOW });
    world.serve(ORIGIN, () => Response.json(ABOUT));
    const account = await inWorld(world, () => grumpy.open(CONFIG, world));
    assert.equal(account.title, 'Sales');
    await account.close();
  });
});

describe('the clock of Grumpy', () => {
  it('is told as far as it is known, from the middle of the request', async () => {
    const world = virtualWorld({ seed: 1, startAt: NOW });
    let answeredAt = NaN;
    const ahead = 3_600_000;
    world.serve(ORIGIN, () => {
      answeredAt = world.clock.now();
      return Response.json({ ...ABOUT, now: new Date(answeredAt + ahead).toISOString() });
    });
    const account = await inWorld(world, () => grumpy.open(CONFIG, world));
    assert.ok(Math.abs(account.clockOffsetMs! - ahead) <= 50, String(account.clockOffsetMs));
  });
});

describe('a webhook of Grumpy', () => {
  const deliver = async (body: string, atMs = NOW, t = String(Math.floor(atMs / 1_000))) => {
    const world = virtualWorld({ seed: 1, startAt: NOW });
    world.serve(ORIGIN, () => Response.json(ABOUT));
    const account: Account = await inWorld(world, () => grumpy.open(CONFIG, world));
    const v1 = createHmac('sha256', HOOK_SECRET).update(`${t}.${body}`).digest('hex');
    const headers = { 'x-grumpy-signature': `t=${t},v1=${v1}` };
    return account.receive!({ method: 'POST', url: '/', headers, body: Buffer.from(body) });
  };
  const event = { collection: 'people', id: '7', kind: 'updated' };

  it('leads to every item it names', async () => {
    const body = JSON.stringify({ delivery: 'd1', events: [event, { ...event, id: '8' }] });
    const expected = ['7', '8'].map((id) => ({ delivery: 'd1', collection: 'people', id }));
    assert.deepEqual(await deliver(body), expected);
  });

  it('is refused when it is signed for another time, before or after', async () => {
    const body = JSON.stringify({ delivery: 'd1', events: [event] });
    for (const offMs of [-299_000, 299_000]) await deliver(body, NOW + offMs);
    for (const offMs of [-301_000, 301_000]) {
      await assert.rejects(deliver(body, NOW + offMs), { code: 'delivery-refused' });
    }
    for (const time of ['', '-5', '1e9', 'NaN', '9'.repeat(30)]) {
      await assert.rejects(deliver(body, NOW, time), { code: 'delivery-refused' });
    }
  });

  it('is not understood when it is genuine and says nothing we know', async () => {
    for (const body of ['', 'x', '[]', '{"delivery":"d1"}', '{"delivery":"","events":[]}']) {
      await assert.rejects(deliver(body), { kind: 'broken' });
    }
  });
});

describe('the configuration of Grumpy', () => {
  it('takes an address and a token, and what else it names', () => {
    const { config } = grumpy;
    assert.ok(config.safeParse(CONFIG).success);
    assert.ok(
      config.safeParse({ ...CONFIG, title: 'Sales', baseUrl: 'http://127.0.0.1:8/x' }).success,
    );
    for (const wrong of [
      { baseUrl: 'grumpy' },
      { baseUrl: 'file:///etc/passwd' },
      { token: '' },
      { token: 'a b' },
      { token: 'a\nb' },
      { hookSecret: '' },
      { title: '' },
      { other: 1 },
    ]) {
      assert.equal(config.safeParse({ ...CONFIG, ...wrong }).success, false, JSON.stringify(wrong));
    }
  });
});

const CONFIG = { baseUrl: ORIGIN, token: 'a-token', hookSecret: HOOK_SECRET };

/** What comes of one request that is answered so, by a server that is fine otherwise. */
function answered<T>(
  answer: unknown,
  ask: (items: Collection) => Promise<T>,
  status = 200,
  abilities: unknown = ABILITIES,
): Promise<T> {
  const world = virtualWorld({ seed: 1, startAt: NOW });
  world.serve(ORIGIN, ({ url }) => {
    if (url.endsWith('/v1/about')) return Response.json({ ...ABOUT, abilities });
    if (url.endsWith('/fields')) return Response.json(FIELDS);
    return Response.json(answer ?? null, { status });
  });
  return inWorld(world, async () => {
    const account = await grumpy.open(CONFIG, world);
    return ask(await account.collection('people'));
  });
}

/** The same with one spot in it replaced by something else, or gone. */
function damaged(answer: unknown): fc.Arbitrary<unknown> {
  const spots = spotsIn(answer);
  return fc
    .tuple(fc.constantFrom(...spots), fc.option(fc.jsonValue(), { nil: undefined }))
    .map(([spot, value]) => replaced(answer, spot, value));
}

function spotsIn(json: unknown): (readonly string[])[] {
  if (typeof json !== 'object' || json === null) return [[]];
  return [
    [],
    ...Object.entries(json).flatMap(([name, member]) =>
      spotsIn(member).map((spot) => [name, ...spot]),
    ),
  ];
}

function replaced(json: unknown, [name, ...spot]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const member = (json as Readonly<Record<string, unknown>>)[name];
  const changed = replaced(member, spot, value);
  if (Array.isArray(json)) return json.with(Number(name), changed);
  return { ...(json as object), [name]: changed };
}
