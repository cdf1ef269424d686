/**
 * A table as it is: its columns, which of them mean something to us, and what it is read and written with.
 * Where its versions come from decides what can be promised, the best first: a column that the database
 * counts up, the outbox, a column with the time of the last change, nothing.
 */
import { VendorError } from '../connector.ts';
import * as api from './api.ts';
import type { Captured } from './outbox.ts';
import type { Call, Query, Row, Server } from './server.ts';
import { isShown, literal, quoted, selectionOf, valueOf } from './values.ts';

/** As somebody has filled it in. */
export interface TableConfig {
  readonly name: string;
  readonly key: string;
  readonly updatedAt?: string | undefined;
  readonly deleted?: string | undefined;
  readonly marker?: string | undefined;
  readonly version?: string | undefined;
}

export interface Table {
  readonly config: TableConfig;
  readonly server: Server;
  readonly account: string;
  /** The schema of the outbox. */
  readonly outbox: string;
  readonly isCaptured: boolean;
  /** Quoted, with its schema. */
  readonly name: string;
  readonly columns: readonly api.Column[];
  readonly byName: ReadonlyMap<string, api.Column>;
  readonly key: api.Column;
  readonly rules: readonly api.Rule[];
  readonly versions: 'column' | 'outbox' | 'updatedAt' | 'none';
  /** Columns that people or the database fill, and no mapping. */
  readonly isReadOnly: (column: api.Column) => boolean;
}

export function partsOf({ name }: Pick<TableConfig, 'name'>): { schema: string; table: string } {
  const [schema = '', table = ''] = name.split('.');
  return { schema, table };
}

export function capturedOf(config: TableConfig): Captured {
  const ignored = [config.updatedAt, config.version].filter((column) => column !== undefined);
  return { ...partsOf(config), key: config.key, ignored };
}

export async function lookUpTable(
  config: TableConfig,
  context: { readonly server: Server; readonly account: string; readonly outbox: string },
  call: Omit<Call, 'request'> = {},
): Promise<Table> {
  const { server, account, outbox } = context;
  const { schema, table } = partsOf(config);
  const name = `${quoted(schema)}.${quoted(table)}`;
  const request = `look at ${config.name}`;
  const told = await server.transaction({ ...call, request }, async (query) => {
    const [row] = await query(api.TABLE_SQL, [name, outbox, config.key, config.name]);
    return row?.[0] ?? null;
  });
  const missing = (what: string): VendorError =>
    new VendorError('missing', {
      what: `postgres shows account '${account}' no ${what}.`,
      next: 'Check the name in the account node, and whether the login may see it.',
    });
  if (told === null) throw missing(`table ${config.name}`);
  const { columns: all, rules, isCaptured } = api.table.parse(JSON.parse(told));
  const byName = new Map(all.map((column) => [column.name, column]));
  for (const wanted of [
    config.key,
    config.updatedAt,
    config.deleted,
    config.marker,
    config.version,
  ]) {
    if (wanted === undefined || byName.has(wanted)) continue;
    // The marker's column may still be made.
    if (wanted !== config.marker) throw missing(`column ${wanted} in ${config.name}`);
  }
  const key = byName.get(config.key)!;
  if (!rules.some((rule) => rule.isUnique && isAlone(rule, config.key))) {
    throw new VendorError('rejected', {
      what: `The column ${config.key} of ${config.name} in account '${account}' does not tell rows apart.`,
      next: 'Name the primary key, or a column with a unique index.',
    });
  }
  const kept = new Set([config.updatedAt, config.deleted, config.marker, config.version]);
  const isReadOnly = (column: api.Column): boolean =>
    column.isGenerated ||
    !column.isWritable ||
    kept.has(column.name) ||
    (column.name === config.key && column.hasDefault);
  const versions =
    config.version !== undefined
      ? 'column'
      : isCaptured
        ? 'outbox'
        : config.updatedAt !== undefined
          ? 'updatedAt'
          : 'none';
  const columns = all.filter((column) => isShown(column) && column.name !== config.marker);
  return {
    config,
    server,
    account,
    outbox,
    isCaptured,
    name,
    columns,
    byName,
    key,
    rules,
    versions,
    isReadOnly,
  };
}

export function isAlone({ columns }: api.Rule, name: string): boolean {
  return columns.length === 1 && columns[0] === name;
}

