import assert from 'node:assert/strict';
import { withPair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const bela = { email: 'bela@example.com', name: 'Bela' };

describe('An address that two records have', () => {
  it('is written everywhere as soon as it has been asked about, and not by the next sweep', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      app.enter(anna);
      const other = app.enter(bela);
      await pair.settle();
      const there = crm.idOf(bela.email);
      app.edit(other, { email: anna.email });
      await pair.settle();
      assert.equal(pair.reviews().length, 1);
      assert.equal(crm.hands.item('people', there)?.fields['email'], anna.email);
    }));

  it('is not asked about again once somebody has seen it, and both records stay', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      app.enter(anna);
      const other = app.enter(bela);
      await pair.settle();
      app.edit(other, { email: anna.email });
      await pair.settle();
      await pair.answer(pair.reviews()[0]!, 'seen');
      await pair.settle();
      app.edit(other, { name: 'Bela B.' });
      await pair.wait(86_400_000);
      await pair.settle();
      assert.deepEqual(
        pair.reviews().map(({ reason, state }) => [reason, state]),
        [['key-collision', 'closed']],
      );
      const names = crm.hands.items('people').map(({ fields }) => fields['name']);
      assert.deepEqual(names, ['Anna', 'Bela B.']);
    }));
});

describe('An address that one record gives up while another wants it', () => {
  it('belongs to whoever wanted it, so that a third person who has it is not somebody new', () =>
    withPair(async (pair) => {
      const { app, crm } = pair;
      const one = app.enter(anna);
      const other = app.enter(bela);
      await pair.settle();
      app.edit(other, { email: anna.email });
      await pair.settle();
      assert.deepEqual(
        pair.reviews().map(({ reason }) => reason),
        ['key-collision'],
      );
      app.edit(one, { email: 'anna.b@example.com' });
      await pair.settle();
      crm.enter({ ...anna, name: 'Anna the third' });
      await pair.settle();
      assert.equal(app.hands.items('people').length, 2);
      assert.deepEqual(
        pair.reviews().map(({ reason }) => reason),
        ['key-collision', 'already-linked-here'],
      );
    }));
});
