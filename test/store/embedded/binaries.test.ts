/** The programs as npm leaves them, on machines that cannot use them like that, or at all. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../../runtime/store/embedded/account.ts';
import { usablePrograms } from '../../../runtime/store/embedded/binaries.ts';
import { thisMachine } from '../../../runtime/store/embedded/machine.ts';
import type { Binaries } from '../../../runtime/store/embedded/machine.ts';
import { findPlace } from '../../../runtime/store/embedded/place.ts';
import { systemWorld } from '../../../runtime/world/system.ts';
import { ask, AS_ROOT, embeddedWorkbench, refusedWith } from '../../support/embedded-workbench.ts';

describe('The programs of the embedded database', () => {
  const { open, packageWithoutLinks, path, user } = embeddedWorkbench();

  it('get the links they lack, also from two starts at once', async () => {
    const binaries = packageWithoutLinks('package');
    const machine = { ...thisMachine(), findBinaries: () => binaries };
    const { log } = systemWorld({ log: { write: () => {} } });
    const place = await findPlace({ directory: path('linked'), machine, log });
    const [programs] = await Promise.all([
      usablePrograms(place, machine),
      usablePrograms(place, machine),
    ]);
    assert.equal(programs.postgres, join(binaries.folder, 'bin', 'postgres'));
    const { output } = await run(programs.postgres, ['--version'], place.account);
    assert.match(output, /^postgres \(PostgreSQL\) 18/);
    for (const { source, target } of links(binaries)) {
      const link = join(dirname(binaries.folder), target);
      assert.equal(join(dirname(link), readlinkSync(link)), join(dirname(binaries.folder), source));
    }
  });

  it('are copied next to the data where node_modules cannot be written', async () => {
    const binaries = packageWithoutLinks('sealed');
    const lib = join(binaries.folder, 'lib');
    chmodSync(lib, 0o555);
    // The folder says no to everybody but root, so root sends somebody else.
    const account = AS_ROOT ? { account: { uid: 1, gid: 1 } } : {};
    const directory = path('copied/database');
    mkdirSync(dirname(directory));
    chmodSync(dirname(directory), 0o777);
    const copy = `postgresql-${binaries.version}`;
    const first = await user({ directory, binaries }, account);
    assert.deepEqual(await ask(first.connection, 'select 1 as one'), { one: 1 });
    await first.close();
    assert.ok(readdirSync(directory).includes(copy));
    assert.ok(readdirSync(lib).every((name) => !name.endsWith('.so')));

    // What another version has copied, and what a first start left behind that was killed.
    for (const rubbish of ['postgresql-17.0', 'init-dead', 'copy-dead']) {
      mkdirSync(join(directory, rubbish, 'bin'), { recursive: true });
      chmodSync(join(directory, rubbish), 0o777);
    }
    const second = await user({ directory, binaries }, account);
    await second.close();
    const kept = readdirSync(directory).toSorted();
    assert.deepEqual(kept, ['data', copy, 'server.log']);
    chmodSync(lib, 0o755);
  });

  it('are missed in one line that says what to do where npm has installed none', async () => {
    const machine = {
      platform: 'linux',
      architecture: 'riscv64',
      findBinaries: () => undefined,
    } as const;
    const error = await refusedWith('embedded-postgres-missing', open(path('missing'), machine));
    assert.match(error.message, /\(linux-riscv64\)\. Set DATABASE_URL/);
    assert.deepEqual(readdirSync(path('missing')), []);
  });

  it('are missed in the same way where they are built for another C library', async () => {
    const binaries = fakePrograms('musl', '#!/lib/ld-of-another-library.so.1');
    const machine = { findBinaries: () => binaries };
    await refusedWith('embedded-postgres-missing', open(path('alpine'), machine));
  });

  it('leave nothing half made behind when they fail', async () => {
    const binaries = fakePrograms(
      'failing',
      '#!/bin/sh\necho "initdb: error: out of luck" >&2; exit 1',
    );
    const machine = { findBinaries: () => binaries };
    const error = await refusedWith('embedded-postgres-failed', open(path('failed'), machine));
    assert.match(error.message, /initdb: error: out of luck/);
    assert.deepEqual(readdirSync(path('failed')), []);
  });

  function fakePrograms(name: string, script: string): Binaries {
    const folder = path(name);
    mkdirSync(join(folder, 'bin'), { recursive: true });
    mkdirSync(join(folder, 'lib'));
    for (const program of ['initdb', 'postgres', 'pg_ctl']) {
      writeFileSync(join(folder, 'bin', program), script, { mode: 0o755 });
    }
    return { folder, version: '18.0.0' };
  }
});

function links({ folder }: Binaries): readonly { source: string; target: string }[] {
  const list = JSON.parse(readFileSync(join(folder, 'pg-symlinks.json'), 'utf8')) as [];
  assert.notEqual(list.length, 0);
  return list;
}
