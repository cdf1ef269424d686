/** What items point to, in an account of the emulator. */
import assert from 'node:assert/strict';
import type { Collection } from '../../../runtime/connectors/connector.ts';
import { errorOf, idOf } from '../scene.ts';
import { answering, batch, endsOf, object, practising, Reply } from './practice.ts';

type Associations = Readonly<Record<string, unknown>>;

describe('the references of an item of HubSpot', () => {
  it('are all ids of a kind, and the primary one', () =>
    practising(async ({ account, hands }) => {
      const [first, second] = ['A', 'B'].map((name) => hands.create('companies', { name }));
      const contacts = await account.collection('contacts');
      const [outcome] = await contacts.write([
        { op: 'create', raw: { email: 'a@x.test', associations: { companies: [second, first] } } },
      ]);
      const id = idOf(outcome!);
      const companies = [first, second];
      assert.deepEqual((await associationsOf(contacts, id))['companies'], companies);
      for (const company of [second, first]) {
        await written(contacts, id, { company });
        assert.deepEqual(await associationsOf(contacts, id), { companies, company });
      }
      await written(contacts, id, { company: null });
      assert.deepEqual(await associationsOf(contacts, id), { companies: [second], company: null });
    }));

  it('are told by lists, changes and searches as they are by a read', () =>
    practising(async ({ account, hands, wait }) => {
      const company = hands.create('companies', { name: 'A' });
      const contacts = await account.collection('contacts');
      const raw = { email: 'a@x.test', associations: { company } };
      const [outcome] = await contacts.write([{ op: 'create', raw }]);
      await wait();
      const expected = { companies: [company], company };
      const pages = [
        await contacts.list({ limit: 10 }),
        await contacts.changes!({ limit: 10, since: 0 }),
      ];
      const found = await contacts.find!('email', ['A@x.test']);
      for (const items of [...pages.map((page) => page.items), found]) {
        assert.deepEqual(
          items.map(({ id }) => id),
          [idOf(outcome!)],
        );
        assert.deepEqual((items[0]!.raw as Record<string, unknown>)['associations'], expected);
      }
    }));

  it('lead from a note to people, companies and deals', () =>
    practising(async ({ account, hands }) => {
      const [anna, bela] = ['anna', 'bela'].map((firstname) =>
        hands.create('contacts', { firstname }),
      );
      const company = hands.create('companies', { name: 'A' });
      const notes = await account.collection('notes');
      const raw = { hs_timestamp: '2026-11-02T08:00:00.000Z', hs_note_body: 'Called.' };
      const associations = { contacts: [bela, anna], company };
      const [outcome] = await notes.write([{ op: 'create', raw: { ...raw, associations } }]);
      const id = idOf(outcome!);
      const about = { companies: [company], company, deals: [], deal: null };
      assert.deepEqual(await associationsOf(notes, id), {
        ...about,
        contacts: [anna, bela],
        contact: anna,
      });
      // Where none is the primary one, the one is all there is.
      await written(notes, id, { contact: bela });
      const alone = { ...about, contacts: [bela], contact: bela };
      assert.deepEqual(await associationsOf(notes, id), alone);
      await written(notes, id, { contact: null });
      const nobody = { ...about, contacts: [], contact: null };
      assert.deepEqual(await associationsOf(notes, id), nobody);
    }));

  it('become what a write says, and stay when it says nothing', () =>
    practising(async ({ account, hands }) => {
      const [a, b, c] = ['a', 'b', 'c'].map((name) => hands.create('companies', { name }));
      const contacts = await account.collection('contacts');
      const id = hands.create('contacts', { email: 'a@x.test' });
      await written(contacts, id, { companies: [a, b] });
      await written(contacts, id, { companies: [b, c] });
      await contacts.write([{ op: 'update', id, raw: { firstname: 'Anna' } }]);
      assert.deepEqual((await associationsOf(contacts, id))['companies'], [b, c]);
      await written(contacts, id, { companies: null });
      assert.deepEqual(await associationsOf(contacts, id), { companies: [], company: null });
    }));

  it('are refused by their path when they are none', () =>
    practising(async ({ account, hands }) => {
      const contacts = await account.collection('contacts');
      const id = hands.create('contacts', { email: 'a@x.test' });
      for (const [associations, path] of [
        [{ company: 'no id' }, 'associations.company'],
        [{ company: ['7'] }, 'associations.company'],
        [{ companies: [7] }, 'associations.companies'],
        [{ widgets: ['7'] }, 'associations.widgets'],
        ['7', 'associations'],
      ] as const) {
        const [outcome] = await contacts.write([{ op: 'update', id, raw: { associations } }]);
        const { kind, path: said, mayHaveLanded } = errorOf(outcome);
        assert.deepEqual([kind, said, mayHaveLanded], ['rejected', path, false]);
      }
    }));

  it('are refused by their path when what they lead to is not there', () =>
    practising(async ({ account, hands }) => {
      const contacts = await account.collection('contacts');
      const [id, other] = ['a', 'b'].map((name) =>
        hands.create('contacts', { email: `${name}@x.test` }),
      );
      const company = hands.create('companies', { name: 'A' });
      const write = (to: string, raw: object) =>
        contacts.write([{ op: 'update', id: id!, raw: { ...raw, associations: { company: to } } }]);
      const [outcome] = await write('999999', {});
      const { kind, path, mayHaveLanded } = errorOf(outcome);
      assert.ok(kind === 'rejected' || kind === 'missing', kind);
      assert.deepEqual([path, mayHaveLanded], ['associations.company', false]);
      assert.deepEqual(endsOf(await write(company, { firstname: 'Anna' })), [`done ${id}`]);
      assert.equal((await associationsOf(contacts, other!))['company'], null);
    }));

  it('are there as soon as the item is, also when it is made a second time', () => {
    const marker = { path: 'tributary_marker', type: 'text', unique: true } as const;
    return practising(
      async ({ account, hands }) => {
        const [first, second] = ['A', 'B'].map((name) => hands.create('companies', { name }));
        const contacts = await account.collection('contacts');
        const make = async (company: string | undefined) => {
          const raw = { email: 'a@x.test', associations: { company } };
          const [outcome] = await contacts.write([{ op: 'create', marker: 'm1', raw }]);
          return idOf(outcome!);
        };
        const id = await make(first);
        const made = hands.log.filter((change) => change.id === id && change.via === 'api');
        assert.equal(new Set(made.map(({ at }) => at)).size, 1);
        assert.equal((await associationsOf(contacts, id))['company'], first);
        assert.equal(await make(second), id);
        assert.equal((await associationsOf(contacts, id))['company'], second);
      },
      { account: { properties: { contacts: [marker] } } },
    );
  });

  it('that lead to nobody keep the item from being made', () =>
    practising(async ({ account, hands }) => {
      const contacts = await account.collection('contacts');
      const raw = { email: 'a@x.test', associations: { company: '999999' } };
      const [outcome] = await contacts.write([{ op: 'create', raw }]);
      assert.equal(errorOf(outcome).mayHaveLanded, false);
      assert.deepEqual(hands.items('contacts'), []);
    }));

  it('that are refused after the item was made leave no doubt that it may be there', () =>
    practising(async ({ account, hands }) => {
      const contacts = await account.collection('contacts');
      const raw = { email: 'a@x.test', associations: { companies: ['999999'] } };
      const [outcome] = await contacts.write([{ op: 'create', raw }]);
      const { mayHaveLanded, path } = errorOf(outcome);
      assert.deepEqual([mayHaveLanded, path], [true, 'associations.companies']);
      assert.equal(hands.items('contacts').length, 1);
    }));

  it('are known as fields, of those that point anywhere', () =>
    practising(async ({ account }) => {
      const paths = async (name: string) =>
        (await account.collection(name)).fields
          .filter(({ path }) => path.startsWith('associations.'))
          .map(({ path, type }) => `${path} ${type}`);
      assert.deepEqual(await paths('companies'), []);
      assert.deepEqual(await paths('contacts'), [
        'associations.companies references',
        'associations.company reference',
      ]);
    }));
});

