import assert from 'node:assert/strict';
import type { Abilities } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { practice, type Json, type Practice } from './practice.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };

describe('a create in Grumpy', () => {
  for (const [create, first, again] of [
    ['upsert', '1', '1'],
    ['marker', '1', '2'],
    ['naturalKey', '1', '2'],
  ] as const) {
    it(`with a marker that is there makes ${again === first ? 'no' : 'another'} item (${create})`, async () => {
      const { post, hands } = practice({ abilities: { create } });
      const one = (name: string): Promise<Json> =>
        post('contacts/create', { items: [{ fields: { name }, marker: 'v1.x' }] });
      assert.equal((await one('Anna')).results[0].id, first);
      const { results } = await one('Bea');
      assert.equal(results[0].id, again);
      assert.equal(hands.item('contacts', again)?.fields['name'], 'Bea');
      const marker = hands.item('contacts', '1')?.marker;
      assert.equal(marker, create === 'naturalKey' ? undefined : 'v1.x');
    });
  }

  it('without a marker makes a new item every time', async () => {
    const { post } = practice();
    const { results } = await post('contacts/create', { items: [{ fields: {} }, { fields: {} }] });
    assert.deepEqual(idsOf(results), ['1', '2']);
  });

  it('with the marker of an archived item makes another one', async () => {
    const { post, hands } = practice();
    const items = [{ fields: {}, marker: 'v1.x' }];
    await post('contacts/create', { items });
    hands.remove('contacts', '1');
    assert.deepEqual(idsOf((await post('contacts/create', { items })).results), ['2']);
  });

  it('with the marker of a clone changes the older one', async () => {
    const { post, hands } = practice();
    const items = [{ fields: {}, marker: 'v1.x' }];
    await post('contacts/create', { items });
    assert.equal(hands.clone('contacts', '1'), '2');
    assert.deepEqual(idsOf((await post('contacts/create', { items })).results), ['1']);
    hands.remove('contacts', '1');
    assert.deepEqual(idsOf((await post('contacts/create', { items })).results), ['2']);
  });

  for (const [reusesIds, next] of [
    [true, '1'],
    [false, '2'],
  ] as const) {
    it(`${reusesIds ? 'takes' : 'never takes'} the id of a deleted item`, async () => {
      const { post, hands, pass } = practice({ abilities: { reusesIds, delete: 'hard' } });
      hands.remove('contacts', hands.create('contacts', { name: 'before' }));
      await pass(1000);
      const { results } = await post('contacts/create', { items: [{ fields: { name: 'after' } }] });
      assert.equal(results[0].id, next);
      assert.equal(results[0].item.createdAt, '2026-01-01T00:00:01.000Z');
      assert.equal(results[0].version, 1);
    });
  }

  it('takes an id that became free once', async () => {
    const { post, hands } = practice({ abilities: { reusesIds: true, delete: 'hard' } });
    for (const name of ['a', 'b', 'c']) hands.create('contacts', { name });
    hands.remove('contacts', '1');
    hands.remove('contacts', '2');
    const items = Array.from({ length: 3 }, () => ({ fields: {} }));
    const { results } = await post('contacts/create', { items });
    assert.deepEqual(idsOf(results), ['2', '1', '4']);
  });

  it('never takes an id to which a merge leads', () => {
    const { hands } = practice({ abilities: { reusesIds: true, delete: 'hard' } });
    for (const name of ['a', 'b']) hands.create('companies', { name });
    hands.merge('companies', '1', '2');
    hands.remove('companies', '2');
    assert.equal(hands.create('companies', { name: 'c' }), '3');
  });
});

