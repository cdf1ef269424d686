/**
 * What people are asked, what need not be asked any more, and who waits for an answer: creates, and records
 * that want a key of another one.
 */
import type { EndpointId, Entity, EntityId, Link, Plan, Write } from '../core/planner/model.ts';
import type { ReviewKey, StoredReview } from '../store/store.ts';
import { setBack, takesPlace, type Case } from './case.ts';
import { isCollision, isInQuestion } from './claiming.ts';
import { keysOfEntity, refTo, type Context } from './context.ts';
import { isOfDying, recordsOf } from './identifying.ts';
import { readIds } from './reading.ts';
import { mayBeForgotten } from './recovery.ts';
import { answered, setbackOf } from './retry.ts';

/** A create that is planned. */
export interface Wish {
  readonly one: Case;
  readonly write: Write;
}

/** Those of the creates that somebody is asked about; who may be meant by a question is added to it. */
export async function askedAbout(
  context: Context,
  wishes: readonly Wish[],
): Promise<ReadonlySet<Wish>> {
  const { store, sync } = context;
  const questions = await openQuestions(context);
  const cursors = await store.readCursors(sync.tenant, sync.id);
  const inQuestion = new Set<Case>();
  for (const one of new Set(wishes.map((wish) => wish.one))) {
    // Another record has its key, so it may be the same; until somebody knows, it is not spread.
    if (await isInQuestion(context, one)) inQuestion.add(one);
  }
  const asked = new Set(wishes.filter(({ one }) => inQuestion.has(one)));
  for (const question of questions) {
    const { endpoint, reason, entity: forgotten, candidates } = question;
    const here = wishes.filter(({ write }) => write.endpoint === endpoint);
    const named = here.filter(({ one }) => candidates.includes(one.entity.id));
    for (const wish of named) asked.add(wish);
    if (isCollision(question)) {
      for (const wish of await besideRival(context, question, wishes)) asked.add(wish);
    }
    if (reason !== 'forgotten-record' || forgotten === undefined) continue;
    const others = here.filter(({ one }) => {
      return !candidates.includes(one.entity.id) && mayBeForgotten(cursors, question, one);
    });
    for (const wish of others) asked.add(wish);
    addCandidates(question, others);
  }
  const restored = questions.filter(({ reason, endpoint }) => {
    return reason === 'remote-restore' && wishes.some(({ write }) => write.endpoint === endpoint);
  });
  if (restored.length === 0) return asked;
  for (const wish of await besideRestored(context, restored, wishes)) asked.add(wish);
  return asked;
}

/** Those that would be made beside what was deleted there, had the same key, and is there again. */
async function besideRestored(
  context: Context,
  restored: readonly StoredReview[],
  wishes: readonly Wish[],
): Promise<readonly Wish[]> {
  const { sync, world } = context;
  const records = await recordsOf(
    context,
    restored.flatMap(({ entity }) => entity ?? []),
  );
  const beside: Wish[] = [];
  for (const { entity, endpoint, remoteId } of restored) {
    const former = entity && records.get(entity)?.entity;
    const member = sync.members.get(endpoint);
    if (!former || former.life !== 'dead' || !member) continue;
    const keys = strongKeysOf(context, former);
    const named = wishes.filter(({ one, write }) => {
      const own = strongKeysOf(context, one.plan!.entity);
      return write.endpoint === endpoint && [...own].some((key) => keys.has(key));
    });
    if (named.length === 0) continue;
    try {
      const [read] = await readIds(context, member, [remoteId]);
      // Deleted again, it is in nobody's way, whether or not somebody answers.
      if (read?.kind === 'present') beside.push(...named);
    } catch (error) {
      const setback = setbackOf(answered(error), world.clock.now());
      for (const { one } of named) setBack(one, setback);
      beside.push(...named);
    }
  }
  return beside;
}

