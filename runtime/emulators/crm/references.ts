/**
 * Who refers to an item. A reference is a value like any other, so that an item can refer to what is
 * not there; what then becomes of it is a habit of the vendor.
 */
import type { Collection } from './collection.ts';
import { latest } from './item.ts';
import type { State, Value, Values } from './model.ts';

export interface Referrer {
  readonly collection: Collection;
  readonly id: string;
  readonly before: State;
  /** What its references are then. */
  readonly values: Values;
}

/** All live items that refer to one of these, when they are to refer to `into` or to nothing instead. */
export function referrers(
  collections: readonly Collection[],
  target: string,
  ids: readonly string[],
  into: string | undefined,
): readonly Referrer[] {
  const found: Referrer[] = [];
  for (const collection of collections) {
    const keys = [...collection.schema.fields]
      .filter(({ to, type }) => to === target && (type === 'reference' || type === 'references'))
      .map(({ key }) => key);
    if (keys.length === 0) continue;
    for (const entry of collection.entries) {
      const before = latest(entry);
      if (before.life !== 'live') continue;
      const values: Record<string, Value> = {};
      for (const key of keys) {
        const value = before.values[key] ?? null;
        const repointed = repoint(value, ids, into);
        if (repointed !== value) values[key] = repointed;
      }
      if (Object.keys(values).length > 0) found.push({ collection, id: entry.id, before, values });
    }
  }
  return found;
}

function repoint(value: Value, ids: readonly string[], into: string | undefined): Value {
  if (typeof value === 'string') return ids.includes(value) ? (into ?? null) : value;
  if (!Array.isArray(value) || !value.some((id) => ids.includes(id as string))) return value;
  const rest = value.filter((id) => !ids.includes(id as string)) as string[];
  const all = into === undefined ? rest : [...new Set([...rest, into])];
  return all.length === 0 ? null : all;
}
