/**
 * Compares items with what is known, by planning without writing: an item differs when a pass over it
 * would change something. What differs is marked, and kept at hand for the pass that follows.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Item } from '../connectors/connector.ts';
import type { Link, Write } from '../core/planner/model.ts';
import type { Claimed, Mark, Priority, StoredReview } from '../store/store.ts';
import { openCase, type Case } from './case.ts';
import { keysOf, nameOfItem, type Context, type DigestedKey } from './context.ts';
import { isOfDying } from './identifying.ts';
import { itemRef, markOf } from './marking.ts';
import type { Member } from './member.ts';
import { planOnce } from './planning.ts';
import { observeItems } from './reading.ts';
import { samenessOf } from './reused-ids.ts';

export interface Row {
  readonly id: string;
  readonly isLinked: boolean;
  /** Nobody has looked at it yet. */
  readonly isNew?: boolean;
  /** Those that no record has taken over from it. */
  readonly keys: readonly DigestedKey[];
}

export interface Compared {
  readonly marks: Mark[];
  readonly rows: Row[];
  readonly counts: Record<string, number>;
}

/** Which of these items differ from what is known, and why. Nothing is written. */
export async function compare(
  context: Context,
  member: Member,
  items: readonly Item[],
  takenAt: number,
  priority: Priority,
  { isLate, isSweep }: { readonly isLate: boolean; readonly isSweep: boolean },
): Promise<Compared> {
  const { store, sync, recent, inHand } = context;
  const counts: Record<string, number> = {};
  const marks: Mark[] = [];
  if (items.length === 0) return { marks, rows: [], counts };
  const keys = items.map(({ id }) => ({ kind: 'item', ...itemRef(context, member, id) }) as const);
  const loaded = await store.load(sync.tenant, keys);
  const cases: Case[] = [];
  const rows = items.map((item, n): Row => {
    const { record, reviews } = loaded[n]!;
    const { present } = member.read(item, takenAt);
    if (!record) {
      count(counts, 'unknown');
      const isNew = !isLeftAlone(reviews) && mark(item, { isUnknown: true });
      return { id: item.id, isLinked: false, isNew, keys: keysOf(context, present.fields) };
    }
    const one = openCase({} as Claimed, record, reviews, sync);
    cases[n] = one;
    const link = one.links.find((l) => l.endpoint === member.endpoint && l.remoteId === item.id)!;
    // The vendor gave the id to a new item, and nobody knows whose that is.
    const sameness = samenessOf(context, member, link, item, one);
    const isNew = sameness === 'another' || sameness === 'unlike';
    const own = isNew || isUnread(link) ? keysOf(context, present.fields) : [];
    return { id: item.id, isLinked: link.state === 'live' && !isNew, keys: own };
  });
  const seen = cases.flatMap((one, n) => {
    const item = items[n]!;
    const link = one.links.find((l) => l.endpoint === member.endpoint && l.remoteId === item.id)!;
    return [{ one, link, seen: { item, takenAt } }];
  });
  // Comparing is not reading: the pass has seen no more of these items than before.
  await observeItems({ ...context, inHand: new Map() }, member, seen);
  const known = cases.filter((one) => one !== undefined);
  await planOnce(context, known);
  cases.forEach((one, n) => {
    const difference = differenceIn(one, isTriedAgain);
    count(counts, 'compared');
    count(counts, difference ? `different: ${difference.reason}` : 'equal');
    if (difference?.isNews) mark(items[n]!, { isUnknown: difference.isUnknown ?? false });
  });
  return { marks, rows, counts };

  /** What a vendor refused was tried again by all that changed since; beyond that, only sweeps try it. */
  function isTriedAgain({ entity }: Case, { endpoint }: Write): boolean {
    return isSweep || !context.refusals.has(entity.id, endpoint);
  }

  /** Not when this pass has seen it like that. */
  function mark(item: Item, { isUnknown = false } = {}): boolean {
    const held = inHand.get(nameOfItem({ endpoint: member.endpoint, remoteId: item.id }));
    if (held && isDeepStrictEqual(held, item)) return false;
    const made = markOf(context, member, item.id, priority);
    marks.push(made);
    // Until the pass comes, people go on typing; only a guarded write notices.
    const isWeak = !member.can.conditionalWrites;
    // A late list may show what was read better since. A version tells, but not of two items with one id.
    const isTellable = member.can.version !== 'none' && !(isUnknown && member.can.reusesIds);
    if (isLate && !isTellable) return true;
    const shown = { item, takenAt, ...(isWeak ? { weak: true } : {}) };
    recent.keep(itemRef(context, member, item.id), shown, made);
    return true;
  }
}

/** The record goes on in the item, and has taken nothing over from it so far: not even its keys. */
export function isUnread({ state, cells }: Pick<Link, 'state' | 'cells'>): boolean {
  return state === 'live' && Object.keys(cells).length === 0;
}

/** Somebody was asked about the item, which time does not answer, or has said that it is to be left alone. */
function isLeftAlone(reviews: readonly StoredReview[]): boolean {
  return reviews.length > 0 && !reviews.some((each) => each.state === 'decided' || isOfDying(each));
}

interface Difference {
  readonly reason: string;
  /** A pass over it would change something. */
  readonly isNews: boolean;
  /** Nobody knows whose the item is. */
  readonly isUnknown?: boolean;
}

/** Why a record is not what its item says. */
function differenceIn(
  one: Case,
  isTriedAgain: (one: Case, write: Write) => boolean,
): Difference | undefined {
  const { plan, stored, observed } = one;
  const isFound = stored?.links.some(({ id, missingSince }) => {
    return missingSince !== undefined && observed.get(id)?.kind === 'present';
  });
  if (isFound) return { reason: 'shown again', isNews: true };
  if (!plan || one.setback) return { reason: 'not settled yet', isNews: true };
  const isMoved =
    plan.entity !== one.entity ||
    plan.intents !== one.intents ||
    plan.conflicts.length > 0 ||
    plan.tombstone !== undefined ||
    plan.links.some((link, n) => {
      const before = one.links[n];
      return link !== before && (link.cells !== before?.cells || link.state !== before.state);
    });
  if (isMoved) return { reason: 'edited there', isNews: true };
  const isGivenAgain = stored?.links.some(({ id, remoteId }) => {
    return one.links.some((link) => link.id === id && link.remoteId !== remoteId);
  });
  if (isGivenAgain) return { reason: 'somebody else', isNews: true, isUnknown: true };
  if (plan.needReads.length > 0) return { reason: 'behind', isNews: true };
  if (plan.writes.length > 0)
    return { reason: 'behind', isNews: plan.writes.some((write) => isTriedAgain(one, write)) };
  const hold = plan.holds[0];
  const review = plan.reviews[0];
  if (review)
    return { reason: review.reason, isNews: !one.reviews.some(({ state }) => state !== 'closed') };
  return hold ? { reason: hold.reason, isNews: isPointedElsewhere(one) } : undefined;
}

/**
 * What led to a record leads to something that nobody knows yet. That is being looked at, but who finds out
 * what it is does not know who refers to it.
 */
function isPointedElsewhere({ links, observed }: Case): boolean {
  return links.some(({ id, cells }) => {
    const seen = observed.get(id);
    const unresolved = (seen?.kind === 'present' && seen.unresolved) || {};
    return Object.keys(unresolved).some((field) => (cells[field]?.base ?? null) !== null);
  });
}

function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

export function added(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [name, n] of Object.entries(b)) if (n > 0) sum[name] = (sum[name] ?? 0) + n;
  return sum;
}
