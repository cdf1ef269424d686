/**
 * Did our write cover up somebody's edit, or our deletion take it along? Between our read and our write a
 * person may have typed something. Where the vendor makes writes conditional that cannot happen; where it
 * keeps a history, the history is asked, and what was covered up becomes a conflict that a person can see.
 *
 * A history that does not reach as far as our own write is too old to say anything. How far that is, the
 * vendor's answer says, or else the next read. Until then the write has landed, but is *unchecked*, and
 * somebody comes back for it.
 */
import type { Outcome, Version } from '../connectors/connector.ts';
import { lostEdit } from '../core/planner/draft.ts';
import type { Intent, Link, Observation } from '../core/planner/model.ts';
import { BEFORE_ALL } from '../core/planner/stamp.ts';
import { same, type Value, type Values } from '../core/value.ts';
import { isGivenAway, type StoredIntent } from '../store/store.ts';
import { isUnanswered, linkOf, setBack, type Case, type Underway } from './case.ts';
import type { Context } from './context.ts';
import type { Member } from './member.ts';
import { answered, setbackOf, type Setback } from './retry.ts';

interface Check {
  readonly one: Case;
  /** The write it is about. */
  readonly intentId: string;
  /** Whether it is known to have landed. */
  readonly hasLanded: boolean;
  readonly remoteId: string;
  /** The version that we looked at before we wrote. */
  readonly since: number;
  /** The version that a history has to reach: of our write, or of a read that showed it. */
  readonly reach: number;
  readonly op: Intent['op'];
  readonly patch: Values;
  readonly before: Values;
  /** The item is not as the write left it any more: what the history shows now is all that it will. */
  readonly isLast?: true;
  /** The item is gone, or hidden with its history: nobody knows which. */
  readonly isMissing?: boolean;
}

export interface Unchecked {
  readonly unchecked: NonNullable<StoredIntent['unchecked']>;
  readonly setback: Setback;
}

/** After writes that were answered: those about which nothing can be said yet, by intent. */
export async function findOverwritten(
  context: Context,
  batch: readonly Underway[],
  outcomes: readonly Outcome[],
): Promise<ReadonlyMap<string, Unchecked>> {
  const found = new Map<string, Unchecked>();
  const [first] = batch;
  if (!first || !needsCheck(context, first.sending.member)) return found;
  const { member } = first.sending;
  const checks = batch.flatMap(({ one, sending }, n): Check[] => {
    const outcome = outcomes[n];
    const { seenVersion: since, remoteId, write, intentId } = sending;
    if (outcome?.kind !== 'done' || since === undefined || remoteId === undefined) return [];
    const { version: reach } = outcome;
    if (reach === undefined) {
      found.set(intentId, { unchecked: { since }, setback: tooOld(context, member) });
      return [];
    }
    const { op, patch, before } = write;
    return [{ one, intentId, hasLanded: true, remoteId, since, reach, op, patch, before }];
  });
  const unsettled = await askHistory(context, member, checks);
  for (const [{ intentId, since, reach }, setback] of unsettled) {
    found.set(intentId, { unchecked: { since, reach }, setback });
  }
  return found;
}

/** After writes that are unchecked, or whose answer was lost, when something has happened to their items. */
export async function findOverwrittenLater(
  context: Context,
  cases: readonly Case[],
): Promise<void> {
  const checks = cases.flatMap((one) => [...lastChecksOf(context, one), ...checksOf(context, one)]);
  for (const [member, group] of Map.groupBy(checks, ({ member: at }) => at)) {
    const unsettled = await askHistory(context, member, group);
    for (const check of group) {
      const setback = unsettled.get(check);
      if (!setback) markChecked(check);
      // Whoever looks for what is missing asks again.
      if (!setback || check.isMissing) continue;
      // Nothing of the plan is stored, so that the next pass asks again.
      check.one.plan = undefined;
      setBack(check.one, setback);
    }
  }
}

