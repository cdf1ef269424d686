import assert from 'node:assert/strict';
import type { Deed } from '../sim/build.ts';
import { edit, remove, story } from './story.ts';

const BOTH = ['app', 'crm'];
const HOUR_S = 3_600;
const MINUTE_MS = 60_000;
const THREE = { c0001: BOTH, c0002: BOTH, c0003: BOTH };
const FIVE = { ...THREE, c0004: BOTH, c0005: BOTH };
const CODES = Object.keys(FIVE);

describe('A system that hides everything from us', () => {
  for (const abilities of [{}, { delete: 'hard' }] as const) {
    it(`is not taken for an empty one (${abilities.delete ?? 'soft'} deletes)`, async () => {
      const { people, writes } = await story({
        systems: { app: { abilities: { horizonMs: 10_000, ...abilities } }, crm: {} },
        people: THREE,
        minutes: 60,
        happens: [
          [60, { kind: 'hide', system: 'app', collection: 'people', forMs: 40 * MINUTE_MS }],
          [120, edit('crm', 'c0001', 'name')],
        ],
      });
      assert.deepEqual([people('app'), people('crm')], [Object.keys(THREE), Object.keys(THREE)]);
      assert.deepEqual(writes('crm'), []);
      assert.equal(writes('app').length, 1);
    });
  }
});

describe('Somebody who deletes everything', () => {
  const sketch = { people: FIVE, policy: { brakes: { delete: 2 } }, minutes: 30 };
  const deleting = [60, ...CODES.map((code) => remove('app', code))] as const;

  it('is stopped after a few, and asked once', async () => {
    const { when, asked } = await story({ ...sketch, happens: [deleting] });
    const early = when('crm', 'deleted').filter((second) => second < 20 * 60);
    assert.equal(early.length, 2);
    assert.deepEqual(
      asked.map(({ reason }) => reason),
      ['mass-change'],
    );
  });

  it('who says that it is meant is obeyed within two minutes', async () => {
    const decide = { kind: 'decide', pick: 0, all: true } as const;
    const { when, people } = await story({ ...sketch, happens: [deleting, [300, decide]] });
    const at = when('crm', 'deleted');
    assert.equal(at.filter((second) => second < 300).length, 2);
    assert.equal(at.filter((second) => second < 420).length, 5);
    assert.deepEqual(people('crm'), []);
  });
});

describe('A field that somebody empties', () => {
  it('counts once against the brake, in however many systems it is emptied', async () => {
    const names = ['app', 'crm', 'erp', 'shop'];
    const emptied = (code: string): Deed => {
      return {
        kind: 'edit',
        system: 'app',
        collection: 'people',
        code,
        field: 'name',
        how: 'clear',
      };
    };
    const { value, asked } = await story({
      systems: Object.fromEntries(names.map((name) => [name, {}])),
      people: { c0001: names, c0002: names },
      policy: { brakes: { blank: 2 } },
      minutes: 10,
      happens: [[60, emptied('c0001'), emptied('c0002')]],
    });
    for (const name of names) {
      assert.deepEqual([value(name, 'c0001', 'name'), value(name, 'c0002', 'name')], [null, null]);
    }
    assert.deepEqual(asked, []);
  });
});

describe('A vendor that always fails at one item', () => {
  it('keeps nobody else waiting, and the item is given up until somebody tries again', async () => {
    const { value, when, givenUp } = await story({
      people: THREE,
      minutes: 30 * 60,
      pollMinutes: 10,
      sweepMinutes: 60,
      happens: [
        [
          30,
          {
            kind: 'poison',
            system: 'crm',
            collection: 'people',
            code: 'c0001',
            action: 'update',
            forMs: 40 * 60 * MINUTE_MS,
          },
        ],
        [60, edit('app', 'c0001', 'name'), edit('app', 'c0002', 'name')],
      ],
    });
    const [others = Infinity, itself = 0] = when('crm', 'updated');
    assert.ok(others < 65, `c0002 was written after ${others} s`);
    assert.ok(itself > 30 * HOUR_S, `c0001 was written after ${itself} s`);
    assert.equal(value('crm', 'c0001', 'name'), value('app', 'c0001', 'name'));
    assert.ok(givenUp.length > 0);
    assert.ok(givenUp.every(({ key }) => key.kind === 'item' && key.remoteId === '1'));
  });
});

describe('A field that is called by another name at the vendor', () => {
  it('is left alone there, and all other fields go on', async () => {
    const { value } = await story({
      people: { c0001: BOTH },
      minutes: 30,
      happens: [
        [60, { kind: 'renameField', system: 'crm', field: 'name' }],
        [600, edit('app', 'c0001', 'name'), edit('app', 'c0001', 'phone')],
        [900, edit('crm', 'c0001', 'email')],
      ],
    });
    assert.equal(value('crm', 'c0001', 'phone'), value('app', 'c0001', 'phone'));
    assert.equal(value('crm', 'c0001', 'email'), value('app', 'c0001', 'email'));
    assert.notEqual(value('app', 'c0001', 'name'), null);
    assert.notEqual(value('crm', 'c0001', 'nameOld'), null);
  });
});

describe('Our own database, put back to an older state', () => {
  it('makes nobody twice and deletes nobody', async () => {
    const { people, value } = await story({
      people: { c0001: BOTH, c0002: ['app'] },
      minutes: 10,
      happens: [
        [60, edit('crm', 'c0001', 'name'), { kind: 'create', ...person('crm', 'c0003') }],
        [120, edit('app', 'c0002', 'phone')],
        [180, { kind: 'restoreStore', ofMsAgo: 150_000 }],
        [300, edit('crm', 'c0002', 'name')],
      ],
    });
    assert.deepEqual(people('app').toSorted(), ['c0001', 'c0002', 'c0003']);
    assert.deepEqual(people('crm').toSorted(), ['c0001', 'c0002', 'c0003']);
    for (const code of ['c0001', 'c0002', 'c0003']) {
      assert.equal(value('app', code, 'name'), value('crm', code, 'name'));
    }
  });
});

function person(system: string, code: string) {
  return { system, collection: 'people', code } as const;
}
