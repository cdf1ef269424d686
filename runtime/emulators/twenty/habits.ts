/** What an account of Twenty does with what it keeps: ids, unique values, defaults, merges. */
import type { Random } from '../../world/world.ts';
import type { Deriving, Habits } from '../crm/habits.ts';
import type { FieldOptions, Given, Item, Value } from '../crm/model.ts';
import { ownOf, UNIQUE_PART } from './fields.ts';
import { randomId } from './ids.ts';
import type { Settings } from './options.ts';
import { isObject, retypedValue, storedValue } from './values.ts';

/** What they need to know of the account, which is only there after them. */
export interface Context {
  readonly settings: Settings;
  readonly ids: Random;
  fieldsOf(collection: string): Iterable<FieldOptions>;
  nextPosition(collection: string): number;
}

export function habitsOf(context: Context): Partial<Habits> {
  const { settings, ids } = context;
  return {
    newId: () => randomId(ids),
    deletingMovesTime: settings.deletingMovesTime,
    archivedHoldUnique: true,
    store: storedValue,
    retype: retypedValue,
    uniqueKeys,
    derive: (change) => derived(context, change),
    merging: {
      newId: false,
      loser: 'archived',
      values: ({ collection, loser, winner }) => united(context, collection, { loser, winner }),
    },
    // The database clears them behind everybody's back.
    references: { deleted: 'keep', destroyed: 'clearQuietly', merged: 'follow' },
  };
}

/** What is unique of this value; undefined for an empty one, which may be there many times. */
export function uniqueText(field: FieldOptions, value: Value): string | undefined {
  if (value === null) return undefined;
  const part = UNIQUE_PART[ownOf(field).native];
  const its = part !== undefined && isObject(value) ? (value[part] ?? null) : value;
  if (its === null) return undefined;
  return typeof its === 'string' ? its : JSON.stringify(its);
}

function uniqueKeys(field: FieldOptions, valueOf: (path: string) => Value): readonly string[] {
  const text = uniqueText(field, valueOf(field.path));
  if (text === undefined) return [];
  const { uniqueWith } = ownOf(field);
  if (uniqueWith === undefined) return [text];
  const other = valueOf(uniqueWith);
  return other === null ? [] : [`${JSON.stringify(other)} ${text}`];
}

/** A record is born with its defaults, its place in lists, and who made it. */
function derived(context: Context, { collection, by, before, after }: Deriving): Given {
  if (before !== undefined) return {};
  const given: Record<string, unknown> = {};
  for (const field of context.fieldsOf(collection)) {
    const { defaultValue } = ownOf(field);
    if (defaultValue === undefined || after[field.path] !== null) continue;
    if (field.path === 'position') given['position'] = context.nextPosition(collection);
    else given[field.path] = unquoted(defaultValue);
  }
  const { createdBy } = after;
  const source = isObject(createdBy) ? (createdBy['source'] ?? null) : null;
  const name = by === 'app' ? context.settings.keyName : by === 'person' ? 'Ada Varga' : 'Zapier';
  given['createdBy'] = {
    source: source ?? (by === 'person' ? 'MANUAL' : 'API'),
    workspaceMemberId: null,
    name,
    context: {},
  };
  return given;
}

/** Texts stand in quotes inside of their quotes. */
function unquoted(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/^'(.*)'$/s, '$1');
  return Array.isArray(value) ? value.map(unquoted) : value;
}

/** Lists have the members of both, and what was somebody's first becomes one of the others. */
function united(
  context: Context,
  collection: string,
  { loser, winner }: { loser: Item; winner: Item },
): Given {
  const given: Record<string, unknown> = {};
  for (const field of context.fieldsOf(collection)) {
    const [mine, other] = [winner.fields[field.path] ?? null, loser.fields[field.path] ?? null];
    if (mine === null || other === null) continue;
    if (Array.isArray(mine) && Array.isArray(other)) {
      given[field.path] = [...new Set([...mine, ...other])];
    } else if (isObject(mine) && isObject(other)) {
      const both = unitedParts(ownOf(field).native, mine, other);
      if (both !== undefined) given[field.path] = both;
    }
  }
  return given;
}

type Parts = Readonly<Record<string, unknown>>;

function unitedParts(native: string, mine: Parts, other: Parts): Parts | undefined {
  const listed = (parts: Parts, name: string): readonly unknown[] =>
    (parts[name] as readonly unknown[] | null) ?? [];
  if (native === 'EMAILS') {
    const [first, ...more] = distinct(
      [mine['primaryEmail'], ...listed(mine, 'additionalEmails')],
      [other['primaryEmail'], ...listed(other, 'additionalEmails')],
    );
    return { primaryEmail: first ?? null, additionalEmails: more };
  }
  if (native === 'PHONES') {
    const all = distinct(
      listed(mine, 'additionalPhones'),
      [phoneIn(other), ...listed(other, 'additionalPhones')],
      [phoneIn(mine)],
    );
    return mine['primaryPhoneNumber'] === null
      ? { ...other, additionalPhones: all }
      : { ...mine, additionalPhones: all };
  }
  if (native === 'LINKS') {
    const link = { url: other['primaryLinkUrl'], label: other['primaryLinkLabel'] };
    const own = { url: mine['primaryLinkUrl'], label: mine['primaryLinkLabel'] };
    const links = link.url === null ? [] : [link];
    const all = distinct(
      listed(mine, 'secondaryLinks'),
      [...links, ...listed(other, 'secondaryLinks')],
      [own],
    );
    return { ...mine, secondaryLinks: all };
  }
  return undefined;
}

function phoneIn(parts: Parts): object | null {
  if (parts['primaryPhoneNumber'] === null) return null;
  return {
    number: parts['primaryPhoneNumber'],
    countryCode: parts['primaryPhoneCountryCode'],
    callingCode: parts['primaryPhoneCallingCode'],
  };
}

/** In their order, each once, and none of those that are not wanted. */
function distinct(
  mine: readonly unknown[],
  other: readonly unknown[],
  unwanted: readonly unknown[] = [],
): readonly unknown[] {
  const known = new Set(unwanted.map((one) => JSON.stringify(one)));
  return [...mine, ...other].filter((one) => {
    const key = JSON.stringify(one);
    if (one === null || known.has(key)) return false;
    known.add(key);
    return true;
  });
}
