/**
 * What has to be written so that every system shows our values. A write holds the changed fields
 * only, is made on top of a read of this very pass, and never carries a field that is held.
 */
import { fingerprintOf } from '../hash.ts';
import type { HoldReason } from '../reasons.ts';
import { canonicalText, same, type Value } from '../value.ts';
import type { Draft, Site } from './draft.ts';
import { isFought, keepFight } from './fights.ts';
import { isMergedWithAnother } from './life.ts';
import { directionOf } from './merge.ts';
import type { Cell, EndpointFacts, FieldPolicy, Filter, LinkCell, Member } from './model.ts';
import { isUnanswered } from './own-writes.ts';
import {
  assemble,
  cellNames,
  cellsOf,
  inParts,
  joinParts,
  linkCell,
  wholeValues,
} from './parts.ts';
import { BEFORE_ALL, compareStamps, initialStamp, type Stamp } from './stamp.ts';
import { waitsFor, whyUnreachable } from './targets.ts';

/** What we have where we have nothing. */
const NOT_OURS: Cell = { value: null, stamp: initialStamp(0), origin: 'default' };

export function planUpdates(draft: Draft): void {
  for (const site of draft.sites) {
    const patch: Patch = { values: {}, before: {}, stamps: {} };
    for (const field of draft.input.policy.fields) addField(draft, field, site, patch);
    if (Object.keys(patch.values).length === 0) continue;
    draft.writes.push({
      endpoint: site.endpoint,
      op: 'update',
      link: site.link.id,
      patch: patch.values,
      before: patch.before,
      stamps: patch.stamps,
      generation: site.link.generation,
      reason: 'value-behind',
    });
  }
}

/** Creates the record at every member that has none and wants it. */
export function planCreates(draft: Draft): void {
  for (const member of draft.input.policy.members) {
    if (draft.sites.some((site) => site.endpoint === member.endpoint)) continue;
    const here = draft.links().filter((link) => link.endpoint === member.endpoint);
    const taken = here.filter((link) =>
      link.state === 'mergedAway' ? isMergedWithAnother(draft, link) : link.state !== 'gone',
    );
    if (taken.length > 0) {
      const open = taken.filter((link) => link.state !== 'unlinked');
      const [spare] = open;
      if (spare && taken.every(({ state }) => state === 'duplicate')) {
        // The first item is gone, and the second one is there.
        draft.setLink({ ...spare, state: 'live' });
        draft.needRead(spare.id, 'write-pending');
        continue;
      }
      if (open.length > 0) draft.hold('awaiting-decision', member.endpoint);
      // It may live on although it was to go with the other one, because it was edited meanwhile.
      for (const { id, state } of open)
        if (state === 'mergedAway') draft.review('remote-merge', id);
      continue;
    }
    const blocked = whyNotCreate(draft, member);
    if (blocked) {
      draft.hold(blocked, member.endpoint);
      continue;
    }
    const patch = initialPatch(draft, member);
    if (Object.keys(patch.values).length === 0) {
      draft.hold('nothing-to-write', member.endpoint);
      continue;
    }
    draft.writes.push({
      endpoint: member.endpoint,
      op: 'create',
      patch: patch.values,
      before: {},
      stamps: patch.stamps,
      generation: here.length,
      reason: here.length > 0 ? 'deleted-there' : 'missing-there',
    });
  }
}

/** Removes what is left of a dead record. Each item is read first, so that no edit dies unseen. */
export function planDeletes(draft: Draft): void {
  for (const site of draft.sites) {
    if (site.heldBack) {
      draft.hold(site.heldBack, site.endpoint);
    } else if (!site.member.delete) {
      draft.hold('delete-off', site.endpoint);
    } else if (!site.seen) {
      draft.needRead(site.link.id, 'write-pending');
    } else {
      draft.writes.push({
        endpoint: site.endpoint,
        op: 'delete',
        link: site.link.id,
        patch: {},
        before: site.seen.fields,
        stamps: {},
        generation: site.link.generation,
        reason: 'entity-dead',
      });
    }
  }
  for (const link of draft.links()) {
    if (link.state === 'duplicate') draft.review('second-item', link.id);
  }
}

