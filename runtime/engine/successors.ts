/**
 * Items that were merged away before anybody knew them. Nothing follows from such an item, but others may
 * refer to it, and they mean the one that took its place; so the record of that one remembers it.
 */
import type { EntityId, Link } from '../core/planner/model.ts';
import { IN_OTHER_HANDS, replaceLink, type Case } from './case.ts';
import { newLinkId, type Context } from './context.ts';
import { caseOf, type MergedAway, type Settled } from './discovery.ts';
import { recordsOf } from './identifying.ts';

/** Turns them into cases of the records that have taken over; where none has yet, it is waited for. */
export async function rememberMerged(
  context: Context,
  merged: readonly MergedAway[],
  cases: Map<EntityId, Case>,
): Promise<Settled[]> {
  if (merged.length === 0) return [];
  const { store, sync, priority, world } = context;
  const now = world.clock.now();
  const links = await store.findLinks(
    sync.tenant,
    merged.map(({ into }) => into),
  );
  const known = merged.flatMap((each, n) => {
    const link = links[n];
    return link ? [{ each, entity: link.entity }] : [];
  });
  const records = await recordsOf(
    context,
    known.map(({ entity }) => entity),
  );
  const settled: Settled[] = [];
  for (const { each, entity } of known) {
    const one = await caseOf(context, each, entity, records, cases);
    if (one) replaceLink(one, mergedLink(context, one, each));
    else settled.push({ lease: each.lease, setback: IN_OTHER_HANDS });
  }
  const unknown = merged.filter((each) => !known.some((other) => other.each === each));
  const marks = unknown.map(({ into }) => {
    return { key: { kind: 'item', ...into } as const, priority, windowMs: 0 };
  });
  if (marks.length > 0) await store.mark(sync.tenant, { now, marks });
  const why = 'It was merged into an item that is not known yet.';
  settled.push(...unknown.map(({ lease }) => ({ lease, setback: { kind: 'wait', why } as const })));
  return settled;
}

function mergedLink({ world }: Context, { links }: Case, { ref, into }: MergedAway): Link {
  const { endpoint, remoteId } = ref;
  const successor = links.find((l) => l.endpoint === endpoint && l.remoteId === into.remoteId);
  return {
    id: newLinkId(world),
    endpoint,
    remoteId,
    state: 'mergedAway',
    mergedInto: into.remoteId,
    generation: successor?.generation ?? 0,
    cells: {},
  };
}
