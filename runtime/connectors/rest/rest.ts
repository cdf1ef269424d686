/**
 * The user's own app: any REST API that is described by an OpenAPI document. The document says what there
 * is (document.ts), usual names say what it means (form.ts), and what it does not say is not supposed.
 *
 * Traps, each told where it is dealt with: lists that are counted through (reading.ts), apps that take only
 * whole items and answers that hold only half of one (writing.ts), schemas nobody can follow (payloads.ts).
 */
import { z } from 'zod';
import type { World } from '../../world/world.ts';
import { withinBatches } from '../batches.ts';
import { clockOffset } from '../clock.ts';
import {
  VendorError,
  type Account,
  type Can,
  type Collection,
  type Connector,
  type Limit,
  type VendorField,
} from '../connector.ts';
import { restClient, TIMEOUT_MS, type Rest } from '../http.ts';
import { documentIn, type Document, type Resource, type Schema } from './document.ts';
import { formOf, overrides, type Form } from './form.ts';
import { authOf, login } from './login.ts';
import { checkFor } from './payloads.ts';
import { atOnce, changes, find, isSearched, list, pageSize, read, tagsKept } from './reading.ts';
import { isWhole, wordsIn, write, WRITE_MAX } from './writing.ts';

const config = z.strictObject({
  baseUrl: z.url({ protocol: /^https?$/ }).meta({
    title: 'Address',
    description:
      'What the paths of the document are added to, such as https://app.example.com/api.',
  }),
  document: z
    .union([z.url({ protocol: /^https?$/ }), z.record(z.string(), z.unknown())])
    .optional()
    .meta({
      title: 'OpenAPI document',
      description:
        'The address of its JSON, or the document itself; openapi.json below the address.',
    }),
  auth: login.meta({ title: 'Login' }),
  collections: z.record(z.string(), overrides).default({}).meta({
    title: 'Collections',
    description: 'Where the names in the document are others than usual.',
  }),
  callsPerSecond: z.number().positive().max(1_000).default(20).meta({
    title: 'Calls per second',
    description: 'At most so many. When the app says that it is too much, it is less for a while.',
  }),
  title: z.string().min(1).optional().meta({
    title: 'Name',
    description: 'What people here call the account.',
  }),
});
export type RestConfig = z.infer<typeof config>;

export const rest: Connector<RestConfig> = {
  vendor: 'rest',
  developmentOnly: ({ auth }) => (auth.kind === 'development' ? ['auth'] : []),
  title: 'Own app (OpenAPI)',
  config,
  secrets: ['auth'],
  open,
};

async function open(settings: RestConfig, world: World): Promise<Account> {
  const { baseUrl } = settings;
  const account = settings.title ?? new URL(baseUrl).host;
  const auth = authOf(settings.auth, { world, baseUrl, account });
  let clockOffsetMs: number | undefined;
  const client = (address: string, isTheApp: boolean): Rest =>
    restClient({
      world,
      vendor: rest.vendor,
      account,
      baseUrl: address,
      secrets: auth.secrets,
      complaint: wordsIn,
      ...(isTheApp && {
        auth,
        onAnswer: ({ headers }) => (clockOffsetMs ??= clockOffset(headers, world.clock.now())),
      }),
    });
  const app = client(baseUrl, true);
  const describe = async (): Promise<Document> =>
    documentIn(await documentFor(settings, app, client), account);
  const unsearched = new Set<string>();
  const first = await describe();
  await assertLogin(app, first);
  return {
    title: first.title,
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
    limits: [limitOf(settings, unsearched)],
    collections: async () => [...first.resources.keys()].map((name) => ({ name, title: name })),
    // Whoever opens it again wants to know what has become of it.
    async collection(name) {
      const document = await describe();
      const resource = document.resources.get(name);
      if (resource === undefined) throw unknownCollection(name, document, account);
      const form = formOf(resource, settings.collections[name], account);
      if (isSearched(form)) unsearched.delete(name);
      else unsearched.add(name);
      const { callsPerSecond } = settings;
      return collectionOf({ name, resource, form, document, world, account, app, callsPerSecond });
    },
    async close() {},
  };
}

/** The login goes to the app, and to nobody else who gives out its document. */
async function documentFor(
  { document, baseUrl }: RestConfig,
  app: Rest,
  client: (address: string, isTheApp: boolean) => Rest,
): Promise<unknown> {
  if (document === undefined) {
    return app.send({ method: 'GET', path: ['openapi.json'], answer: z.unknown() });
  }
  if (typeof document !== 'string') return document;
  const { origin, host, pathname, searchParams } = new URL(document);
  const isTheApp = origin === new URL(baseUrl).origin;
  const from = client(new URL('/', document).href, isTheApp);
  const asking = from.send({
    method: 'GET',
    path: pathname
      .split('/')
      .filter((name) => name !== '')
      .map(decodeURIComponent),
    query: Object.fromEntries(searchParams),
    answer: z.unknown(),
  });
  return asking.catch((error: unknown) => {
    if (isTheApp || !(error instanceof VendorError && error.kind === 'unauthorized')) throw error;
    throw new VendorError('forbidden', {
      what: `${host} does not give out the document without a login, and that of the account goes to the app alone.`,
      next: 'Put the document itself into the account, or let it be read by everybody.',
    });
  });
}

