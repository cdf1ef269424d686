/**
 * Items that a list has just shown, kept for a moment so that nothing is read twice. Each is used once, and
 * only if nobody has marked the item since: they may have seen more. Losing one costs a read and nothing
 * else, so they are never stored.
 */
import type { LinkId } from '../core/planner/model.ts';
import type { Item } from '../connectors/connector.ts';
import type { Claimed, Mark, Ref } from '../store/store.ts';
import type { World } from '../world/world.ts';

/** Old enough for a mark of the usual class to be worked off; what is older is hardly true any more. */
const FRESH_MS = 20_000;
const ITEMS_MAX = 5_000;

export interface SeenItem {
  readonly item: Item;
  readonly takenAt: number;
  /** True once, but perhaps not any more: it is read again before anything is written on top of it. */
  readonly weak?: boolean;
  /** Read by its id, and not listed or found. */
  readonly isRead?: true;
}

interface Kept {
  readonly seen: SeenItem;
  readonly mark: Mark;
  /** Missing as long as it is not. */
  markedAt?: number;
}

export class Recent {
  readonly #items = new Map<string, Kept>();

  /** `mark`: what is to be marked because of it. */
  keep(ref: Ref, seen: SeenItem, mark: Mark): void {
    const name = nameOf(ref);
    this.#items.delete(name);
    this.#items.set(name, { seen, mark });
    if (this.#items.size > ITEMS_MAX) this.#items.delete(this.#items.keys().next().value!);
  }

  /** These marks are made now. */
  marked(marks: readonly Mark[], now: number): void {
    for (const mark of marks) {
      const kept = mark.key.kind === 'item' ? this.#items.get(nameOf(mark.key)) : undefined;
      if (kept?.mark === mark) kept.markedAt = now;
    }
  }

  /** Forgets what was shown, unless the mark that was made of it is the last one. */
  claimed({ key, lastMarkedAt }: Pick<Claimed, 'key' | 'lastMarkedAt'>): void {
    if (key.kind !== 'item') return;
    if (this.#items.get(nameOf(key))?.markedAt !== lastMarkedAt) this.drop(key);
  }

  take(ref: Ref, now: number): SeenItem | undefined {
    const name = nameOf(ref);
    const seen = this.#items.get(name)?.seen;
    this.#items.delete(name);
    return seen && now - seen.takenAt <= FRESH_MS ? seen : undefined;
  }

  /** A write makes what was seen before it worthless. */
  drop(ref: Ref): void {
    this.#items.delete(nameOf(ref));
  }
}

function nameOf({ sync, endpoint, remoteId }: Ref): string {
  return `${sync}/${endpoint}/${remoteId}`;
}

/**
 * Changes that may be old states, and since when each has been seen. Forgetting one only delays it. How long
 * it has lasted is measured by a clock that nobody sets, and told in terms of the one that tells the time.
 */
export class Doubts {
  readonly #seen = new Map<LinkId, { readonly state: string; since: number; last: number }>();
  readonly #shown = new Map<string, Map<string, Sighting>>();
  readonly #clock: World['clock'];

  constructor({ clock }: Pick<World, 'clock'>) {
    this.#clock = clock;
  }

  /** Since when the link has been read in this state without a break. */
  since(link: LinkId, state: string, takenAt: number): number {
    const at = this.#clock.monotonicMs() - (this.#clock.now() - takenAt);
    const known = this.#seen.get(link);
    if (known?.state === state) {
      known.last = at;
      return takenAt - (at - known.since);
    }
    this.#seen.set(link, { state, since: at, last: at });
    return takenAt;
  }

  lastSeen(link: LinkId): number | undefined {
    const known = this.#seen.get(link);
    return known && this.#clock.now() - (this.#clock.monotonicMs() - known.last);
  }

  end(link: LinkId): void {
    this.#seen.delete(link);
  }

  /** A read has shown the item like that, whatever it was for, at a system whose answers lag so much. */
  shown(ref: Ref, { state, bornAt, version }: Shown, lagMs: number): void {
    const name = nameOf(ref);
    const at = this.#clock.monotonicMs();
    const known = [...(this.#shown.get(name) ?? [])].filter(([, seen]) => at - seen.at <= lagMs);
    const states = new Map<string, Sighting>([...known, [state, { bornAt, version, at }]]);
    this.#shown.delete(name);
    this.#shown.set(name, states);
    if (this.#shown.size > ITEMS_MAX) this.#shown.delete(this.#shown.keys().next().value!);
  }

  /** Whether another state, which is not known to be older, was shown so short before that it may be newer. */
  isBehind(ref: Ref, shown: Shown, takenAt: number, lagMs: number): boolean {
    const at = this.#clock.monotonicMs() - (this.#clock.now() - takenAt);
    return [...(this.#shown.get(nameOf(ref)) ?? [])].some(([other, seen]) => {
      return other !== shown.state && !isOlder(seen, shown) && at - seen.at <= lagMs;
    });
  }

  /** What was shown before a write of ours is older than that. */
  written(ref: Ref): void {
    this.#shown.delete(nameOf(ref));
  }
}

/** How an item looked in an answer. */
export interface Shown extends Age {
  readonly state: string;
}

interface Age {
  /** When the item was made: of two that had one id, each has versions of its own. */
  readonly bornAt?: number | undefined;
  readonly version?: number | undefined;
}

interface Sighting extends Age {
  readonly at: number;
}

function isOlder(one: Age, than: Age): boolean {
  const [born, bornThan] = [one.bornAt ?? than.bornAt ?? 0, than.bornAt ?? one.bornAt ?? 0];
  return born === bornThan ? (one.version ?? 0) < (than.version ?? 0) : born < bornThan;
}
