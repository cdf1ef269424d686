/**
 * Records as answers have them: the properties that were asked for, all of them texts, their history,
 * and what they are associated with. A property that there is not is left out without a word.
 */
import type { Collection } from '../crm/collection.ts';
import { iso } from '../crm/item.ts';
import type { Entry, FieldOptions, State } from '../crm/model.ts';
import type { Account } from './account.ts';
import { associatedWith } from './associations.ts';
import type { ObjectType } from './objects.ts';
import { isProperty, ownOf } from './properties.ts';
import { said } from './values.ts';
import { sourceOf } from './sources.ts';

/** Records of one kind, as one request means them. */
export interface Place {
  readonly account: Account;
  readonly object: ObjectType;
  readonly collection: Collection;
  /** As in the path: v3, or a date. */
  readonly version: string;
}

export interface Wanted {
  readonly properties: readonly string[];
  readonly history?: readonly string[];
  readonly associations?: readonly ObjectType[];
}

export function recordOf(place: Place, id: string, state: State, wanted: Wanted): object {
  const { account, object, version } = place;
  const { history = [], associations = [] } = wanted;
  const names = new Set([...wanted.properties, ...history]);
  const { createdAtMs, updatedAtMs } = state;
  const links = associationsOf(place, id, associations);
  return {
    id,
    properties: propertiesOf(place, id, state, names),
    ...(history.length === 0 ? {} : { propertiesWithHistory: historyOf(place, id, history) }),
    createdAt: iso(createdAtMs),
    updatedAt: iso(updatedAtMs),
    archived: state.life === 'archived',
    ...(state.life === 'archived' ? { archivedAt: iso(state.sinceMs) } : {}),
    ...(links === undefined ? {} : { associations: links }),
    ...(version === 'v3' ? {} : { url: urlOf(account, object, id) }),
  };
}

/** In the order of their names, whatever the order of the question. */
function propertiesOf(
  place: Place,
  id: string,
  state: State,
  names: Iterable<string>,
): Record<string, string | null> {
  const found: Record<string, string | null> = {};
  const always = ['hs_object_id', place.object.created, place.object.modified];
  for (const name of [...new Set([...names, ...always])].toSorted()) {
    const value = propertyOf(place, id, state, name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** Undefined when there is no such property. What was cleared is an empty text, what was never set null. */
export function propertyOf(
  { collection, object }: Place,
  id: string,
  state: State,
  name: string,
): string | null | undefined {
  if (name === 'hs_object_id') return id;
  if (name === object.created) return iso(state.createdAtMs);
  if (name === object.modified) return iso(state.updatedAtMs);
  const field = collection.schema.field(name);
  if (field === undefined || !isProperty(field)) return undefined;
  const text = said(field, state.values[field.key] ?? null);
  const wasCleared = text === null && state.changedAtMs[field.key] !== undefined;
  return wasCleared ? '' : text;
}

/** What a write answers: what was sent, and what follows from it by itself. */
export function writtenProperties(place: Place, sent: Iterable<string>): readonly string[] {
  const followed = propertiesIn(place).filter((field) => ownOf(field).calculated === true);
  return [...sent, ...followed.map(({ path }) => path)];
}

/** Everything that has a value. */
export function filledProperties({ collection }: Place, state: State): readonly string[] {
  return [...collection.schema.fields]
    .filter((field) => isProperty(field) && (state.values[field.key] ?? null) !== null)
    .map(({ path }) => path);
}

function propertiesIn({ collection }: Place): readonly FieldOptions[] {
  return [...collection.schema.fields].filter(isProperty);
}

/** The newest first. A time that moved alone is no new value. */
function historyOf(place: Place, id: string, names: readonly string[]): Record<string, object[]> {
  const entry = place.collection.entry(id)!;
  const found: Record<string, object[]> = {};
  for (const name of names) {
    const values = valuesOf(place, entry, name);
    if (values !== undefined) found[name] = values;
  }
  return found;
}

function valuesOf(place: Place, { id, states }: Entry, name: string): object[] | undefined {
  const { account, collection } = place;
  const field = collection.schema.field(name);
  const values: object[] = [];
  let last: string | null = null;
  for (const state of states) {
    const value = propertyOf(place, id, state, name);
    if (value === undefined) return undefined;
    if (value === last) continue;
    last = value;
    values.unshift({
      value: value ?? '',
      timestamp: iso((field && state.changedAtMs[field.key]) ?? state.updatedAtMs),
      ...sourceOf(account, { by: state.updatedBy, via: undefined, field }).history,
    });
  }
  return values.slice(0, HISTORY_MAX);
}

const HISTORY_MAX = 20;

function associationsOf(
  place: Place,
  id: string,
  wanted: readonly ObjectType[],
): Record<string, object> | undefined {
  const found: Record<string, object> = {};
  for (const other of wanted) {
    const associated = associatedWith(place.account, { from: place.object, id, to: other });
    const results = associated.flatMap((one) =>
      one.directions.map(({ name }) => ({ id: one.id, type: name })),
    );
    if (results.length === 0) continue;
    const page = results.slice(0, ASSOCIATIONS_MAX);
    const after = page.at(-1)!.id;
    const more = results.length > page.length ? { paging: { next: { after } } } : {};
    found[other.name] = { results: page, ...more };
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

/** Of one record, in a list of records. */
const ASSOCIATIONS_MAX = 100;

function urlOf({ settings }: Account, { typeId }: ObjectType, id: string): string {
  return `https://app.hubspot.com/contacts/${settings.portalId}/record/${typeId}/${id}`;
}
