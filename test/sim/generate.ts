/**
 * A scenario from a seed: a small world, mostly of systems like the real ones, in which a few people
 * work for an hour or two while a quarter of all faults is switched on. Every seed is another world;
 * what is tried at all is decided here.
 */
import type { Direction, Strategy } from '../../runtime/core/planner/model.ts';
import { randomStreams } from '../../runtime/world/random.ts';
import { diceOf, type Dice } from './dice.ts';
import { habitsFrom } from './habits.ts';
import { withHardships, type HardshipName } from './hardships.ts';
import {
  FAULTS,
  type Action,
  type CollectionName,
  type Faults,
  type FieldName,
  type How,
  type PolicyScene,
  type RecordScene,
  type Scenario,
  type SystemScene,
  type TenantScene,
} from './scenario.ts';
import { pairingFrom, withoutImpossible } from './vendors/pairings.ts';

export interface Mood {
  /** What the world has to go through; without it, chance decides. */
  readonly hardships?: readonly HardshipName[];
  /** Its systems are of vendors that exist. */
  readonly vendors?: boolean;
}

export function scenarioFrom(seed: number, { hardships, vendors = false }: Mood = {}): Scenario {
  const streams = randomStreams(`scenario ${seed}`);
  const setting = diceOf(streams('setting'));
  const minutes = setting.pick([3, 5, 5, 10, 10, 30, 120]);
  const workers = setting.pick([1, 1, 1, 2, 3]);
  const names = new Codes();
  const tenants = Array.from({ length: setting.oneIn(5) ? 2 : 1 }, () =>
    tenantFrom(setting, names, vendors ? pairingFrom : systemsFrom),
  );
  const life = diceOf(streams('life'));
  const ordinary: Scenario = {
    seed,
    minutes,
    workers,
    pollMinutes: setting.pick([2, 5, 10]),
    sweepMinutes: setting.pick([30, 60]),
    tenants,
    actions: actionsFrom(life, { tenants, names, minutes, workers }),
    faults: faultsFrom(diceOf(streams('faults'))),
    kills: [],
  };
  const random = (name: string): Dice => diceOf(streams(`hardship ${name}`));
  return withoutImpossible(withHardships(ordinary, random, hardships));
}

/** Codes that nobody has yet. */
class Codes {
  #given = 0;

  next(): string {
    this.#given += 1;
    return `c${String(this.#given).padStart(4, '0')}`;
  }
}

const NAMES = ['app', 'crm', 'erp', 'shop'];

function tenantFrom(
  dice: Dice,
  names: Codes,
  pick: (dice: Dice) => readonly SystemScene[],
): TenantScene {
  const systems = pick(dice);
  return { systems, records: recordsFrom(dice, systems, names), policy: policyFrom(dice, systems) };
}

function systemsFrom(dice: Dice): readonly SystemScene[] {
  return NAMES.slice(0, dice.pick([2, 2, 2, 3, 3, 4])).map((name): SystemScene => {
    const abilities = habitsFrom(dice);
    return {
      name,
      abilities,
      emailIsUnique: dice.oneIn(3),
      webhooks: !dice.oneIn(3),
      spellingIsDeclared: !dice.oneIn(3),
      ...(dice.oneIn(12) ? { workflow: dice.pick(['shout', 'reset'] as const) } : {}),
    };
  });
}

function recordsFrom(dice: Dice, systems: readonly SystemScene[], names: Codes): RecordScene[] {
  const all = systems.map(({ name }) => name);
  const record = (collection: CollectionName, more: Partial<RecordScene> = {}): RecordScene => {
    const some = all.filter(() => dice.oneIn(2));
    const differs = dice.oneIn(3);
    return {
      collection,
      code: names.next(),
      systems: some.length > 0 ? some : [dice.pick(all)],
      differs,
      ...more,
    };
  };
  const companies = Array.from({ length: dice.between(0, 2) }, () => record('companies'));
  const people = Array.from({ length: dice.oneIn(50) ? 40 : dice.between(1, 6) }, () => {
    const company = companies.length > 0 && dice.oneIn(2) ? dice.pick(companies) : undefined;
    if (!company) return record('people');
    return record('people', { company: company.code, systems: company.systems });
  });
  return [...companies, ...people];
}

