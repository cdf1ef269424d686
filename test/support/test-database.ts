/**
 * Databases for tests. One is made from a migrated template, so it costs a copy and not a start; all of
 * them are gone when the run ends.
 */
import type pg from 'pg';
import { systemWorld } from '../../runtime/world/system.ts';
import { openTestServer, run, type TestServer } from './test-server.ts';

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
  const { connection, template } = await (opened ??= openTestServer());
  databases += 1;
  const name = `tributary_test_${process.pid}_${databases}`;
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

let databases = 0;
let opened: Promise<TestServer> | undefined;

after(async () => {
  // A start that failed has failed its test, and has cleaned up.
  const server = await opened?.catch(() => undefined);
  await server?.stop();
});
