/**
 * Transactions on PostgreSQL in which only one tenant exists. Every connection works as a role that
 * owns nothing and is bound by row level security, also when the login is a superuser; and a
 * transaction that names no tenant can read and write no row of any.
 *
 * A transaction that meets another one, or loses a race for a unique row, is run again from the start,
 * a bounded number of times. One whose connection broke is not: it may have been stored, and only the
 * caller knows what to do about that.
 */
import pg from 'pg';
import { TributaryError } from '../../core/errors.ts';
import type { World } from '../../world/world.ts';
import {
  addressOf,
  isConnectionFailure,
  refusedStatement,
  tooBusy,
  unreachable,
} from '../failures.ts';
import type { Sql, TenantId } from '../store.ts';
import { fromJson } from './json.ts';

/** A statement under a name, so that the server plans it once per connection. */
export interface Statement {
  /** Missing for what others bring along. */
  readonly name?: string;
  readonly text: string;
}

export type Query = <Row>(statement: Statement, values: readonly unknown[]) => Promise<Row[]>;

/** Thrown inside a transaction to run it again, when somebody was faster. */
export class Overtaken extends Error {}

export class Database {
  readonly #pool: pg.Pool;
  readonly #world: Pick<World, 'log' | 'random' | 'schedule'>;
  readonly #address: string;

  constructor(connection: pg.PoolConfig, world: Pick<World, 'log' | 'random' | 'schedule'>) {
    this.#world = world;
    this.#address = addressOf(connection);
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it; its types lag
    this.#pool = new pg.Pool({ ...connection, types, onConnect: prepare });
    this.#pool.on('error', (error) => {
      world.log.write('warn', `An idle connection to ${this.#address} broke.`, {
        reason: error.message,
      });
    });
  }

  async transaction<T>(tenant: TenantId, work: (query: Query, sql: Sql) => Promise<T>): Promise<T> {
    if (!UUID.test(tenant)) {
      throw new TributaryError('tenant-invalid', {
        what: `A tenant is named by a UUID, not by "${tenant}".`,
        next: 'Make one with newId() and keep it.',
      });
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#onConnection((client) => inTransaction(client, tenant, work));
      } catch (error) {
        if (!isCollision(error)) throw error;
        if (attempt === ATTEMPTS_MAX) throw tooBusy(attempt, error);
        await this.#world.schedule.sleep(this.#world.random('store:retry').below(attempt * 10));
      }
    }
  }

  /** A statement outside of any tenant. */
  query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#onConnection((client) => queryOn(client)(statement, values));
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #onConnection<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined;
    let failure: Error | undefined;
    try {
      client = await this.#pool.connect();
      return await work(client);
    } catch (error) {
      if (!isConnectionFailure(error)) throw error;
      failure = error as Error;
      throw unreachable(this.#address, error);
    } finally {
      client?.release(failure);
    }
  }
}

const ATTEMPTS_MAX = 10;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Begins and names the tenant in one round trip. A parameter cannot be used here; a UUID needs none. */
async function inTransaction<T>(
  client: pg.PoolClient,
  tenant: TenantId,
  work: (query: Query, sql: Sql) => Promise<T>,
): Promise<T> {
  await client.query(`begin; set local app.tenant = '${tenant}'`);
  try {
    const query = queryOn(client);
    const result = await work(query, (text, values = []) => query({ text }, values));
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection that broke has nothing to roll back, and its first error tells more.
    if (!isConnectionFailure(error)) await client.query('rollback');
    throw error;
  }
}

function queryOn(client: pg.PoolClient): Query {
  return async <Row>({ name, text }: Statement, values: readonly unknown[]) => {
    try {
      const named = name === undefined ? {} : { name };
      const { rows } = await client.query<Row & object>({ ...named, text, values: [...values] });
      return rows as Row[];
    } catch (error) {
      if (isConnectionFailure(error) || isCollision(error)) throw error;
      throw refusedStatement(name ?? text.trim().slice(0, 60), error);
    }
  };
}

/** Serialization failure, deadlock, or a unique row that somebody else has just made. */
function isCollision(error: unknown): boolean {
  if (error instanceof Overtaken) return true;
  const { code = '', constraint = '' } = error as pg.DatabaseError;
  if (code === '40001' || code === '40P01') return true;
  return (
    code === '23505' &&
    ['entity_pkey', 'link_ref', 'entity_key_pkey', 'budget_pkey'].includes(constraint)
  );
}

/**
 * Every statement here looks rows up by an index, one by one. A plan made while a table was nearly
 * empty might read all of it, and would be kept while the table grows; so such plans are switched off.
 * A worker that stops in the middle of a transaction, with rows locked, is thrown out.
 */
async function prepare(client: pg.ClientBase): Promise<void> {
  // Whoever uses it hears of a broken connection from the next statement.
  client.on('error', () => {});
  await client.query(`
    set role tributary_app;
    set search_path = tributary, pg_temp;
    set jit = off;
    set enable_seqscan = off;
    set enable_bitmapscan = off;
    set enable_hashjoin = off;
    set enable_mergejoin = off;
    set idle_in_transaction_session_timeout = '15s'`);
}

const INT8 = 20;
const NUMERIC = 1700;
const JSON_OIDS: readonly number[] = [114, 3802];

/** Times and counts fit a number; JSON comes back as it went in. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8 || oid === NUMERIC) return Number;
    if (JSON_OIDS.includes(oid)) return fromJson;
    return pg.types.getTypeParser(oid, format);
  },
};

/** An upsert takes each row once; of several with one name the last counts. */
export function lastOfEach<Row>(rows: readonly Row[], nameOf: (row: Row) => string): Row[] {
  return [...new Map(rows.map((row) => [nameOf(row), row])).values()];
}
