/**
 * The server process: started on a data folder, looked at from any process, stopped. PostgreSQL itself
 * guarantees that no two servers run on one folder, by `postmaster.pid` and a piece of shared memory,
 * so starting one too many does no harm: it notices and ends. That is all the locking there is.
 *
 * A server does not belong to the process that started it. It survives that process and its terminal,
 * and writes to a file, since a pipe would end with its reader.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Schedule } from '../../world/world.ts';
import { ENVIRONMENT, identity, run } from './account.ts';
import type { Address } from './address.ts';
import { usablePrograms } from './binaries.ts';
import type { Programs } from './binaries.ts';
import { printedRefusal, serverFailed } from './failures.ts';
import { cannotStart } from './machine.ts';
import type { Machine } from './machine.ts';
import { unlessCode, unlessMissing } from './place.ts';
import type { Place } from './place.ts';

/** Small, because it shares the machine with everything else; whoever outgrows it sets DATABASE_URL. */
const SETTINGS = {
  shared_buffers: '32MB',
  max_connections: '60',
  // Reads and writes happen in the process that wants them; workers would be three more processes.
  io_method: 'sync',
  // Between checkpoints the journal may grow to this; the default of 1 GB surprises on a small disk.
  max_wal_size: '256MB',
  // The life of the server, and nothing of what is in it: errors of statements can quote customer data.
  log_min_messages: 'log',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
  log_timezone: 'UTC',
  timezone: 'UTC',
} as const;

/** A server process we started. It may find another one at work on the same folder, and end. */
export interface Launch {
  /** Absent while the process runs. */
  outcome(): Outcome | undefined;
  /** Waits for its end. Until then the process does not keep ours alive. */
  ended(): Promise<Outcome>;
}

export type Outcome = { readonly kind: 'stopped' | 'outrun' } | { kind: 'failed'; error: Error };

