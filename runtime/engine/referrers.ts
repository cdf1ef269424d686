/**
 * Who refers to a record by an item that does not stand for it any more: it has got another one in that
 * system, or was merged into somebody else. They are looked at again as soon as that is known.
 */
import type { EndpointId, EntityId } from '../core/planner/model.ts';
import type { Mark, Place, RecordChange, StoredSync, SyncId } from '../store/store.ts';
import type { Context } from './context.ts';

/** Who refers to a record is found by looking at all that could, so many at a time. */
const PAGE = 500;

/** Marks who refers to records that were stored just now, where an item of theirs means something else now. */
export async function callReferrers(
  context: Context,
  stored: readonly RecordChange[],
): Promise<void> {
  const moved = stored.flatMap(movedIn);
  if (moved.length === 0) return;
  const { store, sync } = context;
  const setup = await store.readSetup(sync.tenant);
  const referring = setup?.syncs.filter((each) => refersTo(each, sync.id)) ?? [];
  for (const [endpoint, there] of Map.groupBy(moved, (each) => each.endpoint)) {
    const targets = [...new Set(there.map(({ entity }) => entity))];
    for (const { id, policy } of referring) {
      if (!policy.members.some((member) => member.endpoint === endpoint)) continue;
      await markReferrers(context, { sync: id, endpoint }, targets);
    }
  }
}

/** Where what named the record names it no more. */
function movedIn({ from, entity, links }: RecordChange): Moved[] {
  const before = new Map(from?.links.map((link) => [link.id, link]));
  const hasJustDied = entity.life === 'dead' && from?.entity.life !== 'dead';
  return links.flatMap(({ id, endpoint, remoteId, state, mergedInto }): Moved[] => {
    const known = before.get(id);
    const isNew = known?.state !== 'live' || known.remoteId !== remoteId;
    const hasOthers = links.some((other) => other.endpoint === endpoint && other.id !== id);
    const isReplacing = state === 'live' && isNew && hasOthers;
    const isHandedOn = state === 'mergedAway' && mergedInto !== undefined && hasJustDied;
    return isReplacing || isHandedOn ? [{ entity: entity.id, endpoint }] : [];
  });
}

interface Moved {
  readonly entity: EntityId;
  readonly endpoint: EndpointId;
}

function refersTo({ settings }: StoredSync, target: SyncId): boolean {
  return Object.values(settings['references'] ?? {}).includes(target);
}

async function markReferrers(
  { store, sync, world, priority }: Context,
  place: Place,
  naming: readonly EntityId[],
): Promise<void> {
  let after = '';
  for (;;) {
    const page = { ...place, state: 'live', naming, after, limit: PAGE } as const;
    const links = await store.listLinks(sync.tenant, page);
    const marks = links.map(({ remoteId }): Mark => {
      return { key: { kind: 'item', ...place, remoteId }, priority, windowMs: 0 };
    });
    if (marks.length > 0) await store.mark(sync.tenant, { now: world.clock.now(), marks });
    const last = links.at(-1);
    if (!last || links.length < PAGE) return;
    after = last.remoteId;
  }
}
