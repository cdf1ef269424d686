/**
 * Emulators as a local server: their APIs where the vendors have them, what a person sees and does at /,
 * and what a test or a demonstration wants to know and to break under /_emulator. It serves this machine
 * only. A connection that an emulator breaks is really broken.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Response as Reply } from 'express';
import { TributaryError } from '../core/errors.ts';
import type { World } from '../world/world.ts';
import { controlRoutes } from './control.ts';
import { directoryOf, type Circumstances, type Emulator } from './emulator.ts';
import { movable, type MovableWorld } from './movable-world.ts';
import { pageRoutes } from './page/page.ts';
import { townOf } from './town.ts';
import { troubleMaker } from './trouble.ts';

export interface Served {
  /** Fills the accounts of the demonstration with so many people and their companies. */
  seed(count: number): void;
  /** Port 0 takes a free one. */
  listen(options: { port: number }): Promise<Listening>;
}

export interface Listening {
  /** Ends with a slash. */
  readonly url: string;
  /** Ends at once, also for those who wait for an answer, and what the emulators still meant to do. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const BODY_BYTES_MAX = 5 * 1024 * 1024;

export function serve<Emulators extends readonly [Emulator, ...Emulator[]]>({
  world: given,
  open,
}: {
  world: World;
  open: (circumstances: Circumstances) => Emulators;
}): Served & { readonly emulators: Emulators } {
  const world = movable(given);
  const troubles = troubleMaker();
  const town = townOf(world.random('emulators:town'));
  const emulators = open({
    world,
    trouble: troubles.next,
    webhookTrouble: troubles.nextOfWebhook,
    town,
  });
  const directory = directoryOf(emulators);
  const app = express();
  app.disable('x-powered-by');
  for (const emulator of emulators) {
    const body = express.raw({ type: () => true, limit: BODY_BYTES_MAX });
    app.use([...emulator.paths], body, bridgeTo(emulator));
  }
  app.use(refuseOtherSites);
  app.use('/_emulator', controlRoutes({ directory, troubles, world }));
  app.use(pageRoutes(directory));
  app.use(notFound, wentWrong(world));
  return {
    emulators,
    seed: (count) => emulators.forEach((emulator) => emulator.seed(count)),
    listen: ({ port }) => listen(http.createServer(app), port, world),
  };
}

/** Express speaks of streams, emulators of requests as `fetch` knows them. */
function bridgeTo(emulator: Emulator) {
  return async (request: express.Request, reply: Reply): Promise<void> => {
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (typeof value === 'string') headers.set(name, value);
    }
    const body: unknown = request.body;
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD' && body instanceof Buffer;
    let response: Response;
    try {
      response = await emulator.handle(
        new Request(`http://${HOST}${request.originalUrl}`, {
          method: request.method,
          headers,
          ...(hasBody ? { body: new Uint8Array(body) } : {}),
        }),
      );
    } catch (error) {
      if (!(error instanceof TypeError && error.message === 'fetch failed')) throw error;
      request.socket.destroy();
      return;
    }
    reply.status(response.status).setHeaders(response.headers);
    reply.end(Buffer.from(await response.arrayBuffer()));
  };
}

/**
 * There is no login, so the browser of somebody on this machine must not become the hands of a web
 * page: neither of one that sends requests here, nor of one whose name is made to lead here.
 */
function refuseOtherSites(request: express.Request, reply: Reply, next: () => void): void {
  const { host = '', origin } = request.headers;
  const isHere = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(host);
  if (isHere && (origin === undefined || origin === `http://${host}`)) return next();
  reply.status(403).type('text').send('Only pages of this server are served.\n');
}

function notFound(_request: express.Request, reply: Reply): void {
  reply.status(404).type('text').send('Not found.\n');
}

/** Express knows it by its four parameters. */
function wentWrong({ log }: World) {
  return (error: Error, request: express.Request, reply: Reply, next: NextFunction): void => {
    const { status = 500 } = error as { status?: number };
    if (status >= 500) {
      const details = { path: request.path, error: error.stack ?? error.message };
      log.write('error', 'A request to the emulator went wrong.', details);
    }
    if (reply.headersSent) return next(error);
    const code = status === 413 ? 'too_large' : status >= 500 ? 'failed' : 'bad_request';
    reply.status(status).json({ code, message: 'The request could not be handled.' });
  };
}

async function listen(server: http.Server, port: number, world: MovableWorld): Promise<Listening> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  try {
    server.once('error', reject).listen({ host: HOST, port }, resolve);
    await promise;
  } catch (error) {
    throw new TributaryError('cannot-listen', {
      what: `The emulator cannot serve on ${HOST}:${port} (${(error as NodeJS.ErrnoException).code}).`,
      next: 'Choose another port.',
      cause: error,
    });
  }
  const address = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${address.port}/`,
    close: () =>
      new Promise((closed) => {
        world.stop();
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
