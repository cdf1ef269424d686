/**
 * Merges one field over all links that were read: decides our own value, and has every edit that did
 * not become it put on record (losses.ts). Nothing is written here.
 *
 * An *edit* is a value at a link that differs from the base there and is not our own write. Automatic
 * strategies take the greatest stamp among our value and the edits. Since that is a maximum, the order
 * in which edits are seen, and whether they are seen together, cannot change the outcome.
 */
import { fingerprintOf } from '../hash.ts';
import type { Rule } from '../reasons.ts';
import { canonicalText, same, type Value } from '../value.ts';
import { type Draft, lostEdit, type Site } from './draft.ts';
import type {
  Cell,
  Conflict,
  Direction,
  FieldPolicy,
  LinkCell,
  Origin,
  Resolution,
} from './model.ts';
import { endFights, fightAfterEdit, keepFight } from './fights.ts';
import { type Edit, isAmong, isUnseen, reportLosses } from './losses.ts';
import { mayHide, mayTouch, ownWrite } from './own-writes.ts';
import { cellNames, cellsOf, inParts, linkCell } from './parts.ts';
import {
  BEFORE_ALL,
  compareEdits,
  compareStamps,
  initialStamp,
  isInitial,
  rankedStamp,
  type Stamp,
  timedStamp,
} from './stamp.ts';

/** Our own value of one field, from ours and all that was read. */
export function mergeField(draft: Draft, field: FieldPolicy): void {
  if (field.reference) holdUnresolved(draft, field);
  if (!inParts(field)) {
    mergeCell(draft, field, field.name);
    return;
  }
  for (const cell of partsInSight(draft, field)) mergeCell(draft, field, cell);
  for (const site of draft.sites) {
    const read = site.seen?.fields[field.name] !== undefined && isRead(field, site);
    if (read && !site.cells[field.name]) site.setCell(field.name, { base: null, synced: null });
  }
}

function holdUnresolved(draft: Draft, field: FieldPolicy): void {
  for (const site of draft.sites) {
    const target = site.seen?.unresolved?.[field.name];
    if (target !== undefined) draft.hold('reference-unknown', site.endpoint, field.name, target);
  }
}

export function directionOf(field: FieldPolicy, site: Site): Direction {
  return field.direction?.[site.endpoint] ?? 'both';
}

/** Every part that we, a link or a read knows of, in a fixed order. */
function partsInSight(draft: Draft, field: FieldPolicy): string[] {
  const names = new Set(cellNames(field, draft.cells));
  for (const site of draft.sites) {
    for (const name of cellNames(field, site.cells)) names.add(name);
    const whole = site.seen?.fields[field.name];
    if (whole !== undefined) for (const name of cellsOf(field, whole).keys()) names.add(name);
  }
  return [...names].toSorted();
}

function mergeCell(draft: Draft, field: FieldPolicy, cell: string): void {
  const edits = collectEdits(draft, field, cell);
  decideCell(draft, field, cell, edits);
  if (field.direction) overrule(draft, field, cell);
}

function decideCell(draft: Draft, field: FieldPolicy, cell: string, edits: Edit[]): void {
  const decision = findDecision(draft, cell);
  const asked = questionAbout(draft, cell);
  if (asked && mustRead(draft, field, asked)) return;
  const question = field.strategy === 'manualReview' ? questionFrom(draft, cell, edits) : undefined;
  if (asked && asked.fingerprint !== question?.fingerprint) withdraw(draft, field, asked);
  if (question && question.fingerprint !== decision?.row.fingerprint) {
    draft.report(question);
    return;
  }
  if (decision) acceptDecision(draft, cell, decision, edits);
  acceptEdit(draft, field, cell, edits);
  if (edits.length > 0) takeLatest(draft, field, cell, edits);
  else if (field.default !== undefined && !draft.cells[cell] && nobodyHasOne(draft, field)) {
    const own: Cell = { value: field.default, stamp: initialStamp(0), origin: 'default' };
    setOwn(draft, cell, own, 'default');
  }
}

/** Known only when every item was read, now or before. */
function nobodyHasOne(draft: Draft, field: FieldPolicy): boolean {
  const { name } = field;
  const isEmpty = (site: Site): boolean => {
    const read = site.read(field, name);
    return read === undefined ? site.cells[name]?.base === null : read === null;
  };
  const sites = draft.sites.filter((site) => isRead(field, site));
  return !inParts(field) && sites.length > 0 && sites.every(isEmpty);
}

