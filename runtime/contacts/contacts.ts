/**
 * The built-in contact store: contacts and companies of one tenant in PostgreSQL, for people who have no app
 * of their own. What it promises:
 *
 * - A change is a version: `version` counts, `updatedAt` grows, and a write that names a version is refused
 *   when there is another one. A write that changes nothing makes none.
 * - Deleting only marks. A deleted item can be restored, until it is purged; then nothing is left of it but
 *   its id and its times, so that whoever asks for changes hears of it.
 * - No two contacts that are not deleted have the same e-mail address, in whatever spelling. A create that is
 *   repeated with its `externalId` makes no second item.
 * - Changes are told in the order of their commits, none is ever skipped. Whoever writes takes the next time
 *   of the tenant and holds it until the commit (`nextTime`), so a time that is visible has nothing before it
 *   that is not. The price: the writes of a tenant stand in line. An outbox with snapshots, which would spare
 *   them that, pays off where others do the writing; here all of it goes through these few functions.
 */
import type pg from 'pg';
import { fingerprintOf } from '../core/hash.ts';
import { canonicalText, same, type Value } from '../core/value.ts';
import { migrate } from '../store/migrate.ts';
import { Database } from '../store/postgres/database.ts';
import { toJson, toText } from '../store/postgres/json.ts';
import type { TenantId } from '../store/store.ts';
import type { World } from '../world/world.ts';
import { COLLECTIONS, type CollectionForm, type CollectionName, type Fields } from './fields.ts';
import { Refused } from './refused.ts';

export interface ContactItem {
  readonly id: string;
  readonly fields: Fields;
  readonly version: number;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly state: 'live' | 'deleted' | 'purged';
}

export interface ListRequest {
  readonly limit: number;
  /** Where the page before ended. */
  readonly after?: Place;
  /** By the time of the last change, the longest unchanged first; else by id, which is by creation. */
  readonly byTime: boolean;
  readonly includeDeleted: boolean;
  /** Changed at that time or later. */
  readonly since?: number;
  /** Members that lists can be searched by, and the value that each is to have. */
  readonly search: Readonly<Record<string, string>>;
}

export interface Place {
  readonly at: number;
  readonly id: string;
}

export interface Contacts {
  list(collection: CollectionName, request: ListRequest): Promise<readonly ContactItem[]>;
  /** Also deleted ones. */
  read(collection: CollectionName, id: string): Promise<ContactItem>;
  /** `made` is false where the same create was repeated: then it is the first item, as it is now. */
  create(
    collection: CollectionName,
    fields: Fields,
  ): Promise<{ readonly item: ContactItem; readonly made: boolean }>;
  update(
    collection: CollectionName,
    id: string,
    fields: Fields,
    ifVersion?: number,
  ): Promise<ContactItem>;
  /** Repeating it is harmless; so it is with the next two. */
  remove(collection: CollectionName, id: string, ifVersion?: number): Promise<ContactItem>;
  restore(collection: CollectionName, id: string): Promise<ContactItem>;
  /** For good; only what is deleted. */
  purge(collection: CollectionName, id: string): Promise<void>;
  /** All that was deleted before that time, at most so many at once; answers how many it was. */
  purgeBefore(collection: CollectionName, time: number, most: number): Promise<number>;
  close(): Promise<void>;
}

export async function openContacts({
  connection,
  world,
  tenant,
}: {
  connection: pg.PoolConfig;
  world: Pick<World, 'clock' | 'log' | 'newId' | 'random' | 'schedule'>;
  tenant: TenantId;
}): Promise<Contacts> {
  await migrate({ connection, world });
  const database = new Database(connection, world);
  const at = <Result>(
    collection: CollectionName,
    work: (shelf: Shelf) => Promise<Result>,
  ): Promise<Result> =>
    database.transaction(tenant, (query) =>
      work({
        sql: (text, values) => query({ text }, values),
        tenant,
        form: COLLECTIONS[collection],
        world,
      }),
    );
  return {
    list: (collection, request) => at(collection, (shelf) => list(shelf, request)),
    read: (collection, id) => at(collection, (shelf) => read(shelf, id)),
    create: (collection, fields) => at(collection, (shelf) => create(shelf, fields)),
    update: (collection, id, fields, ifVersion) =>
      at(collection, (shelf) => update(shelf, id, fields, ifVersion)),
    remove: (collection, id, ifVersion) => at(collection, (shelf) => remove(shelf, id, ifVersion)),
    restore: (collection, id) => at(collection, (shelf) => restore(shelf, id)),
    purge: (collection, id) => at(collection, (shelf) => purge(shelf, id)),
    purgeBefore: (collection, time, most) =>
      at(collection, (shelf) => purgeBefore(shelf, time, most)),
    close: () => database.close(),
  };
}