/** Unchecked writes, and unanswered ones: whether they landed before somebody else wrote, the history knows. */
function checksOf(context: Context, one: Case): (Check & { readonly member: Member })[] {
  if (!one.plan) return [];
  return one.intents.flatMap((intent) => {
    const link = one.stored?.links.find(({ id }) => id === intent.link);
    const member = link && context.sync.members.get(link.endpoint);
    const seen = link && one.observed.get(link.id);
    if (!member || !seen || seen.kind === 'mergedInto') return [];
    const isMissing = mayBeHidden(one, intent);
    const isAsExpected = isMissing || seen.kind === shownAfter(intent);
    if (!isAsExpected || !needsCheck(context, member)) return [];
    const known = linkOf(one, link.id)?.version;
    const isOld = known !== undefined && seen.version !== undefined && seen.version < known;
    if (isOld) return [];
    const mayHaveLanded =
      context.rules.has('history-of-lost-answers') &&
      isUnanswered(intent) &&
      intent.op !== 'create';
    const since = intent.unchecked?.since ?? (mayHaveLanded ? link.version : undefined);
    const reach =
      intent.unchecked?.reach ??
      versionAfter(intent, member, seen) ??
      (isMissing && since !== undefined ? since + 1 : undefined);
    if (since === undefined || reach === undefined) return [];
    // Nothing has happened, and to ask again and again costs.
    if (!intent.unchecked && reach <= since) return [];
    const { id: intentId, op, patch, before } = intent;
    const hasLanded = intent.unchecked !== undefined;
    const { remoteId } = link;
    const write = { intentId, hasLanded, op, patch, before };
    const about = { one, member, ...write, remoteId, since, reach, isMissing };
    // What was put back to a backup has no such version any more, and perhaps no history of it.
    const isLost = known === undefined && seen.version !== undefined && seen.version < reach;
    return [isLost ? { ...about, isLast: true } : about];
  });
}

/** A write that was answered without its version may have a later one than an answer that lags. */
function versionAfter(
  { unchecked, sentAt }: StoredIntent,
  { can }: Member,
  { version, takenAt }: Extract<Observation, { version?: number | undefined }>,
): number | undefined {
  const mayBeBefore = unchecked && sentAt !== undefined && takenAt <= sentAt + can.readLagMs;
  return mayBeBefore ? NEVER_SHOWN : version;
}

/** No history goes so far. */
const NEVER_SHOWN = Infinity;

/** What a read finds where the write has landed. */
function shownAfter({ op }: Intent): 'present' | 'gone' {
  return op === 'delete' ? 'gone' : 'present';
}

/**
 * What is missing may stay so until a person says what that means, and its history is there, or is hidden
 * with it. What cannot be found out waits until the item is shown again, or is known to be gone.
 */
function mayBeHidden(one: Case, { op, link: id, unchecked }: StoredIntent): boolean {
  const link = id && linkOf(one, id);
  const seen = id && one.observed.get(id);
  if (op === 'delete' || !unchecked || link?.state !== 'live') return false;
  return seen?.kind === 'gone' && !seen.proven;
}

/**
 * Of an item that takes no part any more no history is asked, nor of one whose id is that of another by now:
 * so is its history. Of one that is gone, or was merged into another, it is asked for the last time, however far
 * it reaches.
 */
function lastChecksOf(context: Context, one: Case): (Check & { readonly member: Member })[] {
  return one.intents.flatMap((intent) => {
    const { id: intentId, unchecked, op, patch, before } = intent;
    const link = unchecked && intent.link && linkOf(one, intent.link);
    const seen = link && one.observed.get(link.id);
    if (!link || isAsLeft(intent, link, seen)) return [];
    const member = context.sync.members.get(link.endpoint);
    const isGone = seen?.kind === 'gone' || (link.state === 'gone' && !seen);
    const isOver = isGone || link.state === 'mergedAway';
    const isKept = isOver && op !== 'delete' && !isGivenAway(link);
    if (!isKept || !member || !needsCheck(context, member)) {
      markChecked({ one, intentId });
      return [];
    }
    if (!one.plan) return [];
    const { remoteId } = link;
    const { since, reach = since } = unchecked;
    const about = { one, member, intentId, remoteId, since, reach, op, patch, before };
    return [{ ...about, hasLanded: true, isLast: true }];
  });
}

function isAsLeft({ op, unchecked }: StoredIntent, link: Link, seen?: Observation): boolean {
  const { state } = link;
  if (isGivenAway(link)) return false;
  if (op !== 'delete') return state === 'live' && !(seen?.kind === 'gone' && seen.proven);
  return state === 'gone' && (!seen || hasVersion(seen) || unchecked?.reach !== undefined);
}

/** When an item was deleted, not all vendors tell. */
function hasVersion(seen: Observation): boolean {
  return seen.kind === 'gone' && seen.version !== undefined;
}

