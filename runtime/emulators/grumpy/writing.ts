/**
 * What the API does for those who write. Items of a batch are taken one after the other, so that a
 * later one meets what an earlier one has done; each stands alone, or all of them stand together.
 */
import type { Account, Doer } from './account.ts';
import type { Collection } from './collection.ts';
import { latest, versionOf } from './item.ts';
import { Refused, RequestRefused } from './refused.ts';

export interface Desk {
  readonly account: Account;
  readonly collection: Collection;
  /** The places in the batch of items that cannot be stored just now. */
  readonly busy: ReadonlySet<number>;
}

type Fields = Readonly<Record<string, unknown>>;

const APP: Doer = { by: 'app', via: 'api' };

export function create(
  desk: Desk,
  { items }: { items: readonly { fields: Fields; marker?: string | undefined }[] },
): object {
  const { account, collection } = desk;
  return batch(desk, items, ({ fields, marker }) => {
    const isUpsert = account.abilities.create === 'upsert' && marker !== undefined;
    const known = isUpsert ? collection.withMarker(marker) : undefined;
    if (known === undefined) return account.create(collection, fields, APP, marker);
    account.update(collection, known, fields, APP);
    return known;
  });
}

export function update(
  desk: Desk,
  { items }: { items: readonly { id: string; fields: Fields; ifVersion?: number | undefined }[] },
): object {
  return batch(desk, items, ({ id, fields, ifVersion }) => {
    assertShown(desk, id);
    desk.account.update(desk.collection, id, fields, APP, ifVersion);
    return id;
  });
}

export function remove(
  desk: Desk,
  { items }: { items: readonly { id: string; ifVersion?: number | undefined }[] },
): object {
  return batch(desk, items, ({ id, ifVersion }) => {
    assertShown(desk, id);
    desk.account.remove(desk.collection, id, APP, ifVersion);
    return id;
  });
}

export function restore(desk: Desk, { items }: { items: readonly { id: string }[] }): object {
  return batch(desk, items, ({ id }) => {
    assertShown(desk, id);
    desk.account.restore(desk.collection, id, APP);
    return id;
  });
}

function assertShown({ collection }: Desk, id: string): void {
  if (collection.hidden.has(id)) throw new Refused('missing', `There is no item ${id}.`);
}

/** `write` answers the id of what it has written. */
function batch<One>(desk: Desk, items: readonly One[], write: (item: One) => string): object {
  const { account, busy } = desk;
  const one = (item: One, index: number): object => {
    if (busy.has(index)) throw new Refused('busy', 'It could not be stored just now.');
    return written(desk, write(item));
  };
  if (account.abilities.partial === 'allOrNothing') {
    const all = (item: One, index: number): object => {
      return refusing(
        () => one(item, index),
        (refused) => {
          throw new RequestRefused(422, refused.code, refused.message, {
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

function written({ account, collection }: Desk, id: string): object {
  const { writeReturns, version } = account.abilities;
  if (writeReturns === 'id') return { status: 'ok', id };
  const entry = collection.entry(id)!;
  const state = latest(entry);
  return {
    status: 'ok',
    id,
    version: version === 'none' ? undefined : versionOf(state, account.abilities),
    item: state.life === 'live' ? collection.shown(id, state) : undefined,
  };
}

function refusing<Result>(work: () => Result, refuse: (refused: Refused) => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refused) return refuse(error);
    throw error;
  }
}
