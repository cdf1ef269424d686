/** Answers that the emulator never gives: an older or newer HubSpot, a proxy, somebody else's server. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import {
  VendorError,
  type Collection,
  type ItemChange,
} from '../../../runtime/connectors/connector.ts';
import { errorOf, failureOf } from '../scene.ts';
import {
  answered,
  answering,
  batch,
  endsOf,
  MARKED,
  object,
  Reply,
  type Answers,
  type Asked,
} from './practice.ts';

const creates: readonly ItemChange[] = ['a', 'b', 'c'].map((name) => ({
  op: 'create',
  raw: { email: `${name}@x.test` },
}));
const updates: readonly ItemChange[] = ['1', '2', '3'].map((id) => ({
  op: 'update',
  id,
  raw: { firstname: 'Anna' },
}));

interface Call {
  readonly end: string;
  readonly answer: unknown;
  readonly ask: (items: Collection) => Promise<unknown>;
  readonly writes?: boolean;
}

/** Every call, and an answer that is understood. */
const calls: Readonly<Record<string, Call>> = {
  list: {
    end: 'GET /crm/objects/2026-09/contacts',
    answer: { results: [], paging: { next: { after: '512' } } },
    ask: (items) => items.list({ limit: 1 }),
  },
  changes: {
    end: '/search',
    answer: { total: 0, results: [], paging: { next: { after: '1' } } },
    ask: (items) => items.changes!({ since: 0, limit: 1 }),
  },
  read: {
    end: 'contacts/batch/read',
    answer: batch([object('1')]),
    ask: (items) => items.read(['1']),
  },
  find: {
    end: 'contacts/batch/read',
    answer: batch([object('1', { email: 'a@x.test' })]),
    ask: (items) => items.find!('email', ['a@x.test']),
  },
  create: {
    end: '/batch/create',
    answer: batch([object('1')]),
    ask: (items) => items.write([creates[0]!]),
    writes: true,
  },
  update: {
    end: '/batch/update',
    answer: batch([object('1')]),
    ask: (items) => items.write([updates[0]!]),
    writes: true,
  },
};

describe('the connector for HubSpot, when it is answered with', () => {
  for (const [name, { end, answer, ask, writes = false }] of Object.entries(calls)) {
    it(`anything at all to a ${name}, understands it or says so`, async () => {
      await answered({ [end]: answer }, ask);
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.jsonValue(), damaged(answer)), async (json) => {
          const error = await answered({ [end]: json, 'contacts/1': new Reply(404, {}) }, ask).then(
            () => undefined,
            (failure: unknown) => failure,
          );
          if (error === undefined) return;
          assert.ok(error instanceof VendorError, inspect(error));
          assert.equal(error.mayHaveLanded, writes && error.kind === 'broken');
        }),
        { numRuns: 100, seed: 1 },
      );
    });

    it(`an error page to a ${name}, says what it could be`, async () => {
      for (const [status, kind] of [
        [502, 'transient'],
        [521, 'transient'],
        [477, 'transient'],
        [414, 'tooLarge'],
        [403, 'forbidden'],
      ] as const) {
        const failure = await failureOf(answered({ [end]: new Reply(status, undefined) }, ask));
        assert.deepEqual([failure.kind, failure.mayHaveLanded], [kind, writes && status > 499]);
      }
    });
  }

  for (const [title, answer] of [
    ['a batch that is under way', { ...batch([object('1')]), status: 'PROCESSING' }],
    ['an item without an id', batch([{ ...object('1'), id: '' }])],
    ['a time that is none', batch([{ ...object('1'), updatedAt: 'yesterday' }])],
    ['a value that is no text', batch([{ ...object('1'), properties: { email: 7 } }])],
    ['an error nobody can explain', batch([], [{ category: 'FULL_MOON', message: 'Howl.' }])],
  ] as const) {
    it(`${title}, says that nobody understands that`, async () => {
      const read = answered({ 'contacts/batch/read': answer }, (items) => items.read(['1']));
      assert.equal((await failureOf(read)).kind, 'broken');
    });
  }

  it('a page that leads to itself, does not go in circles', async () => {
    const answers = {
      'GET /crm/objects/2026-09/contacts': { results: [], paging: { next: { after: '7' } } },
    };
    const list = answered(answers, (items) => items.list({ limit: 1, after: '7' }));
    assert.equal((await failureOf(list)).kind, 'broken');
  });
});

