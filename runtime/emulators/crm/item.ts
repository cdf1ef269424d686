/**
 * An item through time. Each change adds a state and never alters one; so the past can be read, by a
 * replica that lags and by a history, without copying anything.
 */
import type { Habits } from './habits.ts';
import type { Entry, Item, State } from './model.ts';
import type { Schema } from './schema.ts';

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

/** The number that tells states apart, as far as the vendor's clock can. */
export function versionOf(state: State, { version }: Pick<Habits, 'version'>): number {
  return version === 'time' ? state.updatedAtMs : state.version;
}

export function itemOf(id: string, state: State, schema: Schema, habits: Habits): Item {
  return {
    id,
    version: versionOf(state, habits),
    createdAt: iso(state.createdAtMs),
    createdBy: { kind: state.createdBy },
    updatedAt: iso(state.updatedAtMs),
    updatedBy: { kind: state.updatedBy },
    updatedAtByField: fieldTimes(state, schema),
    ...(state.marker === undefined ? {} : { marker: state.marker }),
    ...(state.mergedFrom === undefined ? {} : { mergedFrom: state.mergedFrom }),
    ...(state.life === 'archived' ? { archived: true } : {}),
    fields: schema.show(state.values),
  };
}

/** As vendors write times. */
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
