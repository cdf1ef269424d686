/** What a system lost when it was put back to a backup, and whether anybody could see that from outside. */
import type { Change } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { nameOfRef } from '../../../runtime/store/work-key.ts';
import type { CollectionName } from '../scenario.ts';
import { syncId } from '../setting.ts';
import { codeOf, type System } from '../system.ts';
import type { Rest } from './rest.ts';

/**
 * A system was put back to a backup and lost the item, and nothing else there shows it: to whoever looks in
 * from outside, that is what a deletion looks like.
 */
export function isLostWithoutTrace(
  rest: Rest,
  { tenant }: System,
  code: string,
  at: number,
): boolean {
  return rest.systems.some((system) => {
    if (system.tenant !== tenant) return false;
    const restored = rest.handsOf(system).log.filter(({ via }) => via === 'backup');
    return restored.some((lost) => {
      const isLoss = lost.kind === 'deleted' || isOfAnother(lost);
      if (!isLoss || !rest.people.areRelated(codeOf(lost.before), code)) return false;
      const others = restored.filter(
        (other) => other.at === lost.at && other.collection === lost.collection,
      );
      return !others.some((other) => other.kind === 'updated' && isTrace(rest, system, other, at));
    });
  });
}

/** The id is that of another item again, which had it when the backup was made. */
function isOfAnother({ before, after }: Change): boolean {
  return before !== undefined && after !== undefined && before.createdAt !== after.createdAt;
}

/**
 * What was known of an item that had the id gives it away when we deleted: that of the one which has it now is
 * a lower version, or it is another one, made earlier.
 */
function isTrace(rest: Rest, system: System, change: Change, deletedAt: number): boolean {
  const { at, id, collection } = change;
  const sync = syncId(system.tenant, collection as CollectionName);
  const ref = nameOfRef({ sync, endpoint: system.endpoint, remoteId: id });
  const known = (rest.witness.links.get(ref) ?? []).filter((one) => one.at <= at);
  const last = rest.handsOf(system).log.findLast((other) => {
    return other.at <= deletedAt && other.id === id && other.collection === collection;
  });
  if (last?.after === undefined) return false;
  if (isOfAnother(change)) {
    const made = known.findLast(({ createdAt }) => createdAt !== undefined)?.createdAt;
    return made !== undefined && Date.parse(last.after.createdAt) < made;
  }
  return last.version < Math.max(...known.flatMap(({ version }) => version ?? []));
}
