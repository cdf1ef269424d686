/**
 * The records that a reference leads to. What leads to a dead one is written nowhere, and what leads to one
 * that has no item in a system yet waits for it there. Where some system leads to a living record instead,
 * nobody but a person knows whether that is meant.
 */
import type { HoldReason } from '../reasons.ts';
import { isList, type Value } from '../value.ts';
import { type Draft, lostEdit, type Site } from './draft.ts';
import { directionOf } from './merge.ts';
import type { Conflict, EndpointId, EntityId, FieldPolicy } from './model.ts';
import { BEFORE_ALL } from './stamp.ts';

export function whyUnreachable(
  draft: Draft,
  field: FieldPolicy,
  endpoint: EndpointId,
  value: Value,
): HoldReason | undefined {
  const reaches = targetsOf(field, value).map((target) => draft.input.reach(target, endpoint));
  if (reaches.includes('dead')) return 'reference-dead';
  return reaches.includes('pending') ? 'reference-pending' : undefined;
}

/** The first target that is on its way. */
export function waitsFor(
  draft: Draft,
  field: FieldPolicy,
  endpoint: EndpointId,
  value: Value,
): EntityId | undefined {
  return targetsOf(field, value).find(
    (target) => draft.input.reach(target, endpoint) === 'pending',
  );
}

/** Asks for as long as our value leads to a dead record and that of a system to a living one. */
export function askAboutDeadTargets(draft: Draft): void {
  for (const field of draft.input.policy.fields) {
    if (!field.reference) continue;
    const asked = draft.conflictsOf(field.name).filter(({ kind }) => kind === 'dead-target');
    const open = isUndecided(draft, field) ? questionsAbout(draft, field) : [];
    for (const row of asked) {
      const isOpen = open.some(({ fingerprint }) => fingerprint === row.fingerprint);
      if (!isOpen) draft.report({ ...row, state: 'superseded' });
    }
    for (const row of open) draft.report(row);
  }
}

/** A person who chose what leads to a dead record is not asked again. */
function isUndecided(draft: Draft, field: FieldPolicy): boolean {
  const ours = draft.cells[field.name];
  return ours !== undefined && ours.origin !== 'person' && leadsToDead(draft, field, ours.value);
}

function questionsAbout(draft: Draft, field: FieldPolicy): Conflict[] {
  const ours = draft.cells[field.name]?.value;
  const mayDiffer = (site: Site): boolean => ['both', 'in'].includes(directionOf(field, site));
  return draft.sites.filter(mayDiffer).flatMap(({ endpoint: origin, cells }) => {
    const value = cells[field.name]?.base ?? null;
    if (value === null || leadsToDead(draft, field, value)) return [];
    const losing = { origin, value, stamp: BEFORE_ALL };
    return [lostEdit(field.name, 'dead-target', losing, 'open', ours)];
  });
}

function leadsToDead(draft: Draft, field: FieldPolicy, value: Value): boolean {
  const { members } = draft.input.policy;
  return targetsOf(field, value).some((target) =>
    members.some(({ endpoint }) => draft.input.reach(target, endpoint) === 'dead'),
  );
}

/** Several for a list. */
function targetsOf(field: FieldPolicy, value: Value): EntityId[] {
  if (!field.reference || value === null) return [];
  const targets = isList(value) ? value : [value];
  return targets.filter((target): target is EntityId => typeof target === 'string');
}
