/**
 * `/rest/metadata`: objects, fields, webhooks and API keys. Objects and fields answer in one of two forms,
 * as the workspace has it; the other two always bare.
 */
import { z } from 'zod';
import type { Action } from '../call.ts';
import { iso } from '../crm/item.ts';
import type { Account } from './account.ts';
import type { ApiKey } from './api-keys.ts';
import { capital, type Answer, type Ask, type Plan } from './asking.ts';
import {
  changeField,
  changeObject,
  createField,
  createObject,
  knownField,
  objectWithId,
  removeField,
  removeObject,
  shaped,
} from './defining.ts';
import { describedField, describedFields, describedObject, type Described } from './describing.ts';
import type { HookInput } from './hook-book.ts';
import type { HookEntity } from './hooks.ts';
import { isId, randomId, uuidOf } from './ids.ts';
import { parsedCursor } from './paging.ts';
import { badRequest, forbidden, notFound, refusal } from './refused.ts';

const PAGE = 60;
const PAGE_MAX = 200;

export function metadataPlan(ask: Ask): Plan {
  const [kind = '', id, ...more] = ask.path;
  const { role } = ask.host.account.settings;
  if (more.length > 0) throw noRoute(ask);
  switch (kind) {
    case 'objects':
    case 'fields':
      if (!role.dataModel) throw forbidden();
      return schemaPlan(ask, kind, id);
    case 'webhooks':
      if (!role.webhooks) throw forbidden();
      return hookPlan(ask, id);
    case 'apiKeys':
      if (!role.webhooks) throw forbidden();
      return keyPlan(ask, id);
    default:
      throw noRoute(ask);
  }
}

const hookShape = z.object({
  targetUrl: z.url({ protocol: /^https?$/ }),
  operations: z.array(z.string().regex(/^[^.]+\.[^.]+$/)).default(['*.*']),
  description: z.string().nullish(),
  secret: z.string().optional(),
});

export const keyShape = z.object({
  name: z.string().min(1),
  expiresAt: z.iso.datetime({ offset: true }),
  roleId: z.string().optional(),
});

/** Without a secret the server thinks of one itself. */
export function hookInput(account: Account, given: unknown): HookInput {
  const { targetUrl, operations, description, secret } = shaped(hookShape, given);
  return {
    targetUrl,
    operations,
    description: description ?? null,
    secret: secret ?? randomId(account.ids).replaceAll('-', ''),
  };
}

export function hookChange(given: unknown): Partial<HookInput> {
  const input = shaped(hookShape.partial().omit({ operations: true }), given);
  const { operations } = shaped(z.object({ operations: z.array(z.string()).optional() }), given);
  const set = Object.entries({ ...input, operations }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set);
}

interface Kind {
  readonly name: 'object' | 'field';
  all(account: Account): readonly Described[];
  get(account: Account, id: string): Described;
  create(account: Account, body: unknown): Described;
  change(account: Account, id: string, body: unknown): Described;
  remove(account: Account, id: string): Described;
}

const KINDS: Readonly<Record<'objects' | 'fields', Kind>> = {
  objects: {
    name: 'object',
    all: (account) => [...account.objects.values()].map((one) => describedObject(account, one)),
    get: (account, id) => describedObject(account, objectWithId(account, id)),
    create: createObject,
    change: changeObject,
    remove: removeObject,
  },
  fields: {
    name: 'field',
    all: (account) =>
      [...account.objects.values()].flatMap((object) => describedFields(account, object)),
    get(account, id) {
      const { object, field } = knownField(account, id);
      return describedField(account, object, field);
    },
    create: createField,
    change: changeField,
    remove: removeField,
  },
};

function schemaPlan(ask: Ask, plural: 'objects' | 'fields', id: string | undefined): Plan {
  const { account } = ask.host;
  const kind = KINDS[plural];
  const isBare = account.settings.metadataAnswers === 'bare';
  const answer = (status: number, name: string, value: object): Answer => {
    return { status, body: isBare ? value : { data: { [name]: value } } };
  };
  const one = capital(kind.name);
  if (id === undefined) {
    if (ask.method === 'GET') {
      return plan('fields', () => {
        const { rows, ...page } = pageIn(kind.all(account), ask.query);
        return { status: 200, body: { data: isBare ? rows : { [plural]: rows }, ...page } };
      });
    }
    if (ask.method !== 'POST') throw noRoute(ask);
    return plan('define', () => answer(201, `createOne${one}`, kind.create(account, ask.body)));
  }
  switch (ask.method) {
    case 'GET':
      return plan('fields', () => answer(200, kind.name, kind.get(account, id)));
    case 'PATCH':
    case 'PUT':
      return plan('define', () =>
        answer(200, `updateOne${one}`, kind.change(account, id, ask.body)),
      );
    case 'DELETE':
      return plan('define', () => answer(200, `deleteOne${one}`, kind.remove(account, id)));
    default:
      throw noRoute(ask);
  }
}

