/**
 * What a CRM says no to, one item at a time: a write of a batch, or an edit by hand. Each dialect says
 * it in its own words.
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
  /** What the vendor itself calls it, where it has more words than we have codes. */
  readonly reason: string | undefined;

  constructor(
    code: ItemCode,
    message: string,
    { path, existingId, reason }: { path?: string; existingId?: string; reason?: string } = {},
  ) {
    super(message);
    this.name = 'Refused';
    this.code = code;
    this.path = path;
    this.existingId = existingId;
    this.reason = reason;
  }

  get facts(): object {
    const { code, message, path, existingId } = this;
    return { code, message, path, existingId };
  }
}

/** The answer to a write, also when it is refused. */
export function refusing<Result>(work: () => Result, refuse: (refused: Refused) => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refused) return refuse(error);
    throw error;
  }
}
