/**
 * The planner: given everything known about one record, decide everything that has to happen. It has
 * no clock, no chance and no I/O; the same input gives the same plan, on every machine, for ever.
 *
 * What it promises (each a law with a test of its own):
 * - applying a plan and planning again finds nothing to do;
 * - the order in which edits are seen does not change the outcome;
 * - every value comes from somebody, and every edit that does not win is on record;
 * - nothing is written without a read of this pass, and nothing that is held;
 * - a stale read changes nothing, absence without proof deletes nothing, and what is dead stays dead
 *   until a person, or a verified restore, revives it.
 *
 * Read in this order: model.ts (the words), this file, observe.ts (what was read), merge.ts (one field)
 * with losses.ts (no edit is lost unseen), life.ts (deletions and revivals), writes.ts (the outcome).
 */
import { Draft, type Site } from './draft.ts';
import { decideAbsence, honourLateEdits, takeBackDeath, takeBackRevival } from './life.ts';
import { isRead, mergeField } from './merge.ts';
import type { Cell, FieldPolicy, Intent, Plan, PlanInput } from './model.ts';
import { observe } from './observe.ts';
import { isUnsettled, settleIntents } from './own-writes.ts';
import { cellNames, cellsOf, inParts } from './parts.ts';
import { compareStamps } from './stamp.ts';
import { askAboutDeadTargets } from './targets.ts';
import { matches, planCreates, planDeletes, planUpdates } from './writes.ts';

export function plan(input: PlanInput): Plan {
  const draft = new Draft(input);
  if (input.resolutions.some(({ kind }) => kind === 'revival')) takeBackDeath(draft);
  const absences = observe(draft);
  for (const absence of absences) decideAbsence(draft, absence);
  if (input.resolutions.some(({ kind }) => kind === 'death')) takeBackRevival(draft);
  if (draft.life === 'dead') honourLateEdits(draft);
  if (draft.life === 'live') {
    for (const field of input.policy.fields) mergeField(draft, field);
    applyFilters(draft);
    askAboutDeadTargets(draft);
    planUpdates(draft);
    planCreates(draft);
    forgetRemovedParts(draft);
    for (const site of draft.sites) settleIntents(draft, site);
  } else if (draft.life === 'dead') {
    planDeletes(draft);
  } else {
    for (const site of draft.sites) draft.hold('awaiting-decision', site.endpoint);
  }
  return draft.finish();
}

/** Leaving a filter is never a deletion: the item stays, and is left alone. */
function applyFilters(draft: Draft): void {
  for (const site of draft.sites.slice()) {
    const { filter, onFilterLeft } = site.member;
    const belongs = filter ? matches(draft, filter) : true;
    if (belongs) continue;
    if (onFilterLeft === 'unlink' && belongs === false) {
      draft.setLink({ ...site.current(), state: 'unlinked' });
    } else {
      site.heldBack = 'filtered-out';
    }
  }
}

/** An element that is gone everywhere, and not on its way anywhere, need not be remembered as removed. */
function forgetRemovedParts(draft: Draft): void {
  for (const field of draft.input.policy.fields) {
    if (!inParts(field)) continue;
    for (const cell of cellNames(field, draft.cells)) {
      const ours = draft.cells[cell];
      if (ours?.value !== null || isUnderWay(draft, field, cell)) continue;
      const isEverywhere = draft.sites.every(
        (site) => !isRead(field, site) || isAgreed(site, cell, ours),
      );
      if (isEverywhere) draft.forget(cell);
    }
  }
}

function isUnderWay(draft: Draft, field: FieldPolicy, cell: string): boolean {
  const carries = ({ patch, carried, stamps }: Pick<Intent, 'patch' | 'carried' | 'stamps'>) => {
    const sent = patch[field.name] ?? carried?.[field.name] ?? null;
    return cell in stamps || cellsOf(field, sent).has(cell);
  };
  return (
    draft.writes.some(carries) ||
    draft.input.intents.some((intent) => isUnsettled(intent) && carries(intent))
  );
}

function isAgreed(site: Site, cell: string, ours: Cell): boolean {
  const theirs = site.cells[cell];
  if (!theirs?.synced || theirs.base !== null) return false;
  return compareStamps(theirs.synced, ours.stamp) === 0;
}
