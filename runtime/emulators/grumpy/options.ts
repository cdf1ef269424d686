/**
 * What an account of Grumpy can be set to: its habits, good and bad, and its collections. What is left
 * out is the kindest value there is, so that a test names only the habits it is about.
 */
import { TributaryError } from '../../core/errors.ts';
import type { FieldOptions } from '../crm/model.ts';
import type { Limit } from '../limits.ts';

export interface AccountOptions {
  readonly name: string;
  readonly token: string;
  readonly abilities?: Partial<Abilities>;
  readonly collections: Readonly<Record<string, readonly FieldOptions[]>>;
}

/** The table "Abilities" of README.md says what each means. */
export interface Abilities {
  readonly create: 'upsert' | 'marker' | 'naturalKey';
  readonly version: 'counter' | 'time' | 'none';
  readonly conditionalWrites: boolean;
  readonly history: boolean;
  readonly author: boolean;
  readonly changesTellDeletes: boolean;
  readonly restore: boolean;
  readonly reusesIds: boolean;
  readonly fieldTimes: boolean;
  readonly changes: boolean;
  readonly writeReturns: 'item' | 'id';
  readonly delete: 'soft' | 'hard';
  readonly partial: 'perItem' | 'allOrNothing';
  readonly mergeVisible: 'alias' | 'none';
  readonly mergeGivesNewId: boolean;
  readonly readLagMs: number;
  readonly searchLagMs: number;
  readonly changesLagMs: number;
  readonly horizonMs: number;
  readonly batch: Readonly<Record<Batch, number>>;
  readonly limits: readonly Omit<Limit, 'refills'>[];
  readonly bodyCharactersMax: number;
  readonly uniqueFields: Readonly<Record<string, readonly string[]>>;
  readonly spelling: Readonly<Record<string, Spelling>>;
  readonly clockSkewMs: number;
}

export type Batch = 'list' | 'read' | 'find' | 'create' | 'update' | 'delete' | 'restore';

export type Spelling = 'lower' | 'trim' | 'phone' | `cut:${number}`;

/** Unique fields are told by the schema, so that there is one place to look. */
export function abilitiesOf({ name, abilities = {}, collections }: AccountOptions): Abilities {
  const all = { ...KINDEST, ...abilities };
  const problem = Object.keys(collections).some((collection) => RESERVED.has(collection))
    ? `A collection may not be called ${[...RESERVED].join(' or ')}.`
    : all.version === 'none' && (all.history || all.conditionalWrites)
      ? 'Without versions there is neither a history nor a conditional write.'
      : undefined;
  if (problem === undefined) return all;
  throw new TributaryError('grumpy-options', {
    what: `The account "${name}" of Grumpy cannot be like that: ${problem}`,
    next: 'Change its options.',
  });
}

const RESERVED: ReadonlySet<string> = new Set(['about', 'hooks']);

const KINDEST: Abilities = {
  create: 'upsert',
  version: 'counter',
  conditionalWrites: true,
  history: true,
  author: true,
  changesTellDeletes: true,
  restore: true,
  reusesIds: false,
  fieldTimes: true,
  changes: true,
  writeReturns: 'item',
  delete: 'soft',
  partial: 'perItem',
  mergeVisible: 'alias',
  mergeGivesNewId: false,
  readLagMs: 0,
  searchLagMs: 0,
  changesLagMs: 0,
  horizonMs: 60_000,
  batch: { list: 100, read: 100, find: 100, create: 100, update: 100, delete: 100, restore: 100 },
  limits: [],
  bodyCharactersMax: 10_000_000,
  uniqueFields: {},
  spelling: {},
  clockSkewMs: 0,
};
