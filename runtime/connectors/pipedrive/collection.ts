/**
 * One kind of objects in an account of Pipedrive: its fields and what can be done with its items.
 *
 * Nothing in Pipedrive is unique and nothing can be created only once, so the marker is kept in a text
 * field of the account, by which an item can be searched. The field is known by its name, because its key
 * is made up by Pipedrive, another one in every company. Activities and notes have no such fields.
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
import { find } from './finding.ts';
import { partsOf, type ObjectType } from './objects.ts';
import { changes, IDS_MAX, list, LOOKS_MAX, read, type Context } from './reading.ts';
import { PAGE_MAX } from './walking.ts';
import { write } from './writing.ts';

export interface CollectionOptions extends Omit<Context, 'own' | 'marker'> {
  /** The name or the key of the field for the marker. */
  readonly markerName: string;
}

export async function openCollection(options: CollectionOptions): Promise<Collection> {
  const { type, markerName } = options;
  const known = await fieldsOf(options, undefined);
  const own = known.filter(({ is_custom_field: isOwn }) => isOwn);
  const marker = type.hasOwnFields ? markerIn(own, markerName) : undefined;
  const context: Context = {
    ...options,
    own: new Map(own.map((field) => [field.field_code, field])),
    marker,
  };
  const can = canDo(context);
  return withinBatches(
    {
      name: type.name,
      can,
      fields: [
        ...type.members.map((member) => withDetails(member, known)),
        ...own.flatMap((field) => ownField(field, type)),
      ],
      list: (request) => list(context, request),
      changes: (request) => changes(context, request),
      read: (ids, signal) => read(context, ids, signal),
      find: (path, values, signal) => find(context, path, values, signal),
      write: (items, signal) => write(context, items, signal),
      ...(type.hasOwnFields && marker === undefined && { lacks: lackOfMarker(options) }),
      ...(type.hasOwnFields && {
        ensureField: (wanted: WantedField, signal?: AbortSignal) =>
          ensureField(options, wanted, signal),
      }),
    },
    { vendor: 'pipedrive', login: options.login },
  );
}

/** Its key counts more than its name, which others may have as well; then the first one is it. */
function markerIn(own: readonly api.WireField[], markerName: string): string | undefined {
  const texts = own.filter(({ field_type: type }) => TEXTS.has(type));
  const field =
    texts.find(({ field_code: code }) => code === markerName) ??
    texts.find(({ field_name: name }) => name === markerName);
  return field?.field_code;
}

const TEXTS: ReadonlySet<string> = new Set(['varchar', 'varchar_auto', 'text']);

