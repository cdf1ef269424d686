/** How items are read and searched, from answers that a test makes up. */
import assert from 'node:assert/strict';
import { failureOf } from '../scene.ts';
import { answered, answering, batch, MARKED, object, Reply, type Asked } from './practice.ts';

describe('a read of HubSpot', () => {
  it('follows what was merged, told by a batch or by nothing but a read of its own', async () => {
    const answers = {
      'contacts/batch/read': ({ query }: Asked) =>
        batch(
          query.get('archived') === 'true'
            ? []
            : [{ ...object('9'), properties: { hs_merged_object_ids: '1' } }],
        ),
      'contacts/2': object('10'),
    };
    const reads = await answered(answers, (items) => items.read(['1', '2', '9']));
    assert.deepEqual(reads.slice(0, 2), [
      { kind: 'merged', into: '9' },
      { kind: 'merged', into: '10' },
    ]);
    assert.ok(reads[2]?.kind === 'present');
    assert.deepEqual(reads[2].item.mergedFrom, ['1']);
  });

  it('does not take it for missing that an error page says so', async () => {
    const answers = { 'contacts/batch/read': batch([]), 'contacts/1': new Reply(404, undefined) };
    assert.equal(
      (await failureOf(answered(answers, (items) => items.read(['1'])))).kind,
      'missing',
    );
  });

  it('does not decide what HubSpot says in two ways', async () => {
    const answers = { 'contacts/batch/read': batch([]), 'contacts/1': object('1') };
    assert.equal(
      (await failureOf(answered(answers, (items) => items.read(['1'])))).kind,
      'transient',
    );
  });

  it('has the time of the last change for a version, and empty markers for none', async () => {
    const one = object('1', { tributary_marker: '' });
    const reads = await answered({ ...MARKED, 'contacts/batch/read': batch([one]) }, (items) =>
      items.read(['1']),
    );
    const at = Date.parse(one.updatedAt);
    const raw = { ...one.properties, associations: { companies: [], company: null } };
    const item = { id: '1', raw, createdAt: Date.parse(one.createdAt), version: at, changedAt: at };
    assert.deepEqual(reads, [{ kind: 'present', item }]);
  });
});

describe('a search of HubSpot', () => {
  it('goes on by id among items of the same instant, and never by pages', async () => {
    const at = Date.parse('2026-11-02T08:00:00.000Z');
    const found = (id: string) => object(id, { lastmodifieddate: new Date(at).toISOString() });
    const more = { next: { after: '2' } };
    const asked: unknown[] = [];
    const pages = [
      { results: [found('5'), found('4')], paging: more },
      { results: [found('4'), found('5')], paging: more },
      { results: [found('6')] },
      { results: [] },
    ];
    const answers = {
      '/search': ({ body }: { body: { filterGroups: [{ filters: unknown[] }] } }) => {
        asked.push(body.filterGroups[0].filters);
        return pages[asked.length - 1];
      },
      'contacts/batch/read': ({ body }: { body: { inputs: { id: string }[] } }) =>
        batch(body.inputs.map(({ id }) => found(id))),
    };
    const pulled = await answered(answers, async (items) => {
      const ids: string[] = [];
      for (let after: string | undefined = ''; after !== undefined;) {
        const place = after === '' ? {} : { after: JSON.parse(after) };
        const page = await items.changes!({ since: at, limit: 2, ...place });
        ids.push(...page.items.map(({ id }) => id));
        after = page.next === undefined ? undefined : JSON.stringify(page.next);
      }
      return ids;
    });
    assert.deepEqual(pulled, ['4', '5', '6']);
    const on = (operator: string) => ({
      propertyName: 'lastmodifieddate',
      operator,
      value: String(at),
    });
    const beyond = (value: string) => ({ propertyName: 'hs_object_id', operator: 'GT', value });
    assert.deepEqual(asked, [
      [on('GTE')],
      [on('EQ'), beyond('0')],
      [on('EQ'), beyond('5')],
      [on('GT')],
    ]);
  });

  it('is split where its body would be too long, and read in small letters', async () => {
    const values = Array.from({ length: 100 }, (_, number) => `Name ${number} ${'x'.repeat(90)}`);
    await answering({ '/search': { results: [] } }, async (account, asked) => {
      assert.deepEqual(await (await account.collection('contacts')).find!('firstname', values), []);
      const bodies = asked
        .filter(({ path }) => path.endsWith('/search'))
        .map(({ body }) => JSON.stringify(body));
      assert.ok(bodies.length > 1 && bodies.every(({ length }) => length <= 3_000));
      assert.ok(bodies[0]!.includes('"name 0 x'));
    });
  });

  it('tells nothing of an item that has another value by now', async () => {
    const answers = {
      '/search': { results: [object('1')] },
      'contacts/batch/read': batch([object('1', { firstname: 'Béla' })]),
    };
    assert.deepEqual(await answered(answers, (items) => items.find!('firstname', ['Anna'])), []);
  });
});