/** Whether the record belongs to a member with this filter; `undefined` while that is not known. */
export function matches(draft: Draft, filter: Filter): boolean | undefined {
  const answers = filter.map((condition) => {
    const field = draft.input.policy.fields.find(({ name }) => name === condition.field);
    const value = field && assemble(draft.cells, field);
    if (value === undefined) return undefined;
    return condition.in.some((accepted) => same(accepted, value));
  });
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
}

interface Patch {
  readonly values: Record<string, Value>;
  readonly before: Record<string, Value>;
  readonly stamps: Record<string, Stamp>;
}

// ---------------------------------------------------------------------------------------------
// Updates

function addField(draft: Draft, field: FieldPolicy, site: Site, patch: Patch): void {
  const direction = directionOf(field, site);
  if (direction === 'off') return;
  if (!inParts(field)) {
    const ours = behind(draft, field, field.name, site);
    if (!ours || direction === 'in' || !mayWrite(draft, field, site, field.name, ours)) return;
    setPatch(patch, field, site, ours.value);
    patch.stamps[field.name] = ours.stamp;
    return;
  }
  const behindHere = cellNames(field, draft.cells).filter((cell) => {
    const ours = behind(draft, field, cell, site);
    return ours && direction !== 'in' && mayWrite(draft, field, site, cell, ours);
  });
  const foreign = foreignParts(draft, field, site).filter((cell) =>
    mayWrite(draft, field, site, cell, NOT_OURS),
  );
  const due = new Set([...behindHere, ...foreign]);
  if (due.size === 0) return;
  const whole = wholeFor(draft, field, site, due);
  const current = site.seen?.fields[field.name];
  const stamps = [...due].map((cell) => [cell, (draft.cells[cell] ?? NOT_OURS).stamp] as const);
  if (current !== undefined && same(current, site.facts.normalize(field.name, whole))) {
    for (const [cell, stamp] of stamps) {
      site.setCell(cell, { base: linkCell(field, cell, site.cells)?.base ?? null, synced: stamp });
    }
    return;
  }
  setPatch(patch, field, site, whole);
  Object.assign(patch.stamps, Object.fromEntries(stamps));
}

/** Parts that only a system has whose edits do not count: none of ours, so they go. */
function foreignParts(draft: Draft, field: FieldPolicy, site: Site): string[] {
  if (directionOf(field, site) !== 'out' || cellNames(field, draft.cells).length === 0) return [];
  return cellNames(field, site.cells).filter(
    (cell) => !draft.cells[cell] && site.cells[cell]?.base !== null,
  );
}

function setPatch(patch: Patch, field: FieldPolicy, site: Site, value: Value): void {
  patch.values[field.name] = value;
  const before = site.seen?.fields[field.name];
  if (before !== undefined) patch.before[field.name] = before;
}

/** Our value when the link does not have it yet. Where a read of this pass shows it, that is noted. */
function behind(draft: Draft, field: FieldPolicy, cell: string, site: Site): Cell | undefined {
  const ours = draft.cells[cell];
  const theirs = linkCell(field, cell, site.cells);
  if (!ours || (!theirs && ours.value === null)) return undefined;
  if (site.seen?.expired?.includes(field.name)) return ours;
  if (theirs?.synced && compareStamps(theirs.synced, ours.stamp) >= 0) return undefined;
  if (theirs && shows(field, site, theirs.base, ours.value)) {
    const read = site.read(field, cell);
    if (read !== undefined && same(read, theirs.base)) {
      site.setCell(cell, { ...keepFight(theirs), base: theirs.base, synced: ours.stamp });
    }
    return undefined;
  }
  return ours;
}

/** Whether a cell that holds `base` is how this system spells `wanted`. */
function shows(field: FieldPolicy, site: Site, base: Value, wanted: Value): boolean {
  if (same(base, wanted)) return true;
  return !inParts(field) && same(base, site.facts.normalize(field.name, wanted));
}

