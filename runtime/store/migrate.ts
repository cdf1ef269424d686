/**
 * Brings a database to the schema that this version of the program needs. Promises: each migration
 * is stored whole or not at all; several processes may start at once and each migration runs once; a
 * database that a newer version has migrated is left alone; and so is one whose past differs from ours.
 *
 * Whoever runs this owns the tables. All work on rows is done as `tributary_app`, a role that owns
 * nothing; roles belong to the whole server, so they are made here and not by a migration.
 */
import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { TributaryError } from '../core/errors.ts';
import type { World } from '../world/world.ts';
import { addressOf, isConnectionFailure, reasonOf, unreachable } from './failures.ts';

export async function migrate({
  connection,
  world,
  directory = join(import.meta.dirname, 'migrations'),
}: {
  connection: pg.ClientConfig;
  world: Pick<World, 'clock' | 'log'>;
  /** Files named 0001_what_it_does.sql and so on. */
  directory?: string;
}): Promise<void> {
  const known = await readMigrations(directory);
  const address = addressOf(connection);
  const client = new pg.Client(connection);
  // Whoever uses it hears of a broken connection from the next statement.
  client.on('error', () => {});
  try {
    await client.connect();
    for (;;) {
      const applied = await inTransaction(client, () => applyNext(client, known, world));
      if (!applied) return;
      world.log.write('info', `The database was brought to schema ${applied.version}.`, {
        migration: applied.name,
      });
    }
  } catch (error) {
    throw isConnectionFailure(error) ? unreachable(address, error) : error;
  } finally {
    await client.end();
  }
}

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted();
  return Promise.all(
    names.map(async (name, index) => {
      // A checkout on Windows may have other line ends; that is no change.
      const sql = (await readFile(join(directory, name), 'utf8')).replaceAll('\r\n', '\n');
      return { version: index + 1, name, sql, checksum: hash('sha256', sql) };
    }),
  );
}

/** One migration per transaction, so a process that starts meanwhile may run the next. */
async function applyNext(
  client: pg.Client,
  known: readonly Migration[],
  world: Pick<World, 'clock'>,
): Promise<Migration | undefined> {
  await client.query(`select pg_advisory_xact_lock($1::bigint)`, [MIGRATING]);
  await ensureRoles(client);
  const applied = await readApplied(client);
  refuseNewer(applied, known);
  refuseChanged(applied, known);
  const next = known[applied.length];
  if (!next) return undefined;
  if (applied.length === 0) await client.query(FIRST_OF_ALL);
  await client.query('set local search_path = tributary, pg_temp');
  try {
    await client.query(next.sql);
  } catch (error) {
    if (isConnectionFailure(error)) throw error;
    throw new TributaryError('migration-failed', {
      what: `The migration ${next.name} failed (${reasonOf(error)}).`,
      next: 'The database is as it was before. Mend the cause and start again.',
      cause: error,
    });
  }
  await client.query(
    `insert into schema_version (version, name, checksum, applied_at)
     values ($1::int, $2::text, $3::text, $4::bigint)`,
    [next.version, next.name, next.checksum, world.clock.now()],
  );
  return next;
}

/** Any number will do, as long as it stays the same. */
const MIGRATING = '7521094387';

const FIRST_OF_ALL = `
  create schema if not exists tributary;
  create table tributary.schema_version (
    version int primary key,
    name text not null,
    checksum text not null,
    applied_at bigint not null
  )`;

async function readApplied(client: pg.Client): Promise<Omit<Migration, 'sql'>[]> {
  const { rows: found } = await client.query<{ table: string | null }>(
    `select to_regclass('tributary.schema_version') as table`,
  );
  if (found[0]?.table === null) return [];
  const { rows } = await client.query<Omit<Migration, 'sql'>>(
    `select version, name, checksum from tributary.schema_version order by version`,
  );
  return rows;
}

function refuseNewer(
  applied: readonly Omit<Migration, 'sql'>[],
  known: readonly Migration[],
): void {
  const version = applied.at(-1)?.version ?? 0;
  if (version <= known.length) return;
  throw new TributaryError('database-newer', {
    what: `This database was migrated by a newer version (schema ${version}, this program knows ${known.length}).`,
    next: 'Start that version, or restore a backup from before the upgrade.',
  });
}

function refuseChanged(
  applied: readonly Omit<Migration, 'sql'>[],
  known: readonly Migration[],
): void {
  const changed = applied.find(({ checksum }, index) => checksum !== known[index]?.checksum);
  if (!changed) return;
  throw new TributaryError('migration-changed', {
    what: `The migration ${changed.name} was applied to this database with another content.`,
    next: 'Put the file back as it was released; changes belong into a new migration.',
  });
}

// ---------------------------------------------------------------------------------------------
// Roles

const ROLES = ['tributary_app', 'tributary_scheduler'] as const;

/** Other databases of the same server may be doing this too, under a lock of their own. */
async function ensureRoles(client: pg.Client): Promise<void> {
  const { rows } = await client.query<RoleRow>(READ_ROLES, [ROLES]);
  const missing = rows.filter(({ exists }) => !exists);
  const foreign = rows.filter(({ usable }) => !usable);
  try {
    for (const { role } of missing) await client.query(createRole(role));
    for (const { role } of foreign) await client.query(grantRole(role));
  } catch (error) {
    if ((error as pg.DatabaseError).code !== INSUFFICIENT_PRIVILEGE) throw error;
    const login = pg.escapeIdentifier(rows[0]?.login ?? '');
    const statements = [
      ...missing.map(({ role }) => `create role ${role} nologin;`),
      `grant ${ROLES.join(', ')} to ${login};`,
    ];
    throw new TributaryError('database-roles', {
      what: `The login ${login} may not create the roles that keep tenants apart.`,
      next: `Let an administrator of the server run: ${statements.join(' ')}`,
      cause: error,
    });
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';

interface RoleRow {
  readonly role: string;
  readonly login: string;
  readonly exists: boolean;
  /** Whether the login may act as this role. A superuser always may. */
  readonly usable: boolean;
}

const READ_ROLES = `
  select wanted.role, current_user as login, known.oid is not null as exists,
         case
           when login.rolsuper then true
           when known.oid is null then false
           else pg_has_role(
             login.oid, known.oid,
             case when current_setting('server_version_num')::int >= 160000
                  then 'SET' else 'MEMBER' end)
         end as usable
    from unnest($1::text[]) as wanted (role)
    join pg_roles login on login.rolname = current_user
    left join pg_roles known on known.rolname = wanted.role
   order by wanted.role`;

function createRole(role: string): string {
  return `
    do $$
    begin
      create role ${role} nologin;
    exception
      when duplicate_object or unique_violation then null;
    end
    $$`;
}

function grantRole(role: string): string {
  return `grant ${role} to current_user`;
}

async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    if (!isConnectionFailure(error)) await client.query('rollback');
    throw error;
  }
}
