/**
 * The index that searches look into. It learns of every change a while later, each at a time of its own:
 * a record that was changed first may be found last.
 */
import type { Random } from '../../world/world.ts';
import type { Collection } from '../crm/collection.ts';
import { latest } from '../crm/item.ts';
import type { Entry, State } from '../crm/model.ts';
import type { Account } from './account.ts';

export interface Indexed {
  readonly id: string;
  readonly order: number;
  /** As the index knows it; undefined when it has not heard of it yet. */
  readonly known: State | undefined;
  readonly truth: State;
}

export class SearchIndex {
  readonly #account: Account;
  readonly #chance: Random;
  readonly #delays = new WeakMap<State, number>();

  constructor(account: Account, chance: Random) {
    this.#account = account;
    this.#chance = chance;
  }

  /** Everything that is there, or was for the index, in the order of ids. */
  *records(collection: Collection): Iterable<Indexed> {
    const nowMs = this.#account.worldMs;
    for (const entry of collection.entries) {
      if (collection.hidden.has(entry.id)) continue;
      const truth = latest(entry);
      const known = this.#known(entry, nowMs);
      if (known?.life !== 'live' && truth.life !== 'live') continue;
      yield { id: entry.id, order: entry.order, known, truth };
    }
  }

  #known({ states }: Entry, nowMs: number): State | undefined {
    for (let index = states.length - 1; index >= 0; index -= 1) {
      const state = states[index]!;
      if (state.sinceMs + this.#delayOf(state, nowMs) <= nowMs) return state;
    }
    return undefined;
  }

  /** What has happened long ago is known for certain. */
  #delayOf(state: State, nowMs: number): number {
    const { usual, most } = this.#account.settings.searchLagMs;
    if (most === 0 || nowMs - state.sinceMs >= most) return 0;
    const known = this.#delays.get(state);
    if (known !== undefined) return known;
    const isLate = this.#chance.next() < LATE_SHARE;
    const delayMs = isLate ? this.#chance.below(most + 1) : this.#chance.below(usual + 1);
    this.#delays.set(state, delayMs);
    return delayMs;
  }
}

const LATE_SHARE = 0.1;
