/** Searches a system for the items that have a value in a field. */
import type { Item } from '../connectors/connector.ts';
import type { Context } from './context.ts';
import type { Member } from './member.ts';

export async function find(
  { gate, sync, priority, leases }: Context,
  member: Member,
  path: string,
  values: readonly string[],
): Promise<Item[]> {
  const { collection, can } = member;
  const items: Item[] = [];
  if (!collection.find) return items;
  for (let n = 0; n < values.length; n += can.batch.find) {
    const part = values.slice(n, n + can.batch.find);
    const found = await gate.call(
      sync.tenant,
      member,
      { action: 'find', items: part.length, priority },
      async (signal) => {
        await leases.keep();
        return collection.find!(path, part, signal);
      },
    );
    items.push(...found);
  }
  return items;
}

/** The field to search a record by, where the vendor can. */
export function searchKey({ sync }: Pick<Context, 'sync'>, member: Member) {
  for (const { field, kind } of sync.settings.match) {
    const path = member.pathOf(field);
    if (path !== undefined && kind !== 'phone') return { field, path };
  }
  return undefined;
}
