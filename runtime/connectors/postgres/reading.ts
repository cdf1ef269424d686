/**
 * Lists, changes, reads by id and searches. Pages follow a key and not an offset, so nothing is skipped
 * while rows come and go; and a list leaves a look in the outbox first (outbox.ts), so that whatever is
 * committed after it is told as a change.
 */
import {
  VendorError,
  type Item,
  type ItemPage,
  type PageRequest,
  type Read,
} from '../connector.ts';
import { forgetSql, lookSql, seenSql } from './outbox.ts';
import { OUR_ORIGIN, type Query } from './server.ts';
import {
  amongIds,
  foundBy,
  foundIn,
  hasMarker,
  isDeletedSql,
  isPossibleId,
  latestNote,
  selectedOf,
  type Found,
  type Table,
} from './table.ts';
import { literal, quoted } from './values.ts';

export const READ_MAX = 500;

/** Rows whose transaction commits later than they say they were changed, where only a column tells. */
export const COLUMN_LAG_MS = 60_000;

export async function list(table: Table, request: PageRequest): Promise<ItemPage> {
  const { config, server, key } = table;
  const { after, limit, signal } = request;
  return server.transaction({ request: `list ${config.name}`, signal }, async (query) => {
    if (after === undefined) await look(query, table);
    const column = `t.${quoted(config.key)}`;
    const found = await foundBy(
      query,
      table,
      `not ${isDeletedSql(table)} and ($1::text is null or ${column} > $1::text::${key.declared})
       order by ${column} limit $2`,
      [after ?? null, limit + 1],
    );
    const page = found.slice(0, limit);
    const next = found.length > limit ? { next: page.at(-1)!.id } : {};
    return { items: page.map(itemOf), gone: [], ...next };
  });
}

async function look(query: Query, { isCaptured, outbox, config }: Table): Promise<void> {
  if (!isCaptured) return;
  await query(lookSql(outbox), [config.name]);
}

type ChangesRequest = PageRequest & { readonly since: number };

export async function changes(table: Table, request: ChangesRequest): Promise<ItemPage> {
  const { server, config, isCaptured } = table;
  const call = { request: `changes of ${config.name}`, signal: request.signal };
  return server.transaction(call, (query) =>
    (isCaptured ? changesInOutbox : changesByTime)(query, table, request),
  );
}

/** Where a page of changes begins. */
interface Place {
  /** What was visible when the reader was last here; null: it never was. */
  readonly seen?: string | null;
  readonly at: string;
  readonly tie: string;
}

async function changesInOutbox(
  query: Query,
  table: Table,
  { since, after, limit }: ChangesRequest,
): Promise<ItemPage> {
  const { outbox, config, key } = table;
  const notes = `${quoted(outbox)}.outbox`;
  const from = (after as unknown as Place | undefined) ?? (await firstPlace(query, table, since));
  // Of several notes on a row the last one counts, and the row is told as it is now. What was written
  // since and what came late are looked up apart, because each has an index of its own.
  const among = (condition: string): string => `(select n.pk, n.at, n.seq from ${notes} n
    where n.tbl = ${literal(config.name)} and ${condition}
      and (n.at, n.seq) > ($3::text::timestamptz, $4::text::bigint)
      and not exists (
        select from ${notes} later where later.tbl = n.tbl and later.pk = n.pk and later.seq > n.seq)
    order by n.at, n.seq limit $5)`;
  const since$ = 'to_timestamp($1::float8 / 1000)';
  const seen$ = '$2::text::pg_snapshot';
  const sql = `with told as (
    ${among(`n.at >= ${since$}`)}
    union all
    ${among(`n.at < ${since$} and n.txid >= pg_snapshot_xmin(${seen$})
      and not pg_visible_in_snapshot(n.txid, ${seen$})`)}
    order by at, seq limit $5)
  select told.pk, told.at, told.seq, ${selectedOf(table)}
  from told
  left join ${table.name} t on t.${quoted(config.key)} = told.pk::${key.declared}
  ${latestNote(table)}
  order by told.at, told.seq`;
  const rows = await query(sql, [since, from.seen ?? null, from.at, from.tie, limit + 1]);
  const told = rows.slice(0, limit).map(([pk, at, seq, ...row]) => ({
    place: { seen: from.seen ?? null, at: at!, tie: seq! },
    id: pk!,
    found: row[0] === null ? undefined : foundIn(row, table),
  }));
  return pageOf(told, rows.length > limit);
}

