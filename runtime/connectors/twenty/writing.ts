/**
 * Creates, updates, deletes and restores, with an outcome for each item.
 *
 * Creates carry an id of ours, so that one that is repeated is known again, whatever became of the item
 * meanwhile; Twenty's own way to do that would bring back what somebody has deleted. Different changes
 * take a call each; the same change of many takes one.
 *
 * Traps: a value that consists of parts and is sent in part loses the others, so it is filled up from what
 * is there. A phone number that tells its country itself is refused beside the country of the old one. A
 * text that is sent as Markdown would stand beside its old self in Twenty's own form. And a deleted item
 * still holds the values that must be unique.
 */
import { VendorError, type ItemChange, type Operation, type Outcome } from '../connector.ts';
import type { World } from '../../world/world.ts';
import { errorOf, likewise, type Complaint } from './complaints.ts';
import { isId } from './guard.ts';
import { idFor, newId } from './identity.ts';
import { PARTS, TARGETS } from './objects.ts';
import { itemOf, search, type Reader } from './reading.ts';
import {
  createAll,
  deleteAll,
  inTurn,
  isDeleted,
  lookUp,
  patchAll,
  restoreAll,
  type Made,
  type WireRecord,
} from './records.ts';
import { wishesIn, writeTargets, type WantedTargets, type Wish } from './targets.ts';

export interface Writer extends Reader {
  readonly world: Pick<World, 'secretBytes'>;
}

/** Updates take a call each, so more would take all that a minute allows. */
export const UPDATES_MAX = 20;

export async function write(
  writer: Writer,
  changes: readonly ItemChange[],
  signal: AbortSignal | undefined,
): Promise<readonly Outcome[]> {
  const { op } = changes[0]!;
  const outcomes: Outcomes = new Map();
  const ready = changes.flatMap((change, index): Entry[] => {
    const entry = prepared(writer, change, index);
    if ('refused' in entry) outcomes.set(index, failed(writer, change, entry.refused));
    return 'refused' in entry ? [] : [entry];
  });
  if (ready.length > 0) await WRITES[op](writer, ready, outcomes, signal);
  return changes.map((_, index) => outcomes.get(index)!);
}

