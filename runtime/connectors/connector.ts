/**
 * One vendor: everything the rest of the system may know about it. The engine never asks which vendor it
 * is talking to; what vendors can and cannot do is declared in `Can` and proven by one suite for all.
 *
 * A **connector** is our code for a vendor, an **account** one login, a **collection** contacts, deals or
 * a table in it, an **item** one thing in it. Items cross this border in the vendor's own form, as JSON;
 * what their fields mean is the mapping's business.
 *
 * What every collection promises: a read by id says `missing` only when the vendor said so; a call that
 * failed as a whole throws a `VendorError` and one item that failed is an outcome; nothing is retried and
 * nothing waits in here, because only the engine knows what else is waiting.
 */
import type { z } from 'zod';
import { TributaryError } from '../core/errors.ts';
import type { Value } from '../core/value.ts';
import type { World } from '../world/world.ts';

export interface Connector<Config = unknown> {
  readonly vendor: string;
  readonly title: string;
  /** Type, validation and form of what a person fills in. */
  readonly config: z.ZodType<Config>;
  /** Members of the configuration that nobody may see or log. */
  readonly secrets: readonly string[];
  /** Where a secret is looked for that is not filled in, by the member of the configuration. */
  readonly secretPlaces?: Readonly<Record<string, SecretPlaces>>;
  /** The members that only somebody who is still developing may fill in so. Missing: there is nothing like it. */
  developmentOnly?(config: Config): readonly string[];
  /** Its accounts have `watch`. */
  readonly watches?: true;
  /** Without a memory, what it would have kept is gone with the process. */
  open(config: Config, world: World, memory?: Memory): Promise<Account>;
}

/** What an account has to know when the process has died, such as a token that was renewed. Nobody else may read it. */
export interface Memory {
  load(name: string): Promise<Value | undefined>;
  /** Once it is answered, it is not lost any more. */
  save(name: string, value: Value): Promise<void>;
}

export interface SecretPlaces {
  /** As a person calls it: `API key of Twenty`. */
  readonly title: string;
  /** In a secret manager, the first that is there. */
  readonly names: readonly string[];
  /** In the environment, after those. */
  readonly variables: readonly string[];
}

export interface Account {
  /** As the vendor calls it; shown when a connection is checked. */
  readonly title: string;
  /** How far the vendor's clock is ahead of ours, as far as an answer has told. */
  readonly clockOffsetMs?: number;
  readonly limits: readonly Limit[];
  /** What is left of the limits, as far as answers have told. It is a look back; nothing is asked. */
  left?(): readonly Left[];
  /** What this login can be shown, for a person to choose from; it may open others by name as well. */
  collections?(signal?: AbortSignal): Promise<readonly CollectionName[]>;
  /** Permissions that the login lacks for reading and writing these collections. None: all is well. */
  missingScopes?(collections: readonly string[], signal?: AbortSignal): Promise<readonly string[]>;
  collection(name: string): Promise<Collection>;
  /**
   * Which items a delivery is about, once it is proven genuine; one that is not is refused with the code
   * `delivery-refused`. Raw bytes in, refs out, nothing else. `secret` is what `webhooks.ensure` answered;
   * without it, the one of the configuration counts.
   */
  receive?(delivery: RawDelivery, secret?: string): readonly Hint[];
  /**
   * What proves a delivery genuine: a signature of its very body and its time; or only a password, so that
   * whoever has seen one delivery can send another. There where `receive` is.
   */
  readonly deliveryProof?: 'signature' | 'password';
  /** Missing where somebody has to set them up at the vendor. */
  readonly webhooks?: Webhooks;
  /**
   * Over a connection of its own, which it mends: calls `heard` as soon as something may have changed, and
   * whenever something may have gone unheard, the beginning included. It is a hint; `changes` tells what.
   */
  watch?(heard: () => void): Stop;
  close(): Promise<void>;
}

export type Stop = () => Promise<void>;

export interface CollectionName {
  /** What `collection` opens. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
}

export interface Webhooks {
  /**
   * Afterwards the vendor tells `url` of changes in these collections, once each. It looks at what is
   * there first, removes what is there twice or leads to `url` for nothing, and renews what expires; so
   * repeating it is harmless, and repairs what the vendor or a person has removed. Others' are left alone.
   */
  ensure(wanted: WantedHooks, signal?: AbortSignal): Promise<Hooks>;
  /** Nothing leads to `url` any more, also when nothing did. */
  remove(url: string, signal?: AbortSignal): Promise<void>;
}

export interface WantedHooks {
  readonly url: string;
  /** Made by us; whoever does not know it can send nothing that is believed. */
  readonly secret: string;
  readonly collections: readonly string[];
}

export interface Hooks {
  /** What proves that a delivery is genuine: the given secret, unless the vendor makes its own. */
  readonly secret: string;
  /** By our clock; `ensure` has to be repeated before. Missing: they stay. */
  readonly expiresAt?: number;
}

