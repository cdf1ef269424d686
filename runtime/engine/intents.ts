/**
 * What is recorded of a write before it is sent, so that whoever finds it later knows what it may have done:
 * also to the fields that only went along, where a system takes more at once than what has changed.
 */
import type { Values } from '../core/value.ts';
import type { StoredIntent } from '../store/store.ts';
import type { Case, Sending } from './case.ts';

export function intentFor(one: Case, sending: Sending, armedAt: number): StoredIntent {
  const { write, intentId: id } = sending;
  const { endpoint, link, op, patch, stamps, before, generation, reason } = write;
  const carried = carriedBy(one, sending);
  return {
    id,
    endpoint,
    ...(link === undefined ? {} : { link }),
    op,
    patch,
    stamps,
    state: 'armed',
    armedAt,
    by: one.leases[0]!.key,
    before,
    ...(carried ? { carried } : {}),
    generation,
    reason,
  };
}

/** A write that is guarded never lands on top of anything else than what was read. */
function carriedBy(one: Case, { member, write, raw, ifVersion }: Sending): Values | undefined {
  const seen = write.link && one.observed.get(write.link);
  if (write.op !== 'update' || ifVersion !== undefined || seen?.kind !== 'present')
    return undefined;
  const along = member.sentWith(raw).flatMap((name) => {
    const value = write.patch[name] === undefined ? seen.fields[name] : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  return along.length > 0 ? Object.fromEntries(along) : undefined;
}
