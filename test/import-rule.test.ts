/**
 * Plants one violation of each rule in a folder laid out like this project and runs the real linter
 * with the real settings over it. A linter that has quietly stopped seeing files, types or our own
 * rules looks like clean code; here it looks like a failure.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const COPIED = ['.oxlintrc.json', 'tsconfig.json', 'package.json', 'scripts/lint'];

/** File, its code, and a part of what the linter must say about it. */
const planted: readonly [file: string, code: string, expected: string][] = [
  // Who may import whom
  ['runtime/core/a1.ts', imports('../store/store.ts'), 'runtime/core may not import runtime/store'],
  ['runtime/core/deep/a2.ts', imports('../../world/world.ts'), 'may not import runtime/world'],
  ['runtime/core/a3.ts', imports('node:fs'), 'runtime/core may not import node:fs'],
  ['runtime/core/a4.ts', imports('pg'), 'runtime/core may not import the package pg'],
  ['runtime/core/a5.ts', imports('node:crypto'), 'runtime/core may not import node:crypto'],
  ['runtime/core/a6.ts', `export type { World } from '../world/world.ts';`, 'may not import'],
  ['runtime/core/a7.ts', `export * from '../world/world.ts';`, 'may not import'],
  ['runtime/core/a8.ts', `export type W = import('../world/world.ts').World;`, 'may not import'],
  ['runtime/core/a9.ts', `await import('../world/world.ts');`, 'may not import'],
  ['runtime/world/b1.ts', imports('../engine/pass.ts'), 'runtime/world may not import'],
  ['runtime/store/c1.ts', imports('../connectors/http.ts'), 'runtime/store may not import'],
  ['runtime/store/c2.ts', imports('../engine/pass.ts'), 'runtime/store may not import'],
  ['runtime/queue/d1.ts', imports('../store/postgres.ts'), 'runtime/queue may not import'],
  ['runtime/engine/e1.ts', imports('../store/postgres.ts'), 'runtime/engine may not import'],
  ['runtime/engine/e2.ts', imports('../connectors/hubspot/hubspot.ts'), 'may not import'],
  ['runtime/engine/e3.ts', imports('../connectors/index.ts'), 'runtime/engine may not import'],
  ['runtime/engine/e4.ts', imports('../server/main.ts'), 'runtime/engine may not import'],
  ['runtime/engine/e5.ts', imports('node:http'), 'runtime/engine may not import node:http'],
  ['runtime/connectors/hubspot/f1.ts', imports('../pipedrive/api.ts'), 'hubspot may not import'],
  ['runtime/connectors/hubspot/f2.ts', imports('../index.ts'), 'hubspot may not import'],
  ['runtime/connectors/hubspot/f3.ts', imports('../../store/store.ts'), 'may not import'],
  ['runtime/connectors/hubspot/f4.ts', imports('node:https'), 'may not import node:https'],
  ['runtime/connectors/pacing.ts', imports('./hubspot/hubspot.ts'), 'may not import'],
  ['runtime/emulators/g1.ts', imports('../connectors/hubspot/api.ts'), 'may not import'],
  ['runtime/emulators/g2.ts', imports('../core/value.ts'), 'runtime/emulators may not import'],
  ['runtime/desk/h1.ts', imports('../store/postgres.ts'), 'runtime/desk may not import'],
  ['runtime/embed/i1.ts', imports('../engine/pass.ts'), 'runtime/embed may not import'],
  ['runtime/console/j1.ts', imports('../core/errors.ts'), 'runtime/console may not import'],
  ['runtime/attic/k1.ts', imports('../core/errors.ts'), 'Add one in scripts/lint/imports.ts'],
  [
    'runtime/server/l1.ts',
    imports('../../test/support/x.ts'),
    'runtime/server may not import test',
  ],
  ['nodes/crm-a/m1.ts', imports('../../runtime/engine/pass.ts'), 'nodes/crm-a may not import'],
  ['nodes/crm-a/m2.ts', imports('../crm-b/crm-b.ts'), 'nodes/crm-a may not import nodes/crm-b'],
  ['nodes/crm-a/crm-a.editor.ts', imports('./crm-a.ts'), 'may not import nodes/crm-a/crm-a.ts'],
  [
    'nodes/crm-a/crm-c.editor.ts',
    imports('../crm-b/crm-b.config.ts'),
    'may not import nodes/crm-b',
  ],
  ['nodes/crm-c/crm-c.config.ts', imports('../../runtime/index.ts'), 'may not import runtime'],
  ['nodes/lib/n1.ts', imports('../crm-a/crm-a.ts'), 'nodes/lib may not import'],
  ['nodes/lib/editor/n2.ts', imports('node:path'), 'may not import node:path'],
  ['scripts/o1.ts', imports('../test/support/x.ts'), 'scripts may not import test'],
  ['bench/o2.ts', imports('../test/support/x.ts'), 'bench may not import test'],

  // No cycles, not even of types
  ['runtime/core/cycle-one.ts', imports('./cycle-two.ts'), 'Dependency cycle'],
  ['runtime/core/cycle-two.ts', imports('./cycle-one.ts'), 'Dependency cycle'],
  [
    'runtime/core/type-cycle-one.ts',
    `import type { Two } from './type-cycle-two.ts'; export type One = Two | 1;`,
    'Dependency cycle',
  ],
  [
    'runtime/core/type-cycle-two.ts',
    `import type { One } from './type-cycle-one.ts'; export type Two = One | 2;`,
    'Dependency cycle',
  ],

  // The World is the only door
  ['runtime/engine/p01.ts', `export const x = Date.now();`, 'world.clock'],
  ['runtime/engine/p02.ts', `export const x = new Date();`, 'world.clock'],
  ['runtime/engine/p03.ts', `export const x = Date();`, 'world.clock'],
  ['runtime/engine/p04.ts', `export const x = Math.random();`, 'world.random'],
  ['runtime/engine/p05.ts', `setTimeout(() => {}, 1);`, 'world.schedule'],
  ['runtime/engine/p06.ts', `setInterval(() => {}, 1);`, 'world.schedule'],
  ['runtime/engine/p07.ts', `setImmediate(() => {});`, 'world.schedule'],
  ['runtime/engine/p08.ts', `export const x = performance.now();`, 'world.clock'],
  ['runtime/engine/p09.ts', `export const x = process.hrtime();`, 'world.clock'],
  ['runtime/engine/p10.ts', `export const x = crypto.randomUUID();`, 'world.newId'],
  ['runtime/engine/p11.ts', `await fetch('http://127.0.0.1');`, 'world.network'],
  ['runtime/engine/p12.ts', `export const x = globalThis.fetch;`, 'as a parameter'],
  ['runtime/engine/p13.ts', `export const x = AbortSignal.timeout(1);`, 'world.schedule'],
  [
    'runtime/engine/p14.ts',
    `import { randomUUID } from 'node:crypto'; randomUUID();`,
    'world.newId',
  ],
  [
    'runtime/engine/p15.ts',
    `import * as crypto from 'node:crypto'; crypto.randomBytes(8);`,
    'world.secretBytes',
  ],
  [
    'runtime/server/p16.ts',
    `import { setTimeout } from 'node:timers/promises'; await setTimeout(1);`,
    'world.schedule',
  ],
  ['runtime/store/p17.ts', `export const x = process.env['HOME'];`, 'process.env'],
  ['nodes/crm-a/p18.ts', `export const x = process.env['HOME'];`, 'process.env'],
  ['nodes/crm-a/p19.ts', `export const x = Date.now();`, 'world.clock'],
  ['runtime/server/p20.ts', `export const x = Date.now();`, 'world.clock'],

  // Rules that need types
  [
    'runtime/engine/q1.ts',
    `async function work(): Promise<void> {}\nexport function start(): void { work(); }`,
    'Promises must be awaited',
  ],
  [
    'runtime/engine/q2.ts',
    `async function work(): Promise<void> {}\n[1].forEach(work);`,
    'Promise returned in function argument',
  ],
  ['runtime/engine/q3.ts', `export const x = await 5;`, 'Unexpected `await`'],
  [
    'runtime/engine/q4.ts',
    `import { URL } from 'node:url'; export type Place = URL;`,
    'only used as types',
  ],
  [
    'runtime/engine/q5.ts',
    `export function f(x: 'a' | 'b'): void { switch (x) { case 'a': break; } }`,
    'not exhaustive',
  ],
];

