/** The vendors' own descriptions of their APIs, as found in a folder, and which part is about a request. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { schemasOf, type Json, type Schemas } from './schemas.ts';

/** What a description says of one method at one path. */
export interface Operation {
  readonly path: string;
  readonly schemas: Schemas;
  readonly parameters: readonly Parameter[];
  readonly requestBody: Body | undefined;
  readonly responses: Json;
  /** Ways to show who asks; one of them is enough. */
  readonly security: readonly (readonly Scheme[])[];
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: unknown;
}

export interface Body {
  readonly required?: boolean;
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
}

export interface Scheme {
  readonly type?: string;
  readonly scheme?: string;
  readonly in?: string;
  readonly name?: string;
}

export interface Found {
  readonly operation: Operation;
  /** As they stand in the path, by their names. */
  readonly names: Readonly<Record<string, string>>;
}

export interface Description {
  /** Those that fit best; several where the vendor describes the same thing more than once. */
  find(method: string, path: string): readonly Found[];
  /** Whether there is anything at this path, by whatever method. */
  knows(path: string): boolean;
}

/** By vendor; a file belongs to the vendor that its name begins with. Undefined where there is no folder. */
export function descriptionsIn(
  folder: string,
  vendors: readonly string[],
): ReadonlyMap<string, Description> | undefined {
  if (!existsSync(folder)) return undefined;
  const files = readdirSync(folder).filter((file) => /\.(json|ya?ml)$/.test(file));
  const found = vendors.flatMap((vendor): [string, Description][] => {
    const documents = files
      .filter(
        (file) =>
          file === `${vendor}${file.slice(file.lastIndexOf('.'))}` || file.startsWith(`${vendor}-`),
      )
      .map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Json)
      .filter((document) => 'openapi' in document && 'paths' in document);
    return documents.length === 0 ? [] : [[vendor, descriptionOf(documents)]];
  });
  return new Map(found);
}

export function descriptionOf(documents: readonly Json[]): Description {
  const places = documents.flatMap(placesIn);
  function best(
    path: string,
    fits: (place: Place) => boolean,
  ): readonly (readonly [Place, Names])[] {
    const fitting = places.flatMap((place) => {
      const names = fits(place) ? namesIn(place, path) : undefined;
      return names === undefined ? [] : [[place, names] as const];
    });
    const most = Math.max(...fitting.map(([{ literal }]) => literal));
    return fitting.filter(([{ literal }]) => literal === most);
  }
  return {
    find: (method, path) =>
      best(path, ({ operations }) => method.toLowerCase() in operations).map(
        ([{ operations }, names]) => ({ operation: operations[method.toLowerCase()]!, names }),
      ),
    knows: (path) => best(path, () => true).length > 0,
  };
}

type Names = Readonly<Record<string, string>>;

interface Place {
  readonly segments: readonly string[];
  /** How many names of the path are given. */
  readonly literal: number;
  readonly operations: Readonly<Record<string, Operation>>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

function placesIn(document: Json): Place[] {
  const schemas = schemasOf(document);
  return Object.entries(document['paths'] as Json).flatMap(([template, described]) => {
    const item = schemas.resolved(described);
    const servers = template.startsWith('/oauth/') ? NO_SERVERS : document['servers'];
    return basesOf((item['servers'] ?? servers) as Servers).map((base): Place => {
      const path = `${base}${template}`;
      const segments = path.split('/').filter((name) => name !== '');
      const operations = METHODS.filter((method) => method in item).map((method) => {
        const operation = operationOf({ document, schemas, path, item, method });
        return [method, operation] as const;
      });
      const literal = segments.filter((name) => !isOpen(name)).length;
      return { segments, literal, operations: Object.fromEntries(operations) };
    });
  });
}

type Servers = readonly { readonly url: string }[] | undefined;

/** Logins are at a host of their own, which Pipedrive does not say. */
const NO_SERVERS: Servers = [];

/**
 * Where the paths begin. Which host it is does not count: Pipedrive gives every company one of its own, where
 * the older version stands under `/api`.
 */
function basesOf(servers: Servers): readonly string[] {
  const urls = (servers ?? []).map(({ url }) => (URL.canParse(url) ? new URL(url).pathname : '/'));
  const bases = (urls.length === 0 ? ['/'] : urls).map((path) => path.replace(/\/$/, ''));
  return [...new Set(bases.flatMap((base) => (base === '/v1' ? [base, `/api${base}`] : [base])))];
}

function operationOf({
  document,
  schemas,
  path,
  item,
  method,
}: {
  readonly document: Json;
  readonly schemas: Schemas;
  readonly path: string;
  readonly item: Json;
  readonly method: string;
}): Operation {
  const described = item[method] as Json;
  const listed = [item, described].flatMap(({ parameters }) => (parameters ?? []) as unknown[]);
  const known = (document['components'] as Json | undefined)?.['securitySchemes'] as
    | Json
    | undefined;
  const security = (described['security'] ?? document['security'] ?? []) as readonly Json[];
  const { requestBody } = described;
  return {
    path,
    schemas,
    parameters: listed.map((each) => schemas.resolved(each) as unknown as Parameter),
    requestBody: requestBody === undefined ? undefined : schemas.resolved(requestBody),
    responses: described['responses'] as Json,
    security: security.map((way) =>
      Object.keys(way).map((name) => schemas.resolved(known?.[name])),
    ),
  };
}

function isOpen(name: string): boolean {
  return name.includes('{');
}

/** Undefined where the path is another one. */
function namesIn({ segments }: Place, path: string): Names | undefined {
  const given = path.split('/').filter((name) => name !== '');
  if (given.length !== segments.length) return undefined;
  const names: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const name = decodeURIComponent(given[index]!);
    if (isOpen(segment)) names[segment.replaceAll(/[{}]/g, '')] = name;
    else if (segment !== name) return undefined;
  }
  return names;
}
