import assert from 'node:assert/strict';
import { compileMapping } from '../../runtime/core/mapping/mapping.ts';
import { ledger, marksIn, phoneOf, type Edit } from './ledger.ts';

const EDIT: Omit<Edit, 'mark'> = {
  tenant: 0,
  system: 'crm',
  collection: 'people',
  field: 'name',
  code: 'c0001',
  at: 0,
};

describe('The ledger of who typed what', () => {
  it('misses an edit that is nowhere any more', () => {
    const book = ledger();
    const mark = book.type(EDIT);
    assert.deepEqual(book.missing({ name: `${mark} Anna` }), []);
    assert.deepEqual(book.missing({ name: 'Anna' }), [{ ...EDIT, mark }]);
  });

  it('does not miss an edit that somebody typed over having seen it', () => {
    const book = ledger();
    const first = book.type(EDIT);
    const second = book.type(EDIT);
    book.replaced(`${first} Anna`, `${second} Anna`);
    assert.deepEqual(
      book.missing([]).map(({ mark }) => mark),
      [second],
    );
  });

  it('keeps what a person left standing beside something new', () => {
    const book = ledger();
    const first = book.type({ ...EDIT, field: 'tags' });
    book.replaced([first], [first, book.type(EDIT)]);
    assert.equal(book.missing([]).length, 2);
  });

  it('knows its marks in every spelling', () => {
    const spellings = ['E0012 Anna', ' e0012', '+36205550012', '+36 20 555 0012', '06-20-555-0012'];
    const missed = spellings.filter((text) => !marksIn([{ text }]).has('e0012'));
    assert.deepEqual(missed, ['06-20-555-0012']);
    assert.deepEqual([...marksIn('c0012 e00123 36205550')], []);
  });

  it('sees no mark in an id that happens to have the same letters in it', () => {
    const id = '019b76da-a950-73e7-952d-e0027de0a601';
    assert.deepEqual([...marksIn({ id, link: '019e0027-a950-73e7-952d-de0a601e0028' })], []);
    assert.deepEqual([...marksIn({ id, 'tags#e0029': 'e0029' })], ['e0029']);
  });

  it('writes numbers that are understood as telephone numbers', () => {
    const mapping = compileMapping({
      fields: { phone: { kind: 'phone', options: { region: 'HU' }, path: 'phone' } },
    });
    const { fields, notes } = mapping.read({ phone: phoneOf('e0012') });
    assert.deepEqual([fields, notes], [{ phone: '+36205550012' }, []]);
  });
});
