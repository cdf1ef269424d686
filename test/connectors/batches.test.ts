import assert from 'node:assert/strict';
import fc from 'fast-check';
import { partsOf, withinBatches } from '../../runtime/connectors/batches.ts';
import type { Can, Collection, ItemChange } from '../../runtime/connectors/connector.ts';

const MOST = { list: 4, read: 3, find: 2, create: 3, update: 1, delete: 2, restore: 1 };

describe('a collection that keeps to its batches', () => {
  it('passes on what is as much as it takes, and refuses one more by name', async () => {
    const { collection, asked } = counting();
    const attempts: Record<string, (count: number) => Promise<unknown>> = {
      list: (limit) => collection.list({ limit }),
      changes: (limit) => collection.changes!({ limit, since: 0 }),
      read: (count) => collection.read(several(count)),
      find: (count) => collection.find!('email', several(count)),
      create: (count) => collection.write(several(count).map(changeTo('create'))),
      update: (count) => collection.write(several(count).map(changeTo('update'))),
      delete: (count) => collection.write(several(count).map(changeTo('delete'))),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      const most = name === 'changes' ? MOST.list : MOST[name as keyof typeof MOST];
      await attempt(most);
      assert.equal(asked.pop(), `${name} ${most}`);
      await assert.rejects(attempt(most + 1), (error: Error) => {
        assert.match(error.message, new RegExp(`${most + 1} items of people in account 'shop'`));
        assert.match(error.message, new RegExp(`takes ${most} at once`));
        return true;
      });
      assert.deepEqual(asked, [], 'was asked in spite of it');
    }
  });

  it('asks nobody about nothing', async () => {
    const { collection, asked } = counting();
    assert.deepEqual(await collection.read([]), []);
    assert.deepEqual(await collection.find!('email', []), []);
    assert.deepEqual(await collection.write([]), []);
    assert.deepEqual(asked, []);
  });

  it('refuses two operations at once', async () => {
    const { collection, asked } = counting();
    const mixed = [changeTo('delete')('1'), changeTo('create')('2')];
    await assert.rejects(collection.write(mixed), TypeError);
    assert.deepEqual(asked, []);
  });

  it('can do no more than the collection inside', () => {
    const { collection } = counting(['changes', 'find']);
    assert.ok(!('changes' in collection) && !('find' in collection));
  });
});

/** A collection that notes how much it was asked for at once. */
describe('what is asked for in parts', () => {
  const sizes = fc.array(fc.nat(12), { maxLength: 30 });

  it('is all of it, in its order, in the fewest parts that are no larger than allowed', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 20 }), (all, most) => {
        const parts = partsOf(all, most, (one) => one);
        const sizeOf = (part: readonly number[]): number => part.reduce((sum, one) => sum + one, 0);
        assert.deepEqual(parts.flat(), all);
        for (const [index, part] of parts.entries()) {
          assert.ok(part.length === 1 || (part.length > 1 && sizeOf(part) <= most));
          const next = parts[index + 1];
          if (next !== undefined) assert.ok(sizeOf(part) + next[0]! > most);
        }
      }),
      { seed: 20261122 },
    );
  });

  it('is counted where nothing is said about sizes', () => {
    assert.deepEqual(partsOf(['a', 'b', 'c'], 2), [['a', 'b'], ['c']]);
  });
});

function counting(without: readonly ('changes' | 'find')[] = []): {
  collection: Collection;
  asked: string[];
} {
  const asked: string[] = [];
  const inside: Collection = {
    name: 'people',
    can: { batch: MOST } as unknown as Can,
    fields: [],
    async list({ limit }) {
      asked.push(`list ${limit}`);
      return { items: [], gone: [] };
    },
    async changes({ limit }) {
      asked.push(`changes ${limit}`);
      return { items: [], gone: [] };
    },
    async read(ids) {
      asked.push(`read ${ids.length}`);
      return ids.map(() => ({ kind: 'missing', archived: false }));
    },
    async find(_path, values) {
      asked.push(`find ${values.length}`);
      return [];
    },
    async write(changes) {
      asked.push(`${changes[0]!.op} ${changes.length}`);
      return changes.map(({ id }, index) => ({ kind: 'done', id: id ?? String(index) }));
    },
  };
  for (const name of without) delete inside[name];
  const collection = withinBatches(inside, { vendor: 'grumpy', login: 'shop' });
  return { collection, asked };
}

function several(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

function changeTo(op: ItemChange['op']) {
  return (id: string): ItemChange => (op === 'create' ? { op, raw: {} } : { op, id });
}
