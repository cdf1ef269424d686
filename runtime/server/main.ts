/**
 * `npm start`: one process with the editor, the flows and the database. The last line of a good start
 * is "ready" and the address; it comes when everything serves, and nothing follows it until something
 * happens. A start that cannot succeed says in one line what is wrong, where, and what to do next.
 */
import { TributaryError } from '../core/errors.ts';
import { systemWorld } from '../world/system.ts';
import type { World } from '../world/world.ts';
import { openDataDirectory } from './data-directory.ts';
import { openDatabase } from './database.ts';
import { openFrontDoor } from './front-door.ts';
import { liveUntilStopped, type Lifetime } from './lifetime.ts';
import { adminName, loginWith } from './login.ts';
import { startNodeRed } from './node-red.ts';
import { trackReadiness } from './readiness.ts';
import { openSecrets, resetPassword } from './secrets.ts';
import { isLoopback, isUnderNpm, projectVersion, readCommand, type Settings } from './settings.ts';
import { stackTrace } from './stack-trace.ts';

// Whoever reads our output may go away; the server stays.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exit(await main());

async function main(): Promise<number> {
  let verbose = false;
  const failed = (error: unknown): void => complain(error, verbose);
  try {
    const command = readCommand();
    if (command.action === 'print') return (say(command.text), 0);
    const { action, settings } = command;
    verbose = settings.verbose;
    const { allowedHosts } = settings;
    const logLevel = verbose ? 'debug' : 'info';
    const world = systemWorld({ log: process.stderr, logLevel, allowedHosts });
    if (action === 'reset-password') return (await makeNewPassword(settings, world), 0);
    const underNpm = isUnderNpm();
    return await liveUntilStopped((life) => serve(settings, world, life), {
      world,
      underNpm,
      failed,
    });
  } catch (error) {
    failed(error);
    return 1;
  }
}

async function serve(settings: Settings, world: World, lifetime: Lifetime): Promise<void> {
  say(`Tributary ${projectVersion()}`);
  const data = await openDataDirectory(settings.data);
  lifetime.opened('data directory', () => data.close());
  say(`  data      ${data.directory}`);

  const { secrets, newPassword } = await openSecrets(data, world);
  sayWhoGetsIn(settings, newPassword);

  const readiness = trackReadiness(world);
  const door = await openFrontDoor({ settings, readiness, world });
  lifetime.opened('connections', () => door.close());

  const database = await openDatabase({
    settings,
    data,
    auditKey: settings.secret ?? secrets.auditKey,
    world,
  });
  lifetime.opened('database', () => database.close());
  readiness.watch('database', () => database.check());
  say(`  database  ${database.title}`);

  const nodeRed = await startNodeRed({
    door,
    data,
    credentialSecret: secrets.credentialSecret,
    login: settings.login ? loginWith(secrets.admin, world) : undefined,
    verbose: settings.verbose,
    world,
  });
  lifetime.opened('flows', () => nodeRed.stop());
  readiness.watch('flows', () => nodeRed.checkFlows());

  door.open(nodeRed);
  lifetime.opened('requests', () => door.stopAccepting());
  say(`  editor    ${door.url}admin/`);

  await lifetime.waitFor(nodeRed.running);
  say(`ready ${door.url}`);
}

async function makeNewPassword(settings: Settings, world: World): Promise<void> {
  const data = await openDataDirectory(settings.data);
  try {
    const { newPassword } = await resetPassword(data, world);
    sayWhoGetsIn({ ...settings, login: true }, newPassword);
  } finally {
    data.close();
  }
}

function sayWhoGetsIn({ login, host }: Settings, newPassword: string | undefined): void {
  if (newPassword !== undefined) {
    say(`  login     ${adminName}, password ${newPassword}`);
    say('            (shown only this once; --reset-password makes a new one)');
  }
  if (!login) say('  login     none: every user of this machine can change the flows');
  if (!isLoopback(host))
    say(`  network   ${host}, without TLS: put a proxy that speaks it in front`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One line, whatever happened; the rest is for whoever asks. */
function complain(error: unknown, verbose: boolean): void {
  const expected = error instanceof TributaryError;
  const message = error instanceof Error ? error.message : String(error);
  const line = expected ? message : `${message} (this was not foreseen; --verbose shows where)`;
  process.stderr.write(`Tributary cannot start. ${line.replaceAll(/\s+/g, ' ')}\n`);
  if (verbose) process.stderr.write(`${stackTrace(error)}\n`);
}
