/**
 * Writes of up to a hundred records. One that is refused takes all others with it, unless every input
 * carries a trace id: then the good ones are stored, and each refused one is named by its trace.
 */
import { z } from 'zod';
import type { RequestRefused } from '../desk.ts';
import {
  APP,
  batchAnswer,
  batchOf,
  objectIn,
  placeOf,
  shaped,
  type Answer,
  type Ask,
  type Plan,
} from './asking.ts';
import { idProperty, missingIds, resolved } from './reading.ts';
import type { Place } from './records.ts';
import { invalid, type Complaint } from './refused.ts';
import {
  assertFree,
  associationsShape,
  created,
  createOne,
  isLive,
  isRefusal,
  sentShape,
  updated,
  updateOne,
} from './writing.ts';

const INPUTS_MAX = 100;
const trace = { objectWriteTraceId: z.string().nullish() };

export function batchCreate(ask: Ask): Plan {
  const shape = z.object({ properties: sentShape, associations: associationsShape, ...trace });
  const { place, inputs, ...plan } = begin(ask, 'create', shape);
  const writeOne = ({ properties, associations }: z.output<typeof shape>): Written => {
    const id = createOne(place, properties, associations);
    return { id, show: () => created(place, id) };
  };
  return {
    ...plan,
    carryOut: (busy) => write(ask, place, { inputs, busy, status: 201, writeOne }),
  };
}

const keyedShape = z.object({
  id: z.coerce.string(),
  idProperty: z.string().nullish(),
  properties: sentShape,
  ...trace,
});

type Keyed = z.output<typeof keyedShape>;

/** An e-mail address is no key here, though it is one everywhere else. */
export function batchUpdate(ask: Ask): Plan {
  const { place, inputs, ...plan } = begin(ask, 'update', keyedShape);
  const key = keyIn(place, inputs);
  if (key === 'email') throw notUnique(place);
  const writeOne = ({ id: asked, properties }: Keyed): Written | undefined => {
    const id = resolved(place, asked, key);
    if (id === undefined || !isLive(place, id)) return undefined;
    // What was merged away is found under its new id, or falls through.
    if (key === undefined && id !== asked && ask.host.chance.next() < 0.5) return NOTHING;
    updateOne(place, id, properties);
    return { id, show: () => updated(place, id, properties) };
  };
  return {
    ...plan,
    ids: inputs.map(({ id }) => id),
    carryOut: (busy) => write(ask, place, { inputs, busy, status: 200, writeOne }),
  };
}

export function batchUpsert(ask: Ask): Plan {
  const { place, inputs, ...plan } = begin(ask, 'create', keyedShape);
  const key = keyIn(place, inputs);
  const writeOne = ({ id: asked, properties }: Keyed): Written | undefined => {
    const found = resolved(place, asked, key);
    // Who has the address beside another one is not found by it, and has it all the same.
    const known = found !== undefined && isPrimary(place, found, key, asked) ? found : undefined;
    if (known !== undefined && isLive(place, known)) {
      updateOne(place, known, properties);
      return { id: known, show: () => ({ ...updated(place, known, properties), new: false }) };
    }
    if (key === undefined) return undefined;
    const id = createOne(place, { [key]: asked, ...properties }, undefined);
    return { id, show: () => ({ ...created(place, id), new: true }) };
  };
  return {
    ...plan,
    ids: inputs.map(({ id }) => id),
    carryOut: (busy) => write(ask, place, { inputs, busy, status: 200, writeOne }),
  };
}

/** Nobody hears which of them there were. */
export function batchArchive(ask: Ask): Plan {
  const shape = z.object({ id: z.coerce.string() });
  const { place, inputs, ...plan } = begin(ask, 'delete', shape);
  const { account, collection } = place;
  return {
    ...plan,
    ids: inputs.map(({ id }) => id),
    carryOut(busy) {
      inputs.forEach((_input, index) => assertFree(busy, index));
      account.atomically(() => {
        for (const { id: asked } of inputs) {
          const id = resolved(place, asked, undefined);
          if (id !== undefined && isLive(place, id)) account.remove(collection, id, APP);
        }
      });
      return { status: 204 };
    },
  };
}

