import assert from 'node:assert/strict';
import { done, NOW, page, person, requestsIn, type Answers, type Asked } from './practice.ts';

const ids = (count: number, from = 1): string[] =>
  Array.from({ length: count }, (_, n) => String(from + n));

/** A list that has these, and leaves out all others without a word. */
const having =
  (present: readonly string[], more: object = {}) =>
  ({ query }: Asked) =>
    page(
      query['ids']!.split(',')
        .filter((id) => present.includes(id))
        .map((id) => person(Number(id), more)),
    );

describe('a read by ids from Pipedrive', () => {
  const kinds = async (name: string, wanted: readonly string[], answers: Answers) => {
    const { result, asked } = await done(answers, name, (items) => items.read(wanted));
    const told = result.map((read) =>
      read.kind === 'missing' ? (read.archived ? 'archived' : 'missing') : read.kind,
    );
    return { told, reads: result, asked: requestsIn(asked) };
  };

  it('looks at each of a few, and knows what is deleted, merged or not there', async () => {
    const { told, reads, asked } = await kinds('persons', ['7', '8', '9', '10', '7'], {
      'GET /api/v2/persons/7': person(7),
      'GET /api/v2/persons/8': person(8, { is_deleted: true }),
      'GET /api/v2/persons/9': person(7),
    });
    assert.deepEqual(told, ['present', 'archived', 'merged', 'missing', 'present']);
    assert.deepEqual(
      asked,
      ['7', '8', '9', '10'].map((id) => `GET v2/persons/${id}`),
    );
    assert.deepEqual(reads[1], {
      kind: 'missing',
      archived: true,
      version: Date.UTC(2026, 9, 2, 8),
    });
    assert.deepEqual(reads[2], { kind: 'merged', into: '7' });
  });

  it('takes one list for many, and looks at the few that it leaves out', async () => {
    const { told, asked } = await kinds('persons', ids(100), {
      'GET /api/v2/persons': having(ids(95)),
      'GET /api/v2/persons/98': person(98),
      'GET /api/v2/persons/99': person(99, { is_deleted: true }),
    });
    const rest = ['missing', 'missing', 'present', 'archived', 'missing'];
    assert.deepEqual(told, [...Array<string>(95).fill('present'), ...rest]);
    assert.deepEqual(asked, ['GET v2/persons', ...ids(5, 96).map((id) => `GET v2/persons/${id}`)]);
  });

  it('believes the list about many that it leaves out', async () => {
    const { told, asked } = await kinds('organizations', ids(30), {
      'GET /api/v2/organizations': having(ids(10)),
    });
    assert.deepEqual(told, [
      ...Array<string>(10).fill('present'),
      ...Array<string>(20).fill('missing'),
    ]);
    assert.deepEqual(asked, ['GET v2/organizations']);
  });

  it('finds many deals in the archive, and many that were deleted', async () => {
    const { told, asked } = await kinds('deals', ids(60), {
      'GET /api/v2/deals': ({ query }: Asked) => {
        assert.equal(query['status'], 'open,won,lost,deleted');
        return page(ids(40).map((id) => person(Number(id), { is_deleted: Number(id) > 20 })));
      },
      'GET /api/v2/deals/archived': having(ids(20, 41)),
    });
    assert.deepEqual(told, [
      ...Array<string>(20).fill('present'),
      ...Array<string>(20).fill('archived'),
      ...Array<string>(20).fill('present'),
    ]);
    assert.deepEqual(asked, ['GET v2/deals', 'GET v2/deals/archived']);
  });

  it('does not ask for what can be no id', async () => {
    const { told, asked } = await kinds('persons', ['', 'abc', '0', '-1', '1e3', '7/../8'], {});
    assert.deepEqual([told, asked], [Array<string>(6).fill('missing'), []]);
  });
});

