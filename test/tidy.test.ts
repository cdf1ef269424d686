/**
 * Checks the code itself: what a reviewer would otherwise have to say again and again.
 */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import {
  areShort,
  changelogHasUnreleased,
  haveNoLeftovers,
  migrationsAreNumbered,
  nameNoPrivatePlaces,
  nodeSetsAreComplete,
  openWithDocComment,
  testsMirrorSources,
} from './support/tidy.ts';
import { treeOf, treeOnDisk } from './support/tree.ts';

type Texts = Readonly<Record<string, string>>;

/** Per check: what it says when all is well, and what it must say about a mess. */
const checks: readonly {
  readonly promise: string;
  readonly check: typeof areShort;
  readonly tidy: readonly Texts[];
  readonly messy: readonly [problem: string, texts: Texts, said: string][];
}[] = [
  {
    promise: 'opens every module with a doc comment',
    check: openWithDocComment,
    tidy: [
      { 'runtime/core/a.ts': '/** A. */\n', 'nodes/crm-a/crm-a.ts': '/**\n * A.\n */\n' },
      { 'scripts/a.ts': '#!/usr/bin/env node\n/** A. */\n', 'bench/run.js': '/** A. */' },
    ],
    messy: [
      [
        'a module that begins with code',
        { 'runtime/core/a.ts': 'export {};' },
        'runtime/core/a.ts: open',
      ],
      ['a comment that is no doc comment', { 'bench/run.ts': '/* A. */' }, 'bench/run.ts: open'],
      ['no modules at all', { 'test/a.ts': '/** A. */' }, 'No modules were found'],
    ],
  },
  {
    promise: 'keeps files at 500 lines or less',
    check: areShort,
    tidy: [{ 'runtime/a.ts': 'x\n'.repeat(500), 'README.md': 'x\n'.repeat(900) }],
    messy: [
      ['a line too much', { 'runtime/a.ts': 'x\n'.repeat(501) }, 'runtime/a.ts: 501 lines'],
      ['a long test', { 'test/a.test.ts': 'x\n'.repeat(501) }, 'test/a.test.ts: 501 lines'],
      ['no sources at all', { 'README.md': '' }, 'No sources were found'],
    ],
  },
  {
    promise: 'leaves nothing lying about',
    check: haveNoLeftovers,
    tidy: [
      {
        'runtime/a.ts': [
          '// oxlint-disable-next-line no-console -- a command talks to its user',
          '// @ts-expect-error the types of this package lag behind',
          '/* c8 ignore next -- Windows only */',
          'limit.only(3); method.skipped();',
        ].join('\n'),
        'test/a.test.ts': "console.warn('SKIPPED: no browser');\nthis.skip();",
      },
    ],
    messy: [
      [
        'a promise for later',
        { 'runtime/a.ts': '\n// TODO later' },
        'runtime/a.ts:2: // TODO later. Do',
      ],
      ['another one', { 'nodes/a.ts': '// FIXME' }, 'nodes/a.ts:1'],
      ['a lone test', { 'test/a.test.ts': 'it.only(' }, 'Run all tests'],
      ['a skipped suite', { 'test/a.test.ts': 'describe.skip(' }, 'Run all tests'],
      ['a test switched off', { 'test/a.test.ts': '  xit(' }, 'Run the test'],
      ['a silent skip', { 'test/a.test.ts': 'if (x)\n  this.skip();' }, 'Say loudly'],
      ['a silenced compiler', { 'runtime/a.ts': '// @ts-ignore because' }, 'Fix the type'],
      ['an expected error', { 'runtime/a.ts': '// @ts-expect-error' }, 'Add the reason'],
      [
        'a silenced linter',
        { 'runtime/a.ts': '// oxlint-disable-next-line no-var' },
        'Add the reason',
      ],
      ['another linter', { 'runtime/a.ts': '// eslint-disable -- why' }, 'Use oxlint-disable'],
      ['uncounted code', { 'runtime/a.ts': '/* c8 ignore next */' }, 'Add the reason'],
      ['no sources at all', {}, 'No sources were found'],
    ],
  },
  {
    promise: 'names no place that only one machine has',
    check: nameNoPrivatePlaces,
    tidy: [
      {
        'runtime/a.ts': "'/usr/bin/chromium'; 'https://example.com/home/x'; `/users/${id}/files/`",
        'docs/a.md': '~/tributary, $HOME/x',
      },
    ],
    messy: [
      ['a home', { 'docs/a.md': 'see /home/ann/x' }, 'docs/a.md:1: see /home/ann/x. A path'],
      ['a Mac', { 'a.json': '"/Users/ann/x"' }, 'A path of one machine'],
      ['a Windows home', { 'a.ts': "'C:\\\\Users\\\\ann'" }, 'A path of one machine'],
      ['a temporary folder', { 'a.ts': "join('/tmp/x')" }, 'A path of one machine'],
      ['a registry', { 'a.md': 'https://registry.example.org/x' }, 'A package registry'],
      ['a lock to a registry', { 'package-lock.json': '  "resolved": "x"' }, 'A package registry'],
      ['a setting for one', { '.npmrc': 'registry = https://x' }, 'A package registry'],
      ['no files at all', {}, 'No files were found'],
    ],
  },
  {
    promise: 'gives every node its six files and its place in the package',
    check: nodeSetsAreComplete,
    tidy: [
      { 'nodes/lib/status.ts': '' },
      { ...nodeSet('crm-a'), 'nodes/crm-a/icons/a.svg': '', 'nodes/crm-a/locales/hu.json': '' },
    ],
    messy: [
      ...Object.keys(nodeSet('crm-a'))
        .filter((file) => file !== 'package.json')
        .map((file): [string, Texts, string] => {
          const { [file]: _missing, ...rest } = nodeSet('crm-a');
          return [`no ${file}`, rest, `${file} is missing. Every node has the same six files.`];
        }),
      [
        'a seventh file',
        { ...nodeSet('crm-a'), 'nodes/crm-a/helpers.ts': '' },
        'nodes/crm-a/helpers.ts: move it',
      ],
      [
        'a node the package does not list',
        { ...nodeSet('crm-a'), 'package.json': '{}' },
        'package.json: add "crm-a": "dist/nodes/crm-a/crm-a.js"',
      ],
      [
        'a node that is only listed',
        { 'package.json': nodeSet('crm-a')['package.json']! },
        'nodes/crm-a is not there',
      ],
    ],
  },
  {
    promise: 'collects in the changelog what the next release will bring',
    check: changelogHasUnreleased,
    tidy: [{ 'CHANGELOG.md': '# Changelog\n\n## Unreleased\n' }],
    messy: [
      [
        'only releases',
        { 'CHANGELOG.md': '# Changelog\n\n## 1.0.0\n' },
        'add a heading "## Unreleased"',
      ],
      ['no changelog', {}, 'add a heading'],
    ],
  },
  {
    promise: 'numbers migrations without gaps',
    check: migrationsAreNumbered,
    tidy: [migrations('0001_init.sql', '0002_add_holds.sql')],
    messy: [
      ['a gap', migrations('0001_init.sql', '0003_holds.sql'), 'migration 2 is to be named 0002_'],
      ['a number twice', migrations('0001_a.sql', '0001_b.sql'), '0001_b.sql: migration 2'],
      ['something else', migrations('0001_a.sql', 'notes.txt'), 'notes.txt: migration 2'],
      ['no migrations at all', {}, 'No migrations were found'],
    ],
  },
  {
    promise: 'keeps tests where their sources are',
    check: testsMirrorSources,
    tidy: [
      tests('runtime/core/hash.ts', 'test/core/hash.test.ts', 'test/core/hash.laws.test.ts'),
      tests('runtime/connectors/hubspot/api.ts', 'test/connectors/hubspot.test.ts'),
      tests('nodes/crm-a/crm-a.ts', 'test/nodes/crm-a.test.ts'),
      tests('runtime/core/planner/plan.ts', 'test/core/planner/deletes.test.ts'),
      tests('scripts/build.ts', 'test/scripts/build.test.ts'),
      tests('test/sim/virtual-world.ts', 'test/sim/virtual-world.test.ts'),
      tests('flows/contacts.json', 'test/flows/contacts.test.ts'),
    ],
    messy: [
      [
        'a lost test',
        tests('test/core/hash.test.ts'),
        'test/core/hash.test.ts: there is no runtime/core/hash',
      ],
      [
        'another folder',
        tests('runtime/core/hash.ts', 'test/hash.test.ts'),
        'test/hash.test.ts: there',
      ],
      [
        'a test for a test',
        tests('test/a.test.ts', 'test/a.more.test.ts'),
        'test/a.test.ts: there',
      ],
      ['a stale exception', { 'test/tidy.test.ts': '' }, 'test/import-rule.test.ts is gone'],
      ['no tests at all', {}, 'No tests were found'],
    ],
  },
];