export interface Collection {
  readonly name: string;
  readonly can: Can;
  /** All of them, those that the account's own people have made as well. */
  readonly fields: readonly VendorField[];
  /** What is not there for us, so that it can do less; once it was made, the collection is opened anew. */
  readonly lacks?: readonly Lack[];
  /** All items that are there, in pages; an item may turn up twice when others move meanwhile. */
  list(request: PageRequest): Promise<ItemPage>;
  /** Items changed at or after `since` by the vendor's clock, the longest unchanged first. */
  changes?(request: PageRequest & { readonly since: number }): Promise<ItemPage>;
  /** At most `can.batch.read` at once; answers in the order of the ids. */
  read(ids: readonly string[], signal?: AbortSignal): Promise<readonly Read[]>;
  /** Items whose member at `path` has one of the values; the marker's path is `can.marker`. */
  find?(path: string, values: readonly string[], signal?: AbortSignal): Promise<readonly Item[]>;
  /**
   * What each item went through after `since`, its version when we looked; the oldest first. At most
   * `can.batch.read` items at once.
   */
  history?(items: readonly HistoryRequest[], signal?: AbortSignal): Promise<readonly Version[][]>;
  /** All of one operation, at most `can.batch[op]` at once; outcomes in the order of the changes. */
  write(changes: readonly ItemChange[], signal?: AbortSignal): Promise<readonly Outcome[]>;
  /**
   * Makes a field, unless it is there, and answers with it as it is, under the path that the vendor gives
   * it. Repeating it is harmless. A field of that name that cannot take its place fails as `rejected`.
   */
  ensureField?(wanted: WantedField, signal?: AbortSignal): Promise<VendorField>;
}

/** What one collection of one account can do. Unknown abilities are declared at their weakest. */
export interface Can {
  /**
   * What makes a repeated create harmless. `upsert`: creating with the same marker again finds the first, and
   * fails as `missing` where that is not shown to us.
   * `marker`: an item can be searched by the marker we left. `naturalKey`: only by e-mail address and the like.
   */
  readonly create: 'upsert' | 'marker' | 'naturalKey';
  /** Where the marker is written; missing when there is no field for it. */
  readonly marker?: string;
  /** A write can be made conditional on the version that was read. */
  readonly conditionalWrites: boolean;
  /** `counter` and `time` both grow; a time may stand still while an item changes twice. */
  readonly version: 'counter' | 'time' | 'none';
  readonly history: boolean;
  /** Whether the answer to a write holds the item. */
  readonly writeReturns: 'item' | 'id';
  /** How far a read by id may lag behind. 0: what was written is read. */
  readonly readLagMs: number;
  readonly searchLagMs: number;
  readonly changesLagMs: number;
  /** Whether `changes` also tells of deleted items. */
  readonly changesTellDeletes: boolean;
  /** After this long an unanswered write that does not show has not landed. */
  readonly absenceHorizonMs: number;
  readonly batch: Readonly<Record<'list' | 'read' | 'find' | Operation, number>>;
  /** What a refused item does to the rest of its batch. */
  readonly partial: 'perItem' | 'allOrNothing';
  /** Takes whole items only: an update sends along what it has not changed. Missing: it does not. */
  readonly replacesItems?: boolean;
  readonly delete: 'soft' | 'hard';
  readonly restore: boolean;
  /** Members whose values two items cannot share. */
  readonly uniquePaths: readonly string[];
  /** Members by which `find` may overlook what is written in other capitals; missing: none. */
  readonly literalPaths?: readonly string[];
  /** Whether the vendor may give the id of a deleted item to a new one. */
  readonly reusesIds: boolean;
  /** References to what is archived are not shown, and are again once it is restored. Missing: they are shown. */
  readonly hidesReferences?: true;
  /** What is restored may be in no list of changes. Missing: it is there like any other change. */
  readonly restoresSilently?: true;
}

export type Operation = 'create' | 'update' | 'delete' | 'restore';

/**
 * What an account may be asked, together by all of its collections and all of our processes: a bucket
 * that is full at first, and filled once in `perMs`, steadily. What a vendor counts in windows of time is
 * turned into one by `windowLimit`.
 */
export interface Limit {
  readonly name: string;
  readonly capacity: number;
  readonly perMs: number;
  /** What one call costs, with all the requests that it takes. 0: this limit is not about it. */
  readonly cost: (
    call: 'list' | 'changes' | 'read' | 'find' | 'history' | Operation,
    items: number,
    collection: string,
  ) => number;
}

export interface Left {
  /** Of one of the limits, if it is among them. */
  readonly name: string;
  readonly left: number;
  /** Of how many. */
  readonly most?: number;
  /** When there is more again, by our clock. Until then, nothing is asked once nothing is left. */
  readonly resetsAt?: number;
}

export interface PageRequest {
  /** What the page before answered as `next`. */
  readonly after?: Value;
  readonly limit: number;
  readonly signal?: AbortSignal;
}

