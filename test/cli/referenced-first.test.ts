import assert from 'node:assert/strict';
import type { StoredSync } from '../../runtime/store/store.ts';
import { referencedFirst } from '../../runtime/cli/referenced-first.ts';

describe('syncs that refer to each other', () => {
  const ordered = (references: Readonly<Record<string, readonly string[]>>): string[] => {
    const syncs = Object.entries(references).map(([id, targets]) => ({
      id,
      title: id,
      settings: {
        members: {},
        references: Object.fromEntries(targets.map((target, n) => [`field${n}`, target])),
      },
    }));
    return referencedFirst(syncs as unknown as StoredSync[]).map(({ title }) => title);
  };

  for (const [given, expected] of [
    [{ a: [], b: [] }, 'a b'],
    [{ people: ['firms'], firms: [] }, 'firms people'],
    [{ deals: ['people', 'firms'], people: ['firms'], firms: [] }, 'firms people deals'],
    [{ people: ['firms'] }, 'people'],
    [{ people: ['people'] }, 'people'],
    [{ a: ['b'], b: ['a'], c: ['a'] }, 'b a c'],
  ] as const) {
    it(`${JSON.stringify(given)} come as ${expected}`, () => {
      assert.equal(ordered(given).join(' '), expected);
    });
  }
});
