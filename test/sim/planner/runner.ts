/** Runs worlds around the planner alone, and tells which of them broke a promise. */
import { runWorld } from './planner-world.ts';

export function runPlannerWorlds({
  first,
  count,
  isAlone,
}: {
  first: number;
  count: number;
  isAlone: boolean;
}): void {
  let violations = 0;
  let edits = 0;
  let passes = 0;
  for (let seed = first; seed < first + count; seed++) {
    const outcome = runWorld(seed);
    edits += outcome.edits;
    passes += outcome.passes;
    violations += outcome.violations.length;
    if (outcome.violations.length > 0) {
      for (const violation of outcome.violations) console.error(`seed ${seed}: ${violation}`);
      console.error(`repeat with: npm run test:sim -- --planner --seed ${seed}`);
    } else if (isAlone) {
      console.log(`seed ${seed}: quiet, trace ${outcome.trace}`);
    }
  }
  console.log(`seeds ${count}, violations ${violations}, edits ${edits}, passes ${passes}`);
  process.exitCode = violations > 0 ? 1 : 0;
}
