/**
 * Tables of facts about values. A row says what a raw value has to become and why; the reason is a
 * standard, a rule of ours that is written down, or how the thing works, never what some code did.
 */
import type { Value } from '../../runtime/core/value.ts';
import type { Note, Problem } from '../../runtime/core/reasons.ts';
import type { KindSpec } from '../../runtime/core/values/structures.ts';

export type Vector = readonly [raw: unknown, expected: Value | Refusal | Noted, why: string];

export interface Refusal {
  readonly refused: Problem;
}

export interface Noted {
  readonly value: Value;
  readonly note: Note;
}

export interface VectorTable {
  readonly title: string;
  readonly spec: KindSpec;
  readonly vectors: readonly Vector[];
}

export function no(refused: Problem): Refusal {
  return { refused };
}

export function noted(value: Value, note: Note): Noted {
  return { value, note };
}
