/**
 * Where programs reach the server. On Unix by a socket inside its data folder, which only its owner
 * and root can enter, so that no port is open and no password is needed. The system allows a socket's
 * path about a hundred bytes; for a longer one the socket goes to a private folder with a short name,
 * and a link next to the data tells every later process which. On Windows by a port on 127.0.0.1 and a
 * random password kept in the data folder.
 */
import { lstat, mkdtemp, readFile, rename, rm, symlink, unlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { own } from './account.ts';
import type { Machine } from './machine.ts';
import { exists, linkTarget, unlessMissing, unlessThere } from './place.ts';
import type { Place } from './place.ts';

export interface Address {
  /** A host name, or the folder of the socket. */
  readonly host: string;
  readonly port: number;
  readonly password?: string;
}

/** Every server has its own folder, so this number only completes the name of the socket. */
const SOCKET_PORT = 5432;

/** The data has to exist. `port` is the one in use or used before; without one, any free one will do. */
export async function addressOf(place: Place, machine: Machine, port?: number): Promise<Address> {
  if (machine.transport === 'socket') {
    return { host: await socketFolder(place, machine), port: SOCKET_PORT };
  }
  const password = await readFile(passwordFile(place.data), 'utf8');
  return { host: '127.0.0.1', port: port ?? (await freePort()), password };
}

export function passwordFile(data: string): string {
  return join(data, 'tributary-password');
}

async function socketFolder(place: Place, machine: Machine): Promise<string> {
  if (fitsSocket(place.data, machine)) return place.data;
  const record = join(place.directory, 'socket');
  for (;;) {
    const folder = await linkTarget(record);
    if (folder === undefined) {
      const fresh = await privateFolder(place, machine);
      const first = await unlessThere(symlink(fresh, record).then(() => true));
      if (first === undefined) await rm(fresh, { recursive: true });
    } else if (await isPrivate(folder, place, machine)) {
      return folder;
    } else if (await exists(folder)) {
      // Anybody may make folders in /tmp, also one with the name we had.
      await unlessMissing(unlink(record));
    } else {
      // A restart of the machine empties folders like /tmp; the name is kept.
      const fresh = await privateFolder(place, machine);
      const back = await unlessThere(rename(fresh, folder).then(() => true));
      if (back === undefined) await rm(fresh, { recursive: true });
    }
  }
}

function fitsSocket(folder: string, { platform }: Machine): boolean {
  const bytesMax = platform === 'linux' ? 107 : 103;
  return Buffer.byteLength(join(folder, `.s.PGSQL.${SOCKET_PORT}`)) <= bytesMax;
}

async function privateFolder({ account }: Place, { shortFolder }: Machine): Promise<string> {
  const folder = await mkdtemp(join(shortFolder, 'tributary-'));
  await own(folder, account);
  return folder;
}

async function isPrivate(folder: string, { account }: Place, machine: Machine): Promise<boolean> {
  const found = await unlessMissing(lstat(folder));
  if (found === undefined) return false;
  const owner = account?.uid ?? machine.userId;
  return found.isDirectory() && found.uid === owner && (found.mode & 0o077) === 0;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
