/**
 * Creates, updates and deletes, one at a time: Pipedrive has no batches.
 *
 * Traps: a create repeated is a second item, whatever it holds. A list that is written replaces the one
 * that is there. The older version passes over members that it does not know, so they are refused here.
 * An activity is about its primary participant, who cannot be written in any other way. What was deleted
 * is missing to those who would delete it again.
 */
import type { z } from 'zod';
import { VendorError, type ItemChange, type Operation, type Outcome } from '../connector.ts';
import type { Call } from '../http.ts';
import * as api from './api.ts';
import { ABOUT_ITEM, complaintIn, deedOf, errorOf, type Complaint } from './complaints.ts';
import { itemOf, lookAt, type Context } from './reading.ts';

export async function write(
  context: Context,
  [change]: readonly ItemChange[],
  signal: AbortSignal | undefined,
): Promise<readonly Outcome[]> {
  return [await WRITES[change!.op](context, change!, signal)];
}

type Write = (
  context: Context,
  change: ItemChange,
  signal: AbortSignal | undefined,
) => Promise<Outcome>;

const WRITES: Readonly<Record<Operation, Write>> = { create, update, delete: remove, restore };

async function create(
  context: Context,
  change: ItemChange,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const { paths, type, marker } = context;
  const { raw = {}, marker: mark } = change;
  const unknown = unknownIn(context, change);
  if (unknown) return unknown;
  const marked = marker === undefined || mark === undefined ? {} : { [marker]: mark };
  const body = bodyOf(context, { ...raw, ...marked }, []);
  return sent(context, change, { method: 'POST', path: paths.of(type), body, signal });
}

async function update(
  context: Context,
  change: ItemChange,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const { paths, type } = context;
  const { id = '', raw = {} } = change;
  const unknown = unknownIn(context, change);
  if (unknown) return unknown;
  const needsItem = type.name === 'activities' && raw['person_id'] !== undefined;
  let held: unknown;
  if (needsItem || Object.keys(raw).length === 0) {
    const read = await lookAt(context, id, signal);
    if (read.kind !== 'present') return missing(context, change);
    const { item } = read;
    if (!needsItem) return { kind: 'done', id, item, ...versionOf(item) };
    held = (item.raw as Readonly<Record<string, unknown>>)['participants'];
  }
  const body = bodyOf(context, raw, Array.isArray(held) ? held : []);
  const method = type.version === 'v1' ? 'PUT' : 'PATCH';
  return sent(context, change, { method, path: paths.of(type, id), body, signal });
}

async function remove(
  context: Context,
  change: ItemChange,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const { paths, type, rest } = context;
  const { id = '' } = change;
  const { status, data } = await rest.ask<z.infer<typeof api.done> | api.WireRefusal>({
    method: 'DELETE',
    path: paths.of(type, id),
    answer: api.done,
    answers: REFUSALS,
    signal,
  });
  if (!('refused' in data)) return { kind: 'done', id };
  if (status === 404 || status === 410) {
    const read = await lookAt(context, id, signal);
    if (read.kind === 'missing' && read.archived) return { kind: 'done', id };
  }
  return refusedBy(context, change, status, data.refused);
}

async function restore(context: Context, change: ItemChange): Promise<Outcome> {
  const said = 'only a person can do that, within 30 days, in Pipedrive itself';
  return failed(context, change, { kind: 'rejected', said });
}

// ---------------------------------------------------------------------------------------------
// What is sent

/** `participants`: those of the activity as it is. */
function bodyOf(
  { type, own }: Context,
  raw: Readonly<Record<string, unknown>>,
  participants: readonly unknown[],
): Readonly<Record<string, unknown>> {
  const body: Record<string, unknown> = {};
  const ours: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (type.version === 'v1') body[name] = typeof value === 'boolean' ? Number(value) : value;
    else if (own.has(name) || OWN_KEY.test(name)) ours[name] = emptied(value);
    else if (name !== 'person_id' || type.name !== 'activities') body[name] = value;
  }
  if (Object.keys(ours).length > 0) body['custom_fields'] = ours;
  if (type.name !== 'activities' || raw['person_id'] === undefined) return body;
  const others = (raw['participants'] ?? participants) as readonly Participant[];
  return { ...body, participants: withPrimary(raw['person_id'], others) };
}

/** Also of a field that is gone, so that it is named in the complaint. */
const OWN_KEY = /^[0-9a-f]{40}$/;

/** A choice of several takes no empty list. */
function emptied(value: unknown): unknown {
  return Array.isArray(value) && value.length === 0 ? null : value;
}

interface Participant {
  readonly person_id?: unknown;
  readonly primary?: unknown;
}

/** Who was it before goes on taking part, unless there is nobody instead. */
function withPrimary(person: unknown, participants: readonly Participant[]): readonly unknown[] {
  const others = participants.filter(
    ({ person_id: id, primary }) => id !== person && (person !== null || primary !== true),
  );
  const rest = others.map((each) => ({ ...each, primary: false }));
  return person === null ? others : [{ person_id: person, primary: true }, ...rest];
}

function unknownIn(context: Context, change: ItemChange): Outcome | undefined {
  const { type } = context;
  if (type.version !== 'v1') return undefined;
  const names = new Set(type.members.map(({ path }) => path));
  const path = Object.keys(change.raw ?? {}).find((name) => !names.has(name));
  if (path === undefined) return undefined;
  return failed(context, change, { kind: 'rejected', path, said: 'there is no such member' });
}

// ---------------------------------------------------------------------------------------------
// What comes of it

const REFUSALS = Object.fromEntries(ABOUT_ITEM.map((status) => [status, api.refusal]));

async function sent(
  context: Context,
  change: ItemChange,
  call: Pick<Call<unknown>, 'method' | 'path' | 'body' | 'signal'>,
): Promise<Outcome> {
  const { status, data } = await context.rest.ask<api.WireOne | api.WireRefusal>({
    ...call,
    answer: api.one,
    answers: REFUSALS,
    flawIn: (answer) =>
      'data' in answer && change.id !== undefined && String(answer.data.id) !== change.id
        ? 'another item'
        : undefined,
  });
  if ('refused' in data) return refusedBy(context, change, status, data.refused);
  const item = itemOf(context, data.data);
  return { kind: 'done', id: item.id, item, ...versionOf(item) };
}

function versionOf({ version }: { readonly version?: number }): { readonly version?: number } {
  return version === undefined ? {} : { version };
}

function refusedBy(
  context: Context,
  change: ItemChange,
  status: number,
  refused: api.WireComplaint,
): Outcome {
  const complaint = complaintIn(status, refused, change);
  if (complaint) return failed(context, change, complaint);
  const { rest } = context;
  throw new VendorError('forbidden', {
    what: `pipedrive does not let ${deedOf(`anybody ${change.op} an item`, context)} (${rest.words(refused.error ?? '403')}).`,
    next: 'Grant the account this permission, or choose another account.',
  });
}

function missing(context: Context, change: ItemChange): Outcome {
  return failed(context, change, { kind: 'missing', said: 'it is not there' });
}

function failed(context: Context, { op, id }: ItemChange, complaint: Complaint): Outcome {
  const deed = `${op} ${id === undefined ? 'an item' : `item ${id}`}`;
  return { kind: 'failed', error: errorOf(complaint, context, deed) };
}
