/** The kinds of records: what they are called in paths, in events and in scopes, and what they show unasked. */

export interface ObjectType {
  /** As in paths, and the name of the collection. */
  readonly name: ObjectName;
  readonly typeId: string;
  readonly singular: string;
  /** The property that tells when it was changed last; searches for changes go by it. */
  readonly modified: 'lastmodifieddate' | 'hs_lastmodifieddate';
  readonly created: 'createdate' | 'hs_createdate';
  /** Properties that answers have when none are named. */
  readonly unasked: readonly string[];
  /** What the `query` of a search looks through. */
  readonly searched: readonly string[];
  /** Engagements have no scopes of their own. */
  readonly scopes: { readonly read: string; readonly write: string };
  readonly canMerge: boolean;
  /** A create needs one of each of these. */
  readonly required: readonly (readonly string[])[];
}

export type ObjectName = 'contacts' | 'companies' | 'deals' | 'notes' | 'tasks';

const ENGAGEMENT = {
  modified: 'hs_lastmodifieddate',
  created: 'hs_createdate',
  unasked: ['hs_createdate', 'hs_lastmodifieddate', 'hs_object_id'],
  scopes: scopesOf('contacts'),
  canMerge: false,
  required: [['hs_timestamp']],
} as const;

export const OBJECT_TYPES: readonly ObjectType[] = [
  {
    name: 'contacts',
    typeId: '0-1',
    singular: 'contact',
    modified: 'lastmodifieddate',
    created: 'createdate',
    unasked: ['createdate', 'email', 'firstname', 'hs_object_id', 'lastmodifieddate', 'lastname'],
    searched: [
      'firstname',
      'lastname',
      'email',
      'phone',
      'hs_additional_emails',
      'mobilephone',
      'company',
    ],
    scopes: scopesOf('contacts'),
    canMerge: true,
    required: [['email', 'firstname', 'lastname']],
  },
  {
    name: 'companies',
    typeId: '0-2',
    singular: 'company',
    modified: 'hs_lastmodifieddate',
    created: 'createdate',
    unasked: ['createdate', 'domain', 'hs_lastmodifieddate', 'hs_object_id', 'name'],
    searched: ['website', 'phone', 'name', 'domain'],
    scopes: scopesOf('companies'),
    canMerge: true,
    required: [['name', 'domain']],
  },
  {
    name: 'deals',
    typeId: '0-3',
    singular: 'deal',
    modified: 'hs_lastmodifieddate',
    created: 'createdate',
    unasked: [
      'amount',
      'closedate',
      'createdate',
      'dealname',
      'dealstage',
      'hs_lastmodifieddate',
      'hs_object_id',
      'pipeline',
    ],
    searched: ['dealname', 'pipeline', 'dealstage', 'description', 'dealtype'],
    scopes: scopesOf('deals'),
    canMerge: true,
    required: [['dealname'], ['dealstage']],
  },
  { ...ENGAGEMENT, name: 'notes', typeId: '0-46', singular: 'note', searched: ['hs_note_body'] },
  {
    ...ENGAGEMENT,
    name: 'tasks',
    typeId: '0-27',
    singular: 'task',
    searched: ['hs_task_subject', 'hs_task_body'],
  },
];

/** By its name, its singular or its type id. */
export function objectType(asked: string): ObjectType | undefined {
  const lower = asked.toLowerCase();
  return OBJECT_TYPES.find(
    ({ name, singular, typeId }) => lower === name || lower === singular || asked === typeId,
  );
}

export function objectNamed(name: string): ObjectType | undefined {
  return OBJECT_TYPES.find((one) => one.name === name);
}

function scopesOf(name: 'contacts' | 'companies' | 'deals'): ObjectType['scopes'] {
  return { read: `crm.objects.${name}.read`, write: `crm.objects.${name}.write` };
}