/** One collection of one tenant, within a transaction. */
interface Shelf {
  /** Planned anew each time, by the values that it is about. */
  readonly sql: <Found>(text: string, values: readonly unknown[]) => Promise<Found[]>;
  readonly tenant: TenantId;
  readonly form: CollectionForm;
  readonly world: Pick<World, 'clock' | 'newId'>;
}

// ---------------------------------------------------------------------------------------------
// Reading

async function list(shelf: Shelf, request: ListRequest): Promise<readonly ContactItem[]> {
  const { limit, after, byTime, includeDeleted, since, search } = request;
  const values: unknown[] = [shelf.tenant, shelf.form.name];
  const given = (value: unknown): string => `$${values.push(value)}`;
  const conditions = ['tenant_id = $1::uuid', 'collection = $2::text'];
  // What the index for it is for.
  if (byTime) conditions.push('updated_at >= 0');
  if (!includeDeleted) conditions.push(`state = 'live'`);
  if (since !== undefined) conditions.push(`updated_at >= ${given(since)}::bigint`);
  for (const [member, value] of Object.entries(search)) {
    const [column, wanted] = searched(shelf.form, member, value);
    conditions.push(`${column} = ${given(wanted)}::text`);
  }
  if (after !== undefined && byTime) {
    const [at, id] = [given(after.at), given(after.id)];
    conditions.push(`(updated_at, item_id) > (${at}::bigint, ${id}::uuid)`);
  }
  if (after !== undefined && !byTime) conditions.push(`item_id > ${given(after.id)}::uuid`);
  const rows = await shelf.sql<Row>(
    `select ${COLUMNS} from contact_item where ${conditions.join(' and ')}
      order by ${byTime ? 'updated_at, item_id' : 'item_id'} limit ${given(limit)}::int`,
    values,
  );
  return rows.map((row) => itemIn(shelf, row));
}

/** The key is found in any spelling; what is none is found nowhere. */
function searched(form: CollectionForm, member: string, value: string): [string, string | null] {
  if (member === form.key.member) return ['key', form.key.canonicalOf(value)];
  if (member === 'externalId') return ['external_id', toText(value)];
  return ['company_id', toText(value.toLowerCase())];
}

async function read(shelf: Shelf, id: string): Promise<ContactItem> {
  const row = await rowOf(shelf, id);
  if (row.state === 'purged') throw purged(shelf, id);
  return itemIn(shelf, row);
}

interface Row {
  readonly id: string;
  readonly state: ContactItem['state'];
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly madeFrom: string | null;
  readonly externalId: string | null;
  readonly body: Fields;
}

const COLUMNS = `item_id as id, state, version, created_at as "createdAt", updated_at as "updatedAt",
  made_from as "madeFrom", external_id as "externalId", body`;

