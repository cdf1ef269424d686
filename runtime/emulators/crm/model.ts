/**
 * The words of what a CRM keeps: fields, values, items, and what happens to them. They are the same for
 * all vendors, because people, rules and oracles look at every vendor with the same eyes.
 */

export type Value =
  | string
  | number
  | boolean
  | null
  | readonly unknown[]
  | Readonly<Record<string, unknown>>;

/** Values by the key of their field. */
export type Values = Readonly<Record<string, Value>>;

/** Values by the path of their field, as people see them. */
export type Fields = Readonly<Record<string, Value>>;

/** What somebody wants to write, by path. */
export type Given = Readonly<Record<string, unknown>>;

export interface FieldOptions {
  readonly path: string;
  readonly type: FieldType;
  readonly options?: readonly string[];
  readonly maxLength?: number;
  readonly readOnly?: boolean;
  readonly unique?: boolean;
  /** Of references: the collection they lead to. Without it, they are texts like others. */
  readonly to?: string;
  /** A change of it alone does not move the time of the last change. */
  readonly quiet?: boolean;
  /** What only this vendor knows of it: a label, a type of its own, the ids of its options. */
  readonly own?: Readonly<Record<string, unknown>>;
}

/** What a person would call it, whatever the vendor's name for it is. */
export type FieldType =
  | 'text'
  | 'email'
  | 'phone'
  | 'number'
  | 'boolean'
  | 'date'
  | 'enum'
  | 'set'
  | 'object'
  /** Of objects, in order. */
  | 'list'
  | 'reference'
  | 'references';

export type Author = 'person' | 'app' | 'integration';

/** Whom an item names as its author, and which way the change came in. */
export interface Doer {
  readonly by: Author;
  /** `vendor` is what the vendor does by itself, a moment later or as a consequence. */
  readonly via: 'api' | 'hands' | 'rule' | 'backup' | 'vendor';
}

/** An item at one time. */
export interface State {
  readonly life: 'live' | 'archived' | 'gone' | 'merged';
  /** After a merge: the item that took over. */
  readonly into?: string;
  /** Of the result of a merge that has an id of its own: whatever it was made of. */
  readonly mergedFrom?: readonly string[];
  /** Since when, by the clock of the world. The other times are by the clock of the vendor. */
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
  /** Its place among the ids of the collection, from 1: what was there first is first in lists. */
  readonly order: number;
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
  readonly mergedFrom?: readonly string[];
  readonly archived?: true;
  readonly fields: Fields;
}

export interface Change {
  /** By the clock of the world. */
  readonly at: number;
  readonly collection: string;
  readonly id: string;
  /** `deleted` is as deep as the vendor deletes; `destroyed` is for good, live or archived. */
  readonly kind: 'created' | 'updated' | 'deleted' | 'restored' | 'merged' | 'destroyed';
  readonly by: Author;
  readonly via: Doer['via'];
  readonly before?: Item;
  readonly after?: Item;
  /** Of a merge: the item that took over. */
  readonly into?: string;
  readonly version: number;
}
