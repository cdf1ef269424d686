import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Cell, EndpointId, LinkCell } from '../../runtime/core/planner/model.ts';
import type { Value } from '../../runtime/core/value.ts';
import {
  packCells,
  packIntent,
  packLinkCells,
  unpackCells,
  unpackIntent,
  unpackLinkCells,
  type Cells,
  type LinkCells,
} from '../../runtime/store/pack.ts';
import type { StoredIntent } from '../../runtime/store/store.ts';

/** Objects as JSON makes them, with a prototype. */
const PLAIN = { noNullPrototype: true };

/** A field may be called anything. */
const name = fc.oneof(
  fc.constantFrom('name', 'email', 'tags#vip', '__proto__', 'constructor', 'toString', ''),
  fc.string({ maxLength: 4 }),
);

/** Canonical values: as they are in JSON, so without -0. */
const value = fc
  .oneof(
    fc.constantFrom<Value>(null, '', 'Anna', true, 0, 1.5, [], {}),
    fc.jsonValue({ maxDepth: 2 }),
  )
  .map((each) => JSON.parse(JSON.stringify(each)) as Value);
const values = fc.dictionary(name, value, PLAIN);

/** Few different ones, so that cells share them and links are often in agreement. */
const stamp = fc.tuple(
  fc.constantFrom(0, 1),
  fc.constantFrom(0, 1_767_225_600_000),
  fc.constantFrom(0, 1, 2),
);
const origin = fc.constantFrom('person', 'default', 'left' as EndpointId);
const cells: fc.Arbitrary<Cells> = fc.dictionary(
  name,
  fc.record({ value, stamp, origin }, PLAIN) as fc.Arbitrary<Cell>,
  PLAIN,
);

const fight = fc.record(
  { fingerprint: fc.string(), count: fc.nat(3), reverted: fc.boolean() },
  PLAIN,
);
/** Every member there is: one that is added to the model has to be added here. */
const anyMember = {
  base: value,
  synced: fc.option(stamp),
  edited: stamp,
  fight,
  refused: fc.string(),
} satisfies Record<keyof LinkCell, unknown>;
const anyLinkCell = fc.record(anyMember, { requiredKeys: ['base', 'synced'], ...PLAIN });

/** Some cells in agreement, some that differ in one respect, some missing, some of its own. */
function linkOf(record: Cells): fc.Arbitrary<LinkCells> {
  const kept = Object.entries(record).map(([cell, { value: base, stamp: synced }]) =>
    fc
      .oneof(
        { weight: 4, arbitrary: fc.constant({ base, synced }) },
        fc.constant(undefined),
        fc.record({ base: fc.constant(base), synced: fc.constant(synced), fight }, PLAIN),
        fc.record({ base: fc.constant(base), synced: fc.constant(synced), edited: stamp }, PLAIN),
        fc.record({ base: fc.constant(base), synced: fc.constant(synced), refused: name }, PLAIN),
        fc.record({ base: fc.constant(base), synced: fc.option(stamp) }, PLAIN),
        fc.record({ base: value, synced: fc.constant(synced) }, PLAIN),
      )
      .map((own) => [cell, own] as const),
  );
  return fc.tuple(fc.tuple(...kept), fc.dictionary(name, anyLinkCell, PLAIN)).map(([own, more]) => {
    const present = own.filter(([, cell]) => cell !== undefined);
    const added = Object.entries(more).filter(([cell]) => !Object.hasOwn(record, cell));
    return Object.fromEntries([...present, ...added]) as LinkCells;
  });
}

describe('packing', () => {
  it('gives back the cells of a record, whatever they are', () => {
    fc.assert(
      fc.property(cells, (record) => {
        assert.deepEqual(unpackCells(packCells(record)), record);
      }),
      { seed: 1 },
    );
  });

  it('gives back the cells of a link, however they relate to those of the record', () => {
    fc.assert(
      fc.property(
        cells.chain((record) => fc.tuple(fc.constant(record), linkOf(record))),
        ([record, link]) => {
          assert.deepEqual(unpackLinkCells(packLinkCells(link, record), record), link);
        },
      ),
      { seed: 2, numRuns: 500 },
    );
  });

  it('gives back an intent, whichever stamps its cells carry', () => {
    fc.assert(
      fc.property(values, fc.dictionary(name, stamp, PLAIN), (patch, stamps) => {
        const shared = Object.fromEntries(Object.keys(patch).map((cell) => [cell, [0, 1, 2]]));
        for (const given of [stamps, shared]) {
          const intent = { id: 'i', patch, stamps: given } as unknown as StoredIntent;
          assert.deepEqual(unpackIntent(packIntent(intent)), intent);
        }
      }),
      { seed: 3 },
    );
  });

  it('keeps nothing of a link that agrees with its record', () => {
    const record: Cells = {
      name: { value: 'Anna', stamp: [0, 1, 2], origin: 'person' },
      tags: { value: ['a', 'b'], stamp: [0, 3, 1], origin: 'default' },
    };
    const link: LinkCells = {
      tags: { base: ['a', 'b'], synced: [0, 3, 1] },
      name: { base: 'Anna', synced: [0, 1, 2] },
    };
    assert.equal(packLinkCells(link, record), null);
    assert.equal(packCells(record).length, 2);
    const other = { ...link, name: { base: 'Anne', synced: null } };
    assert.deepEqual(packLinkCells(other, record), { own: { name: ['Anne', null] } });
    const { name: _name, ...less } = link;
    assert.deepEqual(packLinkCells(less, record), { missing: ['name'] });
  });
});
