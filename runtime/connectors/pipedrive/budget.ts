/**
 * What calls cost, and what is left. Pipedrive counts three things: tokens for a day, which all users
 * and programs of a company share; requests in two seconds, of one user or app; and searches in two
 * seconds, which are as many in every plan.
 *
 * Traps: a list costs the same for one item and for 500. What a company may spend in a day is told in
 * headers that may be missing, and its day begins at a midnight that nobody names.
 */
import type { Left, Limit } from '../connector.ts';
import { windowLimit } from '../limits.ts';
import { numberIn } from './complaints.ts';
import { PAGES_MAX } from './finding.ts';
import { objectTypeNamed, type ObjectType } from './objects.ts';
import { LOOKS_MAX } from './reading.ts';
import { USERS, USERS_TOKENS } from './users.ts';

/** Of the smallest plan, with one seat. */
const TOKENS_A_DAY = 30_000;
const BURST_OF_TOKEN = 20;
const BURST_OF_APP = 80;
const SEARCHES = 10;
const BURST_MS = 2_000;
const DAY_MS = 86_400_000;

export interface BudgetOptions {
  readonly isApp: boolean;
  /** As a person has filled it in. */
  readonly tokensADay: number | undefined;
  readonly tellsDeletes: boolean;
  /** Of the first answer. */
  readonly headers: Headers;
}

export function limitsOf(options: BudgetOptions): readonly Limit[] {
  const { isApp, tokensADay, headers } = options;
  const burst = numberIn(headers, `${BURST}limit`) ?? (isApp ? BURST_OF_APP : BURST_OF_TOKEN);
  const daily = tokensADay ?? numberIn(headers, `${DAILY}limit`) ?? TOKENS_A_DAY;
  const costOf = (...[call, items, collection]: Parameters<Limit['cost']>): Cost => {
    if (collection === USERS) return { requests: 1, tokens: USERS_TOKENS };
    const type = objectTypeNamed(collection);
    return type === undefined ? NOTHING : COSTS[call](type, items, options);
  };
  return [
    windowLimit({
      name: 'burst',
      most: burst,
      windowMs: BURST_MS,
      cost: (...about) => costOf(...about).requests,
    }),
    windowLimit({
      name: 'search',
      most: SEARCHES,
      windowMs: BURST_MS,
      cost: (...about) => costOf(...about).searches ?? 0,
    }),
    windowLimit({
      name: 'daily',
      most: daily,
      windowMs: DAY_MS,
      cost: (...about) => costOf(...about).tokens,
    }),
  ];
}

/** What headers say about the two seconds and about the day begins so. */
const BURST = 'x-ratelimit-';
const DAILY = 'x-daily-ratelimit-token-';

/** Undefined where an answer tells nothing. */
export function leftIn(headers: Headers, now: number): Left[] | undefined {
  const told = (name: string, prefix: string, resetsAt?: number): Left[] => {
    const left = numberIn(headers, `${prefix}remaining`);
    const most = numberIn(headers, `${prefix}limit`);
    if (left === undefined) return [];
    const more = {
      ...(most !== undefined && { most }),
      ...(resetsAt !== undefined && { resetsAt }),
    };
    return [{ name, left, ...more }];
  };
  const seconds = numberIn(headers, `${BURST}reset`);
  const resetsAt = seconds === undefined ? undefined : now + seconds * 1_000;
  const all = [...told('burst', BURST, resetsAt), ...told('daily', DAILY)];
  return all.length === 0 ? undefined : all;
}

interface Cost {
  readonly requests: number;
  readonly tokens: number;
  readonly searches?: number;
}

const NOTHING: Cost = { requests: 0, tokens: 0 };

type CostOf = (
  type: ObjectType,
  items: number,
  options: Pick<BudgetOptions, 'tellsDeletes'>,
) => Cost;

const SEARCH_TOKENS = 20;
const RECENTS_TOKENS = 20;
const ARCHIVED_TOKENS = 20;

/**
 * Where it depends on what is there, what is usual: that few of those read are missing, that a value
 * leads to a few items. What comes on top shows in what the answers say is left.
 */
const COSTS: Readonly<Record<Parameters<Limit['cost']>[0], CostOf>> = {
  // The list of archived deals comes at the end of the other one.
  list: ({ name, tokens }) => ({
    requests: 1,
    tokens: name === 'deals' ? ARCHIVED_TOKENS : tokens.list,
  }),
  changes({ name, tokens }, _items, { tellsDeletes }) {
    if (name === 'deals') return { requests: 2, tokens: tokens.list + ARCHIVED_TOKENS };
    if (!tellsDeletes) return { requests: 1, tokens: tokens.list };
    return { requests: 2, tokens: tokens.list + RECENTS_TOKENS };
  },
  read({ name, version, tokens }, items) {
    if (version === 'v1' || items <= LOOKS_MAX)
      return { requests: items, tokens: items * tokens.one };
    const archived = name === 'deals' ? ARCHIVED_TOKENS : 0;
    return { requests: archived > 0 ? 2 : 1, tokens: tokens.list + archived };
  },
  find({ searched, tokens }, items) {
    if (Object.keys(searched).length === 0) {
      return { requests: PAGES_MAX / 2, tokens: PAGES_MAX * tokens.list };
    }
    return { requests: items * 2, tokens: items * (SEARCH_TOKENS + tokens.one), searches: items };
  },
  history: () => NOTHING,
  create: ({ tokens }) => ({ requests: 1, tokens: tokens.write }),
  update: ({ tokens }) => ({ requests: 1, tokens: tokens.write }),
  delete: ({ tokens }) => ({ requests: 1, tokens: tokens.delete }),
  restore: () => NOTHING,
};