// ---------------------------------------------------------------------------------------------
// Which edits are there?

function collectEdits(draft: Draft, field: FieldPolicy, cell: string): Edit[] {
  const edits: Edit[] = [];
  for (const site of draft.sites) {
    const value = changeAt(field, cell, site);
    if (value === undefined || takeOwnWrite(draft, field, cell, site, value)) continue;
    if (directionOf(field, site) === 'out') continue;
    const known = linkCell(field, cell, site.cells);
    if (!known && value === null) {
      site.setCell(cell, { base: null, synced: null });
      continue;
    }
    edits.push({
      value,
      stamp: stampOf(draft, field, site, known),
      origin: site.endpoint,
      seen: known?.synced ?? null,
      site,
      unsure: site.intents.some((intent) => mayHide(intent, field, cell, known)),
      ...(known ? { base: known.base } : {}),
    });
  }
  return edits;
}

/** What was read at a link when it differs from the base there, or when there is no base. */
function changeAt(field: FieldPolicy, cell: string, site: Site): Value | undefined {
  const value = site.read(field, cell);
  if (value === undefined) return undefined;
  const known = linkCell(field, cell, site.cells);
  if (known ? same(known.base, value) : inParts(field) && value === null) return undefined;
  return isRead(field, site) ? value : undefined;
}

/** Our own write that came back is no edit; it is only noted where it came. */
function takeOwnWrite(
  draft: Draft,
  field: FieldPolicy,
  cell: string,
  site: Site,
  value: Value,
): boolean {
  const own = ownWrite(site, field, cell, value);
  if (!own) return false;
  const known = linkCell(field, cell, site.cells);
  if (own.carried) {
    // As long as a person is asked, what stands there is not the base yet: nothing has come back.
    if (draft.isContested(cell)) return false;
    if (directionOf(field, site) === 'in') {
      reportPutBack(draft, cell, site, known, value);
      return false;
    }
  }
  site.setCell(cell, { ...keepFight(known), base: value, synced: own.stamp });
  const isOlder = own.stamp && known?.synced && compareStamps(own.stamp, known.synced) < 0;
  if (own.stamp && (own.late || isOlder)) {
    const losing = { origin: site.endpoint, value, stamp: own.stamp };
    draft.report(lostEdit(cell, 'late-own-write', losing, 'autoResolved'));
  }
  reportCoveredUp(draft, cell, site, value);
  return true;
}

/** Where we may not write, nothing can be put right again: what stands there now counts. */
function reportPutBack(
  draft: Draft,
  cell: string,
  { endpoint: origin }: Site,
  known: LinkCell | undefined,
  shown: Value,
): void {
  const losing = { origin, value: known?.base ?? null, stamp: known?.synced ?? BEFORE_ALL };
  draft.report(lostEdit(cell, 'overwritten', losing, 'autoResolved', shown));
}

/** As long as a person was asked about it, what stood there was nowhere else. */
function reportCoveredUp(draft: Draft, cell: string, site: Site, shown: Value): void {
  for (const { kind, values = [] } of draft.conflictsOf(cell)) {
    if (kind !== 'contested') continue;
    for (const { origin, value } of values) {
      const isKnown = same(value, shown) || same(value, draft.cells[cell]?.value ?? null);
      if (origin !== site.endpoint || isKnown) continue;
      const losing = { origin, value, stamp: BEFORE_ALL };
      draft.report(lostEdit(cell, 'overwritten', losing, 'autoResolved', shown));
    }
  }
}

/** Whether what is read there counts for anything. */
export function isRead(field: FieldPolicy, site: Site): boolean {
  const drift = site.facts.drifted?.[field.name];
  return directionOf(field, site) !== 'off' && (drift === undefined || drift === 'readOnly');
}

function stampOf(draft: Draft, field: FieldPolicy, site: Site, known: LinkCell | undefined): Stamp {
  const rank = rankIn(draft, field, site);
  const theirs = site.seen?.fieldChangedAt?.[field.name] ?? site.seen?.changedAt;
  const at = theirs === undefined ? (site.seen?.takenAt ?? 0) : theirs - site.facts.clockOffsetMs;
  if (!known) {
    const isTimed = field.initialMerge === 'newest' && theirs !== undefined;
    return isTimed ? timedStamp(at, rank, null) : initialStamp(rank);
  }
  const latest = known.edited ?? known.synced;
  if (field.strategy !== 'priority') return timedStamp(at, rank, latest);
  return rankedStamp(at, rank, latest);
}

