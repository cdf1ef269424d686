/** Where the files go, which account they belong to, and what is said when that is not possible. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { diskRefusal, printedRefusal } from '../../../runtime/store/embedded/failures.ts';
import { thisMachine } from '../../../runtime/store/embedded/machine.ts';
import { isRunning } from '../../../runtime/store/embedded/server.ts';
import {
  ask,
  embeddedWorkbench,
  onlyAsRoot,
  onlyWithNamespaces,
  refusedWith,
  serverOf,
  until,
} from '../../support/embedded-workbench.ts';

describe('The folder of the embedded database', () => {
  const { lines, open, packageWithoutLinks, path, refusal, user } = embeddedWorkbench();
  const parent = path('parent');
  const directory = join(parent, 'database');
  const data = join(directory, 'data');

  before('a database that is not running', async () => {
    const database = await open(directory);
    await database.close();
  });

  it('may have a name too long for a socket, and any character', async () => {
    const long = path(`${'long, "odd" näme '.repeat(7)}end`);
    const shortFolder = path('short');
    mkdirSync(long);
    renameSync(data, join(long, 'data'));
    mkdirSync(shortFolder);
    chmodSync(shortFolder, 0o777);
    const order = { directory: long, shortFolder };
    const [one, two] = await Promise.all([user(order), user(order)]);
    const folder = one.connection.host ?? '';
    assert.equal(two.connection.host, folder);
    assert.equal(readlinkSync(join(long, 'socket')), folder);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(shortFolder), [basename(folder)]);
    assert.deepEqual(await ask(one.connection, 'select 1 as one'), { one: 1 });
    await Promise.all([one.close(), two.close()]);

    rmSync(folder, { recursive: true });
    const later = await open(long, { shortFolder });
    assert.equal(later.connection.host, folder, 'The name is kept when the machine was restarted.');
    await later.close();

    chmodSync(folder, 0o755);
    const last = await open(long, { shortFolder });
    assert.notEqual(last.connection.host, folder, 'A folder that others can enter is not used.');
    await last.close();
    renameSync(join(long, 'data'), data);
  });

  it('is another one, which is named and remembered, where the account of the server cannot enter', async function () {
    onlyAsRoot(this);
    const home = path('home');
    mkdirSync(home, { mode: 0o700 });
    const asked = join(home, 'database');
    // The programs are in there too, as after an installation in the home of root.
    const binaries = packageWithoutLinks('home/package');
    const machine = { sharedFolder: path('var/tributary'), findBinaries: () => binaries };
    const database = await open(asked, machine);
    await ask(database.connection, 'create table proof as select 1 as at');
    await database.close();
    const used = readlinkSync(join(asked, 'moved'));
    assert.ok(used.startsWith(machine.sharedFolder));
    assert.ok(lines.some((line) => line.includes(used) && line.includes(asked)));
    assert.ok(existsSync(join(used, `postgresql-${binaries.version}`, 'bin', 'postgres')));
    assert.deepEqual(readdirSync(asked), ['moved']);

    chmodSync(home, 0o755);
    const again = await open(asked, machine);
    assert.deepEqual(await ask(again.connection, 'select at from proof'), { at: 1 });
    await again.close();

    rmSync(used, { recursive: true });
    const lost = await refusedWith('data-directory-lost', open(asked, machine));
    assert.ok(lost.message.includes(used));
  });

  it('is not replaced by an empty one when the account of the server cannot enter it any more', async function () {
    onlyAsRoot(this);
    chmodSync(parent, 0o700);
    const sharedFolder = path('var/other');
    await refusedWith('data-directory-not-writable', open(directory, { sharedFolder }));
    assert.ok(!existsSync(sharedFolder));
    chmodSync(parent, 0o755);
  });

  it('still belongs to the user who created it after a start by root', async function () {
    onlyAsRoot(this);
    const theirs = path('theirs');
    mkdirSync(theirs);
    renameSync(data, join(theirs, 'data'));
    const before = statSync(join(theirs, 'data'));
    execFileSync('chown', ['-R', '1:1', theirs]);
    const account = { uid: 1, gid: 1 };
    const first = await user({ directory: theirs }, { account });
    assert.equal(statSync(theirs).mode & 0o777, 0o700);
    const joined = await open(theirs);
    await first.close();
    await joined.close();
    const started = await open(theirs);
    assert.deepEqual(await ask(started.connection, 'select 1 as one'), { one: 1 });
    await started.close();
    const last = await user({ directory: theirs }, { account });
    await last.close();
    const stranger = await refusal({ directory: theirs }, { account: { uid: 2, gid: 2 } });
    assert.equal(stranger.code, 'data-directory-not-writable');

    execFileSync('chown', ['-R', `${before.uid}:${before.gid}`, theirs]);
    renameSync(join(theirs, 'data'), data);
  });

  it('is left alone when it holds something else', async () => {
    const notes = path('notes');
    mkdirSync(notes);
    chmodSync(notes, 0o755);
    writeFileSync(join(notes, 'notes.txt'), 'mine');
    const error = await refusedWith('data-directory-foreign', open(notes));
    assert.match(error.message, /notes\.txt/);
    assert.equal(statSync(notes).mode & 0o777, 0o755);

    const unlike = path('unlike');
    mkdirSync(join(unlike, 'data'), { recursive: true });
    await refusedWith('data-directory-foreign', open(unlike));
  });

  it('is not fought for with a server that somebody else runs on it', async () => {
    const elsewhere = path('elsewhere');
    mkdirSync(elsewhere);
    const { uid, gid } = statSync(data);
    chownSync(elsewhere, uid, gid);
    const program = join(thisMachine().findBinaries()?.folder ?? '', 'bin', 'postgres');
    const server = spawn(program, ['-D', data, '-k', elsewhere, '-c', 'listen_addresses='], {
      uid,
      gid,
      stdio: 'ignore',
    });
    await until('the other server is ready', () => existsSync(join(elsewhere, '.s.PGSQL.5432')));
    const ended = new Promise((resolve) => server.once('exit', resolve));
    const error = await refusedWith('data-directory-in-use', open(directory));
    assert.match(error.message, new RegExp(`process ${server.pid} `));
    assert.equal(serverOf(directory), server.pid);

    // Without /proc, the same is asked of `ps`.
    const machine = { ...thisMachine(), platform: 'darwin' } as const;
    assert.equal(await isRunning(server.pid ?? 0, { data }, machine), true);
    assert.equal(await isRunning(process.pid, { data }, machine), false);
    server.kill('SIGINT');
    await ended;
  });

  it('says how to move the data when another version of PostgreSQL wrote it', async () => {
    writeFileSync(join(data, 'PG_VERSION'), '17\n');
    const error = await refusedWith('data-directory-version', open(directory));
    assert.match(error.message, /PostgreSQL 17.*PostgreSQL 18.*pg_dump/);
    writeFileSync(join(data, 'PG_VERSION'), '18\n');
    const database = await open(directory);
    await database.close();
  });

  it('is refused when a file is in the way, or the system creates no folders there', async () => {
    const file = path('file');
    writeFileSync(file, '');
    await refusedWith('data-directory-not-writable', open(file));
    await refusedWith('data-directory-not-writable', open(join(file, 'below')));
    if (process.platform === 'linux') {
      await refusedWith('data-directory-not-writable', open('/proc/tributary'));
    }
  });

  it('is refused on a read-only disk', async function () {
    onlyWithNamespaces(this);
    const disk = path('read-only');
    mkdirSync(disk);
    const mount = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"';
    const inside = ['unshare', '-rm', 'sh', '-c', mount, 'sh', disk];
    const refused = await refusal({ directory: join(disk, 'database') }, { inside });
    assert.equal(refused.code, 'data-directory-not-writable');
    assert.match(refused.message, /the disk is read-only/);
  });

  it('is refused on a full disk', async function () {
    onlyWithNamespaces(this);
    // A server that dies of it leaves its shared memory behind, so it gets some to throw away, too.
    const mount = `mount -t tmpfs none /dev/shm && mkdir /dev/shm/disk &&
      mount -t tmpfs -o size=8m,mode=777 none /dev/shm/disk &&
      exec unshare -U --map-user=65534 --map-group=65534 "$@"`;
    // Root of such a space can become nobody else; so an ordinary user of a space within starts it.
    const inside = ['unshare', '-rmi', 'sh', '-c', mount, 'sh'];
    const refused = await refusal({ directory: '/dev/shm/disk/database' }, { inside });
    assert.equal(refused.code, 'data-directory-not-writable');
    assert.match(refused.message, /no space is left on the disk/);
  });

  it('is refused where root may not act for another account', async function () {
    onlyWithNamespaces(this);
    const refused = await refusal({ directory: path('rootless') }, { inside: ['unshare', '-r'] });
    assert.equal(refused.code, 'no-unprivileged-account');
  });

  it('is refused to root where there is no account for the server', async function () {
    onlyAsRoot(this);
    const accountsFile = path('accounts');
    writeFileSync(accountsFile, 'root:x:0:0:root:/root:/bin/sh\n');
    await refusedWith('no-unprivileged-account', open(path('nobody'), { accountsFile }));
  });

  it('is called unusable in the same words, whoever noticed', () => {
    const denied = Object.assign(new Error(), { code: 'EROFS', path: '/data' });
    const noticed = diskRefusal('/data', denied) as Error;
    const printed = printedRefusal('/data', 'initdb: error: could not: Read-only file system\n');
    assert.equal(noticed.message, printed?.message);
    const unrelated = new Error('connect ENOENT');
    assert.equal(diskRefusal('/data', unrelated), unrelated);
    assert.equal(printedRefusal('/data', 'could not bind'), undefined);
  });
});
