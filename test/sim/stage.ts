/**
 * Two systems that hold the same two people, linked as an engine would have linked them, for tests of the
 * oracle: a test does in them what people and engines do, and has the oracle judge what is left.
 */
import type { Conflict, EntityId, Link, LinkId } from '../../runtime/core/planner/model.ts';
import { openGrumpy, type Hands } from '../../runtime/emulators/grumpy/grumpy.ts';
import { emptyRows, type RecordRow, type Rows } from '../../runtime/store/memory/rows.ts';
import type { StoredConflict } from '../../runtime/store/store.ts';
import { nameOfRef } from '../../runtime/store/work-key.ts';
import { ledger, type Ledger } from './ledger.ts';
import { violationsAtRest } from './oracle.ts';
import type { Judgement, Rest } from './oracle/rest.ts';
import { peopleOf } from './people.ts';
import type { Action, CollectionName, PolicyScene, Scenario, SystemScene } from './scenario.ts';
import { syncId, systemsOf } from './setting.ts';
import { codeOf, COLLECTIONS, type System } from './system.ts';
import { accountOf } from './vendors/grumpy.ts';
import { virtualWorld } from './virtual-world.ts';

export class Stage {
  readonly world = virtualWorld({ seed: 1 });
  readonly ledger: Ledger = ledger();
  readonly scenario: Scenario;
  readonly systems: readonly System[];
  readonly rows: Rows = emptyRows();
  readonly stored = new Map<string, number>();
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
      witness: { stored: this.stored, read: new Map(), asked: new Map(), links: new Map() },
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
    references: new Set(),
    intents: new Map(),
    conflicts: new Map(),
    tombstones: new Map(),
  };
}