/** Whoever is named in the field's own order comes before all others. No two ranks are the same. */
function rankIn(draft: Draft, field: FieldPolicy, site: Site): number {
  const { strategy, order = [] } = field;
  const index = strategy === 'priority' ? order.indexOf(site.endpoint) : -1;
  return index < 0 ? site.rank : draft.input.policy.members.length + order.length - index;
}

/** Edits where edits do not count: our value goes back, and what it replaces stays on record. */
function overrule(draft: Draft, field: FieldPolicy, cell: string): void {
  for (const site of draft.sites) {
    if (directionOf(field, site) !== 'out') continue;
    const value = changeAt(field, cell, site);
    if (value === undefined) continue;
    const known = linkCell(field, cell, site.cells);
    const ours = draft.cells[cell];
    const isNews = known !== undefined || value !== null;
    if (isNews && !(ours && same(ours.value, value))) {
      const losing = { origin: site.endpoint, value, stamp: stampOf(draft, field, site, known) };
      draft.report(lostEdit(cell, 'policy-override', losing, 'autoResolved', ours?.value));
    }
    const synced = known ? BEFORE_ALL : null;
    site.setCell(cell, { ...fightAfterEdit(site, known, ours), base: value, synced });
  }
}

// ---------------------------------------------------------------------------------------------
// A person decides

function questionAbout(draft: Draft, cell: string): Conflict | undefined {
  if (!draft.isContested(cell)) return undefined;
  return draft.conflictsOf(cell).find((row) => row.kind === 'contested');
}

/** Whether what was asked about has to be read before anything moves. */
function mustRead(draft: Draft, field: FieldPolicy, { values = [] }: Conflict): boolean {
  const isAsked = field.strategy === 'manualReview';
  const unread = draft.sites.filter((site) => {
    const isAbout = values.some(({ origin }) => origin === site.endpoint);
    return isAbout && !site.seen && (isAsked || mayHaveLanded(field, site));
  });
  for (const site of unread) draft.needRead(site.link.id, 'contested-open');
  return unread.length > 0;
}

/** What a person has to choose from, if there is a choice. */
function questionFrom(draft: Draft, cell: string, edits: readonly Edit[]): Conflict | undefined {
  const values = choices(draft.cells[cell], edits);
  const texts = [...new Set(values.map(({ value }) => canonicalText(value)))].toSorted();
  if (texts.length < 2) return undefined;
  const fingerprint = fingerprintOf(canonicalText([cell, 'contested', texts]));
  return { fingerprint, cell, kind: 'contested', state: 'open', values };
}

/** Our value counts as a choice when somebody edited without having seen it. */
function choices(
  ours: Cell | undefined,
  edits: readonly Edit[],
): { readonly origin: Origin; readonly value: Value }[] {
  const unseen = ours && edits.some((edit) => isUnseen(ours, edit));
  const all = unseen ? [{ origin: ours.origin, value: ours.value }, ...edits] : edits;
  return all.map(({ origin, value }) => ({ origin, value }));
}

/**
 * The question is another one by now, or the policy no longer asks. Where a write of ours may have landed unseen,
 * nobody knows whether somebody typed over what stood there, whatever stands there now.
 */
function withdraw(draft: Draft, field: FieldPolicy, asked: Conflict): void {
  for (const site of draft.sites) {
    const shown = site.read(field, asked.cell);
    if (shown === undefined || !mayHaveLanded(field, site)) continue;
    reportCoveredUp(draft, asked.cell, site, shown);
  }
  draft.report({ ...asked, state: 'superseded' });
}

/** Whether a write of ours to the field is under way, or has not been seen yet. */
function mayHaveLanded({ name }: FieldPolicy, { intents }: Site): boolean {
  return intents.some((intent) => mayTouch(intent, name));
}

interface Decision {
  readonly row: Conflict;
  readonly value: Value;
  readonly at: number;
}

function findDecision(draft: Draft, cell: string): Decision | undefined {
  if (draft.input.resolutions.length === 0) return undefined;
  const decides = (row: Conflict) => (resolution: Resolution) =>
    resolution.kind === 'value' && resolution.fingerprint === row.fingerprint;
  for (const row of draft.conflictsOf(cell)) {
    const resolution = draft.input.resolutions.find(decides(row));
    if (resolution?.kind === 'value') return { row, value: resolution.value, at: resolution.at };
  }
  return undefined;
}

