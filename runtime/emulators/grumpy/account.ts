/**
 * An account of Grumpy: what every CRM keeps, with the habits that its abilities ask for, and items as
 * its API shows them.
 */
import type { Clock } from '../../world/world.ts';
import { Account as CrmAccount } from '../crm/account.ts';
import type { Habits } from '../crm/habits.ts';
import type { Item } from '../crm/model.ts';
import { retyped, stored } from '../crm/values.ts';
import { abilitiesOf, type Abilities, type AccountOptions } from './options.ts';
import { spelled } from './spelling.ts';

export class Account extends CrmAccount {
  readonly abilities: Abilities;
  readonly #shown = new WeakMap<Item, object>();

  constructor(options: AccountOptions, clock: Pick<Clock, 'now'>) {
    const abilities = abilitiesOf(options);
    const { name, token } = options;
    const collections = collectionsOf(options, abilities);
    super(
      {
        vendor: 'grumpy',
        title: 'Grumpy',
        name,
        token,
        collections,
        habits: habitsOf(abilities),
      },
      clock,
    );
    this.abilities = abilities;
  }

  /** As the API of this account shows it. */
  shown(item: Item): object {
    const known = this.#shown.get(item);
    if (known !== undefined) return known;
    const shown = shownOf(item, this.abilities);
    this.#shown.set(item, shown);
    return shown;
  }
}

function collectionsOf(
  { collections }: AccountOptions,
  { uniqueFields }: Abilities,
): AccountOptions['collections'] {
  const all = Object.entries(collections).map(([name, fields]) => {
    const unique = uniqueFields[name] ?? [];
    const marked = fields.map((field) =>
      unique.includes(field.path) ? { ...field, unique: true } : field,
    );
    return [name, marked] as const;
  });
  return Object.fromEntries(all);
}

function habitsOf(abilities: Abilities): Partial<Habits> {
  const { version, history, readLagMs, searchLagMs, changesLagMs, spelling } = abilities;
  return {
    reusesIds: abilities.reusesIds,
    version: version === 'time' ? 'time' : 'counter',
    clockSkewMs: abilities.clockSkewMs,
    rememberMs: history ? Infinity : Math.max(readLagMs, searchLagMs, changesLagMs),
    delete: abilities.delete,
    store: (field, given) => stored(field, given, (text) => spelled(text, spelling[field.path])),
    // Not spelled: a value that only changes its clothes is the same to the letter.
    retype: (field, value) => retyped(field, value),
    merging: { newId: abilities.mergeGivesNewId, loser: 'merged' },
  };
}

function shownOf(item: Item, { version, author, fieldTimes, mergeVisible }: Abilities): object {
  const { archived: _archived, ...shown } = item;
  return {
    ...shown,
    version: version === 'none' ? undefined : item.version,
    updatedAt: version === 'none' ? undefined : item.updatedAt,
    createdBy: author ? item.createdBy : undefined,
    updatedBy: author ? item.updatedBy : undefined,
    updatedAtByField: fieldTimes ? item.updatedAtByField : undefined,
    mergedFrom: mergeVisible === 'alias' ? item.mergedFrom : undefined,
  };
}