/** Everything here is as it should be. */
const clean: readonly [file: string, code: string][] = [
  ['runtime/core/hash.ts', imports('node:crypto')],
  ['runtime/core/value.ts', imports('./hash.ts', 'zod', 'libphonenumber-js/min', 'tldts')],
  [
    'runtime/core/time.ts',
    `export const iso = (ms: number): string => new Date(ms).toISOString();`,
  ],
  ['runtime/world/system.ts', `export const now = (): number => Date.now() + Math.random();`],
  ['runtime/store/postgres.ts', imports('./store.ts', '../core/value.ts', 'pg', 'node:fs')],
  ['runtime/queue/queue.ts', imports('../store/store.ts', '../world/world.ts', 'pg-boss')],
  ['runtime/engine/pass.ts', imports('../store/store.ts', '../connectors/connector.ts')],
  ['runtime/connectors/connector.ts', imports('../core/value.ts')],
  ['runtime/connectors/index.ts', imports('./hubspot/hubspot.ts', './connector.ts')],
  ['runtime/connectors/hubspot/hubspot.ts', imports('./api.ts', '../http.ts', '../connector.ts')],
  [
    'runtime/emulators/hubspot/server.ts',
    imports('express', '../state.ts', '../../world/world.ts'),
  ],
  [
    'runtime/server/main.ts',
    `${imports('../store/postgres.ts')} export const x = process.env['X'];`,
  ],
  ['runtime/index.ts', imports('./engine/pass.ts')],
  ['runtime/console/page.ts', `export const load = (): Promise<Response> => fetch('health');`],
  [
    'nodes/crm-a/crm-a.ts',
    imports('./crm-a.config.ts', '../lib/status.ts', '../../runtime/index.ts'),
  ],
  ['nodes/crm-b/crm-b.editor.ts', imports('./crm-b.config.ts', '../lib/editor/form.ts')],
  ['test/engine/pass.test.ts', imports('../../runtime/engine/pass.ts', '../support/x.ts')],
];

