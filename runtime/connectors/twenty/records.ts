/**
 * The calls that are about records of any kind, as few of them as it takes: whole lists by a filter, records
 * by their ids, and creates, changes, deletes and restores.
 *
 * Traps: whatever Twenty does not know in an address it ignores without a word, so a page that leads to
 * itself is an error. Only lists without an order of ours go on reliably. What was deleted is hidden unless
 * the filter mentions it. A batch of creates is refused as a whole, and nobody says because of which
 * record; so it is sent again in halves, which is no second try, for nothing of it was stored.
 */
import { VendorError } from '../connector.ts';
import type { Call, Rest } from '../http.ts';
import * as api from './api.ts';
import { complaintIn, errorOf, likewise, type Complaint } from './complaints.ts';
import { filterFor, isId, SOFTLY } from './guard.ts';
import type { ObjectType } from './objects.ts';

export interface Context {
  readonly rest: Rest;
  /** What errors call the account. */
  readonly login: string;
  readonly type: ObjectType;
}

export type WireRecord = api.WireRecord;

/** So many at once are taken by every version. */
export const WRITE_MAX = 60;
/** So many ids fit into an address everywhere. */
export const READ_MAX = 100;
/** Whatever is asked for, there are no more on a page. */
export const PAGE_MAX = 200;

/** Mentioned, so that what was deleted shows as well. */
export const DELETED_TOO = 'or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)';

export interface Query {
  readonly filter?: string | undefined;
  readonly order_by?: string | undefined;
  readonly limit: number;
  readonly starting_after?: string | undefined;
}

export function pageOf(
  { rest }: Pick<Context, 'rest'>,
  name: string,
  query: Query,
  signal: AbortSignal | undefined,
): Promise<api.WirePage> {
  return rest.send({
    method: 'GET',
    path: ['rest', name],
    query: { ...query },
    answer: api.page,
    flawIn: ({ hasMore, endCursor }) =>
      hasMore && endCursor === query.starting_after && endCursor !== undefined
        ? 'the next page is the one before'
        : undefined,
    signal,
  });
}

/** All that pass the filter, however many pages that takes. */
export async function all(
  context: Pick<Context, 'rest'>,
  name: string,
  filter: string,
  signal: AbortSignal | undefined,
): Promise<readonly WireRecord[]> {
  const found: WireRecord[] = [];
  let after: string | undefined;
  do {
    const query = { filter, limit: PAGE_MAX, starting_after: after };
    const page: api.WirePage = await pageOf(context, name, query, signal);
    found.push(...page.records);
    after = page.hasMore ? page.endCursor : undefined;
  } while (after !== undefined);
  return found;
}

/** Nobody has this id. Asked for, where nothing else can be, so that a refused login is told. */
const NOBODY = '00000000-0000-4000-8000-000000000000';

/** Also those that were deleted. What is no id is not asked about: Twenty would refuse the rest with it. */
export async function lookUp(
  context: Pick<Context, 'rest'>,
  name: string,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, WireRecord>> {
  const known = [...new Set(ids.filter(isId).map((id) => id.toLowerCase()))];
  const found = new Map<string, WireRecord>();
  for (const part of known.length === 0 ? [[NOBODY]] : inParts(known, READ_MAX)) {
    const filter = `and(${filterFor(part)},${DELETED_TOO})`;
    for (const record of await all(context, name, filter, signal)) found.set(record.id, record);
  }
  return found;
}

export function isDeleted({ deletedAt }: WireRecord): boolean {
  return deletedAt !== undefined && deletedAt !== null;
}

export function inParts<T>(list: readonly T[], most: number): T[][] {
  const count = Math.ceil(list.length / most);
  return Array.from({ length: count }, (_, n) => list.slice(n * most, (n + 1) * most));
}

/**
 * One step after the other. When the first one fails, all has failed; when a later one does, those after
 * it are not begun.
 */
export async function inTurn<T>(
  steps: readonly T[],
  take: (step: T) => Promise<void>,
  failed: (step: T, error: VendorError) => void,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    try {
      await take(step);
    } catch (error) {
      if (!(error instanceof VendorError) || index === 0) throw error;
      failed(step, error);
      for (const other of steps.slice(index + 1)) failed(other, likewise(error, false));
      return;
    }
  }
}

// ---------------------------------------------------------------------------------------------
// Creates

/** What a record is to hold, with the id that it is to have. */
export type NewRecord = Readonly<Record<string, unknown>> & { readonly id: string };

export type Made =
  | { readonly record: WireRecord; readonly isNew: boolean }
  | { readonly refused: Complaint }
  | { readonly error: VendorError };

