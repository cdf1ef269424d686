/**
 * Makes a scenario that fails smaller while it still fails: without faults, kills, deeds, records,
 * systems and habits, one after the other, until nothing can be left out any more or patience ends:
 * after so many attempts, or when whoever asks has no more time. It says which of them it was. Without one
 * habit of a system another may not be possible; such a scenario is none, and is passed over.
 */
import { TributaryError } from '../../runtime/core/errors.ts';
import type { Scenario, SystemScene, TenantScene } from './scenario.ts';

export interface Patience {
  readonly runsMax?: number;
  readonly hasTime?: () => boolean;
}

export interface Shrunk {
  readonly smallest: Scenario;
  /** Patience ended before everything had been tried. */
  readonly isEarly: boolean;
}

export async function shrink(
  scenario: Scenario,
  fails: (smaller: Scenario) => Promise<boolean>,
  { runsMax = 400, hasTime = () => true }: Patience = {},
): Promise<Shrunk> {
  let smallest = scenario;
  let runs = 0;
  let isSmaller = true;
  while (isSmaller) {
    isSmaller = false;
    // Candidates are made from the smallest so far, so start over after each success.
    for (let index = 0; ; index++) {
      const candidate = candidateAt(smallest, index);
      if (candidate === undefined) break;
      if (runs >= runsMax || !hasTime()) return { smallest, isEarly: true };
      runs += 1;
      if (!(await isPossibleAnd(fails, candidate))) continue;
      smallest = candidate;
      isSmaller = true;
      index -= 1;
    }
  }
  return { smallest, isEarly: false };
}

async function isPossibleAnd(
  fails: (smaller: Scenario) => Promise<boolean>,
  candidate: Scenario,
): Promise<boolean> {
  try {
    return await fails(candidate);
  } catch (error) {
    const isImpossible = error instanceof TributaryError && error.code.endsWith('-options');
    if (isImpossible) return false;
    throw error;
  }
}

function candidateAt(scenario: Scenario, index: number): Scenario | undefined {
  let left = index;
  for (const candidate of candidates(scenario)) if (left-- === 0) return candidate;
  return undefined;
}

/** What can be left out, the most at once first. */
function* candidates(scenario: Scenario): Generator<Scenario> {
  const { actions, faults, kills, tenants, workers } = scenario;
  for (const fewer of chunksLeftOut(actions)) yield { ...scenario, actions: fewer };
  if (Object.keys(faults).length > 1) yield { ...scenario, faults: {} };
  for (const name of Object.keys(faults)) yield { ...scenario, faults: without(faults, name) };
  if (kills.length > 0) yield { ...scenario, kills: kills.slice(0, -1) };
  if (workers > 1) yield { ...scenario, workers: 1 };
  if (tenants.length > 1) {
    for (const tenant of tenants.keys()) {
      const others = actions.filter((action) => action.tenant !== tenant);
      // Tenants are numbered, so only the last one can go without renaming the others.
      if (tenant === tenants.length - 1)
        yield { ...scenario, tenants: tenants.slice(0, -1), actions: others };
    }
  }
  for (const [index, tenant] of tenants.entries()) {
    for (const smaller of tenantCandidates(tenant)) {
      yield { ...scenario, tenants: tenants.with(index, smaller) };
    }
    for (const name of tenant.systems.slice(2).map((system) => system.name)) {
      yield withoutSystem(scenario, index, name);
    }
  }
  const lastAt = Math.max(0, ...actions.map(({ at }) => at));
  const minutes = Math.ceil(lastAt / 60_000) + 2;
  if (minutes < scenario.minutes) yield { ...scenario, minutes };
}

function* tenantCandidates(tenant: TenantScene): Generator<TenantScene> {
  const { records, policy, systems } = tenant;
  for (const fewer of chunksLeftOut(records)) yield { ...tenant, records: fewer };
  for (const name of ['strategies', 'directions'] as const) {
    for (const field of Object.keys(policy[name])) {
      yield { ...tenant, policy: { ...policy, [name]: without(policy[name], field) } };
    }
  }
  for (const [index, system] of systems.entries()) {
    for (const simpler of systemCandidates(system)) {
      yield { ...tenant, systems: systems.with(index, simpler) };
    }
  }
}

function* systemCandidates(system: SystemScene): Generator<SystemScene> {
  const { abilities, emailIsUnique, workflow, habits = {} } = system;
  for (const name of Object.keys(habits)) yield { ...system, habits: without(habits, name) };
  if (workflow) yield without(system, 'workflow');
  if (emailIsUnique) yield { ...system, emailIsUnique: false };
  for (const name of Object.keys(abilities)) {
    // Without versions there is nothing to compare; both go, or none.
    const dependent = name === 'version' ? abilities : without(abilities, name);
    const isKept = name === 'conditionalWrites' || name === 'history';
    if (abilities.version === 'none' && isKept) continue;
    if (name === 'version') {
      yield { ...system, abilities: without(dependent, 'version') };
      continue;
    }
    yield { ...system, abilities: dependent };
  }
}

function withoutSystem(scenario: Scenario, tenant: number, name: string): Scenario {
  const { actions, tenants } = scenario;
  const scene = tenants[tenant]!;
  const records = scene.records
    .map((record) => ({ ...record, systems: record.systems.filter((one) => one !== name) }))
    .filter(({ systems }) => systems.length > 0);
  const systems = scene.systems.filter((system) => system.name !== name);
  const deleteAuthority = scene.policy.deleteAuthority.filter((one) => one !== name);
  const policy = { ...scene.policy, deleteAuthority };
  return {
    ...scenario,
    tenants: tenants.with(tenant, { systems, records, policy }),
    actions: actions.filter(
      (action) => action.tenant !== tenant || !('system' in action) || action.system !== name,
    ),
  };
}

/** Without the first half, the second half, each quarter, and so on down to each single one. */
function* chunksLeftOut<T>(all: readonly T[]): Generator<readonly T[]> {
  for (
    let size = Math.ceil(all.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < all.length; from += size) yield all.toSpliced(from, size);
  }
}

function without<T extends object>(all: T, name: string): T {
  return Object.fromEntries(Object.entries(all).filter(([one]) => one !== name)) as T;
}
