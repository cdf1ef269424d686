/**
 * The scene of the real tier: two tenants with five systems between them, none of which lets an edit be
 * overwritten unseen, so that not one edit may be missing in the end. And what the people there do:
 * edits, now and then two of them at the same moment, new people, and some who leave.
 */
import { randomStreams } from '../../runtime/world/random.ts';
import type { Random } from '../../runtime/world/world.ts';
import type {
  Action,
  CollectionName,
  FieldName,
  How,
  PolicyScene,
  RecordScene,
  Scenario,
  SystemScene,
} from '../sim/scenario.ts';

export interface Town {
  readonly scenario: Scenario;
  /** What happens next: one deed, or two at the same moment. */
  next(): readonly Action[];
}

const TENANTS = 2;

export function townOf({
  seed,
  people,
  isPatient,
  isFamiliar,
}: {
  seed: number;
  /** Per tenant. */
  people: number;
  /** Whether there is time for vendors that cannot tell at once whether a create has landed. */
  isPatient: boolean;
  /**
   * Whether the first sync is over when people begin. While it is under way nobody empties anything:
   * what one system has and another one has emptied is kept, until they have once agreed.
   */
  isFamiliar: boolean;
}): Town {
  const dice = randomStreams(`town ${seed}`)('life');
  const pick = <T>(options: readonly T[]): T => options[dice.below(options.length)]!;
  let codes = 0;
  const newCode = (): string => {
    codes += 1;
    return `c${String(codes).padStart(4, '0')}`;
  };
  const systems = SYSTEMS.filter(({ abilities }) => isPatient || abilities.create !== 'marker');
  const records = Array.from({ length: TENANTS }, () =>
    recordsOf(systems, { people, dice, newCode }),
  );

  function deeds(tenant: number): readonly Timeless[] {
    const here = records[tenant]!;
    const { collection, code } = pick(here);
    const item = { system: pick(systems).name, collection, code };
    const field = fieldOf(collection, pick);
    switch (pick(DEEDS)) {
      case 'edit':
        return [{ kind: 'edit', ...item, field, how: pick(isFamiliar ? HOWS : FIRST_HOWS) }];
      case 'race':
        return systems
          .slice(0, 2)
          .map(({ name }) => ({ kind: 'edit', ...item, system: name, field, how: 'type' }));
      case 'create': {
        const made: RecordScene = {
          collection: 'people',
          code: newCode(),
          systems: [],
          differs: false,
        };
        here.push(made);
        const company = here.find((one) => one.collection === 'companies')!.code;
        return [{ kind: 'create', ...item, collection: 'people', code: made.code, company }];
      }
      case 'delete':
        // Companies stay, so that people can refer to them.
        return collection === 'people' ? [{ kind: 'delete', ...item, system: 'app' }] : [];
    }
  }

  return {
    scenario: {
      seed,
      minutes: 0,
      workers: 0,
      pollMinutes: 0,
      sweepMinutes: 0,
      tenants: records.map((its) => ({ systems, records: [...its], policy: POLICY })),
      actions: [],
      faults: {},
      kills: [],
    },
    next() {
      const tenant = dice.below(TENANTS);
      return deeds(tenant).map((deed): Action => ({ at: 0, tenant, ...deed }));
    },
  };
}

type Timeless = OmitTime<Action>;
type OmitTime<One> = One extends unknown ? Omit<One, 'at' | 'tenant'> : never;

const DEEDS = [
  ...Array.from({ length: 14 }, () => 'edit' as const),
  ...(['race', 'race', 'create', 'create', 'delete'] as const),
];
const HOWS: readonly How[] = ['type', 'type', 'type', 'type', 'type', 'clear', 'respell'];
const FIRST_HOWS = HOWS.filter((how) => how !== 'clear');

function fieldOf(collection: CollectionName, pick: <T>(of: readonly T[]) => T): FieldName {
  if (collection === 'companies') return 'name';
  return pick<FieldName>(['name', 'name', 'phone', 'tags', 'address', 'status', 'email']);
}

function recordsOf(
  systems: readonly SystemScene[],
  { people, dice, newCode }: { people: number; dice: Random; newCode: () => string },
): RecordScene[] {
  const all = systems.map(({ name }) => name);
  const company = {
    collection: 'companies',
    code: newCode(),
    systems: all,
    differs: false,
  } as const;
  return [
    company,
    ...Array.from({ length: people }, (): RecordScene => {
      const where = dice.below(2) === 0 ? all : [all[dice.below(all.length)]!];
      const known = dice.below(2) === 0 ? { company: company.code } : {};
      return { collection: 'people', code: newCode(), systems: where, differs: false, ...known };
    }),
  ];
}

/** The last one has to be searched for what a lost create may have left there. */
const SYSTEMS: readonly SystemScene[] = [
  systemOf('app', { horizonMs: 10_000 }),
  systemOf('crm', {
    version: 'time',
    conditionalWrites: false,
    searchLagMs: 1_000,
    changesLagMs: 1_000,
    spelling: { email: 'lower' },
    horizonMs: 10_000,
  }),
  systemOf('erp', {
    create: 'marker',
    history: false,
    delete: 'hard',
    restore: false,
    partial: 'allOrNothing',
    changesLagMs: 2_000,
    horizonMs: 10_000,
  }),
];

function systemOf(name: string, abilities: SystemScene['abilities']): SystemScene {
  return { name, abilities, emailIsUnique: false, webhooks: true, spellingIsDeclared: true };
}

const POLICY: PolicyScene = {
  strategies: {},
  directions: {},
  deleteAuthority: ['app'],
  onRemoteDelete: 'recreate',
  onDeleteAndEdit: 'deleteWins',
  onRemoteRestore: 'revive',
  onRemoteMerge: 'ask',
  onTombstoneMatch: 'ask',
  latency: 0,
  initialMerge: 'rank',
};
