/**
 * Whether what is missing at a system can have been deleted: others that are known there answer for it.
 * Where most of them are missing as well, a permission was lost, or somebody has deleted everything. A
 * person is asked which, once; until there is an answer, or all of it is shown again, nothing that is missing
 * there counts as deleted.
 */
import { VendorError, type Read } from '../connectors/connector.ts';
import type { Link } from '../core/planner/model.ts';
import type { Claimed, Mark, StoredReview } from '../store/store.ts';
import { ask, BRAKE_PREFIX, setBack, type Case } from './case.ts';
import type { Context } from './context.ts';
import { cursorsAt, itemRef, markOf } from './marking.ts';
import type { Member } from './member.ts';

export interface Canaries {
  /** `alive`: most known items can be read. `silent`: they cannot. `alone`: no other says anything. */
  readonly say: 'alive' | 'silent' | 'alone';
  /** A person has said that what is missing there was deleted. */
  readonly isBelieved: boolean;
  /** What was missing, and was there when it was read after the others. */
  readonly shownAgain: ReadonlySet<string>;
}

/** When all that we know of a system was shown there for the last time. */
export interface LastShown {
  /** When the sweep began that missed nothing. */
  readonly wholeAt?: number;
  /** When the youngest item was made that it listed, by the vendor's clock. */
  readonly youngest?: number;
}

/** How to read more items; the caller knows. */
export type ReadIds = (ids: readonly string[]) => Promise<readonly Read[]>;

const CANARIES = 6;
const CANDIDATES = 60;
const NONE: ReadonlySet<string> = new Set();
const QUESTION = `${BRAKE_PREFIX}missing`;

/** Asks others than the first of the missing, whether or not they are missing as well. */
export async function askCanaries(
  context: Context,
  member: Member,
  missing: readonly Link[],
  answers: ReadonlyMap<string, Read>,
  firstMissed: number,
  readIds: ReadIds,
): Promise<Canaries> {
  const { rules, world } = context;
  const cursors = await cursorsAt(context, member.endpoint);
  const believedUntil = cursors.get(QUESTION);
  const isBelieved = typeof believedUntil === 'number' && believedUntil > world.clock.now();
  const say = (what: Canaries['say']): Canaries => {
    return { say: what, isBelieved, shownAgain: NONE };
  };
  if (isBelieved || !rules.has('canary')) return say('alive');
  if (await isAskedAbout(context, member)) return say('silent');
  const last = (cursors.get('enumerated') ?? {}) as LastShown;
  const madeBy = provingUntil(member, last, firstMissed);
  const ids = missing.map(({ remoteId }) => remoteId);
  let unread = 0;
  const votesOf = async (chosen: readonly string[]): Promise<readonly Read[]> => {
    const said = chosen.flatMap((id) => answers.get(id) ?? []);
    const others = chosen.filter((id) => !answers.has(id));
    unread += others.length;
    for (let n = 0; n < others.length; n += member.can.batch.read) {
      said.push(...(await readIds(others.slice(n, n + member.can.batch.read))));
    }
    return said.filter((read) => read.kind !== 'present' || isWitness(read, madeBy));
  };
  try {
    let votes = await votesOf(await choose(context, member, ids[0]!));
    // It was chance that none of them is old enough.
    if (votes.length === 0) votes = await votesOf(await choose(context, member, ids[0]!, madeBy));
    if (votes.length === 0) return say('alone');
    const alive = votes.filter((read) => read.kind !== 'missing' || read.archived);
    if (alive.length * 2 < votes.length) return say('silent');
    const isSoonProven = missing.some(({ missingSince }) => missingSince !== undefined);
    if (unread === 0 || !isSoonProven) return say('alive');
    // Everything may have been hidden until just now; then the missing ones are there as well.
    const again = await readIds(ids);
    const shownAgain = new Set(ids.filter((_, n) => again[n]?.kind !== 'missing'));
    return { ...say('alive'), shownAgain };
  } catch (error) {
    if (error instanceof VendorError) return say('silent');
    throw error;
  }
}

async function choose(
  { store, sync, world }: Context,
  { endpoint }: Member,
  besides: string,
  madeBy?: number,
): Promise<readonly string[]> {
  const page = { sync: sync.id, endpoint, state: 'live', limit: CANDIDATES + 1 } as const;
  const asked = madeBy === undefined ? page : { ...page, madeBy };
  const known = await store.listLinks(sync.tenant, asked);
  const ids = known.map(({ remoteId }) => remoteId).filter((id) => id !== besides);
  const chance = world.random('engine:canaries');
  const chosen = new Set<string>();
  const count = Math.min(CANARIES, ids.length);
  while (chosen.size < count) chosen.add(ids[chance.below(ids.length)]!);
  return [...chosen];
}

/**
 * What was made after all was last shown proves nothing about what was there before: whoever may no longer
 * see the items of others still sees what they make themselves. Which of two items is the older one, the
 * vendor's own clock tells; ours says something else on every machine, and is set.
 */
function provingUntil(
  { facts }: Member,
  { wholeAt, youngest = 0 }: LastShown,
  firstMissed: number,
): number {
  return wholeAt === undefined ? Math.ceil(firstMissed + facts.clockOffsetMs) - 1 : youngest;
}

function isWitness(
  { item: { createdAt } }: Extract<Read, { kind: 'present' }>,
  madeBy: number,
): boolean {
  return createdAt === undefined || createdAt <= madeBy;
}

// ---------------------------------------------------------------------------------------------
// The question

/** It has been so for long. A backup that was put back looks like that, and so does a lost permission. */
export function askAboutMany({ sync }: Context, { endpoint, title }: Member, one: Case): void {
  const question = { sync: sync.id, endpoint, remoteId: QUESTION } as const;
  ask(one, { ...question, reason: 'mass-change', candidates: [] });
  const why = `Most of what is known at "${title}" is missing; a person has to say whether it was deleted.`;
  setBack(one, { kind: 'wait', why });
}

async function isAskedAbout(context: Context, member: Member): Promise<boolean> {
  const { store, sync } = context;
  const key = { kind: 'item', ...itemRef(context, member, QUESTION) } as const;
  const [loaded] = await store.load(sync.tenant, [key]);
  return loaded!.reviews.some(({ state }) => state === 'open');
}

/** All that is known was shown again: whoever was asked need not be, and is told so by a pass over these. */
export async function questionsToWithdraw(context: Context, member: Member): Promise<Mark[]> {
  return (await isAskedAbout(context, member)) ? [markOf(context, member, QUESTION, 0)] : [];
}

/** The questions that have answered themselves, of those that stand at a key. */
export async function answeredThemselves(
  context: Context,
  { key }: Claimed,
  reviews: readonly StoredReview[],
): Promise<readonly StoredReview[]> {
  if (key.kind !== 'item' || key.remoteId !== QUESTION) return [];
  const cursors = await cursorsAt(context, key.endpoint);
  const { wholeAt = -Infinity } = (cursors.get('enumerated') ?? {}) as LastShown;
  return reviews.filter(({ state, at }) => state === 'open' && at < wholeAt);
}
