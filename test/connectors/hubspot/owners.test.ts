/** Owners, whom records belong to, and the stages that deals go through. */
import assert from 'node:assert/strict';
import { errorOf } from '../scene.ts';
import { answering, practising, Reply } from './practice.ts';

const STAFF = [
  { email: 'ada@example.test', firstName: 'Ada', lastName: 'Varga', userId: 9001 },
  { email: 'bela@example.test', firstName: 'Béla', lastName: 'Kiss', userId: 9002 },
];

describe('the owners of HubSpot', () => {
  for (const version of ['2026-09', 'v3']) {
    it(`are read by ${version}, those who have left as such`, () =>
      practising(
        async ({ hands, account }) => {
          const [ada, bela] = STAFF.map((each) => hands.create('owners', each));
          hands.remove('owners', bela!);
          const owners = await account.collection('owners');
          const { items, next } = await owners.list({ limit: 10 });
          assert.equal(next, undefined);
          assert.deepEqual(
            items.map(({ id, raw }) => ({ ...(raw as object), id })),
            [{ ...STAFF[0], id: ada, type: 'PERSON' }],
          );
          assert.ok(items[0]!.version! > 0);
          assert.deepEqual(
            (await owners.read([bela!, '4711', ada!])).map((read) =>
              read.kind === 'missing' ? read.archived : read.kind,
            ),
            [true, false, 'present'],
          );
          const found = await owners.find!('email', ['ADA@example.test', 'x@example.test']);
          assert.deepEqual(
            found.map(({ id }) => id),
            [ada],
          );
        },
        { config: { version } },
      ));
  }

  it('are whom a record belongs to', () =>
    practising(async ({ hands, account, wait }) => {
      const ada = hands.create('owners', STAFF[0]!);
      const contacts = await account.collection('contacts');
      const [outcome] = await contacts.write([
        { op: 'create', raw: { email: 'anna@example.com', hubspot_owner_id: ada } },
      ]);
      await wait();
      assert.ok(outcome?.kind === 'done');
      const [read] = await contacts.read([outcome.id]);
      assert.ok(read?.kind === 'present');
      const owner = (read.item.raw as Record<string, string>)['hubspot_owner_id']!;
      const [named] = await (await account.collection('owners')).read([owner]);
      assert.equal(named?.kind, 'present');
    }));

  it('come from all pages', async () => {
    const answers = {
      '/crm/owners/2026-09': ({ query }: { query: URLSearchParams }) => {
        const after = Number(query.get('after') ?? 0);
        const results = Array.from({ length: 100 }, (_, index) => ({ id: `${after + index + 1}` }));
        const next = { next: { after: `${after + 100}` } };
        return { results, ...(after < 200 && { paging: next }) };
      },
    };
    await answering(answers, async (account) => {
      const owners = await account.collection('owners');
      const first = await owners.list({ limit: 100 });
      assert.deepEqual([first.items.length, first.next], [100, '100']);
      const last = await owners.list({ limit: 100, after: '200' });
      assert.deepEqual([last.items.at(-1)?.id, last.next], ['300', undefined]);
    });
  });

  it('are not changed from here', () =>
    practising(async ({ account }) => {
      const owners = await account.collection('owners');
      const [outcome] = await owners.write([{ op: 'create', raw: { email: 'eve@example.com' } }]);
      const { kind, message } = errorOf(outcome);
      assert.equal(kind, 'rejected');
      assert.match(message, /owners of hubspot are not changed from here.*"create"/);
      assert.ok(owners.fields.every(({ readOnly }) => readOnly === true));
    }));

  it('want a permission of their own', () =>
    practising(
      async ({ account }) => {
        assert.deepEqual(await account.missingScopes!(['owners']), ['crm.objects.owners.read']);
        const all = await account.collections!();
        assert.ok(all.some(({ name }) => name === 'owners'));
      },
      { account: { scopes: ['crm.objects.contacts.read'] } },
    ));
});

describe('the stages of deals in HubSpot', () => {
  it('are what a deal can be in, from all pipelines', () =>
    practising(
      async ({ account }) => {
        const { fields } = await account.collection('deals');
        const optionsOf = (path: string) => fields.find((field) => field.path === path)?.options;
        assert.deepEqual(optionsOf('pipeline'), ['default', 'partners']);
        assert.deepEqual(optionsOf('dealstage'), ['new', 'won', 'met']);
      },
      {
        account: {
          pipelines: [
            {
              id: 'default',
              label: 'Sales',
              stages: [
                { id: 'new', label: 'New', probability: 0.1 },
                { id: 'won', label: 'Won', probability: 1 },
              ],
            },
            { id: 'partners', label: 'P', stages: [{ id: 'met', label: 'Met', probability: 0.2 }] },
          ],
        },
      },
    ));

  it('are not known where the login may not see them, and deals are all the same', () => {
    const answers = {
      '/crm/properties/2026-09/deals': { results: [{ name: 'dealstage', type: 'enumeration' }] },
      '/crm/pipelines/2026-09/deals': new Reply(403, {
        message: 'no',
        category: 'MISSING_SCOPES',
      }),
    };
    return answering(answers, async (account) => {
      const { fields } = await account.collection('deals');
      assert.equal(fields.find(({ path }) => path === 'dealstage')?.options, undefined);
    });
  });
});
