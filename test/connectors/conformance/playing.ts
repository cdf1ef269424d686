/** Plays the suite for connectors, outside of all other tests, and tells how every promise ended. */
import { basename, dirname, join } from 'node:path';
import Mocha from 'mocha';
import { connectors } from '../../../runtime/connectors/index.ts';
import { beyond } from '../scene.ts';
import type { Verdict } from './matrix.ts';

export interface Played {
  readonly vendors: readonly string[];
  readonly verdicts: readonly Verdict[];
}

/** What fails is printed as mocha prints it; a vendor without tests of its own is an error. */
export async function playSuite(
  vendors: readonly string[] = connectors.map(({ vendor }) => vendor),
): Promise<Played> {
  const mocha = new Mocha({ reporter: Failures, timeout: 120_000, forbidOnly: true });
  for (const vendor of vendors) {
    mocha.addFile(join(import.meta.dirname, '..', vendor, `${vendor}.test.ts`));
  }
  await mocha.loadFilesAsync();
  const verdicts: Verdict[] = [];
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on(Mocha.Runner.constants.EVENT_TEST_END, (test) => verdicts.push(verdictOn(test)));
  });
  return { vendors, verdicts };
}

/** What was skipped was not kept. */
function verdictOn(test: Mocha.Test): Verdict {
  const vendor = basename(dirname(test.file!));
  const about = { vendor, promise: test.title };
  if (test.state !== 'passed') return { ...about, end: 'failed' };
  const lacks = beyond.get(test);
  return { ...about, end: lacks === undefined ? 'kept' : { lacks } };
}

/** Says which vendor is done, and in the end what failed. */
class Failures extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const { EVENT_SUITE_END, EVENT_RUN_END } = Mocha.Runner.constants;
    runner.on(EVENT_SUITE_END, (suite) => {
      if (suite.root) return;
      const took = suite.tests.reduce((sum, { duration = 0 }) => sum + duration, 0);
      console.log(`${suite.title}: ${suite.tests.length} promises in ${Math.ceil(took / 1_000)} s`);
    });
    runner.once(EVENT_RUN_END, () => {
      if (this.failures.length > 0) Mocha.reporters.Base.list(this.failures);
      console.log();
    });
  }
}
