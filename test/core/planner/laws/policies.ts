/**
 * Policies, vendors' spellings and what people type, for the planner's laws. There are very few values
 * on purpose, so that agreement, ties and echoes are frequent.
 */
import type {
  Direction,
  EndpointFacts,
  EndpointId,
  FieldPolicy,
  Filter,
  Member,
  PlanInput,
  Policy,
  Reach,
  Strategy,
} from '../../../../runtime/core/planner/model.ts';
import { inParts, joinParts, valueInCell } from '../../../../runtime/core/planner/parts.ts';
import { type Value, canonicalText, isList, same } from '../../../../runtime/core/value.ts';
import type { Choices } from './choices.ts';

/** What a law wants its scenarios to be like. */
export interface Shape {
  readonly strategies?: readonly Strategy[];
  /** False: no field is merged in parts. */
  readonly parts?: boolean;
  /** Our own copy has never held the same value twice. */
  readonly distinct?: boolean;
  /** The planner has not been at work yet: no conflicts are on record. */
  readonly fresh?: boolean;
  /**
   * `edits`: every link is live and was read. `reads`: some were not, or too late, and there are
   * writes on their way. `all`: records are also deleted, merged, held and not everywhere yet.
   */
  readonly events?: 'edits' | 'reads' | 'all';
}

const ENDPOINTS = ['hub', 'crm', 'erp', 'web', 'log'] as EndpointId[];

export const LETTERS: readonly Value[] = ['A', 'B', 'C', 'a', 'A ', 'Long'];

const PEOPLE: readonly string[] = ['p1', 'p2', 'p3'];

const ELEMENTS: readonly string[] = ['x', 'y', 'X'];

const SUBFIELDS = ['city', 'street'];

export const HORIZON_MS = 100;

export function policyFrom(choices: Choices, shape: Shape): Policy {
  const endpoints = ENDPOINTS.slice(0, 2 + choices.below(4));
  const count = 1 + choices.below(6);
  const fields = Array.from({ length: count }, (_, index) =>
    fieldFrom(choices, `f${index + 1}`, endpoints, shape),
  );
  const members: Member[] = endpoints.map((endpoint) => {
    const filter =
      shape.events === undefined && choices.happens(8) ? filterFrom(choices, fields) : undefined;
    return {
      endpoint,
      create: !choices.happens(15),
      delete: !choices.happens(15),
      onFilterLeft: choices.pick(['hold', 'unlink'] as const),
      ...(filter ? { filter } : {}),
    };
  });
  return {
    version: 1,
    members,
    fields,
    deleteAuthority: endpoints.filter((_, index) => index === 0 || choices.happens(15)),
    onRemoteDelete: choices.pick(['recreate', 'propagate', 'ask', 'unlink'] as const),
    onDeleteAndEdit: choices.pick(['deleteWins', 'editWins', 'ask'] as const),
    onRemoteRestore: choices.pick(['ask', 'revive', 'ignore'] as const),
  };
}

const ALL_STRATEGIES: readonly Strategy[] = [
  'lastWriteWins',
  'priority',
  'fieldLevelMerge',
  'manualReview',
];

function fieldFrom(
  choices: Choices,
  name: string,
  endpoints: readonly EndpointId[],
  shape: Shape,
): FieldPolicy {
  const strategy = choices.pick(shape.strategies ?? ALL_STRATEGIES);
  const mayHaveParts = strategy === 'fieldLevelMerge' && shape.parts !== false;
  const parts = mayHaveParts ? choices.pick([undefined, 'set', 'record'] as const) : undefined;
  const reference = !parts && choices.happens(10);
  const direction: Record<string, Direction> = {};
  for (const endpoint of endpoints) {
    const way = choices.weigh([
      [80, 'both'],
      [8, 'in'],
      [8, 'out'],
      [4, 'off'],
    ] as const);
    if (way !== 'both') direction[endpoint] = way;
  }
  return {
    name,
    strategy,
    direction,
    ...(parts ? { parts } : {}),
    ...(reference ? { reference } : {}),
    ...(strategy === 'priority' && choices.happens(30) ? { order: endpoints.toReversed() } : {}),
    ...(choices.happens(25) ? { initialMerge: choices.pick(['rank', 'newest'] as const) } : {}),
    ...(!parts && !reference && choices.happens(10) ? { default: 'Default' } : {}),
  };
}

