/**
 * The kinds of objects that are items here, each with the members that all accounts have. Those that an
 * account has made of its own are asked for (collection.ts).
 *
 * Notes are in the older version of the API only, which says many things in another way and costs twice
 * as much.
 */
import type { VendorField } from '../connector.ts';

export interface ObjectType {
  /** As paths name it. */
  readonly name: string;
  readonly title: string;
  /** As webhooks, fields and the list of recent changes name it. */
  readonly one: string;
  readonly version: 'v1' | 'v2';
  readonly tokens: Tokens;
  readonly members: readonly VendorField[];
  /** Which part of the index a member is in; a search for an account's own fields is another one. */
  readonly searched: Readonly<Record<string, string>>;
  /** The members that a list can be narrowed by. */
  readonly filters: readonly string[];
  /** Of a login with OAuth; those of the other kind are named alike. */
  readonly scope: string;
  /** Whether fields can be made, and written to. */
  readonly hasOwnFields: boolean;
}

/** What a call takes from the budget of the day, however much it answers. */
export interface Tokens {
  readonly list: number;
  readonly one: number;
  readonly write: number;
  readonly delete: number;
}

const NEWER: Tokens = { list: 10, one: 1, write: 5, delete: 3 };
const OLDER: Tokens = { list: 20, one: 2, write: 10, delete: 6 };

/** `name:type` of what people fill in; with a `!`, Pipedrive itself does. */
function membersOf(text: string): VendorField[] {
  return text
    .trim()
    .split(/\s+/)
    .flatMap((word) => {
      const [path = '', type = ''] = word.replace('!', '').split(':');
      const field = { path, type, ...(word.endsWith('!') && { readOnly: true }) };
      return [field, ...partsOf(field)];
    });
}

/** The members of a value that is an object, by its type. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  address: [
    'value',
    'country',
    'admin_area_level_1',
    'admin_area_level_2',
    'locality',
    'sublocality',
    'route',
    'street_number',
    'subpremise',
    'postal_code',
  ],
  monetary: ['value', 'currency'],
  daterange: ['value', 'until'],
  time: ['value', 'timezone_name'],
  timerange: ['value', 'until', 'timezone_name'],
};

export function partsOf(field: VendorField): VendorField[] {
  const { path, title, type, readOnly } = field;
  return (PARTS[type] ?? []).map((part) => ({
    path: `${path}.${part}`,
    ...(title !== undefined && { title: `${title} (${part})` }),
    type: part === 'value' && type === 'monetary' ? 'double' : 'varchar',
    ...(readOnly && { readOnly }),
  }));
}

const ALL = 'id:int! add_time:datetime! update_time:datetime! is_deleted:boolean!';

/** These a company has only with Contact Sync; elsewhere it is forbidden to write them. */
export const CONTACT_SYNC = ['notes', 'im', 'birthday', 'job_title', 'postal_address'] as const;

const persons: ObjectType = {
  name: 'persons',
  title: 'Persons',
  one: 'person',
  version: 'v2',
  tokens: NEWER,
  members: membersOf(`
    name:varchar first_name:varchar last_name:varchar emails:emails phones:phones org_id:org
    owner_id:user label_ids:set visible_to:visible_to notes:text im:im
    birthday:date job_title:varchar postal_address:address picture_id:picture! ${ALL}`),
  searched: { name: 'name', emails: 'email', phones: 'phone', notes: 'notes' },
  filters: ['owner_id', 'org_id'],
  scope: 'contacts',
  hasOwnFields: true,
};

const organizations: ObjectType = {
  name: 'organizations',
  title: 'Organizations',
  one: 'organization',
  version: 'v2',
  tokens: NEWER,
  members: membersOf(`
    name:varchar address:address website:varchar linkedin:varchar industry:enum
    annual_revenue:double employee_count:int owner_id:user label_ids:set visible_to:visible_to
    ${ALL}`),
  searched: { name: 'name', address: 'address', 'address.value': 'address' },
  filters: ['owner_id'],
  scope: 'contacts',
  hasOwnFields: true,
};

const deals: ObjectType = {
  name: 'deals',
  title: 'Deals',
  one: 'deal',
  version: 'v2',
  tokens: NEWER,
  members: membersOf(`
    title:varchar value:double currency:varchar person_id:people org_id:org owner_id:user
    pipeline_id:int stage_id:stage status:status probability:double lost_reason:varchar
    expected_close_date:date won_time:datetime lost_time:datetime close_time:datetime
    is_archived:boolean archive_time:datetime label_ids:set visible_to:visible_to
    creator_user_id:user! stage_change_time:datetime! local_won_date:date! local_lost_date:date!
    local_close_date:date! origin:varchar! origin_id:varchar! channel:enum! channel_id:varchar!
    source_lead_id:varchar! acv:double! arr:double! mrr:double! ${ALL}`),
  searched: { title: 'title' },
  filters: ['owner_id', 'person_id', 'org_id', 'pipeline_id', 'stage_id', 'status'],
  scope: 'deals',
  hasOwnFields: true,
};

const activities: ObjectType = {
  name: 'activities',
  title: 'Activities',
  one: 'activity',
  version: 'v2',
  tokens: NEWER,
  members: membersOf(`
    subject:varchar type:enum owner_id:user deal_id:deal lead_id:lead person_id:people
    participants:participants org_id:org due_date:date due_time:varchar duration:varchar
    busy:boolean done:boolean location:address public_description:text priority:int note:text
    creator_user_id:user! marked_as_done_time:datetime! conference_meeting_client:varchar!
    conference_meeting_url:varchar! conference_meeting_id:varchar! ${ALL}`),
  searched: {},
  filters: ['owner_id', 'deal_id', 'lead_id', 'person_id', 'org_id', 'done'],
  scope: 'activities',
  hasOwnFields: false,
};

const notes: ObjectType = {
  name: 'notes',
  title: 'Notes',
  one: 'note',
  version: 'v1',
  tokens: OLDER,
  members: membersOf(`
    content:text deal_id:deal person_id:people org_id:org lead_id:lead project_id:project
    task_id:task user_id:user add_time:datetime pinned_to_deal_flag:boolean
    pinned_to_person_flag:boolean pinned_to_organization_flag:boolean pinned_to_lead_flag:boolean
    pinned_to_project_flag:boolean pinned_to_task_flag:boolean id:int! update_time:datetime!
    last_update_user_id:user! active_flag:boolean!`),
  searched: {},
  filters: ['user_id', 'deal_id', 'lead_id', 'person_id', 'org_id', 'project_id', 'task_id'],
  scope: 'contacts',
  hasOwnFields: false,
};

export const objectTypes: readonly ObjectType[] = [
  persons,
  organizations,
  deals,
  activities,
  notes,
];

/** Undefined for what is no collection here. */
export function objectTypeNamed(name: string): ObjectType | undefined {
  return objectTypes.find((type) => type.name === name);
}
