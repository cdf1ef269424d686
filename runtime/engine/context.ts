/** What every step of a pass needs at hand. */
import type { Item } from '../connectors/connector.ts';
import { keyedDigest } from '../core/hash.ts';
import { matchKeys, type MatchKey as FoundKey } from '../core/match-keys.ts';
import type {
  EndpointId,
  Entity,
  EntityId,
  Link,
  LinkId,
  Resolution,
} from '../core/planner/model.ts';
import { baseOf, wholeValues } from '../core/planner/parts.ts';
import type { Value, Values } from '../core/value.ts';
import type { MatchKey, Priority, Ref, Store, SyncId } from '../store/store.ts';
import type { World } from '../world/world.ts';
import type { Case } from './case.ts';
import type { Gate } from './gate.ts';
import type { Member, Sync } from './member.ts';
import type { Doubts, Recent } from './recent.ts';
import type { RunLog } from './run-log.ts';
import type { Leases } from './leases.ts';
import type { Setback } from './retry.ts';
import type { Rules } from './rules.ts';

export interface Context {
  readonly store: Store;
  readonly world: World;
  readonly gate: Gate;
  readonly recent: Recent;
  readonly doubts: Doubts;
  readonly sync: Sync;
  readonly leases: Leases;
  readonly run: RunLog;
  /** Makes match keys and markers that nobody without it can make. */
  readonly secret: string;
  /** The most urgent of what this pass serves. */
  readonly priority: Priority;
  readonly mode: Mode;
  readonly rules: Rules;
  /** Items that this pass has read, by ref: looking at them again would bring nothing new. */
  readonly inHand: Map<string, Item>;
  /** Values that a vendor refused because another item has them. */
  readonly collisions: Collision[];
  readonly refusals: Refusals;
  /** Another sync, whose records those of this one refer to; undefined where there is none. */
  readonly peer: (id: SyncId) => Promise<Sync | undefined>;
  /** How many records the sync has, as of a little while ago. */
  readonly countLive: () => Promise<number>;
  /** Keeps outside of the database how far its past goes. */
  readonly keep: () => Promise<void>;
  /** A schema is not what it was when the sync was opened. */
  readonly onDrift: () => void;
}

export interface Collision {
  readonly one: Case;
  readonly member: Member;
  readonly value: Value | undefined;
  /** The item that has the value, where the vendor tells. */
  readonly existing: string | undefined;
}

/**
 * What vendors refused, by record: fields in creates, because there is no link yet to keep them on, and
 * everything that was to be written to a system, until something is. Only this process remembers: another
 * one is told again.
 */
export class Refusals {
  readonly #refused = new Set<string>();

  add(...names: readonly string[]): void {
    this.#refused.add(names.join('/'));
  }

  has(...names: readonly string[]): boolean {
    return this.#refused.has(names.join('/'));
  }

  drop(...names: readonly string[]): void {
    this.#refused.delete(names.join('/'));
  }
}

/**
 * What happens to planned writes. `write` sends them, `preview` tells what would be sent. Some records may
 * have an order of their own: to send exactly what was previewed, or to take back what a run did.
 */
export interface Mode {
  readonly kind: 'write' | 'preview';
  readonly orders?: ReadonlyMap<EntityId, Order>;
  /** Entities whose order has been dealt with. */
  readonly done?: Set<EntityId>;
  /**
   * Collects the records of which something was only told, and the write that was told last by endpoint:
   * they have to be looked at once more.
   */
  readonly told?: Told;
}

export type Told = Map<EntityId, Map<EndpointId, string>>;

export type Order =
  /** Names of the writes that were shown. */
  | { readonly kind: 'apply'; readonly expected: ReadonlySet<string> }
  | {
      readonly kind: 'undo';
      readonly resolutions: readonly Resolution[];
      /** Items that the run created. */
      readonly created: readonly Omit<Ref, 'sync'>[];
      /** Items that the run removed because it took back their creation. */
      readonly removed: readonly Omit<Ref, 'sync'>[];
      /** Only tells what would happen; nothing is stored either. */
      readonly isPreview: boolean;
    };

