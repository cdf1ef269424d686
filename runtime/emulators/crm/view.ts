/**
 * What one request can see of a collection. Every answer is one of the past: of a replica that lags by
 * up to so much, by another lag with every request. What was hidden from the API is not there.
 */
import type { Random } from '../../world/world.ts';
import type { Account } from './account.ts';
import type { Collection } from './collection.ts';
import { stateAt } from './item.ts';
import type { Entry, State } from './model.ts';

export interface View {
  readonly collection: Collection;
  /** The time, by the clock of the world, up to which the replica has seen everything. */
  readonly seenMs: number;
}

export function viewOf(
  account: Account,
  collection: Collection,
  { lag, mostMs }: { lag: Random; mostMs: number },
): View {
  const lagMs = mostMs === 0 ? 0 : lag.below(mostMs + 1);
  return { collection, seenMs: account.worldMs - lagMs };
}

/** Everything that ever was there and has left a trace, in the order of ids, after so many of them. */
export function* statesIn(
  { collection, seenMs }: View,
  after = 0,
): Iterable<{ entry: Entry; state: State }> {
  const { entries } = collection;
  for (let index = after; index < entries.length; index += 1) {
    const entry = entries[index]!;
    if (collection.hidden.has(entry.id)) continue;
    const state = stateAt(entry, seenMs);
    if (state !== undefined) yield { entry, state };
  }
}

export function stateIn({ collection, seenMs }: View, id: string): State | undefined {
  const entry = collection.hidden.has(id) ? undefined : collection.entry(id);
  return entry && stateAt(entry, seenMs);
}

/** To the end of a chain of merges, as far as the replica knows it. */
export function followed(view: View, id: string): string {
  const state = stateIn(view, id);
  return state?.life === 'merged' ? followed(view, state.into!) : id;
}
