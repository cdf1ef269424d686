/** Items between the account and the wire: as the app shows them, and as it takes them. */
import { createHash } from 'node:crypto';
import type { Collection } from '../crm/collection.ts';
import { iso } from '../crm/item.ts';
import type { FieldOptions, Item, State } from '../crm/model.ts';
import type { Account } from './account.ts';
import { isList, isReference } from './schemas.ts';
import { idMember } from './words.ts';

export type Shown = Readonly<Record<string, unknown>>;

export function shown(account: Account, collection: Collection, id: string, state: State): Shown {
  const item = collection.item(id, state);
  const known = SHOWN.get(item);
  if (known !== undefined) return known;
  const made = shownOf(account, collection, item, state);
  SHOWN.set(item, made);
  return made;
}

const SHOWN = new WeakMap<Item, Shown>();

const HOUR_MS = 3_600_000;

/** It says that something is another, and nothing of what. */
export function etagOf(item: Shown): string {
  const hash = createHash('sha256').update(JSON.stringify(item)).digest('base64url');
  return `"${hash.slice(0, 16)}"`;
}

/** As ids are written: in an item, in a reference and in an answer. */
export function wireId({ settings }: Account, id: string): string | number {
  return settings.ids === 'integer' ? Number(id) : id;
}

/** What was sent, by the paths of the fields that can be written; what is not known is left out. */
export function taken(
  account: Account,
  collection: Collection,
  sent: Shown,
  mode: 'update' | 'replace' | 'create',
): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const field of collection.schema.fields) {
    const { path, type } = field;
    if (field.readOnly === true) continue;
    const value = valueAt(sent, path.split('.'));
    if (value === undefined) {
      if (mode === 'replace' || isLeftOut(account, sent, path)) given[path] = null;
      continue;
    }
    given[path] = isReference(field) ? keptReference(type, value) : value;
  }
  return given;
}

/** In an account all ids are texts. */
function keptReference(type: string, value: unknown): unknown {
  if (value === null) return null;
  return type === 'references' ? (value as unknown[]).map(String) : `${value as string | number}`;
}

/** Of an object within that is sent, without this part. */
function isLeftOut({ settings }: Account, sent: Shown, path: string): boolean {
  const [head = '', ...rest] = path.split('.');
  return settings.patchWithin === 'replaces' && rest.length > 0 && Object.hasOwn(sent, head);
}

function valueAt(object: unknown, [first, ...rest]: readonly string[]): unknown {
  if (first === undefined) return object;
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, first))
    return undefined;
  return valueAt((object as Shown)[first], rest);
}

function shownOf(account: Account, collection: Collection, item: Item, state: State): Shown {
  const { words, version, deletion, clockSkewMs, times } = account.settings;
  const written = TIMES[times];
  const made: Record<string, unknown> = {
    [idMember(collection.name, account.settings)]: wireId(account, item.id),
  };
  for (const field of collection.schema.fields) {
    const value = item.fields[field.path] ?? (isList(field) ? [] : null);
    put(made, field.path.split('.'), asSent(account, field, value));
  }
  const isDeleted = state.life === 'archived';
  made[words.createdAt] = written(state.createdAtMs);
  if (version !== 'none') made[words.changedAt] = written(state.updatedAtMs);
  if (version === 'counter') made[words.version] = item.version;
  if (deletion === 'time') {
    made[words.deleted] = isDeleted ? written(state.sinceMs + clockSkewMs) : null;
  }
  if (deletion === 'boolean') made[words.deleted] = isDeleted;
  return made;
}

/** The same instant in two ways: as text, they do not sort. */
const TIMES: Readonly<Record<'utc' | 'offset', (timeMs: number) => string>> = {
  utc: iso,
  offset: (timeMs) => iso(timeMs + HOUR_MS).replace('Z', '+01:00'),
};

function asSent(account: Account, field: FieldOptions, value: unknown): unknown {
  if (!isReference(field) || value === null) return value;
  if (field.type === 'references') return (value as string[]).map((id) => wireId(account, id));
  return wireId(account, value as string);
}

function put(
  object: Record<string, unknown>,
  [first = '', ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) {
    object[first] = value;
    return;
  }
  const within = (object[first] ?? {}) as Record<string, unknown>;
  object[first] = within;
  put(within, rest, value);
}
