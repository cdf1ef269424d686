/**
 * What every file of the project must look like, as checks on a tree. Each answers with sentences
 * that name a file and say what to do; no sentence means tidy. A check that finds nothing to look
 * at says so, because that is how a check dies.
 */
import type { Tree } from './tree.ts';

const LINES_MAX = 500;

/** Longer for a reason: they are tables, and splitting them would hide their order. */
const LONG_FILES: ReadonlySet<string> = new Set([]);

/** Suites about the whole project rather than about one source file. */
const CROSS_CUTTING: ReadonlySet<string> = new Set([
  'test/ci-run.test.ts',
  'test/import-rule.test.ts',
  'test/tidy.test.ts',
]);

/** They have to spell out what they forbid. */
const SPELLS_IT_OUT: ReadonlySet<string> = new Set(['test/support/tidy.ts', 'test/tidy.test.ts']);

export function openWithDocComment(tree: Tree): string[] {
  const modules = select(tree, /^(runtime|nodes|scripts|bench)\/.*\.[jt]s$/);
  return forEach('modules', modules, (file) => {
    const text = tree.read(file).replace(/^#!.*\n/, '');
    if (text.startsWith('/**')) return [];
    return [`${file}: open with a doc comment that says what the module promises.`];
  });
}

export function areShort(tree: Tree): string[] {
  const sources = select(tree, /^(runtime|nodes|scripts|bench|test)\/.*\.(?:[jt]s|css|html)$/);
  const tooLong = forEach('sources', sources, (file) => {
    const lines = tree.read(file).split('\n').length - 1;
    if (lines <= LINES_MAX || LONG_FILES.has(file)) return [];
    return [`${file}: ${lines} lines. Split it by concept before it passes ${LINES_MAX}.`];
  });
  const gone = [...LONG_FILES].filter(
    (file) => tree.files.length > 0 && !tree.files.includes(file),
  );
  return [...tooLong, ...gone.map((file) => `${file} is gone. Take it off LONG_FILES.`)];
}

/** Each pattern is tried on one line, with the line before it for a reason given there. */
const LEFTOVERS: readonly [
  pattern: RegExp,
  excused: (line: string, lineBefore: string) => boolean,
  advice: string,
][] = [
  // In quotes it is a value, as vendors have it for tasks that wait to be done.
  [/(?<!')\b(?:TODO|FIXME|XXX|HACK)\b(?!')/, () => false, 'Do it now, or write an issue.'],
  [
    /\b(?:describe|context|it|specify)\.(?:only|skip)\b/,
    () => false,
    'Run all tests or delete it.',
  ],
  [/\bx(?:describe|context|it|specify)\(/, () => false, 'Run the test or delete it.'],
  [
    /\bthis\.skip\(/,
    (line, lineBefore) => line.includes('//') || /\/\/|console\./.test(lineBefore),
    'Say loudly on the line before why the test cannot run here.',
  ],
  [/@ts-(?:ignore|nocheck)\b/, () => false, 'Fix the type, or use @ts-expect-error with a reason.'],
  [/@ts-expect-error\b/, (line) => /@ts-expect-error\W+\w.{9}/.test(line), 'Add the reason.'],
  [/\beslint-disable/, () => false, 'Use oxlint-disable with a reason.'],
  [/\boxlint-disable/, (line) => / -- \S/.test(line), 'Add the reason after " -- ".'],
  [/\bc8 ignore/, (line) => / -- \S/.test(line), 'Add the reason after " -- ".'],
];

export function haveNoLeftovers(tree: Tree): string[] {
  const sources = select(tree, /^(runtime|nodes|scripts|bench|test|flows|\.ci)\//);
  const checked = sources.filter((file) => !SPELLS_IT_OUT.has(file));
  return forEach('sources', checked, (file) => {
    const lines = tree.read(file).split('\n');
    return lines.flatMap((line, index) =>
      LEFTOVERS.filter(
        ([pattern, excused]) => pattern.test(line) && !excused(line, lines[index - 1] ?? ''),
      ).map(([, , advice]) => `${file}:${index + 1}: ${line.trim()}. ${advice}`),
    );
  });
}

const PRIVATE_PLACES: readonly [pattern: RegExp, advice: string][] = [
  [
    /(?:^|[\s"'`(=])(?:\/(?:home|Users|root|work|tmp)\/|[A-Z]:\\+Users\\)/,
    'A path of one machine; build it from import.meta.dirname or os.tmpdir().',
  ],
  [
    /\bregistry\.[a-z-]+\.[a-z]+\/|"resolved":|^registry\s*=/,
    'A package registry; people install from the one they have configured.',
  ],
];

export function nameNoPrivatePlaces(tree: Tree): string[] {
  const texts = tree.files.filter((file) => !/\.(?:png|svg|ico|woff2?|gz)$/.test(file));
  const checked = texts.filter((file) => !SPELLS_IT_OUT.has(file));
  return forEach('files', checked, (file) =>
    tree
      .read(file)
      .split('\n')
      .flatMap((line, index) =>
        PRIVATE_PLACES.filter(([pattern]) => pattern.test(line)).map(
          ([, advice]) => `${file}:${index + 1}: ${line.trim().slice(0, 100)}. ${advice}`,
        ),
      ),
  );
}

/** A node's folder, files, type and place in package.json have one name, so there is no list to keep. */
export function nodeSetsAreComplete(tree: Tree): string[] {
  const names = new Set(
    select(tree, /^nodes\/(?!lib\/)[^/]+\/./).map((file) => file.split('/')[1]!),
  );
  const problems = [...names].flatMap((name) => nodeSetProblems(tree, name));
  const registered = registeredNodes(tree);
  for (const name of names) {
    const built = `dist/nodes/${name}/${name}.js`;
    if (registered[name] === built) continue;
    problems.push(`package.json: add "${name}": "${built}" to "node-red"."nodes".`);
  }
  for (const name of Object.keys(registered)) {
    if (names.has(name)) continue;
    problems.push(
      `package.json: "node-red"."nodes" lists ${name}, but nodes/${name} is not there.`,
    );
  }
  return problems;
}

function nodeSetProblems(tree: Tree, name: string): string[] {
  const folder = `nodes/${name}`;
  const expected = [
    ...['ts', 'config.ts', 'editor.ts', 'html', 'md'].map((end) => `${folder}/${name}.${end}`),
    `${folder}/locales/en-US.json`,
  ];
  const found = select(tree, new RegExp(`^${folder}/(?!icons/|locales/[^/]+\\.json$)`));
  return [
    ...expected
      .filter((file) => !tree.files.includes(file))
      .map((file) => `${file} is missing. Every node has the same six files.`),
    ...found
      .filter((file) => !expected.includes(file))
      .map(
        (file) => `${file}: move it to nodes/lib or runtime. Every node has the same six files.`,
      ),
  ];
}

function registeredNodes(tree: Tree): Readonly<Record<string, string>> {
  const text = tree.read('package.json') || '{}';
  const manifest = JSON.parse(text) as { 'node-red'?: { nodes?: Record<string, string> } };
  return manifest['node-red']?.nodes ?? {};
}

export function changelogHasUnreleased(tree: Tree): string[] {
  if (/^## Unreleased$/m.test(tree.read('CHANGELOG.md'))) return [];
  return ['CHANGELOG.md: add a heading "## Unreleased" for what is new since the last release.'];
}

export function migrationsAreNumbered(tree: Tree): string[] {
  const folder = 'runtime/store/migrations';
  const files = select(tree, new RegExp(`^${folder}/`)).map((file) =>
    file.slice(folder.length + 1),
  );
  return forEach('migrations', files, (file, index) => {
    const number = String(index + 1).padStart(4, '0');
    if (new RegExp(`^${number}_[a-z0-9_]+\\.sql$`).test(file)) return [];
    return [`${folder}/${file}: migration ${index + 1} is to be named ${number}_what_it_does.sql.`];
  });
}

/**
 * A test stands where its source stands: `test/core/hash.test.ts` for `runtime/core/hash.ts`,
 * `test/connectors/hubspot.test.ts` for that folder, `test/scripts/build.test.ts` for
 * `scripts/build.ts`. What follows the first dot is free: `plan.laws.test.ts` is about `plan.ts`. A
 * concept with a folder of its own, such as `runtime/core/planner`, may name its suites as it likes.
 */
export function testsMirrorSources(tree: Tree): string[] {
  const suites = select(tree, /^test\/.*\.test\.ts$/);
  const misplaced = forEach('tests', suites, (file) => {
    if (CROSS_CUTTING.has(file)) return [];
    const source = file.replace(/^test\//, '').replace(/(?<=[^/])\.[^/]*$/, '');
    const concept = /^[^/]+\/[^/]+(?=\/)/.exec(source)?.[0];
    const places = [`runtime/${source}`, source, `test/${source}`];
    if (concept !== undefined) places.push(`runtime/${concept}`);
    const found = tree.files.some((other) =>
      places.some((place) => isNamed(other, place) && other !== file),
    );
    if (found) return [];
    return [
      `${file}: there is no runtime/${source}. Name it after its source, or add it to CROSS_CUTTING in test/support/tidy.ts.`,
    ];
  });
  const gone = [...CROSS_CUTTING].filter((file) => suites.length > 0 && !suites.includes(file));
  return [...misplaced, ...gone.map((file) => `${file} is gone. Take it off CROSS_CUTTING.`)];
}

/** `runtime/core/hash` names `runtime/core/hash.ts` and everything in a folder `runtime/core/hash`. */
function isNamed(file: string, place: string): boolean {
  if (file.startsWith(`${place}/`)) return true;
  return file.startsWith(`${place}.`) && !file.slice(place.length).includes('.test.');
}

function select(tree: Tree, pattern: RegExp): string[] {
  return tree.files.filter((file) => pattern.test(file));
}

function forEach(
  what: string,
  files: readonly string[],
  check: (file: string, index: number) => string[],
): string[] {
  if (files.length === 0) return [`No ${what} were found. The check looks in the wrong place.`];
  return files.flatMap(check);
}
