/**
 * God's view of who typed what. Every edit types a mark of its own (`e0007`), which survives what
 * vendors do to spellings; in a telephone number it is the last four digits. So wherever a mark turns
 * up again, in an item or in a row, it is known whose it is, in which field, and about whom.
 *
 * An edit is *settled* when a person typed over it at an item that showed it. Any other edit has to be
 * somewhere in the end: as the value, or on record.
 */
export interface Ledger {
  /** A new mark, and the note of where it was typed. */
  type(edit: Omit<Edit, 'mark'>): string;
  /** A person put `after` where `before` stood and was seen. Typing an old text again is no new edit. */
  replaced(before: unknown, after: unknown): void;
  count(): number;
  edit(mark: string): Edit | undefined;
  /** The edits that are neither settled nor found in what is kept. */
  missing(kept: unknown): readonly Edit[];
}

export interface Edit {
  readonly mark: string;
  readonly tenant: number;
  readonly system: string;
  readonly collection: string;
  readonly field: string;
  /** Of the record that it was typed at. */
  readonly code: string;
  readonly at: number;
}

export function ledger(): Ledger {
  const edits = new Map<string, Edit>();
  const unsettled = new Set<string>();

  return {
    type(edit) {
      const mark = `e${String(edits.size + 1).padStart(4, '0')}`;
      edits.set(mark, { ...edit, mark });
      unsettled.add(mark);
      return mark;
    },
    replaced(before, after) {
      const kept = marksIn(after);
      for (const mark of marksIn(before)) if (!kept.has(mark)) unsettled.delete(mark);
    },
    count: () => edits.size,
    edit: (mark) => edits.get(mark),
    missing(kept) {
      const found = marksIn(kept);
      return [...unsettled].filter((mark) => !found.has(mark)).map((mark) => edits.get(mark)!);
    },
  };
}

/** Mobile numbers that exist, so that they are understood as numbers. */
const NUMBERS = '+3620555';

/** As a person would write it. */
export function phoneOf(mark: string): string {
  return `${NUMBERS}${mark.slice(1)}`;
}

/** Not a part of a word: ids are random, and some of them have in them what looks like a mark. */
const MARK = /(?<![0-9a-z])e(\d{4})(?![0-9a-z])/g;
const MARKED_NUMBER = /3\D?6\D?2\D?0\D?5\D?5\D?5\D?(\d)\D?(\d)\D?(\d)\D?(\d)/g;

/** Whatever the spelling: in small letters, trimmed, cut, or with blanks between the digits. */
export function marksIn(value: unknown): ReadonlySet<string> {
  const text = (JSON.stringify(value) ?? '').toLowerCase();
  const marks = new Set<string>();
  for (const [, digits] of text.matchAll(MARK)) marks.add(`e${digits}`);
  for (const [, ...digits] of text.matchAll(MARKED_NUMBER)) marks.add(`e${digits.join('')}`);
  return marks;
}