describe('a batch of HubSpot', () => {
  const create = (answer: unknown, changes = creates) =>
    answered({ '/batch/create': answer }, (items) => items.write(changes));
  const update = (answer: unknown, changes = updates) =>
    answered({ '/batch/update': answer }, (items) => items.write(changes));
  const traced = (id: string, trace: string) => ({ ...object(id), objectWriteTraceId: trace });

  it('that comes back in another order is told by what each input was called', async () => {
    const results = [traced('93', 't2'), traced('91', 't0'), traced('92', 't1')];
    assert.deepEqual(endsOf(await create(batch(results))), ['done 91', 'done 92', 'done 93']);
  });

  it('that says that all is well is looked through for refusals, whatever its status', async () => {
    const nope = {
      status: 'error',
      category: 'VALIDATION_ERROR',
      message: invalid('nope', 'PROPERTY_DOESNT_EXIST', 'Property "nope" does not exist'),
      context: { objectWriteTraceId: ['t1'] },
    };
    for (const status of [200, 201, 207]) {
      const answer = new Reply(status, batch([traced('93', 't2'), traced('91', 't0')], [nope]));
      const outcomes = await create(answer);
      assert.deepEqual(endsOf(outcomes), ['done 91', 'rejected', 'done 93']);
      const { path, mayHaveLanded, message } = errorOf(outcomes[1]);
      assert.deepEqual([path, mayHaveLanded], ['nope', false]);
      assert.match(
        message,
        /because of "nope" \(PROPERTY_DOESNT_EXIST Property "nope" does not exist\)/,
      );
    }
  });

  it('that does not name an input which it refused takes nothing for certain', async () => {
    const stray = { category: 'VALIDATION_ERROR', message: 'something is wrong' };
    const one = await create(batch([traced('93', 't2'), traced('91', 't0')], [stray]));
    assert.deepEqual(endsOf(one), ['done 91', 'rejected', 'done 93']);
    const two = await create(batch([traced('93', 't2')], [stray]));
    assert.deepEqual(endsOf(two), ['transient', 'transient', 'done 93']);
    assert.equal(errorOf(two[0]).mayHaveLanded, true);
    const silent = await create(batch([traced('93', 't2')]));
    assert.deepEqual(endsOf(silent), ['broken', 'broken', 'done 93']);
    assert.equal(errorOf(silent[0]).mayHaveLanded, true);
  });

  it('with a complaint that is new takes nothing for certain', async () => {
    const errors = [
      { category: 'FULL_MOON', message: 'Howl.', context: { objectWriteTraceId: ['t0'] } },
    ];
    const { kind, mayHaveLanded, message } = errorOf(
      (await create(batch([], errors), [creates[0]!]))[0],
    );
    assert.deepEqual([kind, mayHaveLanded], ['broken', true]);
    assert.match(
      message,
      /refused to create an item of contacts in account 'Sales' \(FULL_MOON Howl\.\)/,
    );
  });

  it('passes over what was merged, or answers with what became of it', async () => {
    const dropped = await update(batch([object('1'), object('3')]));
    assert.deepEqual(endsOf(dropped), ['done 1', 'missing', 'done 3']);
    const merged = await update(batch([traced('1', 't0'), traced('9', 't1'), traced('3', 't2')]));
    assert.deepEqual(endsOf(merged), ['done 1', 'missing', 'done 3']);
    for (const outcomes of [dropped, merged])
      assert.equal(errorOf(outcomes[1]).mayHaveLanded, true);
    const gone = { category: 'OBJECT_NOT_FOUND', message: 'no such', context: { ids: ['2'] } };
    const told = await update(batch([object('1'), object('3')], [gone]));
    assert.deepEqual([endsOf(told)[1], errorOf(told[1]).mayHaveLanded], ['missing', false]);
  });

  it('names the contact that has the address already', async () => {
    const conflict = {
      status: 'error',
      message: 'Contact already exists. Existing ID: 6001',
      category: 'CONFLICT',
    };
    const [outcome] = await create(new Reply(409, conflict), [creates[0]!]);
    const { kind, path, mayHaveLanded } = errorOf(outcome);
    assert.deepEqual([kind, path, mayHaveLanded], ['duplicate', 'email', false]);
    assert.ok(outcome?.kind === 'failed');
    assert.equal(outcome.existing, '6001');
  });

  it('names the item that has a unique value already', async () => {
    const message =
      'Cannot set PropertyValueCoordinates{portalId=1, objectTypeId=0-1, propertyName=ext_id, value=abc} on 111. 222 already has that value.';
    const errors = [{ category: 'VALIDATION_ERROR', message, context: { ids: ['1'] } }];
    const [outcome] = await update(batch([], errors), [updates[0]!]);
    assert.ok(outcome?.kind === 'failed');
    const { error, existing } = outcome;
    assert.deepEqual([error.kind, error.path, existing], ['duplicate', 'ext_id', '222']);
  });

  it('that two write at once is tried again', async () => {
    const busy = new Reply(409, { message: 'Conflicting writes.', category: 'CONFLICT' });
    assert.deepEqual(endsOf(await update(busy, [updates[0]!])), ['transient']);
  });

  it('that is refused as a whole fails as a whole, unless it was of one', async () => {
    const message = invalid('lifecyclestage', 'INVALID_OPTION', 'green was not one of the options');
    const refusal = new Reply(400, { status: 'error', message, category: 'VALIDATION_ERROR' });
    const failure = await failureOf(update(refusal));
    assert.deepEqual(
      [failure.kind, failure.path, failure.mayHaveLanded],
      ['rejected', 'lifecyclestage', false],
    );
    assert.match(failure.message, /refused to update 3 items of contacts/);
    const [outcome] = await update(refusal, [updates[0]!]);
    assert.equal(errorOf(outcome).path, 'lifecyclestage');
  });

  it('names the property also when its list was cut off, or stands apart', async () => {
    const cut = invalid('lifecyclestage', 'INVALID_OPTION', 'green').slice(0, -2);
    const apart = {
      message: 'It is not valid.',
      errors: [
        { code: 'INVALID_OPTION', message: 'green', context: { propertyName: ['lifecyclestage'] } },
      ],
    };
    for (const body of [{ message: cut }, apart]) {
      const [outcome] = await update(new Reply(400, { category: 'VALIDATION_ERROR', ...body }), [
        updates[0]!,
      ]);
      assert.equal(errorOf(outcome).path, 'lifecyclestage');
    }
  });

  it('that was forbidden names the permission that is missing', async () => {
    const scopes = { requiredGranularScopes: ['crm.objects.contacts.write'] };
    const body = {
      category: 'MISSING_SCOPES',
      message: 'Not granted.',
      errors: [{ message: '', context: scopes }],
    };
    const { kind, message } = await failureOf(update(new Reply(403, body)));
    assert.equal(kind, 'forbidden');
    assert.match(message, /MISSING_SCOPES Not granted\. crm\.objects\.contacts\.write/);
  });

  it('is empty texts where something is cleared, and texts for all else', async () => {
    const raw = { email: null, firstname: 'Anna', age: 7, vip: false };
    await answering({ '/batch/update': batch([object('1')]) }, async (account, asked) => {
      await (await account.collection('contacts')).write([{ op: 'update', id: '1', raw }]);
      const { inputs } = asked.at(-1)!.body as { inputs: readonly unknown[] };
      const properties = { email: '', firstname: 'Anna', age: '7', vip: 'false' };
      assert.deepEqual(inputs, [{ id: '1', properties, objectWriteTraceId: 't0' }]);
    });
  });
});

