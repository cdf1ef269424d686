/**
 * Items by their ids, by a value, by their changes, and in whole lists.
 *
 * Traps: pages in an order of ours repeat what is at their border, so the changes are no such pages: each
 * goes on from the time of the last one, and those of the same millisecond are listed by themselves, in
 * Twenty's own order. Times are told in milliseconds and kept in finer steps. What was deleted has a time
 * of its own; what was destroyed leaves no trace. What was restored need not count as changed. Texts in a
 * filter cannot be escaped: what could be misread is left open, and looked at here.
 */
import { partsOf } from '../batches.ts';
import {
  VendorError,
  type Item,
  type ItemPage,
  type PageRequest,
  type Read,
} from '../connector.ts';
import { deedOf } from './complaints.ts';
import { isId } from './guard.ts';
import { TARGETS } from './objects.ts';
import {
  all,
  DELETED_TOO,
  isDeleted,
  lookUp,
  pageOf,
  type Context,
  type WireRecord,
} from './records.ts';
import { readTargets } from './targets.ts';

export interface Reader extends Context {
  /** The field with the marker, where there is one. */
  readonly marker: string | undefined;
}

export async function list(reader: Reader, request: PageRequest): Promise<ItemPage> {
  const { after, limit, signal } = request;
  // Only ever what a page before told as `next`.
  const query = { limit, starting_after: after as string | undefined };
  const { records, hasMore, endCursor } = await pageOf(reader, reader.type.name, query, signal);
  const items = await itemsOf(reader, records, signal);
  return { items, gone: [], ...(hasMore && endCursor !== undefined && { next: endCursor }) };
}

/** With what they are about. */
async function itemsOf(
  reader: Reader,
  records: readonly WireRecord[],
  signal: AbortSignal | undefined,
): Promise<readonly Item[]> {
  const ids = records.map(({ id }) => id);
  const targets = await readTargets(reader, ids, signal);
  return records.map((record) => itemOf(reader, record, targets.get(record.id)));
}

export function itemOf(
  { marker }: Pick<Reader, 'marker'>,
  record: WireRecord,
  targets?: Readonly<Record<string, unknown>>,
): Item {
  const changedAt = Date.parse(record.updatedAt);
  const createdAt = timeIn(record, 'createdAt');
  const mark = marker === undefined ? undefined : record[marker];
  return {
    id: record.id,
    raw: { ...record, ...(targets && { [TARGETS]: targets }) },
    version: changedAt,
    changedAt,
    ...(createdAt !== undefined && { createdAt }),
    ...(typeof mark === 'string' && mark !== '' && { marker: mark }),
  };
}

function timeIn(record: WireRecord, name: string): number | undefined {
  const value = record[name];
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** Of two that were merged, one is deleted; nothing tells which one it became. */
export async function read(
  reader: Reader,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Read[]> {
  const found = await lookUp(reader, reader.type.name, ids, signal);
  const present = [...found.values()].filter((record) => !isDeleted(record));
  const items = new Map((await itemsOf(reader, present, signal)).map((item) => [item.id, item]));
  return ids.map((id): Read => {
    const item = items.get(id.toLowerCase());
    if (item !== undefined) return { kind: 'present', item };
    return { kind: 'missing', archived: found.has(id.toLowerCase()) };
  });
}

// ---------------------------------------------------------------------------------------------
// By a value

/** An address that is longer is refused by some servers. */
const FILTER_LENGTH_MAX = 4_000;

export async function find(
  reader: Reader,
  path: string,
  values: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Item[]> {
  const found = (await search(reader, path, values, signal)).filter((each) => !isDeleted(each));
  return itemsOf(reader, found, signal);
}

/** Without regard to case, and also those that were deleted. */
export async function search(
  reader: Reader,
  path: string,
  values: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly WireRecord[]> {
  const type = reader.type.fields.find((field) => field.path === path)?.type;
  const conditions = conditionsFor(path, values, type);
  if (conditions === undefined) throw unsearchable(reader, path);
  const wanted = new Set(values.map(spelled));
  const found = new Map<string, WireRecord>();
  for (const part of partsOf(conditions, FILTER_LENGTH_MAX, lengthOf)) {
    const filter = `and(or(${part.join(',')}),${DELETED_TOO})`;
    for (const record of await all(reader, reader.type.name, filter, signal)) {
      if (wanted.has(spelled(valueAt(record, path)))) found.set(record.id, record);
    }
  }
  return [...found.values()];
}

function conditionsFor(
  path: string,
  values: readonly string[],
  type: string | undefined,
): readonly string[] | undefined {
  const once = [...new Set(values)].filter((value) => value !== '');
  switch (type) {
    case 'TEXT':
      return once.map((value) => `${path}[ilike]:"${left(value.replace(/\/+$/, ''), path)}"`);
    case 'UUID':
    case 'reference':
      return once.filter(isId).map((value) => `${path}[eq]:"${value}"`);
    case 'SELECT':
    case 'RATING':
      return once.filter((value) => /^\w+$/.test(value)).map((value) => `${path}[eq]:"${value}"`);
    case 'NUMBER':
    case 'NUMERIC':
      return once
        .filter((value) => value.trim() !== '' && Number.isFinite(Number(value)))
        .map((value) => `${path}[eq]:${Number(value)}`);
    case undefined:
    default:
      return undefined;
  }
}

/** What a filter or a pattern would take for its own is left open: one character, whichever. */
function left(value: string, path: string): string {
  const pattern = value.replaceAll(/[^\p{L}\p{N}@.+:/ -]/gu, '_');
  // A web address may have been left with a slash at its end.
  return pattern + (path.endsWith('Url') ? '%' : '');
}

function spelled(value: unknown): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return text.toLowerCase().replace(/\/+$/, '');
}

function valueAt(record: WireRecord, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)[name]
      : undefined;
  }, record);
}

