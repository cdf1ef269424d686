/**
 * The user's own app in PostgreSQL, or in Supabase, over a direct connection or any pooler.
 *
 * What an item holds: the columns of its table by their names (values.ts). A collection is a table that
 * the account names, with what its columns mean.
 *
 * Traps, each told where it is dealt with: a transaction may commit long after it has written (outbox.ts);
 * poolers keep no session (server.ts); a refused row takes its statement with it (writing.ts). Supabase's
 * direct host has an IPv6 address only; its pooler has both. Its certificate is signed by itself, so it
 * has to be filled in.
 */
import { z } from 'zod';
import type { World } from '../../world/world.ts';
import { hostOf, isNamed, isPublic } from '../../world/addresses.ts';
import { withinBatches } from '../batches.ts';
import {
  VendorError,
  type Account,
  type Can,
  type Collection,
  type Connector,
  type Lack,
  type VendorField,
  type WantedField,
} from '../connector.ts';
import { ALLOW_IT } from '../failures.ts';
import { channelOf, listenTo } from './listening.ts';
import { installSql, removeSql } from './outbox.ts';
import { changes, COLUMN_LAG_MS, find, list, read, READ_MAX } from './reading.ts';
import { connectTo, HORIZON_MS, type Server } from './server.ts';
import {
  capturedOf,
  hasMarker,
  hasUniqueMarker,
  isAlone,
  lookUpTable,
  partsOf,
  type Table,
  type TableConfig,
} from './table.ts';
import { fieldOf, quoted } from './values.ts';
import { write, WRITE_MAX } from './writing.ts';

