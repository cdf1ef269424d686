/**
 * What Twenty says on the wire, as schemas: whatever passes them is understood. Members nobody asked for
 * are ignored, so that the vendor may add some. What 1.x and 2.x say differently both pass.
 *
 * Answers about records wrap them in a name that says what was done and with what (`createPeople`), so a
 * wrapper with one member is opened whatever its name.
 */
import { z } from 'zod';

const text = z.string().min(1);
/** Where it is missing, an older version left it out, or the login may not see it. */
const told = <T>(type: z.ZodType<T>) => type.nullish().catch(undefined);

/** A record with all that the login may read. */
const record = z.looseObject({ id: text, updatedAt: z.iso.datetime({ offset: true }) });
export type WireRecord = Readonly<z.infer<typeof record>>;

/** Deletes tell no more. */
const named = z.looseObject({ id: text });

const wrapped = <T>(inner: z.ZodType<T>) =>
  z
    .record(z.string(), inner)
    .refine((members) => Object.keys(members).length === 1, 'not one member')
    .transform((members) => Object.values(members)[0] as T);

const answerOf = <T>(inner: z.ZodType<T>) =>
  z.object({ data: wrapped(inner) }).transform(({ data }) => data);

const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() });

export const page = z
  .object({ data: wrapped(z.array(record)), pageInfo })
  .transform(({ data: records, pageInfo: { hasNextPage, endCursor } }) => ({
    records,
    hasMore: hasNextPage,
    ...(endCursor && { endCursor }),
  }));
export type WirePage = z.infer<typeof page>;

export const records = answerOf(z.array(record));
export const one = answerOf(record).transform((only) => [only]);
export const names = answerOf(z.array(named));

/** The status of a call that was refused; only what says so in JSON is a word of Twenty's. */
export const refusal = z
  .object({
    error: told(z.string()),
    messages: told(z.array(z.string())),
    message: told(z.union([z.string(), z.array(z.string()).transform((all) => all.join(' '))])),
  })
  .transform(({ error, messages, message }) => ({
    refused: {
      error: error ?? undefined,
      said: messages?.join(' ') ?? message ?? '',
      isTrouble: false,
    },
  }))
  .refine(({ refused: { error, said } }) => error !== undefined || said !== '');
export type WireRefusal = z.infer<typeof refusal>;

/** There is nothing of that name; a proxy's own error page is no such word. */
export const absent = refusal.transform((): WireRecord[] => []);

/** The same of a server that says so with a 500: what its database says, or that something broke. */
export const trouble = refusal.transform(({ refused: words }) => ({
  refused: { ...words, isTrouble: true },
}));

// ---------------------------------------------------------------------------------------------
// Metadata, which comes bare, or in `data`, or in `data` under a name

const listOf = <T>(inner: z.ZodType<T>) =>
  z.union([
    z.array(inner).transform((list) => ({ list, pageInfo: undefined })),
    z
      .object({
        data: z.union([z.array(inner), wrapped(z.array(inner))]),
        pageInfo: pageInfo.nullish(),
      })
      .transform(({ data: list, pageInfo: info }) => ({ list, pageInfo: info ?? undefined })),
  ]);

const field = z.object({
  type: text,
  name: text,
  label: told(z.string()),
  isActive: told(z.boolean()),
  isUnique: told(z.boolean()),
  options: told(z.array(z.object({ value: z.string() }))),
  settings: told(z.object({ relationType: told(z.string()), joinColumnName: told(z.string()) })),
});
export type WireField = z.infer<typeof field>;

const object = z.object({
  id: text,
  nameSingular: text,
  namePlural: text,
  labelPlural: told(z.string()),
  isActive: told(z.boolean()),
  isCustom: told(z.boolean()),
  fields: z.array(field),
});
export type WireObject = z.infer<typeof object>;

export const objects = listOf(object);

const webhook = z.object({
  id: text,
  targetUrl: z.string(),
  operations: told(z.array(z.string())),
  secret: told(z.string()),
});
export type WireWebhook = z.infer<typeof webhook>;

export const webhooks = listOf(webhook);

export const delivery = z.object({
  eventName: text,
  webhookId: told(z.string()),
  objectMetadata: z.object({ nameSingular: text }),
  record: z.looseObject({ id: text }),
});
export type WireDelivery = z.infer<typeof delivery>;

/** Of an answer that nobody needs to look into. */
export const anything = z.unknown();

/** What passed as a refusal before. */
export const refused = z.object({
  refused: z.object({ error: z.string().optional(), said: z.string() }),
});
