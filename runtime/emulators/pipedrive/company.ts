/**
 * A company at Pipedrive: what every CRM keeps, with the fields and habits of this one, the users behind
 * those who write, and the ids that options of fields have on the wire.
 */
import type { World } from '../../world/world.ts';
import { Account } from '../crm/account.ts';
import type { Collection } from '../crm/collection.ts';
import { latest } from '../crm/item.ts';
import type { Author, FieldOptions, Item, State } from '../crm/model.ts';
import type { Field } from '../crm/schema.ts';
import { codeOf, factsOf, standardFields } from './fields.ts';
import { habitsOf } from './habits.ts';
import { abilitiesOf, type Abilities, type AccountOptions } from './options.ts';

export class Company {
  readonly id: number;
  readonly account: Account;
  readonly abilities: Abilities;
  /** Codes of fields that there were once. */
  readonly goneCodes = new Set<string>();
  readonly #optionIds = new Map<string, Map<string, number>>();
  #optionsGiven = 0;

  constructor(options: AccountOptions, world: World, id: number) {
    this.id = id;
    this.abilities = abilitiesOf(options);
    const { name, token, fields = {} } = options;
    const collections = Object.entries(standardFields(this.abilities)).map(
      ([collection, all]) => [collection, [...all, ...(fields[collection] ?? [])]] as const,
    );
    this.account = new Account(
      {
        vendor: 'pipedrive',
        title: 'Pipedrive',
        name,
        token,
        collections: Object.fromEntries(collections),
        habits: habitsOf(this),
      },
      world.clock,
    );
    this.#found();
  }

  collection(name: string): Collection {
    return this.account.collections.get(name)!;
  }

  /** The id of the user whom an item names as its author. */
  userOf(author: Author): string {
    if (author === 'integration') return '3';
    return author === 'app' && this.abilities.ownUser ? '2' : '1';
  }

  /** Who asks through the API. */
  get asker(): string {
    return this.userOf('app');
  }

  codeOf(collection: Collection, field: FieldOptions): string {
    return codeOf(this.account.name, collection.name, field);
  }

  fieldWith(collection: Collection, code: string): Field | undefined {
    for (const field of collection.schema.fields) {
      if (this.codeOf(collection, field) === code) return field;
    }
    return undefined;
  }

  customFields(collection: Collection): readonly Field[] {
    return [...collection.schema.fields].filter((field) => factsOf(field).isCustom);
  }

  /** Also of options that were dropped since, as long as the field is the same one. */
  optionIds(collection: Collection, field: Field): Map<string, number> {
    const place = `${collection.name}/${field.key}`;
    const ids = this.#optionIds.get(place) ?? new Map<string, number>();
    this.#optionIds.set(place, ids);
    for (const label of field.options ?? []) {
      if (ids.has(label)) continue;
      this.#optionsGiven += 1;
      ids.set(label, this.#optionsGiven);
    }
    return ids;
  }

  /** An option by another name, with the values that have it. */
  renameOption(collection: Collection, path: string, from: string, to: string): void {
    const { schema } = collection;
    const before = schema.field(path)!;
    const ids = this.optionIds(collection, before);
    const renamed = (label: string): string => (label === from ? to : label);
    const options = (before.options ?? []).map(renamed);
    schema.change(path, { own: { ...before.own, renaming: [from, to] } });
    collection.retype(path, { type: before.type, options });
    const { renaming: _done, ...own } = schema.field(path)!.own!;
    schema.change(path, { own });
    const after = [...ids].map(([label, id]) => [renamed(label), id] as const);
    this.#optionIds.set(`${collection.name}/${schema.field(path)!.key}`, new Map(after));
  }

  /** Those that are there, in the order of their ids. */
  live(collection: string): readonly { readonly id: string; readonly item: Item }[] {
    const its = this.collection(collection);
    return its.entries
      .filter((entry) => latest(entry).life === 'live')
      .map((entry) => ({ id: entry.id, item: its.item(entry.id, latest(entry)) }));
  }

  /** For those who ask for it by its id, also when it was deleted. */
  present(collection: Collection, id: string): State | undefined {
    const entry = collection.hidden.has(id) ? undefined : collection.entry(id);
    const state = entry && latest(entry);
    return state?.life === 'live' || state?.life === 'archived' ? state : undefined;
  }

  /** What is there on the first day; it is nobody's doing. */
  #found(): void {
    const { account } = this;
    const make = (collection: string, fields: Readonly<Record<string, unknown>>): void => {
      account.create(this.collection(collection), fields, { by: 'person', via: 'vendor' });
    };
    account.atomically(() => {
      const users = ['Anna Admin', 'Data Sync', 'Other Tools'];
      for (const [index, name] of users.entries()) {
        const email = `${name.toLowerCase().replace(' ', '.')}@${account.name}.example`;
        const isAdmin = index === 0 || this.abilities.isAdmin;
        make('users', { name, email, is_admin: isAdmin, active_flag: true });
      }
      make('pipelines', { name: 'Sales' });
      for (const name of ['Lead in', 'Contact made', 'Demo scheduled', 'Proposal', 'Negotiation']) {
        make('stages', { name, pipeline_id: '1' });
      }
    });
    account.log.length = 0;
    for (const collection of account.collections.values()) {
      for (const field of collection.schema.fields) this.optionIds(collection, field);
    }
  }
}
