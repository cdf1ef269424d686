/**
 * Did our write cover up somebody's edit? Between our read and our write a person may have typed
 * something. Where the vendor makes writes conditional that cannot happen; where it keeps a history, the
 * history is asked, and what was covered up becomes a conflict that a person can see.
 */
import { VendorError, type Outcome, type Version } from '../connectors/connector.ts';
import { lostEdit } from '../core/planner/draft.ts';
import type { Link, LinkId } from '../core/planner/model.ts';
import { BEFORE_ALL } from '../core/planner/stamp.ts';
import { same, type Values } from '../core/value.ts';
import { isUnanswered, setBack, type Case } from './case.ts';
import type { Context } from './context.ts';
import { retryTime } from './gate.ts';
import type { Member } from './member.ts';
import { setbackOf } from './retry.ts';
import type { Underway } from './sending.ts';

interface Check {
  readonly one: Case;
  readonly id: string;
  readonly since: number;
  readonly patch: Values;
  readonly before: Values;
  readonly own: number | undefined;
}

/** After writes that were answered; false when the history could not be read. */
export async function findOverwritten(
  context: Context,
  batch: readonly Underway[],
  outcomes: readonly Outcome[],
): Promise<boolean> {
  const [first] = batch;
  if (!first || !needsCheck(context, first.sending.member)) return true;
  const checks = batch.flatMap(({ one, sending }, n): Check[] => {
    const outcome = outcomes[n];
    const { seenVersion, remoteId, write } = sending;
    if (outcome?.kind !== 'done' || seenVersion === undefined || remoteId === undefined) return [];
    const { patch, before } = write;
    return [{ one, id: remoteId, since: seenVersion, patch, before, own: outcome.version }];
  });
  return (await askHistory(context, first.sending.member, checks)) === undefined;
}

/** After writes whose answer was lost, when a read shows them. */
export async function findOverwrittenUnanswered(
  context: Context,
  cases: readonly Case[],
): Promise<void> {
  const byMember = new Map<Member, Check[]>();
  for (const one of cases) {
    for (const after of one.plan?.intents ?? []) {
      const intent = one.intents.find(({ id }) => id === after.id);
      if (!intent || !isUnanswered(intent) || after.state !== 'applied' || intent.op !== 'update')
        continue;
      const link = versionedLink(one, after.link);
      const member = link && context.sync.members.get(link.endpoint);
      if (!member || !needsCheck(context, member)) continue;
      const { patch, before } = intent;
      const check = { one, id: link.remoteId, since: link.version, patch, before, own: undefined };
      byMember.set(member, [...(byMember.get(member) ?? []), check]);
    }
  }
  for (const [member, checks] of byMember) {
    const error = await askHistory(context, member, checks);
    if (!error) continue;
    // Nothing of the plan is stored, so that the next pass asks again.
    for (const { one } of checks) {
      one.plan = undefined;
      setBack(one, { ...setbackOf(error), ...retryTime(error, context.world.clock.now()) });
    }
  }
}

function versionedLink(one: Case, id: LinkId | undefined) {
  const link = id && one.stored?.links.find((known) => known.id === id);
  return link?.version === undefined ? undefined : (link as Link & { readonly version: number });
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
): Promise<VendorError | undefined> {
  const { gate, sync, priority, leases } = context;
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
      part.forEach((check, index) => reportCovered(context, member, check, histories[index] ?? []));
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      return error;
    }
  }
  return undefined;
}

function reportCovered(
  { sync }: Context,
  member: Member,
  { one, id, patch, before, own }: Check,
  versions: readonly Version[],
): void {
  for (const { version, author, raw } of versions) {
    const isOurs = author === undefined ? version === own : author === 'us';
    if (isOurs) continue;
    const { fields } = member.read({ id, raw }, 0).present;
    for (const field of sync.policy.fields) {
      const sent = patch[field.name];
      const typed = fields[field.name];
      if (sent === undefined || typed === undefined) continue;
      const isNews = !same(typed, before[field.name] ?? null) && !same(typed, sent);
      if (!isNews || member.facts.explains(field.name, sent, typed)) continue;
      const losing = { origin: member.endpoint, value: typed, stamp: BEFORE_ALL };
      one.found.push(lostEdit(field.name, 'overwritten', losing, 'autoResolved', sent));
    }
  }
}
