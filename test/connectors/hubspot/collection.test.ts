/** The properties of a kind of objects, and those that are made for us. */
import assert from 'node:assert/strict';
import type { WantedField } from '../../../runtime/connectors/connector.ts';
import { failureOf, idOf } from '../scene.ts';
import { answering, practising, Reply } from './practice.ts';

const MARKER: WantedField = {
  name: 'tributary_marker',
  title: 'Tributary',
  type: 'text',
  unique: true,
};

describe('the fields of HubSpot', () => {
  it('are the properties, with what may be in them', () => {
    const results = [
      { name: 'email', label: 'E-mail', type: 'string', fieldType: 'text' },
      {
        name: 'stage',
        type: 'enumeration',
        fieldType: 'select',
        options: [{ value: 'a' }, { value: 'b' }],
      },
      { name: 'tags', type: 'enumeration', fieldType: 'checkbox', options: [{ value: 'x' }] },
      { name: 'score', type: 'number', calculated: true },
      { name: 'createdate', type: 'datetime', modificationMetadata: { readOnlyValue: true } },
      { name: 'ext_id', type: 'string', hasUniqueValue: true },
      {
        name: 'hs_unique_creation_key',
        type: 'string',
        hasUniqueValue: true,
        modificationMetadata: { readOnlyValue: true },
      },
    ];
    return answering({ '/properties/2026-09/contacts': { results } }, async (account) => {
      const { fields, can } = await account.collection('contacts');
      assert.deepEqual(fields.slice(0, 6), [
        { path: 'email', title: 'E-mail', type: 'string', unique: true },
        { path: 'stage', type: 'enumeration', options: ['a', 'b'] },
        { path: 'tags', type: 'enumeration list', options: ['x'] },
        { path: 'score', type: 'number', readOnly: true },
        { path: 'createdate', type: 'datetime', readOnly: true },
        { path: 'ext_id', type: 'string', unique: true },
      ]);
      assert.deepEqual(can.uniquePaths, ['email', 'ext_id']);
    });
  });

  it('are all read, also those of the account itself', () =>
    practising(async ({ account, hands }) => {
      hands.addField('contacts', { path: 'shoe_size', type: 'number' });
      const id = hands.create('contacts', { email: 'a@x.test', shoe_size: '43' });
      const contacts = await account.collection('contacts');
      assert.ok(contacts.fields.some(({ path }) => path === 'shoe_size'));
      const [read] = await contacts.read([id]);
      assert.ok(read?.kind === 'present');
      assert.equal((read.item.raw as Record<string, unknown>)['shoe_size'], '43');
    }));
});

describe('a property for us in HubSpot', () => {
  it('is made once, and makes creates repeatable', () =>
    practising(async ({ account, hands }) => {
      for (const name of ['contacts', 'companies', 'deals', 'notes', 'tasks']) {
        const before = await account.collection(name);
        assert.equal(before.can.create, 'naturalKey');
        const made = await before.ensureField!(MARKER);
        assert.deepEqual(await before.ensureField!(MARKER), made);
        const { path, unique, title } = made;
        assert.deepEqual([path, unique, title], ['tributary_marker', true, 'Tributary']);
        assert.equal((await account.collection(name)).can.create, 'upsert');
      }
      const notes = await account.collection('notes');
      const raw = { hs_timestamp: '2026-11-02T08:00:00.000Z', hs_note_body: 'Called.' };
      const [first] = await notes.write([{ op: 'create', raw, marker: 'm' }]);
      const [again] = await notes.write([{ op: 'create', raw, marker: 'm' }]);
      assert.equal(idOf(again!), idOf(first!));
      assert.equal(hands.items('notes').length, 1);
      const [found] = await notes.find!('tributary_marker', ['m']);
      assert.deepEqual([found?.id, found?.marker], [idOf(first!), 'm']);
    }));

  it('can be of every sort that is asked for', () =>
    practising(async ({ account }) => {
      const contacts = await account.collection('contacts');
      for (const type of [
        'text',
        'longText',
        'number',
        'boolean',
        'date',
        'time',
        'json',
      ] as const) {
        const { path } = await contacts.ensureField!({ name: `Our_${type}`, title: type, type });
        assert.equal(path, `our_${type.toLowerCase()}`);
      }
    }));

  it('is refused where there is another one of that name that cannot take its place', async () => {
    for (const other of [
      { type: 'number' },
      { type: 'string', hasUniqueValue: false },
      { type: 'string', hasUniqueValue: true, calculated: true },
    ]) {
      const answers = { '/contacts/tributary_marker': { name: 'tributary_marker', ...other } };
      const ensured = answering(answers, async (account) =>
        (await account.collection('contacts')).ensureField!(MARKER),
      );
      const { kind, message } = await failureOf(ensured);
      assert.equal(kind, 'rejected');
      assert.match(message, /cannot hold a unique string of contacts/);
    }
  });

  it('that somebody else has just made is taken', async () => {
    let looked = 0;
    const answers = {
      'GET /crm/properties/2026-09/contacts/tributary_marker': () => {
        looked += 1;
        return looked === 1
          ? new Reply(404, { message: 'no such property', category: 'OBJECT_NOT_FOUND' })
          : { name: 'tributary_marker', type: 'string', hasUniqueValue: true };
      },
      'POST /crm/properties/2026-09/contacts': new Reply(409, {
        message: 'exists',
        category: 'CONFLICT',
      }),
    };
    const field = await answering(answers, async (account) =>
      (await account.collection('contacts')).ensureField!(MARKER),
    );
    assert.equal(field.path, 'tributary_marker');
  });
});
