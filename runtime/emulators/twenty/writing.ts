/**
 * What the API does for those who write. Everything in one request stands or falls together. A record
 * that is written with what it already says is written all the same: its time moves, and that is told.
 */
import { latest } from '../crm/item.ts';
import type { Doer, FieldOptions, Given } from '../crm/model.ts';
import { Refused } from '../crm/refused.ts';
import type { RequestRefused } from '../desk.ts';
import type { Place } from './conditions.ts';
import { nameOf, ownOf } from './fields.ts';
import { uniqueText } from './habits.ts';
import { isId, uuidOf } from './ids.ts';
import type { Permission } from './options.ts';
import { badRequest, broken, forbidden, inWords, notFound } from './refused.ts';
import { isActive, isHidden } from './showing.ts';
import { isObject } from './values.ts';

const APP: Doer = { by: 'app', via: 'api' };

export type Input = Readonly<Record<string, unknown>>;

/** Members belong to the workspace, and keys only read them. */
export function assertMay({ account, collection }: Place, permission: Permission): void {
  const denied = account.settings.role.denied[collection.name] ?? [];
  const isMembers = collection.name === 'workspaceMembers' && permission !== 'read';
  if (denied.includes(permission) || isMembers || account.forbidden.has(collection.name)) {
    throw forbidden();
  }
}

/** Answers the ids of what is there then, in the order of what was sent. */
export function createAll(
  place: Place,
  inputs: readonly Input[],
  { upsert }: { upsert: boolean },
): readonly string[] {
  assertMay(place, 'update');
  const most = place.account.settings.batchMax;
  if (inputs.length > most) throw badRequest(`Maximum number of records to upsert is ${most}.`);
  return atomically(place, () => {
    // Those that are there are looked for before anything is written.
    const known = inputs.map((input) => (upsert ? matchOf(place, input) : undefined));
    return inputs.map((input, index) => {
      const id = known[index];
      return id === undefined ? createOne(place, input) : overwrite(place, id, input);
    });
  });
}

export function updateAll(place: Place, ids: readonly string[], input: Input): void {
  assertMay(place, 'update');
  atomically(place, () => {
    for (const id of ids) updateOne(place, id, givenOf(place, input, id));
  });
}

/** With a delete of a record that is deleted already, there is no record. */
export function removeAll(place: Place, ids: readonly string[]): void {
  assertMay(place, 'softDelete');
  atomically(place, () => {
    for (const id of ids) {
      if (place.collection.live(id) === undefined) throw notFound();
      place.account.remove(place.collection, id, APP);
    }
  });
}

/** For good, also what was deleted before. */
export function destroyAll(place: Place, ids: readonly string[]): void {
  assertMay(place, 'destroy');
  const { account, collection } = place;
  let merged = false;
  atomically(place, () => {
    for (const id of ids) {
      const entry = collection.entry(id);
      if (entry !== undefined && latest(entry).into !== undefined) merged = true;
      account.destroy(collection, id, APP);
    }
  });
  // What it held is now held by what took over from it.
  if (merged) collection.reindex();
}

export function restoreAll(place: Place, ids: readonly string[]): void {
  assertMay(place, 'update');
  atomically(place, () => {
    for (const id of ids) place.account.restore(place.collection, id, APP);
  });
}

/** All others become what the chosen one is; answers its id. */
export function mergeAll(
  place: Place,
  { ids, priority }: { ids: readonly string[]; priority: number },
): string {
  assertMay(place, 'update');
  const winner = ids[priority]!;
  atomically(place, () => {
    for (const id of ids) {
      if (id !== winner) place.account.merge(place.collection, id, winner, APP);
    }
  });
  return winner;
}

export function idIn(place: Place, id: string): string {
  const known = place.collection.hidden.has(id) ? undefined : place.collection.entry(id);
  const life = known && latest(known).life;
  if (life === 'live' || life === 'archived') return id;
  throw notFound();
}

function createOne(place: Place, input: Input): string {
  const { id, ...rest } = input;
  const given = givenOf(place, rest, undefined);
  if (id === undefined || id === null) return place.account.create(place.collection, given, APP);
  return place.account.create(place.collection, given, APP, { id: uuidOf(id) });
}

/** Back from the dead, if need be; who made it stays who made it. */
function overwrite(place: Place, id: string, input: Input): string {
  const { id: _id, createdBy: _createdBy, ...rest } = input;
  place.account.restore(place.collection, id, APP);
  updateOne(place, id, givenOf(place, rest, id));
  return id;
}

function updateOne({ account, collection }: Place, id: string, given: Given): void {
  const before = collection.live(id);
  if (before === undefined || collection.hidden.has(id)) throw notFound();
  account.update(collection, id, given, APP);
  if (collection.live(id) === before) account.touch(collection, id, APP);
}

