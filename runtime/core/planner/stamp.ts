/**
 * A stamp orders the edits of one cell; the greatest wins. Taking the maximum is what makes the
 * order and the batching of observations irrelevant.
 *
 * `[depth, high, low]`, compared from the left:
 * - last write wins: high is the time of the edit, but always later than what the editor had seen
 *   (an edit made on top of a value is newer than it, whatever the clocks say); low is the rank.
 * - priority: depth is one more than what the editor had seen, high the rank, low the time. So the
 *   more trusted system wins among edits made apart, and nobody is stuck for ever with a value they
 *   have seen and corrected.
 */
import { canonicalText, type Value } from '../value.ts';

export type Stamp = readonly [depth: number, high: number, low: number];

/** Below everything: marks a link whose value must be overwritten. */
export const BEFORE_ALL: Stamp = [-1, 0, 0];

export function compareStamps(a: Stamp, b: Stamp): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Orders by stamp, then by the value itself, so that even a perfect tie has one outcome everywhere. */
export function compareEdits(
  a: { readonly stamp: Stamp; readonly value: Value },
  b: { readonly stamp: Stamp; readonly value: Value },
): number {
  const order = compareStamps(a.stamp, b.stamp);
  if (order !== 0) return order;
  const left = canonicalText(a.value);
  const right = canonicalText(b.value);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Values that systems held before they were ever linked: older than any edit. */
export function isInitial(stamp: Stamp): boolean {
  return stamp[0] === 0 && stamp[1] === 0;
}

export function initialStamp(rank: number): Stamp {
  return [0, 0, rank];
}

export function timedStamp(at: number, rank: number, seen: Stamp | null): Stamp {
  return [Math.max(0, seen?.[0] ?? 0), Math.max(at, (seen?.[1] ?? 0) + 1), rank];
}

export function rankedStamp(at: number, rank: number, seen: Stamp | null): Stamp {
  return [Math.max(0, seen?.[0] ?? 0) + 1, rank, at];
}
