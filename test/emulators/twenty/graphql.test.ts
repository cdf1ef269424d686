import assert from 'node:assert/strict';
import { practice, type Json, type Practice } from './practice.ts';

describe('GraphQL of Twenty', () => {
  it('finds records in every object by the beginnings of words', async () => {
    const { hands, graph } = practice();
    const id = hands.create('people', { name: { firstName: 'Ada', lastName: 'Byron' } });
    hands.create('companies', { name: 'Adalbert' });
    const document = `query($text: String!, $only: [String!]) {
      search(searchInput: $text, limit: 10, includedObjectNameSingulars: $only) {
        edges { node { recordId label objectNameSingular } cursor }
        pageInfo { hasNextPage endCursor }
      }
    }`;
    const all = await graph('/graphql', document, { text: 'ada' });
    assert.deepEqual(
      all.body.data.search.edges.map(({ node }: Json) => node.label),
      ['Ada Byron', 'Adalbert'],
    );
    const one = await graph('/graphql', document, { text: 'ada byr', only: ['person'] });
    assert.deepEqual(one.body.data.search.edges[0].node, {
      recordId: id,
      label: 'Ada Byron',
      objectNameSingular: 'person',
    });
  });

  it('reads lists with filters, orders, cursors and relations', async () => {
    const { hands, graph } = practice();
    const companyId = hands.create('companies', { name: 'Acme' });
    for (const city of ['Eger', 'Pécs', 'Győr']) hands.create('people', { city, companyId });
    const { body } = await graph(
      '/graphql',
      `{ people(filter: {or: [{city: {eq: "Eger"}}, {city: {like: "P%"}}]}, orderBy: [{city: DescNullsLast}], first: 1) {
        edges { node { city company { name people { totalCount } } __typename } }
        pageInfo { hasNextPage } totalCount } }`,
    );
    assert.deepEqual(body.data.people, {
      edges: [
        {
          node: {
            city: 'Pécs',
            company: { name: 'Acme', people: { totalCount: 3 } },
            __typename: 'Person',
          },
        },
      ],
      pageInfo: { hasNextPage: true },
      totalCount: 2,
    });
  });

  it('deletes where REST destroys, and destroys when told to', async () => {
    const given = practice();
    const id = given.hands.create('people', {});
    const deleted = await done(given, `deletePerson(id: "${id}") { id deletedAt }`);
    assert.notEqual(deleted.deletePerson.deletedAt, null);
    assert.equal(given.hands.item('people', id)?.archived, true);
    const back = await done(given, `restorePerson(id: "${id}") { deletedAt }`);
    assert.equal(back.restorePerson.deletedAt, null);
    await done(given, `destroyPeople(filter: {id: {in: ["${id}"]}}) { id }`);
    assert.equal(given.hands.item('people', id), undefined);
  });

  it('creates, upserts, updates and merges', async () => {
    const given = practice();
    const made = await done(
      given,
      `createPeople(data: [{city: "Eger"}, {emails: {primaryEmail: "A@b.example"}}]) { id emails { primaryEmail } }`,
    );
    const [one, other] = made.createPeople;
    assert.equal(other.emails.primaryEmail, 'a@b.example');
    const upserted = await done(
      given,
      `createPerson(data: {emails: {primaryEmail: "a@b.example"}, city: "Pécs"}, upsert: true) { id }`,
    );
    assert.equal(upserted.createPerson.id, other.id);
    const ids = `["${one.id}", "${other.id}"]`;
    const merged = await done(
      given,
      `updatePerson(id: "${one.id}", data: {jobTitle: "CEO"}) { jobTitle }
       mergePeople(ids: ${ids}, conflictPriorityIndex: 1) { id jobTitle city }`,
    );
    assert.deepEqual(merged, {
      updatePerson: { jobTitle: 'CEO' },
      mergePeople: { id: other.id, jobTitle: 'CEO', city: 'Pécs' },
    });
  });

  it('answers 200 with errors, and carries out nothing of a document that is wrong', async () => {
    const { hands, graph } = practice();
    for (const [document, text, code] of [
      ['{ people { edges ', /^Syntax Error/, 'GRAPHQL_PARSE_FAILED'],
      ['{ people { nick } }', /Cannot query field "nick"/, 'GRAPHQL_VALIDATION_FAILED'],
      [
        '{ planets { id } }',
        /Cannot query field "planets" on type "Query"/,
        'GRAPHQL_VALIDATION_FAILED',
      ],
      ['{ people { edges } }', /must have a selection/, 'GRAPHQL_VALIDATION_FAILED'],
      [
        '{ people(limit: 1) { totalCount } }',
        /Unknown argument "limit"/,
        'GRAPHQL_VALIDATION_FAILED',
      ],
      ['{ person { id } }', /argument "filter" is required/, 'GRAPHQL_VALIDATION_FAILED'],
      [
        '{ __schema { types { name } } }',
        /introspection has been disabled/,
        'GRAPHQL_VALIDATION_FAILED',
      ],
      ['mutation { createPerson(data: {}) { id nick } }', /nick/, 'GRAPHQL_VALIDATION_FAILED'],
      [
        `{ ${'a: people { totalCount } '.repeat(21)} }`,
        /root resolvers/,
        'GRAPHQL_VALIDATION_FAILED',
      ],
    ] as const) {
      const { status, body } = await graph('/graphql', document);
      assert.equal(status, 200);
      assert.match(body.errors[0].message, text);
      assert.equal(body.errors[0].extensions.code, code);
      assert.equal(body.data, undefined);
    }
    assert.deepEqual(hands.items('people'), []);
    const missing = await graph('/graphql', '{ person(filter: {city: {eq: "x"}}) { id } }');
    assert.equal(missing.body.errors[0].extensions.code, 'NOT_FOUND');
    assert.equal(missing.body.data.person, null);
    const unknown = await graph('/graphql', 'mutation { createPerson(data: {nick: 1}) { id } }');
    assert.equal(unknown.body.errors[0].extensions.code, 'BAD_USER_INPUT');
  });

  it('changes the metadata, with fragments and variables', async () => {
    const { graph, made } = practice();
    const listed = await graph(
      '/metadata',
      `query { objects(paging: {first: 100}) { edges { node { ...Names } } } }
       fragment Names on Object { id nameSingular fieldsList { name } }`,
    );
    const nodes = listed.body.data.objects.edges.map(({ node }: Json) => node);
    const person = nodes.find(({ nameSingular }: Json) => nameSingular === 'person');
    const field = { objectMetadataId: person.id, type: 'TEXT', name: 'nick', label: 'Nick' };
    const { body } = await graph(
      '/metadata',
      'mutation($input: CreateOneFieldMetadataInput!) { createOneField(input: $input) { id name } }',
      { input: { field } },
    );
    assert.equal(body.data.createOneField.name, 'nick');
    assert.equal((await made('people', { nick: 'Countess' })).nick, 'Countess');
    const { id } = body.data.createOneField;
    await graph('/metadata', `mutation { deleteOneField(input: {id: "${id}"}) { id } }`);
    const hook = await graph(
      '/metadata',
      'mutation { createWebhook(input: {targetUrl: "https://a.example", operations: ["*.*"]}) { id } }',
    );
    const update = `mutation { updateWebhook(input: {id: "${hook.body.data.createWebhook.id}", update: {operations: ["note.*"]}}) { operations } }`;
    const changed = await graph('/metadata', update);
    assert.deepEqual(changed.body.data.updateWebhook.operations, ['note.*']);
  });
});

async function done({ graph }: Practice, mutations: string): Promise<Json> {
  const { body } = await graph('/graphql', `mutation { ${mutations} }`);
  assert.equal(body.errors, undefined, JSON.stringify(body.errors));
  return body.data;
}
