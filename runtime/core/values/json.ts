/**
 * A structure that is opaque to us, compared by what it means: the order of members and blank space
 * do not count, the text inside strings does, to the last character.
 */
import { z } from 'zod';

import type { Value } from '../value.ts';
import { CLEARED, isRecord, refused, typeName, understood } from './kind.ts';
import type { Kind, Parsed } from './kind.ts';
import { decimalOf } from './numbers.ts';
import { isStorable } from './text.ts';

/** Blank text is cleared; empty lists and objects are values. Numbers that a double mangled are refused. */
export const json: Kind<Record<string, never>> = {
  options: z.strictObject({}),
  parse(raw) {
    if (raw === null) return CLEARED;
    if (raw === undefined) return refused('absent', 'nothing was read');
    if (typeof raw === 'string' && raw.trim() === '') return CLEARED;
    return copy(raw, 0);
  },
};

/** Reads JSON text without losing the digits of its numbers unseen. */
export function readJson(text: string): { ok: true; raw: unknown } | ReturnType<typeof refused> {
  let mangled = false;
  // The source of a number costs a call per member, so it is only asked for when there is a long one.
  const check = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    if (
      typeof value === 'number' &&
      decimalOf(context?.source ?? '') !== decimalOf(String(value))
    ) {
      mangled = true;
    }
    return value;
  };
  try {
    const raw: unknown = JSON.parse(text, /[\d.]{16}|\de[+-]?\d/i.test(text) ? check : undefined);
    return mangled
      ? refused('number-unsafe', 'more digits than a double keeps')
      : { ok: true, raw };
  } catch {
    // JSON.parse only ever fails on the text, and says where with a piece of it.
    return refused('json-refused', 'the text is not JSON');
  }
}

/** Deeper structures are attacks or accidents. */
const DEPTH_MAX = 32;
/** Members that change how an object behaves when somebody copies it carelessly. */
const REFUSED_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

function copy(raw: unknown, depth: number): Parsed {
  if (depth > DEPTH_MAX) return refused('json-refused', `deeper than ${DEPTH_MAX} levels`);
  if (raw === null || typeof raw === 'boolean') return understood(raw);
  if (typeof raw === 'string') {
    return isStorable(raw)
      ? understood(raw)
      : refused('not-well-formed', 'a NUL or a lone surrogate');
  }
  if (typeof raw === 'number') return copyNumber(raw);
  if (Array.isArray(raw)) return copyList(raw, depth);
  if (isRecord(raw)) return copyMembers(raw, depth);
  return refused('json-refused', `${typeName(raw)} is not JSON`);
}

function copyNumber(raw: number): Parsed {
  if (!Number.isFinite(raw)) return refused('json-refused', 'a number that is not finite');
  if (Number.isInteger(raw) && !Number.isSafeInteger(raw)) {
    return refused('number-unsafe', 'more digits than a double keeps');
  }
  return understood(raw === 0 ? 0 : raw);
}

function copyList(raw: readonly unknown[], depth: number): Parsed {
  const list: Value[] = [];
  for (const element of raw) {
    const copied = copy(element, depth + 1);
    if (!copied.ok) return copied;
    list.push(copied.value);
  }
  return understood(list);
}

function copyMembers(raw: Readonly<Record<string, unknown>>, depth: number): Parsed {
  const members: [string, Value][] = [];
  for (const [key, member] of Object.entries(raw)) {
    if (member === undefined) continue;
    if (REFUSED_KEYS.has(key) || !isStorable(key)) {
      return refused('json-refused', 'a member with a name that may not be stored');
    }
    const copied = copy(member, depth + 1);
    if (!copied.ok) return copied;
    members.push([key, copied.value]);
  }
  return understood(Object.fromEntries(members));
}
