/**
 * The OpenAPI document of an app, as true as it can be: all operations, parameters and schemas are those
 * that requests are understood by. Only its `servers` say where somebody once tried it out.
 */
import type { Account } from './account.ts';
import { operationsOf, type Operation, type Parameter } from './operations.ts';
import type { Settings } from './options.ts';
import { errorSchema } from './refused.ts';
import { idSchema, orNull, ref, schemaNames, schemasOf, type Schema } from './schemas.ts';
import { idMember, wordsOf } from './words.ts';

export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Schema>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, Schema>>>>;
  readonly [word: string]: unknown;
}

/** What an app says of itself, and knows itself by. */
export interface Described {
  readonly document: Document;
  readonly operations: readonly Operation[];
  /** What a reference within the document leads to. */
  readonly resolve: (reference: string) => Schema;
}

/** The same object until the fields of a collection change. */
export function described(account: Account): Described {
  const edition = [...account.collections.values()].reduce(
    (sum, its) => sum + its.schema.edition,
    0,
  );
  const known = KNOWN.get(account);
  if (known?.edition === edition) return known.described;
  const operations = operationsOf(account);
  const document = documentOf(account, operations);
  const found: Described = {
    document,
    operations,
    resolve: (reference) => document.components['schemas']![reference.split('/').at(-1)!]!,
  };
  KNOWN.set(account, { edition, described: found });
  return found;
}

const KNOWN = new WeakMap<Account, { edition: number; described: Described }>();

function documentOf(account: Account, operations: readonly Operation[]): Document {
  const { settings } = account;
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    if (operation.kind === 'document') continue;
    const item = (paths[operation.path] ??= pathItem(operation, settings));
    item[operation.method.toLowerCase()] = said(operation, settings);
  }
  const failed = {
    description: 'It was not done.',
    content: {
      [settings.errors === 'problem' ? 'application/problem+json' : JSON_TYPE]: {
        schema: ref('Failure'),
      },
    },
  };
  return {
    openapi: settings.openapi === '3.0' ? '3.0.3' : '3.1.0',
    info: { title: `Contacts of ${account.name}`, version: '1.0.0' },
    servers: [{ url: 'http://localhost:3000', description: 'Where it was tried out' }],
    security: [{ login: [] }],
    paths,
    components: {
      securitySchemes: { login: securityScheme(settings) },
      responses: { Failed: failed },
      parameters: Object.fromEntries(
        sharedParameters(operations, settings).map((parameter) => [
          parameterKey(parameter),
          { ...parameter },
        ]),
      ),
      schemas: { ...schemasOf(account), Failure: errorSchema(settings) },
    },
  };
}

const JSON_TYPE = 'application/json';

/** What all operations on a path have is said once. */
function pathItem(
  { kind, parameters, below }: Operation,
  settings: Settings,
): Record<string, unknown> {
  const ids = parameters.filter((parameter) => parameter.in === 'path');
  return {
    ...(kind === 'list' && below === undefined && settings.hints
      ? { 'x-tributary': hintsOf(settings) }
      : {}),
    ...(ids.length === 0 ? {} : { parameters: ids }),
  };
}

/** What is called otherwise than usual, or not where one would look. */
function hintsOf(settings: Settings): Schema {
  const { words, envelope, paging } = settings;
  const usual = wordsOf(settings);
  const hints = Object.entries(words).filter(
    ([word, name]) => name !== usual[word as keyof typeof usual],
  );
  const isWithin = envelope === 'dataMeta' && paging === 'cursor';
  const most =
    paging === 'none' || settings.pageSize.isTold ? {} : { limitMax: settings.pageSize.most };
  return {
    ...Object.fromEntries(hints),
    ...most,
    ...(isWithin ? { next: `meta.${words.next}` } : {}),
  };
}

/** The parameters that the lists of all collections have. */
function sharedParameters(
  operations: readonly Operation[],
  settings: Settings,
): readonly Parameter[] {
  const list = operations.find(({ kind }) => kind === 'list');
  return list?.parameters.filter((parameter) => isShared(parameter, settings)) ?? [];
}

function parameterKey({ name }: Parameter): string {
  return name.replaceAll(/[^A-Za-z0-9]/g, '_');
}

