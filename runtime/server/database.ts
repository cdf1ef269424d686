/**
 * Where everything is remembered: the PostgreSQL that the operator names, or the embedded server in
 * the data directory. Opened means that it answers and has the schema this version needs.
 */
import type pg from 'pg';
import { openEmbeddedDatabase } from '../store/embedded/embedded.ts';
import { openPostgresStore } from '../store/postgres.ts';
import type { World } from '../world/world.ts';
import type { DataDirectory } from './data-directory.ts';
import type { Settings } from './settings.ts';

export interface Database {
  /** For people: which database this is, without user and password. */
  readonly title: string;
  /** Rejects while the database does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}

const CONNECT_MS_MAX = 5000;

export async function openDatabase({
  settings: { databaseUrl },
  data,
  auditKey,
  world,
}: {
  settings: Settings;
  data: DataDirectory;
  auditKey: string;
  world: World;
}): Promise<Database> {
  const open = (connection: pg.ClientConfig) =>
    openPostgresStore({
      connection: { ...connection, connectionTimeoutMillis: CONNECT_MS_MAX },
      world,
      auditKey,
    });

  if (databaseUrl !== undefined) {
    const store = await open({ connectionString: databaseUrl });
    return {
      title: `PostgreSQL at ${placeOf(databaseUrl)}`,
      check: () => store.check(),
      close: () => store.close(),
    };
  }
  const embedded = await openEmbeddedDatabase({ directory: data.postgres, world });
  try {
    const store = await open(embedded.connection);
    return {
      title: `PostgreSQL, embedded, in ${embedded.directory}`,
      check: () => store.check(),
      async close() {
        await store.close();
        await embedded.close();
      },
    };
  } catch (error) {
    await embedded.close();
    throw error;
  }
}

function placeOf(databaseUrl: string): string {
  const { hostname, port, pathname, searchParams } = new URL(databaseUrl);
  const host = searchParams.get('host') ?? hostname;
  return `${host || 'localhost'}:${port || searchParams.get('port') || '5432'}${pathname}`;
}
