import assert from 'node:assert/strict';
import type { ItemChange, Outcome } from '../../../runtime/connectors/connector.ts';
import { errorOf, failureOf } from '../scene.ts';
import { done, KEYS, person, refusal, requestsIn, type Answers, type Asked } from './practice.ts';

describe('a write to Pipedrive', () => {
  it('holds fields of the company apart, and nothing that was not given', async () => {
    const raw = {
      name: 'Zoë',
      org_id: null,
      [KEYS.choice]: 2,
      [KEYS.choices]: [],
      ['f'.repeat(40)]: 'of a field that is gone',
    };
    const change = { op: 'create', raw, marker: 'mark-1' } as const;
    const { asked } = await written('persons', change, { 'POST /api/v2/persons': person(7) });
    assert.deepEqual(asked[0]?.body, {
      name: 'Zoë',
      org_id: null,
      custom_fields: {
        [KEYS.choice]: 2,
        // An empty list is refused there.
        [KEYS.choices]: null,
        ['f'.repeat(40)]: 'of a field that is gone',
        [KEYS.marker]: 'mark-1',
      },
    });
  });

  it('answers with the item, its fields beside the others and blank entries left out', async () => {
    const emptied = [{ value: '', primary: true, label: 'work' }];
    const now = person(7, { phones: emptied, custom_fields: { [KEYS.marker]: 'mark-1' } });
    const change = { op: 'update', id: '7', raw: { phones: [] } } as const;
    const answers = { 'PATCH /api/v2/persons/7': now };
    const { outcome, asked } = await written('persons', change, answers);
    assert.deepEqual(asked[0]?.body, { phones: [] });
    assert.ok(outcome.kind === 'done');
    const { custom_fields: _own, ...members } = now as Record<string, unknown>;
    assert.deepEqual(outcome.item, {
      id: '7',
      raw: { ...members, phones: [], [KEYS.marker]: 'mark-1' },
      createdAt: Date.UTC(2026, 9, 1, 8),
      version: Date.UTC(2026, 9, 2, 8),
      changedAt: Date.UTC(2026, 9, 2, 8),
      marker: 'mark-1',
    });
    assert.equal(outcome.version, Date.UTC(2026, 9, 2, 8));
  });

  it('of nothing only looks whether the item is there', async () => {
    const change = { op: 'update', id: '7', raw: {} } as const;
    const there = await written('persons', change, { 'GET /api/v2/persons/7': person(7) });
    assert.deepEqual(requestsIn(there.asked), ['GET v2/persons/7']);
    assert.equal(there.outcome.kind, 'done');
    const missing = await written('persons', change, {});
    assert.equal(errorOf(missing.outcome).kind, 'missing');
  });

  it('makes the person of an activity its primary participant, and leaves the others', async () => {
    const bodyOf = async (change: ItemChange, participants: readonly object[]) => {
      const activity = { id: 7, subject: 'Call', participants };
      const answers = {
        'GET /api/v2/activities/7': activity,
        'PATCH /api/v2/activities/7': activity,
        'POST /api/v2/activities': activity,
      };
      return (await written('activities', change, answers)).asked.at(-1)?.body;
    };
    const one = { person_id: 1, primary: true };
    const two = { person_id: 2, primary: false };
    const three = { person_id: 3, primary: true };
    const to = (id: number | null): ItemChange => ({
      op: 'update',
      id: '7',
      raw: { person_id: id },
    });
    const rest = (each: object) => ({ ...each, primary: false });
    assert.deepEqual(await bodyOf(to(3), [one, two]), { participants: [three, rest(one), two] });
    assert.deepEqual(await bodyOf(to(2), [one, two]), {
      participants: [{ person_id: 2, primary: true }, rest(one)],
    });
    assert.deepEqual(await bodyOf(to(null), [one, two]), { participants: [two] });
    const made: ItemChange = { op: 'create', raw: { subject: 'Call', person_id: 3 } };
    assert.deepEqual(await bodyOf(made, [one]), { subject: 'Call', participants: [three] });
    const both = { op: 'update', id: '7', raw: { person_id: 3, participants: [two] } } as const;
    assert.deepEqual(await bodyOf(both, [one]), { participants: [three, two] });
  });

  it('speaks the older version to notes, which would pass over what it does not know', async () => {
    const note = { id: 7, content: 'x', active_flag: true, person: { name: 'Anna' } };
    const raw = { content: 'x', person_id: 3, pinned_to_person_flag: true };
    const { asked, outcome } = await written(
      'notes',
      { op: 'update', id: '7', raw },
      { 'PUT /api/v1/notes/7': note },
    );
    assert.deepEqual(asked[0]?.body, { content: 'x', person_id: 3, pinned_to_person_flag: 1 });
    assert.ok(outcome.kind === 'done');
    assert.deepEqual(outcome.item?.raw, { id: 7, content: 'x', active_flag: true });
    for (const op of ['create', 'update'] as const) {
      const change = { op, id: '7', raw: { ...raw, colour: 'red' } };
      const refused = await written('notes', change, {});
      assert.deepEqual(requestsIn(refused.asked), []);
      const { kind, path, mayHaveLanded } = errorOf(refused.outcome);
      assert.deepEqual([kind, path, mayHaveLanded], ['rejected', 'colour', false]);
    }
  });

  it('deletes what is there, and is content with what was deleted before', async () => {
    const change = { op: 'delete', id: '7' } as const;
    const first = await written('persons', change, { 'DELETE /api/v2/persons/7': { id: 7 } });
    assert.deepEqual(first.outcome, { kind: 'done', id: '7' });
    const again = await written('persons', change, {
      'GET /api/v2/persons/7': person(7, { is_deleted: true }),
    });
    assert.deepEqual(again.outcome, { kind: 'done', id: '7' });
    assert.equal(errorOf((await written('persons', change, {})).outcome).kind, 'missing');
    // Somebody has brought it back between the two calls.
    const back = await written('persons', change, { 'GET /api/v2/persons/7': person(7) });
    assert.equal(errorOf(back.outcome).kind, 'missing');
  });

  it('brings nothing back', async () => {
    const { outcome, asked } = await written('deals', { op: 'restore', id: '7' }, {});
    assert.deepEqual(requestsIn(asked), []);
    assert.match(errorOf(outcome).message, /refused to restore item 7 of deals .* a person/);
  });

  it('does not believe an answer about another item', async () => {
    const answers = { 'PATCH /api/v2/persons/7': person(8) };
    const failure = await failureOf(
      written('persons', { op: 'update', id: '7', raw: { name: 'x' } }, answers),
    );
    assert.deepEqual([failure.kind, failure.mayHaveLanded], ['broken', true]);
  });
});