function hookPlan(ask: Ask, id: string | undefined): Plan {
  const { hooks, account } = ask.host;
  const known = (): HookEntity => {
    const found = hooks.get(uuidOf(id));
    if (found === undefined) throw notFound('Webhook not found');
    return found;
  };
  const route = `${ask.method}${id === undefined ? '' : ' one'}`;
  switch (route) {
    case 'GET':
      return plan('hooks', () => ({ status: 200, body: hooks.all }));
    case 'POST':
      return plan('hooks', () => ({ status: 201, body: hooks.add(hookInput(account, ask.body)) }));
    case 'GET one':
      return plan('hooks', () => ({ status: 200, body: known() }));
    case 'PATCH one':
    case 'PUT one':
      return plan('hooks', () => ({
        status: 200,
        body: hooks.change(known().id, hookChange(ask.body)),
      }));
    case 'DELETE one':
      return plan('hooks', () => ({ status: 200, body: hooks.remove(id!) }));
    default:
      throw noRoute(ask);
  }
}

function keyPlan(ask: Ask, id: string | undefined): Plan {
  const { keys } = ask.host.account;
  const known = (): ApiKey => {
    const found = id === undefined ? undefined : keys.key(id);
    if (found === undefined) throw notFound('API key not found');
    return found;
  };
  const route = `${ask.method}${id === undefined ? '' : ' one'}`;
  switch (route) {
    case 'GET':
      return plan('about', () => ({ status: 200, body: keys.all }));
    case 'POST':
      return plan('define', () => ({ status: 201, body: keys.add(shaped(keyShape, ask.body)) }));
    case 'GET one':
      return plan('about', () => ({ status: 200, body: known() }));
    case 'PATCH one':
      return plan('define', () => {
        const { name, expiresAt } = shaped(keyShape.partial(), ask.body);
        const set = { ...(name ? { name } : {}), ...(expiresAt ? { expiresAt } : {}) };
        return { status: 200, body: keys.change(known().id, set) };
      });
    case 'DELETE one':
      return plan('define', () => {
        const key = known();
        return {
          status: 200,
          body: keys.change(key.id, { revokedAt: iso(ask.host.account.nowMs) }),
        };
      });
    default:
      throw noRoute(ask);
  }
}

/** By ids, as they stand or in a cursor. */
function pageIn(
  all: readonly Described[],
  query: URLSearchParams,
): { rows: readonly Described[]; pageInfo: object; totalCount: number } {
  const sorted = all.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const asked = Number(query.get('limit') ?? PAGE);
  if (!Number.isInteger(asked) || asked < 0)
    throw badRequest(`limit '${asked}' is invalid. Should be an integer.`);
  const limit = Math.min(asked, PAGE_MAX);
  const [after, before] = [idOf(query.get('starting_after')), idOf(query.get('ending_before'))];
  if (after !== undefined && before !== undefined) {
    throw badRequest('Cannot provide both before and after');
  }
  const left = sorted.filter(
    ({ id }) => (after === undefined || id > after) && (before === undefined || id < before),
  );
  const rows = before === undefined ? left.slice(0, limit) : left.slice(-limit);
  const [first, last] = [rows[0], rows.at(-1)];
  return {
    rows,
    pageInfo: {
      hasNextPage: last !== undefined && last !== sorted.at(-1),
      hasPreviousPage: first !== undefined && first !== sorted[0],
      startCursor: first === undefined ? null : cursorTo(first),
      endCursor: last === undefined ? null : cursorTo(last),
    },
    totalCount: all.length,
  };
}

function cursorTo({ id }: Described): string {
  return Buffer.from(JSON.stringify({ id })).toString('base64');
}

function idOf(cursor: string | null): string | undefined {
  if (cursor === null || cursor === '') return undefined;
  return isId(cursor) ? cursor : String(parsedCursor(cursor)['id']);
}

function plan(action: Action, carryOut: () => Answer): Plan {
  return { action, carryOut };
}

export function noRoute({ method, path }: Pick<Ask, 'method' | 'path'>): Error {
  return refusal(404, 'NotFoundException', `Cannot ${method} /${path.join('/')}`);
}
