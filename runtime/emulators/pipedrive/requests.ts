/**
 * From a request to what it asks for: its route, who may take it, its parameters and its body. Everything
 * that is refused before anything happens is refused here.
 */
import type { RequestRefused } from '../desk.ts';
import type { Body } from './given.ts';
import { FIELD_ROUTES } from './field-routes.ts';
import { HOOK_ROUTES } from './hook-routes.ts';
import type { PipedriveHost, Route, Task } from './host.ts';
import { LEGACY_ROUTES } from './legacy.ts';
import { NOTE_ROUTES } from './notes.ts';
import { OBJECT_ROUTES } from './objects.ts';
import { Query } from './query.ts';
import { bad, failing, forbidden, invalid } from './refused.ts';
import { SEARCH_ROUTES } from './searching.ts';

const ROUTES: readonly Route[] = [
  ...OBJECT_ROUTES,
  ...FIELD_ROUTES,
  ...SEARCH_ROUTES,
  ...NOTE_ROUTES,
  ...LEGACY_ROUTES,
  ...HOOK_ROUTES,
];

const PATTERNS = ROUTES.map((route) => ({ route, names: route.path.split('/') }));

export interface Found {
  readonly route: Route;
  readonly places: readonly string[];
}

/** Undefined for what there is no such route for. Names count before places. */
export function findRoute({ method, url }: Request): Found | undefined {
  const found = routesAt(url).filter(({ route }) => route.method === method);
  return found.toSorted((one, other) => one.places.length - other.places.length)[0];
}

function routesAt(url: string): readonly Found[] {
  const names = new URL(url).pathname.replace(/^\/api\//, '').split('/');
  return PATTERNS.flatMap(({ route, names: pattern }) => {
    if (pattern.length !== names.length) return [];
    const places: string[] = [];
    for (const [index, name] of pattern.entries()) {
      if (name.startsWith(':')) places.push(decodeURIComponent(names[index]!));
      else if (name !== names[index]) return [];
    }
    return [{ route, places }];
  });
}

export async function taskOf(
  request: Request,
  host: PipedriveHost,
  by: 'token' | 'oauth',
): Promise<Task> {
  const found = findRoute(request);
  if (found === undefined) {
    const isThere = routesAt(request.url).length > 0;
    throw isThere ? failing(405, 'Method not allowed') : failing(404, 'Unknown method');
  }
  const { route, places } = found;
  assertAllowed(route, host, by);
  const { pathname, searchParams } = new URL(request.url);
  const isNewer = route.path.startsWith('v2/');
  const body = route.hasBody === true ? await bodyOf(request, isNewer) : undefined;
  if (route.hasBody === true && Array.isArray(body) !== pathname.endsWith('/options')) {
    throw notUnderstood(isNewer);
  }
  return route.understand({ host, by, places, body, query: new Query(searchParams) });
}

function assertAllowed(
  { scopes, collection, isForAdmins }: Route,
  { account, company, grants }: PipedriveHost,
  by: 'token' | 'oauth',
): void {
  const isAllowed =
    (by === 'token' || scopes.some((scope) => grants!.scopes.includes(scope))) &&
    (isForAdmins !== true || company.abilities.isAdmin) &&
    (collection === undefined || !account.forbidden.has(collection));
  if (!isAllowed) throw forbidden();
}

async function bodyOf(request: Request, isNewer: boolean): Promise<Body | readonly unknown[]> {
  const type = request.headers.get('content-type') ?? '';
  const text = await request.text();
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw failing(415, 'Unsupported media type');
  try {
    const body = JSON.parse(text) as unknown;
    if (typeof body === 'object' && body !== null) return body as Body;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw notUnderstood(isNewer);
}

function notUnderstood(isNewer: boolean): RequestRefused {
  const problem = 'the body is not the JSON that it should be';
  return isNewer ? invalid(problem) : bad(problem);
}
