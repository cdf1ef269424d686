/**
 * Grumpy, the CRM for practice that can behave like any other. What an account of it can do is told by
 * the account itself, so nothing about it is assumed here.
 *
 * Traps: its lists and searches lag behind, and each request may be answered by another replica, so what
 * one page told another may deny. It takes a marker in a field of its own, which clones carry as well. A
 * batch may be refused as a whole because of one item. An account that knows no conditional writes refuses
 * the whole batch when a change comes with one.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { digestsMatch } from '../../core/hash.ts';
import type { World } from '../../world/world.ts';
import {
  VendorError,
  type Account,
  type Can,
  type Collection,
  type Connector,
  type FailureKind,
  type Hint,
  type HistoryRequest,
  type Item,
  type ItemChange,
  type ItemPage,
  type Left,
  type Limit,
  type Outcome,
  type PageRequest,
  type RawDelivery,
  type Read,
  type VendorField,
  type Version,
} from '../connector.ts';
import { bodyOf, headerIn, isRecent, refused } from '../deliveries.ts';
import { tokenAuth } from '../auth.ts';
import { restClient, TIMEOUT_MS, type Call, type Rest } from '../http.ts';
import * as api from './api.ts';
import { webhooks } from './hooks.ts';

const config = z.strictObject({
  baseUrl: z.url({ protocol: /^https?$/ }),
  token: z.string().regex(/^[\x21-\x7e]+$/, 'a token has no spaces and no accents'),
  /** What people here call the account. */
  title: z.string().min(1).optional(),
  /** As it was given to Grumpy with the address for webhooks; without it none are taken. */
  hookSecret: z.string().min(1).optional(),
});
export type GrumpyConfig = z.infer<typeof config>;

export const grumpy: Connector<GrumpyConfig> = {
  vendor: 'grumpy',
  title: 'Grumpy (for practice)',
  config,
  secrets: ['token', 'hookSecret'],
  open,
};

/** The field that markers are kept in. */
const MARKER = 'externalId';

async function open(settings: GrumpyConfig, world: World): Promise<Account> {
  const { baseUrl, token, hookSecret } = settings;
  const login = settings.title ?? new URL(baseUrl).host;
  let left: readonly Left[] = [];
  const rest = restClient({
    world,
    vendor: grumpy.vendor,
    account: login,
    baseUrl,
    auth: tokenAuth(token),
    secrets: [hookSecret ?? ''],
    onAnswer: ({ headers }) => (left = leftIn(headers) ?? left),
    complaint: (body) => {
      const { data } = api.failure.safeParse(body);
      return data && `${data.code} ${data.message}`;
    },
  });
  const askedAt = world.clock.now();
  const { account, now, abilities } = await rest.send({
    method: 'GET',
    path: ['v1', 'about'],
    answer: api.about,
  });
  // By its clock it answered when half of the time had passed by ours.
  const clockOffsetMs = Math.round(now - (askedAt + world.clock.now()) / 2);
  return {
    title: account,
    clockOffsetMs,
    limits: abilities.limits.map((limit): Limit => ({ ...limit, cost: () => 1 })),
    left: () => left,
    collection: (name) => openCollection(name, { rest, abilities, login }),
    deliveryProof: 'signature',
    receive(delivery, secret = hookSecret) {
      const vendorNow = world.clock.now() + clockOffsetMs;
      return receive(delivery, { secret, vendorNow, login });
    },
    webhooks: webhooks(rest),
    async close() {},
  };
}

/** `x-limit-burst: 4;5;1`: four of five are left, and in a second it is all of them. */
function leftIn(headers: Headers): Left[] | undefined {
  const told = [...headers].filter(([name]) => name.startsWith(LIMIT));
  if (told.length === 0) return undefined;
  return told.map(([name, value]) => {
    const [left, most] = value.split(';').map(Number);
    return { name: name.slice(LIMIT.length), left: left!, most: most! };
  });
}

const LIMIT = 'x-limit-';

interface Context {
  readonly rest: Rest;
  readonly abilities: api.Abilities;
  /** What errors call the account. */
  readonly login: string;
}

function canDo(name: string, told: api.Abilities): Can {
  const { horizonMs, uniqueFields, changes, limits: _limits, ...abilities } = told;
  const { create, version, readLagMs, searchLagMs, changesLagMs } = abilities;
  return {
    ...abilities,
    ...(create !== 'naturalKey' && { marker: MARKER }),
    conditionalWrites: abilities.conditionalWrites && version !== 'none',
    history: abilities.history && version !== 'none',
    restore: abilities.restore && abilities.delete === 'soft',
    changesTellDeletes: abilities.changesTellDeletes && changes,
    // A request may be under way for as long as we wait for its answer, then be carried out late, and
    // be seen only after the longest lag.
    absenceHorizonMs: TIMEOUT_MS + horizonMs + Math.max(readLagMs, searchLagMs, changesLagMs),
    uniquePaths: uniqueFields[name] ?? [],
  };
}

