import assert from 'node:assert/strict';
import { practice, type Json } from './practice.ts';

describe('the hands in an account of Grumpy', () => {
  it('log every change in order, whoever made it', async () => {
    const { hands, post, pass } = practice();
    hands.create('companies', { name: 'a' });
    await pass(1000);
    await post('companies/update', { items: [{ id: '1', fields: { name: 'b' } }] });
    hands.remove('companies', '1', 'integration');
    hands.restore('companies', '1');
    hands.create('companies', { name: 'c' });
    hands.merge('companies', '1', '2');
    const start = Date.UTC(2026, 0, 1);
    assert.deepEqual(
      hands.log.map(({ at, id, kind, by, via, before, after, into, version }) => [
        [at - start, id, kind, by, via, version],
        [before?.fields['name'], after?.fields['name'], into],
      ]),
      [
        [
          [0, '1', 'created', 'person', 'hands', 1],
          [undefined, 'a', undefined],
        ],
        [
          [1000, '1', 'updated', 'app', 'api', 2],
          ['a', 'b', undefined],
        ],
        [
          [1000, '1', 'deleted', 'integration', 'hands', 3],
          ['b', 'b', undefined],
        ],
        [
          [1000, '1', 'restored', 'person', 'hands', 4],
          ['b', 'b', undefined],
        ],
        [
          [1000, '2', 'created', 'person', 'hands', 1],
          [undefined, 'c', undefined],
        ],
        [
          [1000, '1', 'merged', 'person', 'hands', 5],
          ['b', undefined, '2'],
        ],
        [
          [1000, '2', 'updated', 'person', 'hands', 2],
          ['c', 'c', undefined],
        ],
      ],
    );
  });

  it('are told of every change at once, until they have enough', () => {
    const { hands } = practice();
    const heard: string[] = [];
    const stop = hands.onChange(({ kind, id }) => heard.push(`${kind} ${id}`));
    hands.create('companies', { name: 'a' });
    hands.edit('companies', '1', { name: 'b' });
    stop();
    hands.edit('companies', '1', { name: 'c' });
    assert.deepEqual(heard, ['created 1', 'updated 1']);
  });

  it('see the truth, however much the API lags', async () => {
    const { hands, pass } = practice({ abilities: { readLagMs: 10_000 } });
    await pass(20_000);
    hands.create('companies', { name: 'a' });
    hands.create('companies', { name: 'b' });
    hands.remove('companies', '1');
    assert.deepEqual(
      hands.items('companies').map(({ id }) => id),
      ['2'],
    );
    assert.equal(hands.item('companies', '1')?.archived, true);
    assert.equal(hands.item('companies', '3'), undefined);
  });

  it('are held to the same rules for values', () => {
    const { hands } = practice();
    hands.create('contacts', { email: 'anna@example.com' });
    assert.throws(() => hands.create('contacts', { name: 7 }), { code: 'invalid', path: 'name' });
    assert.throws(() => hands.create('contacts', { phone: '1' }), { code: 'unknown_field' });
    assert.throws(() => hands.create('contacts', { email: 'ANNA@example.com' }), {
      code: 'duplicate',
      existingId: '1',
    });
    assert.throws(() => hands.edit('contacts', '2', {}), { code: 'missing' });
    assert.throws(() => hands.create('deals', {}), /no collection "deals"/);
    assert.equal(hands.log.length, 1);
  });

  it('can write what the API can only read', async () => {
    const { hands, post } = practice({
      collections: { things: [{ path: 'score', type: 'number', readOnly: true }] },
    });
    hands.create('things', { score: 1 });
    const { results } = await post('things/update', { items: [{ id: '1', fields: { score: 2 } }] });
    assert.equal(results[0].code, 'read_only');
    hands.edit('things', '1', { score: 3 });
    assert.equal(hands.item('things', '1')?.fields['score'], 3);
  });

  it('clone an item with its marker, as a person, without what must be unique', async () => {
    const { hands, post } = practice();
    const fields = { email: 'anna@example.com', name: 'Anna' };
    await post('contacts/create', { items: [{ fields, marker: 'v1.x' }] });
    const clone = hands.item('contacts', hands.clone('contacts', '1'))!;
    assert.equal(clone.id, '2');
    assert.equal(clone.marker, 'v1.x');
    assert.deepEqual(clone.createdBy, { kind: 'person' });
    assert.deepEqual([clone.fields['name'], clone.fields['email']], ['Anna', null]);
  });
});

