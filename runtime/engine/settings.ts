/**
 * What a person configures about a sync besides its policy: which collection each member brings, how its
 * items are mapped, what makes two of them the same, and when to stop and ask. Defaults are the careful
 * choice; everything that is wrong is told at once, with its place.
 */
import { z } from 'zod';
import { TributaryError } from '../core/errors.ts';
import { mappingConfig } from '../core/mapping/config.ts';

/** So many in an hour, or so large a share of all records, whichever is more; then a person is asked. */
const brake = (least: number, share: number) =>
  z
    .strictObject({
      least: z.int().min(0).default(least),
      share: z.number().min(0).max(1).default(share),
    })
    .prefault({});

export const syncSettings = z.strictObject({
  members: z.record(
    z.string(),
    z.strictObject({ collection: z.string().min(1), mapping: mappingConfig }),
  ),
  /** What identifies a record: the field, and what kind of key it makes. */
  match: z
    .array(z.strictObject({ field: z.string(), kind: z.enum(['email', 'phone', 'domain', 'xid']) }))
    .default([]),
  matching: z
    .strictObject({
      stripPlus: z.boolean().default(false),
      gmailDots: z.boolean().default(false),
      phoneIsStrong: z.boolean().default(false),
      sharedDomains: z.array(z.string()).default([]),
    })
    .prefault({}),
  identity: z
    .strictObject({
      autoLink: z.boolean().default(true),
      onTombstoneMatch: z.enum(['ask', 'ignore', 'revive', 'new']).default('ask'),
    })
    .prefault({}),
  /** Of each reference field: the sync that its targets belong to. */
  references: z.record(z.string(), z.string()).default({}),
  /** A vendor merged two items that are two records here. */
  onRemoteMerge: z.enum(['ask', 'follow']).default('ask'),
  /** 0: at once · 1: within half a minute · 2: within five minutes · 3: daily. */
  latency: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).default(1),
  brakes: z
    .strictObject({
      delete: brake(10, 0.02),
      create: brake(500, 0.2),
      blank: brake(50, 0.05),
      change: brake(500, 0.5),
      /** Records that are never deleted or emptied without being asked about. */
      protected: z.array(z.strictObject({ field: z.string(), in: z.array(z.json()) })).default([]),
    })
    .prefault({}),
  /** Where made-up addresses may go while unique values are swapped; without it the field is emptied. */
  placeholderDomain: z.string().optional(),
});

export type SyncSettings = z.infer<typeof syncSettings>;

export function readSettings(title: string, settings: unknown): SyncSettings {
  const checked = syncSettings.safeParse(settings);
  if (checked.success) return checked.data;
  const list = checked.error.issues
    .map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`)
    .join('\n');
  throw new TributaryError('sync-settings', {
    what: `The settings of the sync "${title}" cannot be used:\n${list}\n`,
    next: 'Correct them; until then nothing of this sync is read or written.',
  });
}
