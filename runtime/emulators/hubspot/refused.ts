/** What HubSpot says no with. Every body gets its correlation id on the way out. */
import { RequestRefused } from '../desk.ts';

export interface Complaint {
  readonly status: 'error';
  readonly message: string;
  readonly category: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
  readonly errors?: readonly object[];
  readonly subCategory?: string;
}

export function refusal(
  status: number,
  category: string,
  message: string,
  more: Partial<Complaint> = {},
): RequestRefused {
  return new RequestRefused(status, { status: 'error', message, category, ...more });
}

export function invalid(message: string, more: Partial<Complaint> = {}): RequestRefused {
  return refusal(400, 'VALIDATION_ERROR', message, more);
}

export function notFound(message = 'resource not found'): RequestRefused {
  return refusal(404, 'OBJECT_NOT_FOUND', message);
}

/** A body that is none of JSON, as gateways and routers have them. */
export class Html {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }
}

export function noSuchPath(): RequestRefused {
  return new RequestRefused(404, page(404, 'Not Found'), { 'x-hubspot-notfound': 'true' });
}

export function wrongMethod(): RequestRefused {
  return new RequestRefused(405, page(405, 'Method Not Allowed'));
}

export function page(status: number, title: string): Html {
  const heading = `<h1>HTTP ERROR ${status}</h1>\n<p>${title}</p>`;
  return new Html(
    `<html>\n<head><title>Error ${status} ${title}</title></head>\n<body>${heading}</body>\n</html>\n`,
  );
}

/** Of several properties at once; the list stands as JSON inside the message. */
export interface Problem {
  readonly name: string;
  readonly error: string;
  readonly message: string;
}

export function invalidProperties(problems: readonly Problem[]): RequestRefused {
  const listed = problems.map(({ name, error, message }) => ({
    isValid: false,
    message,
    error,
    name,
    localizedErrorMessage: message,
  }));
  return invalid(`Property values were not valid: ${JSON.stringify(listed)}`);
}

export function missingScopes(needed: readonly string[]): RequestRefused {
  const message =
    "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.";
  return refusal(403, 'MISSING_SCOPES', message, {
    errors: [
      {
        message: 'One or more of the following scopes are required.',
        context: { requiredGranularScopes: needed },
      },
    ],
  });
}
