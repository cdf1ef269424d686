/** The records of one object that a request means, in the order of their ids. */
import { latest } from '../crm/item.ts';
import type { Account } from './account.ts';
import { mentionsDeletion, testOf, type Condition, type Place } from './conditions.ts';
import { flat, shownOf, type Shown } from './showing.ts';

/** What was deleted is only there for who asks about it. */
export function rowsOf(place: Place, condition: Condition | undefined): readonly Shown[] {
  const { account, collection } = place;
  const withDeleted = condition !== undefined && mentionsDeletion(condition);
  const test = condition === undefined ? undefined : testOf(place, condition);
  const rows: Shown[] = [];
  for (const id of idsInOrder(place)) {
    if (collection.hidden.has(id)) continue;
    const state = latest(collection.entry(id)!);
    if (state.life !== 'live' && !(withDeleted && state.life === 'archived')) continue;
    const shown = flat(account, collection, shownOf(account, collection, { id, state }));
    if (test === undefined || test(shown)) rows.push(shown);
  }
  return rows;
}

interface Sorted {
  readonly ids: readonly string[];
  readonly count: number;
  readonly last: string | undefined;
}

const sortedIds = new WeakMap<Place['collection'], Sorted>();

/** Ids are only ever added, so the last one tells whether the order is still the right one. */
function idsInOrder({
  collection,
}: { account: Account } & Pick<Place, 'collection'>): readonly string[] {
  const { entries } = collection;
  const [count, last] = [entries.length, entries.at(-1)?.id];
  const known = sortedIds.get(collection);
  if (known !== undefined && known.count === count && known.last === last) return known.ids;
  const ids = entries.map(({ id }) => id).toSorted((one, other) => (one < other ? -1 : 1));
  sortedIds.set(collection, { ids, count, last });
  return ids;
}
