/**
 * The fields that every company has, and what is to know of a field: its name, its type as the API
 * calls it, how its values are kept and who may write them. Fields that people add by hand need say
 * nothing of that; it follows from their type. Their code on the wire is 40 hex characters, like that
 * of all custom fields.
 */
import { createHash } from 'node:crypto';
import type { FieldOptions, FieldType } from '../crm/model.ts';
import type { Abilities } from './options.ts';

/** How a value is kept and written. */
export type Kind =
  | 'text'
  | 'html'
  | 'number'
  | 'int'
  | 'boolean'
  | 'date'
  /** Kept as RFC 3339 in whole seconds. */
  | 'datetime'
  /** Hours, minutes and seconds. */
  | 'clock'
  | 'daterange'
  | 'time'
  | 'timerange'
  /** Kept by label, written by id. */
  | 'option'
  | 'options'
  /** One of some texts, on the wire as well. */
  | 'word'
  | 'address'
  | 'money'
  /** To another item, kept as a text and written as a number. */
  | 'link'
  | 'participants'
  /** E-mail addresses, phone numbers and the like. */
  | 'entries'
  | 'attendees';

export interface Facts {
  /** As people call it. */
  readonly name: string;
  /** As the API calls it. */
  readonly type: string;
  readonly kind: Kind;
  readonly isCustom: boolean;
  /** `once` is when the item is created. */
  readonly write: 'always' | 'once' | 'never';
  /** Shown only to those who ask for it. */
  readonly isOptional: boolean;
}

/** What a field says of itself; the rest follows from its type. */
type Own = Partial<Facts>;

export const CUSTOM_TYPES: Readonly<Record<string, Kind>> = {
  varchar: 'text',
  varchar_auto: 'text',
  text: 'text',
  phone: 'text',
  double: 'number',
  monetary: 'money',
  enum: 'option',
  set: 'options',
  user: 'link',
  org: 'link',
  people: 'link',
  date: 'date',
  daterange: 'daterange',
  time: 'time',
  timerange: 'timerange',
  address: 'address',
};

const LEADS_TO: Readonly<Record<string, string>> = {
  user: 'users',
  org: 'organizations',
  people: 'persons',
};

const LENGTHS: Readonly<Record<string, number>> = { varchar: 255, varchar_auto: 255, text: 65_535 };

/** A custom field as the API makes it. */
export function customField(
  path: string,
  name: string,
  type: string,
  options?: readonly string[],
): FieldOptions {
  const kind = CUSTOM_TYPES[type]!;
  const to = LEADS_TO[type];
  const maxLength = LENGTHS[type];
  return {
    path,
    type: KEPT[kind],
    ...(options === undefined ? {} : { options }),
    ...(to === undefined ? {} : { to }),
    ...(maxLength === undefined ? {} : { maxLength }),
    own: { name, type, kind, isCustom: true } satisfies Own,
  };
}

const known = new WeakMap<FieldOptions, Facts>();

export function factsOf(field: FieldOptions): Facts {
  const facts = known.get(field) ?? factsAnew(field);
  known.set(field, facts);
  return facts;
}

function factsAnew(field: FieldOptions): Facts {
  const own = (field.own ?? {}) as Own;
  const [type, kind] = PLAIN[field.type](field);
  return {
    name: field.path,
    type,
    kind,
    isCustom: true,
    write: 'always',
    isOptional: false,
    ...own,
  };
}

/** What stands for a field in requests. */
export function codeOf(account: string, collection: string, field: FieldOptions): string {
  const { path } = field;
  if (!factsOf(field).isCustom || /^[0-9a-f]{40}$/.test(path)) return path;
  return createHash('sha1').update(`${account}/${collection}/${path}`).digest('hex');
}

const KEPT: Readonly<Record<Kind, FieldType>> = {
  text: 'text',
  html: 'text',
  number: 'number',
  int: 'number',
  boolean: 'boolean',
  date: 'date',
  datetime: 'text',
  clock: 'text',
  daterange: 'object',
  time: 'object',
  timerange: 'object',
  option: 'enum',
  options: 'set',
  word: 'enum',
  address: 'object',
  money: 'object',
  link: 'reference',
  participants: 'references',
  entries: 'list',
  attendees: 'list',
};

