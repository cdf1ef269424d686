/** Searches a system: for the items that have a value in a field, or for those of late. */
import type { Item, ItemPage } from '../connectors/connector.ts';
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

/** The items that were changed since then by our clock; all of them, where the vendor does not tell. */
export async function itemsSince(
  { gate, sync, priority, leases }: Context,
  member: Member,
  since: number,
): Promise<Item[]> {
  const { collection, can, facts } = member;
  const items: Item[] = [];
  const from = since + facts.clockOffsetMs - facts.clockUncertaintyMs - MARGIN_MS;
  const action = collection.changes ? 'changes' : 'list';
  const limit = can.batch.list;
  let after: ItemPage['next'];
  do {
    const cursor = after === undefined ? {} : { after };
    const page: ItemPage = await gate.call(
      sync.tenant,
      member,
      { action, items: limit, priority },
      async (signal) => {
        await leases.keep();
        const request = { limit, signal, ...cursor };
        return collection.changes
          ? collection.changes({ ...request, since: from })
          : collection.list(request);
      },
    );
    items.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return items;
}

/** Clocks differ, and some tell whole seconds. */
const MARGIN_MS = 5_000;

/** The field to search a record by, where the vendor can. */
export function searchKey({ sync }: Pick<Context, 'sync'>, member: Member) {
  for (const { field, kind } of sync.settings.match) {
    const path = member.pathOf(field);
    if (path !== undefined && kind !== 'phone') return { field, path };
  }
  return undefined;
}
