/**
 * Stores what a pass decided, and later what came of it. A plan and its intents are stored together or not
 * at all; whoever is refused, because somebody else was faster or has the key, sends nothing.
 */
import { fingerprintOf } from '../core/hash.ts';
import type { Conflict, Link } from '../core/planner/model.ts';
import { isUnsettled } from '../core/planner/own-writes.ts';
import { canonicalText, type Value } from '../core/value.ts';
import type {
  AuditItem,
  Claimed,
  Commit,
  CommitOutcome,
  Ending,
  Mark,
  RecordChange,
  ReviewKey,
  StoredIntent,
  StoredRecord,
  StoredReview,
} from '../store/store.ts';
import {
  askAbout,
  choiceOf,
  isUnanswered,
  linkOf,
  replaceIntent,
  setBack,
  type Case,
} from './case.ts';
import { COLLISIONS_MAX, keyChanges, TOGETHER_MS } from './claiming.ts';
import { orderFor, refTo, type Context } from './context.ts';
import type { Settled } from './discovery.ts';
import { answeredByItself, callThoseWhoWait } from './questions.ts';
import { callReferrers, referenceChanges } from './referrers.ts';
import { lookAtGivenAway } from './reused-ids.ts';
import { afterSetback } from './retry.ts';
import { tellWhatStays, toldAsHeld, toldAsMerged } from './telling.ts';

// ---------------------------------------------------------------------------------------------
// The plan, before anything is sent

export async function storePlans(
  context: Context,
  cases: readonly Case[],
  settled: readonly Settled[],
): Promise<Case[]> {
  const { store, sync, world, run, leases } = context;
  for (const one of cases) settleLeftovers(context, one);
  for (const one of cases) await takeQuestions(context, one);
  const made = await Promise.all(cases.map((one) => planCommit(context, one)));
  const strays = settled.map(({ lease, setback, review }): Commit => {
    const reviews = review ? { reviews: [review] } : {};
    return { lease, ...reviews, ...endingOf(context, lease, setback) };
  });
  const commits = [...made, ...strays];
  if (commits.length === 0) return [];
  if (commits.some(({ runItems = [] }) => runItems.length > 0)) await run.begin();
  // Whoever dies after the next line leaves nobody unattended.
  const changes = made.flatMap(({ record }) => record ?? []);
  await lookAtGivenAway(context, changes);
  const outcomes = await store.commit(sync.tenant, world.clock.now(), commits);
  const goOn: Case[] = [];
  for (const [n, one] of cases.entries()) {
    const outcome = outcomes[n]!;
    const { record, ending } = made[n]!;
    if (outcome.outcome !== 'stored') {
      await refusedPlan(context, one, outcome);
      continue;
    }
    one.stored = afterCommit(one, record, outcome.revision);
    one.found.length = 0;
    one.asked.length = 0;
    context.mode.done?.add(one.entity.id);
    if (ending === undefined) goOn.push(one);
    else await endOthers(context, one, ending);
  }
  for (const { lease } of settled) leases.release(lease);
  await callReferrers(context, storedOf(made, outcomes));
  const freed = cases.filter((_, n) => {
    return outcomes[n]!.outcome === 'stored' && (made[n]!.record?.keys?.remove ?? []).length > 0;
  });
  await callThoseWhoWait(
    context,
    freed.map(({ entity }) => entity.id),
  );
  return goOn;
}

/** Brings the case to what the plan says, and finds out what else is to be stored with it. */
async function planCommit(context: Context, one: Case): Promise<Commit> {
  const { run } = context;
  const { plan } = one;
  const lease = one.leases[0]!;
  const order = orderFor(context, one.entity.id);
  // A death is not stored while nothing is sent: the brake is to see it when it is meant.
  const isGlance = context.mode.kind === 'preview' && order?.kind !== 'apply';
  const isTold =
    (order?.kind === 'undo' && order.isPreview) || (isGlance && plan?.tombstone !== undefined);
  if (isTold) context.mode.told?.set(one.entity.id, new Map());
  if (order?.kind === 'undo') tellWhatStays(context, one, order);
  const runItems = one.told.splice(0).map((item) => run.item(item));
  if (!plan || isTold) {
    runItems.push(...toldAsHeld(context, one, one.held));
    return {
      lease,
      reviews: [...one.asked],
      runItems,
      ...endingOf(context, lease, one.setback),
    };
  }
  const record = await changeOf(context, one, [...plan.conflicts, ...one.found]);
  runItems.unshift(...toldAsMerged(context, one, plan));
  runItems.push(...toldAsHeld(context, one, [...plan.holds, ...one.held]));
  const isSending = one.sendings.length > 0;
  const audit = auditOf(one);
  return {
    lease,
    ...(record ? { record } : {}),
    reviews: [...one.asked],
    carriedOut: isSending ? [] : answersOf(one),
    withdrawn: answeredByItself(one, plan),
    runItems,
    ...(audit.length > 0 ? { audit } : {}),
    ...(isSending ? {} : endingOf(context, lease, one.setback)),
  };
}

