/**
 * Creates the files of a new database server, once. They are made under another name and moved into
 * place when they are complete and on the disk, so a `data` folder that exists is whole, whatever was
 * killed in between. Two processes may do this at once: one is moved into place, the other thrown away.
 */
import { mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { own, run } from './account.ts';
import { passwordFile } from './address.ts';
import type { Programs } from './binaries.ts';
import { printedRefusal, serverFailed } from './failures.ts';
import { cannotStart } from './machine.ts';
import type { Machine } from './machine.ts';
import { exists, unlessThere } from './place.ts';
import type { Place } from './place.ts';

/** The owner of everything in the database, and the name programs log in with. */
export const ROLE = 'tributary';

export async function createCluster({
  place,
  machine,
  programs,
  password,
}: {
  place: Place;
  machine: Machine;
  programs: Programs;
  /** Only where a socket does not say who is allowed in. */
  password: string | undefined;
}): Promise<void> {
  const draft = await mkdtemp(join(place.directory, 'init-'));
  const [data, passwordDraft] = [join(draft, 'data'), join(draft, 'password')];
  try {
    await writeFile(passwordDraft, password ?? '');
    await own(passwordDraft, place.account, 0o600);
    await own(draft, place.account);
    await initialise(data, { place, machine, programs, passwordDraft });
    if (password !== undefined) await rename(passwordDraft, passwordFile(data));
    await unlessThere(rename(data, place.data));
    if (machine.platform !== 'win32') await flush(place.directory);
  } catch (error) {
    // A process that was faster may have swept our draft away.
    if (!(await exists(place.data))) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * The order of text is that of its code points, by rules inside PostgreSQL: the same on every system,
 * and an upgrade of the system cannot change it below an index. `--no-sync` would save 50 ms of 650 and
 * could lose everything, should the power fail within the first half minute.
 */
function initdbFlags(machine: Machine, passwordDraft: string): string[] {
  const login =
    machine.transport === 'socket'
      ? ['--auth=trust']
      : ['--auth=scram-sha-256', `--pwfile=${passwordDraft}`];
  return [
    `--username=${ROLE}`,
    ...login,
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ];
}

async function initialise(
  data: string,
  {
    place,
    machine,
    programs,
    passwordDraft,
  }: { place: Place; machine: Machine; programs: Programs; passwordDraft: string },
): Promise<void> {
  const flags = [...initdbFlags(machine, passwordDraft), `--pgdata=${data}`];
  const { code, output } = await run(programs.initdb, flags, place.account).catch(
    (error: unknown) => {
      throw cannotStart(programs.initdb, machine, error);
    },
  );
  if (code === 0) return;
  const reason = /^.*(?:error|fatal|FATAL|PANIC): .*$/m.exec(output)?.[0];
  throw (
    printedRefusal(place.directory, output) ??
    serverFailed(place.directory, reason ?? `initdb ended with ${code}`, {
      cause: new Error(output),
    })
  );
}

async function flush(folder: string): Promise<void> {
  await using handle = await open(folder);
  await handle.sync();
}
