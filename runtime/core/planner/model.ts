/**
 * The words of the planner: what it is told and what it answers. Data only.
 *
 * One **entity** is one person, company or deal as we know it. A **link** ties it to one item at one
 * **endpoint** (an account that takes part in the sync). The **base** of a field at a link is what we
 * last read back there; what differs from it was changed by somebody. A **stamp** orders edits.
 */
import type {
  ConflictKind,
  HoldReason,
  ReadReason,
  ReviewReason,
  Rule,
  WriteReason,
} from '../reasons.ts';
import type { Value, Values } from '../value.ts';
import type { Stamp } from './stamp.ts';

export type EntityId = string & { readonly brand: 'EntityId' };
export type EndpointId = string & { readonly brand: 'EndpointId' };
export type LinkId = string & { readonly brand: 'LinkId' };

// ---------------------------------------------------------------------------------------------
// Told: what we know

export interface Entity {
  readonly id: EntityId;
  /** `held`: a person must decide before anything is written. */
  readonly life: 'live' | 'dead' | 'held';
  /** Counts deaths and revivals; never goes down. */
  readonly epoch: number;
  /** Our own copy, by cell (see parts.ts: a plain field is one cell, a set one cell per element). */
  readonly cells: Readonly<Record<string, Cell>>;
}

export interface Cell {
  readonly value: Value;
  readonly stamp: Stamp;
  readonly origin: Origin;
}

/** Who the value came from: an endpoint, a person deciding in our own pages, or a configured default. */
export type Origin = EndpointId | 'person' | 'default';

export interface Link {
  readonly id: LinkId;
  readonly endpoint: EndpointId;
  readonly remoteId: string;
  /**
   * `live` takes part · `gone` deleted there, proven · `held` a person must decide · `duplicate` a
   * second item for the same thing · `mergedAway` the vendor merged it into another · `unlinked` on purpose.
   */
  readonly state: 'live' | 'gone' | 'held' | 'duplicate' | 'mergedAway' | 'unlinked';
  /** How many links this entity had at this endpoint before this one. */
  readonly generation: number;
  /** The highest version read so far, where the vendor has versions that grow. */
  readonly version?: number;
  /** When the vendor created the item; another time under the same id is another item. */
  readonly createdAt?: number;
  /** What the vendor merged the item into; whoever refers to this one means that one. */
  readonly mergedInto?: string;
  /** When a read first said that the item is missing; a later one proves it. */
  readonly missingSince?: number;
  /** When a read last showed a change that may be an old state; as long as that is not settled. */
  readonly doubtedAt?: number;
  /**
   * By the entity that a reference names: the id here of the item that it led to when that was last known.
   * Only where the entity had another item here before that one.
   */
  readonly ledTo?: Readonly<Record<string, string>>;
  readonly cells: Readonly<Record<string, LinkCell>>;
}

export interface LinkCell {
  /** What we last read back. */
  readonly base: Value;
  /** The stamp of our own value that the base corresponds to; `null`: never been in agreement. */
  readonly synced: Stamp | null;
  /** The stamp of an edit made here that did not win and was not written over yet. */
  readonly edited?: Stamp;
  /** Set while another integration keeps reverting what we write here. */
  readonly fight?: Fight;
  /** The fingerprint of our value that the vendor refused here. */
  readonly refused?: string;
}

/** `count` writes of the value `fingerprint`, `reverted` since the last one by somebody not known to be a person. */
export interface Fight {
  readonly fingerprint: string;
  readonly count: number;
  readonly reverted: boolean;
}

export type Observation = Present | Gone | MergedInto;

export interface Present {
  readonly kind: 'present';
  /** Canonical values by field; a field that is missing here was not read. */
  readonly fields: Values;
  readonly version?: number;
  /** When the read was taken, by our clock. */
  readonly takenAt: number;
  /** When the item last changed, by the vendor's clock. */
  readonly changedAt?: number;
  /** The same per field, where the vendor keeps history. */
  readonly fieldChangedAt?: Readonly<Record<string, number>>;
  /** How far `changedAt` may be off, for example the time since the previous read. */
  readonly uncertaintyMs?: number;
  readonly author?: 'us' | 'person' | 'integration';
  /** Reference fields whose target we do not know yet: field to the vendor's id. */
  readonly unresolved?: Readonly<Record<string, string>>;
  /** It was deleted, and has been read for longer than an old answer can last: it is there again. */
  readonly isBack?: true;
  /** Reference fields that show an id which does not lead to the target any more, though another would. */
  readonly expired?: readonly string[];
}

