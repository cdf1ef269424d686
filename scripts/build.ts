/**
 * Builds what is published: `dist/` with the compiled modules and everything they read from beside
 * themselves, and `examples/` with the flows, where Node-RED's import menu looks for them. Both
 * folders are made anew, so that what was deleted does not live on in a package.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';

/** Folders of `root` whose files other than TypeScript belong to the package. */
const SOURCES = ['runtime', 'nodes'];

/** Returns false when the compiler found errors; it has printed them by then. */
function build(root: string): boolean {
  for (const folder of ['dist', 'examples'])
    rmSync(join(root, folder), { recursive: true, force: true });
  if (!compile(root)) return false;
  for (const file of assets(root)) cpSync(join(root, file), join(root, 'dist', placeInBuild(file)));
  cpSync(join(root, 'flows'), join(root, 'examples'), { recursive: true });
  return true;
}

function compile(root: string): boolean {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['-p', 'tsconfig.build.json', '--noEmitOnError'];
  const { status } = spawnSync(process.execPath, [compiler, ...options], {
    cwd: root,
    stdio: 'inherit',
  });
  return status === 0;
}

function assets(root: string): string[] {
  const everything = SOURCES.map((folder) => `${folder}/**/*.*`);
  const files = globSync([...everything, 'settings.js'], { cwd: root, exclude: ['**/*.ts'] });
  return files.map((file) => file.replaceAll(sep, '/'));
}

/** Node-RED looks for `locales/<language>/<node>.json`; the sources have `locales/<language>.json`. */
function placeInBuild(file: string): string {
  const match = /^(nodes\/([^/]+)\/locales\/[^/]+)\.json$/.exec(file);
  return match === null ? file : `${match[1]}/${match[2]}.json`;
}

if (build(resolve(import.meta.dirname, '..'))) {
  console.log('Built dist/ and examples/.');
} else {
  console.error('Nothing was built. Fix the errors above and run this again.');
  process.exitCode = 1;
}
