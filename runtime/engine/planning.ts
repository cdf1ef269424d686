/**
 * Plans a case: gathers what the planner wants to know, asks it, and reads what it still misses, until
 * nothing is missing or reading again would not help.
 */
import type { Conflict, LinkId, Plan, Policy, Resolution } from '../core/planner/model.ts';
import { inParts } from '../core/planner/parts.ts';
import { plan } from '../core/planner/plan.ts';
import { compareStamps } from '../core/planner/stamp.ts';
import {
  choiceOf,
  formerItems,
  isUnanswered,
  linkOf,
  replaceLink,
  setBack,
  type Case,
} from './case.ts';
import { isShownAgain, succeeded } from './claiming.ts';
import type { Context } from './context.ts';
import { readWanted } from './reading.ts';
import { reachOf, type Reached } from './references.ts';
import { doubtOlder, noteWentBack } from './vendor-backups.ts';

/** One read for what was marked, one for what is to be written, one for what was stale. */
const ROUNDS_MAX = 4;

export async function planCases(context: Context, cases: readonly Case[]): Promise<void> {
  let open = cases;
  for (let round = 1; open.length > 0; round += 1) {
    await readWanted(context, open);
    await planOnce(context, open);
    open = open.filter((one) => wantMore(context, one, round >= ROUNDS_MAX));
  }
  for (const member of new Set(cases.flatMap((one) => [...one.wentBack]))) {
    await noteWentBack(context, member);
  }
  for (const one of cases) {
    endDoubts(context, one);
    if (mayBeDying(context, one)) one.plan = unchanged(one);
  }
}

/** So long an edit waits for the proof that the record was deleted meanwhile. */
const PROOF_MS = 60_000;

/**
 * An item is missing where deletions count, and nobody knows yet whether it was deleted. What was edited
 * elsewhere is then not taken over for a moment, or it could not be told any more that both happened.
 */
function mayBeDying({ sync }: Context, one: Case): boolean {
  const { deleteAuthority, onRemoteDelete } = sync.policy;
  return one.links.some(({ id, endpoint, state, missingSince }) => {
    const seen = one.observed.get(id);
    const counts = onRemoteDelete === 'propagate' || deleteAuthority.includes(endpoint);
    if (!counts || state !== 'live' || seen?.kind !== 'gone' || seen.proven) return false;
    const lag = sync.members.get(endpoint)?.can.readLagMs ?? 0;
    return seen.takenAt - (missingSince ?? seen.takenAt) <= Math.max(PROOF_MS, 3 * lag);
  });
}

/** Only what is known already is stored. */
export function unchanged({ entity, links, intents }: Case): Plan {
  return {
    entity,
    links,
    intents,
    writes: [],
    conflicts: [],
    reviews: [],
    holds: [],
    needReads: [],
    changes: [],
  };
}

/** Plans with what has been read; nothing is asked of a vendor. */
export async function planOnce(context: Context, cases: readonly Case[]): Promise<void> {
  const { sync } = context;
  // What was restored is left alone only while nobody else has its key, or one person is there twice, unseen.
  const asking: Policy = { ...sync.policy, onRemoteRestore: 'ask' };
  const reached = await reachOf(context, cases);
  const back = sync.policy.onRemoteRestore === 'ignore' ? cases.filter(isShownAgain) : [];
  const inQuestion = back.length > 0 ? await succeeded(context, back) : new Set();
  for (const one of cases) withdrawQuestions(context, one);
  for (const one of cases) {
    one.plan = planOf(context, one, reached, inQuestion.has(one) ? asking : sync.policy);
  }
}

function planOf(context: Context, one: Case, reached: Reached, policy: Policy): Plan {
  const { sync } = context;
  return plan({
    entity: one.entity,
    links: one.links,
    observed: one.observed,
    intents: one.intents,
    conflicts: openConflicts(one),
    resolutions: [...decisionsFor(context, one), ...one.resolutions],
    policy,
    facts: sync.facts,
    reach: (target, endpoint) => reached(target, endpoint),
  });
}

/** A question about a whole field is void once its parts are merged one by one. */
function withdrawQuestions({ sync }: Context, one: Case): void {
  for (const row of one.stored?.conflicts ?? []) {
    const field = sync.policy.fields.find(({ name }) => name === row.cell);
    const isVoid = row.kind === 'contested' && row.state === 'open' && field && inParts(field);
    if (isVoid && !one.found.some(({ fingerprint }) => fingerprint === row.fingerprint)) {
      one.found.push({ ...row, state: 'superseded' });
    }
  }
}

/** An automatic row is history once every link that knows the cell has what we have. */
function openConflicts({ stored, entity, links, found }: Case): readonly Conflict[] {
  if (!stored || stored.conflicts.length === 0) return [];
  return stored.conflicts.filter(({ state, cell, fingerprint }) => {
    if (found.some((row) => row.fingerprint === fingerprint)) return false;
    if (state === 'open') return true;
    const ours = entity.cells[cell];
    return links.some(({ state: linkState, cells }) => {
      const theirs = cells[cell];
      if (linkState !== 'live' || !theirs || !ours) return false;
      return theirs.synced === null || compareStamps(theirs.synced, ours.stamp) < 0;
    });
  });
}

