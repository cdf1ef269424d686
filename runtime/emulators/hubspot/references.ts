/**
 * Who refers to a record, known without looking through all of them. Only what is there refers to
 * anything: an archived record does again when it is restored.
 */
import type { Account } from '../crm/account.ts';
import type { Change, Item, Value } from '../crm/model.ts';

export class References {
  /** By collection, field and id that is referred to. */
  readonly #referrers = new Map<string, Set<string>>();

  constructor(account: Account) {
    account.onChanges((changes) => {
      for (const change of changes) this.#note(change);
    });
  }

  /** The ids of the items of this collection that refer to it by this field. */
  to(id: string, { collection, path }: { collection: string; path: string }): Iterable<string> {
    return this.#referrers.get(keyOf(collection, path, id)) ?? [];
  }

  #note({ collection, id, before, after }: Change): void {
    for (const [path, target] of referencesOf(before)) {
      this.#referrers.get(keyOf(collection, path, target))?.delete(id);
    }
    for (const [path, target] of referencesOf(after)) {
      const key = keyOf(collection, path, target);
      const ids = this.#referrers.get(key) ?? new Set<string>();
      this.#referrers.set(key, ids.add(id));
    }
  }
}

function* referencesOf(item: Item | undefined): Iterable<readonly [path: string, id: string]> {
  if (item === undefined || item.archived === true) return;
  for (const [path, value] of Object.entries(item.fields)) {
    if (!path.startsWith('associations.')) continue;
    for (const id of idsIn(value)) yield [path, id];
  }
}

/** Of one reference, of several, or of none. */
export function idsIn(value: Value | undefined): readonly string[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? (value as string[]) : [value as string];
}

function keyOf(collection: string, path: string, id: string): string {
  return `${collection} ${path} ${id}`;
}
