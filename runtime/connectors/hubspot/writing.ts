/**
 * Creates, updates and deletes, in batches of which each input has its own outcome.
 *
 * Traps: results come in another order than the inputs, so each input gets a name of its own; with these,
 * one that is refused does not take the others along. An answer that says that all is well may hold
 * refusals. An update of an item that was merged goes to what it was merged into, and a delete would, too;
 * so it is looked up what a delete is about. A batch that is refused as a whole does not say because of
 * which input, unless it was the only one.
 */
import {
  VendorError,
  type ItemChange,
  type Operation,
  type Outcome,
  type VendorField,
} from '../connector.ts';
import * as api from './api.ts';
import { afterOthers, complaintIn, errorOf, type Complaint } from './complaints.ts';
import { lookUp } from './reading.ts';
import {
  ASSOCIATIONS,
  OF_HUBSPOT,
  wishesIn,
  writeReferences,
  type Context,
  type Wish,
} from './references.ts';

export interface Writer extends Context {
  readonly marker: string | undefined;
  /** Whether HubSpot itself finds the item with the same marker. */
  readonly isUpsert: boolean;
  readonly fields: readonly VendorField[];
}

export async function write(
  writer: Writer,
  changes: readonly ItemChange[],
  signal: AbortSignal | undefined,
): Promise<readonly Outcome[]> {
  const { op } = changes[0]!;
  const { ready, outcomes } = prepared(writer, changes);
  if (ready.length > 0) {
    for (const [index, outcome] of await WRITES[op](writer, ready, signal)) {
      outcomes.set(index, outcome);
    }
  }
  return changes.map((_, index) => outcomes.get(index)!);
}

interface Entry {
  readonly index: number;
  readonly change: ItemChange;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly wishes: readonly Wish[];
}

type Outcomes = Map<number, Outcome>;

const WRITES: Readonly<
  Record<
    Operation,
    (w: Writer, e: readonly Entry[], signal: AbortSignal | undefined) => Promise<Outcomes>
  >
> = { create, update, delete: remove, restore };

/** What can be sent at all; a reference that is none is refused here. */
function prepared(
  writer: Writer,
  changes: readonly ItemChange[],
): { readonly ready: readonly Entry[]; readonly outcomes: Outcomes } {
  const outcomes: Outcomes = new Map();
  const ready: Entry[] = [];
  changes.forEach((change, index) => {
    const { raw = {} } = change;
    const wishes = wishesIn(raw, writer.type);
    if ('wrong' in wishes) {
      const said = 'no reference to another item';
      const complaint = { kind: 'rejected', path: wishes.wrong, said } as const;
      outcomes.set(index, failed(writer, change, complaint));
    } else {
      ready.push({ index, change, properties: propertiesIn(raw), wishes });
    }
  });
  return { ready, outcomes };
}

/** HubSpot takes texts, and an empty one for what is to be cleared. */
function propertiesIn(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const own = Object.entries(raw).filter(([name]) => name !== ASSOCIATIONS);
  return Object.fromEntries(
    own.map(([name, value]) => [
      name,
      typeof value === 'number' || typeof value === 'boolean' ? String(value) : (value ?? ''),
    ]),
  );
}

// ---------------------------------------------------------------------------------------------
// Creates

/**
 * Whoever is made with a primary reference is made with it at once: without it, what points nowhere yet would
 * look like somebody whose reference was taken away.
 */
async function create(
  writer: Writer,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
): Promise<Outcomes> {
  const { marker, isUpsert } = writer;
  const isMarked = ({ change }: Entry): boolean => isUpsert && change.marker !== undefined;
  const propertiesOf = ({ change, properties }: Entry) => ({
    ...properties,
    ...(marker !== undefined && change.marker !== undefined && { [marker]: change.marker }),
  });
  const isAnswer: BatchCall['isAnswer'] = ({ properties }, { change }) =>
    change.marker !== undefined && properties[marker ?? ''] === change.marker;
  const upsert: BatchCall = {
    action: 'upsert',
    inputOf: (entry) => ({
      id: entry.change.marker,
      idProperty: marker,
      properties: propertiesOf(entry),
    }),
    isAnswer,
  };
  const plain: BatchCall = {
    action: 'create',
    inputOf: (entry) => ({ properties: propertiesOf(entry), ...primariesIn(entry) }),
    isAnswer,
  };
  const answers = new Map<number, Answer>();
  const step = async (part: readonly Entry[], call: BatchCall): Promise<void> => {
    const asking = batch(writer, part, signal, call);
    const answered = await (answers.size === 0 ? asking : late(asking));
    for (const [index, answer] of answered) answers.set(index, answer);
  };
  await step(entries.filter(isWhole), plain);
  // Made by an earlier try, perhaps, whose answer did not arrive; or somebody else has the address.
  const others = entries.filter((entry) => {
    const answer = answers.get(entry.index);
    return answer === undefined || (isMarked(entry) && isDuplicate(answer));
  });
  await step(others.filter(isMarked), upsert);
  await step(
    others.filter((entry) => !isMarked(entry)),
    plain,
  );
  const made = others.flatMap(({ index, wishes }) => {
    const answer = answers.get(index)!;
    if (!('object' in answer) || wishes.length === 0) return [];
    const { id, new: isNew = true } = answer.object;
    return [{ index, id, wishes, isNew }];
  });
  const unreferenced = await referencesAfter(writer, made, signal);
  return outcomesOf(entries, ({ index }) => {
    const answer = answers.get(index)!;
    if (!('object' in answer)) return answer;
    const error = unreferenced.get(answer.object.id);
    return error ? { kind: 'failed', error } : { kind: 'done', id: answer.object.id };
  });
}

