/**
 * Creates, changes, deletes and restores items of an app, one call each, after what is sent has been checked
 * against the document.
 *
 * Traps. An app that takes only whole items (PUT) gets the one that was just read, with the changes in it;
 * where the app knows no `If-Match`, what somebody else writes in that moment is lost. An answer that does
 * not hold the whole item is taken for its id and no more.
 */
import { z } from 'zod';
import { fingerprintOf } from '../../core/hash.ts';
import { VendorError, type FailureKind, type ItemChange, type Outcome } from '../connector.ts';
import type { Call } from '../http.ts';
import { isObject, type Operation, type Schema } from './document.ts';
import type { Check } from './payloads.ts';
import {
  canBeId,
  idOf,
  itemOf,
  readOne,
  type Context as ReadContext,
  type Raw,
} from './reading.ts';

export interface Context extends ReadContext {
  readonly checks: Readonly<Record<'create' | 'update', Check | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/** One after the other, so that what has failed is known to have stopped there. */
export const WRITE_MAX = 1;

export async function write(
  [change]: readonly ItemChange[],
  context: Context,
): Promise<readonly Outcome[]> {
  return [await writeOne(change!, context)];
}

async function writeOne(change: ItemChange, context: Context): Promise<Outcome> {
  const { id } = change;
  if (id !== undefined && !canBeId(context.resource, id)) {
    return new Refusal('missing', id, context).outcome;
  }
  try {
    return await WAYS[change.op](change, context);
  } catch (error) {
    if (error instanceof Refusal) return error.outcome;
    if (error instanceof VendorError && ALONE.has(error.kind)) return { kind: 'failed', error };
    throw error;
  }
}

/** What is wrong with the item, and not with the login or the app as a whole. */
const ALONE: ReadonlySet<FailureKind> = new Set(['rejected', 'missing', 'tooLarge']);

const WAYS: Readonly<
  Record<ItemChange['op'], (change: ItemChange, context: Context) => Promise<Outcome>>
> = { create, update, delete: remove, restore };

async function create({ raw = {}, marker }: ItemChange, context: Context): Promise<Outcome> {
  const { resource, form, checks } = context;
  const operation = offered(resource.create, 'create', context);
  const hasMarker = marker !== undefined && form.marker !== undefined;
  const body = { ...raw, ...(hasMarker && { [form.marker]: marker }) };
  check(checks.create, body, 'create an item', context);
  const isRepeatable = marker !== undefined && operation.headers.has(REPEATABLE);
  return sent(context, operation, {
    method: 'POST',
    path: resource.path,
    body,
    ...(isRepeatable && { headers: { [REPEATABLE]: keyFor(marker, body) } }),
  });
}

/** With the same one again, the app answers as it did the first time. */
const REPEATABLE = 'idempotency-key';

/** Of the attempt, and not of the item: with the same one and another body, apps refuse. */
function keyFor(marker: string, body: object): string {
  return `${marker}-${fingerprintOf(JSON.stringify(body))}`;
}

async function update({ id, raw = {}, ifVersion }: ItemChange, context: Context): Promise<Outcome> {
  const { resource, checks } = context;
  const operation = offered(resource.update, 'change', context);
  const guard = await guardFor(id!, ifVersion, operation, context);
  const whole =
    operation.method === 'PUT' ? await wholeOf(id!, raw, ifVersion, context) : undefined;
  const body = whole?.body ?? raw;
  check(checks.update, body, `change item ${id}`, context);
  return sent(context, operation, {
    method: operation.method,
    path: [...resource.path, id!],
    body,
    headers: guard ?? whole?.guard ?? {},
  });
}

async function remove({ id, ifVersion }: ItemChange, context: Context): Promise<Outcome> {
  const { resource } = context;
  const operation = offered(resource.remove, 'delete', context);
  const guard = await guardFor(id!, ifVersion, operation, context);
  // Better than nothing: what changes between this read and the deletion is deleted with it.
  if (ifVersion !== undefined && guard === undefined) await present(id!, ifVersion, context);
  const call = { method: 'DELETE', path: [...resource.path, id!], headers: guard ?? {} } as const;
  try {
    const outcome = await sent(context, operation, call);
    return outcome.kind === 'done' ? { kind: 'done', id: id! } : outcome;
  } catch (error) {
    if (!(error instanceof VendorError) || error.kind !== 'missing') throw error;
    // What was deleted already cannot be deleted, to some apps.
    const read = await readOne(context, id!, context.signal);
    if (read.kind === 'missing' && read.archived) return { kind: 'done', id: id! };
    throw error;
  }
}

async function restore({ id }: ItemChange, context: Context): Promise<Outcome> {
  const { resource } = context;
  const operation = offered(resource.restore, 'restore', context);
  return sent(context, operation, { method: 'POST', path: [...resource.path, id!, 'restore'] });
}

function offered<T>(operation: T | undefined, verb: string, context: Context): T {
  if (operation !== undefined) return operation;
  throw new VendorError('rejected', {
    what: `The app of account '${context.login}' offers no way to ${verb} items of ${context.resource.path.join('/')}.`,
    next: 'Add it to the app and its document, or do not have the sync write there.',
  });
}

// ---------------------------------------------------------------------------------------------
// On condition

/** What makes the app refuse when somebody was quicker; without `If-Match`, it cannot. */
async function guardFor(
  id: string,
  ifVersion: number | undefined,
  operation: Operation,
  context: Context,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (ifVersion === undefined || !operation.headers.has('if-match')) return undefined;
  const known = context.tags.of(id, ifVersion);
  if (known !== undefined) return { 'if-match': known };
  await present(id, ifVersion, context);
  const tag = context.tags.of(id, ifVersion);
  return tag === undefined ? undefined : { 'if-match': tag };
}

async function present(id: string, ifVersion: number | undefined, context: Context): Promise<Raw> {
  const read = await readOne(context, id, context.signal);
  if (read.kind !== 'present') throw new Refusal('missing', id, context);
  const isThat = ifVersion === undefined || read.item.version === ifVersion;
  if (!isThat) throw new Refusal('outdated', id, context);
  return read.item.raw as Raw;
}

/** The item as it is, with the changes in it, and without what only the app writes. */
async function wholeOf(
  id: string,
  raw: Raw,
  ifVersion: number | undefined,
  context: Context,
): Promise<{ readonly body: Raw; readonly guard?: Readonly<Record<string, string>> }> {
  const { resource, form, tags } = context;
  const now = await present(id, ifVersion, context);
  const { members } = resource.read.answer!;
  const writable = Object.entries(now).filter(([name]) => {
    return name !== form.id && members.has(name) && !members.get(name)!.isReadOnly;
  });
  const version = itemOf(context, now).version;
  const tag = version === undefined ? undefined : tags.of(id, version);
  const hasGuard = tag !== undefined && resource.update!.headers.has('if-match');
  return {
    body: { ...Object.fromEntries(writable), ...raw },
    ...(hasGuard && { guard: { 'if-match': tag } }),
  };
}

// ---------------------------------------------------------------------------------------------
// Answers

const CONFLICT = z.looseObject({});

async function sent(
  context: Context,
  operation: Operation,
  call: Pick<Call<unknown>, 'method' | 'path' | 'body' | 'headers'>,
): Promise<Outcome> {
  const { rest, resource, signal } = context;
  const verb = `${call.method} /${call.path.join('/')}`;
  const { status, headers, data } = await rest.ask<unknown>({
    ...call,
    answer: z.unknown(),
    answers: Object.fromEntries(TOLD.map((each) => [each, CONFLICT])),
    signal,
  });
  if (status >= 400) return failed(status, data as Raw, verb, context);
  const whole = isObject(data) && isWhole(operation.answer, resource.read.answer);
  const id = isObject(data)
    ? idOf(context, data)
    : (idAt(headers) ?? call.path[resource.path.length]);
  if (id === undefined) {
    throw new VendorError(
      'broken',
      {
        what: `The app of account '${context.login}' has answered ${verb} without saying which item it is.`,
        next: 'Have it answer with the item, its id, or a Location.',
      },
      { mayHaveLanded: true },
    );
  }
  const item = whole ? itemOf(context, data) : undefined;
  return {
    kind: 'done',
    id,
    ...(item?.version !== undefined && { version: item.version }),
    ...(item !== undefined && { item }),
  };
}

function idAt(headers: Headers): string | undefined {
  const last = headers
    .get('location')
    ?.replace(/[?#].*$/, '')
    .split('/')
    .at(-1);
  return last ? decodeURIComponent(last) : undefined;
}

/** Whether an answer holds all that a read does. */
export function isWhole(answer: Schema | undefined, read: Schema | undefined): boolean {
  if (answer === undefined || read === undefined) return false;
  return [...read.members.keys()].every((name) => answer.members.has(name));
}

/** These say what is wrong with the item. */
const TOLD = [400, 409, 412, 422] as const;

const MEANS: Readonly<Record<number, readonly [kind: FailureKind, next: string]>> = {
  400: ['rejected', 'Correct the value, or the mapping of the field.'],
  409: ['duplicate', 'Merge the two items, or give one of them another value.'],
  412: ['outdated', 'It is read again; nothing needs to be done.'],
  422: ['rejected', 'Correct the value, or the mapping of the field.'],
};

function failed(status: number, body: Raw, verb: string, context: Context): Outcome {
  const [kind, next] = MEANS[status]!;
  const path = pathIn(body);
  const said = context.rest.words([status, wordsIn(body)].filter(Boolean).join(' '));
  const where = path === undefined ? '' : ` because of "${path}"`;
  const what = `The app of account '${context.login}' refused ${verb}${where} (${said}).`;
  const existing = status === 409 ? existingIn(body) : undefined;
  return {
    kind: 'failed',
    error: new VendorError(kind, { what, next }, path === undefined ? {} : { path }),
    ...(existing !== undefined && { existing }),
  };
}

/** What is said about a failure, in whatever form. */
export function wordsIn(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  for (const name of ['message', 'error', 'title', 'detail']) {
    const words = body[name];
    if (typeof words === 'string' && words !== '') return words;
    if (isObject(words)) return wordsIn(words);
  }
  return undefined;
}

/** A path with dots; a JSON pointer is one as well. */
function pathIn(body: Raw): string | undefined {
  const [first] = Array.isArray(body['errors']) ? (body['errors'] as unknown[]) : [];
  const inner = isObject(body['error']) ? body['error'] : undefined;
  for (const place of [body, inner, first]) {
    if (!isObject(place)) continue;
    for (const name of ['path', 'field', 'instancePath']) {
      const path = place[name];
      if (Array.isArray(path) && path.length > 0) return path.join('.');
      if (typeof path === 'string' && path !== '')
        return path.replace(/^\//, '').replaceAll('/', '.');
    }
  }
  return undefined;
}

function existingIn(body: Raw): string | undefined {
  const id = body['existingId'] ?? body['existing_id'] ?? body['id'];
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

function check(
  checked: Check | undefined,
  body: object,
  verb: string,
  { login, resource }: Context,
): void {
  const flaw = checked?.(body);
  if (flaw === undefined) return;
  const what = `What was to ${verb} of ${resource.path.join('/')} in account '${login}' does not fit the app's document because of "${flaw.path}" (${flaw.message}). It was not sent.`;
  const next = 'Correct the value, or the mapping of the field.';
  throw new VendorError('rejected', { what, next }, { path: flaw.path });
}

/** An outcome that was clear before anything was sent. */
class Refusal extends Error {
  readonly outcome: Outcome;

  constructor(kind: 'missing' | 'outdated', id: string, { login, resource }: Context) {
    super(kind);
    const why = kind === 'missing' ? 'is not there' : 'has changed since it was read';
    const what = `Item ${id} of ${resource.path.join('/')} in account '${login}' ${why}.`;
    const next = 'It is read again; nothing needs to be done.';
    this.outcome = { kind: 'failed', error: new VendorError(kind, { what, next }) };
  }
}
