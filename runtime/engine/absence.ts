/**
 * Absence is not deletion. An item counts as gone when a later read agrees with the first, and when at the
 * same time something that is known to be there can still be read; a lost permission makes everything look
 * deleted at once. A system that archives what is deleted has to say so: what it does not show at all may
 * be hidden, or merged without a word. Where that cannot be told, a person is asked.
 */
import type { Read } from '../connectors/connector.ts';
import type { Gone, Link } from '../core/planner/model.ts';
import { askAboutMany, askCanaries, type ReadIds } from './canaries.ts';
import { askAbout, choiceOf, isUnanswered, replaceLink, setBack, type Case } from './case.ts';
import type { Context } from './context.ts';
import type { Member } from './member.ts';
import { STALE_MS, wentBack, type WentBack } from './vendor-backups.ts';

/** A second read that is to prove an absence waits at least that long. */
const SECOND_READ_MS = 1_000;
const SECOND_READ_MS_MAX = 3_600_000;
/** What is missing for longer, and cannot be told, is asked about. */
const SILENT_MS = 600_000;

interface Wanted {
  readonly one: Case;
  readonly link: Link;
}

/** Says of each missing item what its absence means. */
export async function observeAbsences(
  context: Context,
  member: Member,
  wanted: readonly Wanted[],
  reads: readonly Read[],
  takenAt: number,
  readIds: ReadIds,
): Promise<void> {
  const { rules } = context;
  const missing = wanted.flatMap((each, n) => {
    const read = reads[n];
    if (read?.kind !== 'missing') return [];
    const { link } = each;
    // What does not take part is missed by nobody; of two items that are one, one is gone for good.
    if (link.state === 'duplicate') replaceLink(each.one, { ...link, state: 'gone' });
    if (link.state === 'gone') stillGone(context, member, { ...each, read }, takenAt);
    return link.state === 'live' ? [{ ...each, read }] : [];
  });
  if (missing.length === 0) return;
  const firstMissed = Math.min(...missing.map(({ link }) => link.missingSince ?? takenAt));
  const answers = new Map(wanted.map(({ link }, n) => [link.remoteId, reads[n]!] as const));
  const links = missing.map(({ link }) => link);
  const canaries = await askCanaries(context, member, links, answers, firstMissed, readIds);
  const { say, isBelieved, shownAgain } = canaries;
  let back: WentBack | undefined;
  for (const { one, link, read } of missing) {
    const silentFor = takenAt - (link.missingSince ?? takenAt);
    const version = read.version === undefined ? {} : { version: read.version };
    const unproven: Gone = { kind: 'gone', takenAt, proven: false, ...version };
    if (say === 'silent' && !read.archived && silentFor > SILENT_MS) {
      one.observed.set(link.id, unproven);
      askAboutMany(context, member, one);
      continue;
    }
    const since = link.missingSince ?? takenAt;
    const isSecond = !rules.has('second-read') || isSecondRead(context, member, link, takenAt);
    if (say === 'alone' && !read.archived && isSecond) {
      one.observed.set(link.id, unproven);
      const why = `The item is missing at "${member.title}", and nothing else is there to compare with.`;
      askWhetherDeleted(context, one, link, why);
      continue;
    }
    const isTold = isBelieved || isToldOf(context, member, { one, link, read });
    if (!isTold && silentFor > SILENT_MS) {
      one.observed.set(link.id, unproven);
      const why = `The item is missing at "${member.title}", where it would be archived if it had been deleted.`;
      askWhetherDeleted(context, one, link, why);
      continue;
    }
    const isAlive = isTold && (say === 'alive' || read.archived);
    // An answer that lags cannot say when an archived item was archived, unless it says the version. What
    // stays older than it was is no late answer: the vendor itself went back, to a backup for example.
    const isOlder =
      read.version !== undefined && link.version !== undefined && read.version < link.version;
    const isOld =
      isOlder && silentFor <= CLOCKS_DIFFER_MS + Math.max(STALE_MS, 2 * member.can.readLagMs);
    const isFound = isAlive && !isOld && isSecond && !shownAgain.has(link.remoteId);
    const mayBeLost = isFound && !read.archived && !isBelieved && one.entity.life === 'live';
    if (mayBeLost && mayDelete(context, member)) {
      back ??= await wentBack(context, member, links, firstMissed, readIds);
    }
    if (mayBeLost && back === 'yes') {
      one.observed.set(link.id, unproven);
      const why = `The item is missing at "${member.title}", which was put back to a backup.`;
      askWhetherDeleted(context, one, link, why);
      continue;
    }
    const isProven = isFound && !(mayBeLost && back === 'perhaps');
    if (!isProven) {
      replaceLink(one, { ...link, missingSince: since });
      const isSoon = isAlive && !isOld && takenAt - since <= CLOCKS_DIFFER_MS;
      const wait = Math.max(SECOND_READ_MS, member.can.readLagMs, isSoon ? 0 : takenAt - since);
      setBack(one, {
        kind: 'again',
        why:
          isAlive || say === 'alive'
            ? `The item could not be found at "${member.title}"; it is looked for once more.`
            : `Little else can be found at "${member.title}", so a missing item proves nothing.`,
        at: takenAt + Math.min(wait, SECOND_READ_MS_MAX) + 1,
      });
    }
    one.observed.set(link.id, { ...unproven, proven: isProven });
  }
}