/** All that it points to can be told in the create itself. */
function isWhole({ wishes }: Entry): boolean {
  return wishes.length > 0 && wishes.every(({ chosen, reference }) => chosen && reference.primary);
}

function primariesIn(entry: Entry): object {
  if (!isWhole(entry)) return {};
  return {
    associations: entry.wishes.map(({ chosen, reference }) => ({
      to: { id: chosen },
      types: [{ associationCategory: OF_HUBSPOT, associationTypeId: reference.primary }],
    })),
  };
}

function isDuplicate(answer: Answer): boolean {
  return !('object' in answer) && answer.error.kind === 'duplicate';
}

function outcomesOf(entries: readonly Entry[], outcome: (entry: Entry) => Outcome): Outcomes {
  return new Map(entries.map((entry) => [entry.index, outcome(entry)]));
}

/** A failure after something else has been carried out. */
async function late<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw error instanceof VendorError ? afterOthers(error) : error;
  }
}

interface Made {
  readonly id: string;
  readonly wishes: readonly Wish[];
  readonly isNew: boolean;
}

/** The items are there by now, so whatever goes wrong has landed in part. */
async function referencesAfter(
  writer: Writer,
  made: readonly Made[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, VendorError>> {
  if (made.length === 0) return new Map();
  try {
    const failures = await writeReferences(writer, made, signal);
    return new Map([...failures].map(([id, error]) => [id, afterOthers(error)]));
  } catch (error) {
    if (!(error instanceof VendorError)) throw error;
    return new Map(made.map(({ id }) => [id, afterOthers(error)]));
  }
}

// ---------------------------------------------------------------------------------------------
// Updates

/** References go first: a batch of them that is refused as a whole can then be split by who sent it. */
async function update(
  writer: Writer,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
): Promise<Outcomes> {
  const pointing = entries.filter(({ wishes }) => wishes.length > 0);
  const wanted = pointing.map(({ change, wishes }) => ({ id: change.id!, wishes, isNew: false }));
  const unreferenced = await writeReferences(writer, wanted, signal);
  // Without any member, it still tells whether the item is there.
  const sent = entries.filter(
    ({ change, wishes, properties }) =>
      !unreferenced.has(change.id!) && (wishes.length === 0 || Object.keys(properties).length > 0),
  );
  const step = batch(writer, sent, signal, {
    action: 'update',
    inputOf: ({ change, properties }) => ({ id: change.id, properties }),
    isAnswer: ({ id }, { change }) => id === change.id,
  });
  const answers = await (pointing.length > 0 ? late(step) : step);
  return outcomesOf(entries, ({ index, change, wishes }) => {
    const id = change.id!;
    const unlinked = unreferenced.get(id);
    if (unlinked) return { kind: 'failed', error: unlinked };
    const answer = answers.get(index);
    if (answer === undefined) return { kind: 'done', id };
    if (!('object' in answer)) {
      return wishes.length === 0 ? answer : { ...answer, error: afterOthers(answer.error) };
    }
    if (answer.object.id === id) return { kind: 'done', id };
    const said = `it was merged into ${answer.object.id}`;
    return failed(writer, change, { kind: 'missing', said }, { mayHaveLanded: true });
  });
}

// ---------------------------------------------------------------------------------------------
// Deletes

/** HubSpot answers to a delete with nothing, whatever became of it. */
async function remove(
  writer: Writer,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
): Promise<Outcomes> {
  const { rest, paths, type } = writer;
  const ids = entries.map(({ change }) => change.id!);
  const found = await lookUp(writer, { ids, names: [], signal });
  const present = [...new Set(ids)].filter((id) => found.get(id)?.kind === 'present');
  if (present.length > 0) {
    await rest.send({
      method: 'POST',
      path: paths.objects(type.name, 'batch', 'archive'),
      body: { inputs: present.map((id) => ({ id })) },
      answer: api.anything,
      signal,
    });
  }
  return outcomesOf(entries, ({ change }) => {
    const id = change.id!;
    const each = found.get(id)!;
    if (each.kind === 'present' || each.kind === 'archived') return { kind: 'done', id };
    const said = each.kind === 'merged' ? `it was merged into ${each.into}` : 'it is not there';
    return failed(writer, change, { kind: 'missing', said });
  });
}

async function restore(writer: Writer, entries: readonly Entry[]): Promise<Outcomes> {
  const said = 'only a person can do that, in the settings of HubSpot';
  return outcomesOf(entries, ({ change }) => failed(writer, change, { kind: 'rejected', said }));
}

// ---------------------------------------------------------------------------------------------
// One call

interface BatchCall {
  readonly action: 'create' | 'upsert' | 'update';
  readonly inputOf: (entry: Entry) => object;
  /** Where the answer does not say which input it is about. */
  readonly isAnswer: (object: api.WireObject, entry: Entry) => boolean;
}

type Answer = { readonly object: api.WireObject } | Extract<Outcome, { kind: 'failed' }>;

/** An answer for each entry, by its index. */
async function batch(
  writer: Writer,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
  call: BatchCall,
): Promise<Map<number, Answer>> {
  const { rest, paths, type } = writer;
  if (entries.length === 0) return new Map();
  const answer = await rest.send<api.WireBatch | api.WireRefusal>({
    method: 'POST',
    path: paths.objects(type.name, 'batch', call.action),
    body: {
      inputs: entries.map((entry) => ({
        ...call.inputOf(entry),
        objectWriteTraceId: traceOf(entry),
      })),
    },
    answer: api.batch,
    answers: Object.fromEntries(REFUSALS.map((status) => [status, api.refusal])),
    signal,
  });
  if ('refused' in answer) return new Map(refusedAtOnce(writer, entries, answer.refused));
  return answersIn(writer, entries, answer, call);
}

/** Bad data, an item that is not there, a duplicate, an item that is held by a bulk operation. */
const REFUSALS = [400, 404, 409, 423];

function traceOf({ index }: Entry): string {
  return `t${index}`;
}

function refusedAtOnce(
  writer: Writer,
  entries: readonly Entry[],
  refused: api.WireComplaint,
): [number, Answer][] {
  const complaint = certain(complaintIn(refused, writer.type));
  const [first, ...others] = entries;
  if (others.length > 0) {
    const deed = `${first!.change.op} ${entries.length} items`;
    throw errorOf(complaint, { ...writer, deed });
  }
  return [[first!.index, failed(writer, first!.change, complaint)]];
}

/** A status between 400 and 499 says that nothing was carried out, whatever the words. */
function certain(complaint: Complaint): Complaint {
  return complaint.kind === 'broken' ? { ...complaint, kind: 'rejected' } : complaint;
}

function answersIn(
  writer: Writer,
  entries: readonly Entry[],
  { results, errors }: api.WireBatch,
  { isAnswer, action }: BatchCall,
): Map<number, Answer> {
  const isOne = entries.length === 1;
  const answers = new Map<number, Answer>();
  const complaints = [...(errors ?? [])];
  for (const entry of entries) {
    const object =
      results.find(({ objectWriteTraceId }) => objectWriteTraceId === traceOf(entry)) ??
      results.find((result) => !result.objectWriteTraceId && isAnswer(result, entry)) ??
      (isOne ? results[0] : undefined);
    if (object) answers.set(entry.index, { object });
  }
  const silent = entries.filter(({ index }) => !answers.has(index));
  const strays = complaints.filter((wire) => !silent.some((entry) => isAbout(wire, entry)));
  for (const entry of silent) {
    const { change, index } = entry;
    const own = complaints.find((wire) => isAbout(wire, entry));
    const wire = own ?? (silent.length === 1 && strays.length === 1 ? strays[0] : undefined);
    if (wire) {
      answers.set(index, failed(writer, change, complaintIn(wire, writer.type)));
      continue;
    }
    // An item that was merged is passed over without a word.
    const isMerged = action === 'update' && strays.length === 0;
    const kind = isMerged ? 'missing' : strays.length > 0 ? 'transient' : 'broken';
    const said = 'it does not say what became of it';
    answers.set(index, failed(writer, change, { kind, said }, { mayHaveLanded: true }));
  }
  return answers;
}

function isAbout({ context = {} }: api.WireComplaint, entry: Entry): boolean {
  const { objectWriteTraceId: traces, ids, id } = context;
  if (traces?.includes(traceOf(entry))) return true;
  const named = [...(ids ?? []), ...(id ?? [])];
  return named.some((each) => each === entry.change.id || each === entry.change.marker);
}

function failed(
  writer: Writer,
  { op, id }: ItemChange,
  complaint: Complaint,
  certainty: { readonly mayHaveLanded?: boolean } = {},
): Extract<Outcome, { kind: 'failed' }> {
  const deed = `${op} ${id === undefined ? 'an item' : `item ${id}`}`;
  const error = errorOf(complaint, { ...writer, deed }, certainty);
  const { existing } = complaint;
  return { kind: 'failed', error, ...(existing !== undefined && { existing }) };
}
