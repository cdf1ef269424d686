/**
 * Collections of those who work with a vendor, such as the owners of HubSpot and the users of Pipedrive.
 * Items of other collections belong to them, so a sync of their own says who of one system is who of another.
 *
 * Promise: they are read, and never written; whoever is invited or leaves is entered at the vendor. They are
 * few, so every call reads all of them, and what it answers is as new as can be.
 */
import { withinBatches } from './batches.ts';
import {
  VendorError,
  type Can,
  type Collection,
  type Item,
  type VendorField,
} from './connector.ts';

export interface Directory {
  /** Of the collection. */
  readonly name: string;
  readonly fields: readonly VendorField[];
  readonly version: Can['version'];
  /** Everybody who is there, in any order. */
  readonly all: (signal: AbortSignal | undefined) => Promise<readonly Item[]>;
  /** The ids of those who have left, where the vendor still tells; asked only when somebody is missing. */
  readonly left?: (signal: AbortSignal | undefined) => Promise<readonly string[]>;
}

export function directoryOf(
  { name, fields, version, all, left }: Directory,
  about: { readonly vendor: string; readonly login: string },
): Collection {
  const { vendor, login } = about;
  return withinBatches(
    {
      name,
      can: { ...CAN, version },
      fields: fields.map((field) => ({ ...field, readOnly: true })),
      async list({ after, limit, signal }) {
        const items = (await all(signal)).toSorted((one, other) => compare(one.id, other.id));
        // Only ever what a page before told as `next`.
        const before = after as string | undefined;
        const rest = items.filter(({ id }) => before === undefined || compare(id, before) > 0);
        const page = rest.slice(0, limit);
        const last = page.at(-1);
        const isAll = last === undefined || rest.length === page.length;
        return { items: page, gone: [], ...(isAll ? {} : { next: last.id }) };
      },
      async read(ids, signal) {
        const known = new Map((await all(signal)).map((item) => [item.id, item]));
        const isSomebodyMissing = ids.some((id) => !known.has(id));
        const gone = new Set(isSomebodyMissing ? await left?.(signal) : []);
        return ids.map((id) => {
          const item = known.get(id);
          if (item !== undefined) return { kind: 'present', item };
          return { kind: 'missing', archived: gone.has(id) };
        });
      },
      async find(path, values, signal) {
        const wanted = new Set(values.map((value) => value.toLowerCase()));
        return (await all(signal)).filter(({ raw }) => {
          const value = (raw as Readonly<Record<string, unknown>>)[path];
          return wanted.has(String(value).toLowerCase());
        });
      },
      async write(changes) {
        const error = new VendorError('rejected', {
          what: `${name} of ${vendor} are not changed from here, so nothing was sent for account '${login}'.`,
          next: `Enter them there; and set "create" and "delete" to false for this member, and "direction" to in for its fields.`,
        });
        return changes.map(() => ({ kind: 'failed', error }));
      },
    },
    about,
  );
}

/** Ids are numbers, of any length. */
function compare(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : Number(one > other);
}

const MOST = 100;

const CAN: Omit<Can, 'version'> = {
  create: 'naturalKey',
  conditionalWrites: false,
  history: false,
  writeReturns: 'id',
  readLagMs: 0,
  searchLagMs: 0,
  changesLagMs: 0,
  changesTellDeletes: false,
  absenceHorizonMs: 0,
  batch: {
    list: MOST,
    read: MOST,
    find: MOST,
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
