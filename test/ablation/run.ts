/**
 * Switches off one rule after the other, and tells what goes wrong without it.
 *
 *     npm run test:ablate                   all rules
 *     npm run test:ablate -- fencing        only those whose names contain this
 *
 * A rule without which nothing goes wrong is not needed, or nobody looks where it is: then this fails.
 */
import { ablations } from './ablations.ts';

const [wanted = ''] = process.argv.slice(2);
const rules = ablations.filter(({ rule }) => rule.includes(wanted));
let caught = 0;
for (const { rule, keptBy, violation } of rules) {
  const found = await violation();
  if (found !== undefined) caught += 1;
  console.log(`${rule.padEnd(24)} ${keptBy.padEnd(8)} -> ${found ?? 'NOT CAUGHT'}`);
}
console.log(`rules ${rules.length}, caught ${caught}`);
process.exitCode = caught < rules.length || rules.length === 0 ? 1 : 0;
