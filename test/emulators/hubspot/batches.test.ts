import assert from 'node:assert/strict';
import { CONTACTS, idsIn, practice, type Json } from './practice.ts';

const V3 = '/crm/v3/objects/contacts';

describe('batches of HubSpot', () => {
  it('create records and answer them in another order, with their trace', async () => {
    const { ask } = practice();
    const inputs = Array.from({ length: 20 }, (_, index) => ({
      properties: { email: `a${index}@x.test` },
      objectWriteTraceId: `t${index}`,
    }));
    const { status, body } = await ask('POST', `${CONTACTS}/batch/create`, { inputs });
    assert.deepEqual([status, body.status], [201, 'COMPLETE']);
    const traces = (body.results as Json[]).map((one) => one.objectWriteTraceId as string);
    assert.notDeepEqual(
      traces,
      inputs.map((one) => one.objectWriteTraceId),
    );
    for (const { properties, objectWriteTraceId } of body.results as Json[]) {
      assert.equal(properties.email, `${(objectWriteTraceId as string).replace('t', 'a')}@x.test`);
    }
    assert.equal(Object.hasOwn(body as object, 'numErrors'), false);
  });

  it('fail as a whole with the first duplicate, when there are no traces', async () => {
    const { ask, hands } = practice();
    hands.create('contacts', { email: 'b@x.test' });
    const inputs = ['a', 'b', 'c'].map((one) => ({ properties: { email: `${one}@x.test` } }));
    const { status, body } = await ask('POST', `${V3}/batch/create`, { inputs });
    assert.deepEqual([status, body.message], [409, 'Contact already exists. Existing ID: 101']);
    assert.equal(hands.items('contacts').length, 1);
  });

  for (const [path, expected] of [
    [V3, 207],
    [CONTACTS, 201],
  ] as const) {
    it(`store what is good when every input has a trace, and answer ${expected} at ${path}`, async () => {
      const { ask, hands } = practice();
      hands.create('contacts', { email: 'b@x.test' });
      const inputs = [
        { properties: { email: 'a@x.test' }, objectWriteTraceId: 't1' },
        { properties: { firstname: 'A', nope: '1' }, objectWriteTraceId: 't2' },
        { properties: { email: 'b@x.test' }, objectWriteTraceId: 't3' },
      ];
      const { status, body } = await ask('POST', `${path}/batch/create`, { inputs });
      assert.equal(status, expected);
      assert.deepEqual(
        (body.results as Json[]).map((one) => one.objectWriteTraceId),
        ['t1'],
      );
      assert.equal(body.numErrors, 2);
      assert.deepEqual(
        (body.errors as Json[]).map(({ category, context }) => [category, context]),
        [
          ['VALIDATION_ERROR', { objectWriteTraceId: ['t2'] }],
          ['CONFLICT', { objectWriteTraceId: ['t3'] }],
        ],
      );
    });
  }

  it('update by id or a unique property, never by the address', async () => {
    const fields = [{ path: 'ext_id', type: 'text', unique: true }] as const;
    const { ask, hands } = practice({ properties: { contacts: fields } });
    hands.create('contacts', { email: 'a@x.test', ext_id: 'k1' });
    const update = (id: string, idProperty?: string) =>
      ask('POST', `${V3}/batch/update`, {
        inputs: [{ id, idProperty, properties: { firstname: id } }],
      });
    assert.equal((await update('101')).status, 200);
    assert.deepEqual(idsIn((await update('k1', 'ext_id')).body), ['101']);
    const refused = await update('a@x.test', 'email');
    assert.equal(refused.status, 400);
    assert.match(refused.body.message as string, /non-unique 0-1 property/);
    const unknown = await update('999');
    assert.equal(unknown.status, 207);
    assert.deepEqual(unknown.body.errors[0].context, { ids: ['999'] });
  });

  it('upsert by the address that comes first, and tell what is new', async () => {
    const { ask, hands } = practice();
    hands.create('contacts', { email: 'a@x.test', hs_additional_emails: ['more@x.test'] });
    const upsert = (...ids: string[]) =>
      ask('POST', `${CONTACTS}/batch/upsert`, {
        inputs: ids.map((id) => ({ id, idProperty: 'email', properties: { firstname: 'Z' } })),
      });
    const { status, body } = await upsert('A@x.test', 'b@x.test');
    assert.equal(status, 200);
    assert.deepEqual(
      (body.results as Json[])
        .map((one) => [one.properties.hs_object_id, one.new])
        .toSorted(([one], [other]) => Number(one) - Number(other)),
      [
        ['101', false],
        ['102', true],
      ],
    );
    assert.equal(hands.item('contacts', '102')!.fields['email'], 'b@x.test');
    assert.equal((await upsert('more@x.test')).status, 409);
  });

  it('archive without telling what there was', async () => {
    const { ask, hands } = practice();
    hands.create('contacts', { firstname: 'A' });
    const { status, body } = await ask('POST', `${CONTACTS}/batch/archive`, {
      inputs: [{ id: '101' }, { id: '999' }],
    });
    assert.deepEqual([status, body], [204, '']);
    assert.equal(hands.item('contacts', '101')!.archived, true);
  });

  it('have a hundred inputs at most, one at least, and none twice', async () => {
    const { ask, hands } = practice();
    hands.create('contacts', { firstname: 'A' });
    const status = async (inputs: unknown): Promise<number> =>
      (await ask('POST', `${CONTACTS}/batch/update`, { inputs })).status;
    const one = { id: '101', properties: { firstname: 'B' } };
    assert.equal(await status([]), 400);
    assert.equal(await status(Array.from({ length: 101 }, () => one)), 400);
    assert.equal(await status([one, one]), 400);
    assert.equal(await status([one]), 200);
  });

  it('may pass in silence over what was merged away', async () => {
    const { ask, hands } = practice();
    const seen = new Set<number>();
    for (let round = 0; round < 20; round += 1) {
      const [winner, loser] = ['A', 'B'].map((firstname) =>
        hands.create('contacts', { firstname }),
      );
      const left = hands.merge('contacts', loser!, winner!);
      const body = { inputs: [{ id: loser }], properties: [] };
      const read = await ask('POST', `${CONTACTS}/batch/read`, body);
      assert.equal(read.body.errors, undefined);
      seen.add(read.body.results.length as number);
      if (read.body.results.length === 1) assert.deepEqual(idsIn(read.body), [left]);
    }
    assert.deepEqual(seen, new Set([0, 1]));
  });

  it('leave out or fail for a record that is locked', async () => {
    const busy = practice({}, () => ({ kind: 'busy', items: [1] }));
    const inputs = ['a', 'b'].map((one) => ({ properties: { firstname: one } }));
    const whole = await busy.ask('POST', `${CONTACTS}/batch/create`, { inputs });
    assert.deepEqual([whole.status, busy.hands.items('contacts').length], [423, 0]);
    const traced = inputs.map((one, index) => ({ ...one, objectWriteTraceId: `t${index}` }));
    const partial = await busy.ask('POST', `${CONTACTS}/batch/create`, { inputs: traced });
    assert.deepEqual([partial.status, partial.body.numErrors], [201, 1]);
    assert.equal(busy.hands.items('contacts').length, 1);
  });
});
