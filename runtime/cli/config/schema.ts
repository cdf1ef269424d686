/**
 * What a person writes into the configuration file: accounts, and syncs that keep collections of them
 * the same. The JSON Schema that editors use is made from it. Defaults are the careful choice: whatever
 * could lose something is asked, and nothing is deleted unless somebody is named whose deletions count.
 */
import { z } from 'zod';
import { mappingConfig } from '../../core/mapping/config.ts';
import { syncSettings } from '../../engine/settings.ts';
import { HOST } from '../../world/addresses.ts';

const name = z.string().regex(/^[A-Za-z][\w-]*$/, 'a name is letters, digits, - and _');
const fieldName = z.string().regex(/^[A-Za-z]\w*$/, 'a field is named by one word');
const plain = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const account = z
  .looseObject({
    vendor: z.string().describe('Which system it is. Its own settings follow beside it.'),
    id: z
      .string()
      .min(1)
      .optional()
      .describe('After renaming the account: its first name, so that it stays the same one.'),
  })
  .describe('A login to one system.');

const { kind, options, ...place } = mappingConfig.shape.fields.valueType.shape;

const fieldAtMember = z.union([
  z.string().min(1).describe('Where the value stands: names with dots between them.'),
  z.strictObject(place).describe('Where the value stands, and in which form.'),
]);

const member = z.strictObject({
  collection: z.string().min(1).describe("The vendor's name for it: people, contacts, deals."),
  create: z.boolean().default(true).describe('Whether records may be created here.'),
  delete: z.boolean().default(true).describe('Whether records may be deleted here.'),
  filter: z
    .record(fieldName, z.union([plain, z.array(plain).min(1)]))
    .default({})
    .describe('Which records belong here: fields and the values they may have.'),
  onFilterLeft: z
    .enum(['hold', 'unlink'])
    .default('hold')
    .describe(
      'What becomes of a record that no longer belongs here. It is never deleted for that.',
    ),
  absent: mappingConfig.shape.absent.describe(
    'What it means that a member is missing in what the vendor answers.',
  ),
  replacedWhole: mappingConfig.shape.replacedWhole.describe(
    'Objects that the vendor replaces as a whole.',
  ),
  fields: z
    .record(fieldName, fieldAtMember)
    .describe('Of each field: where it stands here. Fields that are left out are not kept here.'),
});

const field = z.union([
  kind.describe('What kind of value it is.'),
  z.strictObject({
    kind: kind.describe('What kind of value it is.'),
    options: options.describe('Of the kind, such as {region: HU} for phone numbers.'),
    match: z
      .union([z.boolean(), z.enum(['email', 'phone', 'domain', 'xid'])])
      .default(false)
      .describe('Whether two items with the same value are the same record.'),
    strategy: z
      .enum(['lastWriteWins', 'priority', 'manualReview', 'fieldLevelMerge'])
      .optional()
      .describe('What happens when two systems change it at the same time.'),
    order: z.array(z.string()).optional().describe('With priority: accounts, most trusted first.'),
    initialMerge: z
      .enum(['rank', 'newest'])
      .optional()
      .describe('Whose value it is when systems that never agreed differ.'),
    default: z.json().optional().describe('Used when nobody has ever had a value.'),
    to: z.string().optional().describe('Of a reference: the sync that its targets belong to.'),
  }),
]);

const deletes = z
  .strictObject({
    authority: z
      .array(z.string())
      .default([])
      .describe('Accounts: what is deleted there is deleted everywhere.'),
    elsewhere: z
      .enum(['recreate', 'propagate', 'ask', 'unlink'])
      .default('ask')
      .describe('What a deletion in another account means.'),
    edited: z
      .enum(['deleteWins', 'editWins', 'ask'])
      .default('ask')
      .describe('Deleted in one system and edited in another at the same time.'),
    restored: z
      .enum(['ask', 'revive', 'ignore'])
      .default('ask')
      .describe('A deleted item is back at its vendor.'),
  })
  .prefault({});

const { matching, identity, brakes, onRemoteMerge, placeholderDomain } = syncSettings.shape;

const sync = z.strictObject({
  id: z
    .string()
    .min(1)
    .optional()
    .describe('After renaming the sync: its first name, so that it stays the same one.'),
  status: z
    .enum(['enabled', 'preview', 'paused'])
    .default('enabled')
    .describe('preview plans and shows every write and sends none.'),
  latency: z
    .enum(['immediate', 'batched', 'relaxed', 'daily'])
    .default('batched')
    .describe('How soon a change is carried on: at once, in 15 seconds, in 5 minutes, daily.'),
  members: z.record(name, member).describe('Accounts that take part, the most trusted first.'),
  fields: z.record(fieldName, field).describe('What is kept the same.'),
  deletes: deletes.describe('What deletions mean.'),
  matching: matching.describe('How values are compared to find the same record.'),
  identity: identity.describe('Whether the same record is recognised without asking.'),
  merges: onRemoteMerge.describe('A vendor merged two items that are two records here.'),
  brakes: brakes.describe('So many changes of a kind in an hour; beyond, a person is asked.'),
  placeholderDomain: placeholderDomain.describe(
    'For made-up addresses while two records swap unique ones.',
  ),
});

export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  tenant: z
    .string()
    .min(1)
    .default('default')
    .describe('Whose data it is. Two files that share a database and not their data differ here.'),
  database: z
    .string()
    .optional()
    .describe(
      'postgres://user:password@host:5432/name. Without it, a server of its own is started.',
    ),
  data: z
    .string()
    .optional()
    .describe('Folder of the keys and of the database of its own; .tributary beside this file.'),
  allow: z
    .array(z.string().regex(HOST, 'a host, such as crm.example or 127.0.0.1:4010'))
    .default([])
    .describe('Hosts of systems that may be private and unencrypted, such as 127.0.0.1:4010.'),
  hookUrl: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe(
      'Where vendors reach the daemon from outside, such as https://sync.example.com. With it, webhooks are set up at vendors that can be asked to.',
    ),
  accounts: z.record(name, account).describe('Logins, by the names they have in this file.'),
  syncs: z.record(name, sync).describe('What is kept the same, and where.'),
});

export type Config = z.infer<typeof configSchema>;
export type AccountConfig = Config['accounts'][string];
export type SyncConfig = Config['syncs'][string];
export type MemberConfig = SyncConfig['members'][string];
export type FieldConfig = Exclude<SyncConfig['fields'][string], string>;

/** A field in its long form. */
export function inFull(given: SyncConfig['fields'][string]): FieldConfig {
  return typeof given === 'string' ? { kind: given, match: false } : given;
}