function filterFrom(choices: Choices, fields: readonly FieldPolicy[]): Filter {
  const field = choices.pick(fields);
  return [
    { field: field.name, in: choices.pick([LETTERS, ['A', 'B'], [null], ['A', ['x'], 'p1']]) },
  ];
}

export function factsFrom(choices: Choices, policy: Policy): EndpointFacts {
  const spelling = choices.pick([exact, exact, lowerCase, trimmed, firstTwo]);
  const drifted: Record<string, 'missing' | 'typeChanged' | 'readOnly'> = {};
  for (const field of policy.fields) {
    if (choices.happens(3)) {
      drifted[field.name] = choices.pick(['missing', 'typeChanged', 'readOnly'] as const);
    }
  }
  return {
    clockOffsetMs: choices.weigh([
      [80, 0],
      [10, 5],
      [10, -5],
    ] as const),
    clockUncertaintyMs: choices.weigh([
      [80, 0],
      [20, 3],
    ] as const),
    answersLagMs: choices.weigh([
      [80, 0],
      [20, HORIZON_MS],
    ] as const),
    absenceHorizonMs: HORIZON_MS,
    normalize: (_field, value) => spelled(value, spelling),
    explains: (_field, sent, readBack) => same(loosely(sent), loosely(readBack)),
    drifted,
  };
}

type Spelling = (text: string) => string;

const exact: Spelling = (text) => text;

const lowerCase: Spelling = (text) => text.toLowerCase();

const trimmed: Spelling = (text) => text.trim();

const firstTwo: Spelling = (text) => text.slice(0, 2);

/** A value in a vendor's spelling, part by part; a set stays a set. */
function spelled(value: Value, spelling: Spelling): Value {
  if (typeof value === 'string') return spelling(value);
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) {
    const elements = new Map(
      value.map((element) => spelled(element, spelling)).map((one) => [canonicalText(one), one]),
    );
    return [...elements].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, element]) => element);
  }
  return Object.fromEntries(
    Object.entries(value).map(([part, inner]) => [part, spelled(inner, spelling)]),
  );
}

function loosely(value: Value): Value {
  return spelled(value, (text) => text.trim().toLowerCase().slice(0, 2));
}

export function reachesFrom(choices: Choices, policy: Policy): PlanInput['reach'] {
  const reaches = new Map<string, Reach>();
  for (const target of PEOPLE) {
    for (const { endpoint } of policy.members) {
      const reach = choices.weigh([
        [80, 'live'],
        [10, 'pending'],
        [10, 'dead'],
      ] as const);
      reaches.set(`${target} ${endpoint}`, reach);
    }
  }
  return (target, endpoint) => reaches.get(`${target} ${endpoint}`) ?? 'live';
}

export interface CellPlan {
  readonly name: string;
  readonly values: readonly Value[];
}

export function cellPlans(field: FieldPolicy): readonly CellPlan[] {
  if (field.reference) return [{ name: field.name, values: PEOPLE }];
  if (!inParts(field)) return [{ name: field.name, values: LETTERS }];
  if (field.parts === 'record') {
    return SUBFIELDS.map((part) => ({ name: `${field.name}#${part}`, values: LETTERS }));
  }
  return ELEMENTS.map((element) => ({
    name: `${field.name}#${element}`,
    values: [element, null],
  }));
}

/** A value that a person might type over another one. */
export function typedFrom(choices: Choices, field: FieldPolicy, before: Value): Value {
  if (!inParts(field)) return choices.pick([null, ...(field.reference ? PEOPLE : LETTERS)]);
  const parts = cellPlans(field).map((plan): [string, Value] => {
    const stays = choices.happens(50);
    const kept = valueInCell(field, plan.name, before) ?? null;
    return [plan.name, stays ? kept : choices.pick([null, ...plan.values])];
  });
  return joinParts(field, parts);
}
