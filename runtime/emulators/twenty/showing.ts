/**
 * Records as the API shows them: flat, with the ids of what they lead to; one step deeper, with what they
 * lead to and what leads to them. Fields that the role may not see are not there.
 */
import type { Collection } from '../crm/collection.ts';
import { iso, latest } from '../crm/item.ts';
import type { FieldOptions, Item, State, Value } from '../crm/model.ts';
import type { Account } from './account.ts';
import { nameOf, ownOf, PARTS, type Part } from './fields.ts';
import { isObject } from './values.ts';

export type Shown = Readonly<Record<string, unknown>>;

const known = new WeakMap<Item, Map<string, Shown>>();

/** The same object for the same state. */
export function shownState(account: Account, collection: Collection, id: string): Shown {
  const entry = collection.entry(id)!;
  const state = latest(entry);
  return shownOf(account, collection, { id, state });
}

export function shownOf(
  account: Account,
  collection: Collection,
  { id, state }: { id: string; state: State },
): Shown {
  const deletedAtMs = state.life === 'archived' ? state.sinceMs : undefined;
  return shownItem(account, collection, { item: collection.item(id, state), deletedAtMs });
}

export function shownItem(
  account: Account,
  collection: Collection,
  { item, deletedAtMs }: { item: Item; deletedAtMs: number | undefined },
): Shown {
  const key = String(deletedAtMs);
  const forms = known.get(item) ?? new Map<string, Shown>();
  const before = forms.get(key);
  if (before !== undefined) return before;
  const { settings } = account;
  const shown: Record<string, unknown> = {
    id: item.id,
    createdAt: item.createdAt,
    updatedAt: item.updatedAt,
    deletedAt: deletedAtMs === undefined ? null : iso(deletedAtMs + account.habits.clockSkewMs),
  };
  for (const field of collection.schema.fields) {
    if (isHidden(account, collection, field) || !isActive(field)) continue;
    shown[field.path] = shownValue(field, item.fields[field.path] ?? null, settings.emptyTexts);
  }
  if (settings.line === '2.x') {
    const isPerson = item.updatedBy.kind === 'person';
    const name = isPerson ? 'Ada Varga' : settings.keyName;
    const source = isPerson ? 'MANUAL' : 'API';
    shown['updatedBy'] = { source, workspaceMemberId: null, name, context: {} };
  }
  known.set(item, forms.set(key, shown));
  return shown;
}

/** One step deeper; a note that was deleted is then still there, and flat it is not. */
export function deepOf(account: Account, collection: Collection): (shown: Shown) => Shown {
  const inverse = inverseOf(account, collection).map(({ owner, field, name }) => {
    return { name, found: byReference(account, owner, field) };
  });
  const forward = [...collection.schema.fields].filter(
    (field) => field.to !== undefined && !isHidden(account, collection, field),
  );
  return (shown) => {
    const deep: Record<string, unknown> = { ...shown };
    for (const field of forward) {
      const target = account.collections.get(field.to!)!;
      const id = referenceOf(collection, shown['id'] as string, field);
      const entry = typeof id === 'string' ? target.entry(id) : undefined;
      const state = entry && latest(entry);
      const isThere = state?.life === 'live' || state?.life === 'archived';
      if (typeof id === 'string') deep[field.path] = id;
      deep[nameOf(field)] = isThere
        ? flat(account, target, shownState(account, target, id!))
        : null;
    }
    for (const { name, found } of inverse) {
      const ids = found.get(shown['id'] as string) ?? [];
      deep[name] = ids;
    }
    return deep;
  };
}

/** The quirk of targets: what a note was about is not told of a note that was deleted. */
export function flat(account: Account, collection: Collection, shown: Shown): Shown {
  if (collection.name !== 'noteTargets' && collection.name !== 'taskTargets') return shown;
  const path = collection.name === 'noteTargets' ? 'noteId' : 'taskId';
  const id = shown[path];
  const owner = account.collections.get(path === 'noteId' ? 'notes' : 'tasks')!;
  if (typeof id !== 'string' || owner.live(id) !== undefined) return shown;
  return { ...shown, [path]: null };
}

/** What leads here: each column of another object, and its name on this side. */
export function inverseOf(
  account: Account,
  { name: target }: Collection,
): readonly { owner: Collection; field: FieldOptions; name: string }[] {
  return [...account.collections.values()].flatMap((owner) =>
    [...owner.schema.fields]
      .filter(({ to }) => to === target)
      .map((field) => ({ owner, field, name: ownOf(field).relation!.inverse })),
  );
}

/** What leads to whom by this column, all at once. */
function byReference(
  account: Account,
  owner: Collection,
  { key, path }: { key?: string } & FieldOptions,
): ReadonlyMap<string, Shown[]> {
  const found = new Map<string, Shown[]>();
  const its = key ?? owner.schema.field(path)!.key;
  for (const entry of owner.entries) {
    const state = latest(entry);
    const id = state.life === 'live' ? state.values[its] : undefined;
    if (typeof id !== 'string') continue;
    const list = found.get(id) ?? [];
    list.push(shownState(account, owner, entry.id));
    found.set(id, list);
  }
  return found;
}

function referenceOf(collection: Collection, id: string, { path }: FieldOptions): string | null {
  const value = latest(collection.entry(id)!).values[collection.schema.field(path)!.key] ?? null;
  return value as string | null;
}

export function isHidden(
  { settings }: Account,
  { name }: Collection,
  field: FieldOptions,
): boolean {
  const hidden = settings.role.hiddenFields[name];
  return hidden?.includes(field.path) === true || hidden?.includes(nameOf(field)) === true;
}

export function isActive(field: FieldOptions): boolean {
  return ownOf(field).isActive !== false;
}

function shownValue(field: FieldOptions, value: Value, empty: 'text' | 'null'): unknown {
  const { native } = ownOf(field);
  const parts = PARTS[native];
  if (parts === undefined) {
    return value === null && native === 'TEXT' && empty === 'text' ? '' : value;
  }
  const given = isObject(value) ? value : {};
  const shown = Object.entries(parts).map(([name, part]) => [
    name,
    given[name] ?? emptyPart(part, empty),
  ]);
  return Object.fromEntries(shown) as unknown;
}

function emptyPart(part: Part, empty: 'text' | 'null'): unknown {
  if (part === 'json') return {};
  return part === 'text' && empty === 'text' ? '' : null;
}
