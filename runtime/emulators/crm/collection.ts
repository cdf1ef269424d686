/**
 * The items of one collection, with the indexes that writes need: who holds a unique value, and who
 * carries a marker. `put` is the only way to change anything, and answers with the way back.
 */
import type { Habits } from './habits.ts';
import { itemOf, latest } from './item.ts';
import type { Entry, FieldOptions, Item, State, Value, Values } from './model.ts';
import { Refused } from './refused.ts';
import type { Field, Schema } from './schema.ts';

export class Collection {
  readonly name: string;
  readonly schema: Schema;
  readonly #habits: Habits;
  readonly #entries = new Map<string, Entry>();
  readonly #inOrder: Entry[] = [];
  /** Ids that deleted items have left behind. */
  #free: string[] = [];
  /** Ids to which merges lead; these are never used again, or a merge would lead to a stranger. */
  readonly #winners = new Set<string>();
  /** Items that the API may not see: for it, they are not there. */
  readonly hidden = new Set<string>();
  /** How many ids were given; a backup can set it back. */
  #given = 0;
  readonly #holders = new Map<string, Map<string, string>>();
  readonly #marked = new Map<string, Set<string>>();
  readonly #items = new WeakMap<State, { item: Item; edition: number }>();

  constructor(name: string, schema: Schema, habits: Habits) {
    this.name = name;
    this.schema = schema;
    this.#habits = habits;
  }

  /** In the order in which the ids were given. */
  get entries(): readonly Entry[] {
    return this.#inOrder;
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
    const entries = [...(this.#marked.get(marker) ?? [])].map((id) => this.#entries.get(id)!);
    return entries.toSorted((one, other) => one.order - other.order)[0]?.id;
  }

  /** The oldest item that holds this value of a unique field. */
  holding(path: string, key: string): string | undefined {
    const field = this.schema.field(path);
    return field && this.#holders.get(field.key)?.get(key);
  }

  /** An id for a new item: where ids are used again, the one that got free last. */
  freshId(): string {
    if (this.#habits.reusesIds) {
      const free = this.#free.at(-1);
      if (free !== undefined) return free;
    }
    return this.#habits.newId({ collection: this.name, number: this.#given + 1 });
  }

  /** Refuses what another item holds, as far as it changes what this one holds. */
  assertUnique(id: string | undefined, before: Values | undefined, changed: Values): void {
    const { uniqueFields } = this.schema;
    if (uniqueFields.length === 0) return;
    const after = { ...before, ...changed };
    for (const field of uniqueFields) {
      const isWritten = before === undefined || Object.hasOwn(changed, field.key);
      const held = new Set(isWritten ? [] : this.#uniqueKeys(field, before));
      for (const key of this.#uniqueKeys(field, after)) {
        const holder = held.has(key) ? undefined : this.#holders.get(field.key)?.get(key);
        if (holder === undefined || holder === id) continue;
        const { path } = field;
        throw new Refused('duplicate', `${path} is taken.`, { path, existingId: holder });
      }
    }
  }

  put(id: string, state: State): () => void {
    const [free, given] = [this.#free, this.#given];
    const entry = this.#entries.get(id) ?? this.#newEntry(id);
    const before = entry.states.at(-1);
    if (before !== undefined) this.#unlist(id, before);
    entry.states.push(state);
    this.#given = Math.max(given, entry.order);
    this.#list(id, state);
    if (state.into !== undefined) this.#winners.add(state.into);
    if (state.life === 'gone' && !this.#winners.has(id)) this.#free = [...free, id];
    else if (free.includes(id)) this.#free = free.filter((other) => other !== id);
    return () => {
      this.#unlist(id, state);
      entry.states.pop();
      if (entry.states.length === 0) {
        this.#entries.delete(id);
        this.#inOrder.splice(entry.order - 1, 1);
      }
      if (before !== undefined) this.#list(id, before);
      [this.#free, this.#given] = [free, given];
    };
  }

  /** Drops the states that nobody can see any more. Not before a change is final: the way back may need them. */
  forget(id: string, nowMs: number): void {
    const states = this.#entries.get(id)?.states;
    if (states === undefined) return;
    const seenMs = nowMs - this.#habits.rememberMs;
    while (states.length > 1 && states[1]!.sinceMs <= seenMs) states.shift();
  }

  /** From here on, new items get the ids after so many, also those that exist and are gone. */
  rewindIds(given: number): void {
    this.#given = given;
    this.#free = this.#free.filter((id) => this.#entries.get(id)!.order <= given);
  }

  get idsGiven(): number {
    return this.#given;
  }

  /** The same object for the same state, until the schema changes. */
  item(id: string, state: State): Item {
    const known = this.#items.get(state);
    if (known?.edition === this.schema.edition) return known.item;
    const item = itemOf(id, state, this.schema, this.#habits);
    this.#items.set(state, { item, edition: this.schema.edition });
    return item;
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
    for (const { states } of this.#inOrder) {
      for (const [index, state] of states.entries()) {
        const value = this.#habits.retype(after, state.values[key] ?? null);
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
    for (const entry of this.#inOrder) this.#hold(entry.id, latest(entry));
  }

  #newEntry(id: string): Entry {
    const entry: Entry = { id, order: this.#inOrder.length + 1, states: [] };
    this.#entries.set(id, entry);
    this.#inOrder.push(entry);
    return entry;
  }

  #list(id: string, state: State): void {
    this.#hold(id, state);
    if (state.life !== 'live' || state.marker === undefined) return;
    const ids = this.#marked.get(state.marker) ?? new Set();
    this.#marked.set(state.marker, ids.add(id));
  }

  #unlist(id: string, state: State): void {
    for (const [field, key] of this.#held(state)) {
      const holders = this.#holders.get(field);
      if (holders?.get(key) === id) holders.delete(key);
    }
    if (state.life === 'live' && state.marker !== undefined) {
      this.#marked.get(state.marker)?.delete(id);
    }
  }

  /** The first one keeps what two have, which only happens when a field becomes unique. */
  #hold(id: string, state: State): void {
    for (const [field, key] of this.#held(state)) {
      const holders = this.#holders.get(field) ?? new Map<string, string>();
      this.#holders.set(field, holders);
      if (!holders.has(key)) holders.set(key, id);
    }
  }

  #held({ life, values }: State): readonly (readonly [field: string, key: string])[] {
    const holds = life === 'live' || (life === 'archived' && this.#habits.archivedHoldUnique);
    if (!holds) return [];
    return this.schema.uniqueFields.flatMap((field) =>
      this.#uniqueKeys(field, values).map((key) => [field.key, key] as const),
    );
  }

  #uniqueKeys(field: Field, values: Values): readonly string[] {
    return this.#habits.uniqueKeys(field, (path): Value => {
      const key = this.schema.field(path)?.key;
      return (key === undefined ? undefined : values[key]) ?? null;
    });
  }
}
