import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { migrate } from '../../runtime/store/migrate.ts';
import { openPostgresStore } from '../../runtime/store/postgres.ts';
import { createTestDatabase, quietWorld, type TestDatabase } from '../support/test-database.ts';
import { sceneIn } from './scene.ts';

const SHIPPED = resolve(import.meta.dirname, '../../runtime/store/migrations');

describe('migrating a database', () => {
  let database: TestDatabase;
  let directory: string;

  beforeEach(async () => {
    database = await createTestDatabase({ migrated: false });
    directory = await mkdtemp(join(tmpdir(), 'migrations-'));
    await cp(SHIPPED, directory, { recursive: true });
  });
  afterEach(async () => {
    await database.drop();
    await rm(directory, { recursive: true });
  });

  const run = () => migrate({ connection: database.connection, world: quietWorld, directory });
  const add = (name: string, sql: string) => writeFile(join(directory, name), sql);
  const versions = async () => {
    const rows = await database.sql<{ version: number }>(
      'select version from tributary.schema_version order by version',
    );
    return rows.map(({ version }) => version);
  };
  const tables = async () => {
    const rows = await database.sql<{ relname: string }>(
      `select relname from pg_class where relnamespace = 'tributary'::regnamespace order by 1`,
    );
    return rows.map(({ relname }) => relname);
  };

  it('runs what is new, in order, and nothing twice', async () => {
    await run();
    const shipped = (await readdir(SHIPPED)).length;
    assert.equal((await versions()).length, shipped);
    await add('0900_a.sql', 'create table a (id int); insert into a values (1)');
    await add('0901_b.sql', 'insert into a values (2)');
    await run();
    await run();
    assert.deepEqual(await database.sql('select id from tributary.a order by id'), [
      { id: 1 },
      { id: 2 },
    ]);
    assert.equal((await versions()).length, shipped + 2);
  });

  it('runs each migration once when several processes start at once', async () => {
    await add('0900_a.sql', 'create table a (id int); insert into a values (1)');
    await Promise.all([run(), run(), run()]);
    assert.deepEqual(await database.sql('select id from tributary.a'), [{ id: 1 }]);
  });

  it('leaves the old schema when a migration fails, and names the culprit', async () => {
    await run();
    const before = [await versions(), await tables()];
    await add('0900_a.sql', 'create table a (id int); insert into nowhere values (1)');
    await assert.rejects(run(), {
      code: 'migration-failed',
      message: /0900_a\.sql failed \(relation "nowhere" does not exist\)/,
    });
    assert.deepEqual([await versions(), await tables()], before);
    await add('0900_a.sql', 'create table a (id int)');
    await run();
    assert.ok((await tables()).includes('a'));
  });

  it('leaves a database alone that a newer version has migrated', async () => {
    await add('0900_a.sql', 'create table a (id int)');
    await run();
    await rm(join(directory, '0900_a.sql'));
    await assert.rejects(run(), {
      code: 'database-newer',
      message: /migrated by a newer version \(schema \d+, this program knows \d+\)\. Start that/,
    });
  });

  it('refuses when an applied migration has another content now', async () => {
    await add('0900_a.sql', 'create table a (id int)');
    await run();
    await add('0900_a.sql', 'create table a (id bigint)');
    await assert.rejects(run(), { code: 'migration-changed', message: /0900_a\.sql/ });
  });

  it('takes other line ends for the same content', async () => {
    await run();
    const [name] = await readdir(directory);
    const sql = await readFile(join(directory, name!), 'utf8');
    await add(name!, sql.replaceAll('\n', '\r\n'));
    await run();
  });

  it('tells an administrator what to run when the login may not create the roles', async () => {
    const login = `tributary_login_${process.pid}`;
    await database.sql(`create role ${login} login password 'secret'`);
    try {
      const [{ name }] = (await database.sql('select current_database() as name')) as [
        { name: string },
      ];
      await database.sql(`grant create on database ${name} to ${login}`);
      const connection = { ...database.connection, user: login, password: 'secret' };
      const asLogin = () => migrate({ connection, world: quietWorld, directory });
      const error = await asLogin().then(
        () => assert.fail('it went through'),
        (reason: Error & { code: string }) => reason,
      );
      assert.equal(error.code, 'database-roles');
      const statement = `grant tributary_app, tributary_scheduler to "${login}";`;
      assert.ok(error.message.endsWith(statement), error.message);
      assert.ok(!error.message.includes('secret'));

      await database.sql(statement);
      await asLogin();
      // And this login can work with what it owns now, as bound as everybody.
      const store = await openPostgresStore({ connection, world: quietWorld, auditKey: 'a key' });
      try {
        const { mark, item, claim } = await sceneIn({ store, newId: () => quietWorld.newId() });
        await mark(item('1'));
        assert.equal((await claim()).length, 1);
      } finally {
        await store.close();
      }
    } finally {
      await database.sql(`drop owned by ${login} cascade`);
      await database.sql(`drop role ${login}`);
    }
  });
});
