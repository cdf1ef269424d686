/** A question about some of the fields, and the part of an answer that is about one. */
import type { FieldPolicy, Plan, PlanInput } from '../../../../runtime/core/planner/model.ts';
import { textOf } from './harness.ts';
import { belongsTo } from './lookup.ts';

export function onlyFields(input: PlanInput, some: readonly FieldPolicy[]): PlanInput {
  const names = new Set(some.map((field) => field.name));
  const isKept = (cell: string): boolean => names.has(cell.split('#')[0] ?? cell);
  const keep = <T>(cells: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(cells).filter(([name]) => isKept(name)));
  return {
    ...input,
    policy: { ...input.policy, fields: some },
    entity: { ...input.entity, cells: keep(input.entity.cells) },
    links: input.links.map((link) => ({ ...link, cells: keep(link.cells) })),
    observed: new Map(
      [...input.observed].map(([id, seen]) => [
        id,
        seen.kind === 'present' ? { ...seen, fields: keep(seen.fields) } : seen,
      ]),
    ),
    intents: input.intents.map((intent) => ({
      ...intent,
      patch: keep(intent.patch),
      stamps: keep(intent.stamps),
    })),
    conflicts: input.conflicts.filter((row) => isKept(row.cell)),
  };
}

export function aboutField(plan: Plan, field: FieldPolicy): string {
  const cells = (all: Readonly<Record<string, unknown>>): unknown =>
    Object.entries(all)
      .filter(([name]) => belongsTo(field, name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return textOf({
    ours: cells(plan.entity.cells),
    links: plan.links.map((link) => [link.id, cells(link.cells)]),
    writes: plan.writes
      .filter((write) => write.op === 'update' && field.name in write.patch)
      .map((write) => [write.endpoint, write.patch[field.name], write.before[field.name]])
      .map(textOf)
      .toSorted(),
    conflicts: plan.conflicts
      .filter((row) => belongsTo(field, row.cell))
      .map(textOf)
      .toSorted(),
  });
}