describe('an update in Grumpy', () => {
  it('changes the members it names, and replaces sets and objects', async () => {
    const { post, hands } = practice();
    const address = { city: 'Pécs', zip: '7621' };
    hands.create('contacts', { ...anna, tags: ['a', 'b'], address });
    await post('contacts/update', {
      items: [{ id: '1', fields: { name: null, tags: ['c'], address: { city: 'Szeged' } } }],
    });
    assert.deepEqual(hands.item('contacts', '1')?.fields, {
      email: anna.email,
      name: null,
      tags: ['c'],
      address: { city: 'Szeged' },
    });
  });

  it('that changes nothing is ok and leaves no trace', async () => {
    const { post, hands, pass } = practice();
    hands.create('contacts', { name: 'Anna', tags: ['a', 'b'], address: { city: 'P', zip: '1' } });
    await pass(1000);
    const fields = { name: 'Anna', tags: ['b', 'a'], address: { zip: '1', city: 'P' }, email: '' };
    const { results } = await post('contacts/update', { items: [{ id: '1', fields }] });
    assert.equal(results[0].version, 1);
    assert.deepEqual(results[0].item.updatedBy, { kind: 'person' });
    assert.equal(hands.log.length, 1);
  });

  it('with a condition is made on that version only', async () => {
    for (const version of ['counter', 'time'] as const) {
      const { post, hands } = practice({ abilities: { version } });
      hands.create('contacts', { name: 'a' });
      const before = hands.item('contacts', '1')!.version;
      const set = async (name: string, ifVersion: number): Promise<Json> =>
        (await post('contacts/update', { items: [{ id: '1', fields: { name }, ifVersion }] }))
          .results[0];
      assert.equal((await set('b', before)).status, 'ok');
      assert.equal((await set('c', before)).code, 'outdated');
      assert.equal(hands.item('contacts', '1')?.fields['name'], 'b');
      assert.equal((await set('c', hands.item('contacts', '1')!.version)).status, 'ok');
    }
  });

  it('refuses what no longer is an item', async () => {
    const { post, hands } = practice();
    for (const name of ['archived', 'merged', 'winner']) hands.create('contacts', { name });
    hands.remove('contacts', '1');
    hands.merge('contacts', '2', '3');
    const items = ['1', '2', '9'].map((id) => ({ id, fields: { name: 'x' } }));
    assert.deepEqual(codesOf((await post('contacts/update', { items })).results), [
      'missing',
      'missing',
      'missing',
    ]);
  });
});

describe('a unique field of Grumpy', () => {
  const taken = { status: 'error', code: 'duplicate', path: 'email', existingId: '1' };

  it('is held by one item, in any case', async () => {
    const { post, hands } = practice();
    hands.create('contacts', anna);
    hands.create('contacts', { email: 'bea@example.com' });
    const fields = { email: 'ANNA@example.com' };
    for (const [path, item] of [
      ['contacts/create', { fields }],
      ['contacts/update', { id: '2', fields }],
    ] as const) {
      const { message: _message, ...result } = (await post(path, { items: [item] })).results[0];
      assert.deepEqual(result, taken);
    }
    const own = await post('contacts/update', { items: [{ id: '1', fields }] });
    assert.equal(own.results[0].status, 'ok');
  });

  it('is free again when it was given up, deleted or merged away', async () => {
    const give: readonly ((scene: Practice) => void)[] = [
      ({ hands }) => hands.edit('contacts', '1', { email: 'other@example.com' }),
      ({ hands }) => hands.remove('contacts', '1'),
      ({ hands }) => {
        const winner = hands.create('contacts', { email: 'winner@example.com' });
        hands.merge('contacts', '1', winner);
      },
    ];
    for (const up of give) {
      const scene = practice();
      scene.hands.create('contacts', anna);
      up(scene);
      const { results } = await scene.post('contacts/create', { items: [{ fields: anna }] });
      assert.equal(results[0].status, 'ok', up.toString());
    }
  });

  it('keeps an archived item from coming back', async () => {
    const { post, hands } = practice();
    hands.create('contacts', anna);
    hands.remove('contacts', '1');
    hands.create('contacts', anna);
    const { results } = await post('contacts/restore', { items: [{ id: '1' }] });
    assert.equal(results[0].code, 'duplicate');
    assert.equal(results[0].existingId, '2');
  });

  it('may be empty in many', async () => {
    const { post } = practice();
    const items = [{ fields: { email: '' } }, { fields: { email: null } }, { fields: {} }];
    const { results } = await post('contacts/create', { items });
    assert.deepEqual(idsOf(results), ['1', '2', '3']);
  });
});

describe('a delete in Grumpy', () => {
  for (const [deletion, again, statusAfter] of [
    ['soft', 'ok', 'archived'],
    ['hard', 'missing', 'missing'],
  ] as const) {
    it(`leaves the item ${statusAfter}, and is ${again} the second time (${deletion})`, async () => {
      const { post, hands } = practice({ abilities: { delete: deletion } });
      hands.create('contacts', anna);
      const items = [{ id: '1' }];
      assert.equal((await post('contacts/delete', { items })).results[0].status, 'ok');
      assert.equal((await post('contacts/read', { ids: ['1'] })).results[0].status, statusAfter);
      assert.equal(hands.item('contacts', '1')?.archived, deletion === 'soft' ? true : undefined);
      const { results } = await post('contacts/delete', { items });
      assert.equal(results[0].code ?? results[0].status, again);
      assert.equal(hands.log.length, 2);
    });
  }

  it('with a condition deletes that version only', async () => {
    const { post, hands } = practice();
    hands.create('contacts', anna);
    hands.edit('contacts', '1', { name: 'Bea' });
    const remove = async (ifVersion: number): Promise<Json> =>
      (await post('contacts/delete', { items: [{ id: '1', ifVersion }] })).results[0];
    assert.equal((await remove(1)).code, 'outdated');
    assert.deepEqual(await remove(2), { status: 'ok', id: '1', version: 3 });
  });

  it('can be taken back where deletion is soft', async () => {
    const { post, hands } = practice();
    hands.create('contacts', anna);
    hands.remove('contacts', '1');
    const items = [{ id: '1' }, { id: '1' }, { id: '9' }];
    const { results } = await post('contacts/restore', { items });
    assert.deepEqual(codesOf(results), ['ok', 'ok', 'missing']);
    assert.equal(results[0].item.fields.name, 'Anna');
    assert.equal(results[1].version, 3, 'restoring what is there changes nothing');
  });
});

