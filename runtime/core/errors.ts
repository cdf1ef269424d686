/**
 * Errors that say what to do next. Every failure a person can meet carries three sentences: what
 * happened, where, and the next step. Code reacts to `code`, people read `message`.
 */

export class TributaryError extends Error {
  /** Short and stable, `kebab-case`; flows and tests match on it. */
  readonly code: string;
  /** What to do next, one sentence. */
  readonly next: string;

  constructor(
    code: string,
    { what, next, cause }: { what: string; next: string; cause?: unknown },
  ) {
    super(`${what} ${next}`, cause === undefined ? undefined : { cause });
    this.name = 'TributaryError';
    this.code = code;
    this.next = next;
  }
}
