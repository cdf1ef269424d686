/**
 * The check that keeps the requirement record honest. One row of the table, one way to be dishonest
 * and what is said about it; then the page of this repository itself.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkRequirements, main } from '../../scripts/check-requirements.ts';

const repository = resolve(import.meta.dirname, '../..');

const files: Readonly<Record<string, string>> = {
  'docs/guide.md': '# Guide\n\n## First steps\n',
  'test/merge.test.ts': `it('keeps the newer edit', run);\nit('keeps a user\\'s edit', run);\nit('a | b', run);\n`,
};

const head = ['# Requirements', '', '| id | what | state | proof |', '| --- | --- | --- | --- |'];
const firstRow = head.length + 1;

/** One row each, and nothing to say about it. */
const honest: readonly [fact: string, row: string][] = [
  ['an open row', '| CD-01 | lists | open | |'],
  ['an open row that tells what is missing', '| CD-01 | lists | open | the `deals` half |'],
  ['a derived id', '| SPx-02 | lists | open | |'],
  ['an id past ninety-nine', '| SP-120 | lists | open | |'],
  ['a row without its last bar', '| CD-01 | lists | done | `docs/guide.md`'],
  ['a page as the proof', '| CD-01 | lists | done | `docs/guide.md` |'],
  ['a heading as the proof', '| CD-01 | lists | done | `docs/guide.md#First steps` |'],
  [
    'a test title as the proof',
    '| CD-01 | lists | done | `test/merge.test.ts#keeps the newer edit` |',
  ],
  [
    'a title with an apostrophe',
    "| CD-01 | lists | done | `test/merge.test.ts#keeps a user's edit` |",
  ],
  ['a title with a bar', '| CD-01 | lists | done | `test/merge.test.ts#a \\| b` |'],
  ['two proofs and a word', '| CD-01 | lists | done | `docs/guide.md` and `test/merge.test.ts` |'],
  ['a refusal with its reason', '| CD-01 | lists | refused | The vendor has no list call. |'],
];

/** Rows, the line complained about counted from the first of them, and what is said. */
const dishonest: readonly [fact: string, rows: readonly string[], line: number, says: RegExp][] = [
  [
    'an id that appears twice',
    ['| CD-01 | a | open | |', '| CD-02 | b | open | |', '| CD-01 | c | open | |'],
    2,
    /^CD-01 is on line 5 already\. Keep one/,
  ],
  [
    'an unknown state',
    ['| CD-01 | a | finished | |'],
    0,
    /^CD-01 has the unknown state 'finished'\. Write open, done or refused/,
  ],
  ['an empty state', ['| CD-01 | a | | |'], 0, /^CD-01 has the unknown state ''/],
  [
    'a done row without a proof',
    ['| CD-01 | a | done | |'],
    0,
    /^CD-01 is done without a proof\. Name a test/,
  ],
  [
    'a proof without its backticks',
    ['| CD-01 | a | done | docs/guide.md |'],
    0,
    /^CD-01 is done without a proof.*in backticks/,
  ],
  [
    'a proof that is no file',
    ['| CD-01 | a | done | `docs/lost.md` |'],
    0,
    /^CD-01 is proven by 'docs\/lost\.md', which is not a file/,
  ],
  [
    'one lost proof of two',
    ['| CD-01 | a | done | `docs/guide.md` `docs/lost.md` |'],
    0,
    /'docs\/lost\.md'/,
  ],
  [
    'a test title that is not in its file',
    ['| CD-01 | a | done | `test/merge.test.ts#keeps the older edit` |'],
    0,
    /^CD-01 names 'keeps the older edit', which is not in test\/merge\.test\.ts/,
  ],
  [
    'a title in a file that is not there',
    ['| CD-01 | a | done | `test/lost.test.ts#keeps` |'],
    0,
    /'test\/lost\.test\.ts', which is not a file/,
  ],
  [
    'an empty title',
    ['| CD-01 | a | done | `test/merge.test.ts#` |'],
    0,
    /^CD-01 names no title after the #/,
  ],
  [
    'a refusal without a reason',
    ['| CD-01 | a | refused | |'],
    0,
    /^CD-01 is refused without a reason/,
  ],
  ['a dash for a reason', ['| CD-01 | a | refused | - |'], 0, /^CD-01 is refused without a reason/],
  ['an id that is none', ['| CD 01 | a | open | |'], 0, /^'CD 01' is not an id/],
  [
    'a row that asks for nothing',
    ['| CD-01 | | open | |'],
    0,
    /^CD-01 does not say what it asks for/,
  ],
  ['a missing cell', ['| CD-01 | a | open |'], 0, /^this row has 3 cells, not 4/],
  ['a bare bar inside a cell', ['| CD-01 | a | b | open | |'], 0, /^this row has 5 cells, not 4/],
];