const FIELDS: readonly FieldName[] = ['name', 'email', 'phone', 'tags', 'address', 'status'];

function policyFrom(dice: Dice, systems: readonly SystemScene[]): PolicyScene {
  const names = systems.map(({ name }) => name);
  const strategies: Partial<Record<FieldName, Strategy>> = {};
  const directions: Partial<Record<FieldName, Record<string, Direction>>> = {};
  const others: readonly Strategy[] = ['priority', 'manualReview'];
  for (const field of FIELDS) {
    if (dice.oneIn(4)) strategies[field] = dice.pick(others);
    const isPlain = field !== 'email' && field !== 'tags' && field !== 'address';
    if (isPlain && dice.oneIn(12)) {
      directions[field] = { [dice.pick(names)]: dice.pick<Direction>(['in', 'out', 'off']) };
    }
  }
  return {
    strategies,
    directions,
    deleteAuthority: dice.oneIn(4) ? names.filter(() => dice.oneIn(2)) : names.slice(0, 1),
    onRemoteDelete: dice.pick(['recreate', 'recreate', 'propagate', 'ask', 'unlink']),
    onDeleteAndEdit: dice.pick(['deleteWins', 'deleteWins', 'editWins', 'ask']),
    onRemoteRestore: dice.pick(['ask', 'revive', 'ignore']),
    onRemoteMerge: dice.pick(['ask', 'ask', 'follow']),
    onTombstoneMatch: dice.pick(['ask', 'ask', 'ignore', 'revive', 'new']),
    latency: dice.pick([0, 0, 1, 2]),
    initialMerge: dice.pick(['rank', 'rank', 'newest']),
  };
}

function faultsFrom(dice: Dice): Faults {
  const faults: Faults = {};
  if (dice.oneIn(5)) return faults;
  for (const name of FAULTS) {
    if (!dice.oneIn(4)) continue;
    // Without a database nothing happens at all, so it is rarely gone for long.
    const rates = name === 'databaseLost' ? [0.002, 0.01, 0.03] : [0.02, 0.05, 0.1, 0.3];
    faults[name] = dice.pick(rates);
  }
  return faults;
}

interface Stage {
  readonly tenants: readonly TenantScene[];
  readonly names: Codes;
  readonly minutes: number;
  readonly workers: number;
}

function actionsFrom(dice: Dice, stage: Stage): Action[] {
  const endMs = stage.minutes * 60_000;
  const count = dice.oneIn(50) ? 150 : dice.between(3, 30);
  // Edits of the same moment are where systems disagree, so some of them come in bursts.
  let at = 0;
  const codes = stage.tenants.map(({ records }) => [...records]);
  return Array.from({ length: count }, () => {
    at = dice.oneIn(2) ? at + dice.below(3_000) : dice.below(endMs);
    at = Math.min(at, endMs - 1);
    const tenant = dice.below(stage.tenants.length);
    return deedsFrom(dice, stage, tenant, codes[tenant]!).map(({ afterMs = 0, ...deed }) => ({
      at: Math.min(at + afterMs, endMs - 1),
      tenant,
      ...deed,
    }));
  }).flat();
}

/** Without tenant and time; some deeds come as two of which one is a little later. */
type Deed = Timeless<Action> & { readonly afterMs?: number };
type Timeless<One> = One extends unknown ? Omit<One, 'at' | 'tenant'> : never;

