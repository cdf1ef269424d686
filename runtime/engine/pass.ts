/**
 * One pass over a page of claimed keys: load what is known, read what was marked, find out whose new
 * items are, plan, store the plan with its intents, send, store the outcomes.
 *
 * It may die anywhere. What is stored is always whole: either nothing of a plan, or the plan with intents
 * that say what may have been sent. Whoever claims the key next takes such an intent for *unknown*, reads,
 * and goes on. Nothing is remembered outside of the store that is needed to be right.
 */
import type { EntityId, Write } from '../core/planner/model.ts';
import type { Claimed, StoredReview } from '../store/store.ts';
import { answeredThemselves } from './canaries.ts';
import { applyBrakes, RELEASE_MS } from './brakes.ts';
import {
  BRAKE_PREFIX,
  IN_OTHER_HANDS,
  choiceOf,
  joinCase,
  linkOf,
  openCase,
  readChoice,
  replaceIntent,
  replaceLink,
  type Case,
} from './case.ts';
import { meetCollisions } from './claiming.ts';
import { orderFor, type Context } from './context.ts';
import { lookUpCreates, resolveCreates } from './creating.ts';
import { discover } from './discovery.ts';
import type { Stray } from './identifying.ts';
import { findOverwrittenLater } from './overwritten.ts';
import { planCases, wantUnsettled } from './planning.ts';
import { prepareWrites } from './preparing.ts';
import { holdInRecovery } from './recovery.ts';
import { orderSwaps, sendAll } from './sending.ts';
import { end, storeOutcomes, storePlans } from './storing.ts';
import { rememberMerged } from './successors.ts';

export async function runPass(context: Context, claimed: readonly Claimed[]): Promise<void> {
  const cases = new Map<EntityId, Case>();
  const strays = await openCases(context, claimed, cases);
  const { settled, merged } = await discover(context, strays, cases);
  const remembered = await rememberMerged(context, merged, cases);
  const all = [...cases.values()];
  for (const one of all) {
    takeUp(context, one);
    takeOrder(context, one);
  }
  await resolveCreates(context, all);
  await planCases(context, all);
  await findOverwrittenLater(context, all);
  const refused = new Set<Write>();
  await holdInRecovery(context, all, refused);
  await lookUpCreates(context, all, refused);
  await applyBrakes(context, all, refused);
  await prepareWrites(context, all, refused);
  orderSwaps(context, all);
  const stored = await storePlans(context, all, [...settled, ...remembered]);
  if (stored.some(({ sendings }) => sendings.length > 0)) await context.keep();
  await sendAll(context, stored);
  await storeOutcomes(context, stored);
  await meetCollisions(context);
}

// ---------------------------------------------------------------------------------------------
// What is known

/** Others are mostly done with a record after that. */
const BUSY_MS = 1_000;

async function openCases(
  context: Context,
  claimed: readonly Claimed[],
  cases: Map<EntityId, Case>,
): Promise<Stray[]> {
  const { store, sync, recent } = context;
  for (const lease of claimed) recent.claimed(lease);
  const loaded = await store.load(
    sync.tenant,
    claimed.map(({ key }) => key),
  );
  const strays: Stray[] = [];
  const idle: Claimed[] = [];
  const busy: Claimed[] = [];
  const records = loaded.flatMap(({ record }) => (record ? [record] : []));
  const taken = await context.leases.inOtherHands(records);
  for (const [n, lease] of claimed.entries()) {
    const { record, reviews } = loaded[n]!;
    const { key } = lease;
    if (record && context.rules.has('one-at-a-record') && taken.has(record.entity.id)) {
      busy.push(lease);
    } else if (record) {
      const known = cases.get(record.entity.id);
      if (known) joinCase(known, lease, reviews);
      const one = known ?? openCase(lease, record, reviews, sync);
      cases.set(record.entity.id, one);
      if (key.kind === 'item') {
        const link = one.links.find(
          (l) => l.endpoint === key.endpoint && l.remoteId === key.remoteId,
        );
        if (link) one.wanted.add(link.id);
      }
    } else if (key.kind === 'item' && key.remoteId.startsWith(BRAKE_PREFIX)) {
      await releaseBrake(context, lease, reviews);
    } else if (key.kind === 'item') {
      strays.push({ lease, ref: key, reviews });
    } else {
      idle.push(lease);
    }
  }
  await end(context, idle, 'done');
  const soon = {
    at: context.world.clock.now() + BUSY_MS,
    error: IN_OTHER_HANDS.why,
    counts: false,
  };
  await end(context, busy, soon);
  return strays;
}

