/**
 * Values of PostgreSQL as members of an item, and back. Whole numbers that fit and floating point ones
 * are numbers; `numeric`, `bigint` and `money` are texts, so that no digit is lost; times are in UTC with
 * all their digits; json is what it holds; arrays are lists; everything else is as the server writes it.
 * A write takes what a read gave. Bytes and search vectors are left out.
 */
import type { VendorField } from '../connector.ts';
import type { Column } from './api.ts';

const LEFT_OUT: ReadonlySet<string> = new Set(['bytea', 'tsvector', 'tsquery']);

export function isShown({ type }: Column): boolean {
  return !LEFT_OUT.has(type);
}

const NUMBERS: ReadonlySet<string> = new Set(['int2', 'int4', 'float4', 'float8']);
/** What JSON can hold as it is, also in a list. */
const PLAIN: ReadonlySet<string> = new Set([...NUMBERS, 'bool', 'json', 'jsonb']);

/** `t` is the table. */
export function selectionOf({ name, type, isArray }: Column): string {
  const column = `t.${quoted(name)}`;
  if (!isArray) return column;
  return PLAIN.has(type) ? `to_json(${column})` : `to_json(${column}::text[])`;
}

export function valueOf(text: string | null, { type, isArray }: Column): unknown {
  if (text === null) return null;
  if (isArray || type === 'json' || type === 'jsonb') return JSON.parse(text) as unknown;
  if (type === 'bool') return text === 't';
  if (NUMBERS.has(type)) return Number.isFinite(Number(text)) ? Number(text) : text;
  if (type === 'timestamptz') return isoOf(text, 'Z');
  if (type === 'timestamp') return isoOf(text, '');
  return text;
}

/** `2026-01-02 03:04:05.678901+00`; what has no such form, such as `infinity`, stays as it is. */
function isoOf(text: string, zone: string): string {
  const [, date, time] = /^(\d{4,6}-\d\d-\d\d) ([\d:.]+?)(?:\+00)?$/.exec(text) ?? [];
  return date === undefined ? text : `${date}T${time}${zone}`;
}

export function fieldOf(
  column: Column,
  { isReadOnly, isUnique }: { readonly isReadOnly: boolean; readonly isUnique: boolean },
): VendorField {
  const { name, comment, declared, labels } = column;
  return {
    path: name,
    ...(comment !== null && comment !== '' && { title: comment }),
    type: declared,
    ...(isReadOnly && { readOnly: true }),
    ...(isUnique && { unique: true }),
    ...(labels !== null && { options: labels }),
  };
}

/** Such a name may hold anything. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
