/**
 * Did our write cover up somebody's edit? Between our read and our write a person may have typed
 * something. Where the vendor makes writes conditional that cannot happen; where it keeps a history, the
 * history is asked, and what was covered up becomes a conflict that a person can see.
 *
 * A history that does not even show our own write is too old to say anything. Until one does, the write
 * counts as unanswered.
 */
import { VendorError, type Outcome, type Version } from '../connectors/connector.ts';
import { lostEdit } from '../core/planner/draft.ts';
import { BEFORE_ALL } from '../core/planner/stamp.ts';
import { same, type Values } from '../core/value.ts';
import { isUnanswered, setBack, type Case, type Underway } from './case.ts';
import type { Context } from './context.ts';
import { retryTime } from './gate.ts';
import type { Member } from './member.ts';
import { setbackOf, type Setback } from './retry.ts';

interface Check {
  readonly one: Case;
  readonly id: string;
  /** The version that we looked at before we wrote. */
  readonly since: number;
  readonly patch: Values;
  readonly before: Values;
  /** The version that a history has to reach: of our write, or of a read that showed it. */
  readonly reach: number | undefined;
}

/** After writes that were answered: those about which nothing can be said yet, and why. */
export async function findOverwritten(
  context: Context,
  batch: readonly Underway[],
  outcomes: readonly Outcome[],
): Promise<ReadonlyMap<Case, Setback>> {
  const [first] = batch;
  if (!first || !needsCheck(context, first.sending.member)) return new Map();
  const checks = batch.flatMap(({ one, sending }, n): Check[] => {
    const outcome = outcomes[n];
    const { seenVersion, remoteId, write } = sending;
    if (outcome?.kind !== 'done' || seenVersion === undefined || remoteId === undefined) return [];
    const { patch, before } = write;
    return [{ one, id: remoteId, since: seenVersion, patch, before, reach: outcome.version }];
  });
  return askHistory(context, first.sending.member, checks);
}

/** After writes whose answer was lost, when a read shows them. */
export async function findOverwrittenUnanswered(
  context: Context,
  cases: readonly Case[],
): Promise<void> {
  const checks = cases.flatMap((one) => recognisedIn(context, one));
  for (const [member, group] of Map.groupBy(checks, ({ member: at }) => at)) {
    const unsettled = await askHistory(context, member, group);
    for (const [one, setback] of unsettled) {
      // Nothing of the plan is stored, so that the next pass asks again.
      one.plan = undefined;
      setBack(one, setback);
    }
  }
}

/** Unanswered updates that the plan takes for landed. */
function recognisedIn(context: Context, one: Case): (Check & { readonly member: Member })[] {
  return (one.plan?.intents ?? []).flatMap((after) => {
    const intent = one.intents.find(({ id }) => id === after.id);
    const mayAsk = context.rules.has('history-of-lost-answers');
    const wasOpen = mayAsk && intent && isUnanswered(intent) && intent.op === 'update';
    const link = one.stored?.links.find(({ id }) => id === after.link);
    const member = link && context.sync.members.get(link.endpoint);
    if (!wasOpen || after.state !== 'applied' || !member || !needsCheck(context, member)) return [];
    if (link.version === undefined) return [];
    const { patch, before } = intent;
    const seen = one.observed.get(link.id);
    const reach = seen?.kind === 'present' ? seen.version : undefined;
    return [{ one, member, id: link.remoteId, since: link.version, patch, before, reach }];
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

async function askHistory(
  context: Context,
  member: Member,
  checks: readonly Check[],
): Promise<ReadonlyMap<Case, Setback>> {
  const { gate, sync, priority, leases, world } = context;
  const unsettled = new Map<Case, Setback>();
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
          const asked = part.map(({ id, since }) => ({ id, since }));
          return member.collection.history!(asked, signal);
        },
      );
      for (const [index, check] of part.entries()) {
        const versions = histories[index] ?? [];
        const mayLag = !context.rules.has('history-that-reaches');
        if (mayLag || reaches(context, member, check, versions))
          reportCovered(context, member, check, versions);
        else unsettled.set(check.one, tooOld(member, world.clock.now()));
      }
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      const setback = { ...setbackOf(error), ...retryTime(error, world.clock.now()) };
      for (const { one } of part) unsettled.set(one, setback);
    }
  }
  return unsettled;
}

function tooOld({ title, can }: Member, now: number): Setback {
  const why = `The history at "${title}" does not show our own write yet.`;
  return { kind: 'again', why, at: now + can.readLagMs + 1 };
}

function reaches(
  context: Context,
  member: Member,
  { id, since, patch, reach }: Check,
  versions: readonly Version[],
): boolean {
  // A write that changes nothing makes no version.
  if (reach !== undefined && reach <= since) return true;
  if (reach !== undefined) return versions.some(({ version }) => version >= reach);
  return versions.some(({ author, raw }) => {
    if (author !== undefined) return author === 'us';
    const { fields } = member.read({ id, raw }, 0).present;
    return context.sync.policy.fields.every(({ name, reference }) => {
      const sent = patch[name];
      const read = fields[name] ?? null;
      return sent === undefined || reference || member.facts.explains(name, sent, read);
    });
  });
}

function reportCovered(
  { sync }: Context,
  member: Member,
  { one, id, patch, before, reach }: Check,
  versions: readonly Version[],
): void {
  for (const { version, author, raw } of versions) {
    const isOurs = author === undefined ? version === reach : author === 'us';
    if (isOurs) continue;
    const { fields } = member.read({ id, raw }, 0).present;
    for (const { name } of sync.policy.fields) {
      const sent = patch[name];
      const typed = fields[name];
      if (sent === undefined || typed === undefined) continue;
      const isNews = !same(typed, before[name] ?? null) && !same(typed, sent);
      if (!isNews || member.facts.explains(name, sent, typed)) continue;
      const losing = { origin: member.endpoint, value: typed, stamp: BEFORE_ALL };
      one.found.push(lostEdit(name, 'overwritten', losing, 'autoResolved', sent));
    }
  }
}
