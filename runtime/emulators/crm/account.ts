/**
 * One account as it truly is, without lag, lost answers or limits: its items, and everything that can
 * happen to them. What is not allowed throws `Refused` and has changed nothing. All changes of an
 * `atomically` are there together or not at all, and only then does anybody hear of them.
 */
import type { Clock } from '../../world/world.ts';
import { Collection } from './collection.ts';
import { PLAIN, type Habits } from './habits.ts';
import { latest, versionOf } from './item.ts';
import type { Change, Doer, FieldOptions, Given, State, Value, Values } from './model.ts';
import { referrers } from './references.ts';
import { Refused } from './refused.ts';
import { Schema } from './schema.ts';
import { isSame } from './values.ts';

export interface AccountSetup {
  /** One word for streams of chance and codes of errors, and the name that people know. */
  readonly vendor: string;
  readonly title: string;
  readonly name: string;
  readonly token: string;
  readonly collections: Readonly<Record<string, readonly FieldOptions[]>>;
  readonly habits?: Partial<Habits>;
}

/** What a backup holds. It shares its states with the account, since they never change. */
export interface Backup {
  readonly collections: ReadonlyMap<string, Kept>;
}

interface Kept {
  readonly states: ReadonlyMap<string, State>;
  readonly idsGiven: number;
}

export class Account {
  readonly vendor: string;
  readonly title: string;
  readonly name: string;
  readonly habits: Habits;
  readonly log: Change[] = [];
  readonly forbidden = new Set<string>();
  token: string;
  readonly #collections = new Map<string, Collection>();
  readonly #clock: Pick<Clock, 'now'>;
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();
  #lastMs = 0;
  #pending: Change[] = [];
  #undo: (() => void)[] = [];

  constructor(
    { vendor, title, name, token, collections, habits = {} }: AccountSetup,
    clock: Pick<Clock, 'now'>,
  ) {
    this.vendor = vendor;
    this.title = title;
    this.name = name;
    this.token = token;
    this.habits = { ...PLAIN, ...habits };
    this.#clock = clock;
    for (const [collection, fields] of Object.entries(collections)) {
      this.addCollection(collection, fields);
    }
  }

  get collections(): ReadonlyMap<string, Collection> {
    return this.#collections;
  }

  addCollection(name: string, fields: readonly FieldOptions[]): Collection {
    const collection = new Collection(name, new Schema(fields, this.habits), this.habits);
    this.#collections.set(name, collection);
    return collection;
  }

  /** With everything in it; what was done there stays in the log. */
  removeCollection(name: string): void {
    this.#collections.delete(name);
  }

  /** The clock of the world, which never goes back here. */
  get worldMs(): number {
    this.#lastMs = Math.max(this.#lastMs, Math.floor(this.#clock.now()));
    return this.#lastMs;
  }

