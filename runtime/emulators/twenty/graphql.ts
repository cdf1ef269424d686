/**
 * `/graphql` and `/metadata`: the same records and metadata, where deleting only deletes. All answers are
 * 200; what went wrong stands among the errors. Each part of a document counts as one call.
 */
import { z } from 'zod';
import { RequestRefused } from '../desk.ts';
import type { Answer, Ask, Plan } from './asking.ts';
import { assertAsked, cut, typeOf, type Shape } from './graph-shapes.ts';
import { operationIn, type FieldNode } from './graph-text.ts';
import { metadataRoots } from './graph-metadata.ts';
import { recordRoots } from './graph-records.ts';
import type { Root, Roots } from './graph-roots.ts';
import { limitText } from './options.ts';
import { badRequest, messageOf, refusal } from './refused.ts';
import { shaped } from './defining.ts';

const ROOTS_MAX = 20;

const documentShape = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

export function graphqlPlan(ask: Ask, path: 'graphql' | 'metadata'): Plan {
  const { host } = ask;
  let nodes: readonly FieldNode[];
  let roots: Roots;
  let found: readonly Root[];
  try {
    const given = shaped(documentShape, ask.body);
    const operation = operationIn(given.query, {
      variables: given.variables ?? {},
      name: given.operationName ?? undefined,
    });
    nodes = operation.fields;
    roots =
      path === 'graphql' ? recordRoots(host, operation.kind) : metadataRoots(host, operation.kind);
    found = understood(nodes, roots, operation.kind);
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
    const message = messageOf(error);
    const code = message.startsWith('Syntax')
      ? 'GRAPHQL_PARSE_FAILED'
      : 'GRAPHQL_VALIDATION_FAILED';
    return { action: 'about', carryOut: () => failed([{ message, extensions: { code } }]) };
  }
  const shortages = nodes.map(() =>
    path === 'graphql' ? host.limits.take(host.account.worldMs) : undefined,
  );
  const [first] = found;
  return {
    action: first!.action,
    ...(first!.collection === undefined ? {} : { collection: first!.collection }),
    items: nodes.length,
    carryOut(busy) {
      const [data, errors]: [Record<string, unknown>, object[]] = [{}, []];
      for (const [index, node] of nodes.entries()) {
        const { shape, resolve } = found[index]!;
        const shortage = shortages[index];
        try {
          if (shortage !== undefined) {
            const text = limitText(host.account.settings, shortage.name);
            throw refusal(429, 'LIMIT_REACHED', text);
          }
          data[node.key] = cut(node, shape, resolve(node, busy));
        } catch (error) {
          if (!(error instanceof RequestRefused)) throw error;
          data[node.key] = null;
          errors.push({ ...errorOf(error), path: [node.key] });
        }
      }
      return { status: 200, body: errors.length === 0 ? { data } : { errors, data } };
    },
  };
}

/** Each part as there is one; a document with one that is not there is not carried out at all. */
function understood(nodes: readonly FieldNode[], roots: Roots, kind: string): readonly Root[] {
  if (nodes.length === 0) throw badRequest('Syntax Error: Expected Name, found "}".');
  if (nodes.length > ROOTS_MAX)
    throw badRequest(`Too many root resolvers: ${nodes.length} of ${ROOTS_MAX}.`);
  const hidden = nodes.find(({ name }) => name === '__schema' || name === '__type');
  if (hidden !== undefined) {
    throw badRequest(
      `GraphQL introspection has been disabled, but the requested query contained the field "${hidden.name}".`,
    );
  }
  const type = kind === 'query' ? 'Query' : 'Mutation';
  const shapes: Record<string, Shape> = {};
  for (const { name } of nodes) {
    const root = roots(name);
    if (root !== undefined) shapes[name] = root.shape;
  }
  assertAsked(nodes, typeOf(type, shapes));
  return nodes.map((node) => {
    if (node.name === '__typename') return { ...NAMED, resolve: () => type };
    const root = roots(node.name)!;
    const unknown = Object.keys(node.args).find((name) => !root.args.includes(name));
    if (unknown !== undefined) {
      throw badRequest(`Unknown argument "${unknown}" on field "${type}.${node.name}".`);
    }
    const missing = (root.required ?? []).find((name) => (node.args[name] ?? null) === null);
    if (missing === undefined) return root;
    throw badRequest(
      `Field "${node.name}" argument "${missing}" is required, but it was not provided.`,
    );
  });
}

const NAMED = { action: 'about', args: [], shape: 'leaf' } as const;

const CODES: Readonly<Record<number, string>> = {
  400: 'BAD_USER_INPUT',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  429: 'LIMIT_REACHED',
};

function errorOf(error: RequestRefused): object {
  const code = CODES[error.status] ?? 'INTERNAL_SERVER_ERROR';
  const message = messageOf(error);
  return { message, extensions: { code, userFriendlyMessage: message } };
}

function failed(errors: readonly object[]): Answer {
  return { status: 200, body: { errors } };
}
