import assert from 'node:assert/strict';
import { openPostgresStore } from '../../../runtime/store/postgres.ts';
import { Database, Overtaken } from '../../../runtime/store/postgres/database.ts';
import type { TenantId } from '../../../runtime/store/store.ts';
import { createTestDatabase, quietWorld, type TestDatabase } from '../../support/test-database.ts';

describe('a transaction on PostgreSQL', () => {
  let database: TestDatabase;
  let opened: Database;
  const tenant = quietWorld.newId() as TenantId;
  const impatient = { ...quietWorld, schedule: { ...quietWorld.schedule, sleep: async () => {} } };

  before(async () => {
    database = await createTestDatabase();
    opened = new Database({ ...database.connection, max: 1 }, impatient);
  });
  after(async () => {
    await opened.close();
    await database.drop();
  });

  it('is run again when somebody was faster, and not for ever', async () => {
    let runs = 0;
    const second = opened.transaction(tenant, async () => {
      runs += 1;
      if (runs === 1) throw new Overtaken('too late');
      return runs;
    });
    assert.equal(await second, 2);
    runs = 0;
    const never = opened.transaction(tenant, async () => {
      runs += 1;
      throw new Overtaken('too late');
    });
    await assert.rejects(never, {
      code: 'database-busy',
      message: /10 times in a row \(too late\)/,
    });
    assert.equal(runs, 10);
  });

  it('runs as a role that every rule binds, whoever logged in', async () => {
    const role = { name: 'role', text: 'select current_user as role' };
    assert.deepEqual(await opened.query(role), [{ role: 'tributary_app' }]);
  });

  it('is undone when it fails, and leaves the connection fit for the next', async () => {
    const failing = opened.transaction(tenant, async (query) => {
      await query({ name: 'tenant', text: `insert into tenant values ($1, 'A', 1)` }, [tenant]);
      throw new Error('on the way');
    });
    await assert.rejects(failing, /on the way/);
    const rows = await opened.transaction(tenant, (query) =>
      query({ name: 'tenants', text: 'select * from tenant' }, []),
    );
    assert.deepEqual(rows, []);
  });

  it('names the statement that the database refused', async () => {
    const refused = opened.transaction(tenant, (query) =>
      query({ name: 'nonsense', text: 'select * from nowhere' }, []),
    );
    const message = /"nonsense" \(42P01 relation "nowhere" does not exist\)/;
    await assert.rejects(refused, { code: 'database-refused', message });
  });

  it('reports a connection that broke, and the next one gets a new one', async () => {
    const [{ pid }] = (await opened.query({
      name: 'pid',
      text: 'select pg_backend_pid() as pid',
    })) as [{ pid: number }];
    const broken = opened.transaction(tenant, async (query) => {
      await database.sql('select pg_terminate_backend($1)', [pid]);
      return query({ name: 'one', text: 'select 1' }, []);
    });
    await assert.rejects(broken, { code: 'database-unreachable', message: /does not answer \(/ });
    await opened.query({ name: 'one', text: 'select 1' });
  });
});

describe('opening PostgreSQL', () => {
  const open = (connection: object) =>
    openPostgresStore({ connection, world: quietWorld, auditKey: 'a key' });

  for (const [what, connection, reason] of [
    ['nobody answers', { host: '127.0.0.1', port: 1, password: 'hunter2' }, /127\.0\.0\.1:1\//],
    [
      'nobody answers at an address in one string',
      { connectionString: 'postgres://ann:hunter2@127.0.0.1:1/crm' },
      /127\.0\.0\.1:1\/crm does not answer \(connect ECONNREFUSED/,
    ],
    ['the host is unknown', { host: 'database.invalid', password: 'hunter2' }, /database\.invalid/],
  ] as const) {
    it(`says so in one line, without the password, when ${what}`, async () => {
      const error = await open(connection).then(
        () => assert.fail('somebody answered'),
        (failure: Error & { code?: string }) => failure,
      );
      assert.equal(error.code, 'database-unreachable');
      assert.match(error.message, reason);
      assert.ok(!/hunter2|\n/.test(error.message), error.message);
      assert.ok(!String((error.cause as Error).stack).includes('hunter2'));
    });
  }

  it('says so when the address makes no sense, without repeating it', async () => {
    const nonsense = open({ connectionString: 'postgres://ann:hunter2@:bad:port/x' });
    const error = await nonsense.then(
      () => assert.fail('somebody answered'),
      (failure: Error & { code?: string }) => failure,
    );
    assert.equal(error.code, 'database-address');
    assert.ok(!`${error.message}${error.stack}`.includes('hunter2'));
    assert.equal(error.cause, undefined);
  });

  it('names the database that is missing', async () => {
    const database = await createTestDatabase();
    try {
      const missing = open({ ...database.connection, database: 'no_such_database' });
      await assert.rejects(missing, {
        code: 'database-unreachable',
        message: /no_such_database.*Create the database/,
      });
    } finally {
      await database.drop();
    }
  });
});
