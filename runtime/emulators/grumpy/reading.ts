/**
 * What the API answers to those who only read. Every answer is one of the past: of a replica that
 * lags by up to what the account's abilities say, by another lag with every request.
 */
import type { Random } from '../../world/world.ts';
import type { Account } from './account.ts';
import type { Collection } from './collection.ts';
import { stateAt, versionOf, type Entry, type State } from './item.ts';
import { RequestRefused } from './refused.ts';
import { isFoundBy } from './values.ts';

/** What one request can see of a collection. */
export interface View {
  readonly account: Account;
  readonly collection: Collection;
  /** The time, by the clock of the world, up to which the replica has seen everything. */
  readonly seenMs: number;
}

export function viewOf(
  account: Account,
  collection: Collection,
  kind: 'read' | 'search' | 'changes',
  lag: Random,
): View {
  const mostMs = account.abilities[`${kind}LagMs`];
  const lagMs = mostMs === 0 ? 0 : lag.below(mostMs + 1);
  return { account, collection, seenMs: account.worldMs - lagMs };
}

/** The field a marker is kept in. */
const MARKER = 'externalId';

export function list(
  { collection, seenMs }: View,
  { limit, after }: { limit: number; after?: string | undefined },
): object {
  const lastId = after === undefined ? 0 : Number(readCursor(after, /^id(\d+)$/)[1]);
  const items: object[] = [];
  for (const entry of collection.entries) {
    if (Number(entry.id) <= lastId || collection.hidden.has(entry.id)) continue;
    const state = stateAt(entry, seenMs);
    if (state?.life !== 'live') continue;
    if (items.length === limit) return { items, next: `id${idOf(items.at(-1)!)}` };
    items.push(collection.shown(entry.id, state));
  }
  return { items };
}

export function changes(
  { account, collection, seenMs }: View,
  { since, limit, after }: { since: string; limit: number; after?: string | undefined },
): object {
  const tellDeletes = account.abilities.changesTellDeletes;
  const [, time, lastId] = after === undefined ? [] : readCursor(after, /^at(\d+)-(\d+)$/);
  const [startMs, startId] = [Number(time ?? Date.parse(since)), Number(lastId ?? 0)];
  const found: { entry: Entry; state: State }[] = [];
  for (const entry of collection.entries) {
    const state = stateAt(entry, seenMs);
    if (state === undefined || (state.life !== 'live' && !tellDeletes)) continue;
    if (collection.hidden.has(entry.id)) continue;
    if (state.updatedAtMs < startMs) continue;
    if (state.updatedAtMs === startMs && Number(entry.id) <= startId) continue;
    found.push({ entry, state });
  }
  // Entries come in the order of their ids, and sorting keeps that order within one instant.
  found.sort((one, other) => one.state.updatedAtMs - other.state.updatedAtMs);
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  const live = page.filter(({ state }) => state.life === 'live');
  const gone = page.filter(({ state }) => state.life !== 'live');
  return {
    items: live.map(({ entry, state }) => collection.shown(entry.id, state)),
    ...(tellDeletes ? { gone: gone.map(({ entry }) => entry.id) } : {}),
    ...(last === undefined ? {} : { next: `at${last.state.updatedAtMs}-${last.entry.id}` }),
  };
}

export function read(view: View, { ids }: { ids: readonly string[] }): object {
  const { account, collection } = view;
  const results = ids.map((id): object => {
    const state = seen(view, id);
    if (state?.life === 'live') return { status: 'ok', item: collection.shown(id, state) };
    if (state?.life === 'archived') {
      const hasVersion = account.abilities.version !== 'none';
      const version = hasVersion ? versionOf(state, account.abilities) : undefined;
      return { status: 'archived', version };
    }
    if (state?.life === 'merged' && account.abilities.mergeVisible === 'alias') {
      return { status: 'merged', into: followed(view, state.into!) };
    }
    return { status: 'missing' };
  });
  return { results };
}

export function search(
  { account, collection, seenMs }: View,
  { path, values }: { path: string; values: readonly (string | number | boolean)[] },
): object {
  const isMarker = path === MARKER && account.abilities.create !== 'naturalKey';
  const field = collection.schema.field(path);
  if (field === undefined && !isMarker) {
    throw new RequestRefused(400, 'bad_request', `There is no field ${path} to search.`, { path });
  }
  const wanted = new Set(values.map((value) => String(value).toLowerCase()));
  const items: object[] = [];
  for (const entry of collection.entries) {
    const state = stateAt(entry, seenMs);
    if (state?.life !== 'live' || collection.hidden.has(entry.id)) continue;
    const value = field === undefined ? (state.marker ?? null) : (state.values[field.key] ?? null);
    if (isFoundBy(value, wanted)) items.push(collection.shown(entry.id, state));
  }
  return { items };
}

export function history(
  { account, collection, seenMs }: View,
  { items }: { items: readonly { id: string; since: number }[] },
): object {
  const { abilities } = account;
  const results = items.map(({ id, since }) => {
    const entry = collection.hidden.has(id) ? undefined : collection.entry(id);
    const states = (entry?.states ?? []).filter((state) => state.sinceMs <= seenMs);
    // An id that is used again has a history that starts again.
    const { createdAtMs } = states.at(-1) ?? {};
    return states
      .filter((state) => state.createdAtMs === createdAtMs && versionOf(state, abilities) > since)
      .map((state) => ({
        version: versionOf(state, abilities),
        by: abilities.author ? { kind: state.updatedBy } : undefined,
        fields: collection.schema.show(state.values),
      }));
  });
  return { results };
}

function seen({ collection, seenMs }: View, id: string): State | undefined {
  const entry = collection.hidden.has(id) ? undefined : collection.entry(id);
  return entry && stateAt(entry, seenMs);
}

/** To the end of a chain of merges, as far as the replica knows it. */
function followed(view: View, id: string): string {
  const state = seen(view, id);
  return state?.life === 'merged' ? followed(view, state.into!) : id;
}

function readCursor(cursor: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(cursor);
  if (found) return found;
  throw new RequestRefused(400, 'bad_request', 'after takes the next of the page before.');
}

function idOf(item: object): string {
  return (item as { id: string }).id;
}
