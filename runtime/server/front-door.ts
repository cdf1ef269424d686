/**
 * The one HTTP server: health, the landing page, the editor under /admin, and everything flows serve
 * on all other paths. It takes the address first and answers only about health until the rest is
 * there, so that a taken port is known before any flow runs.
 *
 * Express 5 must not mount Node-RED's http nodes itself: they are an Express 4 application, which then
 * fails to load its routes. They are called by hand, with the one property they need pinned. Nothing
 * in front of them may parse bodies (see raw-body.ts).
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { TributaryError } from '../core/errors.ts';
import type { World } from '../world/world.ts';
import { landingRoutes } from './landing/landing.ts';
import { keepRawBody } from './raw-body.ts';
import type { Readiness } from './readiness.ts';
import { isFromThisMachine } from './same-machine.ts';
import { isLoopback, type Settings } from './settings.ts';
import { stackTrace } from './stack-trace.ts';
import { trackTraffic } from './traffic.ts';

export interface FrontDoor {
  /** Ends with a slash. Where a person on this machine opens it, also when it serves all addresses. */
  readonly url: string;
  readonly server: http.Server;
  open(routes: { editor: Handler; flows: Handler }): void;
  /** No new requests; those under way get a moment to finish. */
  stopAccepting(): Promise<void>;
  close(): Promise<void>;
}

export type Handler = (request: Request, response: ServerResponse, next: () => void) => void;

const FINISH_MS_MAX = 1500;

export async function openFrontDoor({
  settings,
  readiness,
  world,
}: {
  settings: Settings;
  readiness: Readiness;
  world: World;
}): Promise<FrontDoor> {
  const app = express();
  app.disable('x-powered-by');
  const server = http.createServer(app);
  const traffic = trackTraffic(server, world.schedule);
  if (!settings.login) refuseOtherSites(app, server);

  let state: 'starting' | 'open' | 'stopping' = 'starting';
  app.get('/healthz', (_request, response) => {
    response.set('cache-control', 'no-store').json({ alive: true });
  });
  app.get('/readyz', async (_request, response) => {
    const report =
      state === 'stopping'
        ? { ready: false, waiting: { server: 'stopping' } }
        : await readiness.report();
    response
      .set('cache-control', 'no-store')
      .status(report.ready ? 200 : 503)
      .json(report);
  });
  app.use((_request, response, next) => {
    if (state === 'open') return next();
    response.set({ 'retry-after': '5', connection: 'close' });
    response.status(503).type('text').send(`Tributary is ${state}.\n`);
  });

  await listen(server, settings);
  const { port } = server.address() as AddressInfo;

  return {
    url: urlFor(settings.host, port),
    server,
    open({ editor, flows }) {
      const rawBody = keepRawBody(world.schedule);
      app.use(landingRoutes({ readiness, login: settings.login }));
      // What the editor does not know ends there: its parsers have taken the body.
      app.use('/admin', editorHeaders, editor, notFound);
      app.use((request, response, next) => {
        // A getter on the prototype in Express 5; Express 4 assigns it.
        Object.defineProperty(request, 'query', {
          value: request.query,
          writable: true,
          configurable: true,
          enumerable: true,
        });
        rawBody(request, response, () => flows(request, response, next));
      });
      app.use(notFound, wentWrong(world));
      state = 'open';
    },
    async stopAccepting() {
      state = 'stopping';
      server.close();
      await traffic.quiet(FINISH_MS_MAX);
    },
    async close() {
      if (server.listening) server.close();
      traffic.cut();
    },
  };
}

function notFound(_request: Request, response: Response): void {
  response.status(404).type('text').send('Not found.\n');
}

/** Strangers do not learn where in the code it happened. Express knows it by its four parameters. */
function wentWrong({ log }: World) {
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    const { status = 500 } = error as { status?: number };
    const details = { path: request.path, error: stackTrace(error) };
    if (status >= 500) log.write('error', `A ${request.method} request went wrong.`, details);
    if (response.headersSent) return next(error);
    const text = status >= 500 ? 'It went wrong here.\n' : 'The request was not understood.\n';
    response.status(status).type('text').send(text);
  };
}

/** The editor must not be shown inside a page of somebody else, who could then lend it clicks. */
function editorHeaders(
  _request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
): void {
  response.setHeader('content-security-policy', "frame-ancestors 'self'; base-uri 'self'");
  response.setHeader('referrer-policy', 'same-origin');
  response.setHeader('x-content-type-options', 'nosniff');
  next();
}

/** Without a login, the browser of somebody on this machine must not become the hands of a web page. */
function refuseOtherSites(app: express.Express, server: http.Server): void {
  app.use((request, response, next) => {
    if (isFromThisMachine(request)) return next();
    response
      .status(403)
      .type('text')
      .send('Without a login, only pages of this server are served.\n');
  });
  server.prependListener('upgrade', (request: IncomingMessage, socket: Socket) => {
    if (!isFromThisMachine(request)) socket.destroy();
  });
}

async function listen(server: http.Server, { host, port }: Settings): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen({ host, port }, resolve);
  try {
    await promise;
    server.off('error', reject);
  } catch (error) {
    throw cannotListen(host, port, error as NodeJS.ErrnoException);
  }
}

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): TributaryError {
  const where = `${host}:${port}`;
  const [what, next] =
    error.code === 'EADDRINUSE'
      ? [`Another program already serves on ${where}.`, 'Stop it, or choose a port with --port.']
      : error.code === 'EACCES'
        ? [`This user may not serve on ${where}.`, 'Choose a port above 1023 with --port.']
        : [
            `${where} cannot be served (${error.code}).`,
            'Choose an address of this machine with --host.',
          ];
  return new TributaryError('cannot-listen', { what, next, cause: error });
}

function urlFor(host: string, port: number): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = everywhere || isLoopback(host) ? (host === '::1' ? '[::1]' : '127.0.0.1') : host;
  return `http://${name.includes(':') && !name.startsWith('[') ? `[${name}]` : name}:${port}/`;
}
