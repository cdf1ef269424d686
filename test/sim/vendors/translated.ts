/**
 * The inside of a vendor's account in the simulator's words: whoever acts or looks here speaks of people
 * and companies and of the fields that all systems have, and the vendor's own form is kept all the same.
 * What the vendor has no place for is refused, as the vendor itself would refuse it.
 */
import { Refused, type Change, type Item } from '../../../runtime/emulators/grumpy/grumpy.ts';
import type { FieldOptions } from '../../../runtime/emulators/crm/model.ts';
import type { Trouble } from '../../../runtime/emulators/trouble.ts';
import type { Call } from '../../../runtime/emulators/call.ts';
import type { CollectionName } from '../scenario.ts';
import type { Inside } from '../system.ts';

/** What the vendor calls things. */
export interface Language {
  readonly collections: Readonly<Record<CollectionName, string>>;
  /** By our path; what is not here the vendor does not have. */
  readonly places: Readonly<Record<CollectionName, Readonly<Record<string, Place>>>>;
}

/** Where a field of ours stands at the vendor. */
export interface Place {
  readonly type: FieldOptions['type'];
  /** What an admin changes who changes the field. */
  readonly path: string;
  /** Ours, by the vendor's. */
  readonly options?: Readonly<Record<string, string>>;
  readonly read: (fields: Item['fields']) => Item['fields'][string];
  readonly write: (value: unknown) => Readonly<Record<string, unknown>>;
}

export function translated(hands: Inside, { collections, places }: Language): Inside {
  const told: Change[] = [];
  const items = new WeakMap<Item, Item>();
  const changes = new WeakMap<Change, Change>();
  let seen = 0;

  function theirs(collection: string): string {
    return collections[collection as CollectionName];
  }

  function ours(collection: string): CollectionName | undefined {
    return collectionIn(collections, collection);
  }

  function placeOf(collection: string, path: string): Place {
    const place = places[collection as CollectionName][path];
    if (place !== undefined) return place;
    throw new Refused('unknown_field', `There is no place for ${path}.`, { path });
  }

  function itemIn(collection: CollectionName, item: Item): Item {
    const known = items.get(item);
    if (known !== undefined) return known;
    const read = Object.entries(places[collection]).map(
      ([path, place]) => [path, place.read(item.fields)] as const,
    );
    const shown = { ...item, fields: Object.fromEntries(read) };
    items.set(item, shown);
    return shown;
  }

  function given(collection: string, fields: Readonly<Record<string, unknown>>): object {
    const all = Object.entries(fields).map(([path, value]) =>
      placeOf(collection, path).write(value),
    );
    return Object.assign({}, ...all) as object;
  }

  /** Undefined for what is in a collection that nobody here has a word for. */
  function changeIn(change: Change): Change | undefined {
    const collection = ours(change.collection);
    if (collection === undefined) return undefined;
    const { before, after } = change;
    const known = changes.get(change) ?? {
      ...change,
      collection,
      ...(before ? { before: itemIn(collection, before) } : {}),
      ...(after ? { after: itemIn(collection, after) } : {}),
    };
    changes.set(change, known);
    return known;
  }

  return {
    name: hands.name,
    collections: Object.keys(collections),
    get calls() {
      return hands.calls;
    },
    get token() {
      return hands.token;
    },
    get log() {
      for (; seen < hands.log.length; seen += 1) {
        const change = changeIn(hands.log[seen]!);
        if (change) told.push(change);
      }
      return told;
    },
    fields(collection) {
      const known = new Map(hands.fields(theirs(collection)).map((field) => [field.path, field]));
      return Object.entries(places[collection as CollectionName]).flatMap(([path, place]) => {
        const field = known.get(place.path);
        if (field === undefined) return [];
        const options = field.options?.map((option) => place.options?.[option] ?? option);
        return [{ path, type: place.type, ...(options ? { options } : {}) }];
      });
    },
    create: (collection, fields, by) =>
      hands.create(theirs(collection), { ...given(collection, fields) }, by),
    edit: (collection, id, fields, by) =>
      hands.edit(theirs(collection), id, { ...given(collection, fields) }, by),
    remove: (collection, id, by) => hands.remove(theirs(collection), id, by),
    destroy: (collection, id, by) => hands.destroy(theirs(collection), id, by),
    restore: (collection, id, by) => hands.restore(theirs(collection), id, by),
    merge: (collection, loser, winner, by) => hands.merge(theirs(collection), loser, winner, by),
    clone: (collection, id) => hands.clone(theirs(collection), id),
    items: (collection) =>
      hands.items(theirs(collection)).map((item) => itemIn(collection as CollectionName, item)),
    item(collection, id) {
      const item = hands.item(theirs(collection), id);
      return item && itemIn(collection as CollectionName, item);
    },
    where: (collection, id) => hands.where(theirs(collection), id),
    onChange: (listener) =>
      hands.onChange((change) => {
        const known = changeIn(change);
        if (known) listener(known);
      }),
    rule(collection, rule, by) {
      const own = (item: Item): Item => itemIn(collection as CollectionName, item);
      hands.rule(
        theirs(collection),
        (after, before) => {
          const follows = rule(own(after), before && own(before));
          return follows && { ...given(collection, follows) };
        },
        by,
      );
    },
    addField: (collection, field) => hands.addField(theirs(collection), field),
    removeField: (collection, path) =>
      hands.removeField(theirs(collection), placeOf(collection, path).path),
    renameField(collection, path) {
      const { path: known } = placeOf(collection, path);
      hands.renameField(theirs(collection), known, `${known}Old`);
    },
    retypeField: (collection, path, type, options) =>
      hands.retypeField(theirs(collection), placeOf(collection, path).path, type, options),
    dropOption(collection, path, option) {
      const place = placeOf(collection, path);
      const own = Object.entries(place.options ?? {}).find(([, known]) => known === option);
      hands.dropOption(theirs(collection), place.path, own?.[0] ?? option);
    },
    forbid: (collection, on) => hands.forbid(theirs(collection), on),
    hide: (collection, ids, on) => hands.hide(theirs(collection), ids, on),
    setToken: (token) => hands.setToken(token),
    backup: () => hands.backup(),
    restoreBackup: (backup) => hands.restoreBackup(backup),
  };
}