async function openCollection(name: string, context: Context): Promise<Collection> {
  const { rest, abilities } = context;
  const can = canDo(name, abilities);
  const path = (...names: readonly string[]): readonly string[] => ['v1', name, ...names];
  const { fields } = await rest.send({ method: 'GET', path: path('fields'), answer: api.schema });

  async function pageOf(
    names: readonly string[],
    { after, limit, signal }: PageRequest,
    since?: number,
  ): Promise<ItemPage> {
    const { items, gone, next } = await rest.send({
      method: 'GET',
      path: path(...names),
      query: {
        since: since === undefined ? undefined : new Date(since).toISOString(),
        limit,
        // Only ever what a page before told as `next`.
        after: after as string | undefined,
      },
      answer: api.page,
      flawIn: (page) => (page.next !== undefined && page.next === after ? IN_CIRCLES : undefined),
      signal,
    });
    return { items: items.map(itemOf), gone: gone ?? [], ...(next === undefined ? {} : { next }) };
  }

  /** A question about several things has one answer for each, which `isAnswered` checks. */
  function ask<T>(
    action: string,
    { body, answer, signal }: Pick<Call<T>, 'body' | 'answer' | 'signal'>,
    isAnswered: (answer: T) => boolean = () => true,
  ): Promise<T> {
    return rest.send({
      method: 'POST',
      path: path(action),
      body,
      answer,
      flawIn: (answered) => (isAnswered(answered) ? undefined : WRONG_RESULTS),
      writes: false,
      signal,
    });
  }

  return {
    name,
    can,
    fields: fields.map(fieldOf),
    list: (request) => pageOf([], request),
    ...(abilities.changes && {
      changes: (request: ChangesRequest) => pageOf(['changes'], request, request.since),
    }),
    async read(ids, signal) {
      if (ids.length === 0) return [];
      const question = { body: { ids }, answer: api.reads, signal };
      const { results } = await ask('read', question, (reads) => areAbout(ids, reads.results));
      return results.map(readOf);
    },
    async find(fieldPath, values, signal) {
      if (values.length === 0) return [];
      const question = { body: { path: fieldPath, values }, answer: api.found, signal };
      const { items } = await ask('search', question);
      return items.map(itemOf);
    },
    ...(can.history && {
      async history(items: readonly HistoryRequest[], signal?: AbortSignal) {
        if (items.length === 0) return [];
        const asked = items.map(({ id, since }) => ({ id, since }));
        const question = { body: { items: asked }, answer: api.histories, signal };
        const isWhole = (told: { results: unknown[] }) => told.results.length === items.length;
        const { results } = await ask('history', question, isWhole);
        return results.map((versions) => versions.map(versionOf));
      },
    }),
    write: (changes, signal) => write(changes, { ...context, name, can, signal }),
  };
}

type ChangesRequest = PageRequest & { readonly since: number };

/** What an answer lacks that has the right form and is wrong all the same. */
const IN_CIRCLES = 'the next page is the one before';
const WRONG_RESULTS = 'not one result for each item, in order';

function areAbout(ids: readonly string[], results: readonly api.WireRead[]): boolean {
  if (results.length !== ids.length) return false;
  return results.every((result, index) => result.status !== 'ok' || result.item.id === ids[index]);
}

interface WriteContext extends Context {
  readonly name: string;
  readonly can: Can;
  readonly signal: AbortSignal | undefined;
}

async function write(
  changes: readonly ItemChange[],
  context: WriteContext,
): Promise<readonly Outcome[]> {
  const [first] = changes;
  if (first === undefined) return [];
  const { op } = first;
  if (changes.some((change) => change.op !== op)) throw new TypeError('One operation at a time.');
  const { rest, name, can, signal } = context;
  const { length } = changes;
  const answer = await rest.send<WireWrites>({
    method: 'POST',
    path: ['v1', name, op],
    body: { items: changes.map((change) => wireChangeOf(change, can)) },
    answer: api.writes,
    answers: { 422: api.refusedBatch },
    flawIn(told) {
      const isWhole = 'results' in told ? told.results.length === length : told.index < length;
      return isWhole ? undefined : WRONG_RESULTS;
    },
    signal,
  });
  if ('results' in answer) {
    return answer.results.map((result, index) => outcomeOf(result, changes[index]!, context));
  }
  return changes.map((change, index) =>
    index === answer.index
      ? failed(answer, change, context)
      : { kind: 'failed', error: sharedFate(change, context) },
  );
}

type WireWrites = z.infer<typeof api.writes> | z.infer<typeof api.refusedBatch>;

function wireChangeOf({ op, id, raw, marker, ifVersion }: ItemChange, can: Can): unknown {
  return {
    ...(op !== 'create' && { id }),
    ...((op === 'create' || op === 'update') && { fields: raw ?? {} }),
    ...(marker !== undefined && can.marker !== undefined && { marker }),
    ...(ifVersion !== undefined && { ifVersion }),
  };
}

function outcomeOf(result: api.WireWritten, change: ItemChange, context: WriteContext): Outcome {
  if (result.status === 'error') return failed(result, change, context);
  const { id, version, item } = result;
  return {
    kind: 'done',
    id,
    ...(version !== undefined && { version }),
    ...(item !== undefined && { item: itemOf(item) }),
  };
}

