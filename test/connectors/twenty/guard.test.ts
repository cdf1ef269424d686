/** That nothing in here can change or delete what it does not name. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { z } from 'zod';
import type { Call, Rest } from '../../../runtime/connectors/http.ts';
import { filterFor, guarded, isId, SOFTLY } from '../../../runtime/connectors/twenty/guard.ts';
import type { Operation } from '../../../runtime/connectors/connector.ts';
import { answering, idOf, Reply, type Asked } from './practice.ts';

const ID = idOf(1);
const FILTER = filterFor([ID, idOf(2)]);

/** What gets past the guard. */
async function passing(call: object): Promise<boolean> {
  let sent = 0;
  const out: Rest = {
    async send() {
      sent += 1;
      return undefined as never;
    },
    ask: () => assert.fail(),
    words: (said) => said,
  };
  const answer = z.unknown();
  await guarded(out)
    .send({ ...call, answer } as unknown as Call<unknown>)
    .catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error;
    });
  return sent > 0;
}

describe('the guard before Twenty', () => {
  it('lets through what names its items, and what only reads or creates', async () => {
    for (const call of [
      { method: 'GET', path: ['rest', 'people'] },
      { method: 'POST', path: ['rest', 'batch', 'people'] },
      { method: 'PATCH', path: ['rest', 'people', ID] },
      { method: 'PATCH', path: ['rest', 'people'], query: { filter: FILTER } },
      { method: 'PATCH', path: ['rest', 'people', 'restore'], query: { filter: FILTER } },
      { method: 'PATCH', path: ['rest', 'restore', 'people'], query: { filter: FILTER } },
      { method: 'DELETE', path: ['rest', 'people'], query: { filter: FILTER, ...SOFTLY } },
      { method: 'DELETE', path: ['rest', 'metadata', 'webhooks', ID] },
    ]) {
      assert.ok(await passing(call), JSON.stringify(call));
    }
  });

  it('stops what names none, what names something else, and what would be for good', async () => {
    for (const call of [
      { method: 'PATCH', path: ['rest', 'people'] },
      { method: 'PUT', path: ['rest', 'people'] },
      { method: 'DELETE', path: ['rest', 'people'], query: SOFTLY },
      { method: 'DELETE', path: ['rest', 'people'], query: { filter: FILTER } },
      { method: 'DELETE', path: ['rest', 'people', ID] },
      { method: 'DELETE', path: ['rest', 'people', ID], query: { soft_delete: 'true' } },
      { method: 'DELETE', path: ['rest', 'people', ID], query: { softDelete: 'true' } },
      { method: 'PATCH', path: ['rest', 'people', 'restore'] },
      { method: 'PATCH', path: ['rest', 'people', 'merge'], query: { filter: FILTER } },
      { method: 'DELETE', path: ['rest', 'metadata', 'webhooks'] },
      { method: 'PATCH', path: ['people'], query: { filter: FILTER } },
      ...['', 'id[in]:[]', 'id[neq]:""', 'jobTitle[eq]:"x"', `or(${FILTER},id[neq]:"")`].map(
        (filter) => ({ method: 'PATCH', path: ['rest', 'people'], query: { filter } }),
      ),
    ]) {
      assert.equal(await passing(call), false, JSON.stringify(call));
    }
  });

  it('makes no filter of nothing, or of what is no id', () => {
    for (const ids of [[], [''], [ID, ''], ['*'], [`${ID}"`]]) {
      assert.throws(() => filterFor(ids), TypeError);
    }
    assert.ok(!isId(undefined) && !isId(`${ID}\n`) && isId(ID));
  });
});

describe('whatever is asked of the connector for Twenty', () => {
  const someId = fc.oneof(
    fc.string(),
    fc.constantFrom('', '..', '*', '?'),
    fc.constantFrom(ID, idOf(2), idOf(3)),
    fc.constantFrom(ID, idOf(2), idOf(3)),
  );
  const operation = fc.constantFrom<Operation>('update', 'delete', 'restore');
  const raw = fc.dictionary(fc.constantFrom('jobTitle', 'emails', 'name'), fc.jsonValue());

  it('each change and delete names its items, and no delete is for good', async () => {
    let changes = 0;
    await fc.assert(
      fc.asyncProperty(operation, fc.array(someId, { maxLength: 5 }), raw, async (op, ids, to) => {
        const records = new Reply(200, { data: { people: [] }, pageInfo: { hasNextPage: false } });
        await answering(everything(records), async (account, asked) => {
          const people = await account.collection('people');
          await people.write(ids.map((id) => ({ op, id, raw: to }))).catch(() => undefined);
          for (const one of asked) {
            if (one.method === 'GET') continue;
            changes += 1;
            assert.ok(isNamed(one), `${one.method} ${one.path}?${one.query}`);
          }
        });
      }),
      { numRuns: 200, seed: 1 },
    );
    assert.ok(changes > 20, `${changes}`);
  });
});

function everything(records: Reply): Record<string, unknown> {
  const paths = [
    'people',
    'people/restore',
    'restore/people',
    ...[1, 2, 3].map((n) => `people/${idOf(n)}`),
  ];
  return Object.fromEntries(
    ['GET', 'PATCH', 'DELETE'].flatMap((method) =>
      paths.map((path) => [`${method} /rest/${path}`, records] as const),
    ),
  );
}

function isNamed({ method, path, query }: Asked): boolean {
  const isSoft = query.get('soft_delete') === 'true' && query.get('softDelete') === 'true';
  if (method === 'DELETE' && !isSoft) return false;
  const filter = query.get('filter') ?? '';
  return isId(path.split('/').at(-1)) || /^(and\()?id\[in\]:\["[0-9a-f-]{36}"/.test(filter);
}
