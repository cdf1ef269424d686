/**
 * The account the server runs as. PostgreSQL refuses to run as root, so a server started by root gets
 * the identity of `nobody`, which every Unix has; no account is ever created. Everybody else's server
 * runs as they do, which is what `undefined` stands for.
 */
import { spawn } from 'node:child_process';
import { chmod, chown, readFile, stat } from 'node:fs/promises';
import { noAccount } from './failures.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export async function nobody(accountsFile: string): Promise<Account> {
  const lines = (await readFile(accountsFile, 'utf8')).split('\n');
  const fields = lines.find((line) => line.startsWith('nobody:'))?.split(':');
  if (fields === undefined) throw noAccount(`finds no account "nobody" in ${accountsFile}`);
  // macOS writes -2, by which it means the highest number but one.
  return { uid: Number(fields[2]) >>> 0, gid: Number(fields[3]) >>> 0 };
}

/** The parts of spawn's options that make a child this account; Node wants the numbers signed. */
export function identity(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid | 0, gid: account.gid | 0 };
}

/** Gives a file or folder to the account; nobody else may look inside. */
export async function own(
  path: string,
  account: Account | undefined,
  mode: number = 0o700,
): Promise<void> {
  await chmod(path, mode);
  if (account !== undefined) await handOver(path, account.uid, account.gid);
}

/** Lets the account pass through a folder that stays ours, so that it cannot swap what is in it. */
export async function letThrough(folder: string, account: Account | undefined): Promise<void> {
  const { uid } = await stat(folder);
  if (account === undefined || account.uid === uid) return chmod(folder, 0o700);
  await handOver(folder, uid, account.gid);
  await chmod(folder, 0o710);
}

async function handOver(path: string, uid: number, gid: number): Promise<void> {
  try {
    await chown(path, uid, gid);
  } catch (error) {
    throw noAccount(`may not give ${path} to user ${uid} on this system`, error);
  }
}

/** Asks the system itself, since the bits of a mode know nothing of access lists and name spaces. */
export async function may(
  account: Account | undefined,
  action: 'enter' | 'use programs in',
  folder: string,
): Promise<boolean> {
  if (account === undefined) return true;
  const tests = {
    enter: 'cd -- "$1"',
    'use programs in': 'cd -- "$1/lib" && test -x ../bin/postgres && test -r ../bin/postgres',
  };
  try {
    const { code } = await run('/bin/sh', ['-c', tests[action], 'sh', folder], account);
    return code === 0;
  } catch (error) {
    // Root of a rootless container, for one: it is called root, but may become nobody else.
    throw noAccount(`may not start a program as user ${account.uid} on this system`, error);
  }
}

/** Few and fixed: what the person's shell has set for another PostgreSQL must not reach this one. */
export const ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC' } as const;

/** Runs a program to its end. Rejects only when it could not be started at all. */
export function run(
  program: string,
  args: readonly string[],
  account: Account | undefined,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...identity(account),
      // Ours may be a folder that the account cannot enter.
      cwd: '/',
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let output = '';
    const collect = (text: string): void => void (output += text);
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
