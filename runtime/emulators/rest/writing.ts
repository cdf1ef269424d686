/** What an app does for those who write, one item at a time. */
import type { Collection } from '../crm/collection.ts';
import { latest } from '../crm/item.ts';
import type { Doer, State } from '../crm/model.ts';
import { Refused, refusing } from '../crm/refused.ts';
import type { Account } from './account.ts';
import { missing, type RestHost } from './reading.ts';
import { refusal } from './refused.ts';
import { isReference } from './schemas.ts';
import { etagOf, shown, taken, wireId, type Shown } from './showing.ts';
import { idMember } from './words.ts';

/** What a write has to do with, apart from what is written. */
export interface Place {
  readonly host: RestHost;
  readonly collection: Collection;
  readonly request: Request;
}

const APP: Doer = { by: 'app', via: 'api' };

export function create(place: Place, sent: Shown): Response {
  const { host, collection, request } = place;
  const { account, answered } = host;
  const { idempotencyKey, keysForMs } = account.settings;
  const key = idempotencyKey === 'none' ? null : request.headers.get('idempotency-key');
  const body = JSON.stringify(sent);
  const name = `${collection.name} ${key}`;
  const before = key === null ? undefined : answered.get(name);
  if (before !== undefined && before.atMs > account.worldMs - keysForMs) {
    if (idempotencyKey === 'anyBody' || before.body === body) return before.answer();
    throw refusal(account.settings, 422, 'The Idempotency-Key was used for something else.');
  }
  const id = written(place, () => {
    const given = taken(account, collection, sent, 'create');
    assertReferences(account, given, collection);
    return account.create(collection, given, APP);
  });
  const answer = answerOf(place, id, 201);
  if (key !== null) answered.set(name, { body, atMs: account.worldMs, answer });
  return answer();
}

export function update(
  place: Place,
  id: string,
  sent: Shown,
  mode: 'update' | 'replace',
): Response {
  const { host, collection } = place;
  const { account } = host;
  assertUnchanged(place, id, liveState(place, id));
  written(place, () => {
    const given = taken(account, collection, sent, mode);
    assertReferences(account, given, collection);
    account.update(collection, id, given, APP);
    return id;
  });
  return answerOf(place, id, 200)();
}

/** What is deleted already is not there to be deleted. */
export function remove(place: Place, id: string): Response {
  const { host, collection } = place;
  liveState(place, id);
  written(place, () => {
    host.account.remove(collection, id, APP);
    return id;
  });
  return new Response(null, { status: 204 });
}

export function restore(place: Place, id: string): Response {
  const { host, collection } = place;
  if (collection.hidden.has(id)) throw missing(host.account, collection, id);
  written(place, () => {
    host.account.restore(collection, id, APP);
    return id;
  });
  return answerOf(place, id, 200)();
}

function liveState({ host: { account }, collection }: Place, id: string): State {
  const state = collection.hidden.has(id) ? undefined : collection.live(id);
  if (state !== undefined) return state;
  throw missing(account, collection, id);
}

function assertUnchanged({ host, collection, request }: Place, id: string, state: State): void {
  const { account } = host;
  const wanted = account.settings.ifMatch ? request.headers.get('if-match') : null;
  if (wanted === null || wanted.trim() === '*') return;
  const etag = etagOf(shown(account, collection, id, state));
  if (wanted.split(',').some((one) => one.trim() === etag)) return;
  throw refusal(account.settings, 412, 'The item has changed since.');
}

function assertReferences(
  { collections, settings }: Account,
  given: Readonly<Record<string, unknown>>,
  { schema }: Collection,
): void {
  if (!settings.checksReferences) return;
  for (const field of schema.fields) {
    const { path, to = '' } = field;
    const value = given[path] ?? null;
    if (!isReference(field) || value === null) continue;
    for (const id of Array.isArray(value) ? (value as string[]) : [value as string]) {
      if (collections.get(to)?.live(id) !== undefined) continue;
      throw new Refused('invalid', `${path} leads nowhere.`, { path });
    }
  }
}

/** The id of what was written, or the app's own words for why it was not. */
function written({ host, collection }: Place, work: () => string): string {
  const { account } = host;
  const { settings } = account;
  return refusing(
    () => account.atomically(work),
    ({ code, message, path, existingId }) => {
      if (code === 'missing') throw refusal(settings, settings.gone, message);
      if (code !== 'duplicate') throw refusal(settings, settings.invalid, message, { path });
      const isSeen = existingId !== undefined && !collection.hidden.has(existingId);
      const existing = isSeen ? wireId(account, existingId) : undefined;
      throw refusal(settings, 409, message, { path, existing });
    },
  );
}

/** The way to say the same again, however much later. */
function answerOf(
  { host, collection, request }: Place,
  id: string,
  status: 200 | 201,
): () => Response {
  const { account } = host;
  const { settings, base } = account;
  const path = `${base}${settings.prefix}/${collection.name}/${wireId(account, id)}`;
  const location = settings.location === 'url' ? new URL(path, request.url).href : path;
  const headers = status === 201 ? { location } : {};
  if (settings.writeAnswers === 'location')
    return () => new Response(null, { status: 204, headers });
  const body =
    settings.writeAnswers === 'id'
      ? { [idMember(collection.name, settings)]: wireId(account, id) }
      : shown(account, collection, id, latest(collection.entry(id)!));
  return () => Response.json(body, { status, headers });
}
