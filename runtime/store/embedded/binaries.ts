/**
 * Makes the programs of PostgreSQL usable for the account that runs them. Two things can be wrong with
 * them as npm leaves them. The links between the versions of a library are missing: a package cannot
 * hold links, and npm 12 does not run the post-install step that would make them. And `node_modules`
 * may be where the account cannot read. Links are made in place if possible; where that is refused, or
 * the account cannot get there, everything is copied once, next to the data.
 */
import { chmod, cp, mkdtemp, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, extname, join, relative } from 'node:path';
import { may } from './account.ts';
import { noBinaries, unusableBinaries } from './failures.ts';
import type { Machine } from './machine.ts';
import { exists, unlessMissing, unlessThere } from './place.ts';
import type { Place } from './place.ts';

export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** "18" */
  readonly major: string;
  /** What a copy next to the data is called; one of another name is of another version. */
  readonly copy: string;
}

/** Safe to call from several processes at once. */
export async function usablePrograms(place: Place, machine: Machine): Promise<Programs> {
  const binaries = machine.findBinaries();
  if (binaries === undefined) throw noBinaries(`${machine.platform}-${machine.architecture}`);
  const copy = `postgresql-${binaries.version}`;
  const usable =
    (await linked(binaries.folder)) &&
    (await may(place.account, 'use programs in', binaries.folder));
  const folder = usable ? binaries.folder : await copied(binaries.folder, place, copy);
  const program = (name: string): string =>
    join(folder, 'bin', machine.platform === 'win32' ? `${name}.exe` : name);
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    major: String(Number.parseInt(binaries.version, 10)),
    copy,
  };
}

/** False when links are missing and the folder is not ours to write. */
async function linked(folder: string): Promise<boolean> {
  try {
    await makeLinks(folder);
    return true;
  } catch (error) {
    if (['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      return false;
    }
    throw unusableBinaries(folder, 'links between its libraries cannot be made', error);
  }
}

async function makeLinks(folder: string): Promise<void> {
  const list = (await unlessMissing(readFile(join(folder, 'pg-symlinks.json'), 'utf8'))) ?? '[]';
  // Paths in the list start at the package, one above our folder.
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(dirname(folder), target);
    if (await exists(link)) continue;
    await unlessThere(symlink(relative(dirname(target), source), link));
  }
}

async function copied(folder: string, { directory }: Place, name: string): Promise<string> {
  const copy = join(directory, name);
  if (await exists(copy)) return copy;
  const draft = await mkdtemp(join(directory, 'copy-'));
  try {
    await cp(folder, join(draft, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      // Archives to link programs against; a tenth of the whole, and no use to us.
      filter: (source) => extname(source) !== '.a',
    });
    await makeReadable(join(draft, 'native'));
    await makeLinks(join(draft, 'native'));
    await unlessThere(rename(join(draft, 'native'), copy));
  } catch (error) {
    // Another process that was faster may have swept our draft away.
    if (!(await exists(copy))) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return copy;
}

/** A copy has the modes of what it was made from: closed to others, or even to changes by us. */
async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const runs = entry.isDirectory() || basename(entry.parentPath) === 'bin';
    if (!entry.isSymbolicLink()) await chmod(path, runs ? 0o755 : 0o644);
  }
}