export function orderFor({ mode }: Context, entity: EntityId): Order | undefined {
  return mode.orders?.get(entity);
}

/** What becomes of work at a member that is not there. */
export function setbackWithout({ sync, world }: Context, endpoint: EndpointId): Setback {
  const away = sync.unavailable.get(endpoint);
  // What is open at an account that takes part no more is nobody's business.
  if (!away) return { kind: 'wait', why: 'The account does not take part in the sync.' };
  const forMs = Math.max(0, away.until - world.clock.monotonicMs());
  return { kind: 'blocked', why: away.why, at: world.clock.now() + forMs };
}

export function newLinkId(world: World): LinkId {
  return world.newId() as LinkId;
}

export function refTo(sync: Sync, { endpoint, remoteId }: Omit<Ref, 'sync'>): Ref {
  return { sync: sync.id, endpoint, remoteId };
}

/** A key as it is found by its values, and as it is stored. */
export interface DigestedKey extends FoundKey {
  readonly digest: MatchKey;
  /** Only an item in one system has it, or had it when it was last read; the record has another one now. */
  readonly isLeft?: true;
}

/** What identifies a record with these values. */
export function keysOf(context: Context, fields: Values): DigestedKey[] {
  const { sync } = context;
  return keysIn(context, fields).map((key) => {
    return { ...key, digest: digestOf(context, `${sync.id} ${key.kind} ${key.key}`) };
  });
}

export function keysOfEntity(context: Context, { cells }: Pick<Entity, 'cells'>): DigestedKey[] {
  return keysOf(context, wholeValues(context.sync.policy.fields, cells));
}

/** What an item in a system can be known by although its record has got another key meanwhile. */
export function leftKeysOf(context: Context, endpoint: EndpointId, fields: Values): DigestedKey[] {
  const strong = keysIn(context, fields).filter(({ strength }) => strength === 'strong');
  return strong.map((key) => leftKey(context, endpoint, key));
}

/** Keys that the items of a record have, or had when they were there last, and the record has no longer. */
export function keysLeftBy(
  context: Context,
  { entity, links }: { readonly entity: Pick<Entity, 'cells'>; readonly links: readonly Link[] },
): DigestedKey[] {
  const { match } = context.sync.settings;
  const fields = context.sync.policy.fields.filter(({ name }) => {
    return match.some(({ field }) => field === name);
  });
  const nameOf = ({ kind, key }: FoundKey): string => `${kind} ${key}`;
  const own = new Set(keysIn(context, wholeValues(fields, entity.cells)).map(nameOf));
  return links.flatMap((link) => {
    if (!LEAVES_KEYS.has(link.state)) return [];
    const had = Object.fromEntries(fields.map((field) => [field.name, baseOf(field, link)]));
    const left = keysIn(context, had).filter((key) => {
      return key.strength === 'strong' && !own.has(nameOf(key));
    });
    return left.map((key) => leftKey(context, link.endpoint, key));
  });
}

const LEAVES_KEYS: ReadonlySet<Link['state']> = new Set(['live', 'held', 'gone']);

function leftKey(context: Context, endpoint: EndpointId, key: FoundKey): DigestedKey {
  const name = `${context.sync.id} ${key.kind} ${key.key} at ${endpoint}`;
  return { ...key, digest: digestOf(context, name), isLeft: true };
}

function keysIn({ sync }: Context, fields: Values): FoundKey[] {
  const { match, matching } = sync.settings;
  const sources = match.map(({ field, kind }) => ({ kind, value: fields[field] }));
  return matchKeys(sources, matching);
}

function digestOf({ secret }: Context, name: string): MatchKey {
  return keyedDigest(secret, name).slice(0, 22);
}

export function nameOfItem({ endpoint, remoteId }: Omit<Ref, 'sync'>): string {
  return `${endpoint}/${remoteId}`;
}
