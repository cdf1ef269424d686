/** Whether a request and its answer are what the vendor describes. What is not is told without any values. */
import type { Exchange } from '../conformance/traffic.ts';
import type { Body, Description, Found, Operation, Parameter, Scheme } from './descriptions.ts';
import type { Flaw } from './schemas.ts';

/** Such as `GET /v2/persons: query limit has to be <= 500`; the same for every request of its sort. */
export type Deviation = string;

export function deviationsOf(
  description: Description,
  { method, url, headers, body, answer }: Omit<Exchange, 'vendor'>,
): readonly Deviation[] {
  const found = description.find(method, url.pathname);
  if (found.length === 0) {
    const what = description.knows(url.pathname) ? 'this method is' : 'there is';
    return [`${method} ${shapeOf(url)}: ${what} not described`];
  }
  // Where something is described more than once, one description is enough.
  const all = found.map(({ operation, names }) => {
    const said = [
      ...security(operation, headers, url),
      ...parameters({ operation, names }, url),
      ...requestBody(operation, headers, body),
      ...(answer === undefined ? [] : answered(operation, answer)),
    ];
    return said.map((what) => `${method} ${operation.path}: ${what}`);
  });
  return all.reduce((best, other) => (other.length < best.length ? other : best));
}

/** The path without what is in it of one item only. */
function shapeOf({ pathname }: URL): string {
  return pathname.replaceAll(/\/(\d+|[0-9a-f-]{36})(?=\/|$)/g, '/{}');
}

function security({ security: ways }: Operation, headers: Headers, url: URL): string[] {
  const isShown = (scheme: Scheme): boolean => {
    const authorization = headers.get('authorization') ?? '';
    if (scheme.type === 'apiKey') {
      const { name = '' } = scheme;
      return scheme.in === 'query' ? url.searchParams.has(name) : headers.has(name);
    }
    return (scheme.scheme === 'basic' ? /^Basic ./ : /^Bearer ./i).test(authorization);
  };
  if (ways.length === 0 || ways.some((way) => way.every(isShown))) return [];
  return ['does not show who asks in any way that is described'];
}

function parameters({ operation, names }: Found, { searchParams }: URL): string[] {
  const { parameters: described, schemas } = operation;
  const inQuery = described.filter((each) => each.in === 'query');
  const keys = described.filter((each) => each.in === 'path');
  const isWrong = (parameter: Parameter, value: string): readonly Flaw[] => {
    const readings = readingsOf(value).map((each) => schemas.flaws(parameter.schema ?? {}, each));
    return readings.some((flaws) => flaws.length === 0) ? [] : readings[0]!;
  };
  const given = new Map([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
  return [
    ...[...given.keys()]
      .filter((name) => !inQuery.some((each) => each.name === name) && !isKey(operation, name))
      .map((name) => `query ${name} is not described`),
    ...inQuery.flatMap((parameter) => {
      const values = given.get(parameter.name);
      if (values !== undefined) {
        return isWrong(parameter, values.join(',')).map(
          ({ what }) => `query ${parameter.name} ${what}`,
        );
      }
      return parameter.required === true ? [`query ${parameter.name} is missing`] : [];
    }),
    ...keys.flatMap((parameter) =>
      isWrong(parameter, names[parameter.name] ?? '').map(
        ({ what }) => `path ${parameter.name} ${what}`,
      ),
    ),
  ];
}

/** A key in the query shows who asks. */
function isKey({ security: ways }: Operation, name: string): boolean {
  return ways.flat().some((scheme) => scheme.in === 'query' && scheme.name === name);
}

/** In an address everything is text; what is meant is a number, yes or no, or a list. */
function readingsOf(text: string): readonly unknown[] {
  const simple = (each: string): unknown => {
    if (/^-?\d+(\.\d+)?$/.test(each)) return Number(each);
    return each === 'true' || each === 'false' ? each === 'true' : each;
  };
  const parts = text.split(',');
  return [text, simple(text), parts, parts.map(simple)];
}

function requestBody(
  { requestBody: described, schemas }: Operation,
  headers: Headers,
  body: string,
): string[] {
  if (body === '') return described?.required === true ? ['body is missing'] : [];
  if (described === undefined) return ['body is not described'];
  const form = formFor(described, headers);
  if (form === undefined) return [`body is not described as ${typeOf(headers)}`];
  return schemas.flaws(form.schema ?? {}, read(body, headers)).map(inWords('body'));
}

function answered(
  operation: Operation,
  { status, headers, body }: Exchange['answer'] & {},
): string[] {
  const { responses, schemas } = operation;
  const described =
    responses[status] ?? responses[`${String(status)[0]}XX`] ?? responses['default'];
  if (described === undefined) return unexpected(operation, { status, headers, body });
  const response = schemas.resolved(described) as Body;
  const types = Object.keys(response.content ?? {});
  if (body === '') return types.length === 0 ? [] : [`answer ${status} has no body`];
  if (types.length === 0) return [`answer ${status} has a body, which is not described`];
  const form = formFor(response, headers);
  if (form === undefined) return [`answer ${status} is not described as ${typeOf(headers)}`];
  return schemas.flaws(form.schema ?? {}, read(body, headers)).map(inWords(`answer ${status}`));
}

/** Of a success with another number than the one that is described, the rest can still be right. */
function unexpected(operation: Operation, answer: Exchange['answer'] & {}): string[] {
  const { status } = answer;
  const usual = Object.entries(operation.responses).find(([known]) => known.startsWith('2'));
  const rest =
    status < 300 && usual !== undefined
      ? answered({ ...operation, responses: { [status]: usual[1] } }, answer)
      : [];
  return [`answer ${status} is not described`, ...rest];
}

function formFor(
  { content = {} }: Body,
  headers: Headers,
): { readonly schema?: unknown } | undefined {
  const plain = Object.entries(content).map(
    ([type, form]) => [type.split(';')[0]!.trim(), form] as const,
  );
  const forms = new Map(plain);
  return forms.get(typeOf(headers)) ?? forms.get('*/*');
}

function typeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';')[0]!.trim();
}

function read(body: string, headers: Headers): unknown {
  if (typeOf(headers) === 'application/x-www-form-urlencoded') {
    return Object.fromEntries(new URLSearchParams(body));
  }
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

function inWords(where: string): (flaw: Flaw) => string {
  return ({ at, what }) => `${where} ${at === '' ? '/' : at} ${what}`;
}
