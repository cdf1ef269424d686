#!/usr/bin/env node
/**
 * What one plan costs: microseconds per record of twenty mapped fields, for two, three and five
 * systems, when nothing changed, when one field was edited, and when two systems edited it apart.
 * `node bench/planner.ts 40000` measures that many plans per line. It prints a table and writes nothing.
 */
import type {
  Cell,
  EndpointFacts,
  EndpointId,
  EntityId,
  FieldPolicy,
  Link,
  LinkCell,
  LinkId,
  Observation,
  Plan,
  PlanInput,
  Policy,
} from '../runtime/core/planner/model.ts';
import { plan } from '../runtime/core/planner/plan.ts';
import type { Value } from '../runtime/core/value.ts';

const FIELDS = 20;
/** Enough different records that the processor cannot learn one by heart. */
const RECORDS = 500;
const PLANS = Number(process.argv[2] ?? 20_000);
const ROUNDS = 5;

const facts: EndpointFacts = {
  clockOffsetMs: 0,
  clockUncertaintyMs: 0,
  answersLagMs: 0,
  absenceHorizonMs: 120_000,
  normalize: (_field, value) => value,
  explains: () => false,
};

const workloads = {
  'no change': (input: PlanInput): PlanInput => input,
  'one edit': (input: PlanInput): PlanInput => edited(input, ['edited']),
  conflict: (input: PlanInput): PlanInput => edited(input, ['here', 'there']),
};

console.log(`Planning records of ${FIELDS} fields, ${PLANS * ROUNDS} plans per line.`);
console.log('systems  what happened  median us  p95 us  plans/s  to no change');
for (const systems of [2, 3, 5]) {
  let quiet = 0;
  for (const [name, happen] of Object.entries(workloads)) {
    const inputs = Array.from({ length: RECORDS }, (_, index) => happen(recordOf(systems, index)));
    check(name, inputs.map(plan));
    const { median, p95 } = measure(inputs);
    quiet ||= median;
    const columns = [
      String(systems).padStart(7),
      name.padEnd(13),
      median.toFixed(1).padStart(9),
      p95.toFixed(1).padStart(6),
      String(Math.round(1_000_000 / median)).padStart(7),
      `x ${(median / quiet).toFixed(1)}`.padStart(12),
    ];
    console.log(columns.join('  '));
  }
}

/** Times every plan; the middle one of several rounds counts, because others share the machine. */
function measure(inputs: readonly PlanInput[]): { median: number; p95: number } {
  run(inputs);
  const rounds = Array.from({ length: ROUNDS }, () => run(inputs).toSorted((a, b) => a - b));
  const at = (round: Float64Array, share: number): number => {
    return round[Math.floor(round.length * share)] ?? Number.NaN;
  };
  return {
    median: medianOf(rounds.map((round) => at(round, 0.5))),
    p95: medianOf(rounds.map((round) => at(round, 0.95))),
  };
}

function run(inputs: readonly PlanInput[]): Float64Array {
  const times = new Float64Array(PLANS);
  for (let index = 0; index < PLANS; index++) {
    const input = inputs[index % inputs.length];
    if (!input) continue;
    const start = performance.now();
    plan(input);
    times[index] = (performance.now() - start) * 1000;
  }
  return times;
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** A bench that measures something else than it says is worse than none. */
function check(name: string, plans: readonly Plan[]): void {
  const writes = plans.every((made) => made.writes.length > 0);
  const conflicts = plans.every((made) => made.conflicts.length > 0);
  const isRight = { 'no change': !writes, 'one edit': writes && !conflicts, conflict: conflicts };
  if (!isRight[name as keyof typeof isRight]) {
    throw new Error(`The workload "${name}" does not do what it is called.`);
  }
}

// ---------------------------------------------------------------------------------------------
// Records

function recordOf(systems: number, index: number): PlanInput {
  const endpoints = Array.from({ length: systems }, (_, n) => `system ${n}` as EndpointId);
  const fields = Array.from({ length: FIELDS }, (_, n): FieldPolicy => {
    return { name: `field ${n}`, strategy: n % 4 === 0 ? 'priority' : 'lastWriteWins' };
  });
  const values = new Map(
    fields.map(({ name }, n): [string, Value] => [name, `${name} ${index * n}`]),
  );
  const origin = endpoints[0] as EndpointId;
  const cells = [...values].map(([name, value]): [string, Cell] => {
    return [name, { value, stamp: [0, 1000 + index, 1], origin }];
  });
  const based = [...values].map(([name, base]): [string, LinkCell] => {
    return [name, { base, synced: [0, 1000 + index, 1] }];
  });
  const links = endpoints.map((endpoint): Link => {
    return {
      id: `${endpoint} ${index}` as LinkId,
      endpoint,
      remoteId: String(index),
      state: 'live',
      generation: 0,
      version: 1,
      cells: Object.fromEntries(based),
    };
  });
  const observed = links.map(({ id }): [LinkId, Observation] => [
    id,
    {
      kind: 'present',
      fields: Object.fromEntries(values),
      takenAt: 3000,
      changedAt: 2000,
      version: 1,
    },
  ]);
  return {
    entity: {
      id: String(index) as EntityId,
      life: 'live',
      epoch: 0,
      cells: Object.fromEntries(cells),
    },
    links,
    observed: new Map(observed),
    intents: [],
    conflicts: [],
    resolutions: [],
    policy: policyOf(endpoints, fields),
    facts: new Map(endpoints.map((endpoint) => [endpoint, facts])),
    reach: () => 'live',
  };
}

function policyOf(endpoints: readonly EndpointId[], fields: readonly FieldPolicy[]): Policy {
  return {
    version: 1,
    members: endpoints.map((endpoint) => ({
      endpoint,
      create: true,
      delete: true,
      onFilterLeft: 'hold',
    })),
    fields,
    deleteAuthority: endpoints.slice(0, 1),
    onRemoteDelete: 'recreate',
    onDeleteAndEdit: 'deleteWins',
    onRemoteRestore: 'ask',
  };
}

/** The last systems each show another value of one field. */
function edited(input: PlanInput, values: readonly string[]): PlanInput {
  const places = input.links.slice(-values.length);
  const observed = new Map(input.observed);
  for (const [n, { id }] of places.entries()) {
    const seen = observed.get(id);
    if (seen?.kind !== 'present') continue;
    const fields = { ...seen.fields, 'field 7': values[n] ?? null };
    observed.set(id, { ...seen, fields, version: 2, changedAt: 2500 + n });
  }
  return { ...input, observed };
}
