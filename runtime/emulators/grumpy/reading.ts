/**
 * What the API answers to those who only read. Every answer is one of the past: of a replica that
 * lags by up to what the account's abilities say, by another lag with every request.
 */
import type { Random } from '../../world/world.ts';
import type { Collection } from '../crm/collection.ts';
import { versionOf } from '../crm/item.ts';
import type { Entry, State } from '../crm/model.ts';
import { isFoundBy } from '../crm/values.ts';
import { followed, stateIn, statesIn, viewOf, type View } from '../crm/view.ts';
import type { Account } from './account.ts';
import { refusal } from './refused.ts';

/** What one request can see of a collection. */
export interface Sight extends View {
  readonly account: Account;
}

export function sightOf(
  account: Account,
  collection: Collection,
  kind: 'read' | 'search' | 'changes',
  lag: Random,
): Sight {
  const mostMs = account.abilities[`${kind}LagMs`];
  return { account, ...viewOf(account, collection, { lag, mostMs }) };
}

/** The field a marker is kept in. */
const MARKER = 'externalId';

export function list(
  sight: Sight,
  { limit, after }: { limit: number; after?: string | undefined },
): object {
  let last = after === undefined ? 0 : Number(readCursor(after, /^id(\d+)$/)[1]);
  const items: object[] = [];
  for (const { entry, state } of statesIn(sight, last)) {
    if (state.life !== 'live') continue;
    if (items.length === limit) return { items, next: `id${last}` };
    items.push(shown(sight, entry.id, state));
    last = entry.order;
  }
  return { items };
}

export function changes(
  sight: Sight,
  { since, limit, after }: { since: string; limit: number; after?: string | undefined },
): object {
  const tellDeletes = sight.account.abilities.changesTellDeletes;
  const [, time, last] = after === undefined ? [] : readCursor(after, /^at(\d+)-(\d+)$/);
  const [startMs, lastOrder] = [Number(time ?? Date.parse(since)), Number(last ?? 0)];
  const found: { entry: Entry; state: State }[] = [];
  for (const { entry, state } of statesIn(sight)) {
    if (state.life !== 'live' && !tellDeletes) continue;
    if (state.updatedAtMs < startMs) continue;
    if (state.updatedAtMs === startMs && entry.order <= lastOrder) continue;
    found.push({ entry, state });
  }
  // Entries come in the order of their ids, and sorting keeps that order within one instant.
  found.sort((one, other) => one.state.updatedAtMs - other.state.updatedAtMs);
  const page = found.slice(0, limit);
  const end = found.length > limit ? page.at(-1) : undefined;
  const live = page.filter(({ state }) => state.life === 'live');
  const gone = page.filter(({ state }) => state.life !== 'live');
  return {
    items: live.map(({ entry, state }) => shown(sight, entry.id, state)),
    ...(tellDeletes ? { gone: gone.map(({ entry }) => entry.id) } : {}),
    ...(end === undefined ? {} : { next: `at${end.state.updatedAtMs}-${end.entry.order}` }),
  };
}

export function read(sight: Sight, { ids }: { ids: readonly string[] }): object {
  const { account } = sight;
  const results = ids.map((id): object => {
    const state = stateIn(sight, id);
    if (state?.life === 'live') return { status: 'ok', item: shown(sight, id, state) };
    if (state?.life === 'archived') {
      const hasVersion = account.abilities.version !== 'none';
      const version = hasVersion ? versionOf(state, account.habits) : undefined;
      return { status: 'archived', version };
    }
    if (state?.life === 'merged' && account.abilities.mergeVisible === 'alias') {
      return { status: 'merged', into: followed(sight, state.into!) };
    }
    return { status: 'missing' };
  });
  return { results };
}

export function search(
  sight: Sight,
  { path, values }: { path: string; values: readonly (string | number | boolean)[] },
): object {
  const { account, collection } = sight;
  const isMarker = path === MARKER && account.abilities.create !== 'naturalKey';
  const field = collection.schema.field(path);
  if (field === undefined && !isMarker) {
    throw refusal(400, 'bad_request', `There is no field ${path} to search.`, { path });
  }
  const wanted = new Set(values.map((value) => String(value).toLowerCase()));
  const items: object[] = [];
  for (const { entry, state } of statesIn(sight)) {
    if (state.life !== 'live') continue;
    const value = field === undefined ? (state.marker ?? null) : (state.values[field.key] ?? null);
    if (isFoundBy(value, wanted)) items.push(shown(sight, entry.id, state));
  }
  return { items };
}

export function history(
  { account, collection, seenMs }: Sight,
  { items }: { items: readonly { id: string; since: number }[] },
): object {
  const { abilities, habits } = account;
  const results = items.map(({ id, since }) => {
    const entry = collection.hidden.has(id) ? undefined : collection.entry(id);
    const states = (entry?.states ?? []).filter((state) => state.sinceMs <= seenMs);
    // An id that is used again has a history that starts again.
    const { createdAtMs } = states.at(-1) ?? {};
    return states
      .filter((state) => state.createdAtMs === createdAtMs && versionOf(state, habits) > since)
      .map((state) => ({
        version: versionOf(state, habits),
        by: abilities.author ? { kind: state.updatedBy } : undefined,
        fields: collection.schema.show(state.values),
      }));
  });
  return { results };
}

function shown({ account, collection }: Sight, id: string, state: State): object {
  return account.shown(collection.item(id, state));
}

function readCursor(cursor: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(cursor);
  if (found) return found;
  throw refusal(400, 'bad_request', 'after takes the next of the page before.');
}
