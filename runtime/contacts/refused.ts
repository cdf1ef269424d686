/** What the contact store says no with: a status, the member that is at fault, and what to do next. */

export class Refused extends Error {
  readonly status: number;
  /** The member, or the parameter, with dots; where one is at fault. */
  readonly path: string | undefined;
  /** The item that has the value already. */
  readonly existingId: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    {
      path,
      existingId,
      headers = {},
    }: { path?: string; existingId?: string; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.status = status;
    this.path = path;
    this.existingId = existingId;
    this.headers = headers;
  }

  /** As RFC 9457 has it, with the two members that programs look for. */
  get problem(): Readonly<Record<string, unknown>> {
    const { status, message, path, existingId } = this;
    return {
      type: 'about:blank',
      title: TITLES[status],
      status,
      detail: message,
      ...(path !== undefined && { errors: [{ path, message }] }),
      ...(existingId !== undefined && { existingId }),
    };
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
