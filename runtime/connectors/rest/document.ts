/**
 * What an OpenAPI document (3.0 or 3.1) says of the collections of an app: which paths belong together, what
 * they are asked with, and the schemas of what goes in and comes out.
 *
 * Promise: references, `allOf` and the two ways to say that something may be null are resolved here, so that
 * nobody else sees them. What a document says and nothing here reads is no mistake.
 *
 * Trap: schemas may contain themselves; they are followed as deep as anybody maps fields, and no further.
 */
import { VendorError } from '../connector.ts';

/** A schema without references, with all that `allOf` brings together. */
export interface Schema {
  /** Without `null`. */
  readonly type?: string;
  readonly isNullable: boolean;
  readonly format?: string;
  readonly options?: readonly string[];
  readonly isReadOnly: boolean;
  readonly isUnique: boolean;
  /** Of an object. */
  readonly members: ReadonlyMap<string, Schema>;
  readonly required: ReadonlySet<string>;
  /** Of an array. */
  readonly items?: Schema;
  readonly maximum?: number;
}

export interface Operation {
  /** By name, of the path. */
  readonly path: ReadonlyMap<string, Schema>;
  /** By name, of the query. */
  readonly query: ReadonlyMap<string, Schema>;
  /** By name in lower case. */
  readonly headers: ReadonlySet<string>;
  /** Of the JSON that is sent, as the document has it: for a validator. */
  readonly body?: Json;
  /** The members that the document knows of it; none where it knows none. */
  readonly sends: ReadonlySet<string>;
  /** Of the JSON of a successful answer; missing when it has none. */
  readonly answer?: Schema;
  readonly canConflict: boolean;
}

/** A path that can be listed, and the path of one of its items. */
export interface Resource {
  /** Its names between slashes: what `collection` opens is these with slashes between. */
  readonly path: readonly string[];
  readonly idParameter: string;
  /** What an id looks like. */
  readonly id: Schema;
  readonly list: Operation;
  readonly read: Operation;
  readonly create?: Operation;
  readonly update?: Operation & { readonly method: 'PATCH' | 'PUT' };
  readonly remove?: Operation;
  readonly restore?: Operation;
  /** What the document says in `x-tributary`, where its names are others than usual. */
  readonly said: unknown;
}

export interface Document {
  readonly title: string;
  readonly resources: ReadonlyMap<string, Resource>;
  /** All that is shared by schemas, under the name by which they refer to it. */
  readonly root: Json;
}

export type Json = Readonly<Record<string, unknown>>;

/** Deeper than that, nobody maps fields. */
const DEPTH = 4;

export function documentIn(root: unknown, login: string): Document {
  const version = textIn(root, 'openapi') ?? '';
  if (!/^3\.[01]\./.test(version)) {
    throw new VendorError('broken', {
      what: `What describes the app of account '${login}' is no OpenAPI document of version 3.0 or 3.1.`,
      next: 'Correct the address of the document, or have the app give out the new form; "swagger: 2.0" has to be converted.',
    });
  }
  const reading = { root: root as Json };
  const paths = objectIn(root, 'paths');
  const resources = Object.keys(paths).flatMap((path) => resourceAt(reading, paths, path));
  return {
    title: textIn(objectIn(root, 'info'), 'title') ?? 'App',
    resources: new Map(resources.map((resource) => [resource.path.join('/'), resource])),
    root: reading.root,
  };
}

interface Reading {
  readonly root: Json;
}

// ---------------------------------------------------------------------------------------------
// Paths

/** Below `/contacts`, an item is `/contacts/{id}`, whatever the parameter is called. */
function resourceAt(reading: Reading, paths: Json, path: string): Resource[] {
  const below = Object.keys(paths).find(
    (other) => other.startsWith(`${path}/`) && /^\{[^{}/]+\}$/.test(other.slice(path.length + 1)),
  );
  if (below === undefined || path.includes('{')) return [];
  const all = resolved(reading, paths[path]);
  const one = resolved(reading, paths[below]);
  const restore = resolved(reading, paths[`${below}/restore`]);
  const idParameter = below.slice(path.length + 2, -1);
  const list = operationIn(reading, all, 'get');
  const read = operationIn(reading, one, 'get');
  if (list === undefined || read === undefined) return [];
  const [patch, put] = [operationIn(reading, one, 'patch'), operationIn(reading, one, 'put')];
  const update = patch ? { ...patch, method: 'PATCH' } : put && { ...put, method: 'PUT' };
  return [
    {
      path: path.split('/').filter((name) => name !== ''),
      idParameter,
      id: read.path.get(idParameter) ?? schemaOf(reading, {}),
      list,
      read,
      ...some('create', operationIn(reading, all, 'post')),
      ...some('update', update as Resource['update']),
      ...some('remove', operationIn(reading, one, 'delete')),
      ...some('restore', operationIn(reading, restore, 'post')),
      said: all['x-tributary'],
    },
  ];
}

