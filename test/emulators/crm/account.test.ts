import assert from 'node:assert/strict';
import { Refused } from '../../../runtime/emulators/crm/refused.ts';
import type { Fields } from '../../../runtime/emulators/crm/model.ts';
import { crmPractice, START_MS } from './practice.ts';

const APP = { by: 'app', via: 'api' } as const;

describe('an account, by habit,', () => {
  it('makes ids as the vendor does, and keeps the order in which they were given', () => {
    const ids = ['z', 'a', 'm'];
    const { account, hands } = crmPractice({ newId: ({ number }) => ids[number - 1]! });
    for (const name of ['first', 'second', 'third']) hands.create('companies', { name });
    const listed = hands.items('companies').map(({ id, fields }) => [id, fields['name']]);
    assert.deepEqual(listed, [
      ['z', 'first'],
      ['a', 'second'],
      ['m', 'third'],
    ]);
    const { entries } = account.collections.get('companies')!;
    assert.deepEqual(
      entries.map(({ order }) => order),
      [1, 2, 3],
    );
  });

  it('takes ids that callers bring, and refuses one that is taken', () => {
    const { account, hands } = crmPractice();
    const companies = account.collections.get('companies')!;
    const bring = (id: string): string =>
      account.atomically(() => account.create(companies, {}, APP, { id }));
    assert.equal(bring('own'), 'own');
    assert.throws(() => bring('own'), { code: 'duplicate', existingId: 'own' });
    hands.destroy('companies', 'own');
    assert.equal(bring('own'), 'own');
    assert.equal(hands.items('companies').length, 1);
  });

  it('takes back an id with the change that it was given in', () => {
    const { account, hands } = crmPractice();
    const companies = account.collections.get('companies')!;
    assert.throws(() =>
      account.atomically(() => {
        account.create(companies, { name: 'a' }, APP);
        account.create(companies, { name: 'b' }, APP);
        account.create(companies, { nothing: 1 }, APP);
      }),
    );
    assert.deepEqual(hands.items('companies'), []);
    assert.equal(hands.create('companies', {}), '1');
    assert.deepEqual(
      companies.entries.map(({ order }) => order),
      [1],
    );
  });

  it('shows whoever is given the id of somebody who was hidden', () => {
    const { account, hands } = crmPractice({ reusesIds: true });
    const hidden = hands.create('companies', { name: 'former' });
    hands.hide('companies', [hidden], true);
    hands.destroy('companies', hidden);
    assert.equal(hands.create('companies', { name: 'another' }), hidden);
    assert.equal(account.collections.get('companies')!.hidden.has(hidden), false);
  });

  it('stores values in its own form, beside the one before', () => {
    const { hands } = crmPractice({
      store: ({ path }, given, before) => {
        if (path === 'otherEmails') return [...((before as string[] | null) ?? []), given];
        return given === null ? '' : `${given as number}`;
      },
    });
    const id = hands.create('people', { name: 7, otherEmails: 'a@x.hu', email: null });
    hands.edit('people', id, { otherEmails: 'b@x.hu' });
    const { fields } = hands.item('people', id)!;
    assert.deepEqual(
      [fields['name'], fields['email'], fields['otherEmails']],
      ['7', '', ['a@x.hu', 'b@x.hu']],
    );
  });

  it('works out what follows from a change in the same version, and may take it back', () => {
    const { hands } = crmPractice({
      derive: ({ before, after }) => {
        if (after['name'] === 'nobody') throw new Refused('invalid', 'Nobody has no name.');
        if (after['name'] === 'undo') return { name: before?.['name'] ?? null };
        return { initials: initialsOf(after), gone: 'no such field' };
      },
    });
    const id = hands.create('people', { name: 'Anna Nagy' });
    assert.deepEqual(initials(), ['AN', 1]);
    hands.edit('people', id, { name: 'Bea Kiss' });
    assert.deepEqual(initials(), ['BK', 2]);
    hands.edit('people', id, { name: 'undo' });
    assert.deepEqual(initials(), ['BK', 2]);
    assert.equal(hands.log.length, 2);
    assert.throws(() => hands.edit('people', id, { name: 'nobody' }), { code: 'invalid' });
    assert.throws(() => hands.create('people', { name: 'nobody' }), { code: 'invalid' });
    assert.equal(hands.items('people').length, 1);

    function initials(): readonly unknown[] {
      const item = hands.item('people', id)!;
      return [item.fields['initials'], item.version];
    }
  });

  it('tells times in whole seconds, so that two changes share one', async () => {
    const { hands, pass } = crmPractice({ timeStepMs: 1000, version: 'time' });
    await pass(1700);
    const id = hands.create('companies', { name: 'a' });
    const versions = [hands.item('companies', id)!.version];
    for (const [name, ms] of [
      ['b', 100],
      ['c', 100],
      ['d', 500],
    ] as const) {
      await pass(ms);
      hands.edit('companies', id, { name });
      versions.push(hands.item('companies', id)!.version);
    }
    assert.deepEqual(
      versions.map((version) => version - START_MS),
      [1000, 1000, 1000, 2000],
    );
    assert.equal(hands.item('companies', id)!.updatedAt, '2026-01-01T00:00:02.000Z');
  });

  it('moves no time for a field that is quiet, nor for deleting where that is none', async () => {
    const { hands, pass } = crmPractice({ deletingMovesTime: false });
    const id = hands.create('people', { name: 'Anna' });
    const before = hands.item('people', id)!;
    await pass(1000);
    hands.edit('people', id, { dealIds: ['1'] });
    hands.remove('people', id);
    const after = hands.item('people', id)!;
    assert.deepEqual([after.updatedAt, after.version], [before.updatedAt, 3]);
    hands.restore('people', id);
    hands.edit('people', id, { dealIds: [], name: 'Bea' });
    assert.equal(hands.item('people', id)!.updatedAt, '2026-01-01T00:00:01.000Z');
  });

  it('keeps unique what the vendor says, in several fields and in what is archived', () => {
    const { hands } = crmPractice({
      archivedHoldUnique: true,
      uniqueKeys: ({ path }, valueOf) =>
        [valueOf(path), ...((valueOf('otherEmails') as string[] | null) ?? [])]
          .filter((one) => typeof one === 'string')
          .map((one) => one.toLowerCase()),
    });
    const anna = hands.create('people', { email: 'a@x.hu', otherEmails: ['a2@x.hu'] });
    const taken = { code: 'duplicate', path: 'email', existingId: anna };
    assert.throws(() => hands.create('people', { email: 'A2@x.hu' }), taken);
    assert.throws(() => hands.create('people', { otherEmails: ['A@x.hu'] }), taken);
    const bea = hands.create('people', { email: 'b@x.hu' });
    assert.throws(() => hands.edit('people', bea, { otherEmails: ['a2@x.hu'] }), taken);
    hands.edit('people', bea, { name: 'Bea' });
    hands.remove('people', anna);
    assert.throws(() => hands.create('people', { email: 'a@x.hu' }), taken);
    hands.restore('people', anna);
    hands.destroy('people', anna);
    hands.edit('people', bea, { otherEmails: ['a2@x.hu'] });
  });

  it('knows who holds a unique value', () => {
    const { account, hands } = crmPractice();
    const people = account.collections.get('people')!;
    const id = hands.create('people', { email: 'Anna@x.hu' });
    assert.equal(people.holding('email', 'anna@x.hu'), id);
    hands.edit('people', id, { email: null });
    assert.equal(people.holding('email', 'anna@x.hu'), undefined);
    assert.equal(people.holding('fax', 'anna@x.hu'), undefined);
  });

  it('destroys for good what is there or archived, and nothing twice', () => {
    const { hands, told } = crmPractice();
    for (const name of ['a', 'b']) hands.create('companies', { name });
    hands.remove('companies', '1');
    hands.destroy('companies', '1');
    hands.destroy('companies', '2');
    assert.throws(() => hands.destroy('companies', '2'), { code: 'missing' });
    assert.throws(() => hands.restore('companies', '1'), { code: 'missing' });
    assert.deepEqual(told().slice(2), [
      'deleted companies 1 by hands',
      'destroyed companies 1 by hands',
      'destroyed companies 2 by hands',
    ]);
    assert.equal(hands.log.at(-1)?.before?.fields['name'], 'b');
  });

  it('lets values follow a merge, with the ids of both', () => {
    const { hands } = crmPractice({
      merging: {
        newId: true,
        loser: 'merged',
        values: ({ loser, winner }) => ({
          otherEmails: [winner.id, loser.id, loser.fields['email']],
        }),
      },
    });
    hands.create('people', { email: 'l@x.hu', name: 'Loser' });
    hands.create('people', { email: 'w@x.hu' });
    const into = hands.merge('people', '1', '2');
    assert.equal(into, '3');
    const { fields } = hands.item('people', into)!;
    assert.deepEqual(fields['otherEmails'], ['2', '1', 'l@x.hu']);
    assert.deepEqual([fields['name'], fields['email']], ['Loser', 'w@x.hu']);
  });

  it('may leave a loser archived, from where it can come back', () => {
    const { hands } = crmPractice({ merging: { newId: false, loser: 'archived' } });
    hands.create('companies', { name: 'Loser' });
    hands.create('companies', {});
    hands.merge('companies', '1', '2');
    assert.equal(hands.item('companies', '1')?.archived, true);
    assert.equal(hands.where('companies', '1'), '2');
    assert.deepEqual(
      hands.items('companies').map(({ id, fields }) => [id, fields['name']]),
      [['2', 'Loser']],
    );
    hands.restore('companies', '1');
    assert.equal(hands.where('companies', '1'), '1');
    assert.equal(hands.items('companies').length, 2);
  });
});

function initialsOf({ name }: Fields): string {
  return (name as string)
    .split(' ')
    .map((word) => word[0])
    .join('');
}