export interface Gone {
  readonly kind: 'gone';
  readonly takenAt: number;
  /** The version that it was deleted at, where the vendor tells. */
  readonly version?: number;
  /** Archived or 404 by id, a known live item of the same kind still readable, not merged, and seen twice. */
  readonly proven: boolean;
}

export interface MergedInto {
  readonly kind: 'mergedInto';
  readonly remoteId: string;
  /** The new link's id, in case the survivor is ours to adopt. */
  readonly linkId: LinkId;
  /** The entity that the survivor belongs to already, if any. */
  readonly heldBy?: EntityId;
  /** The survivor is somebody else, by all that it shows, whom no entity stands for yet. */
  readonly isStranger?: true;
}

/** A write we meant to make, recorded before it was sent. */
export interface Intent {
  readonly id: string;
  readonly endpoint: EndpointId;
  /** For a create: set as soon as an item is adopted as its outcome. */
  readonly link?: LinkId;
  readonly op: 'create' | 'update' | 'delete';
  readonly patch: Values;
  /** What each field held when we looked. */
  readonly before?: Values;
  /** What went along as it was read, though nothing in it was to be changed. */
  readonly carried?: Values;
  readonly stamps: Readonly<Record<string, Stamp>>;
  /** `unknown`: sent, answer lost. `absent`: proven not to have landed. */
  readonly state: 'armed' | 'unknown' | 'applied' | 'absent' | 'failed' | 'superseded';
  readonly sentAt?: number;
  /**
   * The version that the vendor's answer gave the item. Only when the answer held the item as well:
   * otherwise nobody has seen how the vendor spells what was sent.
   */
  readonly resultVersion?: number;
  /** True once a read taken after the write was compared with it. */
  readonly observed?: boolean;
}

export interface Policy {
  readonly version: number;
  /** In order of rank, the most trusted first. */
  readonly members: readonly Member[];
  readonly fields: readonly FieldPolicy[];
  /** A deletion at one of these endpoints is a deletion everywhere. */
  readonly deleteAuthority: readonly EndpointId[];
  /** What a proven deletion elsewhere means. */
  readonly onRemoteDelete: 'recreate' | 'propagate' | 'ask' | 'unlink';
  /** Deleted here, edited there. */
  readonly onDeleteAndEdit: 'deleteWins' | 'editWins' | 'ask';
  /** A deleted item was restored at the vendor. */
  readonly onRemoteRestore: 'ask' | 'revive' | 'ignore';
}

export interface Member {
  readonly endpoint: EndpointId;
  readonly create: boolean;
  readonly delete: boolean;
  /** Which records belong here; leaving the filter is never a deletion. */
  readonly filter?: Filter;
  readonly onFilterLeft: 'hold' | 'unlink';
}

/** Every condition must hold. A condition lists the canonical values it accepts. */
export type Filter = readonly { readonly field: string; readonly in: readonly Value[] }[];

export type Strategy = 'lastWriteWins' | 'priority' | 'manualReview' | 'fieldLevelMerge';

/** `both` ways · `in` only read there · `out` only written there · `off`. */
export type Direction = 'both' | 'in' | 'out' | 'off';

export interface FieldPolicy {
  readonly name: string;
  readonly strategy: Strategy;
  /**
   * What a value consists of; only with `fieldLevelMerge` it is merged element by element, or sub-field by
   * sub-field. Named with every strategy, so that parts find together again after a change.
   */
  readonly parts?: 'set' | 'record';
  /** The value is the id of another entity. */
  readonly reference?: boolean;
  /** Per endpoint; `both` where not named. */
  readonly direction?: Readonly<Record<string, Direction>>;
  /** With `priority`: most trusted first; the order of the members where not given. */
  readonly order?: readonly EndpointId[];
  /** Who wins when systems that never agreed hold different values: the most trusted, or the newest. */
  readonly initialMerge?: 'rank' | 'newest';
  /** Used when nobody has ever had a value. */
  readonly default?: Value;
}

/** What the planner may know about an endpoint. It never knows the vendor. */
export interface EndpointFacts {
  readonly clockOffsetMs: number;
  /** How far its clock and its granularity may mislead. */
  readonly clockUncertaintyMs: number;
  /** How old an answer may be, of a read or of a list. */
  readonly answersLagMs: number;
  /** After this long an unanswered write that does not show has not landed. */
  readonly absenceHorizonMs: number;
  /** What will be read back after writing this value. Idempotent. */
  normalize(field: string, value: Value): Value;
  /** Whether the read-back is the vendor's spelling of what was sent. */
  explains(field: string, sent: Value, readBack: Value): boolean;
  /** Mapped fields that the vendor's schema no longer offers as mapped. */
  readonly drifted?: Readonly<Record<string, 'missing' | 'typeChanged' | 'readOnly'>>;
}

