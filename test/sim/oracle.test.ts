import assert from 'node:assert/strict';
import type { Cell, EndpointId, EntityId, LinkId } from '../../runtime/core/planner/model.ts';
import type { StoredReview } from '../../runtime/store/store.ts';
import { marksIn } from './ledger.ts';
import type { Rest } from './oracle/rest.ts';
import { syncId } from './setting.ts';
import { Stage } from './stage.ts';

const EDIT = { kind: 'edit', system: 'crm', code: 'c0001', field: 'name', how: 'type' };

/** What a bad engine might leave behind, and what must be said about it. */
const PLANTED: readonly [said: string, plant: (stage: Stage) => Partial<Rest> | void][] = [
  ['name of c0001: app-1 shows', (stage) => stage.act(EDIT)],
  ['tags of c0001: app-1 shows', (stage) => stage.act({ ...EDIT, field: 'tags' })],
  ['phone of c0001: app-1 shows', (stage) => stage.act({ ...EDIT, field: 'phone' })],
  ['address of c0001: app-1 shows', (stage) => stage.act({ ...EDIT, field: 'address' })],
  [
    'status of c0001: app-1 shows "lead", crm-1 shows "lost"',
    (stage) => stage.at('crm').edit('people', stage.id('crm', 'c0001'), { status: 'lost' }),
  ],
  [
    'typed into name of c0001 at app-1 at 00:00:00, is nowhere any more',
    (stage) => {
      stage.act({ ...EDIT, system: 'app' });
      stage.write('app', 'c0001', { name: stage.at('crm').items('people')[0]!.fields.name });
    },
  ],
  [
    'c0001 is missing at crm-1, and nobody is asked why',
    (stage) => stage.at('crm').remove('people', stage.id('crm', 'c0001')),
  ],
  [
    'c0001 at crm-1 belongs to no record, and nobody is asked why',
    (stage) => stage.rows.refs.clear(),
  ],
  [
    'c0003 at crm-1 has the id that c0001 had, and nobody has noticed it',
    (stage) => {
      const id = stage.at('crm').create('people', { code: 'c0003' });
      stage.link(stage.systems[1]!, 'people', id, 'c0001');
      const record = stage.record('c0001');
      const { links, entity } = record;
      record.entity = { ...entity, cells: { code: cellOf('c0001') } };
      const link = links.get(`crm-1 ${id}` as LinkId)!;
      links.set(link.id, { ...link, state: 'gone', createdAt: 1 });
    },
  ],
  [
    'c0001 is 2 times at crm-1 (1 and 3), and nobody is asked why',
    (stage) => {
      const id = stage.at('crm').clone('people', stage.id('crm', 'c0001'));
      stage.link(stage.systems[1]!, 'people', id, 'c0001');
    },
  ],
  [
    'c0001 was created by us, though it was there as 1, at crm-1',
    (stage) => void stage.create('crm', stage.at('crm').items('people')[0]!.fields),
  ],
  [
    'c0001 at app-1 is still there, though the record is dead',
    (stage) => {
      const record = stage.record('c0001');
      record.entity = { ...record.entity, life: 'dead' };
    },
  ],
  ['crm-1 was asked too often 40 times', () => ({ slowedDown: new Map([['crm-1', 40]]) })],
  [
    'c0001 was deleted by us, though nobody had deleted it at crm-1',
    (stage) => stage.remove('crm', 'c0001'),
  ],
  [
    'c0001 was deleted by us, though nobody had deleted it at app-1',
    (stage) => {
      stage.act({ kind: 'merge', system: 'crm', code: 'c0001', other: 'c0002' });
      stage.remove('app', 'c0001');
    },
  ],
  [
    'typed into name of c0002 at app-1, at app-1',
    (stage) => {
      stage.act({ kind: 'merge', system: 'crm', code: 'c0001', other: 'c0002' });
      const [, loser] = stage.at('app').items('people');
      stage.write('app', 'c0001', { name: loser!.fields.name });
    },
  ],
  [
    'email of c0001 was emptied by us, though nobody had emptied it, at app-1',
    (stage) => {
      stage.act({ kind: 'merge', system: 'crm', code: 'c0001', other: 'c0002' });
      stage.write('app', 'c0001', { email: null });
    },
  ],
  [
    'email of c0001 was emptied by us, though nobody had emptied it, at crm-1',
    (stage) => stage.write('crm', 'c0001', { email: null }),
  ],
  [
    'name of c0001 became "Bela", which nobody typed, at crm-1',
    (stage) => stage.write('crm', 'c0001', { name: 'Bela' }),
  ],
  [
    'typed into email of c0002 at app-1, at crm-1',
    (stage) => {
      const other = stage
        .at('app')
        .items('people')
        .find(({ fields }) => fields.code === 'c0002');
      stage.write('crm', 'c0001', { email: other!.fields.email });
    },
  ],
  [
    'typed into name of c0001 at app-1, at crm-1',
    (stage) => {
      const [mark] = marksIn(stage.at('app').items('people')[0]!.fields.name);
      stage.write('crm', 'c0001', { email: `${mark}@example.com` });
    },
  ],
  [
    'written after all was quiet: person updated c0001',
    (stage) => {
      stage.act(EDIT);
      return { quietWrites: stage.at('crm').log.slice(-1) };
    },
  ],
  [
    'still waits after 3 attempts: no luck',
    (stage) => {
      const key = {
        kind: 'entity',
        sync: syncId(0, 'people'),
        entity: 'c0001' as EntityId,
      } as const;
      const row = {
        key,
        marks: 1,
        priority: 0,
        lastMarkAt: 0,
        dueAt: 0,
        attempts: 3,
        lastError: 'no luck',
      } as const;
      stage.rows.dirty.set('x', row);
    },
  ],
  [
    'the create i1 is still unknown',
    (stage) => {
      const intent = { id: 'i1', op: 'create', state: 'unknown', patch: {} };
      stage.record('c0001').intents.set('i1', intent as never);
    },
  ],
  [
    'the update i1 is still unknown',
    (stage) => {
      const { links, intents } = stage.record('c0001');
      const [link] = links.values();
      links.set(link!.id, { ...link!, missingSince: 1 });
      const intent = { id: 'i1', op: 'update', state: 'unknown', patch: {}, link: link!.id };
      intents.set('i1', intent as never);
    },
  ],
  [
    'nobody looked into delivery d1',
    (stage) => {
      stage.rows.inbox.set('d1', { id: 'd1' } as never);
    },
  ],
  [
    'the audit chain is broken at batch 3',
    () => ({ audits: [{ batches: 4, items: 4, brokenAt: 3 }] }),
  ],
  ['thrown: it broke', () => ({ errors: ['it broke'] })],
];

