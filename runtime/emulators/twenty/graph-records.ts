/** Records in GraphQL: lists, single ones, writes and the search over everything. */
import { capital, placeOf, type Host } from './asking.ts';
import { OPERATORS, type Condition, type Place } from './conditions.ts';
import { duplicatesOf } from './duplicates.ts';
import { nameOf } from './fields.ts';
import type { Root, Roots } from './graph-roots.ts';
import { connectionOf, recordShape } from './graph-shapes.ts';
import type { FieldNode } from './graph-text.ts';
import { uuidOf } from './ids.ts';
import type { ObjectMetadata } from './objects.ts';
import { cursorOf, orderBy, pageOf, type Order } from './paging.ts';
import { assertMergeable, assertNotBusy, flatOf, mergedOf } from './records.ts';
import { badRequest, notFound } from './refused.ts';
import { rowsOf } from './rows.ts';
import { searchRoot } from './searching.ts';
import { inverseOf, type Shown } from './showing.ts';
import { isObject } from './values.ts';
import {
  assertMay,
  createAll,
  destroyAll,
  idIn,
  removeAll,
  restoreAll,
  updateAll,
  type Input,
} from './writing.ts';

const PAGE = 60;
const PAGE_MAX = 200;

export function recordRoots(host: Host, kind: 'query' | 'mutation'): Roots {
  return (name) => {
    if (name === 'search' && kind === 'query') return searchRoot(host);
    for (const object of host.account.objects.values()) {
      if (!object.isActive) continue;
      const about: About = { object, place: placeOf(host, object) };
      const root = kind === 'query' ? reading(about, name) : writing(about, name);
      if (root !== undefined) return { collection: object.namePlural, ...root };
    }
    return undefined;
  };
}

interface About {
  readonly object: ObjectMetadata;
  readonly place: Place;
}

function reading({ object, place }: About, name: string): Root | undefined {
  const shape = recordShape(place.account, place.collection);
  if (name === object.namePlural) {
    return {
      action: 'list',
      args: ['filter', 'orderBy', 'first', 'last', 'after', 'before'],
      shape: connectionOf(shape),
      resolve: (node) => connection(place, node),
    };
  }
  if (name === object.nameSingular) {
    return {
      action: 'read',
      args: ['filter'],
      required: ['filter'],
      shape,
      resolve(node) {
        assertMay(place, 'read');
        const [row] = rowsOf(place, filterOf(node.args['filter']));
        if (row === undefined) throw notFound();
        return deeper(place, row, node);
      },
    };
  }
  if (name === `${object.nameSingular}Duplicates`) {
    return {
      action: 'find',
      args: ['ids', 'data'],
      shape: connectionOf(shape),
      resolve(node) {
        assertMay(place, 'read');
        const given = node.args['ids'] ?? node.args['data'];
        if (!Array.isArray(given)) throw badRequest("Provide 'ids' or 'data'");
        return given.map((one: unknown) => {
          const shown = typeof one === 'string' ? flatOf(place, idIn(place, one)) : one;
          const found = duplicatesOf(place, shown as Shown);
          const asked = { limit: found.length };
          return edgesOf(place, { all: found, orders: [], asked, node });
        });
      },
    };
  }
  return undefined;
}

function writing({ object, place }: About, name: string): Root | undefined {
  const { nameSingular, namePlural } = object;
  const shape = recordShape(place.account, place.collection);
  const verbs = ['create', 'update', 'delete', 'destroy', 'restore', 'merge'] as const;
  const verb = verbs.find((one) =>
    [nameSingular, namePlural].some((its) => name === `${one}${capital(its)}`),
  );
  if (verb === undefined) return undefined;
  const isMany = name === `${verb}${capital(namePlural)}`;
  const shown = (node: FieldNode, ids: readonly string[]): unknown => {
    const all = ids.map((id) => deeper(place, flatOf(place, id), node));
    return isMany ? all : all[0];
  };
  const meant = (node: FieldNode): readonly string[] => {
    if (!isMany) return [idIn(place, uuidOf(node.args['id']))];
    return rowsOf(place, filterOf(node.args['filter'])).map(({ id }) => id as string);
  };
  const which = isMany ? ['filter'] : ['id'];
  switch (verb) {
    case 'create':
      return {
        action: 'create',
        args: ['data', 'upsert'],
        required: ['data'],
        shape,
        resolve(node, busy) {
          assertNotBusy(busy);
          const inputs = inputsIn(node.args['data'], isMany);
          const upsert = node.args['upsert'] === true;
          const ids = createAll(place, inputs, { upsert });
          return shown(node, upsert ? ids.toSorted() : ids);
        },
      };
    case 'update':
      return {
        action: 'update',
        args: [...which, 'data'],
        required: [...which, 'data'],
        shape,
        resolve(node, busy) {
          assertNotBusy(busy);
          const ids = meant(node);
          updateAll(place, ids, inputsIn(node.args['data'], false)[0]!);
          return shown(node, ids);
        },
      };
    case 'delete':
    case 'destroy':
    case 'restore':
      return {
        action: verb === 'restore' ? 'restore' : 'delete',
        args: which,
        required: which,
        shape,
        resolve(node, busy) {
          assertNotBusy(busy);
          const ids = meant(node);
          const before = shown(node, ids);
          CARRY[verb](place, ids);
          return verb === 'destroy' ? before : shown(node, ids);
        },
      };
    case 'merge':
      if (!isMany) return undefined;
      return {
        action: 'merge',
        args: ['ids', 'conflictPriorityIndex', 'dryRun'],
        required: ['ids', 'conflictPriorityIndex'],
        shape,
        resolve({ args }, busy) {
          assertNotBusy(busy);
          const { ids, conflictPriorityIndex: priority, dryRun } = args;
          assertMergeable(place, ids, priority);
          return mergedOf(place, { ids, priority, dryRun: dryRun === true });
        },
      };
  }
}

