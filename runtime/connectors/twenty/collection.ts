/**
 * One kind of objects in a workspace of Twenty: its fields and what can be done with its items.
 *
 * What is created gets an id that follows from its marker, so a repeated create finds the first one. The
 * marker itself is kept in a field that the workspace has made for it; without that field it could not be
 * told later whom an item was made for, and then nothing but e-mail addresses and the like tell.
 */
import { withinBatches } from '../batches.ts';
import type { Can, Collection, Lack } from '../connector.ts';
import { TIMEOUT_MS } from '../http.ts';
import { ensureField } from './metadata.ts';
import { changes, find, list, read } from './reading.ts';
import { PAGE_MAX, READ_MAX, WRITE_MAX, type Context } from './records.ts';
import { UPDATES_MAX, write, type Writer } from './writing.ts';

export interface CollectionOptions extends Context, Pick<Writer, 'world'> {
  /** The name of the field for the marker. */
  readonly markerName: string;
}

export function collectionOf(options: CollectionOptions): Collection {
  const { type, markerName } = options;
  const marker = type.fields.find(
    ({ path, type: kind, readOnly }) => path === markerName && kind === 'TEXT' && !readOnly,
  );
  const can = canDo({
    ...(marker && { marker: markerName }),
    hasTargets: type.targets !== undefined,
    uniquePaths: type.fields
      .filter(({ path, unique, readOnly }) => unique && !readOnly && path !== markerName)
      .map(({ path }) => path),
  });
  const context = { ...options, marker: can.marker };
  return withinBatches(
    {
      name: type.name,
      can,
      fields: type.fields,
      ...(marker === undefined && { lacks: [lackOfMarker(options)] }),
      list: (request) => list(context, request),
      changes: (request) => changes(context, request),
      read: (ids, signal) => read(context, ids, signal),
      find: (path, values, signal) => find(context, path, values, signal),
      write: (items, signal) => write(context, items, signal),
      ensureField: (wanted, signal) => ensureField(options, type.name, wanted, signal),
    },
    { vendor: 'twenty', login: options.login },
  );
}

/** Not unique: creates are repeated by their ids, and Twenty keeps empty texts for what has no marker. */
function lackOfMarker({ markerName: name, type, ...workspace }: CollectionOptions): Lack {
  return {
    what: `the text field "${name}", by which items are known again`,
    async make(signal) {
      const wanted = { name, title: 'Tributary marker', type: 'text' } as const;
      await ensureField(workspace, type.name, wanted, signal);
    },
  };
}

/** What is written is stored with an earlier time than it can be seen at. */
const CHANGES_LAG_MS = 5_000;
/** A write may be carried out so long after everybody has stopped waiting for it. */
const LATE_MS = 60_000;
/** As many conditions as fit into two addresses. */
export const FIND_MAX = 40;

function canDo({
  marker,
  hasTargets,
  uniquePaths,
}: {
  readonly marker?: string;
  readonly hasTargets: boolean;
  readonly uniquePaths: readonly string[];
}): Can {
  return {
    create: marker === undefined ? 'naturalKey' : 'upsert',
    ...(marker !== undefined && { marker }),
    conditionalWrites: false,
    // Twenty moves it by itself as well, and not when something else points to the item.
    version: 'time',
    history: false,
    writeReturns: hasTargets ? 'id' : 'item',
    readLagMs: 0,
    searchLagMs: 0,
    changesLagMs: CHANGES_LAG_MS,
    changesTellDeletes: true,
    absenceHorizonMs: TIMEOUT_MS + LATE_MS + CHANGES_LAG_MS,
    batch: {
      // What they are about is asked for by their ids.
      list: hasTargets ? READ_MAX : PAGE_MAX,
      read: READ_MAX,
      find: FIND_MAX,
      create: WRITE_MAX,
      update: UPDATES_MAX,
      delete: WRITE_MAX,
      restore: WRITE_MAX,
    },
    partial: 'perItem',
    delete: 'soft',
    restore: true,
    uniquePaths,
    reusesIds: false,
  };
}
