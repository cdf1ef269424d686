/**
 * A vendor, too, may be put back to a backup. What it lost by that looks deleted there. Items that are
 * older than they were, and stay so, or that are others than they were, give it away: for a day from then
 * on, what is missing there is asked about before it is deleted anywhere, and so is somebody new with the key
 * of what was deleted.
 */
import { VendorError, type Read } from '../connectors/connector.ts';
import type { EndpointId, Link, LinkId } from '../core/planner/model.ts';
import type { Context } from './context.ts';
import { cursorsAt, itemRef, markOf, note } from './marking.ts';
import type { Member } from './member.ts';
import { samenessOf } from './reused-ids.ts';

/** `perhaps`: something is older than it was, and that may be an old answer. */
export type WentBack = 'no' | 'perhaps' | 'yes';

const CHANNEL = 'went-back';
const DAY_MS = 86_400_000;
const WITNESSES = 60;

/** Before what is missing counts as deleted: looks at what else is known at the member. */
export async function wentBack(
  context: Context,
  member: Member,
  missing: readonly Link[],
  firstMissed: number,
  readIds: (ids: readonly string[]) => Promise<readonly Read[]>,
): Promise<WentBack> {
  const { store, sync, world, rules } = context;
  const { endpoint, can } = member;
  if (!rules.has('lost-with-a-backup')) return 'no';
  if (await isKnownToHaveGoneBack(context, endpoint, firstMissed)) return 'yes';
  const besides = new Set(missing.map(({ remoteId }) => remoteId));
  const count = Math.min(WITNESSES, can.batch.read);
  const page = { sync: sync.id, endpoint, state: 'live', limit: count + besides.size } as const;
  const listed = await store.listLinks(sync.tenant, page);
  const ids = listed.map(({ remoteId }) => remoteId).filter((id) => !besides.has(id));
  const asked = ids.slice(0, count);
  if (asked.length === 0) return 'no';
  const links = await linksOf(context, member, asked);
  const takenAt = world.clock.now();
  let reads: readonly Read[];
  try {
    reads = await readIds(asked);
  } catch (error) {
    if (error instanceof VendorError) return 'perhaps';
    throw error;
  }
  const verdicts = reads.map((read, n): WentBack => {
    const link = links[n];
    if (read.kind !== 'present' || !link) return 'no';
    const { createdAt, version } = read.item;
    const sameness = samenessOf(context, member, link, read.item);
    if (sameness !== 'same' && !can.reusesIds) return 'yes';
    const isFormer = sameness === 'former';
    const hasOlderVersion = version !== undefined && version < (link.version ?? 0);
    if (!isFormer && (sameness !== 'same' || !hasOlderVersion)) return 'no';
    const state = isFormer ? `made at ${createdAt}` : `version ${version}`;
    const { isOver } = doubtOlder(context, member, link.id, state, takenAt);
    return isOver ? 'yes' : 'perhaps';
  });
  // Whoever gave it away is to be looked at as well.
  const marks = verdicts.flatMap((verdict, n) =>
    verdict === 'no' ? [] : [markOf(context, member, asked[n]!, 0)],
  );
  if (marks.length === 0) return 'no';
  await note(context, marks, []);
  if (!verdicts.includes('yes')) return 'perhaps';
  await noteWentBack(context, member);
  return 'yes';
}

/** A vendor goes back as a whole: what one sync found out, all have to know. */
export async function noteWentBack(
  { store, sync, world }: Context,
  { endpoint }: Member,
): Promise<void> {
  const now = world.clock.now();
  const { syncs = [] } = (await store.readSetup(sync.tenant)) ?? {};
  const concerned = syncs.filter(({ policy }) =>
    policy.members.some((m) => m.endpoint === endpoint),
  );
  const cursors = concerned.map(({ id }) => {
    return { sync: id, endpoint, channel: CHANNEL, value: now };
  });
  await store.mark(sync.tenant, { now, marks: [], cursors });
}

/** Where what was deleted by now may have been lost: the members that are known to have gone back lately. */
export async function lossesAt({
  store,
  sync,
  world,
  rules,
}: Context): Promise<ReadonlySet<EndpointId>> {
  if (!rules.has('lost-with-a-backup')) return new Set();
  const cursors = await store.readCursors(sync.tenant, sync.id);
  const recent = cursors.filter(({ channel, value }) => {
    return channel === CHANNEL && typeof value === 'number' && world.clock.now() < value + DAY_MS;
  });
  return new Set(recent.map(({ endpoint }) => endpoint));
}

/** Whether what is missing since then may have been lost by that. */
async function isKnownToHaveGoneBack(
  context: Context,
  endpoint: EndpointId,
  missingSince: number,
): Promise<boolean> {
  const at = (await cursorsAt(context, endpoint)).get(CHANNEL);
  return typeof at === 'number' && missingSince < at + DAY_MS;
}

async function linksOf(
  context: Context,
  member: Member,
  ids: readonly string[],
): Promise<readonly (Link | undefined)[]> {
  const keys = ids.map((id) => ({ kind: 'item', ...itemRef(context, member, id) }) as const);
  const loaded = await context.store.load(context.sync.tenant, keys);
  return loaded.map(({ record }, n) =>
    record?.links.find((l) => l.endpoint === member.endpoint && l.remoteId === ids[n]),
  );
}

/** Longer than a replica should ever lag. */
export const STALE_MS = 5_000;

/** An answer that is older than what is known: whether that has lasted for too long to be a late one. */
export function doubtOlder(
  { doubts, rules }: Pick<Context, 'doubts' | 'rules'>,
  member: Member | undefined,
  link: LinkId,
  state: string,
  takenAt: number,
): { readonly isOver: boolean; readonly overAt: number } {
  const lag = member?.can.readLagMs ?? 0;
  const patience = rules.has('old-answers') ? Math.max(STALE_MS, 2 * lag) : -1;
  const since = doubts.since(link, state, takenAt);
  return { isOver: takenAt - since > patience, overAt: since + patience + 1 };
}
