import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { treeOnDisk } from '../support/tree.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COPIED = ['tsconfig.json', 'tsconfig.build.json', 'package.json', 'scripts/build.ts'];

describe('the build', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tributary-build-'));
    for (const name of COPIED) cpSync(join(ROOT, name), join(root, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction');
    write('runtime/core/value.ts', 'export const one = 1;');
    write('flows/contacts.json', '[]');
  });

  afterEach(() => rmSync(root, { recursive: true }));

  it('puts modules and what they read from into dist, and flows into examples', () => {
    write('runtime/store/migrations/0001_init.sql', 'select 1;');
    write('runtime/console/page.css', 'body {}');
    write('nodes/crm-a/crm-a.ts', `export { one } from '../../runtime/core/value.ts';`);
    write('nodes/crm-a/crm-a.html', '<p>');
    write('nodes/crm-a/locales/en-US.json', '{}');
    write('settings.js', 'export {};');
    write('dist/runtime/core/deleted.js', 'export {};');
    write('examples/deleted.json', '[]');

    const { status, stdout, stderr } = runBuild();

    assert.equal(stderr, '');
    assert.equal(stdout, 'Built dist/ and examples/.\n');
    assert.equal(status, 0);
    assert.deepEqual(treeOnDisk(join(root, 'dist')).files, [
      'nodes/crm-a/crm-a.d.ts',
      'nodes/crm-a/crm-a.html',
      'nodes/crm-a/crm-a.js',
      'nodes/crm-a/locales/en-US/crm-a.json',
      'runtime/console/page.css',
      'runtime/core/value.d.ts',
      'runtime/core/value.js',
      'runtime/store/migrations/0001_init.sql',
      'settings.js',
    ]);
    assert.deepEqual(treeOnDisk(join(root, 'examples')).files, ['contacts.json']);
    const compiled = readFileSync(join(root, 'dist/nodes/crm-a/crm-a.js'), 'utf8');
    assert.equal(compiled, `export { one } from '../../runtime/core/value.js';\n`);
  });

  it('fails and leaves nothing half done when the compiler finds an error', () => {
    write('runtime/core/wrong.ts', 'export const one: string = 1;');
    write('dist/runtime/core/old.js', 'export {};');

    const { status, stdout, stderr } = runBuild();

    assert.equal(status, 1);
    assert.match(stdout, /wrong\.ts.*TS2322/);
    assert.equal(stderr, 'Nothing was built. Fix the errors above and run this again.\n');
    assert.equal(existsSync(join(root, 'dist')), false);
  });

  it('makes a command that starts, and knows its version and its schema', () => {
    cpSync(join(ROOT, 'runtime'), join(root, 'runtime'), { recursive: true });
    assert.equal(runBuild().stderr, '');
    const manifest = readFileSync(join(root, 'package.json'), 'utf8');
    const { bin, version } = JSON.parse(manifest) as {
      bin: { tributary: string };
      version: string;
    };
    const run = (...args: readonly string[]): string => {
      const command = [join(root, bin.tributary), ...args];
      const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
      assert.deepEqual([status, stderr], [0, '']);
      return stdout;
    };
    assert.equal(run('--version'), `${version}\n`);
    const schema = readFileSync(join(ROOT, 'docs/config.schema.json'), 'utf8');
    assert.deepEqual(JSON.parse(run('schema')), JSON.parse(schema));
  });

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }

  function runBuild(): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [join(root, 'scripts/build.ts')], { encoding: 'utf8' });
  }
});
