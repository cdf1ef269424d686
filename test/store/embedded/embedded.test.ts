/** The life of the server: who starts it, who joins it, what a kill leaves behind, who stops it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { thisMachine } from '../../../runtime/store/embedded/machine.ts';
import { ask, embeddedWorkbench, serverOf, until } from '../../support/embedded-workbench.ts';

describe('The embedded database', function () {
  const { lines, open, path, user } = embeddedWorkbench();
  const directory = path('life');

  it('is created by the first start, for its owner alone and with safe commits', async () => {
    const database = await open(directory);
    await ask(database.connection, 'create table proof as select 1 as at');
    const settings = await ask(
      database.connection,
      `select current_database() as database, current_user as role,
         current_setting('fsync') as fsync, current_setting('listen_addresses') as listens,
         current_setting('server_encoding') as encoding, current_setting('data_checksums') as checksums`,
    );
    assert.deepEqual(settings, {
      database: 'tributary',
      role: 'tributary',
      fsync: 'on',
      listens: '',
      encoding: 'UTF8',
      checksums: 'on',
    });
    assert.equal(statSync(directory).mode & 0o007, 0);
    assert.equal(statSync(join(directory, 'data')).mode & 0o777, 0o700);
    await database.close();
    assert.equal(serverOf(directory), undefined);
  });

  it('has its data again after a restart, and closes as often as it is told to', async () => {
    const database = await open(directory);
    assert.deepEqual(await ask(database.connection, 'select at from proof'), { at: 1 });
    await Promise.all([database.close(), database.close()]);
    await database.close();
    assert.equal(serverOf(directory), undefined);
  });

  it('joins the server that a killed process left behind', async () => {
    const killed = await user({ directory });
    await ask(killed.connection, 'update proof set at = 2');
    const server = serverOf(directory);
    await killed.kill();

    const database = await open(directory);
    assert.equal(serverOf(directory), server);
    assert.deepEqual(await ask(database.connection, 'select at from proof'), { at: 2 });
    await database.close();
    assert.equal(serverOf(directory), undefined);
  });

  it('recovers when the server was killed as well', async () => {
    const killed = await user({ directory });
    await ask(killed.connection, 'update proof set at = 3');
    const server = serverOf(directory);
    assert.ok(server);
    await killed.kill();
    process.kill(server, 'SIGKILL');

    const database = await open(directory);
    assert.notEqual(serverOf(directory), server);
    assert.deepEqual(await ask(database.connection, 'select at from proof'), { at: 3 });
    await database.close();
  });

  it('recovers when the number of the dead server belongs to another program by now', async () => {
    const owner = statSync(join(directory, 'data'));
    const stranger = spawn('sleep', ['60'], { uid: owner.uid, gid: owner.gid, stdio: 'ignore' });
    await once(stranger, 'spawn');
    const data = join(directory, 'data');
    const stale = [stranger.pid, data, 1, 5432, data, '', ' 1 1', 'ready   ', ''].join('\n');
    writeFileSync(join(data, 'postmaster.pid'), stale);

    const database = await open(directory);
    assert.notEqual(serverOf(directory), stranger.pid);
    assert.equal(stranger.exitCode, null, 'The other program was left alone.');
    stranger.kill();
    await database.close();
  });

  it('starts the server again when it dies while it is used', async () => {
    const database = await open(directory);
    const server = serverOf(directory);
    assert.ok(server);
    process.kill(server, 'SIGKILL');
    await until('it answers', () => ask(database.connection, 'select 1').catch(() => false));
    assert.ok(lines.some((line) => /went away; starting it again/.test(line)));
    await database.close();
    assert.equal(serverOf(directory), undefined);
  });

  it('is shared by processes that open a new folder at the same time', async () => {
    const shared = path('shared');
    // What a first start that was killed leaves behind is in nobody's way.
    mkdirSync(join(shared, 'init-dead'), { recursive: true });
    const [one, two] = await Promise.all([
      user({ directory: shared }),
      user({ directory: shared }),
    ]);
    await ask(one.connection, 'create table proof as select 7 as at');
    assert.deepEqual(await ask(two.connection, 'select at from proof'), { at: 7 });

    await one.close();
    assert.ok(serverOf(shared), 'The server stays for the other.');
    assert.deepEqual(await ask(two.connection, 'select at from proof'), { at: 7 });
    await two.close();
    assert.equal(serverOf(shared), undefined);
    assert.deepEqual(readdirSync(shared).toSorted(), ['data', 'server.log']);
  });

  it('is stopped once by users that leave at the same moment', async () => {
    const users = await Promise.all([1, 2, 3].map(() => open(directory)));
    await Promise.all(users.map((each) => each.close()));
    assert.equal(serverOf(directory), undefined);
  });

  it('is there for everybody while users come and go', async () => {
    const before = lines.length;
    const visitors = [1, 2, 3, 4].map(async () => {
      for (let visit = 0; visit < 6; visit += 1) {
        const database = await open(directory);
        assert.deepEqual(await ask(database.connection, 'select 1 as one'), { one: 1 });
        await database.close();
      }
    });
    await Promise.all(visitors);
    assert.ok(lines.slice(before).every((line) => !line.includes('went away')));
    assert.equal(serverOf(directory), undefined);
  });

  it('does not count a user that was killed', async () => {
    const [killed, database] = await Promise.all([user({ directory }), open(directory)]);
    await killed.kill();
    await until('the server has noticed', async () => {
      const answer = await ask(
        database.connection,
        `select count(*)::int as users from pg_stat_activity where application_name = 'tributary-user'`,
      );
      return answer?.['users'] === 1;
    });
    await database.close();
    assert.equal(serverOf(directory), undefined);
  });

  it('keeps what people typed out of the log of the server', async () => {
    const database = await open(directory);
    await assert.rejects(ask(database.connection, `select 'ada@example.com'::int`));
    await database.close();
    const log = readFileSync(join(directory, 'server.log'), 'utf8');
    assert.match(log, /ready to accept connections/);
    assert.doesNotMatch(log, /ada@example/);
  });

  it('asks for a password where there is only a port', async () => {
    const loopback = path('loopback');
    const database = await open(loopback, { transport: 'loopback' });
    const { connection } = database;
    assert.equal(connection.host, '127.0.0.1');
    assert.deepEqual(await ask(connection, 'select 1 as one'), { one: 1 });
    await assert.rejects(ask({ ...connection, password: 'guess' }, 'select 1'), { code: '28P01' });
    assert.equal(statSync(join(loopback, 'data', 'tributary-password')).mode & 0o777, 0o600);

    const second = await open(loopback, { transport: 'loopback' });
    assert.equal(second.connection.port, connection.port);
    await database.close();
    await second.close();
    assert.ok(!existsSync(join(loopback, 'data', 'postmaster.pid')));
    assert.equal(thisMachine().transport, 'socket');
  });
});