/** Many give out their document to everybody; a login that is refused had better be told now. */
async function assertLogin(app: Rest, { resources }: Document): Promise<void> {
  const [first] = resources.values();
  if (first === undefined) return;
  try {
    await app.send({ method: 'GET', path: first.path, answer: z.unknown() });
  } catch (error) {
    // Whatever else is wrong is told by who uses the collection.
    if (error instanceof VendorError && error.kind === 'unauthorized') throw error;
  }
}

/** Nothing in a document says how much an app can take. */
function limitOf({ callsPerSecond }: RestConfig, unsearched: ReadonlySet<string>): Limit {
  return {
    name: 'calls',
    capacity: Math.max(1, callsPerSecond * BURST_S),
    perMs: BURST_S * 1_000,
    cost: (call, items, collection) => {
      if (call === 'find' && unsearched.has(collection)) return WHOLE_LIST;
      return call === 'read' || call === 'find' ? items : 1;
    },
  };
}

const BURST_S = 2;
/** A list of usual length, in pages. */
const WHOLE_LIST = 2;

function unknownCollection(name: string, { resources }: Document, account: string): VendorError {
  return new VendorError('missing', {
    what: `The document of account '${account}' of rest has no collection "${name}".`,
    next: `Choose ${[...resources.keys()].join(', ') || 'another document: this one has none'}.`,
  });
}

// ---------------------------------------------------------------------------------------------
// A collection

interface Parts {
  readonly name: string;
  readonly resource: Resource;
  readonly form: Form;
  readonly document: Document;
  readonly world: World;
  readonly account: string;
  readonly app: Rest;
  readonly callsPerSecond: number;
}

function collectionOf(parts: Parts): Collection {
  const { name, resource, form, document, world, account, app } = parts;
  const context = { rest: app, resource, form, login: account, tags: tagsKept() };
  const { create, update } = resource;
  const checks = {
    create: create && checkFor(document, create, { world, request: `POST /${name}` }),
    update: update && checkFor(document, update, { world, request: `${update.method} /${name}` }),
  };
  return withinBatches(
    {
      name,
      can: canOf(parts),
      fields: fieldsOf(resource, form),
      list: (request) => list(context, request),
      ...(form.changes !== undefined && { changes: (request) => changes(context, request) }),
      read: (ids, signal) => read(context, ids, signal),
      find: (path, values, signal) => find(context, path, values, signal),
      write: (items, signal) => write(items, { ...context, checks, signal }),
    },
    { vendor: 'rest', login: account },
  );
}

/** Of values that are looked for in the whole list. */
const VALUES_MAX = 100;
/** So long after a request was given up, an app may still carry it out. */
const LATE_MS = 60_000;
/** Nothing says how far a list of changes lags behind; a transaction of the app's may be open so long. */
const CHANGES_LAG_MS = 30_000;

function canOf({ resource, form, callsPerSecond }: Parts): Can {
  const { update, create, read: reading } = resource;
  const isGuarded = update?.headers.has('if-match') === true;
  const version = form.version !== undefined ? 'counter' : form.changedAt ? 'time' : 'none';
  const isSoft = form.deleted !== undefined;
  return {
    create: form.marker === undefined ? 'naturalKey' : 'marker',
    ...(form.marker !== undefined && { marker: form.marker }),
    conditionalWrites: isGuarded && version !== 'none',
    version,
    history: false,
    writeReturns: isWhole(create?.answer, reading.answer) ? 'item' : 'id',
    readLagMs: 0,
    searchLagMs: 0,
    changesLagMs: form.changes === undefined ? 0 : CHANGES_LAG_MS,
    changesTellDeletes: form.changes !== undefined && isSoft && form.includeDeleted !== undefined,
    absenceHorizonMs: TIMEOUT_MS + LATE_MS,
    batch: {
      list: pageSize(form),
      read: atOnce(callsPerSecond),
      find: isSearched(form) ? atOnce(callsPerSecond) : VALUES_MAX,
      create: WRITE_MAX,
      update: WRITE_MAX,
      delete: WRITE_MAX,
      restore: WRITE_MAX,
    },
    partial: 'perItem',
    replacesItems: update?.method === 'PUT',
    delete: isSoft ? 'soft' : 'hard',
    restore: isSoft && resource.restore !== undefined,
    uniquePaths: form.unique,
    // Nothing in a document says how an app compares.
    literalPaths: [...form.searchable],
    reusesIds: false,
  };
}

function fieldsOf({ read: reading, create, update }: Resource, form: Form): VendorField[] {
  const isFixed = create === undefined && update === undefined;
  const all = (schema: Schema, before: readonly string[]): VendorField[] =>
    [...schema.members].flatMap(([name, member]) => {
      const path = [...before, name].join('.');
      const isOurs = before.length === 0 && (name === form.id || name === form.version);
      const field: VendorField = {
        path,
        type: [member.type ?? 'any', member.format].filter(Boolean).join(' '),
        ...((isFixed || isOurs || member.isReadOnly) && { readOnly: true }),
        ...(form.unique.includes(path) && { unique: true }),
        ...(member.options !== undefined && { options: member.options }),
      };
      return [field, ...all(member, [...before, name])];
    });
  return all(reading.answer!, []);
}