function operationIn(reading: Reading, pathItem: Json, method: string): Operation | undefined {
  const found = pathItem[method];
  if (found === undefined) return undefined;
  const operation = resolved(reading, found);
  const parameters = [pathItem['parameters'], operation['parameters']]
    .flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))
    .map((parameter) => resolved(reading, parameter));
  const of = (place: string): [string, Schema][] =>
    parameters
      .filter((parameter) => parameter['in'] === place && typeof parameter['name'] === 'string')
      .map((parameter) => [parameter['name'] as string, schemaOf(reading, parameter['schema'])]);
  const responses = objectIn(operation, 'responses');
  const success = Object.keys(responses)
    .toSorted()
    .find((status) => /^2(?:\d\d|XX)$/i.test(status));
  const answer = success && jsonSchemaIn(reading, responses[success]);
  const body = jsonSchemaIn(reading, operation['requestBody']);
  return {
    path: new Map(of('path')),
    query: new Map(of('query')),
    headers: new Set(of('header').map(([name]) => name.toLowerCase())),
    ...(body !== undefined && { body }),
    sends: new Set(body && schemaOf(reading, body).members.keys()),
    ...(answer !== undefined && answer !== '' && { answer: schemaOf(reading, answer) }),
    canConflict: '409' in responses,
  };
}

/** Of a request or a response. */
function jsonSchemaIn(reading: Reading, given: unknown): Json | undefined {
  const content = objectIn(resolved(reading, given), 'content');
  const type = Object.keys(content).find((name) => /[/+]json\b/i.test(name));
  const schema = type === undefined ? undefined : objectIn(content, type)['schema'];
  return isObject(schema) ? schema : undefined;
}

// ---------------------------------------------------------------------------------------------
// Schemas

function schemaOf(reading: Reading, given: unknown, depth = 0): Schema {
  const parts = partsOf(reading, given, depth);
  const members = new Map<string, Schema>();
  const required = new Set<string>();
  for (const part of parts) {
    for (const name of listIn(part, 'required')) required.add(String(name));
    if (depth >= DEPTH) continue;
    for (const [name, schema] of Object.entries(objectIn(part, 'properties'))) {
      members.set(name, schemaOf(reading, schema, depth + 1));
    }
  }
  const types = parts.flatMap((part) => [part['type']].flat()).map(String);
  const type = types.find((name) => name !== 'null' && name !== 'undefined');
  const first = <T>(pick: (part: Json) => T | undefined): T | undefined =>
    parts.map(pick).find((value) => value !== undefined);
  const options = first((part) => (Array.isArray(part['enum']) ? part['enum'] : undefined));
  const items = depth < DEPTH ? first((part) => part['items']) : undefined;
  return {
    ...some('type', type ?? (members.size > 0 ? 'object' : undefined)),
    isNullable: types.includes('null') || parts.some((part) => part['nullable'] === true),
    ...some(
      'format',
      first((part) => textIn(part, 'format')),
    ),
    ...some(
      'options',
      options?.filter((value) => typeof value === 'string'),
    ),
    isReadOnly: parts.some((part) => part['readOnly'] === true),
    isUnique: parts.some((part) => part['x-unique'] === true),
    members,
    required,
    ...some('items', items === undefined ? undefined : schemaOf(reading, items, depth + 1)),
    ...some(
      'maximum',
      first((part) => numberIn(part, 'maximum')),
    ),
  };
}

/** The schema itself and all that it takes over from others; of alternatives, the ones that are not null. */
function partsOf(reading: Reading, given: unknown, depth: number): Json[] {
  const schema = resolved(reading, given);
  if (depth > DEPTH) return [schema];
  const taken = listIn(schema, 'allOf').flatMap((part) => partsOf(reading, part, depth + 1));
  const alternatives = [...listIn(schema, 'anyOf'), ...listIn(schema, 'oneOf')];
  const chosen = alternatives.filter((one) => resolved(reading, one)['type'] !== 'null');
  const nullable = alternatives.length > chosen.length ? [{ nullable: true }] : [];
  // Which one of several it is, nobody can tell.
  const only = chosen.length === 1 ? partsOf(reading, chosen[0], depth + 1) : [];
  return [schema, ...taken, ...only, ...nullable];
}

/** Where a reference leads, and where that leads. What leads nowhere says nothing. */
function resolved({ root }: Reading, given: unknown): Json {
  let found = given;
  for (let steps = 0; steps < 20; steps += 1) {
    const to = textIn(found, '$ref');
    if (to === undefined) return isObject(found) ? found : {};
    if (!to.startsWith('#/')) return {};
    found = to
      .slice(2)
      .split('/')
      .map((name) => decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((place, name) => (isObject(place) ? place[name] : undefined), root);
  }
  return {};
}

// ---------------------------------------------------------------------------------------------

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectIn(value: unknown, name: string): Json {
  const member = isObject(value) ? value[name] : undefined;
  return isObject(member) ? member : {};
}

function listIn(value: Json, name: string): readonly unknown[] {
  const member = value[name];
  return Array.isArray(member) ? (member as unknown[]) : [];
}

function textIn(value: unknown, name: string): string | undefined {
  const member = isObject(value) ? value[name] : undefined;
  return typeof member === 'string' ? member : undefined;
}

function numberIn(value: Json, name: string): number | undefined {
  const member = value[name];
  return typeof member === 'number' ? member : undefined;
}

/** A member that is only there when it has a value. */
function some<Name extends string, T>(
  name: Name,
  value: T | undefined,
): { readonly [key in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: T };
}