describe('a batch in Grumpy', () => {
  const items = [
    { fields: { name: 'a' } },
    { fields: { name: 7 } },
    { fields: { nickname: 'c' } },
    { fields: { name: 'd' } },
  ];

  it('stores each item that it can', async () => {
    const { post, hands } = practice();
    const { results } = await post('contacts/create', { items });
    assert.deepEqual(codesOf(results), ['ok', 'invalid', 'unknown_field', 'ok']);
    assert.deepEqual(
      hands.items('contacts').map(({ fields }) => fields['name']),
      ['a', 'd'],
    );
  });

  it('stores all or nothing, and says which item was in the way', async () => {
    const { send, post, hands } = practice({ abilities: allOrNothing });
    const response = await send('POST', 'contacts/create', { items });
    const error: Json = await response.json();
    assert.equal(response.status, 422);
    assert.deepEqual([error.code, error.index, error.path], ['invalid', 1, 'name']);
    assert.deepEqual([hands.items('contacts'), hands.log], [[], []]);
    const good = await post('contacts/create', { items: [items[0], items[3]] });
    assert.deepEqual(idsOf(good.results), ['1', '2'], 'no id was lost');
  });

  it('takes everything back when its last item is refused', async () => {
    const abilities = { ...allOrNothing, delete: 'hard', history: false } as const;
    const { send, hands } = practice({ abilities });
    const events: unknown[] = [];
    hands.create('contacts', anna);
    hands.create('contacts', { email: 'bea@example.com' });
    const before = hands.items('contacts');
    hands.onChange((change) => events.push(change));
    const response = await send('POST', 'contacts/update', {
      items: [
        { id: '2', fields: { email: 'free@example.com' } },
        { id: '1', fields: { email: 'bea@example.com' } },
        { id: '2', fields: { email: 'anna@example.com' } },
        { id: '9', fields: {} },
      ],
    });
    assert.equal(response.status, 422);
    assert.deepEqual(hands.items('contacts'), before);
    assert.deepEqual(events, [], 'nobody hears of it');
    assert.throws(() => hands.create('contacts', anna), { code: 'duplicate', existingId: '1' });
    hands.create('contacts', { email: 'free@example.com' });
  });

  it('lets a later item meet what an earlier one has done', async () => {
    const { post, hands } = practice();
    const { results } = await post('contacts/create', {
      items: [
        { fields: anna, marker: 'v1.a' },
        { fields: anna, marker: 'v1.b' },
        { fields: { name: 'Bea' }, marker: 'v1.a' },
      ],
    });
    assert.deepEqual(codesOf(results), ['ok', 'duplicate', 'ok']);
    assert.equal(hands.items('contacts').length, 1);
    assert.equal(results[2].item.fields.name, 'Bea');
  });

  it('tells the id alone where writes return no more', async () => {
    const { post } = practice({ abilities: { writeReturns: 'id' } });
    const { results } = await post('contacts/create', { items: [{ fields: anna }] });
    assert.deepEqual(results, [{ status: 'ok', id: '1' }]);
    const removed = await post('contacts/delete', { items: [{ id: '1' }] });
    assert.deepEqual(removed.results, [{ status: 'ok', id: '1' }]);
  });

  for (const partial of ['perItem', 'allOrNothing'] as const) {
    it(`fails for a moment with the items that are busy (${partial})`, async () => {
      const { send, hands } = practice({
        abilities: { partial },
        trouble: () => ({ kind: 'busy', items: [1] }),
      });
      const response = await send('POST', 'contacts/create', { items: [items[0], items[3]] });
      const answer: Json = await response.json();
      const names = hands.items('contacts').map(({ fields }) => fields['name']);
      if (partial === 'perItem') {
        assert.deepEqual(codesOf(answer.results), ['ok', 'busy']);
        assert.deepEqual(names, ['a']);
      } else {
        assert.deepEqual([response.status, answer.code, answer.index], [422, 'busy', 1]);
        assert.deepEqual(names, []);
      }
    });
  }
});

const allOrNothing: Partial<Abilities> = { partial: 'allOrNothing' };

function idsOf(results: readonly Json[]): unknown[] {
  return results.map(({ id }) => id);
}

function codesOf(results: readonly Json[]): unknown[] {
  return results.map(({ code, status }) => code ?? status);
}
