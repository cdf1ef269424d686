/** What an app answers to those who only read. */
import type { Collection } from '../crm/collection.ts';
import type { Value } from '../crm/model.ts';
import { stateIn, statesIn, viewOf } from '../crm/view.ts';
import type { Host } from '../desk.ts';
import type { Account } from './account.ts';
import type { Settings } from './options.ts';
import { enveloped, pageOf, type Query, type Row } from './paging.ts';
import { refusal } from './refused.ts';
import { isReference } from './schemas.ts';
import { etagOf, shown, wireId } from './showing.ts';
import { singular } from './words.ts';

export interface RestHost extends Host {
  readonly account: Account;
  /** What creates with a key were answered. */
  readonly answered: Map<string, Answered>;
}

export interface Answered {
  readonly body: string;
  readonly atMs: number;
  readonly answer: () => Response;
}

export function list({ account, lag }: RestHost, collection: Collection, query: Query): Response {
  const { settings } = account;
  const { words, listLagMs, sinceIncludes } = settings;
  const view = viewOf(account, collection, { lag, mostMs: listLagMs });
  const withDeleted = query[words.includeDeleted] === true;
  const since = query[words.since];
  const sinceMs = typeof since === 'string' ? Date.parse(since) : undefined;
  const tests = testsOf(collection, query, settings);
  const rows: Row[] = [];
  for (const row of statesIn(view)) {
    const { life, updatedAtMs, values } = row.state;
    if (life !== 'live' && !(life === 'archived' && withDeleted)) continue;
    const isOld =
      sinceMs !== undefined && (sinceIncludes ? updatedAtMs < sinceMs : updatedAtMs <= sinceMs);
    if (isOld || !tests.every(({ key, isFit }) => isFit(values[key] ?? null))) continue;
    rows.push(row);
  }
  const page = pageOf(rows, query, settings);
  const items = page.rows.map(({ entry, state }) => shown(account, collection, entry.id, state));
  return Response.json(enveloped(items, page, settings));
}

export function read({ account }: RestHost, collection: Collection, id: string): Response {
  const { settings, base } = account;
  const view = { collection, seenMs: account.worldMs };
  const state = stateIn(view, id);
  if (state?.life === 'live' || state?.life === 'archived') {
    const item = shown(account, collection, id, state);
    return Response.json(item, settings.etag ? { headers: { etag: etagOf(item) } } : {});
  }
  // One step at a time: what took over may have been taken over since.
  if (state?.life === 'merged' && settings.merges !== 'none') {
    const location = `${base}${settings.prefix}/${collection.name}/${wireId(account, state.into!)}`;
    return new Response(null, { status: settings.merges, headers: { location } });
  }
  throw missing(account, collection, id);
}

export function missing({ settings }: Account, collection: Collection, id: string): Error {
  return refusal(settings, settings.gone, `There is no ${singular(collection.name)} ${id}.`);
}

interface Test {
  readonly key: string;
  readonly isFit: (value: Value) => boolean;
}

/** The marker is looked for to the letter; how everything else is found is an option. */
function testsOf(
  collection: Collection,
  query: Query,
  { words, search }: Settings,
): readonly Test[] {
  return Object.entries(query).flatMap(([name, wanted]): readonly Test[] => {
    const field = collection.schema.field(name);
    if (field === undefined) return [];
    const isWhole = name === words.marker || isReference(field) || search === 'exact';
    const text = isWhole ? String(wanted) : String(wanted).toLowerCase();
    return [
      {
        key: field.key,
        isFit(value) {
          if (value === null) return false;
          const its = typeof value === 'object' ? JSON.stringify(value) : String(value);
          if (isWhole) return its === text;
          return search === 'contains'
            ? its.toLowerCase().includes(text)
            : its.toLowerCase() === text;
        },
      },
    ];
  });
}