/** Those of the owner of the key, where the other record that has it, and may be the same, has an item. */
async function besideRival(
  context: Context,
  { entity, candidates }: StoredReview,
  wishes: readonly Wish[],
): Promise<readonly Wish[]> {
  const named = wishes.filter(({ one }) => candidates.includes(one.entity.id));
  if (entity === undefined || named.length === 0) return [];
  const rival = (await recordsOf(context, [entity])).get(entity);
  if (!rival || rival.entity.life === 'dead') return [];
  const keys = strongKeysOf(context, rival.entity);
  return named.filter(({ one, write }) => {
    const isThere = rival.links.some((l) => l.endpoint === write.endpoint && takesPlace(l));
    return isThere && [...strongKeysOf(context, one.plan!.entity)].some((key) => keys.has(key));
  });
}

function strongKeysOf(context: Context, entity: Pick<Entity, 'cells'>): ReadonlySet<string> {
  const keys = keysOfEntity(context, entity);
  return new Set(keys.flatMap(({ strength, digest }) => (strength === 'strong' ? [digest] : [])));
}

/** The question goes with the first of them, whatever becomes of it. */
function addCandidates(question: StoredReview, [first, ...rest]: readonly Wish[]): void {
  if (!first) return;
  const { sync, endpoint, remoteId, reason, entity, candidates } = question;
  const found = [first, ...rest].map(({ one }) => one.entity.id);
  const about = entity === undefined ? {} : { entity };
  const all: EntityId[] = [...candidates, ...found];
  first.one.asked.push({ sync, endpoint, remoteId, reason, candidates: all, ...about });
}

/** Whether somebody is asked whose an item there is: until then it has no record, and is no news. */
export async function isAskedAt(context: Context, endpoint: EndpointId): Promise<boolean> {
  const questions = await openQuestions(context);
  return questions.some((each) => {
    const isOfStray = each.entity === undefined || each.reason === 'forgotten-record';
    return each.endpoint === endpoint && isOfStray && each.reason !== 'mass-change';
  });
}

async function openQuestions({ store, sync }: Context): Promise<readonly StoredReview[]> {
  const questions: StoredReview[] = [];
  for (;;) {
    const last = questions.at(-1);
    const page = await store.listReviews(sync.tenant, {
      state: 'open',
      sync: sync.id,
      limit: QUESTIONS_PER_PAGE,
      ...(last ? { after: { at: last.at, id: last.id } } : {}),
    });
    questions.push(...page);
    if (page.length < QUESTIONS_PER_PAGE) return questions;
  }
}

const QUESTIONS_PER_PAGE = 500;

/** These records have given keys up: whoever was asked about one of them is looked at again. */
export async function callThoseWhoWait(
  context: Context,
  freed: readonly EntityId[],
): Promise<void> {
  if (freed.length === 0) return;
  const { store, sync, world, priority } = context;
  const open = await openQuestions(context);
  const marks = open
    .filter((review) => isCollision(review) && review.candidates.some((id) => freed.includes(id)))
    .map(({ endpoint, remoteId }) => ({
      key: { kind: 'item', ...refTo(sync, { endpoint, remoteId }) } as const,
      priority,
      windowMs: 0,
    }));
  await store.mark(sync.tenant, { now: world.clock.now(), marks });
}

/**
 * Whether something was deleted is no question any more once it shows, or once its record is dead; nor is
 * whose an item is that was merged, or had to wait for somebody else to go, once it has a record; nor what
 * becomes of a record whose item was merged into one that is its own by now.
 */
export function answeredByItself(one: Case, plan: Plan): ReviewKey[] {
  return one.reviews.filter((review) => {
    const { state, reason, endpoint, remoteId } = review;
    const link = plan.links.find((l) => l.endpoint === endpoint && l.remoteId === remoteId);
    if (link && isOfDying(review)) return true;
    if (state !== 'open' || !link) return false;
    if (reason === 'merged-from-several') return true;
    if (reason === 'remote-merge') return plan.links.some((other) => hasTakenOver(other, link));
    if (reason !== 'remote-delete') return false;
    const seen = one.observed.get(link.id);
    if (!seen || link.state === 'held') return false;
    const isMissed = seen.kind === 'gone' && !seen.proven && plan.entity.life !== 'dead';
    return (
      !isMissed && !plan.reviews.some((asked) => asked.link === link.id && asked.reason === reason)
    );
  });
}

function hasTakenOver({ endpoint, remoteId, state }: Link, former: Link): boolean {
  return state === 'live' && endpoint === former.endpoint && remoteId === former.mergedInto;
}
