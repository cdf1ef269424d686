/**
 * The REST API of the contact store, as an Express app: lists, reads, creates, changes, deletes, restores and
 * purges contacts and companies, behind a login. /openapi.json says how, and is for everybody.
 *
 * Whatever is refused is told as a problem (RFC 9457): which member, why, and what to do next.
 */
import express, {
  type Express,
  type NextFunction,
  type Request,
  type Response,
  type Router,
} from 'express';
import type { z } from 'zod';
import { TributaryError } from '../core/errors.ts';
import type { World } from '../world/world.ts';
import type { ContactItem, Contacts, ListRequest, Place } from './contacts.ts';
import { documentOf } from './document.ts';
import { COLLECTIONS, type CollectionForm } from './fields.ts';
import type { Login } from './login.ts';
import { Refused } from './refused.ts';
import { listQuery, purgeInput, shown } from './showing.ts';

export function contactsApi({
  contacts,
  login,
  title,
  world,
}: {
  contacts: Contacts;
  login: Login;
  /** What the document calls the store. */
  title: string;
  world: Pick<World, 'clock' | 'log'>;
}): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  const document = documentOf(title);
  app.get('/openapi.json', (_request, reply) => void reply.json(document));
  app.use((request, _reply, next) => {
    login(request.headers.authorization, world.clock.now());
    next();
  });
  app.use(refuseOtherTypes, express.json({ type: () => true, limit: BODY_BYTES_MAX }));
  for (const form of Object.values(COLLECTIONS)) app.use(`/${form.name}`, routesOf(form, contacts));
  app.use(({ path }) => {
    throw new Refused(404, `There is nothing at ${path}. See /openapi.json.`);
  });
  app.use(wentWrong(world));
  return app;
}

/** The longest item that is accepted has a tenth of it. */
const BODY_BYTES_MAX = 256 * 1_024;
const PURGED_MOST = 1_000;

function routesOf(form: CollectionForm, contacts: Contacts): Router {
  const { name } = form;
  const routes = express.Router();
  const query = listQuery(form);
  routes
    .route('/')
    .get(async (request, reply) => {
      const wanted = listRequest(form, understood(query, request.query, 400));
      // One more than wanted tells whether there is a next page.
      const found = await contacts.list(name, { ...wanted, limit: wanted.limit + 1 });
      const items = found.slice(0, wanted.limit);
      const isMore = found.length > items.length;
      reply.json({
        items: items.map(shown),
        next: isMore ? cursorAt(items.at(-1)!, wanted.byTime) : null,
      });
    })
    .post(async (request, reply) => {
      const { item, made } = await contacts.create(name, bodyOf(form.input, request));
      if (made) reply.status(201).location(`${request.baseUrl}/${item.id}`);
      answer(reply, item);
    })
    .all(refuseMethod('GET, POST'));
  routes
    .route('/purge')
    .post(async (request, reply) => {
      const { deletedBefore } = bodyOf(purgeInput, request);
      const purged = await contacts.purgeBefore(name, Date.parse(deletedBefore), PURGED_MOST);
      reply.json({ purged, more: purged === PURGED_MOST });
    })
    .all(refuseMethod('POST'));
  routes
    .route('/:id')
    .get(async ({ params: { id } }, reply) => answer(reply, await contacts.read(name, id)))
    .patch(async (request, reply) => {
      const { id } = request.params;
      const fields = bodyOf(form.input, request);
      answer(reply, await contacts.update(name, id, fields, versionIn(request)));
    })
    .delete(async (request, reply) => {
      await contacts.remove(name, request.params.id, versionIn(request));
      reply.status(204).end();
    })
    .all(refuseMethod('GET, PATCH, DELETE'));
  routes
    .route('/:id/restore')
    .post(async ({ params: { id } }, reply) => answer(reply, await contacts.restore(name, id)))
    .all(refuseMethod('POST'));
  routes
    .route('/:id/purge')
    .post(async ({ params: { id } }, reply) => {
      await contacts.purge(name, id);
      reply.status(204).end();
    })
    .all(refuseMethod('POST'));
  return routes;
}

function answer(reply: Response, item: ContactItem): void {
  reply.set('etag', `"${item.version}"`).json(shown(item));
}

// ---------------------------------------------------------------------------------------------
// What was asked

function listRequest(
  { searchable }: CollectionForm,
  query: z.infer<ReturnType<typeof listQuery>>,
): ListRequest {
  const { limit, cursor, updatedSince, sort, includeDeleted } = query;
  const byTime = sort === 'updatedAt';
  const given: Readonly<Record<string, unknown>> = query;
  const search = searchable.flatMap((member) => {
    const value = given[member];
    return typeof value === 'string' ? [[member, value] as const] : [];
  });
  return {
    limit,
    byTime,
    includeDeleted: includeDeleted === 'true',
    search: Object.fromEntries(search),
    ...(cursor !== undefined && { after: placeIn(cursor, byTime) }),
    ...(updatedSince !== undefined && { since: Date.parse(updatedSince) }),
  };
}