describe('this project', () => {
  const repository = treeOnDisk(resolve(import.meta.dirname, '..'));
  for (const { promise, check } of checks) {
    it(promise, () => {
      const problems = check(repository);
      if (problems.length > 0) assert.fail(`\n${problems.join('\n')}`);
    });
  }
});

describe('the check that this project', () => {
  for (const { promise, check, tidy, messy } of checks) {
    it(`${promise} is content with what is tidy`, () => {
      for (const texts of tidy) assert.deepEqual(check(treeOf(texts)), []);
    });
    for (const [problem, texts, said] of messy) {
      it(`${promise} finds ${problem}`, () => {
        const problems = check(treeOf(texts));
        assert.ok(
          problems.some((line) => line.includes(said)),
          problems.join('\n') || 'nothing',
        );
      });
    }
  }
});

function nodeSet(name: string): Texts {
  const files = ['ts', 'config.ts', 'editor.ts', 'html', 'md'].map((end) => `${name}.${end}`);
  const paths = [...files, 'locales/en-US.json'].map((file) => `nodes/${name}/${file}`);
  const nodes = { [name]: `dist/nodes/${name}/${name}.js` };
  return {
    ...Object.fromEntries(paths.map((path) => [path, ''])),
    'package.json': JSON.stringify({ 'node-red': { nodes } }),
  };
}

function migrations(...names: readonly string[]): Texts {
  return Object.fromEntries(names.map((name) => [`runtime/store/migrations/${name}`, '']));
}

function tests(...files: readonly string[]): Texts {
  const suites = ['test/ci-run.test.ts', 'test/import-rule.test.ts', 'test/tidy.test.ts'];
  return Object.fromEntries([...files, ...suites].map((file) => [file, '']));
}
