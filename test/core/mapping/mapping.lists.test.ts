import assert from 'node:assert/strict';

import fc from 'fast-check';

import { compileMapping } from '../../../runtime/core/mapping/mapping.ts';
import type { Value } from '../../../runtime/core/value.ts';
import { pipedrive } from './examples.ts';

describe('the primary item of a list', () => {
  const list = (...items: readonly [string, boolean?][]) =>
    items.map(([value, primary = false], index) => ({ value, primary, label: `l${index}` }));

  it('is the flagged one, else the first; blank ones are none', () => {
    const rows: readonly [ReturnType<typeof list>, Value][] = [
      [list(['a@x.hu'], ['b@x.hu', true]), 'b@x.hu'],
      [list(['a@x.hu', true], ['b@x.hu', true]), 'a@x.hu'],
      [list(['a@x.hu'], ['b@x.hu']), 'a@x.hu'],
      [list(['', true], ['b@x.hu']), 'b@x.hu'],
      [list(['', true]), null],
    ];
    for (const [emails, expected] of rows) {
      assert.deepEqual(pipedrive.read({ emails }).fields, { email: expected });
    }
  });

  const rows = compileMapping({
    fields: {
      email: {
        kind: 'email',
        path: 'identifiers',
        transforms: [{ use: 'primary', value: 'value', flag: 'primary', unordered: true }],
      },
    },
  });

  it('does not depend on the order of a list that has none', () => {
    const identifiers = list(['B@x.hu', true], ['a@x.hu'], ['c@x.hu', true]);
    for (const order of [identifiers, identifiers.toReversed()]) {
      assert.deepEqual(rows.read({ identifiers: order }).fields, { email: 'b@x.hu' });
    }
  });

  it('is changed in its place, and all others stay as they are', () => {
    const emails = list(['a@x.hu'], ['b@x.hu', true], ['c@x.hu']);
    assert.deepEqual(pipedrive.write({ email: 'd@x.hu' }, { emails }).item, {
      emails: [
        { value: 'a@x.hu', primary: false, label: 'l0' },
        { value: 'd@x.hu', primary: true, label: 'l1' },
        { value: 'c@x.hu', primary: false, label: 'l2' },
      ],
    });
  });

  it('only moves its flag to an item that is there already', () => {
    const emails = list(['a@x.hu', true], ['B@x.hu']);
    assert.deepEqual(pipedrive.write({ email: 'b@x.hu' }, { emails }).item, {
      emails: [
        { value: 'a@x.hu', primary: false, label: 'l0' },
        { value: 'B@x.hu', primary: true, label: 'l1' },
      ],
    });
  });

  it('goes alone when it is cleared', () => {
    const emails = list(['a@x.hu'], ['b@x.hu', true]);
    assert.deepEqual(pipedrive.write({ email: null }, { emails }).item, {
      emails: [{ value: 'a@x.hu', primary: false, label: 'l0' }],
    });
    assert.deepEqual(pipedrive.write({ email: null }).item, { emails: [] });
  });

  it('is made when there is none', () => {
    assert.deepEqual(pipedrive.write({ email: 'a@x.hu' }).item, {
      emails: [{ value: 'a@x.hu', primary: true }],
    });
  });

  it('comes first where nothing else marks it', () => {
    const flagless = compileMapping({
      fields: {
        email: { kind: 'email', path: 'emails', transforms: [{ use: 'primary', value: 'value' }] },
      },
    });
    const emails = [{ value: 'a@x.hu' }, { value: 'b@x.hu' }];
    assert.deepEqual(flagless.write({ email: 'b@x.hu' }, { emails }).item, {
      emails: [{ value: 'b@x.hu' }, { value: 'a@x.hu' }],
    });
  });

  it('is refused where nothing can mark it', () => {
    const unmarked = compileMapping({
      fields: {
        email: {
          kind: 'email',
          path: 'emails',
          transforms: [{ use: 'primary', value: 'value', unordered: true }],
        },
      },
    });
    const emails = [{ value: 'a@x.hu' }, { value: 'b@x.hu' }];
    assert.equal(
      unmarked.write({ email: 'b@x.hu' }, { emails }).problems[0]?.reason,
      'not-reversible',
    );
  });

  it('reads back as it was written, whatever was there before', () => {
    const address = fc.constantFrom('a@x.hu', 'B@x.hu', 'c@x.hu', '', 'nobody');
    const items = fc.array(
      fc.record({ value: address, primary: fc.boolean(), label: fc.string() }),
    );
    const wanted = fc.constantFrom('a@x.hu', 'b@x.hu', 'd@x.hu');
    for (const [mapping, path] of [
      [pipedrive, 'emails'],
      [rows, 'identifiers'],
    ] as const) {
      fc.assert(
        fc.property(items, wanted, (before, email) => {
          const { item, problems } = mapping.write({ email }, { [path]: before });
          assert.deepEqual(problems, []);
          assert.deepEqual(mapping.read(item).fields, { email });
          const after = item[path] as typeof before;
          assert.ok(after.length >= before.length, 'an item was lost');
        }),
        { seed: 4711, numRuns: 1000 },
      );
    }
  });
});

describe('a list of objects', () => {
  const mapping = compileMapping({
    fields: {
      phones: {
        kind: 'set',
        options: { element: { kind: 'phone', options: { region: 'HU' } } },
        path: 'phones',
        transforms: [{ use: 'items', value: 'value' }],
      },
    },
  });

  it('keeps the other members of the elements that stay', () => {
    const phones = [
      { value: '06 20 123 4567', label: 'mobile' },
      { value: '06 1 234 5678', label: 'work' },
    ];
    assert.deepEqual(mapping.write({ phones: ['+36201234567', '+36301234567'] }, { phones }).item, {
      phones: [{ value: '06 20 123 4567', label: 'mobile' }, { value: '+36301234567' }],
    });
  });
});