function said(operation: Operation, settings: Settings): Schema {
  const { method, path, kind, parameters, body, collection } = operation;
  const own = parameters.filter((parameter) => parameter.in !== 'path');
  return {
    operationId: `${kind} ${path.replaceAll(/[{}]/g, '')}`.replaceAll(/\W+(\w)/g, (_, letter) =>
      String(letter).toUpperCase(),
    ),
    ...(kind === 'health' ? { security: [] } : {}),
    ...(own.length === 0
      ? {}
      : {
          parameters: own.map((one) =>
            isShared(one, settings) ? ref(parameterKey(one), 'parameters') : one,
          ),
        }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { [JSON_TYPE]: { schema: ref(body) } } } }),
    responses: {
      ...(collection === undefined
        ? answer(200, kind === 'stages' ? STAGES : { type: 'object' })
        : successes(operation, settings)),
      ...Object.fromEntries(
        failuresOf(operation, settings).map((status) => [status, ref('Failed', 'responses')]),
      ),
      ...(kind === 'read' && settings.merges !== 'none' ? moved(settings.merges) : {}),
      ...(method === 'GET' && kind === 'health' ? {} : { default: ref('Failed', 'responses') }),
    },
  };
}

/** Those that are about members are of one collection alone. */
function isShared({ name }: Parameter, { words, schemas }: Settings): boolean {
  const { limit, cursor, offset, page, since, sort, includeDeleted } = words;
  return (
    schemas === 'apart' && [limit, cursor, offset, page, since, sort, includeDeleted].includes(name)
  );
}

/** A list without a path for what is in it. */
const STAGES: Schema = {
  type: 'array',
  items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
};

function moved(status: number): Schema {
  const location = { description: 'The item that took over.', schema: { type: 'string' } };
  return { [status]: { description: 'It was merged.', headers: { Location: location } } };
}

function failuresOf(
  { kind, collection, parameters }: Operation,
  settings: Settings,
): readonly number[] {
  if (collection === undefined) return [];
  const isWrite = kind === 'create' || kind === 'update' || kind === 'replace';
  const isUnique = [...collection.schema.fields].some(({ unique }) => unique === true);
  return [
    ...(isWrite ? [400, 413, ...(settings.invalid === 422 ? [422] : [])] : []),
    401,
    403,
    ...(kind === 'list' || kind === 'create' ? [] : [settings.gone]),
    ...((isWrite || kind === 'restore') && isUnique ? [409] : []),
    ...(parameters.some(({ name }) => name === 'If-Match') ? [412] : []),
    429,
  ];
}

function successes({ kind, collection, path }: Operation, settings: Settings): Schema {
  const { writeAnswers, etag } = settings;
  const item = ref(schemaNames(collection!.name, settings).read);
  const headers = etag ? { headers: { ETag: { schema: { type: 'string' } } } } : {};
  if (kind === 'list') return answer(200, listSchema(item, settings));
  if (kind === 'read') return answer(200, item, headers);
  if (kind === 'delete') return { 204: { description: 'It is deleted.' } };
  const status = kind === 'create' ? 201 : 200;
  if (writeAnswers === 'item') return answer(status, item);
  if (writeAnswers === 'id') {
    const id = idMember(collection!.name, settings);
    const properties = { [id]: idSchema(settings) };
    return answer(status, { type: 'object', required: [id], properties });
  }
  const location = { Location: { description: `As ${path}`, schema: { type: 'string' } } };
  return {
    204: { description: 'It is done.', ...(kind === 'create' ? { headers: location } : {}) },
  };
}

function answer(status: number, schema: Schema, more: object = {}): Schema {
  return {
    [status]: { description: 'It is done.', ...more, content: { [JSON_TYPE]: { schema } } },
  };
}

function listSchema(item: Schema, settings: Settings): Schema {
  const { envelope, paging, words } = settings;
  const items: Schema = { type: 'array', items: item };
  if (envelope === 'array') return items;
  const cursor = orNull({ type: 'string' }, settings);
  const next = paging === 'cursor' ? { [words.next]: cursor } : {};
  if (envelope === 'items') {
    return {
      type: 'object',
      required: [words.items],
      properties: { [words.items]: items, ...next },
    };
  }
  const meta: Schema = {
    type: 'object',
    required: ['total'],
    properties: { total: { type: 'integer' }, ...next },
  };
  return {
    type: 'object',
    required: [words.items, 'meta'],
    properties: { [words.items]: items, meta },
  };
}

function securityScheme({ login }: Settings): Schema {
  switch (login.kind) {
    case 'bearer':
      return { type: 'http', scheme: 'bearer' };
    case 'jwt':
      return { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' };
    case 'basic':
      return { type: 'http', scheme: 'basic' };
    case 'header':
      return { type: 'apiKey', in: 'header', name: login.name };
    case 'development':
      return { type: 'apiKey', in: 'header', name: 'x-auth-id' };
  }
}
