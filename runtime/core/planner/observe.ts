/**
 * What each read means for its link: it takes part, it is gone, it was merged into another, it is back,
 * or the read says nothing because it is older than what we know.
 */
import { type Draft, Site } from './draft.ts';
import {
  type Absence,
  decideHeldLink,
  decideMerge,
  isMergedWithAnother,
  mayReturn,
} from './life.ts';
import type { Gone, Link, Member, MergedInto, Present } from './model.ts';
import { isUnanswered } from './own-writes.ts';

/** Adds the links that take part to the draft, and returns those that are proven gone. */
export function observe(draft: Draft): Absence[] {
  const absences: Absence[] = [];
  const { links, policy } = draft.input;
  policy.members.forEach((member, index) => {
    const rank = policy.members.length - index;
    for (const link of links.filter(({ endpoint }) => endpoint === member.endpoint)) {
      if (link.state === 'live') {
        const absence = observeLive(draft, link, member, rank);
        if (absence) absences.push(absence);
      } else {
        observeOther(draft, link, member, rank);
      }
    }
  });
  for (const link of links) {
    if (link.state === 'held' && !policy.members.some((m) => m.endpoint === link.endpoint)) {
      decideHeldLink(draft, link);
    }
  }
  return absences;
}

function observeLive(draft: Draft, link: Link, member: Member, rank: number): Absence | undefined {
  const observation = draft.input.observed.get(link.id);
  if (observation?.kind === 'mergedInto') {
    followMerge(draft, link, observation);
    return undefined;
  }
  const seen = observation?.kind === 'present' ? usable(draft, link, observation) : undefined;
  const site = takePart(draft, link, member, rank, seen);
  if (!site || observation?.kind !== 'gone') return undefined;
  if (!isProven(draft, site, observation)) return undefined;
  return { link, version: observation.version };
}

function takePart(
  draft: Draft,
  link: Link,
  member: Member,
  rank: number,
  seen: Present | undefined,
): Site | undefined {
  const facts = draft.input.facts.get(link.endpoint);
  if (!facts) return undefined;
  const intents = draft.input.intents.filter((intent) => intent.link === link.id);
  const site = new Site(link, member, rank, facts, seen, intents);
  draft.sites.push(site);
  return site;
}

/** A read older than what we know says nothing. */
function usable(draft: Draft, link: Link, read: Present): Present | undefined {
  const stale =
    read.version !== undefined && link.version !== undefined && read.version < link.version;
  if (stale) draft.needRead(link.id, 'stale');
  return stale ? undefined : read;
}

/** Absence is not deletion: a lost permission or a filter makes everything look gone. */
function isProven(draft: Draft, site: Site, absence: Gone): boolean {
  if (!absence.proven) {
    draft.hold('absence-unproven', site.endpoint);
    draft.needRead(site.link.id, 'absence-unproven');
    return false;
  }
  for (const intent of site.intents) {
    if (intent.op === 'delete' && isUnanswered(intent)) {
      draft.setIntent({ ...intent, state: 'applied', observed: true });
    }
  }
  return true;
}

/** The vendor merged two of its items. Ours follows, unless that would merge two of our records. */
function followMerge(draft: Draft, link: Link, observation: MergedInto): void {
  const { remoteId, linkId, heldBy, isStranger } = observation;
  draft.setLink({ ...link, state: 'mergedAway', mergedInto: remoteId });
  const { links, entity } = draft.input;
  const own = links.find((l) => l.endpoint === link.endpoint && l.remoteId === remoteId);
  if (own) {
    // The vendor settled which of two items is the one.
    if (own.state === 'duplicate' || own.state === 'gone') draft.setLink({ ...own, state: 'live' });
    draft.needRead(own.id, 'write-pending');
    return;
  }
  // Nobody knows what a dead record's item was merged into; it is somebody else's until identity says so.
  if (draft.life === 'dead') return;
  if (isStranger || (heldBy !== undefined && heldBy !== entity.id)) {
    if (!decideMerge(draft, link)) draft.review('remote-merge', link.id, heldBy);
    return;
  }
  const adopted: Link = {
    id: linkId,
    endpoint: link.endpoint,
    remoteId,
    state: 'live',
    generation: link.generation + 1,
    cells: {},
  };
  draft.setLink(adopted);
  draft.needRead(linkId, 'write-pending');
}

/** A link that does not take part: decided by a person, or back from the dead. */
function observeOther(draft: Draft, link: Link, member: Member, rank: number): void {
  if (isMergedWithAnother(draft, link)) decideMerge(draft, link);
  const observation = draft.input.observed.get(link.id);
  const back =
    observation?.kind === 'present' && isNewer(observation, link) ? observation : undefined;
  const returns =
    link.state === 'held'
      ? decideHeldLink(draft, link) === 'recreate'
      : link.state === 'gone' && back !== undefined && mayReturn(draft, link);
  if (returns && back) takePart(draft, { ...link, state: 'live' }, member, rank, back);
}

/** The version proves that a read is newer than the deletion; without one, that it lasts does. */
export function isNewer(read: Present, link: Link): boolean {
  if (read.isBack) return true;
  return read.version !== undefined && link.version !== undefined && read.version > link.version;
}
