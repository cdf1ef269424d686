/**
 * A copy carries the marker of what it was copied from. Where a vendor does not tell who made an item, the
 * oldest one with a marker is the one that we made: before an item is taken for ours, its system is searched
 * for an older one.
 */
import type { Item } from '../connectors/connector.ts';
import type { EntityId } from '../core/planner/model.ts';
import { IN_OTHER_HANDS, type Case } from './case.ts';
import type { Context } from './context.ts';
import { isOutcome, markerIn, stateOf, type Found, type Records } from './identifying.ts';
import type { Member } from './member.ts';
import { answered, setbackOf } from './retry.ts';
import { find } from './searching.ts';

/** Says of each item whether it is a copy; or why that could not be found out. */
export async function withCopies(
  context: Context,
  found: readonly Found[],
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): Promise<readonly Found[]> {
  if (!context.rules.has('copies-are-not-ours')) return found;
  const groups = Map.groupBy(found, ({ member }) => member);
  const all = await Promise.all(
    [...groups].map(([member, group]) => copiesAt(context, member, group, records, cases)),
  );
  return all.flat();
}

/** Nothing is copied before it is there. */
export function withoutCopies(items: readonly Item[]): readonly Item[] {
  const bornAt = ({ createdAt = Infinity }: Item): number => createdAt;
  return items.filter((item) => {
    const { marker } = item;
    if (marker === undefined) return true;
    return !items.some((other) => other.marker === marker && bornAt(other) < bornAt(item));
  });
}

async function copiesAt(
  context: Context,
  member: Member,
  found: readonly Found[],
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): Promise<readonly Found[]> {
  const { marker: path } = member.can;
  const doubtful = found.filter((each) => mayBeEither(context, each, records, cases));
  if (path === undefined || doubtful.length === 0) return found;
  // Whoever is making it just now knows better.
  const makers = doubtful.flatMap((each) => records.get(recordOf(context, each)!) ?? []);
  const busy = await context.leases.inOtherHands(makers);
  const isBusy = (each: Found): boolean => busy.has(recordOf(context, each)!);
  const isKnown = (each: Found): boolean =>
    stateOf(recordOf(context, each)!, records, cases) !== undefined;
  const takenAt = context.world.clock.now();
  const wanted = doubtful.filter((each) => !isBusy(each));
  let shown: readonly Item[];
  try {
    const markers = wanted.map(({ seen }) => seen.item.marker!);
    shown = await find(context, member, path, [...new Set(markers)]);
  } catch (error) {
    const setback = setbackOf(answered(error), context.world.clock.now());
    return found.map((each) => (wanted.includes(each) ? { ...each, setback } : each));
  }
  const oldest = new Set(withoutCopies([...shown, ...found.map(({ seen }) => seen.item)]));
  return found.map((each): Found => {
    if (!doubtful.includes(each)) return each;
    if (isBusy(each)) return { ...each, setback: IN_OTHER_HANDS };
    const { item } = each.seen;
    const { clockOffsetMs, clockUncertaintyMs } = member.facts;
    // A search that shows it shows what it was copied from as well, and no more what was merged into it.
    const shownAt =
      item.createdAt! - clockOffsetMs + clockUncertaintyMs + member.can.searchLagMs + 1;
    const isShown = takenAt >= shownAt || shown.some(({ id }) => id === item.id);
    if (!oldest.has(item) && (isShown || isKnown(each))) return { ...each, isCopy: true };
    if (oldest.has(item) && isShown) return each;
    const why = 'What it may be a copy of cannot be found yet.';
    return { ...each, setback: { kind: 'again', why, at: shownAt } };
  });
}

/**
 * It has our marker, and nothing else tells whether we made it. Where its record is not known any more, what
 * somebody else made may have taken the place of what we made, by a merge.
 */
function mayBeEither(
  context: Context,
  found: Found,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): boolean {
  const { createdBy, createdAt } = found.seen.item;
  const marker = markerIn(context, found);
  if (!marker || createdAt === undefined) return false;
  const state = stateOf(marker.entity as EntityId, records, cases);
  if (!state) return createdBy !== 'us';
  return createdBy === undefined && isOutcome(found, marker, state);
}

function recordOf(context: Context, found: Found): EntityId | undefined {
  return markerIn(context, found)?.entity as EntityId | undefined;
}
