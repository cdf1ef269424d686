/** Everything that two systems can do to one field between two reads: first to argue with, then all of it. */
import assert from 'node:assert/strict';
import { checkEvery, directions } from './every.ts';
import { checkTable } from './table.ts';

describe('The planner with two members', () => {
  it('lets the last write win, and keeps what lost', () => {
    const crmWasLast = { members: ['hub', 'crm'], editedAt: [210, 220] };
    checkTable(
      { ...crmWasLast, field: { strategy: 'lastWriteWins' } },
      `
      ours : bases : reads | ours : writes | conflicts     |
      A    : A A   : A A   | A    : - -    |               | nothing happened
      A    : A A   : B A   | B    : - B    |               | edited in hub
      A    : A A   : A B   | B    : B -    |               | edited in crm
      A    : A A   : B B   | B    : - -    |               | both made the same edit
      A    : A A   : B C   | C    : C -    | concurrent(B) | edited apart
      A    : A A   : . A   | .    : - .    |               | cleared in hub
      A    : A A   : A .   | .    : . -    |               | cleared in crm
      A    : A A   : . .   | .    : - -    |               | cleared in both
      A    : A A   : . B   | B    : B -    | concurrent(.) | cleared here, edited there
      A    : A A   : B .   | .    : . -    | concurrent(B) | edited here, cleared there
      .    : . .   : B .   | B    : - B    |               | filled in hub
      A    : A A   : B ?   | B    : - -    |               | crm has to be read before it is written
      A    : A A   : B _   | B    : - -    |               | so has the field
      A    : A A   : ? B   | B    : - -    |               | and hub
      A    : A B   : A B   | A    : - A    |               | crm is behind: an older write never arrived
      A    : A B   : A A   | A    : - -    |               | it arrived meanwhile
      A    : A B   : A C   | C    : C -    | concurrent(A) | crm was edited before our value reached it
      A    : A B   : C B   | C    : - C    |               | hub was edited on top of ours
      A    : A B   : C D   | D    : D -    | concurrent(C) | C replaced A knowingly, so only C is lost
      `,
    );
  });

  it('does not ask who comes last when an edit was made on top of what was seen', () => {
    const hubWasLast = { members: ['hub', 'crm'], editedAt: [220, 90] };
    checkTable(
      { ...hubWasLast, field: { strategy: 'lastWriteWins' } },
      `
      ours : bases : reads | ours : writes | conflicts     |
      A    : A A   : A B   | B    : B -    |               | crm's clock is slow, but B was typed over A
      A    : A A   : B C   | B    : - B    | concurrent(C) | edited apart
      A    : A B   : A C   | A    : - A    | concurrent(C) | C was typed over B, and A is later
      `,
    );
  });

  it('prefers the more trusted when systems that never agreed differ, and blanks nothing', () => {
    const crmWasLast = { members: ['hub', 'crm'], editedAt: [210, 220] };
    checkTable(
      { ...crmWasLast, field: { strategy: 'lastWriteWins' } },
      `
      ours : bases : reads | ours : writes | conflicts  |
      -    : - -   : . .   | -    : - -    |            | nobody has a value
      -    : - -   : A .   | A    : - A    |            | filling beats emptiness
      -    : - -   : . A   | A    : A -    |            | also from below
      -    : - -   : A A   | A    : - -    |            | they agree already
      -    : - -   : A B   | A    : - A    | initial(B) | the policy chooses
      -    : - -   : ? B   | B    : - -    |            | hub may have more to say
      A    : A -   : A .   | A    : - A    |            | crm is new and empty
      A    : A -   : A A   | A    : - -    |            | crm is new and agrees
      A    : A -   : A B   | A    : - A    | initial(B) | crm is new and differs
      A    : A -   : B A   | B    : - B    | initial(A) | crm is new and has what hub just replaced
      .    : . -   : . B   | .    : - -    | initial(B) | an empty value does not replace a full one
      `,
    );
    checkTable(
      { ...crmWasLast, field: { strategy: 'lastWriteWins', initialMerge: 'newest' } },
      `
      ours : bases : reads | ours : writes | conflicts     |
      -    : - -   : A B   | B    : B -    | concurrent(A) | or the newest, if the policy says so
      `,
    );
  });

  it('lets the more trusted system win among edits made apart, with priority', () => {
    const crmWasLast = { members: ['hub', 'crm'], editedAt: [210, 220] };
    checkTable(
      { ...crmWasLast, field: { strategy: 'priority' } },
      `
      ours : bases : reads | ours : writes | conflicts     |
      A    : A A   : B C   | B    : - B    | concurrent(C) | hub is more trusted
      A    : A A   : A C   | C    : C -    |               | crm edited what it had seen
      A    : A A   : B B   | B    : - -    |               | the same edit
      A    : A A   : . C   | .    : - .    | concurrent(C) | clearing is an edit, too
      `,
    );
    checkTable(
      { ...crmWasLast, field: { strategy: 'priority', order: ['crm', 'hub'] as never } },
      `
      ours : bases : reads | ours : writes | conflicts     |
      A    : A A   : B C   | C    : C -    | concurrent(B) | here crm is more trusted
      `,
    );
  });

  it('moves nothing until a person has chosen, with manual review', () => {
    const crmWasLast = { members: ['hub', 'crm'], editedAt: [210, 220] };
    checkTable(
      { ...crmWasLast, field: { strategy: 'manualReview' } },
      `
      ours : bases : reads | ours : writes | conflicts      |
      A    : A A   : A B   | B    : B -    |                | one edit is no question
      A    : A A   : B B   | B    : - -    |                | nor are two that agree
      A    : A A   : B C   | A    : - -    | contested(B,C) | edited apart
      A    : A A   : B .   | A    : - -    | contested(.,B) | edited here, cleared there
      A    : A B   : A C   | A    : - -    | contested(A,C) | crm had not seen A
      -    : - -   : A B   | -    : - -    | contested(A,B) | never agreed
      `,
    );
  });

  it('merges sets element by element', () => {
    const crmWasLast = { members: ['hub', 'crm'], editedAt: [210, 220] };
    checkTable(
      { ...crmWasLast, field: { strategy: 'fieldLevelMerge', parts: 'set' } },
      `
      ours : bases : reads  | ours : writes  | conflicts |
      ab   : ab ab : ab ab  | ab   : - -     |           | nothing happened
      ab   : ab ab : abc ab | abc  : - abc   |           | added in hub
      ab   : ab ab : a ab   | a    : - a     |           | removed in hub
      ab   : ab ab : abc abd | abcd : abcd abcd |         | added apart: both stay
      ab   : ab ab : a abd  | ad   : ad ad   |           | removed here, added there
      ab   : ab ab : a b    | .    : . .     |           | removed apart: both are gone
      ab   : ab ab : . ab   | .    : - .     |           | emptied in hub
      ab   : ab ab : a a    | a    : - -     |           | both removed the same
      -    : - -   : ab bc  | abc  : abc abc |           | never agreed: the union
      ab   : ab -  : ab .   | ab   : - ab    |           | crm is new and empty
      ab   : ab -  : ab c   | abc  : abc abc |           | crm is new and has more
      `,
    );
  });

  it('takes edits from where they count, and puts its value back where they do not', () => {
    const crmWasLast = { members: ['hub', 'crm'], editedAt: [210, 220] };
    checkTable(
      { ...crmWasLast, field: { strategy: 'lastWriteWins', direction: { crm: 'in' } } },
      `
      ours : bases : reads | ours : writes | conflicts     |
      A    : A A   : A B   | B    : B -    |               | crm may say
      A    : A A   : B A   | B    : - -    |               | but is never written
      `,
    );
    checkTable(
      { ...crmWasLast, field: { strategy: 'lastWriteWins', direction: { crm: 'out' } } },
      `
      ours : bases : reads | ours : writes | conflicts          |
      A    : A A   : B A   | B    : - B    |                    | crm is written
      A    : A A   : A B   | A    : - A    | policy-override(B) | and has nothing to say
      `,
    );
    checkTable(
      { ...crmWasLast, field: { strategy: 'lastWriteWins', direction: { crm: 'off' } } },
      `
      ours : bases : reads | ours : writes | conflicts |
      A    : A A   : A B   | A    : - -    |           | the field does not take part there
      A    : A A   : B A   | B    : - -    |           |
      `,
    );
  });

  it('deletes everywhere what was deleted where deletions count, and puts it back elsewhere', () => {
    const crmWasLast = { members: ['hub', 'crm'], editedAt: [210, 220] };
    checkTable(
      { ...crmWasLast, field: { strategy: 'lastWriteWins' } },
      `
      ours : bases : reads | ours : writes | conflicts             |
      A    : A A   : x A   | dead : - x    |                       | deleted in hub
      A    : A A   : x B   | dead : - x    | edited-and-deleted(B) | and edited in crm
      A    : A A   : x x   | dead : - -    |                       | deleted in both
      A    : A A   : A x   | A    : - +A   |                       | deleted in crm
      A    : A A   : B x   | B    : - +B   |                       | and edited in hub
      `,
    );
  });

  for (const strategy of ['lastWriteWins', 'priority', 'manualReview'] as const) {
    it(`settles or reports every state there is, with ${strategy}`, () => {
      const members = ['hub', 'crm'];
      let states = 0;
      for (const direction of directions(members, ['both', 'in', 'out', 'off'])) {
        const field = { strategy, direction };
        states += checkEvery({ table: { members, editedAt: [210, 220], field } });
      }
      assert.equal(states, 16 * (2 ** 2 + 2 * 4 ** 2) * 7 ** 2);
    });
  }
});
