/**
 * Who uses the server, so that the last one can stop it. Each user holds one connection, and on it a
 * shared lock; both end with the process, however that ends, and nothing is left to clean up. Who leaves
 * gives the lock back and then asks for it exclusively. That succeeds for exactly one, the last: two that
 * leave at once have both given theirs back before the later one asks. Who comes meanwhile either gets
 * its share first, and then nobody stops the server; or it waits for the exclusive one and is sent away
 * when the server stops, which means to start it again.
 *
 * The lock lives in the database `postgres`, whose locks no query of ours can meet.
 */
import pg from 'pg';
import type { Address } from './address.ts';
import { ROLE } from './cluster.ts';

export const DATABASE = 'tributary';

export interface Seat {
  readonly address: Address;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly lost: Promise<void>;
  /** Stops the server when nobody else is left. Nobody gets in meanwhile. */
  leave(): Promise<void>;
}

/** Absent when nobody answers, or not yet; throws when somebody answers who does not know us. */
export async function takeSeat(
  address: Address,
  stop: (server: number) => Promise<void>,
): Promise<Seat | undefined> {
  const client = new pg.Client(
    loginTo('postgres', address, { application_name: 'tributary-user' }),
  );
  let broken = false;
  client.on('error', () => {
    broken = true;
  });
  const lost = new Promise<void>((resolve) => client.once('end', resolve));
  let server: number;
  try {
    await client.connect();
    await client.query(`select pg_advisory_lock_shared($1::bigint)`, [USERS]);
    server = await serverBehind(client);
  } catch (error) {
    if (broken || isNotThere(error)) return undefined;
    await client.end();
    throw error;
  }
  try {
    await ensureDatabase(client);
    return { address, lost, leave };
  } catch (error) {
    await leave();
    if (broken || isNotThere(error)) return undefined;
    throw error;
  }

  async function leave(): Promise<void> {
    try {
      await client.query(`select pg_advisory_unlock_shared($1::bigint)`, [USERS]);
      if (await isLast(client)) await stop(server);
    } catch (error) {
      // Somebody else was the last and has stopped it, or it has crashed.
      if (!broken && !isNotThere(error)) throw error;
    } finally {
      await client.end();
    }
  }
}

/** Any number will do, as long as it stays the same. */
const USERS = '7521094386';

async function isLast(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ last: boolean }>(
    `select pg_try_advisory_lock($1::bigint) as last`,
    [USERS],
  );
  return rows[0]?.last === true;
}

/** Asked over the connection itself: by the time we stop it, the file may tell of a newer one. */
async function serverBehind(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>(
    `select split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int as pid`,
  );
  return rows[0]?.pid ?? 0;
}

export function loginTo(
  database: string,
  { host, port, password }: Address,
  rest: pg.ClientConfig = {},
): pg.ClientConfig {
  const login = { host, port, user: ROLE, database, ssl: false, ...rest };
  return password === undefined ? login : { ...login, password };
}

async function ensureDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(`select from pg_database where datname = $1::name`, [
    DATABASE,
  ]);
  if (rowCount !== 0) return;
  try {
    await client.query(`create database ${DATABASE}`);
  } catch (error) {
    // Another user was faster: duplicate_database, or the unique index noticed first.
    if (!['42P04', '23505'].includes((error as pg.DatabaseError).code ?? '')) throw error;
  }
}

const NOT_THERE: readonly string[] = [
  'ENOENT', // no socket
  'ECONNREFUSED', // nobody behind it
  'ECONNRESET',
  'EPIPE',
  '57P01', // it stops
  '57P02', // it has crashed
  '57P03', // it starts or stops
  '53300', // it is full
];

function isNotThere(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  // The driver's own word for a connection that broke has no code.
  return NOT_THERE.includes(code ?? '') || (message ?? '').startsWith('Connection terminated');
}
