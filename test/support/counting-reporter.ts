/**
 * Prints what mocha's `spec` prints and, when all tests are over, writes what failed and why, and
 * then the counts as one line, into the file named by `TRIBUTARY_TEST_COUNTS`: who sees only the end
 * of a long log still sees what is wrong. A run that dies on the way leaves no file, so nobody can
 * take it for a run that passed. A hook that fails counts as a failed test.
 */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env['TRIBUTARY_TEST_COUNTS'];
    if (file === undefined) throw new Error('Name a file for the counts in TRIBUTARY_TEST_COUNTS.');
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const lines = this.failures.map((test) => `- ${test.fullTitle()}\n  ${reason(test)}`);
      lines.push(`${passes} passed, ${failures} failed, ${pending} skipped`);
      writeFileSync(file, `${lines.join('\n')}\n`);
    });
  }
}

const REASON_LENGTH = 600;

const reason = ({ err, file }: Mocha.Test): string =>
  `${file}: ${err?.stack ?? err?.message}`.slice(0, REASON_LENGTH).replaceAll('\n', '\n  ');

// Mocha loads reporters with require(), which hands over the export of this name as it is.
export { CountingReporter as 'module.exports' };
