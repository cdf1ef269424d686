/** An account of an app: what every CRM keeps, with the habits that its options ask for. */
import type { World } from '../../world/world.ts';
import { Account as CrmAccount } from '../crm/account.ts';
import type { Habits } from '../crm/habits.ts';
import type { FieldOptions, Value } from '../crm/model.ts';
import { Refused } from '../crm/refused.ts';
import { stored } from '../crm/values.ts';
import { collectionsOf, rulesOf } from './fields.ts';
import { settingsOf, type AccountOptions, type Settings } from './options.ts';
import { spelled } from './words.ts';

export class Account extends CrmAccount {
  readonly settings: Settings;
  /** Where it is: the paths of its document follow this. */
  readonly base: string;

  constructor(options: AccountOptions, world: Pick<World, 'clock' | 'random'>) {
    const settings = settingsOf(options);
    const { name, token } = options;
    const collections = collectionsOf(settings);
    super(
      {
        vendor: 'rest',
        title: 'Own app',
        name,
        token,
        collections,
        habits: {
          ...habitsOf(settings),
          newId: idsOf(settings, world.random(`rest:${name}:ids`)),
          derive: ({ collection, after }) => {
            const fields = [...this.collections.get(collection)!.schema.fields];
            for (const { path, own } of fields) {
              const isMissing =
                rulesOf({ own: own ?? {} }).required === true && isEmpty(after[path]);
              if (isMissing) throw new Refused('invalid', `${path} is required.`, { path });
            }
            return collection === 'contacts' ? fullName(settings, after) : undefined;
          },
        },
      },
      world.clock,
    );
    this.settings = settings;
    this.base = `/apps/${name}`;
  }
}

function habitsOf(settings: Settings): Partial<Habits> {
  const { version, timeStepMs, clockSkewMs, listLagMs, deletion, merges } = settings;
  return {
    version: version === 'time' ? 'time' : 'counter',
    timeStepMs,
    clockSkewMs,
    rememberMs: listLagMs,
    delete: deletion === 'hard' ? 'hard' : 'soft',
    deletingMovesTime: settings.deletingMovesTime,
    archivedHoldUnique: settings.deletedHoldUnique,
    purgeAfterMs: settings.purgeAfterMs,
    reusesIds: settings.reusesIds,
    store,
    merging: {
      newId: false,
      loser: merges === 'none' && deletion !== 'hard' ? 'archived' : 'merged',
    },
    references: { deleted: 'keep', destroyed: 'clear', merged: 'follow' },
  };
}

/** Also what people write is as the document says. */
function store(field: FieldOptions, given: unknown): Value {
  const isAddress = field.type === 'email' && typeof given === 'string';
  const value = stored(field, isAddress ? given.trim() : given);
  const { integer = false, minimum, maximum, pattern } = rulesOf(field);
  const isFit =
    (typeof value !== 'number' ||
      ((!integer || Number.isInteger(value)) &&
        value >= (minimum ?? value) &&
        value <= (maximum ?? value))) &&
    (typeof value !== 'string' || pattern === undefined || new RegExp(pattern, 'u').test(value));
  if (isFit) return value;
  throw new Refused('invalid', `${field.path} takes no such value.`, { path: field.path });
}

function idsOf({ ids }: Settings, random: ReturnType<World['random']>): Habits['newId'] {
  if (ids === 'integer') return ({ number }) => String(number);
  const digits = (count: number): string =>
    Array.from({ length: count }, () => random.below(16).toString(16)).join('');
  return () =>
    `${digits(8)}-${digits(4)}-4${digits(3)}-${(8 + random.below(4)).toString(16)}${digits(3)}-${digits(12)}`;
}

function fullName(
  { names }: Settings,
  after: Readonly<Record<string, Value>>,
): Record<string, unknown> {
  const parts = [after[spelled(names, 'firstName')], after[spelled(names, 'lastName')]];
  const known = parts.filter((part) => typeof part === 'string');
  return { [spelled(names, 'fullName')]: known.length === 0 ? null : known.join(' ') };
}

function isEmpty(value: Value | undefined): boolean {
  return value === undefined || value === null;
}