describe('the check of the requirement record', () => {
  describe('has nothing to say about', () => {
    for (const [fact, row] of honest) {
      it(fact, () => assert.deepEqual(check([row]).problems, []));
    }
  });

  describe('complains about', () => {
    for (const [fact, rows, line, says] of dishonest) {
      it(fact, () => {
        const { problems } = check(rows);
        assert.deepEqual(
          problems.map((problem) => problem.line),
          [firstRow + line],
        );
        assert.match(problems[0]?.message ?? '', says);
      });
    }
  });

  it('lists every problem, not only the first', () => {
    const { problems } = check([
      '| CD-01 | a | done | |',
      '| CD-02 | | odd | |',
      '| CD-03 | c | refused | |',
    ]);
    assert.deepEqual(
      problems.map(({ line }) => line - firstRow),
      [0, 1, 1, 2],
    );
  });

  it('counts the rows by state', () => {
    const rows = [
      '| CD-01 | a | done | `docs/guide.md` |',
      '| CD-02 | b | open | |',
      '| CD-03 | c | open | |',
      '| CD-04 | d | refused | Not ours. |',
    ];
    assert.deepEqual(check(rows).counts, { done: 1, open: 2, refused: 1 });
  });

  it('reads a page with the line ends of Windows', () => {
    const text = [...head, '| CD-01 | a | open | |'].join('\r\n');
    assert.deepEqual(checkRequirements(text, { readText, rowsMin: 1 }).problems, []);
  });

  it('fails when a row went missing', () => {
    const text = [...head, '| CD-01 | a | open | |', '| CD-02 | b | open | |'].join('\n');
    const [problem] = checkRequirements(text, { readText, rowsMin: 3 }).problems;
    assert.match(problem?.message ?? '', /^2 requirements were read, and at least 3 are known/);
  });

  it('fails when it saw nothing', () => {
    const [problem] = checkRequirements('# Requirements\n', { readText }).problems;
    assert.match(problem?.message ?? '', /^0 requirements were read/);
  });
});

describe('the command', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'requirements-'));
    mkdirSync(join(root, 'docs'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('prints the counts and succeeds when all is well', () => {
    writePage(root, '| CD-999 | a | done | `docs/requirements.md` |');
    assert.deepEqual(run(root), { code: 0, lines: ['requirements: 1 done, 384 open, 0 refused'] });
  });

  it('prints file, line and problem, then the counts, and fails', () => {
    writePage(root, '| CD-999 | a | refused | |');
    const { code, lines } = run(root);
    assert.equal(code, 1);
    assert.match(lines[0] ?? '', /^docs\/requirements\.md:5: CD-999 is refused without a reason/);
    assert.deepEqual(lines.slice(1), ['requirements: 0 done, 384 open, 1 refused']);
  });

  it('fails when the page is one row short', () => {
    writePage(root, '| CD-999 | a | open | |', { openRows: 383 });
    const { code, lines } = run(root);
    assert.equal(code, 1);
    assert.match(lines[0] ?? '', /384 requirements were read, and at least 385 are known/);
  });

  it('takes no folder for a proof', () => {
    writePage(root, '| CD-999 | a | done | `docs` |');
    assert.match(run(root).lines[0] ?? '', /'docs', which is not a file/);
  });

  it('ends with 1 and a hint where there is no record', () => {
    const { status, stdout } = spawn(root);
    assert.match(
      stdout,
      /docs\/requirements\.md is not in .*Run this from the top of the repository/,
    );
    assert.equal(status, 1);
  });

  it('ends with 0 on the record of this repository', () => {
    const { status, stdout } = spawn(repository);
    assert.match(stdout, /^requirements: \d+ done, \d+ open, \d+ refused\n$/);
    assert.equal(status, 0);
  });
});

function check(rows: readonly string[]) {
  return checkRequirements([...head, ...rows].join('\n'), { readText, rowsMin: 1 });
}

function readText(path: string): string | undefined {
  return files[path];
}

/** A page with `row` on line 5, and below it the open rows that make it as long as the real one. */
function writePage(root: string, row: string, { openRows = 384 } = {}): void {
  const open = Array.from({ length: openRows }, (_, index) => `| SP-${100 + index} | a | open | |`);
  writeFileSync(join(root, 'docs/requirements.md'), [...head, row, ...open].join('\n'));
}

function run(root: string): { code: number; lines: string[] } {
  const lines: string[] = [];
  const code = main(root, (line) => lines.push(line));
  return { code, lines };
}

function spawn(cwd: string) {
  const script = join(repository, 'scripts/check-requirements.ts');
  return spawnSync(process.execPath, [script], { cwd, encoding: 'utf8' });
}
