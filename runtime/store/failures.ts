/** What can go wrong with a store, in the words of the person who has to act. Never a password. */
import pg from 'pg';
import { TributaryError } from '../core/errors.ts';
import type { TenantId } from './store.ts';

export function unknownTenant(tenant: TenantId): TributaryError {
  return new TributaryError('tenant-unknown', {
    what: `The store knows no tenant ${tenant}.`,
    next: 'Save its set-up first; in Node-RED that is what deploying a crm-store node does.',
  });
}

export function otherSecret(): TributaryError {
  return new TributaryError('secret-differs', {
    what: 'This database belongs to an installation with another secret.',
    next: 'Set TRIBUTARY_SECRET to the same value everywhere, or name another database.',
  });
}

/** Where a database is looked for, as it may be shown: no user, no password. */
export function addressOf(connection: pg.ClientConfig): string {
  try {
    const { host, port, database } = new pg.Client(connection);
    return `${host}:${port}/${database ?? ''}`;
  } catch {
    // No cause: it may quote the address, and the password with it.
    throw new TributaryError('database-address', {
      what: 'The address of the database cannot be read.',
      next: 'Write it as postgres://user:password@host:5432/name, with special characters as %40 and so on.',
    });
  }
}

/** `address` is where it was looked for, such as `db.example.com:5432/crm`. */
export function unreachable(address: string, error: unknown): TributaryError {
  const { code = '' } = error as { code?: string };
  return new TributaryError('database-unreachable', {
    what: `The database ${address} does not answer (${reasonOf(error)}).`,
    next: ADVICE[code] ?? 'Check that it runs and that DATABASE_URL names it, then try again.',
    cause: error,
  });
}

const ADVICE: Readonly<Record<string, string>> = {
  '28P01': 'Check the user and the password in DATABASE_URL.',
  '28000': 'Check the user in DATABASE_URL, and that the server lets it in from here.',
  '3D000': 'Create the database, or check its name in DATABASE_URL.',
  '53300': 'It has no connections left; raise max_connections, or run fewer processes.',
};

/** One line. Trying several addresses of one name fails with several errors and no message. */
export function reasonOf(error: unknown): string {
  const { code, message, errors } = error as {
    code?: string;
    message?: string;
    errors?: readonly Error[];
  };
  const text = message || errors?.map((each) => each.message).join(', ') || code || String(error);
  return text.replaceAll(/\s+/g, ' ');
}

/** A connection that broke or never was: not the fault of what was asked. */
export function isConnectionFailure(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return (
    /^(?:08|28|57P|3D000|53300|25P03)/.test(code) ||
    /^E[A-Z]+$/.test(code) ||
    /^(?:Connection terminated|timeout exceeded|Client has encountered|The client was closed)/i.test(
      message,
    )
  );
}

export function refusedStatement(name: string, error: unknown): TributaryError {
  const { code = '' } = error as { code?: string };
  return new TributaryError('database-refused', {
    what: `The database refused the statement "${name}" (${code} ${reasonOf(error)}).`,
    next: 'Nothing was stored. If it is not a full disk, please report it.',
    cause: error,
  });
}

export function tooBusy(attempts: number, error: unknown): TributaryError {
  return new TributaryError('database-busy', {
    what: `A transaction got in the way of others ${attempts} times in a row (${reasonOf(error)}).`,
    next: 'Nothing was stored; it is tried again later. If it persists, run fewer workers.',
    cause: error,
  });
}
