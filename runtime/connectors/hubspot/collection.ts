/**
 * One kind of objects in an account of HubSpot: its properties and what can be done with its items.
 *
 * The marker is kept in a property that the account has made for it. Where that property is unique, a
 * repeated create finds the first one; where it is there and not unique, an item can be searched by it;
 * without it, nothing but e-mail addresses and the like tell what was made before.
 */
import { withinBatches } from '../batches.ts';
import {
  VendorError,
  type Can,
  type Collection,
  type Lack,
  type VendorField,
  type WantedField,
} from '../connector.ts';
import { TIMEOUT_MS } from '../http.ts';
import * as api from './api.ts';
import { deedOf } from './complaints.ts';
import type { ObjectType } from './objects.ts';
import { withPipelines } from './owners.ts';
import { BATCH_MAX, changes, find, list, read, READ_MAX } from './reading.ts';
import { ASSOCIATIONS, type Context } from './references.ts';
import { write } from './writing.ts';

export interface CollectionOptions extends Context {
  /** The name of the property for the marker. */
  readonly markerName: string;
  readonly tellsDeletes: boolean;
}

export async function openCollection(options: CollectionOptions): Promise<Collection> {
  const { type, markerName, tellsDeletes } = options;
  const properties = await propertiesOf(options);
  const told = properties.map((property) => fieldOf(property, type));
  const own = type.name === 'deals' ? await withPipelines(options, told) : told;
  const fields = [...own, ...type.references.flatMap(fieldsFor)];
  const marker = own.find(({ path, readOnly }) => path === markerName && !readOnly);
  const isUpsert = marker?.unique === true;
  const can = canDo({
    ...(marker && { marker: markerName }),
    isUpsert,
    tellsDeletes,
    uniquePaths: own
      .filter(({ path, unique, readOnly }) => unique && !readOnly && path !== markerName)
      .map(({ path }) => path),
  });
  const names = own.map(({ path }) => path);
  const context = { ...options, names, fields, isUpsert, marker: can.marker };
  return withinBatches(
    {
      name: type.name,
      can,
      fields,
      ...(marker === undefined && { lacks: [lackOfMarker(options, properties)] }),
      list: (request) => list(context, request),
      changes: (request) => changes(context, request),
      read: (ids, signal) => read(context, ids, signal),
      async find(path, values, signal) {
        const field = own.find((each) => each.path === path);
        const isUnique = field?.unique === true;
        return find(context, { path, values, type: field?.type ?? 'string', isUnique }, signal);
      },
      write: (items, signal) => write(context, items, signal),
      ensureField: (wanted, signal) => ensureField(options, properties, wanted, signal),
    },
    { vendor: 'hubspot', login: options.login },
  );
}

async function propertiesOf(options: Context): Promise<readonly api.WireProperty[]> {
  const { rest, paths, type } = options;
  try {
    const path = paths.properties(type.name);
    const { results } = await rest.send({ method: 'GET', path, answer: api.properties });
    return results;
  } catch (error) {
    // A kind of objects that it does not know is bad data to HubSpot.
    if (!(error instanceof VendorError) || error.kind !== 'rejected') throw error;
    const what = `hubspot could not ${deedOf({ ...options, deed: 'tell the properties' })}.`;
    const next = `Check the name of the collection: contacts, say, or the name of an object of the account's own.`;
    throw new VendorError('missing', { what, next, cause: error });
  }
}

/** A choice of several is another type than a choice of one. */
const LIST = 'enumeration list';

function fieldOf(property: api.WireProperty, { name: collection }: ObjectType): VendorField {
  const { name, label, type, fieldType, options, calculated, hasUniqueValue } = property;
  const isReadOnly = calculated === true || property.modificationMetadata?.readOnlyValue === true;
  const isUnique = hasUniqueValue === true || (collection === 'contacts' && name === 'email');
  return {
    path: name,
    ...(label !== undefined && label !== '' && { title: label }),
    type: type === 'enumeration' && fieldType === 'checkbox' ? LIST : type,
    ...(isReadOnly && { readOnly: true }),
    ...(isUnique && { unique: true }),
    ...(options?.length && { options: options.map(({ value }) => value) }),
  };
}

function fieldsFor({ to, one, primary }: ObjectType['references'][number]): VendorField[] {
  const title = `${one[0]!.toUpperCase()}${one.slice(1)}`;
  return [
    { path: `${ASSOCIATIONS}.${to}`, title: `Associated ${to}`, type: 'references' },
    {
      path: `${ASSOCIATIONS}.${one}`,
      title: primary === undefined ? title : `Primary ${one}`,
      type: 'reference',
    },
  ];
}

/** A search usually shows a change within seconds; under load it has taken minutes. */
const SEARCH_LAG_MS = 120_000;
/** A write may be carried out so long after everybody has stopped waiting for it. */
const LATE_MS = 60_000;

