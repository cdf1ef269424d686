/** Creates that are repeated, values in parts, and what a refusal leads to. */
import assert from 'node:assert/strict';
import type { ItemChange } from '../../../runtime/connectors/connector.ts';
import { errorOf, failureOf, idOf as doneId } from '../scene.ts';
import {
  answered,
  answering,
  endsOf,
  idOf,
  page,
  person,
  practising,
  refusal,
  Reply,
  type Asked,
} from './practice.ts';

const ANNA = { jobTitle: 'Leader', emails: { primaryEmail: 'anna@example.com' } };
const MARKED = {
  people: [{ path: 'tributaryMarker', type: 'text', own: { native: 'TEXT', label: 'm' } }],
} as const;

function created({ body }: Asked) {
  const records = (body as { id: string }[]).map(({ id }) => ({ ...person(0), id }));
  return new Reply(201, { data: { createPeople: records } });
}

describe('a create in Twenty', () => {
  it('finds by its marker what was made before, and does not bring it back', () =>
    practising(
      async ({ account, hands, asked }) => {
        const people = await account.collection('people');
        assert.deepEqual([people.can.create, people.can.marker], ['upsert', 'tributaryMarker']);
        const create = { op: 'create', raw: ANNA, marker: 'mark-1' } as const;
        const [first] = await people.write([create]);
        const id = doneId(first!);
        hands.remove('people', id);
        const [again, other] = await people.write([
          create,
          { op: 'create', raw: { jobTitle: 'Other' }, marker: 'mark-2' },
        ]);
        assert.equal(doneId(again!), id);
        assert.deepEqual(
          hands.items('people').map((item) => item.id),
          [doneId(other!)],
        );
        assert.ok(asked.every(({ query }) => !query.has('upsert')));
      },
      { account: { fields: MARKED } },
    ));

  it('that is refused for one item is sent again in halves, and makes all others', async () => {
    let calls = 0;
    const changes = Array.from({ length: 60 }, (_, number): ItemChange => {
      return { op: 'create', raw: { jobTitle: number === 41 ? 'wrong' : 'fine' } };
    });
    const answers = {
      'GET /rest/people': page([]),
      'POST /rest/batch/people': (asked: Asked) => {
        calls += 1;
        const isWrong = (asked.body as { jobTitle: string }[]).some(
          (one) => one.jobTitle === 'wrong',
        );
        return isWrong ? refusal(`Invalid value 'wrong' for field "jobTitle"`) : created(asked);
      },
    };
    const outcomes = await answered(answers, (people) => people.write(changes));
    const refused = outcomes.flatMap((outcome, index) =>
      outcome.kind === 'failed' ? [index] : [],
    );
    assert.deepEqual(refused, [41]);
    const { kind, path, mayHaveLanded } = errorOf(outcomes[41]);
    assert.deepEqual([kind, path, mayHaveLanded], ['rejected', 'jobTitle', false]);
    assert.ok(calls <= 13, `${calls} calls`);
  });

  it('that ends while it is sent in halves says of each item what is known', async () => {
    let calls = 0;
    const answers = {
      'GET /rest/people': page([]),
      'POST /rest/batch/people': (asked: Asked) => {
        calls += 1;
        if (calls === 1) return refusal('No.');
        return calls === 2
          ? created(asked)
          : refusal('Limit reached (100 tokens per 60000 ms)', 429);
      },
    };
    const changes = ['a', 'b', 'c', 'd'].map((jobTitle): ItemChange => {
      return { op: 'create', raw: { jobTitle } };
    });
    const outcomes = await answered(answers, (people) => people.write(changes));
    assert.deepEqual(endsOf(outcomes), ['done', 'done', 'throttled', 'throttled']);
    const { mayHaveLanded, retryAfterMs, limit } = errorOf(outcomes[3]);
    assert.deepEqual([mayHaveLanded, retryAfterMs, limit], [false, 60_000, 'calls']);
  });

  it('that Twenty calls a bad request because of its own trouble may have landed', async () => {
    for (const answer of [refusal('Query read timeout'), refusal('Boom', 500)]) {
      const call = answered({ 'POST /rest/batch/people': answer }, (people) =>
        people.write([{ op: 'create', raw: ANNA }]),
      );
      const { kind, mayHaveLanded } = await failureOf(call);
      assert.deepEqual([kind, mayHaveLanded], ['transient', true]);
    }
    const answer = refusal('insert violates foreign key constraint on "companyId"', 500);
    const answers = { 'POST /rest/batch/people': answer, 'GET /rest/people': page([]) };
    const raw = { companyId: idOf(9) };
    const [outcome] = await answered(answers, (people) => people.write([{ op: 'create', raw }]));
    const { kind, path, mayHaveLanded } = errorOf(outcome);
    assert.deepEqual([kind, path, mayHaveLanded], ['rejected', 'companyId', false]);
  });
});

