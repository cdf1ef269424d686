/**
 * Text: Unicode NFC, line ends as `\n`, no blanks at the ends. Blank text is cleared. What stands
 * between the first and the last visible character is the user's and stays: inner blanks, line breaks,
 * the joiners of emoji and of Persian.
 *
 * Every kind that vendors write as text starts with `parseText`, so all of them agree on what blank
 * is and on which characters cannot be stored.
 */
import { z } from 'zod';

import type { Value } from '../value.ts';
import { CLEARED, refused, typeName, understood } from './kind.ts';
import type { Kind, Parsed } from './kind.ts';

export interface TextOptions {
  /** `kept`: blank text is a value of its own, the empty text. */
  readonly blank?: 'cleared' | 'kept' | undefined;
}

export const text: Kind<TextOptions> = {
  options: z.strictObject({ blank: z.enum(['cleared', 'kept']).optional() }),
  parse(raw, options) {
    const parsed = parseText(raw, (clean) => understood(clean));
    if (parsed === CLEARED && raw !== null && options?.blank === 'kept') return understood('');
    return parsed;
  },
};

/** Reads text or a number as canonical text; `understand` sees it only when there is something to see. */
export function parseText<Canonical extends Value>(
  raw: unknown,
  understand: (text: string) => Parsed<Canonical>,
): Parsed<Canonical | null> {
  if (raw === null) return CLEARED;
  if (raw === undefined) return refused('absent', 'nothing was read');
  const spelled = spell(raw);
  if (spelled === undefined) return refused('wrong-type', `text expected, ${typeName(raw)} found`);
  if (!isStorable(spelled)) return refused('not-well-formed', 'a NUL or a lone surrogate');
  const clean = trimEdges(withPlainLineEnds(spelled.normalize('NFC')));
  return clean === '' ? CLEARED : understand(clean);
}

/** Characters that show nothing and that people paste along with a value they mean without them. */
const INVISIBLE = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
/** The same with the two joiners, which do mean something in the names of some languages. */
const INVISIBLE_OR_JOINER = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;

/** Without what cannot be seen; for values in which nothing invisible has a meaning. */
export function withoutInvisible(clean: string): string {
  return clean.replace(INVISIBLE, '').trim();
}

export function withoutJoiners(clean: string): string {
  return clean.replace(INVISIBLE_OR_JOINER, '');
}

/** False for what JSON text (RFC 8785) or PostgreSQL cannot carry. */
export function isStorable(spelled: string): boolean {
  return spelled.isWellFormed() && !spelled.includes('\0');
}

function spell(raw: unknown): string | undefined {
  if (typeof raw === 'string') return raw;
  if (typeof raw === 'bigint') return String(raw);
  // An id that came as a number. One beyond 2^53 is another id by now.
  if (typeof raw === 'number' && Number.isSafeInteger(raw)) return String(raw);
  // Short decimals print as they were sent; long ones and exponents do not.
  if (typeof raw === 'number' && /^-?\d{1,9}\.\d{1,6}$/.test(String(raw))) return String(raw);
  return undefined;
}

function withPlainLineEnds(spelled: string): string {
  return spelled.includes('\r') ? spelled.replace(/\r\n?/g, '\n') : spelled;
}

/** Like `trim`, and the zero-width characters too. A regular expression would be quadratic at the end. */
function trimEdges(spelled: string): string {
  let start = 0;
  let end = spelled.length;
  while (start < end && isEdgeBlank(spelled.charCodeAt(start))) start += 1;
  while (end > start && isEdgeBlank(spelled.charCodeAt(end - 1))) end -= 1;
  return spelled.slice(start, end);
}

function isEdgeBlank(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  if (code < 0xa0) return code === 0x85;
  return EDGE_BLANKS.has(code);
}

/** White_Space of Unicode above Latin-1, and zero-width space, word joiner, byte order mark. */
const EDGE_BLANKS = new Set([
  0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009,
  0x200a, 0x200b, 0x2028, 0x2029, 0x202f, 0x205f, 0x2060, 0x3000, 0xfeff,
]);
