/** Serves HTTP on this machine's own address, and ends so that whoever is being answered gets his answer. */
import type http from 'node:http';
import type { AddressInfo } from 'node:net';
import { TributaryError } from '../core/errors.ts';
import type { Schedule } from '../world/world.ts';
import { trackTraffic } from './traffic.ts';

export interface Door {
  /** Ends with a slash. */
  readonly url: string;
  /** No new requests; those under way get a moment to finish. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const FINISH_MS_MAX = 1_500;

/** Port 0 takes a free one. */
export async function listen(
  server: http.Server,
  { port, schedule }: { port: number; schedule: Schedule },
): Promise<Door> {
  const traffic = trackTraffic(server, schedule);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen({ host: HOST, port }, resolve);
  try {
    await promise;
  } catch (error) {
    throw new TributaryError('cannot-listen', {
      what: `${HOST}:${port} cannot be served (${(error as NodeJS.ErrnoException).code}).`,
      next: 'Choose another port with --port.',
      cause: error,
    });
  }
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.close();
      await traffic.quiet(FINISH_MS_MAX);
      traffic.cut();
    },
  };
}
