/**
 * The database server of the tests: the embedded one in a folder of its own, or whatever
 * TEST_DATABASE_URL names, with a login that may create databases and roles. Whoever runs one file alone
 * starts it when it is needed; `npm test`, where several processes share the files, requires this module
 * and has it started once for all of them, and the programs that tests start compiled once as well.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openEmbeddedDatabase } from '../../runtime/store/embedded/embedded.ts';
import { migrate } from '../../runtime/store/migrate.ts';
import { systemWorld } from '../../runtime/world/system.ts';

export interface TestServer {
  readonly connection: pg.ClientConfig;
  /** A database that is migrated, to copy. */
  readonly template: string;
  readonly stop: () => Promise<void>;
}

/** The one that all processes share, where there is one. */
export async function openTestServer(): Promise<TestServer> {
  const shared = process.env[SHARED];
  if (shared === undefined) return startServer();
  return { ...(JSON.parse(shared) as Omit<TestServer, 'stop'>), stop: async () => {} };
}

const SHARED = 'TRIBUTARY_TEST_SERVER';

let shared: TestServer | undefined;
let compiled: string | undefined;

/** In the process that hands the files out, before the others begin. */
export async function mochaGlobalSetup(): Promise<void> {
  // Coverage would be less exact.
  if (!process.env['NODE_V8_COVERAGE']) {
    compiled = await mkdtemp(join(tmpdir(), 'tributary-compiled-'));
    process.env['NODE_COMPILE_CACHE'] = compiled;
  }
  shared = await startServer();
  const { connection, template } = shared;
  process.env[SHARED] = JSON.stringify({ connection, template });
}

export async function mochaGlobalTeardown(): Promise<void> {
  await shared?.stop();
  if (compiled !== undefined) await rm(compiled, { recursive: true, force: true, maxRetries: 3 });
}

async function startServer(): Promise<TestServer> {
  const { connection, stop } = await findServer();
  const template = `tributary_test_${process.pid}_template`;
  try {
    await run(connection, `create database ${template}`);
    await migrate({ connection: { ...connection, database: template }, world });
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

const world = systemWorld({ log: { write: () => true } });

async function findServer(): Promise<Omit<TestServer, 'template'>> {
  const url = process.env['TEST_DATABASE_URL'];
  if (url) return { connection: inParts(url), stop: async () => {} };
  const directory = await mkdtemp(join(tmpdir(), 'tributary-test-'));
  const embedded = await openEmbeddedDatabase({ directory, world });
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

export async function run<Row extends object>(
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