describe('a create in HubSpot', () => {
  it('finds by its marker what was made before, where the marker is unique', () =>
    answering(
      {
        ...MARKED,
        '/batch/upsert': batch([{ ...object('7', { tributary_marker: 'm' }), new: false }]),
      },
      async (account, asked) => {
        const contacts = await account.collection('contacts');
        assert.deepEqual(
          [contacts.can.create, contacts.can.marker],
          ['upsert', 'tributary_marker'],
        );
        const outcomes = await contacts.write([
          { op: 'create', raw: { email: 'a@x.test' }, marker: 'm' },
        ]);
        assert.deepEqual(endsOf(outcomes), ['done 7']);
        const { inputs } = asked.at(-1)!.body as { inputs: readonly unknown[] };
        const properties = { email: 'a@x.test', tributary_marker: 'm' };
        const expected = {
          id: 'm',
          idProperty: 'tributary_marker',
          properties,
          objectWriteTraceId: 't0',
        };
        assert.deepEqual(inputs, [expected]);
      },
    ));

  it('is searched by its marker where others may have it too, and by nothing else without one', async () => {
    for (const [known, create] of [
      [[{ name: 'tributary_marker', type: 'string' }], 'marker'],
      [[{ name: 'tributary_marker', type: 'string', calculated: true }], 'naturalKey'],
      [[], 'naturalKey'],
    ] as const) {
      const answers = { '/properties/2026-09/contacts': { results: known } };
      assert.equal((await answered(answers, async ({ can }) => can)).create, create);
    }
  });

  it('that fails after another one of its batch was made may have landed in part', async () => {
    const answers = {
      ...MARKED,
      '/batch/upsert': batch([object('7', { tributary_marker: 'm' })]),
      '/batch/create': new Reply(429, { message: 'You have reached your daily limit.' }),
    };
    const both = [{ ...creates[0]!, marker: 'm' }, ...creates.slice(1)];
    const failure = await failureOf(answered(answers, (items) => items.write(both)));
    assert.deepEqual([failure.kind, failure.mayHaveLanded], ['throttled', true]);
  });
});

