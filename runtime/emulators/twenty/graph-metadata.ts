/** Objects, fields, webhooks and API keys in GraphQL. */
import { z } from 'zod';
import { iso } from '../crm/item.ts';
import type { Action } from '../call.ts';
import type { Host } from './asking.ts';
import {
  changeField,
  changeObject,
  createField,
  createObject,
  removeField,
  removeObject,
  shaped,
} from './defining.ts';
import { describedFields, describedObject, type Described } from './describing.ts';
import type { Root, Roots } from './graph-roots.ts';
import {
  connectionOf,
  leaves,
  leavesIn,
  typeOf,
  type Shape,
  type TypeShape,
} from './graph-shapes.ts';
import { hookChange, hookInput, keyShape } from './metadata.ts';
import { forbidden, notFound } from './refused.ts';
import { uuidOf } from './ids.ts';

export function metadataRoots(host: Host, kind: 'query' | 'mutation'): Roots {
  const roots = kind === 'query' ? QUERIES : MUTATIONS;
  return (name) => {
    const entry = Object.hasOwn(roots, name) ? roots[name] : undefined;
    if (entry === undefined) return undefined;
    const { right, action, args, shape, answer } = entry;
    const root: Root = {
      action,
      args,
      ...(kind === 'mutation' ? { required: args } : {}),
      shape,
      resolve(node) {
        if (!host.account.settings.role[right]) throw forbidden();
        return answer(host, node.args);
      },
    };
    return root;
  };
}

interface Entry {
  readonly right: 'dataModel' | 'webhooks';
  readonly action: Action;
  readonly args: readonly string[];
  readonly shape: Shape;
  readonly answer: (host: Host, args: Args) => unknown;
}

type Args = Readonly<Record<string, unknown>>;

const NAMES = typeOf('Object', leaves('id', 'nameSingular', 'namePlural'));
const NAMED = typeOf('Field', leaves('id', 'name'));
const FIELD: TypeShape = typeOf('Field', {
  ...leavesIn(
    'id type name label description icon isCustom isActive isSystem isNullable isUnique defaultValue options settings objectMetadataId isLabelSyncedWithName createdAt updatedAt',
  ),
  relation: typeOf('Relation', {
    type: 'leaf',
    sourceObjectMetadata: NAMES,
    targetObjectMetadata: NAMES,
    sourceFieldMetadata: NAMED,
    targetFieldMetadata: NAMED,
  }),
});
const OBJECT: TypeShape = typeOf('Object', {
  ...leavesIn(
    'id nameSingular namePlural labelSingular labelPlural description icon isCustom isSystem isActive isRemote isSearchable shortcut createdAt updatedAt labelIdentifierFieldMetadataId isLabelSyncedWithName',
  ),
  fields: connectionOf(FIELD),
  fieldsList: FIELD,
});
const HOOK = typeOf(
  'Webhook',
  leaves('id', 'targetUrl', 'operations', 'description', 'secret', 'createdAt', 'updatedAt'),
);
const KEY = typeOf(
  'ApiKey',
  leaves('id', 'name', 'expiresAt', 'revokedAt', 'createdAt', 'updatedAt'),
);

const inputShape = z.record(z.string(), z.unknown());

function inputOf(args: Args): Args {
  return shaped(inputShape, args['input']);
}

function graphObject(described: Described): object {
  const fields = described['fields'] as readonly Described[];
  return { ...described, fields: connectionIn(fields), fieldsList: fields };
}

/** All at once: there are never so many. */
function connectionIn(all: readonly object[]): object {
  const edges = all.map((node) => ({ node, cursor: '' }));
  const pageInfo = { hasNextPage: false, hasPreviousPage: false, startCursor: '', endCursor: '' };
  return { edges, pageInfo, totalCount: all.length };
}

const schema = { right: 'dataModel', action: 'define', args: ['input'] } as const;
const hook = { right: 'webhooks', action: 'hooks' } as const;
const key = { right: 'webhooks', action: 'define' } as const;

