/**
 * What a log may say of an error: what and where, and the same of its causes. Never its other
 * properties: those that HTTP clients and database drivers add hold tokens and passwords.
 */
export function stackTrace(error: unknown, causesMax = 5): string {
  const { stack, cause } = (error ?? {}) as { stack?: unknown; cause?: unknown };
  const text = typeof stack === 'string' ? stack : String(error);
  if (cause === undefined || causesMax === 0) return text;
  return `${text}\n  because of ${stackTrace(cause, causesMax - 1)}`;
}
