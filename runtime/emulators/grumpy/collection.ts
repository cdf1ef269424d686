/**
 * The items of one collection, with the indexes that writes need: who holds a unique value, and who
 * carries a marker. `put` is the only way to change anything, and answers with the way back.
 */
import { itemOf, latest, shownOf, type Entry, type Item, type State } from './item.ts';
import type { Abilities, FieldOptions } from './options.ts';
import { Refused } from './refused.ts';
import type { Schema } from './schema.ts';
import { retyped, uniqueKey, type Value } from './values.ts';

export class Collection {
  readonly name: string;
  readonly schema: Schema;
  readonly #abilities: Abilities;
  /** By id, in the order of ids. */
  readonly #entries = new Map<string, Entry>();
  /** Ids that deleted items have left behind. */
  #free: string[] = [];
  /** Ids to which merges lead; these are never used again, or a merge would lead to a stranger. */
  readonly #winners = new Set<string>();
  /** Items that the API may not see: for it, they are not there. */
  readonly hidden = new Set<string>();
  #lastId = 0;
  readonly #holders = new Map<string, Map<string, string>>();
  readonly #marked = new Map<string, Set<string>>();
  #shown = new WeakMap<State, { item: Item; shown: object; edition: number }>();

  constructor(name: string, schema: Schema, abilities: Abilities) {
    this.name = name;
    this.schema = schema;
    this.#abilities = abilities;
  }

  get entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  entry(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  live(id: string): State | undefined {
    const entry = this.#entries.get(id);
    const state = entry && latest(entry);
    return state?.life === 'live' ? state : undefined;
  }

  /** The oldest live item with this marker; a clone has the marker as well. */
  withMarker(marker: string): string | undefined {
    const ids = [...(this.#marked.get(marker) ?? [])].map(Number);
    return ids.length === 0 ? undefined : String(Math.min(...ids));
  }

  /** An id for a new item: where ids are used again, the one that got free last. */
  freshId(): string {
    if (this.#abilities.reusesIds) {
      const free = this.#free.at(-1);
      if (free !== undefined) return free;
    }
    return String(this.#lastId + 1);
  }

  /** Refuses values that another live item holds. */
  assertUnique(id: string | undefined, values: Readonly<Record<string, Value>>): void {
    for (const { key, path, type, unique } of this.schema.fields) {
      if (unique !== true) continue;
      const wanted = uniqueKey(type, values[key] ?? null);
      const holder = wanted === undefined ? undefined : this.#holders.get(key)?.get(wanted);
      if (holder === undefined || holder === id) continue;
      throw new Refused('duplicate', `${path} is taken.`, { path, existingId: holder });
    }
  }

  put(id: string, state: State): () => void {
    const [free, lastId] = [this.#free, this.#lastId];
    const entry = this.#entries.get(id) ?? { id, states: [] };
    const before = entry.states.at(-1);
    if (before?.life === 'live') this.#unlist(id, before);
    entry.states.push(state);
    this.#entries.set(id, entry);
    this.#lastId = Math.max(lastId, Number(id));
    if (state.life === 'live') this.#list(id, state);
    if (state.into !== undefined) this.#winners.add(state.into);
    if (state.life === 'gone' && !this.#winners.has(id)) this.#free = [...free, id];
    else if (free.includes(id)) this.#free = free.filter((other) => other !== id);
    return () => {
      if (state.life === 'live') this.#unlist(id, state);
      entry.states.pop();
      if (entry.states.length === 0) this.#entries.delete(id);
      if (before?.life === 'live') this.#list(id, before);
      [this.#free, this.#lastId] = [free, lastId];
    };
  }

  /**
   * Drops the states that no replica shows any more, unless the API has a history. Not before a change
   * is final: the way back may need them.
   */
  forget(id: string, nowMs: number): void {
    const { history, readLagMs, searchLagMs, changesLagMs } = this.#abilities;
    const states = history ? undefined : this.#entries.get(id)?.states;
    if (states === undefined) return;
    const seenMs = nowMs - Math.max(readLagMs, searchLagMs, changesLagMs);
    while (states.length > 1 && states[1]!.sinceMs <= seenMs) states.shift();
  }

  /** From here on, new items get the ids after this one, also those that exist and are gone. */
  rewindIds(lastId: number): void {
    this.#lastId = lastId;
    this.#free = this.#free.filter((id) => Number(id) <= lastId);
  }

  get lastId(): number {
    return this.#lastId;
  }

  item(id: string, state: State): Item {
    return this.#render(id, state).item;
  }

  /** As the API shows it. */
  shown(id: string, state: State): object {
    return this.#render(id, state).shown;
  }

  /**
   * Gives a field another type. All states that are kept get the converted value under the field's new
   * key, and nothing else of them changes: no version, no time, no author.
   */
  retype(path: string, differences: Pick<FieldOptions, 'type' | 'options'>): void {
    const before = this.schema.field(path);
    if (before === undefined)
      throw new Refused('unknown_field', `There is no field ${path}.`, { path });
    const { key, ...field } = before;
    const after = this.schema.add({ ...field, ...differences });
    for (const { states } of this.#entries.values()) {
      for (const [index, state] of states.entries()) {
        const value = retyped(after, state.values[key] ?? null);
        const values = { ...state.values, [after.key]: value };
        const timeMs = state.changedAtMs[key];
        const times = timeMs === undefined ? {} : { [after.key]: timeMs };
        states[index] = { ...state, values, changedAtMs: { ...state.changedAtMs, ...times } };
      }
    }
    this.reindex();
  }

  /** After a change of the schema: what is unique may be something else now. */
  reindex(): void {
    this.#holders.clear();
    for (const entry of this.#entries.values()) {
      const state = latest(entry);
      if (state.life === 'live') this.#hold(entry.id, state);
    }
  }

  #list(id: string, state: State): void {
    this.#hold(id, state);
    if (state.marker === undefined) return;
    const ids = this.#marked.get(state.marker) ?? new Set();
    this.#marked.set(state.marker, ids.add(id));
  }

  #unlist(id: string, state: State): void {
    for (const { key, type, unique } of this.schema.fields) {
      const value = unique === true ? uniqueKey(type, state.values[key] ?? null) : undefined;
      const holders = value === undefined ? undefined : this.#holders.get(key);
      if (holders?.get(value!) === id) holders.delete(value!);
    }
    if (state.marker !== undefined) this.#marked.get(state.marker)?.delete(id);
  }

  /** The first one keeps what two have, which only happens when a field becomes unique. */
  #hold(id: string, { values }: State): void {
    for (const { key, type, unique } of this.schema.fields) {
      const value = unique === true ? uniqueKey(type, values[key] ?? null) : undefined;
      if (value === undefined) continue;
      const holders = this.#holders.get(key) ?? new Map<string, string>();
      this.#holders.set(key, holders);
      if (!holders.has(value)) holders.set(value, id);
    }
  }

  #render(id: string, state: State): { item: Item; shown: object } {
    const known = this.#shown.get(state);
    if (known?.edition === this.schema.edition) return known;
    const item = itemOf(id, state, this.schema, this.#abilities);
    const rendered = {
      item,
      shown: shownOf(item, this.#abilities),
      edition: this.schema.edition,
    };
    this.#shown.set(state, rendered);
    return rendered;
  }
}
