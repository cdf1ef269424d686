/** Creating, updating and archiving single records, merging two, and forgetting a person for good. */
import { z } from 'zod';
import { RequestRefused } from '../desk.ts';
import { latest } from '../crm/item.ts';
import { accepted, worded, type Sent } from './accepting.ts';
import { APP, objectIn, placeOf, shaped, type Ask, type Plan } from './asking.ts';
import { associate, type Spec } from './associations.ts';
import { objectType } from './objects.ts';
import { idProperty, now, resolved } from './reading.ts';
import { filledProperties, recordOf, writtenProperties, type Place } from './records.ts';
import { invalid, notFound, refusal } from './refused.ts';
import { followed } from '../crm/view.ts';

export const sentShape = z.record(z.string(), z.unknown());
export const specShape = z.object({
  associationCategory: z.string(),
  associationTypeId: z.coerce.number(),
});
export const associationsShape = z
  .array(z.object({ to: z.object({ id: z.coerce.string() }), types: z.array(specShape).min(1) }))
  .nullish();

export type NewAssociations = z.output<typeof associationsShape>;

export function create(ask: Ask): Plan {
  const object = objectIn(ask);
  const place = placeOf(ask, object);
  const input = shaped(
    z.object({ properties: sentShape, associations: associationsShape }),
    ask.body,
  );
  return {
    action: 'create',
    object,
    carryOut(busy) {
      assertFree(busy, 0);
      const { account } = place;
      const id = account.atomically(() => createOne(place, input.properties, input.associations));
      return { status: 201, body: created(place, id) };
    },
  };
}

export function update(ask: Ask): Plan {
  const object = objectIn(ask);
  const place = placeOf(ask, object);
  const { properties } = shaped(z.object({ properties: sentShape }), ask.body);
  const key = idProperty(place, ask.query.get('idProperty'));
  return {
    action: 'update',
    object,
    ids: [ask.params['id']!],
    carryOut(busy) {
      assertFree(busy, 0);
      const id = resolved(place, ask.params['id']!, key);
      if (id === undefined) throw notFound();
      place.account.atomically(() => updateOne(place, id, properties));
      return { status: 200, body: updated(place, id, properties) };
    },
  };
}

export function archive(ask: Ask): Plan {
  const object = objectIn(ask);
  const place = placeOf(ask, object);
  return {
    action: 'delete',
    object,
    ids: [ask.params['id']!],
    carryOut(busy) {
      assertFree(busy, 0);
      const id = resolved(place, ask.params['id']!, undefined);
      if (id === undefined || !isLive(place, id)) throw notFound();
      place.account.atomically(() => place.account.remove(place.collection, id, APP));
      return { status: 204 };
    },
  };
}

const mergeShape = z.object({
  primaryObjectId: z.coerce.string(),
  objectIdToMerge: z.coerce.string(),
});

/** What is left has an id of its own; the two former ones lead to it. */
export function merge(ask: Ask): Plan {
  const object = objectIn(ask);
  const place = placeOf(ask, object);
  const input = shaped(mergeShape, ask.body);
  const { primaryObjectId, objectIdToMerge } = input;
  return {
    action: 'merge',
    object,
    ids: [primaryObjectId, objectIdToMerge],
    carryOut(busy) {
      assertFree(busy, 0);
      const [winner, loser] = [primaryObjectId, objectIdToMerge].map((id) =>
        place.collection.entry(id) === undefined ? id : followed(now(place), id),
      ) as [string, string];
      if (winner === loser) throw invalid('A record cannot be merged with itself.');
      if (!isLive(place, winner) || !isLive(place, loser)) throw notFound();
      const id = worded(place, winner, () =>
        place.account.atomically(() => place.account.merge(place.collection, loser, winner, APP)),
      );
      return { status: 200, body: created(place, id) };
    },
  };
}

const forgetShape = z.object({ objectId: z.coerce.string(), idProperty: z.string().nullish() });

/** An address that nobody has is remembered, so that nobody gets it. */
export function forget(ask: Ask): Plan {
  const object = objectIn(ask);
  const place = placeOf(ask, object);
  const { objectId, idProperty: name } = shaped(forgetShape, ask.body);
  const key = idProperty(place, name);
  return {
    action: 'delete',
    object,
    ids: [objectId],
    carryOut(busy) {
      assertFree(busy, 0);
      const { account, collection } = place;
      const id = resolved(place, objectId, key);
      const entry = id === undefined ? undefined : collection.entry(id);
      const isThere = entry && ['live', 'archived'].includes(latest(entry).life);
      if (isThere) account.atomically(() => account.destroy(collection, entry.id, APP));
      else if (key === 'email') account.blocked.add(objectId.trim().toLowerCase());
      else throw notFound();
      return { status: 204 };
    },
  };
}

/** Answers the id. Inside of an `atomically`. */
export function createOne(place: Place, sent: Sent, associations: NewAssociations): string {
  const { account, collection, object } = place;
  const given = accepted(place, sent);
  const id = worded(place, undefined, () => account.create(collection, given, APP));
  for (const { to, types } of associations ?? []) {
    const other = otherEnd(place, types);
    worded(place, id, () =>
      associate(account, { from: object, id, to: other }, to.id, types as Spec[], APP),
    );
  }
  return id;
}

export function updateOne(place: Place, id: string, sent: Sent): void {
  const { account, collection } = place;
  if (!isLive(place, id)) throw notFound();
  const given = accepted(place, sent, { id, state: latest(collection.entry(id)!) });
  worded(place, id, () => account.update(collection, id, given, APP));
}

export function isLive({ collection }: Place, id: string): boolean {
  return collection.live(id) !== undefined && !collection.hidden.has(id);
}

export function created(place: Place, id: string): object {
  const state = latest(place.collection.entry(id)!);
  return recordOf(place, id, state, { properties: filledProperties(place, state) });
}

/** Only what was sent, and what follows from it. */
export function updated(place: Place, id: string, sent: Sent): object {
  const state = latest(place.collection.entry(id)!);
  const properties = writtenProperties(place, Object.keys(sent));
  return recordOf(place, id, state, { properties });
}

export function assertFree(busy: readonly number[], index: number): void {
  if (!busy.includes(index)) return;
  throw refusal(
    423,
    'LOCKED',
    'This record is being changed by a bulk operation. Try again later.',
  );
}

/** The type alone says what a new record is to be associated with. */
function otherEnd({ account, object }: Place, [first]: readonly Spec[]) {
  const typeId = first!.associationTypeId;
  for (const { from, to, ...type } of account.types) {
    if (from === object.name && type.typeId === typeId) return objectType(to)!;
    if (to === object.name && type.back.typeId === typeId) return objectType(from)!;
  }
  throw invalid(`${typeId} is no association type of ${object.typeId}.`);
}

export function isRefusal(error: unknown): error is RequestRefused {
  return error instanceof RequestRefused;
}
