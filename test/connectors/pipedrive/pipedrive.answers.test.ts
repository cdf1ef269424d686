/** Answers that the emulator never gives: an older or newer Pipedrive, a proxy, somebody else's server. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { VendorError, type Collection } from '../../../runtime/connectors/connector.ts';
import { inWorld } from '../in-world.ts';
import { failureOf } from '../scene.ts';
import { CONFIG, done, person, practice } from './practice.ts';

interface Call {
  readonly end: string;
  readonly answer: unknown;
  readonly ask: (items: Collection) => Promise<unknown>;
  readonly collection?: string;
  readonly writes?: boolean;
}

const paged = { additional_data: { next_cursor: 'x' } };
const note = { id: 7, content: 'x', active_flag: true, update_time: '2026-10-02 08:00:00' };
const places = {
  additional_data: { pagination: { more_items_in_collection: true, next_start: 1 } },
};

/** Every call, and an answer that is understood. */
const calls: Readonly<Record<string, Call>> = {
  list: {
    end: 'GET /api/v2/persons',
    answer: { success: true, data: [person(7)], ...paged },
    ask: (items) => items.list({ limit: 1 }),
  },
  changes: {
    end: 'GET /api/v2/persons',
    answer: { success: true, data: [person(7)], ...paged },
    ask: (items) => items.changes!({ since: 0, limit: 1 }),
  },
  'list of notes': {
    end: 'GET /api/v1/notes',
    answer: { success: true, data: [note], ...places },
    ask: (items) => items.list({ limit: 1 }),
    collection: 'notes',
  },
  'list of what was deleted': {
    end: 'GET /api/v1/recents',
    answer: { success: true, data: [{ item: 'person', id: 7, data: null }], ...places },
    ask: (items) => items.changes!({ since: 0, limit: 1 }),
  },
  read: {
    end: 'GET /api/v2/persons/7',
    answer: { success: true, data: person(7) },
    ask: (items) => items.read(['7']),
  },
  search: {
    end: 'GET /api/v2/persons/search',
    answer: { success: true, data: { items: [{ item: { id: 7 } }] }, additional_data: null },
    ask: (items) => items.find!('name', ['Anna']),
  },
  create: {
    end: 'POST /api/v2/persons',
    answer: { success: true, data: person(7) },
    ask: (items) => items.write([{ op: 'create', raw: { name: 'x' } }]),
    writes: true,
  },
  update: {
    end: 'PATCH /api/v2/persons/7',
    answer: { success: true, data: person(7) },
    ask: (items) => items.write([{ op: 'update', id: '7', raw: { name: 'x' } }]),
    writes: true,
  },
  delete: {
    end: 'DELETE /api/v2/persons/7',
    answer: { success: true, data: true },
    ask: (items) => items.write([{ op: 'delete', id: '7' }]),
    writes: true,
  },
};

describe('the connector for Pipedrive, when it is answered with', () => {
  for (const [name, { end, answer, ask, collection = 'persons', writes = false }] of Object.entries(
    calls,
  )) {
    const answered = (json: unknown): Promise<unknown> =>
      done(
        { 'GET /api/v2/persons': () => Response.json({ success: true, data: [] }), ...given(json) },
        collection,
        ask,
        { ...CONFIG, tellDeletes: true },
      );
    const given = (json: unknown) => ({ [end]: () => Response.json(json ?? null) });

    it(`anything at all to a ${name}, understands it or says so`, async () => {
      await answered(answer);
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.jsonValue(), damaged(answer)), async (json) => {
          const error = await answered(json).then(
            () => undefined,
            (failure: unknown) => failure,
          );
          if (error === undefined) return;
          assert.ok(error instanceof VendorError, inspect(error));
          assert.deepEqual([error.kind, error.mayHaveLanded], ['broken', writes]);
        }),
        { numRuns: 100, seed: 1 },
      );
    });

    it(`what says that it is none to a ${name}, although it is 200, does not believe it`, async () => {
      const failure = await failureOf(answered({ ...(answer as object), success: false }));
      assert.deepEqual([failure.kind, failure.mayHaveLanded], ['broken', writes]);
    });
  }

  it('a list of nothing in the way of the older version, finds it empty', async () => {
    const { result } = await done({ 'GET /api/v1/notes': null }, 'notes', (items) =>
      items.list({ limit: 5 }),
    );
    assert.deepEqual(result, { items: [], gone: [] });
  });

  it('something else than a company, says so when the account is opened', async () => {
    for (const me of [{}, { id: 12 }, { id: 'me', company_id: 1 }]) {
      const { world, open } = practice({ 'GET /api/v1/users/me': me });
      assert.equal((await failureOf(inWorld(world, () => open()))).kind, 'broken');
    }
  });
});

/** The same with one spot in it replaced by something else, or gone. */
function damaged(answer: unknown): fc.Arbitrary<unknown> {
  const spots = spotsIn(answer);
  return fc
    .tuple(fc.constantFrom(...spots), fc.option(fc.jsonValue(), { nil: undefined }))
    .map(([spot, value]) => replaced(answer, spot, value));
}

function spotsIn(json: unknown): (readonly string[])[] {
  if (typeof json !== 'object' || json === null) return [[]];
  const inside = Object.entries(json).flatMap(([name, member]) =>
    spotsIn(member).map((spot) => [name, ...spot]),
  );
  return [[], ...inside];
}

function replaced(json: unknown, [name, ...spot]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const member = (json as Readonly<Record<string, unknown>>)[name];
  const changed = replaced(member, spot, value);
  if (Array.isArray(json)) return json.with(Number(name), changed);
  return { ...(json as object), [name]: changed };
}
