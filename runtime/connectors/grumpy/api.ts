/**
 * What Grumpy says on the wire, as schemas: whatever passes them is understood. Members nobody asked for
 * are ignored, so that the vendor may add some.
 */
import { z } from 'zod';

const time = z.iso.datetime().transform((text) => Date.parse(text));
const fields = z.record(z.string(), z.unknown());

/** `person`, `app` (us) or `integration` (somebody else's). */
const actor = z.object({ kind: z.string() });
export type WireActor = z.infer<typeof actor>;

const item = z.object({
  id: z.string().min(1),
  version: z.number().optional(),
  createdAt: time.optional(),
  createdBy: actor.optional(),
  updatedAt: time.optional(),
  updatedBy: actor.optional(),
  updatedAtByField: z.record(z.string(), time).optional(),
  marker: z.string().nullish(),
  mergedFrom: z.array(z.string()).optional(),
  fields,
});
export type WireItem = z.infer<typeof item>;

const atLeastZero = z.number().min(0);

/** An ability that is missing or new to us counts as its weakest value. */
const abilities = z.object({
  create: z.enum(['upsert', 'marker', 'naturalKey']).catch('naturalKey'),
  version: z.enum(['counter', 'time', 'none']).catch('none'),
  conditionalWrites: z.boolean().catch(false),
  history: z.boolean().catch(false),
  changes: z.boolean().catch(false),
  changesTellDeletes: z.boolean().catch(false),
  restore: z.boolean().catch(false),
  reusesIds: z.boolean().catch(true),
  writeReturns: z.enum(['item', 'id']).catch('id'),
  delete: z.enum(['soft', 'hard']).catch('hard'),
  partial: z.enum(['perItem', 'allOrNothing']).catch('allOrNothing'),
  readLagMs: atLeastZero.catch(120_000),
  searchLagMs: atLeastZero.catch(120_000),
  changesLagMs: atLeastZero.catch(120_000),
  horizonMs: atLeastZero.catch(120_000),
  batch: z.object({
    list: z.int().min(1).catch(1),
    read: z.int().min(1).catch(1),
    find: z.int().min(1).catch(1),
    create: z.int().min(1).catch(1),
    update: z.int().min(1).catch(1),
    delete: z.int().min(1).catch(1),
    restore: z.int().min(1).catch(1),
  }),
  limits: z.array(
    z.object({ name: z.string(), capacity: z.number().positive(), perMs: z.number().positive() }),
  ),
  uniqueFields: z.record(z.string(), z.array(z.string())).catch({}),
});
export type Abilities = z.infer<typeof abilities>;

export const about = z.object({ account: z.string(), now: time, abilities });

export const schema = z.object({
  fields: z.array(
    z.object({
      path: z.string(),
      type: z.string(),
      readOnly: z.boolean().optional(),
      unique: z.boolean().optional(),
      options: z.array(z.string()).optional(),
    }),
  ),
});
export type WireField = z.infer<typeof schema>['fields'][number];

export const page = z.object({
  items: z.array(item),
  gone: z.array(z.string()).optional(),
  next: z.string().optional(),
});

export const reads = z.object({
  results: z.array(
    z.discriminatedUnion('status', [
      z.object({ status: z.literal('ok'), item }),
      z.object({ status: z.literal('missing') }),
      z.object({ status: z.literal('archived'), version: z.number().optional() }),
      z.object({ status: z.literal('merged'), into: z.string().min(1) }),
    ]),
  ),
});
export type WireRead = z.infer<typeof reads>['results'][number];

export const found = z.object({ items: z.array(item) });

const version = z.object({ version: z.number(), by: actor.optional(), fields });
export type WireVersion = z.infer<typeof version>;

export const histories = z.object({ results: z.array(z.array(version)) });

/** What is wrong with an item or a request. */
const complaint = {
  code: z.string(),
  message: z.string().catch(''),
  path: z.string().optional(),
  existingId: z.string().optional(),
};

const written = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('ok'),
    id: z.string().min(1),
    version: z.number().optional(),
    item: item.optional(),
  }),
  z.object({ status: z.literal('error'), ...complaint }),
]);
export type WireWritten = z.infer<typeof written>;

export const writes = z.object({ results: z.array(written) });

/** A batch of which nothing was stored, because the item at `index` was refused. */
export const refusedBatch = z.object({ ...complaint, index: z.int().min(0) });

export const failure = z.object(complaint);
export type WireComplaint = z.infer<typeof failure>;

export const hooks = z.object({
  hooks: z.array(z.object({ id: z.string().min(1), url: z.string() })),
});
export type WireHook = z.infer<typeof hooks>['hooks'][number];

export const made = z.object({ id: z.string().min(1) });

export const nothing = z.object({});

export const delivery = z.object({
  delivery: z.string().min(1),
  events: z.array(z.object({ collection: z.string(), id: z.string().min(1) })),
});