/** Tells where a page ended, and in which order. */
function cursorAt({ id, updatedAt }: ContactItem, byTime: boolean): string {
  return Buffer.from(`${byTime ? updatedAt : ''}/${id}`).toString('base64url');
}

function placeIn(cursor: string, byTime: boolean): Place {
  const place = /^(\d{1,15})?\/([0-9a-f-]{36})$/.exec(
    Buffer.from(cursor, 'base64url').toString('latin1'),
  );
  if (place !== null && (place[1] !== undefined) === byTime) {
    return { at: Number(place[1] ?? 0), id: place[2]! };
  }
  const message =
    'This is not where a page of such a list ended. Send what the page before had as "next", with the same "sort"; or begin without it.';
  throw new Refused(400, message, { path: 'cursor' });
}

function versionIn({ headers }: Request): number | undefined {
  const tag = headers['if-match'];
  if (tag === undefined || tag === '*') return undefined;
  const version = /^"(\d{1,9})"$/.exec(tag)?.[1];
  if (version !== undefined) return Number(version);
  const message = 'This is not a version. Send the ETag of a read, such as "3" with its quotes.';
  throw new Refused(400, message, { path: 'If-Match' });
}

function bodyOf<Output>(schema: z.ZodType<Output>, { body, headers }: Request): Output {
  const given: unknown = body;
  // Of an empty one, an object is made that says nothing.
  if (given === undefined || headers['content-length'] === '0') {
    throw new Refused(400, 'There is no body. Send a JSON object.');
  }
  return understood(schema, given, 422);
}

function understood<Output>(schema: z.ZodType<Output>, given: unknown, status: number): Output {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [unknown] = issue!.code === 'unrecognized_keys' ? issue.keys : [];
  if (unknown !== undefined) {
    const message = `"${unknown}" is not known here. Leave it out, or correct its name; /openapi.json has them all.`;
    throw new Refused(status, message, { path: unknown });
  }
  const path = issue!.path.map(String).join('.');
  const where = path === '' ? 'This' : `"${path}"`;
  const message = `${where} is not accepted (${issue!.message.replace(/\.$/, '')}). Correct it and send it again.`;
  throw new Refused(status, message, path === '' ? {} : { path });
}

// ---------------------------------------------------------------------------------------------
// What is refused

/** Before it is read. */
function refuseOtherTypes({ headers }: Request, _reply: Response, next: NextFunction): void {
  const { 'content-type': type, 'content-length': length = '0' } = headers;
  const hasBody = headers['transfer-encoding'] !== undefined || length !== '0';
  if (hasBody && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type ?? '')) {
    throw new Refused(415, 'Send JSON, and say so: "Content-Type: application/json".');
  }
  next();
}

function refuseMethod(allowed: string) {
  return ({ method }: Request): never => {
    const message = `${method} does nothing here. There is ${allowed}.`;
    throw new Refused(405, message, { headers: { allow: allowed } });
  };
}

/** Express knows it by its four parameters. */
function wentWrong({ log }: Pick<World, 'log'>) {
  return (error: Error, request: Request, reply: Response, next: NextFunction): void => {
    if (reply.headersSent) return next(error);
    const refused = refusalFor(error);
    if (refused.status >= 500) {
      const details = { path: request.path, reason: error.message };
      log.write('error', `A ${request.method} request to the contact store went wrong.`, details);
    }
    reply.status(refused.status).set(refused.headers).type('application/problem+json');
    reply.send(JSON.stringify(refused.problem));
  };
}

/** Strangers do not learn what went wrong in here. */
function refusalFor(error: Error): Refused {
  if (error instanceof Refused) return error;
  if (error instanceof TributaryError && PASSING.has(error.code)) {
    return new Refused(503, 'The database does not answer. Try again later.', {
      headers: { 'retry-after': '5' },
    });
  }
  // What reads bodies and addresses says it with a status.
  const { status = 500 } = error as { status?: number };
  if (status === 413) {
    return new Refused(413, `The body is too large. ${BODY_BYTES_MAX / 1_024} KiB are the most.`);
  }
  if (status === 415)
    return new Refused(415, 'This encoding is not known. Send UTF-8, plain or with gzip.');
  if (status >= 400 && status < 500) {
    return new Refused(400, 'The request cannot be read. Send valid JSON to a valid address.');
  }
  return new Refused(500, 'It went wrong here; the log says how. Try again later.');
}

const PASSING: ReadonlySet<string> = new Set(['database-unreachable', 'database-busy']);
