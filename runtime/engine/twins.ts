/**
 * Two items of one system with one key, neither of which has a record: nobody can tell which of them is
 * meant by a record that has the key. So before an item is linked because of a key, its system is searched
 * for another one.
 */
import type { Item } from '../connectors/connector.ts';
import { takesPlace } from './case.ts';
import { keysOf, refTo, type Context, type DigestedKey } from './context.ts';
import type { Found, Owners, Records } from './identifying.ts';
import type { Member } from './member.ts';
import { readIds } from './reading.ts';
import { answered, setbackOf } from './retry.ts';
import { find, searchKey } from './searching.ts';

/** Adds to each item which of its keys another one there has; or why that could not be found out. */
export async function withTwins(
  context: Context,
  found: readonly Found[],
  owners: Owners,
  records: Records,
): Promise<readonly Found[]> {
  const groups = Map.groupBy(found, ({ member }) => member);
  const all = await Promise.all(
    [...groups].map(([member, group]) => twinsAt(context, member, group, owners, records)),
  );
  return all.flat();
}

async function twinsAt(
  context: Context,
  member: Member,
  found: readonly Found[],
  owners: Owners,
  records: Records,
): Promise<Found[]> {
  const wanted = found.filter((each) => mayBeLinked(each, owners, records));
  if (wanted.length === 0) return [...found];
  const seen = new Map(found.map(({ ref, keys }) => [ref.remoteId, strong(keys)]));
  try {
    for (const item of await othersAt(context, member, wanted)) {
      seen.set(item.id, strong(keysOf(context, member.read(item, 0).present.fields)));
    }
  } catch (error) {
    const setback = setbackOf(answered(error), context.world.clock.now());
    return found.map((each) => (wanted.includes(each) ? { ...each, setback } : each));
  }
  const times = new Map<string, number>();
  for (const digest of [...seen.values()].flat()) times.set(digest, (times.get(digest) ?? 0) + 1);
  const shared = new Set([...times].flatMap(([digest, n]) => (n > 1 ? [digest] : [])));
  return found.map((each) => ({ ...each, shared }));
}

/** A record has its key, and no item in this system. */
function mayBeLinked({ keys, member }: Found, owners: Owners, records: Records): boolean {
  return strong(keys).some((digest) => {
    const owner = owners.get(digest);
    const links = owner && records.get(owner.entity)?.links;
    return links?.every((link) => link.endpoint !== member.endpoint || !takesPlace(link));
  });
}

/** What else is there with the same keys, and belongs to no record. */
async function othersAt(
  context: Context,
  member: Member,
  found: readonly Found[],
): Promise<readonly Item[]> {
  const { store, sync } = context;
  const key = searchKey(context, member);
  if (!key) return [];
  const values = found.flatMap(({ present }) => {
    const value = present.fields[key.field];
    return typeof value === 'string' ? [value] : [];
  });
  const known = new Set(found.map(({ ref }) => ref.remoteId));
  const items = await find(context, member, key.path, values);
  const ids = [...new Set(items.map(({ id }) => id))].filter((id) => !known.has(id));
  if (ids.length === 0) return [];
  const refs = ids.map((remoteId) => refTo(sync, { endpoint: member.endpoint, remoteId }));
  const links = await store.findLinks(sync.tenant, refs);
  const free = ids.filter((_, n) => !links[n]);
  const others: Item[] = [];
  for (let n = 0; n < free.length; n += member.can.batch.read) {
    // A search may show for long what is gone.
    const reads = await readIds(context, member, free.slice(n, n + member.can.batch.read));
    others.push(...reads.flatMap((read) => (read.kind === 'present' ? [read.item] : [])));
  }
  return others;
}

function strong(keys: readonly DigestedKey[]): string[] {
  return keys.flatMap(({ strength, digest }) => (strength === 'strong' ? [digest] : []));
}