/** In an address, with what stands between two. */
function lengthOf(condition: string): number {
  return encodeURIComponent(condition).length + 3;
}

function unsearchable(reader: Reader, path: string): VendorError {
  return new VendorError(
    'rejected',
    {
      what: `twenty cannot ${deedOf({ ...reader, deed: `find items by "${path}"` })}.`,
      next: 'Choose a field with a text, a number, a choice or a reference.',
    },
    { path },
  );
}

// ---------------------------------------------------------------------------------------------
// Changes

export type ChangesRequest = PageRequest & { readonly since: number };

/** Whether it is about what was changed, or what was deleted. */
type Clock = 'updatedAt' | 'deletedAt';

/** Where the changes go on: from an instant, or among those of one millisecond. */
interface Cursor {
  readonly of: Clock;
  readonly from: number;
  /** Only those of that millisecond; empty at their beginning. */
  readonly among?: string;
}

/** First what was changed, then what was deleted. */
export async function changes(reader: Reader, request: ChangesRequest): Promise<ItemPage> {
  const { since, signal } = request;
  // Only ever what a page before told as `next`.
  const cursor = (request.after ?? { of: 'updatedAt', from: since }) as unknown as Cursor;
  const { told, next } = await step(reader, cursor, request);
  if (cursor.of === 'deletedAt') return pageFrom([], told, next);
  const items = await itemsOf(reader, told, signal);
  if (next !== undefined) return pageFrom(items, [], next);
  const gone = await step(reader, { of: 'deletedAt', from: since }, request);
  return pageFrom(items, gone.told, gone.next);
}

function pageFrom(
  items: readonly Item[],
  gone: readonly WireRecord[],
  next: Cursor | undefined,
): ItemPage {
  const ids = gone.map(({ id }) => id);
  return { items, gone: ids, ...(next === undefined ? {} : { next: { ...next } }) };
}

interface Step {
  readonly told: readonly WireRecord[];
  readonly next?: Cursor;
}

async function step(
  reader: Reader,
  { of, from, among }: Cursor,
  { limit, signal }: ChangesRequest,
): Promise<Step> {
  const { name } = reader.type;
  if (among !== undefined) {
    const filter = `and(${of}[gte]:"${timeText(from)}",${of}[lt]:"${timeText(from + 1)}")`;
    const query = { filter, limit, ...(among !== '' && { starting_after: among }) };
    const { records, hasMore, endCursor } = await pageOf(reader, name, query, signal);
    const isOver = !hasMore || endCursor === undefined;
    const next: Cursor = isOver ? { of, from: from + 1 } : { of, from, among: endCursor };
    return { told: records, next };
  }
  const { records, hasMore } = await pageOf(
    reader,
    name,
    {
      filter: `${of}[gte]:"${timeText(from)}"`,
      order_by: `${of}[AscNullsFirst],id[AscNullsFirst]`,
      limit,
    },
    signal,
  );
  const [final] = records.slice(-1);
  if (!hasMore || final === undefined) return { told: records };
  // Others of the last millisecond may follow, in no order that could be gone on in.
  const lastAt = timeIn(final, of) ?? from;
  const before = records.filter((record) => (timeIn(record, of) ?? from) < lastAt);
  if (before.length > 0) return { told: before, next: { of, from: lastAt } };
  return { told: [], next: { of, from: lastAt, among: '' } };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
