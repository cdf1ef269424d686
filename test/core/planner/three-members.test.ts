/** What a third system adds: edits that meet in pairs, and one that nobody has read yet. */
import assert from 'node:assert/strict';
import { checkEvery } from './every.ts';
import { checkTable } from './table.ts';

const members = ['app', 'hub', 'crm'];

describe('The planner with three members', () => {
  it('brings an edit to everybody else', () => {
    checkTable(
      { members, editedAt: [210, 220, 230], field: { strategy: 'lastWriteWins' } },
      `
      ours : bases : reads | ours : writes | conflicts                   |
      A    : A A A : A A A | A    : - - -  |                             | nothing happened
      A    : A A A : B A A | B    : - B B  |                             | one edit
      A    : A A A : A A . | .    : . . -  |                             | cleared
      A    : A A A : B B A | B    : - - B  |                             | two made the same edit
      A    : A A A : B C A | C    : C - C  | concurrent(B)               | two edited apart
      A    : A A A : B C B | B    : - B -  | concurrent(C)               | the last of the same edit counts
      A    : A A A : B C D | D    : D D -  | concurrent(B) concurrent(C) | all edited apart
      A    : A A A : B B B | B    : - - -  |                             | all made the same edit
      `,
    );
  });

  it('waits for what it has not read, and does not wait for the rest', () => {
    checkTable(
      { members, editedAt: [210, 220, 230], field: { strategy: 'lastWriteWins' } },
      `
      ours : bases : reads | ours : writes | conflicts     |
      A    : A A A : B ? A | B    : - - B  |               | hub is not overwritten unseen
      A    : A A A : B _ A | B    : - - B  |               | nor without this field
      A    : A A A : ? ? B | B    : - - -  |               |
      A    : A A A : B C ? | C    : C - -  | concurrent(B) | crm may still win
      A    : A A B : A A B | A    : - - A  |               | an older write to crm never arrived
      A    : A A B : C A D | D    : D D -  | concurrent(C) | crm had not seen A; C had
      A    : A A B : A A D | D    : D D -  | concurrent(A) | nobody else replaced A
      `,
    );
  });

  it('joins systems that never agreed by their rank', () => {
    checkTable(
      { members, editedAt: [210, 220, 230], field: { strategy: 'lastWriteWins' } },
      `
      ours : bases : reads | ours : writes | conflicts             |
      -    : - - - : A B C | A    : - A A  | initial(B) initial(C) | three strangers
      -    : - - - : . B C | B    : B - B  | initial(C)            | the first has nothing to say
      -    : - - - : A . A | A    : - A -  |                       | two agree
      -    : - - - : . . . | -    : - - -  |                       |
      A    : A A - : A A B | A    : - - A  | initial(B)            | a newcomer differs
      A    : A A - : A A . | A    : - - A  |                       | a newcomer is empty
      A    : A A - : B A C | B    : - B B  | initial(C)            | an edit beats a newcomer
      `,
    );
  });

  it('lets the most trusted of the edits win, with priority', () => {
    checkTable(
      { members, editedAt: [210, 220, 230], field: { strategy: 'priority' } },
      `
      ours : bases : reads | ours : writes | conflicts                   |
      A    : A A A : B C D | B    : - B B  | concurrent(C) concurrent(D) |
      A    : A A A : A C D | C    : C - C  | concurrent(D)               |
      A    : A A A : A A D | D    : D D -  |                             | the least trusted may correct
      A    : A A A : B C B | B    : - B -  | concurrent(C)               |
      `,
    );
  });

  it('asks once, with all the values, and writes nobody, with manual review', () => {
    checkTable(
      { members, editedAt: [210, 220, 230], field: { strategy: 'manualReview' } },
      `
      ours : bases : reads | ours : writes | conflicts        |
      A    : A A A : A A B | B    : B B -  |                  | no question
      A    : A A A : A B B | B    : B - -  |                  | no question either
      A    : A A A : B C A | A    : - - -  | contested(B,C)   | nor is the third touched
      A    : A A A : B C D | A    : - - -  | contested(B,C,D) |
      A    : A A A : B C B | A    : - - -  | contested(B,C)   | a majority decides nothing
      `,
    );
  });

  it('merges sets from all sides', () => {
    checkTable(
      { members, editedAt: [210, 220, 230], field: { strategy: 'fieldLevelMerge', parts: 'set' } },
      `
      ours : bases    : reads      | ours : writes         | conflicts |
      ab   : ab ab ab : abc abd ab | abcd : abcd abcd abcd |           | two additions
      ab   : ab ab ab : a   b   ab | .    : .    .    .    |           | two removals
      ab   : ab ab ab : a   abc ab | ac   : ac   ac   ac   |           | one of each
      ab   : ab ab ab : ab  abc ?  | abc  : abc  -    -    |           | crm is read first
      -    : -  -  -  : a   b   c  | abc  : abc  abc  abc  |           | never agreed
      `,
    );
  });

  it('deletes and restores, with a third system to tell', () => {
    checkTable(
      { members, editedAt: [210, 220, 230], field: { strategy: 'lastWriteWins' } },
      `
      ours : bases : reads | ours : writes | conflicts             |
      A    : A A A : x A A | dead : - x x  |                       | deleted where deletions count
      A    : A A A : x B A | dead : - x x  | edited-and-deleted(B) |
      A    : A A A : x ? A | dead : - - x  |                       | hub may have been edited: it is read first
      A    : A A A : A x A | A    : - +A - |                       | put back
      A    : A A A : A x B | B    : B +B - |                       | put back as it is now
      `,
    );
  });

  for (const strategy of ['lastWriteWins', 'priority', 'manualReview'] as const) {
    it(`settles or reports every state there is, with ${strategy}`, () => {
      const table = { members, editedAt: [210, 220, 230], field: { strategy } };
      const reads = ['?', 'x', '.', 'A', 'B', 'C'];
      assert.equal(checkEvery({ table, bases: ['-', 'A'], reads }), (1 + 2 * 2 ** 3) * 6 ** 3);
    });
  }

  it('settles or reports every state there is, with a member that is only read or only written', () => {
    for (const way of ['in', 'out', 'off'] as const) {
      const direction = { hub: way };
      const field = { strategy: 'lastWriteWins', direction } as const;
      const table = { members, editedAt: [230, 220, 210], field };
      const reads = ['?', '.', 'A', 'B', 'C'];
      assert.equal(checkEvery({ table, bases: ['-', 'A'], reads }), (1 + 2 * 2 ** 3) * 5 ** 3);
    }
  });
});
