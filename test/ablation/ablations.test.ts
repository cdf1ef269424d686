import assert from 'node:assert/strict';
import { plan } from '../../runtime/core/planner/plan.ts';
import { ablations } from './ablations.ts';
import { ownLaws, violatedLaw } from './planner-rules.ts';

/** The whole table, as `npm run test:ablate` prints it. */
describe('Without the rule', () => {
  it('there is a name for every rule, and no name for two', () => {
    const names = ablations.map(({ rule }) => rule);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.length >= 30, `there are only ${names.length}`);
  });

  for (const law of ownLaws) {
    it(`and not before: the planner ${law.says}`, () => {
      assert.equal(violatedLaw(law, plan), undefined);
    });
  }

  for (const { rule, says, violation } of ablations) {
    it(`"${says}" something goes wrong (${rule})`, async () => {
      assert.ok((await violation()) !== undefined, 'nothing goes wrong without it');
    });
  }
});
