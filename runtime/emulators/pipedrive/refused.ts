/** What Pipedrive says when it says no, in its two dialects of errors. */
import { RequestRefused } from '../desk.ts';

const INFO = 'Please check developers.pipedrive.com';

/** A request or a value that is not understood. The same code for all of them. */
export function invalid(error: string, fieldCode?: string): RequestRefused {
  return new RequestRefused(400, {
    success: false,
    error: `Validation failed: ${error}`,
    code: 'ERR_SCHEMA_VALIDATION_FAILED',
    ...(fieldCode === undefined ? {} : { field_code: fieldCode }),
    ...REST,
  });
}

/** As the older version of the API says it, without a code. */
export function bad(error: string): RequestRefused {
  return new RequestRefused(400, { success: false, error, ...REST });
}

export function notFound(): RequestRefused {
  return new RequestRefused(404, {
    success: false,
    error: 'Entity was not found',
    ...REST,
    error_info: 'Object was not found.',
  });
}

/** As the older version of the API says it. */
export function lacking(what: string): RequestRefused {
  return new RequestRefused(404, { success: false, error: `${what} not found`, ...REST });
}

export function forbidden(code?: string): RequestRefused {
  return new RequestRefused(403, {
    success: false,
    error: 'You do not have permissions to do this.',
    ...(code === undefined ? {} : { code }),
    ...REST,
  });
}

/** Whatever else it is that does not work. */
export function failing(status: number, error: string): RequestRefused {
  return new RequestRefused(status, failure(error));
}

export function failure(error: string): object {
  return { success: false, error, ...REST };
}

const REST = { error_info: INFO, data: null, additional_data: null };

export const UNAUTHORIZED = {
  success: false,
  error: 'unauthorized access',
  errorCode: 401,
  error_info: INFO,
};

/** What a network in front of the API says to those who do not listen. It is no JSON. */
export const SHUT_OUT = '<!doctype html><title>403 Forbidden</title><h1>Access denied</h1>\n';

/** To be told with `SHUT_OUT` instead of a body. */
export class ShutOut extends RequestRefused {
  constructor() {
    super(403, {});
    this.name = 'ShutOut';
  }
}
