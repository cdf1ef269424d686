import assert from 'node:assert/strict';
import {
  done,
  hits,
  KEYS,
  page,
  person,
  requestsIn,
  type Answers,
  type Asked,
} from './practice.ts';

describe('a search at Pipedrive', () => {
  const find = async (name: string, path: string, values: readonly string[], answers: Answers) => {
    const { result, asked } = await done(answers, name, (items) => items.find!(path, values));
    return { ids: result.map(({ id }) => id), asked };
  };

  for (const [name, path, part, member] of [
    ['persons', 'name', 'name', { name: 'Wanted' }],
    ['persons', 'emails', 'email', { emails: [{ value: 'other' }, { value: 'Wanted' }] }],
    ['persons', 'phones', 'phone', { phones: [{ value: 'wanted' }] }],
    ['organizations', 'address.value', 'address', { address: { value: 'Wanted' } }],
    ['deals', 'title', 'title', { title: 'Wanted' }],
    ['persons', KEYS.marker, 'custom_fields', { custom_fields: { [KEYS.marker]: 'wanted' } }],
  ] as const) {
    it(`is made in the index for ${path} of ${name}, and what it leads to is read`, async () => {
      const { ids, asked } = await find(name, path, ['wanted'], {
        [`GET /api/v2/${name}/search`]: hits(7, 8),
        [`GET /api/v2/${name}/7`]: person(7, member),
        // It was called so long ago.
        [`GET /api/v2/${name}/8`]: person(8),
      });
      assert.deepEqual(ids, ['7']);
      assert.deepEqual(asked[0]?.query, {
        term: 'wanted',
        fields: part,
        exact_match: 'true',
        limit: '500',
      });
    });
  }

  it('finds an amount by its number, and passes over what is gone', async () => {
    const price = { custom_fields: { [KEYS.price]: { value: 12.5, currency: 'EUR' } } };
    const { ids } = await find('deals', `${KEYS.price}.value`, ['12.5'], {
      'GET /api/v2/deals/search': hits(7, 8, 9),
      'GET /api/v2/deals/7': person(7, price),
      'GET /api/v2/deals/8': person(8, { ...price, is_deleted: true }),
    });
    assert.deepEqual(ids, ['7']);
  });

  it('goes through all pages, and reads many hits at once', async () => {
    const numbers = Array.from({ length: 15 }, (_, n) => n + 1);
    const { ids, asked } = await find('persons', 'name', ['Anna', ' ANNA '], {
      'GET /api/v2/persons/search': ({ query }: Asked) => {
        if (query['cursor'] === 'x') return hits(...numbers.slice(8));
        const items = numbers.slice(0, 8).map((id) => ({ item: { id } }));
        return Response.json({
          success: true,
          data: { items },
          additional_data: { next_cursor: 'x' },
        });
      },
      'GET /api/v2/persons': page(numbers.map((id) => person(id, { name: 'Anna' }))),
    });
    assert.deepEqual(ids, numbers.map(String));
    assert.deepEqual(requestsIn(asked), [
      'GET v2/persons/search',
      'GET v2/persons/search',
      'GET v2/persons',
    ]);
  });

  it('is no search where a list can be narrowed', async () => {
    const { ids, asked } = await find('deals', 'person_id', ['3', '4'], {
      'GET /api/v2/deals': ({ query }: Asked) =>
        page([person(Number(query['person_id']) + 10, { person_id: Number(query['person_id']) })]),
    });
    assert.deepEqual(ids, ['13', '14']);
    assert.deepEqual(
      asked.map(({ query }) => query['person_id']),
      ['3', '4'],
    );
  });

  it('looks through what was made last where there is nothing better', async () => {
    const { ids, asked } = await find('activities', 'subject', ['call', 'visit'], {
      'GET /api/v2/activities': ({ query }: Asked) =>
        query['cursor'] === undefined
          ? page(
              [
                { id: 9, subject: 'Call' },
                { id: 8, subject: 'Mail' },
              ],
              'x',
            )
          : page([
              { id: 7, subject: 'VISIT' },
              { id: 6, subject: 'Visit', is_deleted: true },
            ]),
    });
    assert.deepEqual(ids, ['9', '7']);
    assert.deepEqual(
      asked.map(({ query }) => query),
      [
        { sort_by: 'id', sort_direction: 'desc', limit: '500' },
        { sort_by: 'id', sort_direction: 'desc', limit: '500', cursor: 'x' },
      ],
    );
  });

  it('ends after ten thousand of those', async () => {
    let start = 0;
    const { asked } = await find('notes', 'content', ['nobody has this'], {
      'GET /api/v1/notes': ({ query }: Asked) => {
        assert.deepEqual([query['sort'], query['start'] ?? '0'], ['id DESC', String(start)]);
        start += 500;
        const pagination = { more_items_in_collection: true, next_start: start };
        const data = [{ id: start, content: 'x', active_flag: true }];
        return Response.json({ success: true, data, additional_data: { pagination } });
      },
    });
    assert.equal(asked.length, 20);
  });

  it('of choices looks through the list, because they are in no index', async () => {
    const { ids, asked } = await find('persons', KEYS.choice, ['2'], {
      'GET /api/v2/persons': page([
        person(1, { custom_fields: { [KEYS.choice]: 2 } }),
        person(2, { custom_fields: { [KEYS.choice]: 1 } }),
      ]),
    });
    assert.deepEqual([ids, asked.length], [['1'], 1]);
  });

  it('asks nothing for nothing', async () => {
    const { ids, asked } = await find('persons', 'name', ['', '  '], {});
    assert.deepEqual([ids, asked.length], [[], 0]);
  });
});
