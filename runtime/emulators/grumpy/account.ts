/**
 * One account as it truly is, without lag, lost answers or limits: its items, and everything that can
 * happen to them. What is not allowed throws `Refused` and has changed nothing. All changes of an
 * `atomically` are there together or not at all, and only then does anybody hear of them.
 */
import type { Clock } from '../../world/world.ts';
import { Collection } from './collection.ts';
import { latest, versionOf, type Author, type Item, type State } from './item.ts';
import { abilitiesOf, type Abilities, type AccountOptions } from './options.ts';
import { Refused } from './refused.ts';
import { Schema, type Values } from './schema.ts';
import { isSame, type Value } from './values.ts';

export interface Change {
  /** By the clock of the world. */
  readonly at: number;
  readonly collection: string;
  readonly id: string;
  readonly kind: 'created' | 'updated' | 'deleted' | 'restored' | 'merged';
  readonly by: Author;
  readonly via: Doer['via'];
  readonly before?: Item;
  readonly after?: Item;
  /** Of a merge: the item that took over. */
  readonly into?: string;
  readonly version: number;
}

/** Whom an item names as its author, and which way the change came in. */
export interface Doer {
  readonly by: Author;
  readonly via: 'api' | 'hands' | 'rule' | 'backup';
}

export type Given = Readonly<Record<string, unknown>>;

/** What a backup holds. It shares its states with the account, since they never change. */
export interface Backup {
  readonly collections: ReadonlyMap<string, { states: ReadonlyMap<string, State>; lastId: number }>;
}

export class Account {
  readonly name: string;
  readonly abilities: Abilities;
  readonly collections: ReadonlyMap<string, Collection>;
  readonly log: Change[] = [];
  readonly forbidden = new Set<string>();
  token: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();
  #lastMs = 0;
  #pending: Change[] = [];
  #undo: (() => void)[] = [];

  constructor(options: AccountOptions, clock: Pick<Clock, 'now'>) {
    this.name = options.name;
    this.token = options.token;
    this.abilities = abilitiesOf(options);
    this.#clock = clock;
    const { uniqueFields, spelling } = this.abilities;
    this.collections = new Map(
      Object.entries(options.collections).map(([name, fields]) => {
        const schema = new Schema(fields, { unique: uniqueFields[name] ?? [], spelling });
        return [name, new Collection(name, schema, this.abilities)];
      }),
    );
  }

  /** The clock of the world, which never goes back here. */
  get worldMs(): number {
    this.#lastMs = Math.max(this.#lastMs, Math.floor(this.#clock.now()));
    return this.#lastMs;
  }

  /** The clock of Grumpy. */
  get nowMs(): number {
    return this.worldMs + this.abilities.clockSkewMs;
  }

