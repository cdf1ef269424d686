/** Scenarios by hand: a small world that behaves well, and only what is different about it is said. */
import type {
  Action,
  CollectionName,
  Faults,
  PolicyScene,
  RecordScene,
  Scenario,
  SystemScene,
} from './scenario.ts';

export interface Sketch {
  /** By name; the first is the most trusted, and deletions count there. */
  readonly systems?: Readonly<Record<string, Partial<Omit<SystemScene, 'name'>>>>;
  /** By code: in which systems the person is at first. */
  readonly people?: Readonly<Record<string, readonly string[] | Partial<RecordScene>>>;
  readonly companies?: Readonly<Record<string, readonly string[]>>;
  readonly policy?: Partial<PolicyScene>;
  /** After so many seconds. */
  readonly happens?: readonly (readonly [seconds: number, ...deeds: readonly Deed[]])[];
  readonly faults?: Faults;
  readonly kills?: readonly number[];
  readonly workers?: number;
  readonly minutes?: number;
  /** How often everybody is asked for changes, and for everything. */
  readonly pollMinutes?: number;
  readonly sweepMinutes?: number;
  readonly seed?: number;
}

export type Deed = Timeless<Action>;
type Timeless<One> = One extends unknown ? Omit<One, 'at' | 'tenant'> : never;

export function scenarioOf(sketch: Sketch): Scenario {
  const { systems = { app: {}, crm: {} }, people = {}, companies = {}, happens = [] } = sketch;
  const scenes = Object.entries(systems).map(([name, more]): SystemScene => ({
    name,
    abilities: { horizonMs: 10_000 },
    emailIsUnique: false,
    webhooks: true,
    spellingIsDeclared: true,
    ...more,
  }));
  const records = [
    ...Object.entries(companies).map(([code, at]) => recordOf('companies', code, at)),
    ...Object.entries(people).map(([code, at]) => recordOf('people', code, at)),
  ];
  return {
    seed: sketch.seed ?? 1,
    minutes: sketch.minutes ?? 4,
    workers: sketch.workers ?? 1,
    pollMinutes: sketch.pollMinutes ?? 1,
    sweepMinutes: sketch.sweepMinutes ?? 2,
    tenants: [{ systems: scenes, records, policy: policyOf(scenes, sketch.policy) }],
    actions: happens.flatMap(([seconds, ...deeds]) =>
      deeds.map((deed): Action => ({ at: seconds * 1000, tenant: 0, ...deed })),
    ),
    faults: sketch.faults ?? {},
    kills: sketch.kills ?? [],
  };
}

function recordOf(
  collection: CollectionName,
  code: string,
  at: readonly string[] | Partial<RecordScene>,
): RecordScene {
  const more = 'length' in at ? { systems: at } : at;
  return { collection, code, systems: [], differs: false, ...more };
}

function policyOf(systems: readonly SystemScene[], more: Partial<PolicyScene> = {}): PolicyScene {
  return {
    strategies: {},
    directions: {},
    deleteAuthority: systems.slice(0, 1).map(({ name }) => name),
    onRemoteDelete: 'recreate',
    onDeleteAndEdit: 'deleteWins',
    onRemoteRestore: 'revive',
    onRemoteMerge: 'ask',
    onTombstoneMatch: 'ask',
    latency: 0,
    initialMerge: 'rank',
    ...more,
  };
}
