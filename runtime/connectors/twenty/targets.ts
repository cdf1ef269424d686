/**
 * What notes and tasks are about, as their members. Twenty keeps it in rows of another object, which take
 * a call of their own to be read, and up to three to be changed.
 *
 * Traps: a row that was deleted still stands in the way of another one for the same two, so it is restored
 * instead. Rows that lead to several things at once show wrongly at Twenty, so each leads to one. No change
 * of a row is a change of the note.
 */
import { z } from 'zod';
import { VendorError } from '../connector.ts';
import { errorOf, likewise } from './complaints.ts';
import { filterFor, isId } from './guard.ts';
import { idFor } from './identity.ts';
import { TARGETS, type TargetKind, type Targets } from './objects.ts';
import {
  all,
  createAll,
  DELETED_TOO,
  deleteAll,
  inParts,
  isDeleted,
  restoreAll,
  WRITE_MAX,
  type Context,
  type NewRecord,
} from './records.ts';

interface Row {
  readonly id: string;
  readonly item: string;
  readonly kind: TargetKind;
  readonly target: string;
  readonly isDeleted: boolean;
}

/** By the id of the item: `{ people: ['b', 'a'], person: 'b' }`, the one that is there longest first. */
export async function readTargets(
  context: Context,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const { targets } = context.type;
  if (targets === undefined || ids.length === 0) return new Map();
  const rows = await rowsOf(context, targets, ids, signal);
  const membersOf = (id: string) =>
    targets.kinds.flatMap((kind) => {
      const held = rows.filter((row) => row.item === id && row.kind === kind && !row.isDeleted);
      const list = [...new Set(held.map(({ target }) => target))];
      return [
        [kind.to, list],
        [kind.one, list[0] ?? null],
      ] as const;
    });
  return new Map(ids.map((id) => [id, Object.fromEntries(membersOf(id))]));
}

/** Also those that were deleted, the oldest first. */
async function rowsOf(
  context: Context,
  { rows, own, kinds }: Targets,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  const filter = `and(${filterFor(ids).replace('id', own)},${DELETED_TOO})`;
  const records = [...(await all(context, rows, filter, signal))];
  const ageOf = (record: Readonly<Record<string, unknown>>): string =>
    `${textIn(record['createdAt'])} ${textIn(record['id'])}`;
  records.sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1));
  for (const record of records) {
    const item = record[own];
    for (const kind of kinds) {
      const target = record[kind.column];
      if (typeof item !== 'string' || typeof target !== 'string') continue;
      found.push({ id: record.id, item, kind, target, isDeleted: isDeleted(record) });
    }
  }
  return found;
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What the members of one item ask for, of one kind. */
export interface Wish {
  readonly kind: TargetKind;
  /** The member that asks, for complaints. */
  readonly path: string;
  readonly targets: readonly string[];
}

const members = z.record(z.string(), z.union([z.string(), z.array(z.string()), z.null()]));

/** A path, where there is something that is no reference. */
export function wishesIn(
  raw: Readonly<Record<string, unknown>>,
  targets: Targets,
): readonly Wish[] | { readonly wrong: string } {
  const given = raw[TARGETS];
  if (given === undefined) return [];
  const { success, data, error } = members.safeParse(given);
  if (!success) {
    return { wrong: [TARGETS, ...(error.issues[0]?.path ?? [])].slice(0, 2).join('.') };
  }
  const wishes = new Map<TargetKind, Wish>();
  for (const [name, value] of Object.entries(data)) {
    const path = `${TARGETS}.${name}`;
    const kind = targets.kinds.find(({ one, to }) => one === name || to === name);
    const list = Array.isArray(value) ? value : value === null || value === '' ? [] : [value];
    if (kind === undefined || !list.every(isId) || (name === kind.one && list.length > 1)) {
      return { wrong: path };
    }
    // Where both are given, the list says more.
    if (!wishes.has(kind) || name === kind.to) wishes.set(kind, { kind, path, targets: list });
  }
  return [...wishes.values()];
}

export interface WantedTargets {
  readonly id: string;
  readonly wishes: readonly Wish[];
  /** Nothing leads from it yet. */
  readonly isNew: boolean;
}

/** What went wrong, by the id of the item. What is no longer wanted goes last. */
export async function writeTargets(
  context: Context,
  wanted: readonly WantedTargets[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, VendorError>> {
  const { targets } = context.type;
  const asking = wanted.filter(({ wishes }) => wishes.length > 0);
  if (targets === undefined || asking.length === 0) return new Map();
  const old = asking.filter(({ isNew }) => !isNew).map(({ id }) => id);
  const held = old.length === 0 ? [] : await rowsOf(context, targets, old, signal);
  const { add, restore, remove } = stepsFor(asking, held, targets);
  let hasLanded = false;
  const failures = new Map<string, VendorError>();
  try {
    for (const part of inParts(add, WRITE_MAX)) {
      const records = part.map(({ record }) => record);
      const made = await createAll(context, targets.rows, records, signal);
      for (const { item, path, record } of part) {
        const each = made.get(record.id)!;
        if ('error' in each) failures.set(item, each.error);
        if ('refused' in each) {
          const complaint = { ...each.refused, kind: 'rejected', path } as const;
          failures.set(item, errorOf(complaint, { ...context, deed: `update item ${item}` }));
        }
      }
      hasLanded ||= [...made.values()].some((each) => 'record' in each);
    }
    for (const part of inParts(restore, WRITE_MAX)) {
      await restoreAll(context, targets.rows, part, signal);
      hasLanded = true;
    }
    const last = remove.filter(({ item }) => !failures.has(item)).map(({ id }) => id);
    for (const part of inParts(last, WRITE_MAX)) {
      await deleteAll(context, targets.rows, part, signal);
      hasLanded = true;
    }
  } catch (error) {
    throw error instanceof VendorError && hasLanded ? likewise(error, true) : error;
  }
  return failures;
}

interface Steps {
  readonly add: readonly {
    readonly item: string;
    readonly path: string;
    readonly record: NewRecord;
  }[];
  readonly restore: readonly string[];
  readonly remove: readonly { readonly item: string; readonly id: string }[];
}

function stepsFor(
  asking: readonly WantedTargets[],
  held: readonly Row[],
  { own, rows }: Targets,
): Steps {
  const add: Steps['add'][number][] = [];
  const restore: string[] = [];
  const remove: Steps['remove'][number][] = [];
  for (const { id: item, wishes } of asking) {
    for (const { kind, path, targets } of wishes) {
      const here = held.filter((row) => row.item === item && row.kind === kind);
      for (const target of new Set(targets)) {
        const same = here.filter((row) => row.target === target);
        const [first] = same;
        if (first === undefined) {
          // The same id whenever this is repeated.
          const id = idFor(`${rows} ${item} ${kind.column} ${target}`);
          add.push({ item, path, record: { id, [own]: item, [kind.column]: target } });
        } else if (same.every((row) => row.isDeleted)) restore.push(first.id);
      }
      for (const row of here) {
        if (!row.isDeleted && !targets.includes(row.target)) remove.push({ item, id: row.id });
      }
    }
  }
  return { add, restore, remove };
}