function mayWrite(draft: Draft, field: FieldPolicy, site: Site, cell: string, ours: Cell): boolean {
  const { seen } = site;
  const held = whyHeld(draft, field, site, cell, ours);
  if (held) {
    const target = waitsFor(draft, field, site.endpoint, ours.value);
    draft.hold(held, site.endpoint, field.name, held === 'reference-pending' ? target : undefined);
    return false;
  }
  if (!seen) {
    draft.needRead(site.link.id, 'write-pending');
    return false;
  }
  return true;
}

function whyHeld(
  draft: Draft,
  field: FieldPolicy,
  site: Site,
  cell: string,
  ours: Cell,
): HoldReason | undefined {
  if (site.heldBack) return site.heldBack;
  if (draft.isContested(cell)) return 'contested';
  if (isDrifted(field, site.facts)) return 'schema-drift';
  if (site.seen?.unresolved?.[field.name] !== undefined) return 'reference-unknown';
  if (site.seen && site.read(field, cell) === undefined) return 'field-unread';
  const theirs = linkCell(field, cell, site.cells);
  const neverAgreed = theirs !== undefined && theirs.synced === null && theirs.base !== null;
  if (ours.value === null && neverAgreed && ours.origin !== 'person') return 'would-blank';
  if (isRefused(theirs, ours)) return 'refused';
  const reference = whyUnreachable(draft, field, site.endpoint, ours.value);
  if (reference) return reference;
  return isFought(draft, site, cell, ours) ? 'oscillation' : undefined;
}

/** The vendor refused this very value before. */
function isRefused(theirs: LinkCell | undefined, ours: Cell): boolean {
  return (
    theirs?.refused !== undefined && theirs.refused === fingerprintOf(canonicalText(ours.value))
  );
}

function isDrifted(field: FieldPolicy, facts: EndpointFacts | undefined): boolean {
  return facts?.drifted?.[field.name] !== undefined;
}

/** The whole value to write: our parts where they are due, what is there everywhere else. */
function wholeFor(draft: Draft, field: FieldPolicy, site: Site, due: ReadonlySet<string>): Value {
  const names = new Set([...cellNames(field, site.cells), ...due]);
  return joinParts(
    field,
    [...names].map((cell) => {
      const value = due.has(cell)
        ? draft.cells[cell]?.value
        : linkCell(field, cell, site.cells)?.base;
      return [cell, value ?? null];
    }),
  );
}

// ---------------------------------------------------------------------------------------------
// Creates

function whyNotCreate(draft: Draft, member: Member): HoldReason | undefined {
  const pending = draft.input.intents.some(
    (intent) =>
      intent.op === 'create' && intent.endpoint === member.endpoint && isUnanswered(intent),
  );
  if (pending) return 'create-unresolved';
  if (!member.create) return 'create-off';
  if (member.filter && !matches(draft, member.filter)) return 'filtered-out';
  return undefined;
}

function initialPatch(draft: Draft, member: Member): Patch {
  const patch: Patch = { values: {}, before: {}, stamps: {} };
  const facts = draft.input.facts.get(member.endpoint);
  const values = wholeValues(draft.input.policy.fields, draft.cells);
  for (const field of draft.input.policy.fields) {
    const value = values[field.name];
    const direction = field.direction?.[member.endpoint] ?? 'both';
    if (value === undefined || value === null || direction === 'in' || direction === 'off')
      continue;
    const held = whyNotInCreate(draft, field, member, facts, value);
    if (held) {
      const target = waitsFor(draft, field, member.endpoint, value);
      const waits = held === 'reference-pending' ? target : undefined;
      draft.hold(held, member.endpoint, field.name, waits);
      continue;
    }
    patch.values[field.name] = value;
    for (const cell of cellsOf(field, value).keys()) {
      patch.stamps[cell] = draft.cells[cell]?.stamp ?? BEFORE_ALL;
    }
  }
  return patch;
}

function whyNotInCreate(
  draft: Draft,
  field: FieldPolicy,
  member: Member,
  facts: EndpointFacts | undefined,
  value: Value,
): HoldReason | undefined {
  if (draft.isContested(field.name)) return 'contested';
  if (isDrifted(field, facts)) return 'schema-drift';
  return whyUnreachable(draft, field, member.endpoint, value);
}