/** Notes have no fields to be asked for. */
async function fieldsOf(
  { rest, paths, type }: Pick<Context, 'rest' | 'paths' | 'type'>,
  signal: AbortSignal | undefined,
): Promise<readonly api.WireField[]> {
  if (type.version === 'v1') return [];
  const fields: api.WireField[] = [];
  let cursor: string | undefined;
  do {
    const { data, additional_data: told } = await rest.send({
      method: 'GET',
      path: paths.v2(fieldsName(type)),
      query: { limit: PAGE_MAX, cursor },
      answer: api.fields,
      flawIn: (page) =>
        cursor !== undefined && page.additional_data?.next_cursor === cursor
          ? 'the next page is the one before'
          : undefined,
      signal,
    });
    fields.push(...data);
    cursor = told?.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return fields;
}

function fieldsName({ one }: ObjectType): string {
  return `${one}Fields`;
}

/** What the account calls a member that all have, and what it can choose from there. */
function withDetails(member: VendorField, known: readonly api.WireField[]): VendorField {
  const field = known.find(({ field_code: code }) => code === member.path);
  if (field === undefined) return member;
  return { ...member, title: field.field_name, ...optionsIn(field) };
}

function ownField(field: api.WireField, { hasOwnFields }: ObjectType): VendorField[] {
  const own: VendorField = {
    path: field.field_code,
    title: field.field_name,
    type: field.field_type,
    ...(!hasOwnFields && { readOnly: true }),
    ...optionsIn(field),
  };
  return [own, ...partsOf(own)];
}

function optionsIn({ options }: api.WireField): Pick<VendorField, 'options'> {
  return options?.length ? { options: options.map(({ id }) => id) } : {};
}

/** Not verified for lists; a look at one item was as new as can be. */
const LIST_LAG_MS = 5_000;
/** Seconds were seen, and longer under load is possible. */
const SEARCH_LAG_MS = 60_000;
/** An index may lag, times are whole seconds, and Pipedrive moves them by itself after a create. */
const CHANGES_LAG_MS = 60_000;
/** A write may be carried out so long after everybody has stopped waiting for it. */
const LATE_MS = 60_000;

/** So many searches are half of what two seconds allow. */
const FIND_MAX = 5;

function canDo({ type, marker, tellsDeletes }: Context): Can {
  return {
    create: marker === undefined ? 'naturalKey' : 'marker',
    ...(marker !== undefined && { marker }),
    conditionalWrites: false,
    version: 'time',
    // There is one, which is dear and speaks the older version; nothing of an item can be told from it.
    history: false,
    writeReturns: 'item',
    readLagMs: type.version === 'v1' ? 0 : LIST_LAG_MS,
    searchLagMs: SEARCH_LAG_MS,
    changesLagMs: CHANGES_LAG_MS,
    changesTellDeletes: type.name === 'deals' || tellsDeletes,
    absenceHorizonMs: TIMEOUT_MS + LATE_MS + SEARCH_LAG_MS,
    batch: {
      list: PAGE_MAX,
      read: type.version === 'v1' ? LOOKS_MAX : IDS_MAX,
      find: FIND_MAX,
      create: 1,
      update: 1,
      delete: 1,
      restore: 1,
    },
    partial: 'perItem',
    delete: 'soft',
    restore: false,
    uniquePaths: [],
    reusesIds: false,
  };
}

// ---------------------------------------------------------------------------------------------
// Fields of our own

/** Two fields can have the same name, so it is looked for first, by its name. */
async function ensureField(
  context: Pick<Context, 'rest' | 'paths' | 'type' | 'login'>,
  { name, type: wanted }: WantedField,
  signal: AbortSignal | undefined,
): Promise<VendorField> {
  const { rest, paths, type } = context;
  const [first, ...others] = TYPES[wanted];
  const known = await fieldsOf(context, signal);
  const named = known.filter((field) => field.is_custom_field && field.field_name === name);
  const fitting = named.find((field) => [first, ...others].includes(field.field_type));
  if (fitting) return ownField(fitting, type)[0]!;
  if (named.length > 0) {
    throw new VendorError('rejected', {
      what: `pipedrive has a field "${name}" that cannot ${deedOf(`hold ${first}`, context)}.`,
      next: 'Delete or rename it there, or choose another name.',
    });
  }
  const { data } = await rest.send({
    method: 'POST',
    path: paths.v2(fieldsName(type)),
    body: { field_name: name, field_type: first },
    answer: api.oneField,
    signal,
  });
  return ownField(data, type)[0]!;
}

/** A key is made up by Pipedrive, so a field that is named by its key cannot be made. */
function lackOfMarker(options: CollectionOptions): readonly Lack[] {
  const { markerName: name } = options;
  if (/^[0-9a-f]{40}$/.test(name)) return [];
  return [
    {
      what: `the text field "${name}", by which items are known again`,
      async make(signal) {
        await ensureField(options, { name, title: name, type: 'text' }, signal);
      },
    },
  ];
}

/** The first one is made, and the others serve as well. There is none for an instant, nor for yes and no. */
const TYPES: Readonly<Record<WantedField['type'], readonly [string, ...string[]]>> = {
  text: ['varchar', 'varchar_auto', 'text'],
  longText: ['text'],
  json: ['text'],
  number: ['double'],
  boolean: ['varchar', 'varchar_auto', 'text'],
  date: ['date'],
  time: ['varchar', 'varchar_auto', 'text'],
};
