/**
 * Where somebody with the key of a deleted record counts as new, they do so only while that has no item: one
 * that was restored, and is left alone or asked about, is perhaps theirs, and another one would be made beside
 * it. So before somebody is new, what the dead had is read.
 */
import type { Read } from '../connectors/connector.ts';
import type { EntityId, Link } from '../core/planner/model.ts';
import { isNewer } from '../core/planner/observe.ts';
import { isGivenAway } from '../store/store.ts';
import { setbackWithout, type Context } from './context.ts';
import { decisionOn, isOverdue, type Found, type Owners, type Records } from './identifying.ts';
import type { Member } from './member.ts';
import { readIds } from './reading.ts';
import { answered, setbackOf, type Setback } from './retry.ts';
import { samenessOf } from './reused-ids.ts';

interface Former {
  readonly entity: EntityId;
  readonly link: Link;
}

/** Adds to each item the deleted records with its key that are shown again; or why nobody can tell yet. */
export async function withRestored(
  context: Context,
  found: readonly Found[],
  owners: Owners,
  records: Records,
): Promise<readonly Found[]> {
  if (context.sync.settings.identity.onTombstoneMatch !== 'new') return found;
  if (!context.rules.has('look-up-before-create')) return found;
  const told: Found[] = [];
  for (const each of found) {
    const isOpen = !each.setback && !decisionOn(each.reviews);
    const formers = isOpen ? formersOf(each, owners, records) : [];
    told.push(formers.length > 0 ? await tell(context, each, formers, records) : each);
  }
  return told;
}

/** What the dead had who had its key, where nobody who lives has it. */
function formersOf({ keys }: Found, owners: Owners, records: Records): readonly Former[] {
  const strong = keys.filter(({ strength }) => strength === 'strong');
  const holders = strong.flatMap(({ digest }) => owners.get(digest) ?? []);
  if (holders.some(({ life }) => life !== 'dead')) return [];
  return [...new Set(holders.map(({ entity }) => entity))].flatMap((entity) => {
    const links = records.get(entity)?.links ?? [];
    const gone = links.filter((link) => link.state === 'gone' && !isGivenAway(link));
    return gone.map((link) => ({ entity, link }));
  });
}

async function tell(
  context: Context,
  each: Found,
  formers: readonly Former[],
  records: Records,
): Promise<Found> {
  const restored = new Set<EntityId>();
  let isDoubtful = false;
  for (const [endpoint, group] of Map.groupBy(formers, ({ link }) => link.endpoint)) {
    const member = context.sync.members.get(endpoint);
    if (!member && !context.sync.unavailable.has(endpoint)) continue;
    if (!member) return { ...each, setback: setbackWithout(context, endpoint) };
    const takenAt = context.world.clock.now();
    const reads = await readAll(context, member, group);
    if ('why' in reads) return { ...each, setback: reads };
    for (const [n, { entity, link }] of group.entries()) {
      const read = reads[n]!;
      if (read.kind !== 'present') continue;
      const sameness = samenessOf(context, member, link, read.item, records.get(entity));
      if (sameness !== 'same') continue;
      if (isNewer(member.read(read.item, takenAt).present, link)) restored.add(entity);
      else isDoubtful = true;
      if (isOverdue(each)) restored.add(entity);
    }
  }
  if (restored.size > 0) return { ...each, restored: [...restored] };
  if (!isDoubtful) return each;
  const why = 'Whoever had its key before is shown, though deleted; the answer may be old.';
  return { ...each, setback: { kind: 'wait', why } };
}

async function readAll(
  context: Context,
  member: Member,
  formers: readonly Former[],
): Promise<readonly Read[] | Setback> {
  const reads: Read[] = [];
  try {
    for (let n = 0; n < formers.length; n += member.can.batch.read) {
      const batch = formers.slice(n, n + member.can.batch.read);
      const ids = batch.map(({ link }) => link.remoteId);
      reads.push(...(await readIds(context, member, ids)));
    }
    return reads;
  } catch (error) {
    return setbackOf(answered(error), context.world.clock.now());
  }
}
