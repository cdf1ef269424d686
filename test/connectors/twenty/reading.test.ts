/** Searches, changes and pages that the suite for all connectors has no reason to ask for. */
import assert from 'node:assert/strict';
import type { Value } from '../../../runtime/core/value.ts';
import { failureOf } from '../scene.ts';
import { answered, answering, idOf, NOW, page, person, practising, refusal } from './practice.ts';

describe('a search in Twenty', () => {
  it('finds texts with what a filter would take for its own', () =>
    practising(async ({ account, hands }) => {
      const titles = ['Sales (EU)', 'A, "B"', '(', 'x]', '100%', 'a_b', 'a\\b', 'axb'];
      for (const jobTitle of titles) hands.create('people', { jobTitle });
      const people = await account.collection('people');
      for (const title of titles) {
        const found = await people.find!('jobTitle', [title.toUpperCase()]);
        assert.deepEqual(
          found.map(({ raw }) => (raw as { jobTitle: string }).jobTitle),
          [title],
        );
      }
      assert.equal((await people.find!('jobTitle', titles)).length, titles.length);
    }));

  it('is by parts of values, references and numbers as well', () =>
    practising(async ({ account, hands }) => {
      const firm = hands.create('companies', {
        name: 'Firma Kft.',
        domainName: { primaryLinkUrl: 'https://firma.example' },
        employees: 12,
      });
      const anna = hands.create('people', {
        name: { firstName: 'Anna', lastName: 'Kovács' },
        companyId: firm,
      });
      const find = async (name: string, path: string, value: string) =>
        (await (await account.collection(name)).find!(path, [value])).map(({ id }) => id);
      assert.deepEqual(
        await find('companies', 'domainName.primaryLinkUrl', 'https://firma.example/'),
        [firm],
      );
      assert.deepEqual(await find('companies', 'employees', '12'), [firm]);
      assert.deepEqual(await find('people', 'name.lastName', 'kovács'), [anna]);
      assert.deepEqual(await find('people', 'companyId', firm), [anna]);
      assert.deepEqual(await find('people', 'companyId', 'nobody'), []);
      assert.deepEqual(await find('companies', 'employees', 'many'), []);
    }));

  it('takes as many calls as its address is long', async () => {
    const values = Array.from({ length: 40 }, (_, n) => `${'é'.repeat(40)} ${n}`);
    await answering({ 'GET /rest/people': page([]) }, async (account, asked) => {
      await (
        await account.collection('people')
      ).find!('jobTitle', values);
      assert.ok(asked.length > 1);
      for (const { query } of asked)
        assert.ok(encodeURIComponent(query.get('filter')!).length < 6_000);
    });
  });

  it('is refused where nothing can be searched', async () => {
    for (const path of ['tags', 'nothing', 'bio.markdown']) {
      const failure = await failureOf(answered({}, (people) => people.find!(path, ['x'])));
      assert.deepEqual([failure.kind, failure.path], ['rejected', path]);
    }
  });
});

describe('the pages of Twenty', () => {
  it('that lead to themselves are an error, and no end of duplicates', async () => {
    const again = page([person(1)], 'same');
    const failure = await failureOf(
      answered({ 'GET /rest/people': again }, (people) => people.list({ limit: 1, after: 'same' })),
    );
    assert.equal(failure.kind, 'broken');
    assert.match(failure.message, /the next page is the one before/);
  });

  it('are all read where an answer holds fewer than were asked for', async () => {
    const answers = {
      'GET /rest/people': ({ query }: { query: URLSearchParams }) =>
        query.has('starting_after') ? page([person(2)]) : page([person(1)], 'more'),
    };
    const reads = await answered(answers, (people) => people.read([idOf(1), idOf(2), idOf(3)]));
    assert.deepEqual(
      reads.map(({ kind }) => kind),
      ['present', 'present', 'missing'],
    );
  });
});

describe('the changes of Twenty', () => {
  it('of one millisecond are told once each, however many they are', () =>
    practising(async ({ account, hands }) => {
      const ids = Array.from({ length: 25 }, (_, n) =>
        hands.create('people', { jobTitle: `${n}` }),
      );
      for (const id of ids.slice(20)) hands.remove('people', id);
      const people = await account.collection('people');
      const told: string[] = [];
      const gone: string[] = [];
      let after: Value | undefined;
      do {
        const request = { since: NOW - 1, limit: 10, ...(after !== undefined && { after }) };
        const { items, gone: deleted, next } = await people.changes!(request);
        told.push(...items.map(({ id }) => id));
        gone.push(...deleted);
        after = next;
      } while (after !== undefined);
      assert.deepEqual(told.toSorted(), ids.slice(0, 20).toSorted());
      assert.deepEqual(gone.toSorted(), ids.slice(20).toSorted());
    }));
});

describe('the words of Twenty', () => {
  it('decide what a status means', async () => {
    for (const [answer, kind, more] of [
      [refusal('Missing authentication token', 403), 'unauthorized', undefined],
      [refusal('Permission denied', 403), 'forbidden', undefined],
      [refusal('Token has expired.', 401), 'unauthorized', undefined],
      [refusal('Limit reached (100 tokens per 60000 ms)', 429), 'throttled', 60_000],
      [refusal('Too many.', 429), 'throttled', undefined],
      [refusal('Connection terminated unexpectedly'), 'transient', undefined],
      [refusal(`'filter' invalid. 1 close bracket is missing in the query`), 'rejected', undefined],
    ] as const) {
      const list = answered({ 'GET /rest/people': answer }, (people) => people.list({ limit: 1 }));
      const failure = await failureOf(list);
      assert.deepEqual([failure.kind, failure.retryAfterMs], [kind, more]);
    }
  });
});
