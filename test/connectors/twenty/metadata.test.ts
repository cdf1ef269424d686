/** The description of a workspace, and the fields that are made for us. */
import assert from 'node:assert/strict';
import type { WantedField } from '../../../runtime/connectors/connector.ts';
import { nameFor } from '../../../runtime/connectors/twenty/metadata.ts';
import { failureOf } from '../scene.ts';
import { answered, field, OBJECTS, practising, refusal } from './practice.ts';

const MARKER: WantedField = {
  name: 'tributary_marker',
  title: 'Tributary',
  type: 'text',
  unique: true,
};

describe('the fields of Twenty', () => {
  it('are shown by their parts, with what may be in them', () =>
    answered({}, async ({ fields, can }) => {
      const known = new Map(fields.map((one) => [one.path, one]));
      assert.deepEqual(known.get('emails.primaryEmail'), {
        path: 'emails.primaryEmail',
        title: 'The emails: primaryEmail',
        type: 'TEXT',
        unique: true,
      });
      assert.deepEqual(known.get('companyId'), {
        path: 'companyId',
        title: 'The company',
        type: 'reference',
      });
      assert.deepEqual(known.get('grade')?.options, ['A']);
      assert.deepEqual(
        [known.get('id')?.readOnly, known.get('jobTitle')?.readOnly],
        [true, undefined],
      );
      assert.ok(!known.has('noteTargetsId') && !known.has('searchVector'));
      assert.deepEqual(can.uniquePaths, ['emails.primaryEmail']);
    }));

  it('are read from every page, whichever form they come in', async () => {
    const [people] = OBJECTS;
    const info = { hasNextPage: true, endCursor: 'next' };
    const first = { ...people, id: 'x', namePlural: 'pets', nameSingular: 'pet' };
    for (const wrap of [
      (objects: unknown[]) => ({ data: { objects } }),
      (objects: unknown[]) => ({ data: objects }),
    ]) {
      let looked = 0;
      const answers = {
        'GET /rest/metadata/objects': ({ query }: { query: URLSearchParams }) => {
          looked += 1;
          const isFirst = !query.has('starting_after');
          return { ...wrap([isFirst ? first : people]), ...(isFirst && { pageInfo: info }) };
        },
      };
      assert.equal(await answered(answers, async ({ name }) => name), 'people');
      assert.equal(looked, 4);
    }
  });

  it('cannot be told of what nobody knows', async () => {
    const { kind, message } = await failureOf(
      answered({ 'GET /rest/metadata/objects': [] }, async () => undefined),
    );
    assert.equal(kind, 'missing');
    assert.match(message, /Check the name of the collection/);
  });
});

describe('a field for us in Twenty', () => {
  it('is called as Twenty calls fields', () => {
    for (const [name, its] of [
      ['contact_id', 'contactId'],
      ['llm_context', 'llmContext'],
      ['tributaryMarker', 'tributaryMarker'],
      ['Ai__insights_', 'aiInsights'],
    ] as const) {
      assert.equal(nameFor(name), its);
    }
  });

  it('is made once, and makes creates repeatable', () =>
    practising(async ({ account, asked }) => {
      for (const name of ['people', 'companies', 'opportunities', 'tasks', 'notes']) {
        const before = await account.collection(name);
        assert.equal(before.can.create, 'naturalKey');
        const made = await before.ensureField!(MARKER);
        assert.deepEqual(await before.ensureField!(MARKER), made);
        assert.deepEqual([made.path, made.type, made.unique], ['tributaryMarker', 'TEXT', true]);
        assert.equal((await account.collection(name)).can.create, 'upsert');
      }
      assert.equal(asked.filter(({ method }) => method === 'POST').length, 5);
    }));

  it('can be of every sort that is asked for', () =>
    practising(async ({ account }) => {
      const people = await account.collection('people');
      const types = ['text', 'longText', 'number', 'boolean', 'date', 'time', 'json'] as const;
      for (const type of types) {
        const { path } = await people.ensureField!({ name: `our_${type}`, title: type, type });
        assert.equal(path, nameFor(`our_${type}`));
      }
    }));

  it('is refused where there is another one of that name that cannot take its place', async () => {
    for (const other of [
      field('tributaryMarker', 'NUMBER'),
      field('tributaryMarker', 'EMAILS'),
      field('tributaryMarker'),
    ]) {
      const objects = [{ ...OBJECTS[0], fields: [other] }];
      const answers = { 'GET /rest/metadata/objects': objects };
      const failure = await failureOf(answered(answers, (people) => people.ensureField!(MARKER)));
      assert.equal(failure.kind, 'rejected');
      assert.match(failure.message, /cannot hold a unique TEXT of people/);
    }
  });

  it('that Twenty refuses is told with its words, unless somebody else has just made it', async () => {
    const wanted = { name: 'plan', title: 'Plan', type: 'text' } as const;
    const words = 'Name "plan" is not available as it is already used by another field';
    const answers = { 'POST /rest/metadata/fields': refusal(words) };
    const { kind, message } = await failureOf(
      answered(answers, (people) => people.ensureField!(wanted)),
    );
    assert.equal(kind, 'rejected');
    assert.match(message, /make the field "plan" of people.*not available/);
    let looked = 0;
    const raced = {
      ...answers,
      'GET /rest/metadata/objects': () => {
        looked += 1;
        const fields = looked > 3 ? [field('plan')] : [];
        return [{ ...OBJECTS[0], fields }];
      },
    };
    assert.equal((await answered(raced, (people) => people.ensureField!(wanted))).path, 'plan');
  });
});