interface Written {
  readonly id: string;
  /** When all is done. */
  readonly show: (() => object) | undefined;
}

/** It was there, and nothing was done. */
const NOTHING: Written = { id: '', show: undefined };

function begin<Shape extends z.ZodType>(
  ask: Ask,
  action: 'create' | 'update' | 'delete',
  shape: Shape,
) {
  const object = objectIn(ask);
  const place = placeOf(ask, object);
  const { inputs } = shaped(batchOf(shape, INPUTS_MAX), ask.body);
  const ids = (inputs as { id?: string }[]).map(({ id }) => id).filter((id) => id !== undefined);
  const twice = action === 'delete' ? undefined : ids.find((id, index) => ids.indexOf(id) < index);
  if (twice !== undefined)
    throw invalid(`Duplicate IDs found in batch input: [${twice}]. IDs must be unique`);
  return { place, inputs, action, object, items: inputs.length };
}

function write<Input extends { objectWriteTraceId?: string | null | undefined }>(
  ask: Ask,
  place: Place,
  {
    inputs,
    busy,
    status,
    writeOne,
  }: {
    inputs: readonly Input[];
    busy: readonly number[];
    status: number;
    /** Undefined when there is no such record. */
    writeOne: (input: Input) => Written | undefined;
  },
): Answer {
  const { account, object } = place;
  const isPartial = inputs.every(({ objectWriteTraceId: id }) => (id ?? '') !== '');
  const missing: string[] = [];
  const complaints: Complaint[] = [];
  const shows: (() => object)[] = [];
  const one = (input: Input, index: number): void => {
    assertFree(busy, index);
    const written = writeOne(input);
    const traced = input.objectWriteTraceId ?? undefined;
    if (written === undefined) missing.push((input as { id?: string }).id ?? '');
    else if (written.show !== undefined) {
      const { show } = written;
      shows.push(() => ({ ...show(), ...(traced ? { objectWriteTraceId: traced } : {}) }));
    }
  };
  if (isPartial) {
    inputs.forEach((input, index) => {
      try {
        account.atomically(() => one(input, index));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        complaints.push(complaintOf(error, input.objectWriteTraceId!));
      }
    });
  } else account.atomically(() => inputs.forEach(one));
  const results = shows.map((show) => show());
  return batchAnswer(ask, status, results, [...complaints, ...missingIds(object, missing)]);
}

function complaintOf({ body }: RequestRefused, traced: string): Complaint {
  const { message, category, errors } = body as Complaint;
  return {
    status: 'error',
    category,
    message,
    context: { objectWriteTraceId: [traced] },
    ...(errors === undefined ? {} : { errors }),
  };
}

/** All inputs of a batch have the same one. */
function keyIn(place: Place, inputs: readonly Keyed[]): string | undefined {
  const names = new Set(inputs.map(({ idProperty: name }) => name ?? ''));
  if (names.size > 1) throw invalid('All inputs of a batch must have the same idProperty.');
  const [name = ''] = names;
  const field = place.collection.schema.field(name);
  if (name === '' || name === 'hs_object_id') return undefined;
  if (field?.unique !== true) throw notUnique(place);
  return idProperty(place, name);
}

function notUnique({ object }: Place): RequestRefused {
  return invalid(`Unable to perform update/upsert by non-unique ${object.typeId} property`);
}

function isPrimary(
  { collection }: Place,
  id: string,
  key: string | undefined,
  asked: string,
): boolean {
  if (key !== 'email') return true;
  const value = collection.live(id)?.values[collection.schema.field(key)!.key];
  return value === asked.trim().toLowerCase();
}