const QUERIES: Readonly<Record<string, Entry>> = {
  objects: {
    ...schema,
    action: 'fields',
    args: ['paging', 'filter'],
    shape: connectionOf(OBJECT),
    answer: ({ account }) =>
      connectionIn(
        [...account.objects.values()].map((one) => graphObject(describedObject(account, one))),
      ),
  },
  fields: {
    ...schema,
    action: 'fields',
    args: ['paging', 'filter'],
    shape: connectionOf(FIELD),
    answer: ({ account }) =>
      connectionIn([...account.objects.values()].flatMap((one) => describedFields(account, one))),
  },
  webhooks: { ...hook, args: [], shape: HOOK, answer: ({ hooks }) => hooks.all },
  webhook: { ...hook, args: ['id'], shape: HOOK, answer: (host, { id }) => knownHook(host, id) },
  apiKeys: {
    ...key,
    action: 'about',
    args: [],
    shape: KEY,
    answer: ({ account }) => account.keys.all,
  },
};

const MUTATIONS: Readonly<Record<string, Entry>> = {
  createOneObject: {
    ...schema,
    shape: OBJECT,
    answer: ({ account }, args) => graphObject(createObject(account, inputOf(args)['object'])),
  },
  updateOneObject: {
    ...schema,
    shape: OBJECT,
    answer({ account }, args) {
      const { id, update } = inputOf(args);
      return graphObject(changeObject(account, uuidOf(id), update));
    },
  },
  deleteOneObject: {
    ...schema,
    shape: OBJECT,
    answer: ({ account }, args) => graphObject(removeObject(account, uuidOf(inputOf(args)['id']))),
  },
  createOneField: {
    ...schema,
    shape: FIELD,
    answer: ({ account }, args) => createField(account, inputOf(args)['field']),
  },
  updateOneField: {
    ...schema,
    shape: FIELD,
    answer({ account }, args) {
      const { id, update } = inputOf(args);
      return changeField(account, uuidOf(id), update);
    },
  },
  deleteOneField: {
    ...schema,
    shape: FIELD,
    answer: ({ account }, args) => removeField(account, uuidOf(inputOf(args)['id'])),
  },
  createWebhook: {
    ...hook,
    args: ['input'],
    shape: HOOK,
    answer: ({ account, hooks }, args) => hooks.add(hookInput(account, args['input'])),
  },
  updateWebhook: {
    ...hook,
    args: ['input'],
    shape: HOOK,
    answer(host, args) {
      const { id, update } = inputOf(args);
      return host.hooks.change(knownHook(host, id).id, hookChange(update));
    },
  },
  deleteWebhook: {
    ...hook,
    args: ['id'],
    shape: HOOK,
    answer(host, { id }) {
      const known = knownHook(host, id);
      host.hooks.remove(known.id);
      return known;
    },
  },
  createApiKey: {
    ...key,
    args: ['input'],
    shape: KEY,
    answer: ({ account }, args) => account.keys.add(shaped(keyShape, args['input'])),
  },
  generateApiKeyToken: {
    ...key,
    args: ['apiKeyId', 'expiresAt'],
    shape: typeOf('ApiKeyToken', leaves('token')),
    answer({ account }, { apiKeyId, expiresAt }) {
      const { id } = knownKey({ account }, apiKeyId);
      return { token: account.keys.tokenOf(id, String(expiresAt)) };
    },
  },
  revokeApiKey: {
    ...key,
    args: ['input'],
    shape: KEY,
    answer({ account }, args) {
      const { id } = knownKey({ account }, inputOf(args)['id']);
      return account.keys.change(id, { revokedAt: iso(account.nowMs) });
    },
  },
};

function knownHook({ hooks }: Host, id: unknown) {
  const found = hooks.get(uuidOf(id));
  if (found !== undefined) return found;
  throw notFound('Webhook not found');
}

function knownKey({ account }: Pick<Host, 'account'>, id: unknown) {
  const found = account.keys.key(uuidOf(id));
  if (found !== undefined) return found;
  throw notFound('API key not found');
}
