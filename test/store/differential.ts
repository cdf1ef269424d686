/**
 * Random work that any store can be given: what to do comes as plain numbers, so that a failure can
 * be shrunk and replayed, and each number picks from few keys, records and leases, so that they meet.
 */
import fc from 'fast-check';
import type {
  Cell,
  Conflict,
  EndpointId,
  Entity,
  EntityId,
  Link,
  LinkId,
} from '../../runtime/core/planner/model.ts';
import type {
  Claimed,
  Commit,
  Ending,
  Priority,
  RecordChange,
  ReviewKey,
  RunItem,
  Store,
  StoredIntent,
  StoredRecord,
  SyncId,
  TenantId,
  WorkKey,
} from '../../runtime/store/store.ts';
import { START, type HandSet } from './scene.ts';

const number = fc.nat(1000);
const numbers = fc.array(number, { minLength: 1, maxLength: 4 });
const record = fc.record({
  lease: number,
  entity: number,
  from: number,
  cells: number,
  link: number,
  keys: number,
  extra: number,
  ending: number,
});

function named<Name extends string, T extends object>(name: Name, fields: fc.Arbitrary<T>) {
  return fields.map((each) => ({ ...each, do: name }));
}

export const step = fc.oneof(
  named('mark', fc.record({ keys: numbers, priority: number, windowMs: number })),
  named('claim', fc.record({ from: number, leastPriority: number })),
  named('claim', fc.record({ from: number, leastPriority: number })),
  named('wait', fc.record({ ms: number })),
  named('renew', fc.record({ leases: numbers })),
  named('finish', fc.record({ leases: numbers, ending: number })),
  named('commit', fc.record({ records: fc.array(record, { minLength: 1, maxLength: 3 }) })),
  named('commit', fc.record({ records: fc.array(record, { minLength: 1, maxLength: 3 }) })),
  named('commit', fc.record({ records: fc.array(record, { minLength: 1, maxLength: 3 }) })),
  named('commit', fc.record({ records: fc.array(record, { minLength: 1, maxLength: 3 }) })),
  named('commit', fc.record({ records: fc.array(record, { minLength: 1, maxLength: 3 }) })),
  named('decide', fc.record({ conflict: number, review: number, choice: number })),
  named('answer', fc.record({ key: number, answer: number })),
  named('deliver', fc.record({ ids: numbers })),
  named('process', fc.record({ limit: number, key: number })),
  named('run', fc.record({ run: number, ended: number })),
  named('purge', fc.record({ limit: number })),
  named('spend', fc.record({ amounts: numbers, keep: number })),
  named('spend', fc.record({ amounts: numbers, keep: number })),
  named('slowDown', fc.record({ bucket: number, forMs: number, factor: number })),
);

export type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;
type Planned = typeof record extends fc.Arbitrary<infer Each> ? Each : never;

