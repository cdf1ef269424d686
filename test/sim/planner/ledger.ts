/**
 * God's view of who typed what. Every edit types a text of its own (`e007-...`), so wherever the text
 * turns up again, in a vendor's spelling or in a row, it is known whose it is. An edit is replaced
 * knowingly when a person types over it at any item that shows it. Any other edit has to be our value
 * in the end, or be on record.
 */
import type { Value } from '../../../runtime/core/value.ts';

export interface Ledger {
  /** A new text, and the note that somebody typed it. */
  type(): string;
  count(): number;
  /** A person put `after` where `before` stood and was seen. Typing an old text again is no new edit. */
  replaced(before: Value, after: Value): void;
  /** A write of ours landed on an edit that nobody could have read in time; the vendor offers no guard. */
  overwritten(value: Value): void;
  /** The edits that are neither replaced nor found in what is kept. */
  missing(kept: readonly unknown[]): readonly string[];
}

const MARK = /e\d{3}/g;

export function ledger(): Ledger {
  let typed = 0;
  const current = new Set<string>();
  const known = new Set<string>();

  function replaced(before: Value, after: Value): void {
    const kept = marksIn(after);
    for (const mark of marksIn(before)) if (!kept.has(mark)) current.delete(mark);
    for (const mark of kept) if (!known.has(mark)) current.add(mark);
    for (const mark of kept) known.add(mark);
  }

  return {
    type() {
      typed += 1;
      return `e${String(typed).padStart(3, '0')}-${typed % 3 === 0 ? 'Long Text ' : 'Ab'}`;
    },
    count: () => typed,
    replaced,
    overwritten(value) {
      for (const mark of marksIn(value)) current.delete(mark);
    },
    missing(kept) {
      const found = marksIn(JSON.stringify(kept));
      return [...current].filter((mark) => !found.has(mark));
    },
  };
}

/** Whatever the spelling: the marks survive lower case, trimming and being cut. */
export function marksIn(value: unknown): ReadonlySet<string> {
  return new Set(
    JSON.stringify(value ?? null)
      .toLowerCase()
      .match(MARK) ?? [],
  );
}
