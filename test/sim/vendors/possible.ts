/**
 * What cannot be done at vendors that exist, so that it is left out of their worlds. One table:
 *
 * | vendor    | left out                                                                                |
 * | --------- | --------------------------------------------------------------------------------------- |
 * | all       | to empty a name: Pipedrive and own apps refuse people without one                        |
 * | HubSpot   | to put it back to a backup; to rename or retype a field; to change one that is not custom |
 * | Pipedrive | the same, and to copy a person                                                           |
 * | Twenty    | to copy a person; to retype a field; to change one that is not custom                     |
 * | own app   | nothing more                                                                             |
 */
import type { Action, VendorName } from '../scenario.ts';
import type { Vendor } from '../system.ts';

const BEYOND: Readonly<Record<VendorName, readonly Action['kind'][]>> = {
  hubspot: ['restoreBackup', 'renameField', 'retypeField'],
  pipedrive: ['restoreBackup', 'renameField', 'retypeField', 'clone'],
  twenty: ['retypeField', 'clone'],
  rest: [],
};

/** Whose fields an admin can change are those that the account has made itself. */
const HAS_CUSTOM: ReadonlySet<VendorName> = new Set(['hubspot', 'pipedrive', 'twenty']);
const CUSTOM: ReadonlySet<string> = new Set(['tags', 'status', 'address']);

export function canBeDone(vendor: VendorName): Vendor['can'] {
  return (deed) => {
    if (BEYOND[vendor].includes(deed.kind)) return false;
    if (deed.kind === 'edit') return deed.field !== 'name' || deed.how !== 'clear';
    const isOfField = deed.kind === 'removeField' || deed.kind === 'renameField';
    return !isOfField || !HAS_CUSTOM.has(vendor) || CUSTOM.has(deed.field);
  };
}
