/**
 * Understands requests by the app's own document, and nothing more: what it does not describe is refused
 * or ignored as a whole, never half understood.
 */
import { stringify } from 'yaml';
import type { Action } from '../call.ts';
import type { Understood } from '../desk.ts';
import { fromText, misfit } from './checking.ts';
import { described, type Described } from './document.ts';
import type { Operation, Parameter } from './operations.ts';
import type { Settings } from './options.ts';
import type { Query } from './paging.ts';
import { list, read, type RestHost } from './reading.ts';
import { refusal } from './refused.ts';
import type { Shown } from './showing.ts';
import { create, remove, restore, update, type Place } from './writing.ts';

/** Whether everybody may ask this, who knows nobody. */
export function isPublic(request: Request, { base, settings }: RestHost['account']): boolean {
  const path = new URL(request.url).pathname.slice(base.length);
  if (path === '/health') return true;
  return /^\/openapi\.(?:json|yaml)$/.test(path) && !settings.documentNeedsLogin;
}

export async function understand(request: Request, host: RestHost): Promise<Understood> {
  const { account } = host;
  const { settings } = account;
  const its = described(account);
  const { operation, id: written } = find(request, its, host);
  const { collection, body } = operation;
  if (collection !== undefined && account.forbidden.has(collection.name)) {
    throw refusal(settings, 403, `${collection.name} are not for everybody.`);
  }
  const query = queryOf(request, operation, settings);
  assertHeaders(request, operation, settings);
  const id = idOf(written, operation, settings);
  const sent = body === undefined ? {} : await bodyOf(request, body, its, settings);
  return {
    call: {
      account: account.name,
      ...(collection === undefined ? {} : { collection: collection.name }),
      action: actionOf(operation, query, settings),
      items: 1,
      ...(id === undefined ? {} : { ids: [id] }),
    },
    carryOut(busy) {
      if (busy.includes(0)) throw refusal(settings, 503, 'This is not a good moment.');
      if (collection === undefined) return about(request, its, host);
      const { below } = operation;
      const asked = below === undefined ? query : { ...query, [below]: id };
      return answer(operation, { host, collection, request }, { id: id ?? '', query: asked, sent });
    },
  };
}

function about(
  request: Request,
  { document }: Described,
  { account: { collections } }: RestHost,
): Response {
  const { pathname } = new URL(request.url);
  if (pathname.endsWith('/stages')) {
    const field = [...collections.get('contacts')!.schema.fields].find(
      ({ type }) => type === 'enum',
    );
    return Response.json((field?.options ?? []).map((name) => ({ name })));
  }
  if (pathname.endsWith('.json')) return Response.json(document);
  if (pathname.endsWith('/health')) return Response.json({ status: 'ok' });
  const headers = { 'content-type': 'application/yaml' };
  return new Response(stringify(document, { aliasDuplicateObjects: false }), { headers });
}

function answer(
  { kind }: Operation,
  place: Place,
  { id, query, sent }: { id: string; query: Query; sent: Shown },
): Response {
  const { host, collection } = place;
  switch (kind) {
    case 'list':
      return list(host, collection, query);
    case 'read':
      return read(host, collection, id);
    case 'create':
      return create(place, sent);
    case 'update':
    case 'replace':
      return update(place, id, sent, kind);
    case 'delete':
      return remove(place, id);
    case 'restore':
      return restore(place, id);
    case 'document':
    case 'health':
    case 'stages':
      throw new Error(`${kind} is about no collection.`);
  }
}

function actionOf({ kind, collection }: Operation, query: Query, { words }: Settings): Action {
  if (kind === 'document') return 'fields';
  if (kind === 'health' || kind === 'stages') return 'about';
  if (kind === 'replace') return 'update';
  if (kind !== 'list') return kind;
  if (query[words.since] !== undefined) return 'changes';
  const isSearch = Object.keys(query).some((name) => collection!.schema.field(name) !== undefined);
  return isSearch ? 'find' : 'list';
}

function find(
  request: Request,
  { operations }: Described,
  { account }: RestHost,
): { operation: Operation; id: string | undefined } {
  const { settings, base } = account;
  const path = new URL(request.url).pathname.slice(base.length);
  const there = operations.flatMap((operation) => {
    const names = operation.path.split('/');
    const parts = path.split('/');
    const isIt =
      names.length === parts.length &&
      names.every((name, index) => name.startsWith('{') || name === parts[index]);
    const at = names.findIndex((name) => name.startsWith('{'));
    return isIt ? [{ operation, id: at === -1 ? undefined : parts[at] }] : [];
  });
  const found = there.find(({ operation }) => operation.method === request.method);
  if (found !== undefined) return found;
  if (there.length === 0) throw refusal(settings, 404, `There is no ${path}.`);
  const allow = there.map(({ operation }) => operation.method).join(', ');
  const message = `${request.method} is not for ${path}.`;
  throw refusal(settings, 405, message, { headers: { allow } });
}

function queryOf(request: Request, { parameters }: Operation, settings: Settings): Query {
  const { searchParams } = new URL(request.url);
  const query: Record<string, unknown> = {};
  for (const name of new Set(searchParams.keys())) {
    const parameter = parameters.find((one) => one.in === 'query' && one.name === name);
    if (parameter === undefined) {
      if (settings.unknown === 'ignore') continue;
      throw refusal(settings, 400, `${name} is no parameter of this.`, { path: name });
    }
    const [text = '', ...more] = searchParams.getAll(name);
    if (more.length > 0) throw refusal(settings, 400, `${name} is there twice.`, { path: name });
    query[name] = understoodValue(parameter, text, settings);
  }
  return query;
}

function understoodValue(parameter: Parameter, text: string, settings: Settings): unknown {
  const { name, schema } = parameter;
  const value = fromText(schema, text);
  const found = misfit(schema, value, noReference);
  if (found === undefined) return value;
  throw refusal(settings, 400, `${name} ${found.said}.`, { path: name });
}

/** Parameters describe themselves. */
function noReference(reference: string): never {
  throw new Error(`A parameter refers to ${reference}.`);
}

function assertHeaders(request: Request, { parameters }: Operation, settings: Settings): void {
  for (const parameter of parameters) {
    const value = parameter.in === 'header' ? request.headers.get(parameter.name) : null;
    if (value !== null) understoodValue(parameter, value, settings);
  }
}

/** As it is kept; what cannot be an id at all is a mistake of the caller. */
function idOf(
  written: string | undefined,
  { parameters }: Operation,
  settings: Settings,
): string | undefined {
  const parameter = parameters.find((one) => one.in === 'path');
  if (parameter === undefined || written === undefined) return undefined;
  return String(understoodValue(parameter, decoded(written), settings)).toLowerCase();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

async function bodyOf(
  request: Request,
  schema: string,
  { document, resolve }: Described,
  settings: Settings,
): Promise<Shown> {
  const text = await request.text();
  if (Buffer.byteLength(text) > settings.bodyBytesMax) {
    throw refusal(settings, 413, `A body has ${settings.bodyBytesMax} bytes at most.`);
  }
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get('content-type') ?? '')) {
    throw refusal(settings, 415, 'The body must be JSON, and say that it is.');
  }
  const sent = parsed(text, settings);
  const found = misfit(document.components['schemas']![schema]!, sent, resolve);
  if (found === undefined) return sent as Shown;
  const { path, said } = found;
  throw refusal(settings, settings.invalid, `${path || 'The body'} ${said}.`, {
    path: path === '' ? undefined : path,
  });
}

function parsed(text: string, settings: Settings): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw refusal(settings, 400, 'The body is no JSON.');
  }
}