describe('The oracle of the simulation', () => {
  it('is content when all systems agree', () => {
    assert.deepEqual(new Stage().judge(), { violations: [], exposed: 0 });
  });

  for (const [said, plant] of PLANTED) {
    it(`says "${said}"`, () => {
      const stage = new Stage();
      const { violations } = stage.judge(plant(stage) ?? {});
      assert.ok(
        violations.some((line) => line.includes(said)),
        violations.join('\n') || 'nothing was said',
      );
    });
  }

  it('is content with what differs when a person is asked about it', () => {
    const field = new Stage();
    field.act(EDIT);
    field.conflict('c0001', { cell: 'name' });
    assert.deepEqual(field.judge().violations, []);

    const whole = new Stage();
    whole.at('crm').remove('people', whole.id('crm', 'c0001'));
    const review = { ...whole.record('c0001').links.get('app-1 1' as LinkId), state: 'open' };
    const about = { sync: syncId(0, 'people'), entity: 'c0001' as EntityId, candidates: [] };
    whole.rows.reviews.set('r', { ...review, ...about } as unknown as StoredReview);
    assert.deepEqual(whole.judge().violations, []);
  });

  it('accepts that who was lost with a backup is ignored as deleted only where nobody could tell', () => {
    for (const { policy, isLost, isDead, isTold } of [
      { policy: 'ignore', isLost: true, isDead: true, isTold: false },
      { policy: 'ignore', isLost: true, isDead: false, isTold: true },
      { policy: 'ignore', isLost: false, isDead: true, isTold: true },
      { policy: 'ask', isLost: true, isDead: true, isTold: true },
    ] as const) {
      const stage = new Stage({ delete: 'hard', restore: false });
      const tenant = stage.scenario.tenants[0]!;
      const tenants = [{ ...tenant, policy: { ...tenant.policy, onTombstoneMatch: policy } }];
      const crm = stage.at('crm');
      const backup = crm.backup();
      const id = crm.create('people', { code: 'c0003' });
      stage.link(stage.systems[1]!, 'people', id, 'c0003');
      const record = stage.record('c0003');
      record.entity = {
        ...record.entity,
        life: isDead ? 'dead' : 'live',
        cells: { code: cellOf('c0003') },
      };
      record.links.clear();
      if (isLost) crm.restoreBackup(backup);
      else crm.remove('people', id);
      stage.rows.refs.clear();
      crm.create('people', { code: 'c0003' });
      const { violations } = stage.judge({ scenario: { ...stage.scenario, tenants } });
      const said = 'c0003 at crm-1 belongs to no record, and nobody is asked why';
      assert.equal(violations.includes(said), isTold);
    }
  });

  it('does not look for what was hidden from us, nor for what our own backup has forgotten', () => {
    const hidden = new Stage();
    hidden.create('crm', hidden.at('crm').items('people')[0]!.fields);
    const isTold = (rest: Partial<Rest>): boolean =>
      hidden.judge(rest).violations.some((line) => line.includes('was created by us'));
    assert.deepEqual([isTold({}), isTold({ hidden: new Set(['c0001']) })], [true, false]);
    const forgotten = [{ from: 0, to: 1 }];
    assert.equal(isTold({ forgotten }), true, 'the address still leads to the person');
    hidden.act({ ...EDIT, system: 'app', code: 'c0002', field: 'email', how: 'copy' });
    assert.deepEqual([isTold({}), isTold({ forgotten })], [true, false]);

    const stage = new Stage();
    stage.act({ ...EDIT, system: 'app' });
    stage.write('app', 'c0001', { name: stage.at('crm').items('people')[0]!.fields.name });
    const { at } = stage.at('app').log.at(-1)!;
    for (const [from, to, expected] of [
      [at - 1, at + 1, [1, 0]],
      [at + 1, at + 2, [0, 1]],
    ] as const) {
      const { exposed, violations } = stage.judge({ forgotten: [{ from, to }] });
      assert.deepEqual([exposed, violations.length], expected);
    }
    const call = { account: 'app-1', collection: 'people', action: 'update', items: 1 } as const;
    const late = { fault: 'late', ms: 60_000, call: { ...call, ids: ['1'] } } as const;
    const before = {
      forgotten: [{ from: 0, to: at - 1_000 }],
      struck: [{ ...late, at: at - 60_000 }],
    };
    assert.equal(stage.judge(before).exposed, 1, 'it was sent before');
  });

  it('counts an edit that nobody could protect, and only that', () => {
    const blind = {
      version: 'none',
      conditionalWrites: false,
      history: false,
      fieldTimes: false,
    } as const;
    for (const [habits, known, expected] of [
      [blind, false, [1, 0]],
      [blind, true, [0, 1]],
      [{}, false, [0, 1]],
    ] as const) {
      const stage = new Stage(habits);
      const { name } = stage.at('crm').items('people')[0]!.fields;
      stage.act(EDIT);
      if (known) stage.stored.set(`e${String(stage.ledger.count()).padStart(4, '0')}`, 0);
      stage.write('crm', 'c0001', { name });
      const { exposed, violations } = stage.judge();
      assert.deepEqual([exposed, violations.length], expected);
    }
  });

  it('excuses what a write of a whole item empties only when nobody could know that it had been typed', () => {
    const blind = { version: 'none', conditionalWrites: false, history: false } as const;
    for (const [habits, known, expected] of [
      [blind, false, [1, []]],
      [blind, true, [0, ['emptied', 'nowhere']]],
      [{}, false, [0, ['emptied', 'nowhere']]],
    ] as const) {
      const stage = new Stage(habits);
      stage.act({ ...EDIT, field: 'phone' });
      if (known) stage.stored.set(`e${String(stage.ledger.count()).padStart(4, '0')}`, 0);
      stage.write('crm', 'c0001', { phone: null });
      const { exposed, violations } = stage.judge();
      const said = violations.map((one) => /emptied|nowhere/.exec(one)?.[0] ?? one);
      assert.deepEqual([exposed, said.toSorted()], expected);
    }
  });

  it('excuses the loss of what was moved to another record only when it had just been moved', () => {
    const blind = { version: 'none', conditionalWrites: false, history: false } as const;
    for (const [afterMs, readLagMs, expected] of [
      [100, 0, [1, 0]],
      [5_000, 0, [0, 1]],
      [5_000, 20_000, [1, 0]],
      [120_000, 20_000, [0, 1]],
    ] as const) {
      const stage = new Stage({ ...blind, readLagMs });
      const names = stage
        .at('crm')
        .items('people')
        .map(({ fields }) => fields.name);
      stage.act(EDIT);
      stage.stored.set(`e${String(stage.ledger.count()).padStart(4, '0')}`, 0);
      stage.act({ ...EDIT, code: 'c0002', how: 'copy' });
      stage.write('crm', 'c0001', { name: names[0] }, 1);
      stage.write('crm', 'c0002', { name: names[1] }, afterMs);
      const { exposed, violations } = stage.judge();
      assert.deepEqual([exposed, violations.length], expected);
    }
  });

  it('looks at where people had put an edit, and not at copies of ours', () => {
    const blind = { version: 'none', conditionalWrites: false, history: false } as const;
    for (const [typedAt, copiedTo, expected] of [
      ['crm', 'app', [1, 0]],
      ['app', 'crm', [0, 1]],
    ] as const) {
      const stage = new Stage(blind, {});
      const nameAt = (name: 'app' | 'crm'): unknown =>
        stage.at(name).items('people')[0]!.fields.name;
      const before = nameAt(typedAt);
      stage.act({ ...EDIT, system: typedAt });
      stage.write(copiedTo, 'c0001', { name: nameAt(typedAt) });
      stage.write(typedAt, 'c0001', { name: before });
      stage.write(copiedTo, 'c0001', { name: before });
      const { exposed, violations } = stage.judge();
      assert.deepEqual([exposed, violations.length], expected);
    }
  });

  it('looks at where people had moved an edit, and not at what follows them elsewhere', () => {
    const blind = { version: 'none', conditionalWrites: false, history: false } as const;
    for (const [afterMs, expected] of [
      [100, [1, 0]],
      [60_000, [0, 1]],
    ] as const) {
      const stage = new Stage(blind, {});
      const [one, other] = ['c0001', 'c0002'].map((code) => {
        const id = stage.id('crm', code);
        return stage.at('crm').item('people', id)!.fields.email;
      });
      for (const mark of marksIn(one)) stage.stored.set(mark, 0);
      stage.act({ kind: 'rotate', system: 'crm', codes: ['c0001', 'c0002'] });
      stage.write('crm', 'c0002', { email: other }, afterMs);
      stage.write('app', 'c0001', { email: other });
      const { exposed, violations } = stage.judge();
      assert.deepEqual([exposed, violations.length], expected);
    }
  });
});

function cellOf(value: string): Cell {
  return { value, stamp: [0, 0, 0], origin: 'x' as EndpointId };
}