const name = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[^\0".]+$/, 'It has no dots and no quotes.');

const tableForm = z.strictObject({
  name: z
    .string()
    .regex(/^[^\0".]+\.[^\0".]+$/, 'It is a schema and a table, such as public.contacts.')
    .meta({ title: 'Table', description: 'With its schema, such as public.contacts.' }),
  key: name.default('id').meta({
    title: 'Key',
    description: 'The column that tells rows apart, such as the primary key.',
  }),
  updatedAt: name.optional().meta({
    title: 'Time of the last change',
    description: 'A column with a time that the database sets with every write.',
  }),
  deleted: name.optional().meta({
    title: 'Deleted',
    description: 'A column that is true, or holds a time, when the row counts as deleted.',
  }),
  marker: name.optional().meta({
    title: 'Marker',
    description: 'A text column of ours with a unique index, by which a row is known again.',
  }),
  version: name.optional().meta({
    title: 'Version',
    description: 'A whole number that the database counts up with every write.',
  }),
});

const config = z.strictObject({
  host: z
    .string()
    .regex(/^(?:[\w-]+(?:\.[\w-]+)*\.?|[\da-f:]+)$/i, 'It is a name or an address, without a port.')
    .meta({ title: 'Host', description: 'Such as aws-0-eu-central-1.pooler.supabase.com.' }),
  port: z.int().min(1).max(65_535).default(5432).meta({
    title: 'Port',
    description: 'Of a pooler in transaction mode often 6543.',
  }),
  database: z.string().min(1).default('postgres').meta({ title: 'Database' }),
  user: z.string().min(1).meta({
    title: 'User',
    description: 'At the pooler of Supabase, with the project: postgres.abcdefgh.',
  }),
  password: z.string().min(1).meta({ title: 'Password' }),
  encryption: z.enum(['verified', 'unverified', 'none']).default('verified').meta({
    title: 'Encryption',
    description: 'Unverified: nobody can read along, but somebody could pose as the server.',
  }),
  certificate: z
    .string()
    .startsWith('-----BEGIN CERTIFICATE-----', 'It begins with -----BEGIN CERTIFICATE-----.')
    .optional()
    .meta({
      title: 'Certificate',
      description: 'Of whoever has signed that of the server; Supabase offers it for download.',
    }),
  tables: z.array(tableForm).min(1).meta({ title: 'Tables' }),
  outbox: name.default('tributary').meta({
    title: 'Schema of the outbox',
    description: 'Where a set-up puts the notes on what has changed.',
  }),
  connections: z.int().min(1).max(20).default(4).meta({
    title: 'Connections',
    description: 'At most so many at once, for each of our processes.',
  }),
  title: z.string().min(1).optional().meta({
    title: 'Name',
    description: 'What people here call the account.',
  }),
});
export type PostgresConfig = z.infer<typeof config>;

export const postgres: Connector<PostgresConfig> = {
  vendor: 'postgres',
  title: 'PostgreSQL or Supabase',
  config,
  secrets: ['password'],
  watches: true,
  open,
};

async function open(settings: PostgresConfig, world: World): Promise<Account> {
  const { database } = settings;
  const { server, login, connection } = reach(settings, world);
  const clockOffsetMs = await server
    .transaction({ request: 'connect' }, async (query) => {
      // Connecting takes long, this does not.
      const askedAt = world.clock.now();
      const [row] = await query('select extract(epoch from clock_timestamp()) * 1000');
      return Math.round(Number(row?.[0]) - (askedAt + world.clock.now()) / 2);
    })
    .catch(async (error: unknown) => {
      await server.close();
      throw error;
    });
  const context = { server, account: login, outbox: settings.outbox };
  const channel = channelOf(settings.outbox);
  const say = (word: string): Promise<void> =>
    server.transaction({ request: 'say something' }, async (query) => {
      await query('select pg_notify($1, $2)', [channel, word]);
    });
  return {
    title: `${database} at ${settings.host}`,
    clockOffsetMs,
    limits: [],
    collections: async () => settings.tables.map((each) => ({ name: each.name, title: each.name })),
    missingScopes: (names, signal) => missingScopes(names, { ...context, settings, signal }),
    async collection(wanted) {
      const tableConfig = settings.tables.find((each) => each.name === wanted);
      if (tableConfig === undefined) {
        throw new VendorError('missing', {
          what: `Account '${login}' of postgres names no table ${wanted}.`,
          next: 'Open the account node and add it, with its key.',
        });
      }
      return collectionOf(await lookUpTable(tableConfig, context));
    },
    watch: (heard) => listenTo({ world, account: login, connection, channel, say }, heard),
    close: () => server.close(),
  };
}

/** The address is checked as it is written, and again where the connection is made. */
function reach(settings: PostgresConfig, world: World) {
  const { host, port, database, user, password, encryption, certificate, connections } = settings;
  const login = settings.title ?? `${host}/${database}`;
  const isAllowed = isNamed({ hostname: host, port: `${port}`, protocol: '' }, world.allowedHosts);
  const refuse = (reason: string): never => {
    const what = `The address of account '${login}' of postgres is not used, because ${reason}.`;
    throw new VendorError('forbidden', { what, next: ALLOW_IT });
  };
  const isLiteral = host.includes(':') || /^[\d.]+$/.test(host);
  if (!isAllowed && isLiteral && !isPublic(hostOf(host))) refuse(`${host} is private`);
  if (!isAllowed && encryption === 'none') refuse('it would be spoken to without encryption');
  const ssl =
    encryption === 'none'
      ? false
      : {
          rejectUnauthorized: encryption === 'verified',
          ...(certificate !== undefined && { ca: certificate }),
        };
  const connection = { host, port, database, user, password, ssl, max: connections };
  const secrets = [password, encodeURIComponent(password)];
  const server: Server = connectTo({ world, account: login, connection, secrets });
  return { server, login, connection };
}

// ---------------------------------------------------------------------------------------------
// A collection

function collectionOf(table: Table): Collection {
  const { config: columns, isCaptured } = table;
  const tellsChanges = isCaptured || columns.updatedAt !== undefined;
  const can = canOf(table);
  return withinBatches(
    {
      name: columns.name,
      can,
      fields: fieldsOf(table),
      lacks: lacksOf(table),
      list: (request) => list(table, request),
      ...(tellsChanges && { changes: (request) => changes(table, request) }),
      read: (ids, signal) => read(table, ids, signal),
      find: (path, values, signal) => find(table, path, values, signal),
      write: (items, signal) => write(table, items, signal),
      ensureField: (wanted, signal) => ensureField(table, wanted, signal),
    },
    { vendor: 'postgres', login: table.account },
  );
}

/** By which type a key is made only once in the life of a table. */
const NEVER_AGAIN = /^(?:uuid|int8|int4)$/;

function canOf(table: Table): Can {
  const { config: columns, isCaptured, versions, key } = table;
  const isSoft = columns.deleted !== undefined;
  const unique = fieldsOf(table).filter((field) => field.unique && field.path !== columns.key);
  const isUnversioned = versions === 'none';
  return {
    create: hasUniqueMarker(table) ? 'upsert' : hasMarker(table) ? 'marker' : 'naturalKey',
    ...(hasMarker(table) && { marker: columns.marker! }),
    conditionalWrites: !isUnversioned,
    version: isUnversioned ? 'none' : versions === 'column' ? 'counter' : 'time',
    history: false,
    writeReturns: 'item',
    readLagMs: 0,
    searchLagMs: 0,
    changesLagMs: isCaptured ? 0 : COLUMN_LAG_MS,
    changesTellDeletes: isCaptured || (isSoft && columns.updatedAt !== undefined),
    absenceHorizonMs: HORIZON_MS,
    batch: {
      list: READ_MAX,
      read: READ_MAX,
      find: READ_MAX,
      create: WRITE_MAX,
      update: WRITE_MAX,
      delete: WRITE_MAX,
      restore: WRITE_MAX,
    },
    partial: 'perItem',
    delete: isSoft ? 'soft' : 'hard',
    restore: isSoft,
    uniquePaths: unique.map(({ path }) => path),
    // Somebody who gives the keys may give one again.
    reusesIds: !NEVER_AGAIN.test(key.type) || !(key.hasDefault || key.isGenerated),
  };
}

function fieldsOf({ columns, rules, isReadOnly }: Table): readonly VendorField[] {
  return columns.map((column) =>
    fieldOf(column, {
      isReadOnly: isReadOnly(column),
      isUnique: rules.some((rule) => rule.isUnique && isAlone(rule, column.name)),
    }),
  );
}

// ---------------------------------------------------------------------------------------------
// Set-up

const TYPES: Readonly<Record<WantedField['type'], string>> = {
  text: 'text',
  longText: 'text',
  number: 'numeric',
  boolean: 'boolean',
  date: 'date',
  time: 'timestamptz',
  json: 'jsonb',
};

/** Their app keeps running meanwhile: a lock that is not had soon is not waited for. */
async function ensureField(
  table: Table,
  wanted: WantedField,
  signal?: AbortSignal,
): Promise<VendorField> {
  const { config: columns, server, account, outbox } = table;
  const context = { server, account, outbox };
  const column = quoted(wanted.name);
  const declared = TYPES[wanted.type];
  const call = { request: `add ${wanted.name} to ${columns.name}`, writes: true, signal };
  const there = await lookUpTable(columns, context, { signal });
  const found = there.byName.get(wanted.name);
  if (found !== undefined && found.declared !== declared) {
    throw new VendorError('rejected', {
      what: `The column ${wanted.name} of ${columns.name} in account '${account}' is ${found.declared}, not ${declared}.`,
      next: 'Choose another name, or change its type there.',
    });
  }
  const isUnique = there.rules.some((rule) => rule.isUniqueForSome && isAlone(rule, wanted.name));
  await server.transaction(call, async (query) => {
    if (found === undefined) {
      await query(`alter table ${table.name} add column if not exists ${column} ${declared}`);
      await query(
        `comment on column ${table.name}.${column} is '${wanted.title.replaceAll("'", "''")}'`,
      );
    }
    if (wanted.unique === true && !isUnique) {
      await query(`create unique index on ${table.name} (${column}) where ${column} is not null`);
    }
  });
  const now = await lookUpTable(columns, context, { signal });
  return fieldOf(now.byName.get(wanted.name)!, {
    isReadOnly: false,
    isUnique: wanted.unique === true,
  });
}

/** What takes the rights of the table's owner; and for the outbox, to create a schema. */
function lacksOf(table: Table): readonly Lack[] {
  const { config: columns, isCaptured, outbox, server } = table;
  const { marker, name: itself } = columns;
  const outboxLacks: Lack = {
    what: `an outbox in the schema "${outbox}" with a trigger, by which changes are told at once and deletions at all`,
    async make(signal) {
      const call = { request: `install the outbox for ${itself}`, writes: true, signal };
      await server.transaction(call, async (query) => {
        for (const statement of installSql(outbox, [capturedOf(columns)])) await query(statement);
      });
    },
  };
  const markerLacks = (column: string): Lack => ({
    what: `the unique column "${column}", by which rows are known again`,
    async make(signal) {
      const wanted = {
        name: column,
        title: 'Tributary marker',
        type: 'text',
        unique: true,
      } as const;
      await ensureField(table, wanted, signal);
    },
  });
  return [
    ...(isCaptured ? [] : [outboxLacks]),
    ...(marker === undefined || hasMarker(table) ? [] : [markerLacks(marker)]),
  ];
}

/**
 * Installs the outbox for all tables of the account, which takes the rights of their owner: so the login
 * here may be another than `reader`, the role that will read. Repeating it is harmless.
 * @internal It is for a set-up to call, which an account has no part for.
 */
export async function installOutbox(
  settings: PostgresConfig,
  world: World,
  { reader }: { readonly reader?: string } = {},
): Promise<void> {
  const captured = settings.tables.map(capturedOf);
  await setUp(settings, world, 'install the outbox', installSql(settings.outbox, captured, reader));
}

/** Takes the outbox away again, once no other table is captured. @internal */
export async function removeOutbox(settings: PostgresConfig, world: World): Promise<void> {
  const captured = settings.tables.map(capturedOf);
  await setUp(settings, world, 'remove the outbox', removeSql(settings.outbox, captured));
}

async function setUp(
  settings: PostgresConfig,
  world: World,
  request: string,
  statements: readonly string[],
): Promise<void> {
  const { server } = reach(settings, world);
  try {
    await server.transaction({ request, writes: true }, async (query) => {
      for (const statement of statements) await query(statement);
    });
  } finally {
    await server.close();
  }
}

// ---------------------------------------------------------------------------------------------
// Rights

interface RightsContext {
  readonly server: Server;
  readonly settings: PostgresConfig;
  readonly signal: AbortSignal | undefined;
}

/** As somebody would write them after `grant`. */
async function missingScopes(
  names: readonly string[],
  { server, settings, signal }: RightsContext,
): Promise<readonly string[]> {
  const wanted = settings.tables.filter((each) => names.includes(each.name));
  const outbox = settings.outbox;
  return server.transaction({ request: 'look at rights', signal }, async (query) => {
    const lacks = async (rights: string, home: string, place: string): Promise<string[]> => {
      const [row] = await query(
        `select string_agg(r.name, ', ') from unnest(string_to_array($1, ',')) r (name)
         where has_schema_privilege($2, 'usage')
           and has_table_privilege(to_regclass($3), r.name) is not true
            or not has_schema_privilege($2, 'usage')`,
        [rights, home, `${quoted(home)}.${quoted(place)}`],
      );
      return row?.[0] ? [`${row[0]} on ${home}.${place}`] : [];
    };
    const missing: string[] = [];
    for (const each of wanted) missing.push(...(await lacks(rightsOn(each), ...homeOf(each))));
    const [there] = await query('select to_regnamespace($1)', [quoted(outbox)]);
    if (there?.[0]) {
      missing.push(...(await lacks('select,delete', outbox, 'outbox')));
      missing.push(...(await lacks('select,insert,delete', outbox, 'look')));
    }
    return missing;
  });
}

function homeOf(each: TableConfig): [schema: string, table: string] {
  const { schema, table: place } = partsOf(each);
  return [schema, place];
}

function rightsOn({ deleted }: TableConfig): string {
  return deleted === undefined ? 'select,insert,update,delete' : 'select,insert,update';
}