/** As expected; but the news that led here may be faster than the system's own replicas. */
function stillGone(
  { doubts }: Context,
  { can }: Member,
  { one, link, read: { version } }: Wanted & { readonly read: Extract<Read, { kind: 'missing' }> },
  takenAt: number,
): void {
  const told = version === undefined ? {} : { version };
  one.observed.set(link.id, { kind: 'gone', takenAt, proven: true, ...told });
  doubts.end(link.id);
  const isNews = one.leases.some(({ key, markedAt = 0 }) => {
    const isHere =
      key.kind === 'item' && key.endpoint === link.endpoint && key.remoteId === link.remoteId;
    return isHere && takenAt - markedAt <= can.readLagMs;
  });
  if (!isNews || can.readLagMs === 0) return;
  const why = 'The item cannot be read yet.';
  setBack(one, { kind: 'again', why, at: takenAt + can.readLagMs + 1 });
}

/**
 * Whether it has been missing for longer than an answer can lag: by a clock of our own that nobody sets,
 * or for so long that it does not matter whose clock said when that began.
 */
function isSecondRead(
  { doubts }: Context,
  { can }: Member,
  { id, missingSince }: Link,
  takenAt: number,
): boolean {
  const since = doubts.since(id, `missing since ${missingSince ?? takenAt}`, takenAt);
  const apart = Math.max(SECOND_READ_MS, can.readLagMs);
  if (missingSince === undefined) return false;
  return takenAt - since >= apart || takenAt - missingSince >= apart + CLOCKS_DIFFER_MS;
}

/** The clocks of two workers do not differ by more. */
const CLOCKS_DIFFER_MS = 300_000;

/** Whether the system would show less if the item were only hidden, or had been merged into another. */
function isToldOf(
  { rules }: Context,
  { can }: Member,
  { one, link, read }: Wanted & { readonly read: Extract<Read, { kind: 'missing' }> },
): boolean {
  // What we are deleting ourselves may be purged at once.
  const isOurs = one.intents.some((intent) => {
    return intent.op === 'delete' && intent.link === link.id && isUnanswered(intent);
  });
  return read.archived || isOurs || can.delete === 'hard' || !rules.has('archives-say-so');
}

/** Whether a record may be deleted elsewhere, or left there, because its item is gone here. */
export function mayDelete({ sync }: Context, { endpoint }: Member): boolean {
  const { deleteAuthority, onRemoteDelete } = sync.policy;
  return deleteAuthority.includes(endpoint) || ['propagate', 'unlink'].includes(onRemoteDelete);
}

/** Only a person can say what the absence means, and only about a record that lives. */
function askWhetherDeleted({ sync }: Context, one: Case, link: Link, why: string): void {
  const decided = one.reviews.some(
    (review) =>
      review.reason === 'remote-delete' &&
      review.remoteId === link.remoteId &&
      choiceOf(review) !== undefined,
  );
  if (decided) {
    replaceLink(one, { ...link, state: 'held' });
    return;
  }
  if (one.entity.life !== 'dead') askAbout(sync.id, one, link, 'remote-delete');
  setBack(one, { kind: 'wait', why });
}