describe('a write that Pipedrive refuses', () => {
  const update: ItemChange = { op: 'update', id: '7', raw: { emails: [], name: 'x' } };
  const refusedWith = (response: Response, change = update): Promise<Outcome> =>
    written('persons', change, {
      'PATCH /api/v2/persons/7': response,
      'POST /api/v2/persons': response,
    }).then(({ outcome }) => outcome);

  for (const [title, error, more, path] of [
    ['by the field', 'Validation failed', { field_code: 'name' }, 'name'],
    ['by its old name', 'Validation failed', { field_code: 'email' }, 'emails'],
    ['within a list', 'Validation failed', { field_code: 'emails[0].value' }, 'emails'],
    [
      'among those of the company',
      'Validation failed',
      { field_code: `custom_fields.${KEYS.choice}` },
      KEYS.choice,
    ],
    ['one that was not sent', 'Validation failed', { field_code: 'owner' }, 'owner'],
    ['in words only', "Validation failed: 'emails' must be an array", {}, 'emails'],
    ['in words about two of them', 'name or emails', {}, undefined],
    ['not at all', 'Bad request', {}, undefined],
  ] as const) {
    it(`names what it is about, when it is told ${title}`, async () => {
      const code = 'ERR_SCHEMA_VALIDATION_FAILED';
      const error1 = errorOf(await refusedWith(refusal(400, error, { code, ...more })));
      assert.deepEqual([error1.kind, error1.path, error1.mayHaveLanded], ['rejected', path, false]);
      assert.match(error1.message, /refused to update item 7 of persons .*ERR_SCHEMA/);
    });
  }

  it('is missing, too large or rejected by its status', async () => {
    for (const [status, kind] of [
      [404, 'missing'],
      [410, 'missing'],
      [413, 'tooLarge'],
      [422, 'rejected'],
    ] as const) {
      const error = errorOf(await refusedWith(refusal(status, 'no')));
      assert.deepEqual([error.kind, error.mayHaveLanded], [kind, false]);
    }
  });

  it('is forbidden for all, when nothing of the kind may be made', async () => {
    const change: ItemChange = { op: 'create', raw: { name: 'x' } };
    const no = refusal(403, 'You do not have permissions to do this.');
    const failure = await failureOf(refusedWith(no, change));
    assert.deepEqual([failure.kind, failure.mayHaveLanded], ['forbidden', false]);
    assert.match(failure.message, /create an item of persons .*You do not have permissions/);
  });

  it('is this item alone, when it is there and may not be changed', async () => {
    const error = errorOf(await refusedWith(refusal(403, 'You do not have permissions.')));
    assert.deepEqual([error.kind, error.path], ['rejected', undefined]);
  });

  it('is this item alone, when the plan has enough of them', async () => {
    const full = refusal(403, 'Limit reached', { code: 'feature_capping_deals_limit' });
    const error = errorOf(await refusedWith(full, { op: 'create', raw: { name: 'x' } }));
    assert.deepEqual([error.kind, error.path], ['rejected', undefined]);
    assert.match(error.message, /feature_capping_deals_limit/);
  });

  it('is about the member that only companies with Contact Sync have', async () => {
    const no = refusal(403, 'You do not have permissions to do this.');
    for (const op of ['create', 'update'] as const) {
      const change = { op, id: '7', raw: { name: 'x', job_title: 'Boss' } };
      const error = errorOf(await refusedWith(no.clone(), change));
      assert.deepEqual([error.kind, error.path], ['rejected', 'job_title']);
    }
  });

  it('is put off for minutes by a page instead of an answer', async () => {
    const lockedOut = new Response('<h1>403</h1>', { status: 403 });
    const failure = await failureOf(refusedWith(lockedOut));
    assert.deepEqual([failure.kind, failure.retryAfterMs], ['throttled', 150_000]);
  });

  it('may have landed, when its answer is 200 and says no', async () => {
    const failure = await failureOf(refusedWith(refusal(200, 'Something')));
    assert.deepEqual([failure.kind, failure.mayHaveLanded], ['broken', true]);
  });
});

async function written(
  name: string,
  change: ItemChange,
  answers: Answers,
): Promise<{ outcome: Outcome; asked: readonly Asked[] }> {
  const { result, asked } = await done(answers, name, (items) => items.write([change]));
  return { outcome: result[0]!, asked };
}