export interface ItemPage {
  readonly items: readonly Item[];
  /** Ids that the vendor says are deleted. */
  readonly gone: readonly string[];
  /** Missing on the last page. */
  readonly next?: Value;
}

export interface Item {
  readonly id: string;
  /** The vendor's own form: the members that `fields` names and that a write takes. */
  readonly raw: unknown;
  readonly version?: number;
  readonly createdAt?: number;
  readonly changedAt?: number;
  /** By path, where the vendor keeps it. */
  readonly changedAtByPath?: Readonly<Record<string, number>>;
  readonly author?: 'us' | 'person' | 'integration';
  readonly createdBy?: 'us' | 'person' | 'integration';
  readonly marker?: string;
  /** The ids of those that it was merged from, where a merge gives a new one and the vendor tells. */
  readonly mergedFrom?: readonly string[];
}

export type Read =
  | { readonly kind: 'present'; readonly item: Item }
  /** `archived`: the vendor still has it and says that it was deleted. */
  | { readonly kind: 'missing'; readonly archived: boolean; readonly version?: number }
  | { readonly kind: 'merged'; readonly into: string };

export interface HistoryRequest {
  readonly id: string;
  readonly since: number;
}

/** One state an item was in. */
export interface Version {
  readonly version: number;
  readonly author?: Item['author'];
  readonly raw: unknown;
}

export interface ItemChange {
  readonly op: Operation;
  /** Missing for a create. */
  readonly id?: string;
  /** For a create or an update: the members to send; what is not in it stays as it is. */
  readonly raw?: Readonly<Record<string, unknown>>;
  /** For a create: proves later whom the item was made for. */
  readonly marker?: string;
  /** For an update or a delete: only when the item still has this version. */
  readonly ifVersion?: number;
}

export type Outcome =
  | {
      readonly kind: 'done';
      readonly id: string;
      readonly version?: number;
      /** As it is now, where the vendor answers with it. */
      readonly item?: Item;
    }
  | {
      readonly kind: 'failed';
      readonly error: VendorError;
      /** Of a duplicate: the item that has the value, where the vendor tells. */
      readonly existing?: string;
    };

/** One field of the vendor's schema. */
export interface VendorField {
  readonly path: string;
  /** What people call it, where that is not the path. */
  readonly title?: string;
  readonly type: string;
  readonly readOnly?: boolean;
  readonly unique?: boolean;
  readonly options?: readonly string[];
}

/** A field of our own: the marker, or what a set-up wants to keep there. */
export interface WantedField {
  /** Letters, digits and `_`, a letter first; a connector writes it in the vendor's way. */
  readonly name: string;
  readonly title: string;
  readonly type: 'text' | 'longText' | 'number' | 'boolean' | 'date' | 'time' | 'json';
  /** No two items can have the same value, and an item can be found by it, where the vendor can do that. */
  readonly unique?: boolean;
}

/** Something of ours that nobody has made there yet. */
export interface Lack {
  /** As in "it lacks": `the unique property "tributary_marker", by which ...`. */
  readonly what: string;
  /** Repeating it is harmless. */
  make(signal?: AbortSignal): Promise<void>;
}

export interface RawDelivery {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Hint {
  /** The vendor's id of the delivery. */
  readonly delivery: string;
  readonly collection: string;
  readonly id: string;
}

/** What to do about a failure decides its kind. */
export type FailureKind =
  /** The network, or the vendor's own trouble: try again. */
  | 'transient'
  /** Too many calls: wait. */
  | 'throttled'
  /** The credentials are not accepted: log in again. */
  | 'unauthorized'
  /** The account may not do this: somebody has to grant it. */
  | 'forbidden'
  /** The vendor does not accept the data. */
  | 'rejected'
  /** Another item has a value that must be unique. */
  | 'duplicate'
  /** The item has changed since it was read. */
  | 'outdated'
  /** There is no such item. */
  | 'missing'
  | 'tooLarge'
  /** The vendor answered something nobody understands. */
  | 'broken';

/** A call that failed, in words for a person. */
export class VendorError extends TributaryError {
  readonly kind: FailureKind;
  /** A write that failed so may have been carried out all the same. */
  readonly mayHaveLanded: boolean;
  readonly retryAfterMs?: number;
  /** The member of the item that the vendor complains about. */
  readonly path?: string;
  /** Of a call that was one too many: the limit of the account that it reached. Missing: not told. */
  readonly limit?: string;

  constructor(
    kind: FailureKind,
    about: { readonly what: string; readonly next: string; readonly cause?: unknown },
    {
      mayHaveLanded = false,
      retryAfterMs,
      path,
      limit,
    }: {
      readonly mayHaveLanded?: boolean;
      readonly retryAfterMs?: number;
      readonly path?: string;
      readonly limit?: string;
    } = {},
  ) {
    super(`vendor-${kind}`, about);
    this.name = 'VendorError';
    this.kind = kind;
    this.mayHaveLanded = mayHaveLanded;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
    if (path !== undefined) this.path = path;
    if (limit !== undefined) this.limit = limit;
  }
}
