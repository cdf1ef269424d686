/**
 * Workflow rules, as people set them up in a CRM: after a change, other fields follow by themselves a
 * moment later. What a rule or the vendor itself has done starts no rule.
 */
import type { Random, World } from '../../world/world.ts';
import type { Account } from './account.ts';
import type { Change, Doer, Given, Item } from './model.ts';
import { Refused } from './refused.ts';

/** What to write after this change; undefined for nothing. */
export type Rule = (after: Item, before: Item | undefined) => Given | undefined;

const DELAY_MS = { atLeast: 50, below: 2000 };

export class Rules {
  readonly #account: Account;
  readonly #world: World;
  readonly #chance: Random;
  readonly #rules: { readonly collection: string; readonly rule: Rule; readonly doer: Doer }[] = [];

  constructor(account: Account, world: World) {
    this.#account = account;
    this.#world = world;
    this.#chance = world.random(`${account.vendor}:${account.name}:rules`);
    account.onChanges((changes) => {
      for (const change of changes) this.#follow(change);
    });
  }

  add(collection: string, rule: Rule, by: 'app' | 'integration'): void {
    this.#rules.push({ collection, rule, doer: { by, via: 'rule' } });
  }

  #follow({ collection, id, via, after, before }: Change): void {
    if (via !== 'api' && via !== 'hands') return;
    if (after === undefined || after.archived) return;
    for (const { collection: its, rule, doer } of this.#rules) {
      const given = its === collection ? rule(after, before) : undefined;
      if (given === undefined) continue;
      const delayMs = DELAY_MS.atLeast + this.#chance.below(DELAY_MS.below - DELAY_MS.atLeast);
      this.#world.schedule.after(delayMs, () => this.#write(collection, id, given, doer));
    }
  }

  #write(name: string, id: string, given: Given, doer: Doer): void {
    const collection = this.#account.collections.get(name);
    if (collection === undefined) return;
    try {
      this.#account.atomically(() => this.#account.update(collection, id, given, doer));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const details = { account: this.#account.name, collection: name, id, code: error.code };
      this.#world.log.write('debug', `A rule of ${this.#account.title} was refused.`, details);
    }
  }
}
