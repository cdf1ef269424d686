/**
 * Who refers to a record by an item that does not stand for it any more: it has got another one in that
 * system, or was merged into somebody else. They are looked at again as soon as that is known.
 */
import type { EndpointId, Entity, EntityId, Policy } from '../core/planner/model.ts';
import { wholeValues } from '../core/planner/parts.ts';
import type { Mark, Place, RecordChange, StoredSync, SyncId } from '../store/store.ts';
import type { Case } from './case.ts';
import type { Context } from './context.ts';
import { idsIn } from './references.ts';

const PAGE = 500;

/** Which records a record refers to now, and no longer; without any when that has not changed. */
export function referenceChanges(
  { sync }: Context,
  { stored, entity }: Pick<Case, 'stored' | 'entity'>,
): Pick<RecordChange, 'references'> {
  if (stored?.entity.cells === entity.cells) return {};
  const before = new Set(stored ? namedBy(sync.policy, stored.entity) : []);
  const after = new Set(namedBy(sync.policy, entity));
  const add = [...after].filter((target) => !before.has(target));
  const remove = [...before].filter((target) => !after.has(target));
  return add.length + remove.length > 0 ? { references: { add, remove } } : {};
}

function namedBy({ fields }: Policy, { cells }: Pick<Entity, 'cells'>): EntityId[] {
  const references = fields.filter(({ reference }) => reference);
  return Object.values(wholeValues(references, cells)).flatMap(
    (value) => idsIn(value) as EntityId[],
  );
}

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
    const isMerged = state === 'mergedAway' || state === 'unlinked';
    const isHandedOn = isMerged && mergedInto !== undefined && hasJustDied;
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
  targets: readonly EntityId[],
): Promise<void> {
  let after = '';
  for (;;) {
    const page = { ...place, targets, after, limit: PAGE };
    const items = await store.listReferrers(sync.tenant, page);
    const marks = items.map((remoteId): Mark => {
      return { key: { kind: 'item', ...place, remoteId }, priority, windowMs: 0 };
    });
    if (marks.length > 0) await store.mark(sync.tenant, { now: world.clock.now(), marks });
    const last = items.at(-1);
    if (last === undefined || items.length < PAGE) return;
    after = last;
  }
}