/** What a field of a plain type is here, when nothing else is said. */
const PLAIN: Readonly<Record<FieldType, (field: FieldOptions) => [type: string, kind: Kind]>> = {
  text: () => ['varchar', 'text'],
  email: () => ['varchar', 'text'],
  phone: () => ['phone', 'text'],
  number: () => ['double', 'number'],
  boolean: () => ['boolean', 'boolean'],
  date: () => ['date', 'date'],
  enum: () => ['enum', 'option'],
  set: () => ['set', 'options'],
  object: () => ['address', 'address'],
  list: () => ['varchar', 'entries'],
  reference: ({ to }) => [TYPES_OF_LINKS[to ?? ''] ?? 'int', 'link'],
  references: () => ['people', 'participants'],
};

const TYPES_OF_LINKS: Readonly<Record<string, string>> = {
  users: 'user',
  organizations: 'org',
  persons: 'people',
  deals: 'deal',
  stages: 'stage',
};

type More = Own & Pick<FieldOptions, 'options' | 'maxLength' | 'to'>;

/** A field that everybody has. */
function standard(path: string, kind: Kind, type: string, more: More = {}): FieldOptions {
  const { options, maxLength, to, ...own } = more;
  const name = path.replaceAll('_', ' ');
  return {
    path,
    type: KEPT[kind],
    ...(options === undefined ? {} : { options }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(to === undefined ? {} : { to }),
    // Links that the API does not write are chosen by people all the same.
    ...(own.write === 'never' && kind !== 'link' ? { readOnly: true } : {}),
    own: { name, type, kind, isCustom: false, ...own } satisfies Own,
  };
}

const text = (path: string, more?: More) => standard(path, 'text', 'varchar', more);
const link = (path: string, type: string, to: string, more: More = {}) =>
  standard(path, 'link', type, { ...more, to });
const name = (path: string) => text(path, { maxLength: 255 });
const owner = link('owner_id', 'user', 'users');
const visibility = standard('visible_to', 'int', 'visible_to');
const addTime = standard('add_time', 'datetime', 'date', { write: 'once' });
const labels = (options: readonly string[]) =>
  standard('label_ids', 'options', 'set', { options, name: 'Labels' });
const unwritten = { write: 'never' } as const;

const CONTACT_SYNC: readonly FieldOptions[] = [
  standard('notes', 'text', 'text'),
  standard('im', 'entries', 'varchar'),
  standard('birthday', 'date', 'date'),
  name('job_title'),
  standard('postal_address', 'address', 'address'),
];

/** Fields of a person that are refused where contacts are not synchronised. */
export const CONTACT_SYNC_PATHS: ReadonlySet<string> = new Set(
  CONTACT_SYNC.map(({ path }) => path),
);

export const ACTIVITY_TYPES = ['call', 'meeting', 'task', 'deadline', 'email', 'lunch'] as const;

export function standardFields({
  contactSync,
}: Pick<Abilities, 'contactSync'>): Readonly<Record<string, readonly FieldOptions[]>> {
  return {
    persons: [
      name('name'),
      name('first_name'),
      name('last_name'),
      standard('emails', 'entries', 'varchar'),
      standard('phones', 'entries', 'phone'),
      link('org_id', 'org', 'organizations'),
      owner,
      addTime,
      visibility,
      labels(['Customer', 'Hot lead', 'Warm lead', 'Cold lead']),
      standard('picture_id', 'int', 'picture', unwritten),
      standard('marketing_status', 'word', 'enum', {
        options: ['no_consent', 'unsubscribed', 'subscribed', 'archived'],
        isOptional: true,
      }),
      ...(contactSync ? CONTACT_SYNC : []),
    ],
    organizations: [
      name('name'),
      standard('address', 'address', 'address'),
      name('website'),
      name('linkedin'),
      standard('industry', 'option', 'enum', {
        options: ['Agriculture', 'Crafts', 'Education', 'Health', 'Software', 'Trade'],
      }),
      standard('annual_revenue', 'int', 'int'),
      standard('employee_count', 'int', 'int'),
      owner,
      addTime,
      visibility,
      labels(['Customer', 'Hot lead', 'Warm lead', 'Cold lead']),
    ],
    deals: [
      name('title'),
      standard('value', 'number', 'double'),
      standard('currency', 'text', 'varchar', { maxLength: 3 }),
      link('person_id', 'people', 'persons'),
      link('org_id', 'org', 'organizations'),
      link('pipeline_id', 'int', 'pipelines'),
      link('stage_id', 'stage', 'stages'),
      standard('status', 'word', 'status', { options: ['open', 'won', 'lost'] }),
      standard('probability', 'number', 'double'),
      text('lost_reason'),
      standard('expected_close_date', 'date', 'date'),
      owner,
      visibility,
      labels(['Hot', 'Warm', 'Cold']),
      standard('is_archived', 'boolean', 'boolean'),
      ...['archive_time', 'won_time', 'lost_time', 'close_time'].map((path) =>
        standard(path, 'datetime', 'date'),
      ),
      standard('stage_change_time', 'datetime', 'date', unwritten),
      ...['local_won_date', 'local_lost_date', 'local_close_date'].map((path) =>
        standard(path, 'date', 'date', unwritten),
      ),
      text('origin', unwritten),
      text('origin_id', unwritten),
      standard('channel', 'int', 'enum', unwritten),
      text('channel_id', unwritten),
      ...['acv', 'arr', 'mrr'].map((path) => standard(path, 'number', 'double', unwritten)),
      text('source_lead_id', { ...unwritten, isOptional: true }),
    ],
    activities: [
      name('subject'),
      standard('type', 'word', 'enum', { options: ACTIVITY_TYPES }),
      owner,
      link('deal_id', 'deal', 'deals'),
      text('lead_id', unwritten),
      link('person_id', 'people', 'persons', unwritten),
      link('org_id', 'org', 'organizations'),
      standard('project_id', 'int', 'project', unwritten),
      standard('participants', 'participants', 'people', { to: 'persons' }),
      standard('due_date', 'date', 'date'),
      standard('due_time', 'clock', 'time'),
      standard('duration', 'clock', 'time'),
      standard('busy', 'boolean', 'boolean'),
      standard('done', 'boolean', 'boolean'),
      standard('marked_as_done_time', 'datetime', 'date', unwritten),
      standard('location', 'address', 'address'),
      standard('attendees', 'attendees', 'json', { isOptional: true }),
      ...['client', 'url', 'id'].map((path) => text(`conference_meeting_${path}`, unwritten)),
      standard('public_description', 'text', 'text'),
      standard('priority', 'int', 'int'),
      standard('note', 'html', 'text'),
    ],
    notes: [
      standard('content', 'html', 'text'),
      link('deal_id', 'deal', 'deals'),
      link('person_id', 'people', 'persons'),
      link('org_id', 'org', 'organizations'),
      link('user_id', 'user', 'users'),
      addTime,
      ...['deal', 'organization', 'person'].map((path) =>
        standard(`pinned_to_${path}_flag`, 'boolean', 'boolean'),
      ),
    ],
    pipelines: [
      name('name'),
      standard('order_nr', 'int', 'int', unwritten),
      standard('is_deal_probability_enabled', 'boolean', 'boolean'),
    ],
    stages: [
      name('name'),
      link('pipeline_id', 'int', 'pipelines'),
      standard('order_nr', 'int', 'int', unwritten),
      standard('deal_probability', 'int', 'int'),
      standard('is_deal_rot_enabled', 'boolean', 'boolean'),
      standard('days_to_rotten', 'int', 'int'),
    ],
    users: [
      name('name'),
      name('email'),
      standard('is_admin', 'boolean', 'boolean'),
      standard('active_flag', 'boolean', 'boolean'),
    ],
  };
}
