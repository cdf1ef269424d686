/**
 * The kinds of objects HubSpot has of its own, and which others their items point to. Objects of another
 * kind can be opened by their name as well; of these, only the properties are known.
 *
 * An item has two members for each kind it points to: `associations.companies` holds all ids, and
 * `associations.company` one of them. Where HubSpot knows a primary one, that is it, or null when none is
 * primary; elsewhere it is the lowest id. To write the one makes it the primary one and leaves the others,
 * or, where there is no primary one, leaves nothing but it; to clear it removes it.
 */

export interface ObjectType {
  /** As paths name it. */
  readonly name: string;
  readonly title: string;
  /** As webhooks name it: `contact.creation`. */
  readonly one: string;
  readonly id: string;
  /** The property that tells when an item was changed. */
  readonly changedAt: string;
  readonly references: readonly Reference[];
}

export interface Reference {
  /** The kind it leads to, and the member with all ids. */
  readonly to: string;
  /** The member with one id. */
  readonly one: string;
  /** The type of an association that makes it the primary one, where HubSpot knows such. */
  readonly primary?: number;
}

const CONTACTS: Reference = { to: 'contacts', one: 'contact' };
const COMPANIES: Reference = { to: 'companies', one: 'company' };
const DEALS: Reference = { to: 'deals', one: 'deal' };
const ABOUT: readonly Reference[] = [CONTACTS, COMPANIES, DEALS];

const CHANGED_AT = 'hs_lastmodifieddate';

const OWN: readonly (readonly [name: string, one: string, id: string, ...Reference[]])[] = [
  ['contacts', 'contact', '0-1', { ...COMPANIES, primary: 1 }],
  ['companies', 'company', '0-2'],
  ['deals', 'deal', '0-3', CONTACTS, { ...COMPANIES, primary: 5 }],
  ['tickets', 'ticket', '0-5', CONTACTS, COMPANIES],
  ['notes', 'note', '0-46', ...ABOUT],
  ['tasks', 'task', '0-27', ...ABOUT],
  ['calls', 'call', '0-48', ...ABOUT],
  ['meetings', 'meeting', '0-47', ...ABOUT],
  ['emails', 'email', '0-49', ...ABOUT],
];

export const objectTypes: readonly ObjectType[] = OWN.map(([name, one, id, ...references]) => ({
  name,
  title: `${name[0]!.toUpperCase()}${name.slice(1)}`,
  one,
  id,
  changedAt: name === 'contacts' ? 'lastmodifieddate' : CHANGED_AT,
  references,
}));

/** Those of the account itself have names of their own, or ids such as `2-4711`. */
export function objectTypeOf(name: string): ObjectType {
  return (
    objectTypes.find((type) => type.name === name) ?? {
      name,
      title: name,
      one: name,
      id: name,
      changedAt: CHANGED_AT,
      references: [],
    }
  );
}
