/** What an app says no with: a status, and one of the forms that apps have for it. */
import { RequestRefused } from '../desk.ts';
import type { Settings } from './options.ts';
import type { Schema } from './schemas.ts';
import { spelled } from './words.ts';

export interface Fault {
  /** The member or the parameter that is at fault, with dots. */
  readonly path?: string | undefined;
  /** Who has the value already, as ids are written. */
  readonly existing?: string | number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export function refusal(
  settings: Settings,
  status: number,
  message: string,
  { path, existing, headers = {} }: Fault = {},
): RequestRefused {
  const { errors, names } = settings;
  const more =
    existing === undefined || settings.existing === 'none'
      ? {}
      : { [spelled(names, settings.existing)]: existing };
  const body = { ...FORMS[errors].body(status, message, path), ...more };
  const type = errors === 'problem' ? { 'content-type': 'application/problem+json' } : {};
  return new RequestRefused(status, body, { ...type, ...headers });
}

/** As the document describes it. */
export function errorSchema({ errors }: Settings): Schema {
  return FORMS[errors].schema;
}

interface Form {
  body(status: number, message: string, path: string | undefined): object;
  readonly schema: Schema;
}

const text = { type: 'string' };

function listOf(member: string): Schema {
  return {
    type: 'array',
    items: { type: 'object', properties: { [member]: text, message: text } },
  };
}

function objectOf(properties: Schema): Schema {
  return { type: 'object', properties };
}

const FORMS: Readonly<Record<Settings['errors'], Form>> = {
  problem: {
    body: (status, message, path) => ({
      type: 'about:blank',
      title: TITLES[status] ?? 'Failed',
      status,
      detail: message,
      ...(path === undefined ? {} : { errors: [{ path, message }] }),
    }),
    schema: objectOf({
      type: text,
      title: text,
      status: { type: 'integer' },
      detail: text,
      errors: listOf('path'),
    }),
  },
  list: {
    body: (_status, message, path) => ({
      errors: [{ ...(path === undefined ? {} : { field: path }), message }],
    }),
    schema: objectOf({ errors: listOf('field') }),
  },
  pointer: {
    body: (status, message, path) => ({
      statusCode: status,
      error: TITLES[status] ?? 'Failed',
      message,
      ...(path === undefined ? {} : { errors: [{ instancePath: pointer(path), message }] }),
    }),
    schema: objectOf({
      statusCode: { type: 'integer' },
      error: text,
      message: text,
      errors: listOf('instancePath'),
    }),
  },
  message: {
    body: (_status, message, path) => ({ message, ...(path === undefined ? {} : { path }) }),
    schema: objectOf({ message: text, path: text }),
  },
  error: {
    body: (_status, message, path) => ({
      error: message,
      ...(path === undefined ? {} : { field: path }),
    }),
    schema: objectOf({ error: text, field: text }),
  },
};

function pointer(path: string): string {
  const steps = path.split('.').map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1'));
  return `/${steps.join('/')}`;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};
