/**
 * Cells as they lie on disk. Most cells of a record were written together and hold at a vendor what
 * they hold here, so a record keeps a stamp and an origin once per group of cells, and a link keeps
 * only the cells that are *not* in agreement with the record. Unpacking gives exactly what was packed.
 *
 * Trap: what is left out of a link is read from the record. When the cells of a record change, all
 * its links have to be packed again.
 */
import type { Cell, LinkCell, Origin } from '../core/planner/model.ts';
import { compareStamps, type Stamp } from '../core/planner/stamp.ts';
import { same, type Value, type Values } from '../core/value.ts';
import type { StoredIntent } from './store.ts';

export type Cells = Readonly<Record<string, Cell>>;
export type LinkCells = Readonly<Record<string, LinkCell>>;

/** Cells by who wrote them and when. */
export type PackedCells = readonly (readonly [stamp: Stamp, origin: Origin, values: Values])[];

/** `null`: every cell of the record is there and in agreement, which is how most links spend their life. */
export type PackedLinkCells = {
  /** Cells that differ, or that the record does not have. */
  readonly own?: Readonly<Record<string, PackedLinkCell>>;
  /** Cells of the record that the link does not have. */
  readonly missing?: readonly string[];
} | null;

type PackedLinkCell = readonly [base: Value, synced: Stamp | null, rest?: Rest];

/** What few cells have, and only for a while. */
type Rest = Omit<LinkCell, 'base' | 'synced'>;

export function packCells(cells: Cells): PackedCells {
  const groups = new Map<string, { stamp: Stamp; origin: Origin; values: [string, Value][] }>();
  for (const [name, { stamp, origin, value }] of Object.entries(cells)) {
    const by = `${stamp.join()} ${origin}`;
    const group = groups.get(by);
    if (group) group.values.push([name, value]);
    else groups.set(by, { stamp, origin, values: [[name, value]] });
  }
  return [...groups.values()].map(({ stamp, origin, values }) => [
    stamp,
    origin,
    Object.fromEntries(values),
  ]);
}

export function unpackCells(packed: PackedCells): Cells {
  return Object.fromEntries(
    packed.flatMap(([stamp, origin, values]) =>
      Object.entries(values).map(([name, value]) => [name, { value, stamp, origin }]),
    ),
  );
}

export function packLinkCells(cells: LinkCells, record: Cells): PackedLinkCells {
  const own = Object.entries(cells)
    .filter(([name, cell]) => !agrees(cell, cellOf(record, name)))
    .map(([name, { base, synced, ...rest }]) => [
      name,
      Object.keys(rest).length === 0 ? [base, synced] : [base, synced, rest],
    ]);
  const missing = Object.keys(record).filter((name) => !Object.hasOwn(cells, name));
  if (own.length === 0 && missing.length === 0) return null;
  return {
    ...(own.length > 0 ? { own: Object.fromEntries(own) } : {}),
    ...(missing.length > 0 ? { missing } : {}),
  };
}

export function unpackLinkCells(packed: PackedLinkCells, record: Cells): LinkCells {
  const { own = {}, missing = [] } = packed ?? {};
  const absent = new Set(missing);
  const agreed = Object.entries(record)
    .filter(([name]) => !absent.has(name) && !Object.hasOwn(own, name))
    .map(([name, { value, stamp }]) => [name, { base: value, synced: stamp }]);
  const differing = Object.entries(own).map(([name, [base, synced, rest]]) => [
    name,
    { base, synced, ...rest },
  ]);
  return Object.fromEntries([...agreed, ...differing]);
}

/** An intent says per cell which stamp it carries, and mostly that is one stamp for all of its fields. */
export type PackedIntent = Omit<StoredIntent, 'stamps'> & {
  readonly stamps: readonly (readonly [stamp: Stamp, cells?: readonly string[]])[];
};

export function packIntent(intent: StoredIntent): PackedIntent {
  const groups = Map.groupBy(Object.entries(intent.stamps), ([, stamp]) => stamp.join());
  const stamps = [...groups.values()].map((group): PackedIntent['stamps'][number] => {
    const cells = group.map(([cell]) => cell);
    return isAllOf(cells, intent.patch) ? [group[0]![1]] : [group[0]![1], cells];
  });
  return { ...intent, stamps };
}

export function unpackIntent(packed: PackedIntent): StoredIntent {
  const stamps = packed.stamps.flatMap(([stamp, cells = Object.keys(packed.patch)]) =>
    cells.map((cell) => [cell, stamp]),
  );
  return { ...packed, stamps: Object.fromEntries(stamps) };
}

function isAllOf(names: readonly string[], values: Values): boolean {
  return (
    names.length === Object.keys(values).length &&
    names.every((name) => Object.hasOwn(values, name))
  );
}

function agrees(cell: LinkCell, ours: Cell | undefined): boolean {
  return (
    ours !== undefined &&
    Object.keys(cell).length === 2 &&
    cell.synced !== null &&
    compareStamps(cell.synced, ours.stamp) === 0 &&
    same(cell.base, ours.value)
  );
}

/** A field may have any name, also one that every object inherits. */
function cellOf(cells: Cells, name: string): Cell | undefined {
  return Object.hasOwn(cells, name) ? cells[name] : undefined;
}
