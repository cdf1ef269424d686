/** Understands requests: which call it is, whether the app may, and what its body says. */
import type { Call } from '../call.ts';
import { objectIn, type Answer, type Ask, type Host } from './asking.ts';
import { invalid, missingScopes, page, refusal } from './refused.ts';
import { find, type Found } from './routes.ts';
import { RequestRefused } from '../desk.ts';

export interface Understood {
  readonly call: Call;
  readonly isSearch: boolean;
  carryOut(busy: readonly number[]): Answer;
}

/** A longer address is too long for one of the gateways. */
const ADDRESS_MAX = 15_000;
/** A gateway refuses what is much longer than any batch. */
const BODY_MAX = 3 * 1024 * 1024;

export async function understand(request: Request, host: Host): Promise<Understood> {
  const { method } = request;
  const url = new URL(request.url);
  const found = find(method, url.pathname);
  if (url.pathname.length + url.search.length > ADDRESS_MAX) {
    throw new RequestRefused(414, page(414, 'URI Too Long'));
  }
  const ask: Ask = {
    host,
    method,
    version: found.version,
    params: found.params,
    query: url.searchParams,
    body: undefined,
  };
  assertAllowed(ask, found);
  const body = await bodyOf(request, found);
  const plan = found.route.plan({ ...ask, body });
  const { action, object, items = 1, ids } = plan;
  return {
    call: {
      account: host.account.name,
      ...(object === undefined ? {} : { collection: object.name }),
      action,
      items,
      ...(ids === undefined ? {} : { ids }),
    },
    isSearch: found.route.family === 'search',
    carryOut: (busy) => plan.carryOut(busy),
  };
}

/** As forms are sent; empty for everything else. */
export async function formOf(request: Request): Promise<Record<string, string>> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return {};
  return Object.fromEntries(new URLSearchParams(await request.text()));
}

/** One of them is enough. A kind of records can be taken away from the app as a whole. */
function assertAllowed(ask: Ask, { route }: Found): void {
  const { forbidden, settings } = ask.host.account;
  const needed = route.scopes(ask);
  if (needed.length === 0) return;
  const kind = ask.params['type'] === undefined ? 'owners' : objectIn(ask).name;
  const isGranted = needed.some((one) => settings.scopes.includes(one));
  if (!isGranted || forbidden.has(kind)) throw missingScopes(needed);
}

async function bodyOf(request: Request, { route }: Found): Promise<unknown> {
  const { method, headers } = request;
  if (method === 'GET' || method === 'DELETE') return undefined;
  if (route.family === 'oauth') return formOf(request);
  const text = await request.text();
  if (text.length > BODY_MAX) throw new RequestRefused(413, page(413, 'Payload Too Large'));
  if (text === '' && method === 'PUT') return undefined;
  if (!/^application\/json\s*(?:;|$)/i.test(headers.get('content-type') ?? '')) {
    throw refusal(415, 'VALIDATION_ERROR', 'The content type has to be application/json.');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw invalid('Invalid input JSON on line 1, column 1: it could not be parsed.');
  }
}
