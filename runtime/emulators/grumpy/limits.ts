/**
 * How often an account may ask: token buckets that fill steadily. A request takes one from each; one
 * that finds a bucket empty takes none and is refused.
 */
import type { Limit } from './options.ts';

export class Limits {
  readonly #buckets: { readonly limit: Limit; level: number; atMs: number }[];

  constructor(limits: readonly Limit[], nowMs: number) {
    this.#buckets = limits.map((limit) => ({ limit, level: limit.capacity, atMs: nowMs }));
  }

  /** Undefined when the request may go on, else how long until the next one may. */
  take(nowMs: number): number | undefined {
    let waitMs = 0;
    for (const bucket of this.#buckets) {
      const { capacity, perMs } = bucket.limit;
      const gained = ((nowMs - bucket.atMs) * capacity) / perMs;
      bucket.level = Math.min(capacity, bucket.level + gained);
      bucket.atMs = nowMs;
      if (bucket.level < 1) waitMs = Math.max(waitMs, ((1 - bucket.level) * perMs) / capacity);
    }
    if (waitMs > 0) return waitMs;
    for (const bucket of this.#buckets) bucket.level -= 1;
    return undefined;
  }

  headers(): Record<string, string> {
    return Object.fromEntries(
      this.#buckets.map(({ limit: { name, capacity, perMs }, level }) => {
        const fullS = Math.ceil(((capacity - level) * perMs) / capacity / 1000);
        return [`x-limit-${name}`, `${Math.floor(level)};${capacity};${fullS}`];
      }),
    );
  }
}
