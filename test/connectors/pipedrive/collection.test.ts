import assert from 'node:assert/strict';
import type { WantedField } from '../../../runtime/connectors/connector.ts';
import { failureOf } from '../scene.ts';
import { CONFIG, done, FIELDS, fieldOf, KEYS, requestsIn, type Asked } from './practice.ts';

describe('a collection of Pipedrive', () => {
  const opened = (name: string, answers = {}, config: object = {}) =>
    done(answers, name, async (items) => items, { ...CONFIG, ...config }).then(
      ({ result }) => result,
    );

  it('has the fields that all have and those of the company, as people call them', async () => {
    const { fields } = await opened('persons');
    const named = (path: string) => fields.find((field) => field.path === path);
    assert.deepEqual(named('name'), { path: 'name', title: 'Full name', type: 'varchar' });
    assert.deepEqual(named('label_ids'), {
      path: 'label_ids',
      title: 'label_ids',
      type: 'set',
      options: ['5'],
    });
    assert.deepEqual(named('update_time'), {
      path: 'update_time',
      type: 'datetime',
      readOnly: true,
    });
    assert.deepEqual(named(KEYS.choice), {
      path: KEYS.choice,
      title: 'Grade',
      type: 'enum',
      options: ['1', '2'],
    });
    assert.deepEqual(named(`${KEYS.price}.currency`), {
      path: `${KEYS.price}.currency`,
      title: 'Price (currency)',
      type: 'varchar',
    });
    assert.equal(named('postal_address.locality')?.type, 'varchar');
    const paths = fields.map(({ path }) => path);
    assert.deepEqual(paths, [...new Set(paths)]);
  });

  it('knows the field for the marker by its name, or by its key', async () => {
    const many = [
      fieldOf('1'.repeat(40), 'enum', { field_name: 'mine' }),
      fieldOf('2'.repeat(40), 'varchar', { field_name: 'mine' }),
      fieldOf('3'.repeat(40), 'text', { field_name: 'mine' }),
      fieldOf('4'.repeat(40), 'varchar', { field_name: '3'.repeat(40) }),
    ];
    const markerOf = async (marker: string, fields: readonly object[] = FIELDS) => {
      const { can } = await opened('persons', { 'GET /api/v2/personFields': fields }, { marker });
      return [can.create, can.marker];
    };
    assert.deepEqual(await markerOf('tributary_marker'), ['marker', KEYS.marker]);
    assert.deepEqual(await markerOf('mine', many), ['marker', '2'.repeat(40)]);
    assert.deepEqual(await markerOf('3'.repeat(40), many), ['marker', '3'.repeat(40)]);
    assert.deepEqual(await markerOf('not there'), ['naturalKey', undefined]);
  });

  it('is without fields of its own where Pipedrive lets nobody make them', async () => {
    for (const name of ['activities', 'notes']) {
      const items = await opened(name);
      assert.deepEqual([items.can.create, 'ensureField' in items], ['naturalKey', false]);
    }
    const own = [fieldOf(KEYS.marker, 'varchar', { field_name: 'tributary_marker' })];
    const { can, fields } = await opened('activities', { 'GET /api/v2/activityFields': own });
    assert.equal(can.marker, undefined);
    assert.equal(fields.find(({ path }) => path === KEYS.marker)?.readOnly, true);
  });

  it('reads the fields of all pages, and in no circle', async () => {
    const pages = (next: (cursor?: string) => string | null) => ({
      'GET /api/v2/dealFields': ({ query }: Asked) =>
        Response.json({
          success: true,
          data: [fieldOf((query['cursor'] ?? 'e').repeat(40), 'double')],
          additional_data: { next_cursor: next(query['cursor']) },
        }),
    });
    const { fields } = await opened(
      'deals',
      pages((cursor) => (cursor === 'f' ? null : 'f')),
    );
    const paths = fields.map(({ path }) => path);
    assert.ok(['e', 'f'].every((letter) => paths.includes(letter.repeat(40))));
    const failure = await failureOf(
      opened(
        'deals',
        pages(() => 'f'),
      ),
    );
    assert.equal(failure.kind, 'broken');
  });
});

describe('a field of our own at Pipedrive', () => {
  const wanted: WantedField = { name: 'tributary_key', title: 'Our key', type: 'text' };
  const ensure = (fields: readonly object[], field: WantedField = wanted) =>
    done(
      {
        'GET /api/v2/personFields': fields,
        'POST /api/v2/personFields': ({ body }: Asked) => {
          const { field_name: name, field_type: type } = body as Record<string, string>;
          return fieldOf('9'.repeat(40), type!, { field_name: name });
        },
      },
      'persons',
      (items) => items.ensureField!(field),
    );

  it('is made, and has the key that Pipedrive gives it', async () => {
    for (const [type, expected] of [
      ['text', 'varchar'],
      ['longText', 'text'],
      ['json', 'text'],
      ['number', 'double'],
      ['boolean', 'varchar'],
      ['date', 'date'],
      ['time', 'varchar'],
    ] as const) {
      const { result, asked } = await ensure(FIELDS, { ...wanted, type });
      const path = '9'.repeat(40);
      assert.deepEqual(result, { path, title: 'tributary_key', type: expected });
      assert.deepEqual(asked.at(-1)?.body, { field_name: 'tributary_key', field_type: expected });
    }
  });

  it('is the one that is there, if that can take its place', async () => {
    const there = fieldOf('8'.repeat(40), 'text', { field_name: 'tributary_key' });
    const { result, asked } = await ensure([...FIELDS, there]);
    assert.equal(result.path, '8'.repeat(40));
    assert.deepEqual(requestsIn(asked), ['GET v2/personFields']);
  });

  it('is refused when one of that name cannot hold it', async () => {
    const there = fieldOf('8'.repeat(40), 'enum', { field_name: 'tributary_key' });
    const { result } = await done(
      { 'GET /api/v2/personFields': [there] },
      'persons',
      async (items) => failureOf(items.ensureField!(wanted)),
    );
    assert.equal(result.kind, 'rejected');
    assert.match(result.message, /a field "tributary_key" that cannot hold varchar of persons/);
  });
});