/** Takes the plan over, and makes sure that somebody comes back for what is open. */
function settleLeftovers(context: Context, one: Case): void {
  const { plan } = one;
  if (!plan) return;
  const { sync, world } = context;
  one.tombstone = plan.tombstone;
  const added = one.intents.filter(({ id }) => !plan.intents.some((known) => known.id === id));
  one.intents = [...(plan.intents as readonly StoredIntent[]), ...added];
  one.entity = plan.entity;
  const links = context.rules.has('keep-gone-links') ? plan.links : plan.links.map(forgotten);
  one.links = links.map(withoutDoubt);
  for (const intent of one.intents) {
    if (intent.unchecked && !isMissing(one, intent)) {
      setBack(one, { kind: 'again', why: 'A write may have covered up an edit.' });
    }
    if (!isUnanswered(intent) || one.sendings.some(({ intentId }) => intentId === intent.id))
      continue;
    const facts = sync.facts.get(intent.endpoint);
    const overAt = (intent.sentAt ?? intent.armedAt) + (facts?.absenceHorizonMs ?? 0) + 1;
    if (world.clock.now() < overAt) {
      setBack(one, { kind: 'again', why: 'A write has no known outcome yet.', at: overAt });
    } else if (isPast(one, intent)) {
      replaceIntent(one, { ...intent, state: 'superseded' });
    }
  }
  const waiting = plan.holds.find(
    ({ reason }) => reason === 'reference-pending' || reason === 'reference-unknown',
  );
  if (waiting) setBack(one, { kind: 'wait', why: `It waits for the target of ${waiting.field}.` });
}

async function takeQuestions({ store, sync }: Context, one: Case): Promise<void> {
  for (const { reason, link: id, other } of one.plan?.reviews ?? []) {
    const link = linkOf(one, id);
    if (!link) continue;
    const { endpoint, mergedInto } = link;
    const isToBeFound = reason === 'remote-merge' && other === undefined && mergedInto;
    const [holder] = isToBeFound
      ? await store.findLinks(sync.tenant, [refTo(sync, { endpoint, remoteId: mergedInto })])
      : [];
    const known = other ?? holder?.entity;
    askAbout(sync.id, one, link, reason, known === undefined ? [] : [known]);
  }
}

/**
 * Whether nothing more can be learnt about a write that cannot land any more: its item does not take part
 * or is gone, or its record does not live. In a living record the planner says what a read after that time
 * means; what is only hidden shows later whether it has landed.
 */
function isPast(one: Case, { link: id, op }: StoredIntent): boolean {
  const link = id && linkOf(one, id);
  if (!link) return false;
  if (link.state !== 'live') return true;
  const seen = one.observed.get(link.id);
  // What is read after a deletion could land any more was not deleted.
  return (
    (seen?.kind === 'gone' && seen.proven) ||
    (seen !== undefined && (op === 'delete' || one.entity.life !== 'live'))
  );
}

/** What is missing may be hidden. Whoever looks for it comes back for what is open about it as well. */
function isMissing({ observed }: Case, { link }: StoredIntent): boolean {
  const seen = link && observed.get(link);
  return seen?.kind === 'gone' && !seen.proven;
}

/** Once it is decided what an absence means, nobody need know since when it lasts. */
function withoutDoubt(link: Link): Link {
  if (link.state === 'live' || link.missingSince === undefined) return link;
  const { missingSince: _over, ...rest } = link;
  return rest;
}

/** As if its item had never been ours. */
function forgotten(link: Link): Link {
  return link.state === 'gone' ? { ...link, remoteId: `${link.remoteId} (gone)` } : link;
}

async function changeOf(
  context: Context,
  one: Case,
  conflicts: readonly Conflict[],
): Promise<RecordChange | undefined> {
  const { stored, entity, links, tombstone } = one;
  const known = new Map(stored?.intents.map((intent) => [intent.id, intent]));
  const intents = one.intents.filter((intent) => known.get(intent.id) !== intent);
  const isSame =
    stored !== undefined &&
    stored.entity === entity &&
    intents.length === 0 &&
    conflicts.length === 0 &&
    !tombstone &&
    links.length === stored.links.length &&
    links.every((link, n) => link === stored.links[n]);
  const keys = await keyChanges(context, one);
  if (isSame && !keys) return undefined;
  return {
    commitId: context.world.newId(),
    ...(stored ? { from: stored } : {}),
    entity,
    links,
    intents,
    conflicts: uniqueRows(conflicts),
    ...(tombstone ? { tombstone } : {}),
    ...(keys ? { keys } : {}),
    ...referenceChanges(context, one),
  };
}