/** The record that is meant by an id or by what is unique, deleted or not. */
function matchOf(place: Place, input: Input): string | undefined {
  const { collection } = place;
  const found = new Map<string, string>();
  const { id } = input;
  if (isId(id)) {
    const entry = collection.entry(id.toLowerCase());
    const life = entry && latest(entry).life;
    if (life === 'live' || life === 'archived') found.set(id.toLowerCase(), `id: ${id}`);
  }
  for (const field of collection.schema.uniqueFields) {
    if (!Object.hasOwn(input, field.path) || ownOf(field).uniqueWith !== undefined) continue;
    const value = collection.schema.accept({ [field.path]: input[field.path] })[field.key] ?? null;
    const text = uniqueText(field, value);
    const holder = text === undefined ? undefined : collection.holding(field.path, text);
    if (holder !== undefined && !found.has(holder)) found.set(holder, `${field.path}: ${text}`);
  }
  if (found.size < 2) return [...found.keys()][0];
  throw badRequest(
    `Multiple records found with the same unique field values for ${[...found.values()].join(', ')}. Cannot determine which record to update.`,
  );
}

/** What was sent, by columns. */
function givenOf(place: Place, input: Input, id: string | undefined): Given {
  const { collection, account, singular } = place;
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    if (name === 'id') {
      if (value === id) continue;
      throw badRequest('The id of a record cannot be changed.');
    }
    const field = collection.schema.field(name) ?? relationNamed(place, name);
    const isKnown = field !== undefined && isActive(field) && !isHidden(account, collection, field);
    if (!isKnown) {
      throw badRequest(`Object ${singular} doesn't have any "${name}" field.`);
    }
    const column = name === field.path ? value : connected(place, field, value);
    assertLeadsSomewhere(place, field, column);
    given[field.path] = column;
  }
  return given;
}

function relationNamed({ collection }: Place, name: string): FieldOptions | undefined {
  return [...collection.schema.fields].find(
    (field) => field.to !== undefined && nameOf(field) === name,
  );
}

/** `{"connect": {"where": ...}}` with an id or a unique value. */
function connected(place: Place, field: FieldOptions, value: unknown): string | null {
  const { account, singular } = place;
  const where =
    isObject(value) && isObject(value['connect']) ? value['connect']['where'] : undefined;
  if (account.settings.line !== '2.x' || !isObject(where)) {
    throw badRequest(`Object ${singular} doesn't have any "${nameOf(field)}" field.`);
  }
  const target = account.collections.get(field.to!)!;
  const [[name, wanted] = ['', undefined], ...more] = Object.entries(where);
  const unique = target.schema.field(name);
  let id: string | undefined;
  if (name === 'id' && isId(wanted)) id = wanted;
  else if (unique?.unique === true) {
    const part = isObject(wanted) ? Object.values(wanted)[0] : wanted;
    id = target.holding(name, String(part));
  }
  if (id !== undefined && more.length === 0 && target.live(id) !== undefined) return id;
  throw badRequest(
    `Expected 1 record to connect to ${nameOf(field)}, but found 0 for ${JSON.stringify(where)}`,
  );
}

/** A deleted record can still be led to, as its row is there. */
function assertLeadsSomewhere(
  { account, singular }: Place,
  field: FieldOptions,
  value: unknown,
): void {
  if (field.to === undefined || typeof value !== 'string' || !isId(value)) return;
  const entry = account.collections.get(field.to)?.entry(value.toLowerCase());
  const life = entry && latest(entry).life;
  if (life === 'live' || life === 'archived') return;
  throw broken(
    `insert or update on table "${singular}" violates foreign key constraint on "${field.path}"`,
  );
}

/** In the words of the API, which are found while what is in the way is still there. */
function atomically<Result>(place: Place, work: () => Result): Result {
  return place.account.atomically(() => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw error.code === 'duplicate' ? duplicate(place, error) : inWords(error);
    }
  });
}

function duplicate({ collection }: Place, { path, existingId }: Refused): RequestRefused {
  const field = path === undefined ? undefined : collection.schema.field(path);
  const holder = existingId === undefined ? undefined : collection.entry(existingId);
  const value = field && holder ? (latest(holder).values[field.key] ?? null) : null;
  const text = field && uniqueText(field, value);
  const isPlain = field !== undefined && ownOf(field).uniqueWith === undefined;
  const message =
    isPlain && text !== undefined
      ? `Duplicate ${ownOf(field).label} with value ${text}. Please set a unique one.`
      : 'A duplicate entry was detected. Please ensure unique values.';
  return inWords(new Refused('duplicate', message));
}
