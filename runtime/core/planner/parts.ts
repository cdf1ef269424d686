/**
 * Fields and cells. The planner merges *cells*, and a cell holds one value with one stamp. A plain
 * field is one cell of the same name. A set that merges element by element has a cell per element
 * ever seen (`tags#vip`, `null` once removed); a record that merges sub-field by sub-field has a cell
 * per sub-field (`address#city`). So one merge rule serves all three.
 *
 * For a field in parts, a link also has a cell under the bare field name. It only says "read before":
 * from then on a part without a cell of its own was not there.
 */
import { canonicalText, isList, same, type Value, type Values } from '../value.ts';
import type { FieldPolicy, Link, LinkCell } from './model.ts';

const SEPARATOR = '#';

export function inParts(field: FieldPolicy): boolean {
  return field.parts !== undefined && field.strategy === 'fieldLevelMerge';
}

/** The name of the field that a cell belongs to. */
export function fieldOf(cell: string): string {
  return cell.split(SEPARATOR)[0]!;
}

/** The parts of a whole value by cell name, without those that are empty. A plain field has one. */
export function cellsOf(field: FieldPolicy, whole: Value): Map<string, Value> {
  if (!inParts(field)) return new Map([[field.name, whole]]);
  if (whole === null || typeof whole !== 'object') return new Map();
  if (isList(whole)) return new Map(whole.map((element) => [elementCell(field, element), element]));
  const parts = Object.entries(whole).filter(([, value]) => value !== null);
  return new Map(parts.map(([part, value]) => [field.name + SEPARATOR + part, value]));
}

/**
 * What `whole` says about one cell: a value, `null` for cleared, or `undefined` when it was not read.
 * A whole that was read has all its parts: what is missing in it is not there.
 */
export function valueInCell(
  field: FieldPolicy,
  cell: string,
  whole: Value | undefined,
): Value | undefined {
  if (whole === undefined || !inParts(field)) return whole;
  if (whole === null || typeof whole !== 'object') return null;
  if (isList(whole)) return whole.find((element) => elementCell(field, element) === cell) ?? null;
  return whole[cell.slice(field.name.length + SEPARATOR.length)] ?? null;
}

/** Whether a cell of a whole value holds this. */
export function isCellValue(field: FieldPolicy, cell: string, whole: Value, value: Value): boolean {
  const part = valueInCell(field, cell, whole);
  return part !== undefined && same(part, value);
}

/** The whole value of a field from its cells; `undefined` when there is none. */
export function assemble(
  cells: Readonly<Record<string, { readonly value: Value }>>,
  field: FieldPolicy,
): Value | undefined {
  if (!inParts(field)) return cells[field.name]?.value;
  const names = cellNames(field, cells);
  if (names.length === 0) return undefined;
  return joinParts(
    field,
    names.map((name) => [name, cells[name]?.value ?? null]),
  );
}

/** Puts parts together again: cleared parts vanish, and a whole without parts is cleared itself. */
export function joinParts(field: FieldPolicy, parts: readonly (readonly [string, Value])[]): Value {
  const full = parts.filter(([, value]) => value !== null);
  if (full.length === 0) return null;
  if (field.parts === 'set') return sortSet(full.map(([, value]) => value));
  return Object.fromEntries(
    full.map(([cell, value]) => [cell.slice(field.name.length + SEPARATOR.length), value]),
  );
}

/** The names among `cells` that are parts of the field. */
export function cellNames(field: FieldPolicy, cells: Readonly<Record<string, unknown>>): string[] {
  const prefix = field.name + SEPARATOR;
  return Object.keys(cells).filter((name) => name.startsWith(prefix));
}

/** The link's cell; a part that was read before and has no cell of its own was not there. */
export function linkCell(
  field: FieldPolicy,
  name: string,
  cells: Readonly<Record<string, LinkCell>>,
): LinkCell | undefined {
  return cells[name] ?? (inParts(field) ? cells[field.name] : undefined);
}

/** All whole values of a record's own copy. */
export function wholeValues(
  fields: readonly FieldPolicy[],
  cells: Readonly<Record<string, { readonly value: Value }>>,
): Values {
  const values: Record<string, Value> = {};
  for (const field of fields) {
    const value = assemble(cells, field);
    if (value !== undefined) values[field.name] = value;
  }
  return values;
}

function elementCell(field: FieldPolicy, element: Value): string {
  const text = typeof element === 'string' ? element : canonicalText(element);
  return field.name + SEPARATOR + text;
}

function sortSet(elements: readonly Value[]): Value[] {
  return elements
    .map((element) => ({ element, text: canonicalText(element) }))
    .toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ element }) => element);
}

/** What was last read of a field at a link; what was never read was empty. */
export function baseOf(field: FieldPolicy, { cells }: Pick<Link, 'cells'>): Value {
  if (!inParts(field)) return cells[field.name]?.base ?? null;
  const parts = cellNames(field, cells).map((name) => [name, cells[name]?.base ?? null] as const);
  return joinParts(field, parts);
}

/** Whether a value is what was last read there. A part that is empty is as good as none. */
export function isAsRead(field: FieldPolicy, link: Pick<Link, 'cells'>, value: Value): boolean {
  const whole = inParts(field) ? joinParts(field, [...cellsOf(field, value)]) : value;
  return same(baseOf(field, link), whole);
}
