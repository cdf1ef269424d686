import assert from 'node:assert/strict';
import pg from 'pg';
import type { EntityId } from '../../runtime/core/planner/model.ts';
import { openPostgresStore, type PostgresStore } from '../../runtime/store/postgres.ts';
import type { TenantId } from '../../runtime/store/store.ts';
import { createTestDatabase, quietWorld, type TestDatabase } from '../support/test-database.ts';
import { sceneIn, START } from './scene.ts';

const RULE =
  "(NOT (tenant_id IS DISTINCT FROM ( SELECT (current_setting('app.tenant'::text))::uuid AS current_setting)))";

/** Roles and tables as they are after all migrations: a new table without its rule fails here. */
describe('tenants in PostgreSQL', () => {
  let database: TestDatabase;
  let store: PostgresStore;
  /** What a worker's connection can do, and no more. */
  let worker: pg.Client;

  before(async () => {
    database = await createTestDatabase();
    const { connection } = database;
    store = await openPostgresStore({ connection, world: quietWorld, auditKey: 'a key' });
    worker = new pg.Client(connection);
    await worker.connect();
    await worker.query('set role tributary_app; set search_path = tributary');
  });
  after(async () => {
    await worker.end();
    await store.close();
    await database.drop();
  });

  const newId = () => quietWorld.newId();

  it('are kept apart by a forced rule on every table', async () => {
    const tables = await database.sql<{
      name: string;
      tenant: boolean;
      forced: boolean;
      policy: string | null;
    }>(
      `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
              exists (select from pg_attribute a
                       where a.attrelid = c.oid and a.attname = 'tenant_id') as tenant,
              (select concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::text,
                                pg_get_expr(p.polqual, p.polrelid),
                                pg_get_expr(p.polwithcheck, p.polrelid))
                 from pg_policy p
                where p.polrelid = c.oid and p.polname = 'tenant') as policy
         from pg_class c
        where c.relnamespace = 'tributary'::regnamespace and c.relkind in ('r', 'p', 'f', 'm')`,
    );
    const global = tables.filter(({ tenant }) => !tenant).map(({ name }) => name);
    assert.deepEqual(global.toSorted(), ['installation', 'schema_version']);
    const own = tables.filter(({ tenant }) => tenant);
    assert.ok(own.length >= 18, `only ${own.length} tables were found`);
    for (const { name, forced, policy } of own) {
      assert.equal(forced, true, name);
      assert.equal(policy, `* t {0} ${RULE} ${RULE}`, name);
    }
  });

  it('come first in every primary key, unique index and foreign key', async () => {
    const keys = await database.sql<{ name: string; first: string }>(
      `select i.indexrelid::regclass::text as name, a.attname as first
         from pg_index i
         join pg_class c on c.oid = i.indrelid
         join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where c.relnamespace = 'tributary'::regnamespace 
          and c.relname not in ('installation', 'schema_version')
       union all
       select k.conname, a.attname
         from pg_constraint k
         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
        where k.connamespace = 'tributary'::regnamespace and k.contype = 'f'`,
    );
    assert.ok(keys.length >= 20, `only ${keys.length} keys were found`);
    for (const { name, first } of keys) assert.equal(first, 'tenant_id', name);
  });

  it('are served by a role that owns nothing and is bound by every rule', async () => {
    const roles = await database.sql(
      `select rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb,
              (select count(*)::int from pg_class c where c.relowner = r.oid) as tables,
              (select count(*)::int from pg_proc p where p.proowner = r.oid) as functions
         from pg_roles r
        where rolname in ('tributary_app', 'tributary_scheduler')
        order by rolname`,
    );
    const bound = {
      rolsuper: false,
      rolbypassrls: false,
      rolcanlogin: false,
      rolcreaterole: false,
      rolcreatedb: false,
      tables: 0,
    };
    assert.deepEqual(roles, [
      { rolname: 'tributary_app', ...bound, functions: 0 },
      { rolname: 'tributary_scheduler', ...bound, functions: 1 },
    ]);
  });

  it('are named by every transaction, or it fails', async () => {
    const scene = await sceneIn({ store, newId });
    const keys = { add: ['unnamed'], remove: [] };
    const references = { add: [newId() as EntityId], remove: [] };
    const [intents, conflicts] = [[scene.intent()], [scene.conflict()]];
    await scene.record({ keys, references, intents, conflicts });
    await scene.mark(scene.item('1'));
    for (const name of [
      'entity',
      'link',
      'entity_key',
      'entity_reference',
      'intent',
      'conflict',
      'dirty',
      'tenant',
    ]) {
      await assert.rejects(
        worker.query(`select * from ${name}`),
        /app\.tenant|type uuid: ""/,
        name,
      );
    }
    await worker.query(`begin; set local app.tenant = '${newId()}'; select * from entity; commit`);
    // The setting is gone again, and what is left of it is no tenant either.
    await assert.rejects(worker.query('select * from entity'), { code: '22P02' });
  });

  it('cannot read, add, change or delete rows of each other', async () => {
    const scene = await sceneIn({ store, newId });
    await scene.record({ keys: { add: ['key'], remove: [] } });
    const stranger = newId();
    const asStranger = async (text: string) => {
      await worker.query(`begin; set local app.tenant = '${stranger}'`);
      try {
        return await worker.query(text);
      } finally {
        await worker.query('rollback');
      }
    };
    for (const name of await tableNames()) {
      const { rows } = await asStranger(
        `select * from ${name} where tenant_id = '${scene.tenant}'`,
      );
      assert.deepEqual(rows, [], name);
    }
    for (const change of [`update entity set epoch = 9`, `delete from link`]) {
      assert.equal((await asStranger(change)).rowCount, 0, change);
    }
    const insert = `insert into entity_key values ('${scene.tenant}', 'x', '${newId()}')`;
    await assert.rejects(asStranger(insert), /row-level security policy/);
    const move = `insert into entity_key values ('${stranger}', 'x', '${newId()}');
      update entity_key set tenant_id = '${scene.tenant}'`;
    await assert.rejects(asStranger(move), /row-level security policy/);
  });

  it('show the scheduler who has work, how urgent and since when, and nothing else', async () => {
    const scene = await sceneIn({ store, newId });
    const { tenant, sync } = scene;
    await scene.mark(scene.item('secret'));
    const { rows } = await worker.query('select * from waiting()');
    const own = rows.filter((row: { tenant_id: string }) => row.tenant_id === tenant);
    assert.deepEqual(own, [
      { tenant_id: tenant, sync_id: sync, priority: 1, ready_at: String(START) },
    ]);
    const grants = await database.sql<{ grant: string }>(
      `select concat_ws(' ', table_name, column_name, privilege_type) as grant
         from information_schema.column_privileges
        where grantee = 'tributary_scheduler'
        order by 1`,
    );
    assert.deepEqual(
      grants.map((row) => row.grant),
      ['priority', 'ready_at', 'sync_id', 'tenant_id'].map((column) => `dirty ${column} SELECT`),
    );
  });

  it('keep what happened: the trail can be added to, and not changed', async () => {
    const scene = await sceneIn({ store, newId });
    const { tenant } = scene;
    const audit = { now: START, items: [{ actor: 'ann', action: 'export' }] };
    await store.appendAudit(tenant, audit);
    await store.appendAudit(tenant, audit);
    for (const change of [
      'delete from audit',
      `update audit set at = 1`,
      'delete from tombstone',
    ]) {
      await worker.query(`begin; set local app.tenant = '${tenant}'`);
      await assert.rejects(worker.query(change), /permission denied/, change);
      await worker.query('rollback');
    }
    // Who owns the database can, and is found out.
    await asOwner(tenant, `delete from tributary.audit where sequence = 2`);
    assert.deepEqual(await store.verifyAudit(tenant), { batches: 1, items: 1, brokenAt: 2 });
  });

  it('are named by a UUID, and nothing else gets into a statement', async () => {
    const nonsense = `x'; drop table tributary.entity; --` as TenantId;
    await assert.rejects(store.readSetup(nonsense), { code: 'tenant-invalid' });
  });

  async function tableNames(): Promise<string[]> {
    const rows = await database.sql<{ name: string }>(
      `select c.relname as name
         from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
        where c.relnamespace = 'tributary'::regnamespace and c.relkind = 'r'`,
    );
    return rows.map(({ name }) => name);
  }

  /** The rule binds the owner too, unless it is a superuser. */
  async function asOwner(tenant: TenantId, text: string): Promise<void> {
    await database.sql(`begin; set local app.tenant = '${tenant}'; ${text}; commit`);
  }
});