function deedsFrom(dice: Dice, stage: Stage, index: number, records: RecordScene[]): Deed[] {
  const { systems } = stage.tenants[index]!;
  const system = dice.pick(systems).name;
  const record = dice.pick(records);
  const { collection, code } = record;
  const item = { system, collection, code };
  const people = records.filter((each) => each.collection === 'people');
  switch (dice.pick(DEEDS)) {
    case 'edit':
      return [editOf(dice, item)];
    case 'race': {
      const field = fieldFrom(dice, collection);
      const other = dice.pick(systems).name;
      const how: How = 'type';
      return [
        { kind: 'edit', ...item, field, how },
        { kind: 'edit', ...item, system: other, field, how, afterMs: dice.below(2_000) },
      ];
    }
    case 'create': {
      const kind: CollectionName = dice.oneIn(5) ? 'companies' : 'people';
      const made = { collection: kind, code: stage.names.next() };
      const company = records.find((each) => each.collection === 'companies')?.code;
      records.push({ ...made, systems: [system], differs: false });
      const more = kind === 'people' && company && dice.oneIn(2) ? { company } : {};
      const created: Deed = { kind: 'create', system, ...made, ...more };
      if (!dice.oneIn(4)) return [created];
      const twin = { ...created, system: dice.pick(systems).name, afterMs: dice.below(20_000) };
      return [created, twin];
    }
    case 'delete':
      return [{ kind: 'delete', ...item }];
    case 'restore': {
      const restored: Deed = { kind: 'restore', ...item, afterMs: dice.below(900_000) };
      return [{ kind: 'delete', ...item }, restored];
    }
    case 'merge': {
      const other = dice.pick(records.filter((each) => each.collection === collection));
      return other === record ? [] : [{ kind: 'merge', ...item, other: other.code }];
    }
    case 'clone':
      return [{ kind: 'clone', ...item, newCode: stage.names.next() }];
    case 'rotate': {
      const codes = [...new Set([1, 2, 3].map(() => dice.pick(people).code))];
      return codes.length < 2 ? [] : [{ kind: 'rotate', system, codes }];
    }
    case 'forbid':
      return [{ kind: 'forbid', system, collection, forMs: dice.between(1, 40) * 60_000 }];
    case 'expireToken':
      return [{ kind: 'expireToken', system, forMs: dice.between(1, 40) * 60_000 }];
    case 'schema': {
      if (dice.oneIn(2)) return [{ kind: 'dropOption', system, field: 'status' }];
      return [
        { kind: 'removeField', system, field: dice.pick<FieldName>(['name', 'phone', 'tags']) },
      ];
    }
    case 'forgeWebhook':
      return [{ kind: 'forgeWebhook', system, code }];
    case 'decide':
      return [{ kind: 'decide', pick: dice.below(4) }];
    case 'replayDeadLetters':
      return [{ kind: 'replayDeadLetters' }];
    case 'changePolicy': {
      const { strategies, onRemoteDelete } = policyFrom(dice, systems);
      return [{ kind: 'changePolicy', policy: { strategies, onRemoteDelete } }];
    }
    case 'worker':
      return [troubleOfWorker(dice, dice.below(stage.workers))];
  }
}

/** As often as they are named. */
const DEEDS = [
  ...Array.from({ length: 16 }, () => 'edit' as const),
  ...Array.from({ length: 4 }, () => 'race' as const),
  ...Array.from({ length: 4 }, () => 'create' as const),
  ...Array.from({ length: 4 }, () => 'worker' as const),
  ...(['delete', 'delete', 'restore', 'merge', 'clone', 'rotate', 'decide', 'decide'] as const),
  ...(['forbid', 'expireToken', 'schema', 'forgeWebhook'] as const),
  ...(['replayDeadLetters', 'changePolicy'] as const),
] as const;

function editOf(
  dice: Dice,
  item: { system: string; collection: CollectionName; code: string },
): Deed {
  const field = fieldFrom(dice, item.collection);
  const hows: readonly How[] = ['type', 'type', 'type', 'type', 'type', 'clear', 'copy', 'respell'];
  const how = dice.oneIn(100) ? 'huge' : dice.pick(hows);
  const by = dice.oneIn(6) ? { by: 'integration' as const } : {};
  return { kind: 'edit', ...item, field, how, ...by };
}

function fieldFrom(dice: Dice, collection: CollectionName): FieldName {
  if (collection === 'companies') return 'name';
  return dice.pick([...FIELDS, 'name', 'company']);
}

function troubleOfWorker(dice: Dice, worker: number): Deed {
  switch (dice.pick(['kill', 'kill', 'pause', 'setClock', 'redeploy'] as const)) {
    case 'kill':
      return { kind: 'kill', worker, afterPoints: dice.below(40) };
    case 'pause':
      return { kind: 'pause', worker, forMs: dice.between(1, 120) * 1_000 };
    case 'setClock':
      return { kind: 'setClock', worker, aheadMs: dice.between(-120, 120) * 1_000 };
    case 'redeploy':
      return { kind: 'redeploy', worker };
  }
}
