/**
 * Runs simulated worlds from their seeds and tells which of them broke a promise.
 *
 *     npm run test:sim -- --seeds 1000 [--from 1]
 *     npm run test:sim -- --seed 4711
 */
import { parseArgs } from 'node:util';
import { runWorld } from './planner/planner-world.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
  },
});
const first = Number(values.seed ?? values.from);
const seeds = values.seed === undefined ? Number(values.seeds) : 1;
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(seeds) || seeds < 1) {
  console.error('Seeds are whole numbers: npm run test:sim -- --seeds 1000 --from 1');
  process.exit(2);
}

let violations = 0;
let edits = 0;
let passes = 0;
for (let seed = first; seed < first + seeds; seed++) {
  const outcome = runWorld(seed);
  edits += outcome.edits;
  passes += outcome.passes;
  violations += outcome.violations.length;
  if (outcome.violations.length > 0) {
    for (const violation of outcome.violations) console.error(`seed ${seed}: ${violation}`);
    console.error(`repeat with: npm run test:sim -- --seed ${seed}   (trace ${outcome.trace})`);
  } else if (values.seed !== undefined) {
    console.log(`seed ${seed}: quiet, trace ${outcome.trace}`);
  }
}
console.log(`seeds ${seeds}, violations ${violations}, edits ${edits}, passes ${passes}`);
process.exitCode = violations > 0 ? 1 : 0;