function uniqueRows(conflicts: readonly Conflict[]): Conflict[] {
  return [...new Map(conflicts.map((row) => [row.fingerprint, row])).values()];
}

function afterCommit(
  one: Case,
  change: RecordChange | undefined,
  revision: number | undefined,
): StoredRecord | undefined {
  if (!change || revision === undefined) return one.stored;
  const { sync } = one.leases[0]!.key;
  return {
    revision,
    sync,
    entity: change.entity,
    links: change.links,
    intents: one.intents.filter((intent) => isUnsettled(intent) || intent.unchecked !== undefined),
    conflicts: one.stored?.conflicts ?? [],
    ...(one.tombstone ? { tombstone: one.tombstone } : {}),
  };
}

/** Nothing was stored, so nothing is sent. */
async function refusedPlan(context: Context, one: Case, outcome: CommitOutcome): Promise<void> {
  const lease = one.leases[0]!;
  const { store, sync, world, leases } = context;
  if (outcome.outcome === 'fenced') {
    leases.release(lease);
    await end(context, one.leases.slice(1), retryAt(context, 'Its record was taken over.'));
    return;
  }
  if (outcome.outcome === 'invalid') {
    const deadLetter = {
      code: 'invalid',
      message: outcome.why,
      payload: null,
      attempts: lease.attempts + 1,
    };
    await store.commit(sync.tenant, world.clock.now(), [{ lease, deadLetter, ending: 'done' }]);
    await endWith(context, one, 'done');
    return;
  }
  if (outcome.outcome === 'taken' && one.stored) {
    await meetOwners(context, one, outcome.by);
    return;
  }
  if (outcome.outcome === 'taken') {
    const { ending } = endingOf(context, lease, {
      kind: 'moved',
      why: 'Another record has its key.',
    });
    await endWith(context, one, ending ?? 'done');
    return;
  }
  await endWith(context, one, retryAt(context, 'Somebody else has just changed it.'));
}

/**
 * Another record has the key. Perhaps it is about to give it up, as when two records swap: both are
 * looked at together then. Otherwise a person is asked, and the record goes on without the key.
 */
async function meetOwners(
  context: Context,
  one: Case,
  by: Extract<CommitOutcome, { outcome: 'taken' }>['by'],
): Promise<void> {
  const { store, sync, world } = context;
  const lease = one.leases[0]!;
  const now = world.clock.now();
  if (lease.attempts < COLLISIONS_MAX) {
    const marks = by.map(({ entity }) => ({
      key: { kind: 'entity', sync: sync.id, entity } as const,
      priority: context.priority,
      windowMs: TOGETHER_MS,
    }));
    await store.mark(sync.tenant, { now, marks });
    const retry = { at: now + TOGETHER_MS, error: 'Another record has its key.', counts: true };
    await endWith(context, one, retry);
    return;
  }
  const digests = by.flatMap(({ what }) => ('key' in what ? [what.key] : []));
  for (const digest of digests) one.yielded.add(digest);
  const link = one.links.find(({ state }) => state === 'live') ?? one.links[0];
  if (link) {
    askAbout(
      sync.id,
      one,
      link,
      'key-collision',
      by.map(({ entity }) => entity),
    );
  }
  const record = await changeOf(context, one, [...(one.plan?.conflicts ?? []), ...one.found]);
  // What was to be written is planned anew, now that somebody is asked about it.
  const intents = record?.intents?.filter(({ state }) => state !== 'armed') ?? [];
  const reviews = one.asked.splice(0);
  const ending = { at: now, error: 'It goes on without the key of another record.', counts: false };
  const [outcome] = await store.commit(sync.tenant, now, [
    { lease, reviews, ...(record ? { record: { ...record, intents } } : {}), ending },
  ]);
  if (outcome?.outcome === 'stored') await endOthers(context, one, ending);
  else await endWith(context, one, retryAt(context, 'Somebody else has just changed it.'));
}

// ---------------------------------------------------------------------------------------------
// The outcome

export async function storeOutcomes(context: Context, cases: readonly Case[]): Promise<void> {
  if (cases.length === 0) return;
  const { store, sync, world, run } = context;
  const commits = await Promise.all(
    cases.map(async (one): Promise<Commit> => {
      const lease = one.leases[0]!;
      one.tombstone = undefined;
      const record = await changeOf(context, one, one.found.splice(0));
      return {
        lease,
        ...(record ? { record } : {}),
        carriedOut: answersOf(one),
        reviews: one.asked.splice(0),
        runItems: one.told.splice(0).map((item) => run.item(item)),
        audit: outcomesOf(one),
        ...endingOf(context, lease, one.setback),
      };
    }),
  );
  await run.begin();
  const outcomes = await store.commit(sync.tenant, world.clock.now(), commits);
  for (const [n, one] of cases.entries()) {
    const { ending } = commits[n]!;
    const outcome = outcomes[n]!;
    if (outcome.outcome === 'stored' && ending) {
      await endOthers(context, one, ending);
      continue;
    }
    if (outcome.outcome === 'taken') await lookAtTaken(context, outcome.by);
    await endWith(context, one, retryAt(context, 'Its outcome was not stored.'));
  }
  await callReferrers(context, storedOf(commits, outcomes));
}

