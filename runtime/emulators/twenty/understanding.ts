/** Understands requests: where they go, and what their body says. */
import type { Call } from '../call.ts';
import type { Answer, Ask, Host, Plan } from './asking.ts';
import { graphqlPlan } from './graphql.ts';
import { metadataPlan, noRoute } from './metadata.ts';
import { recordPlan } from './records.ts';
import { badRequest } from './refused.ts';

export interface Understood {
  readonly call: Call;
  readonly headers: Readonly<Record<string, string>>;
  carryOut(busy: readonly number[]): Answer;
}

export async function understand(request: Request, host: Host): Promise<Understood> {
  const url = new URL(request.url);
  const [, root = '', ...path] = url.pathname.replace(/\/$/, '').split('/').map(decoded);
  const body = await bodyOf(request);
  const ask: Ask = { host, method: request.method, path, query: url.searchParams, body };
  const [first = ''] = path;
  const isOld = root === 'rest' && (first === 'webhooks' || first === 'apiKeys');
  const plan = planOf(root, ask, isOld);
  const { action, collection, items = 1, ids } = plan;
  return {
    call: {
      account: host.account.name,
      ...(collection === undefined ? {} : { collection }),
      action,
      items,
      ...(ids === undefined ? {} : { ids }),
    },
    headers: isOld && host.account.settings.line === '2.x' ? deprecation(first) : {},
    carryOut: (busy) => plan.carryOut(busy),
  };
}

function planOf(root: string, ask: Ask, isOld: boolean): Plan {
  const { path, method } = ask;
  if (root === 'rest' && path[0] === 'metadata') {
    return metadataPlan({ ...ask, path: path.slice(1) });
  }
  if (isOld) return metadataPlan(ask);
  if (root === 'rest') return recordPlan(ask);
  const isGraph = (root === 'graphql' || root === 'metadata') && path.length === 0;
  if (isGraph && method === 'POST') return graphqlPlan(ask, root);
  throw noRoute({ method, path: [root, ...path] });
}

function deprecation(name: string): Record<string, string> {
  return {
    deprecation: '@1786320000',
    link: `</rest/metadata/${name}>; rel="successor-version"`,
  };
}

async function bodyOf(request: Request): Promise<unknown> {
  if (request.method === 'GET' || request.method === 'DELETE') return undefined;
  const text = await request.text();
  if (text === '') return undefined;
  // What does not say that it is JSON is not read.
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get('content-type') ?? '')) return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badRequest(error.message);
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return segment;
  }
}
