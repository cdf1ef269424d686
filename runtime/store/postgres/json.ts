/**
 * JSON for PostgreSQL, which refuses the character NUL and halves of surrogate pairs. Customer data
 * has both. They are written as an escape character and four hex digits, and read back as they were.
 */

/** DLE, "data link escape", for once used for what it is there for. */
const ESCAPE = '\\u0010';

/** In JSON text: an escaped backslash, to step over it, or a code unit that needs an escape. */
const REFUSED = /\\(?:\\|u(0000|0010|d[89a-f][0-9a-f]{2}))/g;

export function toJson(value: unknown): string {
  // JSON.stringify escapes exactly these, in lower case; a surrogate that has its other half is left.
  return JSON.stringify(value).replaceAll(REFUSED, (found, unit?: string) =>
    unit === undefined ? found : ESCAPE + unit,
  );
}

/** A text as it lies in a column that was filled from JSON. */
export function toText(text: string): string {
  return JSON.parse(toJson(text)) as string;
}

/** In what PostgreSQL returns: an escaped backslash, or an escape and its four digits. */
const ESCAPED = /\\(?:\\|u0010([0-9a-f]{4}))/g;

export function fromJson(text: string): unknown {
  if (!text.includes(ESCAPE)) return JSON.parse(text);
  return JSON.parse(
    text.replaceAll(ESCAPED, (found, unit?: string) => (unit === undefined ? found : `\\u${unit}`)),
  );
}
