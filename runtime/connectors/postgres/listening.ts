/**
 * Hears at once when the outbox has noted something. That is a hint and no more: what is said while nobody
 * listens is lost, so whoever has begun to listen, or begins again after the connection broke, is told as
 * well, and looks.
 *
 * Trap: a pooler in transaction mode takes a LISTEN and delivers nothing. So something is said first, by
 * another session; where that is not heard, nobody waits for more, and looking from time to time has to do.
 */
import pg from 'pg';
import type { Stop } from '../connector.ts';
import type { Reach } from './server.ts';
import { quoted } from './values.ts';

const FIRST_WORD_MS = 10_000;
const AGAIN_MS = 1_000;
const AGAIN_MS_MAX = 60_000;

/** What the outbox in this schema says its news on. */
export function channelOf(outbox: string): string {
  return `${outbox}_changed`;
}

export interface Listening extends Pick<Reach, 'world' | 'account' | 'connection'> {
  readonly channel: string;
  /** Says something there, by another session. */
  readonly say: (word: string) => Promise<void>;
}

export function listenTo(listening: Listening, heard: () => void): Stop {
  const { world, account, channel } = listening;
  let client: pg.Client | undefined;
  let stopWaiting = (): void => {};
  let isOver = false;
  let tries = 0;

  async function begin(): Promise<void> {
    const broken = Promise.withResolvers<never>();
    const word = world.newId();
    const firstWord = Promise.withResolvers<boolean>();
    client = clientOf(listening);
    client.on('error', broken.reject).on('end', () => broken.reject(new Error('It was closed.')));
    client.on('notification', ({ payload }) => {
      if (payload === word) firstWord.resolve(true);
      else heard();
    });
    await Promise.race([client.connect(), broken.promise]);
    await Promise.race([client.query(`listen ${quoted(channel)}`), broken.promise]);
    await Promise.race([listening.say(word), broken.promise]);
    const stop = world.schedule.after(FIRST_WORD_MS, () => firstWord.resolve(false));
    const isHeard = await Promise.race([firstWord.promise, broken.promise]).finally(stop);
    if (!isHeard) {
      isOver = true;
      world.log.write(
        'warn',
        `Account '${account}' of postgres is behind a pooler that passes on no notifications, so its changes are found by looking for them. To hear of them at once, use a pooler in session mode, or none.`,
      );
      await client.end();
      return;
    }
    tries = 0;
    heard();
    await broken.promise;
  }

  async function keep(): Promise<void> {
    try {
      await begin();
    } catch (error) {
      if (isOver) return;
      const reason = error instanceof Error ? error.message : String(error);
      world.log.write('info', `Account '${account}' of postgres is not heard; again soon.`, {
        reason,
      });
      // What is broken may not be able to say goodbye.
      void client?.end().catch(() => {});
      const waitMs = Math.min(AGAIN_MS_MAX, AGAIN_MS * 2 ** tries);
      tries += 1;
      stopWaiting = world.schedule.after(waitMs, () => void keep());
    }
  }

  void keep();
  return async () => {
    isOver = true;
    stopWaiting();
    await client?.end();
  };
}

function clientOf({ world, connection }: Pick<Reach, 'world' | 'connection'>): pg.Client {
  const { max: _max, ...place } = connection;
  return new pg.Client({
    ...place,
    stream: () => world.network.socket!(),
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
    application_name: 'Tributary',
  });
}