describe('the linter', () => {
  const root = mkdtempSync(join(tmpdir(), 'tributary-lint-'));
  let report: Report;

  before(() => {
    for (const name of COPIED) cpSync(join(ROOT, name), join(root, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction');
    for (const [file, code] of [...planted, ...clean]) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), `${code}\n`);
    }
    report = lint(root);
  });

  after(() => rmSync(root, { recursive: true }));

  it('sees every file', () => {
    const ownFiles = 2; // scripts/lint
    assert.equal(report.number_of_files, planted.length + clean.length + ownFiles);
  });

  for (const [file, code, expected] of planted) {
    it(`refuses ${summary(code)} in ${file}`, () => {
      const messages = messagesFor(file);
      const said = messages.join('\n') || 'nothing';
      assert.ok(
        messages.some((message) => message.includes(expected)),
        `it said: ${said}`,
      );
    });
  }

  for (const [file] of clean) {
    it(`has nothing against ${file}`, () => {
      assert.deepEqual(messagesFor(file), []);
    });
  }

  function messagesFor(file: string): string[] {
    return report.diagnostics
      .filter(({ filename }) => filename === file)
      .map(({ message, help }) => `${message} ${help ?? ''}`);
  }
});

interface Report {
  readonly number_of_files: number;
  readonly diagnostics: readonly {
    readonly filename: string;
    readonly message: string;
    readonly help?: string;
  }[];
}

function lint(root: string): Report {
  const program = join(ROOT, 'node_modules/oxlint/bin/oxlint');
  const { stdout, stderr, error } = spawnSync(process.execPath, [program, '--format=json'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) throw error;
  assert.ok(stdout.startsWith('{'), `The linter did not report: ${stdout}${stderr}`);
  return JSON.parse(stdout) as Report;
}

function imports(...specifiers: readonly string[]): string {
  const names = specifiers.map((_, index) => `x${index}`);
  const lines = specifiers.map((from, index) => `import { x${index} } from '${from}';`);
  return `${lines.join(' ')} export const used = [${names.join(', ')}];`;
}

function summary(code: string): string {
  return code
    .replace(/^import \{ x0 \} from ('.+');.*$/, 'import $1')
    .split('\n')
    .at(-1)!;
}
