/**
 * How records may be associated. An association is kept once, in a field of one of the two records, and
 * has a number for each direction. A label, and being the primary one, is a second association beside the
 * one without a label.
 */
import type { FieldOptions } from '../crm/model.ts';
import type { Own } from './properties.ts';
import type { ObjectName } from './objects.ts';

export interface AssociationType {
  /** The record that keeps it, and the one it leads to. */
  readonly from: ObjectName;
  readonly to: ObjectName;
  /** Of the field that keeps it. */
  readonly path: string;
  readonly typeId: number;
  readonly name: string;
  readonly label: string | null;
  /** The same one, seen from the other record. */
  readonly back: { readonly typeId: number; readonly name: string; readonly label: string | null };
  readonly category: 'HUBSPOT_DEFINED' | 'USER_DEFINED';
  /** A record has one at most of those that are primary. */
  readonly kind: 'plain' | 'primary' | 'labelled';
}

/** One direction of it, as a request or an answer speaks of it. */
export interface Direction {
  readonly type: AssociationType;
  readonly isBack: boolean;
  readonly typeId: number;
  readonly name: string;
  readonly label: string | null;
}

/** The way from one kind of records to another; both ways, for those of the same kind. */
export function directions(
  types: readonly AssociationType[],
  from: ObjectName,
  to: ObjectName,
): readonly Direction[] {
  return types.flatMap((type): Direction[] => {
    const there = { type, isBack: false, ...pick(type) };
    const back = { type, isBack: true, ...pick(type.back) };
    const isThere = type.from === from && type.to === to;
    const isBack = type.from === to && type.to === from && type.back.typeId !== type.typeId;
    return [...(isThere ? [there] : []), ...(isBack ? [back] : [])];
  });
}

function pick({ typeId, name, label }: Pick<Direction, 'typeId' | 'name' | 'label'>) {
  return { typeId, name, label };
}

/** The field that keeps it. It is quiet: an association moves the time of neither record by itself. */
export function fieldOf({ to, path, kind, label }: AssociationType): FieldOptions {
  const own: Own = { association: true, label: label ?? path };
  return {
    path,
    type: kind === 'primary' ? 'reference' : 'references',
    to,
    quiet: true,
    own: { ...own },
  };
}

const SINGULAR: Readonly<Record<ObjectName, string>> = {
  contacts: 'contact',
  companies: 'company',
  deals: 'deal',
  notes: 'note',
  tasks: 'task',
};

export const BASE_TYPES: readonly AssociationType[] = [
  plain('contacts', 'companies', 279, 280, 'unlabeled'),
  primary('contacts', 'companies', 1, 2),
  plain('contacts', 'contacts', 449, 449),
  plain('companies', 'companies', 450, 450),
  {
    ...plain('companies', 'companies', 14, 13),
    path: 'associations.companies.parent',
    name: 'child_to_parent_company',
    label: 'Parent Company',
    back: { typeId: 13, name: 'parent_to_child_company', label: 'Child Company' },
    kind: 'labelled',
  },
  plain('deals', 'contacts', 3, 4),
  plain('deals', 'companies', 341, 342, 'unlabeled'),
  primary('deals', 'companies', 5, 6),
  plain('deals', 'deals', 451, 451),
  plain('notes', 'contacts', 202, 201),
  plain('notes', 'companies', 190, 189),
  plain('notes', 'deals', 214, 213),
  plain('tasks', 'contacts', 204, 203),
  plain('tasks', 'companies', 192, 191),
  plain('tasks', 'deals', 216, 215),
];

function plain(
  from: ObjectName,
  to: ObjectName,
  typeId: number,
  backId: number,
  suffix?: 'unlabeled',
): AssociationType {
  const named = (one: ObjectName, other: ObjectName): string =>
    [SINGULAR[one], 'to', SINGULAR[other], suffix].filter(Boolean).join('_');
  return {
    from,
    to,
    path: `associations.${to}`,
    typeId,
    name: named(from, to),
    label: null,
    back: { typeId: backId, name: named(to, from), label: null },
    category: 'HUBSPOT_DEFINED',
    kind: 'plain',
  };
}

function primary(
  from: ObjectName,
  to: ObjectName,
  typeId: number,
  backId: number,
): AssociationType {
  const usual = plain(from, to, typeId, backId);
  return {
    ...usual,
    path: `associations.${to}.primary`,
    label: 'Primary',
    back: { ...usual.back, label: 'Primary' },
    kind: 'primary',
  };
}
