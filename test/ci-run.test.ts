/**
 * Runs `.ci/run` with an npm and a browser that only pretend, to see that it never calls a bad run
 * good, and that its last line can be relied on.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');

/** What npm does for its first argument: "ci", "run" (of a script, which is the second) or "test". */
const cases: readonly {
  readonly title: string;
  readonly npm: Readonly<Partial<Record<'ci' | 'run' | 'test', string>>>;
  readonly succeeds: boolean;
  readonly lastLine: string | RegExp;
}[] = [
  {
    title: 'succeeds when every step does, and ends with the counts',
    npm: { test: counts('12 passed, 0 failed, 1 skipped') },
    succeeds: true,
    lastLine: '12 passed, 0 failed, 1 skipped',
  },
  {
    title: 'fails when a test failed, and ends with the counts',
    npm: { test: `${counts('11 passed, 1 failed, 0 skipped')}; exit 1` },
    succeeds: false,
    lastLine: '11 passed, 1 failed, 0 skipped',
  },
  {
    title: 'fails when no test ran',
    npm: { test: counts('0 passed, 0 failed, 0 skipped') },
    succeeds: false,
    lastLine: '0 passed, 0 failed, 0 skipped',
  },
  {
    title: 'fails without counts when the tests died on the way',
    npm: {},
    succeeds: false,
    lastLine: /^FAILED: counts: no test passed/,
  },
  {
    title: 'fails when the checks failed, and still runs the tests',
    npm: { run: 'exit 1', test: counts('12 passed, 0 failed, 0 skipped') },
    succeeds: false,
    lastLine: '12 passed, 0 failed, 0 skipped',
  },
  ...['test:sim', 'test:real'].map((script) => ({
    title: `fails when ${script} failed, and ends with the counts`,
    npm: { run: `[ "$2" != ${script} ]`, test: counts('12 passed, 0 failed, 1 skipped') },
    succeeds: false,
    lastLine: '12 passed, 0 failed, 1 skipped',
  })),
  {
    title: 'fails when the installation failed',
    npm: { ci: 'exit 1', test: counts('12 passed, 0 failed, 0 skipped') },
    succeeds: false,
    lastLine: '12 passed, 0 failed, 0 skipped',
  },
];

describe('.ci/run', () => {
  let root: string;

  before(function () {
    if (process.platform !== 'win32') return;
    console.warn('SKIPPED: .ci/run is a bash script, and this is Windows.');
    this.skip();
  });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tributary-ci-'));
    cpSync(join(ROOT, '.ci'), join(root, '.ci'), { recursive: true });
    mkdirSync(join(root, 'bin'));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  for (const { title, npm, succeeds, lastLine } of cases) {
    it(title, () => {
      command('chromium', ':');
      command(
        'npm',
        Object.entries(npm)
          .map(([name, does]) => `if [ "$1" = ${name} ]; then ${does} || exit 1; fi`)
          .join('\n'),
      );
      const path = [join(root, 'bin'), process.env['PATH']].join(delimiter);
      const { status, stdout } = spawnSync(join(root, '.ci/run'), {
        env: { ...process.env, PATH: path },
        encoding: 'utf8',
      });
      assert.equal(status === 0, succeeds, stdout);
      const last = stdout.trimEnd().split('\n').at(-1)!;
      if (typeof lastLine === 'string') assert.equal(last, lastLine);
      else assert.match(last, lastLine);
    });
  }

  function command(name: string, does: string): void {
    writeFileSync(join(root, 'bin', name), `#!/usr/bin/env bash\n${does}\nexit 0\n`, {
      mode: 0o755,
    });
  }
});

function counts(line: string): string {
  return `[ "$TRIBUTARY_REQUIRE_BROWSER" = 1 ] && echo '${line}' > "$TRIBUTARY_TEST_COUNTS"`;
}
