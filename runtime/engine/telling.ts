/**
 * What the log of a run says about a record besides its writes: what our own copy took over and why, what
 * is held back, and what an undo left alone. Undo, explain and people read it later.
 */
import type { Hold, Plan } from '../core/planner/model.ts';
import { same, type Value } from '../core/value.ts';
import type { RunItem } from '../store/store.ts';
import type { Case } from './case.ts';
import type { Context, Order } from './context.ts';

/** Nothing is said when nothing has changed. */
export function toldAsMerged({ run }: Context, one: Case, plan: Plan): RunItem[] {
  const { changes, conflicts, tombstone } = plan;
  const isRevived = one.stored?.entity.life === 'dead' && plan.entity.life === 'live';
  if (changes.length + conflicts.length === 0 && !tombstone && !isRevived) return [];
  if (tombstone) run.count('died');
  if (conflicts.length > 0) run.count('conflicts', conflicts.length);
  const joined = joinedNow(one);
  const detail = {
    changes: changes as unknown as Value,
    ...(joined.length > 0 ? { joined } : {}),
    ...(tombstone ? { died: true } : {}),
    ...(isRevived ? { revived: true } : {}),
    conflicts: conflicts.map(({ kind, cell }) => `${kind} ${cell}`),
  };
  return [run.item({ outcome: 'merged', entity: one.entity.id, detail })];
}

/** Systems whose items belong to the record since this very pass. */
function joinedNow({ stored, links }: Case): string[] {
  const known = new Set(stored?.links.map(({ id }) => id));
  return links.flatMap(({ id, endpoint }) => (known.has(id) ? [] : [endpoint]));
}

export function toldAsHeld({ run }: Context, { entity }: Case, holds: readonly Hold[]): RunItem[] {
  if (holds.length === 0) return [];
  for (const { reason } of holds) run.count(`held: ${reason}`);
  const detail = { holds: holds as unknown as Value };
  return [run.item({ outcome: 'held', entity: entity.id, detail })];
}

/** What was to be taken back, and turned out to have been edited meanwhile. */
export function tellWhatStays(
  { run }: Context,
  one: Case,
  { resolutions }: Extract<Order, { kind: 'undo' }>,
): void {
  for (const resolution of resolutions) {
    if (resolution.kind !== 'edit' || !one.plan) continue;
    const { cell, value } = resolution;
    const now = one.plan.entity.cells[cell]?.value ?? null;
    if (same(now, value)) continue;
    run.count('left alone: edited since');
    const detail = { cell, why: 'edited since', value: now };
    one.told.push({ outcome: 'left alone', entity: one.entity.id, detail });
  }
}
