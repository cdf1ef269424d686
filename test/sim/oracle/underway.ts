/**
 * When a write was sent. Most land as soon as they are sent; one that was struck on its way lands later,
 * when whoever sent it may know nothing of it any more.
 */
import type { Change } from '../../../runtime/emulators/grumpy/grumpy.ts';
import type { System } from '../system.ts';
import type { Struck } from '../trouble.ts';
import type { Rest } from './rest.ts';

/** Requests are on their way for so long at most, when nothing is slow. */
export const UNDER_WAY_MS = 200;

export function sentAt({ struck }: Pick<Rest, 'struck'>, system: System, change: Change): number {
  const before = struck.findLast((one) => isLanding(one, system, change));
  return before?.at ?? change.at;
}

/** What is late lands at the end of its time, what is slow at some moment of it. */
function isLanding(
  { fault, call, at, ms = 0 }: Struck,
  { account }: System,
  change: Change,
): boolean {
  const isToIt = call?.account === account && call.collection === change.collection;
  if (!isToIt || call.action === 'read' || !call.ids?.includes(change.id)) return false;
  if (fault === 'late') return at + ms === change.at;
  return fault === 'slow' && at <= change.at && change.at <= at + ms;
}