  /** Tells of all changes, batch by batch; returns the way to stop that. */
  onChanges(listener: (changes: readonly Change[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  atomically<Result>(work: () => Result): Result {
    try {
      const result = work();
      this.#undo = [];
      this.#publish();
      return result;
    } catch (error) {
      for (const undo of this.#undo.splice(0).toReversed()) undo();
      this.#pending = [];
      throw error;
    }
  }

  create(collection: Collection, given: Given, doer: Doer, marker?: string): string {
    const values = collection.schema.accept(given, { readOnlyToo: doer.via !== 'api' });
    collection.assertUnique(undefined, values);
    return this.#born(collection, values, doer, marker);
  }

  /** An update that changes nothing is none: no version, no time, no event. */
  update(collection: Collection, id: string, given: Given, doer: Doer, ifVersion?: number): void {
    const before = this.#live(collection, id);
    this.#assertVersion(before, ifVersion);
    const accepted = collection.schema.accept(given, { readOnlyToo: doer.via !== 'api' });
    const values: Record<string, Value> = {};
    for (const [key, value] of Object.entries(accepted)) {
      if (!isSame(before.values[key] ?? null, value)) values[key] = value;
    }
    if (Object.keys(values).length === 0) return;
    collection.assertUnique(id, values);
    this.#put(collection, id, 'updated', doer, this.#next(before, doer, { values }));
  }

  remove(collection: Collection, id: string, doer: Doer, ifVersion?: number): void {
    const state = this.#known(collection, id);
    if (state.life === 'archived') return;
    const before = this.#live(collection, id);
    this.#assertVersion(before, ifVersion);
    const life = this.abilities.delete === 'soft' ? 'archived' : 'gone';
    this.#put(collection, id, 'deleted', doer, this.#next(before, doer, { life }));
  }

  restore(collection: Collection, id: string, doer: Doer): void {
    const before = this.#known(collection, id);
    if (before.life === 'live') return;
    if (before.life !== 'archived') throw missing(id);
    collection.assertUnique(id, before.values);
    this.#put(collection, id, 'restored', doer, this.#next(before, doer, { life: 'live' }));
  }

  /** The winner keeps its values and gets the loser's where it has none. Answers what is left. */
  merge(collection: Collection, loserId: string, winnerId: string, doer: Doer): string {
    const [loser, winner] = [this.#live(collection, loserId), this.#live(collection, winnerId)];
    if (loserId === winnerId) throw new Refused('invalid', 'An item cannot take over itself.');
    const filled = Object.entries(loser.values).filter(
      ([key, value]) => value !== null && (winner.values[key] ?? null) === null,
    );
    const values = Object.fromEntries(filled);
    const marker = winner.marker ?? loser.marker;
    const newId = this.abilities.mergeGivesNewId;
    const into = newId ? collection.freshId() : winnerId;
    const merged = (state: State): State => this.#next(state, doer, { life: 'merged', into });
    this.#put(collection, loserId, 'merged', doer, merged(loser));
    if (newId) {
      this.#put(collection, winnerId, 'merged', doer, merged(winner));
      return this.#born(collection, { ...winner.values, ...values }, doer, marker);
    }
    const after = { ...this.#next(winner, doer, { values }), marker };
    this.#put(collection, winnerId, 'updated', doer, after);
    return winnerId;
  }

  /** A copy, marker and all; only what must be unique is left empty. */
  clone(collection: Collection, id: string, doer: Doer): string {
    const { values, marker } = this.#live(collection, id);
    const copied: Record<string, Value> = { ...values };
    for (const { key, unique } of collection.schema.fields) if (unique === true) delete copied[key];
    return this.#born(collection, copied, doer, marker);
  }

  backup(): Backup {
    const collections = [...this.collections.values()].map((collection) => {
      const states = [...collection.entries].map((entry) => [entry.id, latest(entry)] as const);
      return [collection.name, { states: new Map(states), lastId: collection.lastId }] as const;
    });
    return { collections: new Map(collections) };
  }

  /** All is as it was, with the versions, times and next ids of then. Only the log knows. */
  restoreBackup({ collections }: Backup): void {
    for (const [name, { states, lastId }] of collections) {
      const collection = this.collections.get(name)!;
      for (const entry of collection.entries) {
        const [before, then] = [latest(entry), states.get(entry.id)];
        if (then === before) continue;
        const after: State = { ...(then ?? { ...before, life: 'gone' }), sinceMs: this.worldMs };
        const kind = kindOf(before, after);
        if (kind === undefined) collection.put(entry.id, after);
        else this.#put(collection, entry.id, kind, { by: 'person', via: 'backup' }, after);
      }
      collection.rewindIds(lastId);
      collection.reindex();
    }
  }

  #born(collection: Collection, values: Values, doer: Doer, marker?: string): string {
    const id = collection.freshId();
    const former = collection.entry(id);
    const timeMs = Math.max(this.nowMs, former ? latest(former).updatedAtMs + 1 : 0);
    const keys = Object.keys(values).filter((key) => values[key] !== null);
    this.#put(collection, id, 'created', doer, {
      life: 'live',
      sinceMs: this.worldMs,
      version: 1,
      createdAtMs: timeMs,
      createdBy: doer.by,
      updatedAtMs: timeMs,
      updatedBy: doer.by,
      marker: this.abilities.create === 'naturalKey' ? undefined : marker,
      values,
      changedAtMs: Object.fromEntries(keys.map((key) => [key, timeMs])),
    });
    return id;
  }

  /** No two states of an item share a time: a second change in a millisecond counts as one later. */
  #next(
    before: State,
    doer: Doer,
    { values = {}, ...changed }: { life?: State['life']; into?: string; values?: Values },
  ): State {
    const updatedAtMs = Math.max(this.nowMs, before.updatedAtMs + 1);
    const times = Object.keys(values).map((key) => [key, updatedAtMs]);
    return {
      ...before,
      ...changed,
      sinceMs: this.worldMs,
      version: before.version + 1,
      updatedAtMs,
      updatedBy: doer.by,
      values: { ...before.values, ...values },
      changedAtMs: { ...before.changedAtMs, ...Object.fromEntries(times) },
    };
  }

  #put(
    collection: Collection,
    id: string,
    kind: Change['kind'],
    { by, via }: Doer,
    state: State,
  ): void {
    const entry = collection.entry(id);
    const before = entry && latest(entry);
    this.#undo.push(collection.put(id, state));
    this.#pending.push({
      at: state.sinceMs,
      collection: collection.name,
      id,
      kind,
      by,
      via,
      ...(before && isThere(before) ? { before: collection.item(id, before) } : {}),
      ...(isThere(state) ? { after: collection.item(id, state) } : {}),
      ...(kind === 'merged' ? { into: state.into! } : {}),
      version: versionOf(state, this.abilities),
    });
  }

  #publish(): void {
    const changes = this.#pending;
    if (changes.length === 0) return;
    this.#pending = [];
    this.log.push(...changes);
    const nowMs = this.worldMs;
    for (const { collection, id } of changes) this.collections.get(collection)!.forget(id, nowMs);
    for (const listener of this.#listeners) listener(changes);
  }

  #known(collection: Collection, id: string): State {
    const entry = collection.entry(id);
    if (entry === undefined) throw missing(id);
    return latest(entry);
  }

  #live(collection: Collection, id: string): State {
    const state = collection.live(id);
    if (state === undefined) throw missing(id);
    return state;
  }

  #assertVersion(state: State, ifVersion: number | undefined): void {
    const version = versionOf(state, this.abilities);
    if (ifVersion === undefined || ifVersion === version) return;
    throw new Refused('outdated', `The item has version ${version}.`);
  }
}

function isThere({ life }: State): boolean {
  return life === 'live' || life === 'archived';
}

function missing(id: string): Refused {
  return new Refused('missing', `There is no item ${id}.`);
}

/** Undefined when nobody could tell the difference. */
function kindOf(before: State, after: State): Change['kind'] | undefined {
  if (!isThere(before) && !isThere(after)) return undefined;
  if (after.life !== 'live') return 'deleted';
  return before.life === 'live' ? 'updated' : 'restored';
}