/** By id. One that is there already under its id is not made again, and is left as it is. */
export async function createAll(
  context: Context,
  name: string,
  wanted: readonly NewRecord[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Made>> {
  const made = new Map<string, Made>();
  if (wanted.length === 0) return made;
  const refused = await insert(context, name, wanted, signal, made);
  if (refused === undefined) return made;
  if (refused.kind === 'transient') {
    for (const { id } of wanted) made.set(id, { refused });
    return made;
  }
  const there = await lookUp(
    context,
    name,
    wanted.map(({ id }) => id),
    signal,
  );
  for (const [id, record] of there) made.set(id, { record, isNew: false });
  const rest = wanted.filter(({ id }) => !there.has(id));
  await settle(rest, there.size === 0 ? refused : undefined);
  return made;

  async function settle(records: readonly NewRecord[], known?: Complaint): Promise<void> {
    if (records.length === 0) return;
    const complaint = known ?? (await insert(context, name, records, signal, made));
    if (complaint === undefined) return;
    if (records.length === 1) {
      made.set(records[0]!.id, { refused: complaint });
      return;
    }
    await inTurn(
      inParts(records, Math.ceil(records.length / 2)),
      (half) => settle(half),
      (half, error) => {
        for (const { id } of half) made.set(id, { error });
      },
    );
  }
}

/** All of them, or none; then it answers why. */
async function insert(
  context: Context,
  name: string,
  wanted: readonly NewRecord[],
  signal: AbortSignal | undefined,
  made: Map<string, Made>,
): Promise<Complaint | undefined> {
  const answer = await context.rest.send<readonly WireRecord[] | api.WireRefusal>({
    method: 'POST',
    path: ['rest', 'batch', name],
    body: wanted,
    answer: api.records,
    answers: { 400: api.refusal, 500: api.trouble },
    flawIn: (told) =>
      'refused' in told || isWhole(told, wanted) ? undefined : 'not one record for each',
    signal,
  });
  if (!('refused' in answer)) {
    for (const record of answer) made.set(record.id, { record, isNew: true });
    return undefined;
  }
  return complaintOr(context, answer, wanted.length === 1 ? wanted[0]! : {}, 'create items');
}

function isWhole(records: readonly WireRecord[], wanted: readonly NewRecord[]): boolean {
  const ids = new Set(records.map(({ id }) => id));
  return wanted.every(({ id }) => ids.has(id));
}

/** Throws where Twenty tells of trouble of its own: nobody can know whether anything was stored. */
function complaintOr(
  context: Context,
  { refused }: api.WireRefusal,
  raw: Readonly<Record<string, unknown>>,
  deed: string,
): Complaint {
  const complaint = complaintIn(refused, raw, context.type);
  if (!complaint.isUncertain) return complaint;
  throw errorOf(complaint, { ...context, deed }, { mayHaveLanded: true });
}

// ---------------------------------------------------------------------------------------------
// Changes, deletes and restores, of what is named by its ids

/** The same change of all of them; those that are not there are not among the answers. */
export async function patchAll(
  context: Context,
  ids: readonly string[],
  patch: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
): Promise<readonly WireRecord[] | { readonly refused: Complaint }> {
  const { rest, type } = context;
  const [only] = ids;
  const call =
    ids.length === 1
      ? { path: ['rest', type.name, only!], answer: api.one }
      : { path: ['rest', type.name], query: { filter: filterFor(ids) }, answer: api.records };
  const answer = await rest.send<readonly WireRecord[] | api.WireRefusal>({
    ...call,
    method: 'PATCH',
    body: patch,
    answers: { 400: api.refusal, 404: api.absent, 500: api.trouble },
    flawIn: (told) => ('refused' in told ? undefined : strangerIn(told, ids)),
    signal,
  });
  if (!('refused' in answer)) return answer;
  const complaint = complaintOr(context, answer, patch, 'update items');
  return complaint.kind === 'missing' ? [] : { refused: complaint };
}

/** Of a filter that was ignored, the answer tells. */
function strangerIn(told: readonly { readonly id: string }[], ids: readonly string[]) {
  const wanted = new Set(ids.map((id) => id.toLowerCase()));
  const stranger = told.find(({ id }) => !wanted.has(id.toLowerCase()));
  return stranger && `it is about ${stranger.id}, which it was not asked about`;
}

/** So that they can be restored. Answers with the ids of those that were there. */
export function deleteAll(
  context: Pick<Context, 'rest'>,
  name: string,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const query = { filter: filterFor(ids), ...SOFTLY };
  return change(context, { method: 'DELETE', path: ['rest', name], query, signal }, ids);
}

/** Answers with the ids of those that were deleted. */
export async function restoreAll(
  context: Pick<Context, 'rest'>,
  name: string,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const query = { filter: `and(${filterFor(ids)},deletedAt[is]:NOT_NULL)` };
  const call = { method: 'PATCH', query, body: {}, signal } as const;
  try {
    return await change(context, { ...call, path: ['rest', name, 'restore'] }, ids);
  } catch (error) {
    // Before the end of 2025, "restore" stood in front, and here it is taken for an id that is none.
    if (!(error instanceof VendorError) || error.kind !== 'rejected') throw error;
    return change(context, { ...call, path: ['rest', 'restore', name] }, ids);
  }
}

async function change(
  { rest }: Pick<Context, 'rest'>,
  call: Pick<Call<unknown>, 'method' | 'path' | 'query' | 'body' | 'signal'>,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const answer = await rest.send<readonly { readonly id: string }[]>({
    ...call,
    answer: api.names,
    answers: { 404: api.absent },
    flawIn: (told) => strangerIn(told, ids),
  });
  return new Set(answer.map(({ id }) => id));
}
