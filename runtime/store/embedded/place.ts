/**
 * Where the files of an embedded database are. The folder a person asked for looks like this:
 *
 *     data/             PostgreSQL's own folder, complete as soon as it exists
 *     server.log        what the server said
 *     postgresql-18.../ the programs, only where those in node_modules cannot be used
 *     socket            a link to the folder of the socket, only where our own path is too long for one
 *     moved             a link to the folder that holds all of this instead, only for root (see below)
 *
 * Only its owner may look inside. For a server started by root that is `nobody` in the case of `data`,
 * while the folder around it stays root's, so that `nobody` cannot swap a file that root will open.
 *
 * `nobody` cannot enter every folder, a home of root for one. Then the files are kept below
 * `/var/lib/tributary` and `moved` remembers where. The name there follows from the name asked for, so
 * that two first starts at once, or a first start that died, agree on it without the link.
 */
import { createHash } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Log } from '../../world/world.ts';
import { letThrough, may, nobody } from './account.ts';
import type { Account } from './account.ts';
import { foreignDirectory, lostData, noAccount, unreachableData } from './failures.ts';
import type { Machine } from './machine.ts';

export interface Place {
  readonly directory: string;
  readonly data: string;
  readonly serverLog: string;
  /** Who the server runs as; absent when it runs as we do. */
  readonly account: Account | undefined;
  /** The link to make once there is data, when the folder asked for could not be used. */
  readonly pointer: string | undefined;
}

export async function findPlace({
  directory,
  machine,
  log,
}: {
  directory: string;
  machine: Machine;
  log: Log;
}): Promise<Place> {
  const asked = resolve(directory);
  const pointer = join(asked, 'moved');
  const target = machine.userId === undefined ? undefined : await linkTarget(pointer);
  if (target !== undefined) {
    if (!(await exists(join(target, 'data')))) throw lostData(pointer, target);
    return preparePlace(target, machine, log);
  }
  await mkdir(dirname(asked), { recursive: true });
  await makeFolder(asked);
  return preparePlace(await realpath(asked), machine, log);
}

async function preparePlace(directory: string, machine: Machine, log: Log): Promise<Place> {
  await refuseForeign(directory);
  const { uid } = await stat(directory);
  if (machine.userId !== 0) {
    // Somebody else's folder may be fine too: a volume is often root's, and ours by its group.
    if (uid === machine.userId) await letThrough(directory, undefined);
    return placeAt(directory, undefined);
  }
  const account = await accountFor(directory, machine);
  if (await may(account, 'enter', dirname(directory))) {
    await letThrough(directory, account);
    return placeAt(directory, account);
  }
  // An empty database in another folder would look like a fresh start, and write everything again.
  if (await exists(join(directory, 'data'))) throw unreachableData(directory, account.uid);
  const other = join(machine.sharedFolder, `database-${fingerprint(directory)}`);
  // Whatever our umask says: this one is for servers to pass through.
  if (await mkdir(machine.sharedFolder, { recursive: true })) {
    await chmod(machine.sharedFolder, 0o755);
  }
  if (!(await may(account, 'enter', machine.sharedFolder))) {
    throw noAccount(
      `knows no folder for user ${account.uid}, who can enter neither ${directory} nor ${machine.sharedFolder}`,
    );
  }
  await makeFolder(other);
  await letThrough(other, account);
  log.write('info', `The database is kept in ${other}, since only root can enter ${directory}.`);
  return placeAt(other, account, join(directory, 'moved'));
}

function placeAt(directory: string, account: Account | undefined, pointer?: string): Place {
  const [data, serverLog] = [join(directory, 'data'), join(directory, 'server.log')];
  return { directory, data, serverLog, account, pointer };
}

/** Makes the next start find the data even if the folder it asks for can be entered by then. */
export async function rememberPlace({ directory, pointer }: Place): Promise<void> {
  if (pointer !== undefined) await unlessThere(symlink(directory, pointer));
}

/** Data that is there already decides; it may be that of a user who later started as root. */
async function accountFor(directory: string, machine: Machine): Promise<Account> {
  const data = join(directory, 'data');
  const { uid, gid } = (await exists(data)) ? await stat(data) : { uid: 0, gid: 0 };
  return uid === 0 ? nobody(machine.accountsFile) : { uid, gid };
}

const OURS = /^(data|server\.log|socket|moved|(postgresql|init|copy)-.+|lost\+found)$/;

async function refuseForeign(directory: string): Promise<void> {
  const names = await readdir(directory);
  if (names.includes('data')) {
    // Created elsewhere and moved here when complete, so one without a version is not ours.
    if (await exists(join(directory, 'data', 'PG_VERSION'))) return;
    throw foreignDirectory(directory, '"data" is not a PostgreSQL cluster');
  }
  const stranger = names.find((name) => !OURS.test(name));
  if (stranger !== undefined) throw foreignDirectory(directory, `"${stranger}" for one`);
}

/** What a first start that was killed leaves behind, and the programs of other versions. */
export async function sweep({ directory }: Place, keep: string): Promise<void> {
  const rubbish = (await readdir(directory)).filter(
    (name) => /^(init|copy|postgresql)-/.test(name) && name !== keep,
  );
  // Should somebody still write into one, what is left of it goes the next time.
  await Promise.allSettled(
    rubbish.map((name) => rm(join(directory, name), { recursive: true, force: true })),
  );
}

function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

async function makeFolder(folder: string): Promise<void> {
  await unlessThere(mkdir(folder, { mode: 0o700 }));
}

export async function exists(path: string): Promise<boolean> {
  return (await unlessMissing(lstat(path))) !== undefined;
}

export async function linkTarget(path: string): Promise<string | undefined> {
  return unlessMissing(readlink(path));
}

export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  return unlessCode(work, ['ENOENT']);
}

/** For everything that several processes may make at once: who comes second has what they wanted. */
export async function unlessThere<T>(work: Promise<T>): Promise<T | undefined> {
  return unlessCode(work, ['EEXIST', 'ENOTEMPTY']);
}

export async function unlessCode<T>(
  work: Promise<T>,
  codes: readonly string[],
): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