async function firstPlace(query: Query, { outbox, config }: Table, since: number): Promise<Place> {
  const [row] = await query(seenSql(outbox), [config.name, since]);
  await query(lookSql(outbox), [config.name]);
  for (const sql of forgetSql(outbox)) await query(sql, [config.name]);
  return { seen: row?.[0] ?? null, at: '-infinity', tie: '0' };
}

async function changesByTime(
  query: Query,
  table: Table,
  { since, after, limit }: ChangesRequest,
): Promise<ItemPage> {
  const { config, key, byName } = table;
  const time = byName.get(config.updatedAt!)!;
  const [at, id] = [`t.${quoted(time.name)}`, `t.${quoted(config.key)}`];
  const from = after as unknown as Place | undefined;
  const sql = `select ${at}, ${selectedOf(table)} from ${table.name} t
    where ${at} >= to_timestamp($1::float8 / 1000)::${time.declared}
      and ($2::text is null or (${at}, ${id}) > ($2::text::${time.declared}, $3::text::${key.declared}))
    order by ${at}, ${id} limit $4`;
  const rows = await query(sql, [since, from?.at ?? null, from?.tie ?? null, limit + 1]);
  const told = rows.slice(0, limit).map(([changed, ...row]) => {
    const found = foundIn(row, table);
    return { place: { at: changed!, tie: found.id }, id: found.id, found };
  });
  return pageOf(told, rows.length > limit);
}

interface Told {
  readonly place: Place;
  readonly id: string;
  readonly found: Found | undefined;
}

function pageOf(told: readonly Told[], isMore: boolean): ItemPage {
  const isThere = ({ found }: Told): boolean => found !== undefined && !found.isDeleted;
  return {
    items: told.filter(isThere).map(({ found }) => itemOf(found!)),
    gone: told.filter((each) => !isThere(each)).map(({ id }) => id),
    ...(isMore && { next: { ...told.at(-1)!.place } }),
  };
}

export async function read(
  table: Table,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<readonly Read[]> {
  const call = { request: `read ${table.config.name}`, signal };
  const possible = ids.filter((id) => isPossibleId(id, table));
  const found = await table.server.transaction(call, (query) =>
    foundBy(query, table, amongIds(table, '$1'), [possible]),
  );
  const byId = new Map(found.map((each) => [each.id, each]));
  return ids.map((id) => readOf(byId.get(id)));
}

function readOf(found: Found | undefined): Read {
  if (found === undefined) return { kind: 'missing', archived: false };
  if (!found.isDeleted) return { kind: 'present', item: itemOf(found) };
  const { version } = found;
  return { kind: 'missing', archived: true, ...(version !== undefined && { version }) };
}

/** The marker as it is, which its index serves; anything else without regard to case. */
export async function find(
  table: Table,
  path: string,
  values: readonly string[],
  signal?: AbortSignal,
): Promise<readonly Item[]> {
  const { config, server } = table;
  const column = table.byName.get(path);
  if (column === undefined) {
    throw new VendorError(
      'rejected',
      {
        what: `There is no column "${path}" in ${config.name} of account '${table.account}'.`,
        next: 'Correct the mapping.',
      },
      { path },
    );
  }
  const isMarker = hasMarker(table) && path === config.marker;
  const name = `t.${quoted(path)}`;
  const condition = isMarker
    ? `${name} = any ($1::text[])`
    : `lower(${name}::text) = any (select lower(value) from unnest($1::text[]) value)`;
  const sayable = values.filter((value) => !value.includes('\0'));
  const found = await server.transaction({ request: `find in ${config.name}`, signal }, (query) =>
    foundBy(query, table, `not ${isDeletedSql(table)} and ${condition}`, [sayable]),
  );
  return found.map(itemOf);
}

const AUTHORS: Readonly<Record<string, NonNullable<Item['author']>>> = {
  [OUR_ORIGIN]: 'us',
  person: 'person',
  integration: 'integration',
};

export function itemOf({ id, raw, version, changedAt, origin, marker }: Found): Item {
  const author = origin === null ? undefined : AUTHORS[origin];
  return {
    id,
    raw,
    ...(version !== undefined && { version }),
    ...(changedAt !== undefined && { changedAt }),
    ...(author !== undefined && { author }),
    ...(marker !== null && { marker }),
  };
}
