/**
 * Transactions on somebody else's PostgreSQL. Every call is one, and leaves nothing behind in its session:
 * settings are local to it and no statement has a name, so a pooler that gives every transaction another
 * session (PgBouncer or Supavisor in transaction mode) changes nothing.
 *
 * Promises. What failed before its commit was sent has not landed, for certain; only then is a write in
 * doubt. The server gives up on a statement, and on a transaction whose client has gone silent, in a time
 * that is set with each transaction; so a write that does not show after `HORIZON_MS` never will.
 *
 * Trap: their own triggers run in our transaction. Zone and style of dates are ours while it lasts; the
 * search path stays theirs.
 */
import pg from 'pg';
import type { World } from '../../world/world.ts';
import { VendorError } from '../connector.ts';
import { failureOf, isBroken, unanswered, type CallName, type Complaint } from './complaints.ts';

export interface Reach {
  readonly world: World;
  readonly account: string;
  readonly connection: Pick<
    pg.PoolConfig,
    'host' | 'port' | 'database' | 'user' | 'password' | 'ssl' | 'max'
  >;
  readonly secrets: readonly string[];
}

export interface Server {
  transaction<T>(call: Call, work: (query: Query) => Promise<T>): Promise<T>;
  nameOf(request: string): CallName;
  close(): Promise<void>;
}

export interface Call {
  /** As errors name it: `list public.contacts`. */
  readonly request: string;
  /** Whether it changes items. */
  readonly writes?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Every value comes as the server writes it. */
export type Row = readonly (string | null)[];
export type Query = (text: string, values?: readonly unknown[]) => Promise<Row[]>;

const STATEMENT_MS = 30_000;
const SILENCE_MS = 15_000;
const LOCK_MS = 5_000;
/** For the whole of a call, from connecting to the answer to its commit. */
const CALL_MS = 60_000;
/** A commit that is on its way when we give up arrives before the server has lost patience, or never. */
export const HORIZON_MS = CALL_MS + STATEMENT_MS + SILENCE_MS;

/** Whom our own writes are by, in the setting that the outbox notes; other programs may name themselves. */
export const OUR_ORIGIN = 'tributary';

const BEGIN = [
  'begin isolation level read committed',
  `set local statement_timeout = ${STATEMENT_MS}`,
  `set local lock_timeout = ${LOCK_MS}`,
  `set local idle_in_transaction_session_timeout = ${SILENCE_MS}`,
  `set local timezone = 'UTC'`,
  `set local datestyle = 'ISO, YMD'`,
  `set local intervalstyle = 'iso_8601'`,
  'set local extra_float_digits = 1',
  `set local tributary.origin = '${OUR_ORIGIN}'`,
].join('; ');

export function connectTo({ world, account, connection, secrets }: Reach): Server {
  const { network } = world;
  if (network.socket === undefined) throw new TypeError('This world has no sockets.');
  const pool = new pg.Pool({
    ...connection,
    stream: () => network.socket!(),
    types: { getTypeParser: () => (value: string | Buffer) => String(value) },
    connectionTimeoutMillis: 15_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: 'Tributary',
  });
  // A connection that breaks while nobody uses it is replaced by the next call.
  pool.on('error', () => {});
  // One that breaks in use fails the statement that waits, which tells more.
  pool.on('connect', (client) => void client.on('error', () => {}));
  const nameOf = (request: string): CallName => ({
    account,
    request,
    words: (said) => wordsOf(said, secrets),
  });
  return {
    nameOf,
    transaction: (call, work) =>
      transaction(call, work, { pool, world, name: nameOf(call.request) }),
    close: () => pool.end(),
  };
}

interface Setting {
  readonly pool: pg.Pool;
  readonly world: World;
  readonly name: CallName;
}

async function transaction<T>(
  { writes = false, signal }: Call,
  work: (query: Query) => Promise<T>,
  { pool, world, name }: Setting,
): Promise<T> {
  let isCommitting = false;
  let isOver = false;
  let client: pg.PoolClient | undefined;
  let failure: unknown;
  const inDoubt = (): { mayHaveLanded: boolean } => ({ mayHaveLanded: isCommitting && writes });
  if (signal?.aborted === true) throw unanswered(name, 'calledOff', { mayHaveLanded: false });
  const end = Promise.withResolvers<never>();
  const callOff = (): void => end.reject(unanswered(name, 'calledOff', inDoubt()));
  signal?.addEventListener('abort', callOff, { once: true });
  const keep = world.schedule.after(CALL_MS, () => end.reject(unanswered(name, 'late', inDoubt())));

  async function run(): Promise<T> {
    const begun = await begin(pool);
    if (isOver) {
      begun.release(true);
      return end.promise;
    }
    client = begun;
    const result = await work(queryOn(client));
    isCommitting = true;
    const { command } = await client.query('commit');
    if (command !== 'COMMIT') throw new Error(`commit was answered with ${command}`);
    return result;
  }

  try {
    return await Promise.race([run(), end.promise]);
  } catch (error) {
    failure = error;
    // An answer that says no is certain; silence is not.
    const isAnswered = !(error instanceof VendorError) && !isBroken(error as Complaint);
    throw failureOf(error, name, isAnswered ? { mayHaveLanded: false } : inDoubt());
  } finally {
    isOver = true;
    keep();
    signal?.removeEventListener('abort', callOff);
    // Whatever went wrong, the next call gets a session in which nothing has.
    client?.release(failure !== undefined);
  }
}

/** A connection that had lain idle may be dead without anybody having been told; then the next is taken. */
async function begin(pool: pg.Pool): Promise<pg.PoolClient> {
  for (;;) {
    const isReused = pool.idleCount > 0;
    const client = await pool.connect();
    try {
      await client.query(BEGIN);
      return client;
    } catch (error) {
      client.release(true);
      if (!isReused || !isBroken(error as Complaint)) throw error;
    }
  }
}

function queryOn(client: pg.PoolClient): Query {
  return async (text, values = []) => {
    const { rows } = await client.query<(string | null)[]>({
      text,
      values: [...values],
      rowMode: 'array',
    });
    return rows;
  };
}

const WORDS_MAX = 300;

function wordsOf(said: string, secrets: readonly string[]): string {
  const clean = secrets
    .filter((secret) => secret !== '')
    .reduce((words, secret) => words.replaceAll(secret, '[secret]'), said);
  const line = clean.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > WORDS_MAX ? `${line.slice(0, WORDS_MAX)}…` : line;
}
