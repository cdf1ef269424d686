/**
 * A vendor's "so many in so much time" as a `Limit`, which is a bucket: full at first, and filling up
 * steadily. Taken as they are, the vendor's two numbers would allow twice as much: all that is in the
 * bucket at once, and as much again while it fills.
 *
 * Promise: in no stretch of time as long as `windowMs`, wherever it begins, is more spent than `most`,
 * but for a single call that costs more than the bucket holds.
 */
import type { Limit } from './connector.ts';

export interface Window {
  readonly name: string;
  readonly most: number;
  readonly windowMs: number;
  /**
   * How much of it may be spent at once, and how much is spread over the window: much for a few seconds,
   * little for a day, so that a busy morning leaves something for the evening.
   */
  readonly burst?: number;
  readonly cost: Limit['cost'];
}

export function windowLimit({ name, most, windowMs, burst = 0.5, cost }: Window): Limit {
  return { name, capacity: most * burst, perMs: (windowMs * burst) / (1 - burst), cost };
}