function canDo({
  marker,
  isUpsert,
  tellsDeletes,
  uniquePaths,
}: {
  readonly marker?: string;
  readonly isUpsert: boolean;
  readonly tellsDeletes: boolean;
  readonly uniquePaths: readonly string[];
}): Can {
  return {
    create: isUpsert ? 'upsert' : marker === undefined ? 'naturalKey' : 'marker',
    ...(marker !== undefined && { marker }),
    conditionalWrites: false,
    // HubSpot moves it by itself as well, seconds after a write, and not for every association.
    version: 'time',
    history: false,
    writeReturns: 'id',
    readLagMs: 0,
    searchLagMs: SEARCH_LAG_MS,
    changesLagMs: SEARCH_LAG_MS,
    changesTellDeletes: tellsDeletes,
    absenceHorizonMs: TIMEOUT_MS + LATE_MS + SEARCH_LAG_MS,
    batch: {
      list: BATCH_MAX,
      read: READ_MAX,
      find: BATCH_MAX,
      create: BATCH_MAX,
      update: BATCH_MAX,
      delete: BATCH_MAX,
      restore: 1,
    },
    partial: 'perItem',
    delete: 'soft',
    restore: false,
    uniquePaths,
    reusesIds: false,
    hidesReferences: true,
    restoresSilently: true,
  };
}

// ---------------------------------------------------------------------------------------------
// Fields of our own

async function ensureField(
  context: Context,
  known: readonly api.WireProperty[],
  wanted: WantedField,
  signal: AbortSignal | undefined,
): Promise<VendorField> {
  const { rest, paths, type } = context;
  // HubSpot has small letters only.
  const name = wanted.name.toLowerCase();
  const form = FORMS[wanted.type];
  const ask = (): Promise<api.WireProperty | undefined> => propertyNamed(context, name, signal);
  let property = await ask();
  if (property === undefined) {
    const made = await rest.send<api.WireProperty | api.WireRefusal>({
      method: 'POST',
      path: paths.properties(type.name),
      body: {
        name,
        label: wanted.title,
        ...form,
        groupName: groupIn(known),
        ...(wanted.unique === true && { hasUniqueValue: true }),
      },
      answer: api.property,
      // Somebody else has just made it.
      answers: { 409: api.refusal },
      signal,
    });
    property = 'refused' in made ? await ask() : made;
  }
  const field = property && fieldOf(property, type);
  const fits =
    field?.type === form.type && !field.readOnly && (!wanted.unique || field.unique === true);
  if (field && fits) return field;
  const which = wanted.unique ? `a unique ${form.type}` : form.type;
  throw new VendorError('rejected', {
    what: `hubspot has a property "${name}" that cannot ${deedOf({ ...context, deed: `hold ${which}` })}.`,
    next: 'Delete or rename it there, or choose another name.',
  });
}

async function propertyNamed(
  { rest, paths, type }: Context,
  name: string,
  signal: AbortSignal | undefined,
): Promise<api.WireProperty | undefined> {
  const answer = await rest.send<api.WireProperty | api.WireRefusal>({
    method: 'GET',
    path: paths.properties(type.name, name),
    answer: api.property,
    answers: { 404: api.refusal },
    signal,
  });
  return 'refused' in answer ? undefined : answer;
}

/** Every property is in a group; ours goes where the id is, which every object has. */
function groupIn(known: readonly api.WireProperty[]): string | undefined {
  const id = known.find(({ name }) => name === 'hs_object_id');
  return (id ?? known[0])?.groupName;
}

/** Unique, so that a create can be repeated. */
function lackOfMarker(context: CollectionOptions, known: readonly api.WireProperty[]): Lack {
  const { markerName: name } = context;
  const wanted: WantedField = { name, title: 'Tributary marker', type: 'text', unique: true };
  return {
    what: `the unique property "${name}", by which items are known again`,
    async make(signal) {
      await ensureField(context, known, wanted, signal);
    },
  };
}

interface Form {
  readonly type: string;
  readonly fieldType: string;
  readonly options?: readonly object[];
}

const FORMS: Readonly<Record<WantedField['type'], Form>> = {
  text: { type: 'string', fieldType: 'text' },
  longText: { type: 'string', fieldType: 'textarea' },
  json: { type: 'string', fieldType: 'textarea' },
  number: { type: 'number', fieldType: 'number' },
  boolean: {
    type: 'bool',
    fieldType: 'booleancheckbox',
    options: ['true', 'false'].map((value, displayOrder) => ({
      label: value === 'true' ? 'Yes' : 'No',
      value,
      displayOrder,
      hidden: false,
    })),
  },
  date: { type: 'date', fieldType: 'date' },
  time: { type: 'datetime', fieldType: 'date' },
};