interface Entry {
  readonly index: number;
  readonly change: ItemChange;
  readonly id: string;
  /** The members of the record itself. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly wishes: readonly Wish[];
}

type Outcomes = Map<number, Outcome>;

type Write = (
  writer: Writer,
  entries: readonly Entry[],
  outcomes: Outcomes,
  signal: AbortSignal | undefined,
) => Promise<void>;

const WRITES: Readonly<Record<Operation, Write>> = { create, update, delete: remove, restore };

/** What can be sent at all. Twenty has no other ids than UUIDs, so there is nothing under another one. */
function prepared(
  { type, world }: Writer,
  change: ItemChange,
  index: number,
): Entry | { readonly refused: Complaint } {
  const { op, marker, raw = {} } = change;
  const id = op === 'create' ? idOf(type.name, marker, world) : change.id!;
  if (!isId(id)) return { refused: { kind: 'missing', said: 'it is not there' } };
  const { [TARGETS]: _targets, ...own } = raw;
  const wishes = type.targets ? wishesIn(raw, type.targets) : [];
  if ('wrong' in wishes) {
    const said = 'no reference to another item';
    return { refused: { kind: 'rejected', path: wishes.wrong, said } };
  }
  const members = type.targets ? own : raw;
  return { index, change, id: id.toLowerCase(), members, wishes };
}

function idOf(
  collection: string,
  marker: string | undefined,
  world: Pick<World, 'secretBytes'>,
): string {
  return marker === undefined ? newId(world) : idFor(`${collection} ${marker}`);
}

function failed(
  writer: Writer,
  { op, id }: ItemChange,
  complaint: Complaint,
  more?: { readonly next?: string },
): Extract<Outcome, { kind: 'failed' }> {
  const deed = `${op} ${id === undefined ? 'an item' : `item ${id}`}`;
  return { kind: 'failed', error: errorOf(complaint, { ...writer, deed }, more) };
}

/** With the item, unless what it is about would take another call. */
function done(writer: Writer, record: WireRecord): Outcome {
  const item = itemOf(writer, record);
  if (writer.type.targets) return { kind: 'done', id: record.id };
  return { kind: 'done', id: record.id, version: item.version!, item };
}

/** Everything that an item can be refused for; of a duplicate, who has the value. */
async function refused(
  writer: Writer,
  { change, members }: Entry,
  complaint: Complaint,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const { path, kind } = complaint;
  const value = path === undefined ? undefined : valueAt(members, path);
  if (kind !== 'duplicate' || typeof value !== 'string') return failed(writer, change, complaint);
  let holders: readonly WireRecord[] = [];
  try {
    holders = await search(writer, path!, [value], signal);
  } catch (error) {
    // It was refused all the same, by whomever.
    if (!(error instanceof VendorError)) throw error;
  }
  const holder = holders.find((record) => !isDeleted(record));
  const [deleted] = holders;
  if (holder === undefined && deleted !== undefined) {
    const said = `${complaint.said} Item ${deleted.id} has it, which was deleted`;
    const next = 'Restore that item in Twenty, or delete it there for good.';
    return failed(writer, change, { ...complaint, said }, { next });
  }
  return { ...failed(writer, change, complaint), ...(holder && { existing: holder.id }) };
}

function valueAt(members: Readonly<Record<string, unknown>>, path: string): unknown {
  const [name = '', part] = path.split('.');
  const value = members[name];
  return part === undefined ? value : (value as Readonly<Record<string, unknown>> | null)?.[part];
}

// ---------------------------------------------------------------------------------------------
// Creates

async function create(
  writer: Writer,
  entries: readonly Entry[],
  outcomes: Outcomes,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { type, marker } = writer;
  // The same one twice is made once.
  const wanted = new Map(
    entries.map(({ id, change, members }) => [
      id,
      {
        ...formed(members, type.composites),
        ...(marker !== undefined && change.marker !== undefined && { [marker]: change.marker }),
        id,
      },
    ]),
  );
  const made = await createAll(writer, type.name, [...wanted.values()], signal);
  const pointing = entries.flatMap(({ id, wishes }): WantedTargets[] => {
    const each = made.get(id)!;
    return 'record' in each ? [{ id, wishes, isNew: each.isNew }] : [];
  });
  const unlinked = await targetsAfter(writer, pointing, signal);
  for (const entry of entries) {
    const outcome = await outcomeOf(writer, entry, made.get(entry.id)!, signal);
    const error = unlinked.get(entry.id);
    outcomes.set(entry.index, error ? { kind: 'failed', error } : outcome);
  }
}

async function outcomeOf(
  writer: Writer,
  entry: Entry,
  made: Made,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  if ('error' in made) return { kind: 'failed', error: made.error };
  if ('record' in made) return done(writer, made.record);
  return refused(writer, entry, made.refused, signal);
}

/** The items are there by now, so whatever goes wrong has landed in part. */
async function targetsAfter(
  writer: Writer,
  wanted: readonly WantedTargets[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, VendorError>> {
  try {
    const failures = await writeTargets(writer, wanted, signal);
    return new Map([...failures].map(([id, error]) => [id, likewise(error, true)]));
  } catch (error) {
    if (!(error instanceof VendorError)) throw error;
    const asking = wanted.filter(({ wishes }) => wishes.length > 0);
    return new Map(asking.map(({ id }) => [id, likewise(error, true)]));
  }
}

// ---------------------------------------------------------------------------------------------
// Updates

async function update(
  writer: Writer,
  entries: readonly Entry[],
  outcomes: Outcomes,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { type } = writer;
  // What changes nothing of the record itself still has to tell whether it is there.
  const asked = entries.filter(
    ({ members }) => Object.keys(members).length === 0 || isPartial(members, type.composites),
  );
  const ids = asked.map(({ id }) => id);
  const current = ids.length === 0 ? new Map() : await lookUp(writer, type.name, ids, signal);
  const live = (id: string): WireRecord | undefined => {
    const record: WireRecord | undefined = current.get(id);
    return record && !isDeleted(record) ? record : undefined;
  };
  const found = new Map<Entry, WireRecord>();
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const record = live(entry.id);
    if (asked.includes(entry) && record === undefined) {
      const complaint = { kind: 'missing', said: 'it is not there' } as const;
      outcomes.set(entry.index, failed(writer, entry.change, complaint));
    } else if (Object.keys(entry.members).length === 0) found.set(entry, record!);
    else {
      const patch = JSON.stringify(formed(entry.members, type.composites, record));
      groups.set(patch, [...(groups.get(patch) ?? []), entry]);
    }
  }
  let hasLanded = false;
  await inTurn(
    [...groups],
    async ([patch, group]) => {
      const answered = await patchAll(writer, idsOf(group), JSON.parse(patch), signal);
      if (!('refused' in answered)) {
        hasLanded ||= answered.length > 0;
        const records = new Map(answered.map((record) => [record.id, record]));
        for (const entry of group) {
          const record = records.get(entry.id);
          const complaint = { kind: 'missing', said: 'it is not there' } as const;
          if (record) found.set(entry, record);
          else outcomes.set(entry.index, failed(writer, entry.change, complaint));
        }
      } else if (group.length === 1) {
        const [entry] = group;
        outcomes.set(entry!.index, await refused(writer, entry!, answered.refused, signal));
      } else await oneByOne(group, JSON.parse(patch));
    },
    ([, group], error) => {
      for (const { index } of group) outcomes.set(index, { kind: 'failed', error });
    },
  );
  await link();

  async function oneByOne(group: readonly Entry[], patch: Record<string, unknown>): Promise<void> {
    await inTurn(
      group,
      async (entry) => {
        const answered = await patchAll(writer, [entry.id], patch, signal);
        if ('refused' in answered) {
          outcomes.set(entry.index, await refused(writer, entry, answered.refused, signal));
        } else if (answered[0]) found.set(entry, answered[0]);
        else {
          const complaint = { kind: 'missing', said: 'it is not there' } as const;
          outcomes.set(entry.index, failed(writer, entry.change, complaint));
        }
      },
      ({ index }, error) => outcomes.set(index, { kind: 'failed', error }),
    );
  }

  async function link(): Promise<void> {
    const wanted = [...found.keys()].map(({ id, wishes }) => ({ id, wishes, isNew: false }));
    const unlinked = await (hasLanded ? targetsAfter : writeTargets)(writer, wanted, signal);
    for (const [{ index, id }, record] of found) {
      const error = unlinked.get(id);
      outcomes.set(index, error ? { kind: 'failed', error } : done(writer, record));
    }
  }
}

function idsOf(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.map(({ id }) => id))];
}

