/**
 * Whether a record lives: deletions, what was edited meanwhile, restores, and what people decide about
 * them. A record dies only by a proven deletion that counts or by a person, and comes back only by a
 * verified restore or by a person. What somebody typed into a record that dies is always on record.
 */
import { same, type Value } from '../value.ts';
import { type Draft, lostEdit, type Site } from './draft.ts';
import { directionOf, isRead } from './merge.ts';
import type { FieldPolicy, Link, LinkId, Resolution } from './model.ts';
import { ownWrite } from './own-writes.ts';
import { cellNames, cellsOf, inParts, linkCell, wholeValues } from './parts.ts';
import { BEFORE_ALL } from './stamp.ts';

/** A link whose item is proven gone. */
export interface Absence {
  readonly link: Link;
  readonly version?: number | undefined;
}

/** What is missing of a dead record is the effect of its death, and a held one waits with everything. */
export function decideAbsence(draft: Draft, { link: known, version }: Absence): void {
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

/** A person wants a dead record back. Its items are made anew wherever they are gone. */
export function takeBackDeath(draft: Draft): void {
  if (draft.life !== 'dead') return;
  draft.life = 'live';
  draft.epoch += 1;
}

/** A person wants a record dead again that was brought back. */
export function takeBackRevival(draft: Draft): void {
  const [site] = draft.sites;
  if (site) die(draft, site.current(), 'decided');
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
export function honourLateEdits(draft: Draft): void {
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
// What people decide

type DeletionDecision = Extract<Resolution, { kind: 'deletion' }>['decision'];

/** Carries out what a person decided about a missing item, or asks. */
export function decideHeldLink(draft: Draft, link: Link): DeletionDecision | undefined {
  const decision = decisionAbout(draft, 'deletion', link.id);
  if (decision === undefined) {
    draft.review('remote-delete', link.id);
    return undefined;
  }
  closeQuestion(draft);
  draft.setLink({ ...link, state: decision === 'unlink' ? 'unlinked' : 'gone' });
  if (decision === 'delete') die(draft, link, 'decided');
  else if (draft.life === 'held' && !isAnyHeld(draft)) draft.life = 'live';
  return decision;
}

/**
 * Two of our records met in one item. To follow the vendor means that this one is the other one now: it
 * dies, and its values stay in its tombstone. False while nobody has decided.
 */
export function decideMerge(draft: Draft, link: Link): boolean {
  const decision = decisionAbout(draft, 'merge', link.id);
  if (decision === 'separate') draft.setLink({ ...link, state: 'unlinked' });
  if (decision === 'follow') die(draft, link, 'decided');
  return decision !== undefined;
}

/**
 * Whether an item was merged into one of another record. Where it was merged into one of our own, that one
 * has taken its place, whatever became of it since.
 */
export function isMergedWithAnother(draft: Draft, link: Link): boolean {
  const hasSuccessor = draft
    .links()
    .some(
      (other) =>
        other.endpoint === link.endpoint &&
        other.id !== link.id &&
        other.state !== 'mergedAway' &&
        (other.state !== 'gone' || other.generation >= link.generation),
    );
  return link.state === 'mergedAway' && !hasSuccessor;
}

/** Whether an item that was gone and is back takes part again. */
export function mayReturn(draft: Draft, link: Link): boolean {
  const another =
    draft.sites.some(({ endpoint }) => endpoint === link.endpoint) ||
    draft.input.links.some((l) => l.endpoint === link.endpoint && l.state === 'live');
  if (another) {
    draft.setLink({ ...link, state: 'duplicate' });
    draft.review('second-item', link.id);
    return false;
  }
  if (draft.life !== 'dead') return true;
  const decision = isDeletionDecided(draft)
    ? 'deleteAgain'
    : (decisionAbout(draft, 'restore', link.id) ?? draft.input.policy.onRemoteRestore);
  if (decision === 'ask') draft.review('remote-restore', link.id);
  if (decision === 'revive') revive(draft);
  return decision === 'revive' || decision === 'deleteAgain';
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

function decisionAbout<K extends 'deletion' | 'restore' | 'merge'>(
  draft: Draft,
  kind: K,
  link: LinkId,
) {
  for (const resolution of draft.input.resolutions) {
    if (resolution.kind === kind && resolution.link === link) {
      return resolution.decision as Extract<typeof resolution, { kind: K }>['decision'];
    }
  }
  return undefined;
}