describe('a delete in HubSpot', () => {
  const MERGED = { ...object('9'), properties: { hs_merged_object_ids: '1;2' } };

  it('is only of what is there under its own id, and tells what is not', async () => {
    const deletes = ['1', '3', '4', '5'].map((id) => ({ op: 'delete', id }) as const);
    const answers: Answers = {
      'contacts/batch/read': ({ query }: Asked) =>
        batch(query.get('archived') === 'true' ? [object('4')] : [MERGED, object('3')]),
      'contacts/5': new Reply(404, { message: 'resource not found', category: 'OBJECT_NOT_FOUND' }),
      'batch/archive': new Reply(204, undefined),
    };
    await answering(answers, async (account, asked) => {
      const outcomes = await (await account.collection('contacts')).write(deletes);
      assert.deepEqual(endsOf(outcomes), ['missing', 'done 3', 'done 4', 'missing']);
      assert.match(errorOf(outcomes[0]).message, /merged into 9/);
      assert.deepEqual(asked.at(-1)!.body, { inputs: [{ id: '3' }] });
    });
  });

  it('cannot be taken back from here', async () => {
    const [outcome] = await answered({}, (items) => items.write([{ op: 'restore', id: '1' }]));
    assert.equal(errorOf(outcome).kind, 'rejected');
  });
});

function invalid(name: string, error: string, message: string): string {
  const list = [{ isValid: false, message, error, name }];
  return `Property values were not valid: ${JSON.stringify(list)}`;
}

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