/** What Grumpy complains about in an item, and what to do about it. */
const COMPLAINTS: Readonly<Record<string, readonly [kind: FailureKind, next: string]>> = {
  invalid: ['rejected', 'Correct the value, or the mapping of the field.'],
  unknown_field: ['rejected', 'Take the field out of the mapping, or create it there.'],
  read_only: ['rejected', 'Take the field out of the mapping, or only read it.'],
  duplicate: ['duplicate', 'Merge the two items, or give one of them another value.'],
  outdated: ['outdated', 'It is read again; nothing needs to be done.'],
  busy: ['transient', 'It is tried again later; nothing needs to be done.'],
  missing: ['missing', 'It is looked for again; nothing needs to be done.'],
};

function failed(complaint: api.WireComplaint, change: ItemChange, context: WriteContext): Outcome {
  const { code, message, path, existingId } = complaint;
  const [kind, next] = COMPLAINTS[code] ?? ['broken', 'The connector needs an update; report it.'];
  const where = path === undefined ? '' : ` because of "${path}"`;
  const said = context.rest.words(`${code} ${message}`);
  const error = new VendorError(
    kind,
    { what: `grumpy refused to ${nameOf(change, context)}${where} (${said}).`, next },
    // Who does not understand the complaint cannot be sure of what happened either.
    { mayHaveLanded: kind === 'broken', ...(path !== undefined && { path }) },
  );
  return { kind: 'failed', error, ...(existingId !== undefined && { existing: existingId }) };
}

function sharedFate(change: ItemChange, context: WriteContext): VendorError {
  return new VendorError('transient', {
    what: `grumpy did not ${nameOf(change, context)} because it refused another item of the batch.`,
    next: 'It is tried again without the other; nothing needs to be done.',
  });
}

function nameOf({ op, id }: ItemChange, { name, login }: WriteContext): string {
  return `${op} ${id === undefined ? 'an item' : `item ${id}`} of ${name} in account '${login}'`;
}

function receive(
  raw: RawDelivery,
  { secret, vendorNow, login }: { secret: string | undefined; vendorNow: number; login: string },
): readonly Hint[] {
  const receiver = { vendor: 'grumpy', login };
  if (secret === undefined) throw refused(receiver, 'the secret is not known', COMPARE);
  const header = headerIn(raw.headers, 'x-grumpy-signature');
  const [, seconds = '', signature = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  const expected = createHmac('sha256', secret)
    .update(`${seconds}.`)
    .update(raw.body)
    .digest('hex');
  if (!digestsMatch(signature, expected)) {
    throw refused(receiver, 'its signature is not right', COMPARE);
  }
  if (!isRecent(Number(seconds) * 1_000, vendorNow)) {
    throw refused(receiver, 'it was signed at another time', COMPARE);
  }
  const { delivery, events } = bodyOf(raw, api.delivery, receiver);
  return events.map(({ collection, id }) => ({ delivery, collection, id }));
}

const COMPARE =
  'If it came from grumpy, compare the secret of the webhook and the clock of this machine.';

function itemOf(wire: api.WireItem): Item {
  const { id, fields, version, createdAt, updatedAt, updatedAtByField, marker, mergedFrom } = wire;
  const author = authorOf(wire.updatedBy);
  const createdBy = authorOf(wire.createdBy);
  return {
    id,
    raw: fields,
    ...(version !== undefined && { version }),
    ...(createdAt !== undefined && { createdAt }),
    ...(updatedAt !== undefined && { changedAt: updatedAt }),
    ...(updatedAtByField !== undefined && { changedAtByPath: updatedAtByField }),
    ...(author !== undefined && { author }),
    ...(createdBy !== undefined && { createdBy }),
    ...(typeof marker === 'string' && { marker }),
    ...(mergedFrom !== undefined && { mergedFrom }),
  };
}

const AUTHORS: Readonly<Record<string, NonNullable<Item['author']>>> = {
  app: 'us',
  person: 'person',
  integration: 'integration',
};

/** Unknown when it is not told, or is of a kind that is new to us. */
function authorOf(actor: api.WireActor | undefined): Item['author'] {
  return actor && AUTHORS[actor.kind];
}

function readOf(result: api.WireRead): Read {
  switch (result.status) {
    case 'ok':
      return { kind: 'present', item: itemOf(result.item) };
    case 'merged':
      return { kind: 'merged', into: result.into };
    case 'missing':
      return { kind: 'missing', archived: false };
    case 'archived': {
      const { version } = result;
      return { kind: 'missing', archived: true, ...(version !== undefined && { version }) };
    }
  }
}

function versionOf({ version, by, fields }: api.WireVersion): Version {
  const author = authorOf(by);
  return { version, raw: fields, ...(author !== undefined && { author }) };
}

function fieldOf({ path, type, readOnly, unique, options }: api.WireField): VendorField {
  return {
    path,
    type,
    ...(readOnly !== undefined && { readOnly }),
    ...(unique !== undefined && { unique }),
    ...(options !== undefined && { options }),
  };
}