/** Where a delete is only a delete. */
const CARRY = { delete: removeAll, destroy: destroyAll, restore: restoreAll } as const;

function connection(place: Place, node: FieldNode): object {
  assertMay(place, 'read');
  const { filter, orderBy: order = [], first, last, after, before } = node.args;
  const all = rowsOf(place, filterOf(filter));
  const orders = (Array.isArray(order) ? order : [order]).flatMap((one: unknown) =>
    ordersIn(place, one, []),
  );
  const limit = Math.min(limitOf(first ?? last), PAGE_MAX);
  const asked = { limit, after: textOf(after), before: textOf(before) };
  return edgesOf(place, { all, orders, asked, node });
}

function edgesOf(
  place: Place,
  {
    all,
    orders,
    asked,
    node,
  }: {
    all: readonly Shown[];
    orders: readonly Order[];
    asked: { limit: number; after?: string | undefined; before?: string | undefined };
    node: FieldNode;
  },
): object {
  const { rows, pageInfo } = pageOf(all, orders, asked);
  const inner = node.fields
    ?.filter(({ name }) => name === 'edges')
    .flatMap(({ fields = [] }) => fields.filter(({ name }) => name === 'node'));
  const edges = rows.map((row) => ({
    node: (inner ?? []).reduce((deep, one) => deeper(place, deep, one), row),
    cursor: cursorOf(orders.length === 0 ? [BY_ID] : orders, row),
  }));
  return { edges, pageInfo, totalCount: all.length };
}

const BY_ID: Order = { path: ['id'], kind: 'id', direction: 'AscNullsFirst' };

/** With the relations that are asked for. */
function deeper(place: Place, row: Shown, { fields = [] }: FieldNode): Shown {
  const { account, collection } = place;
  const deep: Record<string, unknown> = { ...row };
  const asked = new Map(fields.map((one) => [one.name, one]));
  for (const field of collection.schema.fields) {
    const node = asked.get(nameOf(field));
    const target = field.to === undefined ? undefined : account.objects.get(field.to);
    if (node === undefined || target === undefined || nameOf(field) === field.path) continue;
    const its = {
      account,
      collection: account.collections.get(field.to!)!,
      singular: target.nameSingular,
    };
    const id = row[field.path];
    const isThere = typeof id === 'string' && its.collection.live(id) !== undefined;
    deep[nameOf(field)] = isThere ? deeper(its, flatOf(its, id), node) : null;
  }
  for (const { owner, field, name } of inverseOf(account, collection)) {
    const node = asked.get(name);
    if (node === undefined) continue;
    const singular = account.objects.get(owner.name)!.nameSingular;
    const its = { account, collection: owner, singular };
    const condition: Condition = {
      kind: 'is',
      path: [field.path],
      operator: 'eq',
      value: row['id'],
    };
    const all = rowsOf(its, condition);
    deep[name] = edgesOf(its, { all, orders: [], asked: { limit: PAGE }, node });
  }
  return deep;
}

function filterOf(given: unknown): Condition | undefined {
  if (given === null || given === undefined) return undefined;
  const all = conditionsIn(given, []);
  return all.length === 0 ? undefined : { kind: 'and', of: all };
}

function conditionsIn(given: unknown, path: readonly string[]): readonly Condition[] {
  if (!isObject(given)) throw badRequest(`Invalid filter: ${JSON.stringify(given)}`);
  return Object.entries(given).flatMap(([name, value]): readonly Condition[] => {
    if (path.length === 0 && (name === 'and' || name === 'or')) {
      if (!Array.isArray(value)) throw badRequest(`'${name}' takes a list of filters`);
      const parts = value.map(
        (one: unknown) => ({ kind: 'and', of: conditionsIn(one, []) }) as const,
      );
      return [{ kind: name, of: parts }];
    }
    if (path.length === 0 && name === 'not') {
      return [{ kind: 'not', of: { kind: 'and', of: conditionsIn(value, []) } }];
    }
    const operator = OPERATORS.find((one) => one === name);
    if (path.length > 0 && operator !== undefined) return [{ kind: 'is', path, operator, value }];
    return conditionsIn(value, [...path, name]);
  });
}

function ordersIn(place: Place, given: unknown, path: readonly string[]): readonly Order[] {
  if (!isObject(given)) throw badRequest(`Invalid order: ${JSON.stringify(given)}`);
  return Object.entries(given).flatMap(([name, value]) =>
    isObject(value)
      ? ordersIn(place, value, [...path, name])
      : [orderBy(place, [...path, name], value)],
  );
}

function inputsIn(given: unknown, isMany: boolean): readonly Input[] {
  const inputs: readonly unknown[] = isMany && Array.isArray(given) ? given : [given];
  if (inputs.every(isObject)) return inputs;
  throw badRequest('Invalid data');
}

function limitOf(given: unknown): number {
  if (given === undefined || given === null) return PAGE;
  if (Number.isInteger(given) && (given as number) >= 0) return given as number;
  throw badRequest(`Invalid limit: ${JSON.stringify(given)}`);
}

function textOf(given: unknown): string | undefined {
  return typeof given === 'string' ? given : undefined;
}
