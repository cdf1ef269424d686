/** Logins, limits and permissions of a workspace of Twenty, and what a person fills in. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { VendorError, type Collection } from '../../../runtime/connectors/connector.ts';
import { twenty } from '../../../runtime/connectors/twenty/twenty.ts';
import {
  answered,
  answering,
  idOf,
  NOW,
  OBJECTS,
  page,
  person,
  practising,
  refusal,
  Reply,
  TOKEN,
} from './practice.ts';

describe('the configuration of Twenty', () => {
  const { config } = twenty;
  const isFine = (filled: object) => config.safeParse(filled).success;

  it('takes a key, and has the rest by itself', () => {
    const { baseUrl, marker, callsPerMinute } = config.parse({ apiKey: TOKEN });
    assert.deepEqual(
      [baseUrl, marker, callsPerMinute],
      ['https://api.twenty.com', 'tributaryMarker', 45],
    );
    assert.ok(isFine({ apiKey: TOKEN, baseUrl: 'https://crm.example.com', title: 'Sales' }));
  });

  it('refuses what cannot work', () => {
    for (const wrong of [
      {},
      { apiKey: 'a b' },
      { apiKey: TOKEN, baseUrl: 'crm' },
      { apiKey: TOKEN, marker: 'my_marker' },
      { apiKey: TOKEN, callsPerMinute: 0 },
      { apiKey: TOKEN, other: 1 },
    ]) {
      assert.equal(isFine(wrong), false, JSON.stringify(wrong));
    }
  });

  it('knows where the key is looked for, and what nobody may see', () => {
    const { names, variables } = twenty.secretPlaces!['apiKey']!;
    assert.deepEqual(names.slice(0, 2), ['twenty-crm-api-key', 'twenty_api_key']);
    assert.deepEqual(variables, ['TWENTY_CRM_API_KEY', 'TWENTY_API_KEY']);
    assert.deepEqual(twenty.secrets, ['apiKey', 'hookSecret']);
  });
});

describe('an account of Twenty', () => {
  it('is called by its address, and shows its collections', async () => {
    const custom = {
      ...OBJECTS[0],
      id: 'c',
      nameSingular: 'pet',
      namePlural: 'pets',
      isCustom: true,
    };
    const hidden = { ...OBJECTS[0], id: 'd', nameSingular: 'view', namePlural: 'views' };
    const asleep = { ...custom, id: 'e', namePlural: 'cars', isActive: false };
    const answers = { 'GET /rest/metadata/objects': [asleep, hidden, custom, ...OBJECTS] };
    await answering(answers, async (account) => {
      assert.equal(account.title, 'Twenty api.twenty.com');
      assert.deepEqual(await account.collections!(), [
        { name: 'people', title: 'People' },
        { name: 'pets', title: 'People' },
      ]);
      assert.equal((await account.collection('views')).name, 'views');
      await assert.rejects(account.collection('cars'), { kind: 'missing' });
    });
  });

  it('tells its clock, where an answer shows it', () => {
    const date = new Date(NOW + 60_000).toUTCString();
    const answers = { 'GET /rest/metadata/objects': new Reply(200, OBJECTS, { date }) };
    return answering(answers, async ({ clockOffsetMs }) => {
      assert.ok(Math.abs(clockOffsetMs! - 60_000) <= 600, `${clockOffsetMs}`);
    });
  });

  it('asks no more often than a person allows, and never all at once', async () => {
    for (const [callsPerMinute, capacity, perMs] of [
      [45, 45, 60_000],
      [900, 90, 6_000],
    ] as const) {
      await answering(
        {},
        async ({ limits: [limit] }) => {
          assert.deepEqual([limit?.capacity, limit?.perMs], [capacity, perMs]);
        },
        { callsPerMinute },
      );
    }
  });

  it('says what a key may not do, without doing anything', () =>
    practising(
      async ({ account, hands, asked }) => {
        const id = hands.create('people', { jobTitle: 'x' });
        asked.length = 0;
        const missing = await account.missingScopes!(['people', 'companies', 'notes']);
        assert.deepEqual(missing, [
          'Edit records of noteTargets',
          'Edit records of people',
          'See records of companies',
        ]);
        assert.ok(asked.length <= 8);
        assert.equal(hands.item('people', id)?.fields['jobTitle'], 'x');
      },
      {
        account: {
          role: { denied: { people: ['update'], companies: ['read'], noteTargets: ['update'] } },
        },
      },
    ));

  it('that may not see how the workspace is made says so', () =>
    assert.rejects(
      answering(
        { 'GET /rest/metadata/objects': refusal('Entity permission denied', 403) },
        async () => undefined,
      ),
      { kind: 'forbidden' },
    ));
});

interface Call {
  readonly call: string;
  readonly answer: unknown;
  readonly ask: (items: Collection) => Promise<unknown>;
}

const calls: Readonly<Record<string, Call>> = {
  list: {
    call: 'GET /rest/people',
    answer: page([person(1)], 'x'),
    ask: (items) => items.list({ limit: 1 }),
  },
  changes: {
    call: 'GET /rest/people',
    answer: page([person(1)]),
    ask: (items) => items.changes!({ since: 0, limit: 1 }),
  },
  read: {
    call: 'GET /rest/people',
    answer: page([person(1)]),
    ask: (items) => items.read([idOf(1)]),
  },
  create: {
    call: 'POST /rest/batch/people',
    answer: { data: { createPeople: [person(1)] } },
    ask: (items) => items.write([{ op: 'create', raw: { jobTitle: 'x' } }]),
  },
  update: {
    call: `PATCH /rest/people/${idOf(1)}`,
    answer: { data: { updatePerson: person(1) } },
    ask: (items) => items.write([{ op: 'update', id: idOf(1), raw: { jobTitle: 'x' } }]),
  },
  delete: {
    call: 'DELETE /rest/people',
    answer: { data: { deletePeople: [{ id: idOf(1) }] } },
    ask: (items) => items.write([{ op: 'delete', id: idOf(1) }]),
  },
};

describe('the connector for Twenty, when it is answered with', () => {
  for (const [name, { call, answer, ask }] of Object.entries(calls)) {
    it(`anything at all to a ${name}, understands it or says so`, async () => {
      const others = { 'GET /rest/people': page([]) };
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.jsonValue(), damaged(answer)), async (json) => {
          const error = await answered({ ...others, [call]: json }, ask).then(
            () => undefined,
            (failure: unknown) => failure,
          );
          if (error !== undefined) assert.ok(error instanceof VendorError, inspect(error));
        }),
        { seed: 20261122, numRuns: 150 },
      );
    });
  }
});

/** The same with one spot in it replaced by something else. */
function damaged(answer: unknown): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.constantFrom(...spotsIn(answer)), fc.jsonValue())
    .map(([spot, value]) => replaced(answer, spot, value));
}

function spotsIn(json: unknown): (readonly string[])[] {
  if (typeof json !== 'object' || json === null) return [[]];
  const inside = Object.entries(json).flatMap(([name, member]) =>
    spotsIn(member).map((spot) => [name, ...spot]),
  );
  return [[], ...inside];
}

function replaced(json: unknown, [name, ...spot]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const member = (json as Readonly<Record<string, unknown>>)[name];
  const changed = replaced(member, spot, value);
  if (Array.isArray(json)) return json.with(Number(name), changed);
  return { ...(json as object), [name]: changed };
}
