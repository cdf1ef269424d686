import assert from 'node:assert/strict';
import type { Conflict, EntityId, Link, LinkId } from '../../runtime/core/planner/model.ts';
import { openGrumpy, type Hands } from '../../runtime/emulators/grumpy/grumpy.ts';
import { emptyRows, type RecordRow, type Rows } from '../../runtime/store/memory/rows.ts';
import type { StoredConflict, StoredReview } from '../../runtime/store/store.ts';
import { nameOfRef } from '../../runtime/store/work-key.ts';
import { ledger, marksIn, type Ledger } from './ledger.ts';
import { violationsAtRest } from './oracle.ts';
import type { Judgement, Rest } from './oracle/rest.ts';
import { peopleOf } from './people.ts';
import type { Action, CollectionName, PolicyScene, Scenario, SystemScene } from './scenario.ts';
import { syncId, systemsOf } from './setting.ts';
import { codeOf, COLLECTIONS, type System } from './system.ts';
import { accountOf } from './vendors/grumpy.ts';
import { virtualWorld } from './virtual-world.ts';

/** Two systems that hold the same two people, linked as an engine would have linked them. */
class Stage {
  readonly world = virtualWorld({ seed: 1 });
  readonly ledger: Ledger = ledger();
  readonly scenario: Scenario;
  readonly systems: readonly System[];
  readonly rows: Rows = emptyRows();
  readonly stored = new Set<string>();
  readonly #insideOf: (system: Pick<System, 'account'>) => Hands;
  readonly #people;

  constructor(crm: SystemScene['abilities'] = {}, app = crm) {
    this.scenario = scenarioOf({ app, crm });
    this.systems = systemsOf(this.scenario);
    const { world, systems, ledger: book } = this;
    const grumpy = openGrumpy({ world, accounts: systems.map(accountOf) });
    this.#insideOf = ({ account }) => grumpy.account(account);
    this.#people = peopleOf({ insideOf: this.#insideOf, systems, ledger: book, world });
    for (const record of this.scenario.tenants[0]!.records) this.#people.put(record, 0);
    this.linkAll();
  }

  at(name: 'app' | 'crm'): Hands {
    return this.#insideOf({ account: `${name}-1` });
  }

  /** What a person does. */
  act(deed: object): void {
    this.#people.act({ at: 0, tenant: 0, collection: 'people', ...deed } as Action);
  }

  /** The id of the only item with this code. */
  id(name: 'app' | 'crm', code: string): string {
    return this.at(name)
      .items('people')
      .find(({ fields }) => fields.code === code)!.id;
  }

  /** What we write through the API. */
  write(name: 'app' | 'crm', code: string, fields: object, afterMs?: number): void {
    const values = fields as Record<string, unknown>;
    const edit = (hands: Hands): void => hands.edit('people', this.id(name, code), values, 'app');
    this.#throughApi(name, edit, afterMs);
  }

  remove(name: 'app' | 'crm', code: string): void {
    this.#throughApi(name, (hands) => hands.remove('people', this.id(name, code), 'app'));
  }

  create(name: 'app' | 'crm', fields: Readonly<Record<string, unknown>>): string {
    return this.#throughApi(name, (hands) => hands.create('people', fields, 'app'));
  }

  #throughApi<T>(name: 'app' | 'crm', work: (hands: Hands) => T, afterMs = 120_000): T {
    const hands = this.at(name);
    const from = hands.log.length;
    const result = work(hands);
    const log = hands.log as unknown as { via: string; at: number }[];
    const late = log.splice(from).map((one) => ({ ...one, via: 'api', at: one.at + afterMs }));
    log.push(...late);
    return result;
  }

  linkAll(): void {
    this.rows.records.clear();
    for (const system of this.systems) {
      for (const collection of COLLECTIONS) {
        for (const { id, fields } of this.#insideOf(system).items(collection)) {
          this.link(system, collection, id, codeOf({ fields }));
        }
      }
    }
  }

  link({ account, endpoint }: System, collection: CollectionName, remoteId: string, code: string) {
    const entity = code as EntityId;
    const sync = syncId(0, collection);
    const record = this.rows.records.get(entity) ?? emptyRecord(entity, sync);
    this.rows.records.set(entity, record);
    const id = `${account} ${remoteId}` as LinkId;
    record.links.set(id, { id, endpoint, remoteId, state: 'live', generation: 0, cells: {} });
    this.rows.refs.set(nameOfRef({ sync, endpoint, remoteId }), { entity, link: id });
  }

  record(code: string): RecordRow {
    return this.rows.records.get(code as EntityId)!;
  }

  conflict(code: string, more: Partial<Conflict>): void {
    const conflict = { fingerprint: 'x', cell: 'name', kind: 'concurrent', state: 'open', ...more };
    this.record(code).conflicts.set('x', conflict as StoredConflict);
  }

  judge(more: Partial<Rest> = {}): Judgement {
    return violationsAtRest({
      scenario: this.scenario,
      systems: this.systems,
      handsOf: this.#insideOf,
      rowsOf: () => this.rows,
      ledger: this.ledger,
      people: this.#people,
      drifted: new Set(),
      hidden: new Set(),
      slowedDown: new Map(),
      forgotten: [],
      witness: { stored: this.stored, read: new Map(), asked: new Map(), versions: new Map() },
      quietWrites: [],
      audits: [],
      errors: [],
      struck: [],
      ...more,
    });
  }
}