/** Ids that are the same for every player. */
function idOf(n: number): string {
  return `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

export const TENANTS = [idOf(1), idOf(2)] as [TenantId, TenantId];
export const SYNCS = [idOf(11), idOf(12)] as [SyncId, SyncId];
export const ENDPOINTS = [idOf(21), idOf(22)] as [EndpointId, EndpointId];
export const ENTITIES = [31, 32, 33, 34].map((n) => idOf(n) as EntityId);
export const RUNS = [idOf(41), idOf(42)];
const KEYS = ['k0', 'k1', 'k2'];

export const WORK: readonly WorkKey[] = SYNCS.flatMap((sync): WorkKey[] => [
  ...ENTITIES.map((entity) => ({ kind: 'entity', sync, entity }) as const),
  ...['a', 'b', 'c'].map(
    (remoteId) => ({ kind: 'item', sync, endpoint: ENDPOINTS[0], remoteId }) as const,
  ),
  { kind: 'poll', sync, endpoint: ENDPOINTS[1] },
  { kind: 'sweep', sync, endpoint: ENDPOINTS[1] },
]);

function pick<T>(from: readonly T[], n: number): T {
  return from[n % from.length]!;
}

/** Works on one store, and remembers what it was given: that is what the next steps build on. */
export class Player {
  readonly #store: Store;
  readonly #clock: HandSet;
  #now = START;
  #ids = 1000;
  readonly #leases: Claimed[] = [];
  readonly #loaded = new Map<string, StoredRecord[]>();

  constructor(store: Store, clock: HandSet) {
    this.#store = store;
    this.#clock = clock;
  }

  async begin(): Promise<void> {
    for (const id of TENANTS) {
      await this.#store.saveSetup({ tenant: { id, name: id, createdAt: START } });
    }
  }

  /** Does it and returns everything that the store had to say. */
  async play(doing: Step): Promise<unknown> {
    const store = this.#store;
    const [tenant] = TENANTS;
    this.#now += 1;
    const now = this.#now;
    this.#clock.set(now);
    switch (doing.do) {
      case 'mark':
        return this.#mark(doing);
      case 'claim':
        return this.#claim(doing);
      case 'wait':
        this.#now += doing.ms * 10;
        return store.waiting().then((all) => all as unknown);
      case 'renew':
        return store.renew(tenant, this.#leasesOf(tenant, doing.leases), now + 2000);
      case 'finish': {
        const ending = this.#ending(doing.ending) ?? 'done';
        const leases = this.#leasesOf(tenant, doing.leases);
        return store.finish(
          tenant,
          leases.map((lease) => ({ lease, ending })),
        );
      }
      case 'commit':
        return this.#commit(doing.records);
      case 'decide':
        return store.decide(tenant, {
          now,
          actor: 'ann',
          decisions: [
            { kind: 'conflict', ...this.#conflictKey(doing.conflict), choice: doing.choice },
            { kind: 'review', review: reviewKey(doing.review), choice: doing.choice },
          ],
        });
      case 'answer': {
        const answer = doing.answer % 2 === 0 ? 'replay' : 'drop';
        return store.answerDeadLetters(tenant, { now, keys: [pick(WORK, doing.key)], answer });
      }
      case 'deliver':
        return store.appendInbox(
          tenant,
          doing.ids.map((n) => ({
            endpoint: pick(ENDPOINTS, n),
            id: `d${n % 5}`,
            receivedAt: now,
            hint: n % 3 === 0 ? null : { n },
          })),
        );
      case 'process':
        return this.#process(doing);
      case 'run': {
        const [about] = this.#runItems(doing.run);
        await store.appendRunItems(tenant, [about!, { ...about!, outcome: 'later' }]);
        return store.saveRuns(tenant, [
          {
            id: pick(RUNS, doing.run),
            sync: SYNCS[0],
            trigger: 'test',
            startedAt: START + (doing.run % 2),
            counts: { n: doing.run },
            ...(doing.ended % 2 === 0 ? { endedAt: now } : {}),
          },
        ]);
      }
      case 'spend':
        return store.spend(
          tenant,
          doing.amounts.map((n) => ({
            bucket: `b${n % 3}`,
            capacity: 7 + (n % 3),
            perMs: 900,
            amount: n % 5,
            keep: doing.keep % 4,
          })),
        );
      case 'slowDown':
        return store.slowDown(tenant, {
          bucket: `b${doing.bucket % 3}`,
          ...(doing.forMs % 2 === 0 ? { forMs: doing.forMs } : {}),
          ...(doing.factor % 3 === 0 ? {} : { factor: (1 + (doing.factor % 9)) / 10 }),
        });
      case 'purge':
        return store.purge(tenant, { before: now - 5, limit: doing.limit % 4 });
    }
  }

  #mark({ keys, priority, windowMs }: Extract<Step, { do: 'mark' }>) {
    const marks = keys.map((n, index) => ({
      key: pick(WORK, n),
      priority: ((priority + index) % 4) as Priority,
      windowMs: (windowMs % 20) * 10,
    }));
    const cursors = [
      { sync: SYNCS[0], endpoint: pick(ENDPOINTS, priority), channel: 'poll', value: windowMs },
    ];
    return this.#store.mark(pick(TENANTS, priority >> 2), { now: this.#now, marks, cursors });
  }

  /** All that is due, because who of equals comes first is for each store to say. */
  async #claim({ from, leastPriority }: Extract<Step, { do: 'claim' }>) {
    const claimed = await this.#store.claim({
      now: this.#now,
      leaseMs: 1000,
      limit: 100,
      leastPriority: (3 - (leastPriority % 3)) as Priority,
      ...(from % 3 === 0 ? {} : { tenant: pick(TENANTS, from % 4 === 0 ? 1 : 0) }),
      ...(from % 5 === 0 ? { sync: pick(SYNCS, from) } : {}),
    });
    this.#leases.push(...inAnyOrder(claimed));
    return inAnyOrder(claimed);
  }

  #leasesOf(tenant: TenantId, numbersOf: readonly number[]): Claimed[] {
    const own = this.#leases.filter((lease) => lease.tenant === tenant);
    if (own.length === 0) return [];
    return [...new Set(numbersOf.map((n) => pick(own.slice(-6), n)))];
  }

  #ending(n: number): Ending | undefined {
    const retry = { at: this.#now + n, error: `e${n}`, counts: n % 2 === 0 };
    return pick<Ending | undefined>(['done', 'done', undefined, retry], n);
  }

  async #process({ limit, key }: Extract<Step, { do: 'process' }>) {
    const [tenant] = TENANTS;
    const request = { now: this.#now, until: this.#now + 50, limit: limit % 4 };
    const taken = await this.#store.takeInbox(tenant, request);
    const marks = [{ key: pick(WORK, key), priority: 1, windowMs: 0 }] as const;
    await this.#store.settleInbox(tenant, taken.slice(1), { now: this.#now, marks });
    return taken;
  }

  async #commit(plans: readonly Planned[]) {
    const lease = pick(this.#leases.slice(-8), plans[0]!.lease);
    if (lease === undefined) return undefined;
    const { tenant } = lease;
    const commits: Commit[] = [];
    for (const plan of plans) {
      const [own] = this.#leasesOf(tenant, [plan.lease]);
      commits.push(await this.#commitOf(tenant, own!, plan));
    }
    const outcomes = await this.#store.commit(tenant, this.#now, commits);
    return outcomes.map((each) => ({ ...each, revision: 'revision' in each }));
  }

  async #commitOf(tenant: TenantId, lease: Claimed, plan: Planned): Promise<Commit> {
    const { extra } = plan;
    const ending = this.#ending(plan.ending);
    const letter = { code: 'x', message: 'm', payload: extra % 7 ? extra : null, attempts: 1 };
    return {
      lease,
      ...(ending ? { ending } : {}),
      ...(extra % 5 === 0 ? {} : { record: await this.#change(tenant, lease.key.sync, plan) }),
      ...(extra % 3 === 0
        ? { reviews: [{ ...reviewKey(extra), candidates: [ENTITIES[0]!] }] }
        : {}),
      ...(extra % 4 === 0 ? { carriedOut: [reviewKey(extra)] } : {}),
      ...(extra % 4 === 1 ? { withdrawn: [reviewKey(extra)] } : {}),
      ...(extra % 11 === 0 ? { deadLetter: letter } : {}),
      ...(extra % 2 === 0 ? { runItems: this.#runItems(extra) } : {}),
      ...(extra % 3 === 0 ? { audit: [{ actor: 'engine', action: `a${extra}` }] } : {}),
    };
  }

  #runItems(n: number): RunItem[] {
    const about = n % 3 === 0 ? {} : { entity: pick(ENTITIES, n), endpoint: pick(ENDPOINTS, n) };
    const run = pick(RUNS, n);
    return [{ id: this.#id(), run, at: this.#now, outcome: 'o', detail: {}, ...about }];
  }

  async #change(tenant: TenantId, sync: SyncId, plan: Planned): Promise<RecordChange> {
    const id = pick(ENTITIES, plan.entity);
    const from = await this.#known(tenant, sync, id, plan.from);
    const entity = this.#edit(id, from?.entity, plan.cells);
    const links = this.#relink(entity, from?.links ?? [], plan);
    const intent = this.#intent(plan, from);
    const conflict = this.#conflict(plan.extra);
    return {
      commitId: this.#id(),
      ...(from ? { from } : {}),
      entity,
      links,
      intents: plan.extra % 2 === 0 ? [intent] : [],
      conflicts: plan.extra % 3 === 0 ? [conflict] : [],
      keys: {
        add: KEYS.filter((_, n) => (plan.keys >> n) % 4 === 0),
        remove: KEYS.filter((_, n) => (plan.keys >> n) % 4 === 1),
      },
      references: {
        add: ENTITIES.filter((_, n) => (plan.extra >> n) % 4 === 0),
        remove: ENTITIES.filter((_, n) => (plan.extra >> n) % 4 === 1),
      },
      ...(entity.life === 'dead'
        ? {
            tombstone: {
              epoch: entity.epoch,
              cause: 'decided',
              endpoint: ENDPOINTS[0],
              snapshot: { n: plan.cells },
            },
          }
        : {}),
    };
  }

  /** As it is now, as it once was, or not at all. */
  async #known(tenant: TenantId, sync: SyncId, entity: EntityId, from: number) {
    const [loaded] = await this.#store.load(tenant, [{ kind: 'entity', sync, entity }]);
    const name = `${tenant}/${entity}`;
    const before = this.#loaded.get(name) ?? [];
    const now = loaded?.record;
    if (now) this.#loaded.set(name, [...before, now]);
    return pick([now, now, now, now, now, before.at(-1), undefined], from);
  }

  #edit(id: EntityId, before: Entity | undefined, n: number): Entity {
    const cell: Cell = { value: n % 6, stamp: [0, START + (n % 3), n % 2], origin: 'person' };
    const known = before ?? { id, life: 'live', epoch: 0, cells: { name: cell } };
    if (n % 4 === 0) return known;
    const life = n % 7 === 0 ? 'dead' : n % 7 === 1 ? 'live' : known.life;
    const cells = { ...known.cells, [pick(['name', 'city', 'tags#a'], n)]: cell };
    return { id, life, epoch: known.epoch + (life === known.life ? 0 : 1), cells };
  }

  #relink(entity: Entity, links: readonly Link[], { link: n, cells }: Planned): readonly Link[] {
    const agreed = Object.entries(entity.cells)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, 1 + (cells % 3))
      .map(([name, { value, stamp }]) => [name, { base: value, synced: stamp }]);
    const [first, ...rest] = links;
    const states = ['live', 'gone', 'unlinked', 'held'] as const;
    if (n % 4 === 0 || (n % 4 < 3 && !first)) {
      const added: Link = {
        id: this.#id() as LinkId,
        endpoint: pick(ENDPOINTS, n),
        remoteId: pick(['a', 'b', 'c', 'd'], n >> 2),
        state: pick(['live', 'held', 'live'] as const, n),
        generation: links.length,
        ...(n % 3 === 0 ? { createdAt: START + n } : {}),
        ...(n % 5 === 0 ? { mergedInto: pick(['a', 'e'], n) } : {}),
        cells: Object.fromEntries(agreed),
      };
      return [...links, added];
    }
    if (!first || n % 4 === 3) return n % 20 === 3 ? rest : links;
    if (n % 4 === 1) return [{ ...first, state: pick(states, n >> 2) }, ...rest];
    const { missingSince: _missingSince, ...found } = first;
    const seen = n % 8 < 4 ? found : { ...found, missingSince: START + n };
    return [{ ...seen, version: n, cells: Object.fromEntries(agreed) }, ...rest];
  }

  #intent({ extra, cells }: Planned, from: StoredRecord | undefined): StoredIntent {
    const states = ['unknown', 'applied', 'failed', 'absent', 'armed'] as const;
    const known = from?.intents[0];
    if (known && extra % 4 !== 0) return { ...known, state: pick(states, extra >> 2) };
    return {
      id: this.#id(),
      endpoint: pick(ENDPOINTS, extra),
      op: 'update',
      patch: { name: cells },
      stamps: { name: [0, cells, 1] },
      state: 'armed',
      armedAt: this.#now,
      before: {},
      generation: 0,
      reason: 'value-behind',
    };
  }

  #conflict(n: number): Conflict {
    return {
      fingerprint: `f${n % 3}`,
      cell: 'name',
      kind: 'contested',
      state: pick(['open', 'open', 'resolved', 'autoResolved', 'superseded'] as const, n >> 1),
      ...(n % 2 === 0 ? { winner: n, clockTie: true } : { values: [] }),
    };
  }

  #conflictKey(n: number) {
    return { sync: SYNCS[0], entity: pick(ENTITIES, n), fingerprint: `f${n % 3}` };
  }

  #id(): string {
    this.#ids += 1;
    return idOf(this.#ids);
  }
}

function reviewKey(n: number): ReviewKey {
  return {
    sync: pick(SYNCS, n),
    endpoint: ENDPOINTS[0],
    remoteId: pick(['a', 'b'], n >> 1),
    reason: pick(['weak-key', 'remote-delete'] as const, n >> 2),
  };
}

function inAnyOrder<T>(rows: readonly T[]): T[] {
  const name = (row: T): string => JSON.stringify(row);
  return rows.toSorted((a, b) => (name(a) < name(b) ? -1 : 1));
}
