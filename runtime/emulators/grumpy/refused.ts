/**
 * What Grumpy says no to. One item of a batch, or an edit by hand, is `Refused`; a whole request is
 * answered with `RequestRefused`. Both carry the code that README.md lists.
 */

export type ItemCode =
  | 'invalid'
  | 'unknown_field'
  | 'read_only'
  | 'duplicate'
  | 'outdated'
  | 'busy'
  | 'missing';

export class Refused extends Error {
  readonly code: ItemCode;
  readonly path: string | undefined;
  readonly existingId: string | undefined;

  constructor(
    code: ItemCode,
    message: string,
    { path, existingId }: { path?: string; existingId?: string } = {},
  ) {
    super(message);
    this.name = 'Refused';
    this.code = code;
    this.path = path;
    this.existingId = existingId;
  }

  get facts(): object {
    const { code, message, path, existingId } = this;
    return { code, message, path, existingId };
  }
}

export class RequestRefused extends Error {
  readonly status: number;
  /** The answer's body. */
  readonly body: object;

  constructor(status: number, code: string, message: string, more: object = {}) {
    super(message);
    this.name = 'RequestRefused';
    this.status = status;
    this.body = { code, message, ...more };
  }
}
