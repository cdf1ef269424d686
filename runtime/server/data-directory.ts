/**
 * The folder in which one server keeps everything: `postgres` (the embedded database), `node-red`
 * (flows and their credentials) and `secrets.json`. Other users of the machine cannot look into it,
 * and two servers never work in it at once.
 *
 * The lock is one that the operating system holds for an open SQLite file: it is exclusive without a
 * moment in which two could pass, it goes with the process however that ends, and nothing stale can
 * be left behind. A file with a process id in it would promise none of these.
 */
import { access, chmod, constants, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TributaryError } from '../core/errors.ts';

export interface DataDirectory {
  readonly directory: string;
  readonly postgres: string;
  readonly nodeRed: string;
  readonly secrets: string;
  close(): void;
}

export async function openDataDirectory(directory: string): Promise<DataDirectory> {
  const nodeRed = path.join(directory, 'node-red');
  try {
    // PostgreSQL never runs as root; the account that its server gets then must be able to pass.
    await makePrivate(directory, process.getuid?.() === 0 ? 0o711 : 0o700);
    await makePrivate(nodeRed, 0o700);
    await access(directory, constants.W_OK);
  } catch (error) {
    throw cannotWrite(directory, error);
  }
  const lock = takeLock(path.join(directory, 'lock'), directory);
  return {
    directory,
    postgres: path.join(directory, 'postgres'),
    nodeRed,
    secrets: path.join(directory, 'secrets.json'),
    close: () => lock.close(),
  };
}

/**
 * A folder that was there before stays as open as its owner made it; what is secret in it is not.
 * Step by step, since the platform's recursive way reports a read-only disk as a missing folder.
 */
async function makePrivate(folder: string, mode: number): Promise<void> {
  try {
    await mkdir(folder);
    await chmod(folder, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || (await exists(path.dirname(folder)))) throw error;
    await makePrivate(path.dirname(folder), mode);
    await makePrivate(folder, mode);
  }
}

async function exists(folder: string): Promise<boolean> {
  return access(folder).then(
    () => true,
    () => false,
  );
}

/** What to say when the disk refuses; the platform's code (ENOSPC, EROFS) tells which refusal it is. */
export function cannotWrite(file: string, cause: unknown): TributaryError {
  const reason = cause instanceof Error ? cause.message.split(',')[0] : 'for an unknown reason';
  return new TributaryError('cannot-write', {
    what: `${file} cannot be written (${reason}).`,
    next: 'Make room or give this user access, or choose another folder with --data or TRIBUTARY_DATA.',
    cause,
  });
}

const SQLITE_BUSY = 5;

function takeLock(file: string, directory: string): DatabaseSync {
  let lock: DatabaseSync;
  try {
    lock = new DatabaseSync(file, { timeout: 200 });
  } catch (error) {
    throw cannotWrite(file, error);
  }
  try {
    // The number is there for whoever is refused: it stays readable while the transaction is open.
    lock.exec(`pragma user_version = ${process.pid}; begin immediate`);
    return lock;
  } catch (error) {
    const holder = (error as { errcode?: number }).errcode === SQLITE_BUSY ? readHolder(lock) : 0;
    lock.close();
    if (holder === 0) throw cannotWrite(file, error);
    throw new TributaryError('data-directory-in-use', {
      what: `The data directory ${directory} is in use by another Tributary server (process ${holder}).`,
      next: 'Stop that one first, or choose another folder with --data or TRIBUTARY_DATA.',
      cause: error,
    });
  }
}

function readHolder(lock: DatabaseSync): number {
  return Number(lock.prepare('pragma user_version').get()?.['user_version'] ?? 0);
}
