/**
 * What HubSpot says on the wire, as schemas: whatever passes them is understood. Members nobody asked for
 * are ignored, so that the vendor may add some. What 2026-09 and v3 say differently both pass.
 */
import { z } from 'zod';

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
/** Texts in the API itself, numbers in webhooks and in older answers about associations. */
const id = z.union([z.string().min(1), z.int().min(0).transform(String)]);
/** Where it is missing, an older version or a proxy left it out. */
const told = z.string().optional().catch(undefined);

const object = z.object({
  id: z.string().min(1),
  /** Every value is a text; one that is not set is null, one that was cleared may be an empty text. */
  properties: z.record(z.string(), z.string().nullable()),
  createdAt: time.optional(),
  updatedAt: time.optional(),
  archivedAt: time.optional(),
  /** What we have called the input that it answers. */
  objectWriteTraceId: z.string().nullish(),
  /** Only of an upsert: whether it was made, and not found. */
  new: z.boolean().optional(),
});
export type WireObject = z.infer<typeof object>;

/** Missing on the last page. */
const paging = z.object({ next: z.object({ after: id }).nullish() }).nullish();

export const page = z.object({ results: z.array(object), paging });
export type WirePage = z.infer<typeof page>;

/** Only its id and what is always there. */
export const one = object;

/** A complaint about one thing among others; all of it may be missing. */
const detail = z.object({
  message: told,
  code: told,
  context: z.record(z.string(), z.array(z.unknown())).optional().catch(undefined),
});

/** A complaint about a whole request or one input of a batch. It may be of any age, so nothing is needed. */
export const complaint = z.object({
  message: told,
  category: told,
  context: z
    .record(z.string(), z.array(z.union([z.string(), z.number()]).transform(String)))
    .optional()
    .catch(undefined),
  errors: z.array(detail).optional().catch(undefined),
  /** Only of a call that was one too many. */
  policyName: told,
  /** Only of a refused login. */
  status: told,
});
export type WireComplaint = z.infer<typeof complaint>;

/** Answers 2xx also when some of it was refused, which only `errors` tells. */
const batchOf = <T>(result: z.ZodType<T>) =>
  z.object({
    /** Only what is complete has all of its results. */
    status: z.literal('COMPLETE'),
    results: z.array(result),
    errors: z.array(complaint).nullish(),
  });

export const batch = batchOf(object);
export type WireBatch = z.infer<typeof batch>;

/** The status of a call as a whole that was refused; only what says so in JSON is a word of HubSpot's. */
export const refusal = complaint
  .refine(({ message, category }) => message !== undefined || category !== undefined)
  .transform((refused) => ({ refused }));
export type WireRefusal = z.infer<typeof refusal>;

/** From which objects lead associations to which, and of which types. */
export const associations = batchOf(
  z.object({
    from: z.object({ id }),
    to: z.array(
      z.object({
        toObjectId: id,
        associationTypes: z.array(z.object({ category: z.string(), typeId: z.int() })),
      }),
    ),
    paging,
  }),
);

/** Default associations name their ends in one way, those with a type in another. */
const pair = z.union([
  z.object({ from: z.object({ id }), to: z.object({ id }) }).transform(({ from, to }) => ({
    from: from.id,
    to: to.id,
  })),
  z.object({ fromObjectId: id, toObjectId: id }).transform(({ fromObjectId, toObjectId }) => ({
    from: fromObjectId,
    to: toObjectId,
  })),
]);
export const associated = batchOf(pair);

/** v4 answers nothing, 2026-09 a batch without results. */
export const dissociated = z
  .object({ errors: z.array(complaint).nullish() })
  .or(z.undefined().transform(() => ({ errors: undefined })));

export const property = z.object({
  name: z.string().min(1),
  label: z.string().optional(),
  type: z.string(),
  fieldType: z.string().optional(),
  groupName: z.string().optional(),
  options: z.array(z.object({ value: z.string() })).nullish(),
  calculated: z.boolean().nullish(),
  hasUniqueValue: z.boolean().nullish(),
  modificationMetadata: z.object({ readOnlyValue: z.boolean().nullish() }).nullish(),
});
export type WireProperty = z.infer<typeof property>;

export const properties = z.object({ results: z.array(property) });

export const account = z.object({
  portalId: id,
  timeZone: z.string().optional(),
  /** Such as `STANDARD` or `SANDBOX`. */
  accountType: z.string().optional(),
});

const text = z.string().min(1);

/** One thing that happened. The name of its kind stands in one of two places. */
const event = z.object({
  eventId: id.optional(),
  subscriptionId: id.optional(),
  portalId: id,
  occurredAt: z.number().optional(),
  subscriptionType: text.optional(),
  eventType: text.optional(),
  objectTypeId: text.nullish(),
  objectId: id.nullish(),
  propertyName: z.string().nullish(),
  fromObjectId: id.nullish(),
  primaryObjectId: id.nullish(),
  mergedObjectIds: z.array(id).nullish(),
  newObjectId: id.nullish(),
});
export type WireEvent = z.infer<typeof event>;

export const delivery = z.array(event);

export const hookSettings = z.object({ targetUrl: z.string() });

const subscription = z.object({
  id,
  eventType: text,
  active: z.boolean(),
  propertyName: z.string().nullish(),
  objectTypeId: z.string().nullish(),
});
export type WireSubscription = z.infer<typeof subscription>;

export const subscriptions = z.object({ results: z.array(subscription) });
export const subscribed = subscription;

/** Of an answer that nobody needs to look into. */
export const anything = z.unknown();

const owner = z.object({
  id,
  email: z.string().nullish(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
  userId: z.int().nullish(),
  type: z.string().nullish(),
  createdAt: time.optional(),
  updatedAt: time.optional(),
});
export type WireOwner = z.infer<typeof owner>;

export const owners = z.object({ results: z.array(owner), paging });

export const pipelines = z.object({
  results: z.array(z.object({ id, stages: z.array(z.object({ id })) })),
});
export type WirePipelines = z.infer<typeof pipelines>;

/** To a login that may not see them. */
export const noPipelines = z.unknown().transform((): WirePipelines => ({ results: [] }));