function storedOf(
  commits: readonly Commit[],
  outcomes: readonly CommitOutcome[],
): readonly RecordChange[] {
  return commits.flatMap(({ record }, n) => {
    return record && outcomes[n]!.outcome === 'stored' ? [record] : [];
  });
}

/** The vendor gave our new item an id that another record has: its item must have gone unnoticed. */
async function lookAtTaken(
  { store, sync, world, priority }: Context,
  by: Extract<CommitOutcome, { outcome: 'taken' }>['by'],
): Promise<void> {
  const marks = by.flatMap(({ what }): Mark[] =>
    'ref' in what ? [{ key: { kind: 'item', ...what.ref }, priority, windowMs: 0 }] : [],
  );
  await store.mark(sync.tenant, { now: world.clock.now(), marks });
}

/** What people answered, once it has been done; what did not work out is done again. */
function answersOf(one: Case): ReviewKey[] {
  const isOver = !one.setback || one.setback.kind === 'wait';
  return isOver ? one.reviews.filter((review) => isCarriedOut(one, review)) : [];
}

/** What an answer says is in the plan, except that a second item is to go: that has to be seen. */
function isCarriedOut(one: Case, review: StoredReview): boolean {
  const choice = choiceOf(review);
  if (review.reason !== 'second-item' || choice?.decision !== 'delete') return choice !== undefined;
  const link = one.links.find(
    ({ endpoint, remoteId }) => endpoint === review.endpoint && remoteId === review.remoteId,
  );
  const seen = link && one.observed.get(link.id);
  const isGone = seen?.kind === 'gone' ? seen.proven : seen?.kind === 'mergedInto';
  return link?.state !== 'duplicate' || isGone;
}

function auditOf(one: Case): AuditItem[] {
  const writes = one.sendings.map(({ write, intentId }) => ({
    actor: 'engine',
    action: write.op,
    entity: one.entity.id,
    endpoint: write.endpoint,
    before: digestOf(write.before),
    after: digestOf(write.patch),
    cause: `${write.reason} ${intentId}`,
  }));
  if (!one.tombstone) return writes;
  const { cause, endpoint } = one.tombstone;
  return [{ actor: 'engine', action: 'die', entity: one.entity.id, endpoint, cause }, ...writes];
}

function outcomesOf(one: Case): AuditItem[] {
  return one.sendings.map(({ write, intentId }) => {
    const state = one.intents.find(({ id }) => id === intentId)?.state ?? 'forgotten';
    return {
      actor: 'engine',
      action: `${write.op} ${state}`,
      entity: one.entity.id,
      endpoint: write.endpoint,
      cause: intentId,
    };
  });
}

function digestOf(value: unknown): string {
  return fingerprintOf(canonicalText(value as Value));
}

// ---------------------------------------------------------------------------------------------
// Endings

function endingOf(
  context: Context,
  lease: Claimed,
  setback: Case['setback'],
): Pick<Commit, 'ending' | 'deadLetter'> {
  if (!setback) return { ending: 'done' };
  const verdict = afterSetback(setback, lease, context.world);
  if (verdict.kind === 'retry') return { ending: verdict.retry };
  if (verdict.kind === 'leave') return { ending: 'done' };
  context.run.count('dead letters');
  return { ending: verdict.retry ?? 'done', deadLetter: verdict.deadLetter };
}

function retryAt({ world }: Context, error: string): Ending {
  return {
    at: world.clock.now() + 200 + world.random('engine:retry').below(300),
    error,
    counts: false,
  };
}

/** The first lease has ended with the commit. */
async function endOthers(context: Context, one: Case, ending: Ending): Promise<void> {
  const [first, ...others] = one.leases;
  context.leases.release(first!);
  await end(context, others, ending);
}

async function endWith(context: Context, one: Case, ending: Ending): Promise<void> {
  await end(context, one.leases, ending);
}

export async function end(
  context: Context,
  leases: readonly Claimed[],
  ending: Ending,
): Promise<void> {
  const { store, sync } = context;
  const held = leases.filter((lease) => context.leases.has(lease));
  for (const lease of held) context.leases.release(lease);
  if (held.length > 0)
    await store.finish(
      sync.tenant,
      held.map((lease) => ({ lease, ending })),
    );
}