describe('the changes at Pipedrive', () => {
  const since = Date.UTC(2026, 9, 1, 12, 0, 0, 700);

  it('are asked for from the whole second that is not later', async () => {
    const { asked } = await done({ 'GET /api/v2/persons': page([]) }, 'persons', (items) =>
      items.changes!({ since, limit: 50 }),
    );
    assert.deepEqual(asked[0]?.query, {
      updated_since: '2026-10-01T12:00:00Z',
      sort_by: 'update_time',
      sort_direction: 'asc',
      limit: '50',
    });
  });

  it('tell of deals in the archive and of deleted ones in the same call', async () => {
    const { result, asked } = await done(
      {
        'GET /api/v2/deals': page([person(1), person(2, { is_deleted: true })]),
        'GET /api/v2/deals/archived': page([person(3)]),
      },
      'deals',
      (items) => items.changes!({ since, limit: 50 }),
    );
    assert.deepEqual(
      [result.items.map(({ id }) => id), result.gone, result.next],
      [['1', '3'], ['2'], undefined],
    );
    assert.equal(asked[1]?.query['limit'], '48');
    assert.equal(asked[1]?.query['updated_since'], '2026-10-01T12:00:00Z');
  });

  it('go on in the archive when a page is full', async () => {
    const answers = {
      'GET /api/v2/deals': page([person(1)]),
      'GET /api/v2/deals/archived': page([person(3)]),
    };
    const { asked } = await done(answers, 'deals', async (items) => {
      const first = await items.changes!({ since, limit: 1 });
      const second = await items.changes!({ since, limit: 1, after: first.next! });
      assert.deepEqual(
        [first, second].map((each) => each.items[0]?.id),
        ['1', '3'],
      );
      assert.equal(second.next, undefined);
    });
    assert.deepEqual(requestsIn(asked), ['GET v2/deals', 'GET v2/deals/archived']);
  });

  const tellDeletes = { token: 'a-token', company: 'acme-test', tellDeletes: true };
  const recent = (id: number, data: object | null, item = 'person') => ({ item, id, data });

  it('tell of what was deleted, where that is wanted', async () => {
    const { result, asked } = await done(
      {
        'GET /api/v2/persons': page([person(1)]),
        'GET /api/v1/recents': [
          recent(1, { active_flag: true }),
          recent(2, { active_flag: false }),
          recent(3, null),
          recent(4, { active_flag: false }, 'note'),
        ],
      },
      'persons',
      (items) => items.changes!({ since, limit: 50 }),
      tellDeletes,
    );
    assert.deepEqual([result.items.map(({ id }) => id), result.gone], [['1'], ['2', '3']]);
    assert.deepEqual(asked[1]?.query, {
      since_timestamp: '2026-10-04 00:00:00',
      items: 'person',
      start: '0',
      limit: '500',
    });
    // A month at most, and it is the first of November.
    assert.equal(NOW - Date.UTC(2026, 9, 4), 28 * 86_400_000);
  });

  it('go through all pages of what was deleted, and in no circle', async () => {
    const starts: string[] = [];
    const { result } = await done(
      {
        'GET /api/v2/persons': page([]),
        'GET /api/v1/recents': ({ query }: Asked) => {
          starts.push(query['start']!);
          const pagination = { more_items_in_collection: true, next_start: 2 };
          const data = [recent(starts.length, null)];
          return Response.json({ success: true, data, additional_data: { pagination } });
        },
      },
      'persons',
      async (items) => {
        const request = { since: NOW - 1_000, limit: 50 };
        const first = await items.changes!(request);
        const second = await items.changes!({ ...request, after: first.next! });
        return [...first.gone, ...second.gone, second.next];
      },
      tellDeletes,
    );
    assert.deepEqual(
      [result, starts],
      [
        ['1', '2', undefined],
        ['0', '2'],
      ],
    );
  });

  it('tell of what is deleted wherever a list shows it', async () => {
    const listed = page([person(1, { is_deleted: true }), person(2)]);
    const { result } = await done({ 'GET /api/v2/persons': listed }, 'persons', async (items) => [
      await items.changes!({ since, limit: 50 }),
      await items.list({ limit: 50 }),
    ]);
    for (const { items, gone } of result) {
      assert.deepEqual([items.map(({ id }) => id), gone], [['2'], ['1']]);
    }
  });
});
