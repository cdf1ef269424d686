/**
 * Gets a seat at the server of a folder: joins the one that runs there, or starts one. The order is to
 * look, to knock, to start and to look again, so that it does not matter who else does the same, who
 * died halfway, and whether the server that is there was ours. Ends after a minute.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '../../world/world.ts';
import { addressOf } from './address.ts';
import { usablePrograms } from './binaries.ts';
import { createCluster } from './cluster.ts';
import { directoryInUse, otherVersion, printedRefusal, serverFailed } from './failures.ts';
import type { Machine } from './machine.ts';
import { exists, rememberPlace, sweep } from './place.ts';
import type { Place } from './place.ts';
import { delays, isRunning, launch, readLock, stopServer } from './server.ts';
import type { Launch, Lock } from './server.ts';
import { takeSeat } from './users.ts';
import type { Seat } from './users.ts';

interface House {
  readonly place: Place;
  readonly machine: Machine;
  readonly world: Pick<World, 'log' | 'schedule' | 'secretBytes'>;
  /** The port to have again, where a port is used. */
  readonly port: number | undefined;
}

export async function enter(house: House): Promise<Seat> {
  const { place, machine, world } = house;
  const { log, schedule } = world;
  let launched: Launch | undefined;
  let lock: Lock | undefined;
  for (const delayMs of delays()) {
    lock = await readLock(place);
    const running = lock !== undefined && (await isRunning(lock.pid, place, machine));
    const seat = lock === undefined ? undefined : await knock(lock, running, house, stop);
    const outcome = launched?.outcome();
    if (seat !== undefined) {
      const how = launched === undefined || outcome !== undefined ? 'Joined' : 'Started';
      log.write('info', `${how} the embedded PostgreSQL in ${place.directory}.`);
      return seat;
    }
    if (outcome?.kind === 'failed') throw outcome.error;
    if (!running && (launched === undefined || outcome !== undefined)) {
      launched = await start(house, lock);
    }
    await schedule.sleep(delayMs);
  }
  throw lock === undefined
    ? serverFailed(place.directory, 'it did not answer within a minute', { log: place.serverLog })
    : directoryInUse(place.directory, `process ${lock.pid} does not answer`);

  async function stop(pid: number): Promise<void> {
    if (await stopServer({ pid, place, machine, schedule })) await launched?.ended();
    else log.write('warn', `The embedded PostgreSQL in ${place.directory} has not stopped yet.`);
  }
}

/** Absent when nobody opens, or not yet. */
async function knock(
  lock: Lock,
  running: boolean,
  { place, machine }: House,
  stop: (server: number) => Promise<void>,
): Promise<Seat | undefined> {
  if (running && !lock.ready) return undefined;
  // A port may be somebody else's by now. A socket in our folder is ours, even if its process is not
  // to be seen: containers that share a folder do not see each other's processes.
  if (!running && machine.transport === 'loopback') return undefined;
  const address = await addressOf(place, machine, lock.port);
  const listens = machine.transport === 'socket' ? lock.socketFolder : lock.listensOn;
  if (running && listens !== address.host) {
    const where = listens === '' ? 'elsewhere' : `at ${listens}`;
    throw directoryInUse(place.directory, `process ${lock.pid} listens ${where}`);
  }
  return takeSeat(address, stop).catch((error: unknown) => {
    throw explainAnswer(place, error);
  });
}

function explainAnswer({ directory, serverLog }: Place, error: unknown): Error {
  const { code = '', message } = error as Error & { code?: string };
  // The classes of "who are you" and "there is no such database".
  if (/^(28|3D)/.test(code)) return directoryInUse(directory, `it says "${message}"`, error);
  return (
    printedRefusal(directory, message) ??
    serverFailed(directory, message, { log: serverLog, cause: error })
  );
}

async function start(house: House, lock: Lock | undefined): Promise<Launch> {
  const { place, machine, world, port } = house;
  const programs = await usablePrograms(place, machine);
  if (!(await exists(place.data))) {
    const secret = machine.transport === 'socket' ? undefined : world.secretBytes(24);
    const password = secret && Buffer.from(secret).toString('base64url');
    await createCluster({ place, machine, programs, password });
  }
  await rememberPlace(place);
  await refuseOtherVersion(place, programs.major);
  await sweep(place, programs.copy);
  const address = await addressOf(place, machine, port);
  return launch({ place, machine, programs, address, stalePid: lock?.pid });
}

async function refuseOtherVersion({ directory, data }: Place, needed: string): Promise<void> {
  const found = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  if (found !== needed) throw otherVersion(directory, { found, needed });
}
