/** How items and requests look outside: the schemas of both directions, and items as JSON. */
import { z } from 'zod';
import type { ContactItem } from './contacts.ts';
import type { CollectionForm } from './fields.ts';

const PAGE_MOST = 100;
const PAGE = 50;

const time = z.iso.datetime().meta({ readOnly: true });

/** As a read answers with it. */
export function itemSchema({ shape }: CollectionForm): z.ZodObject {
  return z.object({
    id: z.uuid().meta({ readOnly: true }),
    ...shape,
    version: z.int().meta({ readOnly: true, description: 'Counts the changes.' }),
    createdAt: time,
    updatedAt: time,
    deleted: z.boolean().meta({ readOnly: true }),
    purged: z.boolean().meta({
      readOnly: true,
      description: 'Nothing of it is left. Only lists tell of such an item, with includeDeleted.',
    }),
  });
}

export function shown({ id, fields, version, createdAt, updatedAt, state }: ContactItem): object {
  return {
    id,
    ...fields,
    version,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    deleted: state !== 'live',
    purged: state === 'purged',
  };
}

/** The parameters of a list. */
export function listQuery({ searchable }: CollectionForm) {
  return z.strictObject({
    limit: z.coerce.number().int().min(1).max(PAGE_MOST).default(PAGE),
    cursor: z
      .string()
      .max(200)
      .optional()
      .meta({ description: 'What the page before had as next.' }),
    updatedSince: z.iso.datetime({ offset: true }).optional().meta({
      description: 'Only what was changed at that time or later.',
    }),
    sort: z.enum(['createdAt', 'updatedAt']).default('createdAt').meta({
      description: 'What comes first: the oldest, or the longest unchanged.',
    }),
    includeDeleted: z.enum(['true', 'false']).default('false'),
    ...Object.fromEntries(
      searchable.map((member) => [member, z.string().min(1).max(254).optional()] as const),
    ),
  });
}

/** What is purged at once. */
export const purgeInput = z.strictObject({
  deletedBefore: z.iso.datetime({ offset: true }).meta({
    description: 'Whatever was deleted before that time is purged.',
  }),
});
