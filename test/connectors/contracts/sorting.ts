/** Which deviations have a reason, which have none, and which reasons are about nothing any more. */
import type { Known } from './known.ts';

export interface Sorted {
  readonly known: readonly { readonly reason: string; readonly deviations: readonly string[] }[];
  readonly news: readonly string[];
  /** As they are listed, behind the vendor. */
  readonly stale: readonly string[];
}

export function sorted(seen: Iterable<string>, list: readonly Known[]): Sorted {
  const all = [...seen].toSorted();
  const rows = list.flatMap(({ vendor, reason, deviations }) =>
    deviations.map((listed) => {
      const form = patternOf(`${vendor} ${listed}`);
      return { vendor, reason, listed, found: all.filter((told) => form.test(told)) };
    }),
  );
  const explained = new Set(rows.flatMap(({ found }) => found));
  const byReason = Map.groupBy(rows, ({ vendor, reason }) => `${vendor}: ${reason}`);
  return {
    known: [...byReason].map(([reason, its]) => ({
      reason,
      deviations: [...new Set(its.flatMap(({ found }) => found))].toSorted(),
    })),
    news: all.filter((told) => !explained.has(told)),
    stale: rows
      .filter(({ found }) => found.length === 0)
      .map(({ vendor, listed }) => `${vendor} ${listed}`),
  };
}

function patternOf(text: string): RegExp {
  const literal = text.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`);
  return new RegExp(`^${literal.replaceAll('*', '.*')}$`);
}
