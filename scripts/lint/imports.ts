/**
 * The import rule: which folder may import what. Everything that is not listed is refused, so a
 * folder that is new needs a row here before it can import anything. The linter runs this over
 * every import, `import type` and re-export, because deleting a folder breaks types as well.
 */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';

/**
 * Says what is wrong with the import of `specifier` in `file` (a path from the root, with slashes),
 * or undefined when it is allowed.
 */
export function importProblem(file: string, specifier: string): string | undefined {
  const row = ROWS.find(({ files }) => matches(files, file));
  if (row === undefined) {
    return `No row of the import rule covers ${file}. Add one in scripts/lint/imports.ts.`;
  }
  const ownFolder = folderOf(row, file);
  if (isBuiltin(specifier)) {
    if (row.builtins?.includes(specifier) !== false) return undefined;
    return `${ownFolder} may not import ${specifier}. Take a World instead, or do it in a folder that may.`;
  }
  if (!specifier.startsWith('.')) {
    if (row.packages?.some((name) => isWithin(specifier, name)) !== false) return undefined;
    return `${ownFolder} may not import the package ${specifier}, only ${row.packages.join(', ')}.`;
  }
  const target = posix.join(posix.dirname(file), specifier);
  const allowed = row.may.map((entry) => entry.replace(/^\.(?=\/|$)/, ownFolder));
  if (allowed.some((entry) => matches(entry, target))) return undefined;
  return `${ownFolder} may not import ${target}, only ${allowed.join(', ') || 'packages'}. Take what you need as a parameter, or move the code.`;
}

interface Row {
  /** A folder or file from the root; a star stands for one name. The first row that fits counts. */
  readonly files: string;
  /** Folders and files it may import; a leading dot stands for the very folder that fits `files`. */
  readonly may: readonly string[];
  /** Built-in modules it may import; all when left out. */
  readonly builtins?: readonly string[];
  /** Packages it may import; all when left out. */
  readonly packages?: readonly string[];
}

const CORE = 'runtime/core';
const WORLD = 'runtime/world';
const STORE = 'runtime/store/store.ts';
const CONNECTOR = 'runtime/connectors/connector.ts';
/** What vendors are reached with. */
const REACH = [
  'address',
  'auth',
  'batches',
  'clock',
  'deliveries',
  'directory',
  'failures',
  'http',
  'limits',
  'oauth',
].map((name) => `runtime/connectors/${name}.ts`);

/** Packages that compute and do nothing else. */
const PURE_PACKAGES = ['canonicalize', 'libphonenumber-js', 'tldts', 'zod'];

/** Built-ins for code that runs in a simulation: nothing that reaches out of the process. */
const SIMULATED_BUILTINS = ['assert', 'buffer', 'crypto', 'events', 'stream', 'url', 'util'].map(
  (name) => `node:${name}`,
);

const ROWS: readonly Row[] = [
  {
    files: 'runtime/core/hash.ts',
    may: [CORE],
    builtins: ['node:crypto'],
    packages: PURE_PACKAGES,
  },
  { files: CORE, may: ['.'], builtins: [], packages: PURE_PACKAGES },
  { files: WORLD, may: ['.', CORE] },
  { files: 'runtime/store', may: ['.', CORE, WORLD] },
  { files: 'runtime/contacts', may: ['.', CORE, WORLD, 'runtime/store'] },
  { files: 'runtime/queue', may: ['.', CORE, WORLD, STORE], builtins: SIMULATED_BUILTINS },
  {
    files: 'runtime/engine',
    may: ['.', CORE, WORLD, STORE, CONNECTOR],
    builtins: SIMULATED_BUILTINS,
  },
  { files: 'runtime/connectors/index.ts', may: [CORE, WORLD, 'runtime/connectors'], builtins: [] },
  {
    files: 'runtime/connectors/*/',
    may: ['.', CORE, WORLD, CONNECTOR, ...REACH],
    builtins: SIMULATED_BUILTINS,
  },
  { files: 'runtime/connectors', may: ['./*.ts', CORE, WORLD], builtins: SIMULATED_BUILTINS },
  {
    files: 'runtime/desk',
    may: ['.', CORE, WORLD, STORE, CONNECTOR, 'runtime/engine'],
    builtins: SIMULATED_BUILTINS,
  },
  { files: 'runtime/embed', may: ['.', CORE, WORLD, STORE], builtins: SIMULATED_BUILTINS },
  // Emulators share no code with connectors, so that the same mistake is not made on both sides.
  { files: 'runtime/emulators', may: ['.', WORLD, 'runtime/core/errors.ts'] },
  { files: 'runtime/console', may: ['.'], builtins: [] },
  { files: 'runtime/server', may: ['runtime'] },
  { files: 'runtime/cli', may: ['runtime'] },
  { files: 'runtime/index.ts', may: ['runtime'] },

  // The editor half runs in the browser, and the configuration in both.
  { files: 'nodes/*/*.editor.ts', may: ['nodes/lib/editor', './*.config.ts'], builtins: [] },
  { files: 'nodes/*/*.config.ts', may: ['nodes/lib'], builtins: [] },
  { files: 'nodes/lib/editor', may: ['.'], builtins: [] },
  { files: 'nodes/lib', may: ['.', 'runtime/index.ts'] },
  { files: 'nodes/*/', may: ['.', 'nodes/lib', 'runtime/index.ts'] },

  { files: 'scripts', may: ['.', 'runtime'] },
  // A world in which time passes only when it is told to.
  {
    files: 'bench',
    may: ['.', 'runtime', 'test/sim/virtual-world.ts', 'test/connectors/in-world.ts'],
  },
  { files: 'settings.js', may: ['runtime'] },
  { files: 'test', may: ['.', 'runtime', 'nodes', 'scripts', 'bench', 'settings.js'] },
];

/** The folder a row speaks about, with its stars filled in. */
function folderOf({ files }: Row, file: string): string {
  const names = files.replace(/\/$/, '').split('/');
  if (isFile(names.at(-1)!)) names.pop();
  return file.split('/').slice(0, names.length).join('/') || '.';
}

function isFile(name: string): boolean {
  return name.includes('.');
}

/** True for the file itself and for everything in the folder; a slash at the end excludes the file. */
function matches(pattern: string, path: string): boolean {
  const names = pattern.replace(/\/$/, '').split('/');
  const found = path.split('/');
  if (found.length < names.length + (pattern.endsWith('/') ? 1 : 0)) return false;
  return names.every((name, index) => matchesName(name, found[index]!));
}

function matchesName(pattern: string, name: string): boolean {
  const [before, after] = pattern.split('*');
  if (after === undefined) return pattern === name;
  return name.startsWith(before!) && name.endsWith(after);
}

function isWithin(specifier: string, packageName: string): boolean {
  return specifier === packageName || specifier.startsWith(`${packageName}/`);
}