describe('a value in Twenty that must be unique', () => {
  const taken = (email: string) =>
    ({ op: 'create', raw: { emails: { primaryEmail: email } } }) as const;

  it('leads to the item that has it, also when it is written in other letters', () =>
    practising(async ({ account, hands }) => {
      const id = hands.create('people', ANNA);
      const people = await account.collection('people');
      const [outcome] = await people.write([taken('ANNA@example.com')]);
      assert.ok(outcome?.kind === 'failed');
      const { error, existing } = outcome;
      assert.deepEqual(
        [error.kind, error.path, existing],
        ['duplicate', 'emails.primaryEmail', id],
      );
    }));

  it('is still held by an item that was deleted, which is said', () =>
    practising(async ({ account, hands }) => {
      const id = hands.create('people', ANNA);
      hands.remove('people', id);
      const people = await account.collection('people');
      const [outcome] = await people.write([taken('anna@example.com')]);
      assert.ok(outcome?.kind === 'failed');
      assert.deepEqual([outcome.error.kind, outcome.existing], ['duplicate', undefined]);
      assert.match(
        outcome.error.message,
        new RegExp(`Item ${id} has it, which was deleted.*Restore`),
      );
    }));
});

describe('an update in Twenty', () => {
  it('of a part of a value keeps its other parts', () =>
    practising(async ({ account, hands }) => {
      const id = hands.create('people', {
        ...ANNA,
        emails: { primaryEmail: 'anna@example.com', additionalEmails: ['a@home.example'] },
      });
      const people = await account.collection('people');
      const raw = { emails: { additionalEmails: ['b@home.example'] } };
      assert.deepEqual(endsOf(await people.write([{ op: 'update', id, raw }])), ['done']);
      const [read] = await people.read([id]);
      assert.ok(read?.kind === 'present');
      assert.deepEqual((read.item.raw as typeof ANNA).emails, {
        primaryEmail: 'anna@example.com',
        additionalEmails: ['b@home.example'],
      });
    }));

  it('of a phone number that tells its country is not sent with the one before', async () => {
    const phones = {
      primaryPhoneNumber: '612345678',
      primaryPhoneCountryCode: 'FR',
      primaryPhoneCallingCode: '+33',
      additionalPhones: null,
    };
    const answers = {
      'GET /rest/people': page([person(1, { phones })]),
      [`PATCH /rest/people/${idOf(1)}`]: { data: { updatePerson: person(1) } },
    };
    for (const given of [
      { primaryPhoneNumber: '+36301234567' },
      { ...phones, primaryPhoneNumber: '+36301234567' },
    ]) {
      await answering(answers, async (account, asked) => {
        const people = await account.collection('people');
        await people.write([{ op: 'update', id: idOf(1), raw: { phones: given } }]);
        const sent = { primaryPhoneNumber: '+36301234567', additionalPhones: null };
        assert.deepEqual(asked.at(-1)!.body, { phones: sent });
      });
    }
    await answering(answers, async (account, asked) => {
      const people = await account.collection('people');
      const raw = { phones: { primaryPhoneNumber: '698765432' } };
      await people.write([{ op: 'update', id: idOf(1), raw }]);
      assert.deepEqual(asked.at(-1)!.body, { phones: { ...phones, ...raw.phones } });
    });
  });

  it('of a long text is sent without its old form', async () => {
    const answers = { [`PATCH /rest/people/${idOf(1)}`]: { data: { updatePerson: person(1) } } };
    await answering(answers, async (account, asked) => {
      const people = await account.collection('people');
      const raw = { bio: { markdown: 'New', blocknote: '[{"old":1}]' } };
      await people.write([{ op: 'update', id: idOf(1), raw }]);
      assert.deepEqual(
        asked.map(({ body }) => body),
        [{ bio: { markdown: 'New' } }],
      );
    });
  });

  it('takes one call for the same change of many, and one each for others', () =>
    practising(async ({ account, hands, asked }) => {
      const ids = Array.from({ length: 4 }, (_, n) => hands.create('people', { jobTitle: `${n}` }));
      const people = await account.collection('people');
      asked.length = 0;
      const titles = ['same', 'same', 'same', 'other'];
      const changes = ids.map((id, n): ItemChange => {
        return { op: 'update', id, raw: { jobTitle: titles[n] } };
      });
      assert.deepEqual(endsOf(await people.write(changes)), ['done', 'done', 'done', 'done']);
      assert.equal(asked.length, 2);
      assert.deepEqual(
        new Set(hands.items('people').map(({ fields }) => fields['jobTitle'])),
        new Set(['same', 'other']),
      );
    }));

  it('that is refused for many is tried for each, because one may be to blame', async () => {
    const refused = refusal(`Invalid value for field "jobTitle"`);
    const answers = {
      'PATCH /rest/people': refused,
      [`PATCH /rest/people/${idOf(1)}`]: { data: { updatePerson: person(1) } },
      [`PATCH /rest/people/${idOf(2)}`]: refused,
      [`PATCH /rest/people/${idOf(3)}`]: refusal('There is no such person', 404),
    };
    const changes = [1, 2, 3].map((n): ItemChange => {
      return { op: 'update', id: idOf(n), raw: { jobTitle: 'x' } };
    });
    const outcomes = await answered(answers, (people) => people.write(changes));
    assert.deepEqual(endsOf(outcomes), ['done', 'rejected', 'missing']);
  });

  it('without members tells whether the item is there', () =>
    practising(async ({ account, hands }) => {
      const [there, gone] = [
        hands.create('people', ANNA),
        hands.create('people', { jobTitle: 'x' }),
      ];
      hands.remove('people', gone);
      const people = await account.collection('people');
      const changes = [there, gone, idOf(7)].map((id) => ({ op: 'update', id, raw: {} }) as const);
      assert.deepEqual(endsOf(await people.write(changes)), ['done', 'missing', 'missing']);
    }));

  it('that is answered with an item it was not about is not believed', async () => {
    const answers = { 'PATCH /rest/people': { data: { updatePeople: [person(1), person(9)] } } };
    const changes = [1, 2].map((n): ItemChange => {
      return { op: 'update', id: idOf(n), raw: { jobTitle: 'x' } };
    });
    const { kind, mayHaveLanded } = await failureOf(answered(answers, (p) => p.write(changes)));
    assert.deepEqual([kind, mayHaveLanded], ['broken', true]);
  });
});

describe('a delete in Twenty', () => {
  it('is soft, tells what was gone before, and can be taken back', () =>
    practising(async ({ account, hands, asked }) => {
      const ids = ['a', 'b', 'c'].map((jobTitle) => hands.create('people', { jobTitle }));
      hands.remove('people', ids[1]!);
      hands.destroy('people', ids[2]!);
      const people = await account.collection('people');
      const outcomes = await people.write(ids.map((id) => ({ op: 'delete', id }) as const));
      assert.deepEqual(endsOf(outcomes), ['done', 'done', 'missing']);
      const [{ query }] = asked.filter(({ method }) => method === 'DELETE') as [Asked];
      assert.deepEqual([query.get('soft_delete'), query.get('softDelete')], ['true', 'true']);
      const back = await people.write(ids.map((id) => ({ op: 'restore', id }) as const));
      assert.deepEqual(endsOf(back), ['done', 'done', 'missing']);
      assert.equal(hands.items('people').length, 2);
    }));
});
