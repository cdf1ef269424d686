/**
 * What Pipedrive says on the wire, as schemas: whatever passes them is understood. Members nobody asked
 * for are ignored, so that the vendor may add some. Both versions of its API are in here, because notes,
 * users and webhooks are in the older one only.
 *
 * Trap: an answer can be 200 and say that it is none, so `success` is looked at everywhere.
 */
import { z } from 'zod';

/** In the newer version `2026-11-01T10:20:30Z`, in the older one `2026-11-01 10:20:30`, both in UTC. */
export function timeOf(text: string): number {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?$/.test(text)) return NaN;
  return Date.parse(`${text.replace(' ', 'T').replace('Z', '')}Z`);
}

const time = z.string().refine((text) => !Number.isNaN(timeOf(text)), 'no time');
/** Numbers in the API, texts in webhooks. */
const id = z.union([z.int().min(1), z.string().regex(/^\d+$/)]).transform(String);
/** Where it is missing, an older version or a proxy left it out. */
const told = z.string().optional().catch(undefined);
/** The older version says 0 and 1 in some places. */
const flag = z.union([z.boolean(), z.literal([0, 1])]).transform(Boolean);

/** With all of its members as they came. */
const record = z.looseObject({
  id: z.int().min(1),
  add_time: time.nullish(),
  update_time: time.nullish(),
  is_deleted: flag.nullish(),
  /** The older version has this one instead. */
  active_flag: flag.nullish(),
  custom_fields: z.record(z.string(), z.unknown()).nullish(),
});
export type WireRecord = z.infer<typeof record>;

const success = z.literal(true);

/** The one for the newer version, the other for the older one; both are missing on the last page. */
const paging = z
  .object({
    next_cursor: z.string().nullish(),
    pagination: z
      .object({ more_items_in_collection: z.boolean(), next_start: z.int().min(0).nullish() })
      .nullish(),
  })
  .nullish();

/** The older version says null instead of an empty list. */
const listOf = <T>(row: z.ZodType<T>) =>
  z
    .array(row)
    .nullable()
    .transform((rows) => rows ?? []);

export const page = z.object({ success, data: listOf(record), additional_data: paging });
export type WirePage = z.infer<typeof page>;

export const one = z.object({ success, data: record });
export type WireOne = z.infer<typeof one>;

/** What was deleted is told by its id, or by `true`. */
export const done = z.object({ success });

/** A hit of a search is not the item; all that it is good for is the id. */
export const hits = z.object({
  success,
  data: z.object({ items: z.array(z.object({ item: z.object({ id: z.int().min(1) }) })) }),
  additional_data: paging,
});

const field = z.object({
  field_code: z.string().min(1),
  field_name: z.string(),
  field_type: z.string(),
  is_custom_field: z.boolean(),
  options: z.array(z.object({ id: z.union([z.int(), z.string()]).transform(String) })).nullish(),
});
export type WireField = z.infer<typeof field>;

export const fields = z.object({ success, data: listOf(field), additional_data: paging });
export const oneField = z.object({ success, data: field });

/** Things that changed lately, in the form of the older version. */
export const recents = z.object({
  success,
  data: listOf(
    z.object({
      item: z.string(),
      id,
      data: z.looseObject({}).nullish(),
    }),
  ),
  additional_data: paging,
});
export type WireRecent = z.infer<typeof recents>['data'][number];

export const user = z.object({
  success,
  data: z.object({
    id,
    company_id: id,
    company_name: z.string().nullish(),
    company_domain: z.string().nullish(),
  }),
});

export const users = z.object({
  success,
  data: z.array(
    z.object({
      id: z.int(),
      name: z.string().nullish(),
      email: z.string().nullish(),
      phone: z.string().nullish(),
      active_flag: z.boolean().nullish(),
    }),
  ),
});

const hook = z.object({
  id,
  subscription_url: z.string(),
  event_action: z.string(),
  event_object: z.string(),
  version: z.string().nullish(),
  is_active: flag,
  name: z.string().nullish(),
});
export type WireHook = z.infer<typeof hook>;

export const hooks = z.object({ success, data: listOf(hook) });
export const hooked = z.object({ success, data: hook });

/** It may be of any age, so nothing is needed. */
export const complaint = z.object({
  error: told,
  /** Only in the newer version. */
  code: told,
  field_code: told,
  /** Of a webhook, by the member it is about. */
  errors: z.record(z.string(), z.array(z.string())).optional().catch(undefined),
});
export type WireComplaint = z.infer<typeof complaint>;

/** The status of a call that was refused; only what says so in JSON is a word of Pipedrive's. */
export const refusal = z
  .object({ success: z.literal(false) })
  .and(complaint)
  .transform(({ success: _no, ...refused }) => ({ refused }));
export type WireRefusal = z.infer<typeof refusal>;

export const delivery = z.object({
  meta: z.object({
    id: z.string().min(1),
    entity: z.string(),
    entity_id: z.union([id, z.string().min(1)]),
    company_id: id.optional(),
    /** Of a merge: what the one was merged into, or from. */
    merged_to_id: id.nullish(),
    merged_from_id: id.nullish(),
  }),
});

/** Of an answer that nobody needs to look into. */
export const anything = z.unknown();