describe('a merge in Grumpy', () => {
  for (const mergeVisible of ['alias', 'none'] as const) {
    for (const mergeGivesNewId of [false, true]) {
      const name = mergeGivesNewId ? 'gives the result an id of its own' : 'keeps the winner';
      it(`${name}, and fills what it lacks (${mergeVisible})`, async () => {
        const { hands, post } = practice({ abilities: { mergeVisible, mergeGivesNewId } });
        hands.create('contacts', { email: 'l@example.com', name: 'Loser', tags: ['a'] });
        hands.create('contacts', { email: 'w@example.com', name: 'Winner' });
        const id = hands.merge('contacts', '1', '2');
        assert.equal(id, mergeGivesNewId ? '3' : '2');
        assert.deepEqual(
          hands.items('contacts').map((item) => [item.id, item.fields]),
          [[id, { email: 'w@example.com', name: 'Winner', tags: ['a'], address: null }]],
        );
        for (const former of ['1', '2']) assert.equal(hands.where('contacts', former), id);
        const { results } = await post('contacts/read', { ids: ['1', '2', '3'] });
        const away = mergeVisible === 'alias' ? `merged ${id}` : 'missing ';
        assert.deepEqual(
          results.map(({ status, into = '' }: Json) => `${status} ${into}`),
          mergeGivesNewId ? [away, away, 'ok '] : [away, 'ok ', 'missing '],
        );
        assert.deepEqual(
          results.flatMap(({ item }: Json) => item?.mergedFrom ?? []),
          mergeGivesNewId && mergeVisible === 'alias' ? ['2', '1'] : [],
        );
        assert.throws(() => hands.create('contacts', { email: 'w@example.com' }), {
          code: 'duplicate',
          existingId: id,
        });
        hands.create('contacts', { email: 'l@example.com' });
      });
    }
  }

  it('hands the marker on where the winner has none', async () => {
    for (const [markers, kept] of [
      [['v1.l', 'v1.w'], 'v1.w'],
      [['v1.l', undefined], 'v1.l'],
      [[undefined, undefined], undefined],
    ] as const) {
      const { hands, post } = practice();
      const items = markers.map((marker) => ({ fields: {}, ...(marker && { marker }) }));
      await post('companies/create', { items });
      hands.merge('companies', '1', '2');
      assert.equal(hands.item('companies', '2')?.marker, kept);
    }
  });

  it('needs two items that are there', () => {
    const { hands } = practice();
    hands.create('companies', { name: 'a' });
    assert.throws(() => hands.merge('companies', '1', '1'), { code: 'invalid' });
    assert.throws(() => hands.merge('companies', '1', '2'), { code: 'missing' });
    assert.equal(hands.log.length, 1);
  });
});

describe('a rule of Grumpy', () => {
  for (const by of ['app', 'integration'] as const) {
    it(`follows changes by people and the API a moment later, as ${by}, and never itself`, async () => {
      const { hands, post, pass } = practice();
      hands.rule('contacts', ({ fields }) => ({ name: `${fields['name'] as string}!` }), by);
      hands.create('contacts', { name: 'Anna' });
      assert.equal(hands.item('contacts', '1')?.fields['name'], 'Anna', 'not at once');
      await pass(2000);
      assert.equal(hands.item('contacts', '1')?.fields['name'], 'Anna!');
      assert.deepEqual(hands.item('contacts', '1')?.updatedBy, { kind: by });
      await post('contacts/update', { items: [{ id: '1', fields: { name: 'Bea' } }] });
      await pass(2000);
      assert.equal(hands.item('contacts', '1')?.fields['name'], 'Bea!');
      assert.deepEqual(
        hands.log.map(({ via }) => via),
        ['hands', 'rule', 'api', 'rule'],
      );
    });
  }

  it('sees what was before, and keeps out of other collections', async () => {
    const { hands, pass } = practice();
    hands.rule('contacts', (_after, before) =>
      before === undefined ? undefined : { name: `was ${before.fields['name'] as string}` },
    );
    hands.create('contacts', { name: 'Anna' });
    hands.create('companies', { name: 'Pagoda' });
    hands.edit('companies', '1', { name: 'Pagoda Kft.' });
    hands.edit('contacts', '1', { name: 'Bea' });
    await pass(2000);
    assert.equal(hands.item('contacts', '1')?.fields['name'], 'was Anna');
    assert.equal(hands.item('companies', '1')?.fields['name'], 'Pagoda Kft.');
  });

  it('that is not allowed what it wants changes nothing, and the log says so', async () => {
    const { hands, pass, world } = practice();
    hands.create('contacts', { email: 'anna@example.com' });
    hands.rule('contacts', () => ({ email: 'anna@example.com' }));
    hands.create('contacts', { name: 'Bea' });
    await pass(2000);
    assert.equal(hands.item('contacts', '2')?.fields['email'], null);
    assert.match(world.logged[0]!.message, /rule of Grumpy was refused/);
  });
});

