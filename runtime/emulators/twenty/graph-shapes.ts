/**
 * What can be asked of each value in GraphQL. A document is checked against it as a whole before anything
 * is done; then the answers are cut to what was asked for.
 */
import type { Collection } from '../crm/collection.ts';
import type { Account } from './account.ts';
import { nameOf, ownOf, PARTS, type NativeType } from './fields.ts';
import type { FieldNode } from './graph-text.ts';
import { badRequest } from './refused.ts';
import { inverseOf, isActive, isHidden } from './showing.ts';
import { capital } from './asking.ts';

/** A value without parts is `leaf`, also one of JSON. */
export type Shape = 'leaf' | TypeShape;

export interface TypeShape {
  readonly name: string;
  fields(): Readonly<Record<string, Shape>>;
}

export function typeOf(name: string, fields: Readonly<Record<string, Shape>>): TypeShape {
  return { name, fields: () => fields };
}

export function leaves(...names: readonly string[]): Readonly<Record<string, Shape>> {
  return Object.fromEntries(names.map((name) => [name, 'leaf'] as const));
}

/** Of names with spaces between. */
export function leavesIn(names: string): Readonly<Record<string, Shape>> {
  return leaves(...names.split(' '));
}

export const PAGE_INFO = typeOf(
  'PageInfo',
  leaves('hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'),
);

export function connectionOf(node: TypeShape): TypeShape {
  return typeOf(`${node.name}Connection`, {
    edges: typeOf(`${node.name}Edge`, { node, cursor: 'leaf' }),
    pageInfo: PAGE_INFO,
    totalCount: 'leaf',
  });
}

export function recordShape(account: Account, collection: Collection): TypeShape {
  const { nameSingular } = account.objects.get(collection.name)!;
  return {
    name: capital(nameSingular),
    fields() {
      const shapes: Record<string, Shape> = leaves('id', 'createdAt', 'updatedAt', 'deletedAt');
      const all: Record<string, Shape> = { ...shapes };
      if (account.settings.line === '2.x') all['updatedBy'] = partsShape('ACTOR')!;
      for (const field of collection.schema.fields) {
        if (isHidden(account, collection, field) || !isActive(field)) continue;
        all[field.path] = partsShape(ownOf(field).native) ?? 'leaf';
        const target = field.to === undefined ? undefined : account.collections.get(field.to);
        if (target !== undefined) all[nameOf(field)] = recordShape(account, target);
      }
      for (const { owner, name } of inverseOf(account, collection)) {
        all[name] = connectionOf(recordShape(account, owner));
      }
      return all;
    },
  };
}

function partsShape(native: NativeType): TypeShape | undefined {
  const parts = PARTS[native];
  return parts && typeOf(native, leaves(...Object.keys(parts)));
}

export function assertAsked(nodes: readonly FieldNode[], shape: TypeShape): void {
  const fields = shape.fields();
  for (const node of nodes) {
    if (node.name === '__typename') continue;
    const its = fields[node.name];
    if (its === undefined) {
      throw badRequest(`Cannot query field "${node.name}" on type "${shape.name}".`);
    }
    assertSelection(node, its);
  }
}

function assertSelection(node: FieldNode, shape: Shape): void {
  if (shape === 'leaf') {
    if (node.fields === undefined) return;
    throw badRequest(`Field "${node.name}" must not have a selection since it has no subfields.`);
  }
  if (node.fields !== undefined) return assertAsked(node.fields, shape);
  throw badRequest(
    `Field "${node.name}" of type "${shape.name}" must have a selection of subfields. Did you mean "${node.name} { ... }"?`,
  );
}

/** Only what was asked for, in that order and under those names. */
export function cut(node: FieldNode, shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (shape === 'leaf' || node.fields === undefined) return value;
  if (Array.isArray(value)) return value.map((one) => cut(node, shape, one));
  const fields = shape.fields();
  const given = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    node.fields.map((one) => [
      one.key,
      one.name === '__typename' ? shape.name : cut(one, fields[one.name]!, given[one.name]),
    ]),
  );
}
