/**
 * The database of the real tier, and what can happen to a database: connections are cut, and the server
 * stops at once, without a word to anybody, as after a crash. It comes back by itself, because whoever
 * opened an embedded server starts it again.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { openEmbeddedDatabase } from '../../runtime/store/embedded/embedded.ts';
import type { World } from '../../runtime/world/world.ts';

export interface Site {
  readonly connection: pg.ClientConfig;
  /** As the owner, who sees all tenants. */
  sql<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Ends some of the connections, in the middle of whatever they do. */
  cutConnections(share: number): Promise<number>;
  /** Stops the server at once and waits until it answers again. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

export async function openSite(directory: string, world: World): Promise<Site> {
  const database = await openEmbeddedDatabase({ directory, world });
  const { connection } = database;

  async function sql<Row extends object>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    const client = new pg.Client({ ...connection, options: '-c search_path=tributary,public' });
    client.on('error', () => {}); // the query that is under way tells
    await client.connect();
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  return {
    connection,
    sql,
    async cutConnections(share) {
      const cut = await sql(CUT, [share]);
      return cut.length;
    },
    async crash() {
      const text = await readFile(join(database.directory, 'data', 'postmaster.pid'), 'utf8');
      // SIGQUIT is what "pg_ctl stop -m immediate" sends.
      process.kill(Number(text.split('\n')[0]), 'SIGQUIT');
      for (const _ of Array.from({ length: ANSWERS_WITHIN_S * 10 })) {
        await world.schedule.sleep(100);
        const isBack = await sql('select 1').then(
          () => true,
          () => false,
        );
        if (isBack) return;
      }
      throw new Error(`The database did not come back within ${ANSWERS_WITHIN_S} seconds.`);
    },
    close: () => database.close(),
  };
}

const ANSWERS_WITHIN_S = 60;

const CUT = `
  select pg_terminate_backend(pid)
    from pg_stat_activity
   where backend_type = 'client backend' and pid <> pg_backend_pid() and random() < $1`;
