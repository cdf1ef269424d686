/**
 * How much goes at once. A collection keeps to what it says of itself: no more than `can.batch` allows, one
 * operation at a time, and nothing asked for nothing. So no connector has to look at that, and a mistake of
 * a caller never reaches a vendor. What a connector itself has to ask for in parts is parted here as well.
 */
import { VendorError, type Collection } from './connector.ts';

export function withinBatches(
  collection: Collection,
  /** As errors name them. */
  { vendor, login }: { readonly vendor: string; readonly login: string },
): Collection {
  const { name, can } = collection;

  function check(deed: string, count: number, most: number): void {
    if (count <= most) return;
    throw new VendorError('tooLarge', {
      what: `${vendor} was not asked to ${deed} ${count} items of ${name} in account '${login}', because it takes ${most} at once.`,
      next: 'Send or ask for less at once.',
    });
  }

  return {
    ...collection,
    async list(request) {
      check('list', request.limit, can.batch.list);
      return collection.list(request);
    },
    ...(collection.changes && {
      async changes(request) {
        check('list', request.limit, can.batch.list);
        return collection.changes!(request);
      },
    }),
    async read(ids, signal) {
      check('read', ids.length, can.batch.read);
      return ids.length === 0 ? [] : collection.read(ids, signal);
    },
    ...(collection.find && {
      async find(path, values, signal) {
        check('find', values.length, can.batch.find);
        return values.length === 0 ? [] : collection.find!(path, values, signal);
      },
    }),
    async write(items, signal) {
      const [first] = items;
      if (first === undefined) return [];
      const { op } = first;
      if (items.some((item) => item.op !== op)) throw new TypeError('One operation at a time.');
      check(op, items.length, can.batch[op]);
      return collection.write(items, signal);
    },
  } satisfies Collection;
}

/**
 * Those that go together into one request, in their order; each counts as much as `sizeOf` says, one when
 * nothing is said. What is too large by itself goes alone.
 */
export function partsOf<One>(
  all: readonly One[],
  most: number,
  sizeOf: (one: One) => number = () => 1,
): readonly (readonly One[])[] {
  const parts: One[][] = [];
  let size = Infinity;
  for (const one of all) {
    const more = sizeOf(one);
    if (size + more > most) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)!.push(one);
    size += more;
  }
  return parts;
}
