/**
 * What people, rival integrations and administrators do inside an account, and the eyes of an oracle:
 * everything at once and as it truly is. No HTTP, no lag, no limits; but the same rules for values,
 * so what is not allowed throws `Refused`. Fields that are only to read can be written here, because
 * it is the vendor itself who fills them.
 */
import { TributaryError } from '../../core/errors.ts';
import type { Calls } from '../call.ts';
import type { Account, Backup } from './account.ts';
import type { Collection } from './collection.ts';
import { latest } from './item.ts';
import type { Author, Change, FieldOptions, FieldType, Given, Item } from './model.ts';
import type { Rule, Rules } from './rules.ts';

export class Hands {
  readonly #account: Account;
  readonly #rules: Rules;
  readonly #calls: Calls;

  constructor(account: Account, rules: Rules, calls: Calls) {
    this.#account = account;
    this.#rules = rules;
    this.#calls = calls;
  }

  get name(): string {
    return this.#account.name;
  }

  get collections(): readonly string[] {
    return [...this.#account.collections.keys()];
  }

  fields(collection: string): readonly FieldOptions[] {
    return this.#collection(collection).schema.describe();
  }

  /** Answers the id. */
  create(collection: string, fields: Given, by: Author = 'person'): string {
    return this.#do((account) =>
      account.create(this.#collection(collection), fields, { by, via: 'hands' }),
    );
  }

  edit(collection: string, id: string, fields: Given, by: Author = 'person'): void {
    this.#do((account) =>
      account.update(this.#collection(collection), id, fields, { by, via: 'hands' }),
    );
  }

  remove(collection: string, id: string, by: Author = 'person'): void {
    this.#do((account) => account.remove(this.#collection(collection), id, { by, via: 'hands' }));
  }

  /** For good, also what was archived. */
  destroy(collection: string, id: string, by: Author = 'person'): void {
    this.#do((account) => account.destroy(this.#collection(collection), id, { by, via: 'hands' }));
  }

  restore(collection: string, id: string, by: Author = 'person'): void {
    this.#do((account) => account.restore(this.#collection(collection), id, { by, via: 'hands' }));
  }

  /** Answers the id of what is left. */
  merge(collection: string, loser: string, winner: string, by: Author = 'person'): string {
    return this.#do((account) =>
      account.merge(this.#collection(collection), loser, winner, { by, via: 'hands' }),
    );
  }

  /** Answers the id of the copy, which has the marker as well. */
  clone(collection: string, id: string): string {
    return this.#do((account) =>
      account.clone(this.#collection(collection), id, { by: 'person', via: 'hands' }),
    );
  }

  /** All that is there, by id. */
  items(collection: string): readonly Item[] {
    const its = this.#collection(collection);
    const items: Item[] = [];
    for (const entry of its.entries) {
      const state = latest(entry);
      if (state.life === 'live') items.push(its.item(entry.id, state));
    }
    return items;
  }

  /** Also an archived one, which says so. */
  item(collection: string, id: string): Item | undefined {
    const its = this.#collection(collection);
    const entry = its.entry(id);
    const state = entry && latest(entry);
    const isThere = state?.life === 'live' || state?.life === 'archived';
    return isThere ? its.item(id, state) : undefined;
  }

  /** The id under which an item is found after all merges. */
  where(collection: string, id: string): string {
    const entry = this.#collection(collection).entry(id);
    const state = entry && latest(entry);
    const isMergedAway = state?.life === 'merged' || state?.life === 'archived';
    return isMergedAway && state.into !== undefined ? this.where(collection, state.into) : id;
  }

  /** Every change of an item, in order. Changes of the schema are not in it. */
  get log(): readonly Change[] {
    return this.#account.log;
  }

  /** Tells of every change of an item; returns the way to stop that. */
  onChange(listener: (change: Change) => void): () => void {
    return this.#account.onChanges((changes) => {
      for (const change of changes) listener(change);
    });
  }

  get calls(): Calls {
    return this.#calls;
  }

  /** From now on, changes by people and through the API are followed by what the rule says. */
  rule(collection: string, rule: Rule, by: 'app' | 'integration' = 'integration'): void {
    this.#rules.add(this.#collection(collection).name, rule, by);
  }

  addField(collection: string, field: FieldOptions): void {
    const its = this.#collection(collection);
    its.schema.add(field);
    its.reindex();
  }

  removeField(collection: string, path: string): void {
    const its = this.#collection(collection);
    its.schema.remove(path);
    its.reindex();
  }

  /** The values stay. */
  renameField(collection: string, path: string, newPath: string): void {
    this.#collection(collection).schema.change(path, { path: newPath });
  }

  /** Values become the same in the new type, as 7 becomes "7", or null. */
  retypeField(
    collection: string,
    path: string,
    type: FieldType,
    options?: readonly string[],
  ): void {
    const differences = options === undefined ? { type } : { type, options };
    this.#collection(collection).retype(path, differences);
  }

  /** Items that have it keep it, until they are given another one. */
  dropOption(collection: string, path: string, option: string): void {
    const { schema } = this.#collection(collection);
    const options = schema.field(path)?.options ?? [];
    schema.change(path, { options: options.filter((other) => other !== option) });
  }

  /** Whether the API answers 403 for this collection. */
  forbid(collection: string, on: boolean): void {
    const { name } = this.#collection(collection);
    if (on) this.#account.forbidden.add(name);
    else this.#account.forbidden.delete(name);
  }

  /** Whether the API says of these items that they are not there, as after a change of who may see what. */
  hide(collection: string, ids: Iterable<string>, on: boolean): void {
    const { hidden } = this.#collection(collection);
    for (const id of ids) {
      if (on) hidden.add(id);
      else hidden.delete(id);
    }
  }

  /** What a request of this account shows who it is. */
  get token(): string {
    return this.#account.token;
  }

  /** The one before is worth nothing any more. */
  setToken(token: string): void {
    this.#account.token = token;
  }

  backup(): Backup {
    return this.#account.backup();
  }

  /** Everything as it was then, also versions, times, and the ids that come next. */
  restoreBackup(backup: Backup): void {
    this.#do((account) => account.restoreBackup(backup));
  }

  #do<Result>(work: (account: Account) => Result): Result {
    return this.#account.atomically(() => work(this.#account));
  }

  #collection(name: string): Collection {
    const collection = this.#account.collections.get(name);
    if (collection !== undefined) return collection;
    throw new TributaryError(`${this.#account.vendor}-collection`, {
      what: `The account "${this.name}" of ${this.#account.title} has no collection "${name}".`,
      next: `Use one of: ${this.collections.join(', ')}.`,
    });
  }
}