/** A person said that the mass change is meant; or there was none, as it turned out. */
async function releaseBrake(
  context: Context,
  lease: Claimed,
  reviews: Stray['reviews'],
): Promise<void> {
  const { store, sync, world, leases } = context;
  const { key } = lease;
  if (key.kind !== 'item') return;
  const now = world.clock.now();
  const decided = reviews.find(({ state }) => state === 'decided');
  const isMeant = decided?.decision && readChoice(decided.decision.choice).decision === 'continue';
  if (isMeant) {
    const value = now + RELEASE_MS;
    const cursor = { sync: sync.id, endpoint: key.endpoint, channel: key.remoteId, value };
    await store.mark(sync.tenant, { now, marks: [], cursors: [cursor] });
  }
  const carriedOut = decided ? [decided] : [];
  const withdrawn = await answeredThemselves(context, lease, reviews);
  await store.commit(sync.tenant, now, [{ lease, carriedOut, withdrawn, ending: 'done' }]);
  leases.release(lease);
}

/** Makes sense of what a former worker left behind. */
function takeUp(context: Context, one: Case): void {
  const now = context.world.clock.now();
  for (const intent of one.intents) {
    // It may have been sent at any time until its lease ended, and that is over.
    if (intent.state === 'armed') replaceIntent(one, { ...intent, state: 'unknown', sentAt: now });
  }
  for (const intent of one.intents) {
    if (intent.state !== 'unknown' || !intent.link) continue;
    const link = linkOf(one, intent.link);
    if (link?.state === 'duplicate' && intent.op === 'delete') {
      one.wanted.add(link.id);
      one.surplus.add(link.id);
    }
  }
  for (const review of one.reviews) takeAnswer(one, review);
  wantUnsettled(context, one);
}

/** What a person said about an item that is one too many. */
function takeAnswer(one: Case, review: StoredReview): void {
  const choice = review.reason === 'second-item' ? choiceOf(review) : undefined;
  const link = one.links.find(
    ({ endpoint, remoteId }) => endpoint === review.endpoint && remoteId === review.remoteId,
  );
  if (!choice || link?.state !== 'duplicate') return;
  if (choice.decision === 'keep') replaceLink(one, { ...link, state: 'unlinked' });
  if (choice.decision !== 'delete') return;
  one.wanted.add(link.id);
  one.surplus.add(link.id);
}

/** What somebody ordered about this record, besides what the sync is for. */
function takeOrder(context: Context, one: Case): void {
  const order = orderFor(context, one.entity.id);
  if (!order) return;
  // Nothing is done about a record that has moved since, wherever that was.
  for (const { id, state } of one.links) if (state === 'live') one.wanted.add(id);
  if (order.kind !== 'undo') return;
  one.resolutions.push(...order.resolutions);
  for (const { endpoint, remoteId } of order.removed) {
    const link = one.links.find((l) => l.endpoint === endpoint && l.remoteId === remoteId);
    // Nothing takes part there on purpose any more, so the record is missing there.
    if (link?.state === 'unlinked') replaceLink(one, { ...link, state: 'gone' });
  }
  for (const { endpoint, remoteId } of order.created) {
    const link = one.links.find((l) => l.endpoint === endpoint && l.remoteId === remoteId);
    if (link?.state !== 'live') continue;
    one.wanted.add(link.id);
    one.undone.add(link.id);
  }
}