/** Where a referenced entity stands at an endpoint. */
export type Reach = 'live' | 'pending' | 'dead';

/** A person's decision. */
export type Resolution =
  | {
      readonly kind: 'value';
      readonly fingerprint: string;
      readonly value: Value;
      readonly at: number;
    }
  | {
      readonly kind: 'deletion';
      readonly link: LinkId;
      readonly decision: 'recreate' | 'delete' | 'unlink';
    }
  | {
      readonly kind: 'restore';
      readonly link: LinkId;
      readonly decision: 'revive' | 'deleteAgain';
    }
  /** The vendor merged the item into one of another record: so did we, or the record goes on without it. */
  | {
      readonly kind: 'merge';
      readonly link: LinkId;
      readonly decision: 'follow' | 'separate';
    }
  /** Somebody types a value into our own pages, or takes one back: an edit like any other. */
  | { readonly kind: 'edit'; readonly cell: string; readonly value: Value; readonly at: number }
  /** Somebody takes a deletion back. */
  | { readonly kind: 'revival' }
  /** Somebody takes a revival back: the record goes wherever it is. */
  | { readonly kind: 'death' };

export interface PlanInput {
  readonly entity: Entity;
  readonly links: readonly Link[];
  /** By link; a link without an entry was not read in this pass. */
  readonly observed: ReadonlyMap<LinkId, Observation>;
  readonly intents: readonly Intent[];
  /** Rows that are open, and automatic ones as long as some link is behind; older ones are history. */
  readonly conflicts: readonly Conflict[];
  readonly resolutions: readonly Resolution[];
  readonly policy: Policy;
  readonly facts: ReadonlyMap<EndpointId, EndpointFacts>;
  /** For reference fields. */
  reach(target: EntityId, endpoint: EndpointId): Reach;
}

// ---------------------------------------------------------------------------------------------
// Answered: what to do

/** Unchanged parts are the very objects of the input, so `===` tells whether to store anything. */
export interface Plan {
  readonly entity: Entity;
  readonly links: readonly Link[];
  readonly intents: readonly Intent[];
  /** At most one per endpoint. */
  readonly writes: readonly Write[];
  /** New rows, and rows of the input whose state changed. */
  readonly conflicts: readonly Conflict[];
  readonly reviews: readonly Review[];
  readonly holds: readonly Hold[];
  readonly needReads: readonly ReadRequest[];
  /** Why our own copy changed, cell by cell. */
  readonly changes: readonly Change[];
  readonly tombstone?: Tombstone;
}

export interface Write {
  readonly endpoint: EndpointId;
  readonly op: 'create' | 'update' | 'delete';
  /** Absent for a create. */
  readonly link?: LinkId;
  /** Whole values of the changed fields only. A reference is still an entity id here. */
  readonly patch: Values;
  /** What each field held when we looked; the write is only right on top of this. */
  readonly before: Values;
  /** Per cell: the stamp of our value that this write carries. */
  readonly stamps: Readonly<Record<string, Stamp>>;
  readonly generation: number;
  readonly reason: WriteReason;
}

export interface Conflict {
  readonly fingerprint: string;
  readonly cell: string;
  readonly kind: ConflictKind;
  readonly state: 'open' | 'autoResolved' | 'resolved' | 'superseded';
  /** The edit that did not win. */
  readonly losing?: { readonly origin: Origin; readonly value: Value; readonly stamp: Stamp };
  /** All the values a person has to choose from. */
  readonly values?: readonly { readonly origin: Origin; readonly value: Value }[];
  readonly winner?: Value;
  /** The two edits are closer than the clocks can tell. */
  readonly clockTie?: boolean;
}

export interface Review {
  readonly reason: ReviewReason;
  readonly link: LinkId;
  readonly other?: EntityId;
}

export interface Hold {
  readonly reason: HoldReason;
  readonly endpoint: EndpointId;
  readonly field?: string;
  /** The entity that a reference waits for. */
  readonly waitsFor?: string;
}

export interface ReadRequest {
  readonly link: LinkId;
  readonly reason: ReadReason;
}

export interface Change {
  readonly cell: string;
  readonly rule: Rule;
  readonly before?: Value;
  readonly after: Value;
  readonly origin: Origin;
}

export interface Tombstone {
  readonly epoch: number;
  readonly cause: 'deletedAtAuthority' | 'deletionPropagated' | 'decided';
  readonly endpoint: EndpointId;
  /** Whole values at the time of death, for undo. */
  readonly snapshot: Values;
}
