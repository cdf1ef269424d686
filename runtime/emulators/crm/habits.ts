/**
 * What vendors do differently with what they keep. A vendor names the habits it has, and for all others
 * has the plain one, at the end of this page. None of them speaks of HTTP: that is the dialect's.
 *
 * They are asked in the middle of a change. One that cannot be throws `Refused`, and nothing has changed.
 */
import type { Author, Change, FieldOptions, Fields, Given, Item, Value } from './model.ts';
import { retyped, stored, uniqueKey } from './values.ts';

export interface Habits {
  /** The id of a new item; `number` counts the ids of its collection from 1. */
  readonly newId: (next: { readonly collection: string; readonly number: number }) => string;
  /** A new item takes the id that a deleted one left behind last. */
  readonly reusesIds: boolean;

  /** What the version of an item is: how often it has changed, or the milliseconds of its last change. */
  readonly version: 'counter' | 'time';
  /**
   * Times are cut to multiples of this. With a millisecond, a second change in one counts as one later;
   * with more, changes share a time.
   */
  readonly timeStepMs: number;
  /** How far the vendor's clock is ahead. */
  readonly clockSkewMs: number;
  /** How long what has changed can still be seen as it was, by replicas that lag and in histories. */
  readonly rememberMs: number;

  /** What deleting is: archived and to be restored, or gone. */
  readonly delete: 'soft' | 'hard';
  /** Deleting and restoring move the time of the last change. */
  readonly deletingMovesTime: boolean;
  /** So long after it was archived, an item is gone for good. */
  readonly purgeAfterMs: number;
  /** An archived item keeps its unique values for itself. */
  readonly archivedHoldUnique: boolean;

  /** The value as it is kept; `before` is the one it replaces. Storing twice changes nothing more. */
  readonly store: (field: FieldOptions, given: unknown, before: Value) => Value;
  /** What is left of a value when its field, now like this, gets another type. */
  readonly retype: (field: FieldOptions, value: Value) => Value;
  /** What of an item is unique because of this unique field; other fields may be looked up by path. */
  readonly uniqueKeys: (field: FieldOptions, valueOf: (path: string) => Value) => readonly string[];
  /** What follows from a change, in the same version; also read-only fields. Not asked when nothing changes. */
  readonly derive?: (change: Deriving) => Given | undefined;
  /** What follows a moment later, by itself. What came `via` the vendor is not followed again. */
  readonly afterwards?: (change: Change) => readonly FollowUp[];

  readonly merging: Merging;
  /**
   * What becomes of references to an item (`to` its collection) that is no longer there. Those that are
   * cleared quietly move no time.
   */
  readonly references: {
    readonly deleted: 'keep' | 'clear' | 'clearQuietly';
    readonly destroyed: 'keep' | 'clear' | 'clearQuietly';
    readonly merged: 'keep' | 'follow';
  };
}

export interface Deriving {
  readonly collection: string;
  readonly id: string;
  readonly by: Author;
  /** By the clock of the vendor. */
  readonly nowMs: number;
  /** Undefined when it is created. */
  readonly before: Fields | undefined;
  readonly after: Fields;
}

export interface FollowUp {
  /** At least the first, below the second, as chance has it. */
  readonly delayMs: readonly [atLeast: number, below: number];
  /** Without fields only the time of the last change moves. */
  readonly fields?: Given;
}

export interface Merging {
  /** What is left has an id of its own, and both former ones lead to it. */
  readonly newId: boolean;
  /** What the other one is then: a name for what is left, or archived like what was deleted. */
  readonly loser: 'merged' | 'archived';
  /** Values of what is left, beside the winner's own and the loser's where the winner has none. */
  readonly values?: (merge: {
    readonly collection: string;
    readonly loser: Item;
    readonly winner: Item;
  }) => Given;
}

export const PLAIN: Habits = {
  newId: ({ number }) => String(number),
  reusesIds: false,
  version: 'counter',
  timeStepMs: 1,
  clockSkewMs: 0,
  rememberMs: 0,
  delete: 'soft',
  deletingMovesTime: true,
  purgeAfterMs: Infinity,
  archivedHoldUnique: false,
  store: (field, given) => stored(field, given),
  retype: (field, value) => retyped(field, value),
  uniqueKeys: ({ path, type }, valueOf) => {
    const key = uniqueKey(type, valueOf(path));
    return key === undefined ? [] : [key];
  },
  merging: { newId: false, loser: 'merged' },
  references: { deleted: 'keep', destroyed: 'keep', merged: 'keep' },
};