describe('the schema of Grumpy', () => {
  it('can grow a field, and lose it with its values', async () => {
    const { hands, get } = practice();
    hands.create('companies', { name: 'a' });
    hands.addField('companies', { path: 'size', type: 'number' });
    assert.deepEqual((await get('companies')).items[0].fields, { name: 'a', size: null });
    hands.edit('companies', '1', { size: 7 });
    hands.removeField('companies', 'size');
    assert.deepEqual((await get('companies')).items[0].fields, { name: 'a' });
    assert.throws(() => hands.edit('companies', '1', { size: 8 }), { code: 'unknown_field' });
    hands.addField('companies', { path: 'size', type: 'number' });
    assert.equal(hands.item('companies', '1')?.fields['size'], null, 'a new field is empty');
  });

  it('can rename a field, with its values and without a trace on the items', async () => {
    const { hands, get, post, pass } = practice({ abilities: { readLagMs: 1000 } });
    hands.create('contacts', { email: 'anna@example.com' });
    await pass(1000);
    const { version } = hands.item('contacts', '1')!;
    hands.renameField('contacts', 'email', 'mail');
    const [item] = (await get('contacts')).items;
    assert.equal(item.fields.mail, 'anna@example.com');
    assert.equal('email' in item.fields, false);
    assert.equal(item.version, version);
    const { results } = await post('contacts/create', {
      items: [{ fields: { mail: 'Anna@example.com' } }],
    });
    assert.deepEqual([results[0].code, results[0].path], ['duplicate', 'mail']);
  });

  it('can give a field another type, and keeps the values that have a place in it', () => {
    for (const [type, given, kept] of [
      ['number', ['7', '7.5', 'seven', null], [7, 7.5, null, null]],
      ['boolean', ['true', 'false', 'yes', null], [true, false, null, null]],
      ['date', ['2026-01-31', '2026-02-31', 'x', null], ['2026-01-31', null, null, null]],
      ['phone', ['7', 'x', 'y', null], ['7', 'x', 'y', null]],
    ] as const) {
      const { hands } = practice();
      for (const name of given) hands.create('companies', { name });
      hands.retypeField('companies', 'name', type);
      const values = hands.items('companies').map(({ fields }) => fields['name']);
      assert.deepEqual(values, kept, type);
      assert.equal(hands.fields('companies')[0]?.type, type);
    }
    const { hands } = practice({ collections: { things: [{ path: 'x', type: 'number' }] } });
    hands.create('things', { x: 7 });
    hands.retypeField('things', 'x', 'text');
    assert.equal(hands.item('things', '1')?.fields['x'], '7');
    hands.retypeField('things', 'x', 'enum', ['7', '8']);
    assert.equal(hands.item('things', '1')?.fields['x'], '7');
    hands.retypeField('things', 'x', 'enum', ['8']);
    assert.equal(hands.item('things', '1')?.fields['x'], null);
    assert.throws(() => hands.retypeField('things', 'y', 'text'), { code: 'unknown_field' });
  });

  it('can lose an option, which items keep that have it', async () => {
    const { hands, post } = practice();
    hands.create('contacts', { tags: ['a', 'b'] });
    hands.dropOption('contacts', 'tags', 'a');
    assert.deepEqual(hands.item('contacts', '1')?.fields['tags'], ['a', 'b']);
    const { results } = await post('contacts/create', { items: [{ fields: { tags: ['a'] } }] });
    assert.equal(results[0].code, 'invalid');
    hands.edit('contacts', '1', { name: 'Anna' });
  });

  it('can make a field unique that was not', () => {
    const { hands } = practice();
    hands.create('companies', { name: 'a' });
    hands.removeField('companies', 'name');
    hands.addField('companies', { path: 'name', type: 'text', unique: true });
    hands.edit('companies', '1', { name: 'a' });
    assert.throws(() => hands.create('companies', { name: 'a' }), { code: 'duplicate' });
  });
});

describe('a backup of Grumpy', () => {
  it('brings everything back as it was: items, versions, times and the ids to come', async () => {
    const { hands, post, pass } = practice();
    for (const name of ['kept', 'edited', 'deleted', 'merged']) hands.create('companies', { name });
    const before = hands.items('companies');
    const backup = hands.backup();
    await pass(1000);
    hands.edit('companies', '2', { name: 'other' });
    hands.remove('companies', '3');
    hands.merge('companies', '4', '1');
    hands.create('companies', { name: 'later' });
    const { length } = hands.log;
    await pass(1000);
    hands.restoreBackup(backup);
    assert.deepEqual(hands.items('companies'), before);
    const { results } = await post('companies/read', { ids: ['4', '5'] });
    assert.deepEqual(
      results.map(({ status }: Json) => status),
      ['ok', 'missing'],
    );
    const restored = hands.log.slice(length);
    assert.deepEqual(
      restored.map(({ id, kind, via }) => [id, kind, via]),
      [
        ['1', 'updated', 'backup'],
        ['2', 'updated', 'backup'],
        ['3', 'restored', 'backup'],
        ['4', 'restored', 'backup'],
        ['5', 'deleted', 'backup'],
      ],
    );
    assert.equal(hands.create('companies', { name: 'another' }), '5', 'ids are used again');
  });

  it('gives unique values back to those who had them then', () => {
    const { hands } = practice();
    hands.create('contacts', { email: 'a@example.com' });
    hands.create('contacts', { email: 'b@example.com' });
    const backup = hands.backup();
    hands.edit('contacts', '1', { email: null });
    hands.edit('contacts', '2', { email: 'a@example.com' });
    hands.edit('contacts', '1', { email: 'b@example.com' });
    hands.restoreBackup(backup);
    for (const [email, existingId] of [
      ['a@example.com', '1'],
      ['b@example.com', '2'],
    ]) {
      assert.throws(() => hands.create('contacts', { email }), { code: 'duplicate', existingId });
    }
  });
});