function markChecked({ one, intentId }: Pick<Check, 'one' | 'intentId'>): void {
  const { plan } = one;
  one.intents = withoutCheck(one.intents, intentId);
  if (plan) one.plan = { ...plan, intents: withoutCheck(plan.intents, intentId) };
}

function withoutCheck<I extends Intent>(intents: readonly I[], id: string): readonly I[] {
  return intents.map((intent) => {
    if (intent.id !== id || !('unchecked' in intent)) return intent;
    const { unchecked: _checked, ...rest } = intent;
    return rest as unknown as I;
  });
}

function needsCheck({ rules }: Context, { can, collection }: Member): boolean {
  return (
    rules.has('history-check') &&
    can.history &&
    !can.conditionalWrites &&
    collection.history !== undefined
  );
}

/** Reports what was covered up; answers the checks about which nothing can be said yet, and why. */
async function askHistory<C extends Check>(
  context: Context,
  member: Member,
  checks: readonly C[],
): Promise<ReadonlyMap<C, Setback>> {
  const { gate, sync, priority, leases, world } = context;
  const unsettled = new Map<C, Setback>();
  const size = member.can.batch.read;
  for (let n = 0; n < checks.length; n += size) {
    const part = checks.slice(n, n + size);
    try {
      const histories = await gate.call(
        sync.tenant,
        member,
        { action: 'history', items: part.length, priority },
        async (signal) => {
          await leases.keep();
          const asked = part.map(({ remoteId: id, since }) => ({ id, since }));
          return member.collection.history!(asked, signal);
        },
      );
      for (const [index, check] of part.entries()) {
        const versions = histories[index] ?? [];
        const mayLag = !context.rules.has('history-that-reaches');
        if (mayLag || check.isLast || reaches(check, versions))
          reportCovered(context, member, check, versions);
        else unsettled.set(check, tooOld(context, member));
      }
    } catch (error) {
      const setback = setbackOf(answered(error), world.clock.now());
      // Some vendors keep no history of what is gone.
      const isRefused = setback.kind === 'moved' || setback.kind === 'refused';
      for (const check of part) if (!check.isLast || !isRefused) unsettled.set(check, setback);
    }
  }
  return unsettled;
}

function tooOld({ world }: Context, { title, can }: Member): Setback {
  const why = `The history at "${title}" does not show our own write yet.`;
  return { kind: 'again', why, at: world.clock.now() + can.readLagMs + 1 };
}

/** A write that changes nothing makes no version. */
function reaches({ since, reach }: Check, versions: readonly Version[]): boolean {
  return reach <= since || versions.some(({ version }) => version >= reach);
}

/** What stood there before our write, and was typed after we had looked. */
function reportCovered(
  { sync }: Context,
  member: Member,
  { one, remoteId: id, hasLanded, op, patch, before, reach }: Check,
  versions: readonly Version[],
): void {
  const states = versions.map(({ version, author, raw }) => {
    return { version, author, fields: member.read({ id, raw }, 0).present.fields };
  });
  // A deletion takes all along that was read.
  const touched = op === 'delete' ? before : patch;
  const sent = sync.policy.fields.filter(({ name }) => touched[name] !== undefined);
  const isSent = (name: string, value: Value): boolean =>
    op !== 'delete' &&
    (same(value, patch[name] ?? null) || member.facts.explains(name, patch[name] ?? null, value));
  const ours = states.findLastIndex(({ version, author, fields }) => {
    if (author !== undefined) return author === 'us';
    // Whose deletion it was nobody tells; ours took along what stood there.
    if (op === 'delete') return version <= reach;
    return sent.every(({ name, reference }) => reference || isSent(name, fields[name] ?? null));
  });
  // In whatever spelling: what has landed is there.
  const end =
    ours < 0 && hasLanded ? states.findLastIndex(({ version }) => version <= reach) : ours;
  for (const { fields } of states.slice(0, Math.max(0, end))) {
    for (const { name } of sent) {
      const typed = fields[name];
      if (typed === undefined || same(typed, before[name] ?? null) || isSent(name, typed)) continue;
      const losing = { origin: member.endpoint, value: typed, stamp: BEFORE_ALL };
      one.found.push(lostEdit(name, 'overwritten', losing, 'autoResolved', patch[name]));
    }
  }
}
