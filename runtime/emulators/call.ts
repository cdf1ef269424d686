/**
 * What a vendor's API was asked for, in words that fit every vendor. A dialect translates its requests
 * into these; whoever makes trouble and whoever counts needs no other.
 */

export type Action =
  /** Whose account it is, what it can do, keys and tokens. */
  | 'about'
  /** Reading the schema, and changing it. */
  | 'fields'
  | 'define'
  | 'list'
  | 'changes'
  | 'read'
  | 'find'
  | 'history'
  /** Also a write that creates what is not there yet. */
  | 'create'
  | 'update'
  | 'delete'
  | 'restore'
  | 'merge'
  | 'hooks';

/** One request that was understood. */
export interface Call {
  readonly account: string;
  readonly collection?: string;
  readonly action: Action;
  readonly items: number;
  /** The ids that it names. */
  readonly ids?: readonly string[];
}

export interface Tally {
  readonly requests: number;
  readonly items: number;
}

/** What the API was asked for, by action; requests that were not understood do not count. */
export type Calls = Readonly<Partial<Record<Action, Tally>>>;
