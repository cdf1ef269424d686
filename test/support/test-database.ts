/**
 * Databases for tests. One server per run: the embedded one in a folder of its own, or whatever
 * TEST_DATABASE_URL names, with a login that may create databases and roles. A database is made from
 * a migrated template, so it costs a copy and not a start; all of them are gone when the run ends.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openEmbeddedDatabase } from '../../runtime/store/embedded/embedded.ts';
import { migrate } from '../../runtime/store/migrate.ts';
import { systemWorld } from '../../runtime/world/system.ts';

export interface TestDatabase {
  /** The login of the owner, who is a superuser on the embedded server. */
  readonly connection: pg.ClientConfig;
  /** Runs SQL as the owner, past the rules for tenants where the owner may. */
  readonly sql: <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
  readonly drop: () => Promise<void>;
}

/** What tests leave behind would only be noise; what they are about they check themselves. */
export const quietWorld = systemWorld({ log: { write: () => true } });

export async function createTestDatabase({ migrated = true } = {}): Promise<TestDatabase> {
  const { connection, template } = await server();
  databases += 1;
  const name = `${PREFIX}${databases}`;
  await run(
    connection,
    migrated ? `create database ${name} template ${template}` : `create database ${name}`,
  );
  const own = { ...connection, database: name };
  return {
    connection: own,
    sql: (text, values) => run(own, text, values),
    drop: () => run(connection, `drop database ${name} with (force)`).then(() => {}),
  };
}

const PREFIX = `tributary_test_${process.pid}_`;
let databases = 0;

interface Server {
  readonly connection: pg.ClientConfig;
  readonly template: string;
  readonly stop: () => Promise<void>;
}

let started: Promise<Server> | undefined;

function server(): Promise<Server> {
  started ??= start();
  return started;
}

after(async () => {
  // A start that failed has failed its test, and has cleaned up.
  const running = await started?.catch(() => undefined);
  await running?.stop();
});

async function start(): Promise<Server> {
  const { connection, stop } = await findServer();
  const template = `${PREFIX}template`;
  try {
    await run(connection, `create database ${template}`);
    await migrate({ connection: { ...connection, database: template }, world: quietWorld });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    connection,
    template,
    stop: async () => {
      await run(connection, `drop database ${template} with (force)`);
      await stop();
    },
  };
}

async function findServer(): Promise<Omit<Server, 'template'>> {
  const url = process.env['TEST_DATABASE_URL'];
  if (url) return { connection: inParts(url), stop: async () => {} };
  const directory = await mkdtemp(join(tmpdir(), 'tributary-test-'));
  const embedded = await openEmbeddedDatabase({ directory, world: quietWorld });
  // Tests do not outlive a power failure.
  await run(embedded.connection, 'alter system set fsync = off');
  await run(embedded.connection, 'select pg_reload_conf()');
  return {
    connection: embedded.connection,
    stop: async () => {
      await embedded.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function run<Row extends object>(
  connection: pg.ClientConfig,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** In one string, the user and the database could not be replaced. */
function inParts(connectionString: string): pg.ClientConfig {
  const { host, port, user, password, ssl } = new pg.Client({ connectionString });
  return { host, port, ssl, ...(user ? { user } : {}), ...(password ? { password } : {}) };
}
