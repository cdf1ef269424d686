/**
 * A canonical value: plain JSON in one fixed spelling, so that two systems hold the same thing
 * exactly when their canonical values are equal. `null` means *cleared*: somebody emptied the field.
 * *Unknown*, a field that was not in the read, is the absence of a value (`undefined`), never `null`.
 */

export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Canonical values by field name; a missing key is *unknown*. */
export type Values = Readonly<Record<string, Value>>;

/** The value as RFC 8785 JSON: one text per value, to hash, to order by, to compare across machines. */
export function canonicalText(value: Value): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalText).join(',')}]`;
  const members = Object.keys(value)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonicalText(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

export function same(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  return canonicalText(a) === canonicalText(b);
}

/** `Array.isArray` does not narrow a readonly union; this does. */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
