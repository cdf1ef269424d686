/**
 * What the daemon is asked over HTTP, on this machine's own address. Whoever starts work shows the
 * token; webhooks are proven by their vendor's signature instead. Health says nothing about data.
 *
 *     POST /sync             {"sync"?, "full"?}            202 {"runs": [{"sync", "run", "joined"}]}
 *     GET  /sync/<run>                                     200 {"run", "sync", "state", "counts"}
 *     POST /hint             {"sync", "account", "ids"}    202 {"marked"}
 *     POST /hook/<account>   as the vendor sends it        200 {"marked"}, once that is stored
 *     GET  /healthz, /readyz                               200, or 503 while the database is away
 */
import http from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import { TributaryError } from '../../core/errors.ts';
import { digestsMatch } from '../../core/hash.ts';
import { listen, type Door } from '../../server/listening.ts';
import { keepRawBody, type RawRequest } from '../../server/raw-body.ts';
import { withTimeLimit } from '../../server/time-limit.ts';
import type { StoredSync } from '../../store/store.ts';
import type { World } from '../../world/world.ts';
import type { Site } from '../installation.ts';
import { HOOK_NOT_TAKEN, type Hooks } from './hooks.ts';
import type { SyncRuns } from './sync-runs.ts';

const CHECK_MS_MAX = 2_000;
const IDS_MAX = 10_000;

export async function serveRequests({
  site,
  runs,
  hooks,
  token,
  port,
}: {
  site: Site;
  runs: SyncRuns;
  hooks: Hooks;
  token: string;
  port: number;
}): Promise<Door> {
  const { world } = site;
  const app = express();
  app.disable('x-powered-by');
  app.get('/healthz', (_request, reply) => void reply.json({ alive: true }));
  app.get('/readyz', (_request, reply) => answerReadiness(site, reply));
  app.post('/hook/:account', keepRawBody(world.schedule), (request, reply) =>
    answerHook(hooks, request, reply),
  );
  app.use(demandToken(token));
  app.use(keepRawBody(world.schedule));
  app.post('/sync', (request, reply) => {
    const { sync, full } = understood(syncRequest, request.body ?? {});
    const started = activeSyncs(site, sync).map(({ id, title }) => {
      const { id: run, joined } = runs.start(id, { full });
      return { sync: title, run, joined };
    });
    reply.status(202).json({ runs: started });
  });
  app.get('/sync/:run', (request, reply) => {
    const run = runs.find(request.params.run);
    if (!run) throw refusal(404, 'There is no such run, or it was long ago.');
    const title = site.setup.syncs.find(({ id }) => id === run.sync)?.title;
    reply.json({
      run: run.id,
      sync: title,
      state: run.state,
      counts: run.counts,
      error: run.error,
    });
  });
  app.post('/hint', async (request, reply) => {
    const { sync, account, ids } = understood(hintRequest, request.body ?? {});
    const [one] = activeSyncs(site, sync);
    const endpoint = site.setup.endpoints.find(({ title }) => title === account)?.id;
    if (!one) throw refusal(409, `The sync "${sync}" is paused.`);
    if (endpoint === undefined || !one.policy.members.some((each) => each.endpoint === endpoint)) {
      throw refusal(404, `"${account}" is no member of the sync "${sync}".`);
    }
    const refs = ids.map((remoteId) => ({ sync: one.id, endpoint, remoteId }));
    await site.engine.hint(site.tenant, refs);
    reply.status(202).json({ marked: refs.length });
  });
  app.use(() => {
    throw refusal(404, 'There is nothing here.');
  });
  app.use(wentWrong(world));
  return listen(http.createServer(app), { port, schedule: world.schedule });
}

const syncRequest = z.strictObject({
  sync: z.string().optional(),
  full: z.boolean().default(false),
});

const hintRequest = z.strictObject({
  sync: z.string(),
  account: z.string(),
  ids: z.array(z.string().min(1)).min(1).max(IDS_MAX),
});

async function answerReadiness({ store, world }: Site, reply: Response): Promise<void> {
  const check = () => store.check();
  const isReady = await withTimeLimit(check, {
    limitMs: CHECK_MS_MAX,
    schedule: world.schedule,
  }).then(
    () => true,
    () => false,
  );
  reply.status(isReady ? 200 : 503).json({ ready: isReady });
}

async function answerHook(hooks: Hooks, request: Request, reply: Response): Promise<void> {
  const { rawBody = Buffer.alloc(0) } = request as Request & RawRequest;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const { method, originalUrl: url } = request;
  try {
    const marked = await hooks.receive(String(request.params['account']), {
      method,
      url,
      headers,
      body: rawBody,
    });
    reply.json({ marked });
  } catch (error) {
    const status = error instanceof TributaryError ? HOOK_STATUS[error.code] : undefined;
    throw status === undefined ? error : refusal(status, HOOK_ANSWER[status] ?? '');
  }
}

/** Anything else is our own trouble, and the vendor should try again. */
const HOOK_STATUS: Readonly<Record<string, number>> = {
  'delivery-refused': 401,
  'vendor-broken': 400,
  [HOOK_NOT_TAKEN]: 404,
};

/** Anybody may send one, so anybody may read this. */
const HOOK_ANSWER: Readonly<Record<number, string>> = {
  400: 'The delivery is not understood.',
  401: 'The delivery is not proven to be genuine.',
  404: 'No account here takes webhooks under this name.',
};

function demandToken(token: string) {
  return ({ headers }: Request, _reply: Response, next: NextFunction): void => {
    if (digestsMatch(headers.authorization ?? '', `Bearer ${token}`)) return next();
    throw refusal(401, 'The token is missing or wrong. It is in the file daemon-token.');
  };
}

function activeSyncs(site: Site, name: string | undefined): readonly StoredSync[] {
  try {
    return site.syncs(name).filter(({ status }) => status !== 'paused');
  } catch (error) {
    throw refusal(404, (error as Error).message);
  }
}

function understood<Output>(shape: z.ZodType<Output>, given: unknown): Output {
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  throw refusal(400, z.prettifyError(parsed.error));
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function refusal(status: number, message: string): Refusal {
  return new Refusal(status, message);
}

/** Strangers do not learn what went wrong in here. Express knows it by its four parameters. */
function wentWrong({ log }: World) {
  return (error: Error, request: Request, reply: Response, next: NextFunction): void => {
    if (reply.headersSent) return next(error);
    if (error instanceof Refusal) {
      reply.status(error.status).json({ message: error.message });
      return;
    }
    const details = { path: request.path, reason: error.message };
    log.write('error', `A ${request.method} request went wrong.`, details);
    reply.status(500).json({ message: 'It went wrong here; the log says how.' });
  };
}