describe('HubSpot, when it tells associations', () => {
  const READ = '/contacts/companies/batch/read';
  const readWith = (answer: unknown) =>
    answering(
      { 'contacts/batch/read': batch([object('1')]), [READ]: answer },
      async (account, asked) => {
        const [read] = await (await account.collection('contacts')).read(['1']);
        assert.ok(read?.kind === 'present');
        const { associations } = read.item.raw as { associations: Associations };
        return { associations, asked };
      },
    );
  const to = (toObjectId: unknown, ...typeIds: number[]) => ({
    toObjectId,
    associationTypes: typeIds.map((typeId) => ({
      category: 'HUBSPOT_DEFINED',
      typeId,
      label: null,
    })),
  });

  it('in numbers, or once for each label, takes them for ids, each once', async () => {
    const results = [{ from: { id: '1' }, to: [to(90, 279), to('7', 1, 279), to(90, 280)] }];
    const { associations } = await readWith(batch(results));
    assert.deepEqual(associations, { companies: ['7', '90'], company: '7' });
  });

  it('in parts, asks for the others', async () => {
    const { associations, asked } = await readWith(
      ({ body }: { body: { inputs: { after?: string }[] } }) =>
        body.inputs[0]!.after === undefined
          ? batch([{ from: { id: '1' }, to: [to('7', 279)], paging: { next: { after: '500' } } }])
          : batch([{ from: { id: '1' }, to: [to('8', 1)] }]),
    );
    assert.deepEqual(associations, { companies: ['7', '8'], company: '8' });
    const inputs = asked.filter(({ path }) => path.endsWith(READ)).map(({ body }) => body);
    assert.deepEqual(inputs, [{ inputs: [{ id: '1' }] }, { inputs: [{ id: '1', after: '500' }] }]);
  });

  it('as not found, takes the item for one that has none', async () => {
    const errors = [
      { category: 'OBJECT_NOT_FOUND', message: 'none', context: { fromObjectId: ['1'] } },
    ];
    const { associations } = await readWith(new Reply(207, batch([], errors)));
    assert.deepEqual(associations, { companies: [], company: null });
  });

  it('with another error, does not take that for an item that has none', async () => {
    const errors = [{ category: 'INTERNAL_ERROR', message: 'later', context: {} }];
    await assert.rejects(readWith(batch([], errors)), { kind: 'broken', mayHaveLanded: false });
  });
});

async function associationsOf(items: Collection, id: string): Promise<Associations> {
  const [read] = await items.read([id]);
  assert.ok(read?.kind === 'present');
  return (read.item.raw as { associations: Associations }).associations;
}

async function written(items: Collection, id: string, associations: Associations): Promise<void> {
  assert.deepEqual(endsOf(await items.write([{ op: 'update', id, raw: { associations } }])), [
    `done ${id}`,
  ]);
}