  /** The clock of the vendor. */
  get nowMs(): number {
    return this.worldMs + this.habits.clockSkewMs;
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

  create(
    collection: Collection,
    given: Given,
    doer: Doer,
    { id = collection.freshId(), marker }: { id?: string; marker?: string | undefined } = {},
  ): string {
    const former = collection.entry(id);
    if (former !== undefined && latest(former).life !== 'gone') {
      throw new Refused('duplicate', `The id ${id} is taken.`, { existingId: id });
    }
    const accepted = collection.schema.accept(given, { readOnlyToo: doer.via !== 'api' });
    const values = this.#withDerived(collection, id, undefined, accepted, doer);
    collection.assertUnique(undefined, undefined, values);
    return this.#born(collection, id, values, doer, { marker });
  }

  /** An update that changes nothing is none: no version, no time, no event. */
  update(collection: Collection, id: string, given: Given, doer: Doer, ifVersion?: number): void {
    const before = this.#live(collection, id);
    this.#assertVersion(before, ifVersion);
    const accepted = collection.schema.accept(given, {
      readOnlyToo: doer.via !== 'api',
      before: before.values,
    });
    const changed = differing(before.values, accepted);
    if (Object.keys(changed).length === 0) return;
    const derived = this.#withDerived(collection, id, before.values, changed, doer);
    const values = differing(before.values, derived);
    if (Object.keys(values).length === 0) return;
    collection.assertUnique(id, before.values, values);
    const isQuiet = collection.schema.areQuiet(Object.keys(values));
    this.#put(collection, id, 'updated', doer, this.#next(before, doer, { values, isQuiet }));
  }

  remove(collection: Collection, id: string, doer: Doer, ifVersion?: number): void {
    const state = this.#known(collection, id);
    if (state.life === 'archived') return;
    const before = this.#live(collection, id);
    this.#assertVersion(before, ifVersion);
    const { delete: depth, deletingMovesTime, references } = this.habits;
    const life = depth === 'soft' ? 'archived' : 'gone';
    const after = this.#next(before, doer, { life, isQuiet: !deletingMovesTime });
    this.#put(collection, id, 'deleted', doer, after);
    const kept = references[depth === 'soft' ? 'deleted' : 'destroyed'];
    if (kept !== 'keep') this.#repoint(collection, [id], undefined, doer, kept === 'clearQuietly');
  }

  /** For good, whether it was archived or not. */
  destroy(collection: Collection, id: string, doer: Doer): void {
    const before = this.#known(collection, id);
    if (!isThere(before)) throw missing(id);
    this.#put(collection, id, 'destroyed', doer, this.#next(before, doer, { life: 'gone' }));
    const kept = this.habits.references.destroyed;
    if (kept !== 'keep') this.#repoint(collection, [id], undefined, doer, kept === 'clearQuietly');
  }

  restore(collection: Collection, id: string, doer: Doer): void {
    const before = this.#known(collection, id);
    if (before.life === 'live') return;
    if (before.life !== 'archived') throw missing(id);
    collection.assertUnique(id, undefined, before.values);
    const isQuiet = !this.habits.deletingMovesTime;
    const { into: _into, ...after } = this.#next(before, doer, { life: 'live', isQuiet });
    this.#put(collection, id, 'restored', doer, after);
  }

  /** Moves the time of the last change, and nothing else; by itself unless somebody did it. */
  touch(collection: Collection, id: string, by?: Doer): void {
    const before = this.#live(collection, id);
    const doer: Doer = by ?? { by: before.updatedBy, via: 'vendor' };
    this.#put(collection, id, 'updated', doer, this.#next(before, doer, {}));
  }

  /** The winner keeps its values and gets the loser's where it has none. Answers what is left. */
  merge(collection: Collection, loserId: string, winnerId: string, doer: Doer): string {
    const [loser, winner] = [this.#live(collection, loserId), this.#live(collection, winnerId)];
    if (loserId === winnerId) throw new Refused('invalid', 'An item cannot take over itself.');
    const { newId, loser: life, values: valuesOf } = this.habits.merging;
    const into = newId ? collection.freshId() : winnerId;
    const filled = Object.entries(loser.values).filter(
      ([key, value]) => value !== null && (winner.values[key] ?? null) === null,
    );
    const given = valuesOf?.({
      collection: collection.name,
      loser: collection.item(loserId, loser),
      winner: collection.item(winnerId, winner),
    });
    const values = this.#withDerived(
      collection,
      into,
      winner.values,
      {
        ...Object.fromEntries(filled),
        ...collection.schema.accept(given ?? {}, { readOnlyToo: true, before: winner.values }),
      },
      doer,
    );
    const marker = winner.marker ?? loser.marker;
    this.#put(collection, loserId, 'merged', doer, this.#next(loser, doer, { life, into }));
    if (newId) {
      this.#put(collection, winnerId, 'merged', doer, this.#next(winner, doer, { life, into }));
      const former = [winner, loser].flatMap(({ mergedFrom = [] }) => mergedFrom);
      const mergedFrom = [winnerId, loserId, ...former];
      this.#born(collection, into, { ...winner.values, ...values }, doer, { marker, mergedFrom });
    } else {
      const after = { ...this.#next(winner, doer, { values }), marker };
      this.#put(collection, winnerId, 'updated', doer, after);
    }
    if (this.habits.references.merged === 'follow') {
      this.#repoint(collection, newId ? [loserId, winnerId] : [loserId], into, doer);
    }
    return into;
  }

  /** A copy, marker and all; only what must be unique is left empty. */
  clone(collection: Collection, id: string, doer: Doer): string {
    const { values, marker } = this.#live(collection, id);
    const copied: Record<string, Value> = { ...values };
    for (const { key, unique } of collection.schema.fields) if (unique === true) delete copied[key];
    return this.#born(collection, collection.freshId(), copied, doer, { marker });
  }

  backup(): Backup {
    const collections = [...this.collections.values()].map((collection) => {
      const states = [...collection.entries].map((entry) => [entry.id, latest(entry)] as const);
      return [collection.name, { states: new Map(states), idsGiven: collection.idsGiven }] as const;
    });
    return { collections: new Map(collections) };
  }

  /** All is as it was, with the versions, times and next ids of then. Only the log knows. */
  restoreBackup({ collections }: Backup): void {
    for (const [name, { states, idsGiven }] of collections) {
      const collection = this.collections.get(name);
      if (collection === undefined) continue;
      for (const entry of collection.entries) {
        const [before, then] = [latest(entry), states.get(entry.id)];
        if (then === before) continue;
        const after: State = { ...(then ?? { ...before, life: 'gone' }), sinceMs: this.worldMs };
        const kind = kindOf(before, after);
        if (kind === undefined) collection.put(entry.id, after);
        else this.#put(collection, entry.id, kind, { by: 'person', via: 'backup' }, after);
      }
      collection.rewindIds(idsGiven);
      collection.reindex();
    }
  }

  /** What was changed, and what follows from it. */
  #withDerived(
    collection: Collection,
    id: string,
    before: Values | undefined,
    changed: Values,
    { by }: Doer,
  ): Values {
    const { derive } = this.habits;
    if (derive === undefined) return changed;
    const { schema } = collection;
    const values = { ...before, ...changed };
    const given = derive({
      collection: collection.name,
      id,
      by,
      nowMs: this.nowMs,
      before: before && schema.show(before),
      after: schema.show(values),
    });
    // A field that somebody has removed is no reason to refuse everything else.
    const known = Object.entries(given ?? {}).filter(([path]) => schema.field(path) !== undefined);
    const accepted = schema.accept(Object.fromEntries(known), {
      readOnlyToo: true,
      before: values,
    });
    return { ...changed, ...accepted };
  }

  #born(
    collection: Collection,
    id: string,
    values: Values,
    doer: Doer,
    { marker, mergedFrom }: { marker: string | undefined; mergedFrom?: readonly string[] },
  ): string {
    const former = collection.entry(id);
    const timeMs = this.#timeAfter(former && latest(former).updatedAtMs);
    const keys = Object.keys(values).filter((key) => values[key] !== null);
    // Whoever had the id before may have been hidden; nobody has hidden this one.
    collection.hidden.delete(id);
    this.#put(collection, id, 'created', doer, {
      life: 'live',
      sinceMs: this.worldMs,
      version: 1,
      createdAtMs: timeMs,
      createdBy: doer.by,
      updatedAtMs: timeMs,
      updatedBy: doer.by,
      marker,
      ...(mergedFrom === undefined ? {} : { mergedFrom }),
      values,
      changedAtMs: Object.fromEntries(keys.map((key) => [key, timeMs])),
    });
    return id;
  }

  #next(
    before: State,
    doer: Doer,
    {
      values = {},
      isQuiet = false,
      ...changed
    }: { life?: State['life']; into?: string; values?: Values; isQuiet?: boolean },
  ): State {
    const timeMs = this.#timeAfter(before.updatedAtMs);
    const times = Object.keys(values).map((key) => [key, timeMs]);
    return {
      ...before,
      ...changed,
      sinceMs: this.worldMs,
      version: before.version + 1,
      updatedAtMs: isQuiet ? before.updatedAtMs : timeMs,
      updatedBy: doer.by,
      values: { ...before.values, ...values },
      changedAtMs: { ...before.changedAtMs, ...Object.fromEntries(times) },
    };
  }

  /** Where times are exact, no two states of an item share one. */
  #timeAfter(lastMs: number | undefined): number {
    const { timeStepMs } = this.habits;
    const nowMs = Math.floor(this.nowMs / timeStepMs) * timeStepMs;
    if (lastMs === undefined) return nowMs;
    return Math.max(nowMs, timeStepMs > 1 ? lastMs : lastMs + 1);
  }

  /** References to what is no longer there lead to what took over, or nowhere. */
  #repoint(
    { name }: Collection,
    ids: readonly string[],
    into: string | undefined,
    { by }: Doer,
    movesNoTime = false,
  ): void {
    const doer: Doer = { by, via: 'vendor' };
    for (const referrer of referrers([...this.collections.values()], name, ids, into)) {
      const { collection, id, before, values } = referrer;
      const isQuiet = movesNoTime || collection.schema.areQuiet(Object.keys(values));
      this.#put(collection, id, 'updated', doer, this.#next(before, doer, { values, isQuiet }));
    }
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
      version: versionOf(state, this.habits),
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
    const version = versionOf(state, this.habits);
    if (ifVersion === undefined || ifVersion === version) return;
    throw new Refused('outdated', `The item has version ${version}.`);
  }
}

/** Those that are not what was there before. */
function differing(before: Values, values: Values): Values {
  const changed: Record<string, Value> = {};
  for (const [key, value] of Object.entries(values)) {
    if (!isSame(before[key] ?? null, value)) changed[key] = value;
  }
  return changed;
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