/** Trouble by our words of what is asked for. */
export function troubleIn(
  { collections }: Pick<Language, 'collections'>,
  trouble: ((call: Call) => Trouble | undefined) | undefined,
): (call: Call) => Trouble | undefined {
  return (call) => {
    const own = call.collection && collectionIn(collections, call.collection);
    return trouble?.(own ? { ...call, collection: own } : call);
  };
}

export function collectionIn(
  collections: Language['collections'],
  name: string,
): CollectionName | undefined {
  return (Object.keys(collections) as CollectionName[]).find((one) => collections[one] === name);
}

/** A field that the vendor keeps as we do. */
export function plain(path: string, type: Place['type'] = 'text'): Place {
  return {
    type,
    path,
    read: (fields) => fields[path] ?? null,
    write: (value) => ({ [path]: value }),
  };
}

/** Parts of an address that are fields of their own. */
export function addressIn(city: string, street: string): Place {
  return {
    type: 'object',
    path: city,
    read(fields) {
      const parts = { city: fields[city] ?? null, street: fields[street] ?? null };
      return parts.city === null && parts.street === null ? null : parts;
    },
    write(value) {
      const parts = (value ?? {}) as { city?: unknown; street?: unknown };
      return { [city]: parts.city ?? null, [street]: parts.street ?? null };
    },
  };
}

/** A set that is kept as a text. */
export function listIn(path: string): Place {
  return {
    type: 'set',
    path,
    read(fields) {
      const text = fields[path];
      return typeof text === 'string' && text !== '' ? text.split(';') : null;
    },
    write: (value) => ({ [path]: Array.isArray(value) ? value.join(';') : null }),
  };
}