function scenarioOf(habits: Readonly<Record<'app' | 'crm', SystemScene['abilities']>>): Scenario {
  const system = { emailIsUnique: false, webhooks: false, spellingIsDeclared: true };
  const systems = Object.entries(habits).map(([name, abilities]): SystemScene => {
    return { ...system, name, abilities };
  });
  const both = { collection: 'people', systems: ['app', 'crm'], differs: false } as const;
  const policy = { strategies: {}, directions: {}, deleteAuthority: ['app'] };
  const records = ['c0001', 'c0002'].map((code) => ({ ...both, code }));
  const tenants = [{ systems, records, policy: policy as unknown as PolicyScene }];
  const times = { minutes: 1, pollMinutes: 1, sweepMinutes: 1 };
  return { seed: 1, workers: 1, ...times, tenants, actions: [], faults: {}, kills: [] };
}

function emptyRecord(id: EntityId, sync: RecordRow['sync']): RecordRow {
  return {
    sync,
    revision: 1,
    commitId: '',
    entity: { id, life: 'live', epoch: 0, cells: {} },
    links: new Map<LinkId, Link>(),
    intents: new Map(),
    conflicts: new Map(),
    tombstones: new Map(),
  };
}

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

  it('judges a create by what could be found when it was asked for, however late it landed', () => {
    const stage = new Stage();
    stage.create('crm', stage.at('crm').items('people')[0]!.fields);
    const { at } = stage.at('crm').log.at(-1)!;
    const isTold = (askedAt: readonly number[]): boolean => {
      const asked = new Map([['crm-1/people/c0001', askedAt]]);
      const { violations } = stage.judge({
        witness: { stored: new Set(), read: new Map(), asked, versions: new Map() },
      });
      return violations.some((line) => line.includes('was created by us'));
    };
    assert.deepEqual([isTold([at - 100_000]), isTold([at - 1])], [false, true]);
    assert.equal(isTold([at - 100_000, at - 1, at + 1]), true, 'the last one before counts');
  });

  it('excuses who deletes what a system lost with a backup only where no version there gave it away', () => {
    const stage = new Stage();
    const crm = stage.at('crm');
    const kept = stage.id('crm', 'c0002');
    const backup = crm.backup();
    crm.edit('people', kept, { phone: '+36205550000' });
    const fields = { ...crm.item('people', stage.id('crm', 'c0001'))!.fields, code: 'c0003' };
    const lost = {
      crm: crm.create('people', fields),
      app: stage.at('app').create('people', fields),
    };
    crm.restoreBackup(backup);
    assert.equal(crm.item('people', lost.crm), undefined);
    stage.remove('app', 'c0003');
    const ref = { sync: syncId(0, 'people'), endpoint: stage.systems[1]!.endpoint, remoteId: kept };
    const isTold = (known: readonly { at: number; version: number }[]): boolean => {
      const versions = new Map([[nameOfRef(ref), known]]);
      const { violations } = stage.judge({
        witness: { stored: new Set(), read: new Map(), asked: new Map(), versions },
      });
      return violations.some((line) => line.includes('c0003 was deleted by us'));
    };
    const { at } = crm.log.findLast(({ via }) => via === 'backup')!;
    assert.equal(isTold([]), false, 'nothing was known');
    assert.equal(isTold([{ at, version: 1 }]), false, 'nothing is older than was known');
    assert.equal(isTold([{ at, version: 2 }]), true, 'something is older than was known');
    assert.equal(isTold([{ at: at + 1, version: 2 }]), false, 'that was known only afterwards');
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
      if (known) stage.stored.add(`e${String(stage.ledger.count()).padStart(4, '0')}`);
      stage.write('crm', 'c0001', { name });
      const { exposed, violations } = stage.judge();
      assert.deepEqual([exposed, violations.length], expected);
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
      stage.stored.add(`e${String(stage.ledger.count()).padStart(4, '0')}`);
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
      for (const mark of marksIn(one)) stage.stored.add(mark);
      stage.act({ kind: 'rotate', system: 'crm', codes: ['c0001', 'c0002'] });
      stage.write('crm', 'c0002', { email: other }, afterMs);
      stage.write('app', 'c0001', { email: other });
      const { exposed, violations } = stage.judge();
      assert.deepEqual([exposed, violations.length], expected);
    }
  });
});
