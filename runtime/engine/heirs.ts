/**
 * An item that carries the marker of another one is a copy of it, or has taken its place: some vendors merge
 * items into a new one, marker and all, without a word. As long as the other one is there it is a copy.
 */
import type { EntityId, Link } from '../core/planner/model.ts';
import type { Case } from './case.ts';
import type { Context } from './context.ts';
import { markerIn, stateOf, type Found, type Records } from './identifying.ts';
import type { Member } from './member.ts';
import { isGivenAway } from '../store/store.ts';
import { readIds } from './reading.ts';
import { answered, setbackOf } from './retry.ts';

/** Adds to each item the record in whose item's place it may be; or why that could not be found out. */
export async function withHeirs(
  context: Context,
  found: readonly Found[],
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): Promise<readonly Found[]> {
  if (!context.rules.has('copies-are-not-ours')) return found;
  const doubtful = found.flatMap((each): Doubtful[] => {
    const original = each.setback ? undefined : originalOf(context, each, records, cases);
    return original ? [{ each, ...original }] : [];
  });
  const told = new Map<Found, Found>();
  for (const [member, group] of Map.groupBy(doubtful, ({ each }) => each.member)) {
    for (let n = 0; n < group.length; n += member.can.batch.read) {
      const batch = group.slice(n, n + member.can.batch.read);
      for (const [each, outcome] of await tellApart(context, member, batch))
        told.set(each, outcome);
    }
  }
  return found.map((each) => told.get(each) ?? each);
}

interface Doubtful {
  readonly each: Found;
  readonly entity: EntityId;
  /** Of the item that the marker was made for. */
  readonly link: Link;
}

/** What was made by us, or is known to be merged from others, is told otherwise. */
function originalOf(
  context: Context,
  found: Found,
  records: Records,
  cases: ReadonlyMap<EntityId, Case>,
): Omit<Doubtful, 'each'> | undefined {
  const marker = markerIn(context, found);
  const state = marker && stateOf(marker.entity as EntityId, records, cases);
  const { mergedFrom, createdBy } = found.seen.item;
  if (!state || state.entity.life === 'dead' || mergedFrom || createdBy === 'us') return undefined;
  const link = state.links.find((one) => {
    return one.endpoint === found.ref.endpoint && one.generation === marker.generation;
  });
  if (!link || !ORIGINALS.has(link.state) || isGivenAway(link)) return undefined;
  return { entity: state.entity.id, link };
}

const ORIGINALS: ReadonlySet<Link['state']> = new Set(['live', 'held', 'gone']);

async function tellApart(
  context: Context,
  member: Member,
  doubtful: readonly Doubtful[],
): Promise<ReadonlyMap<Found, Found>> {
  const { clock } = context.world;
  const takenAt = clock.now();
  const { readLagMs } = member.can;
  try {
    const ids = doubtful.map(({ link }) => link.remoteId);
    const reads = await readIds(context, member, ids);
    const outcomes = doubtful.map(({ each, entity }, n): [Found, Found] => {
      const { kind } = reads[n]!;
      if (kind === 'missing') return [each, { ...each, heirOf: entity }];
      const bornAt = (each.seen.item.createdAt ?? 0) - member.facts.clockOffsetMs;
      const shownUntil = bornAt + member.facts.clockUncertaintyMs + readLagMs;
      if (kind === 'merged' || readLagMs === 0 || takenAt > shownUntil) return [each, each];
      const why = 'What has the same marker may be shown only because the answer is old.';
      return [each, { ...each, setback: { kind: 'again', why, at: shownUntil + 1 } }];
    });
    return new Map(outcomes);
  } catch (error) {
    const setback = setbackOf(answered(error), clock.now());
    return new Map(doubtful.map(({ each }) => [each, { ...each, setback }]));
  }
}