export async function launch({
  place,
  machine,
  programs,
  address,
  stalePid,
}: {
  place: Place;
  machine: Machine;
  programs: Programs;
  address: Address;
  /** What `postmaster.pid` says, when that is known to be something else by now. */
  stalePid: number | undefined;
}): Promise<Launch> {
  await using log = await openLog(place);
  const child = spawn(programs.postgres, flags(place, machine, address), {
    ...identity(place.account),
    cwd: '/',
    env: { ...ENVIRONMENT, ...claim(stalePid) },
    // A terminal sends Ctrl-C to the whole group it runs; this one is stopped by its last user.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.unref();
  let outcome: Outcome | undefined;
  const end = new Promise<Outcome>((resolve) => {
    const fail = (error: Error): void => resolve({ kind: 'failed', error });
    child.once('error', (error) => fail(cannotStart(programs.postgres, machine, error)));
    child.once('exit', (code) => {
      if (code === 0) resolve({ kind: 'stopped' });
      else lastWords(place, child.pid).then((words) => resolve(judge(place, words)), fail);
    });
  });
  const known = end.then((value) => (outcome = value));
  return {
    outcome: () => outcome,
    ended() {
      child.ref();
      return known;
    },
  };
}

function flags(place: Place, machine: Machine, address: Address): string[] {
  const reach =
    machine.transport === 'socket'
      ? // A list of folders, hence the quotes.
        {
          listen_addresses: '',
          unix_socket_directories: `"${address.host.replaceAll('"', '""')}"`,
          unix_socket_permissions: '0700',
        }
      : { listen_addresses: address.host, unix_socket_directories: '' };
  const settings = { ...SETTINGS, ...reach, port: String(address.port) };
  return [
    '-D',
    place.data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/**
 * A number in `postmaster.pid` that belongs to another program by now keeps PostgreSQL from starting,
 * unless that program is its grandparent, because in a container the same few numbers come again and
 * again. Naming it as one is all that is needed to leave the rest to PostgreSQL, which still looks
 * whether anybody uses the shared memory of the old server before it takes over.
 */
function claim(stalePid: number | undefined): Record<string, string> {
  return stalePid === undefined ? {} : { PG_GRANDPARENT_PID: String(stalePid) };
}

const LOG_BYTES_MAX = 1_000_000;

async function openLog({ serverLog, account }: Place): Promise<FileHandle> {
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
  const log = await open(serverLog, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  if (account !== undefined) await log.chown(account.uid, account.gid);
  if ((await log.stat()).size > LOG_BYTES_MAX) await log.truncate();
  return log;
}

async function lastWords({ serverLog }: Place, pid: number | undefined): Promise<string> {
  const lines = (await readFile(serverLog, 'utf8')).trimEnd().split('\n');
  // Two servers that start at once share the file, and each line of theirs has a number.
  const own = lines.filter((line) => line.includes(`[${pid}]`) && /FATAL|PANIC/.test(line));
  return own.at(-1) ?? lines.at(-1) ?? '';
}

/** The file is empty for a moment while another server makes it. */
const OUTRUN = /lock file .+ (?:already exists|is empty)|pre-existing shared memory block/;

function judge({ directory, serverLog }: Place, words: string): Outcome {
  if (OUTRUN.test(words)) return { kind: 'outrun' };
  const error =
    printedRefusal(directory, words) ?? serverFailed(directory, words, { log: serverLog });
  return { kind: 'failed', error };
}

/** What a server says about itself in `postmaster.pid`. */
export interface Lock {
  readonly pid: number;
  readonly port: number;
  readonly socketFolder: string;
  readonly listensOn: string;
  readonly ready: boolean;
}

export async function readLock({ data }: Place): Promise<Lock | undefined> {
  const text = await unlessMissing(readFile(join(data, 'postmaster.pid'), 'utf8'));
  const [pid, , , port, socketFolder = '', listensOn = '', , status] = text?.split('\n') ?? [];
  // It is empty for a moment, while a server starts.
  if (!pid) return undefined;
  const ready = status?.trim() === 'ready';
  return { pid: Number(pid), port: Number(port), socketFolder, listensOn, ready };
}

/** Whether the process of that number is a server on this folder, and not a later one of that number. */
export async function isRunning(
  pid: number,
  { data }: Pick<Place, 'data'>,
  { platform }: Machine,
): Promise<boolean> {
  if (platform === 'win32') return isAlive(pid);
  const words = platform === 'linux' ? await readCommand(pid) : await askCommand(pid);
  return `${words} `.includes(`-D ${data} `);
}

async function readCommand(pid: number): Promise<string> {
  // It may end while we read: then there is a file, but nobody it is about.
  const words = await unlessCode(readFile(`/proc/${pid}/cmdline`, 'utf8'), ['ENOENT', 'ESRCH']);
  return words?.replaceAll('\0', ' ') ?? '';
}

async function askCommand(pid: number): Promise<string> {
  const { output } = await run('/bin/ps', ['-ww', '-o', 'command=', '-p', String(pid)], undefined);
  return output.trimEnd();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Ends all connections and stops the server. True when it has written everything and is gone. */
export async function stopServer({
  pid,
  place,
  machine,
  schedule,
}: {
  pid: number;
  place: Place;
  machine: Machine;
  schedule: Schedule;
}): Promise<boolean> {
  // Not running means not here: in another container that shares the folder, and is left to it.
  if (!(await isRunning(pid, place, machine))) return false;
  await interrupt(pid, place, machine);
  for (const delayMs of delays()) {
    const lock = await readLock(place);
    if (lock?.pid !== pid) return true;
    await schedule.sleep(delayMs);
  }
  return false;
}

/** The signal for a fast stop. Windows has none; there PostgreSQL brings a program that sends it. */
async function interrupt(pid: number, place: Place, machine: Machine): Promise<void> {
  if (machine.platform !== 'win32') process.kill(pid, 'SIGINT');
  else {
    const { pgCtl } = await usablePrograms(place, machine);
    await run(pgCtl, ['kill', 'INT', String(pid)], undefined);
  }
}

/** Short at first, since most waits here are over in 30 ms; then patient, up to a minute in all. */
export function* delays(): Generator<number> {
  for (let waitedMs = 0; waitedMs < 60_000;) {
    const delayMs = Math.min(Math.max(3, waitedMs / 10), 50);
    yield delayMs;
    waitedMs += delayMs;
  }
}
