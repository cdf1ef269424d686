/** Lists, single records and batches of them. By their id, records are as they truly are. */
import { z } from 'zod';
import { followed, stateIn, statesIn, type View } from '../crm/view.ts';
import {
  batchAnswer,
  batchOf,
  flagIn,
  limitIn,
  listIn,
  objectIn,
  placeOf,
  shaped,
  type Ask,
  type Plan,
} from './asking.ts';
import { objectType, type ObjectType } from './objects.ts';
import { recordOf, type Place, type Wanted } from './records.ts';
import { invalid, notFound, type Complaint } from './refused.ts';

const LIST_MAX = { usual: 10, most: 100 };
const HISTORY_MAX = 50;

export function list(ask: Ask): Plan {
  const object = objectIn(ask);
  const place = placeOf(ask, object);
  const wanted = wantedIn(ask, object);
  const isLong = (wanted.history ?? []).length > 0;
  const limit = limitIn(ask.query, isLong ? { usual: 10, most: HISTORY_MAX } : LIST_MAX);
  const life = flagIn(ask.query, 'archived') ? 'archived' : 'live';
  const after = ask.query.get('after');
  const start = after === null || after === '' ? 0 : place.collection.entry(after)?.order;
  if (start === undefined) throw invalid(`Invalid paging token: ${after}`);
  return {
    action: 'list',
    object,
    items: limit,
    carryOut() {
      const results: object[] = [];
      let last = '';
      for (const { entry, state } of statesIn(now(place), start)) {
        if (state.life !== life) continue;
        if (results.length === limit) {
          return { status: 200, body: { results, paging: pagingTo(ask, last) } };
        }
        results.push(recordOf(place, entry.id, state, wanted));
        last = entry.id;
      }
      return { status: 200, body: { results } };
    },
  };
}

/** As the question was, with the place it goes on at. */
function pagingTo({ query }: Ask, after: string): object {
  const next = new URLSearchParams(query);
  next.set('after', after);
  return { next: { after, link: `?${next.toString()}` } };
}

export function get(ask: Ask): Plan {
  const object = objectIn(ask);
  const place = placeOf(ask, object);
  const wanted = wantedIn(ask, object);
  const key = idProperty(place, ask.query.get('idProperty'));
  return {
    action: 'read',
    object,
    ids: [ask.params['id']!],
    carryOut() {
      const life = flagIn(ask.query, 'archived') ? 'archived' : 'live';
      const id = resolved(place, ask.params['id']!, key);
      const state = id === undefined ? undefined : stateIn(now(place), id);
      if (id === undefined || state?.life !== life) throw notFound();
      return { status: 200, body: recordOf(place, id, state, wanted) };
    },
  };
}

const readShape = batchOf(z.object({ id: z.coerce.string() }), 100).extend({
  properties: z.array(z.string()).optional(),
  propertiesWithHistory: z.array(z.string()).optional(),
  idProperty: z.string().nullish(),
});

/** Not with associations. What was merged away is found under its new id, or not at all. */
export function batchRead(ask: Ask): Plan {
  const object = objectIn(ask);
  const place = placeOf(ask, object);
  const input = shaped(readShape, ask.body);
  const history = input.propertiesWithHistory ?? [];
  if (history.length > 0 && input.inputs.length > HISTORY_MAX) {
    throw invalid(`With history the maximum number of inputs is ${HISTORY_MAX}`);
  }
  const key = idProperty(place, input.idProperty);
  const ids = [...new Set(input.inputs.map(({ id }) => id))];
  const named = input.properties ?? [];
  const wanted: Wanted = { properties: named.length > 0 ? named : object.unasked, history };
  const life = flagIn(ask.query, 'archived') ? 'archived' : 'live';
  return {
    action: 'read',
    object,
    items: ids.length,
    ids,
    carryOut() {
      const results = new Map<string, object>();
      const missing: string[] = [];
      for (const asked of ids) {
        const id = resolved(place, asked, key);
        const state = id === undefined ? undefined : stateIn(now(place), id);
        if (id === undefined || state?.life !== life) missing.push(asked);
        else if (id === asked || key !== undefined || ask.host.chance.next() < 0.5) {
          results.set(id, recordOf(place, id, state, wanted));
        }
      }
      return batchAnswer(ask, 200, [...results.values()], missingIds(object, missing));
    },
  };
}

/** One complaint for all of them. */
export function missingIds({ singular }: ObjectType, ids: readonly string[]): readonly Complaint[] {
  if (ids.length === 0) return [];
  const message = `Could not get some ${singular.toUpperCase()} objects, they may be deleted or not exist. Check that ids are valid.`;
  return [{ status: 'error', category: 'OBJECT_NOT_FOUND', message, context: { ids } }];
}

/** By id or by a unique property; through all merges. */
export function resolved(place: Place, asked: string, key: string | undefined): string | undefined {
  const { collection } = place;
  if (key === undefined) {
    return collection.entry(asked) === undefined ? undefined : followed(now(place), asked);
  }
  const field = collection.schema.field(key)!;
  const value = field.type === 'email' ? asked.trim().toLowerCase() : asked;
  return collection.holding(key, value);
}

/** Undefined for the id itself. */
export function idProperty(
  { collection, object }: Place,
  name: string | null | undefined,
): string | undefined {
  if (name === null || name === undefined || name === '' || name === 'hs_object_id') return;
  if (collection.schema.field(name)?.unique === true) return name;
  throw invalid(`Unable to read by non-unique ${object.typeId} property ${name}`);
}

export function now({ account, collection }: Place): View {
  return { collection, seenMs: account.worldMs };
}

function wantedIn({ query }: Ask, object: ObjectType): Wanted {
  const named = listIn(query, 'properties');
  const history = listIn(query, 'propertiesWithHistory');
  const associations = listIn(query, 'associations')
    .map((name) => objectType(name))
    .filter((one) => one !== undefined);
  const properties = named.length > 0 || history.length > 0 ? named : object.unasked;
  return { properties, history, associations };
}