async function rowOf({ sql, tenant, form }: Shelf, id: string): Promise<Row> {
  const [row] = UUID.test(id)
    ? await sql<Row>(
        `select ${COLUMNS} from contact_item
          where tenant_id = $1::uuid and collection = $2::text and item_id = $3::uuid`,
        [tenant, form.name, id],
      )
    : [];
  if (row !== undefined) return row;
  throw new Refused(404, `There is no ${form.one} with the id ${id}. Look it up in the list.`);
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What was stored before a field was there has it empty. */
function itemIn({ form }: Shelf, row: Row): ContactItem {
  const { id, state, version, createdAt, updatedAt, body } = row;
  return { id, state, version, createdAt, updatedAt, fields: { ...form.blank, ...body } };
}

// ---------------------------------------------------------------------------------------------
// Writing

/** Held until the commit, so nobody else of the tenant writes meanwhile, and what was looked up stays true. */
async function nextTime({ sql, tenant, world }: Shelf): Promise<number> {
  const [row] = await sql<{ at: number }>(
    `insert into contact_clock (tenant_id, at) values ($1::uuid, $2::bigint)
     on conflict (tenant_id) do update set at = greatest(contact_clock.at + 1, excluded.at)
     returning at`,
    [tenant, world.clock.now()],
  );
  return row!.at;
}

async function create(
  shelf: Shelf,
  given: Fields,
): Promise<{ readonly item: ContactItem; readonly made: boolean }> {
  const at = await nextTime(shelf);
  const { form, tenant, sql, world } = shelf;
  const body: Fields = { ...form.blank, ...given };
  const madeFrom = digestOf(shelf, given);
  const first = await withExternalId(shelf, body);
  if (first?.madeFrom === madeFrom) return { item: itemIn(shelf, first), made: false };
  if (first !== undefined) throw externalIdTaken(shelf, first.id);
  await assertAcceptable(shelf, body);
  const [row] = await sql<Row>(
    `insert into contact_item (tenant_id, collection, item_id, state, version, created_at, updated_at,
                               key, external_id, made_from, body)
     values ($1::uuid, $2::text, $3::uuid, 'live', 1, $4::bigint, $4::bigint, $5::text, $6::text,
             $7::text, $8::jsonb)
     returning ${COLUMNS}`,
    [
      tenant,
      form.name,
      world.newId(),
      at,
      keyOf(shelf, body),
      externalIdOf(body),
      madeFrom,
      toJson(body),
    ],
  );
  return { item: itemIn(shelf, row!), made: true };
}

/** Of what it says; whether it is silent about the rest or says that it is empty makes no difference. */
function digestOf({ form: { blank } }: Shelf, given: Fields): string {
  const said = Object.entries(given).filter(
    ([name, value]) => !same(value as Value, (blank[name] ?? null) as Value),
  );
  return fingerprintOf(canonicalText(Object.fromEntries(said) as Value));
}

async function update(
  shelf: Shelf,
  id: string,
  given: Fields,
  ifVersion: number | undefined,
): Promise<ContactItem> {
  const at = await nextTime(shelf);
  const { form, sql } = shelf;
  const row = await rowOf(shelf, id);
  if (row.state === 'purged') throw purged(shelf, id);
  if (row.state === 'deleted') {
    throw new Refused(410, `The ${form.one} ${id} is deleted. Restore it first.`);
  }
  assertVersion(shelf, row, ifVersion);
  const before = itemIn(shelf, row);
  const body: Fields = { ...before.fields, ...given };
  if (same(before.fields as Value, body as Value)) return before;
  const other = await withExternalId(shelf, body);
  if (other !== undefined && other.id !== row.id) throw externalIdTaken(shelf, other.id);
  await assertAcceptable(shelf, body, before);
  const [now] = await sql<Row>(
    `update contact_item
        set version = version + 1, updated_at = $4::bigint, key = $5::text, external_id = $6::text,
            body = $7::jsonb
      where tenant_id = $1::uuid and collection = $2::text and item_id = $3::uuid
      returning ${COLUMNS}`,
    [shelf.tenant, form.name, row.id, at, keyOf(shelf, body), externalIdOf(body), toJson(body)],
  );
  return itemIn(shelf, now!);
}

async function remove(
  shelf: Shelf,
  id: string,
  ifVersion: number | undefined,
): Promise<ContactItem> {
  const at = await nextTime(shelf);
  const row = await rowOf(shelf, id);
  if (row.state === 'purged') throw purged(shelf, id);
  // What was asked for is done already, whichever version it was asked of.
  if (row.state === 'deleted') return itemIn(shelf, row);
  assertVersion(shelf, row, ifVersion);
  return setState(shelf, row, 'deleted', at);
}

async function restore(shelf: Shelf, id: string): Promise<ContactItem> {
  const at = await nextTime(shelf);
  const row = await rowOf(shelf, id);
  if (row.state === 'purged') throw purged(shelf, id);
  if (row.state === 'live') return itemIn(shelf, row);
  await assertKeyIsFree(shelf, itemIn(shelf, row).fields);
  return setState(shelf, row, 'live', at);
}

async function setState(
  shelf: Shelf,
  { id }: Row,
  state: 'live' | 'deleted',
  at: number,
): Promise<ContactItem> {
  const { sql, tenant, form } = shelf;
  const [row] = await sql<Row>(
    `update contact_item
        set state = $4::text, version = version + 1, updated_at = $5::bigint,
            deleted_at = case when $4::text = 'deleted' then $5::bigint end
      where tenant_id = $1::uuid and collection = $2::text and item_id = $3::uuid
      returning ${COLUMNS}`,
    [tenant, form.name, id, state, at],
  );
  return itemIn(shelf, row!);
}

async function purge(shelf: Shelf, id: string): Promise<void> {
  const at = await nextTime(shelf);
  const row = await rowOf(shelf, id);
  if (row.state === 'purged') return;
  if (row.state === 'live') {
    const { one } = shelf.form;
    throw new Refused(
      409,
      `The ${one} ${id} is not deleted. Only what is deleted can be purged: delete it first.`,
    );
  }
  await empty(shelf, [row.id], at);
}

async function purgeBefore(shelf: Shelf, time: number, most: number): Promise<number> {
  const at = await nextTime(shelf);
  const rows = await shelf.sql<{ id: string }>(
    `select item_id as id from contact_item
      where tenant_id = $1::uuid and collection = $2::text and state = 'deleted'
        and deleted_at < $3::bigint
      order by deleted_at limit $4::int`,
    [shelf.tenant, shelf.form.name, time, most],
  );
  const ids = rows.map(({ id }) => id);
  await empty(shelf, ids, at);
  return ids.length;
}

/** Nothing of what they held is left, and nothing refers to them any more. */
async function empty(
  { sql, tenant, form }: Shelf,
  ids: readonly string[],
  at: number,
): Promise<void> {
  await sql(
    `update contact_item
        set state = 'purged', version = version + 1, updated_at = $4::bigint, key = null,
            external_id = null, made_from = null, body = '{}'
      where tenant_id = $1::uuid and collection = $2::text and item_id = any ($3::uuid[])`,
    [tenant, form.name, ids, at],
  );
  if (form.name !== 'companies') return;
  await sql(
    `update contact_item
        set version = version + 1, updated_at = $3::bigint, body = jsonb_set(body, '{companyId}', 'null')
      where tenant_id = $1::uuid and collection = 'contacts' and company_id = any ($2::text[])`,
    [tenant, ids, at],
  );
}

// ---------------------------------------------------------------------------------------------
// What is not accepted

/** `before`: what did not change is not looked at again. */
async function assertAcceptable(shelf: Shelf, body: Fields, before?: ContactItem): Promise<void> {
  if (keyOf(shelf, body) !== (before && keyOf(shelf, before.fields))) {
    await assertKeyIsFree(shelf, body);
  }
  if (body['companyId'] !== before?.fields['companyId']) await assertCompany(shelf, body);
}

async function assertKeyIsFree(shelf: Shelf, body: Fields): Promise<void> {
  const { form, sql, tenant } = shelf;
  const key = keyOf(shelf, body);
  if (key === null || !form.isKeyUnique) return;
  const [other] = await sql<{ id: string }>(
    `select item_id as id from contact_item
      where tenant_id = $1::uuid and collection = $2::text and key = $3::text and state = 'live'`,
    [tenant, form.name, key],
  );
  if (other === undefined) return;
  const { member } = form.key;
  throw new Refused(
    409,
    `Another ${form.one} has this ${member}: ${other.id}. Change that one, or use another ${member}.`,
    { path: member, existingId: other.id },
  );
}

function keyOf({ form: { key } }: Shelf, body: Fields): string | null {
  return key.canonicalOf(body[key.member]);
}

async function assertCompany({ sql, tenant }: Shelf, { companyId }: Fields): Promise<void> {
  if (companyId === null || companyId === undefined) return;
  const [found] = await sql(
    `select from contact_item
      where tenant_id = $1::uuid and collection = 'companies' and item_id = $2::uuid
        and state = 'live'`,
    [tenant, companyId],
  );
  if (found !== undefined) return;
  throw new Refused(
    422,
    'There is no such company, or it is deleted. Create or restore it first, or leave it out.',
    { path: 'companyId' },
  );
}

async function withExternalId(shelf: Shelf, body: Fields): Promise<Row | undefined> {
  const externalId = externalIdOf(body);
  if (externalId === null) return undefined;
  const { sql, tenant, form } = shelf;
  const [row] = await sql<Row>(
    `select ${COLUMNS} from contact_item
      where tenant_id = $1::uuid and collection = $2::text and external_id = $3::text`,
    [tenant, form.name, externalId],
  );
  return row;
}

function externalIdOf({ externalId }: Fields): string | null {
  return typeof externalId === 'string' ? toText(externalId) : null;
}

function externalIdTaken({ form }: Shelf, id: string): Refused {
  const message = `Another ${form.one} has this externalId: ${id}. Change that one, or use another externalId.`;
  return new Refused(409, message, { path: 'externalId', existingId: id });
}

function purged({ form }: Shelf, id: string): Refused {
  return new Refused(
    410,
    `The ${form.one} ${id} was purged. Nothing of it is left; create a new one.`,
  );
}

function assertVersion({ form }: Shelf, row: Row, ifVersion: number | undefined): void {
  if (ifVersion === undefined || ifVersion === row.version) return;
  throw new Refused(
    412,
    `The ${form.one} ${row.id} has version ${row.version} by now, not ${ifVersion}. Read it again, and decide again.`,
  );
}