type Composites = ReadonlyMap<string, string>;
type Members = Readonly<Record<string, unknown>>;

/** Of these, what is left out follows from what is sent. */
const FOLLOWS: Readonly<Record<string, (value: Members) => boolean>> = {
  RICH_TEXT: () => true,
  RICH_TEXT_V2: () => true,
};

function isPartial(members: Members, composites: Composites): boolean {
  return Object.entries(members).some(([name, value]) => {
    const type = composites.get(name);
    if (type === undefined || FOLLOWS[type] !== undefined || !isMembers(value)) return false;
    return Object.keys(PARTS[type]!).some((part) => value[part] === undefined);
  });
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As they are sent: values in parts are whole, as far as it is known what is there. */
function formed(members: Members, composites: Composites, current?: WireRecord): Members {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => {
      const type = composites.get(name);
      if (type === undefined || !isMembers(value)) return [name, value];
      const held = current?.[name];
      return [name, FORMS[type]?.(value, isMembers(held) ? held : {}) ?? whole(type, value, held)];
    }),
  );
}

function whole(type: string, value: Members, held: unknown): Members {
  if (!isMembers(held)) return value;
  const known = Object.keys(PARTS[type]!).filter((part) => held[part] !== undefined);
  return { ...Object.fromEntries(known.map((part) => [part, held[part]])), ...value };
}

const FORMS: Readonly<Record<string, (value: Members, held: Members) => Members | undefined>> = {
  PHONES(value, held) {
    const { primaryPhoneNumber: number } = value;
    if (typeof number !== 'string' || !number.trim().startsWith('+')) return undefined;
    const { additionalPhones = held['additionalPhones'] } = value;
    return {
      primaryPhoneNumber: number,
      ...(additionalPhones !== undefined && { additionalPhones }),
    };
  },
  RICH_TEXT: withoutOldSelf,
  RICH_TEXT_V2: withoutOldSelf,
};

function withoutOldSelf(value: Members): Members {
  const { markdown } = value;
  return typeof markdown === 'string' ? { markdown } : value;
}

// ---------------------------------------------------------------------------------------------
// Deletes and restores

async function remove(
  writer: Writer,
  entries: readonly Entry[],
  outcomes: Outcomes,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { type } = writer;
  const gone = await deleteAll(writer, type.name, idsOf(entries), signal);
  await tell(writer, entries, gone, { outcomes, signal, isDone: isDeleted });
}

async function restore(
  writer: Writer,
  entries: readonly Entry[],
  outcomes: Outcomes,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { type } = writer;
  const back = await restoreAll(writer, type.name, idsOf(entries), signal);
  const isDone = (record: WireRecord): boolean => !isDeleted(record);
  await tell(writer, entries, back, { outcomes, signal, isDone });
}

/** What the answer does not name may have been so before; only a look at it can tell. */
async function tell(
  writer: Writer,
  entries: readonly Entry[],
  named: ReadonlySet<string>,
  {
    outcomes,
    signal,
    isDone,
  }: {
    readonly outcomes: Outcomes;
    readonly signal: AbortSignal | undefined;
    readonly isDone: (record: WireRecord) => boolean;
  },
): Promise<void> {
  const silent = idsOf(entries).filter((id) => !named.has(id));
  const found =
    silent.length === 0
      ? new Map<string, WireRecord>()
      : await lookUp(writer, writer.type.name, silent, signal).catch((error: unknown) => {
          // The others have been carried out.
          throw error instanceof VendorError ? likewise(error, named.size > 0) : error;
        });
  for (const { index, id, change } of entries) {
    const record = found.get(id);
    if (named.has(id) || (record && isDone(record))) outcomes.set(index, { kind: 'done', id });
    else {
      const kind = record ? 'transient' : 'missing';
      const said = record ? 'it did not say what became of it' : 'it is not there';
      outcomes.set(index, failed(writer, change, { kind, said }));
    }
  }
}
