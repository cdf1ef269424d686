/**
 * What a kind of value promises. `parse` turns whatever a vendor sent into the one canonical spelling,
 * or says why it cannot. It never throws, always answers the same to the same, and takes its own
 * answers: `parse(parse(x)) = parse(x)`.
 *
 * Three things are not the same: `undefined` is *unknown*, it was not in the read; `null` is *cleared*,
 * somebody emptied the field; a field without a mapping is *not mapped* and never gets here. Text that
 * is blank counts as cleared.
 */
import type { z } from 'zod';

import type { Value } from '../value.ts';
import type { Note, Problem } from '../reasons.ts';

export interface Kind<Options> {
  /** What may be configured, checked before the first value is read. */
  readonly options: z.ZodType<Options>;
  parse(raw: unknown, options?: Options): Parsed;
}

export type Parsed<Canonical extends Value = Value> = Understood<Canonical> | Refused;

export interface Understood<Canonical extends Value = Value> {
  readonly ok: true;
  readonly value: Canonical;
  readonly note?: Note;
}

export interface Refused {
  readonly ok: false;
  readonly reason: Problem;
  /** What exactly, for a person. Never the value itself: details end up in logs. */
  readonly detail: string;
}

export const CLEARED: Understood<null> = { ok: true, value: null };

export function understood<Canonical extends Value>(
  value: Canonical,
  note?: Note,
): Understood<Canonical> {
  return note === undefined ? { ok: true, value } : { ok: true, value, note };
}

export function refused(reason: Problem, detail: string): Refused {
  return { ok: false, reason, detail };
}

/** True for objects as JSON makes them, false for lists, dates, maps and the like. */
export function isRecord(raw: unknown): raw is Readonly<Record<string, unknown>> {
  if (typeof raw !== 'object' || raw === null) return false;
  const prototype: unknown = Object.getPrototypeOf(raw);
  return prototype === Object.prototype || prototype === null;
}

/** A word that names a field or a part; not one that every object has as a member anyway. */
export function isName(word: string): boolean {
  return /^[a-z]\w*$/i.test(word) && !(word in Object.prototype);
}

/** How to name the type of a raw value to a person. */
export function typeName(raw: unknown): string {
  if (raw === null) return 'null';
  if (Array.isArray(raw)) return 'a list';
  if (typeof raw === 'object') return isRecord(raw) ? 'an object' : 'an object that is not JSON';
  return `a ${typeof raw}`;
}