/** What people have decided about this record and its items. */
function decisionsFor(context: Context, one: Case): Resolution[] {
  const values = (one.stored?.conflicts ?? []).flatMap(({ fingerprint, decision }): Resolution[] =>
    decision ? [{ kind: 'value', fingerprint, value: decision.choice, at: decision.at }] : [],
  );
  const answers = one.reviews.flatMap((review): Resolution[] => {
    const choice = choiceOf(review);
    const link = one.links.find(
      ({ endpoint, remoteId }) => endpoint === review.endpoint && remoteId === review.remoteId,
    );
    if (!choice || !link) return [];
    const { decision } = choice;
    if (review.reason === 'remote-delete' && isOneOf(decision, ['recreate', 'delete', 'unlink'])) {
      return [{ kind: 'deletion', link: link.id, decision }];
    }
    if (review.reason === 'remote-restore' && isOneOf(decision, ['revive', 'deleteAgain'])) {
      return [{ kind: 'restore', link: link.id, decision }];
    }
    if (review.reason === 'remote-merge' && isOneOf(decision, ['follow', 'separate'])) {
      return [{ kind: 'merge', link: link.id, decision }];
    }
    return [];
  });
  return [...values, ...answers, ...mergesToFollow(context, one)];
}

/**
 * Where the policy says so, nobody has to be asked; and where somebody was asked all the same, they decide.
 * Nor does a record go with somebody of whom no more is known than what a merge has left.
 */
function mergesToFollow(
  { sync }: Context,
  { links, reviews, asked, observed }: Case,
): Resolution[] {
  if (sync.settings.onRemoteMerge !== 'follow') return [];
  const questions = [...reviews.filter(({ state }) => state !== 'closed'), ...asked];
  return links.flatMap(({ id, endpoint, remoteId }): Resolution[] => {
    const isAsked = questions.some(
      (each) =>
        each.reason === 'remote-merge' && each.endpoint === endpoint && each.remoteId === remoteId,
    );
    const seen = observed.get(id);
    const isVague = seen?.kind === 'mergedInto' && seen.isStranger === true;
    return isAsked || isVague ? [] : [{ kind: 'merge', link: id, decision: 'follow' }];
  });
}

function isOneOf<T extends string>(text: string, options: readonly T[]): text is T {
  return (options as readonly string[]).includes(text);
}

/** Whether another round could bring more; what remains wanted after the last one is looked at later. */
function wantMore(context: Context, one: Case, isLast: boolean): boolean {
  const wishes = one.plan?.needReads ?? [];
  if (one.setback && one.setback.kind !== 'wait') return false;
  for (const { link, reason } of wishes) {
    const seen = one.observed.get(link);
    if (reason === 'absence-unproven' && seen) continue;
    if (reason === 'too-early') {
      const why = 'The system may answer with what was there before our own last write.';
      setBack(one, { kind: 'again', why, at: shownAt(context, one, link) });
      continue;
    }
    if (reason === 'stale' && isLast) {
      if (context.rules.has('restored-backups') && hasGoneBack(context, one, link)) return true;
      continue;
    }
    if (seen && reason !== 'stale') continue;
    want(one, link);
  }
  for (const { link, op, endpoint } of one.plan?.writes ?? []) {
    if (op !== 'create' && link && one.weak.has(link)) want(one, link);
    if (op !== 'create' || !context.rules.has('look-up-before-create')) continue;
    for (const { id } of formerItems(one, endpoint)) if (!one.observed.has(id)) want(one, id);
  }
  if (one.wanted.size === 0) return false;
  if (!isLast) return true;
  one.wanted.clear();
  setBack(one, { kind: 'again', why: 'It kept changing while it was looked at.' });
  return false;
}

/** From then on, no answer is older than what we have written there. */
function shownAt({ sync }: Context, { intents }: Case, id: LinkId): number {
  const times = intents.map(({ link, endpoint, sentAt = 0 }) => {
    return link === id ? sentAt + (sync.facts.get(endpoint)?.answersLagMs ?? 0) + 1 : 0;
  });
  return Math.max(...times);
}

function want(one: Case, link: LinkId): void {
  one.observed.delete(link);
  one.wanted.add(link);
}

/**
 * A version that goes down is an old answer. If it stays down, the vendor itself went back, to a backup
 * for example; then what is there now is what people have there, and it is believed.
 */
function hasGoneBack(context: Context, one: Case, id: LinkId): boolean {
  const { world, doubts, sync } = context;
  const link = linkOf(one, id);
  const seen = one.observed.get(id);
  if (!link || seen?.kind !== 'present') return false;
  const member = sync.members.get(link.endpoint);
  const { isOver, overAt } = doubtOlder(
    context,
    member,
    id,
    `version ${seen.version}`,
    seen.takenAt,
  );
  if (isOver) {
    if (member) one.wentBack.add(member);
    const { version: _higher, ...rest } = link;
    replaceLink(one, rest);
    doubts.end(id);
    return true;
  }
  const why = 'The system answers with an old state.';
  setBack(one, {
    kind: 'again',
    why,
    at: Math.max(world.clock.now() + 2_000, overAt),
  });
  return false;
}

/** What is read as it should be was no restored backup: the next old answer is the first one again. */
function endDoubts({ doubts }: Context, { links, observed }: Case): void {
  for (const { id, version, state } of links) {
    if (state === 'gone' || state === 'held') continue;
    const seen = observed.get(id);
    if (version === undefined || seen?.kind !== 'present') continue;
    if (seen.version !== undefined && seen.version >= version) doubts.end(id);
  }
}

/** Links that are worth a read before anything is planned. */
export function wantUnsettled({ sync }: Pick<Context, 'sync'>, one: Case): void {
  for (const intent of one.intents) {
    if (intent.link && (isUnanswered(intent) || intent.unchecked)) one.wanted.add(intent.link);
  }
  for (const { id, state, endpoint, missingSince, createdAt } of one.links) {
    const mayBeAnother = sync.members.get(endpoint)?.can.reusesIds && createdAt === undefined;
    if (missingSince !== undefined || (state === 'live' && mayBeAnother)) one.wanted.add(id);
  }
}