/** By which the marker can be an upsert: unique, if only for rows that have one. */
export function hasUniqueMarker({ config: { marker }, rules }: Table): boolean {
  return (
    marker !== undefined && rules.some((rule) => rule.isUniqueForSome && isAlone(rule, marker))
  );
}

export function hasMarker({ config: { marker }, byName }: Table): boolean {
  return marker !== undefined && byName.has(marker);
}

/** What is known of a row besides its columns. */
export interface Found {
  readonly id: string;
  readonly isDeleted: boolean;
  readonly version?: number;
  readonly changedAt?: number;
  readonly origin: string | null;
  readonly marker: string | null;
  readonly raw: Readonly<Record<string, unknown>>;
}

/** A microsecond of our era is still a whole number for JavaScript. */
const MICROS = (time: string): string => `(extract(epoch from ${time}) * 1000000)::bigint`;

/** What is selected of `t`, with the latest note on it as `o`. To be read by `foundIn`. */
export function selectedOf(table: Table): string {
  const { config, columns, isCaptured } = table;
  const changed = isCaptured
    ? MICROS('o.at')
    : config.updatedAt === undefined
      ? 'null'
      : MICROS(`t.${quoted(config.updatedAt)}`);
  const version = config.version === undefined ? changed : `t.${quoted(config.version)}::bigint`;
  return [
    `t.${quoted(config.key)}`,
    isDeletedSql(table),
    version,
    changed,
    isCaptured ? 'o.origin' : 'null',
    hasMarker(table) ? `t.${quoted(config.marker!)}` : 'null',
    ...columns.map(selectionOf),
  ].join(', ');
}

const SELECTED_BEFORE_COLUMNS = 6;

/** To stand after `from`, or after a `join`. */
export function latestNote({ isCaptured, outbox, config }: Table): string {
  if (!isCaptured) return '';
  return `left join lateral (
    select at, origin from ${quoted(outbox)}.outbox
    where tbl = ${literal(config.name)} and pk = t.${quoted(config.key)}::text
    order by seq desc limit 1) o on true`;
}

export function isDeletedSql({ config, byName }: Table): string {
  const { deleted } = config;
  if (deleted === undefined) return 'false';
  const column = `t.${quoted(deleted)}`;
  return byName.get(deleted)?.type === 'bool'
    ? `coalesce(${column}, false)`
    : `${column} is not null`;
}

export function foundIn(row: Row, table: Table): Found {
  const [id, isDeleted, version, changed, origin, marker] = row;
  const cells = row.slice(SELECTED_BEFORE_COLUMNS);
  const members = table.columns.map((column, index) => [
    column.name,
    valueOf(cells[index] ?? null, column),
  ]);
  return {
    id: id!,
    isDeleted: isDeleted === 't',
    // A row that nobody has written since there was an outbox is older than all others.
    ...(table.versions !== 'none' && { version: Number(version ?? 0) }),
    ...(changed !== null &&
      changed !== undefined && { changedAt: Math.floor(Number(changed) / 1_000) }),
    origin: origin ?? null,
    marker: marker ?? null,
    raw: Object.fromEntries(members) as Found['raw'],
  };
}

export async function foundBy(
  query: Query,
  table: Table,
  condition: string,
  values: readonly unknown[],
): Promise<Found[]> {
  const sql = `select ${selectedOf(table)} from ${table.name} t ${latestNote(table)} where ${condition}`;
  return (await query(sql, values)).map((row) => foundIn(row, table));
}

/** Only ids that the key can hold: any other is certainly of nobody. */
export function isPossibleId(id: string, { key }: Table): boolean {
  const range = RANGES[key.type];
  if (range !== undefined) {
    return (
      /^-?\d{1,19}$/.test(id) &&
      `${BigInt(id)}` === id &&
      BigInt.asIntN(range, BigInt(id)) === BigInt(id)
    );
  }
  if (key.type === 'uuid') return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
  return !id.includes('\0');
}

const RANGES: Readonly<Record<string, number>> = { int2: 16, int4: 32, int8: 64 };

/** The list of ids in `$n`, as the key's own type, so that its index serves. */
export function amongIds({ config, key }: Table, parameter: string): string {
  return `t.${quoted(config.key)} = any (${parameter}::text[]::${key.declared}[])`;
}
