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
 * Read in this order: model.ts (the words), this file, merge.ts (one field), writes.ts (the outcome).
 */
import { same, type Value } from '../value.ts';
import { Draft, lostEdit, Site } from './draft.ts';
import { directionOf, isRead, mergeField } from './merge.ts';
import type {
  Cell,
  FieldPolicy,
  Gone,
  Intent,
  Link,
  LinkId,
  Member,
  MergedInto,
  Plan,
  PlanInput,
  Present,
} from './model.ts';
import { isUnanswered, isUnsettled, ownWrite, settleIntents } from './own-writes.ts';
import { cellNames, cellsOf, inParts, linkCell, wholeValues } from './parts.ts';
import { BEFORE_ALL, compareStamps } from './stamp.ts';
import { matches, planCreates, planDeletes, planUpdates } from './writes.ts';

export function plan(input: PlanInput): Plan {
  const draft = new Draft(input);
  const absences = observe(draft);
  for (const absence of absences) decideAbsence(draft, absence);
  if (draft.life === 'dead') honourLateEdits(draft);
  if (draft.life === 'live') {
    for (const field of input.policy.fields) mergeField(draft, field);
    applyFilters(draft);
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

// ---------------------------------------------------------------------------------------------
// What does each read mean for its link?

interface Absence {
  readonly link: Link;
  readonly version?: number | undefined;
}

/** Sorts the links into those that take part and those that are proven gone. */
function observe(draft: Draft): Absence[] {
  const absences: Absence[] = [];
  const { links, policy } = draft.input;
  policy.members.forEach((member, index) => {
    const rank = policy.members.length - index;
    for (const link of links.filter(({ endpoint }) => endpoint === member.endpoint)) {
      if (link.state === 'live') {
        const absence = observeLive(draft, link, member, rank);
        if (absence) absences.push(absence);
      } else {
        observeOther(draft, link, member, rank);
      }
    }
  });
  for (const link of links) {
    if (link.state === 'held' && !policy.members.some((m) => m.endpoint === link.endpoint)) {
      decideHeldLink(draft, link);
    }
  }
  return absences;
}

function observeLive(draft: Draft, link: Link, member: Member, rank: number): Absence | undefined {
  const observation = draft.input.observed.get(link.id);
  if (observation?.kind === 'mergedInto') {
    followMerge(draft, link, observation);
    return undefined;
  }
  const seen = observation?.kind === 'present' ? usable(draft, link, observation) : undefined;
  const site = takePart(draft, link, member, rank, seen);
  if (!site || observation?.kind !== 'gone') return undefined;
  if (!isProven(draft, site, observation)) return undefined;
  return { link, version: observation.version };
}

function takePart(
  draft: Draft,
  link: Link,
  member: Member,
  rank: number,
  seen: Present | undefined,
): Site | undefined {
  const facts = draft.input.facts.get(link.endpoint);
  if (!facts) return undefined;
  const intents = draft.input.intents.filter((intent) => intent.link === link.id);
  const site = new Site(link, member, rank, facts, seen, intents);
  draft.sites.push(site);
  return site;
}

/** A read older than what we know says nothing. */
function usable(draft: Draft, link: Link, read: Present): Present | undefined {
  const stale =
    read.version !== undefined && link.version !== undefined && read.version < link.version;
  if (stale) draft.needRead(link.id, 'stale');
  return stale ? undefined : read;
}

/** Absence is not deletion: a lost permission or a filter makes everything look gone. */
function isProven(draft: Draft, site: Site, absence: Gone): boolean {
  if (!absence.proven) {
    draft.hold('absence-unproven', site.endpoint);
    draft.needRead(site.link.id, 'absence-unproven');
    return false;
  }
  for (const intent of site.intents) {
    if (intent.op === 'delete' && isUnanswered(intent)) {
      draft.setIntent({ ...intent, state: 'applied', observed: true });
    }
  }
  return true;
}

/** The vendor merged two of its items. Ours follows, unless that would merge two of our records. */
function followMerge(draft: Draft, link: Link, { remoteId, linkId, heldBy }: MergedInto): void {
  draft.setLink({ ...link, state: 'mergedAway' });
  const { links, entity } = draft.input;
  const own = links.find((l) => l.endpoint === link.endpoint && l.remoteId === remoteId);
  if (own) {
    // The vendor settled which of two items is the one.
    if (own.state === 'duplicate' || own.state === 'gone') draft.setLink({ ...own, state: 'live' });
    draft.needRead(own.id, 'write-pending');
    return;
  }
  // Nobody knows what a dead record's item was merged into; it is somebody else's until identity says so.
  if (draft.life === 'dead') return;
  if (heldBy !== undefined && heldBy !== entity.id) {
    draft.review('remote-merge', link.id, heldBy);
    return;
  }
  const adopted: Link = {
    id: linkId,
    endpoint: link.endpoint,
    remoteId,
    state: 'live',
    generation: link.generation + 1,
    cells: {},
  };
  draft.setLink(adopted);
  draft.needRead(linkId, 'write-pending');
}

// ---------------------------------------------------------------------------------------------
// Links that do not take part: decided by people, or back from the dead

function observeOther(draft: Draft, link: Link, member: Member, rank: number): void {
  const observation = draft.input.observed.get(link.id);
  const back =
    observation?.kind === 'present' && isNewer(observation, link) ? observation : undefined;
  if (link.state === 'held') {
    decideHeldLink(draft, link, () => {
      if (back) takePart(draft, { ...link, state: 'live' }, member, rank, back);
    });
  } else if (link.state === 'gone' && back) {
    decideRestore(draft, link, member, rank, back);
  }
}

function decideHeldLink(draft: Draft, link: Link, present?: () => void): void {
  const decision = decisionAbout(draft, 'deletion', link.id);
  if (decision === undefined) {
    draft.review('remote-delete', link.id);
    return;
  }
  closeQuestion(draft);
  draft.setLink({ ...link, state: decision === 'unlink' ? 'unlinked' : 'gone' });
  if (decision === 'delete') die(draft, link, 'decided');
  else if (draft.life === 'held' && !isAnyHeld(draft)) draft.life = 'live';
  if (decision === 'recreate') present?.();
}

/** A record is held until every question about its items is answered. */
function isAnyHeld(draft: Draft): boolean {
  return draft.links().some(({ state }) => state === 'held');
}

/** What a person was shown before they decided is settled; what came up since is not. */
function closeQuestion(draft: Draft): void {
  for (const row of draft.input.conflicts) {
    if (row.cell === '*' && row.state === 'open') draft.report({ ...row, state: 'resolved' });
  }
}

/** A person decided, in this very pass, that the record is to be deleted. */
function isDeletionDecided(draft: Draft): boolean {
  return draft.input.resolutions.some(
    (resolution) =>
      (resolution.kind === 'deletion' && resolution.decision === 'delete') ||
      (resolution.kind === 'restore' && resolution.decision === 'deleteAgain'),
  );
}

function decideRestore(
  draft: Draft,
  link: Link,
  member: Member,
  rank: number,
  seen: Present,
): void {
  const another =
    draft.sites.some(({ endpoint }) => endpoint === link.endpoint) ||
    draft.input.links.some((l) => l.endpoint === link.endpoint && l.state === 'live');
  if (another) {
    draft.setLink({ ...link, state: 'duplicate' });
    draft.review('second-item', link.id);
    return;
  }
  if (draft.life === 'dead') {
    const decision = isDeletionDecided(draft)
      ? 'deleteAgain'
      : (decisionAbout(draft, 'restore', link.id) ?? draft.input.policy.onRemoteRestore);
    if (decision === 'ask') draft.review('remote-restore', link.id);
    if (decision === 'ask' || decision === 'ignore') return;
    if (decision === 'revive') revive(draft);
  }
  takePart(draft, { ...link, state: 'live' }, member, rank, seen);
}

/** A vendor without versions cannot prove that a read is newer than the deletion. */
function isNewer(read: Present, link: Link): boolean {
  return read.version !== undefined && link.version !== undefined && read.version > link.version;
}

function decisionAbout<K extends 'deletion' | 'restore'>(draft: Draft, kind: K, link: LinkId) {
  for (const resolution of draft.input.resolutions) {
    if (resolution.kind === kind && resolution.link === link) {
      return resolution.decision as Extract<typeof resolution, { kind: K }>['decision'];
    }
  }
  return undefined;
}

// ---------------------------------------------------------------------------------------------
// Deletion

/** What is missing of a dead record is the effect of its death, and a held one waits with everything. */
function decideAbsence(draft: Draft, { link: known, version }: Absence): void {
  const link = version === undefined ? known : { ...known, version };
  const { policy, entity } = draft.input;
  if (draft.life === 'held') return;
  draft.setLink({ ...link, state: 'gone' });
  if (draft.life === 'dead' || entity.life === 'dead') return;
  const deletes =
    policy.deleteAuthority.includes(link.endpoint) || policy.onRemoteDelete === 'propagate';
  if (deletes) {
    if (!draft.sites.some((other) => isEdited(draft, other))) die(draft, link);
    else deletedButEdited(draft, link);
    reportEditsOfDead(draft);
  } else if (policy.onRemoteDelete === 'unlink') {
    draft.setLink({ ...link, state: 'unlinked' });
  } else if (policy.onRemoteDelete === 'ask') {
    draft.setLink({ ...link, state: 'held' });
    draft.review('remote-delete', link.id);
  }
}

/** Deleted in one system, edited in another, neither knowing of the other. */
function deletedButEdited(draft: Draft, link: Link): void {
  const { onDeleteAndEdit } = draft.input.policy;
  if (onDeleteAndEdit === 'deleteWins') die(draft, link);
  if (onDeleteAndEdit === 'ask') {
    draft.life = 'held';
    draft.setLink({ ...link, state: 'held' });
    draft.review('remote-delete', link.id);
  }
}

function die(draft: Draft, link: Link, decided?: 'decided'): void {
  if (draft.life === 'dead') return;
  const { policy } = draft.input;
  const byAuthority = policy.deleteAuthority.includes(link.endpoint);
  draft.life = 'dead';
  draft.epoch += 1;
  draft.tombstone = {
    epoch: draft.epoch,
    cause: decided ?? (byAuthority ? 'deletedAtAuthority' : 'deletionPropagated'),
    endpoint: link.endpoint,
    snapshot: wholeValues(policy.fields, draft.cells),
  };
}

/** Whoever died in this very pass has not been dead. */
function revive(draft: Draft): void {
  draft.life = 'live';
  draft.epoch += draft.tombstone ? -1 : 1;
  draft.tombstone = undefined;
}

/**
 * A dead record whose last items are only read now may turn out to have been edited meanwhile. What
 * was known when it died is settled; this is about what was not.
 */
function honourLateEdits(draft: Draft): void {
  if (draft.tombstone && draft.tombstone.cause !== 'decided') return;
  for (const site of draft.sites.slice()) {
    if (editsAt(draft, site).length === 0) continue;
    const decided = isDeletionDecided(draft)
      ? 'delete'
      : decisionAbout(draft, 'deletion', site.link.id);
    if (decided) closeQuestion(draft);
    const byPolicy = isEdited(draft, site) ? draft.input.policy.onDeleteAndEdit : 'deleteWins';
    const outcome = decided ?? byPolicy;
    reportEditOfDead(draft, site, outcome === 'ask' ? 'open' : 'autoResolved');
    if (outcome === 'ask') {
      site.heldBack = 'awaiting-decision';
      draft.review('remote-delete', site.link.id);
    } else if (outcome === 'unlink') {
      draft.setLink({ ...site.current(), state: 'unlinked' });
    } else if ((outcome === 'editWins' || outcome === 'recreate') && draft.life === 'dead') {
      revive(draft);
    }
  }
}

function reportEditsOfDead(draft: Draft): void {
  if (draft.life === 'live') return;
  for (const site of draft.sites) {
    if (editsAt(draft, site).length > 0) {
      reportEditOfDead(draft, site, draft.life === 'held' ? 'open' : 'autoResolved');
    }
  }
}

function reportEditOfDead(draft: Draft, site: Site, state: 'open' | 'autoResolved'): void {
  const edits = editsAt(draft, site).map(([cell, value]) => [cell, value] as const);
  const losing = { origin: site.endpoint, value: Object.fromEntries(edits), stamp: BEFORE_ALL };
  draft.report(lostEdit('*', 'edited-and-deleted', losing, state));
}

/** Whether somebody changed the item whose edits count. */
function isEdited(draft: Draft, site: Site): boolean {
  return editsAt(draft, site).some(([, , field]) => directionOf(field, site) !== 'out');
}

/** The cells at a link that somebody else changed, or filled, since the last read. */
function editsAt(draft: Draft, site: Site): [cell: string, value: Value, field: FieldPolicy][] {
  const edits: [string, Value, FieldPolicy][] = [];
  for (const field of draft.input.policy.fields) {
    const whole = site.seen?.fields[field.name];
    if (whole === undefined || !isRead(field, site)) continue;
    const names = inParts(field) ? cellNames(field, site.cells) : [];
    for (const cell of new Set([...names, ...cellsOf(field, whole).keys()])) {
      const known = linkCell(field, cell, site.cells);
      const value = site.read(field, cell);
      if (value === undefined) continue;
      if (known ? same(known.base, value) : value === null) continue;
      if (!ownWrite(site, field, cell, value)) edits.push([cell, value, field]);
    }
  }
  return edits;
}

// ---------------------------------------------------------------------------------------------
// Housekeeping

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
  const carries = ({ patch, stamps }: Pick<Intent, 'patch' | 'stamps'>): boolean =>
    cell in stamps || cellsOf(field, patch[field.name] ?? null).has(cell);
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
