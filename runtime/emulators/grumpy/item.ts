/**
 * An item through time. Each change adds a state and never alters one; so the past can be read, by a
 * replica that lags and by the history, without copying anything.
 */
import type { Abilities } from './options.ts';
import type { Schema, Values } from './schema.ts';
import type { Value } from './values.ts';

export type Author = 'person' | 'app' | 'integration';

export interface State {
  readonly life: 'live' | 'archived' | 'gone' | 'merged';
  /** After a merge: the item that took over. */
  readonly into?: string;
  /** Since when, by the clock of the world. The other times are by the clock of Grumpy. */
  readonly sinceMs: number;
  readonly version: number;
  readonly createdAtMs: number;
  readonly createdBy: Author;
  readonly updatedAtMs: number;
  readonly updatedBy: Author;
  readonly marker: string | undefined;
  readonly values: Values;
  readonly changedAtMs: Readonly<Record<string, number>>;
}

/** The place of an id. One that is used again holds the states of all items that had it. */
export interface Entry {
  readonly id: string;
  readonly states: State[];
}

/** An item with all there is to know about it. */
export interface Item {
  readonly id: string;
  readonly version: number;
  readonly createdAt: string;
  readonly createdBy: { readonly kind: Author };
  readonly updatedAt: string;
  readonly updatedBy: { readonly kind: Author };
  readonly updatedAtByField: Readonly<Record<string, string>>;
  readonly marker?: string;
  readonly archived?: true;
  readonly fields: Readonly<Record<string, Value>>;
}

export function latest({ states }: Entry): State {
  return states.at(-1)!;
}

/** What a replica that has seen everything up to `timeMs` knows. */
export function stateAt({ states }: Entry, timeMs: number): State | undefined {
  for (let index = states.length - 1; index >= 0; index -= 1) {
    const state = states[index]!;
    if (state.sinceMs <= timeMs) return state;
  }
  return undefined;
}

/** The number that tells states apart; the counter also where the API has none. */
export function versionOf(state: State, { version }: Pick<Abilities, 'version'>): number {
  return version === 'time' ? state.updatedAtMs : state.version;
}

export function itemOf(id: string, state: State, schema: Schema, abilities: Abilities): Item {
  return {
    id,
    version: versionOf(state, abilities),
    createdAt: iso(state.createdAtMs),
    createdBy: { kind: state.createdBy },
    updatedAt: iso(state.updatedAtMs),
    updatedBy: { kind: state.updatedBy },
    updatedAtByField: fieldTimes(state, schema),
    ...(state.marker === undefined ? {} : { marker: state.marker }),
    ...(state.life === 'archived' ? { archived: true } : {}),
    fields: schema.show(state.values),
  };
}

/** The same as the API of this account shows it. */
export function shownOf(item: Item, { version, author, fieldTimes: hasTimes }: Abilities): object {
  const { archived: _archived, ...shown } = item;
  return {
    ...shown,
    version: version === 'none' ? undefined : item.version,
    updatedAt: version === 'none' ? undefined : item.updatedAt,
    createdBy: author ? item.createdBy : undefined,
    updatedBy: author ? item.updatedBy : undefined,
    updatedAtByField: hasTimes ? item.updatedAtByField : undefined,
  };
}

export function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function fieldTimes({ changedAtMs }: State, schema: Schema): Record<string, string> {
  const times: Record<string, string> = {};
  for (const { path, key } of schema.fields) {
    const timeMs = changedAtMs[key];
    if (timeMs !== undefined) times[path] = iso(timeMs);
  }
  return times;
}