/** A decision is an edit by a person who saw everything in the row: it comes after all of that. */
function acceptDecision(
  draft: Draft,
  cell: string,
  { row, value, at }: Decision,
  edits: Edit[],
): void {
  const ours = draft.cells[cell];
  const chosenFrom = edits.filter((edit) => isAmong(row.values, edit)).map(({ stamp }) => stamp);
  const stamps = [ours?.stamp, row.losing?.stamp, ...chosenFrom].filter((s) => s !== undefined);
  const depth = Math.max(0, ...stamps.map((s) => s[0]));
  const high = Math.max(at, ...stamps.map((s) => s[1] + 1));
  draft.report({ ...row, state: 'resolved', winner: value });
  if (row.kind === 'oscillation') {
    const site = draft.sites.find((candidate) => candidate.endpoint === row.losing?.origin);
    const known = site?.cells[cell];
    if (site && known) site.setCell(cell, { base: known.base, synced: known.synced });
  }
  edits.push({
    value,
    stamp: [depth, high, 0],
    origin: 'person',
    seen: ours?.stamp ?? null,
    ...(row.losing ? { base: row.losing.value } : {}),
    ...(row.values ? { shown: row.values } : {}),
  });
}

/** Made on top of our own value; what systems were edited to meanwhile may still be newer. */
function acceptEdit(draft: Draft, field: FieldPolicy, cell: string, edits: Edit[]): void {
  for (const resolution of draft.input.resolutions) {
    if (resolution.kind !== 'edit' || resolution.cell !== cell) continue;
    const { value, at } = resolution;
    const ours = draft.cells[cell];
    const seen = ours?.stamp ?? null;
    if (same(ours?.value ?? null, value)) continue;
    const stamp =
      field.strategy === 'priority' ? rankedStamp(at, 0, seen) : timedStamp(at, 0, seen);
    edits.push({ value, stamp, origin: 'person', seen });
  }
}

// ---------------------------------------------------------------------------------------------
// The greatest stamp wins

function takeLatest(draft: Draft, field: FieldPolicy, cell: string, edits: readonly Edit[]): void {
  const ours = draft.cells[cell];
  const latest = edits.reduce((a, b) => (compareEdits(a, b) < 0 ? b : a));
  // Two edits with one stamp come from two items of one system, one after the other: ours stays.
  const wins = !ours || compareStamps(ours.stamp, latest.stamp) < 0;
  const winner: Cell = wins ? latest : ours;
  reportLosses(draft, field, cell, winner, edits, wins ? latest : undefined);
  if (wins) {
    const rule = ruleFor(field, ours, latest, edits);
    setOwn(draft, cell, { value: latest.value, stamp: latest.stamp, origin: latest.origin }, rule);
  }
  if (wins && latest.site?.seen?.author === 'person') endFights(draft, cell);
  for (const { site, value, seen, stamp } of edits) {
    if (!site) continue;
    const won = same(value, winner.value);
    const known = linkCell(field, cell, site.cells);
    site.setCell(cell, {
      ...fightAfterEdit(site, known, ours),
      ...(won ? { synced: winner.stamp } : { synced: seen, edited: stamp }),
      base: value,
    });
  }
}

function ruleFor(
  field: FieldPolicy,
  ours: Cell | undefined,
  winner: Edit,
  edits: readonly Edit[],
): Rule {
  const rivals = edits.filter((edit) => !same(edit.value, winner.value));
  const unseen = ours && isUnseen(ours, winner) && !same(ours.value, winner.value);
  if (winner.origin === 'person') return 'resolved';
  if (rivals.length > 0 || unseen) {
    if (isInitial(winner.stamp)) return 'initial-choice';
    return field.strategy === 'priority' ? 'higher-priority' : 'newest-edit';
  }
  if (!ours) return edits.length > 1 ? 'agreement' : 'first-value';
  return edits.length > 1 || same(ours.value, winner.value) ? 'agreement' : 'only-edit';
}

function setOwn(draft: Draft, cell: string, next: Cell, rule: Rule): void {
  const before = draft.cells[cell];
  draft.setCell(cell, next);
  if (before && same(before.value, next.value)) return;
  draft.changes.push({
    cell,
    rule,
    ...(before ? { before: before.value } : {}),
    after: next.value,
    origin: next.origin,
  });
}
