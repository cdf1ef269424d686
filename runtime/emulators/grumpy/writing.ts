/**
 * What the API does for those who write. Items of a batch are taken one after the other, so that a
 * later one meets what an earlier one has done; each stands alone, or all of them stand together.
 */
import type { Collection } from '../crm/collection.ts';
import { latest, versionOf } from '../crm/item.ts';
import type { Doer, Given } from '../crm/model.ts';
import { Refused, refusing } from '../crm/refused.ts';
import type { Account } from './account.ts';
import { refusal } from './refused.ts';

/** Where a batch is written. */
export interface Place {
  readonly account: Account;
  readonly collection: Collection;
  /** The places in the batch of items that cannot be stored just now. */
  readonly busy: ReadonlySet<number>;
}

const APP: Doer = { by: 'app', via: 'api' };

export function create(
  place: Place,
  { items }: { items: readonly { fields: Given; marker?: string | undefined }[] },
): object {
  const { account, collection } = place;
  return batch(place, items, ({ fields, marker }) => {
    const kind = account.abilities.create;
    const isUpsert = kind === 'upsert' && marker !== undefined;
    const known = isUpsert ? collection.withMarker(marker) : undefined;
    if (known === undefined) {
      const kept = kind === 'naturalKey' ? undefined : marker;
      return account.create(collection, fields, APP, { marker: kept });
    }
    assertShown(place, known);
    account.update(collection, known, fields, APP);
    return known;
  });
}

export function update(
  place: Place,
  { items }: { items: readonly { id: string; fields: Given; ifVersion?: number | undefined }[] },
): object {
  return batch(place, items, ({ id, fields, ifVersion }) => {
    assertShown(place, id);
    place.account.update(place.collection, id, fields, APP, ifVersion);
    return id;
  });
}

export function remove(
  place: Place,
  { items }: { items: readonly { id: string; ifVersion?: number | undefined }[] },
): object {
  return batch(place, items, ({ id, ifVersion }) => {
    assertShown(place, id);
    place.account.remove(place.collection, id, APP, ifVersion);
    return id;
  });
}

export function restore(place: Place, { items }: { items: readonly { id: string }[] }): object {
  return batch(place, items, ({ id }) => {
    assertShown(place, id);
    place.account.restore(place.collection, id, APP);
    return id;
  });
}

function assertShown({ collection }: Place, id: string): void {
  if (collection.hidden.has(id)) throw new Refused('missing', `There is no item ${id}.`);
}

/** `write` answers the id of what it has written. */
function batch<One>(place: Place, items: readonly One[], write: (item: One) => string): object {
  const { account, busy } = place;
  const one = (item: One, index: number): object => {
    if (busy.has(index)) throw new Refused('busy', 'It could not be stored just now.');
    return written(place, write(item));
  };
  if (account.abilities.partial === 'allOrNothing') {
    const all = (item: One, index: number): object => {
      return refusing(
        () => one(item, index),
        (refused) => {
          throw refusal(422, refused.code, refused.message, {
            path: refused.path,
            existingId: refused.existingId,
            index,
          });
        },
      );
    };
    return { results: account.atomically(() => items.map(all)) };
  }
  const results = items.map((item, index) =>
    refusing(
      () => account.atomically(() => one(item, index)),
      (refused) => ({ status: 'error', ...refused.facts }),
    ),
  );
  return { results };
}

function written({ account, collection }: Place, id: string): object {
  const { writeReturns, version } = account.abilities;
  if (writeReturns === 'id') return { status: 'ok', id };
  const entry = collection.entry(id)!;
  const state = latest(entry);
  return {
    status: 'ok',
    id,
    version: version === 'none' ? undefined : versionOf(state, account.habits),
    item: state.life === 'live' ? account.shown(collection.item(id, state)) : undefined,
  };
}
