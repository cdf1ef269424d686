/** Small questions about fields, cells and what was read, asked by several laws. */
import assert from 'node:assert/strict';
import type {
  Conflict,
  FieldPolicy,
  Link,
  Plan,
  PlanInput,
  Present,
} from '../../../../runtime/core/planner/model.ts';
import { cellNames, inParts, valueInCell } from '../../../../runtime/core/planner/parts.ts';
import { type Value, same } from '../../../../runtime/core/value.ts';
import { mergeRows } from './harness.ts';

export function fieldNamed(input: PlanInput, name: string): FieldPolicy {
  const field = input.policy.fields.find((one) => one.name === name);
  assert.ok(field, `${name} is not a mapped field`);
  return field;
}

export function belongsTo(field: FieldPolicy, cell: string): boolean {
  return cell === field.name || cell.startsWith(`${field.name}#`);
}

export function cellsOfField(
  field: FieldPolicy,
  cells: Readonly<Record<string, unknown>>,
): string[] {
  if (inParts(field)) return cellNames(field, cells);
  return cells[field.name] === undefined ? [] : [field.name];
}

/** A part that a whole value does not mention is not there. */
export function partOf(field: FieldPolicy, cell: string, whole: Value): Value {
  return valueInCell(field, cell, whole) ?? null;
}

/** What was read at a link, unless it is older than what we know. */
export function presentAt(input: PlanInput, link: Link | undefined): Present | undefined {
  const seen = link && input.observed.get(link.id);
  if (seen?.kind !== 'present') return undefined;
  const isStale =
    seen.version !== undefined && link?.version !== undefined && seen.version < link.version;
  return isStale ? undefined : seen;
}

export function rowsAfter(input: PlanInput, plan: Plan): readonly Conflict[] {
  return [...mergeRows(input.conflicts, plan.conflicts), ...plan.conflicts];
}

/** Tells whether somebody has put this value in this cell: we, a vendor, a person or the policy. */
export function knownParts(
  input: PlanInput,
  field: FieldPolicy,
): (cell: string, value: Value) => boolean {
  const wholes: Value[] = [];
  for (const seen of input.observed.values()) {
    const value = seen.kind === 'present' ? seen.fields[field.name] : undefined;
    if (value !== undefined) wholes.push(value);
  }
  if (field.default !== undefined) wholes.push(field.default);
  return (cell, value) => {
    const ours = input.entity.cells[cell];
    if (ours && same(ours.value, value)) return true;
    if (decidedValues(input, cell).some((decided) => same(decided, value))) return true;
    return wholes.some((whole) => same(partOf(field, cell, whole), value));
  };
}

export function decidedValues(input: PlanInput, cell: string): readonly Value[] {
  const rows = input.conflicts.filter((row) => row.cell === cell);
  return input.resolutions.flatMap((resolution) =>
    resolution.kind === 'value' &&
    rows.some(({ fingerprint }) => fingerprint === resolution.fingerprint)
      ? [resolution.value]
      : [],
  );
}
